"""`paperboy paper ID ask …`, `--read` and `--refresh`: the real console script, the Hub and arXiv on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.model_answers import Answer
from tests.model_server import KEY, ModelServer, serving
from tests.paper_pages import abstract_page, lantern_page
from tests.paper_server import PaperServer

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
ID = "2601.00007"

Paperboy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def papers() -> Iterator[PaperServer]:
    """A paper on arXiv that no list has brought."""
    with PaperServer() as running:
        running.pages[f"/abs/{ID}"] = abstract_page("Lanterns at Night", "Lanterns shine.")
        running.pages[f"/html/{ID}"] = lantern_page()
        yield running


@pytest.fixture
def paperboy(papers: PaperServer, tmp_path: Path) -> Paperboy:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "OPENAI_", "XDG_"))}
    environment = {
        **kept,
        "HOME": str(tmp_path),
        "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
        "PAPERBOY_HUB__URL": papers.url,
        "PAPERBOY_ARXIV__URL": papers.url,
        "PAPERBOY_ARXIV__GAP_S": "0",
    }

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [PAPERBOY, "paper", *arguments]
        return subprocess.run(command, env={**environment, **changes}, capture_output=True, text=True, timeout=60)

    return run


def test_a_paper_is_read_shown_and_asked(paperboy: Paperboy, papers: PaperServer) -> None:
    """Unknown at first; then read, with progress on stderr; after that its text answers without the network."""
    assert paperboy(ID).returncode == 1
    unread = paperboy(ID, "ask", "how", "much", "memory?")
    assert (unread.returncode, f"paperboy paper {ID} --read" in unread.stderr) == (2, True)
    read = paperboy(ID, "results", "--read")
    assert read.returncode == 0, read.stderr
    assert "Lanterns at Night" in read.stdout
    assert f"1/1 {ID} done" in read.stderr
    fetched = len(papers.requests)
    assert paperboy(ID, "--read").returncode == 0
    answer = paperboy(ID, "ask", "how", "much", "memory", "does", "the", "GPU", "need?")
    assert answer.returncode == 0, answer.stderr
    assert "24 GB of memory" in answer.stdout
    assert f"{papers.url}/html/{ID}#S2.p1" in answer.stdout
    nothing = paperboy(ID, "ask", "谁吹长号？", "--language", "zh")
    assert (nothing.returncode, "论文中没有说明。" in nothing.stdout) == (0, True)
    assert paperboy(ID, "ask").returncode == 2
    assert len(papers.requests) == fetched


def test_a_paper_is_read_again(paperboy: Paperboy, papers: PaperServer) -> None:
    """What has changed shows; what has not is left."""
    assert paperboy(ID, "--read").returncode == 0
    papers.pages[f"/html/{ID}"] = lantern_page().replace(b"91.4", b"93.8")
    assert "93.8" in paperboy(ID, "results", "--refresh").stdout
    assert len(papers.asked("/html/")) == 2


def test_an_id_that_nobody_has_is_one_line(paperboy: Paperboy) -> None:
    """What, why, and what to do."""
    missing = paperboy("2601.99999", "--read")
    assert missing.returncode == 1
    assert missing.stderr.splitlines()[-1] == "paperboy: arXiv has no paper 2601.99999. Check the id."


def test_a_model_answers_when_there_is_one(paperboy: Paperboy) -> None:
    """And a model that is ill is told of, beside the paper's own words."""
    assert paperboy(ID, "--read").returncode == 0
    told = json.dumps({"sentences": [{"text": "One GPU with 24 GB.", "passage": 1}]})
    with serving(ModelServer()) as model:
        access = {
            "PAPERBOY_LLM__BASE_URL": model.address,
            "PAPERBOY_LLM__MODEL": "a-model",
            "PAPERBOY_LLM__API_KEY": KEY,
        }
        model.script(Answer(told))
        assert "One GPU with 24 GB." in paperboy(ID, "ask", "which GPU memory?", **access).stdout
        wrong = paperboy(ID, "ask", "which GPU memory?", **{**access, "PAPERBOY_LLM__API_KEY": "sk-wrong"})
    assert "24 GB of memory" in wrong.stdout
    assert "does not accept the key" in wrong.stderr
