"""What Slack tells of people, read into invocations."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack_events import MENTION, pressed_on, said
from digest.types import Destination
from tests.slack_world import ALICE, BOT_USER, PAPERS, TEAM

CHANNEL = Destination("slack", "", PAPERS)


@pytest.mark.parametrize(("thread", "heard"), [({}, ""), ({"thread_ts": "2.0"}, ""), ({"thread_ts": "1.0"}, "1.0")])
def test_the_first_message_of_a_thread_is_in_the_channel(thread: dict[str, str], heard: str) -> None:
    """Slack may name it as its own thread."""
    body: dict[str, Any] = {
        "actions": [{"action_id": "discuss:1", "value": "1"}],
        "container": {"type": "message", "channel_id": PAPERS, "message_ts": "2.0", **thread},
        "user": {"id": ALICE},
        "team": {"id": "T0OTHER"},
        "trigger_id": "1",
    }
    asked = pressed_on(body, TEAM)
    assert asked is not None
    assert (asked.invocation.thread, asked.invocation.message) == (heard, "2.0")


@pytest.mark.parametrize(
    "change",
    [
        {"bot_id": "B0OTHER"},
        {"subtype": "message_changed"},
        {"edited": {"user": ALICE, "ts": "1.0"}},
        {"user": BOT_USER},
        {"type": "message"},
    ],
)
def test_bots_edits_and_what_others_say_are_not_answered(change: dict[str, Any]) -> None:
    """The same mention from a person is."""
    event = {"type": "app_mention", "user": ALICE, "text": f"<@{BOT_USER}> hi", "channel": PAPERS, "ts": "1.000001"}
    assert said({"event": event, "team_id": "T0OTHER"}, TEAM, BOT_USER, {"paper"}) is not None
    assert said({"event": event | change, "team_id": "T0OTHER"}, TEAM, BOT_USER, {"paper"}) is None


@pytest.mark.parametrize(
    ("text", "name", "args"),
    [
        (f"<@{BOT_USER}>", MENTION, ""),
        (f"<@{BOT_USER}> paper <tel:2601.10592|2601.10592>", "paper", "2601.10592"),
        (f"<@{BOT_USER}> <http://arxiv.org/abs/2601.10592|arxiv.org/abs/2601.10592>", MENTION, "arxiv.org"),
        (f"<@{BOT_USER}> ask <@U0OTHER|wei> in <#C1|papers>\nnow", MENTION, "ask wei in papers now"),
        ("  /PAPERS\u00a0 C++ &amp; Rust ", "papers", "C++ & Rust"),
        ("paper", "paper", ""),
    ],
)
def test_slacks_marks_are_read_as_what_was_typed(text: str, name: str, args: str) -> None:
    """Addresses, numbers taken for telephones, people, channels, escapes."""
    event = {"type": "message", "channel_type": "im", "user": ALICE, "text": text, "channel": "D1", "ts": "1.000001"}
    asked = said({"event": event, "team_id": "T0OTHER"}, TEAM, BOT_USER, {"paper", "papers"})
    assert asked is not None
    assert asked.invocation.name == name
    assert args in asked.invocation.args
    assert "<" not in asked.invocation.args
    assert (asked.invocation.args == args) == (args != "arxiv.org")
