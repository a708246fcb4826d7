"""What Discord's refusals mean for a delivery, each as a sentence that says what to do.

The codes are those of https://docs.discord.com/developers/topics/opcodes-and-status-codes#json.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent

UNKNOWN_CHANNEL = 10003
UNKNOWN_GUILD = 10004
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013
MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013
ARCHIVED = 50083
THREAD_EXISTS = 160004

_OTHER_CHANNEL = "Choose another channel."
_LIMITED = {
    20022: "announcements are limited",
    20028: "the channel's limit of writing is reached",
    20029: "the server's limit of writing is reached",
    20016: "the channel is in slow mode",
    40003: "too many direct messages were opened",
    40062: "many requests are made of it",
    130000: "it is overloaded",
    160006: "the server has as many active threads as it may; old ones are archived by themselves",
}
_CLOSED = {
    10003: "there is no such channel or person. Check the id.",
    10004: "the bot is not in that server. Invite it: paperboy discord-invite.",
    10013: "there is no such person. Check the id.",
    20026: "Discord has flagged the bot for spam. Its page in the developer portal says what to do.",
    30033: "the thread is full.",
    40001: "the token is not valid. Reset it in the developer portal, Bot, and set DISCORD_TOKEN.",
    40002: "the bot's owner has to verify their account first.",
    40067: "the forum asks for a tag with each post. Turn that off in its settings, or choose another channel.",
    50001: "the bot cannot see the channel. Give it the permission View Channel there, or invite it to the server.",
    50007: "that person takes no direct messages from the bot.",
    50008: f"it is no channel for messages. {_OTHER_CHANNEL}",
    50013: "the bot lacks a permission there. Run: paperboy doctor.",
    50014: "the token is not valid. Reset it in the developer portal, Bot, and set DISCORD_TOKEN.",
    50024: f"it is a channel of another kind. {_OTHER_CHANNEL}",
    50033: "there is no such channel or person. Check the id.",
    50278: "the bot and that person share no server, so that it cannot write to them.",
    160005: "the thread is locked. Unlock it, or choose another channel.",
}
_REFUSED = {
    10062: "what it answers was to be answered within three seconds.",
    50027: "what it answers was to be answered within fifteen minutes.",
    10008: "the message is gone; what people deleted is not posted again.",
    50005: "the message belongs to somebody else.",
    50006: "the message is empty.",
    50035: "the message is not built as Discord wants it.",
    200000: "the server's AutoMod blocks it.",
    200001: "the server's AutoMod blocks its title.",
}
_TOKEN = "the token is not valid. Reset it in the developer portal, Bot, and set DISCORD_TOKEN."  # noqa: S105 (a sentence)


class Said(Exception):
    """Discord's number of a refusal: the cause of what is raised for it."""

    def __init__(self, code: int) -> None:
        super().__init__(f"Discord's code {code}")
        self.code = code


def refusal(status: int, headers: Mapping[str, str], body: Any, place: str) -> DeliveryError:
    """What an answer that is no success means for what was sent to a place (for people); `code_of` tells Discord's
    own number."""
    told: Mapping[str, Any] = body if isinstance(body, Mapping) else {}
    given = told.get("code")
    code = given if isinstance(given, int) else 0
    error = _meaning(status, code, wait_s(headers, told), place, known=bool(told))
    error.__cause__ = Said(code)
    return error


def code_of(error: DeliveryError) -> int:
    """Discord's number of what was refused, 0 when it gave none."""
    return error.__cause__.code if isinstance(error.__cause__, Said) else 0


def wait_s(headers: Mapping[str, str], body: Mapping[str, Any]) -> float | None:
    """How long Discord asks to be left alone: the body says it in fractions of a second, the header in whole ones
    (https://docs.discord.com/developers/topics/rate-limits)."""
    told = body.get("retry_after")
    if isinstance(told, int | float) and not isinstance(told, bool) and told >= 0:
        return float(told)
    header = headers.get("Retry-After", "").strip()
    return float(header) if re.fullmatch(r"\d{1,6}(?:\.\d+)?", header, re.ASCII) else None


def _meaning(status: int, code: int, pause_s: float | None, place: str, *, known: bool) -> DeliveryError:
    if status == 429 or code in _LIMITED:
        why = _LIMITED.get(code, "its limit is reached")
        return NotSent(f"Discord takes no more for {place} for the moment ({why}); it is tried again later.", pause_s)
    if status >= 500 or status == 408 or status < 400:
        return MaybeSent(f"Discord failed while it took a message for {place} ({status}); it is asked again.", pause_s)
    if status == 401 and code not in _REFUSED:
        return DestinationClosed(f"Discord takes nothing for {place}: {_TOKEN}")
    if code in _CLOSED:
        return DestinationClosed(f"Discord takes nothing for {place}: {_CLOSED[code]}")
    if not known and status in {403, 404, 407}:
        return DestinationClosed(
            f"Discord's address answers {status} for {place}. Check discord.api_url and the proxy."
        )
    why = _REFUSED.get(code, "it gives no other reason.")
    kind = MessageGone if code == UNKNOWN_MESSAGE else MessageRefused
    return kind(f"Discord refuses a message for {place} ({code or status}): {why}")
