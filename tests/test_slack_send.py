"""The publisher for Slack, through the real SDK, against a local Slack on a real socket."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from slack_sdk.models.metadata import Metadata

from adapters import slack_send
from adapters.slack_send import EVENT_TYPE, LONGEST_TURN_S, SlackPublisher, SlackWorkspaces
from digest.errors import DeliveryError, DestinationClosed, NotSent
from digest.types import Destination, Message, Posted
from tests.makers import sentence
from tests.slack_faults import (
    CutShort,
    Error,
    Fault,
    RateLimited,
    ResetAfterApplying,
    Status,
    TimeoutAfterApplying,
)
from tests.slack_publishing import CARD, CHANNEL, lately, publisher_for
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, PAPERS, SECRET, TEAM, WEI


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def publisher(slack: SlackServer) -> SlackPublisher:
    return publisher_for(slack)


# --- posting -----------------------------------------------------------------------------------------------------


async def test_a_message_arrives_with_its_blocks_text_and_key(slack: SlackServer, publisher: SlackPublisher) -> None:
    """What Slack keeps is the message, with the delivery's key in its metadata, and no previews of links."""
    posted = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    (message,) = slack.messages(PAPERS)
    assert posted == Posted(PAPERS, message.ts, message.ts)
    assert message.text.startswith("Lanterns for Deep Networks\n")
    assert [block["type"] for block in message.blocks] == ["rich_text", "rich_text", "rich_text", "context", "actions"]
    assert message.metadata == {"event_type": EVENT_TYPE, "event_payload": {"key": "k1"}}
    Metadata(**message.metadata).validate_json()
    (asked,) = slack.asked("chat.postMessage")
    assert {name: asked.arguments[name] for name in ("unfurl_links", "unfurl_media", "link_names", "parse")} == {
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
    }


async def test_a_message_under_another_is_a_reply(slack: SlackServer, publisher: SlackPublisher) -> None:
    """It goes into the thread; under a reply, it goes into the same thread."""
    parent = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    reply = await publisher.post(CHANNEL, CARD, under=parent, key="k2")
    second = await publisher.post(CHANNEL, CARD, under=reply, key="k3")
    assert (reply.thread, second.thread) == (parent.message, parent.message)
    assert [message.key for message in slack.thread(PAPERS, parent.message)] == ["k2", "k3"]
    assert [message.key for message in slack.messages(PAPERS)] == ["k1"]


async def test_a_direct_message_is_sent_to_the_person(slack: SlackServer, publisher: SlackPublisher) -> None:
    """The conversation with a person opens by itself, and replies there find it."""
    to = Destination("slack", TEAM, ALICE)
    parent = await publisher.post(to, CARD, under=None, key="k1")
    assert parent.channel.startswith("D")
    reply = await publisher.post(to, CARD, under=parent, key="k2")
    assert [message.key for message in slack.thread(parent.channel, parent.message)] == ["k2"]
    assert reply.channel == parent.channel


async def test_an_edit_replaces_the_message_and_keeps_its_key(slack: SlackServer, publisher: SlackPublisher) -> None:
    """Edited twice, there is still one message with its key."""
    posted = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    for _ in range(2):
        await publisher.edit(CHANNEL, posted, Message(title="Corrected"))
    (message,) = slack.messages(PAPERS)
    assert (message.text, message.key) == ("Corrected", "k1")
    assert [block["type"] for block in message.blocks] == ["header"]


async def test_any_length_of_message_is_one_message(slack: SlackServer, publisher: SlackPublisher) -> None:
    """The outbox counts on one message for one delivery."""
    long = Message(title="t", blocks=tuple(sentence("A sentence. " * 300) for _ in range(80)), footer="f")
    posted = await publisher.post(CHANNEL, long, under=None, key="k1")
    await publisher.edit(CHANNEL, posted, long)
    assert len(slack.messages(PAPERS)) == 1


async def test_a_key_that_slack_drops_is_logged(publisher: SlackPublisher, caplog: pytest.LogCaptureFixture) -> None:
    """The message is there, but it could not be found again: the log says so."""
    with caplog.at_level(logging.ERROR):
        posted = await publisher.post(CHANNEL, CARD, under=None, key="k" * 5000)
    assert posted.channel == PAPERS
    assert [record.message for record in caplog.records] == ["slack dropped the key of a message"]


# --- looking for a message -----------------------------------------------------------------------------------------


async def test_a_message_is_found_by_its_key(publisher: SlackPublisher) -> None:
    """In a channel, in a thread and in direct messages; what was not sent is not found."""
    for to in (CHANNEL, Destination("slack", "", SECRET), Destination("slack", "", ALICE)):
        parent = await publisher.post(to, CARD, under=None, key=f"parent {to}")
        reply = await publisher.post(to, CARD, under=parent, key=f"reply {to}")
        assert await publisher.find(to, f"parent {to}", under=None, since=lately()) == parent
        assert await publisher.find(to, f"reply {to}", under=parent, since=lately()) == reply
        assert await publisher.find(to, f"reply {to}", under=None, since=lately()) is None
        assert await publisher.find(to, "never sent", under=parent, since=lately()) is None


async def test_a_direct_message_is_found_after_a_restart(slack: SlackServer, publisher: SlackPublisher) -> None:
    """A new process has to learn the conversation's id first."""
    to = Destination("slack", "", ALICE)
    posted = await publisher.post(to, CARD, under=None, key="k1")
    fresh = publisher_for(slack)
    assert await fresh.find(to, "k1", under=None, since=lately()) == posted
    assert await fresh.find(to, "k1", under=None, since=lately()) == posted
    assert len(slack.asked("conversations.open")) == 1


async def test_history_is_read_to_its_last_page(
    slack: SlackServer, publisher: SlackPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy channel has more messages since than fit one page."""
    monkeypatch.setattr("adapters.slack_send.PAGE_MESSAGES", 3)
    first = await publisher.post(CHANNEL, CARD, under=None, key="k0")
    replies = [await publisher.post(CHANNEL, CARD, under=first, key=f"r{number}") for number in range(8)]
    for number in range(1, 8):
        await publisher.post(CHANNEL, CARD, under=None, key=f"k{number}")
    assert await publisher.find(CHANNEL, "k0", under=None, since=lately()) == first
    assert await publisher.find(CHANNEL, "r7", under=first, since=lately()) == replies[-1]
    assert len(slack.asked("conversations.history")) == 3


async def test_another_apps_metadata_is_not_ours(slack: SlackServer, publisher: SlackPublisher) -> None:
    """Every app of a workspace may put metadata to its messages."""
    team = slack.workspaces[TEAM]
    foreign = {"event_type": "lunch_ordered", "event_payload": {"key": "k1"}}
    with slack.lock:
        slack.append(team, team.channels[PAPERS], ALICE, {"text": "Noodles"}, metadata=foreign)
    assert await publisher.find(CHANNEL, "k1", under=None, since=lately()) is None


async def test_only_what_came_since_is_looked_through(publisher: SlackPublisher) -> None:
    """An older message with the key, apart from what clocks may differ by, is not this one."""
    await publisher.post(CHANNEL, CARD, under=None, key="k1")
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await publisher.find(CHANNEL, "k1", under=None, since=later) is None


async def test_a_deleted_message_is_not_found(slack: SlackServer, publisher: SlackPublisher) -> None:
    """Also when it was the thread itself that people deleted."""
    parent = await publisher.post(CHANNEL, CARD, under=None, key="k1")
    with slack.lock:
        slack.replace(slack.messages(PAPERS)[0], deleted=True)
    assert await publisher.find(CHANNEL, "k1", under=None, since=lately()) is None
    assert await publisher.find(CHANNEL, "k2", under=parent, since=lately()) is None


@pytest.mark.parametrize(
    "fault", [Status(503), ResetAfterApplying(), CutShort(), RateLimited(7), Error("missing_scope")]
)
async def test_a_search_that_fails_never_says_that_there_is_nothing(
    slack: SlackServer, publisher: SlackPublisher, fault: Fault
) -> None:
    """Absent would mean that it is posted again."""
    await publisher.post(CHANNEL, CARD, under=None, key="k1")
    slack.fault("conversations.history", fault, times=2)  # reading may be tried again at once
    with pytest.raises(DeliveryError):
        await publisher.find(CHANNEL, "k1", under=None, since=lately())


# --- pace ----------------------------------------------------------------------------------------------------------


async def test_a_thread_at_full_speed_makes_slack_refuse_nothing(slack: SlackServer) -> None:
    """Messages to one channel keep Slack's gap by themselves."""
    slack.per_channel_s = 0.1
    publisher = publisher_for(slack, channel_gap_s=0.1)
    parent = await publisher.post(CHANNEL, CARD, under=None, key="k0")
    for number in range(1, 8):
        await publisher.post(CHANNEL, CARD, under=parent, key=f"k{number}")
    arrivals = [asked.at_s for asked in slack.asked("chat.postMessage")]
    assert slack.limited == 0
    assert all(later - earlier >= 0.09 for earlier, later in itertools.pairwise(arrivals))


async def test_channels_of_a_workspace_share_its_limit(slack: SlackServer) -> None:
    """Side by side, they keep the workspace's gap too."""
    publisher = publisher_for(slack, workspace_gap_s=0.1)
    channels = [Destination("slack", "", slack.add_channel(f"C0SIDE{number}").id) for number in range(5)]
    began_s = time.monotonic()
    await asyncio.gather(*(publisher.post(to, CARD, under=None, key=str(to)) for to in channels))
    assert time.monotonic() - began_s >= 4 * 0.1
    assert len(slack.visible_keys()) == 5


async def test_people_wait_until_the_channels_have_their_messages(
    slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel's message goes before the direct messages that wait for the workspace's limit, however many."""
    monkeypatch.setattr(slack_send, "LONGEST_TURN_S", 120.0)
    publisher = publisher_for(slack, workspace_gap_s=0.1)
    people = [Destination("slack", TEAM, person) for person in (ALICE, WEI)]
    async with asyncio.TaskGroup() as group:
        direct = [
            group.create_task(publisher.post(people[number % 2], CARD, under=None, key=f"direct {number}"))
            for number in range(100)
        ]
        await until(slack.visible_keys)
        await publisher.post(CHANNEL, CARD, under=None, key="channel")
        waiting = [task for task in direct if not task.done()]
        for task in waiting:
            task.cancel()
    assert len(waiting) > 20  # more than may have begun at once


async def test_a_slow_channel_holds_no_other(slack: SlackServer, publisher: SlackPublisher) -> None:
    """While one waits for an answer that never comes, the other's message is posted."""
    slack.fault("chat.postMessage", TimeoutAfterApplying(), channel=PAPERS)
    slow = asyncio.create_task(publisher.post(CHANNEL, CARD, under=None, key="slow"))
    await publisher.post(Destination("slack", "", SECRET), CARD, under=None, key="quick")
    assert not slow.done()
    slow.cancel()


async def test_a_long_queue_is_no_reason_to_hold_a_message_in_flight(slack: SlackServer) -> None:
    """The outbox is told to come again instead, and nothing left."""
    publisher = publisher_for(slack, channel_gap_s=LONGEST_TURN_S + 60)
    await publisher.post(CHANNEL, CARD, under=None, key="k1")
    with pytest.raises(NotSent) as raised:
        await publisher.post(CHANNEL, CARD, under=None, key="k2")
    assert raised.value.retry_after_s is not None
    assert raised.value.retry_after_s > LONGEST_TURN_S
    assert slack.visible_keys() == ["k1"]


# --- workspaces ----------------------------------------------------------------------------------------------------


async def test_each_workspace_gets_what_is_for_it(slack: SlackServer) -> None:
    """Tokens are told apart by asking whose they are; a revoked one holds no other workspace."""
    other = slack.add_workspace("T0OTHER")
    channel = slack.add_channel("C0OTHER001", "T0OTHER")
    both = SlackWorkspaces([publisher_for(slack), publisher_for(slack, other.bot_token)])
    await both.post(Destination("slack", TEAM, PAPERS), CARD, under=None, key="here")
    slack.workspaces[TEAM].revoked = True
    restarted = SlackWorkspaces([publisher_for(slack), publisher_for(slack, other.bot_token)])
    to = Destination("slack", "T0OTHER", channel.id)
    posted = await restarted.post(to, CARD, under=None, key="there")
    await restarted.edit(to, posted, CARD)
    assert await restarted.find(to, "there", under=None, since=lately()) == posted
    with pytest.raises(DestinationClosed, match="revoked"):
        await restarted.post(Destination("slack", TEAM, PAPERS), CARD, under=None, key="k3")
    assert [(message.team, message.key) for message in slack.visible()] == [(TEAM, "here"), ("T0OTHER", "there")]


async def test_one_workspace_needs_no_name_and_an_unknown_one_is_named(slack: SlackServer) -> None:
    """`slack:C…` is enough where one token is set."""
    alone = SlackWorkspaces([publisher_for(slack)])
    await alone.post(CHANNEL, CARD, under=None, key="k1")
    assert slack.asked("auth.test") == []
    with pytest.raises(DestinationClosed, match=f"slack:{TEAM}/{PAPERS}"):
        await alone.post(Destination("slack", "T0NOWHERE", PAPERS), CARD, under=None, key="k2")


async def test_with_several_workspaces_a_destination_has_to_name_its_own(slack: SlackServer) -> None:
    """`slack:C…` alone could be any of them, so nothing is posted."""
    other = slack.add_workspace("T0OTHER")
    both = SlackWorkspaces([publisher_for(slack), publisher_for(slack, other.bot_token)])
    with pytest.raises(DestinationClosed, match="T0OTHER"):
        await both.post(CHANNEL, CARD, under=None, key="k1")
    assert slack.visible() == []


async def test_a_workspace_that_cannot_be_asked_has_got_nothing(slack: SlackServer, publisher: SlackPublisher) -> None:
    """No message left, so there is no doubt about one."""
    slack.fault("auth.test", Status(503))
    several = SlackWorkspaces([publisher])
    with pytest.raises(NotSent):
        await several.post(Destination("slack", TEAM, PAPERS), CARD, under=None, key="k1")


async def test_metadata_is_what_the_sdk_calls_valid(slack: SlackServer, publisher: SlackPublisher) -> None:
    """And small: Slack drops what is over 4 kB."""
    await publisher.post(CHANNEL, CARD, under=None, key="f" * 32)
    (asked,) = slack.asked("chat.postMessage")
    assert len(json.dumps(asked.arguments["metadata"])) < 200
