"""What a bell brings: the newest complete day, what joins it, and what is ready while reports are being written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot import ringing
from digest import subscriptions
from digest.editions import register
from digest.errors import SourceDown
from digest.store import Store
from digest.types import Destination
from tests.makers import DAY, report
from tests.morning_makers import (
    MOTHS,
    Hand,
    channel,
    complete,
    listed,
    papers_of,
    reported,
    ring,
    sent,
    shown,
    titles,
)

MONDAY = DAY + timedelta(days=3)
DOWN = SourceDown("The Hub answers with 503.")


@pytest.fixture
def hand() -> Hand:
    """Half past eight on Friday the 16th: the day's list is complete, and no bell has rung."""
    return Hand()


@pytest.fixture
def store(hand: Hand) -> Iterator[Store]:
    with Store.create(None, hand) as opened:
        register(opened, [channel()])
        yield opened


# --- which day ---------------------------------------------------------------------------------------------------


def test_a_bell_brings_the_newest_complete_day(store: Store, hand: Hand) -> None:
    """Once: neither a minute later nor later in the window is it made again."""
    complete(store, hand, papers_of(2))
    hand.to(8, 59)
    assert ring(store) == 0
    hand.to(9)
    assert ring(store) == 3
    assert shown(sent(store)) == ["Papers · Fri 16 Jan · 2", *titles(1, 2)]
    hand.to(9, 1)
    assert ring(store) == 0
    hand.to(11, 59)
    assert ring(store) == 0


def test_a_day_that_settles_while_the_window_is_open_comes_then(store: Store, hand: Hand) -> None:
    """When nothing came at the bell itself."""
    hand.to(7)
    listed(store, papers_of(2))
    hand.to(9)
    assert ring(store) == 0
    hand.to(10)
    listed(store, papers_of(2))
    assert ring(store) == 3


def test_a_bell_that_has_rung_rings_no_more_that_day(store: Store, hand: Hand) -> None:
    """A list that is complete at eleven, after that of the day before was delivered at nine, comes the next morning."""
    hand.to(7)
    yesterday = DAY - timedelta(days=1)
    listed(store, papers_of(2, first=5), yesterday)
    listed(store, papers_of(2))
    hand.to(9)
    assert ring(store) == 3
    hand.to(11)
    listed(store, papers_of(2))
    assert ring(store) == 0
    assert shown(sent(store))[0] == "Papers · Thu 15 Jan · 2"
    hand.to(9, days=1)
    assert ring(store) == 3
    assert shown(sent(store))[0] == "Papers · Fri 16 Jan · 2"


def test_a_day_of_more_than_a_fortnight_ago_does_not_come(store: Store, hand: Hand) -> None:
    """It is no news."""
    complete(store, hand, papers_of(2))
    hand.to(9, days=15)
    assert ring(store) == 0


def test_nothing_that_matches_is_no_message(store: Store, hand: Hand) -> None:
    """The day counts as had all the same: it is not told of as missed."""
    register(store, [channel(domains=("robotics",))])
    complete(store, hand, papers_of(2))
    hand.to(9)
    assert ring(store) == 0
    listed(store, papers_of(1, first=7), DAY)
    hand.to(1, days=3)
    listed(store, papers_of(2, first=10), MONDAY)
    hand.to(5)
    listed(store, papers_of(2, first=10), MONDAY)
    hand.to(9)
    assert ring(store) == 0


def test_channels_come_before_people(store: Store, hand: Hand) -> None:
    """Many read a channel."""
    person = Destination("slack", "T1", "U0WEI")
    subscriptions.keep(store, channel(person, kind="person", person="U0WEI", language="de"))
    register(store, [channel(), channel(MOTHS)])
    complete(store, hand, papers_of(1))
    batches = ringing.plan(store, hand.to(9), reading=False)
    kinds = [order.subscription.kind for batch in batches for order in batch.orders.values()]
    assert kinds == ["channel", "channel", "person"]


# --- what joins --------------------------------------------------------------------------------------------------


def test_a_paper_that_joins_while_the_window_is_open_is_appended(store: Store, hand: Hand) -> None:
    """Under the headline that is there, whose count is edited; once."""
    complete(store, hand, papers_of(2))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(10)
    listed(store, papers_of(3))
    assert ring(store) == 1
    assert shown(sent(store)) == [*titles(3), "Papers · Fri 16 Jan · 3"]
    assert ring(store) == 0


def test_a_paper_whose_report_is_written_later_follows_in_the_thread(store: Store, hand: Hand) -> None:
    """Its edition went out without it."""
    complete(store, hand, papers_of(3), unread=1)
    hand.to(9)
    assert ring(store) == 3
    hand.to(9, 40)
    reported(store, papers_of(1, first=3))
    assert ring(store) == 1
    assert shown(sent(store)) == ["Papers · Fri 16 Jan · 2", *titles(1, 2, 3), "Papers · Fri 16 Jan · 3"]


def test_the_limit_holds_for_an_edition_with_what_joins_it(store: Store, hand: Hand) -> None:
    """There is no room for a third of two."""
    register(store, [channel(limit=2)])
    complete(store, hand, papers_of(2))
    hand.to(9)
    assert ring(store) == 3
    hand.to(10)
    listed(store, papers_of(3))
    assert ring(store) == 0


def test_a_paper_that_joins_after_the_window_comes_late_with_the_next_digest(store: Store, hand: Hand) -> None:
    """After the day's own, marked; once, whichever days list it."""
    complete(store, hand, papers_of(2))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(15)
    listed(store, papers_of(3))
    assert ring(store) == 0
    hand.to(0, days=3)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    assert ring(store) == 3
    headline, own, late = sent(store)
    assert shown([headline, own, late]) == ["Papers · Mon 19 Jan · 2", *titles(10, 3)]
    assert late.footer.startswith("late, of Fri 16 Jan · ")
    assert "late" not in own.footer
    hand.to(0, days=1)
    complete(store, hand, [*papers_of(1, first=20), *papers_of(1, first=3)])
    hand.to(9)
    ring(store)
    assert shown(sent(store)) == ["Papers · Tue 20 Jan · 1", *titles(20)]


def test_a_late_paper_is_marked_in_chinese_too(store: Store, hand: Hand) -> None:
    """In the words of the destination."""
    register(store, [channel(language="zh")])
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(15)
    listed(store, papers_of(2))
    hand.to(0, days=3)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    ring(store)
    assert sent(store)[-1].footer.startswith("补发：1月16日 周五 · ")


def test_what_the_limit_left_out_is_not_late(store: Store, hand: Hand) -> None:
    """It was there to be chosen, also when the clock was ahead in the meantime."""
    register(store, [channel(limit=1)])
    hand.to(1, days=1)
    listed(store, papers_of(3), DAY)
    hand.to(5, days=-1)
    hand.to(9)
    assert ring(store) == 2
    sent(store)
    hand.to(0, days=3)
    register(store, [channel()])
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    ring(store)
    assert shown(sent(store)) == ["Papers · Mon 19 Jan · 1", *titles(10)]


# --- while reports are being written -----------------------------------------------------------------------------


def test_a_digest_waits_while_less_than_half_is_written(store: Store, hand: Hand) -> None:
    """Then it comes with what is there."""
    complete(store, hand, papers_of(4), unread=3)
    hand.to(9)
    assert ring(store, reading=True) == 0
    reported(store, papers_of(1, first=2))
    assert ring(store, reading=True) == 3


@pytest.mark.parametrize(("hour", "minute", "made"), [(9, 59, 0), (10, 0, 2), (11, 45, 2)])
def test_a_digest_waits_for_an_hour_at_most(store: Store, hand: Hand, hour: int, minute: int, made: int) -> None:
    """Nor when the window is about to close."""
    complete(store, hand, papers_of(4), unread=3)
    hand.to(hour, minute)
    assert sum(ringing.make(store, batch) for batch in ringing.plan(store, hand(), reading=True)) == made


def test_what_becomes_ready_is_appended_when_reading_is_done(store: Store, hand: Hand) -> None:
    """Not one by one, with an edit of the headline for each; at the last quarter of an hour, what is there."""
    complete(store, hand, papers_of(4), unread=2)
    hand.to(9)
    assert ring(store) == 3
    hand.to(9, 30)
    reported(store, papers_of(1, first=3))
    assert ring(store, reading=True) == 0
    assert ring(store) == 1
    reported(store, papers_of(1, first=4))
    hand.to(11, 45)
    assert ring(store, reading=True) == 1


def test_the_newest_revision_is_what_is_posted_and_posted_messages_stay(store: Store, hand: Hand) -> None:
    """A report that is rewritten in an open window is no reason for another message."""
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(10)
    store.save_report(report("2601.00001", text_hash="another", written_at=hand()))
    assert ring(store) == 0
