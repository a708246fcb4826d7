"""What people do in Slack, as Slack tells an app of it, read once into invocations.

https://docs.slack.dev/interactivity/implementing-slash-commands, .../interactivity/handling-user-interaction,
.../reference/events/app_mention and .../reference/events/message.im
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from adapters.slack_blocks import OPENS, pressed
from digest.types import Invocation

MENTION = "mention"  # the command of what was said to the bot and begins with no command's name

Body = Mapping[str, Any]
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody asked, and where the answer may go. The empty text stands for what Slack did not give."""

    invocation: Invocation
    response_url: str = ""
    trigger: str = ""  # opens a window, within three seconds
    view: str = ""  # the window that it was pressed in
    said: bool = False  # where others read it too, so that they may read the answer
    under: str = ""  # the message whose thread the answer to what was said belongs in


class Origin(Struct, frozen=True):
    """Where a window was opened from: kept in it, since Slack does not tell of a press there."""

    channel: str = ""
    thread: str = ""
    message: str = ""


def commanded(body: Body) -> Asked:
    """A slash command."""
    return Asked(
        invocation=Invocation(
            name=body["command"].removeprefix("/"),
            args=html.unescape(body.get("text", "")).strip(),
            language="",
            adapter="slack",
            workspace=body["team_id"],
            channel=body["channel_id"],
            person=body["user_id"],
        ),
        response_url=body["response_url"],
        trigger=body["trigger_id"],
    )


def pressed_on(body: Body) -> Asked | None:
    """A pressed button or a chosen entry of a menu; None when all it does is to open an address."""
    command, argument = pressed(body["actions"][0])
    if command == OPENS:
        return None
    view = body.get("view")
    origin = msgspec.json.decode(view["private_metadata"], type=Origin) if view else _origin(body["container"])
    return Asked(
        invocation=Invocation(
            name=command,
            args=argument,
            language="",
            adapter="slack",
            workspace=body["team"]["id"],
            channel=origin.channel,
            thread=origin.thread,
            message=origin.message,
            person=body["user"]["id"],
        ),
        response_url=body.get("response_url", ""),
        trigger=body["trigger_id"],
        view=view["id"] if view else "",
    )


def said(body: Body, bot_user: str, commands: Collection[str]) -> Asked | None:
    """A mention, or a message to the bot alone; None for what bots say, for edits and for what else Slack tells.

    The first word may be one of `commands`; else all of it is for MENTION.
    """
    event = body["event"]
    if event.get("user", bot_user) == bot_user or any(event.get(sign) for sign in ("bot_id", "subtype", "edited")):
        return None
    direct = event.get("channel_type") == "im"
    if event["type"] == "message" and not direct:
        return None
    text = _plain(event.get("text", ""), bot_user)
    first, _, rest = text.partition(" ")
    name = first.removeprefix("/").casefold()
    is_command = name in commands
    thread = event.get("thread_ts", "")
    return Asked(
        invocation=Invocation(
            name=name if is_command else MENTION,
            args=rest.strip() if is_command else text,
            language="",
            adapter="slack",
            workspace=body["team_id"],
            channel=event["channel"],
            thread=thread,
            person=event["user"],
        ),
        said=True,
        under=thread or ("" if direct else event["ts"]),
    )


def origin_of(invocation: Invocation) -> Origin:
    return Origin(invocation.channel, invocation.thread, invocation.message)


def _origin(container: Body) -> Origin:
    message = container["message_ts"]
    thread = container.get("thread_ts", "")
    # Slack names a thread's first message as its own thread; what is pressed there is pressed in the channel
    return Origin(container["channel_id"], thread if thread != message else "", message)


def _plain(text: str, bot_user: str) -> str:
    """What somebody typed, without Slack's marks (https://docs.slack.dev/messaging/formatting-message-text) and
    without the bot's name, on one line."""

    def typed(mark: re.Match[str]) -> str:
        target, label = mark[1], mark[2] or ""
        if target == f"@{bot_user}":
            return " "
        # A number such as 2601.10592 may have become a telephone's
        return target if target.startswith(("http://", "https://")) else label or target

    return " ".join(html.unescape(_MARKED.sub(typed, text)).split())
