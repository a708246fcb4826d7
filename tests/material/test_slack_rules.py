"""The local Slack's rules against the public Block Kit fixtures."""

from __future__ import annotations

import json
from typing import Any

from tests.material import every, material
from tests.test_slack_rules import LIMITS, line, problems, rich, with_element

FIXTURES = "specs/slack-blocks/fixtures"
# What assistants and dashboards post: refused here as unknown
NOT_OURS = {"alert", "card", "carousel", "container", "data_table", "data_visualization", "file", "plan", "task_card"}


def test_every_limit_of_the_fixtures_is_held() -> None:
    """Each case of the invalid fixtures, but for kinds that are refused whole, has a block here that breaks it."""
    cases = json.loads(material(f"{FIXTURES}/invalid/manifest.json").read_text("utf-8"))["cases"]
    names = {case["constraint"] for case in cases}
    ours = {name for name in names if name.split(".")[0] not in {*NOT_OURS, "url_source"}}
    assert ours <= LIMITS.keys()


def test_the_valid_fixtures_pass() -> None:
    """Every block, element, rich text and view of the fixtures is good, but for the kinds that are refused whole."""
    for kind in ("blocks", "elements", "rich_text", "views"):
        for path in every(f"{FIXTURES}/valid/{kind}/*.json"):
            fixture = json.loads(path.read_text("utf-8"))
            if fixture["type"] in NOT_OURS:
                assert problems(fixture), path.name
            elif fixture["type"] != "url":  # a part of a task card
                assert problems(_whole(kind, fixture)) == [], path.name


def test_the_blocks_of_the_valid_messages_pass() -> None:
    """Messages and attachments of the fixtures, block by block: some repeat a block's id."""
    for path in every(f"{FIXTURES}/valid/[am]*s/*.json"):
        message = json.loads(path.read_text("utf-8"))
        parts = [message, *message.get("attachments", ())]
        blocks = [block for part in parts for block in part.get("blocks", ())]
        assert blocks, path.name
        assert [problem for block in blocks for problem in problems(block)] == [], path.name


def _whole(kind: str, fixture: dict[str, Any]) -> dict[str, Any]:
    if kind == "elements":
        return with_element(fixture)
    if kind == "rich_text":
        return rich(fixture if fixture["type"].startswith("rich_text") else line(fixture))
    return fixture
