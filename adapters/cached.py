"""Answers of a platform, kept for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from adapters.recent import Recent

V = TypeVar("V")


class Cached(Generic[V]):
    """What `ask` answers about a key. Concurrent requests share one call; a call that failed is not kept."""

    def __init__(self, ask: Callable[[str], Awaitable[V]], most: int) -> None:
        self._ask = ask
        self._calls: Recent[tuple[float, asyncio.Task[V]]] = Recent(most)  # began when, in time.monotonic()

    async def get(self, key: str, max_age_s: float) -> V:
        """An answer at most so old. Raises what `ask` raises; to be cancelled freely, the call goes on."""
        began_s, call = self._calls.get(key, (0.0, None))
        if call is None or _failed(call) or time.monotonic() - began_s > max_age_s:
            call = asyncio.create_task(self._begun(key))
            call.add_done_callback(_failed)  # looks at the exception, which nobody may be waiting for any more
            self._calls[key] = (time.monotonic(), call)
        return await asyncio.shield(call)

    async def _begun(self, key: str) -> V:
        return await self._ask(key)


def _failed(call: asyncio.Task[V]) -> bool:
    return call.done() and (call.cancelled() or call.exception() is not None)
