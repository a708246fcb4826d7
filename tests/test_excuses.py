"""Words for channels whose digest is late or will not come: which, when, in which language, and to whom none."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest

from digest import subscriptions
from digest.days import note_day
from digest.editions import register
from digest.errors import NoListYet, SourceDown, SourceError
from digest.store import Store
from digest.types import Destination, Paper
from tests.makers import DAY
from tests.morning_makers import (
    PATIENCE,
    SOON,
    Hand,
    channel,
    complete,
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


def looked(store: Store, outcome: Sequence[Paper] | SourceError) -> None:
    """The source has just been asked for today."""
    note_day(store, store.clock().date(), outcome, PATIENCE, store.clock() + SOON)


@pytest.mark.parametrize(
    ("language", "failed", "stalled"),
    [
        (
            "en",
            "The digest is late: Hugging Face is not answering. Next try 10:30.",
            "The digest is late: Hugging Face lists no papers for Fri 16 Jan yet. Next try 10:30.",
        ),
        (
            "zh",
            "今天的日报延迟：Hugging Face 没有响应，下次尝试 10:30。",
            "今天的日报延迟：Hugging Face 尚未列出 1月16日 周五 的论文，下次尝试 10:30。",
        ),
    ],
)
def test_a_channel_is_told_once_why_its_digest_is_late(
    store: Store, hand: Hand, language: str, failed: str, stalled: str
) -> None:
    """From a quarter of an hour after the bell, in local time; one word a day, whatever comes after it."""
    register(store, [channel(language=language, timezone="Europe/Berlin", at="10:00", window_end="13:00")])
    for outcome, sentence, days in ((DOWN, failed, 0), (NoListYet("Nothing yet."), stalled, 0)):
        store.connection.execute("DELETE FROM deliveries")
        store.connection.execute("DELETE FROM messages")
        hand.to(9, 14, days=days)
        looked(store, outcome)
        assert ring(store) == 0
        hand.to(9, 15)
        looked(store, outcome)
        assert ring(store) == 1
        assert shown(sent(store)) == [sentence]
        hand.to(10)
        looked(store, DOWN)
        assert ring(store) == 0


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "No digest this morning: the list of Fri 16 Jan is still growing. Its papers come with the next one."),
        ("zh", "今天上午没有日报：1月16日 周五 的列表仍在增加，这些论文随下一期发送。"),
    ],
)
def test_a_channel_is_told_at_the_end_that_a_list_still_grows(
    store: Store, hand: Hand, language: str, sentence: str
) -> None:
    """Not before: until then it might still be complete."""
    register(store, [channel(language=language)])
    hand.to(11, 30)
    looked(store, papers_of(1))
    assert ring(store) == 0
    hand.to(11, 45)
    looked(store, papers_of(2))
    assert ring(store) == 1
    assert shown(sent(store)) == [sentence]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "1 of 3 papers could not be read in time. They come with the next digest."),
        ("zh", "3 篇论文中有 1 篇未能及时读完，随下一期发送。"),
    ],
)
def test_a_channel_is_told_at_the_end_how_many_papers_were_not_read(
    store: Store, hand: Hand, language: str, sentence: str
) -> None:
    """Once."""
    register(store, [channel(language=language)])
    complete(store, hand, papers_of(3), unread=1)
    hand.to(9)
    ring(store)
    sent(store)
    hand.to(11, 44)
    assert ring(store) == 0
    hand.to(11, 45)
    assert ring(store) == 1
    assert shown(sent(store)) == [sentence]
    hand.to(11, 46)
    assert ring(store) == 0


def test_people_and_quiet_days_get_no_excuses(store: Store, hand: Hand) -> None:
    """Nor does a channel that has had the day, nor one at whose bell nobody has looked yet."""
    person = Destination("slack", "T1", "U0WEI")
    register(store, [])
    subscriptions.keep(store, channel(person, kind="person", person="U0WEI"))
    hand.to(10)
    looked(store, DOWN)
    assert ring(store) == 0
    register(store, [channel()])
    hand.to(10, days=1)
    looked(store, NoListYet("Nothing."))  # a Saturday
    store.connection.execute("UPDATE days SET state = 'quiet'")
    assert ring(store) == 0
    hand.to(10, days=1)
    assert ring(store) == 0


def test_words_that_could_not_be_sent_in_time_are_never_sent(store: Store, hand: Hand) -> None:
    """The next morning they would be wrong."""
    hand.to(9, 30)
    looked(store, DOWN)
    assert ring(store) == 1
    hand.to(0, days=1)
    complete(store, hand, papers_of(1))
    hand.to(9)
    ring(store)
    assert shown(sent(store)) == ["Papers · Sat 17 Jan · 1", *titles(1)]
