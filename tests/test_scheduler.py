"""When bells ring: golden cases of clock changes, and any hour anywhere beside somebody who looks at the clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose import clock
from bot.scheduler import BEFORE_A_BELL, Clockwork, next_bell, open_bell
from digest.due import Hour
from digest.editions import WEEKDAYS
from tests.year_hours import Open, window

ZONES = (
    "UTC Europe/Berlin America/New_York Asia/Shanghai Asia/Kathmandu Pacific/Auckland Australia/Lord_Howe "
    "America/Sao_Paulo Pacific/Kiritimati Pacific/Honolulu"
).split()


def hour(at: str = "09:00", until: str = "12:00", timezone: str = "UTC", weekdays: tuple[str, ...] = WEEKDAYS) -> Hour:
    return Hour(at, until, timezone, weekdays)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "around", "rings", "closes"),
    [
        (hour(timezone="Europe/Berlin"), "2026-01-16T09:00", "2026-01-16T08:00", "2026-01-16T11:00"),
        (hour(timezone="Europe/Berlin"), "2026-07-16T09:00", "2026-07-16T07:00", "2026-07-16T10:00"),
        (hour("02:30", "05:30", "Europe/Berlin"), "2026-03-29T02:00", "2026-03-29T01:30", "2026-03-29T03:30"),
        (hour("02:30", "05:30", "Europe/Berlin"), "2026-10-25T02:00", "2026-10-25T00:30", "2026-10-25T04:30"),
        (hour("02:30", "05:30", "America/New_York"), "2026-03-08T08:00", "2026-03-08T07:30", "2026-03-08T09:30"),
        (hour("01:30", "04:30", "America/New_York"), "2026-11-01T06:00", "2026-11-01T05:30", "2026-11-01T09:30"),
        (hour("02:15", "05:15", "Australia/Lord_Howe"), "2026-10-03T16:00", "2026-10-03T15:45", "2026-10-03T18:15"),
        (hour("23:30", "02:30", "Pacific/Auckland"), "2026-09-26T13:00", "2026-09-26T11:30", "2026-09-26T14:30"),
        (hour("09:00", "09:00"), "2026-01-17T08:45", "2026-01-16T09:00", "2026-01-17T09:00"),
    ],
)
def test_a_window_opens_and_closes_at_local_times(one: Hour, around: str, rings: str, closes: str) -> None:
    """A time that the change to summer time leaves out is as it would have been without; of two the first counts."""
    bell = open_bell(one, utc(around))
    assert bell is not None
    assert (bell.rings, bell.closes) == (utc(rings), utc(closes))


def test_a_window_holds_its_beginning_and_not_its_end() -> None:
    """From the bell on; at the end it is too late."""
    one, second = hour(), timedelta(seconds=1)
    assert open_bell(one, utc("2026-01-16T09:00") - second) is None
    assert open_bell(one, utc("2026-01-16T09:00")) is not None
    assert open_bell(one, utc("2026-01-16T12:00") - second) is not None
    assert open_bell(one, utc("2026-01-16T12:00")) is None


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    """Friday's digest goes on on Saturday morning, where nothing rings on Saturdays."""
    late = hour("23:00", "02:00", weekdays=WEEKDAYS[:5])
    bell = open_bell(late, utc("2026-01-17T01:30"))
    assert bell is not None
    assert bell.day == date(2026, 1, 16)
    assert open_bell(late, utc("2026-01-17T23:30")) is None


def test_the_next_bell_is_the_first_of_all_hours() -> None:
    """It is after now, never now; without hours there is none."""
    two = [hour(), hour("09:30", weekdays=("mon",)), hour("08:00", timezone="America/New_York")]
    assert next_bell(two, utc("2026-01-16T08:59")) == utc("2026-01-16T09:00")
    assert next_bell(two, utc("2026-01-16T09:00")) == utc("2026-01-16T13:00")
    assert next_bell([hour("09:30", weekdays=("mon",))], utc("2026-01-12T09:30")) == utc("2026-01-19T09:30")
    assert next_bell([], utc("2026-01-16T09:00")) is None


HOURS = st.builds(
    hour,
    at=st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 45))),
    until=st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 45))),
    timezone=st.sampled_from(ZONES),
    weekdays=st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(lambda days: tuple(sorted(days, key=WEEKDAYS.index))),
)
# Around the changes of clocks as well as anywhere.
MOMENTS = st.builds(
    lambda day, minutes: datetime.combine(day, datetime.min.time(), UTC) + timedelta(minutes=minutes),
    st.one_of(
        st.sampled_from(
            [date(2026, *day) for day in ((3, 8), (3, 29), (4, 5), (9, 26), (10, 3), (10, 4), (10, 25), (11, 1))]
        ),
        st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    ),
    st.integers(-720, 2160),
)


def seen(one: Hour, now: datetime) -> Open | None:
    """The window that is open by the clocks of the place, looked at quarter hour by quarter hour."""
    for back in (-1, 0, 1, 2):
        found = window(one.at, one.window_end, one.timezone, one.weekdays, now.date() - timedelta(days=back))
        if found is not None and found.rings <= now < found.closes:
            return found
    return None


@settings(max_examples=300, deadline=None)
@given(one=HOURS, now=MOMENTS)
def test_any_window_is_open_when_the_clocks_there_say_so(one: Hour, now: datetime) -> None:
    """An oracle that knows no rules of time zones finds the same windows."""
    bell, found = open_bell(one, now), seen(one, now)
    assert (bell is None) == (found is None)
    if bell is not None and found is not None:
        assert (bell.rings, bell.closes) == (found.rings, found.closes)


@settings(max_examples=200, deadline=None)
@given(one=HOURS, now=MOMENTS)
def test_nothing_rings_before_the_next_bell(one: Hour, now: datetime) -> None:
    """It is a window's beginning, or that of one which a change of clocks left no room; none begins before it."""
    rings = next_bell([one], now)
    assert rings is not None
    assert now < rings
    begins = (
        found.rings
        for ahead in range(-2, 11)
        if (found := window(one.at, one.window_end, one.timezone, one.weekdays, now.date() + timedelta(days=ahead)))
    )
    assert rings == min(moment for moment in begins if moment > now)


# --- what wakes the bot ------------------------------------------------------------------------------------------


class Woken:
    """Counts what it is woken for; `breaks` makes each look at the list fail."""

    def __init__(self, hours: Iterable[Hour] = (), *, breaks: bool = False) -> None:
        self.watched, self.rung = asyncio.Event(), asyncio.Event()
        self.looks: list[datetime] = []
        self.rings: list[datetime] = []
        self._hours = hours
        self._breaks = breaks

    async def watch(self) -> None:
        self.looks.append(clock())
        if len(self.looks) >= 3:
            self.watched.set()
        if self._breaks:
            raise RuntimeError("The list broke.")

    async def ring(self) -> None:
        self.rings.append(clock())
        self.rung.set()

    async def hours(self) -> Iterable[Hour]:
        return self._hours


async def test_it_is_woken_at_once_and_again_and_again() -> None:
    """By APScheduler itself; a look that breaks is logged, and the next comes all the same."""
    woken = Woken(breaks=True)
    clockwork = Clockwork(woken.watch, woken.ring, woken.hours, watch_every=timedelta(milliseconds=50), clock=clock)
    clockwork.start()
    await asyncio.wait_for(woken.watched.wait(), 120)
    await asyncio.wait_for(woken.rung.wait(), 120)
    await clockwork.stop()
    looks = len(woken.looks)
    await asyncio.sleep(0.2)
    assert len(woken.looks) == looks


async def test_it_looks_shortly_before_a_bell_and_rings_at_it() -> None:
    """For the newest upvotes; the moments are those of a clock that stands close before the bell."""
    bell = datetime(2026, 1, 16, 9, tzinfo=UTC)
    asked: list[datetime] = []

    class Recorded(Clockwork):
        def _at(self, moment: datetime, *_: object) -> None:
            asked.append(moment)

    def before() -> datetime:
        return bell - timedelta(seconds=150)

    woken = Woken([hour()])
    clockwork = Recorded(woken.watch, woken.ring, woken.hours, watch_every=timedelta(minutes=15), clock=before)
    await clockwork._watched()
    assert asked == [bell - BEFORE_A_BELL]
    clockwork._clock = lambda: bell - timedelta(seconds=20)
    await clockwork._rung()
    assert asked[-1] == bell


async def test_it_stops_in_the_middle_of_a_look() -> None:
    """What runs is cut off, and nobody waits for it."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def forever() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    woken = Woken()
    clockwork = Clockwork(forever, woken.ring, woken.hours, watch_every=timedelta(minutes=1), clock=clock)
    clockwork.start()
    await asyncio.wait_for(begun.wait(), 120)
    await asyncio.wait_for(clockwork.stop(), 120)
    assert ended.is_set()
