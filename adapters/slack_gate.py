"""Whether Slack lets the app in, and where: tokens, the workspace, channels."""

from __future__ import annotations

import logging
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import aiohttp
from msgspec import Struct
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from adapters.backoff import Backoff
from adapters.slack_errors import code_of, refusal
from adapters.slack_ids import ADMINS, is_group, is_person
from digest.errors import DeliveryError, DestinationClosed, NotSent
from digest.types import Destination

log = logging.getLogger(__name__)

_APP_LEVEL = (
    "Set SLACK_APP_TOKEN to the app-level token that begins with xapp- and has the scope connections:write: "
    "Basic Information, App-Level Tokens in the app's settings."
)
_NO_EDITOR = (
    "This is neither a person (U024BE7LH), nor a user group (S0614TZR7), nor admins. Correct it under editors in the "
    "settings."
)
# Of https://docs.slack.dev/reference/methods/usergroups.users.list
_GROUP_UNREAD = {
    "missing_scope": "the app lacks usergroups:read. Add it under OAuth & Permissions, and reinstall the app.",
    "no_such_subteam": "there is no such user group. Correct its id under editors in the settings.",
    "plan_upgrade_required": "the workspace's plan has no user groups. Name people under editors in the settings.",
    "permission_denied": "the app may not see the workspace's user groups. Name people under editors in the settings.",
}

T = TypeVar("T")


class Identity(Struct, frozen=True):
    """Who the bot token speaks for."""

    team: str
    user: str  # the bot's own


class Gate:
    """One installation of the app, by its two tokens."""

    def __init__(self, bot_token: str, app_token: str, *, api_url: str, timeout_s: float) -> None:
        self.bot_token = bot_token
        self.app_token = app_token
        self._api_url = api_url
        self._timeout_s = timeout_s

    def client(self, session: aiohttp.ClientSession | None = None) -> AsyncWebClient:
        """For what the bot does. It repeats only what was refused for its pace, which Slack did not do."""
        return self._client(self.bot_token, session)

    def app_client(self) -> AsyncWebClient:
        """For what the app does without being in a workspace: opening connections."""
        return self._client(self.app_token, None)

    async def identity(self) -> Identity:
        """Raises DestinationClosed, or NotSent when Slack cannot be asked."""
        answer = await self._told(self.client().auth_test(), "SLACK_BOT_TOKEN")
        return Identity(str(answer.get("team_id", "")), str(answer.get("user_id", "")))

    async def address(self) -> str:
        """Where to connect to, once. Raises as `identity` does."""
        opening = self.app_client().apps_connections_open(app_token=self.app_token)
        try:
            answer = await self._told(opening, "SLACK_APP_TOKEN")
        except DestinationClosed as error:
            raise DestinationClosed(f"Slack lets the app open no connection. {_APP_LEVEL}") from error
        return str(answer.get("url", ""))

    async def problems(self, destinations: Sequence[Destination], editors: Sequence[str]) -> list[tuple[str, str]]:
        """What keeps the app out, and which editors it cannot know, as (what it is about, a sentence that says what to
        do)."""
        found: list[tuple[str, str]] = []
        try:
            await self.address()
        except DeliveryError as error:
            found.append(("SLACK_APP_TOKEN", str(error)))
        try:
            me = await self.identity()
        except DeliveryError as error:
            return [*found, ("SLACK_BOT_TOKEN", str(error))]
        for to in destinations:
            try:
                sentence = await self._closed(to, me)
            except DeliveryError as error:
                sentence = str(error)
            if sentence:
                found.append((str(to), sentence))
        unknown = [(f"slack:{editor}", await self._unknown(editor)) for editor in editors]
        return [*found, *((about, sentence) for about, sentence in unknown if sentence)]

    async def _closed(self, to: Destination, me: Identity) -> str:
        """Why nothing can be posted there, "" when it can. Raises DeliveryError."""
        if to.workspace not in {"", me.team}:
            return f"SLACK_BOT_TOKEN is for the workspace {me.team}: write slack:{me.team}/{to.address}."
        if is_person(to.address):
            await self._told(self.client().users_info(user=to.address), str(to))
            return ""
        answer = await self._told(self.client().conversations_info(channel=to.address), str(to))
        channel = answer.get("channel") or {}
        name = f"#{channel.get('name', to.address)}"
        if channel.get("is_archived"):
            return f"{name} is archived. Unarchive it, or choose another channel."
        if not channel.get("is_member", True):
            return f"The app is not in {name}. Invite it there: /invite @Paperboy"
        return ""

    async def _unknown(self, editor: str) -> str:
        """Why an entry of the settings makes nobody an editor, "" when it does."""
        try:
            if is_group(editor):
                return await self._unread(editor)
            if is_person(editor):
                await self._told(self.client().users_info(user=editor), f"the editor {editor}")
            elif editor != ADMINS:
                return _NO_EDITOR
        except DeliveryError as error:
            return str(error)
        return ""

    async def _unread(self, group: str) -> str:
        """Why it is not known who is in a user group, "" when it is. Raises DeliveryError for what every call meets."""
        try:
            await self._told(self.client().usergroups_users_list(usergroup=group), f"the user group {group}")
        except DeliveryError as error:
            cause = error.__cause__
            why = _GROUP_UNREAD.get(code_of(cause)) if isinstance(cause, SlackApiError) else None
            if why is None:
                raise
            return f"Slack does not tell who is in {group}: {why}"
        return ""

    def _client(self, token: str, session: aiohttp.ClientSession | None) -> AsyncWebClient:
        return AsyncWebClient(
            token,
            base_url=self._api_url,
            timeout=math.ceil(self._timeout_s),
            session=session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
        )

    async def _told(self, call: Awaitable[Any], place: str) -> Mapping[str, Any]:
        try:
            answer = (await call).data
        except SlackApiError as error:
            refused = refusal(error, place)
            if isinstance(refused, DestinationClosed):
                raise refused from error
            raise NotSent(f"Slack gives no answer about {place} for now.", refused.retry_after_s) from error
        # AttributeError and ValueError are what the SDK makes of an answer that is not JSON
        except (TimeoutError, aiohttp.ClientError, OSError, AttributeError, ValueError) as error:
            raise NotSent(f"Slack cannot be reached for {place}. Check the network and slack.api_url.") from error
        return answer if isinstance(answer, Mapping) else {}


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks until there is an answer, with growing pauses.

    Raises DestinationClosed, and another DeliveryError after an outage of backoff.PATIENCE_S.
    """
    backoff = Backoff()
    while True:
        try:
            return await ask()
        except DestinationClosed:
            raise
        except DeliveryError as error:
            log.warning("slack cannot be asked", extra={"why": str(error)})
            await backoff.pause(error)
