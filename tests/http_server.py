"""Where the local servers listen, and how they end: with every connection closed that they took."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

TURNS = 10  # of the loop; a connection becomes one that the runner knows three turns after it was accepted


@asynccontextmanager
async def listening(runner: web.BaseRunner, port: int = 0) -> AsyncIterator[str]:
    """Give the address, http://127.0.0.1:PORT, of a runner that takes connections (port 0: a free one) until the end
    of the block.

    Connections stop being accepted a few turns before the socket closes: one that is accepted and not yet a transport
    when its server closes is never closed (`Server._attach` of asyncio refuses it), and the collector names it in the
    middle of somebody else's test.
    """
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", port))
    await web.SockSite(runner, listener).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        await stop_accepting(listener)
        await runner.cleanup()


async def stop_accepting(listener: socket.socket) -> None:
    """Take no connection from here on, and finish those that were taken before."""
    asyncio.get_running_loop().remove_reader(listener)
    for _ in range(TURNS):
        await asyncio.sleep(0)
