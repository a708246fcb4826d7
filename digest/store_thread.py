"""The store for those on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from digest import model_calls
from digest.store import Store
from digest.types import ModelCall, ModelFailure

P = ParamSpec("P")
T = TypeVar("T")


class StoreThread:
    """A store on a thread of its own, so that the event loop never waits for a disk or a lock."""

    def __init__(self, path: Path | None, clock: Callable[[], datetime]) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._open: Callable[[], Store] = lambda: Store.create(path, clock)
        self._store: Store | None = None

    async def run(self, method: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Calls a method of Store, such as `await thread.run(Store.save_report, report)`, in the order of the calls."""

        def call() -> T:
            if self._store is None:
                self._store = self._open()
            return method(self._store, *args, **kwargs)

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    async def close(self) -> None:
        """Closes the store after everything that was asked before."""

        def close() -> None:
            if self._store is not None:
                self._store.close()

        await asyncio.get_running_loop().run_in_executor(self._thread, close)
        self._thread.shutdown()

    # The record of model calls (types.CallBook).

    async def begin(self, call: ModelCall) -> int:
        return await self.run(model_calls.begin, call)

    async def begin_within(self, call: ModelCall, limit_usd: float) -> int:
        return await self.run(model_calls.begin_within, call, limit_usd)

    async def end(self, number: int, call: ModelCall) -> None:
        await self.run(model_calls.end, number, call)

    async def unfinished(self, identity: str) -> bool:
        return await self.run(model_calls.unfinished, identity)

    async def failure(self, identity: str) -> ModelFailure | None:
        return await self.run(Store.failure, identity)
