"""Socket Mode's side of the local Slack (https://docs.slack.dev/apis/events-api/using-socket-mode): hello, envelopes,
acks by envelope_id, disconnect.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import WSMsgType, web

from tests.slack_calls import Refused
from tests.slack_world import APP, Message

PATIENCE_S = 120.0  # of a test for what has to come: a busy machine may take its time
SOCKETS = 10  # an app may have so many open
GRACE_S = 0.5  # between telling a socket to go and closing it
Take = Callable[["Handle", Mapping[str, Any]], None]


async def until(condition: Callable[[], Any], timeout_s: float = PATIENCE_S) -> Any:
    """What the condition gives once it is true. Raises TimeoutError."""
    deadline = time.monotonic() + timeout_s
    while not (met := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s} s")
        await asyncio.sleep(0.005)
    return met


class Handle:
    """One thing that the app was told of. `answers` are the messages made by its ack and its response_url, first to
    last; `refusal` is why Slack did not take the ack. `take` does what the ack's payload asks for, or raises Refused.
    """

    def __init__(self, kind: str, payload: dict[str, Any], take: Take, retry: int = 0) -> None:
        self.kind, self.payload, self.take, self.retry = kind, payload, take, retry
        self.envelope_id = str(uuid.uuid4())
        self.sent_s = time.monotonic()
        self.ack: dict[str, Any] | None = None
        self.ack_after_s: float | None = None
        self.answers: list[Message] = []
        self.refusal = ""

    @property
    def envelope(self) -> dict[str, Any]:
        is_event = self.kind == "events_api"
        retry = {"retry_attempt": self.retry, "retry_reason": "timeout" if self.retry else ""} if is_event else {}
        base = {"envelope_id": self.envelope_id, "type": self.kind, "accepts_response_payload": not is_event}
        return {**base, **retry, "payload": self.payload}

    def acknowledge(self, payload: dict[str, Any]) -> None:
        if self.ack is not None:
            self.refusal = "acknowledged twice"
            return
        self.ack, self.ack_after_s = payload, time.monotonic() - self.sent_s
        try:
            self.take(self, payload)
        except Refused as refusal:
            self.refusal = json.dumps(refusal.answer)

    async def acked(self, timeout_s: float = PATIENCE_S) -> float:
        """How many seconds the ack took. Raises TimeoutError."""
        await until(lambda: self.ack_after_s is not None, timeout_s)
        return self.ack_after_s or 0.0

    async def answered(self, count: int = 1, timeout_s: float = PATIENCE_S) -> list[Message]:
        """The answers, once there are so many. Raises TimeoutError."""
        await until(lambda: len(self.answers) >= count, timeout_s)
        return self.answers


class Sockets:
    """The app's open sockets. An envelope goes to the newest. `handles` are all that the app was told, first to last,
    by envelope_id; `strays` are the frames that were no acks of ours. `turned_away`: connections get 503."""

    def __init__(self) -> None:
        self.strays: list[str] = []
        self.turned_away = False
        self.opened = 0  # how many there have been
        self._open: list[web.WebSocketResponse] = []
        self._tickets: set[str] = set()
        self.handles: dict[str, Handle] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sending: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        return len(self._open)

    def ticket(self) -> str:
        """Admits one socket, once."""
        ticket = secrets.token_urlsafe(12)
        self._tickets.add(ticket)
        return ticket

    async def serve(self, request: web.Request) -> web.StreamResponse:
        if self.turned_away:
            return web.Response(status=503, text="upstream connect error")
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.discard(ticket)
        if self.count >= SOCKETS:
            return web.Response(status=429, text="too_many_websockets")
        socket = web.WebSocketResponse(timeout=0.1)
        await socket.prepare(request)
        self._loop = asyncio.get_running_loop()
        self._open.append(socket)
        self.opened += 1
        about = {"host": "applink-local", "build_number": 1, "approximate_connection_time": 18_060}
        hello = {"type": "hello", "num_connections": self.count, "debug_info": about}
        await socket.send_json({**hello, "connection_info": {"app_id": APP}})
        await socket.ping(b"Ping from applink-local")
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._heard(frame.data)
        finally:
            if socket in self._open:
                self._open.remove(socket)
        return socket

    def send(self, handle: Handle) -> None:
        """Hands an envelope to the app; from any thread."""
        self.handles[handle.envelope_id] = handle
        self._soon(handle.envelope)

    def send_text(self, text: str) -> None:
        """Sends a frame that is no envelope."""
        self._soon(text)

    def disconnect(self, reason: str = "refresh_requested") -> None:
        """Tells every socket to go, from any thread. Unless that is a warning, it gets nothing more and is closed."""
        if self._loop is None:
            return
        for socket in list(self._open):
            if reason != "warning":
                self._open.remove(socket)
            frame = {"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-local"}}
            self._loop.call_soon_threadsafe(self._start, socket, frame, reason != "warning")

    def _soon(self, frame: dict[str, Any] | str) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._start, self._open[-1], frame, False)

    def _start(self, socket: web.WebSocketResponse, frame: dict[str, Any] | str, last: bool) -> None:
        task = asyncio.ensure_future(self._speak(socket, frame, last=last))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _speak(self, socket: web.WebSocketResponse, frame: dict[str, Any] | str, *, last: bool) -> None:
        try:
            await socket.send_str(frame if isinstance(frame, str) else json.dumps(frame))
            if last:
                await asyncio.sleep(GRACE_S)
                await socket.close()
        except ConnectionError:  # the app has gone; what it did not hear stays without an ack
            return

    def _heard(self, text: str) -> None:
        try:
            frame = json.loads(text)
            handle = self.handles[frame["envelope_id"]]
        except (ValueError, KeyError, TypeError):
            self.strays.append(text)
            return
        handle.acknowledge(frame.get("payload") or {})
