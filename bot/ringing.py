"""What is to be made at a moment: editions for the bells that ring, what has become ready since, and words for the
channels whose digest is late. Nothing here keeps a state: a late start and a catch-up are the same as any minute.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bot import compose
from bot.delivery import composer
from bot.scheduler import open_bell
from digest import due, posts
from digest.days import Day, DayState, day_of, settled
from digest.due import Due, Hour
from digest.editions import WEEKDAYS, Bell, Draft, Order, add_notice, make_editions
from digest.shelf import LATE_DAYS
from digest.store import Store

BATCH = 200  # destinations in one transaction: others that write wait no longer than for these
READY_SHARE = 0.5  # of a day's papers: with fewer reports a digest waits while they are being written, for a while
READY_WAIT = timedelta(hours=1)
LAST_CHANCE = timedelta(minutes=15)  # before a window closes: what is not there by now will not come
LATE_AFTER = timedelta(minutes=15)  # after a bell a channel is told that its digest is late
# A list is mostly complete by then, on its own day in UTC; who is rung for before has the day before it.
USUALLY_SETTLED = time(6)


class Batch(NamedTuple):
    """Destinations that get an edition of the same day at the same bell."""

    day: date
    bell: Bell
    orders: dict[int, Order]


def plan(store: Store, now: datetime, *, reading: bool) -> list[Batch]:
    """The editions that are to be made, channels' first. `reading`: whether reports are being written right now.

    What earlier windows left undone is dealt with on the way.
    """
    due.mend_clock(store)
    days = settled(store, now.astimezone(UTC).date() - timedelta(days=LATE_DAYS), now.astimezone(UTC).date())
    batches: list[Batch] = []
    for hour, bell in _open(store, now):
        due.clear_windows(store, hour, bell)
        ending = bell.closes - now <= LAST_CHANCE
        if days and (not reading or ending or now - bell.rings >= READY_WAIT or _enough(store, days[-1])):
            for one in due.due(store, hour, bell, days[-1]):
                _into(batches, days[-1], bell, one.number, Order(one.subscription, _missed(one, days)))
        if not reading or ending:
            for one, day in due.begun(store, hour, bell):
                _into(batches, day, bell, one.number, Order(one.subscription))
    return sorted(batches, key=_people_last)


def make(store: Store, batch: Batch) -> int:
    """Makes a batch's editions; gives how many messages were added."""
    made = make_editions(store, batch.day, batch.orders, composer, batch.bell)
    return sum(edition.added for edition in made.values())


def tell(store: Store, now: datetime) -> int:
    """Tells channels, once a day each, why their digest is late or will not come; gives how many were told."""
    told = 0
    for hour, bell in _open(store, now):
        ending = bell.closes - now <= LAST_CHANCE
        for one in due.silent(store, hour, bell):
            if text := _excuse(store, one, bell, now, ending=ending):
                told += add_notice(store, one.number, text, bell.closes)
        if ending:
            for one, _, lacking, papers in due.unread(store, hour, bell):
                texts = compose.texts(one.subscription.language)
                told += add_notice(store, one.number, posts.unread(bell.day, lacking, papers, texts), bell.closes)
    return told


def _open(store: Store, now: datetime) -> Iterator[tuple[Hour, Bell]]:
    for hour in due.hours(store):
        bell = open_bell(hour, now)
        if bell is not None:
            yield hour, bell


def _enough(store: Store, day: date) -> bool:
    """Whether so many of a day's papers have reports that the rest may follow."""
    digest = store.digest(day, "")
    return sum(report is not None for _, report in digest.papers) >= READY_SHARE * len(digest.papers)


def _missed(one: Due, days: tuple[date, ...]) -> tuple[date, ...]:
    """The complete days before the newest that the destination should have had, and has not."""
    if one.last_day is None:
        return ()
    return tuple(
        day
        for day in days[:-1]
        if day > one.last_day and day >= one.since and WEEKDAYS[day.weekday()] in one.subscription.weekdays
    )


def _into(batches: list[Batch], day: date, bell: Bell, number: int, order: Order) -> None:
    """Adds an order to the last batch if it fits there, else to a new one."""
    last = batches[-1] if batches else None
    if (
        last is None
        or (last.day, last.bell) != (day, bell)
        or len(last.orders) >= BATCH
        or number in last.orders
        or _is_person(order) != _is_person(next(iter(last.orders.values())))
    ):
        last = Batch(day, bell, {})
        batches.append(last)
    last.orders[number] = order


def _is_person(order: Order) -> bool:
    return order.subscription.kind == "person"


def _people_last(batch: Batch) -> bool:
    return _is_person(next(iter(batch.orders.values())))


def _excuse(store: Store, one: Due, bell: Bell, now: datetime, *, ending: bool) -> Draft | None:
    """Why a channel has no digest at this bell, when it should have one; None: all is as it should be."""
    usual = datetime.combine(bell.day, USUALLY_SETTLED, UTC)
    expected = bell.day if bell.closes >= usual else bell.day - timedelta(days=1)
    if one.last_day is not None and one.last_day >= expected:
        return None
    if not ending and now - bell.rings < LATE_AFTER:
        return None
    known = day_of(store, expected)
    if known is None or (known.next_ask_at is not None and now - known.next_ask_at > LATE_AFTER):
        return None  # a bot that has just begun does not know yet
    texts = compose.texts(one.subscription.language)
    again = _local(known, one.subscription.timezone, now)
    match known.state:
        case DayState.FAILED:
            return posts.late(bell.day, "late_failed", texts, again=again)
        case DayState.STALLED:
            return posts.late(bell.day, "late_stalled", texts, of_day=expected, again=again)
        case DayState.GROWING if ending and known.papers:
            return posts.late(bell.day, "late_growing", texts, of_day=expected)
        case _:
            return None


def _local(known: Day, timezone: str, now: datetime) -> str:
    """When the source is asked again, as a local time of day."""
    again = known.next_ask_at or now
    return f"{max(again, now).astimezone(ZoneInfo(timezone)):%H:%M}"
