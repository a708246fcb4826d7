"""One call more when a check finds something in a report: what the model is told, what is kept, what it may cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from digest.markdown import plain
from digest.store_thread import StoreThread
from digest.types import Paper, Reading, Report, SectionName
from tests.llm_writer import llm_writer
from tests.makers import clock, paper, reading
from tests.model_answers import Answer, HtmlPage, Slow, Status, answer_text
from tests.model_server import ModelServer, serving


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with serving(ModelServer()) as running:
        yield running


@pytest.fixture
async def store() -> AsyncIterator[StoreThread]:
    thread = StoreThread(None, clock)
    yield thread
    await thread.close()


def saying(results: str) -> Answer:
    """An answer whose results are a sentence."""
    answer = json.loads(answer_text("en"))
    answer["results"] = {"rows": [], "text": [{"text": results, "points": []}]}
    return Answer(json.dumps(answer))


def results_of(report: Report) -> str:
    section = report.section(SectionName.RESULTS)
    return plain(section.blocks) if section else ""


def check(report: Report, read: Reading, known: Paper) -> tuple[str, ...]:
    """Each of these figures is one too many."""
    assert read.paper_id == report.paper_id == known.id
    figures = [figure for figure in ("95.0", "96.0", "97.0") if figure in results_of(report)]
    return tuple(f"{figure} does not stand in the paper." for figure in figures)


def broken(_report: Report, _reading: Reading, _paper: Paper) -> tuple[str, ...]:
    raise ZeroDivisionError


async def purposes(store: StoreThread) -> list[Any]:
    rows = await store.run(
        lambda opened: opened.connection.execute("SELECT purpose, outcome FROM model_calls ORDER BY id").fetchall()
    )
    return [tuple(row) for row in rows]


async def written(server: ModelServer, store: StoreThread, **changes: Any) -> Report:
    writer = llm_writer(server, store, check=check, **changes)
    try:
        return await writer.write(paper(), reading(), "en")
    finally:
        await writer.close()


async def test_what_is_found_goes_back_to_the_model_once(server: ModelServer, store: StoreThread) -> None:
    """With its own answer and the list, after the same beginning; the better report is kept."""
    server.script(saying("Accuracy is 95.0 and 96.0."), saying("Accuracy is 91.4."))
    report = await written(server, store)
    assert results_of(report) == "Accuracy is 91.4."
    first, second = (call.prompt for call in server.calls)
    assert second.startswith(first)
    added = second[len(first) :]
    assert "- 95.0 does not stand in the paper.\n- 96.0 does not stand in the paper." in added
    assert "Accuracy is 95.0 and 96.0." in added
    assert await purposes(store) == [("report", "answered"), ("repair", "answered")]


async def test_a_report_without_faults_costs_one_call(server: ModelServer, store: StoreThread) -> None:
    """Nothing is asked again."""
    await written(server, store)
    assert await purposes(store) == [("report", "answered")]


@pytest.mark.parametrize("second", ["Accuracy is 97.0.", "Accuracy is 96.0 and 97.0."])
async def test_the_first_report_stays_when_the_second_is_no_better(
    server: ModelServer, store: StoreThread, second: str
) -> None:
    """As much to check, or more; there is no third."""
    server.script(saying("Accuracy is 95.0."), saying(second))
    assert results_of(await written(server, store)) == "Accuracy is 95.0."
    assert len(server.calls) == 2


@pytest.mark.parametrize("fault", [HtmlPage(), Status(500), Status(429), Answer("No."), Status(400, "Bad request")])
async def test_a_repair_that_fails_costs_the_report_nothing(
    server: ModelServer, store: StoreThread, fault: Any
) -> None:
    """Whatever goes wrong, it is tried once, and is on record."""
    server.script(saying("Accuracy is 95.0."), fault)
    assert results_of(await written(server, store)) == "Accuracy is 95.0."
    told = await purposes(store)
    assert [purpose for purpose, _ in told] == ["report", "repair"]
    assert told[1][1] != "answered"


async def test_a_repair_that_the_limit_does_not_allow_is_not_made(server: ModelServer, store: StoreThread) -> None:
    """The report is there, and the limit is kept."""
    server.script(saying("Accuracy is 95.0."), saying("Accuracy is 91.4."))
    report = await written(server, store, daily_limit=0.039)
    assert results_of(report) == "Accuracy is 95.0."
    assert await purposes(store) == [("report", "answered")]


async def test_a_check_that_breaks_costs_the_report_nothing(server: ModelServer, store: StoreThread) -> None:
    """It is logged, and the report is as the model wrote it."""
    writer = llm_writer(server, store, check=broken)
    report = await writer.write(paper(), reading(), "en")
    await writer.close()
    assert len(report.sections) == len(SectionName)
    assert len(server.calls) == 1


async def test_a_repair_lost_in_a_crash_is_fetched_and_not_bought_again(
    server: ModelServer, store: StoreThread
) -> None:
    """The endpoint kept it under an identity of its own."""
    server.script(saying("Accuracy is 95.0."), Slow(20, saying("Accuracy is 91.4.").text))
    writer = llm_writer(server, store, check=check, recall=True)
    task = asyncio.create_task(writer.write(paper(), reading(), "en"))
    async with asyncio.timeout(120):
        while server.answers_made < 2:  # noqa: ASYNC110 (they are made on another thread)
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await writer.close()
    report = await written(server, store, recall=True)
    assert results_of(report) == "Accuracy is 91.4."
    assert len(server.calls) == 2
