"""When clocks show what, found out by looking at them quarter hour by quarter hour: no rules of `fold` here."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from msgspec import Struct

from digest.editions import Subscription
from tests.year_world import ONE_DAY, SLOT, midnight

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@cache
def moment_of(day: date, at: str, timezone: str) -> datetime:
    """The first moment at which clocks there show a time of a day; when they never do, when they would have without
    the change of that day."""
    zone = ZoneInfo(timezone)
    hour, minute = map(int, at.split(":"))
    begins = midnight(day) + timedelta(hours=hour, minutes=minute)
    for quarters in range(-4 * 15, 4 * 15):
        moment = begins + quarters * SLOT
        shown = moment.astimezone(zone)
        if (shown.date(), shown.hour, shown.minute) == (day, hour, minute):
            return moment
    day_before = (begins - ONE_DAY).astimezone(zone).utcoffset()
    assert day_before is not None
    return begins - day_before


class Open(Struct, frozen=True):
    """An open window: the local day of its bell, and when that rang and it closes."""

    day: date
    rings: datetime
    closes: datetime


@cache
def window(at: str, until: str, timezone: str, weekdays: tuple[str, ...], day: date) -> Open | None:
    if WEEK[day.weekday()] not in weekdays:
        return None
    last = day if until > at else day + ONE_DAY
    return Open(day, moment_of(day, at, timezone), moment_of(last, until, timezone))


def open_window(wish: Subscription, now: datetime) -> Open | None:
    for back in (-1, 0, 1):
        found = window(wish.at, wish.window_end, wish.timezone, wish.weekdays, now.date() - timedelta(days=back))
        if found is not None and found.rings <= now < found.closes:
            return found
    return None
