"""Hearing what people do, over Discord's gateway, and staying connected. Imported when the bot connects: the SDK takes
its time.

Of the SDK this uses the connection alone: identifying, heartbeats, resuming, compression. Its parsers would make an
object of everything that a server has, and raise whatever Discord tells otherwise than the SDK knows it; and its loop
cannot begin while the gateway is away (https://github.com/Rapptz/discord.py/issues/10520).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, cast

import aiohttp
import yarl

from adapters.backoff import Backoff
from adapters.discord_events import Asked, interacted, said
from adapters.discord_session import Session
from digest.errors import DestinationClosed, NotSent
from digest.types import CommandSpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of audioop, which the SDK takes for voice
    import discord
    from discord.gateway import DiscordWebSocket, ReconnectWebSocket, WebSocketClosure
    from discord.http import Route

log = logging.getLogger(__name__)

CONNECT_S = 60.0
STEADY_S = 60.0  # after a connection that lasted so long, the pauses begin with the shortest
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
_UPDATE = "Update Paperboy, and start it again."
_SHUT_OUT = {
    4004: "the token is not valid. Reset the token in the developer portal, Bot, and set DISCORD_TOKEN.",
    4010: f"it does not know the shard. {_UPDATE}",
    4011: "the bot is in more servers than one connection serves (2,500), and Paperboy has no more than one. Remove it "
    "from some of them, or serve those with an application of their own.",
    4012: f"it no longer speaks this version of its interface. {_UPDATE}",
    4013: f"it does not know the intents that Paperboy asks for. {_UPDATE}",
    4014: "the application may not have the intents that Paperboy asks for. In the developer portal, Bot, Privileged "
    "Gateway Intents, allow what is asked for there, and start Paperboy again.",
}
_UNKNOWN_ERROR, _CODES_END = 4000, 5000
_LOST = "The connection to Discord's gateway was lost; it is made again."
_AWAY = "Discord's gateway cannot be reached. Check the network and discord.gateway_url."
_CONNECTION_ERRORS = (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError)


class _Socket(DiscordWebSocket):
    """A connection that is not ended by what it is told."""

    async def received_message(self, msg: Any, /) -> None:
        """As the SDK's, but that a frame it cannot read is skipped."""
        if isinstance(msg, bytes):
            msg = self._decompressor.decompress(msg)  # a broken stream stays broken: that is raised
            if msg is None:
                return
        try:
            await super().received_message(msg)
        except (ReconnectWebSocket, WebSocketClosure, *_CONNECTION_ERRORS):
            raise
        except Exception as error:  # noqa: BLE001 (whatever the SDK makes of it)
            cast("Listener", self._connection._get_client()).session.skipped.note("frame", error)  # noqa: SLF001


class Listener(discord.Client):
    """Connected as the bot; none of its intents is privileged. Direct messages and messages that mention the bot come
    with their text all the same."""

    def __init__(self, session: Session, commands: Mapping[str, CommandSpec], begin: Callable[[Asked], None]) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(intents=intents, max_messages=None)
        self.session = session
        self._commands = commands
        self._typed = {name for name, command in commands.items() if command.typed}
        self._begin = begin
        self._socket: DiscordWebSocket | None = None
        self._live = False  # whether Discord has told of anything over the present socket
        parsers: Mapping[str, Callable[[Any], None]] = {
            "READY": self._session_began,
            "RESUMED": self._connected,
            "GUILD_CREATE": session.note_guild,
            "GUILD_DELETE": session.note_removal,
            "CHANNEL_CREATE": session.note_channel,
            "CHANNEL_UPDATE": session.note_channel,
            "THREAD_CREATE": session.note_thread,
            "THREAD_UPDATE": session.note_thread,
            "THREAD_LIST_SYNC": session.note_threads,
            "INTERACTION_CREATE": self._interacted,
            "MESSAGE_CREATE": self._said,
        }
        state = self._connection
        state.parsers = {event: functools.partial(self._parsed, event, parse) for event, parse in parsers.items()}
        state._update_references = self._opened  # type: ignore[assignment,method-assign]  # noqa: SLF001

    async def login(self, token: str) -> None:
        """Raises LoginFailure when the token is not valid."""
        self.session.user = str((await self.http.static_login(token))["id"])

    async def connect(self, *, reconnect: bool = True) -> None:  # noqa: ARG002 (the SDK's signature)
        """Keeps connected.

        Raises DestinationClosed when Discord lets the bot in no more, and NotSent after an outage of
        backoff.PATIENCE_S.
        """
        backoff = Backoff()
        initial = True
        while True:
            self._live, began_s = False, time.monotonic()
            error = NotSent(_LOST)
            try:
                opening = _Socket.from_client(self, initial=initial, **self.session.resume)
                socket = await asyncio.wait_for(opening, CONNECT_S)
                initial = False
                while True:
                    await socket.poll_event()
            except ReconnectWebSocket:
                log.warning("the connection to discord is lost")
            except _CONNECTION_ERRORS as failure:
                _raise_if_shut_out(failure)
                log.warning("discord's gateway cannot be reached", extra={"why": type(failure).__name__})
                error = NotSent(_AWAY)
            await self._hang_up()
            if self._live and time.monotonic() - began_s > STEADY_S:
                backoff.reset()
            await backoff.pause(error)

    def _opened(self, socket: DiscordWebSocket) -> None:
        self.ws = self._socket = socket  # `close` closes it, also when nothing has become of it yet

    async def _hang_up(self) -> None:
        """Closes what there is of a connection, and notes how the session goes on in the next one."""
        socket, self._socket = self._socket, None
        if socket is None:  # the session's own gateway may be away for good: it is resumed at the common one
            self.session.resume = {key: value for key, value in self.session.resume.items() if key != "gateway"}
            return
        # Before anything was told such a code is an answer to the resuming
        refused = not self._live and _UNKNOWN_ERROR < (socket.socket.close_code or 0) < _CODES_END
        about = {"session": socket.session_id, "sequence": socket.sequence, "gateway": socket.gateway, "resume": True}
        self.session.resume = about if socket.session_id and not refused else {}
        with contextlib.suppress(*_CONNECTION_ERRORS):
            await socket.close()  # with a code that leaves the session

    # --- events ------------------------------------------------------------------------------------------------------

    def _parsed(self, event: str, parse: Callable[[Any], None], data: Any) -> None:
        self._live = True
        try:
            parse(data)
        except Exception as error:  # noqa: BLE001 (whatever is amiss in it)
            self.session.skipped.note(event, error)

    def _session_began(self, event: Mapping[str, Any]) -> None:
        self._connected(event)
        self.session.note_ready(event)

    def _connected(self, _event: Mapping[str, Any]) -> None:
        log.info("connected to discord")

    def _interacted(self, event: Mapping[str, Any]) -> None:
        if asked := interacted(event, self._commands, self.session):
            self._begin(asked)

    def _said(self, event: Mapping[str, Any]) -> None:
        if asked := said(event, self._typed, self.session):
            self._begin(asked)


async def connected(
    token: str,
    session: Session,
    commands: Mapping[str, CommandSpec],
    begin: Callable[[Asked], None],
    *,
    api_url: str,
    gateway_url: str,
) -> None:
    """Keeps a connection open until it is cancelled.

    Raises DestinationClosed when Discord lets the bot in no more, and NotSent after an outage of backoff.PATIENCE_S.
    """
    Route.BASE = api_url
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    logging.getLogger("discord").setLevel(logging.CRITICAL)  # every try of an outage is an error with its traceback
    backoff = Backoff()
    while True:
        try:
            async with Listener(session, commands, begin) as client:
                await client.start(token)
        except discord.LoginFailure as error:
            raise DestinationClosed(f"Discord does not let the bot in: {_SHUT_OUT[4004]}") from error
        except _CONNECTION_ERRORS as error:
            log.warning("discord cannot be reached", extra={"why": type(error).__name__})
        await backoff.pause(NotSent("Discord cannot be reached. Check the network and discord.api_url."))


def _raise_if_shut_out(error: BaseException) -> None:
    """Raises DestinationClosed when the gateway has closed the connection for good."""
    if isinstance(error, discord.ConnectionClosed) and error.code in _SHUT_OUT:
        raise DestinationClosed(f"Discord does not let the bot in: {_SHUT_OUT[error.code]}") from error
