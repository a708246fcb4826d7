"""`/paper ID results`, two hundred of them unanswered at any time, while the same bot delivers a digest: how long acks
and answers take, and how long its event loop is held up. A bare aiohttp handler with the same look-up beside it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
from aiohttp import web

from adapters.slack_send import CHANNEL_GAP_S, WORKSPACE_GAP_S
from bot import app, compose, delivery
from config.settings import Settings, load
from digest.lookups import Lookups
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ArxivId, SectionName
from tests.benchmarks.timing import show
from tests.delivery_makers import stored_day
from tests.http_server import listening
from tests.makers import DAY
from tests.slack_server import SlackServer
from tests.slack_socket import Handle
from tests.slack_world import APP_TOKEN, BOT_TOKEN, TEAM, Person

PAPERS = 10_000
DELIVERED = 23  # the papers of the newest day
ANOTHER_DAY = 25
IN_FLIGHT = 200  # each from another person
ASKED = 2_000
CHANNELS = tuple(f"C0BENCH{number:02}" for number in range(10))
TICK_S = 0.005
_SAID = "91.4"  # by the section that is asked for
_PROCESSES: Any = multiprocessing.get_context("spawn")


class Times(NamedTuple):
    """Seconds from a command to its ack and to its answer, sorted; how many messages were delivered meanwhile."""

    acks_s: list[float]
    answers_s: list[float]
    delivered: int = 0
    limited: int = 0


# --- who asks, in a process of their own -----------------------------------------------------------------------------


def slack(pipe: Connection) -> None:
    """A Slack where people ask as soon as the bot is connected and told to: tells its address, then the Times."""
    people = [f"U0ASKS{number:03}" for number in range(IN_FLIGHT)]
    with SlackServer() as server:
        server.workspaces[TEAM].people |= {one: Person(one, one.lower()) for one in people}
        for channel in CHANNELS:
            server.add_channel(channel)
        server.per_channel_s, server.per_workspace_s = CHANNEL_GAP_S, WORKSPACE_GAP_S
        pipe.send(server.url)
        pipe.recv()
        asyncio.run(server.connected(timeout_s=30.0))
        pipe.send("connected")
        pipe.recv()
        before = len(server.visible_keys())
        handles, answers_s = _asked(server, people)
        acks_s = [handle.ack_after_s or 0.0 for handle in handles]
        assert all(_SAID in str(handle.answers[0].body) for handle in handles)
        pipe.send(Times(sorted(acks_s), sorted(answers_s), len(server.visible_keys()) - before, server.limited))
        pipe.recv()


def _asked(server: SlackServer, people: Sequence[str]) -> tuple[list[Handle], list[float]]:
    """Each asks again once they are answered. The ack may come later than that: bolt looks for it now and then."""
    ids = _ids()
    handles: list[Handle] = []
    waiting: dict[str, Handle] = {}
    answers_s: list[float] = []
    while len(answers_s) < ASKED or any(handle.ack is None for handle in handles):
        for person in people[: ASKED - len(handles)]:
            if person not in waiting:
                waiting[person] = server.command(CHANNELS[0], person, "/paper", f"{next(ids)} results")
                handles.append(waiting[person])
        time.sleep(0.002)
        for person, handle in [(person, handle) for person, handle in waiting.items() if handle.answers]:
            answers_s.append(time.monotonic() - handle.sent_s)
            del waiting[person]
    return handles, answers_s


def browser(pipe: Connection) -> None:
    """Asks a bare handler at the address it is told, as many at a time; tells the Times."""
    pipe.send(Times([], asyncio.run(_fetched(pipe.recv()))))


async def _fetched(url: str) -> list[float]:
    times_s: list[float] = []
    ids = _ids()
    begun = iter(range(ASKED))

    async def ask(session: aiohttp.ClientSession) -> None:
        for _ in begun:
            began_s = time.monotonic()
            async with session.get(url, params={"id": next(ids)}) as response:
                assert _SAID in await response.text()
            times_s.append(time.monotonic() - began_s)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=IN_FLIGHT)) as session:
        await asyncio.gather(*(ask(session) for _ in range(IN_FLIGHT)))
    return sorted(times_s)


def _ids() -> Iterator[str]:
    chance = random.Random(7)
    while True:
        yield f"2601.{chance.randint(1, PAPERS):05}"


# --- who answers, in this process ------------------------------------------------------------------------------------


class Lag:
    """How long the event loop was held up, while it is entered: sorted seconds, one for each look."""

    def __init__(self) -> None:
        self.seen_s: list[float] = []

    async def _look(self) -> None:
        while True:
            due_s = time.perf_counter() + TICK_S
            await asyncio.sleep(TICK_S)
            self.seen_s.append(max(0.0, time.perf_counter() - due_s))

    async def __aenter__(self) -> Lag:
        self._looking = asyncio.create_task(self._look())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._looking
        self.seen_s.sort()


def filled(settings: Settings) -> None:
    """The papers, and the newest day's messages, of which none is sent."""
    with Store.create(settings.store.file(), compose.clock) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        stored_day(store, DELIVERED)
        for number, first in enumerate(range(1 + DELIVERED, 1 + PAPERS, ANOTHER_DAY), start=1):
            stored_day(store, min(ANOTHER_DAY, 1 + PAPERS - first), DAY - timedelta(days=number), first)
        delivery.prepare(store, settings, delivery.Request(DAY, tuple(f"slack:{channel}" for channel in CHANNELS)))


@asynccontextmanager
async def daemon(settings: Settings) -> AsyncIterator[None]:
    store, stop = StoreThread(settings.store.file(), compose.clock), asyncio.Event()
    running = asyncio.create_task(app.Daemon(settings, store, app.adapters(settings), print).run(stop))
    try:
        yield
    finally:
        stop.set()
        await running
        await store.close()


@asynccontextmanager
async def handler(path: Path) -> AsyncIterator[str]:
    """The address of a server that looks a section up and does nothing else."""

    def looked_up(paper: str) -> bytes:
        with Lookups.open(path) as lookups:
            return msgspec.json.encode(lookups.section(ArxivId.parse(paper), SectionName.RESULTS, "en"))

    async def section(request: web.Request) -> web.Response:
        body = await asyncio.to_thread(looked_up, request.query["id"])
        return web.Response(body=body, content_type="application/json")

    bare = web.Application()
    bare.router.add_get("/", section)
    async with listening(web.AppRunner(bare, access_log=None)) as address:
        yield f"{address}/"


async def answered(settings: Settings, pipe: Connection) -> tuple[Times, Lag]:
    async with daemon(settings):
        pipe.send("connect")
        await asyncio.to_thread(pipe.recv)
        async with Lag() as lag:
            pipe.send("ask")
            times = await asyncio.to_thread(pipe.recv)
    return times, lag


async def served(path: Path, pipe: Connection) -> tuple[Times, Lag]:
    async with handler(path) as url, Lag() as lag:
        pipe.send(url)
        times = await asyncio.to_thread(pipe.recv)
    return times, lag


@contextmanager
def beside(target: Any) -> Iterator[Connection]:
    """A process that is spoken to over a pipe."""
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=target, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that its end is noticed
    try:
        yield ours
    finally:
        with contextlib.suppress(BrokenPipeError):
            ours.send("enough")
        process.join(10)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "paperboy.toml"
        file.touch()
        with beside(slack) as pipe:
            environment = {
                "PAPERBOY_STORE__PATH": str(Path(folder) / "paperboy.db"),
                "PAPERBOY_SLACK__API_URL": f"{pipe.recv()}/api/",
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
            }
            settings = load(file, environment)
            filled(settings)
            times, lag = asyncio.run(answered(settings, pipe))
        with beside(browser) as pipe:
            bare, bare_lag = asyncio.run(served(settings.store.file(), pipe))
    show(
        f"/paper ID results, {IN_FLIGHT} of {ASKED:,} unanswered at any time, {PAPERS:,} papers, "
        f"{times.delivered} messages of a digest delivered meanwhile, {times.limited} of them refused for their pace",
        {
            "ack": _told(times.acks_s),
            "answer": _told(times.answers_s),
            "event loop held up": _told(lag.seen_s),
            "bare aiohttp handler, answer": _told(bare.answers_s),
            "its event loop held up": _told(bare_lag.seen_s),
        },
        "ack p99 under 300 ms, event loop held up under 50 ms",
    )


def _told(seconds: Sequence[float]) -> str:
    """Of sorted seconds."""
    p99 = seconds[len(seconds) * 99 // 100]
    return f"median {seconds[len(seconds) // 2] * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms, worst {seconds[-1] * 1e3:.1f} ms"


if __name__ == "__main__":
    main()
