"""Answers as windows of Slack."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from adapters.slack_events import Origin
from adapters.slack_views import VIEW_BLOCKS, window
from digest.types import Action, Destination, Message
from tests.makers import points, sentence
from tests.slack_chat import read_out
from tests.slack_rules import view_problems, view_too_large
from tests.slack_world import ALICE, PAPERS, TEAM, View

CHANNEL = Destination("slack", "", PAPERS)


@pytest.mark.parametrize("paragraphs", [0, 1, 99, 150, 4000])
def test_a_window_is_within_slacks_limits_and_whole(paragraphs: int) -> None:
    """Whatever it shows; only what no window of Slack can hold is cut, and says so."""
    texts = [f"Paragraph {number} 数学 " + "x" * 60 for number in range(paragraphs)]
    blocks = tuple(points(text) if number % 7 == 0 else sentence(text) for number, text in enumerate(texts))
    title = Message(title="A window", link="https://example.org/1")
    view = window(replace(title, blocks=blocks, actions=(Action("next", command="read", argument="x"),)), Origin())
    assert view_problems(view) == []
    assert not view_too_large(view)
    assert len(view["blocks"]) <= VIEW_BLOCKS
    assert view["blocks"][1]["type"] == "actions"
    shown = read_out(View("V1", TEAM, ALICE, view, ""))
    assert all(text.strip() in shown for text in texts) or (paragraphs == 4000 and "…" in shown)


def test_an_empty_answer_is_a_window_too() -> None:
    """Slack refuses a window without blocks."""
    assert view_problems(window(Message(), Origin())) == []
