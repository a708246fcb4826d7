"""What is due when: a destination's bell, as pure functions of the moment; and APScheduler, which wakes the bot."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from digest.due import Hour
from digest.editions import WEEKDAYS, Bell
from digest.types import Clock

log = logging.getLogger(__name__)

RING_EVERY = timedelta(minutes=1)  # while windows are open, for what became ready
BEFORE_A_BELL = timedelta(minutes=2)  # the list is asked once more, for the newest upvotes
_AHEAD_DAYS = 8  # a bell rings at least once a week


def open_bell(hour: Hour, now: datetime) -> Bell | None:
    """The bell in whose window `now` lies; None: it is no time to post.

    A local time that a change to summer time leaves out is taken as it would have been without the change, one that
    comes twice as the first (PEP 495). A window that ends at or before its beginning ends on the next day.
    """
    today = now.astimezone(ZoneInfo(hour.timezone)).date()
    for day in (today, today - timedelta(days=1)):
        bell = _bell(hour, day)
        if bell is not None and bell.rings <= now < bell.closes:
            return bell
    return None


def next_bell(hours: Iterable[Hour], now: datetime) -> datetime | None:
    """When the next bell rings after `now`, of any of the hours."""
    rings = []
    for hour in hours:
        today = now.astimezone(ZoneInfo(hour.timezone)).date()
        bells = (_bell(hour, today + timedelta(days=ahead)) for ahead in range(-1, _AHEAD_DAYS))
        rings.append(next((bell.rings for bell in bells if bell is not None and bell.rings > now), None))
    return min((moment for moment in rings if moment is not None), default=None)


def _bell(hour: Hour, day: date) -> Bell | None:
    """The bell of a local day, if it rings on it."""
    if WEEKDAYS[day.weekday()] not in hour.weekdays:
        return None
    ends = day if hour.window_end > hour.at else day + timedelta(days=1)
    return Bell(day, _moment(day, hour.at, hour.timezone), _moment(ends, hour.window_end, hour.timezone))


def _moment(day: date, at: str, timezone: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), ZoneInfo(timezone)).astimezone(UTC)


class Clockwork:
    """Wakes `watch` every `watch_every` and shortly before each bell, `ring` at each bell and once a minute.

    `hours` gives all hours there are. What a call raises is logged, and it is woken again.
    """

    def __init__(
        self,
        watch: Callable[[], Awaitable[None]],
        ring: Callable[[], Awaitable[None]],
        hours: Callable[[], Awaitable[Iterable[Hour]]],
        *,
        watch_every: timedelta,
        clock: Clock,
    ) -> None:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._watch = watch
        self._ring = ring
        self._hours = hours
        self._watch_every = watch_every
        self._clock = clock
        self._awake: set[asyncio.Task[None]] = set()
        # A machine that slept wakes late: what was due is done once, however late.
        defaults = {"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults=defaults)

    def start(self) -> None:
        """In a running event loop: both are called at once, and from then on when they are due."""
        self._scheduler.start()
        self._at(self._clock(), self._watched, "watch")
        self._at(self._clock(), self._rung, "ring")

    async def stop(self) -> None:
        """Wakes nobody any more; what runs is cut off."""
        self._scheduler.shutdown(wait=False)
        for task in self._awake:
            task.cancel()
        await asyncio.gather(*self._awake, return_exceptions=True)

    async def _watched(self) -> None:
        await self._called(self._watch)
        now, bell = self._clock(), await self._next_bell()
        due = now + self._watch_every
        if bell is not None and now < bell - BEFORE_A_BELL < due:
            due = bell - BEFORE_A_BELL
        self._at(due, self._watched, "watch")

    async def _rung(self) -> None:
        await self._called(self._ring)
        now, bell = self._clock(), await self._next_bell()
        self._at(min(now + RING_EVERY, bell or now + RING_EVERY), self._rung, "ring")

    def _at(self, moment: datetime, call: Callable[[], Coroutine[None, None, None]], name: str) -> None:
        self._scheduler.add_job(self._wake, "date", (call,), run_date=moment, id=name, replace_existing=True)

    async def _wake(self, call: Callable[[], Coroutine[None, None, None]]) -> None:
        # In a task of its own: what APScheduler cuts off at its end it logs as an error.
        task = asyncio.create_task(call())
        self._awake.add(task)
        task.add_done_callback(self._awake.discard)

    async def _next_bell(self) -> datetime | None:
        try:
            return next_bell(await self._hours(), self._clock())
        except Exception:  # whatever it was, both calls have to come again
            log.exception("the next bell is not known")
            return None

    async def _called(self, call: Callable[[], Awaitable[None]]) -> None:
        try:
            await call()
        except Exception:
            log.exception("a tick broke")
