"""Kills a process that delivers, at every boundary and at random moments, and asks the platform what it got.

    python -m tests.delivery_crash --kills 1000 --seed 7
    python -m tests.delivery_crash --platform discord --kills 300

A world is a store with a day of 23 papers for several channels, and a platform in another process
(tests.crash_platforms). Sender after sender is forked into it and killed with SIGKILL, until one of them finds nothing
left to do. The verdict comes from the platform's ledger and from the store's integrity check. Prints it with the seed,
and exits 1 unless every message is there once and in order.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct, structs

from digest import deliveries
from digest.deliveries import Sending
from digest.editions import Draft, MessageKind, Subscription, make_edition, number_of, register
from digest.locks import LockHeld, Work, held
from digest.select import Selection
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Digest, Message, Posted, Publisher
from tests.crash_outbox import HastyOutbox, clock, let_pass
from tests.crash_platforms import PLATFORMS, Platform, Running
from tests.ledger_publisher import Boundary, unwatched
from tests.ledger_server import Entry
from tests.makers import DAY, paper, report

PAPERS = 23
MOST_SENDERS_A_WORLD = 400
EARLY_SENDERS = 2  # of a world: its first messages are yet to be sent, or to be looked for
KILLS_A_WORLD = 25
_LOCK_HELD = 3

P = ParamSpec("P")
T = TypeVar("T")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# --- what is planted ---------------------------------------------------------------------------------------------


class MarkThenSend(HastyOutbox):
    """Wrong: a crash in between loses the message."""

    async def _send(self, publisher: Publisher, sending: Sending) -> None:
        await self._store.run(deliveries.confirm, sending.key, Posted(sending.to.address, "?", "?"))
        await super()._send(publisher, sending)


class SendThenMark(HastyOutbox):
    """Wrong: nothing says that a request is under way, so a crash in between sends the message again."""

    async def _send(self, publisher: Publisher, sending: Sending) -> None:
        await self._store.run(deliveries.release, sending.key)
        await super()._send(publisher, sending)


def forget_deadlines(store: Store) -> None:
    """Wrong, before a recovery: the platform is asked while it may still apply an earlier request."""
    let_pass(store)


class Plan(Struct, frozen=True, kw_only=True):
    """How a sender works. The first is right, each of the others has one fault of the kind the harness must find."""

    outbox: type[HastyOutbox] = HastyOutbox
    waits: bool = True
    locked: bool = True


PLANS = {
    "right": Plan(),
    "mark-then-send": Plan(outbox=MarkThenSend),
    "send-then-mark": Plan(outbox=SendThenMark),
    "no-wait": Plan(waits=False),
    "no-lock": Plan(locked=False),
}


# --- a sender ----------------------------------------------------------------------------------------------------


class WatchedStore(StoreThread):
    """A store that tells before and after each call, and before each commit."""

    def __init__(self, path: Path, boundary: Boundary) -> None:
        super().__init__(path, clock)
        self._boundary = boundary
        self._watched = False

    async def run(self, method: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        def watched(store: Store, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if not self._watched:
                store.connection.set_trace_callback(self._traced)
                self._watched = True
            self._boundary(f"{method.__name__}: begins")
            result = method(store, *args, **kwargs)
            self._boundary(f"{method.__name__}: committed")
            return result

        return await super().run(watched, *args, **kwargs)

    def _traced(self, statement: str) -> None:
        if statement == "COMMIT":
            self._boundary("about to commit")


class Fuse:
    """Counts the boundaries a sender passes, all or those of one name, and does something at one of them."""

    def __init__(self, at: int, burn: Callable[[str], None], among: str = "") -> None:
        self._left = at
        self._burn = burn
        self._among = among

    def __call__(self, name: str) -> None:
        self._left -= self._among in ("", name)
        if self._left == 0:
            self._left = -1
            self._burn(name)


AT_STORE = tuple(f"{call}: {step}" for call in ("make_edition", "claim", "confirm") for step in ("begins", "committed"))
AFTER_ABSENCE = ("release: begins", "release: committed")


def boundaries(platform: Platform) -> tuple[str, ...]:
    return (*AT_STORE, "about to commit", *platform.boundaries, *AFTER_ABSENCE)


def compose(digest: Digest, selection: Selection) -> Sequence[Draft]:
    cards = tuple(
        Draft(kind=MessageKind.CARD, message=Message(title=paper.title), paper=paper.id, report=report)
        for paper, report in selection.papers
    )
    return [Draft(kind=MessageKind.HEADLINE, message=Message(title=f"Papers · {digest.day}"), replies=cards)]


async def deliver(path: Path, platform: Platform, running: Running, plan: Plan, boundary: Boundary) -> None:
    """What a sender does from its start, whatever those before it have left."""
    with held(path, Work.SEND) if plan.locked else nullcontext():
        store = WatchedStore(path, boundary)
        if not plan.waits:
            await store.run(forget_deadlines)
        for to in platform.channels:
            number = await store.run(number_of, to)
            await store.run(make_edition, number, DAY, compose)
        await plan.outbox(store, running.publisher(boundary), running.settle).drain()
        await store.close()


def sender(path: Path, platform: Platform, running: Running, plan: Plan, boundary: Boundary) -> int:
    """Forks a sender and gives its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        asyncio.run(deliver(path, platform, running, plan, boundary))
        code = 0
    except LockHeld:
        code = _LOCK_HELD
    finally:
        if code == 1:
            traceback.print_exc()
        os._exit(code)


# --- worlds ------------------------------------------------------------------------------------------------------


def new_store(path: Path, channels: Sequence[Destination]) -> None:
    with Store.create(path, clock) as store:
        papers = [paper(f"2601.{number:05}", upvotes=100 - number) for number in range(1, PAPERS + 1)]
        store.save_listing(DAY, papers)
        for listed in papers:
            store.save_report(report(listed.id))
        register(store, [Subscription(to=to) for to in channels])


def verdict(path: Path, entries: Sequence[Entry], channels: Sequence[Destination]) -> Counter[str]:
    """What is wrong with the world, counted; nothing when every message is there once and in order."""
    wrong: Counter[str] = Counter()
    wanted = [f"Papers · {DAY}", *(paper(f"2601.{number:05}").title for number in range(1, PAPERS + 1))]
    for to in channels:
        here = [entry for entry in entries if entry.channel == to.address]
        times = Counter(entry.text for entry in here)
        wrong["lost"] += sum(text not in times for text in wanted)
        wrong["doubled"] += sum(count - 1 for count in times.values())
        firsts = list(dict.fromkeys(entry.text for entry in here))
        wrong["out of order"] += firsts != [text for text in wanted if text in times]
        threads = ["", *(here[0].message for _ in here[1:])] if here else []
        wrong["misplaced"] += sum(entry.thread != thread for entry, thread in zip(here, threads, strict=True))
    store = sqlite3.connect(path)
    wrong["unknown"] = store.execute("SELECT count(*) FROM deliveries WHERE state = 'unknown'").fetchone()[0]
    wrong["not sent"] = store.execute("SELECT count(*) FROM deliveries WHERE state <> 'sent'").fetchone()[0]
    wrong["damaged"] = store.execute("PRAGMA integrity_check").fetchone()[0] != "ok"
    wrong["damaged"] += len(store.execute("PRAGMA foreign_key_check").fetchall())
    store.close()
    return +wrong


class Kills:
    """Which sender dies where: a third at boundary 1, 2, 3 and so on of their lives, a third at each kind of boundary
    by its name, the least visited next, and a third at random boundaries and moments."""

    def __init__(self, platform: Platform, wanted: int, seed: int, told: Path) -> None:
        self.done = 0
        self._platform = platform
        self._wanted = wanted
        self._chance = random.Random(seed)
        self._told = told  # senders write here where they die
        told.touch()

    @property
    def enough(self) -> bool:
        return self.done >= self._wanted

    def places(self) -> list[str]:
        """The boundaries at which senders died, in order."""
        return self._told.read_text().splitlines()

    def _die(self, name: str) -> None:
        with self._told.open("a") as told:
            told.write(f"{name}\n")
        os.kill(os.getpid(), signal.SIGKILL)

    def _fuse(self, before: int) -> Boundary | None:
        """Where a world's next sender dies, after so many others; None: at a random moment."""
        if self.done < self._wanted // 3:
            return Fuse(self.done + 1, self._die)
        if self.done < self._wanted * 2 // 3:
            return self._at_the_least_visited(early=before < EARLY_SENDERS)
        return Fuse(self._chance.randint(1, 300), self._die) if self._chance.random() < 0.5 else None

    def _at_the_least_visited(self, early: bool) -> Boundary:
        places = self.places()
        names = boundaries(self._platform)
        name = min((name for name in names if early or name not in self._platform.once), key=places.count)
        before = {**self._platform.before, **dict.fromkeys(AFTER_ABSENCE, self._platform.unsent)}.get(name)
        if before:
            return Fuse(1, self._die, name if places[-1:] == [before] else before)
        return Fuse(self._chance.randint(1, 4), self._die, name)

    def next_sender(self, path: Path, running: Running, plan: Plan, before: int) -> int:
        """Runs a world's next sender, after so many others, to its end and gives how that was: 0 it found nothing left
        to do, below it was killed."""
        fuse = unwatched if self.enough or before >= KILLS_A_WORLD else self._fuse(before)
        pid = sender(path, self._platform, running, plan, fuse or unwatched)
        if fuse is None:
            time.sleep(self._chance.uniform(0.0, 0.25))
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.done += code < 0
        return code


def world(folder: Path, number: int, seed: int, platform: Platform, plan: Plan, kills: Kills) -> Counter[str]:
    """Kills senders until one comes to the end. Every other world's platform has faults of its own, too."""
    path = folder / f"{number}.db"
    new_store(path, platform.channels)
    faulty = number % 2 == 1 and plan is PLANS["right"]
    with platform.running(seed + number, faulty, 0) as running:
        for before in range(MOST_SENDERS_A_WORLD):
            code = kills.next_sender(path, running, plan, before)
            if code == 0:
                return verdict(path, running.entries(), platform.channels)
            if code > 0:
                return Counter({"failed": 1})
    return Counter({"never finished": 1})


def torture(wanted: int, seed: int, platform: Platform, plan: Plan) -> Counter[str]:
    wrong, number = Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        kills = Kills(platform, wanted, seed, Path(folder) / "kills")
        while not kills.enough and not wrong:
            wrong += world(Path(folder), number, seed, platform, plan, kills)
            number += 1
        places = {*kills.places()}
    say(f"{kills.done} kills in {number} worlds of {len(platform.channels) * (1 + PAPERS)} messages")
    say(f"at {len(places)} kinds of boundary, never at: {', '.join({*boundaries(platform)} - places) or 'none'}")
    return wrong


@contextmanager
def scene(platform: Platform, held: int = 0) -> Iterator[tuple[Path, Platform, Running]]:
    """A store and a platform with one channel only: no other is under way when something happens to its sender."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        small = structs.replace(platform, channels=platform.channels[:1])
        new_store(path, small.channels)
        with small.running(0, False, held) as running:
            yield path, small, running


def too_soon(platform: Platform, plan: Plan) -> Counter[str]:
    """A sender dies over its first message, which the platform holds until it has to settle; then another one comes:
    who asks at once is told that nothing is there."""
    with scene(platform, held=1) as (path, small, running):
        first = sender(path, small, running, plan, unwatched)
        running.held()
        os.kill(first, signal.SIGKILL)
        os.waitpid(first, 0)
        os.waitpid(sender(path, small, running, plan, unwatched), 0)
        return verdict(path, running.entries(), small.channels)


def two_senders(platform: Platform, plan: Plan) -> Counter[str]:
    """One sender stands still right before its request leaves, and another is started meanwhile."""

    def stand_still(_: str) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    with scene(platform) as (path, small, running):
        first = sender(path, small, running, plan, Fuse(5, stand_still, among="post: connected"))
        os.waitpid(first, os.WUNTRACED)
        second = os.waitpid(sender(path, small, running, plan, unwatched), 0)
        turned_away = os.waitstatus_to_exitcode(second[1]) == _LOCK_HELD
        os.kill(first, signal.SIGCONT)
        os.waitpid(first, 0)
        say(f"the second sender was {'turned away' if turned_away else 'let in'}")
        return verdict(path, running.entries(), small.channels)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--platform", choices=PLATFORMS, default="ledger")
    parser.add_argument("--plan", choices=PLANS, default="right")
    parser.add_argument("--two-senders", action="store_true")
    parser.add_argument("--too-soon", action="store_true")
    asked = parser.parse_args()
    begun = time.monotonic()
    say(f"seed {asked.seed}, platform {asked.platform}, plan {asked.plan}")
    platform, plan = PLATFORMS[asked.platform], PLANS[asked.plan]
    if asked.two_senders or asked.too_soon:
        wrong = (two_senders if asked.two_senders else too_soon)(platform, plan)
    else:
        wrong = torture(asked.kills, asked.seed, platform, plan)
    told = {**dict.fromkeys(("lost", "doubled", "out of order", "unknown"), 0), **wrong}
    say(", ".join(f"{count} {what}" for what, count in told.items()) + f", {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
