"""Messages and threads: what each call needs, refuses and answers
(https://docs.discord.com/developers/resources/message, .../resources/channel, .../topics/threads).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.discord_calls import Answer, Call, Problem, Refused, known, need, own, readable, takes_text
from tests.discord_payloads import channel_told, message_told, stamp
from tests.discord_rules import V2, message_problems, thread_problems
from tests.discord_world import BOT_USER, LOADING, Channel, Kind, Message, Permission, World

P = Permission
_KEPT = ("content", "embeds", "components", "flags", "message_reference")
_THREAD_STARTER, _REPLY = 21, 19
_SUPPRESS_EMBEDS = 1 << 2
# What is sent with a flag: suppress embeds, ephemeral, suppress notifications, voice, components alone
_FLAGS = _SUPPRESS_EMBEDS | 1 << 6 | 1 << 12 | 1 << 13 | V2


def content_of(body: Any, at: tuple[str | int, ...] = ()) -> dict[str, Any]:
    """What a message keeps of a body. Raises Refused when it breaks a rule or would be empty."""
    if not isinstance(body, dict):
        raise Refused(50035, [Problem(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")])
    if problems := message_problems(body, at):
        raise Refused(50035, problems)
    content = {name: body[name] for name in _KEPT if body.get(name) is not None}
    if "content" in content:
        content["content"] = content["content"].strip()
    if "embeds" in content:
        content["embeds"] = [{"type": "rich", **embed} for embed in content["embeds"]]
    if "components" in content:
        content["components"] = _numbered(content["components"], itertools.count(1))
    content["flags"] = content.get("flags", 0) & _FLAGS
    if not any(content.get(name) for name in ("content", "embeds", "components")):
        raise Refused(50006)
    return content


def _numbered(components: list[dict[str, Any]], ids: Iterator[int]) -> list[dict[str, Any]]:
    """Components with the ids that Discord gives to those that have none."""
    told = []
    for component in components:
        own = {"id": next(ids), **component}
        if "components" in own:
            own["components"] = _numbered(own["components"], ids)
        for name in ("accessory", "component"):
            if own.get(name):
                [own[name]] = _numbered([own[name]], ids)
        told.append(own)
    return told


def pinged(world: World, body: Mapping[str, Any], *, everyone: bool) -> tuple[str, ...]:
    """Whom a message notifies: what its content mentions and `allowed_mentions` lets through; embeds notify nobody."""
    allowed = body.get("allowed_mentions")
    parse = {"users", "roles", "everyone"} if allowed is None else set(allowed.get("parse") or ())
    named = {str(one) for kind in ("users", "roles") for one in ((allowed or {}).get(kind) or ())}
    text = str(body.get("content") or "")
    people = [who for who in re.findall(r"<@!?(\d+)>", text) if who in world.people or who == BOT_USER]
    found = [who for who in people if "users" in parse or who in named]
    found += [role for role in re.findall(r"<@&(\d+)>", text) if "roles" in parse or role in named]
    if everyone and "everyone" in parse and re.search(r"@(everyone|here)", text):
        found.append("everyone")
    return tuple(dict.fromkeys(found))


# --- messages --------------------------------------------------------------------------------------------------------


def _may_send(world: World, channel: Channel) -> None:
    takes_text(channel)
    if channel.kind is Kind.DM:
        if world.people[channel.person].dms_closed:
            raise Refused(50007)
        return
    need(world, channel, P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES)
    if channel.locked and not world.permissions(channel) & P.MANAGE_THREADS:
        raise Refused(160005)


def _strip_embeds(world: World, channel: Channel, content: dict[str, Any]) -> None:
    """Without the right to them, embeds are left out in silence, unless nothing else would be left
    (https://github.com/discord/discord-api-docs/issues/2601)."""
    if content.get("embeds") and not world.permissions(channel) & P.EMBED_LINKS:
        if not content.get("content") and not content.get("components"):
            raise Refused(50013)
        del content["embeds"]


def _point(world: World, channel: Channel, content: dict[str, Any]) -> None:
    """Makes a reply point to a message that is there."""
    if (reference := content.pop("message_reference", None)) is None:
        return
    message = str(reference.get("message_id"))
    if world.find(channel.id, message) is not None:
        content["message_reference"] = {"type": 0, "message_id": message, "channel_id": channel.id}
    elif reference.get("fail_if_not_exists", True):
        raise Refused(50035, [Problem(("message_reference",), "REPLIES_UNKNOWN_MESSAGE", "Unknown message")])


def create_message(world: World, call: Call) -> Answer:
    """Sending to an archived thread reopens it, unless it is locked. A nonce is its author's, whatever the channel."""
    channel = known(world, call.channel)
    _may_send(world, channel)
    content = content_of(call.body)
    _strip_embeds(world, channel, content)
    nonce = call.body.get("nonce")
    if nonce is not None and call.body.get("enforce_nonce") and (known_by := world.remembered(str(nonce))):
        return message_told(world, known_by, just_sent=True)
    _point(world, channel, content)
    if channel.archived:
        change_thread(world, channel, archived=False)
    message = posted(world, channel, content, call.body, type=_REPLY if "message_reference" in content else 0)
    return message_told(world, message, just_sent=True)


def posted(world: World, channel: Channel, content: dict[str, Any], body: Mapping[str, Any], **more: Any) -> Message:
    """Writes down what the bot sent, and tells the gateway."""
    everyone = bool(world.permissions(channel) & P.MENTION_EVERYONE)
    nonce = None if body.get("nonce") is None else str(body["nonce"])
    notified = pinged(world, body, everyone=everyone)
    message = world.append(channel, BOT_USER, content, nonce=nonce, pinged=notified, **more)
    if not message.seen_only_by:
        world.tell("MESSAGE_CREATE", message_told(world, message, in_event=True))
    return message


def changed(world: World, message: Message, body: Any, at: tuple[str | int, ...] = ()) -> Message:
    """Edits a message; what is not named stays as it was. Raises Refused."""
    if not isinstance(body, dict):
        raise Refused(50035, [Problem(at, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")])
    given = {name: body[name] for name in ("content", "embeds", "components") if name in body}
    flags = message.flags & ~LOADING | (body.get("flags") or 0) & (_SUPPRESS_EMBEDS | V2)
    merged = {**message.body, **given, "flags": flags, "allowed_mentions": body.get("allowed_mentions")}
    edited = world.replace(message, body=content_of(merged, at), edited_at_s=world.clock())
    if not edited.seen_only_by:
        world.tell("MESSAGE_UPDATE", message_told(world, edited, in_event=True))
    return edited


def update_message(world: World, call: Call) -> Answer:
    """Archived threads take no edits."""
    channel, message = own(world, call)
    if message.type == _THREAD_STARTER:
        raise Refused(50021)
    if channel.archived:
        raise Refused(50083)
    body = call.body
    if isinstance(body, dict) and not world.permissions(channel) & P.EMBED_LINKS:
        body = {name: value for name, value in body.items() if name != "embeds"}
    return message_told(world, changed(world, message, body))


def delete_message(world: World, call: Call) -> Answer:
    channel = known(world, call.channel)
    message = world.find(channel.id, call.path["message_id"])
    if message is None:
        raise Refused(10008)
    if message.type == _THREAD_STARTER:
        raise Refused(50021)
    if message.author != BOT_USER:
        if channel.kind is Kind.DM:
            raise Refused(50003)
        need(world, channel, P.MANAGE_MESSAGES)
    removed(world, message)
    return None


def removed(world: World, message: Message) -> None:
    world.replace(message, deleted=True)
    guild = world.channels[message.channel].guild
    if not message.seen_only_by:
        about = {"id": message.id, "channel_id": message.channel}
        world.tell("MESSAGE_DELETE", {**about, "guild_id": guild} if guild else about)


def get_message(world: World, call: Call) -> Answer:
    return message_told(world, readable(world, call)[1])


def number(call: Call, name: str, least: int, most: int, default: int) -> int:
    """A number of the query. Raises Refused."""
    try:
        value = int(call.query.get(name, default))
    except ValueError:
        raise Refused(50035, [Problem((name,), "NUMBER_TYPE_COERCE", "Value is not int.")]) from None
    if not least <= value <= most:
        why = f"int value should be between {least} and {most}."
        raise Refused(50035, [Problem((name,), "NUMBER_TYPE_RANGE", why)])
    return value


def list_messages(world: World, call: Call) -> Answer:
    """The newest first. Without the right to read the history there is nothing to list."""
    channel = known(world, call.channel)
    takes_text(channel)
    limit = number(call, "limit", 1, 100, 50)
    if not world.permissions(channel) & P.READ_MESSAGE_HISTORY:
        return []
    there = world.told(channel.id)
    if "around" in call.query:
        middle = sum(int(message.id) < int(call.query["around"]) for message in there)
        there = there[max(0, middle - limit // 2) :][:limit]
    if "before" in call.query:
        there = [message for message in there if int(message.id) < int(call.query["before"])]
    if "after" in call.query:
        there = [message for message in there if int(message.id) > int(call.query["after"])][:limit]
    return [message_told(world, message) for message in reversed(there[-limit:])]


def trigger_typing_indicator(world: World, call: Call) -> Answer:
    channel = known(world, call.channel)
    _may_send(world, channel)
    return None


# --- channels and threads --------------------------------------------------------------------------------------------


def get_channel(world: World, call: Call) -> Answer:
    return channel_told(world, known(world, call.channel))


def _checked_thread(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise Refused(50035, [Problem((), "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType")])
    if problems := thread_problems(body):
        raise Refused(50035, problems)
    return body


def _opened(world: World, thread: Channel) -> dict[str, Any]:
    told = channel_told(world, thread)
    world.tell("THREAD_CREATE", {**told, "newly_created": True})
    joined = {"id": thread.id, "user_id": BOT_USER, "join_timestamp": stamp(world.clock()), "flags": 1}
    return {**told, "member": joined}


def create_thread_from_message(world: World, call: Call) -> Answer:
    """The thread has its message's id; a second one is refused, however long ago the first was made."""
    channel, message = readable(world, call)
    if channel.kind is not Kind.TEXT:
        raise Refused(50024)
    need(world, channel, P.CREATE_PUBLIC_THREADS)
    body = _checked_thread(call.body)
    if message.id in world.channels:
        raise Refused(160004)
    minutes = body.get("auto_archive_duration") or 4320
    thread = world.add_thread(channel, body["name"], BOT_USER, message.id, auto_archive_minutes=minutes)
    place = {"type": 0, "channel_id": channel.id, "message_id": message.id, "guild_id": channel.guild}
    first = {"message_reference": place}
    world.append(thread, BOT_USER, first, type=_THREAD_STARTER)
    return _opened(world, thread)


def create_thread(world: World, call: Call) -> Answer:
    """A forum's post with its first message, which has the thread's id; or a thread of a text channel without one."""
    channel = known(world, call.channel)
    if channel.kind not in {Kind.TEXT, Kind.FORUM}:
        raise Refused(50024)
    need(world, channel, P.SEND_MESSAGES if channel.kind is Kind.FORUM else P.CREATE_PUBLIC_THREADS)
    body = _checked_thread(call.body)
    minutes = body.get("auto_archive_duration") or 4320
    if channel.kind is Kind.TEXT:
        return _opened(world, world.add_thread(channel, body["name"], BOT_USER, auto_archive_minutes=minutes))
    tags = [str(tag) for tag in body.get("applied_tags") or ()]
    if not set(tags) <= {tag.id for tag in channel.tags}:
        raise Refused(10087)
    if channel.tag_required and not tags:
        raise Refused(40067)
    content = content_of(body.get("message"), ("message",))
    _strip_embeds(world, channel, content)
    thread = world.add_thread(channel, body["name"], BOT_USER, auto_archive_minutes=minutes, applied_tags=tags)
    told = _opened(world, thread)
    first = posted(world, thread, content, body["message"], id=thread.id)
    return {**told, "message": message_told(world, first)}


_RENAMES = {"name": "name", "archived": "archived", "locked": "locked", "auto_archive_duration": "auto_archive_minutes"}


def update_channel(world: World, call: Call) -> Answer:
    """Changes a thread. Its owner may rename, archive and reopen it; what is locked, only who manages threads."""
    channel = known(world, call.channel)
    if not channel.is_thread:
        need(world, channel, P.MANAGE_CHANNELS)
        raise Refused(50024)
    body = _checked_thread({"name": channel.name, **(call.body or {})})
    manages = bool(world.permissions(channel) & P.MANAGE_THREADS)
    only_reopens = set(call.body) == {"archived"} and not body["archived"] and not channel.locked
    if channel.locked or "locked" in call.body or (channel.owner != BOT_USER and not only_reopens):
        if not manages:
            raise Refused(50013)
    elif only_reopens:
        need(world, channel, P.SEND_MESSAGES_IN_THREADS)
    if channel.archived and body.get("archived", True):
        raise Refused(50083)
    change_thread(world, channel, **{_RENAMES[name]: body[name] for name in call.body if name in _RENAMES})
    return channel_told(world, channel)


def change_thread(world: World, thread: Channel, **changes: Any) -> None:
    """Changes a thread and tells the gateway."""
    if changes.get("archived", thread.archived) != thread.archived:
        thread.archived_at_s = world.clock()
    for name, value in changes.items():
        setattr(thread, name, value)
    world.tell("THREAD_UPDATE", channel_told(world, thread))


def list_public_archived_threads(world: World, call: Call) -> Answer:
    """The ones archived last first; `before` is a time."""
    channel = known(world, call.channel)
    need(world, channel, P.READ_MESSAGE_HISTORY)
    if channel.kind not in {Kind.TEXT, Kind.FORUM}:
        raise Refused(50024)
    limit = number(call, "limit", 2, 100, 50)
    before = call.query.get("before")
    until_s = datetime.fromisoformat(before).timestamp() if before else float("inf")
    there = [thread for thread in world.threads(channel.id) if thread.archived and thread.archived_at_s < until_s]
    there.sort(key=lambda thread: thread.archived_at_s, reverse=True)
    told = [channel_told(world, thread) for thread in there[:limit]]
    return {"threads": told, "members": [], "has_more": len(there) > limit}


def get_active_guild_threads(world: World, call: Call) -> Answer:
    guild = world.guilds.get(call.path["guild_id"])
    if guild is None or not guild.installed:
        raise Refused(10004 if guild is None else 50001)
    there = [one for one in world.channels.values() if one.is_thread and one.guild == guild.id]
    seen = [one for one in there if world.permissions(one) & P.VIEW_CHANNEL and not one.archived and not one.deleted]
    return {"threads": [channel_told(world, one) for one in reversed(seen)], "members": [], "has_more": False}


def join_thread(world: World, call: Call) -> Answer:
    channel = known(world, call.channel)
    if not channel.is_thread:
        raise Refused(50024)
    if channel.archived:
        raise Refused(50083)
    return None
