"""A year as it may come: lists that grow, a source, a platform and a machine that fail, people who come and go.

All moments here are true ones, in UTC, on a grid of quarter hours (papers join between its lines); the bot's clock may
be off. What a made world holds hangs on its seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct, field

from digest.editions import Subscription
from digest.errors import FutureDay, NoListYet, QuietDay, SourceDown, SourceError
from digest.types import ArxivId, Destination, Paper

SLOT = timedelta(minutes=15)
ONE_DAY = timedelta(days=1)
DOMAINS = ("nlp", "agents", "vision", "video", "robotics", "data")
WORDS = ("kites", "moths", "lamps", "注意力")
_SATURDAY = 5


class Mood(StrEnum):
    """How the platform is."""

    WELL = "well"
    DOWN = "down"
    APPLIES = "applies, and does not answer"
    LOSES = "loses, and does not answer"


class Span(Struct, frozen=True):
    begins: datetime
    ends: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.begins <= moment < self.ends


class Doing(Struct, frozen=True):
    """What somebody does about a destination: keeps this subscription from now on, or ends it (None)."""

    at: datetime
    to: Destination
    subscription: Subscription | None


class Kill(StrEnum):
    """Where the process dies."""

    READING = "between two reports"
    RINGING = "between two batches"
    BEFORE = "before a message is there"
    AFTER = "after a message is there, before that is known"


class World(Struct):
    """`threads`: the store has a thread of its own, as in the bot; then who is first may differ from time to time."""

    seed: int
    first: date
    days: int
    threads: bool = False
    channels: list[Subscription] = field(default_factory=list)
    lists: dict[date, list[tuple[datetime, Paper]]] = field(default_factory=dict)
    unreadable: dict[ArxivId, datetime] = field(default_factory=dict)  # until when
    source_down: list[Span] = field(default_factory=list)
    platform: list[tuple[Span, Mood]] = field(default_factory=list)
    closed: list[tuple[Span, Destination]] = field(default_factory=list)
    bot_down: list[Span] = field(default_factory=list)
    clock_off: list[tuple[Span, timedelta]] = field(default_factory=list)
    kills: dict[datetime, Kill] = field(default_factory=dict)
    doings: list[Doing] = field(default_factory=list)

    @property
    def begins(self) -> datetime:
        return midnight(self.first)

    @property
    def ends(self) -> datetime:
        return midnight(self.first + timedelta(days=self.days))

    def answer(self, day: date, true: datetime, told: datetime) -> tuple[Paper, ...] | SourceError:
        """What the source says of a day at a true moment, to somebody whose clock tells another."""
        if any(true in span for span in self.source_down):
            return SourceDown("Nobody answers.")
        if day > true.date():
            return FutureDay(f"{day} has not begun.")
        papers = [
            msgspec.structs.replace(paper, upvotes=_upvotes(paper, true))
            for joined, paper in self.lists.get(day, [])
            if joined <= true
        ]
        if papers:
            return tuple(sorted(papers, key=lambda paper: -(paper.upvotes or 0)))
        if day.weekday() >= _SATURDAY or told >= midnight(day + ONE_DAY) + timedelta(hours=12):
            return QuietDay(f"Nothing on {day}.")
        return NoListYet(f"Nothing on {day} yet.")

    def mood(self, true: datetime) -> Mood:
        return next((mood for span, mood in self.platform if true in span), Mood.WELL)

    def is_closed(self, to: Destination, true: datetime) -> bool:
        return any(true in span and one == to for span, one in self.closed)

    def is_up(self, true: datetime) -> bool:
        return not any(true in span for span in self.bot_down)

    def off(self, true: datetime) -> timedelta:
        """How much the bot's clock is ahead."""
        return next((by for span, by in self.clock_off if true in span), timedelta())

    def has_trouble(self, day: date) -> bool:
        """Whether there is more on a day than a list and bells."""
        begins, ends = midnight(day) - timedelta(hours=2), midnight(day + ONE_DAY)
        spans = [*self.source_down, *self.bot_down, *(one[0] for one in (*self.platform, *self.clock_off))]
        return any(span.begins < ends and span.ends > begins for span in spans)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def domains_of(paper: ArxivId) -> tuple[str, ...]:
    """What a report says of a paper."""
    number = int(paper[-5:])
    return tuple(dict.fromkeys((DOMAINS[number % 6], DOMAINS[number // 6 % 6])))


def _upvotes(paper: Paper, true: datetime) -> int:
    """Other every day, so that the order of a list changes; of real papers what they had."""
    if paper.upvotes is not None:
        return paper.upvotes
    return (int(paper.id[-5:]) * 7919 + true.date().toordinal() * 3571) % 10_007


# --- lists -------------------------------------------------------------------------------------------------------


class Lists:
    """Makes the lists of a world: papers join in the early hours, some late, some slowly, some on two days."""

    def __init__(self, world: World, chance: random.Random, papers: tuple[int, int]) -> None:
        self.world = world
        self.chance = chance
        self.papers = papers
        self.number = 0

    def fill(self, given: Mapping[date, Sequence[tuple[datetime, Paper]]]) -> None:
        """Every day's list: the one that is given, or a made one."""
        for number in range(-15, self.world.days):
            day = self.world.first + timedelta(days=number)
            self.world.lists[day] = list(given.get(day) or self._made(day))
            self._afterwards(day)

    def _made(self, day: date) -> Iterator[tuple[datetime, Paper]]:
        weekend, chance = day.weekday() >= _SATURDAY, self.chance
        if chance.random() < (0.85 if weekend else 0.04):  # weekends and holidays
            return
        count = chance.randint(*self.papers)
        slow = chance.random() < 0.12
        begins = midnight(day) + timedelta(hours=chance.choice([0, 0, 0, 1] if not slow else [0, 3, 9, 14]))
        last_h = chance.choice([9, 14, 20]) if slow else chance.choice([1, 2, 3, 6])
        for _ in range(count):
            yield self._joins(begins + timedelta(hours=chance.uniform(0, last_h)), day), self._paper()

    def _afterwards(self, day: date) -> None:
        """Late papers, papers of the days before once more, and papers that cannot be read for a while."""
        chance, listed = self.chance, self.world.lists[day]
        if not listed:
            return
        if chance.random() < 0.3:
            for _ in range(chance.randint(1, 2)):
                late = timedelta(hours=chance.choice([8, 11, 20, 30, 60, 200, 320]) + chance.uniform(0, 6))
                listed.append((self._joins(midnight(day) + late, None), self._paper()))
        before = self.world.lists.get(day - timedelta(days=chance.choice([1, 1, 2, 5])))
        if before and chance.random() < 0.25:
            _, paper = chance.choice(before)
            if all(paper.id != one.id for _, one in listed):
                again = midnight(day) + timedelta(hours=chance.choice([0, 2, 5, 12, 40]))
                listed.append((self._joins(again, None), paper))
        for joined, paper in listed:
            if chance.random() < 0.04:
                wait = timedelta(hours=chance.choice([3, 8, 12, 40, 100]))
                self.world.unreadable[paper.id] = on_grid(joined + wait)

    def _joins(self, moment: datetime, within: date | None) -> datetime:
        joins = on_grid(moment) + timedelta(minutes=7)
        return joins if within is None else min(joins, midnight(within + ONE_DAY) - timedelta(minutes=8))

    def _paper(self) -> Paper:
        self.number += 1
        word = WORDS[self.number % len(WORDS)]
        paper_id = ArxivId(f"8001.{self.number:05}")  # of no real month
        return Paper(
            id=paper_id, title=f"A study of {word} for some {self.number % 7} rooms", abstract="We look at it."
        )


def on_grid(moment: datetime) -> datetime:
    return moment - timedelta(minutes=moment.minute % 15, seconds=moment.second, microseconds=moment.microsecond)
