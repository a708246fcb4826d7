"""The local Slack has the limits and the faults that it is told to have, and applies what a dead client sent."""

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
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.slack_client import keyed, refusal, refused, web_client
from tests.slack_faults import (
    CutShort,
    Error,
    Fault,
    RateLimited,
    ResetAfterApplying,
    ResetBeforeApplying,
    Slow,
    Status,
    TimeoutAfterApplying,
)
from tests.slack_server import SlackProcess, SlackServer
from tests.slack_socket import until
from tests.slack_world import (
    BOT_TOKEN,
    PAPERS,
    SECRET,
)


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as slack:
        yield slack


@pytest.fixture
async def client(slack: SlackServer) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=120)) as session:
        yield web_client(slack, session=session)


async def test_posts_that_come_too_fast_are_refused_and_counted(slack: SlackServer, client: AsyncWebClient) -> None:
    """One a channel and so many a workspace in a time: 429 with Retry-After in whole seconds, nothing applied."""
    slack.per_channel_s = 60.0
    await client.chat_postMessage(channel=PAPERS, text="x")
    answer = await refusal(client.chat_postMessage(channel=PAPERS, text="x"))
    assert (answer.status_code, answer["error"]) == (429, "ratelimited")
    assert 50 <= int(answer.headers["Retry-After"]) <= 60
    await client.chat_postMessage(channel=SECRET, text="x")
    slack.per_workspace_s = 60.0
    slack.add_channel("C0THIRD001")
    await client.chat_postMessage(channel="C0THIRD001", text="x")
    slack.per_channel_s = None
    assert await refused(client.chat_postMessage(channel=SECRET, text="x")) == "ratelimited"
    assert (slack.limited, len(slack.visible())) == (2, 3)


async def test_a_paced_sender_is_never_refused(slack: SlackServer, client: AsyncWebClient) -> None:
    """Who keeps the gap from each answer on meets no 429."""
    slack.per_channel_s = 0.05
    for _ in range(5):
        await client.chat_postMessage(channel=PAPERS, text="x")
        await asyncio.sleep(0.05)
    assert (slack.limited, len(slack.messages(PAPERS))) == (0, 5)


FAULTS: dict[Fault, tuple[int, int]] = {  # (messages there, status that the client saw; 0 for none)
    RateLimited(7): (0, 429),
    Status(500): (0, 500),
    Status(502): (0, 502),
    Status(503, applied=True): (1, 503),
    Error("is_archived"): (0, 200),
    ResetBeforeApplying(): (0, 0),
    ResetAfterApplying(): (1, 0),
    TimeoutAfterApplying(): (1, 0),
    CutShort(): (1, 0),
    Slow(0.01): (1, 200),
}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_fault_comes_once_and_is_applied_or_not(slack: SlackServer, fault: Fault) -> None:
    """Each fault shows the client what it should and leaves the message posted or not; the next call goes well."""
    there, status = FAULTS[fault]
    slack.fault("chat.postMessage", fault)
    patience_s = 0.3 if fault == TimeoutAfterApplying() else 120.0
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=patience_s)) as session:
        client = web_client(slack, session=session)
        try:
            seen = (await client.chat_postMessage(channel=PAPERS, text="x")).status_code
        except SlackApiError as error:
            seen = error.response.status_code
        except (aiohttp.ClientError, TimeoutError):
            seen = 0
    await until(lambda: len(slack.messages(PAPERS)) == there)
    assert seen == status
    async with aiohttp.ClientSession() as session:
        await web_client(slack, session=session).chat_postMessage(channel=PAPERS, text="x")
    assert len(slack.messages(PAPERS)) == there + 1


async def test_a_rate_limit_says_when_to_come_again(slack: SlackServer, client: AsyncWebClient) -> None:
    """Retry-After in whole seconds."""
    slack.fault("chat.postMessage", RateLimited(7))
    answer = await refusal(client.chat_postMessage(channel=PAPERS, text="x"))
    assert (answer["error"], answer.headers["Retry-After"]) == ("ratelimited", "7")


async def test_faults_wait_for_their_method_channel_and_turn(slack: SlackServer, client: AsyncWebClient) -> None:
    """Other methods and channels go well; `skip` calls go well first; `times` says how many do not; repair ends it."""
    slack.fault("chat.postMessage", Error("internal_error"), channel=SECRET, times=2, skip=1)
    await client.auth_test()
    await client.chat_postMessage(channel=PAPERS, text="x")
    await client.chat_postMessage(channel=SECRET, text="x")
    for _ in range(2):
        assert await refused(client.chat_postMessage(channel=SECRET, text="x")) == "internal_error"
    await client.chat_postMessage(channel=SECRET, text="x")
    slack.fault("*", Status(503), times=1_000)
    assert (await refusal(client.auth_test())).status_code == 503
    slack.repair()
    await client.auth_test()
    statuses = [asked.status for asked in slack.asked("chat.postMessage")]
    assert statuses == [200] * 5


async def test_a_call_whose_client_has_died_is_applied(slack: SlackServer) -> None:
    """The whole request was sent, then the connection was reset: the message is there, after the delay that is set."""
    slack.apply_delay_s = 0.05
    host, port = urlsplit(slack.url).hostname, urlsplit(slack.url).port
    for number in range(30):
        body = json.dumps({"channel": PAPERS, "text": "x" * 3000, "metadata": keyed(str(number))}).encode()
        head = (
            f"POST /api/chat.postMessage HTTP/1.1\r\nHost: slack\r\nAuthorization: Bearer {BOT_TOKEN}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode()
        with socket.create_connection((str(host), int(port or 0))) as dying:
            dying.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            dying.sendall(head + body)
    await until(lambda: len(slack.visible_keys()) == 30)
    assert sorted(slack.visible_keys(), key=int) == [str(number) for number in range(30)]


async def test_half_a_request_is_not_applied(slack: SlackServer, client: AsyncWebClient) -> None:
    """A client that died while it was sending has posted nothing."""
    host, port = urlsplit(slack.url).hostname, urlsplit(slack.url).port
    with socket.create_connection((str(host), int(port or 0))) as dying:
        dying.sendall(b"POST /api/chat.postMessage HTTP/1.1\r\nHost: slack\r\nContent-Type: application/json\r\n")
        dying.sendall(b'Content-Length: 500\r\n\r\n{"channel": "C0PAPERS01", "te')
    await client.auth_test()
    assert slack.asked("chat.postMessage") == []


async def test_a_server_in_its_own_process_outlives_a_killed_client() -> None:
    """Settings, faults and ledger go over HTTP; a client killed in the middle of a call has posted all the same."""
    with SlackProcess() as slack:
        slack.set(channels=["C0EXTRA001"], apply_delay_s=0.2)
        slack.fault("auth.test", Error("internal_error"))
        client = web_client(slack)
        assert await refused(client.auth_test()) == "internal_error"
        script = (
            "import sys\nfrom slack_sdk.web import WebClient\n"
            "WebClient(sys.argv[1], base_url=sys.argv[2]).chat_postMessage(channel='C0EXTRA001', text='x',"
            " metadata={'event_type': 'd', 'event_payload': {'key': 'a'}})"
        )
        dying = await asyncio.create_subprocess_exec(sys.executable, "-c", script, BOT_TOKEN, f"{slack.url}/api/")
        await until(lambda: len(slack.ledger().requests) == 2)
        dying.kill()
        await dying.wait()
        assert slack.world().visible_keys() == []
        await until(lambda: slack.world().visible_keys() == ["a"])
        posted = await client.chat_postMessage(channel="C0EXTRA001", text="y")
        assert [message.text for message in slack.world().messages("C0EXTRA001")] == ["x", "y"]
        assert slack.ledger().requests[-1].answer["ts"] == posted["ts"]
