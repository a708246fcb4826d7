"""The local Discord's gateway speaks as Discord's does, to the real discord.py and to a bare socket."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.discord_client import INTENTS, App, discord, running
from tests.discord_faults import Disconnect
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_TOKEN, BOT_USER, FORUM, GRANTED, GUILD, HIDDEN, MUTED, PAPERS, Permission
from tests.slack_socket import until
from tests.tcp_door import Door

IDENTIFY = {"token": BOT_TOKEN, "intents": INTENTS.value, "properties": {}}


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def app(local: DiscordServer) -> AsyncIterator[App]:
    app = App()
    async with running(app, local):
        yield app


class Socket:
    """A gateway's socket without an SDK, after HELLO."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def hear(self) -> dict[str, Any]:
        frame = await self.socket.receive(timeout=120)
        assert frame.type is aiohttp.WSMsgType.TEXT, frame
        return dict(json.loads(frame.data))

    async def say(self, op: int, told: Any) -> dict[str, Any]:
        """What comes back."""
        await self.socket.send_json({"op": op, "d": told})
        return await self.hear()

    async def closed(self) -> int | None:
        """The code it is closed with, once it is."""
        while (await self.socket.receive(timeout=120)).type is aiohttp.WSMsgType.TEXT:
            pass
        return self.socket.close_code


@asynccontextmanager
async def connected(local: DiscordServer, query: str = "v=10&encoding=json") -> AsyncIterator[Socket]:
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{local.gateway_url}?{query}") as bare:
        socket = Socket(bare)
        hello = await socket.hear()
        assert (hello["op"], hello["d"]["heartbeat_interval"]) == (10, int(local.gateway.heartbeat_s * 1000))
        yield socket


# --- sessions --------------------------------------------------------------------------------------------------------


async def test_discord_py_gets_ready_and_knows_the_servers(local: DiscordServer, app: App) -> None:
    """READY, then each server with its channels; the bot's own name."""
    local.invite_bot("100000000000000500")
    assert app.user is not None
    assert (str(app.user.id), app.events[:2]) == (BOT_USER, ["READY", "GUILD_CREATE"])
    there = app.get_guild(int(GUILD))
    assert there is not None
    assert {str(channel.id) for channel in there.channels} == {PAPERS, FORUM, HIDDEN, MUTED}
    await until(lambda: len(app.guilds) == 2)


@pytest.mark.parametrize(
    ("op", "told", "code"),
    [
        (2, {**IDENTIFY, "token": "nobody"}, 4004),
        (2, {**IDENTIFY, "intents": 1 << 15}, 4014),
        (2, {**IDENTIFY, "intents": 1 << 40}, 4013),
        (2, {"token": BOT_TOKEN}, 4002),
        (3, {}, 4003),
        (99, {}, 4001),
        (6, {"token": "nobody", "session_id": "x", "seq": 0}, 4004),
        (6, {"token": BOT_TOKEN}, 4002),
    ],
)
async def test_a_frame_that_makes_no_sense_ends_the_socket(local: DiscordServer, op: int, told: Any, code: int) -> None:
    """With the code that says why; the frame is among the strays."""
    async with connected(local) as socket:
        await socket.socket.send_json({"op": op, "d": told})
        assert await socket.closed() == code
    assert len(local.gateway.strays) == 1


async def test_a_socket_is_for_one_session(local: DiscordServer) -> None:
    """4005 for whoever identifies twice; 4002 for what is no JSON."""
    for text, code in ((json.dumps({"op": 2, "d": IDENTIFY}), 4005), ("{", 4002)):
        async with connected(local) as socket:
            assert (await socket.say(2, IDENTIFY))["t"] == "READY"
            await socket.socket.send_str(text)
            assert await socket.closed() == code


async def test_discord_py_reports_intents_that_were_not_granted(local: DiscordServer) -> None:
    """PrivilegedIntentsRequired; once granted, they are served."""
    intents = discord.Intents(guilds=True, message_content=True)
    with pytest.raises(discord.PrivilegedIntentsRequired):
        async with running(App(intents), local):
            raise AssertionError("it got ready")
    local.gateway.allowed = 1 << 15
    async with running(App(intents), local):
        assert local.gateway.count == 1


async def test_only_version_ten_in_json_is_spoken(local: DiscordServer) -> None:
    """400 for another; 503 while connections are turned away."""
    async with aiohttp.ClientSession() as session:
        for query, status in (("v=9&encoding=json", 400), ("v=10&encoding=etf", 400)):
            async with session.get(f"{local.gateway_url.replace('ws', 'http', 1)}?{query}") as answer:
                assert answer.status == status
        local.gateway.turned_away = True
        async with session.get(f"{local.gateway_url.replace('ws', 'http', 1)}?v=10&encoding=json") as answer:
            assert answer.status == 503


async def test_heartbeats_are_answered_and_missed(local: DiscordServer) -> None:
    """Each with an ack; a socket that is silent for longer than it was told to beat is closed."""
    local.gateway.heartbeat_s = 0.1
    async with connected(local) as socket:
        assert (await socket.say(1, None))["op"] == 11
        assert await socket.closed() == 4009
    assert local.gateway.heartbeats == 1


async def test_discord_py_leaves_a_gateway_that_is_deaf(local: DiscordServer) -> None:
    """No acks for its heartbeats: it closes the socket and resumes on another."""
    local.gateway.heartbeat_s = 0.05
    app = App(heartbeat_timeout=0.2)
    async with running(app, local):
        local.gateway.deaf = True
        await until(lambda: local.gateway.resumed)
        local.gateway.deaf = False


# --- drops and resuming ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["closed", "reset", "asked to", "by a call"])
async def test_a_dropped_app_resumes_and_misses_nothing(local: DiscordServer, app: App, way: str) -> None:
    """Closed, reset, asked to reconnect, or dropped by a fault: what was said meanwhile comes after RESUMED."""
    if way == "by a call":
        local.fault("create_message", Disconnect(0))
        await app.text(PAPERS).send("x")
    else:
        {"closed": local.gateway.drop, "reset": lambda: local.gateway.drop(0), "asked to": local.gateway.reconnect}[
            way
        ]()
    local.direct(ALICE, "meanwhile")
    await until(lambda: "RESUMED" in app.events)
    await until(lambda: "meanwhile" in [message.content for message in app.heard])
    assert [message.content for message in app.heard].count("meanwhile") == 1
    assert (local.gateway.started, local.gateway.resumed) == (1, 1)


async def test_a_resumable_session_goes_on_after_an_invalidation(local: DiscordServer, app: App) -> None:
    """Op 9 with true."""
    local.gateway.invalidate(resumable=True)
    await until(lambda: "RESUMED" in app.events)


async def test_a_forgotten_session_is_refused_and_begun_anew(local: DiscordServer) -> None:
    """Op 9 with false for whoever resumes what is not known; the same socket may identify then."""
    async with connected(local) as socket:
        told = {"token": BOT_TOKEN, "session_id": "nothing", "seq": 3}
        assert await socket.say(6, told) == {"op": 9, "d": False}
        assert (await socket.say(2, IDENTIFY))["t"] == "READY"


async def test_an_invalidated_session_cannot_be_resumed(local: DiscordServer) -> None:
    """The app is told with op 9, and its session is unknown afterwards."""
    async with connected(local) as socket:
        ready = await socket.say(2, IDENTIFY)
        assert (await socket.hear())["t"] == "GUILD_CREATE"
        local.gateway.invalidate()
        assert await socket.hear() == {"op": 9, "d": False}
    async with connected(local) as socket:
        told = {"token": BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 2}
        assert (await socket.say(6, told))["op"] == 9


async def test_a_resumed_session_gets_what_came_after_its_number(local: DiscordServer) -> None:
    """In order, and 4007 for a number that was never given."""
    async with connected(local) as socket:
        ready = await socket.say(2, IDENTIFY)
        await socket.hear()
    local.say(PAPERS, ALICE, "one")
    local.direct(ALICE, "two")
    told = {"token": BOT_TOKEN, "session_id": ready["d"]["session_id"], "seq": 3}
    async with connected(local) as socket:
        frames = [await socket.say(6, told), await socket.hear()]
        assert [(frame["s"], frame["t"]) for frame in frames] == [(4, "MESSAGE_CREATE"), (5, "RESUMED")]
        assert frames[0]["d"]["content"] == "two"
    async with connected(local) as socket:
        await socket.socket.send_json({"op": 6, "d": {**told, "seq": 99}})
        assert await socket.closed() == 4007


async def test_a_slow_gateway_is_slow_and_loses_nothing(local: DiscordServer, app: App) -> None:
    """Events come in order, each so much later."""
    local.gateway.delay_s = 0.02
    for number in range(3):
        local.direct(ALICE, str(number))
    assert app.heard == []
    await until(lambda: len(app.heard) == 3)
    assert [message.content for message in app.heard] == ["0", "1", "2"]


# --- who hears what --------------------------------------------------------------------------------------------------


async def test_a_message_s_text_reaches_whom_it_is_meant_for(local: DiscordServer, app: App) -> None:
    """Without the intent to read all: direct messages, mentions and the bot's own have a text, others come empty."""
    local.say(PAPERS, ALICE, "secret")
    local.mention(PAPERS, ALICE, "what is new?")
    local.direct(ALICE, "hello")
    await app.text(PAPERS).send("own")
    local.say(HIDDEN, ALICE, "not seen")
    local.direct(ALICE, "last")
    await until(lambda: app.heard and app.heard[-1].content == "last")
    assert [m.content for m in app.heard] == ["", f"<@{BOT_USER}> what is new?", "hello", "own", "last"]
    assert app.user in app.heard[1].mentions


async def test_events_go_to_those_who_listen(local: DiscordServer) -> None:
    """Without the intent for direct messages none comes; interactions come to everybody."""
    app = App(discord.Intents(guilds=True, guild_messages=True))
    async with running(app, local):
        local.direct(ALICE, "hello")
        local.mention(PAPERS, ALICE, "you")
        await until(lambda: app.heard)
        assert [message.guild is None for message in app.heard] == [False]


async def test_discord_py_follows_what_administrators_do(local: DiscordServer, app: App) -> None:
    """Rights, new and deleted channels, archived threads, and the bot's own removal and return."""
    there = app.text(PAPERS)
    local.allow(GRANTED & ~Permission.SEND_MESSAGES)
    await until(lambda: not there.permissions_for(there.guild.me).send_messages)
    local.allow(GRANTED)
    local.allow(Permission.VIEW_CHANNEL, PAPERS)
    await until(lambda: app.events[-1] == "CHANNEL_UPDATE")
    assert not there.permissions_for(there.guild.me).send_messages
    thread = (await app.forum(FORUM).create_thread(name="Day", content="x")).thread
    local.archive(str(thread.id))
    await until(lambda: app.get_channel(thread.id) is None)
    local.add_channel("100000000000000077", "new")
    await until(lambda: app.get_channel(100000000000000077) is not None)
    local.remove_channel(PAPERS)
    await until(lambda: app.get_channel(int(PAPERS)) is None)
    local.remove_bot(GUILD)
    await until(lambda: not app.guilds)
    local.invite_bot(GUILD)
    await until(lambda: app.guilds)


async def test_an_app_may_stop_while_it_is_spoken_to(local: DiscordServer) -> None:
    """What it did not hear is lost with it, and nothing breaks."""
    app = App()
    async with running(app, local):
        for number in range(50):
            local.direct(ALICE, str(number))
    await until(lambda: local.gateway.count == 0)
    local.direct(ALICE, "nobody listens")
    app = App()
    async with running(app, local):
        local.direct(ALICE, "again")
        await until(lambda: [message.content for message in app.heard] == ["again"])


async def test_it_refuses_who_identifies_when_it_is_told_to(local: DiscordServer) -> None:
    """With the code it is told; sessions that are there go on."""
    async with connected(local) as first:
        assert (await first.say(2, IDENTIFY))["t"] == "READY"
        local.gateway.refuses = 4014
        async with connected(local) as second:
            await second.socket.send_json({"op": 2, "d": IDENTIFY})
            assert await second.closed() == 4014
        assert local.gateway.count == 1
    assert local.gateway.dialled == 2


async def test_it_tells_what_discord_would_not_when_it_is_told_to(local: DiscordServer) -> None:
    """Events that are altered or made up, and frames of any form."""
    local.gateway.alter = lambda event, about: {**about, "user": None} if event == "READY" else about
    async with connected(local) as socket:
        ready = await socket.say(2, IDENTIFY)
        assert (ready["t"], ready["d"]["user"]) == ("READY", None)
        assert (await socket.hear())["t"] == "GUILD_CREATE"
        local.gateway.emit("KITE_LAUNCH", [1])
        local.gateway.send('{"op": 0, "t": "A word"}')
        kite = await socket.hear()
        assert (kite["t"], kite["d"], kite["s"]) == ("KITE_LAUNCH", [1], 3)
        assert await socket.hear() == {"op": 0, "t": "A word"}


async def test_a_door_is_closed_until_it_is_opened(local: DiscordServer) -> None:
    """The kernel refuses before; then the server behind it answers."""
    async with Door(urlsplit(local.url).port or 0) as door, aiohttp.ClientSession() as session:
        address = f"http://127.0.0.1:{door.port}/_ledger"
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(address)
        await door.open()
        async with session.get(address) as answer:
            assert answer.status == 200
