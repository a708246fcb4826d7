"""A day's digest goes to Discord through the outbox: each message once and in order, whatever Discord does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot import compose
from digest import posts
from digest.editions import Subscription, make_edition, number_of, register
from digest.lookups import Lookups
from digest.outbox import Outbox
from digest.status import status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination
from tests.delivery_makers import MovedClock, stored_day
from tests.discord_chat import adapter_for, read_out
from tests.discord_faults import (
    CutShort,
    Error,
    Fault,
    RateLimited,
    ResetAfterApplying,
    ResetBeforeApplying,
    Status,
    TimeoutAfterApplying,
)
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, FORUM, PAPERS
from tests.makers import DAY

PLACES = {address: Destination("discord", "", address) for address in (PAPERS, FORUM, ALICE)}
FAULTS: tuple[Fault, ...] = (
    Status(502),
    Status(500, applied=True),
    ResetBeforeApplying(),
    ResetAfterApplying(),
    TimeoutAfterApplying(),
    CutShort(),
    RateLimited(0.05),
    RateLimited(0.05, "global"),
    Error(130000, 503),
)


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def store(tmp_path: Path, clock: MovedClock) -> AsyncIterator[StoreThread]:
    store = StoreThread(tmp_path / "paperboy.db", clock)
    yield store
    await store.close()


def editions(store: Store, language: str = "en", layout: str = "digest") -> None:
    register(store, [Subscription(to=to, language=language) for to in PLACES.values()])
    rendered = posts.apart if layout == "paper" else posts.threaded
    for to in PLACES.values():
        composed = rendered(compose.texts(language), compose.language_names(language))
        make_edition(store, number_of(store, to), DAY, composed)


async def drained(store: StoreThread, discord: DiscordServer, clock: MovedClock) -> None:
    adapter = adapter_for(discord, timeout_s=0.3)
    await Outbox(store, lambda _: adapter, clock=clock, sleep=clock.sleep).drain()


def titles(discord: DiscordServer, place: str) -> list[str]:
    """The first lines of what stands at a place and then in its threads."""
    inside = [thread.id for thread in discord.threads(place)]
    there = [message for where in (place, *inside) for message in discord.messages(where)]
    return [read_out(message).splitlines()[0] for message in there]


def expected(papers: int) -> list[str]:
    cards = [f"Lanterns for Deep Networks 2601.{number:05}" for number in range(1, papers + 1)]
    return [f"Papers · Fri 16 Jan · {papers}", *cards]


def states(lookups: Lookups) -> set[str]:
    return {state for day in status(lookups).days for state, count in day.deliveries.items() if count}


async def test_a_day_is_a_thread_a_post_and_a_conversation(
    discord: DiscordServer, store: StoreThread, clock: MovedClock
) -> None:
    """Side by side; run again, nothing is sent again."""
    await store.run(stored_day, 5)
    await store.run(editions)
    for _ in range(2):
        await drained(store, discord, clock)
    assert {place: titles(discord, place) for place in PLACES} == dict.fromkeys(PLACES, expected(5))
    assert [len(discord.threads(place)) for place in PLACES] == [1, 1, 0]
    assert await store.run(states) == {"sent"}


async def test_each_paper_may_have_a_thread_of_its_own(
    discord: DiscordServer, store: StoreThread, clock: MovedClock
) -> None:
    """Layout `paper`: the report's sections stand in it."""
    await store.run(stored_day, 3)
    await store.run(lambda opened: editions(opened, layout="paper"))
    await drained(store, discord, clock)
    for place in (PAPERS, FORUM):
        threads = discord.threads(place)
        assert [thread.name for thread in threads] == expected(3)[1:]
        sections = [[m for m in discord.messages(thread.id) if m.id != thread.id] for thread in threads]
        assert [len(held) for held in sections] == [5, 5, 5]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
async def test_whatever_fails_each_message_is_there_once_and_in_order(
    discord: DiscordServer, store: StoreThread, clock: MovedClock, fault: Fault
) -> None:
    """At the first message, at a thread's making, amid the cards, and while a message is looked for."""
    await store.run(stored_day, 3)
    await store.run(editions)
    for operation in ("create_thread", "create_thread_from_message", "create_dm", "list_messages", "get_channel"):
        discord.fault(operation, fault)
    for skip in (0, 3, 5):
        discord.fault("create_message", fault, skip=skip)
    await drained(store, discord, clock)
    assert {place: titles(discord, place) for place in PLACES} == dict.fromkeys(PLACES, expected(3))
    assert [len(discord.threads(place)) for place in PLACES] == [1, 1, 0]
    assert await store.run(states) == {"sent"}
