"""What goes wrong at Slack, and what it means for a delivery: through the real SDK, on a real socket."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.slack_send import SlackPublisher
from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from digest.types import Destination, Posted
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
from tests.slack_publishing import CARD, CHANNEL, lately, publisher_for
from tests.slack_server import SlackServer
from tests.slack_world import ARCHIVED, BOT_TOKEN, HIDDEN, OUTSIDE, PAPERS, TEAM


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def publisher(slack: SlackServer) -> SlackPublisher:
    return publisher_for(slack)


async def test_a_limit_says_how_long_to_wait(slack: SlackServer, publisher: SlackPublisher) -> None:
    """Nothing was sent; Retry-After is handed on."""
    slack.fault("chat.postMessage", RateLimited(17))
    with pytest.raises(NotSent) as raised:
        await publisher.post(CHANNEL, CARD, under=None, key="k1")
    assert raised.value.retry_after_s == 17.0


@pytest.mark.parametrize("code", ["rate_limited", "message_limit_exceeded", "team_added_to_org"])
async def test_limits_told_with_status_200_are_limits(slack: SlackServer, publisher: SlackPublisher, code: str) -> None:
    """Not every limit comes as 429."""
    slack.fault("chat.postMessage", Error(code))
    with pytest.raises(NotSent):
        await publisher.post(CHANNEL, CARD, under=None, key="k1")


async def test_without_a_connection_nothing_was_sent() -> None:
    """Refused connections and names that do not resolve are certain."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        for host in (f"127.0.0.1:{taken.getsockname()[1]}", "nowhere.invalid"):
            publisher = SlackPublisher(BOT_TOKEN, api_url=f"http://{host}/api/", timeout_s=5.0)
            with pytest.raises(NotSent, match=r"slack\.api_url"):
                await publisher.post(CHANNEL, CARD, under=None, key="k1")


@pytest.mark.parametrize(
    ("fault", "arrived"),
    [
        (Status(500), False),
        (Status(502, applied=True), True),
        (Status(503), False),
        (ResetBeforeApplying(), False),
        (ResetAfterApplying(), True),
        (CutShort(), True),
        (TimeoutAfterApplying(), True),
        (Slow(60.0), True),
        (Error("fatal_error"), False),
        (Error("internal_error"), False),
    ],
)
async def test_whatever_leaves_a_doubt_is_said_to_and_is_never_sent_again(
    slack: SlackServer, fault: Fault, arrived: bool
) -> None:
    """One request, whose outcome only Slack knows; the search then tells it."""
    publisher = publisher_for(slack, timeout_s=2.0)
    slack.fault("chat.postMessage", fault)
    with pytest.raises(MaybeSent):
        await publisher.post(CHANNEL, CARD, under=None, key="k1")
    assert len(slack.asked("chat.postMessage")) == 1
    assert (await publisher.find(CHANNEL, "k1", under=None, since=lately()) is not None) == arrived


@asynccontextmanager
async def answering(content: bytes, kind: str, status: str = "200 OK") -> AsyncIterator[str]:
    """An address where every request is answered with this."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        await reader.readexactly(length)
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content
        )
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"http://{host}:{port}/api/"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html>Sign in to the hotel's network</html>", "text/html"),
        (b"ok", "text/plain"),
        (b"{not json", "application/json"),
        (b"\xff\xfe\xff", "application/json"),
        (b"[1]", "application/json"),
        (b"{}", "application/json"),
        (b'{"ok": true}', "application/json"),
        (b'{"ok": true, "channel": "C1", "ts": null}', "application/json"),
        (b"", "application/json"),
    ],
)
async def test_an_answer_that_says_nothing_leaves_a_doubt(content: bytes, kind: str) -> None:
    """Status 200 alone is no confirmation."""
    async with answering(content, kind) as address:
        publisher = SlackPublisher(BOT_TOKEN, api_url=address)
        with pytest.raises(MaybeSent):
            await publisher.post(CHANNEL, CARD, under=None, key="k1")


async def test_a_history_without_messages_does_not_say_that_there_are_none() -> None:
    """A list that is missing is not an empty one."""
    async with answering(b'{"ok": true}', "application/json") as address:
        with pytest.raises(MaybeSent):
            await SlackPublisher(BOT_TOKEN, api_url=address).find(CHANNEL, "k1", under=None, since=lately())


async def test_a_server_only_like_slack_may_number_its_messages_as_it_likes() -> None:
    """`ts` is an id; that Slack's is a time is not counted on."""
    async with answering(b'{"ok": true, "channel": "C1", "ts": "m-1"}', "application/json") as address:
        publisher = SlackPublisher(BOT_TOKEN, api_url=address, channel_gap_s=0.0)
        for _ in range(2):
            posted = await publisher.post(CHANNEL, CARD, under=None, key="k1")
            assert posted == Posted("C1", "m-1", "m-1")


@pytest.mark.parametrize("status", ["401 Unauthorized", "404 Not Found"])
async def test_a_wrong_address_closes_the_destination(status: str) -> None:
    """Waiting does not mend it."""
    async with answering(b"nothing here", "text/plain", status) as address:
        with pytest.raises(DestinationClosed, match=r"slack\.api_url"):
            await SlackPublisher(BOT_TOKEN, api_url=address).post(CHANNEL, CARD, under=None, key="k1")


@pytest.mark.parametrize(
    ("channel", "advice"),
    [
        (HIDDEN, "/invite @Paperboy"),
        (OUTSIDE, "/invite @Paperboy"),
        (ARCHIVED, "archived"),
        ("C0NOWHERE1", "/invite @Paperboy"),
    ],
)
async def test_a_channel_that_takes_nothing_is_closed_with_advice(
    publisher: SlackPublisher, channel: str, advice: str
) -> None:
    """The sentence names the destination and what to do."""
    with pytest.raises(DestinationClosed, match=advice) as raised:
        await publisher.post(Destination("slack", "", channel), CARD, under=None, key="k1")
    assert f"slack:{channel}" in str(raised.value)


@pytest.mark.parametrize(
    "code", ["token_revoked", "account_inactive", "invalid_auth", "restricted_action", "is_archived"]
)
async def test_what_a_person_has_to_mend_closes_the_destination(
    slack: SlackServer, publisher: SlackPublisher, code: str
) -> None:
    """For posts, edits and searches alike."""
    posted = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    slack.fault("*", Error(code), times=3)
    attempts: list[Callable[[], Any]] = [
        lambda: publisher.post(CHANNEL, CARD, under=None, key="k2"),
        lambda: publisher.edit(CHANNEL, posted, CARD),
        lambda: publisher.find(CHANNEL, "k1", under=None, since=lately()),
    ]
    for attempt in attempts:
        with pytest.raises(DestinationClosed):
            await attempt()


async def test_a_missing_scope_is_named(slack: SlackServer, publisher: SlackPublisher) -> None:
    """The operator reads which one to add."""
    slack.workspaces[TEAM].scopes.discard("chat:write")
    with pytest.raises(DestinationClosed, match="chat:write"):
        await publisher.post(CHANNEL, CARD, under=None, key="k1")


@pytest.mark.parametrize("code", ["msg_blocks_too_long", "msg_too_long", "invalid_blocks", "no_text", "something_new"])
async def test_a_message_slack_will_not_have_is_refused_with_its_code(
    slack: SlackServer, publisher: SlackPublisher, code: str
) -> None:
    """Others may still go there; codes that nobody knew are refusals too."""
    slack.fault("chat.postMessage", Error(code))
    with pytest.raises(MessageRefused, match=code):
        await publisher.post(CHANNEL, CARD, under=None, key="k1")
    await publisher.post(CHANNEL, CARD, under=None, key="k2")


async def test_what_people_deleted_is_neither_edited_nor_replied_to(
    slack: SlackServer, publisher: SlackPublisher
) -> None:
    """Both are refusals of that message, and nothing is posted instead."""
    posted = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    with slack.lock:
        slack.replace(slack.messages(PAPERS)[0], deleted=True)
    with pytest.raises(MessageRefused, match="gone"):
        await publisher.edit(CHANNEL, posted, CARD)
    with pytest.raises(MessageRefused, match="gone"):
        await publisher.post(CHANNEL, CARD, under=posted, key="k2")
    assert slack.visible_keys() == []


async def test_neither_token_nor_message_is_in_a_sentence_or_a_log(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever goes wrong."""
    faults: list[Fault] = [
        Status(500),
        ResetAfterApplying(),
        RateLimited(1),
        Error("invalid_auth"),
        Error("invalid_blocks"),
    ]
    publisher = publisher_for(slack)
    said = []
    with caplog.at_level(logging.DEBUG):
        for fault in faults:
            slack.fault("chat.postMessage", fault)
            with pytest.raises(DeliveryError) as raised:
                await publisher.post(CHANNEL, CARD, under=None, key="k1")
            said += [str(raised.value), str(raised.value.__cause__)]
    everything = " ".join([*said, caplog.text])
    assert BOT_TOKEN not in everything
    assert CARD.title not in everything


async def test_a_reply_under_a_message_that_people_deleted_is_not_posted(slack: SlackServer) -> None:
    """The sentence says that it is gone; nothing shows in the channel instead."""
    publisher = publisher_for(slack)
    parent = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    (shown,) = slack.messages(PAPERS)
    slack.delete(shown)
    with pytest.raises(MessageGone, match="is gone"):
        await publisher.post(CHANNEL, CARD, under=parent, key="k2")
    assert slack.visible(PAPERS) == []
