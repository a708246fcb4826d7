"""What a simulated year's lists look like to somebody who asks and reads as the rules say: half of tests.year_model."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta

from msgspec import Struct, field

from digest.errors import FutureDay, NoListYet, QuietDay, SourceDown, SourceError
from digest.types import ArxivId, Paper
from tests.year_world import ONE_DAY, World, midnight

SETTLES = timedelta(hours=3)
STALLS = timedelta(hours=8)
FORTNIGHT = 14
NEVER = datetime.min.replace(tzinfo=UTC)


class Listed(Struct):
    """A day as it was observed."""

    state: str = "growing"
    papers: dict[ArxivId, datetime] = field(default_factory=dict)  # since when each is known there
    grew: datetime | None = None
    answered: datetime | None = None
    asked: datetime | None = None  # whether or not there was an answer


class Lists:
    def __init__(self, world: World) -> None:
        self.world = world
        self.days: dict[date, Listed] = {}
        self.papers: dict[ArxivId, Paper] = {}
        self.numbers: dict[ArxivId, int] = {}  # in the order in which they were first seen
        self.ready: dict[ArxivId, datetime] = {}

    def to_ask(self, now: datetime) -> list[date]:
        """Today; what is not complete; and every day of the last fortnight once a day."""
        asked = [now.date()]
        for back in range(1, FORTNIGHT + 1):
            day = now.date() - timedelta(days=back)
            known = self.days.get(day)
            settled = known is not None and known.state in ("settled", "quiet") and known.answered is not None
            if not settled or not timedelta() <= now - known.answered < ONE_DAY:  # type: ignore[union-attr, operator]
                asked.append(day)
        return asked

    def ask(self, now: datetime, true: datetime) -> list[date]:
        """The source is asked. Gives the days that it was asked for: none after the first for which it was down."""
        asked: list[date] = []
        for day in self.to_ask(now):
            answer = self.world.answer(day, true, now)
            if not any(isinstance(self.world.answer(other, true, now), SourceDown) for other in asked):
                asked.append(day)
            self._observe(day, answer, now)
        return asked

    def _observe(self, day: date, answer: tuple[Paper, ...] | SourceError, now: datetime) -> None:
        if isinstance(answer, FutureDay):
            return
        known = self.days.setdefault(day, Listed())
        known.asked = now
        if known.grew is not None:
            known.grew = min(known.grew, now)
        over = now >= midnight(day + ONE_DAY)
        if not isinstance(answer, SourceError):
            for paper in answer:
                self.papers[paper.id] = paper
                self.numbers.setdefault(paper.id, len(self.numbers))
                if paper.id not in known.papers:
                    known.papers[paper.id] = known.grew = now
            known.answered = now
            if known.state != "settled":
                assert known.grew is not None
                known.state = "settled" if over or now - known.grew >= SETTLES else "growing"
        elif isinstance(answer, QuietDay | NoListYet):
            known.answered = now
            empty = "quiet" if over or isinstance(answer, QuietDay) else "growing"
            if empty == "growing" and now - midnight(day) >= STALLS:
                empty = "stalled"
            known.state = known.state if known.state == "settled" else empty
        elif known.state not in ("settled", "quiet"):
            known.state = "failed"

    def settled(self, now: datetime) -> list[date]:
        first = now.date() - timedelta(days=FORTNIGHT)
        return sorted(
            day for day, known in self.days.items() if known.state == "settled" and first <= day <= now.date()
        )

    def read(self, now: datetime, true: datetime, had: Collection[date]) -> None:
        """Reports are written of the newest complete day, of those after it, and of those that somebody has had."""
        first = now.date() - timedelta(days=FORTNIGHT)
        newest = max((day for day, known in self.days.items() if known.state == "settled"), default=date.min)
        for day, known in self.days.items():
            if day < first or not known.papers:
                continue
            if day >= newest or day in had:
                for paper in known.papers:
                    if paper not in self.ready and true >= self.world.unreadable.get(paper, true):
                        self.ready[paper] = now

    def since(self, paper: ArxivId, day: date) -> datetime:
        """Since when a paper is both listed on a day and read; the beginning of time when it is not."""
        if paper not in self.ready:
            return NEVER
        return max(self.ready[paper], self.days[day].papers[paper])

    def order(self, day: date) -> list[ArxivId]:
        """The papers of a day, most upvoted first."""
        return sorted(self.days[day].papers, key=lambda one: (-(self.papers[one].upvotes or 0), self.numbers[one]))

    def moments(self) -> set[datetime]:
        """All at which something became known."""
        return {seen for known in self.days.values() for seen in known.papers.values()} | set(self.ready.values())

    def became(self, changed: dict[datetime, datetime]) -> None:
        """Says of moments that they were others."""
        for known in self.days.values():
            known.papers = {paper: changed.get(seen, seen) for paper, seen in known.papers.items()}
        self.ready = {paper: changed.get(moment, moment) for paper, moment in self.ready.items()}
