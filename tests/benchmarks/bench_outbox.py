"""What the outbox costs: CPU for a message, and the time for a thread over what the platform's limit allows."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from digest import deliveries
from digest.editions import Subscription, make_edition, register
from digest.outbox import Outbox
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Message, Posted
from tests.benchmarks.timing import show
from tests.delivery_makers import compose, stored_day
from tests.ledger_publisher import LedgerPublisher
from tests.ledger_server import Behaviour, ledger_server
from tests.makers import DAY

PAPERS = 23
CHANNELS = tuple(Destination("ledger", "", f"C{number}") for number in range(40))
GAP_S = 0.2  # a platform allows a message a second: five times as fast here


def clock() -> datetime:
    return datetime.now(UTC)


class Nowhere:
    """A platform that costs nothing."""

    timeout_s = 10.0

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        assert message.title
        return Posted(to.address, key, under.thread if under else key)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        raise AssertionError(f"{to} {posted} {message}")

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        raise AssertionError(f"{to} {key} {under} {since}")


def prepared(path: Path, channels: tuple[Destination, ...]) -> None:
    with Store.create(path, clock) as store:
        stored_day(store, PAPERS)
        register(store, [Subscription(to=to) for to in channels])
        for number in range(1, len(channels) + 1):
            make_edition(store, number, DAY, compose)


async def drained(path: Path, publisher: Nowhere | LedgerPublisher) -> tuple[float, float]:
    """Wall and CPU seconds from the first claim until everything is sent."""
    store = StoreThread(path, clock)
    await store.run(deliveries.to_do)  # opens it
    wall, cpu = time.perf_counter(), time.process_time()
    await Outbox(store, lambda _: publisher, clock=clock).drain()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    assert await store.run(deliveries.to_do) == {}
    await store.close()
    return wall, cpu


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        many, one = Path(folder) / "many.db", Path(folder) / "one.db"
        prepared(many, CHANNELS)
        prepared(one, CHANNELS[:1])
        messages = len(CHANNELS) * (1 + PAPERS)
        wall, cpu = asyncio.run(drained(many, Nowhere()))
        show(
            f"{messages} messages to {len(CHANNELS)} channels of a platform that costs nothing",
            {
                "CPU for a message": f"{cpu / messages * 1e3:.2f} ms",
                "wall time for a message": f"{wall / messages * 1e3:.2f} ms (two commits, each on the disk)",
            },
        )
        with ledger_server(Behaviour(gap_s=GAP_S)) as server:
            wall, cpu = asyncio.run(drained(one, LedgerPublisher(server.port, 10.0, gap_s=GAP_S)))
            ledger = server.ledger()
    least = PAPERS * GAP_S
    show(
        f"a thread of {1 + PAPERS} messages, {GAP_S} s enforced between two",
        {
            "enforced minimum": f"{least:.2f} s",
            "Outbox.drain": f"{wall:.2f} s",
            "ratio": f"{wall / least:.3f}",
            "refused for coming early": str(ledger.refused),
            "CPU for a message": f"{cpu / (1 + PAPERS) * 1e3:.2f} ms",
        },
        "at most 1.05, none refused",
    )


if __name__ == "__main__":
    main()
