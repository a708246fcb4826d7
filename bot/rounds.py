"""The running bot's rounds: it looks at the list, reads ahead, and rings the bells; the store knows what is done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import date, timedelta

from bot import ringing
from digest import due
from digest.days import DayState, Patience, note_day, to_ask
from digest.due import Hour, reading_list
from digest.errors import SourceDown, SourceError
from digest.locks import LockHeld
from digest.operator import tell_operator
from digest.pipeline import Made, Press, Written, make_digest, write_reports
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Clock, Paper, Progress

log = logging.getLogger(__name__)

_LOCKED_S = 1.0  # between two looks at a lock that another process holds


class Rounds:
    """`reading` guards fetching and model calls: entered around them, it raises LockHeld while another process reads.

    `wake` tells the outbox that there is something to send; `beat` is called after each look that went well, to show
    that the bot lives. `languages` are those that reports can be written in; None: all.
    """

    def __init__(
        self,
        press: Press,
        *,
        clock: Clock,
        patience: Patience,
        ask_every: timedelta,
        language: str,
        languages: Collection[str] | None,
        limit: int,
        reading: Callable[[], AbstractContextManager[None]],
        wake: Callable[[], None],
        beat: Callable[[], Awaitable[None]],
    ) -> None:
        self._press = press
        self._store: StoreThread = press.store
        self._clock = clock
        self._patience = patience
        self._ask_every = ask_every
        self._language = language
        self._languages = languages
        self._limit = limit
        self._lock = reading
        self._wake = wake
        self._beat = beat
        self._reading: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()  # one pass over papers at a time, so that none is read twice

    async def watch(self) -> None:
        """Asks the source for the days that may have grown, and begins to read what is new."""
        down: SourceDown | None = None
        for day in await self._store.run(to_ask, self._clock()):
            # Whoever does not answer for one day is not asked for fourteen more.
            outcome = down or await self._asked(day)
            known = await self._store.run(note_day, day, outcome, self._patience, self._clock() + self._ask_every)
            if known is not None and known.state is DayState.FAILED and outcome is not down:
                await self._store.run(tell_operator, f"list {day}", known.reason)
            down = outcome if isinstance(outcome, SourceDown) else None
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read(), name="reading ahead")
        await self._beat()

    async def ring(self) -> None:
        """Makes the editions that are due, and tells channels why theirs is late."""
        now = self._clock()
        reading = self._reading is not None and not self._reading.done()
        for batch in await self._store.run(ringing.plan, now, reading=reading):
            if await self._store.run(ringing.make, batch):
                self._wake()
        if await self._store.run(ringing.tell, now):
            self._wake()

    async def hours(self) -> Sequence[Hour]:
        return await self._store.run(due.hours)

    async def read(self) -> None:
        """Waits until everything that was begun to be read has been."""
        if self._reading is not None:
            await self._reading

    async def digest(self, day: date, language: str, limit: int, progress: Progress, *, rewrite: bool = False) -> Made:
        """Makes a day's digest for somebody who asks, in turn with other processes. Raises as `make_digest` does."""
        async with self._turn:
            while True:
                with contextlib.suppress(LockHeld), self._lock():
                    return await make_digest(self._press, day, language, limit, progress, rewrite=rewrite)
                await asyncio.sleep(_LOCKED_S)

    async def close(self) -> None:
        """Stops reading; what was written is in the store."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _asked(self, day: date) -> Sequence[Paper] | SourceError:
        try:
            return await self._press.source.daily(day)
        except SourceError as error:
            log.info("no list", extra={"day": str(day), "reason": str(error)})
            return error

    async def _read(self) -> None:
        """Reads the papers that destinations will be sent, in every language that is asked for."""
        try:
            for day, language in await self._store.run(reading_list, self._clock(), self._language):
                if self._languages is None or language in self._languages:
                    papers = await self._store.run(Store.listed, day)
                    async with self._turn:
                        with self._lock():
                            written = await write_reports(self._press, papers[: self._limit], language, _unseen)
                    await self._report(day, written)
        except LockHeld:
            log.info("another process reads")
        except Exception:
            log.exception("reading ahead broke")

    async def _report(self, day: date, written: Written) -> None:
        for notice in written.notices:
            await self._store.run(tell_operator, f"{day} {notice}", notice)
        if written.problems:
            first = next(iter(written.problems.items()))
            papers = "1 paper" if len(written.problems) == 1 else f"{len(written.problems)} papers"
            sentence = f"{papers} of {day} could not be read. {first[0]}: {first[1]}"
            await self._store.run(tell_operator, f"unread {day}", sentence)


def _unseen(_event: str, _paper: str) -> None:
    """Nobody watches a bot that runs by itself."""
