"""An answer as a window of its own: Slack's modal (https://docs.slack.dev/surfaces/modals)."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import msgspec

from adapters.slack_blocks import messages, one
from adapters.slack_events import Origin
from adapters.slack_rich import Element
from digest.types import Message

NAME = "Paperboy"  # a window's title has 24 characters at most
VIEW_BLOCKS = 100  # https://docs.slack.dev/reference/views/modal-views
# A view may have 250 kB, as the error view_too_large of https://docs.slack.dev/reference/methods/views.open says;
# some of it is left for the ids that Slack adds
VIEW_CHARS = 240_000


def loading(origin: Origin) -> Element:
    """The window until there is an answer, the same in every language."""
    return _view([_dots()], origin)


def window(message: Message, origin: Origin) -> Element:
    """The whole message as one window, its buttons under the title, where they are reached without scrolling.

    Only of a message beyond VIEW_CHARS the end is left out, and "…" says so.
    """
    titles = 1 if message.title else 0
    blocks = [block for part in messages(message) for block in part.blocks]
    if len(blocks) > VIEW_BLOCKS:
        blocks = [*blocks[:titles], *_joined(blocks[titles:])]
    if len(blocks) > VIEW_BLOCKS or len(json.dumps(blocks)) > VIEW_CHARS:
        blocks = list(one(message).blocks)
    buttons = [block for block in blocks if block["type"] == "actions"]
    rest = [block for block in blocks if block["type"] != "actions"]
    return _view([*rest[:titles], *buttons, *rest[titles:]] or [_dots()], origin)


def _view(blocks: Sequence[Element], origin: Origin) -> Element:
    return {
        "type": "modal",
        "title": {"type": "plain_text", "text": NAME},
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
