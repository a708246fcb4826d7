"""`paperboy digest` with a model, as a person runs it: the real console script, and endpoints on this machine."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.makers import DAY
from tests.model_answers import Status, Unscored
from tests.model_server import KEY, ModelServer, serving
from tests.paper_pages import lantern_page
from tests.paper_server import PaperServer, daily_entry

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
PAPERS = 5
ATTEMPTS = 2  # for one report, before the stand-in writes
WRONG_KEY = "sk-wrong-9876543210zyxwvutsrq"

Paperboy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def server() -> Iterator[PaperServer]:
    """A day of five papers, of which arXiv has HTML."""
    with PaperServer() as running:
        ids = [f"2601.{number:05}" for number in range(1, PAPERS + 1)]
        running.days[DAY.isoformat()] = [daily_entry(paper_id, upvotes=9 - place) for place, paper_id in enumerate(ids)]
        running.pages.update({f"/html/{paper_id}": lantern_page() for paper_id in ids})
        yield running


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(ModelServer(otherwise=Unscored())) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture
def paperboy(server: PaperServer, model: ModelServer, store: Path, tmp_path: Path) -> Paperboy:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "OPENAI_", "XDG_"))}
    environment: Mapping[str, str] = {
        **kept,
        "HOME": str(tmp_path),
        "COLUMNS": "100",
        "PAPERBOY_STORE__PATH": str(store),
        "PAPERBOY_HUB__URL": server.url,
        "PAPERBOY_ARXIV__URL": server.url,
        "PAPERBOY_ARXIV__GAP_S": "0",
        "PAPERBOY_LLM__BASE_URL": model.address,
        "PAPERBOY_LLM__MODEL": "a-model",
        "PAPERBOY_LLM__API_KEY": KEY,
        "PAPERBOY_LLM__ATTEMPTS": str(ATTEMPTS),
    }

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PAPERBOY, *arguments], env={**environment, **changes}, capture_output=True, text=True, timeout=60
        )

    return run


def digest(paperboy: Paperboy, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A digest of the day that was made."""
    made = paperboy("digest", str(DAY), *arguments, **changes)
    assert made.returncode == 0, made.stderr
    return made


def test_a_digest_in_two_languages_asks_once_for_each_paper_and_language(
    paperboy: Paperboy, model: ModelServer, server: PaperServer, store: Path
) -> None:
    """Each paper is fetched once; the second runs, in both languages, ask neither the model nor arXiv."""
    chinese = digest(paperboy, "--language", "zh").stdout
    english = digest(paperboy, "--language", "en").stdout
    assert chinese.count("使网络的每一层都清晰可见") == PAPERS
    assert english.count("make every layer visible") == PAPERS
    asked = Counter(call.prompt.partition("Title: ")[2].partition("\n")[0] for call in model.calls)
    assert len(asked) == PAPERS
    assert set(asked.values()) == {2}
    assert _reports(store) == {("en", "a-model", 0): PAPERS, ("zh", "a-model", 0): PAPERS}

    assert digest(paperboy, "--language", "zh").stdout == chinese
    assert digest(paperboy, "--language", "en").stdout == english
    assert len(model.calls) == 2 * PAPERS
    assert len(server.asked("/html/")) == PAPERS


def test_a_model_that_is_down_costs_the_digest_its_words_but_not_the_digest(
    paperboy: Paperboy, model: ModelServer, server: PaperServer, store: Path
) -> None:
    """Sentences of the papers stand in, marked as provisional and told once; when the model answers again it writes,
    and nothing is fetched again."""
    model.script(*[Status(500)] * (PAPERS * ATTEMPTS))
    without = digest(paperboy)
    assert without.stderr.count("500") == 1
    assert f"{PAPERS} reports are provisional" in without.stderr
    assert "provisional" in paperboy("paper", "2601.00001", "contribution").stdout
    assert _reports(store) == {("en", "extractive", 1): PAPERS}
    assert len(model.calls) == PAPERS * ATTEMPTS

    again = digest(paperboy)
    assert again.stdout.count("make every layer visible") == PAPERS
    assert "provisional" not in again.stderr + paperboy("paper", "2601.00001", "contribution").stdout
    assert _reports(store) == {("en", "a-model", 0): PAPERS}
    assert len(model.calls) == PAPERS * (ATTEMPTS + 1)
    assert len(server.asked("/html/")) == PAPERS


def test_a_key_that_is_not_accepted_is_told_once_and_never_shown(
    paperboy: Paperboy, model: ModelServer, store: Path
) -> None:
    """Not in what is printed, logged or stored, although the endpoint repeats it; a valid key mends the digest."""
    refused = paperboy("--debug", "digest", str(DAY), PAPERBOY_LLM__API_KEY=WRONG_KEY)
    assert refused.returncode == 0, refused.stderr
    told = [line for line in refused.stderr.splitlines() if line.startswith("paperboy: ")]
    assert len(told) == 1
    assert "does not accept the key" in told[0]
    assert WRONG_KEY in model.calls[0].headers["authorization"]
    assert WRONG_KEY not in refused.stdout + refused.stderr
    assert WRONG_KEY.encode() not in b"".join(file.read_bytes() for file in store.parent.glob("paperboy.db*"))
    assert _reports(store) == {("en", "extractive", 1): PAPERS}

    digest(paperboy)
    assert _reports(store) == {("en", "a-model", 0): PAPERS}


def test_a_key_that_is_not_accepted_is_one_line_among_those_of_progress(paperboy: Paperboy) -> None:
    """Without --debug stderr holds what was made and that one sentence, however many papers were refused."""
    lines = digest(paperboy, PAPERBOY_LLM__API_KEY=WRONG_KEY).stderr.splitlines()
    assert len(lines) == PAPERS + 1
    assert "does not accept the key" in lines[-1]


def test_reports_of_an_older_prompt_are_rewritten_on_request_and_the_month_tells_what_it_cost(
    paperboy: Paperboy, model: ModelServer, store: Path
) -> None:
    """Not without the word; without a price in the settings the calls are counted, and the model is named."""
    digest(paperboy)
    connection = sqlite3.connect(store)
    with connection:
        connection.execute("UPDATE reports SET prompt_version = 'older' WHERE paper IN ('2601.00001', '2601.00002')")
    connection.close()
    digest(paperboy)
    assert len(model.calls) == PAPERS
    digest(paperboy, "--rewrite")
    digest(paperboy, "--rewrite")
    assert len(model.calls) == PAPERS + 2
    told = paperboy("cost").stdout
    assert f"{PAPERS + 2} calls" in told.splitlines()[0]
    assert "No price is known for a-model" in told


def _reports(store: Path) -> dict[tuple[str, str, int], int]:
    """How many papers' newest reports are in a language, by a writer and provisional or not."""
    connection = sqlite3.connect(store)
    try:
        rows = connection.execute(
            "SELECT language, writer, provisional, max(revision) FROM reports GROUP BY paper, language"
        )
        return dict(Counter((row[0], row[1], row[2]) for row in rows))
    finally:
        connection.close()
