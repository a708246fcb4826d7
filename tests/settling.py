"""How a local platform says that all it was sent is applied: what no clock can tell on a busy machine."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiohttp import web

_ROUNDS = 50  # of the event loop: by then it has read what lies in its sockets, also of clients that are gone


class Settling:
    """The calls of one server that are not applied yet. The next `held` of them wait until it is asked to settle."""

    def __init__(self) -> None:
        self.held = 0
        self.holds = asyncio.Event()  # since a call is held
        self._unapplied = 0
        self._asked = asyncio.Event()
        self._applied = asyncio.Event()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around a call, from its arrival until it is applied or refused."""
        self._unapplied += 1
        self._applied.clear()
        try:
            yield
        finally:
            self._unapplied -= 1
            if not self._unapplied:
                self._applied.set()

    async def turn(self) -> None:
        """Comes back when a call may be applied: at once, unless it is held."""
        if self.held:
            self.held -= 1
            self.holds.set()
            await self._asked.wait()

    async def read(self) -> None:
        """Comes back when whatever arrived before is being dealt with."""
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)

    async def settled(self) -> None:
        """Comes back when whatever arrived before is applied."""
        await self.read()
        self._asked.set()
        if self._unapplied:
            await self._applied.wait()
        self._asked.clear()

    def serve(self, app: web.Application) -> None:
        """Adds what a test in another process asks for: see Settled."""

        async def settled(_: web.Request) -> web.Response:
            await self.settled()
            return web.Response(text="ok")

        async def held(_: web.Request) -> web.Response:
            await self.holds.wait()
            return web.Response(text="ok")

        app.router.add_post("/_settle", settled)
        app.router.add_post("/_held", held)


class Settled(ABC):
    """A server in another process, which is asked over HTTP."""

    def settle(self) -> None:
        """Comes back when all that it was sent before is applied."""
        self._ask("_settle", {})

    def held(self) -> None:
        """Comes back when it holds a call."""
        self._ask("_held", {})

    @abstractmethod
    def _ask(self, path: str, told: Any = None) -> bytes:
        """Send `told` as JSON to a path of the server, or nothing, and give the body of its answer."""
