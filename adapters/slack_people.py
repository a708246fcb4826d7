"""What Slack knows of people: their language and time zone, and whether they may change what a channel gets."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping
from typing import Any

import aiohttp
from msgspec import Struct
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.recent import Recent
from digest.types import MANAGER

log = logging.getLogger(__name__)

PROFILE_S = 3600.0
PATIENCE_S = 2.0  # an answer in the channel's language is better than a late one
AT_ONCE = 16  # more begun in one turn of the event loop would hold it up
_PEOPLE = 10_000
_CHANNELS = 10_000
# What the SDK raises when it gets no answer that it can read
_SILENT = (SlackApiError, aiohttp.ClientError, OSError, AttributeError, ValueError)


class Profile(Struct, frozen=True):
    """A person as https://docs.slack.dev/reference/objects/user-object tells of them; "" for what it does not say."""

    language: str = ""  # such as "en" or "zh"
    timezone: str = ""  # an IANA name
    rules: bool = False  # as an administrator or owner of the workspace


class SlackPeople:
    """The people of one workspace, each asked about once an hour. `managers` are the ids of those who may change what
    any channel gets."""

    def __init__(self, client: AsyncWebClient, managers: Collection[str] = ()) -> None:
        self._client = client
        self._managers = frozenset(managers)
        self._known: Recent[tuple[float, asyncio.Task[Profile]]] = Recent(_PEOPLE)  # until when, in time.monotonic()
        self._creators: Recent[str] = Recent(_CHANNELS)  # who made a channel stays who made it
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def profile(self, person: str) -> Profile:
        """An empty one when Slack does not tell it, or takes its time."""
        until_s, asking = self._known.get(person, (0.0, None))
        if asking is None or time.monotonic() > until_s:
            asking = asyncio.create_task(self._asked(person))
            self._known[person] = (time.monotonic() + PROFILE_S, asking)
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await asyncio.shield(asking)
        except TimeoutError:
            return Profile()

    async def role(self, person: str, channel: str) -> str:
        """MANAGER for those who rule the workspace, made the channel, or are set as managers; else, and when Slack
        does not tell, ""."""
        if person in self._managers or (await self.profile(person)).rules:
            return MANAGER
        return MANAGER if person and await self._creator(channel) == person else ""

    async def _creator(self, channel: str) -> str:
        """ "" for direct conversations, which nobody made, and for channels that the app does not know of."""
        if not channel.startswith(("C", "G")):
            return ""
        if channel not in self._creators:
            try:
                async with asyncio.timeout(PATIENCE_S):
                    answer = await self._client.conversations_info(channel=channel)
                self._creators[channel] = str(_inside(answer, "channel").get("creator") or "")
            except (TimeoutError, *_SILENT) as error:
                log.info("slack does not tell who made a channel", extra={"why": type(error).__name__})
                return ""
        return self._creators[channel]

    async def _asked(self, person: str) -> Profile:
        try:
            async with self._turns:
                user = _inside(await self._client.users_info(user=person, include_locale=True), "user")
        except _SILENT as error:
            log.warning("slack does not tell about a person", extra={"why": type(error).__name__})
            self._known.pop(person, None)
            return Profile()
        language = str(user.get("locale") or "").replace("_", "-").partition("-")[0].lower()
        rules = any(user.get(right) is True for right in ("is_admin", "is_owner", "is_primary_owner"))
        return Profile(language, str(user.get("tz") or ""), rules)


def _inside(answer: Any, name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}
