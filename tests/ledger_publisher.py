"""Speaks to tests.ledger_server byte by byte, and tells at each boundary how far it is."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from digest.errors import MaybeSent, MessageRefused, NotSent
from digest.types import Destination, Message, Posted
from tests.ledger_server import Order

Boundary = Callable[[str], None]


def unwatched(_: str) -> None:
    pass


class LedgerPublisher:
    """A types.Publisher. `gap_s` is kept between two posts to one channel, counted from the earlier one's answer."""

    def __init__(self, port: int, timeout_s: float, boundary: Boundary = unwatched, gap_s: float = 0.0) -> None:
        self.timeout_s = timeout_s
        self._port = port
        self._boundary = boundary
        self._gap_s = gap_s
        self._free_at: dict[str, float] = {}

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        await asyncio.sleep(max(0.0, self._free_at.get(to.address, 0.0) - time.monotonic()))
        thread = "" if under is None else under.thread
        order = Order(key, to.address, thread, message.title, time.monotonic())
        answer = await self._exchange("post", "POST /post", msgspec.json.encode(order))
        self._free_at[to.address] = time.monotonic() + self._gap_s
        return Posted(to.address, answer["message"], thread or answer["message"])

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        raise MessageRefused(
            f"{posted.message} at {to} cannot become {message.title!r}: nothing changes on this platform."
        )

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        thread = "" if under is None else under.thread
        query = urlencode({"key": key, "channel": to.address, "thread": thread, "since": since.timestamp()})
        answer = await self._exchange("find", f"GET /find?{query}", b"")
        return Posted(to.address, answer["message"], thread or answer["message"]) if answer["message"] else None

    async def _exchange(self, name: str, request: str, body: bytes) -> Any:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise NotSent("The platform cannot be reached. It is tried again.") from error
        try:
            async with asyncio.timeout(self.timeout_s):
                await self._write(writer, name, request, body)
                status, headers, answer = await self._read(reader, name)
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            raise MaybeSent("The platform did not answer. It is asked whether it has the message.") from error
        finally:
            writer.close()
        if status == 429:
            raise NotSent("The platform asks for patience.", float(headers.partition("Retry-After: ")[2].split()[0]))
        if status != 200:
            raise MaybeSent("The platform broke over the message. It is asked whether it has it.")
        return msgspec.json.decode(answer)

    async def _write(self, writer: asyncio.StreamWriter, name: str, request: str, body: bytes) -> None:
        head = f"{request} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        middle = len(body) // 2
        self._boundary(f"{name}: connected")
        for part, what in (
            (head[:1], "first byte"),
            (head[1:], "headers"),
            (body[:middle], "half the body"),
            (body[middle:-1], "all but the last byte"),
            (body[-1:], "whole request"),
        ):
            if part:
                writer.write(part)
                await writer.drain()
                self._boundary(f"{name}: {what} written")

    async def _read(self, reader: asyncio.StreamReader, name: str) -> tuple[int, str, bytes]:
        status = int((await reader.readuntil(b"\r\n")).split()[1])
        self._boundary(f"{name}: status read")
        headers = (await reader.readuntil(b"\r\n\r\n")).decode()
        self._boundary(f"{name}: headers read")
        size = int(headers.partition("Content-Length: ")[2].split()[0])
        first = await reader.readexactly(size // 2)
        self._boundary(f"{name}: half the answer read")
        rest = await reader.readexactly(size - size // 2)
        self._boundary(f"{name}: whole answer read")
        return status, headers, first + rest
