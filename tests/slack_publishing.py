"""A card, where it goes, and publishers that need not wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from adapters.slack_send import SlackPublisher
from digest.types import Action, Destination, Message
from tests.makers import points, sentence
from tests.slack_server import SlackServer
from tests.slack_world import BOT_TOKEN, PAPERS

CHANNEL = Destination("slack", "", PAPERS)
CARD = Message(
    title="Lanterns for Deep Networks",
    link="https://huggingface.co/papers/2601.00001",
    blocks=(sentence("Lanterns make every layer visible."), points("one", "two")),
    footer="vision · ▲7 · full text",
    actions=(Action("Read report", command="report", argument="2601.00001"),),
)


def publisher_for(slack: SlackServer, token: str = BOT_TOKEN, **settings: Any) -> SlackPublisher:
    quick = {"timeout_s": 5.0, "channel_gap_s": 0.0, "workspace_gap_s": 0.0, **settings}
    return SlackPublisher(token, api_url=f"{slack.url}/api/", **quick)


def lately() -> datetime:
    return datetime.now(UTC) - timedelta(minutes=1)
