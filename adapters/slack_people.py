"""What Slack knows of people, user groups and channels: as much as an answer depends on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import aiohttp
from msgspec import Struct
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.cached import Cached
from adapters.neutral import shortened, unmentioned
from adapters.slack_errors import code_of

log = logging.getLogger(__name__)

PROFILE_S = 3600.0
RIGHTS_S = 60.0  # so long may somebody keep a right that they lost
PATIENCE_S = 2.0  # an answer in the channel's language is better than a late one
AT_ONCE = 16  # more begun in one turn of the event loop would hold it up
_GROUPS_AT_ONCE = 4  # Slack allows 20 such calls a minute
NAME_CHARS = 80
_LOOKALIKES = str.maketrans("<>", "‹›")
_PEOPLE = 10_000
_GROUPS = 1_000
_ABSENT = {"channel_not_found", "not_in_channel"}
_RULES = ("is_admin", "is_owner", "is_primary_owner")
_NO_MEMBER = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
# What is raised when Slack gives no answer, none in time, or none that the SDK can read
SILENT = (TimeoutError, SlackApiError, aiohttp.ClientError, OSError, AttributeError, TypeError, ValueError)

T = TypeVar("T")


class Profile(Struct, frozen=True):
    """A person as https://docs.slack.dev/reference/objects/user-object has them; empty for what it does not say."""

    name: str = ""  # of one line, without mentions
    language: str = ""  # such as "en" or "zh"
    timezone: str = ""  # an IANA name
    teams: frozenset[str] = frozenset()  # the workspaces that they are full members of
    rules: bool = False  # as an administrator or owner there


class Place(Struct, frozen=True):
    """A conversation: who made it, and whether the bot is a member."""

    creator: str = ""
    present: bool = True


class SlackPeople:
    """Asks about the people and channels of one workspace by `client`.

    Nothing here raises: what Slack does not tell within PATIENCE_S is logged, and empty.
    """

    def __init__(self, client: AsyncWebClient) -> None:
        self.client = client
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._group_turns = asyncio.Semaphore(_GROUPS_AT_ONCE)
        self._profiles = Cached(self._ask_profile, _PEOPLE)
        self._members = Cached(self._ask_members, _GROUPS)
        self._handles = Cached(self._ask_handles, 1)

    async def profile(self, person: str, max_age_s: float = PROFILE_S) -> Profile:
        return await _told("a person", self._profiles.get(person, max_age_s), Profile())

    async def members(self, group: str) -> frozenset[str]:
        """The people of a user group; nobody when Slack does not tell."""
        return await _told(f"who is in {group}", self._members.get(group, RIGHTS_S), frozenset())

    async def handle(self, group: str) -> str:
        """What people type after "@" for a user group, "" when Slack does not tell."""
        return (await _told("user groups", self._handles.get("", PROFILE_S), {})).get(group, "")

    async def place(self, channel: str) -> Place:
        """Asked anew each time: whoever was told to invite the bot tries again at once.

        Nobody made a direct conversation, and the bot is in it.
        """
        if not channel.startswith(("C", "G")):
            return Place()
        return await _told("a channel", self._ask_place(channel), Place())

    async def _ask_profile(self, person: str) -> Profile:
        async with self._turns:
            user = _inside(await self.client.users_info(user=person, include_locale=True), "user")
        profile = _inside(user, "profile")
        names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"))
        teams = [user.get("team_id"), *(_inside(user, "enterprise_user").get("teams") or ())]
        is_member = not any(user.get(sign) for sign in _NO_MEMBER)
        return Profile(
            name=next(filter(None, map(_name, names)), ""),
            language=str(user.get("locale") or "").replace("_", "-").partition("-")[0].lower(),
            timezone=str(user.get("tz") or ""),
            teams=frozenset(str(team) for team in teams if team and is_member),
            rules=is_member and any(user.get(right) is True for right in _RULES),
        )

    async def _ask_members(self, group: str) -> frozenset[str]:
        async with self._group_turns:
            answer = await self.client.usergroups_users_list(usergroup=group)
        return frozenset(map(str, answer.get("users") or ()))

    async def _ask_handles(self, _key: str) -> dict[str, str]:
        async with self._group_turns:
            answer = await self.client.usergroups_list()
        return {str(group.get("id")): _name(group.get("handle")) for group in answer.get("usergroups") or ()}

    async def _ask_place(self, channel: str) -> Place:
        try:
            async with self._turns:
                answer = await self.client.conversations_info(channel=channel)
        except SlackApiError as error:
            if code_of(error) in _ABSENT:
                return Place(present=False)
            raise
        found = _inside(answer, "channel")
        return Place(str(found.get("creator") or ""), found.get("is_member") is not False)


async def _told(about: str, asking: Awaitable[T], otherwise: T) -> T:
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await asking
    except SILENT as error:
        why = code_of(error) if isinstance(error, SlackApiError) else type(error).__name__
        log.warning("slack does not tell", extra={"about": about, "why": why})
        return otherwise


def _name(told: Any) -> str:
    """One line in which no platform sees a mention: Slack's and Discord's own begin with "<"."""
    if not isinstance(told, str):
        return ""
    return shortened(" ".join(unmentioned(told).translate(_LOOKALIKES).split()), NAME_CHARS)


def _inside(answer: Any, name: str) -> Mapping[str, Any]:
    found = answer.get(name)
    return found if isinstance(found, Mapping) else {}
