"""A Discord on 127.0.0.1: the HTTP interface and the gateway over real sockets, with Discord's refusals, limits, and
faults on demand. Written from Discord's documentation and official description, before the adapter that talks to it.

    with DiscordServer() as discord:
        discord.py's Route.BASE is f"{discord.url}/api/v10", its DEFAULT_GATEWAY is discord.gateway_url

`DiscordProcess` is the same in a process of its own. A call whose client died is applied all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
from aiohttp import web
from msgspec import Struct, field

from tests import discord_limits as limits
from tests.discord_calls import Answer, Call, Refused
from tests.discord_faults import (
    CutShort,
    Disconnect,
    Error,
    Fault,
    Queued,
    RateLimited,
    ResetAfterApplying,
    ResetBeforeApplying,
    Slow,
    Status,
    TimeoutAfterApplying,
)
from tests.discord_methods import Method, find, run
from tests.discord_people import People
from tests.discord_world import Channel, Kind, Message, World
from tests.http_server import listening
from tests.settling import Settled, Settling
from tests.slack_socket import until

_BEFORE = (RateLimited, ResetBeforeApplying, Error)  # faults of calls that are never applied
_SETTINGS = {"limits", "per_second", "apply_delay_s", "nonce_window_s"}


class Asked(Struct):
    """One call as it arrived. `operation` is its name in the official description, "" for an unknown address; `at_s` is
    time.monotonic() of the server; `status` is 0 while there is no answer, and stays so when none is given."""

    operation: str
    path: str
    query: dict[str, str]
    body: Any
    at_s: float
    status: int = 0
    answer: Any = None


class Ledger(Struct):
    """What a server in a process of its own knows, as it is told over HTTP."""

    channels: dict[str, Channel]
    applied: list[Message]
    requests: list[Asked]
    limited: int


class _Reply(Struct):
    status: int
    answer: Answer
    headers: dict[str, str] = field(default_factory=dict)
    page: str = ""  # HTML instead of JSON


class DiscordServer(People):
    """Serves at `url` and `gateway_url` while it is entered.

    `limits` are calls per seconds by operation, for each channel, server or token of its own, such as
    {"create_message": (5, 5.0)}; `per_second` is how many calls a bot may make in a second (None: no limit), answers to
    interactions not counted; `limited` counts the 429s that had to be sent for them. `apply_delay_s` is how long a call
    that changes something lies about before it is applied. `requests` are the calls in the order they came.
    """

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self.furnish()
        self.limits: dict[str, tuple[int, float]] = {}
        self.per_second: int | None = None
        self.apply_delay_s = 0.0
        self.settling = Settling()
        self.requests: list[Asked] = []
        self._windows = limits.Windows()
        self._faults: list[Queued] = []
        self._port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="discord server", daemon=True)

    @property
    def limited(self) -> int:
        return self._windows.limited

    def fault(self, operation: str, fault: Fault, *, channel: str | None = None, times: int = 1, skip: int = 0) -> None:
        """Queues a fault for the next `times` calls of an operation ("*" is any), after `skip` that go well."""
        self._faults.append(Queued(operation, fault, channel, times, skip))

    def repair(self) -> None:
        """Ends all faults."""
        self._faults.clear()

    def asked(self, operation: str) -> list[Asked]:
        """The calls of an operation, first to last."""
        return [request for request in self.requests if request.operation == operation]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/v10/{path:.*}", self._called)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_get("/_ledger", self._told_ledger)
        app.router.add_post("/_fault", self._told_fault)
        self.settling.serve(app)
        app.router.add_post("/_set", self._told_settings)
        app.router.add_post("/_gateway", self._told_gateway)
        app.router.add_post("/_command", self._told_command)
        # A call whose client has gone goes on: handler_cancellation stays off
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        async with listening(runner, self._port) as self.url:
            self.gateway_url = self.gateway.url = f"{self.url.replace('http', 'ws', 1)}/gateway/"
            self._ready.set()
            await self._over.wait()
            self.gateway.drop(1001)

    # --- the HTTP interface ------------------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.StreamResponse:
        path = f"/{request.match_info['path']}"
        asked = Asked("", path, dict(request.query), None, time.monotonic())
        self.requests.append(asked)
        fault: Fault | None = None
        with self.settling.call():
            try:
                asked.body = await _body(request)
                method, names = find(request.method, path)
                asked.operation = method.operation
                fault = self._next_fault(method.operation, names.get("channel_id"))
                call = Call(method.operation, names, asked.query, asked.body)
                reply = await self._reply(method, call, fault, request.headers)
            except Refused as refusal:
                reply = _Reply(refusal.status, refusal.answer)
        return await self._answered(request, asked, fault, reply)

    def _next_fault(self, operation: str, channel: str | None) -> Fault | None:
        return next((queued.fault for queued in self._faults if queued.meets(operation, channel)), None)

    async def _reply(self, method: Method, call: Call, fault: Fault | None, headers: Mapping[str, str]) -> _Reply:
        if isinstance(fault, RateLimited):
            return _too_many(fault)
        if isinstance(fault, Error):
            raise Refused(fault.code, status=fault.status, message=fault.message)
        if isinstance(fault, ResetBeforeApplying) or (isinstance(fault, Status) and not fault.applied):
            return _Reply(0, None)
        told, limited = self._counted(method, call)
        if limited is not None:
            reply = _too_many(limited)
            return _Reply(reply.status, reply.answer, told | reply.headers)
        if method.has_body and not method.by_token:
            await self.settling.turn()
            await asyncio.sleep(self.apply_delay_s)
        try:
            answer = run(self, method, call, headers)
        except Refused as refusal:
            return _Reply(refusal.status, refusal.answer, told)
        created = method.operation in {"create_thread", "create_thread_from_message"}
        return _Reply(204 if answer is None else 201 if created else 200, answer, told)

    def _counted(self, method: Method, call: Call) -> tuple[dict[str, str], RateLimited | None]:
        """What the answer says of its limits, and which of them the call breaks."""
        now_s = time.monotonic()
        if self.per_second is not None and not method.by_token:
            left, rest_s = self._windows.count(limits.GLOBAL, (self.per_second, 1.0), now_s)
            if left < 0:
                return {}, RateLimited(rest_s, limits.GLOBAL)
        limit = self.limits.get(method.operation)
        if limit is None:
            return {}, None
        major = next((call.path[name] for name in ("channel_id", "guild_id", "webhook_token") if name in call.path), "")
        name = f"{method.operation} {major}"
        left, rest_s = self._windows.count(name, limit, now_s)
        told = limits.headers(name, limit, left, rest_s, time.time())
        return told, RateLimited(rest_s) if left < 0 else None

    async def _answered(
        self, request: web.Request, asked: Asked, fault: Fault | None, reply: _Reply
    ) -> web.StreamResponse:
        if isinstance(fault, Disconnect):
            self.gateway.drop(fault.code)
        elif isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        elif isinstance(fault, TimeoutAfterApplying):
            await until(lambda: request.transport is None or self._over.is_set(), timeout_s=600.0)
            return web.Response()
        elif isinstance(fault, ResetBeforeApplying | ResetAfterApplying):
            _reset(request)
            return web.Response()
        elif isinstance(fault, Status):
            reply = _Reply(fault.code, None, page="<html>Server Error</html>")
        asked.status, asked.answer = reply.status, reply.answer
        if reply.page:
            return web.Response(status=reply.status, text=reply.page, content_type="text/html", headers=reply.headers)
        if reply.answer is None:
            return web.Response(status=reply.status, headers=reply.headers)
        # discord.py reads JSON only under exactly this type, without a charset
        body, kind = json.dumps(reply.answer).encode(), "application/json"
        if isinstance(fault, CutShort):
            return await _cut_short(request, body)
        return web.Response(status=reply.status, body=body, content_type=kind, headers=reply.headers)

    # --- for a test in another process -------------------------------------------------------------------------------

    async def _told_ledger(self, _request: web.Request) -> web.Response:
        with self.lock:
            ledger = Ledger(self.channels, self.applied, self.requests, self.limited)
            return web.Response(body=msgspec.json.encode(ledger), content_type="application/json")

    async def _told_fault(self, request: web.Request) -> web.Response:
        self._faults.append(msgspec.json.decode(await request.read(), type=Queued))
        return web.Response(text="ok")

    async def _told_settings(self, request: web.Request) -> web.Response:
        told = await request.json()
        for kind in (Kind.TEXT, Kind.FORUM):
            for channel in told.pop(kind.name.lower(), ()):
                self.add_channel(channel, kind=kind)
        self.settling.held = told.pop("held", 0)
        for name, value in told.items():
            if name not in _SETTINGS:
                raise web.HTTPBadRequest(text=f"no such setting: {name}")
            setattr(self, name, {one: tuple(limit) for one, limit in value.items()} if name == "limits" else value)
        return web.Response(text="ok")

    async def _told_gateway(self, request: web.Request) -> web.Response:
        told = await request.json()
        getattr(self.gateway, told.pop("act"))(**told)
        return web.Response(text="ok")

    async def _told_command(self, request: web.Request) -> web.Response:
        told = await request.json()
        asked = self.command(told["channel"], told["person"], told["command"], **told["options"])
        await asked.acked(told["timeout_s"])
        answers = await asked.answered(told["answers"], told["timeout_s"])
        return web.json_response({"ack_after_s": asked.ack_after_s, "answers": [one.body for one in answers]})


async def _body(request: web.Request) -> Any:
    """The JSON sent, None for nothing. Raises Refused."""
    content = await request.read()
    if not content:
        return None
    if request.content_type != "application/json":
        raise Refused(50035, status=415, message="The local Discord takes JSON only, no files")
    try:
        return json.loads(content)
    except ValueError:
        raise Refused(50109) from None


def _too_many(limited: RateLimited) -> _Reply:
    body, told = limits.refusal(limited)
    page = "" if body else "<html>error code: 1015</html>"
    return _Reply(429, body, told, page)


async def _cut_short(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = len(body)
    with contextlib.suppress(ConnectionResetError):  # its client has died
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response


def _reset(request: web.Request) -> None:
    """Makes the kernel send a reset rather than an orderly end."""
    transport = request.transport
    if isinstance(transport, asyncio.Transport):
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()


# --- in a process of its own -----------------------------------------------------------------------------------------


class DiscordProcess(Settled):
    """A DiscordServer in another process, told and asked over HTTP: no client's death and no busy test disturbs it."""

    url: str
    gateway_url: str

    def __enter__(self) -> Self:
        root = Path(__file__).parents[1]
        command = [sys.executable, "-m", "tests.discord_server", "--port", "0"]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), "the server did not start"
        self.gateway_url = f"{self.url.replace('http', 'ws', 1)}/gateway/"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)  # it ends when its input does, so also when this process is killed

    def set(self, **settings: Any) -> None:
        """`limits`, `per_second`, `apply_delay_s`, `nonce_window_s`; `text` and `forum`: ids of channels to add.
        `held`: so many calls that change something are applied only at `settle`."""
        self._ask("_set", settings)

    def fault(self, operation: str, fault: Fault, *, channel: str | None = None, times: int = 1, skip: int = 0) -> None:
        self._ask("_fault", msgspec.to_builtins(Queued(operation, fault, channel, times, skip)))

    def drop(self, code: int = 4000) -> None:
        """Closes the gateway's sockets with this code; 0 resets the connections."""
        self._ask("_gateway", {"act": "drop", "code": code})

    def command(
        self, channel: str, person: str, command: str, *, answers: int = 1, timeout_s: float = 10.0, **options: Any
    ) -> dict[str, Any]:
        """Sends a slash command and waits: {"ack_after_s": ..., "answers": [...]}."""
        told = {"channel": channel, "person": person, "command": command, "options": options}
        return dict(json.loads(self._ask("_command", {**told, "answers": answers, "timeout_s": timeout_s})))

    def ledger(self) -> Ledger:
        return msgspec.json.decode(self._ask("_ledger"), type=Ledger)

    def world(self) -> World:
        """What the server knows now: ask it for messages, threads and nonces."""
        ledger, world = self.ledger(), World()
        world.restore(ledger.channels, ledger.applied)
        return world

    def _ask(self, path: str, told: Any = None) -> bytes:
        body = None if told is None else json.dumps(told).encode()
        with urllib.request.urlopen(f"{self.url}/{path}", body, timeout=30) as response:  # noqa: S310 (ours)
            return bytes(response.read())


def main() -> None:
    parser = argparse.ArgumentParser(description="A local Discord; ends when its input does.")
    parser.add_argument("--port", type=int, default=0)
    with DiscordServer(port=parser.parse_args().port) as discord:
        sys.stdout.write(f"{discord.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
