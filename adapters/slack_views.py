"""An answer as a window of its own, Slack's modal (https://docs.slack.dev/surfaces/modals), or as the home tab that
each person has of the app (https://docs.slack.dev/surfaces/app-home)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from adapters.slack_blocks import messages, one
from adapters.slack_events import Origin, opener
from adapters.slack_forms import TITLE_CHARS, headed, plain, questions
from adapters.slack_rich import Element
from digest.types import Message

NAME = "Paperboy"
VIEW_BLOCKS = 100  # https://docs.slack.dev/reference/views/modal-views
# A view may have 250 kB, as the error view_too_large of https://docs.slack.dev/reference/methods/views.open says;
# some of it is left for the ids that Slack adds
VIEW_CHARS = 240_000


def loading(origin: Origin) -> Element:
    """The window until there is an answer, the same in every language."""
    return _modal([_dots()], origin)


def window(message: Message, origin: Origin) -> Element:
    """The whole message as one window, its buttons under the title, where they are reached without scrolling, and the
    questions of its form at the end.

    Only of a message beyond VIEW_CHARS the end is left out, and "…" says so.
    """
    if message.form is None:
        return _modal(_blocks(message, VIEW_BLOCKS) or [_dots()], origin)
    form = message.form
    asked = questions(form)
    blocks = [*_blocks(message, VIEW_BLOCKS - len(asked)), *asked]
    return {**_modal(blocks, replace(origin, command=form.command, argument=form.argument)), **headed(form)}


def home(message: Message, name: str, args: str = "") -> Element:
    """The whole message as a home tab; a form is a button there, which asks for the answer `name args` again."""
    if message.form is not None:
        actions = (opener(message.form, name, args), *message.actions)
        message = replace(message, form=None, actions=actions)
    return {"type": "home", "blocks": _blocks(message, VIEW_BLOCKS) or [_dots()]}


def _blocks(message: Message, room: int) -> list[Element]:
    """The message in at most `room` blocks."""
    titles = 1 if message.title else 0
    blocks = [block for part in messages(message) for block in part.blocks]
    if len(blocks) > room:
        blocks = [*blocks[:titles], *_joined(blocks[titles:])]
    if len(blocks) > room or len(json.dumps(blocks)) > VIEW_CHARS:
        blocks = list(one(message).blocks)[:room]
    buttons = [block for block in blocks if block["type"] == "actions"]
    rest = [block for block in blocks if block["type"] != "actions"]
    return [*rest[:titles], *buttons, *rest[titles:]]


def _modal(blocks: Sequence[Element], origin: Origin) -> Element:
    return {
        "type": "modal",
        "title": plain(NAME, TITLE_CHARS),
        "blocks": blocks,
        "private_metadata": msgspec.json.encode(origin).decode(),
    }


def _dots() -> Element:
    return {"type": "section", "text": {"type": "plain_text", "text": "…"}}


def _joined(blocks: Sequence[Element]) -> list[Element]:
    """The blocks with neighbours of rich text made one."""
    whole: list[Element] = []
    for kind, group in itertools.groupby(blocks, lambda block: block["type"]):
        if kind == "rich_text":
            whole.append({"type": kind, "elements": [element for block in group for element in block["elements"]]})
        else:
            whole += group
    return whole
