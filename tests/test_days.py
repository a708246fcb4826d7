"""Days as they were observed: when a list is complete, stays empty or cannot be had, and which days are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

import pytest

from digest.days import Day, DayState, day_of, note_day, settled, to_ask
from digest.errors import FutureDay, NoListYet, QuietDay, SourceDown, SourceError
from digest.store import Store
from digest.types import Paper
from tests.makers import DAY
from tests.morning_makers import PATIENCE, Hand, papers_of

NOT_YET = NoListYet("Nothing yet.")
QUIET = QuietDay("Nothing.")
DOWN = SourceDown("The Hub answers with 503.")
SOON = timedelta(minutes=15)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def store(hand: Hand) -> Iterator[Store]:
    with Store.create(None, hand) as opened:
        yield opened


def noted(store: Store, outcome: Sequence[Paper] | SourceError, day: date = DAY) -> Day:
    known = note_day(store, day, outcome, PATIENCE, store.clock() + SOON)
    assert known is not None
    return known


def test_a_list_is_complete_when_nothing_was_added_for_three_hours(store: Store, hand: Hand) -> None:
    """Counted from the asking at which the last paper was first seen; upvotes are no growth."""
    hand.to(1)
    assert noted(store, papers_of(2)).state is DayState.GROWING
    hand.to(3)
    assert noted(store, papers_of(3)).state is DayState.GROWING
    hand.to(5, 45)
    assert noted(store, papers_of(3, upvotes=400)).state is DayState.GROWING
    hand.to(6)
    assert noted(store, papers_of(3)).state is DayState.SETTLED


def test_what_is_complete_stays_so(store: Store, hand: Hand) -> None:
    """A paper that joins later is a late one, and an outage is no reason."""
    hand.to(1)
    noted(store, papers_of(2))
    hand.to(4)
    noted(store, papers_of(2))
    hand.to(9)
    assert noted(store, papers_of(4)).state is DayState.SETTLED
    assert noted(store, DOWN).state is DayState.SETTLED
    assert noted(store, papers_of(4)).papers == 4


def test_a_day_that_is_over_is_complete_at_once(store: Store, hand: Hand) -> None:
    """Even when its list was seen growing just before midnight."""
    hand.to(23, 50)
    assert noted(store, papers_of(2)).state is DayState.GROWING
    hand.to(0, 5, days=1)
    assert noted(store, papers_of(3)).state is DayState.SETTLED


def test_only_an_answer_completes_a_day(store: Store, hand: Hand) -> None:
    """Three hours in which the source was away say nothing of its list."""
    hand.to(1)
    noted(store, papers_of(2))
    hand.to(4, 30)
    failed = noted(store, DOWN)
    assert (failed.state, failed.reason) == (DayState.FAILED, str(DOWN))
    hand.to(5)
    again = noted(store, papers_of(3))
    assert (again.state, again.reason) == (DayState.GROWING, "")


def test_an_empty_working_day_is_odd_after_eight_hours_and_quiet_once_over(store: Store, hand: Hand) -> None:
    """When papers come after all, it grows as any other."""
    hand.to(7, 59)
    assert noted(store, NOT_YET).state is DayState.GROWING
    hand.to(8)
    assert noted(store, NOT_YET).state is DayState.STALLED
    hand.to(9)
    assert noted(store, papers_of(1)).state is DayState.GROWING
    yesterday = DAY - timedelta(days=1)
    assert noted(store, NOT_YET, yesterday).state is DayState.QUIET
    assert noted(store, DOWN, yesterday).state is DayState.QUIET


def test_a_weekend_is_quiet_until_something_is_listed(store: Store, hand: Hand) -> None:
    """Nobody is told of it."""
    saturday = DAY + timedelta(days=1)
    hand.to(10, days=1)
    assert noted(store, QUIET, saturday).state is DayState.QUIET
    assert noted(store, papers_of(1), saturday).state is DayState.GROWING


def test_a_day_that_has_not_begun_is_not_kept(store: Store) -> None:
    """A source that says so, to a clock that is ahead, says nothing of the day."""
    assert note_day(store, DAY + timedelta(days=1), FutureDay("Not begun."), PATIENCE, store.clock() + SOON) is None
    assert day_of(store, DAY + timedelta(days=1)) is None


def test_after_a_clock_that_was_ahead_growth_is_counted_from_now(store: Store, hand: Hand) -> None:
    """Else a list would be taken to grow in the future, and be complete too late."""
    hand.to(20)
    noted(store, papers_of(2))
    hand.to(2)
    assert noted(store, papers_of(2)).state is DayState.GROWING
    hand.to(5)
    assert noted(store, papers_of(2)).state is DayState.SETTLED


def test_today_is_always_asked_for_and_earlier_days_until_they_are_complete(store: Store, hand: Hand) -> None:
    """A source that was away for days is asked for all of them."""
    hand.to(6)
    for back in range(1, 15):
        noted(store, QUIET, DAY - timedelta(days=back))
    assert to_ask(store, hand()) == (DAY,)
    hand.to(7)
    two = DAY - timedelta(days=2)
    noted(store, papers_of(1), two)
    assert to_ask(store, hand()) == (DAY,)
    store.connection.execute("UPDATE days SET state = 'failed' WHERE day = ?", (two.isoformat(),))
    assert to_ask(store, hand()) == (DAY, two)


def test_every_day_of_the_last_fortnight_is_asked_for_once_a_day(store: Store, hand: Hand) -> None:
    """For papers that joined late; and again when the clock is behind where it was."""
    hand.to(6)
    days = [DAY - timedelta(days=back) for back in range(15)]
    assert list(to_ask(store, hand())) == days
    for day in days:
        noted(store, papers_of(1), day)
    assert to_ask(store, hand()) == (DAY,)
    hand.to(5, 59, days=1)
    tomorrow = DAY + timedelta(days=1)
    assert to_ask(store, hand()) == (tomorrow, DAY)  # today's list was still growing when it was seen
    hand.to(6)
    assert len(to_ask(store, hand())) == 15
    hand.to(6, days=-3)
    assert len(to_ask(store, hand())) == 15


def test_a_failed_asking_is_repeated(store: Store, hand: Hand) -> None:
    """What counts is when the source last gave an answer."""
    yesterday = DAY - timedelta(days=1)
    for back in range(1, 15):
        noted(store, QUIET, DAY - timedelta(days=back))
    hand.to(0, days=1)
    noted(store, DOWN, yesterday)
    assert yesterday in to_ask(store, hand())


def test_complete_days_with_papers_are_given_oldest_first(store: Store, hand: Hand) -> None:
    """Quiet ones are not among them."""
    hand.to(6)
    for back in (3, 1):
        noted(store, papers_of(1, first=back), DAY - timedelta(days=back))
    noted(store, QUIET, DAY - timedelta(days=2))
    noted(store, papers_of(1, first=9))
    first = DAY - timedelta(days=14)
    assert settled(store, first, DAY) == (DAY - timedelta(days=3), DAY - timedelta(days=1))
    assert settled(store, DAY, DAY) == ()


def test_when_it_is_asked_again_is_kept(store: Store, hand: Hand) -> None:
    """It is what people are told."""
    hand.to(9)
    known = noted(store, DOWN)
    assert known.next_ask_at == datetime(2026, 1, 16, 9, 15, tzinfo=hand().tzinfo)
    assert known.asked_at is None
