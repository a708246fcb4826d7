"""Makers of stores with destinations and editions, and a clock that moves when it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from bot.compose import texts
from digest.editions import Draft, MessageKind
from digest.render import card, headline
from digest.select import Selection
from digest.store import Store
from digest.types import Destination, Digest
from tests.makers import DAY, NOON, paper, report

LAMPS = Destination("slack", "T1", "C0LAMPS")
MOTHS = Destination("slack", "T1", "C0MOTHS")


class MovedClock:
    """Stands still at noon until it is moved. As a `sleep` it moves by what it is asked to wait."""

    def __init__(self) -> None:
        self.now = NOON
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.move(seconds)


def stored_day(store: Store, papers: int, day: date = DAY, first: int = 1) -> None:
    """Lists papers on a day, the first with the most upvotes, each with a report."""
    listed = [paper(f"2601.{number:05}", upvotes=200 - number) for number in range(first, first + papers)]
    store.save_listing(day, listed)
    for one in listed:
        store.save_report(report(one.id))


def compose(digest: Digest, selection: Selection) -> Sequence[Draft]:
    """A headline of the day, and in its thread a card for each paper that was chosen."""
    english = texts("en")
    cards = tuple(
        Draft(kind=MessageKind.CARD, message=card(one, told, english), paper=one.id, report=told)
        for one, told in selection.papers
    )
    return [Draft(kind=MessageKind.HEADLINE, message=headline(digest, english), replies=cards)]
