"""A simulated year of the bot: `python -m tests.year --rounds 20` takes years and fortnights of random seeds.

The real rounds, editions, deliveries and outbox over a real store, between a source and a platform of our own, at the
pace of a clock that is moved. Where nothing can change it is moved far. tests.year_model says what each destination
must have; `Run.differences` says where one has something else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import msgspec
from msgspec import Struct

from bot.rounds import Rounds
from digest import deliveries, subscriptions
from digest.days import Patience
from digest.editions import Subscription, number_of, register
from digest.outbox import Outbox
from digest.pipeline import Press
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination
from tests.text_work import text_work
from tests.year_hours import WEEK, window
from tests.year_model import Model
from tests.year_parts import Killed, Moment, Platform, Reader, Seen, Source, Writer
from tests.year_world import ONE_DAY, SLOT, Doing, Kill, Mood, World, midnight, on_grid
from tests.year_worlds import a_fortnight, a_year

PATIENCE = Patience(timedelta(hours=3), timedelta(hours=8))
RESTART = timedelta(minutes=1)  # after a death; longer than a request may be under way
_EVERYBODY = 100_000
P = ParamSpec("P")
T = TypeVar("T")
MEMORY = Path("/dev/shm")  # noqa: S108 (where a disk costs nothing; what is put there has a folder of its own)


class Difference(Struct, frozen=True):
    """The first message at which a destination's ledger and what it must have part; None: it has, or needs, no more."""

    to: Destination
    place: int
    has: Seen | None
    must: Seen | None


class StoreHere(StoreThread):
    """A store in the event loop's own thread, so that how a world goes hangs on nothing but its seed."""

    async def run(self, method: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        await asyncio.sleep(0)  # others go on meanwhile
        if self._store is None:
            self._store = self._open()
        return method(self._store, *args, **kwargs)

    async def close(self) -> None:
        if self._store is not None:
            self._store.close()


class Process:
    """The bot from a start to a death: nothing of it outlives that but the file."""

    def __init__(self, path: Path, moment: Moment, source: Source, platform: Platform) -> None:
        self.store = StoreThread(path, moment) if moment.world.threads else StoreHere(path, moment)
        self._moment = moment
        self._platform = platform
        press = Press(
            source=source,
            readers=[Reader(moment)],
            writer=Writer(moment),
            stand_in=Writer(moment),
            store=self.store,
            clock=moment,
            text_work=text_work(),
            catalogue=cast("Any", None),  # nobody asks for a paper here
        )
        self.rounds = Rounds(
            press,
            clock=moment,
            patience=PATIENCE,
            ask_every=SLOT,
            language="en",
            languages=None,
            limit=100,
            reading=contextlib.nullcontext,
            wake=lambda: moment.step(Kill.RINGING),
            beat=_nothing,
        )

    async def tick(self) -> None:
        await self.rounds.watch()
        await self.rounds.read()
        await self.rounds.ring()
        await self.send()

    async def send(self) -> None:
        """Until nothing more can be sent now: whoever would have to wait ends this."""
        before = -1
        while before != self._platform.requests:
            before = self._platform.requests
            await self._outbox().drain()

    def _outbox(self) -> Outbox:
        async def wait(_: float) -> None:
            outbox.stop()

        # Everybody at once: who waits ends it, and in a real bot others would take their place meanwhile.
        outbox = Outbox(self.store, lambda _: self._platform, clock=self._moment, sleep=wait, people_at_once=_EVERYBODY)
        return outbox

    async def end(self) -> None:
        await self.rounds.close()
        await self.store.close()


async def _nothing() -> None:
    pass


class Run:
    """A world lived through. `ticks` counts how often the bot was awake."""

    def __init__(self, world: World, path: Path) -> None:
        self.world = world
        self.moment = Moment(world)
        self.model = Model(world)
        self.source = Source(self.moment)
        self.platform = Platform(self.moment)
        self.ticks = 0
        self.deaths = 0
        self.errors: list[str] = []
        self._path = path
        self._doings = sorted(world.doings, key=lambda doing: doing.at)
        self._openings = sorted((span.ends, to) for span, to in world.closed)
        self._numbers: dict[Destination, int] = {}
        self._kills = sorted(world.kills.items())
        self._fate: Kill | None = None
        self._pace = random.Random(world.seed)

    async def live(self) -> None:
        process = await self._begun()
        await process.store.run(register, self.world.channels)
        for channel in self.world.channels:
            self.model.keep(channel.to, channel, self.moment())
        up = True
        for slot in self._slots():
            self.moment.true = slot
            if not self.world.is_up(slot):
                up = False
                continue
            if not up:
                await process.end()
                process, up = await self._begun(), True
            await self._happen(process)
            self._doom(slot)
            if not await self._ticked(process):
                await process.end()
                self.deaths += 1
                self.moment.true += RESTART
                process = await self._begun()
                assert await self._ticked(process)
        await process.end()

    def _doom(self, slot: datetime) -> None:
        """The process will die as soon as it does what it is to die over; not while the platform is in a mood."""
        while self._kills and self._kills[0][0] <= slot:
            self._fate = self._kills.pop(0)[1]
        self.moment.doomed = self._fate if self.world.mood(slot) is Mood.WELL else None
        self.moment.lives = self._pace.randrange(3)

    async def _begun(self) -> Process:
        return Process(self._path, self.moment, self.source, self.platform)

    async def _ticked(self, process: Process) -> bool:
        """A tick of the bot and of the model; False when the bot died over it."""
        self.ticks += 1
        self.source.asked = []
        died = False
        try:
            await process.tick()
        except BaseExceptionGroup as deaths:
            if deaths.split(Killed)[1] is not None:
                raise
            died = True
        except Killed:
            died = True
        if died:
            self._fate = self.moment.doomed = None
        now, true = self.moment(), on_grid(self.moment.true)
        asked = self.model.watch(now, true)
        assert self.source.asked == asked, f"at {now} the source was asked for {self.source.asked}, not {asked}"
        self.model.ring(now)
        self.model.send(now, true)
        return not died

    async def _happen(self, process: Process) -> None:
        """What people have done since the last tick."""
        while self._doings and self._doings[0].at <= self.moment.true:
            await self._do(process, self._doings.pop(0))
        while self._openings and self._openings[0][0] <= self.moment.true:
            _, to = self._openings.pop(0)
            number = await process.store.run(number_of, to)
            await process.store.run(deliveries.resume, number)
            self.model.resume(to, self.moment())

    async def _do(self, process: Process, doing: Doing) -> None:
        wish, number, run = doing.subscription, self._numbers.get(doing.to), process.store.run
        before = self.model.places.get(doing.to)
        if wish is None:
            if number is not None:
                await run(subscriptions.remove, number)
        elif number is not None and before is not None and not before.removed and _only_pauses(before.wish, wish):
            await run(subscriptions.pause, number, wish.paused_until)
        else:
            self._numbers[doing.to] = await run(subscriptions.keep, wish)
        self.model.keep(doing.to, wish, self.moment())

    # --- when something can change -------------------------------------------------------------------------------

    def _slots(self) -> Iterator[datetime]:
        """The quarters of an hour at which the bot wakes: each half hour of days with trouble; of others the bells,
        the ends of windows, and some more."""
        hours = {one.subscription for one in self.world.doings if one.subscription is not None}
        kinds = sorted({(one.at, one.window_end, one.timezone) for one in (*hours, *self.world.channels)})
        for number in range(self.world.days):
            day = self.world.first + timedelta(days=number)
            yield from sorted(self._of_day(day, kinds))

    def _of_day(self, day: date, kinds: Sequence[tuple[str, str, str]]) -> set[datetime]:
        begins = midnight(day)
        slots = {moment for moment in self.world.kills if moment.date() == day}
        slots |= {begins + SLOT * number for number in self._pace.sample(range(96), 4)}
        if self.world.has_trouble(day):
            slots |= {begins + 3 * SLOT * number for number in range(32)}
        for at, until, timezone in kinds:
            for local in (day - ONE_DAY, day, day + ONE_DAY):
                found = window(at, until, timezone, WEEK, local)
                if found is not None:
                    last = found.closes - SLOT
                    wanted = (found.rings, last) if self._pace.random() < 0.3 else (found.rings,)
                    slots |= {moment for moment in wanted if moment.date() == day}
        return slots

    # --- the end -------------------------------------------------------------------------------------------------

    def differences(self) -> list[Difference]:
        """Where ledgers and the model part, at most one of a destination."""
        found = []
        for to in {**self.model.places, **self.platform.posts}:
            has = [post.seen for post in self.platform.posts.get(to, [])]
            must = self.model.places[to].sent if to in self.model.places else []
            for place in range(max(len(has), len(must))):
                one, other = (list_[place] if place < len(list_) else None for list_ in (has, must))
                if one != other:
                    found.append(Difference(to, place, one, other))
                    break
        return found

    def miscounted(self) -> list[tuple[Destination, str, int, int]]:
        """Headlines that do not say how many cards stand under them, with what they say and how many those are.

        Who ever unsubscribed, or closed the door, is left out: what was to come after a headline did not.
        """
        wrong = []
        left = {doing.to for doing in self.world.doings if doing.subscription is None}
        for to, posts in self.platform.posts.items():
            if to in left or self.model.places[to].queue:
                continue
            for post in posts:
                under = [one for one in posts if one.thread == post.thread and one.seen.what == "card"]
                if post.seen.what == "headline" and post.count != len(under):
                    wrong.append((to, post.seen.about, post.count, len(under)))
        return wrong

    def doubled(self) -> list[tuple[Destination, str]]:
        """Keys that the platform has twice."""
        keys = [(to, post.key) for to, posts in self.platform.posts.items() for post in posts]
        return sorted({key for key in keys if keys.count(key) > 1}, key=str) if len(set(keys)) < len(keys) else []

    @property
    def exact(self) -> bool:
        """Whether each destination has exactly what it must have, in order, once, in its windows, and nothing broke."""
        return not (self.differences() or self.miscounted() or self.doubled() or self.errors)

    @property
    def messages(self) -> int:
        return sum(map(len, self.platform.posts.values()))


class _Errors(logging.Handler):
    """Keeps what is logged as an error; the rest is as it should be in such a world."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(f"{record.getMessage()}: {record.exc_info and record.exc_info[1]!r}")


def _only_pauses(before: Subscription, wish: Subscription) -> bool:
    return msgspec.structs.replace(before, paused_until=wish.paused_until) == wish


def lived(world: World) -> Run:
    """Lives through a world over a store of its own."""
    errors, root = _Errors(), logging.getLogger()
    root.addHandler(errors)
    try:
        with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            run = Run(world, Path(folder) / "paperboy.db")
            asyncio.run(run.live())
    finally:
        root.removeHandler(errors)
    run.errors = errors.heard
    return run


def told(run: Run) -> str:
    """How it went, in a line, and what is wrong, if anything."""
    world, places = run.world, len(run.model.places)
    lived = f"{world.days} days, {places} destinations, {run.messages} messages, {run.ticks} ticks, {run.deaths} deaths"
    lines = [f"seed {world.seed}: {lived}"]
    lines += [f"  {one.to} at {one.place}: has {one.has}, must have {one.must}" for one in run.differences()]
    lines += [f"  {to}: the headline of {day} counts {said}, not {cards}" for to, day, said, cards in run.miscounted()]
    lines += [f"  {to}: {key} is there twice" for to, key in run.doubled()]
    lines += [f"  logged: {error}" for error in run.errors[:5]]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="how many years and fortnights")
    parser.add_argument("--seed", type=int, default=None, help="of the first; the others count on from it")
    asked = parser.parse_args()
    seed = random.randrange(1_000_000) if asked.seed is None else asked.seed
    makers: tuple[Callable[[int], World], ...] = (a_year, a_fortnight)
    wrong = 0
    for number in range(asked.rounds):
        for maker in makers:
            began_s = time.monotonic()
            text = told(lived(maker(seed + number)))
            wrong += "\n" in text
            print(f"{maker.__name__}, {time.monotonic() - began_s:.0f} s, {text}", flush=True)  # noqa: T201
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
