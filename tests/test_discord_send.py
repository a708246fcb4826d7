"""The publisher for Discord against a local Discord on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters import discord_rest, discord_send
from adapters.discord import DiscordAdapter
from adapters.discord_messages import mark_for, nonce_for
from digest.errors import DestinationClosed, MaybeSent, MessageGone, NotSent
from digest.types import Destination, Message, Posted
from tests.adapter_contract import lately
from tests.discord_chat import adapter_for, card, read_out
from tests.discord_faults import Error, RateLimited, ResetAfterApplying, Status, TimeoutAfterApplying
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_USER, FORUM, GUILD, HIDDEN, MUTED, PAPERS, WEI, Permission
from tests.slack_socket import until

CHANNEL = Destination("discord", "", PAPERS)
POSTS = Destination("discord", "", FORUM)
PERSON = Destination("discord", "", ALICE)
HEADLINE = Message(title="Papers · Fri 16 Jan · 23", footer="20 more")


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


@pytest.fixture
def adapter(discord: DiscordServer) -> DiscordAdapter:
    return adapter_for(discord)


# --- where messages go ---------------------------------------------------------------------------------------------


async def test_a_message_in_a_channel_has_a_thread(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """It is named as the message, has its id, and holds what belongs under it; nobody's phone rings."""
    posted = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    (thread,) = discord.threads(PAPERS)
    assert posted == Posted(PAPERS, thread.id, thread.id)
    assert thread.name == "Papers · Fri 16 Jan · 23"
    reply = await adapter.post(CHANNEL, card(), under=posted, key="k2")
    second = await adapter.post(CHANNEL, card(), under=reply, key="k3")
    assert (reply.channel, reply.thread, second.thread) == (PAPERS, thread.id, thread.id)
    assert [message.id for message in discord.messages(thread.id)] == [reply.message, second.message]
    assert len(discord.messages(PAPERS)) == 1
    assert all(message.is_silent for message in discord.visible())
    assert discord.visible_nonces() == [nonce_for(key) for key in ("k1", "k2", "k3")]


async def test_a_forum_has_one_post(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """Its first message is ours, and what belongs under it is in the post."""
    posted = await adapter.post(POSTS, HEADLINE, under=None, key="k1")
    await adapter.post(POSTS, card(), under=posted, key="k2")
    (thread,) = discord.threads(FORUM)
    assert (thread.name, posted) == (HEADLINE.title, Posted(FORUM, thread.id, thread.id))
    assert [read_out(message).splitlines()[0] for message in discord.messages(thread.id)] == [
        HEADLINE.title,
        card().title,
    ]
    assert all(message.is_silent for message in discord.visible())


async def test_a_person_gets_messages_without_threads(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """The conversation is opened once; it may be named by its own id as well, and is then not opened at all. A phone
    rings for the first message alone, not for each card."""
    first = await adapter.post(PERSON, HEADLINE, under=None, key="k1")
    reply = await adapter.post(PERSON, card(), under=first, key="k2")
    assert (first.thread, reply.thread, reply.channel) == ("", "", first.channel)
    assert [message.is_silent for message in discord.messages(ALICE)] == [False, True]
    assert len(discord.asked("create_dm")) == 1
    remembered = Destination("discord", "", first.channel)
    fresh = adapter_for(discord)
    assert await fresh.find(remembered, "k1", under=None, since=lately()) == first
    assert len(discord.asked("create_dm")) == 1


async def test_a_conversation_of_an_earlier_life_is_not_opened_again(discord: DiscordServer) -> None:
    """What the store remembers is used without a question; if Discord knows it no more, another is opened."""
    first = await adapter_for(discord).post(PERSON, HEADLINE, under=None, key="k1")
    remembered = {PERSON: first.channel}

    async def conversation(to: Destination) -> str:
        return remembered.get(to, "")

    before = len(discord.requests)
    again = await adapter_for(discord, conversation=conversation).post(PERSON, card(), under=None, key="k2")
    assert (again.channel, len(discord.requests)) == (first.channel, before + 1)
    remembered[PERSON] = "200000000000000099"
    astray = adapter_for(discord, conversation=conversation)
    with pytest.raises(NotSent, match="another"):
        await astray.post(PERSON, card(), under=None, key="k3")
    assert (await astray.post(PERSON, card(), under=None, key="k3")).channel == first.channel
    assert len(discord.messages(ALICE)) == 3


async def test_a_thread_may_be_the_destination(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """There are no threads in threads: all of it stands there."""
    thread = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    to = Destination("discord", GUILD, thread.thread)
    first = await adapter.post(to, HEADLINE, under=None, key="k2")
    reply = await adapter.post(to, card(), under=first, key="k3")
    assert [message.id for message in discord.messages(thread.thread)] == [first.message, reply.message]
    assert await adapter.find(to, "k3", under=first, since=lately()) == reply


async def test_a_link_opens_the_thread(adapter: DiscordAdapter) -> None:
    """In a channel the message with its thread, in direct messages the message."""
    posted = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    assert (
        await adapter.link(CHANNEL, posted) == f"https://discord.com/channels/{GUILD}/{posted.thread}/{posted.message}"
    )
    direct = await adapter.post(PERSON, HEADLINE, under=None, key="k2")
    assert await adapter.link(PERSON, direct) == f"https://discord.com/channels/@me/{direct.channel}/{direct.message}"


# --- once ----------------------------------------------------------------------------------------------------------


async def test_the_same_key_twice_shows_one_message(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """Discord knows the nonce for some minutes."""
    first = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    assert await adapter.post(CHANNEL, HEADLINE, under=None, key="k1") == first
    assert len(discord.messages(PAPERS)) == 1
    assert len(discord.threads(PAPERS)) == 1


@pytest.mark.parametrize("fault", [Status(500), RateLimited(3.0), ResetAfterApplying(), Error(50013), Error(160006)])
async def test_a_message_whose_thread_was_not_made_is_found_and_gets_it(
    discord: DiscordServer, adapter: DiscordAdapter, fault: Error
) -> None:
    """The message is there, so it must not be posted again, whatever became of its thread."""
    discord.fault("create_thread_from_message", fault)
    with pytest.raises(MaybeSent):
        await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    fresh = adapter_for(discord)
    found = await fresh.find(CHANNEL, "k1", under=None, since=lately())
    (message,) = discord.messages(PAPERS)
    (thread,) = discord.threads(PAPERS)
    assert found == Posted(PAPERS, message.id, thread.id)
    assert thread.name == HEADLINE.title
    await fresh.post(CHANNEL, card(), under=found, key="k2")


async def test_a_forums_post_is_found_among_active_and_archived_ones(
    discord: DiscordServer, adapter: DiscordAdapter
) -> None:
    """People's posts, and the bot's other ones, are not taken for it."""
    posted = [await adapter.post(POSTS, HEADLINE, under=None, key=f"k{number}") for number in range(3)]
    people = discord.add_thread(discord.channels[FORUM], "Lunch", ALICE)
    discord.say(people.id, ALICE, "Noodles?")
    discord.archive(posted[0].thread)
    fresh = adapter_for(discord)
    for number in range(3):
        assert await fresh.find(POSTS, f"k{number}", under=None, since=lately()) == posted[number]
    assert await fresh.find(POSTS, "k3", under=None, since=lately()) is None


async def test_history_is_read_to_its_end(adapter: DiscordAdapter, monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy thread has more messages since than fit one page."""
    monkeypatch.setattr(discord_send, "PAGE_MESSAGES", 3)
    parent = await adapter.post(CHANNEL, HEADLINE, under=None, key="k0")
    replies = [await adapter.post(CHANNEL, card(), under=parent, key=f"r{number}") for number in range(8)]
    for number in (0, 4, 7):
        assert await adapter.find(CHANNEL, f"r{number}", under=parent, since=lately()) == replies[number]
    assert await adapter.find(CHANNEL, "r8", under=parent, since=lately()) is None


async def test_only_the_bots_own_messages_since_then_are_looked_through(
    discord: DiscordServer, adapter: DiscordAdapter
) -> None:
    """Another's copy of a message is not this one, nor is an older one."""
    posted = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    copied = {"embeds": [{"description": f"copy{mark_for('k2')}"}]}
    discord.append(discord.channels[PAPERS], ALICE, copied)
    assert await adapter.find(CHANNEL, "k2", under=None, since=lately()) is None
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    assert await adapter.find(CHANNEL, "k1", under=None, since=tomorrow) is None
    assert await adapter.find(CHANNEL, "k1", under=None, since=lately()) == posted


@pytest.mark.parametrize(("to", "name"), [(CHANNEL, "#papers"), (POSTS, "#daily-papers")])
async def test_a_history_that_may_not_be_read_is_not_taken_for_empty(
    discord: DiscordServer, adapter: DiscordAdapter, to: Destination, name: str
) -> None:
    """Discord lists nothing then; to post again would double the message."""
    await adapter.post(to, HEADLINE, under=None, key="k1")
    discord.channels[to.address].denied = Permission.READ_MESSAGE_HISTORY
    with pytest.raises(DestinationClosed, match=f'"Read Message History" in {name}'):
        await adapter.find(to, "k1", under=None, since=lately())


# --- edits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("to", [CHANNEL, POSTS, PERSON])
async def test_an_edit_replaces_any_message(discord: DiscordServer, adapter: DiscordAdapter, to: Destination) -> None:
    """Heads and replies, in channels, forums and direct messages; all are still found."""
    parent = await adapter.post(to, HEADLINE, under=None, key="k1")
    reply = await adapter.post(to, card(), under=parent, key="k2")
    for posted in (parent, reply):
        await adapter_for(discord).edit(to, posted, Message(title="Corrected"))
    assert [read_out(message) for message in discord.visible()] == ["Corrected", "Corrected"]
    assert await adapter.find(to, "k1", under=None, since=lately()) == parent
    assert await adapter.find(to, "k2", under=parent, since=lately()) == reply


@pytest.mark.parametrize("to", [CHANNEL, POSTS])
async def test_a_correction_opens_an_archived_thread_again(
    discord: DiscordServer, adapter: DiscordAdapter, to: Destination
) -> None:
    """Discord takes no edits in archived threads."""
    parent = await adapter.post(to, HEADLINE, under=None, key="k1")
    reply = await adapter.post(to, card(), under=parent, key="k2")
    discord.archive(parent.thread)
    await adapter.edit(to, reply, Message(title="Corrected"))
    assert read_out(discord.visible()[-1]) == "Corrected"
    assert not discord.channels[parent.thread].archived


async def test_what_people_deleted_is_not_posted_again(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """A message, or a whole thread."""
    parent = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    reply = await adapter.post(CHANNEL, card(), under=parent, key="k2")
    discord.delete(discord.messages(parent.thread)[0])
    with pytest.raises(MessageGone, match="deleted"):
        await adapter.edit(CHANNEL, reply, card())
    discord.remove_channel(parent.thread)
    assert await adapter.find(CHANNEL, "k2", under=parent, since=lately()) is None
    with pytest.raises(MessageGone, match="deleted"):
        await adapter.edit(CHANNEL, reply, card())
    with pytest.raises(MessageGone, match="deleted"):
        await adapter.post(CHANNEL, card(), under=parent, key="k3")
    discord.remove_channel(PAPERS)
    with pytest.raises(DestinationClosed, match="no such channel"):
        await adapter.post(CHANNEL, card(), under=parent, key="k4")


# --- faults --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (HIDDEN, "View Channel"),
        (MUTED, '"Send Messages" in #muted'),
        ("100000000000009999", "no such channel or person"),
        ("papers", "Copy Channel ID"),
    ],
)
async def test_a_place_that_takes_nothing_is_named(adapter: DiscordAdapter, address: str, says: str) -> None:
    """With what mends it, in the words of Discord's own interface."""
    with pytest.raises(DestinationClosed, match=says):
        await adapter.post(Destination("discord", "", address), HEADLINE, under=None, key="k1")


async def test_a_message_that_lost_its_text_is_taken_back(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """Discord leaves out embeds that are not permitted, and says nothing."""
    parent = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    discord.channels[PAPERS].denied = Permission.EMBED_LINKS
    with pytest.raises(DestinationClosed, match='"Embed Links" in #papers'):
        await adapter.post(CHANNEL, card(), under=parent, key="k2")
    with pytest.raises(DestinationClosed, match='"Embed Links" in #papers'):
        await adapter.post(CHANNEL, card(), under=None, key="k3")
    assert len(discord.visible()) == 1
    discord.channels[PAPERS].denied = 0
    with pytest.raises(NotSent):  # it has the nonce of the message that was taken back
        await adapter.post(CHANNEL, card(), under=parent, key="k2")
    discord.nonce_window_s = 0.0
    await adapter.post(CHANNEL, card(), under=parent, key="k2")
    assert len(discord.visible()) == 2


async def test_a_person_who_takes_no_messages_is_closed(discord: DiscordServer, adapter: DiscordAdapter) -> None:
    """Until they take them again; others are not touched by it."""
    discord.people[ALICE].dms_closed = True
    with pytest.raises(DestinationClosed, match="takes no direct messages"):
        await adapter.post(PERSON, HEADLINE, under=None, key="k1")
    await adapter.post(Destination("discord", "", WEI), HEADLINE, under=None, key="k2")
    discord.people[ALICE].dms_closed = False
    await adapter.post(PERSON, HEADLINE, under=None, key="k1")


async def test_a_server_that_the_bot_was_removed_from_is_closed(
    discord: DiscordServer, adapter: DiscordAdapter
) -> None:
    """Also when it had posted there before."""
    posted = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    discord.remove_bot(GUILD)
    with pytest.raises(DestinationClosed):
        await adapter.post(CHANNEL, card(), under=posted, key="k2")


async def test_another_servers_channel_is_told_apart(adapter: DiscordAdapter) -> None:
    """The destination as it should be written is in the sentence."""
    with pytest.raises(DestinationClosed, match=f"discord:{GUILD}/{PAPERS}"):
        await adapter.post(Destination("discord", BOT_USER, PAPERS), HEADLINE, under=None, key="k1")


async def test_a_locked_thread_and_a_forum_with_tags_are_closed(
    discord: DiscordServer, adapter: DiscordAdapter
) -> None:
    """Somebody who may has to change that."""
    parent = await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    discord.archive(parent.thread, locked=True)
    with pytest.raises(DestinationClosed, match="locked"):
        await adapter.post(CHANNEL, card(), under=parent, key="k2")
    discord.channels[FORUM].tag_required = True
    with pytest.raises(DestinationClosed, match="tag"):
        await adapter.post(POSTS, HEADLINE, under=None, key="k3")


async def test_people_wait_until_the_channels_have_their_messages(
    discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A channel's message goes before the direct messages that wait for the bot's limit, however many."""
    monkeypatch.setattr(discord_rest, "LONGEST_TURN_S", 120.0)
    discord.per_second = 10
    adapter = adapter_for(discord, requests_per_s=9)
    for place in (CHANNEL, PERSON):
        await adapter.post(place, HEADLINE, under=None, key=f"first of {place}")
    async with asyncio.TaskGroup() as group:
        direct = [
            group.create_task(adapter.post(PERSON, card(), under=None, key=f"direct {number}")) for number in range(300)
        ]
        await until(lambda: len(discord.visible()) > 2)
        await adapter.post(CHANNEL, HEADLINE, under=None, key="channel")
        waiting = [task for task in direct if not task.done()]
        for task in waiting:
            task.cancel()
    assert len(waiting) > 20  # more than may have begun at once
    assert discord.limited == 0


async def test_a_failure_before_anything_was_sent_is_no_doubt(
    discord: DiscordServer, adapter: DiscordAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The channel could not be asked about, or not soon: nothing was sent, so nobody has to look."""
    discord.fault("get_channel", Status(502))
    with pytest.raises(NotSent):
        await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    monkeypatch.setattr(discord_send, "PREPARE_S", 0.1)
    discord.fault("get_channel", TimeoutAfterApplying())
    with pytest.raises(NotSent, match="slow"):
        await adapter.post(CHANNEL, HEADLINE, under=None, key="k1")
    away = DiscordAdapter("t", api_url="http://127.0.0.1:1", timeout_s=1.0)
    with pytest.raises(NotSent, match=r"discord\.api_url"):
        await away.post(CHANNEL, HEADLINE, under=None, key="k1")
