"""A digest to Slack, over what Slack's limits allow: one long thread, and twenty workspaces of ten channels each."""

from __future__ import annotations

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from adapters.slack_send import CHANNEL_GAP_S, WORKSPACE_GAP_S, SlackPublisher, SlackWorkspaces
from bot.compose import language_names, texts
from digest import deliveries
from digest.editions import Subscription, make_edition, register
from digest.outbox import Outbox
from digest.posts import threaded
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination
from tests.benchmarks.timing import show
from tests.delivery_makers import stored_day
from tests.makers import DAY
from tests.slack_server import SlackServer

THREAD_PAPERS = 23
THREAD_GAP_S = 0.2  # a message a second in a channel, five times as fast
WORKSPACES = tuple(f"T0BENCH{number:02}" for number in range(20))
CHANNELS = tuple(f"C0BENCH{number:02}" for number in range(10))
PAPERS = 7  # at Slack's own pace, so that it takes a quarter of a minute


class Seen(NamedTuple):
    """What the server has seen: messages by (workspace, channel), and 429s that it had to send."""

    messages: dict[tuple[str, str], int]
    limited: int


def clock() -> datetime:
    return datetime.now(UTC)


def furnished(
    pipe: Connection, workspaces: Sequence[str], channels: Sequence[str], per_channel_s: float, per_workspace_s: float
) -> None:
    """A Slack in a process of its own: tells its address, and what it has seen as soon as it is told anything."""
    with SlackServer() as slack:
        slack.per_channel_s, slack.per_workspace_s = per_channel_s, per_workspace_s
        for workspace in workspaces:
            slack.add_workspace(workspace)
            for channel in channels:
                slack.add_channel(f"{channel}{workspace[-2:]}", workspace)
        pipe.send(slack.url)
        pipe.recv()
        seen: dict[tuple[str, str], int] = {}
        for message in slack.visible():
            seen[message.team, message.channel] = seen.get((message.team, message.channel), 0) + 1
        pipe.send(Seen(seen, slack.limited))


def prepared(path: Path, papers: int, channels: Collection[Destination]) -> None:
    """A store with an edition for each channel, nothing of it sent."""
    compose = threaded(texts("en"), language_names("en"))
    with Store.create(path, clock) as store:
        stored_day(store, papers)
        register(store, [Subscription(to=to) for to in channels])
        for number in range(1, len(channels) + 1):
            make_edition(store, number, DAY, compose)


async def drained(path: Path, publishers: Sequence[SlackPublisher]) -> tuple[float, float]:
    """Wall and CPU seconds from the first claim until everything is sent."""
    everywhere = SlackWorkspaces(publishers)
    store = StoreThread(path, clock)
    try:
        await store.run(deliveries.to_do)  # opens it
        wall, cpu = time.perf_counter(), time.process_time()
        await Outbox(store, lambda _: everywhere, clock=clock).drain()
        return time.perf_counter() - wall, time.process_time() - cpu
    finally:
        await store.close()


def delivered(
    workspaces: Sequence[str], channels: Sequence[str], papers: int, channel_gap_s: float, workspace_gap_s: float
) -> dict[str, str]:
    """What it took to deliver a day of so many papers to each channel of each workspace, for a table."""
    processes: Any = multiprocessing.get_context("spawn")  # its own interpreter: the two do not wait for each other
    ours, theirs = processes.Pipe()
    limits = (workspaces, channels, channel_gap_s, workspace_gap_s)
    server = processes.Process(target=furnished, args=(theirs, *limits), daemon=True)
    server.start()
    url = ours.recv()
    places = [Destination("slack", team, f"{channel}{team[-2:]}") for team in workspaces for channel in channels]
    publishers = [
        SlackPublisher(
            f"xoxb-{team}-local",
            api_url=f"{url}/api/",
            channel_gap_s=channel_gap_s,
            workspace_gap_s=workspace_gap_s,
        )
        for team in workspaces
    ]
    with tempfile.TemporaryDirectory() as folder:
        prepared(Path(folder) / "paperboy.db", papers, places)
        wall_s, cpu_s = asyncio.run(drained(Path(folder) / "paperboy.db", publishers))
    ours.send("how was it?")
    seen: Seen = ours.recv()
    server.join()
    assert seen.messages == {(to.workspace, to.address): 1 + papers for to in places}
    messages = len(places) * (1 + papers)
    least_s = max(papers * channel_gap_s, ((1 + papers) * len(channels) - 1) * workspace_gap_s)
    return {
        "enforced minimum": f"{least_s:.2f} s",
        "Outbox.drain": f"{wall_s:.2f} s",
        "ratio": f"{wall_s / least_s:.3f}",
        "429s": str(seen.limited),
        "CPU for a message": f"{cpu_s / messages * 1e3:.1f} ms",
    }


def main() -> None:
    show(
        f"a thread of {1 + THREAD_PAPERS} messages on Slack, {THREAD_GAP_S} s enforced between two",
        delivered(WORKSPACES[:1], CHANNELS[:1], THREAD_PAPERS, THREAD_GAP_S, 0.0),
        "ratio at most 1.05, no 429",
    )
    show(
        f"{1 + PAPERS} messages to each of {len(CHANNELS)} channels of {len(WORKSPACES)} workspaces, "
        f"{CHANNEL_GAP_S:.1f} s enforced in a channel and {WORKSPACE_GAP_S} s in a workspace",
        delivered(WORKSPACES, CHANNELS, PAPERS, CHANNEL_GAP_S, WORKSPACE_GAP_S),
        "ratio at most 1.1",
    )


if __name__ == "__main__":
    main()
