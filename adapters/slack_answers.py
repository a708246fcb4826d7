"""Answers find their way: to the person alone, into a window or their home tab, or beside what was said where others
read too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import aiohttp
from msgspec.structs import replace
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from adapters.recent import Recent
from adapters.slack_blocks import SlackMessage, messages
from adapters.slack_errors import code_of
from adapters.slack_events import HOME, Asked, opener, origin_of
from adapters.slack_people import SlackPeople
from adapters.slack_rich import Element
from adapters.slack_rights import SlackRights
from adapters.slack_views import home, loading, window
from digest.errors import NotSent
from digest.types import FOLLOW, HEARD, Answerer, CommandSpec, Message

log = logging.getLogger(__name__)

# To one response_url, within 30 minutes: https://docs.slack.dev/interactivity/handling-user-interaction
RESPONSES = 5
FOLLOW_S = 25 * 60.0
# A form's ack, which Slack wants within 3 s, brings the answer that is ready by then: one that was sent right behind an
# ack without it might arrive before that ack
ACK_S = 1.0
_WINDOWS = 1_000


class SlackAnswers:
    """Answers what people of one workspace ask. `session` is closed by who gave it."""

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        commands: Sequence[CommandSpec],
        answer: Answerer,
        people: SlackPeople,
        rights: SlackRights,
    ) -> None:
        self._client = client
        self._session = session
        self._windows = {command.name for command in commands if command.window or command.form}
        self._managed = {command.name for command in commands if command.managed}
        self._has_home = any(command.name == HOME for command in commands)
        self._answer = answer
        self._people = people
        self._rights = rights
        self._rendering = asyncio.Semaphore(1)  # threads side by side would take the interpreter from the event loop
        self._newest: Recent[Asked] = Recent(_WINDOWS)  # what each window was asked last

    async def attend(self, asked: Asked, shown: asyncio.Future[Element] | None = None) -> None:
        """Answers; what goes wrong is logged. `shown` is given what takes the place of the form that was submitted."""
        try:
            if shown is not None:
                await self._submitted(asked, shown)
            elif asked.invocation.name == HOME and not asked.opens:
                await self._publish(asked)
            else:
                await self._attended(asked)
            if asked.home:
                await self._publish(asked)
        except Exception:
            log.exception("an answer did not arrive", extra={"command": asked.invocation.name})

    async def _attended(self, asked: Asked) -> None:
        view = asked.view
        if not view and asked.trigger and (asked.opens or asked.invocation.name in self._windows):
            view = await self._opened(asked, loading(origin_of(asked)))
        if view:
            self._newest[view] = asked
        message = await self._answered(asked)
        if view:
            await self._fill(view, asked, message)
            return
        if message.form is not None:
            if asked.trigger and await self._opened(asked, window(message, origin_of(asked))):
                return
            message = _without_form(message, asked)
        told = await self._show(asked, message)
        if message.follow:
            await self._follow(asked, message.follow, told)

    async def _show(self, asked: Asked, message: Message, told: int = 0) -> int:
        """Gives how many parts have been told in all, with `told` before."""
        async with self._rendering:
            parts = await asyncio.to_thread(messages, message)
        in_private = asked.invocation.channel and not asked.said
        await (self._tell(asked, parts, told) if in_private else self._tell_all(asked, parts))
        return told + len(parts)

    async def _follow(self, asked: Asked, follow: str, told: int) -> None:
        """The rest of an answer, as long as Slack takes it."""
        rest = replace(asked, invocation=replace(asked.invocation, name=FOLLOW, args=follow))
        try:
            async with asyncio.timeout(FOLLOW_S):
                message = await self._answered(rest)
        except TimeoutError:
            log.info("an answer took too long", extra={"command": asked.invocation.name})
            return
        await self._show(asked, message, told)
        await self._answered(replace(rest, invocation=replace(rest.invocation, name=HEARD)))

    async def _answered(self, asked: Asked) -> Message:
        """The answer to a person of whom it is known what matters for it."""
        invocation = asked.invocation
        profile = self._people.profile(invocation.person)
        if asked.submitted or invocation.name in self._managed:
            known, rights = await asyncio.gather(profile, self._rights.of(invocation.person, invocation.channel))
            invocation = replace(invocation, **rights._asdict())
        else:
            known = await profile
        return await self._answer(replace(invocation, language=known.language, timezone=known.timezone))

    async def _submitted(self, asked: Asked, shown: asyncio.Future[Element]) -> None:
        """The answer takes the form's place; one that takes its time comes after a sign that it is on its way."""
        origin = origin_of(asked)
        self._newest[asked.view] = asked
        answering = asyncio.ensure_future(self._answered(asked))
        try:
            ready, _ = await asyncio.wait({answering}, timeout=ACK_S)
            if ready:
                async with self._rendering:
                    shown.set_result(await asyncio.to_thread(window, await answering, origin))
                return
            shown.set_result(loading(origin))
            await self._fill(asked.view, asked, await answering)
        finally:
            answering.cancel()
            if not shown.done():
                shown.set_result(loading(origin))

    # --- the home tab ------------------------------------------------------------------------------------------------

    async def _publish(self, asked: Asked) -> None:
        """Shows the person their home tab as it is now."""
        if not self._has_home:
            return
        who = replace(asked.invocation, name=HOME, args="", channel="", thread="", message="", answers={})
        message = await self._answered(Asked(invocation=who))
        async with self._rendering:
            view = await asyncio.to_thread(home, message, HOME)
        await self._client.views_publish(user_id=who.person, view=view)

    # --- windows -----------------------------------------------------------------------------------------------------

    async def _opened(self, asked: Asked, view: Element) -> str:
        """The id of a new window; "" when Slack opens none, for example too late."""
        try:
            answer = await self._client.views_open(trigger_id=asked.trigger, view=view)
        except SlackApiError as error:
            log.warning("slack opens no window", extra={"why": code_of(error)})
            return ""
        return str(answer["view"]["id"])

    async def _fill(self, view: str, asked: Asked, message: Message) -> None:
        async with self._rendering:
            content = await asyncio.to_thread(window, message, origin_of(asked))
        if self._newest.get(view) is not asked:  # something else was pressed there in the meantime
            return
        try:
            await self._client.views_update(view_id=view, view=content)
        except SlackApiError as error:
            if code_of(error) != "not_found":  # which it is once it was closed
                raise

    # --- messages ----------------------------------------------------------------------------------------------------

    async def _tell_all(self, asked: Asked, parts: Sequence[SlackMessage]) -> None:
        """Beside what was said; in the conversation with the person what was asked in no other place."""
        for part in parts:
            await self._client.chat_postMessage(
                channel=asked.invocation.channel or asked.invocation.person,
                thread_ts=asked.under or None,
                unfurl_links=False,
                unfurl_media=False,
                **_content(part),
            )

    async def _tell(self, asked: Asked, parts: Sequence[SlackMessage], told: int) -> None:
        """The person alone. A response_url works where the app is not, but reaches no thread."""
        for number, part in enumerate(parts, told):
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
            raise NotSent(f"Slack takes no answer: status {response.status_code}.")


def _without_form(message: Message, asked: Asked) -> Message:
    """The message with a button that opens its form."""
    if message.form is None:
        return message
    opens = opener(message.form, asked.invocation.name, asked.invocation.args)
    title = message.title if message.title or message.blocks else message.form.title
    return replace(message, title=title, form=None, actions=(opens, *message.actions))


def _content(part: SlackMessage) -> dict[str, Any]:
    return {"text": part.text, "blocks": part.blocks, "link_names": False, "parse": "none"}
