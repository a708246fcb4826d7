"""Block Kit's rules: what a message, a modal and a home tab may hold, and how much of it
(https://docs.slack.dev/reference/block-kit/blocks, https://docs.slack.dev/surfaces/modals).

Stricter than Slack, which lets some unknown fields pass: whatever is not in a table here is refused, and so are the
kinds of blocks that only assistants and dashboards post. Lengths count Unicode code points. A complaint is a sentence
in Slack's own form, with the place as a JSON pointer.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.slack_elements import (
    ID,
    IMAGE,
    IMAGE_SOURCE,
    IN_CONTEXT_ACTIONS,
    INPUTS,
    MENUS,
    PRESSED,
    RICH_TEXT,
    TEXTS,
    Check,
    address,
    choice,
    fields,
    flag,
    kinds,
    many,
    one_of,
    plain,
    string,
    text,
    told,
)

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
VIEW_BYTES = 250_000
MARKDOWN_CHARS = 12_000  # all markdown blocks of a message together
# Not documented: measured against Slack (https://github.com/metabase/metabase/pull/79908)
RENDERED_CHARS = 13_200


def block_problems(blocks: Any, surface: str = "message", at: str = "/blocks") -> list[str]:
    """What Slack would say about the blocks of a "message", a "modal" or the "home" tab; nothing when they are good."""
    if not isinstance(blocks, list):
        return [told("must be an array", at)]
    most = MESSAGE_BLOCKS if surface == "message" else VIEW_BLOCKS
    problems = list(many(_BLOCK, 0, most)(blocks, at))
    if not problems:
        problems += _together(blocks, surface, at)
    return problems


def view_problems(view: Any, at: str = "/view") -> list[str]:
    """What Slack would say about a modal or a home tab."""
    problems = list(_VIEW(view, at))
    if not problems:
        problems += block_problems(view["blocks"], view["type"], f"{at}/blocks")
        if view["type"] == "modal" and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
            problems.append(told("must define `submit` to use an `input` block in modals", at))
    return problems


def view_too_large(view: Any) -> bool:
    return len(json.dumps(view, ensure_ascii=False).encode()) > VIEW_BYTES


def rendered_chars(content: Any) -> int:
    """How many characters of blocks a reader sees: every text, and the addresses of links without one."""
    if isinstance(content, list):
        return sum(map(rendered_chars, content))
    if not isinstance(content, dict):
        return 0
    own = content.get("text", content.get("url", "") if content.get("type") == "link" else "")
    return (len(own) if isinstance(own, str) else 0) + sum(map(rendered_chars, content.values()))


def _together(blocks: Sequence[Mapping[str, Any]], surface: str, at: str) -> Iterator[str]:
    """What blocks that are good one by one may not be together."""
    for block_id, count in Counter(block["block_id"] for block in blocks if "block_id" in block).items():
        if count > 1:
            yield told(f"`block_id` {block_id!r} already exists", at)
    for number, block in enumerate(blocks):
        if surface not in _SURFACES.get(block["type"], ("message", "modal", "home")):
            yield told(f"unsupported type for a {surface}: {block['type']}", f"{at}/{number}/type")
        for action_id, count in Counter(_action_ids(block)).items():
            if count > 1:
                yield told(f"`action_id` {action_id!r} already exists in this block", f"{at}/{number}")
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_CHARS:
        yield told(f"markdown must be less than {MARKDOWN_CHARS + 1} characters in all", at)
    if sum(block["type"] == "table" for block in blocks) > 1:
        yield told("only_one_table_allowed", at)


def _action_ids(block: Mapping[str, Any]) -> Iterator[str]:
    for element in (*block.get("elements", ()), block.get("accessory"), block.get("element")):
        if isinstance(element, dict) and "action_id" in element:
            yield element["action_id"]


# --- blocks --------------------------------------------------------------------------------------------------------

_CAPTIONED = {"block_id": ID, "title": plain(2000)}
_CELL = kinds(
    {"raw_text": fields({"text": string(least=1)}), "rich_text": fields({"elements": many(kinds(RICH_TEXT), 1)})}
)
_COLUMN = fields({}, {"align": choice("left", "center", "right"), "is_wrapped": flag})


def _rectangular(value: Any, at: str) -> Iterator[str]:
    if len({len(row) for row in value["rows"]}) > 1:
        yield told("all rows must have the same number of cells", f"{at}/rows")


def _settled(value: Any, at: str) -> Iterator[str]:
    if len(value.get("column_settings", ())) not in {0, len(value["rows"][0])}:
        yield told("must have one setting for each column", f"{at}/column_settings")


_SURFACES = {"markdown": ("message",), "context_actions": ("message",), "table": ("message",)}
_BLOCKS: dict[str, Check] = {
    "section": fields(
        {},
        {
            "block_id": ID,
            "text": text(3000),
            "fields": many(text(2000), 1, 10),
            "accessory": kinds({"image": IMAGE, **PRESSED, **MENUS}),
            "expand": flag,
        },
        one_of("text", "fields", exactly=False),
    ),
    "header": fields({"text": plain(150)}, {"block_id": ID}),
    "divider": fields({}, {"block_id": ID}),
    "image": fields({"alt_text": string(2000)}, {**_CAPTIONED, **IMAGE_SOURCE}, one_of("image_url", "slack_file")),
    "actions": fields({"elements": many(kinds({**PRESSED, **MENUS}), 1, 25)}, {"block_id": ID}),
    "context": fields({"elements": many(kinds({"image": IMAGE, **TEXTS}), 1, 10)}, {"block_id": ID}),
    "input": fields(
        {"label": plain(2000), "element": kinds({**MENUS, **INPUTS})},
        {"block_id": ID, "hint": plain(2000), "optional": flag, "dispatch_action": flag},
    ),
    "rich_text": fields({"elements": many(kinds(RICH_TEXT), 1)}, {"block_id": ID}),
    "markdown": fields({"text": string(MARKDOWN_CHARS, 1)}, {"block_id": ID}),
    "table": fields(
        {"rows": many(many(_CELL, 1, 20), 1, 100)},
        {"block_id": ID, "column_settings": many(_COLUMN, 0, 20)},
        _rectangular,
        _settled,
    ),
    "video": fields(
        {"alt_text": string(200, 1), "title": plain(200), "video_url": address, "thumbnail_url": address},
        {
            "block_id": ID,
            "author_name": string(50),
            "description": plain(200),
            "provider_icon_url": address,
            "provider_name": string(50),
            "title_url": address,
        },
    ),
    "context_actions": fields({"elements": many(kinds(IN_CONTEXT_ACTIONS), 1, 5)}, {"block_id": ID}),
}
_BLOCK = kinds(_BLOCKS)
_VIEW_BLOCKS = many(lambda _value, _at: iter(()), 1)  # each is checked with those beside it
_HOME_FIELDS = {"private_metadata": string(3000), "callback_id": string(255), "external_id": string(255)}
_MODAL_FIELDS = {"close": plain(24), "submit": plain(24), "clear_on_close": flag, "notify_on_close": flag}
_VIEW = kinds(
    {
        "modal": fields({"title": plain(24), "blocks": _VIEW_BLOCKS}, {**_HOME_FIELDS, **_MODAL_FIELDS}),
        "home": fields({"blocks": _VIEW_BLOCKS}, _HOME_FIELDS),
    }
)
