"""One call of Discord's HTTP interface: what it brings, and how it is refused
(https://docs.discord.com/developers/topics/opcodes-and-status-codes#json-json-error-codes).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from tests.discord_world import BOT_USER, Channel, Kind, Message, Permission, World

Answer = dict[str, Any] | list[dict[str, Any]] | None  # None is 204

_CODES: dict[int, tuple[int, str]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10007: (404, "Unknown Member"),
    10008: (404, "Unknown Message"),
    10013: (404, "Unknown User"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    10087: (400, "Unknown tag"),
    20012: (403, "You are not authorized to perform this action on this application"),
    40003: (429, "You are opening direct messages too fast"),
    40333: (403, "internal network error"),
    40060: (400, "Interaction has already been acknowledged."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    50001: (403, "Missing Access"),
    50003: (403, "Cannot execute action on a DM channel"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50007: (403, "Cannot send messages to this user"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50033: (400, "Invalid Recipient(s)"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
}


class Problem(Struct, frozen=True):
    """What is wrong with one field of a body; `at` is its path, such as ("embeds", 0, "title")."""

    at: tuple[str | int, ...]
    code: str
    message: str


class Refused(Exception):
    """A refusal: `status`, and the JSON `answer`. `retry_after_s` is for limits."""

    def __init__(self, code: int, problems: Iterable[Problem] = (), *, status: int = 0, message: str = "") -> None:
        known_status, known_message = _CODES.get(code, (400, "Something went wrong"))
        super().__init__(code)
        self.status = status or known_status
        self.answer: dict[str, Any] = {"message": message or known_message, "code": code}
        if problems:
            self.answer["errors"] = _nested(problems)


def _nested(problems: Iterable[Problem]) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    for problem in problems:
        place = errors
        for step in problem.at:
            place = place.setdefault(str(step), {})
        place.setdefault("_errors", []).append({"code": problem.code, "message": problem.message})
    return errors


class Call(Struct, frozen=True):
    """`path` are the parts of the address that are named in braces, `query` its arguments, `body` the JSON sent."""

    operation: str
    path: dict[str, str]
    query: dict[str, str]
    body: Any = None

    @property
    def channel(self) -> str:
        return self.path["channel_id"]


def known(world: World, channel: str) -> Channel:
    """A channel that the bot can see. Raises Refused: Unknown Channel, Missing Access."""
    found = world.channels.get(channel)
    if found is None or found.deleted:
        raise Refused(10003)
    if not world.permissions(found) & Permission.VIEW_CHANNEL:
        raise Refused(50001)
    return found


def need(world: World, channel: Channel, *permissions: Permission) -> None:
    """Raises Refused: Missing Permissions."""
    granted = world.permissions(channel)
    if not all(granted & permission for permission in permissions):
        raise Refused(50013)


def readable(world: World, call: Call) -> tuple[Channel, Message]:
    """The message that a call names. Raises Refused: Unknown Message."""
    channel = known(world, call.channel)
    message = world.find(channel.id, call.path["message_id"])
    if message is None or not world.permissions(channel) & Permission.READ_MESSAGE_HISTORY:
        raise Refused(10008)
    return channel, message


def own(world: World, call: Call) -> tuple[Channel, Message]:
    """A message of the bot's that a call names. Raises Refused: authored by another user, a system message."""
    channel = known(world, call.channel)
    message = world.find(channel.id, call.path["message_id"])
    if message is None:
        raise Refused(10008)
    if message.author != BOT_USER:
        raise Refused(50005)
    return channel, message


def takes_text(channel: Channel) -> None:
    """Raises Refused when messages cannot be sent to a channel itself."""
    if channel.kind is Kind.FORUM:
        raise Refused(50008)
