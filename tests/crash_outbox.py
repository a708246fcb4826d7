"""The outbox of senders that are killed: nobody waits, so that no verdict hangs on how fast a machine is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from digest.outbox import Outbox
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Publisher


def clock() -> datetime:
    return datetime.now(UTC)


def let_pass(store: Store) -> None:
    """All that is waited for has come."""
    store.connection.execute(
        "UPDATE deliveries SET deadline = min(deadline, :now), next_attempt_at = min(next_attempt_at, :now)",
        {"now": clock().isoformat()},
    )


class HastyOutbox(Outbox):
    """The outbox, whose pauses cost no time: a pause begins when no request is under way, the platform is asked to
    settle, which is its word that nothing sent before is applied later, and then all that was waited for has come."""

    def __init__(self, store: StoreThread, publisher: Publisher, settle: Callable[[], None]) -> None:
        super().__init__(store, lambda _: publisher, clock=clock, sleep=self._pass, first_pause_s=0.01)
        self._settle = settle
        self._turn = asyncio.Lock()
        self._busy = 0
        self._idle = asyncio.Event()

    async def _sent(self, number: int, publisher: Publisher) -> datetime | None:
        async with self._turn:
            self._busy += 1
        try:
            return await super()._sent(number, publisher)
        finally:
            self._busy -= 1
            self._idle.set()

    async def _pass(self, _seconds: float) -> None:
        async with self._turn:
            while self._busy:
                self._idle.clear()
                await self._idle.wait()
            self._settle()
            await self._store.run(let_pass)
