"""Hearing what people do, over Discord's gateway, and staying connected. Imported when the bot connects: the SDK takes
its time."""

from __future__ import annotations

import asyncio
import logging
import random
import warnings
from collections.abc import Callable, Mapping

import aiohttp
import yarl

from adapters.discord_events import Asked, interacted, said
from digest.errors import DestinationClosed
from digest.types import CommandSpec

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of audioop, which the SDK takes for voice
    import discord
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

log = logging.getLogger(__name__)

LONGEST_PAUSE_S = 60.0  # between two tries to get in
# https://docs.discord.com/developers/topics/opcodes-and-status-codes#gateway-gateway-close-event-codes
_SHUT_OUT = {4004: "the token is not valid", 4010: "sharding is needed", 4011: "sharding is needed"}
_SHUT_OUT |= {4013: "the intents are not valid", 4014: "the intents are not allowed"}
_RESET = "Reset the token in the developer portal, Bot, and set DISCORD_TOKEN."


class Listener(discord.Client):
    """Connected as the bot; none of its intents is privileged. Direct messages and messages that mention the bot come
    with their text all the same."""

    def __init__(self, commands: Mapping[str, CommandSpec], begin: Callable[[Asked], None]) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)
        super().__init__(
            intents=intents,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._commands = commands
        self._typed = {name for name, command in commands.items() if command.typed}
        self._begin = begin

    async def close(self) -> None:
        if (waiting := self._connection._ready_task) is not None:  # noqa: SLF001 (the SDK would leave it behind)
            waiting.cancel()
        await super().close()

    async def on_interaction(self, event: discord.Interaction) -> None:
        if asked := interacted(event, self._commands):
            self._begin(asked)

    async def on_message(self, message: discord.Message) -> None:
        if self.user and (asked := said(message, self.user.id, self._typed)):
            self._begin(asked)

    async def on_ready(self) -> None:
        log.info("connected to discord")

    async def on_resumed(self) -> None:
        log.info("connected to discord again")

    async def on_disconnect(self) -> None:
        log.warning("the connection to discord is lost")

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        log.warning("the bot was removed from a server", extra={"guild": guild.id})


async def connected(
    token: str,
    commands: Mapping[str, CommandSpec],
    begin: Callable[[Asked], None],
    *,
    api_url: str,
    gateway_url: str,
) -> None:
    """Keeps a connection open until it is cancelled. Raises DestinationClosed when Discord lets the bot in no more."""
    Route.BASE = api_url
    if gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(gateway_url)
    logging.getLogger("discord").setLevel(logging.CRITICAL)  # every try of an outage is an error with its traceback
    pause_s = 1.0
    while True:
        try:
            async with Listener(commands, begin) as client:
                await client.start(token)
        except discord.LoginFailure as error:
            raise DestinationClosed(f"Discord does not let the bot in: the token is not valid. {_RESET}") from error
        except discord.ConnectionClosed as error:
            if error.code in _SHUT_OUT:
                why = f"Discord does not let the bot in: {_SHUT_OUT[error.code]}."
                raise DestinationClosed(f"{why} {_RESET}" if error.code == 4004 else why) from error
            log.warning("discord closed the connection", extra={"code": error.code})
        except (discord.DiscordException, aiohttp.ClientError, OSError, TimeoutError) as error:
            log.warning("discord cannot be reached", extra={"why": type(error).__name__})
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 (no secret hangs on it)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
