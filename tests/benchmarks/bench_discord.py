"""Discord, over what its limits allow: one long thread, as many requests as all together may be; then five hundred
commands at once, and how long the bot takes to be there."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from adapters.discord import DiscordAdapter
from bot import app, compose, delivery
from config.settings import Settings, load
from digest import deliveries
from digest.editions import Subscription, make_edition, register
from digest.outbox import Outbox
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination
from tests.benchmarks.bench_slack_answers import Lag
from tests.benchmarks.timing import show
from tests.delivery_makers import stored_day
from tests.discord_server import DiscordProcess, DiscordServer
from tests.discord_world import ALICE, BOT_TOKEN, PAPERS, WEI
from tests.makers import DAY
from tests.slack_socket import until

THREAD_PAPERS = 23
MESSAGES, WINDOW_S = 5, 2.0  # Discord's five messages in five seconds, two and a half times as fast
PER_SECOND = 50
CHANNELS = tuple(f"2000000000000000{number:02}" for number in range(20))
CHANNEL_PAPERS = 20  # a channel takes 22 messages and a thread, and is asked about four times
COMMANDS = 500
STORED = 2_000
ACK_S = 3.0
_SAID = "91.4"  # by the section that is asked for
_PROCESSES: Any = multiprocessing.get_context("spawn")


# --- delivering ------------------------------------------------------------------------------------------------------


def prepared(path: Path, papers: int, channels: Collection[str]) -> None:
    """A store with an edition for each channel, nothing of it sent."""
    subscriptions = [Subscription(to=Destination("discord", "", channel)) for channel in channels]
    with Store.create(path, compose.clock) as store:
        stored_day(store, papers)
        register(store, subscriptions)
        for number, subscription in enumerate(subscriptions, start=1):
            make_edition(store, number, DAY, delivery.composer(subscription))


async def drained(path: Path, adapter: DiscordAdapter) -> float:
    """Seconds from the first claim until everything is sent."""
    store = StoreThread(path, compose.clock)
    try:
        await store.run(deliveries.to_do)  # opens it
        begin = time.perf_counter()
        await Outbox(store, lambda _: adapter, clock=compose.clock).drain()
        return time.perf_counter() - begin
    finally:
        await store.close()


def delivered(discord: DiscordProcess, papers: int, channels: Sequence[str]) -> float:
    """Seconds that it took to deliver a day to the channels."""
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder) / "paperboy.db", papers, channels)
        adapter = DiscordAdapter(BOT_TOKEN, api_url=f"{discord.url}/api/v10")
        took_s = asyncio.run(drained(Path(folder) / "paperboy.db", adapter))
    assert len(discord.world().visible()) == len(channels) * (1 + papers)
    return took_s


def one_thread() -> dict[str, str]:
    with DiscordProcess() as discord:
        discord.set(limits={"create_message": (MESSAGES, WINDOW_S)})
        took_s = delivered(discord, THREAD_PAPERS, [PAPERS])
        least_s = (THREAD_PAPERS - 1) // MESSAGES * WINDOW_S  # the headline is in another channel than its thread
        return {
            "enforced minimum": f"{least_s:.2f} s",
            "Outbox.drain": f"{took_s:.2f} s",
            "ratio": f"{took_s / least_s:.3f}",
            "429s": str(discord.ledger().limited),
        }


def all_together() -> dict[str, str]:
    with DiscordProcess() as discord:
        discord.set(text=CHANNELS, per_second=PER_SECOND)
        delivered(discord, CHANNEL_PAPERS, CHANNELS)
        ledger = discord.ledger()
        requests = ledger.requests
        took_s = requests[-1].at_s - requests[0].at_s
        least_s = (len(requests) - 1) // PER_SECOND  # as many may come at once, so the last ones of all as well
        return {
            "requests": str(len(requests)),
            "enforced minimum": f"{least_s:.2f} s",
            "from the first to the last": f"{took_s:.2f} s",
            "of the ceiling": f"{least_s / took_s:.3f}",
            "429s": str(ledger.limited),
        }


# --- answering -------------------------------------------------------------------------------------------------------


class Acked(NamedTuple):
    """Sorted seconds from a command to its answer as the server counts them, of those that it took, and how many gave
    the section."""

    after_s: list[float]
    right: int


def asked(pipe: Connection) -> None:
    """A Discord in a process of its own, where all ask at once when they are told to: tells its addresses, then what
    became of it."""
    with DiscordServer() as discord:
        pipe.send((discord.url, discord.gateway_url))
        pipe.recv()
        pipe.send(asyncio.run(_all_asked(discord)))
        pipe.recv()


async def _all_asked(discord: DiscordServer) -> Acked:
    await discord.connected(timeout_s=30.0)
    waiting = [
        discord.command(
            PAPERS, (ALICE, WEI)[number % 2], "paper", id=f"2601.{1 + number * 3 % STORED:05}", section="results"
        )
        for number in range(COMMANDS)
    ]
    with contextlib.suppress(TimeoutError):  # an answer that comes later than the three seconds is refused
        await until(lambda: all(one.answers for one in waiting), 2 * ACK_S)
    after_s = sorted(one.ack_after_s for one in waiting if one.ack_after_s is not None)
    return Acked(after_s, sum(_SAID in str([answer.embeds for answer in one.answers]) for one in waiting))


@contextmanager
def beside() -> Iterator[Connection]:
    ours, theirs = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=asked, args=(theirs,), daemon=True)
    process.start()
    theirs.close()  # so that its end is noticed
    try:
        yield ours
    finally:
        ours.send("enough")
        process.join(10)


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


async def answered(settings: Settings, pipe: Connection) -> tuple[Acked, Lag]:
    async with daemon(settings):
        pipe.send("ask")
        async with Lag() as lag:
            acked = await asyncio.to_thread(pipe.recv)
    return acked, lag


def commands(folder: Path) -> dict[str, str]:
    with beside() as pipe:
        settings = load(_empty(folder), environment(folder, *pipe.recv()))
        with Store.create(settings.store.file(), compose.clock) as store:
            stored_day(store, STORED)
        acked, lag = asyncio.run(answered(settings, pipe))
    after_s = acked.after_s
    return {
        "answered within 3 s": f"{sum(seconds <= ACK_S for seconds in after_s)} of {COMMANDS}",
        "with the section": str(acked.right),
        "answer p50": f"{after_s[len(after_s) // 2] * 1e3:.0f} ms",
        "answer p99": f"{after_s[len(after_s) * 99 // 100] * 1e3:.0f} ms",
        "the last": f"{after_s[-1] * 1e3:.0f} ms",
        "event loop held up, p99": f"{lag.seen_s[len(lag.seen_s) * 99 // 100] * 1e3:.1f} ms",
    }


def environment(folder: Path, url: str, gateway_url: str) -> dict[str, str]:
    return {
        "PAPERBOY_STORE__PATH": str(folder / "paperboy.db"),
        "PAPERBOY_DISCORD__API_URL": f"{url}/api/v10",
        "PAPERBOY_DISCORD__GATEWAY_URL": gateway_url,
        "DISCORD_TOKEN": BOT_TOKEN,
    }


def _empty(folder: Path) -> Path:
    file = folder / "paperboy.toml"
    file.touch()
    return file


# --- starting --------------------------------------------------------------------------------------------------------


def started(folder: Path) -> dict[str, str]:
    """From the start of `paperboy run` until it hears what people do, the first time and when Discord knows the
    commands already."""
    with DiscordServer() as discord:
        variables = environment(folder, discord.url, discord.gateway_url)
        first_s, again_s = (_ready_s(discord, folder, variables) for _ in range(2))
    return {"the first time": f"{first_s:.2f} s", "again": f"{again_s:.2f} s"}


def _ready_s(discord: DiscordServer, folder: Path, variables: Mapping[str, str]) -> float:
    script = str(Path(sys.executable).with_name("paperboy"))
    begin = time.perf_counter()
    command = [script, "--config", str(_empty(folder)), "run"]
    with subprocess.Popen(command, env={**os.environ, **variables}, stderr=subprocess.DEVNULL) as process:
        asyncio.run(discord.connected(timeout_s=30.0))
        ready_s = time.perf_counter() - begin
        process.terminate()
        assert process.wait(20) == 0
    while discord.gateway.count:
        time.sleep(0.01)
    return ready_s


def main() -> None:
    show(
        f"a thread of {1 + THREAD_PAPERS} messages on Discord, {MESSAGES} messages in {WINDOW_S:.0f} s enforced",
        one_thread(),
        "ratio at most 1.05",
    )
    show(
        f"{1 + CHANNEL_PAPERS} messages to each of {len(CHANNELS)} channels, {PER_SECOND} requests a second enforced",
        all_together(),
        "at least 0.97 of the ceiling, no 429",
    )
    with tempfile.TemporaryDirectory() as folder:
        show(f"/paper ID results from {COMMANDS} people at once", commands(Path(folder)), "all within 3 s")
        show("start of paperboy run until Discord is connected", started(Path(folder)))


if __name__ == "__main__":
    main()
