"""Discord keeps what every chat adapter must: in text channels, in forums and in direct messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from adapters.discord import DiscordAdapter
from digest.types import Destination, Message, Posted
from tests.adapter_contract import RETRY_AFTER_S, AdapterContract, Platform, Trouble
from tests.discord_chat import Desk, adapter_for, all_answered, buttons, controls, marked, read_out, serving
from tests.discord_faults import Error, Fault, RateLimited, ResetAfterApplying, ResetBeforeApplying, Status
from tests.discord_faults import TimeoutAfterApplying as Silent
from tests.discord_seen import seen
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_USER, FORUM, PAPERS
from tests.discord_world import Message as Shown

FAULTS: dict[Trouble, Fault] = {
    Trouble.LIMITED: RateLimited(RETRY_AFTER_S),
    Trouble.CLOSED: Error(50001),
    Trouble.REVOKED: Error(0),
    Trouble.REFUSED: Error(50035),
    Trouble.FAILED: Status(503),
    Trouble.LOST: ResetBeforeApplying(),
    Trouble.APPLIED_AND_FAILED: Status(502, applied=True),
    Trouble.APPLIED_AND_LOST: ResetAfterApplying(),
    Trouble.APPLIED_AND_SILENT: Silent(),
}


class LocalDiscord:
    """A Platform: see there."""

    def __init__(self, discord: DiscordServer, adapter: DiscordAdapter, channel: str) -> None:
        self.discord, self.adapter, self.channel = discord, adapter, channel
        self.to = Destination("discord", "", channel)

    def trouble(self, trouble: Trouble) -> None:
        # What a forum is sent first is a thread; what is sent inside it are messages
        opens = self.channel == FORUM and not self.discord.threads(FORUM)
        self.discord.fault("create_thread" if opens else "create_message", FAULTS[trouble])

    def delete(self, posted: Posted) -> None:
        (found,) = (one for one in self._shown() if one.id == posted.message)
        self.discord.delete(found)

    def texts(self) -> list[str]:
        return [read_out(message) for message in self._shown()]

    def links(self) -> set[str]:
        found: set[str] = set()
        for message in self._shown():
            found |= {address for text in marked(message) for _, address in seen(text).links}
            found |= {embed["url"] for embed in message.embeds if "url" in embed}
            found |= {button["url"] for button in controls(message) if "url" in button}
        return found

    def calls(self) -> list[str]:
        pinged = [who for message in self._shown() for who in message.pinged]
        return pinged + [call for message in self._shown() for text in marked(message) for call in seen(text).calls]

    def buttons(self) -> list[str]:
        return buttons(self._shown()[-1])

    async def ask(self, message: Message) -> list[str]:
        desk = Desk()
        desk.answers["paper it"] = message
        async with serving(self.discord, desk):
            # Forums themselves have no place to type a command
            asked = self.discord.command(PAPERS if self.channel == FORUM else self.channel, ALICE, "paper", id="it")
            await asked.acked()
            await all_answered()
        return [read_out(shown) for shown in asked.answers]

    def _shown(self) -> list[Shown]:
        there = [thread.id for thread in self.discord.threads(self.channel)]
        return sorted((m for place in (self.channel, *there) for m in self.discord.messages(place)), key=_age)


def _age(message: Shown) -> int:
    return int(message.id)


@contextmanager
def local(channel: str) -> Iterator[Platform]:
    with DiscordServer() as discord:
        yield LocalDiscord(discord, adapter_for(discord, timeout_s=2.0), channel)


class TestTextChannel(AdapterContract):
    @pytest.fixture
    def platform(self) -> Iterator[Platform]:
        with local(PAPERS) as platform:
            yield platform


class TestForum(AdapterContract):
    @pytest.fixture
    def platform(self) -> Iterator[Platform]:
        with local(FORUM) as platform:
            yield platform


class TestDirectMessages(AdapterContract):
    @pytest.fixture
    def platform(self) -> Iterator[Platform]:
        with local(ALICE) as platform:
            yield platform


def test_the_harness_sees_who_is_called_and_what_is_linked() -> None:
    """A message that does mention and link is not taken for harmless."""
    text = "<@100000000000000021> @here [read](https://evil.example/a) <https://evil.example/b> https://evil.example/c"
    with DiscordServer() as discord:
        with discord.lock:
            body = {"content": text, "embeds": [{"title": "t", "url": "https://evil.example/d"}]}
            discord.append(discord.channels[PAPERS], BOT_USER, body, pinged=(ALICE,))
        platform = LocalDiscord(discord, DiscordAdapter(""), PAPERS)
        assert platform.calls() == [ALICE, "<@100000000000000021>", "@here"]
        assert platform.links() == {f"https://evil.example/{letter}" for letter in "abcd"}
