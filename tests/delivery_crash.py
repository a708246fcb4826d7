"""Kills a process that delivers, at every boundary and at random moments, and asks the platform what it got.

    python -m tests.delivery_crash --kills 1000 --seed 7

A world is a store with a day of 23 papers for several channels, and a platform in another process. Sender after
sender is forked into it and killed with SIGKILL, until one of them finds nothing left to do. The verdict comes from
the platform's ledger and from the store's integrity check. Prints it with the seed, and exits 1 unless every message is
there once and in order.
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
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from msgspec import Struct, structs

from digest import deliveries
from digest.deliveries import Sending
from digest.editions import Draft, MessageKind, Subscription, make_edition, number_of, register
from digest.locks import LockHeld, Work, held
from digest.outbox import Outbox
from digest.select import Selection
from digest.store import Store, StoreThread
from digest.types import Destination, Digest, Message, Posted, Publisher
from tests.ledger_publisher import Boundary, LedgerPublisher, unwatched
from tests.ledger_server import Behaviour, Ledger, LedgerServer, ledger_server
from tests.makers import DAY, paper, report

PAPERS = 23
CHANNELS = tuple(Destination("ledger", "", f"C{number}") for number in range(3))
TIMEOUT_S, MARGIN_S = 0.12, 0.1
APPLY_DELAY_S = (0.0, 0.03)  # far below the two, so that a busy machine does not break the platform's word
FAULT_SHARE = 0.12
MOST_SENDERS_A_WORLD = 400
_LOCK_HELD = 3

P = ParamSpec("P")
T = TypeVar("T")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def clock() -> datetime:
    return datetime.now(UTC)


# --- what is planted ---------------------------------------------------------------------------------------------


class MarkThenSend(Outbox):
    """Wrong: a crash in between loses the message."""

    async def _send(self, publisher: Publisher, sending: Sending) -> None:
        await self._store.run(deliveries.confirm, sending.key, Posted(sending.to.address, "?", "?"))
        await super()._send(publisher, sending)


class SendThenMark(Outbox):
    """Wrong: nothing says that a request is under way, so a crash in between sends the message again."""

    async def _send(self, publisher: Publisher, sending: Sending) -> None:
        await self._store.run(deliveries.release, sending.key)
        await super()._send(publisher, sending)


def forget_deadlines(store: Store) -> None:
    """Wrong, before a recovery: the platform is asked while it may still apply an earlier request."""
    store.connection.execute("UPDATE deliveries SET deadline = begun_at WHERE state = 'in flight'")


class Plan(Struct, frozen=True, kw_only=True):
    """How a sender works. The first is right, each of the others has one fault of the kind the harness must find."""

    outbox: type[Outbox] = Outbox
    waits: bool = True
    locked: bool = True
    apply_delay_s: tuple[float, float] = APPLY_DELAY_S
    channels: tuple[Destination, ...] = CHANNELS


PLANS = {
    "right": Plan(),
    "mark-then-send": Plan(outbox=MarkThenSend),
    "send-then-mark": Plan(outbox=SendThenMark),
    "no-wait": Plan(waits=False, apply_delay_s=(0.08, 0.1)),
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


WRITTEN = tuple(f"{what} written" for what in ("first byte", "headers", "half the body", "all but the last byte"))
READ = ("status read", "headers read", "half the answer read", "whole answer read")
AT_POST = tuple(f"post: {step}" for step in ("connected", *WRITTEN, "whole request written", *READ))
AT_FIND = tuple(f"find: {step}" for step in ("connected", "first byte written", "headers written", *READ))
AT_STORE = tuple(f"{call}: {step}" for call in ("make_edition", "claim", "confirm") for step in ("begins", "committed"))
AFTER_ABSENCE = ("release: begins", "release: committed")
BOUNDARIES = (*AT_STORE, "about to commit", *AT_POST, *AT_FIND, *AFTER_ABSENCE)
# Where one sender has to die, so that the next one has something to ask about, or hears that it is not there.
BEFORE = dict.fromkeys(AT_FIND, "post: whole request written") | dict.fromkeys(AFTER_ABSENCE, "post: headers written")


def compose(digest: Digest, selection: Selection) -> Sequence[Draft]:
    cards = tuple(
        Draft(kind=MessageKind.CARD, message=Message(title=paper.title), paper=paper.id, report=report)
        for paper, report in selection.papers
    )
    return [Draft(kind=MessageKind.HEADLINE, message=Message(title=f"Papers · {digest.day}"), replies=cards)]


async def deliver(path: Path, port: int, plan: Plan, boundary: Boundary) -> None:
    """What a sender does from its start, whatever those before it have left."""
    with held(path, Work.SEND) if plan.locked else nullcontext():
        store = WatchedStore(path, boundary)
        if not plan.waits:
            await store.run(forget_deadlines)
        for to in plan.channels:
            number = await store.run(number_of, to)
            await store.run(make_edition, number, DAY, compose)
        publisher = LedgerPublisher(port, TIMEOUT_S, boundary)
        outbox = plan.outbox(store, lambda _: publisher, clock=clock, margin_s=MARGIN_S, first_pause_s=0.01)
        await outbox.drain()
        await store.close()


def sender(path: Path, port: int, plan: Plan, boundary: Boundary) -> int:
    """Forks a sender and gives its process id."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        asyncio.run(deliver(path, port, plan, boundary))
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


def verdict(path: Path, ledger: Ledger, channels: Sequence[Destination]) -> Counter[str]:
    """What is wrong with the world, counted; nothing when every message is there once and in order."""
    wrong: Counter[str] = Counter()
    wanted = [f"Papers · {DAY}", *(paper(f"2601.{number:05}").title for number in range(1, PAPERS + 1))]
    for to in channels:
        here = [entry for entry in ledger.entries if entry.channel == to.address]
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

    def __init__(self, wanted: int, seed: int, told: Path) -> None:
        self.done = 0
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

    def _fuse(self) -> Boundary | None:
        """Where the next sender dies; None: at a random moment."""
        if self.done < self._wanted // 3:
            return Fuse(self.done + 1, self._die)
        if self.done < self._wanted * 2 // 3:
            return self._at_the_least_visited()
        return Fuse(self._chance.randint(1, 300), self._die) if self._chance.random() < 0.5 else None

    def _at_the_least_visited(self) -> Boundary:
        places = self.places()
        name = min(BOUNDARIES, key=places.count)
        if name in BEFORE:
            return Fuse(1, self._die, name if places[-1:] == [BEFORE[name]] else BEFORE[name])
        return Fuse(self._chance.randint(1, 4), self._die, name)

    def next_sender(self, path: Path, server: LedgerServer, plan: Plan) -> int:
        """Runs one sender to its end and gives how that was: 0 it found nothing left to do, below it was killed."""
        fuse = unwatched if self.enough else self._fuse()
        pid = sender(path, server.port, plan, fuse or unwatched)
        if fuse is None:
            time.sleep(self._chance.uniform(0.0, 0.25))
            os.kill(pid, signal.SIGKILL)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        self.done += code < 0
        return code


def world(folder: Path, number: int, seed: int, plan: Plan, kills: Kills) -> Counter[str]:
    """Kills senders until one comes to the end. Every other world's platform has faults of its own, too."""
    path = folder / f"{number}.db"
    new_store(path, plan.channels)
    faults = FAULT_SHARE if number % 2 and plan is PLANS["right"] else 0.0
    behaviour = Behaviour(seed=seed + number, apply_delay_s=plan.apply_delay_s, fault_share=faults)
    with ledger_server(behaviour) as server:
        for _ in range(MOST_SENDERS_A_WORLD):
            code = kills.next_sender(path, server, plan)
            if code == 0:
                return verdict(path, server.ledger(), plan.channels)
            if code > 0:
                return Counter({"failed": 1})
    return Counter({"never finished": 1})


def torture(wanted: int, seed: int, plan: Plan) -> Counter[str]:
    wrong, number = Counter[str](), 0
    with tempfile.TemporaryDirectory() as folder:
        kills = Kills(wanted, seed, Path(folder) / "kills")
        while not kills.enough and not wrong:
            wrong += world(Path(folder), number, seed, plan, kills)
            number += 1
        places = {*kills.places()}
    say(f"{kills.done} kills in {number} worlds of {len(CHANNELS) * (1 + PAPERS)} messages")
    say(f"at {len(places)} kinds of boundary, never at: {', '.join({*BOUNDARIES} - places) or 'none'}")
    return wrong


def two_senders(plan: Plan) -> Counter[str]:
    """One sender stands still right before its request leaves, and another is started meanwhile.

    There is one channel only, so that the sender that stands still holds no transaction open.
    """

    def stand_still(_: str) -> None:
        os.kill(os.getpid(), signal.SIGSTOP)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.db"
        channels = CHANNELS[:1]
        plan = structs.replace(plan, channels=channels)
        new_store(path, channels)
        with ledger_server(Behaviour()) as server:
            first = sender(path, server.port, plan, Fuse(5, stand_still, among="post: connected"))
            os.waitpid(first, os.WUNTRACED)
            second = os.waitpid(sender(path, server.port, plan, unwatched), 0)
            turned_away = os.waitstatus_to_exitcode(second[1]) == _LOCK_HELD
            os.kill(first, signal.SIGCONT)
            os.waitpid(first, 0)
            say(f"the second sender was {'turned away' if turned_away else 'let in'}")
            return verdict(path, server.ledger(), channels)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--plan", choices=PLANS, default="right")
    parser.add_argument("--two-senders", action="store_true")
    asked = parser.parse_args()
    begun = time.monotonic()
    say(f"seed {asked.seed}, plan {asked.plan}")
    plan = PLANS[asked.plan]
    wrong = two_senders(plan) if asked.two_senders else torture(asked.kills, asked.seed, plan)
    told = {**dict.fromkeys(("lost", "doubled", "out of order", "unknown"), 0), **wrong}
    say(", ".join(f"{count} {what}" for what, count in told.items()) + f", {time.monotonic() - begun:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
