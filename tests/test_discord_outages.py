"""Discord's gateway when it cannot be reached, lets nobody in, or tells what no SDK can read."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from adapters import backoff
from digest.errors import DestinationClosed, NotSent
from digest.types import Destination
from tests.discord_chat import COMMANDS, Desk, adapter_for, all_answered, card, read_out, serving
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_USER, GUILD, PAPERS, WEI
from tests.slack_socket import until
from tests.tcp_door import Door

HANG_S = 180.0
AWAY = "discord's gateway cannot be reached"
SKIPPED = "an event cannot be read and is skipped"
CHANNEL = Destination("discord", "", PAPERS)
VOICE = {"id": "900000000000000101", "type": 2, "name": "talk", "position": 3, "permission_overwrites": []}
POLL = {
    "question": {"text": "Which kite?"},
    "answers": [{"answer_id": 1, "poll_media": {"text": "The red one"}}],
    "expiry": None,
    "allow_multiselect": False,
    "layout_type": 1,
}


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(backoff, "LONGEST_PAUSE_S", 0.1)


async def tried(caplog: pytest.LogCaptureFixture, times: int = 3) -> None:
    await until(lambda: caplog.messages.count(AWAY) >= times, HANG_S)


async def stopped(running: asyncio.Task[None]) -> None:
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def answered(discord: DiscordServer, number: str = "7") -> None:
    """A command is answered."""
    (answer,) = await discord.command(PAPERS, ALICE, "paper", id=number).answered(timeout_s=HANG_S)
    assert read_out(answer) == f"You asked: paper {number}"


# --- a gateway that cannot be reached --------------------------------------------------------------------------------


async def test_a_gateway_that_refuses_connections_at_first_is_waited_for(
    discord: DiscordServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The kernel refuses, several times; then somebody listens."""
    async with Door(urlsplit(discord.url).port or 0) as door:
        adapter = adapter_for(discord, gateway_url=f"ws://127.0.0.1:{door.port}/gateway/")
        running = asyncio.create_task(adapter.serve(COMMANDS, desk.answer))
        await tried(caplog)
        assert not running.done()
        await door.open()
        await discord.connected(timeout_s=HANG_S)
        await answered(discord)
        await stopped(running)


async def test_a_gateway_that_answers_503_at_first_is_waited_for(
    discord: DiscordServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """As a proxy does whose server is away."""
    discord.gateway.turned_away = True
    running = asyncio.create_task(adapter_for(discord).serve(COMMANDS, desk.answer))
    await tried(caplog)
    discord.gateway.turned_away = False
    await discord.connected(timeout_s=HANG_S)
    await answered(discord)
    await stopped(running)


async def test_a_gateway_whose_name_is_not_known_is_asked_for_again(
    discord: DiscordServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """A name that nobody can have (RFC 6761)."""
    adapter = adapter_for(discord, gateway_url="ws://gateway.invalid/gateway/")
    running = asyncio.create_task(adapter.serve(COMMANDS, desk.answer))
    await tried(caplog)
    assert not running.done()
    await stopped(running)


async def test_a_gateway_that_hangs_up_on_who_identifies_is_tried_again(discord: DiscordServer, desk: Desk) -> None:
    """4000 is no word on the bot."""
    discord.gateway.refuses = 4000
    running = asyncio.create_task(adapter_for(discord).serve(COMMANDS, desk.answer))
    await until(lambda: discord.gateway.dialled >= 2, HANG_S)
    discord.gateway.refuses = 0
    await discord.connected(timeout_s=HANG_S)
    await answered(discord)
    await stopped(running)


async def test_an_outage_that_lasts_is_reported_and_costs_no_message(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serving ends with a sentence; served again, the same session goes on with what was said meanwhile."""
    monkeypatch.setattr(backoff, "PATIENCE_S", 0.0)
    adapter = adapter_for(discord)
    running = asyncio.create_task(adapter.serve(COMMANDS, desk.answer))
    await discord.connected()
    posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
    await answered(discord)
    discord.gateway.turned_away = True
    discord.gateway.drop(0)
    discord.mention(posted.thread, ALICE, "usage")
    with pytest.raises(NotSent, match=r"gateway cannot be reached\. Check the network"):
        await asyncio.wait_for(running, HANG_S)
    discord.gateway.turned_away = False
    running = asyncio.create_task(adapter.serve(COMMANDS, desk.answer))
    await until(lambda: len(desk.asked) == 2, HANG_S)
    await all_answered()
    await stopped(running)
    assert (desk.asked[1].args, desk.asked[1].channel, desk.asked[1].thread) == ("usage", PAPERS, posted.thread)
    assert (discord.gateway.started, discord.gateway.resumed) == (1, 1)


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        (4004, "set DISCORD_TOKEN"),
        (4010, "Update Paperboy"),
        (4011, "more servers than one connection serves"),
        (4012, "Update Paperboy"),
        (4013, "Update Paperboy"),
        (4014, "Privileged Gateway Intents"),
    ],
)
async def test_a_refusal_for_good_says_what_to_do(discord: DiscordServer, desk: Desk, code: int, remedy: str) -> None:
    """And is asked once only."""
    discord.gateway.refuses = code
    with pytest.raises(DestinationClosed, match=remedy):
        await asyncio.wait_for(adapter_for(discord).serve(COMMANDS, desk.answer), HANG_S)
    assert discord.gateway.dialled == 1


# --- what cannot be read ---------------------------------------------------------------------------------------------


def _with_voice_channel(event: str, about: Any) -> Any:
    return {**about, "channels": [VOICE, *about["channels"]]} if event == "GUILD_CREATE" else about


def _with_bare_threads(event: str, about: Any) -> Any:
    if event not in {"GUILD_CREATE", "INTERACTION_CREATE", "THREAD_CREATE"}:
        return about
    channel = {key: value for key, value in about.get("channel", {}).items() if key not in _NOT_ALWAYS_THERE}
    threads = [{key: one[key] for key in one if key not in _NOT_ALWAYS_THERE} for one in about.get("threads", ())]
    return {
        **{key: value for key, value in about.items() if key not in _NOT_ALWAYS_THERE},
        **({"channel": channel} if channel else {}),
        **({"threads": [None, {"id": "1"}, *threads]} if "threads" in about else {}),
    }


_NOT_ALWAYS_THERE = {"message_count", "member_count", "thread_metadata", "owner_id"}


def _without_most(event: str, about: Any) -> Any:
    """A server of which little is told, and a greeting without the bot and its applications."""
    kept = {"GUILD_CREATE": {"id", "threads"}, "READY": {"v", "session_id", "resume_gateway_url"}}.get(event)
    return about if kept is None else {key: value for key, value in about.items() if key in kept}


@pytest.mark.parametrize("alter", [_with_voice_channel, _with_bare_threads, _without_most])
async def test_a_server_that_no_sdk_can_read_is_served(
    discord: DiscordServer, desk: Desk, alter: Callable[[str, Any], Any]
) -> None:
    """Its commands, mentions in its threads and buttons, at every start."""
    async with serving(discord, desk) as adapter:
        posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
        await adapter.post(CHANNEL, card(), under=posted, key="k2")
    discord.gateway.alter = alter
    for _ in range(2):
        async with serving(discord, desk):
            await answered(discord)
            discord.command(posted.thread, ALICE, "paperboy help")
            await until(lambda: desk.asked[-1].args == "help", HANG_S)
            assert (desk.asked[-1].channel, desk.asked[-1].thread) == (PAPERS, posted.thread)
            discord.mention(posted.thread, WEI, "usage")
            await until(lambda: desk.asked[-1].args == "usage", HANG_S)
            assert (desk.asked[-1].channel, desk.asked[-1].thread) == (PAPERS, posted.thread)
            await discord.press(discord.messages(posted.thread)[0], "Read report", ALICE).answered(timeout_s=HANG_S)
            await all_answered()
    assert (discord.gateway.started, discord.gateway.resumed) == (3, 0)


async def test_a_message_with_a_poll_that_never_ends_is_answered_like_others(
    discord: DiscordServer, desk: Desk
) -> None:
    """`expiry` is null then; whoever mentions the bot in it is answered, in a direct message, too."""
    discord.gateway.alter = lambda event, about: {**about, "poll": POLL} if event == "MESSAGE_CREATE" else about
    async with serving(discord, desk):
        discord.say(PAPERS, WEI, "Vote!")
        discord.mention(PAPERS, ALICE, "usage")
        await until(lambda: len(desk.asked) == 1, HANG_S)
        discord.direct(WEI, "results")
        await until(lambda: len(desk.asked) == 2, HANG_S)
        await all_answered()
    assert [one.args for one in desk.asked] == ["usage", "results"]
    assert (desk.asked[0].workspace, desk.asked[1].workspace) == (GUILD, "")
    assert (discord.gateway.started, discord.gateway.resumed) == (1, 0)


NONSENSE: tuple[tuple[str, Any], ...] = (
    ("MESSAGE_CREATE", {}),
    ("MESSAGE_CREATE", {"id": "1", "channel_id": "2", "type": 0, "content": None, "author": {"id": "3"}}),
    ("MESSAGE_CREATE", {"id": "1", "channel_id": "2", "type": 0, "content": f"<@{BOT_USER}>", "author": None}),
    ("INTERACTION_CREATE", {"id": "1", "type": 2, "token": "t", "data": {"name": "paper"}}),
    ("INTERACTION_CREATE", {"type": 5, "data": {"custom_id": "x"}}),
    ("INTERACTION_CREATE", []),
    ("THREAD_CREATE", None),
    ("THREAD_UPDATE", "a thread"),
    ("THREAD_LIST_SYNC", {"threads": 4}),
    ("GUILD_CREATE", {"threads": {"id": "1"}}),
    ("GUILD_CREATE", None),
    ("GUILD_DELETE", None),
    ("GUILD_UPDATE", {"id": "none"}),
    ("VOICE_STATE_UPDATE", {}),
    ("RESUMED", None),
    ("READY", {}),
    ("KITE_LAUNCH", {"string": 1}),
)


async def test_no_event_ends_the_connection(
    discord: DiscordServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever it holds. A kind is logged once, however often it comes; people are answered over the same socket."""
    frames = ("{", "[]", "7", '"a word"', "null", '{"op": 0}', '{"op": 99, "d": null}', '{"op": 0, "t": [], "d": 1}')
    async with serving(discord, desk):
        for _ in range(3):
            for event, about in NONSENSE:
                discord.gateway.emit(event, about)
            for frame in frames:
                discord.gateway.send(frame)
            await answered(discord)
        await all_answered()
    assert (discord.gateway.started, discord.gateway.resumed, discord.gateway.dialled) == (1, 0, 1)
    skipped = [record for record in caplog.records if record.message == SKIPPED]
    kinds = [(vars(record)["event"], record.exc_info and record.exc_info[0]) for record in skipped]
    assert len(kinds) == len(set(kinds))
    assert ("MESSAGE_CREATE", KeyError) in kinds
    assert {record.levelno for record in skipped} == {logging.WARNING}
