"""A platform in its smallest form, in a process of its own, that keeps a ledger of what it has applied.

    POST /post    {"key", "channel", "thread", "text", "left_at"}  ->  {"message"}
    GET  /find?key=K&channel=C&thread=T&since=SECONDS              ->  {"message"} or {"message": null}
    GET  /ledger                                                   ->  {"entries": in the order applied, "refused"}
    GET  /settle                                                   ->  {} once all that had arrived is applied
    GET  /held                                                     ->  {} once a post is held

A request that arrived whole is applied some time after it left its sender, whether or not the sender still lives.
Nothing is deduplicated: the same key twice is two entries.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from signal import SIGKILL
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct, field

from tests.settling import Settling


class Fault(StrEnum):
    RATE_LIMITED = "429"
    BROKEN_BEFORE = "500 before applying"
    BROKEN_AFTER = "500 after applying"
    SILENT_AFTER = "no answer after applying"
    RESET_BEFORE = "reset before applying"
    RESET_AFTER = "reset after applying"


_NOT_APPLIED = (Fault.RATE_LIMITED, Fault.BROKEN_BEFORE, Fault.RESET_BEFORE)
_OF_QUESTIONS = (Fault.RATE_LIMITED, Fault.BROKEN_BEFORE, Fault.RESET_BEFORE, Fault.SILENT_AFTER)


class Entry(Struct, frozen=True):
    """A message as the platform has it. `thread` is the id of the message above, "" at the top level."""

    message: str
    key: str
    channel: str
    thread: str
    text: str
    at: float  # seconds since 1970


class Order(Struct, frozen=True):
    """What a post asks for. `left_at` is the system's monotonic clock when the request left."""

    key: str
    channel: str
    thread: str
    text: str
    left_at: float


class Behaviour(Struct, frozen=True, kw_only=True):
    """`apply_delay_s`: a post is applied at a moment between the two after it left. `held`: so many posts are applied
    only when somebody has the platform settle. `fault_share`: of all requests."""

    seed: int = 0
    apply_delay_s: tuple[float, float] = (0.0, 0.0)
    held: int = 0
    fault_share: float = 0.0
    retry_after_s: float = 0.03
    gap_s: float = 0.0  # enforced between two posts to one channel


class _Platform(Struct):
    behaviour: Behaviour
    chance: random.Random
    entries: list[Entry] = field(default_factory=list)
    newest: dict[str, float] = field(default_factory=lambda: defaultdict(lambda: float("-inf")))
    refused: int = 0  # posts that came before their gap was over
    settling: Settling = field(default_factory=Settling)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split(" ", 2)
            size = int(head.lower().partition("content-length:")[2].split("\r\n", 1)[0] or 0)
            body = await reader.readexactly(size)
            status, answer = await self._answer(method, urlsplit(target).path, target, body)
            if status:
                writer.write(_response(status, answer, self.behaviour.retry_after_s))
                await writer.drain()
            else:
                writer.transport.abort()
        except (OSError, asyncio.IncompleteReadError):
            pass  # its client died: a part of a request is nothing, and nobody reads the answer
        finally:
            writer.close()

    async def _answer(self, method: str, path: str, target: str, body: bytes) -> tuple[int, object]:
        """Status and answer; status 0 resets the connection."""
        if path in ("/ledger", "/settle"):
            await self.settling.settled()
            return 200, {"entries": self.entries, "refused": self.refused} if path == "/ledger" else {}
        if path == "/held":
            await self.settling.holds.wait()
            return 200, {}
        faulty = self.chance.random() < self.behaviour.fault_share
        if method == "POST":
            fault = self.chance.choice(list(Fault)) if faulty else None
            return await self._post(msgspec.json.decode(body, type=Order), fault)
        fault = self.chance.choice(_OF_QUESTIONS) if faulty else None
        asked = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
        await self.settling.read()
        found = next((entry for entry in self.entries if _is(entry, asked)), None)
        return await self._faulty(fault, {"message": None if found is None else found.message})

    async def _post(self, order: Order, fault: Fault | None) -> tuple[int, object]:
        if time.monotonic() - self.newest[order.channel] < self.behaviour.gap_s:
            self.refused += 1
            return await self._faulty(Fault.RATE_LIMITED, {})
        if fault in _NOT_APPLIED:
            return await self._faulty(fault, {})
        with self.settling.call():
            await self.settling.turn()
            apply_at = order.left_at + self.chance.uniform(*self.behaviour.apply_delay_s)
            await asyncio.sleep(max(0.0, apply_at - time.monotonic()))
            self.newest[order.channel] = time.monotonic()
            message = f"m{len(self.entries)}"
            self.entries.append(Entry(message, order.key, order.channel, order.thread, order.text, time.time()))
        return await self._faulty(fault, {"message": message})

    async def _faulty(self, fault: Fault | None, answer: object) -> tuple[int, object]:
        match fault:
            case None:
                return 200, answer
            case Fault.RATE_LIMITED:
                return 429, {}
            case Fault.BROKEN_BEFORE | Fault.BROKEN_AFTER:
                return 500, {}
            case Fault.SILENT_AFTER:
                await asyncio.sleep(60)  # its client gives up earlier
        return 0, {}


def _is(entry: Entry, asked: dict[str, str]) -> bool:
    same = (entry.key, entry.channel, entry.thread) == (asked["key"], asked["channel"], asked["thread"])
    return same and entry.at >= float(asked["since"])


def _response(status: int, answer: object, retry_after_s: float) -> bytes:
    body = msgspec.json.encode(answer)
    wait = f"Retry-After: {retry_after_s}\r\n" if status == 429 else ""
    return f"HTTP/1.1 {status} -\r\n{wait}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


class Ledger(Struct, frozen=True):
    entries: tuple[Entry, ...]
    refused: int


class LedgerServer(Struct, frozen=True):
    port: int

    def ledger(self) -> Ledger:
        return msgspec.json.decode(self._ask("ledger"), type=Ledger)

    def settle(self) -> None:
        """Comes back when all that it was sent before is applied."""
        self._ask("settle")

    def held(self) -> None:
        """Comes back when it holds a post."""
        self._ask("held")

    def _ask(self, path: str) -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=60) as answer:
            return bytes(answer.read())


@contextmanager
def ledger_server(behaviour: Behaviour) -> Iterator[LedgerServer]:
    """Runs a platform in a forked process. To be called from a process that has no threads."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:
        pid = os.fork()
        if pid == 0:
            try:
                asyncio.run(_run(listening, behaviour))
            finally:
                os._exit(1)
        try:
            yield LedgerServer(listening.getsockname()[1])
        finally:
            os.kill(pid, SIGKILL)
            os.waitpid(pid, 0)


async def _run(listening: socket.socket, behaviour: Behaviour) -> None:
    platform = _Platform(behaviour, random.Random(behaviour.seed))
    platform.settling.held = behaviour.held
    server = await asyncio.start_server(platform.serve, sock=listening)
    await server.serve_forever()
