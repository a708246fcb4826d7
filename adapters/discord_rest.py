"""Asking Discord's HTTP API, each request once (https://docs.discord.com/developers/reference).

The SDK repeats a request after a server error, and sleeps through limits with the answer in its hand: both would
hide from the outbox what became of a message. So only the gateway is the SDK's.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp

from adapters.discord_errors import refusal, wait_s
from adapters.pace import Pace, Rank
from adapters.recent import Recent
from digest.errors import DestinationClosed, MaybeSent, NotSent

API_URL = "https://discord.com/api/v10"
TIMEOUT_S = 15.0
# 50 requests a second in all: https://docs.discord.com/developers/topics/rate-limits#global-rate-limit
REQUESTS_PER_S = 49
LIMIT_S = 1.0
UNSURE_S = 2.0  # a request that has no answer by then has long been counted
LONGEST_TURN_S = 6.0  # a channel takes five messages in five seconds
# https://docs.discord.com/developers/reference#user-agent
_USER_AGENT = "DiscordBot (https://github.com/paperboy-digest/paperboy, 1)"
_LANES = 10_000
_ALL = ""  # the one lane that everything takes
# A limit is counted for each route, and apart for each value of its first id
_MAJOR = re.compile(r"/(?:channels|guilds|webhooks)/\d+")

Json = Any  # what json.loads gives


class Rest:
    """Discord, asked with one bot's token."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str = API_URL,
        timeout_s: float = TIMEOUT_S,
        requests_per_s: int = REQUESTS_PER_S,
    ) -> None:
        self.token = token
        self.api_url = api_url.rstrip("/")
        self.timeout_s = timeout_s
        # One more than it sends on the whole may come in a second
        self._pace = Pace(LIMIT_S / requests_per_s, requests_per_s + 1, window_s=LIMIT_S, unsure_s=UNSURE_S)
        self._free_s: Recent[float] = Recent(_LANES)  # when a lane may be used again, in time.monotonic()
        self._session: aiohttp.ClientSession | None = None
        self._users = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Connections that are kept for as long as anybody uses them."""
        self._users += 1
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=None),
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        session = self._session
        try:
            yield session
        finally:
            self._users -= 1
            if not self._users:
                self._session = None
                await session.close()

    async def call(
        self,
        method: str,
        path: str,
        place: str,
        body: Json = None,
        query: Mapping[str, str] | None = None,
        *,
        rank: Rank = Rank.CHANNEL,
    ) -> Json:
        """The answer, None when it has no body. `place` names for people what this is about.

        Waits for its turn, at most LONGEST_TURN_S. Raises NotSent, MaybeSent, MessageRefused or DestinationClosed.
        """
        lane = _lane(method, path)
        headers = {"Authorization": f"Bot {self.token}"}
        async with self._turn(lane, place, rank):
            return await self._asked(method, path, place, body, headers=headers, query=query, lane=lane)

    async def respond(self, method: str, path: str, place: str, body: Json = None) -> Json:
        """As `call`, for what belongs to an interaction: its address is its right, and the limit of all requests does
        not count it."""
        return await self._asked(method, path, place, body, headers={}, query=None, lane="")

    @asynccontextmanager
    async def _turn(self, lane: str, place: str, rank: Rank) -> AsyncIterator[None]:
        """Raises NotSent rather than wait for long: the outbox counts the time in which the platform may still apply
        a request from when it handed it over."""
        now_s = time.monotonic()
        in_lane_s = max(self._free_s.get(lane, 0.0), self._free_s.get(_ALL, 0.0)) - now_s
        pause_s = max(in_lane_s, self._pace.wait_s(_ALL, rank))
        later = f"Many requests wait for Discord; the one for {place} comes later."
        if pause_s > LONGEST_TURN_S:
            raise NotSent(later, pause_s)
        await asyncio.sleep(in_lane_s)
        async with AsyncExitStack() as turn:
            try:
                async with asyncio.timeout(LONGEST_TURN_S):  # others of a better rank may have come in between
                    await turn.enter_async_context(self._pace.turn(_ALL, rank))
            except TimeoutError as error:
                raise NotSent(later, self._pace.wait_s(_ALL, rank)) from error
            yield

    async def _asked(
        self,
        method: str,
        path: str,
        place: str,
        body: Json,
        *,
        headers: dict[str, str],
        query: Mapping[str, str] | None,
        lane: str,
    ) -> Json:
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        headers = {**headers, "User-Agent": _USER_AGENT, **({"Content-Type": "application/json"} if data else {})}
        try:
            async with (
                self.open() as session,
                asyncio.timeout(self.timeout_s),
                session.request(method, self.api_url + path, data=data, headers=headers, params=query) as response,
            ):
                status, told_headers, text = response.status, response.headers, await response.read()
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL) as error:
            sentence = f"Discord cannot be reached for {place}: no connection. Check the network and discord.api_url."
            raise NotSent(sentence) from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise MaybeSent(f"Discord did not answer for {place}: it is asked whether the message arrived.") from error
        told = _json(text)
        if lane:
            self._note_limit(lane, status, told_headers, told)
        if not 200 <= status < 300:
            raise refusal(status, told_headers, told, place)
        if text and told is None:
            raise MaybeSent(f"Discord's answer for {place} is not as documented; it is asked again.")
        return told

    def _note_limit(self, lane: str, status: int, headers: Mapping[str, str], told: Json) -> None:
        """Remembers when the lane, or all of them, may be used again."""
        pause_s = 0.0
        if status == 429:
            body = told if isinstance(told, Mapping) else {}
            pause_s = wait_s(headers, body) or 1.0
            if body.get("global") or headers.get("X-RateLimit-Scope") == "global":
                lane = _ALL
        elif headers.get("X-RateLimit-Remaining") == "0":
            pause_s = _seconds(headers.get("X-RateLimit-Reset-After", ""))
        if pause_s:
            self._free_s[lane] = max(self._free_s.get(lane, 0.0), time.monotonic() + pause_s)


async def told(
    rest: Rest, path: str, place: str, query: Mapping[str, str] | None = None, *, rank: Rank = Rank.CHANNEL
) -> Json:
    """What Discord has at an address. Raises DestinationClosed and MessageRefused, and NotSent for all that passes:
    nothing was to be sent."""
    try:
        return await rest.call("GET", path, place, query=query, rank=rank)
    except DestinationClosed:
        raise
    except MaybeSent as error:
        raise NotSent(f"Discord gives no answer about {place} for now.", error.retry_after_s) from error


def _lane(method: str, path: str) -> str:
    major = _MAJOR.match(path)
    first = major.end() if major else 0
    return f"{method} {path[:first]}{re.sub(r'[0-9]+', '#', path[first:])}"


def _json(text: bytes) -> Json:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _seconds(header: str) -> float:
    return float(header) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", header, re.ASCII) else 0.0
