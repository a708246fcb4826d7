"""What somebody types in Discord, read from the gateway's events."""

from __future__ import annotations

import pytest

from adapters.discord_events import said
from adapters.discord_session import Session


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("<@9> what flies?", "what flies?"),
        ("<@!9> ask <@!12> in <#34>, a <@&56>", "ask 12 in 34, a 56"),
        ("</paper search:78> kites", "paper search kites"),
        (
            "<https://kites.example/a b> and <http://kites.example>",
            "https://kites.example/a b and http://kites.example",
        ),
        ("a < b, </ or </paper:> or </<https://kites.example>", "a < b, </ or </paper:> or </https://kites.example"),
    ],
)
def test_discords_marks_are_read_as_what_was_typed(written: str, read: str) -> None:
    """Mentions, commands and addresses without previews; what only begins like one stays."""
    message = {"id": "1", "channel_id": "2", "type": 0, "content": written, "author": {"id": "3"}}
    session = Session()
    session.user = "9"
    asked = said(message, (), session)
    assert asked is not None
    assert asked.invocation.args == read
