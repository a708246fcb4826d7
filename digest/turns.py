"""Turns at something that one may use at a time: in the order of the calls, but those for whom somebody waits first."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import heapq
from collections.abc import Iterator

_AHEAD: contextvars.ContextVar[bool] = contextvars.ContextVar("ahead", default=False)


@contextlib.contextmanager
def ahead() -> Iterator[None]:
    """Calls within, and in tasks begun within, have their turn before others that wait: a person waits for them."""
    token = _AHEAD.set(True)
    try:
        yield
    finally:
        _AHEAD.reset(token)


def is_ahead() -> bool:
    """Whether this is called within `ahead`."""
    return _AHEAD.get()


class Turns:
    """A lock that is given in the order of the calls, but to those within `ahead` first."""

    def __init__(self) -> None:
        self._held = False
        self._count = 0
        self._waiting: list[tuple[bool, int, asyncio.Future[None]]] = []

    async def __aenter__(self) -> None:
        if not self._held:
            self._held = True
            return
        self._count += 1
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (not is_ahead(), self._count, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was this one's turn, which nobody will take
                self._pass_on()
            raise

    async def __aexit__(self, *_: object) -> None:
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting:
            *_, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._held = False
