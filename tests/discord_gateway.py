"""The gateway's side of the local Discord (https://docs.discord.com/developers/events/gateway): HELLO, IDENTIFY, READY,
GUILD_CREATE, heartbeats, RESUME, INVALID_SESSION, RECONNECT, with zlib-stream compression when it is asked for.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import ClientConnectionResetError, WSMsgType, web
from msgspec import Struct, field

from tests.discord_world import BOT_TOKEN, BOT_USER

_DISPATCH, _HEARTBEAT, _IDENTIFY, _RESUME, _RECONNECT, _INVALID, _HELLO, _ACK = 0, 1, 2, 6, 7, 9, 10, 11
_IGNORED = {3, 4, 8}  # presence, voice, request for members
_GUILDS, _GUILD_MESSAGES, _DIRECT_MESSAGES, _MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
_PRIVILEGED = 1 << 1 | 1 << 8 | _MESSAGE_CONTENT  # members, presences, message content
_KNOWN_INTENTS = (1 << 26) - 1
_BUFFERED = 1000  # events kept for a session that lost its socket
Events = Iterable[tuple[str, dict[str, Any]]]


class Session(Struct):
    """What the app listens to, and the events it was sent, for when it resumes."""

    id: str
    intents: int
    sequence: int = 0
    sent: list[tuple[int, str, Any]] = field(default_factory=list)
    socket: Any = None


class Raw(Struct):
    """A frame as it is sent."""

    text: str


class _Socket:
    """One open connection; frames are sent in the order they were put."""

    def __init__(self, request: web.Request, response: web.WebSocketResponse) -> None:
        self.request, self.response = request, response
        self.frames: asyncio.Queue[dict[str, Any] | Raw | int] = asyncio.Queue()
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    async def write(self, gateway: Gateway) -> None:
        """Sends what is put, until a number, which is the code to close with."""
        while not isinstance(frame := await self.frames.get(), int):
            if gateway.delay_s and not isinstance(frame, Raw) and frame["op"] == _DISPATCH:
                await asyncio.sleep(gateway.delay_s)
            try:
                await self._send(frame.text if isinstance(frame, Raw) else json.dumps(frame))
            except (ClientConnectionResetError, ConnectionError):  # the app has gone: it will resume
                return
        if frame:
            await self.response.close(code=frame)
        elif isinstance(self.request.transport, asyncio.Transport):
            self.request.transport.abort()

    async def _send(self, text: str) -> None:
        if self._zlib is None:
            await self.response.send_str(text)
        else:
            await self.response.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))


class Gateway:
    """Serves the app's sessions. All but `serve` may be called from any thread.

    `delay_s` is how much later every event comes; `deaf`: heartbeats get no answer; `turned_away`: connections get 503;
    `refuses` is the code that IDENTIFY is answered with, 0: none; `alter` is given each event and returns it as it is
    sent. `dialled` counts connections, those that got 503 as well.
    `allowed` are the privileged intents that the app was granted. `started` and `resumed` count sessions, `strays` are
    frames that made no sense. `greet` gives what READY says beside the session, and the events after it.
    """

    def __init__(self, greet: Callable[[], tuple[dict[str, Any], Events]]) -> None:
        self.delay_s = 0.0
        self.deaf = False
        self.turned_away = False
        self.refuses = self.dialled = 0
        self.alter: Callable[[str, Any], Any] = lambda _event, about: about
        self.heartbeat_s = 41.25
        self.allowed = 0
        self.started = self.resumed = self.heartbeats = 0
        self.strays: list[str] = []
        self.url = ""
        self._greet = greet
        self._sessions: dict[str, Session] = {}
        self._open: list[_Socket] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def count(self) -> int:
        """How many sessions have a socket now."""
        return sum(session.socket is not None for session in list(self._sessions.values()))

    def tell(self, event: str, about: dict[str, Any]) -> None:
        """Every session that listens to such events gets it, now or when it resumes."""
        self._soon(lambda: self._tell(event, about))

    def reconnect(self) -> None:
        """Asks every app to come again (op 7), as Discord does when a host is taken down."""
        self._soon(lambda: self._everywhere({"op": _RECONNECT, "d": None}))

    def invalidate(self, *, resumable: bool = False) -> None:
        """Tells every app that its session is over (op 9), and forgets it unless it may be resumed."""
        if not resumable:
            self.forget()
        self._soon(lambda: self._everywhere({"op": _INVALID, "d": resumable}))

    def drop(self, code: int = 4000) -> None:
        """Closes every socket with a code; 0 resets the connections."""
        self._soon(lambda: self._everywhere(code))

    def send(self, frame: Any) -> None:
        """Sends a frame that is not built here, as text when it is one."""
        self._soon(lambda: self._everywhere(Raw(frame if isinstance(frame, str) else json.dumps(frame))))

    def emit(self, event: str, about: Any) -> None:
        """Every session gets the event, however little it is like one of Discord's."""
        self._soon(lambda: self._emit(event, about))

    def forget(self) -> None:
        """Sessions cannot be resumed any more."""
        self._soon(self._sessions.clear)

    def _soon(self, act: Callable[[], object]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(act)

    def _everywhere(self, frame: dict[str, Any] | Raw | int) -> None:
        for socket in self._open:
            socket.frames.put_nowait(frame)

    def _emit(self, event: str, about: Any) -> None:
        for session in self._sessions.values():
            self._dispatch(session, event, about)

    def _tell(self, event: str, about: dict[str, Any]) -> None:
        for session in self._sessions.values():
            if _listens(session.intents, event, about):
                self._dispatch(session, event, _redacted(session.intents, event, about))

    def _dispatch(self, session: Session, event: str, about: Any) -> None:
        session.sequence += 1
        about = self.alter(event, about)
        session.sent = [*session.sent[-_BUFFERED:], (session.sequence, event, about)]
        if session.socket is not None:
            session.socket.frames.put_nowait({"op": _DISPATCH, "s": session.sequence, "t": event, "d": about})

    # --- one connection ----------------------------------------------------------------------------------------------

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.dialled += 1
        if self.turned_away:
            return web.Response(status=503, text="upstream connect error")
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            return web.Response(status=400, text="v=10&encoding=json is what is spoken here")
        response = web.WebSocketResponse(timeout=0.1)
        await response.prepare(request)
        self._loop = asyncio.get_running_loop()
        socket = _Socket(request, response)
        socket.frames.put_nowait({"op": _HELLO, "d": {"heartbeat_interval": int(self.heartbeat_s * 1000)}})
        self._open.append(socket)
        writer = asyncio.ensure_future(socket.write(self))
        try:
            await self._listen(socket)
        finally:
            self._open.remove(socket)
            for session in self._sessions.values():
                if session.socket is socket:
                    session.socket = None
            writer.cancel()
        return response

    async def _listen(self, socket: _Socket) -> None:
        """Until the app hangs up, or is silent for longer than its heartbeat allows."""
        session: Session | None = None
        while True:
            try:
                frame = await socket.response.receive(timeout=self.heartbeat_s * 1.5)
            except TimeoutError:
                await socket.response.close(code=4009)
                return
            if frame.type is not WSMsgType.TEXT:
                return
            code, session = self._heard(socket, session, frame.data)
            if code:
                self.strays.append(frame.data)
                socket.frames.put_nowait(code)

    def _heard(self, socket: _Socket, session: Session | None, text: str) -> tuple[int, Session | None]:
        """(the code to close with or 0, the session of this socket from now on)."""
        try:
            frame = json.loads(text)
            op, told = frame["op"], frame.get("d")
        except (ValueError, KeyError, TypeError):
            return 4002, session
        if op == _HEARTBEAT:
            self.heartbeats += 1
            if not self.deaf:
                socket.frames.put_nowait({"op": _ACK})
            return 0, session
        if op in {_IDENTIFY, _RESUME}:
            if session is not None:
                return 4005, session
            return self._identify(socket, told) if op == _IDENTIFY else self._resume(socket, told)
        if op in _IGNORED:
            return (0 if session else 4003), session
        return 4001, session

    def _identify(self, socket: _Socket, told: Any) -> tuple[int, Session | None]:
        if not isinstance(told, dict) or not {"token", "intents", "properties"} <= told.keys():
            return 4002, None
        if told["token"] != BOT_TOKEN:
            return 4004, None
        if self.refuses:
            return self.refuses, None
        intents = told["intents"]
        if not isinstance(intents, int) or intents & ~_KNOWN_INTENTS:
            return 4013, None
        if intents & _PRIVILEGED & ~self.allowed:
            return 4014, None
        session = Session(secrets.token_hex(16), intents, socket=socket)
        ready, events = self._greet()
        ready |= {"session_id": session.id, "resume_gateway_url": self.url, "session_type": "normal"}
        self._sessions[session.id] = session
        self.started += 1
        self._dispatch(session, "READY", ready)
        for event, about in events:
            if _listens(intents, event, about):
                self._dispatch(session, event, about)
        return 0, session

    def _resume(self, socket: _Socket, told: Any) -> tuple[int, Session | None]:
        if not isinstance(told, dict) or not {"token", "session_id", "seq"} <= told.keys():
            return 4002, None
        if told["token"] != BOT_TOKEN:
            return 4004, None
        session = self._sessions.get(told["session_id"])
        if session is None:
            socket.frames.put_nowait({"op": _INVALID, "d": False})
            return 0, None
        if (told["seq"] or 0) > session.sequence:
            return 4007, None
        for sequence, event, about in session.sent:
            if sequence > (told["seq"] or 0):
                socket.frames.put_nowait({"op": _DISPATCH, "s": sequence, "t": event, "d": about})
        session.socket = socket
        self.resumed += 1
        self._dispatch(session, "RESUMED", {})
        return 0, session


def _listens(intents: int, event: str, about: dict[str, Any]) -> bool:
    """Whether a session with these intents gets such an event."""
    if event.startswith("MESSAGE_"):
        return bool(intents & (_GUILD_MESSAGES if "guild_id" in about else _DIRECT_MESSAGES))
    return event == "INTERACTION_CREATE" or bool(intents & _GUILDS)


def _redacted(intents: int, event: str, about: dict[str, Any]) -> dict[str, Any]:
    """A message as an app sees it that may not read all of them: only its own, direct ones, and those that mention it
    have a content."""
    if not event.startswith("MESSAGE_") or "author" not in about or intents & _MESSAGE_CONTENT:
        return about
    if "guild_id" not in about or about["author"]["id"] == BOT_USER:
        return about
    if any(one["id"] == BOT_USER for one in about["mentions"]):
        return about
    return {**about, "content": "", "embeds": [], "components": [], "attachments": []}
