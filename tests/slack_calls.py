"""What every method of the Web API shares: refusals, scopes, arguments, and which conversations the bot may use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.slack_world import Channel, Message, Workspace, World

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


class Refused(Exception):
    """`{"ok": false, "error": ...}`."""

    def __init__(self, error: str, **more: Any) -> None:
        super().__init__(error)
        self.answer: Answer = {"ok": False, "error": error, **more}


def invalid(*messages: str, error: str = "invalid_arguments") -> Refused:
    more: dict[str, Any] = {"errors": list(messages)} if error == "invalid_blocks" else {}
    return Refused(error, **more, response_metadata={"messages": [f"[ERROR] {message}" for message in messages]})


def need_scope(workspace: Workspace, *scopes: str) -> None:
    for scope in scopes:
        if scope not in workspace.scopes:
            raise Refused("missing_scope", needed=scope, provided=",".join(sorted(workspace.scopes)))


def flag(arguments: Arguments, name: str) -> bool:
    return arguments.get(name) in (True, "true", "1")


def decoded(arguments: Arguments, name: str, error: str) -> Any:
    """An argument that is JSON, or text that holds JSON, as forms carry it."""
    value = arguments.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        raise Refused(error) from None


KINDS = {"public": "channels", "private": "groups", "im": "im"}


def known(workspace: Workspace, channel_id: Any) -> Channel:
    """A conversation that the bot can know of: it is public, or the bot is in it."""
    channel = workspace.channels.get(str(channel_id))
    if channel is None or (channel.kind != "public" and workspace.bot_user not in channel.members):
        raise Refused("channel_not_found")
    return channel


def joined(workspace: Workspace, channel_id: Any) -> Channel:
    channel = known(workspace, channel_id)
    if workspace.bot_user not in channel.members:
        raise Refused("not_in_channel")
    return channel


def writable(workspace: Workspace, channel_id: Any) -> Channel:
    channel = known(workspace, channel_id)
    if channel.archived:
        raise Refused("is_archived")
    if workspace.bot_user not in channel.members and "chat:write.public" not in workspace.scopes:
        raise Refused("not_in_channel")
    return channel


def shown(world: World, message: Message, *, with_metadata: bool) -> Answer:
    body = dict(message.body)
    replies = world.thread(message.channel, message.ts) if message.is_parent else []
    if replies:
        body |= {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
        body |= {"reply_users": sorted({reply.body["user"] for reply in replies})}
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body
