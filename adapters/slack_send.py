"""Posting to Slack, once: no retries of its own, the delivery's key with every message, and a way to look it up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.pace import Pace, Rank, Turn
from adapters.slack_blocks import one
from adapters.slack_errors import ThreadGone, refusal
from adapters.slack_ids import is_person
from digest.errors import DestinationClosed, MaybeSent, NotSent
from digest.types import Destination, Message, Posted

log = logging.getLogger(__name__)

API_URL = "https://slack.com/api/"
TIMEOUT_S = 15.0
# "One message per second per channel" and "several hundred messages per minute" in a workspace:
# https://docs.slack.dev/apis/web-api/rate-limits#posting-messages
CHANNEL_GAP_S = 1.0
WORKSPACE_GAP_S = 0.2
LONGEST_TURN_S = 5.0
PAGE_MESSAGES = 200  # https://docs.slack.dev/apis/web-api/pagination recommends no more
CLOCK_SKEW_S = 300.0  # how far our clock and Slack's may be apart when a message is looked for
EVENT_TYPE = "paperboy_delivery"  # of the metadata: https://docs.slack.dev/messaging/message-metadata

Answer = Mapping[str, Any]
_ALL = ""  # the one lane of a workspace


class SlackPublisher:
    """Posts to the channels and people of one workspace, those its bot token is for. See digest.types.Publisher."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str = API_URL,
        timeout_s: float = TIMEOUT_S,
        channel_gap_s: float = CHANNEL_GAP_S,
        workspace_gap_s: float = WORKSPACE_GAP_S,
    ) -> None:
        sdk_log = log.getChild("sdk")
        sdk_log.setLevel(logging.INFO)  # below that the SDK writes down whole messages
        self._client = AsyncWebClient(
            token,
            base_url=api_url,
            timeout=math.ceil(timeout_s) + 1,
            retry_handlers=[],  # the SDK's own would send again what a dropped connection may have delivered
            logger=sdk_log,
        )
        self._timeout_s = timeout_s
        self._channels = Pace(channel_gap_s)
        self._workspace = Pace(workspace_gap_s)
        self._clock_gap_s = math.inf  # between time.monotonic() and Slack's clock, at most
        self._direct: dict[str, str] = {}  # person -> the conversation with them
        self.team_id = ""  # of the workspace, once `team` was asked
        self._asking: asyncio.Task[None] | None = None

    @property
    def timeout_s(self) -> float:
        return self._timeout_s

    async def team(self) -> str:
        """The id of the workspace, asked once however many want to know. Raises as `post` does."""
        if not self.team_id:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self._ask_team())
            await asyncio.shield(self._asking)
        return self.team_id

    async def _ask_team(self) -> None:
        try:
            self.team_id = _text(await self._asked(self._client.auth_test, "the workspace"), "team_id")
        except MaybeSent as error:  # nothing was to be sent yet
            raise NotSent("Slack does not say which workspace a token is for.", error.retry_after_s) from error

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        content = await asyncio.to_thread(one, message)
        async with self._turn(to) as turns:
            started_s = time.monotonic()
            answer = await self._asked(
                self._client.chat_postMessage,
                str(to),
                channel=under.channel if under else to.address,
                thread_ts=(under.thread or None) if under else None,
                text=content.text,
                blocks=content.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                unfurl_links=False,
                unfurl_media=False,
                link_names=False,
                parse="none",
            )
            channel, sent_at = _text(answer, "channel"), _text(answer, "ts")
            counted_s = self._counted_s(started_s, sent_at)
            for turn in turns:
                turn.counted_s = counted_s
        if channel != to.address:
            self._direct[to.address] = channel
        if "metadata_too_large" in _warnings(answer):
            log.error("slack dropped the key of a message", extra={"channel": channel, "ts": sent_at})
        return Posted(channel, sent_at, (under.thread if under else "") or sent_at)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        content = await asyncio.to_thread(one, message)
        # Metadata that is not given stays: https://docs.slack.dev/reference/methods/chat.update
        await self._asked(
            self._client.chat_update,
            str(to),
            channel=posted.channel,
            ts=posted.message,
            text=content.text,
            blocks=content.blocks,
            link_names=False,
            parse="none",
        )

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        channel = under.channel if under else await self._conversation(to)
        thread = under.thread if under else ""
        oldest = f"{since.timestamp() - CLOCK_SKEW_S:.6f}"
        cursor = ""
        while True:
            page = await self._page(to, channel, thread, oldest=oldest, cursor=cursor)
            for message in page["messages"]:
                if _key(message) == key:
                    return Posted(channel, message["ts"], message.get("thread_ts") or message["ts"])
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return None

    async def link(self, to: Destination, posted: Posted) -> str:
        """Where people open a message. Raises as `post` does."""
        method = self._client.chat_getPermalink
        return _text(await self._asked(method, str(to), channel=posted.channel, message_ts=posted.message), "permalink")

    async def _page(self, to: Destination, channel: str, thread: str, **span: str) -> Answer:
        """A page of a thread, or of a conversation without its threads, which Slack tells apart."""
        method, where = (
            (self._client.conversations_replies, {"ts": thread}) if thread else (self._client.conversations_history, {})
        )
        wanted = {name: value for name, value in span.items() if value}
        try:
            page = await self._asked(
                method, str(to), channel=channel, limit=PAGE_MESSAGES, include_all_metadata=True, **where, **wanted
            )
        except ThreadGone:
            return {"messages": []}
        if not isinstance(page.get("messages"), list):
            raise MaybeSent(f"Slack's answer about {to} is not as documented; it is asked again.")
        return page

    async def _conversation(self, to: Destination) -> str:
        """The id that history is asked by: a person's direct messages have one of their own."""
        if not is_person(to.address):
            return to.address
        if to.address not in self._direct:
            answer = await self._asked(self._client.conversations_open, str(to), users=to.address)
            self._direct[to.address] = _text(answer.get("channel") or {}, "id")
        return self._direct[to.address]

    @asynccontextmanager
    async def _turn(self, to: Destination) -> AsyncIterator[tuple[Turn, Turn]]:
        """Waits until a message may be sent, people after channels. Raises NotSent rather than wait for long: the
        outbox counts the time in which the platform may still apply a request from when it handed it over."""
        rank = Rank.PERSON if is_person(to.address) else Rank.CHANNEL
        wait_s = max(self._channels.wait_s(to.address), self._workspace.wait_s(_ALL, rank))
        later = f"Many messages are waiting to be sent to Slack; the one for {to} comes later."
        if wait_s > LONGEST_TURN_S:
            raise NotSent(later, wait_s)
        async with AsyncExitStack() as turns:
            try:
                async with asyncio.timeout(LONGEST_TURN_S):  # channels may have come in between
                    taken = (
                        await turns.enter_async_context(self._channels.turn(to.address)),
                        await turns.enter_async_context(self._workspace.turn(_ALL, rank)),
                    )
            except TimeoutError as error:
                raise NotSent(later, self._workspace.wait_s(_ALL, rank)) from error
            yield taken

    def _counted_s(self, started_s: float, sent_at: str) -> float:
        """Slack counts from when a message arrived. That lies between sending and answer; `ts`, once the clocks have
        been compared, says it closer, so that the way back of an answer is not waited for each time."""
        arrived_s = answered_s = time.monotonic()
        with contextlib.suppress(ValueError):  # servers that are only like Slack may have other ids
            slack_s = float(sent_at)
            self._clock_gap_s = min(self._clock_gap_s, answered_s - slack_s)
            arrived_s = min(answered_s, max(started_s, slack_s + self._clock_gap_s))
        return arrived_s

    async def _asked(self, method: Callable[..., Awaitable[Any]], place: str, **arguments: Any) -> Answer:
        """Slack's answer. Raises a DeliveryError for everything else."""
        try:
            async with asyncio.timeout(self._timeout_s):
                answer = (await method(**arguments)).data
        except SlackApiError as error:
            raise refusal(error, place) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientHttpProxyError, aiohttp.InvalidURL) as error:
            sentence = f"Slack cannot be reached for {place}: no connection. Check the network and slack.api_url."
            raise NotSent(sentence) from error
        # AttributeError and ValueError are what the SDK makes of an answer that is not JSON
        except (TimeoutError, aiohttp.ClientError, OSError, AttributeError, ValueError) as error:
            raise MaybeSent(f"Slack did not answer for {place}: it is asked whether the message arrived.") from error
        return answer if isinstance(answer, Mapping) else {}


class SlackWorkspaces:
    """The publishers of several workspaces as one: a destination's workspace says whose it is."""

    def __init__(self, publishers: Sequence[SlackPublisher]) -> None:
        self._publishers = publishers

    @property
    def timeout_s(self) -> float:
        return max(publisher.timeout_s for publisher in self._publishers)

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        return await (await self._of(to)).post(to, message, under=under, key=key)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        await (await self._of(to)).edit(to, posted, message)

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        return await (await self._of(to)).find(to, key, under=under, since=since)

    async def link(self, to: Destination, posted: Posted) -> str:
        return await (await self._of(to)).link(to, posted)

    async def _of(self, to: Destination) -> SlackPublisher:
        if not to.workspace and len(self._publishers) == 1:
            return self._publishers[0]
        for publisher in self._publishers:
            if to.workspace and publisher.team_id == to.workspace:
                return publisher
        asked = [publisher.team() for publisher in self._publishers]
        teams = await asyncio.gather(*asked, return_exceptions=True)  # one that is broken must not hold the others
        for publisher, team in zip(self._publishers, teams, strict=True):
            if team == to.workspace:
                return publisher
        for team in teams:
            if isinstance(team, BaseException):
                raise team
        raise DestinationClosed(
            f"No Slack token is set for {to}. There are tokens for {', '.join(map(str, teams))}: "
            f"write slack:{teams[0]}/{to.address}, or set the token of that workspace."
        )


def _text(answer: Answer, name: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value:
        raise MaybeSent("Slack's answer is not as documented: it is asked whether the message arrived.")
    return value


def _warnings(answer: Answer) -> Sequence[str]:
    told = (answer.get("response_metadata") or {}).get("warnings") or ()
    return [*told, *str(answer.get("warning", "")).split(",")]


def _key(message: Answer) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    key = (metadata.get("event_payload") or {}).get("key")
    return key if isinstance(key, str) else None
