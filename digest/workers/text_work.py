"""Work on papers' texts, done in child processes. A text over which they are stopped twice is given up.

What takes a while is noted in the store (digest.attempts), so that a text that takes this process down with it does so
at most twice.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import ParamSpec, TypeVar

from digest import attempts
from digest.errors import CutOff
from digest.operator import tell_operator
from digest.store_thread import StoreThread
from digest.workers.calls import ENTRY, encoded_call, result_of
from digest.workers.pool import Pool, Stopped

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")


class ChildWork:
    """See digest.types.TextWork. One for each store; without one nothing is noted."""

    def __init__(self, pool: Pool, store: StoreThread | None = None) -> None:
        self._pool = pool
        self._store = store
        self._noted: Counter[str] = Counter()  # how much of what takes a while is about what

    async def run(self, about: str, function: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        problem = await self._store.run(attempts.problem, about) if self._store else ""
        if problem:
            raise await self._given_up(about, problem)
        task = encoded_call(function, args)
        for _try in range(attempts.MOST):
            try:
                async with self._under_way(about) as slow:
                    answer = await self._pool.run(ENTRY, task, slow)
            except Stopped as stopped:
                problem = str(stopped)
                log.warning("work on a text was stopped", extra={"text": about, "reason": problem})
            else:
                return result_of(function, answer)
        if self._store:
            await self._store.run(attempts.give_up, about, problem)
        raise await self._given_up(about, problem)

    async def _given_up(self, about: str, problem: str) -> CutOff:
        """The error for whoever asked; the operator is told once."""
        error = CutOff(about, problem)
        if self._store:
            await self._store.run(tell_operator, f"text {about}", str(error))
        return error

    @contextlib.asynccontextmanager
    async def _under_way(self, about: str) -> AsyncIterator[Callable[[], None]]:
        """Gives what is to be called, from any thread, when the work takes a while."""
        loop, store = asyncio.get_running_loop(), self._store
        noting: asyncio.Future[None] | None = None
        ended = False

        def note() -> None:
            nonlocal noting
            if store and not ended:
                self._noted[about] += 1
                noting = asyncio.ensure_future(store.run(attempts.begin, about))

        def slow() -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
                loop.call_soon_threadsafe(note)

        try:
            yield slow
        finally:
            ended = True
            if store and noting:
                self._noted[about] -= 1
                notes = [noting] if self._noted[about] else [noting, store.run(attempts.end, about)]
                # A second Ctrl-C must not leave the note; a store that is locked costs it, and not what was done.
                for error in await asyncio.shield(asyncio.gather(*notes, return_exceptions=True)):
                    if isinstance(error, Exception):
                        log.error("work on a text could not be noted", exc_info=error)
