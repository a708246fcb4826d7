"""The daily limit: what it counts, whom it serves first, and what the digest says of it. Real endpoints and stores."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import time_machine

from bot import cli_doctor, compose
from config.settings import Settings
from digest import posts, render
from digest.costs import spent_usd
from digest.errors import LimitReached, OperatorNeeded, SettingsError
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Digest, ModelCall, ReadingSource, Report
from digest.writers.budget import Budget, Turns
from digest.writers.completion import Price
from digest.writers.reply import ReplyWriter
from digest.writers.till import Options
from tests.llm_writer import kit, llm_writer, options
from tests.makers import DAY, NOON, clock, paper, reading
from tests.model_answers import Reset, Status, Unscored
from tests.model_day import PAPERS, charged_usd, fill, made, settings
from tests.model_server import ModelServer, serving
from tests.paper_server import PaperServer

PRICE = Price(input=2.0, output=8.0)
LIMIT = 0.14  # of a day: some papers whole, then some abstracts
ENGLISH = compose.texts("en")


@pytest.fixture
def papers() -> Iterator[PaperServer]:
    with PaperServer() as running:
        fill(running)
        yield running


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(ModelServer(otherwise=Unscored())) as running:
        yield running


@pytest.fixture
def limited(tmp_path: Path, papers: PaperServer, model: ModelServer) -> Settings:
    return settings(tmp_path, papers, model, LIMIT)


@pytest.fixture
async def store() -> AsyncIterator[StoreThread]:
    thread = StoreThread(None, clock)
    yield thread
    await thread.close()


def call(cost_usd: float | None, started_at: datetime = NOON) -> ModelCall:
    return ModelCall(
        identity="a",
        purpose="report",
        paper_id="2601.00001",
        language="en",
        endpoint="here",
        model="a-model",
        outcome="begun",
        started_at=started_at,
        cost_usd=cost_usd,
    )


# --- what is counted -----------------------------------------------------------------------------------------------


async def test_a_call_fits_only_beside_the_most_that_calls_under_way_can_cost(store: StoreThread) -> None:
    """Of ten begun at once, each of a third of the limit, three are made."""
    budget = Budget(store, "a-model", PRICE, 0.9)
    begun = await asyncio.gather(*(budget.begin(call(0.3), patient=False) for _ in range(10)), return_exceptions=True)
    assert sum(isinstance(one, int) for one in begun) == 3
    assert sum(isinstance(one, LimitReached) for one in begun) == 7


async def test_a_patient_call_waits_for_what_calls_under_way_leave(store: StoreThread) -> None:
    """They cost less than they can; but nobody waits for what could not suffice."""
    budget = Budget(store, "a-model", PRICE, 1.0)
    first = await budget.begin(call(0.8), patient=True)
    waiting = asyncio.create_task(budget.begin(call(0.8), patient=True))
    with pytest.raises(LimitReached):
        await budget.begin(call(1.1), patient=True)
    assert not waiting.done()
    await store.end(first, call(0.1))
    budget.release(first)
    assert isinstance(await waiting, int)


async def test_calls_of_other_processes_count(tmp_path: Path) -> None:
    """The store is the account, so a call that a crash cut off counts as the most it can have cost."""
    for number in range(2):
        process = StoreThread(tmp_path / "paperboy.db", clock)
        budget = Budget(process, "a-model", PRICE, 1.0)
        if number:
            with pytest.raises(LimitReached, match=r"daily limit of \$1\.00"):
                await budget.begin(call(0.6), patient=True)
        else:
            await budget.begin(call(0.6), patient=True)
        await process.close()


async def test_the_limit_is_for_a_day_of_utc(store: StoreThread) -> None:
    """A minute after midnight everything is left again."""
    midnight = datetime(2026, 1, 17, tzinfo=UTC)
    budget = Budget(store, "a-model", PRICE, 1.0)
    await budget.begin(call(0.9, midnight - timedelta(minutes=1)), patient=False)
    await budget.begin(call(0.9, midnight), patient=False)
    assert await store.run(spent_usd, midnight) == 0.9


async def test_an_answer_that_was_lost_counts_as_the_most_it_can_have_cost(model: ModelServer) -> None:
    """A refused request costs nothing."""
    store = StoreThread(None, clock)
    writer = llm_writer(model, store, attempts=3, max_output_tokens=1000)
    model.script(Status(500), Reset())
    await writer.write(paper(), reading(), "en")
    await writer.close()
    costs = await store.run(
        lambda opened: opened.connection.execute("SELECT outcome, cost_usd FROM model_calls").fetchall()
    )
    await store.close()
    (_, refused), (_, lost), (_, answered) = costs
    assert refused == 0
    assert lost > answered
    assert lost >= 1000 * 8.0 / 1e6


async def test_an_endpoint_that_counts_more_tokens_is_believed(store: StoreThread) -> None:
    """From then on the most that a prompt can cost is more."""
    from digest.writers.completion import Usage

    budget = Budget(store, "a-model", PRICE, 1.0)
    before = budget.most_usd("lantern " * 100, 10)
    budget.learn("lantern " * 100, Usage(prompt=2000))
    after = budget.most_usd("lantern " * 100, 10)
    assert before is not None
    assert after is not None
    assert after > 4 * before


def test_a_limit_needs_a_price(model: ModelServer) -> None:
    """Said before the first paper."""
    with pytest.raises(SettingsError, match=r"price of a-model is not known.*llm\.prices"):
        llm_writer(model, daily_limit=1.0, prices={})


async def test_the_doctor_names_a_limit_without_a_price(limited: Settings) -> None:
    """And what to do, as the start of a digest does."""
    without = msgspec.structs.replace(limited, llm=msgspec.structs.replace(limited.llm, prices={}))
    told = [check.sentence for check in await cli_doctor.checks(without) if not check.well]
    assert any("llm.prices" in sentence and "[digest]" not in sentence for sentence in told)


async def test_an_endpoint_whose_answers_know_no_bound_cannot_be_held_to_a_limit() -> None:
    """It refuses both names of the output limit: the operator is told, and it is not called without one."""
    refusal = "max_tokens and max_completion_tokens are unknown"
    with serving(ModelServer(otherwise=Unscored())) as server:
        server.script(Status(400, refusal), Status(400, refusal))
        writer = llm_writer(server, daily_limit=1.0)
        with pytest.raises(OperatorNeeded, match=r"llm\.daily_limit cannot be kept"):
            await writer.write(paper(), reading(), "en")
        await writer.close()
        assert len(server.calls) == 2


async def test_answers_to_questions_count_as_well(model: ModelServer, store: StoreThread) -> None:
    """What they can cost has to fit what reports have left; nobody is called otherwise."""
    told = msgspec.convert(options(model, daily_limit=0.05, max_output_tokens=1000), Options)
    writer = ReplyWriter(kit(store), told)
    await store.begin(call(0.049))
    with pytest.raises(LimitReached):
        await writer.write(paper(), reading(), reading().passages, "How bright is it?", "en")
    await writer.close()
    assert model.calls == []


# --- whom it serves ------------------------------------------------------------------------------------------------


async def test_papers_have_their_turn_in_the_order_of_the_line() -> None:
    """However they come; one that is not in the line waits for nobody."""
    ids = [paper(f"2601.0000{number}").id for number in range(1, 4)]
    turns = Turns(ids)
    came: list[str] = []

    async def come(number: int) -> None:
        await turns.come(ids[number])
        came.append(ids[number])
        turns.leave(ids[number])

    tasks = [asyncio.create_task(come(2)), asyncio.create_task(come(1))]
    await turns.come(paper("2601.00009").id)
    assert came == []
    await come(0)
    await asyncio.gather(*tasks)
    assert came == ids


def _level(report: Report | None) -> int:
    """0 for a paper that the model read whole, 1 for an abstract, 2 for sentences of the paper."""
    assert report is not None
    if report.writer == "extractive":
        return 2
    return int(report.source is ReadingSource.ABSTRACT)


async def test_the_limit_is_never_passed_and_the_most_upvoted_come_first(limited: Settings, model: ModelServer) -> None:
    """Whole papers, then abstracts, then sentences; also over restarts and in a second language."""
    digests = []
    for language in ("en", "zh", "en", "zh"):
        digests.append((await made(limited, language)).digest)
        assert charged_usd(model) <= LIMIT
    levels = [_level(report) for _, report in digests[0].papers]
    assert len(levels) == PAPERS
    assert levels == sorted(levels)
    assert set(levels) == {0, 1, 2}
    assert charged_usd(model) > LIMIT / 2
    with Store.create(limited.store.file(), compose.clock) as opened:
        assert charged_usd(model) <= spent_usd(opened, compose.clock()) + 1e-9 <= LIMIT + 1e-9


async def test_the_digest_and_its_reports_say_what_the_limit_did(limited: Settings) -> None:
    """In the headline, in what opens a channel's thread, and beside the report; the operator is told, once."""
    result = await made(limited)
    told = [(known, report) for known, report in result.digest.papers if report is not None]
    sentences = sum(_level(report) == 2 for _, report in told)
    abstracts = sum(_level(report) == 1 for _, report in told)
    said = f"the model's daily limit was reached: {sentences} reports are sentences of the papers"
    for message in (render.headline(result.digest, ENGLISH), posts.opening(result.digest, told, ENGLISH)):
        assert said in message.footer
        assert f"{abstracts} report" in message.footer
    last = told[-1]
    assert "daily limit" in render.report(*last, ENGLISH).footer
    assert "daily limit" not in render.report(*told[0], ENGLISH).footer
    (notice,) = result.notices
    assert notice.startswith(f"The model's daily limit of ${LIMIT:.2f} is reached.")
    chinese = Digest(day=DAY, language="zh", papers=result.digest.papers)
    assert "额度" in render.headline(chinese, compose.texts("zh")).footer


async def test_on_the_next_day_the_model_goes_on(limited: Settings, model: ModelServer) -> None:
    """What it could not afford is written then, and nothing that it has written is bought again."""
    first = (await made(limited)).digest
    whole = sum(_level(report) == 0 for _, report in first.papers)
    asked = len(model.calls)
    await made(limited)
    assert len(model.calls) == asked  # what is left of the day suffices for none
    with time_machine.travel(compose.clock() + timedelta(days=1)):
        second = (await made(limited)).digest
    assert sum(_level(report) == 0 for _, report in second.papers) > whole
    titles = [request.prompt.partition("Title: ")[2].partition("\n")[0] for request in model.calls]
    full = [
        title for title, request in zip(titles, model.calls, strict=True) if "the abstract only" not in request.prompt
    ]
    assert len(full) == len(set(full))


async def test_without_a_limit_nobody_waits_and_every_paper_is_read_whole(
    tmp_path: Path, papers: PaperServer, model: ModelServer
) -> None:
    """One call a paper."""
    digest = (await made(settings(tmp_path, papers, model))).digest
    assert [_level(report) for _, report in digest.papers] == [0] * PAPERS
    assert len(model.calls) == PAPERS
    assert not any(report.limited for _, report in digest.papers if report)


async def test_failing_papers_do_not_keep_others_from_their_turn(limited: Settings, papers: PaperServer) -> None:
    """The first has no page and no abstract: the line goes on without it."""
    for entry in itertools.islice(papers.days[DAY.isoformat()], 1):
        entry["paper"]["summary"] = entry["summary"] = ""
    papers.pages.pop("/html/2601.00001")
    async with asyncio.timeout(120):
        result = await made(limited)
    assert list(result.digest.problems) == ["2601.00001"]
    assert _level(result.digest.papers[1][1]) == 0
