"""Posting to Discord, once: no retries of its own, a mark with every message, and a way to look it up."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.discord_errors import (
    ARCHIVED,
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    THREAD_EXISTS,
    UNKNOWN_CHANNEL,
    UNKNOWN_MESSAGE,
    code_of,
)
from adapters.discord_messages import Json, mark_for, mark_of, nonce_for, one, thread_name
from adapters.discord_places import Kind, Place, Places, lacks
from adapters.discord_rest import Rest, told
from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from digest.types import Destination, Message, Posted

PAGE_MESSAGES = 100  # https://docs.discord.com/developers/resources/message#get-channel-messages
CLOCK_SKEW = timedelta(minutes=5)  # how far our clock and Discord's may be apart when a message is looked for
SUPPRESS_NOTIFICATIONS = 1 << 12  # https://docs.discord.com/developers/resources/message#message-object-message-flags
PREPARE_S = 10.0
NONCE_S = 60.0  # Discord knows a nonce for "a few minutes"
EPOCH = datetime(2015, 1, 1, tzinfo=UTC)  # https://docs.discord.com/developers/reference#snowflakes
WEB_URL = "https://discord.com/channels"


class DiscordPublisher:
    """Posts to channels, forums and people. See digest.types.Publisher.

    A message in a text channel has a thread, made with it; a forum's message is the first one of its post. `Posted`
    names the channel or forum, the message, and the thread, which has the id of its first message.
    """

    def __init__(self, rest: Rest, places: Places) -> None:
        self._rest = rest
        self._places = places

    @property
    def timeout_s(self) -> float:
        return self._rest.timeout_s

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        content = (await asyncio.to_thread(one, message, mark_for(key))).body()
        place = await self._prepared(to, under)
        try:
            if under is not None:
                replied = await self._sent(to, place, _inside(under), content, key, rings=False)
                return Posted(under.channel, replied, under.thread)
            if place.kind is Kind.FORUM:
                return await self._opened(to, place, message, content)
            posted = await self._sent(to, place, place.id, content, key, rings=not place.guild)
        except DestinationClosed as error:
            raise await self._explained(to, place, error) from error
        if place.kind is Kind.FLAT:
            return Posted(place.id, posted)
        await self._with_thread(to, place, posted, thread_name(message))
        return Posted(place.id, posted, posted)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        place = await self._places.at(to)
        channel = posted.channel if _is_starter(posted) and place.kind is not Kind.FORUM else _inside(posted)
        try:
            await self._edited(to, place, f"/channels/{channel}/messages/{posted.message}", message)
        except DestinationClosed as error:
            raise await self._explained(to, place, error) from error

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        place = await self._places.at(to)
        mark, oldest = mark_for(key), since - CLOCK_SKEW
        try:
            if under is None and place.kind is Kind.FORUM:
                found = await self._post_marked(to, place, mark, oldest)
            else:
                found = await self._marked(to, place, _inside(under) if under else place.id, mark, oldest)
        except DestinationClosed as error:
            raise await self._explained(to, place, error) from error
        if found is None:
            # Without the permission to read, Discord says that there is nothing
            self._places.forget(to)
            await self._places.allow(place)
            return None
        message = str(found["id"])
        if under is not None:
            return Posted(under.channel, message, under.thread)
        if place.kind is Kind.TEXT and not found.get("thread"):
            await self._with_thread(to, place, message, _title_of(found))
        return Posted(place.id, message, "" if place.kind is Kind.FLAT else message)

    async def link(self, to: Destination, posted: Posted) -> str:
        """Where the message can be opened, with its thread if it has one."""
        place = await self._places.at(to)
        return f"{WEB_URL}/{place.guild or '@me'}/{_inside(posted)}/{posted.message}"

    async def _prepared(self, to: Destination, under: Posted | None) -> Place:
        """Where it goes, when the bot may post there. Raises NotSent rather than ask for long: the outbox counts the
        time in which Discord may still apply a request from when it handed it over."""
        try:
            async with asyncio.timeout(PREPARE_S):
                place = await self._places.at(to)
                self._places.admit(place)
                if under is None:
                    await self._places.allow(place)
        except TimeoutError as error:
            raise NotSent(f"Discord is slow to tell about {to}; it is tried again later.") from error
        return place

    # --- sending -----------------------------------------------------------------------------------------------------

    async def _sent(self, to: Destination, place: Place, channel: str, content: Json, key: str, *, rings: bool) -> str:
        """Sends a message to a channel or thread and gives its id. A phone `rings` only for what a person gets alone,
        once for all of it: not for the cards that follow."""
        flags = {} if rings else {"flags": SUPPRESS_NOTIFICATIONS}
        body = {**content, **flags, "nonce": nonce_for(key), "enforce_nonce": True}
        path = f"/channels/{channel}/messages"
        answer = await self._rest.call("POST", path, str(to), body, rank=place.rank)
        if answer and not answer.get("embeds"):
            await self._taken_back(to, place, f"{path}/{_id(answer)}")
        return _id(answer)

    async def _edited(self, to: Destination, place: Place, path: str, message: Message) -> None:
        before = await self._rest.call("GET", path, str(to), rank=place.rank)
        content = (await asyncio.to_thread(one, message, mark_of(before))).body()
        try:
            await self._rest.call("PATCH", path, str(to), content, rank=place.rank)
        except MessageRefused as error:
            if code_of(error) != ARCHIVED:
                raise
            await self._rest.call("PATCH", path.partition("/messages/")[0], str(to), {"archived": False})
            await self._rest.call("PATCH", path, str(to), content)

    async def _taken_back(self, to: Destination, place: Place, path: str) -> None:
        """Deletes a message that Discord left without its text. Raises DestinationClosed, or NotSent when that had
        been done before, or MaybeSent when it may still be there."""
        try:
            await self._rest.call("DELETE", path, str(to))
        except DeliveryError as error:
            if code_of(error) == UNKNOWN_MESSAGE:  # taken back before: Discord still takes the nonce for that message
                raise NotSent(f"A message for {to} had lost its text; it is tried again later.", NONCE_S) from error
            raise MaybeSent(f"A message for {to} has lost its text: {error}", error.retry_after_s) from error
        self._places.forget(to)
        raise DestinationClosed(lacks(place, await self._places.lacking(place) or ["Embed Links"]))

    async def _opened(self, to: Destination, place: Place, message: Message, content: Json) -> Posted:
        """A post in a forum; Discord takes no nonce with it."""
        first = {**content, "flags": SUPPRESS_NOTIFICATIONS}
        body = {"name": thread_name(message), "message": first}
        thread = _id(await self._rest.call("POST", f"/channels/{place.id}/threads", str(to), body))
        return Posted(place.id, thread, thread)

    async def _with_thread(self, to: Destination, place: Place, message: str, name: str) -> None:
        """Makes the message's thread, unless it is there. Raises MaybeSent: the message itself has been sent, and is
        to be looked for before anything else, which makes the thread as well."""
        try:
            await self._rest.call("POST", f"/channels/{place.id}/messages/{message}/threads", str(to), {"name": name})
        except MaybeSent:
            raise
        except DeliveryError as error:
            if code_of(error) == THREAD_EXISTS:
                return
            if isinstance(error, DestinationClosed):
                error = await self._explained(to, place, error)
            sentence = f"The message is there, but not yet its thread: {error}"
            raise MaybeSent(sentence, error.retry_after_s) from error

    async def _explained(self, to: Destination, place: Place, error: DestinationClosed) -> DeliveryError:
        """The error with what is behind it: permissions that the bot lacks, or a thread that people deleted."""
        self._places.doubt(to)
        try:
            if code_of(error) in {MISSING_ACCESS, MISSING_PERMISSIONS}:
                missing = await self._places.lacking(place)
                return DestinationClosed(lacks(place, missing)) if missing else error
            if code_of(error) == UNKNOWN_CHANNEL:
                if (await self._places.at(to)).id != place.id:
                    return NotSent(f"The conversation with {to} is another by now; it is tried there.")
                return MessageGone(f"The thread of a message for {to} is gone; what people deleted is not made again.")
        except DeliveryError:
            return error
        return error

    # --- looking -----------------------------------------------------------------------------------------------------

    async def _marked(
        self, to: Destination, place: Place, channel: str, mark: str, oldest: datetime
    ) -> Mapping[str, Any] | None:
        """The bot's own message with the mark in a channel or thread."""
        me = await self._places.me()
        after = str(_snowflake(oldest))
        while True:
            query = {"after": after, "limit": str(PAGE_MESSAGES)}
            try:
                page = await told(self._rest, f"/channels/{channel}/messages", str(to), query, rank=place.rank)
            except DestinationClosed as error:
                if code_of(error) == UNKNOWN_CHANNEL and channel != place.id:
                    return None  # a thread that people deleted
                raise
            for message in page:
                if message["author"]["id"] == me and mark_of(message) == mark:
                    return dict(message)
            if len(page) < PAGE_MESSAGES:
                break
            after = str(max(int(message["id"]) for message in page))
        return None

    async def _post_marked(
        self, to: Destination, place: Place, mark: str, oldest: datetime
    ) -> Mapping[str, Any] | None:
        """The first message, with the mark, of a post in a forum."""
        async for thread in self._posts(to, place, oldest):
            try:
                first = await told(self._rest, f"/channels/{thread}/messages/{thread}", str(to))
            except (MessageRefused, DestinationClosed) as error:
                if code_of(error) not in {UNKNOWN_MESSAGE, UNKNOWN_CHANNEL}:
                    raise
            else:
                if mark_of(first) == mark:
                    return dict(first)
        return None

    async def _posts(self, to: Destination, place: Place, oldest: datetime) -> AsyncIterator[str]:
        """The forum's posts by the bot that were made since, active and archived ones."""
        me, first = await self._places.me(), _snowflake(oldest)
        active = await told(self._rest, f"/guilds/{place.guild}/threads/active", str(to))
        for thread in active["threads"]:
            if thread["parent_id"] == place.id and thread["owner_id"] == me and int(thread["id"]) >= first:
                yield thread["id"]
        query = {"limit": "100"}
        while True:
            page = await told(self._rest, f"/channels/{place.id}/threads/archived/public", str(to), query)
            for thread in page["threads"]:
                if thread["owner_id"] == me and int(thread["id"]) >= first:
                    yield thread["id"]
            if not page["has_more"] or not page["threads"]:
                return
            query["before"] = page["threads"][-1]["thread_metadata"]["archive_timestamp"]
            if datetime.fromisoformat(query["before"]) < oldest:  # they are archived after they are made
                return


def _is_starter(posted: Posted) -> bool:
    return posted.message == posted.thread


def _inside(posted: Posted) -> str:
    """The thread, or the conversation of what has none."""
    return posted.thread or posted.channel


def _id(answer: Json) -> str:
    identity = answer.get("id") if isinstance(answer, Mapping) else None
    if not isinstance(identity, str) or not identity:
        raise MaybeSent("Discord's answer is not as documented: it is asked whether the message arrived.")
    return identity


def _snowflake(moment: datetime) -> int:
    """The least id of what was made then."""
    return max(0, (moment - EPOCH) // timedelta(milliseconds=1)) << 22


def _title_of(message: Mapping[str, Any]) -> str:
    """What a thread under a message that was sent earlier is called."""
    embeds = message.get("embeds") or [{}]
    return thread_name(Message(title=re.sub(r"\\(.)", r"\1", embeds[0].get("title") or "")))
