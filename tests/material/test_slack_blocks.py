"""Slack's limits against those of the public specification."""

from __future__ import annotations

import json

from adapters.slack_blocks import BUTTON_CHARS
from adapters.slack_rich import TEXT_CHARS
from tests.material import material


def test_the_limits_are_those_of_the_public_specification() -> None:
    """Our constants are not larger than the ones in the conformance specification."""
    limits = json.loads(material("specs/slack-blocks/limits.json").read_bytes())
    assert limits["text"]["max_length"] >= TEXT_CHARS
    assert limits["button"]["text"]["max_length"] >= BUTTON_CHARS
    assert limits["overflow"]["options"]["max_items"] >= 5
