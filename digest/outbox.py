"""The delivering journey's last part: what the store holds is sent to the platforms, each message once.

A delivery is marked as in flight, with a deadline, before its request leaves, and as sent after the platform has
confirmed it: two commits. When that leaves a doubt (a lost answer, a crash), the outbox waits until the earlier
request can no longer be applied and asks the platform before it sends again. This holds for a platform that applies a
request within `Publisher.timeout_s` and MARGIN_S of its beginning, and for one outbox at a time: hold
`locks.Work.SEND`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from digest import deliveries
from digest.deliveries import Addressee, Doubt, Sending, Wait
from digest.errors import DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from digest.store_thread import StoreThread
from digest.types import Clock, Destination, Posted, Publisher

log = logging.getLogger(__name__)

MARGIN_S = 30.0  # no platform documents how late it may apply a request whose sender is gone
LONGEST_PAUSE_S = 300.0  # between two tries, unless the platform asks for more
# More than any platform takes of messages to different people in a second. The others' wait costs nothing, while ten
# thousand who stood before the store would keep a channel's next message waiting.
PEOPLE_AT_ONCE = 64
BROKEN_FIND_S = 600.0  # after so long of a search that breaks in its own code a person is asked
_ROOM = contextlib.nullcontext()
_SILENT = "No answer came in time. The platform is asked whether it has the message."
_BROKE = "Something in Paperboy broke over this message; the log says what."


class Event(StrEnum):
    SENT = "sent"
    WAITING = "waiting"  # it is tried again at `News.until`
    SIMPLIFIED = "simplified"  # it was refused and is tried in its simplest form
    DEAD = "dead"  # it was refused in that form too; the others go on
    GONE = "gone"  # people deleted what was to be edited, or what it was to stand under
    UNKNOWN = "unknown"  # a person has to settle it
    PARKED = "parked"  # the destination takes nothing until a person mends it; said once


class News(Struct, frozen=True):
    """What happened to a delivery; `sentence` says why, for people."""

    event: Event
    to: Destination
    key: str
    sentence: str = ""
    until: datetime | None = None


class Outbox:
    """Sends what is due: destinations side by side, in order within each.

    What fails for now is tried until it succeeds, and holds what comes after it to the same destination: nothing is
    lost or overtaken in an outage of any length.

    `publisher` gives who speaks for a destination, None when nobody does here: its messages stay where they are.
    `tell` hears of everything as it happens and raises nothing. `first_pause_s` is what a first failure costs; each
    further one doubles it. `people_at_once` is how many persons' own messages are under way side by side.
    """

    def __init__(
        self,
        store: StoreThread,
        publisher: Callable[[Destination], Publisher | None],
        *,
        clock: Clock,
        tell: Callable[[News], None] = lambda _: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        margin_s: float = MARGIN_S,
        first_pause_s: float = 1.0,
        people_at_once: int = PEOPLE_AT_ONCE,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._tell = tell
        self._sleep = sleep
        self._jitter = jitter
        self._margin = timedelta(seconds=margin_s)
        self._first_pause_s = first_pause_s
        self._people = asyncio.Semaphore(people_at_once)
        self._stopping = asyncio.Event()
        self._woken = asyncio.Event()
        self._asked_since: dict[str, datetime] = {}  # by key: when this outbox first asked

    async def drain(self, destinations: Collection[int] | None = None) -> None:
        """Sends until nothing is left that can be sent, to these destinations (the store's numbers) or to all.

        Left are messages of parked destinations and those behind an unknown one. Safe to cut off at any point.
        """
        waiting = await self._store.run(deliveries.addressees)
        async with asyncio.TaskGroup() as group:
            for number, addressee in waiting.items():
                if destinations is None or number in destinations:
                    group.create_task(self._serve(number, addressee))

    async def run(self, poll_s: float = 5.0) -> None:
        """Sends whatever there is until `stop`; other processes' additions are seen within `poll_s`."""
        serving: dict[int, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while not self._stopping.is_set():
                self._woken.clear()
                for number, addressee in (await self._store.run(deliveries.addressees)).items():
                    if number not in serving or serving[number].done():
                        serving[number] = group.create_task(self._serve(number, addressee))
                await self._pause(poll_s, self._woken)

    def wake(self) -> None:
        """Has `run` look at once for what was added."""
        self._woken.set()

    def stop(self) -> None:
        """Ends `run` and `drain` after the sends at hand."""
        self._stopping.set()
        self._woken.set()

    async def _serve(self, number: int, addressee: Addressee) -> None:
        """Sends to one destination until nothing more can be done there."""
        publisher = self._publisher(addressee.to)
        if publisher is None:
            log.debug("nobody speaks for it", extra={"to": str(addressee.to)})
            return
        until: datetime | None = self._clock()
        while until is not None and not self._stopping.is_set():
            async with self._people if addressee.is_person else _ROOM:
                until = await self._sent(number, publisher)
            if until is not None:
                await self._pause((until - self._clock()).total_seconds(), self._stopping)

    async def _sent(self, number: int, publisher: Publisher) -> datetime | None:
        """Sends to one destination as long as it need not wait; gives until when it must, None: nothing is left."""
        timeout = timedelta(seconds=publisher.timeout_s)
        while not self._stopping.is_set():
            match await self._store.run(deliveries.claim, number, timeout, self._margin):
                case Sending() as sending:
                    await self._send(publisher, sending)
                case Doubt(sending):
                    await self._ask(publisher, sending)
                case Wait(until):
                    return until
                case None:
                    return None
        return None

    async def _send(self, publisher: Publisher, sending: Sending) -> None:
        if self._clock() - sending.begun > self._margin / 2:
            # Held up since (a slow disk, a laptop asleep): the deadline would be too near for a request leaving now.
            await self._store.run(deliveries.release, sending.key)
            return
        try:
            # A publisher that never comes back must not hold its destination for ever.
            async with asyncio.timeout((sending.deadline - sending.begun).total_seconds()):
                posted = await _request(publisher, sending)
        except NotSent as error:
            await self._try_later(sending, error)
        except MessageGone as error:
            await self._store.run(deliveries.bury, sending.key, str(error))
            self._say(Event.GONE, sending, str(error))
        except MessageRefused as error:
            left = await self._store.run(deliveries.refuse, sending.key, str(error))
            self._say(Event.SIMPLIFIED if left else Event.DEAD, sending, str(error))
        except DestinationClosed as error:
            await self._park(sending, error, in_flight=False)
        except MaybeSent as error:
            await self._wonder(sending, str(error))
        except TimeoutError:
            await self._wonder(sending, _SILENT)
        except Exception:
            log.exception("send broke", extra={"key": sending.key, "to": str(sending.to)})
            await self._wonder(sending, _BROKE)
        else:
            await self._confirm(sending, posted)

    async def _ask(self, publisher: Publisher, sending: Sending) -> None:
        """Ends a doubt: found is sent, absent is sent again. An edit is harmless twice, so nobody has to ask."""
        if sending.replaces is not None:
            await self._store.run(deliveries.release, sending.key)
            return
        try:
            posted = await publisher.find(sending.to, sending.key, under=sending.under, since=sending.since)
        except (NotSent, MaybeSent) as error:
            await self._ask_later(sending, str(error), error.retry_after_s)
        except MessageRefused as error:
            await self._give_up(sending, str(error))
        except DestinationClosed as error:
            await self._park(sending, error, in_flight=True)
        except Exception:
            log.exception("search broke", extra={"key": sending.key, "to": str(sending.to)})
            if self._asking_for(sending) < timedelta(seconds=BROKEN_FIND_S):
                await self._ask_later(sending, _BROKE, None)
            else:
                await self._give_up(sending, _BROKE)
        else:
            self._asked_since.pop(sending.key, None)
            if posted is None:
                await self._store.run(deliveries.release, sending.key)
            else:
                await self._confirm(sending, posted)

    # --- how it ended ----------------------------------------------------------------------------------------------

    async def _confirm(self, sending: Sending, posted: Posted | None) -> None:
        await self._store.run(deliveries.confirm, sending.key, posted)
        self._say(Event.SENT, sending)

    async def _try_later(self, sending: Sending, error: NotSent) -> None:
        until = self._later(error.retry_after_s, self._first_pause_s * 2.0 ** min(sending.attempts - 1, 16))
        await self._store.run(deliveries.postpone, sending.key, str(error), until)
        self._say(Event.WAITING, sending, str(error), until)

    async def _wonder(self, sending: Sending, sentence: str) -> None:
        # A publisher that waited for its turn before it sent ends after the deadline that was counted from the claim.
        until = max(sending.deadline, self._clock() + self._margin)
        await self._store.run(deliveries.doubt, sending.key, sentence, until)
        self._say(Event.WAITING, sending, sentence, until)

    async def _ask_later(self, sending: Sending, sentence: str, retry_after_s: float | None) -> None:
        # As long again as it has been asked for already, which doubles the pauses.
        until = self._later(retry_after_s, max(self._first_pause_s, self._asking_for(sending).total_seconds()))
        await self._store.run(deliveries.doubt, sending.key, sentence, until)
        self._say(Event.WAITING, sending, sentence, until)

    async def _give_up(self, sending: Sending, sentence: str) -> None:
        await self._store.run(deliveries.give_up, sending.key, sentence)
        self._say(Event.UNKNOWN, sending, sentence)

    async def _park(self, sending: Sending, error: DestinationClosed, *, in_flight: bool) -> None:
        await self._store.run(deliveries.turn_away, sending.key, str(error), in_flight=in_flight)
        self._say(Event.PARKED, sending, str(error))

    def _asking_for(self, sending: Sending) -> timedelta:
        return self._clock() - self._asked_since.setdefault(sending.key, self._clock())

    def _later(self, retry_after_s: float | None, pause_s: float) -> datetime:
        """Exactly when the platform asked for, else after half to all of the pause."""
        if retry_after_s is None:
            retry_after_s = min(pause_s, LONGEST_PAUSE_S) * (1 + self._jitter()) / 2
        return self._clock() + timedelta(seconds=retry_after_s)

    def _say(self, event: Event, sending: Sending, sentence: str = "", until: datetime | None = None) -> None:
        news = News(event, sending.to, sending.key, sentence, until)
        level = logging.DEBUG if event in (Event.SENT, Event.WAITING, Event.GONE) else logging.WARNING
        log.log(level, event.value, extra={"key": news.key, "to": str(news.to), "reason": sentence})
        self._tell(news)

    async def _pause(self, seconds: float, cut_short_by: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._sleep(max(0.0, seconds))), asyncio.ensure_future(cut_short_by.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


async def _request(publisher: Publisher, sending: Sending) -> Posted | None:
    """Where the platform says the message is; None for an edit, which stays where it was."""
    if sending.replaces is None:
        return await publisher.post(sending.to, sending.message, under=sending.under, key=sending.key)
    await publisher.edit(sending.to, sending.replaces, sending.message)
    return None
