"""What a reader sees of Slack's blocks, and whether Slack would take them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from slack_sdk.models.blocks import Block as SdkBlock

from adapters.slack_blocks import NOTIFICATION_CHARS, SlackMessage
from tests.slack_rules import RENDERED_CHARS, block_problems, rendered_chars


def found(blocks: Any, kind: str) -> list[dict[str, Any]]:
    """Every object of a kind in blocks, in reading order."""
    return [part for part in objects(blocks) if part.get("type") == kind]


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from objects(part)


def texts(blocks: Any) -> str:
    """All text that a reader sees, in order, without the names of buttons."""
    shown_kinds = ("text", "link", "plain_text")
    return "".join(part["text"] for part in objects(blocks) if part.get("type") in shown_kinds)


def accepted(message: SlackMessage) -> bool:
    """Whether Slack's rules and the SDK's models take it; the problems are shown when they do not."""
    assert block_problems(list(message.blocks)) == []
    assert rendered_chars(list(message.blocks)) < RENDERED_CHARS
    for block in SdkBlock.parse_all([dict(block) for block in message.blocks]):
        block.validate_json()
    json.dumps(message.blocks, ensure_ascii=False).encode()  # a lone surrogate could not be sent
    return 0 < len(message.text) <= NOTIFICATION_CHARS
