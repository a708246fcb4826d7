"""What a bell brings after windows that were not enough: missed days, leftovers of editions, clocks that were off."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from digest import deliveries, subscriptions
from digest.deliveries import Sending
from digest.editions import number_of, register
from digest.errors import SourceDown
from digest.store import Store
from digest.types import Posted
from tests.makers import DAY
from tests.morning_makers import (
    LAMPS,
    Hand,
    channel,
    complete,
    fill,
    listed,
    papers_of,
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


# --- what was missed ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "sentence", "buttons"),
    [
        (
            "en",
            "Not delivered in their time: 2 earlier days. Choose one to see its papers.",
            ["Sat 17 Jan · 1", "Sun 18 Jan · 1"],
        ),
        ("zh", "有 2 天的日报未能按时发送，点选一天查看其论文。", ["1月17日 周六 · 1", "1月18日 周日 · 1"]),
    ],
)
def test_after_a_downtime_missed_days_are_one_message_with_buttons(
    store: Store, hand: Hand, language: str, sentence: str, buttons: list[str]
) -> None:
    """Behind the digest of the newest, and not one digest each."""
    register(store, [channel(language=language)])
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(8, days=3)
    fill(store, hand, 3)
    hand.to(11, days=0)
    listed(store, papers_of(1, first=119), MONDAY)
    assert ring(store) == 3
    *_, missed = sent(store)
    assert missed.plain == sentence
    assert [action.label for action in missed.actions] == buttons
    assert [(action.command, action.argument) for action in missed.actions] == [
        ("papers", "2026-01-17"),
        ("papers", "2026-01-18"),
    ]


def test_only_days_of_its_own_weekdays_are_missed(store: Store, hand: Hand) -> None:
    """Nobody waited for Saturday's."""
    register(store, [channel(weekdays=("mon", "fri", "sun"))])
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(8, days=3)
    fill(store, hand, 3)
    hand.to(11)
    listed(store, papers_of(1, first=119), MONDAY)
    ring(store)
    told = sent(store)[-1]
    assert [action.argument for action in told.actions] == ["2026-01-18"]
    assert told.plain == "Not delivered in its time: one earlier day. Choose it to see its papers."


def test_days_of_a_pause_are_not_missed(store: Store, hand: Hand) -> None:
    """Nor is anything made in it."""
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    subscriptions.pause(store, number_of(store, LAMPS), DAY + timedelta(days=3))
    hand.to(8, days=1)
    fill(store, hand, 1)
    hand.to(11)
    assert ring(store) == 0
    hand.to(8, days=2)
    fill(store, hand, 2)
    hand.to(11)
    listed(store, papers_of(1, first=119), MONDAY)
    ring(store)
    assert shown(sent(store))[0] == "Papers · Mon 19 Jan · 1"
    assert sent(store) == []


def test_what_was_missed_is_told_after_a_change_of_wishes_long_after_a_pause(store: Store, hand: Hand) -> None:
    """A change is no new beginning when the pause was over."""
    number = number_of(store, LAMPS)
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    subscriptions.pause(store, number, DAY)
    hand.to(20, days=2)
    fill(store, hand, 2)
    register(store, [channel(limit=5)])
    subscriptions.pause(store, number, None)
    hand.to(8, days=1)
    fill(store, hand, 2)
    hand.to(11)
    listed(store, papers_of(1, first=119), MONDAY)
    ring(store)
    assert [action.argument for action in sent(store)[-1].actions] == ["2026-01-17", "2026-01-18"]


def test_a_parked_channel_is_not_told_of_the_days_of_then(store: Store, hand: Hand) -> None:
    """It goes on with the newest, when it is mended."""
    number = number_of(store, LAMPS)
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(9, days=1)
    fill(store, hand, 1)
    hand.to(9, 5)
    listed(store, papers_of(1, first=117), hand().date())
    hand.to(11, 59)
    store.connection.execute("UPDATE destinations SET parked_at = 'then', parked_why = 'kicked'")
    assert ring(store) == 0
    hand.to(8, days=2)
    fill(store, hand, 2)
    assert deliveries.resume(store, number)
    hand.to(11)
    listed(store, papers_of(1, first=119), MONDAY)
    ring(store)
    assert shown(sent(store)) == ["Papers · Mon 19 Jan · 1", *titles(119)]


# --- windows that were not enough --------------------------------------------------------------------------------


def test_an_edition_of_which_nothing_was_sent_is_told_of_as_missed(store: Store, hand: Hand) -> None:
    """The platform was away for the whole window."""
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    sent(store)
    for number in (10, 20):
        hand.to(0, days=1)
        complete(store, hand, papers_of(1, first=number))
        hand.to(9)
        assert ring(store) >= 2
    hand.to(12)
    assert sent(store) == []
    hand.to(9, 5)
    first, *_, missed = sent(store)
    assert first.title == "Papers · Sun 18 Jan · 1"
    assert [action.argument for action in missed.actions] == ["2026-01-17"]


def test_an_edition_of_which_something_was_sent_goes_on_in_its_thread(store: Store, hand: Hand) -> None:
    """In the next window, before the next edition, and not between the two."""
    complete(store, hand, papers_of(2))
    hand.to(9)
    ring(store)
    number = number_of(store, LAMPS)
    step = deliveries.claim(store, number, timedelta(seconds=10), timedelta(seconds=30))
    assert isinstance(step, Sending)
    deliveries.confirm(store, step.key, Posted("C", "top", "top"))
    hand.to(13)
    assert sent(store) == []
    hand.to(0, days=1)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    ring(store)
    step = deliveries.claim(store, number, timedelta(seconds=10), timedelta(seconds=30))
    assert isinstance(step, Sending)
    assert step.under == Posted("C", "top", "top")
    deliveries.confirm(store, step.key, Posted("C", "one", "top"))
    assert shown(sent(store)) == [*titles(2), "Papers · Sat 17 Jan · 1", *titles(10)]


def test_an_edition_in_doubt_when_its_window_closed_goes_on_in_the_next(store: Store, hand: Hand) -> None:
    """The headline proves not to be there: it comes in this window, with its cards, and its day is not lost."""
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    number = number_of(store, LAMPS)
    lost = deliveries.claim(store, number, timedelta(seconds=10), timedelta(seconds=30))
    assert isinstance(lost, Sending)
    hand.to(0, days=1)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    ring(store)
    deliveries.release(store, lost.key)
    assert shown(sent(store)) == [
        "Papers · Fri 16 Jan · 1",
        *titles(1),
        "Papers · Sat 17 Jan · 1",
        *titles(10),
    ]


# --- clocks ------------------------------------------------------------------------------------------------------


def test_a_bell_that_rang_while_the_clock_was_ahead_rings_again(store: Store, hand: Hand) -> None:
    """On its true day, for what is new then."""
    complete(store, hand, papers_of(1))
    hand.to(9, days=1)
    assert ring(store) == 2
    sent(store)
    hand.to(10, days=-1)
    assert ring(store) == 0
    hand.to(0, days=1)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    assert ring(store) == 2


def test_a_paper_that_came_late_while_the_clock_was_ahead_still_did(store: Store, hand: Hand) -> None:
    """The order of what happened then is kept."""
    complete(store, hand, papers_of(1))
    hand.to(9, days=1)
    ring(store)
    sent(store)
    hand.to(13)
    listed(store, papers_of(2), DAY)
    hand.to(14, days=-1)
    ring(store)
    hand.to(0, days=1)
    complete(store, hand, papers_of(1, first=10))
    hand.to(9)
    ring(store)
    assert shown(sent(store)) == ["Papers · Sat 17 Jan · 2", *titles(10, 2)]
