"""What the bot of a simulated year works with: a source, a reader, a writer and a platform, all in this process."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime

from msgspec import Struct

from digest.errors import DestinationClosed, MaybeSent, NotSent, ReadError, SourceError
from digest.markdown import plain
from digest.types import (
    ArxivId,
    Destination,
    Message,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Posted,
    Reading,
    ReadingSource,
    Report,
    Run,
    Section,
    SectionName,
)
from tests.year_world import Kill, Mood, World, domains_of, on_grid

_CLOCK_TIME = re.compile(r"\d\d:\d\d")
_BROUGHT = re.compile(r"What (\S+) brings")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_COUNT = re.compile(r"\d+")


class Killed(BaseException):
    """The process is gone, here and now."""


class Moment:
    """The true time, and what the bot's clock makes of it. `doomed` says where the process is about to die."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.true = world.begins
        self.doomed: Kill | None = None
        self.lives = 0  # how many more steps of that kind it lives

    def __call__(self) -> datetime:
        return self.true + self.world.off(on_grid(self.true))

    @property
    def slot(self) -> datetime:
        """The quarter of an hour by the bot's clock."""
        return on_grid(self())

    def step(self, kind: Kill) -> None:
        """Dies here, if it is its turn."""
        if self.doomed is kind:
            self.lives -= 1
            if self.lives < 0:
                self.doomed = None
                raise Killed


# --- reading -----------------------------------------------------------------------------------------------------


class Source:
    """Answers as the world does; `asked` are the days of the last round."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.asked: list[date] = []

    async def daily(self, day: date) -> Sequence[Paper]:
        self.asked.append(day)
        answer = self._moment.world.answer(day, on_grid(self._moment.true), self._moment())
        if isinstance(answer, SourceError):
            raise answer
        return answer


class Reader:
    source = ReadingSource.HTML

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    async def read(self, paper: Paper) -> Reading:
        until = self._moment.world.unreadable.get(paper.id)
        if until is not None and self._moment.true < until:
            raise ReadError(f"{paper.id} cannot be read yet.")
        passages = (Passage("S1", "1 Study", PassageKind.TEXT, "We look at rooms."),)
        return Reading(paper_id=paper.id, source=self.source, url="", text_hash=paper.id, passages=passages)


class Writer:
    name = "a-model"
    prompt_version = "1"

    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        self._moment.step(Kill.READING)
        return Report(
            paper_id=paper.id,
            language=language,
            sections=(Section(SectionName.CONTRIBUTION, (Paragraph((Run(f"What {paper.id} brings."),)),)),),
            domains=domains_of(paper.id),
            source=reading.source,
            text_hash=reading.text_hash,
            writer=self.name,
            prompt_version=self.prompt_version,
            written_at=self._moment(),
        )


# --- a platform --------------------------------------------------------------------------------------------------


class Seen(Struct, frozen=True):
    """A message as people see it: what it is, and what it says about which papers and days.

    `what`: headline, card, section, missed or notice. `under` is what stands above it in its thread, "" for nothing.
    """

    slot: datetime
    what: str
    about: str
    under: str = ""


class Post(Struct):
    """A message on the platform. `count` is what a headline says."""

    key: str
    seen: Seen
    thread: str
    count: int


class Platform:
    """Keeps what each destination has, in the order of its coming. It never forgets a key, and asks no questions."""

    timeout_s = 10.0

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self.posts: dict[Destination, list[Post]] = {}
        self.requests = 0

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        self._enter(to)
        if self._mood is Mood.LOSES:
            raise MaybeSent("Nothing is heard.")
        self._moment.step(Kill.BEFORE)
        there = self.posts.setdefault(to, [])
        name = f"{to.address} {len(there)}"
        thread = name if under is None else under.thread
        above = "" if under is None else there[int(under.message.split()[1])].seen.about
        what, about = told(message)
        there.append(Post(key, Seen(self._moment.slot, what, about, above), thread, count_of(message)))
        self._moment.step(Kill.AFTER)
        if self._mood is Mood.APPLIES:
            raise MaybeSent("Nothing is heard.")
        return Posted(to.address, name, thread)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        self._enter(to)
        if self._mood is not Mood.LOSES:
            self.posts[to][int(posted.message.split()[1])].count = count_of(message)
        if self._mood is not Mood.WELL:
            raise MaybeSent("Nothing is heard.")

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        del since, under
        self._enter(to)
        if self._mood is not Mood.WELL:
            raise NotSent("Nothing is heard.")
        for number, post in enumerate(self.posts.get(to, [])):
            if post.key == key:
                return Posted(to.address, f"{to.address} {number}", post.thread)
        return None

    @property
    def _mood(self) -> Mood:
        return self._moment.world.mood(on_grid(self._moment.true))

    def _enter(self, to: Destination) -> None:
        self.requests += 1
        if self._moment.world.is_closed(to, on_grid(self._moment.true)):
            raise DestinationClosed("Nobody lets the bot in.")
        if self._mood is Mood.DOWN:
            raise NotSent("Nobody is there.")


def told(message: Message) -> tuple[str, str]:
    """What a message is, and what it is about, read from what people see of it."""
    commands = {action.command: action.argument for action in message.actions}
    if message.topic:
        return "headline", _DAY.findall(message.topic)[0]
    if "read" in commands:
        paper = ArxivId(commands["read"])
        late = message.footer.partition(" · ")[0] if message.footer.startswith(_LATE) else ""
        return "card", f"{paper} {late}".strip()
    if commands:
        return "missed", " ".join(action.argument for action in message.actions)
    if message.plain:
        return "notice", without_time(message.plain)
    return "section", _BROUGHT.findall(plain(message.blocks))[0]


_LATE = ("late, of ", "补发：")


def count_of(message: Message) -> int:
    """How many papers a headline counts; 0 of other messages."""
    return int(_COUNT.findall(_DAY.sub("", message.topic))[0]) if message.topic else 0


def without_time(sentence: str) -> str:
    """A sentence without the times of day in it."""
    return _CLOCK_TIME.sub("HH:MM", sentence)


Wake = Callable[[], None]
