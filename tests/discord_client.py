"""The real discord.py against the local Discord."""

from __future__ import annotations

import asyncio
import json
import warnings
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import aiohttp
import pytest
import yarl

from tests.discord_server import DiscordProcess, DiscordServer
from tests.discord_world import BOT_TOKEN
from tests.slack_socket import until

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # of audioop, which discord.py takes for voice
    import discord
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

__all__ = ["INTENTS", "App", "Plain", "discord", "plain", "pointed_at", "refused", "running"]

INTENTS = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


@contextmanager
def pointed_at(local: DiscordServer | DiscordProcess) -> Iterator[None]:
    """discord.py talks to the local Discord meanwhile."""
    base, gateway = Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = f"{local.url}/api/v10", yarl.URL(local.gateway_url)
    try:
        yield
    finally:
        Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = base, gateway


class App(discord.Client):
    """A client that remembers what it was told."""

    def __init__(self, intents: discord.Intents = INTENTS, **more: Any) -> None:
        # Ready so long after the last server was told of: discord.py's own default is 2 s
        super().__init__(intents=intents, max_ratelimit_timeout=30.0, guild_ready_timeout=0.02, **more)
        self.heard: list[discord.Message] = []
        self.events: list[str] = []

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)

    async def on_socket_event_type(self, event: str) -> None:
        self.events.append(event)

    def text(self, channel: str) -> discord.TextChannel:
        found = self.get_channel(int(channel))
        assert isinstance(found, discord.TextChannel)
        return found

    def forum(self, channel: str) -> discord.ForumChannel:
        found = self.get_channel(int(channel))
        assert isinstance(found, discord.ForumChannel)
        return found


@asynccontextmanager
async def running(app: discord.Client, local: DiscordServer | DiscordProcess) -> AsyncIterator[None]:
    """The app is logged in, connected and ready meanwhile."""
    with pointed_at(local):
        task = asyncio.ensure_future(app.start(BOT_TOKEN))
        ready = asyncio.ensure_future(until(app.is_ready, 10.0))
        try:
            await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                ready.cancel()
                await task
            await ready
            yield
        finally:
            await app.close()
            await asyncio.gather(task, return_exceptions=True)


async def refused(call: Awaitable[Any]) -> tuple[int, int]:
    """(HTTP status, Discord's code) that a call is refused with."""
    with pytest.raises(discord.HTTPException) as raised:
        await call
    return raised.value.status, raised.value.code


class Plain:
    """The HTTP interface without an SDK: one request each, as told."""

    def __init__(self, session: aiohttp.ClientSession, local: DiscordServer | DiscordProcess) -> None:
        self._session, self._local = session, local

    async def ask(self, verb: str, path: str, body: Any = None, token: str = BOT_TOKEN) -> tuple[int, Any]:
        """(status, JSON). `path` begins with a slash."""
        told = {"Authorization": f"Bot {token}", "User-Agent": "DiscordBot (https://lantern.example, 1)"}
        address = f"{self._local.url}/api/v10{path}"
        async with self._session.request(verb, address, json=body, headers=told) as answer:
            content = await answer.read()
            return answer.status, json.loads(content) if answer.content_type == "application/json" else content

    async def code(self, verb: str, path: str, body: Any = None, token: str = BOT_TOKEN) -> tuple[int, int]:
        """(status, Discord's code) of a refusal."""
        status, answer = await self.ask(verb, path, body, token)
        return status, answer["code"]

    async def problems(self, verb: str, path: str, body: Any) -> list[str]:
        """The paths of the fields that a body is refused for, such as "embeds.0.title"."""
        status, answer = await self.ask(verb, path, body)
        assert (status, answer["code"]) == (400, 50035), answer
        return sorted(_paths(answer["errors"]))


def _paths(errors: Any, at: str = "") -> Iterator[str]:
    for name, inside in errors.items():
        if name == "_errors":
            yield at
        else:
            yield from _paths(inside, f"{at}.{name}".lstrip("."))


@asynccontextmanager
async def plain(local: DiscordServer | DiscordProcess) -> AsyncIterator[Plain]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield Plain(session, local)
