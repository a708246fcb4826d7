"""Slack keeps what every chat adapter must: in channels and in direct messages."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.slack import SlackAdapter
from digest.types import Destination, Message, Posted
from tests.adapter_contract import RETRY_AFTER_S, AdapterContract, Platform, Trouble
from tests.slack_chat import Desk, all_answered, buttons, read_out, serving
from tests.slack_faults import Error, Fault, RateLimited, ResetAfterApplying, ResetBeforeApplying, Status
from tests.slack_faults import TimeoutAfterApplying as Silent
from tests.slack_server import SlackServer
from tests.slack_world import ALICE, PAPERS, TEAM
from tests.slack_world import Message as Shown

FAULTS: dict[Trouble, Fault] = {
    Trouble.LIMITED: RateLimited(RETRY_AFTER_S),
    Trouble.CLOSED: Error("is_archived"),
    Trouble.REVOKED: Error("token_revoked"),
    Trouble.REFUSED: Error("msg_blocks_too_long"),
    Trouble.FAILED: Status(503),
    Trouble.LOST: ResetBeforeApplying(),
    Trouble.APPLIED_AND_FAILED: Status(502, applied=True),
    Trouble.APPLIED_AND_LOST: ResetAfterApplying(),
    Trouble.APPLIED_AND_SILENT: Silent(),
}
_CALLING = {"user", "usergroup", "channel", "broadcast", "team"}  # elements of rich text that mention


class LocalSlack:
    """A Platform: see there."""

    def __init__(self, slack: SlackServer, adapter: SlackAdapter, desk: Desk, address: str = PAPERS) -> None:
        self.slack, self.adapter, self.desk = slack, adapter, desk
        self.to = Destination("slack", "", address)
        self._at = slack.workspaces[TEAM].direct_with(address).id if address == ALICE else address

    def trouble(self, trouble: Trouble) -> None:
        self.slack.fault("chat.postMessage", FAULTS[trouble])

    def delete(self, posted: Posted) -> None:
        (found,) = (one for one in self.slack.visible(self._at) if one.ts == posted.message)
        self.slack.delete(found)

    def texts(self) -> list[str]:
        return [read_out(message) for message in self.slack.visible(self._at)]

    def links(self) -> set[str]:
        found = {part["url"] for part in self._parts() if "url" in part}
        return found | {address for text in self._marked() for address in re.findall(r"<(https?:[^|>]*)", text)}

    def calls(self) -> list[str]:
        named = [json.dumps(part) for part in self._parts() if part.get("type") in _CALLING]
        return named + [call for text in self._marked() for call in re.findall(r"<[!@#][^>]*>|@(?:here|channel)", text)]

    def buttons(self) -> list[str]:
        return buttons(self.slack.visible(self._at)[-1])

    async def ask(self, message: Message) -> list[str]:
        self.desk.answers["paper it"] = message
        await self.slack.command(self.to.address, ALICE, "/paper", "it").acked()
        await all_answered()
        return [read_out(shown) for shown in self.slack.ephemerals(self._at, ALICE)]

    def _parts(self) -> Iterator[dict[str, Any]]:
        """Every object in the blocks that everybody can see."""
        yield from _objects([message.blocks for message in self.slack.visible(self._at)])

    def _marked(self) -> Sequence[str]:
        """The texts that Slack parses: of notifications, and of mrkdwn objects."""
        parsed = [part["text"] for part in self._parts() if part.get("type") == "mrkdwn"]
        return [*parsed, *(message.text for message in self.slack.visible(self._at))]


def _objects(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, dict):
        yield content
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from _objects(part)


@asynccontextmanager
async def local(address: str) -> AsyncIterator[Platform]:
    with SlackServer() as slack:
        desk = Desk()
        async with serving(slack, desk, timeout_s=2.0) as adapter:
            yield LocalSlack(slack, adapter, desk, address)


class TestChannel(AdapterContract):
    @pytest.fixture
    async def platform(self) -> AsyncIterator[Platform]:
        async with local(PAPERS) as platform:
            yield platform


class TestDirectMessages(AdapterContract):
    @pytest.fixture
    async def platform(self) -> AsyncIterator[Platform]:
        async with local(ALICE) as platform:
            yield platform


def test_the_harness_sees_who_is_called_and_what_is_linked() -> None:
    """A message that does mention and link is not taken for harmless."""
    with SlackServer() as slack:
        rich = {"type": "rich_text_section", "elements": [{"type": "broadcast", "range": "here"}]}
        marked = {"type": "section", "text": {"type": "mrkdwn", "text": "<https://evil.example|x> <!channel>"}}
        body = {"text": "<@U1>", "blocks": [{"type": "rich_text", "elements": [rich]}, marked], "user": "U1", "ts": "1"}
        slack.applied.append(Shown("T1", PAPERS, "1", body))
        local = LocalSlack(slack, SlackAdapter("", ""), Desk())
        assert len(local.calls()) == 3
        assert local.links() == {"https://evil.example"}
