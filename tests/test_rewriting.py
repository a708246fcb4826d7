"""`paperboy digest DATE --rewrite`: which reports are written anew, and that nothing is bought twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bot import compose
from config import settings as configured
from config.settings import Settings
from digest.store import Store
from digest.types import ArxivId, Report
from tests.makers import DAY, paper, report
from tests.model_answers import Status, Unscored
from tests.model_day import fill, made, settings
from tests.model_server import ModelServer, serving
from tests.paper_server import PaperServer

PAPERS = 3
FIRST = ArxivId("2601.00001")


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(ModelServer(otherwise=Unscored())) as running:
        yield running


@pytest.fixture
def day(tmp_path: Path, model: ModelServer) -> Iterator[Settings]:
    """A day whose papers the model has written, by the prompt of then."""
    with PaperServer() as server:
        fill(server, PAPERS)
        yield settings(tmp_path, server, model)


def renew(patch: pytest.MonkeyPatch) -> None:
    """From now on the prompt is another one."""
    prompts = configured.prompts()
    changed = {**prompts, "report": prompts["report"] + "\nBe brief.\n"}
    patch.setattr(configured, "prompts", lambda: changed)


def stored(day: Settings, paper: ArxivId = FIRST) -> Report:
    with Store.create(day.store.file(), compose.clock) as store:
        found = store.report_in(paper, "en")
    assert found is not None
    return found


def save(day: Settings, told: Report) -> None:
    with Store.create(day.store.file(), compose.clock) as store:
        store.save_report(told)


async def test_reports_of_an_older_prompt_are_written_anew_when_it_is_asked_for(
    day: Settings, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not without the word, not twice, and nothing is fetched."""
    await made(day)
    old = stored(day)
    renew(monkeypatch)
    await made(day)
    assert len(model.calls) == PAPERS
    for _ in range(2):
        await made(day, rewrite=True)
        assert len(model.calls) == 2 * PAPERS
    new = stored(day)
    assert (new.revision, new.writer) == (old.revision + 1, "a-model")
    assert new.prompt_version != old.prompt_version


async def test_a_prompt_that_comes_back_buys_nothing(
    day: Settings, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written by it once is in force again."""
    await made(day)
    first = stored(day)
    with monkeypatch.context() as changed:
        renew(changed)
        await made(day, rewrite=True)
    await made(day, rewrite=True)
    assert len(model.calls) == 2 * PAPERS
    again = stored(day)
    assert (again.prompt_version, again.sections) == (first.prompt_version, first.sections)
    assert again.revision == 3


async def test_what_people_wrote_is_never_rewritten(day: Settings, model: ModelServer) -> None:
    """Neither what was imported nor what somebody corrected."""
    await made(day)
    save(day, report(FIRST, writer="import", prompt_version=""))
    second = ArxivId("2601.00002")
    save(day, report(second, writer="a-model", prompt_version="older"))
    with Store.create(day.store.file(), compose.clock) as store:
        store.connection.execute("UPDATE reports SET corrects = 1 WHERE paper = ? AND revision = 2", (second,))
    await made(day, rewrite=True)
    assert len(model.calls) == PAPERS
    assert stored(day).writer == "import"
    assert stored(day, second).prompt_version == "older"


async def test_a_model_that_fails_takes_no_report_away(
    day: Settings, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The older one stays, and the operator hears of it."""
    renew(monkeypatch)
    save_day(day)
    save(day, report(FIRST, writer="a-model", prompt_version="older"))
    model.script(*[Status(500)] * 20)
    result = await made(day, rewrite=True)
    assert (stored(day).writer, stored(day).prompt_version) == ("a-model", "older")
    assert any("500" in notice for notice in result.notices)


async def test_without_a_model_only_sentences_are_chosen_anew(day: Settings) -> None:
    """By the present version of choosing them; what a model wrote is better."""
    save_day(day)
    save(day, report(FIRST, writer="a-model", prompt_version="older"))
    second = ArxivId("2601.00002")
    save(day, report(second, writer="extractive", prompt_version="0"))
    without = msgspec.structs.replace(day, digest=msgspec.structs.replace(day.digest, writer="extractive"))
    await made(without, rewrite=True)
    assert stored(day).writer == "a-model"
    assert stored(day, second).prompt_version != "0"


def save_day(day: Settings) -> None:
    """The list of the day as it was stored before."""
    with Store.create(day.store.file(), compose.clock) as store:
        store.save_listing(DAY, [paper(f"2601.0000{number}") for number in range(1, PAPERS + 1)])
