"""The local Discord has the limits and the faults that it is told to have, and applies what a dead client sent."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import aiohttp
import pytest

from tests.discord_client import App, Plain, discord, plain, refused, running
from tests.discord_faults import (
    CutShort,
    Disconnect,
    Error,
    Fault,
    RateLimited,
    ResetAfterApplying,
    ResetBeforeApplying,
    Slow,
    Status,
    TimeoutAfterApplying,
)
from tests.discord_server import DiscordProcess, DiscordServer
from tests.discord_world import BOT_TOKEN, GUILD, MUTED, PAPERS, Kind
from tests.slack_socket import until

SEND = f"/channels/{PAPERS}/messages"
SAID = {"content": "x"}
OTHER = "100000000000000099"


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        yield rest


# --- limits ----------------------------------------------------------------------------------------------------------


async def test_a_route_s_limit_is_counted_by_channel(local: DiscordServer, rest: Plain) -> None:
    """429 with retry_after in the body and nothing applied; other channels and other routes go well."""
    local.limits = {"create_message": (2, 60.0)}
    local.add_channel(OTHER)
    for _ in range(2):
        assert (await rest.ask("POST", SEND, SAID))[0] == 200
    status, answer = await rest.ask("POST", SEND, SAID)
    assert (status, answer["global"]) == (429, False)
    assert 50 < answer["retry_after"] <= 60
    assert (await rest.ask("POST", f"/channels/{OTHER}/messages", SAID))[0] == 200
    assert (await rest.ask("GET", SEND))[0] == 200
    assert (local.limited, len(local.visible())) == (1, 3)


async def test_answers_say_what_is_left_of_a_limit(local: DiscordServer) -> None:
    """In Discord's headers, also when it was broken; then with Via, Retry-After and the scope."""
    local.limits = {"create_message": (2, 60.0)}
    told = {"Authorization": f"Bot {BOT_TOKEN}", "User-Agent": "DiscordBot (https://lantern.example, 1)"}
    seen = []
    async with aiohttp.ClientSession(headers=told) as session:
        for _ in range(3):
            async with session.post(f"{local.url}/api/v10{SEND}", json=SAID) as answer:
                seen.append(answer.headers)
    assert [one["X-RateLimit-Remaining"] for one in seen] == ["1", "0", "0"]
    assert {one["X-RateLimit-Limit"] for one in seen} == {"2"}
    assert len({one["X-RateLimit-Bucket"] for one in seen}) == 1
    assert 50 < float(seen[0]["X-RateLimit-Reset-After"]) <= 60
    assert "Via" not in seen[1]
    assert (seen[2]["Via"], seen[2]["X-RateLimit-Scope"]) == ("1.1 google", "user")
    assert 50 <= int(seen[2]["Retry-After"]) <= 60


async def test_the_global_limit_counts_all_but_answers_to_people(local: DiscordServer, rest: Plain) -> None:
    """So many calls in a second, whatever they are; those with an interaction's token are not counted."""
    local.per_second = 3
    paths = (SEND, f"/guilds/{GUILD}", f"/channels/{PAPERS}")
    answers = [await rest.ask("GET", path) for path in paths]
    assert [status for status, _ in answers] == [200] * 3
    while answers[-1][0] == 200:  # at once, unless the second is over
        answers.append(await rest.ask("GET", SEND))
    status, answer = answers[-1]
    assert (status, answer["global"], local.limited) == (429, True, 1)
    assert (await rest.ask("POST", "/interactions/1/nobody/callback", {"type": 5}))[0] == 404


async def test_a_window_ends(local: DiscordServer, rest: Plain) -> None:
    """So long after its first call."""
    local.limits = {"create_message": (1, 0.05)}
    status, answer = await rest.ask("POST", SEND, SAID)
    while status == 200:  # the second is refused, unless the window is over
        status, answer = await rest.ask("POST", SEND, SAID)
    assert (status, answer["retry_after"] <= 0.05) == (429, True)
    await asyncio.sleep(answer["retry_after"])
    assert (await rest.ask("POST", SEND, SAID))[0] == 200


async def test_discord_py_keeps_a_limit_that_it_is_told_of(local: DiscordServer) -> None:
    """From the headers alone: it waits by itself and meets no 429."""
    local.limits = {"create_message": (2, 0.1)}
    app = App()
    async with running(app, local):
        for number in range(5):
            await app.text(PAPERS).send(str(number))
    assert (local.limited, len(local.messages(PAPERS))) == (0, 5)


async def test_discord_py_comes_again_after_a_429(local: DiscordServer) -> None:
    """A route's and a global one, by `retry_after`; a banned address it reports at once."""
    app = App()
    async with running(app, local):
        for scope in ("user", "global", "shared"):
            local.fault("create_message", RateLimited(0.01, scope))
            await app.text(PAPERS).send(scope)
        local.fault("create_message", RateLimited(60, "cloudflare"))
        with pytest.raises(discord.HTTPException) as raised:
            await app.text(PAPERS).send("banned")
    assert (raised.value.status, raised.value.code) == (429, 0)
    assert [message.content for message in local.messages(PAPERS)] == ["user", "global", "shared"]


# --- faults ----------------------------------------------------------------------------------------------------------

FAULTS: dict[Fault, tuple[int, int]] = {  # (messages there, status that the client saw; 0 for none)
    RateLimited(7): (0, 429),
    RateLimited(7, "cloudflare"): (0, 429),
    Status(500): (0, 500),
    Status(502): (0, 502),
    Status(503, applied=True): (1, 503),
    Error(50013): (0, 403),
    Error(50083): (0, 400),
    Error(130000, 503, "API resource is currently overloaded"): (0, 503),
    ResetBeforeApplying(): (0, 0),
    ResetAfterApplying(): (1, 0),
    TimeoutAfterApplying(): (1, 0),
    CutShort(): (1, 0),
    Slow(0.01): (1, 200),
    Disconnect(): (1, 200),
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_fault_comes_once_and_is_applied_or_not(local: DiscordServer, fault: Fault) -> None:
    """Each fault shows the client what it should and leaves the message posted or not; the next call goes well."""
    there, status = FAULTS[fault]
    local.fault("create_message", fault)
    patience_s = 0.3 if fault == TimeoutAfterApplying() else 120.0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience_s)) as session:
        rest = Plain(session, local)
        try:
            seen, _ = await rest.ask("POST", SEND, SAID)
        except (aiohttp.ClientError, TimeoutError):
            seen = 0
    await until(lambda: len(local.messages(PAPERS)) == there)
    assert seen == status
    async with plain(local) as patient:
        assert (await patient.ask("POST", SEND, SAID))[0] == 200
    assert len(local.messages(PAPERS)) == there + 1


async def test_faults_wait_for_their_operation_channel_and_turn(local: DiscordServer, rest: Plain) -> None:
    """Other calls and channels go well; `skip` calls go well first; `times` says how many do not; repair ends it."""
    local.add_channel(OTHER)
    path = f"/channels/{OTHER}/messages"
    local.fault("create_message", Error(50001), channel=OTHER, times=2, skip=1)
    assert (await rest.ask("POST", SEND, SAID))[0] == 200
    assert (await rest.ask("POST", path, SAID))[0] == 200
    assert (await rest.ask("GET", path))[0] == 200
    for _ in range(2):
        assert await rest.code("POST", path, SAID) == (403, 50001)
    assert (await rest.ask("POST", path, SAID))[0] == 200
    local.fault("*", Status(503), times=1_000)
    assert (await rest.ask("GET", SEND))[0] == 503
    local.repair()
    assert (await rest.ask("GET", SEND))[0] == 200
    assert [asked.status for asked in local.asked("create_message")] == [200, 200, 403, 403, 200]


async def test_discord_py_repeats_what_was_applied_and_failed(local: DiscordServer) -> None:
    """After 502, by itself, with the same nonce: one message while Discord remembers that, two when it does not."""
    app = App()
    async with running(app, local):
        for window_s, there in ((180.0, 1), (0.0, 3)):
            local.nonce_window_s = window_s
            local.fault("create_message", Status(502, applied=True))
            await app.text(PAPERS).send("x")
            assert len(local.messages(PAPERS)) == there


async def test_a_call_whose_client_has_died_is_applied(local: DiscordServer) -> None:
    """The whole request was sent, then the connection was reset: the message is there, after the delay that is set."""
    local.apply_delay_s = 0.05
    for number in range(30):
        _die(local.url, {"content": "x" * 1000, "nonce": str(number)})
    await until(lambda: len(local.visible_nonces()) == 30)
    assert sorted(local.visible_nonces(), key=int) == [str(number) for number in range(30)]


async def test_half_a_request_is_not_applied(local: DiscordServer, rest: Plain) -> None:
    """A client that died while it was sending has posted nothing."""
    _die(local.url, {"content": "x" * 1000}, cut=500)
    assert (await rest.ask("POST", SEND, {"content": "whole"}))[0] == 200
    assert [message.content for message in local.visible()] == ["whole"]


def _die(url: str, message: dict[str, str], cut: int = 0) -> None:
    """Sends a message, all but the last `cut` bytes, and resets the connection."""
    body = json.dumps(message).encode()
    head = (
        f"POST /api/v10{SEND} HTTP/1.1\r\nHost: discord\r\nAuthorization: Bot {BOT_TOKEN}\r\n"
        "User-Agent: DiscordBot (https://lantern.example, 1)\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    with socket.create_connection((str(urlsplit(url).hostname), int(urlsplit(url).port or 0))) as dying:
        dying.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        dying.sendall((head + body)[: len(head) + len(body) - cut])


# --- in a process of its own -----------------------------------------------------------------------------------------


async def test_a_discord_in_its_own_process_is_told_and_asked() -> None:
    """Settings, channels, faults, commands and the ledger go over HTTP; the gateway and discord.py work as they do."""
    with DiscordProcess() as local:
        local.set(text=[OTHER], limits={"create_message": (50, 60.0)}, per_second=None, apply_delay_s=0.01)
        local.fault("create_message", Error(50013), channel=MUTED)
        app = App()
        tree = discord.app_commands.CommandTree(app)

        @tree.command(name="paper", description="A paper's report")
        async def _paper(asked: discord.Interaction, name: str) -> None:
            await asked.response.send_message(f"about {name}", ephemeral=True)

        async with running(app, local):
            await tree.sync()
            await app.text(OTHER).send("x", nonce="k1")
            assert await refused(app.text(MUTED).send("x")) == (403, 50013)
            told = await asyncio.to_thread(local.command, OTHER, "100000000000000021", "paper", name="lamps")
            assert [answer["content"] for answer in told["answers"]] == ["about lamps"]
            local.drop(0)
            await until(lambda: "RESUMED" in app.events)
        world, ledger = local.world(), local.ledger()
    assert world.visible_nonces(OTHER) == ["k1"]
    assert world.channels[OTHER].kind is Kind.TEXT
    assert (ledger.limited, ledger.requests[-1].operation) == (0, "create_interaction_response")


async def test_a_discord_in_its_own_process_ends_with_its_owner() -> None:
    """When the owner is killed, its end of the pipe closes."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.discord_server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert started.stdin is not None
    assert started.stdout is not None
    assert (await started.stdout.readline()).startswith(b"http://127.0.0.1:")
    started.stdin.close()
    assert await asyncio.wait_for(started.wait(), 120) == 0
