"""Answers find their way: to the person alone, into a window, or beside what was said where others read too."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
from msgspec.structs import replace
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.recent import Recent
from adapters.slack_blocks import SlackMessage, messages
from adapters.slack_events import Asked, origin_of
from adapters.slack_views import loading, window
from digest.types import Answerer, CommandSpec, Message

log = logging.getLogger(__name__)

RESPONSES = 5  # to one response_url: https://docs.slack.dev/interactivity/handling-user-interaction
LOCALE_S = 3600.0
LOCALE_PATIENCE_S = 2.0  # an answer in the channel's language is better than a late one
LOCALES_AT_ONCE = 16  # more begun in one turn of the event loop would hold it up
_PEOPLE = 10_000
_WINDOWS = 1_000


class SlackAnswers:
    """Answers what people of one workspace ask. `session` is closed by who gave it."""

    def __init__(
        self, client: AsyncWebClient, session: aiohttp.ClientSession, commands: Sequence[CommandSpec], answer: Answerer
    ) -> None:
        self._client = client
        self._session = session
        self._windows = {command.name for command in commands if command.window}
        self._answer = answer
        self._locales = Locales(client)
        self._rendering = asyncio.Semaphore(1)  # threads side by side would take the interpreter from the event loop
        self._newest: Recent[Asked] = Recent(_WINDOWS)  # what each window was asked last

    async def attend(self, asked: Asked) -> None:
        """Answers; what goes wrong is logged."""
        try:
            await self._attended(asked)
        except Exception:
            log.exception("an answer did not arrive", extra={"command": asked.invocation.name})

    async def _attended(self, asked: Asked) -> None:
        view = asked.view
        if not view and asked.trigger and asked.invocation.name in self._windows:
            view = await self._opened(asked)
        if view:
            self._newest[view] = asked
        language = await self._locales.language(asked.invocation.person)
        message = await self._answer(replace(asked.invocation, language=language))
        if view:
            await self._fill(view, asked, message)
            return
        async with self._rendering:
            parts = await asyncio.to_thread(messages, message)
        await (self._tell_all(asked, parts) if asked.said else self._tell(asked, parts))

    # --- windows -----------------------------------------------------------------------------------------------------

    async def _opened(self, asked: Asked) -> str:
        """The id of a new window, which waits for its answer; "" when Slack opens none, for example too late."""
        view = loading(origin_of(asked.invocation))
        try:
            answer = await self._client.views_open(trigger_id=asked.trigger, view=view)
        except SlackApiError as error:
            log.warning("slack opens no window", extra={"why": _code(error)})
            return ""
        return str(answer["view"]["id"])

    async def _fill(self, view: str, asked: Asked, message: Message) -> None:
        async with self._rendering:
            content = await asyncio.to_thread(window, message, origin_of(asked.invocation))
        if self._newest.get(view) is not asked:  # something else was pressed there in the meantime
            return
        try:
            await self._client.views_update(view_id=view, view=content)
        except SlackApiError as error:
            if _code(error) != "not_found":  # which it is once it was closed
                raise

    # --- messages ----------------------------------------------------------------------------------------------------

    async def _tell_all(self, asked: Asked, parts: Sequence[SlackMessage]) -> None:
        """Beside what was said."""
        for part in parts:
            await self._client.chat_postMessage(
                channel=asked.invocation.channel,
                thread_ts=asked.under or None,
                unfurl_links=False,
                unfurl_media=False,
                **_content(part),
            )

    async def _tell(self, asked: Asked, parts: Sequence[SlackMessage]) -> None:
        """The person alone. A response_url works where the app is not, but reaches no thread."""
        for number, part in enumerate(parts):
            if asked.response_url and not asked.invocation.thread and number < RESPONSES:
                await self._respond(asked.response_url, part)
            else:
                await self._client.chat_postEphemeral(
                    channel=asked.invocation.channel,
                    user=asked.invocation.person,
                    thread_ts=asked.invocation.thread or None,
                    **_content(part),
                )

    async def _respond(self, response_url: str, part: SlackMessage) -> None:
        webhook = AsyncWebhookClient(
            response_url,
            session=self._session,
            retry_handlers=[AsyncRateLimitErrorRetryHandler(max_retry_count=2)],
        )
        response = await webhook.send(
            text=part.text, blocks=part.blocks, response_type="ephemeral", replace_original=False
        )
        if response.status_code != 200:
            log.error("slack takes no answer", extra={"status": response.status_code})


class Locales:
    """The languages of people as their Slack is set, asked once an hour."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: Recent[tuple[float, asyncio.Task[str]]] = Recent(_PEOPLE)  # until when, in time.monotonic()
        self._turns = asyncio.Semaphore(LOCALES_AT_ONCE)

    async def language(self, person: str) -> str:
        """A language such as "en" or "zh"; "" when Slack does not say."""
        until_s, asking = self._known.get(person, (0.0, None))
        if asking is None or time.monotonic() > until_s:
            asking = asyncio.create_task(self._asked(person))
            self._known[person] = (time.monotonic() + LOCALE_S, asking)
        try:
            async with asyncio.timeout(LOCALE_PATIENCE_S):
                return await asyncio.shield(asking)
        except TimeoutError:
            return ""

    async def _asked(self, person: str) -> str:
        try:
            async with self._turns:
                answer = await self._client.users_info(user=person, include_locale=True)
            locale = (answer.get("user") or {}).get("locale") or ""
        except (SlackApiError, aiohttp.ClientError, OSError, AttributeError, ValueError) as error:
            log.warning("slack does not tell a locale", extra={"why": type(error).__name__})
            self._known.pop(person, None)
            return ""
        return str(locale).replace("_", "-").partition("-")[0].lower()


def _content(part: SlackMessage) -> dict[str, Any]:
    return {"text": part.text, "blocks": part.blocks, "link_names": False, "parse": "none"}


def _code(error: SlackApiError) -> str:
    told = getattr(error.response, "data", None)
    return str(told.get("error", "")) if isinstance(told, Mapping) else ""
