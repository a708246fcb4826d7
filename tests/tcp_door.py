"""An address of a server that can be closed and opened: what a platform looks like that cannot be reached."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import TracebackType
from typing import Self

from tests.http_server import stop_accepting


class Door:
    """127.0.0.1:`port`, where connections are refused until `open`; then they lead to another port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it, and the kernel refuses
        self.port: int = self._socket.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._leading: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._lead, sock=self._socket)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            await stop_accepting(self._socket)
            self._server.close()
        self._socket.close()
        while self._leading:
            for writer in self._leading:
                writer.transport.abort()
            await asyncio.sleep(0)

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", self._target)
        both = {writer, there_writer}
        self._leading |= both
        try:
            await asyncio.gather(_pass_on(reader, there_writer), _pass_on(there_reader, writer))
        finally:
            self._leading -= both


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(ConnectionError):
        writer.close()
        await writer.wait_closed()
