"""The real SDK against the local Slack, without its own retries."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack_server import SlackProcess, SlackServer
from tests.slack_world import BOT_TOKEN


def web_client(slack: SlackServer | SlackProcess, token: str = BOT_TOKEN, **more: Any) -> AsyncWebClient:
    return AsyncWebClient(token, base_url=f"{slack.url}/api/", retry_handlers=[], **more)


async def refusal(call: Awaitable[Any]) -> Any:
    """The answer that a call is refused with."""
    with pytest.raises(SlackApiError) as raised:
        await call
    return raised.value.response


async def refused(call: Awaitable[Any]) -> str:
    """The error that a call is refused with."""
    return str((await refusal(call))["error"])


def keyed(key: str) -> dict[str, Any]:
    """Metadata that holds a delivery's key."""
    return {"event_type": "paperboy_delivery", "event_payload": {"key": key}}
