"""What people do in Slack, as Slack tells an app of it, read once into invocations.

https://docs.slack.dev/interactivity/implementing-slash-commands, .../interactivity/handling-user-interaction,
.../reference/interaction-payloads/view-interactions-payload, .../reference/events/app_mention, .../message.im and
.../app_home_opened

`team` is the workspace that the app is installed in. What Slack tells of may name another one as well, that of a person
of another company in a channel that is shared with them (https://docs.slack.dev/apis/slack-connect).
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from adapters.slack_blocks import OPENS, pressed
from adapters.slack_forms import answered
from digest.types import Action, Form, Invocation

HOME = "home"  # the command that answers with the home tab
FORM = "form"  # the command of a button that asks another one again, `NAME ARGS`, whose answer is a form
MENTION = "mention"  # the command of what was said to the bot and begins with no command's name

Body = Mapping[str, Any]
_MARKED = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody asked, and where the answer may go. The empty text stands for what Slack did not give."""

    invocation: Invocation
    response_url: str = ""
    trigger: str = ""  # opens a window, within three seconds
    opens: bool = False  # a window, at once: there is no other place for the answer, or it holds a form
    view: str = ""  # the window that it was pressed in
    home: bool = False  # begun in the home tab, which shows afterwards what became of it
    submitted: bool = False  # a form
    said: bool = False  # where others read it too, so that they may read the answer
    under: str = ""  # the message whose thread the answer to what was said belongs in


class Origin(Struct, frozen=True, omit_defaults=True):
    """Where a window was opened from, and what its form is for: kept in it, since Slack does not tell of it later."""

    channel: str = ""
    thread: str = ""
    message: str = ""
    home: bool = False
    command: str = ""
    argument: str = ""


def commanded(body: Body, team: str) -> Asked:
    """A slash command."""
    return Asked(
        invocation=Invocation(
            name=body["command"].removeprefix("/"),
            args=html.unescape(body.get("text", "")).strip(),
            language="",
            adapter="slack",
            workspace=team,
            channel=body["channel_id"],
            person=body["user_id"],
        ),
        response_url=body["response_url"],
        trigger=body["trigger_id"],
    )


def pressed_on(body: Body, team: str) -> Asked | None:
    """A pressed button or a chosen entry of a menu; None when all it does is to open an address."""
    command, argument = pressed(body["actions"][0])
    if command == OPENS:
        return None
    view = body.get("view") or {}
    in_home = view.get("type") == "home"
    origin = Origin(home=True) if in_home else _kept(view) if view else _origin(body["container"])
    again = command == FORM
    if again:
        command, _, argument = argument.partition(" ")
    return Asked(
        invocation=_invocation(team, body["user"]["id"], origin, command, argument),
        response_url=body.get("response_url", ""),
        trigger=body["trigger_id"],
        opens=again or in_home,
        view="" if in_home else view.get("id", ""),
        home=origin.home,
    )


def submitted(body: Body, team: str) -> Asked:
    """A form that somebody filled in."""
    view = body["view"]
    origin = _kept(view)
    invocation = _invocation(team, body["user"]["id"], origin, origin.command, origin.argument)
    invocation = replace(invocation, answers=answered(view))
    return Asked(invocation=invocation, view=view["id"], home=origin.home, submitted=True)


def opened_home(body: Body, team: str) -> Asked | None:
    """Somebody looks at the home tab; None for the app's other tabs."""
    event = body["event"]
    if event.get("tab") != HOME:
        return None
    return Asked(invocation=_invocation(team, event["user"], Origin(), HOME, ""))


def opener(form: Form, name: str, args: str) -> Action:
    """A button that opens a form, where it cannot be shown itself: what was asked is asked again."""
    return Action(form.title, command=FORM, argument=f"{name} {args}".strip())


def said(body: Body, team: str, bot_user: str, commands: Collection[str]) -> Asked | None:
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
            workspace=team,
            channel=event["channel"],
            thread=thread,
            person=event["user"],
            public=not direct,
        ),
        said=True,
        under=thread or ("" if direct else event["ts"]),
    )


def origin_of(asked: Asked) -> Origin:
    invocation = asked.invocation
    return Origin(invocation.channel, invocation.thread, invocation.message, home=asked.home)


def _invocation(team: str, person: str, origin: Origin, name: str, args: str) -> Invocation:
    return Invocation(
        name=name,
        args=args,
        language="",
        adapter="slack",
        workspace=team,
        channel=origin.channel,
        thread=origin.thread,
        message=origin.message,
        person=person,
    )


def _kept(view: Body) -> Origin:
    return msgspec.json.decode(view["private_metadata"], type=Origin)


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
