"""Makers of mornings: a source, a reader and a writer that say what they are told, and rounds over a real store."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import ringing
from bot.rounds import Rounds
from digest import deliveries
from digest.days import Patience, note_day
from digest.deliveries import Sending
from digest.editions import Subscription, number_of
from digest.errors import NoListYet, ReadError, SourceError
from digest.pipeline import Press
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ArxivId, Destination, Message, Paper, Posted, Reading, ReadingSource, Report
from tests.makers import DAY, paper, reading, report
from tests.text_work import text_work

PATIENCE = Patience(timedelta(hours=3), timedelta(hours=8))
SOON = timedelta(minutes=15)
LAMPS = Destination("slack", "T1", "C0LAMPS")
MOTHS = Destination("slack", "T1", "C0MOTHS")


class Hand:
    """A clock that is put where a test wants it."""

    def __init__(self, day: date = DAY, hour: int = 0, minute: int = 0) -> None:
        self.now = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def to(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        """The same day or `days` later, at this time."""
        self.now = self.now.replace(hour=hour, minute=minute, second=0) + timedelta(days=days)
        return self.now


class Hub:
    """Lists what is in `lists`; `asked` are the days that were asked for."""

    def __init__(self) -> None:
        self.lists: dict[date, Sequence[Paper] | SourceError] = {}
        self.asked: list[date] = []

    async def daily(self, day: date) -> Sequence[Paper]:
        self.asked.append(day)
        answer = self.lists.get(day, NoListYet("Nothing yet."))
        if isinstance(answer, SourceError):
            raise answer
        return answer


class Shelves:
    """Reads every paper from `source`, but for those in `lacking`."""

    def __init__(self, source: ReadingSource = ReadingSource.HTML) -> None:
        self.source = source
        self.lacking: set[str] = set()
        self.read_papers: list[str] = []

    async def read(self, paper: Paper) -> Reading:
        self.read_papers.append(paper.id)
        if paper.id in self.lacking:
            raise ReadError(f"{paper.id} has no page.")
        return reading(paper.id, source=self.source, text_hash=f"{self.source} of {paper.id}")


class Pen:
    """Writes a report; `before` is waited for first."""

    name = "a-model"
    prompt_version = "1"

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.before: Callable[[], Any] | None = None

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        if self.before is not None:
            await self.before()
        return report(paper.id, language, source=reading.source, text_hash=reading.text_hash, written_at=self._clock())


class Wall:
    """A platform that takes everything and keeps it: `posts` by destination, `edits` likewise."""

    timeout_s = 10.0

    def __init__(self) -> None:
        self.posts: dict[Destination, list[Message]] = {}
        self.edits: dict[Destination, list[Message]] = {}

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        self.posts.setdefault(to, []).append(message)
        return Posted(to.address, key, key if under is None else under.thread)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        assert posted.channel == to.address
        self.edits.setdefault(to, []).append(message)

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        raise AssertionError(f"nobody is in doubt about {key} at {to} under {under} since {since}")


@asynccontextmanager
async def rounds_over(
    path: Path | None,
    clock: Callable[[], datetime],
    hub: Hub,
    readers: Sequence[Shelves],
    pen: Pen,
    **changes: Any,
) -> AsyncIterator[Rounds]:
    """Rounds of a bot; `changes` are those of what Rounds is made with."""
    store = StoreThread(path, clock)
    nobody: Any = None  # asks for a paper here
    press = Press(
        source=hub,
        readers=readers,
        writer=pen,
        stand_in=pen,
        store=store,
        clock=clock,
        text_work=text_work(store),
        catalogue=nobody,
    )
    plain: dict[str, Any] = {
        "clock": clock,
        "patience": PATIENCE,
        "ask_every": timedelta(minutes=15),
        "language": "en",
        "languages": None,
        "limit": 100,
        "reading": _nobody_else,
        "wake": lambda: None,
        "beat": _silent,
    }
    rounds = Rounds(press, **(plain | changes))
    try:
        yield rounds
    finally:
        await rounds.close()
        await store.close()


def _nobody_else() -> AbstractContextManager[None]:
    return contextlib.nullcontext()


async def _silent() -> None:
    pass


def channel(to: Destination = LAMPS, **wishes: Any) -> Subscription:
    """A channel whose bell rings at 09:00 UTC, until 12:00."""
    return Subscription(to=to, **wishes)


def papers_of(count: int, first: int = 1, **changes: Any) -> list[Paper]:
    return [paper(f"2601.{number:05}", **{"upvotes": 200 - number} | changes) for number in range(first, first + count)]


def reported(store: Store, papers: Sequence[Paper], **changes: Any) -> None:
    """Stores a report of each."""
    for one in papers:
        store.save_report(report(one.id, **changes))


def ids(papers: Sequence[Paper]) -> list[ArxivId]:
    return [one.id for one in papers]


# --- bells ---------------------------------------------------------------------------------------------------------


def listed(store: Store, papers: Sequence[Paper], day: date = DAY, *, unread: int = 0) -> None:
    """A day with these papers, of which all but the last `unread` have reports."""
    note_day(store, day, papers, PATIENCE, store.clock() + SOON)
    reported(store, papers[: len(papers) - unread])


def complete(store: Store, hand: Hand, papers: Sequence[Paper], *, unread: int = 0) -> None:
    """Today's list, complete at 05:00."""
    hand.to(1)
    listed(store, papers, hand().date(), unread=unread)
    hand.to(5)
    listed(store, papers, hand().date(), unread=unread)


def ring(store: Store, *, reading: bool = False) -> int:
    """How many messages were made, words about late digests among them."""
    now = store.clock()
    made = sum(ringing.make(store, batch) for batch in ringing.plan(store, now, reading=reading))
    return made + ringing.tell(store, now)


def sent(store: Store, to: Destination = LAMPS) -> list[Message]:
    """Everything that may be sent now, sent."""
    messages: list[Message] = []
    while True:
        step = deliveries.claim(store, number_of(store, to), timedelta(seconds=10), timedelta(seconds=30))
        if not isinstance(step, Sending):
            return messages
        deliveries.confirm(store, step.key, None if step.replaces else Posted(to.address, step.key, step.key))
        messages.append(step.message)


def shown(messages: Sequence[Message]) -> list[str]:
    """Each message by what people know it by."""
    return [message.title or message.plain for message in messages]


def titles(*numbers: int) -> list[str]:
    return [f"Lanterns for Deep Networks 2601.{number:05}" for number in numbers]


def fill(store: Store, hand: Hand, days: int) -> None:
    """Complete lists of one paper each on so many days, today's last."""
    for back in reversed(range(days)):
        day = hand().date() - timedelta(days=back)
        listed(store, papers_of(1, first=100 + day.day), day)
