"""A Slack on 127.0.0.1: the Web API and Socket Mode over real sockets, with Slack's refusals, limits, and faults on
demand. Written from Slack's documentation and from what its SDK sends, before the adapter that talks to it.

    with SlackServer() as slack:
        client = AsyncWebClient(BOT_TOKEN, base_url=f"{slack.url}/api/")

`SlackProcess` is the same in a process of its own. A call whose client died is applied all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
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

from tests.http_server import listening
from tests.settling import Settled, Settling
from tests.slack_calls import Refused
from tests.slack_faults import (
    CutShort,
    Disconnect,
    Error,
    Fault,
    Held,
    Queued,
    RateLimited,
    ResetAfterApplying,
    ResetBeforeApplying,
    Slow,
    Status,
    TimeoutAfterApplying,
)
from tests.slack_methods import call
from tests.slack_people import People
from tests.slack_socket import until
from tests.slack_world import Message, Workspace, World

_BEFORE = (RateLimited, ResetBeforeApplying, Error)  # faults of calls that are never applied
_JITTER = 0.1  # of an interval: how much early a call may come and not be refused


class Asked(Struct):
    """One call as it arrived. `at_s` is time.monotonic() of the server; `status` is 0 while there is no answer, and
    stays so when none is given."""

    method: str
    arguments: dict[str, Any]
    at_s: float
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)


class Ledger(Struct):
    """What a server in a process of its own knows, as it is told over HTTP."""

    workspaces: dict[str, Workspace]
    applied: list[Message]
    requests: list[Asked]
    limited: int


class Pace:
    """At most one call in `interval_s`, on the long run, with a little patience for jitter."""

    def __init__(self) -> None:
        self._free_s: dict[str, float] = {}

    def early_s(self, name: str, interval_s: float, now_s: float) -> float:
        """How long a call comes too early; 0 when it is in time."""
        return max(0.0, self._free_s.get(name, now_s) - now_s - _JITTER * interval_s)

    def count(self, name: str, interval_s: float, now_s: float) -> None:
        self._free_s[name] = max(self._free_s.get(name, now_s), now_s) + interval_s


class SlackServer(People):
    """Serves at `url` while it is entered.

    `per_channel_s` and `per_workspace_s` are the gaps that chat.postMessage must keep (None: no limit), and `limited`
    counts the 429s that had to be sent for them. `apply_delay_s` is how long a chat call lies about before it is
    applied, as in a queue. `requests` are the calls in the order they came.
    """

    def __init__(self, *, port: int = 0) -> None:
        super().__init__()
        self.furnish()
        self.per_channel_s: float | None = None
        self.per_workspace_s: float | None = None
        self.apply_delay_s = 0.0
        self.settling = Settling()
        self.requests: list[Asked] = []
        self.limited = 0
        self._pace = Pace()
        self._faults: list[Queued] = []
        self._port = port
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="slack server", daemon=True)

    def fault(self, method: str, fault: Fault, *, channel: str | None = None, times: int = 1, skip: int = 0) -> None:
        """Queues a fault for the next `times` calls of a method ("*" is any), after `skip` that go well."""
        self._faults.append(Queued(method, fault, channel, times, skip))

    def repair(self) -> None:
        """Ends all faults."""
        self._faults.clear()

    def asked(self, method: str) -> list[Asked]:
        """The calls of a method, first to last."""
        return [request for request in self.requests if request.method == method]

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
        app.router.add_route("*", "/api/{method}", self._called)
        app.router.add_post("/response/{name}", self._responded)
        app.router.add_get("/link/", self.sockets.serve)
        app.router.add_get("/_ledger", self._told_ledger)
        app.router.add_post("/_fault", self._told_fault)
        app.router.add_post("/_repair", self._told_repair)
        self.settling.serve(app)
        app.router.add_post("/_set", self._told_settings)
        app.router.add_post("/_command", self._told_command)
        # A call whose client has gone goes on: handler_cancellation stays off
        runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        async with listening(runner, self._port) as self.url:
            self._ready.set()
            await self._over.wait()
            self.sockets.disconnect("link_disabled")

    # --- the Web API -------------------------------------------------------------------------------------------------

    async def _called(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        with self.settling.call():
            told, token, as_json, problem = await _read(request)
            asked = Asked(method, {name: value for name, value in told.items() if name != "token"}, time.monotonic())
            self.requests.append(asked)
            fault = self._next_fault(method, told.get("channel"))
            if fault is None or not isinstance(fault, _BEFORE):
                refusal = problem or self._too_fast(method, token, told)
                applied = refusal is None and (not isinstance(fault, Status) or fault.applied)
                answer = refusal or (await self._applied(method, token, told, as_json=as_json) if applied else {})
            else:
                answer = {"ok": False, "error": fault.name if isinstance(fault, Error) else "ratelimited"}
        return await self._answered(request, asked, fault, answer)

    async def _applied(
        self, method: str, token: str | None, told: Mapping[str, Any], *, as_json: bool
    ) -> dict[str, Any]:
        if method.startswith("chat."):
            await self.settling.turn()
            await asyncio.sleep(self.apply_delay_s)
        answer = call(self, method, token, told, as_json=as_json)
        if answer["ok"] and method == "apps.connections.open":
            answer["url"] = f"{self.url.replace('http', 'ws', 1)}/link/?ticket={self.sockets.ticket()}"
        if answer["ok"] and method == "chat.postMessage" and answer["channel"].startswith("D"):
            self.tell_own(self.applied[-1])
        return answer

    def _next_fault(self, method: str, channel: Any) -> Fault | None:
        return next((queued.fault for queued in self._faults if queued.meets(method, channel)), None)

    def _too_fast(self, method: str, token: str | None, told: Mapping[str, Any]) -> dict[str, Any] | None:
        if method != "chat.postMessage":
            return None
        now_s = time.monotonic()
        named = ((f"{token} {told.get('channel')}", self.per_channel_s), (str(token), self.per_workspace_s))
        gaps = [(name, gap_s) for name, gap_s in named if gap_s is not None]
        if early_s := max((self._pace.early_s(name, gap_s, now_s) for name, gap_s in gaps), default=0.0):
            self.limited += 1
            return {"ok": False, "error": "ratelimited", "retry_after_s": math.ceil(early_s)}
        for name, gap_s in gaps:
            self._pace.count(name, gap_s, now_s)
        return None

    async def _answered(
        self, request: web.Request, asked: Asked, fault: Fault | None, answer: dict[str, Any]
    ) -> web.StreamResponse:
        if isinstance(fault, Disconnect):
            self.sockets.disconnect(fault.reason)
        elif isinstance(fault, Slow):
            await asyncio.sleep(fault.seconds)
        elif isinstance(fault, Held):
            await until(lambda: not self._faults or self._over.is_set(), timeout_s=600.0)
        elif isinstance(fault, TimeoutAfterApplying):
            await until(lambda: request.transport is None or self._over.is_set(), timeout_s=600.0)
            return web.Response()
        elif isinstance(fault, ResetBeforeApplying | ResetAfterApplying):
            _reset(request)
            return web.Response()
        elif isinstance(fault, Status):
            asked.status = fault.code
            return web.Response(status=fault.code, text="<html>Server Error</html>", content_type="text/html")
        asked.status, asked.answer = 200, answer
        return await _send(request, asked, fault, answer)

    async def _responded(self, request: web.Request) -> web.Response:
        """A response_url: `ok` as plain text, else 404 for one used up or expired and 400 for content it refuses."""
        try:
            arguments = await request.json()
            self.respond(request.match_info["name"], arguments)
        except json.JSONDecodeError:
            return web.json_response({"ok": False, "error": "invalid_payload"}, status=400)
        except Refused as refusal:
            gone = refusal.answer["error"] in {"used_url", "expired_url", "invalid_url"}
            return web.json_response(refusal.answer, status=404 if gone else 400)
        return web.Response(text="ok")

    # --- for a test in another process -------------------------------------------------------------------------------

    async def _told_ledger(self, _request: web.Request) -> web.Response:
        with self.lock:
            ledger = Ledger(self.workspaces, self.applied, self.requests, self.limited)
            return web.Response(body=msgspec.json.encode(ledger), content_type="application/json")

    async def _told_fault(self, request: web.Request) -> web.Response:
        self._faults.append(msgspec.json.decode(await request.read(), type=Queued))
        return web.Response(text="ok")

    async def _told_repair(self, _request: web.Request) -> web.Response:
        self.repair()
        return web.Response(text="ok")

    async def _told_settings(self, request: web.Request) -> web.Response:
        told = await request.json()
        for channel in told.pop("channels", ()):
            self.add_channel(channel)
        self.settling.held = told.pop("held", 0)
        for name in told:
            if name not in {"per_channel_s", "per_workspace_s", "apply_delay_s"}:
                raise web.HTTPBadRequest(text=f"no such setting: {name}")
            setattr(self, name, told[name])
        return web.Response(text="ok")

    async def _told_command(self, request: web.Request) -> web.Response:
        told = await request.json()
        handle = self.command(told["channel"], told["person"], told["command"], told.get("text", ""))
        await handle.acked(told.get("timeout_s", 10.0))
        answers = await handle.answered(told.get("answers", 1), told.get("timeout_s", 10.0))
        return web.json_response({"ack_after_s": handle.ack_after_s, "answers": [one.body for one in answers]})


async def _read(request: web.Request) -> tuple[dict[str, Any], str | None, bool, dict[str, Any] | None]:
    """(arguments, token, whether they came as JSON, what is wrong with their form)."""
    told: dict[str, Any] = dict(request.query)
    as_json, problem = request.content_type == "application/json", None
    body = await request.read()
    if as_json:
        try:
            content = json.loads(body)
        except ValueError:
            content, problem = {}, {"ok": False, "error": "invalid_json"}
        if not isinstance(content, dict):
            content, problem = {}, {"ok": False, "error": "json_not_object"}
        told |= content
    else:
        told |= dict(await request.post())
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = token.strip() if scheme == "Bearer" else ("" if as_json else str(told.pop("token", "")))
    return told, given or None, as_json, problem


async def _send(request: web.Request, asked: Asked, fault: Fault | None, answer: dict[str, Any]) -> web.StreamResponse:
    body = {name: value for name, value in answer.items() if name != "retry_after_s"}
    if answer.get("error") == "ratelimited":
        asked.status = 429
        wait_s = fault.retry_after_s if isinstance(fault, RateLimited) else answer.get("retry_after_s", 1)
        return web.json_response(body, status=429, headers={"Retry-After": str(wait_s)})
    if isinstance(fault, CutShort):
        return await _cut_short(request, json.dumps(body).encode())
    return web.json_response(body)


async def _cut_short(request: web.Request, body: bytes) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json; charset=utf-8"})
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


class SlackProcess(Settled):
    """A SlackServer in another process, told and asked over HTTP: no client's death and no busy test disturbs it."""

    url: str

    def __enter__(self) -> Self:
        root = Path(__file__).parents[1]
        command = [sys.executable, "-m", "tests.slack_server", "--port", "0"]
        self._process = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        assert self.url.startswith("http"), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate(timeout=10)  # it ends when its input does, so also when this process is killed

    def set(self, **settings: Any) -> None:
        """`per_channel_s`, `per_workspace_s`, `apply_delay_s`, and `channels` to add; `held`: so many chat calls are
        applied only at `settle`."""
        self._ask("_set", settings)

    def fault(self, method: str, fault: Fault, *, channel: str | None = None, times: int = 1, skip: int = 0) -> None:
        self._ask("_fault", msgspec.to_builtins(Queued(method, fault, channel, times, skip)))

    def repair(self) -> None:
        """Ends all faults."""
        self._ask("_repair", {})

    def command(self, channel: str, person: str, command: str, text: str = "", **more: Any) -> dict[str, Any]:
        """Sends a slash command and waits: {"ack_after_s": ..., "answers": [...]}."""
        told = {"channel": channel, "person": person, "command": command, "text": text, **more}
        return dict(json.loads(self._ask("_command", told)))

    def ledger(self) -> Ledger:
        return msgspec.json.decode(self._ask("_ledger"), type=Ledger)

    def world(self) -> World:
        """What the server knows now: ask it for messages, threads and keys."""
        ledger, world = self.ledger(), World()
        world.restore(ledger.workspaces, ledger.applied)
        return world

    def _ask(self, path: str, told: Any = None) -> bytes:
        body = None if told is None else json.dumps(told).encode()
        with urllib.request.urlopen(f"{self.url}/{path}", body, timeout=30) as response:  # noqa: S310 (ours)
            return bytes(response.read())


def main() -> None:
    parser = argparse.ArgumentParser(description="A local Slack; ends when its input does.")
    parser.add_argument("--port", type=int, default=0)
    with SlackServer(port=parser.parse_args().port) as slack:
        sys.stdout.write(f"{slack.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
