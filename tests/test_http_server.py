"""How a local server ends: nothing that it took is left to the collector."""

from __future__ import annotations

import asyncio
import gc
import socket
import warnings
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from tests.http_server import listening


@pytest.mark.parametrize("turns", range(6))
async def test_closes_what_arrives_while_it_ends(turns: int) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always", ResourceWarning)
        async with listening(web.AppRunner(web.Application())) as address:
            port = urlsplit(address).port
            callers = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
            for _ in range(turns):
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        for caller in callers:
            caller.close()
        gc.collect()
    assert [str(warning.message) for warning in seen if issubclass(warning.category, ResourceWarning)] == []
