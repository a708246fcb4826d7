"""A day's digest in the conversation with a person, through the outbox, on each platform."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Protocol

import pytest

from bot import compose
from digest import posts
from digest.deliveries import resume
from digest.editions import Subscription, make_edition, number_of, register
from digest.outbox import Outbox
from digest.status import status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Publisher
from tests import discord_chat, slack_chat, slack_publishing
from tests.delivery_makers import MovedClock, stored_day
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE as DISCORD_ALICE
from tests.discord_world import PAPERS as DISCORD_PAPERS
from tests.makers import DAY
from tests.slack_server import SlackServer
from tests.slack_world import ALICE, PAPERS, TEAM


class Platform(Protocol):
    person: Destination
    channel: Destination
    publisher: Publisher
    why_closed: str

    def read(self, at: Destination) -> list[str]:
        """The first lines of what stands at a place, replies too, oldest first."""

    def close(self, closed: bool = True) -> None:
        """The person takes no messages any more, or takes them again."""


class InSlack:
    person, channel = Destination("slack", "", ALICE), Destination("slack", "", PAPERS)
    why_closed = "Messages tab"

    def __init__(self, slack: SlackServer) -> None:
        self._slack = slack
        self.publisher: Publisher = slack_publishing.publisher_for(slack)

    def read(self, at: Destination) -> list[str]:
        place = self._slack.workspaces[TEAM].direct_with(ALICE).id if at == self.person else at.address
        return [slack_chat.read_out(message).splitlines()[0] for message in self._slack.visible(place)]

    def close(self, closed: bool = True) -> None:
        self._slack.workspaces[TEAM].messages_tab = not closed


class InDiscord:
    person, channel = Destination("discord", "", DISCORD_ALICE), Destination("discord", "", DISCORD_PAPERS)
    why_closed = "takes no direct messages"

    def __init__(self, discord: DiscordServer) -> None:
        self._discord = discord
        self.publisher: Publisher = discord_chat.adapter_for(discord)

    def read(self, at: Destination) -> list[str]:
        inside = [thread.id for thread in self._discord.threads(at.address)]
        there = [message for place in (at.address, *inside) for message in self._discord.messages(place)]
        return [discord_chat.read_out(message).splitlines()[0] for message in there]

    def close(self, closed: bool = True) -> None:
        self._discord.people[DISCORD_ALICE].dms_closed = closed


@pytest.fixture(params=["slack", "discord"])
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    if request.param == "slack":
        with SlackServer() as slack:
            yield InSlack(slack)
    else:
        with DiscordServer() as discord:
            yield InDiscord(discord)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: MovedClock) -> AsyncIterator[StoreThread]:
    store = StoreThread(tmp_path / "paperboy.db", clock)
    yield store
    await store.close()


def editions(store: Store, places: list[Destination]) -> None:
    register(store, [Subscription(to=to, language="en") for to in places])
    for to in places:
        make_edition(
            store, number_of(store, to), DAY, posts.threaded(compose.texts("en"), compose.language_names("en"))
        )


async def drained(store: StoreThread, platform: Platform, clock: MovedClock) -> None:
    await Outbox(store, lambda _: platform.publisher, clock=clock, sleep=clock.sleep).drain()


async def test_a_person_reads_the_headline_and_then_the_cards(
    platform: Platform, store: StoreThread, clock: MovedClock
) -> None:
    """In order, each once, as in a channel; run again, nothing is sent again."""
    await store.run(stored_day, 5)
    await store.run(editions, [platform.person, platform.channel])
    for _ in range(2):
        await drained(store, platform, clock)
    assert platform.read(platform.person) == platform.read(platform.channel)
    assert platform.read(platform.person) == [
        "Papers · Fri 16 Jan · 5",
        *(f"Lanterns for Deep Networks 2601.{number:05}" for number in range(1, 6)),
    ]


async def test_a_person_who_takes_no_messages_is_parked_with_the_reason(
    platform: Platform, store: StoreThread, clock: MovedClock
) -> None:
    """The channel gets all of its own; once they take them again and it is resumed, so does the person."""
    await store.run(stored_day, 3)
    await store.run(editions, [platform.person, platform.channel])
    platform.close()
    await drained(store, platform, clock)
    assert platform.read(platform.person) == []
    assert len(platform.read(platform.channel)) == 4
    (parked,) = (await store.run(status)).parked
    assert parked.to == platform.person
    assert platform.why_closed in parked.why
    platform.close(closed=False)
    await store.run(lambda opened: resume(opened, number_of(opened, platform.person)))
    await drained(store, platform, clock)
    assert platform.read(platform.person) == platform.read(platform.channel)
    assert (await store.run(status)).parked == ()
