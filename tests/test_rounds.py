"""The running bot's rounds: what it asks, reads ahead and tells its operator, beside others who read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.rounds import Rounds
from digest import deliveries
from digest.days import DayState, day_of
from digest.deliveries import Sending
from digest.editions import number_of, register
from digest.errors import NoListYet, QuietDay, SourceDown
from digest.locks import LockHeld, Work, held
from digest.lookups import Lookups
from digest.operator import set_operator
from digest.outbox import Outbox
from digest.store import Store
from digest.types import ArxivId, Destination, Paper, ReadingSource
from tests.makers import DAY
from tests.morning_makers import (
    LAMPS,
    MOTHS,
    Hand,
    Hub,
    Pen,
    Shelves,
    Wall,
    channel,
    ids,
    papers_of,
    rounds_over,
)
from tests.test_app import Bot, bot, resting, slack  # noqa: F401 (fixtures)

OPERATOR = Destination("slack", "T1", "C0OPERATOR")


class Bench:
    """A bot's parts, for tests to change while it goes round."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hand = Hand(hour=1)
        self.hub = Hub()
        self.html = Shelves()
        self.abstracts = Shelves(ReadingSource.ABSTRACT)
        self.pen = Pen(self.hand)
        self.woken = 0
        self.beats = 0
        for back in range(1, 15):
            self.hub.lists[DAY - timedelta(days=back)] = QuietDay("Nothing.")

    def rounds(self, **changes: Any) -> contextlib.AbstractAsyncContextManager[Rounds]:
        parts = {"wake": self._wake, "beat": self._beat} | changes
        return rounds_over(self.path, self.hand, self.hub, [self.html, self.abstracts], self.pen, **parts)

    def store(self) -> Store:
        return Store.create(self.path, self.hand)

    def _wake(self) -> None:
        self.woken += 1

    async def _beat(self) -> None:
        self.beats += 1

    async def sent(self, wall: Wall) -> None:
        """Everything that may be sent now, by an outbox."""
        from digest.store_thread import StoreThread

        thread = StoreThread(self.path, self.hand)
        await Outbox(thread, lambda _: wall, clock=self.hand).drain()
        await thread.close()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "paperboy.db")
    with made.store() as store:
        register(store, [channel()])
    return made


async def looked(rounds: Rounds) -> None:
    """A look at the list, and everything read that is new."""
    await rounds.watch()
    await rounds.read()


def languages(bench: Bench, papers: Sequence[Paper]) -> list[tuple[str, ...]]:
    with Lookups.open(bench.path) as lookups:
        return [lookups.languages(one.id) for one in papers]


def told_the_operator(bench: Bench) -> list[str]:
    """What the operator has been told until now, each sent."""
    sentences = []
    with bench.store() as store:
        number = number_of(store, OPERATOR)
        while isinstance(step := deliveries.claim(store, number, timedelta(1), timedelta(1)), Sending):
            deliveries.confirm(store, step.key, None)
            sentences.append(step.message.plain)
    return sentences


# --- the list ------------------------------------------------------------------------------------------------------


async def test_papers_are_read_as_a_list_grows(bench: Bench) -> None:
    """In every language that a destination asks for; each once, so that at the hour everything is there."""
    with bench.store() as store:
        register(store, [channel(), channel(MOTHS, language="zh")])
    papers = papers_of(3)
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = papers[:2]
        await looked(rounds)
        assert languages(bench, papers[:2]) == [("en", "zh")] * 2
        bench.hand.to(1, 15)
        bench.hub.lists[DAY] = papers
        await looked(rounds)
        await looked(rounds)
        assert sorted(bench.html.read_papers) == ids(papers)
        bench.hand.to(9)
        await looked(rounds)
        await rounds.ring()
    wall = Wall()
    await bench.sent(wall)
    assert wall.posts[LAMPS][0].title == "Papers · Fri 16 Jan · 3"
    assert wall.posts[MOTHS][0].title == "论文 · 1月16日 周五 · 3 篇"
    assert bench.woken > 0


async def test_upvotes_are_read_again_before_posting(bench: Bench) -> None:
    """The digest's order and what it says are those of the last look."""
    first, second = papers_of(2)
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = [first, second]
        await looked(rounds)
        bench.hand.to(8, 58)
        (risen,) = papers_of(1, first=2, upvotes=900)
        bench.hub.lists[DAY] = [risen, first]
        await looked(rounds)
        bench.hand.to(9)
        await rounds.ring()
    wall = Wall()
    await bench.sent(wall)
    _, *cards = wall.posts[LAMPS]
    assert [message.title for message in cards] == [risen.title, first.title]
    assert "900" in str(cards[0])


async def test_a_source_that_is_down_is_asked_once_a_round_and_again_in_the_next(bench: Bench) -> None:
    """All the days that it was to be asked for count as failed, with the reason, until it answers."""
    bench.hub.lists.clear()
    bench.hub.lists[DAY] = SourceDown("The Hub answers with 503.")
    async with bench.rounds() as rounds:
        await looked(rounds)
        assert bench.hub.asked == [DAY]
        with bench.store() as store:
            known = day_of(store, DAY)
            assert known is not None
            assert (known.state, known.reason) == (DayState.FAILED, "The Hub answers with 503.")
        bench.hand.to(1, 15)
        bench.hub.lists[DAY] = papers_of(1)
        await looked(rounds)
        assert len(bench.hub.asked) == 1 + 15


async def test_the_heart_beats_at_each_look_whatever_the_source_says(bench: Bench) -> None:
    """It shows that the bot lives, not that the Hub does."""
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = papers_of(1)
        await looked(rounds)
        bench.hub.lists[DAY] = SourceDown("Down.")
        await looked(rounds)
    assert bench.beats == 2


# --- the operator --------------------------------------------------------------------------------------------------


async def test_the_operator_is_told_once_of_a_list_that_cannot_be_had(bench: Bench) -> None:
    """And of papers that nobody could read, with the first and why."""
    with bench.store() as store:
        set_operator(store, OPERATOR)
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = SourceDown("The Hub answers with 503.")
        await looked(rounds)
        await looked(rounds)
        assert told_the_operator(bench) == ["The Hub answers with 503."]
        bench.hub.lists[DAY] = papers_of(3)
        for readers in (bench.html, bench.abstracts):
            readers.lacking = {"2601.00002", "2601.00003"}
        await looked(rounds)
        await looked(rounds)
    (sentence,) = told_the_operator(bench)
    assert sentence.startswith("2 papers of 2026-01-16 could not be read. 2601.0000")
    assert "has no page" in sentence


async def test_without_an_operator_nobody_is_told(bench: Bench) -> None:
    """And nothing waits to be sent."""
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = SourceDown("The Hub answers with 503.")
        await looked(rounds)
    with bench.store() as store:
        assert deliveries.to_do(store) == {}


# --- better readings -----------------------------------------------------------------------------------------------


def source_of(bench: Bench, paper: str = "2601.00001") -> tuple[ReadingSource, int]:
    with Lookups.open(bench.path) as lookups:
        report = lookups.report_in(ArxivId(paper), "en")
        assert report is not None
        return report.source, report.revision


async def test_a_report_from_an_abstract_is_rewritten_when_the_full_text_appears(bench: Bench) -> None:
    """It is looked for once a day; the newest revision answers, and what was posted stays as it was."""
    bench.html.lacking = {"2601.00001"}
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = papers_of(1)
        await looked(rounds)
        assert source_of(bench) == (ReadingSource.ABSTRACT, 1)
        bench.hand.to(9)
        await looked(rounds)
        await rounds.ring()
        wall = Wall()
        await bench.sent(wall)
        bench.html.lacking = set()
        looks = len(bench.html.read_papers)
        bench.hand.to(15)
        await looked(rounds)
        assert len(bench.html.read_papers) == looks
        bench.hand.to(3, days=1)
        bench.hub.lists[DAY + timedelta(days=1)] = QuietDay("Nothing.")
        await looked(rounds)
        assert source_of(bench) == (ReadingSource.HTML, 2)
        bench.hand.to(9)
        await rounds.ring()
        await bench.sent(wall)
    assert len(wall.posts[LAMPS]) == 2
    assert wall.edits == {}


async def test_a_full_text_that_does_not_appear_is_looked_for_once_a_day_for_a_week(bench: Bench) -> None:
    """Then the abstract has to do."""
    bench.html.lacking = {"2601.00001"}
    bench.hub.lists[DAY] = papers_of(1)
    async with bench.rounds() as rounds:
        for hours in range(0, 12 * 24, 6):
            await looked(rounds)
            bench.hand.now += timedelta(hours=6)
            bench.hub.lists.setdefault(bench.hand().date(), QuietDay("Nothing."))
            assert bench.html.read_papers.count("2601.00001") <= 1 + hours // 20 + 1
    assert 6 <= len(bench.html.read_papers) <= 8
    assert source_of(bench) == (ReadingSource.ABSTRACT, 1)


# --- others who read -----------------------------------------------------------------------------------------------


async def test_while_another_process_reads_the_bot_does_not(bench: Bench) -> None:
    """It goes on asking, and reads at the next look after the lock is free."""
    bench.hub.lists[DAY] = papers_of(1)
    async with bench.rounds(reading=lambda: held(bench.path, Work.READ)) as rounds:
        with held(bench.path, Work.READ):
            await looked(rounds)
            assert bench.html.read_papers == []
        with bench.store() as store:
            assert ids(store.listed(DAY)) == ["2601.00001"]
        await looked(rounds)
        assert bench.html.read_papers == ["2601.00001"]


async def test_a_digest_that_is_asked_for_waits_for_the_lock(bench: Bench) -> None:
    """And reads nothing that was read meanwhile."""
    bench.hub.lists[DAY] = papers_of(2)
    free = asyncio.Event()

    @contextlib.contextmanager
    def lock() -> Iterator[None]:
        if not free.is_set():
            asked.set()
            raise LockHeld(Work.READ, 0)
        yield

    asked = asyncio.Event()
    async with bench.rounds(reading=lock) as rounds:
        making = asyncio.create_task(rounds.digest(DAY, "en", 100, lambda *_: None))
        await asyncio.wait_for(asked.wait(), 120)
        assert bench.html.read_papers == []
        free.set()
        made = await asyncio.wait_for(making, 120)
    assert ids([paper for paper, _ in made.digest.papers]) == ["2601.00001", "2601.00002"]


async def test_a_digest_that_is_asked_for_while_the_bot_reads_ahead_reads_nothing_twice(bench: Bench) -> None:
    """One pass over papers at a time."""
    bench.hub.lists[DAY] = papers_of(4)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slowly() -> None:
        begun.set()
        await go_on.wait()

    bench.pen.before = slowly
    async with bench.rounds() as rounds:
        await rounds.watch()
        await asyncio.wait_for(begun.wait(), 120)
        making = asyncio.create_task(rounds.digest(DAY, "en", 100, lambda *_: None))
        await asyncio.sleep(0)
        go_on.set()
        made = await asyncio.wait_for(making, 120)
        await rounds.read()
    assert len(made.digest.papers) == 4
    assert sorted(bench.html.read_papers) == ids(papers_of(4))


async def test_it_rings_while_it_reads_and_asks_while_it_reads(bench: Bench) -> None:
    """A paper that takes for ever holds up neither the bells nor the list, and is cut off at the end."""
    bench.hub.lists[DAY] = papers_of(2)
    never = asyncio.Event()
    bench.pen.before = never.wait
    async with bench.rounds() as rounds:
        await rounds.watch()
        bench.hand.to(9)
        bench.hub.lists[DAY] = papers_of(3)
        await rounds.watch()
        await rounds.ring()
        with bench.store() as store:
            assert len(store.listed(DAY)) == 3
    assert languages(bench, papers_of(3)) == [()] * 3


async def test_hours_are_those_of_the_store(bench: Bench) -> None:
    """Each once, however many destinations have it."""
    with bench.store() as store:
        register(store, [channel(), channel(MOTHS), channel(OPERATOR, at="18:00", window_end="21:00")])
    async with bench.rounds() as rounds:
        assert sorted(hour.at for hour in await rounds.hours()) == ["09:00", "18:00"]


async def test_a_list_that_is_empty_yet_is_no_failure(bench: Bench) -> None:
    """The operator hears nothing of it."""
    with bench.store() as store:
        set_operator(store, OPERATOR)
    async with bench.rounds() as rounds:
        bench.hub.lists[DAY] = NoListYet("Nothing yet.")
        await looked(rounds)
    assert told_the_operator(bench) == []
