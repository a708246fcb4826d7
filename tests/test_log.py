"""The log: events with fields, and never a secret."""

from __future__ import annotations

import logging

import pytest

from bot.log import Lines


def line(message: str, *secrets: str, **fields: object) -> str:
    record = logging.makeLogRecord({"name": "digest", "levelname": "WARNING", "msg": message, **fields})
    return Lines(secrets).format(record)


def test_an_event_is_one_line_with_its_fields() -> None:
    """Message, then key=value."""
    assert line("paper failed", paper="2601.00001").endswith("WARNING digest: paper failed paper=2601.00001")


@pytest.mark.parametrize(
    "secret",
    [
        "xoxb-1234-abcd",
        "xapp-1-A0-99",
        "sk-abcdefgh12345678",
        "https://hooks.slack.com/services/T0/B0/XYZ",
        "https://discord.com/api/webhooks/1/abc",
    ],
)
def test_tokens_and_webhooks_never_reach_it(secret: str) -> None:
    """Known by their shape, in the message, a field or a traceback."""
    assert secret not in line(f"sent with {secret}")
    assert secret not in line("sent", address=secret)
    shown = line("broken", exc_info=(ValueError, ValueError(secret), None))
    assert "ValueError" in shown
    assert secret not in shown


def test_a_key_without_a_known_shape_is_hidden_too() -> None:
    """The one that is set."""
    assert line("asked with hunter2", "hunter2", "").endswith("asked with [secret]")
