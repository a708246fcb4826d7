"""A bot that the settings limit to some servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager

import pytest

from adapters import discord_servers
from adapters.discord import DiscordAdapter, build
from bot import compose
from digest.errors import DestinationClosed
from digest.types import Destination
from tests.discord_chat import adapter_for, buttons, card, read_out, serving
from tests.discord_faults import Error, Slow, Status
from tests.discord_interactions import Interaction
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_TOKEN, GUILD, PAPERS, WEI
from tests.lamps import COMMANDS, Lamplighter
from tests.slack_socket import until

TEXTS = {language: compose.texts(language) for language in compose.LANGUAGES}
SERVED = "100000000000000070"
SERVED_PAPERS = "100000000000000071"
AWAY = "100000000000000090"
HERE = Destination("discord", "", PAPERS)
SENTENCE = TEXTS["en"].phrases["server_not_served"].format(id=GUILD)


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    """With a second server, the one that is served; Wei is not in it."""
    with DiscordServer() as server:
        server.add_guild(SERVED).people.remove(WEI)
        server.add_channel(SERVED_PAPERS, guild=SERVED)
        yield server


@pytest.fixture
def desk() -> Lamplighter:
    return Lamplighter()


def limited(discord: DiscordServer, desk: Lamplighter, *servers: str) -> AbstractAsyncContextManager[DiscordAdapter]:
    return serving(discord, desk, COMMANDS, texts=TEXTS, servers=servers or (SERVED,))


async def said(asked: Interaction) -> str:
    """The answer, which only the person sees."""
    (answer,) = await asked.answered()
    assert answer.seen_only_by == asked.person
    return read_out(answer)


# --- servers ---------------------------------------------------------------------------------------------------------


async def test_another_server_gets_a_sentence_for_everything(discord: DiscordServer, desk: Lamplighter) -> None:
    """Commands, suggestions, buttons, forms and their pages, mentions; in the person's language. Nobody else is asked,
    and so nothing happens."""
    async with serving(discord, desk, COMMANDS, texts=TEXTS) as free:
        await free.post(HERE, card(), under=None, key="k")
        form, long = discord.command(PAPERS, ALICE, "lamps"), discord.command(PAPERS, ALICE, "lamps", words="town")
        await form.acked()
        await long.acked()
        (between,) = await discord.submit(long).answered()
    desk.asked.clear()
    async with limited(discord, desk):
        assert await said(discord.command(PAPERS, ALICE, "lamps")) == SENTENCE
        assert GUILD in SENTENCE
        chinese = TEXTS["zh"].phrases["server_not_served"].format(id=GUILD)
        assert await said(discord.command(PAPERS, WEI, "paper", id="1")) == chinese
        asked = discord.complete(PAPERS, ALICE, "paper", "id", id="1")
        await asked.acked()
        assert asked.choices == []
        (posted,) = discord.messages(PAPERS)
        assert await said(discord.press(posted, "Read report", ALICE)) == SENTENCE
        assert await said(discord.submit(form)) == SENTENCE
        for button in buttons(between):
            assert await said(discord.press(between, button, ALICE)) == SENTENCE
        discord.mention(PAPERS, ALICE, "lamps")
        _, _, answer = await until(lambda: len(discord.messages(PAPERS)) == 3 and discord.messages(PAPERS))
        assert read_out(answer) == SENTENCE
    assert desk.asked == []


async def test_a_server_of_the_list_is_served(discord: DiscordServer, desk: Lamplighter) -> None:
    """Without a word about members; without a list all servers are."""
    async with limited(discord, desk):
        assert await said(discord.command(SERVED_PAPERS, ALICE, "paper", id="1")) == "You asked: paper 1"
    async with serving(discord, desk, COMMANDS, texts=TEXTS):
        assert await said(discord.command(PAPERS, ALICE, "paper", id="1")) == "You asked: paper 1"
        assert await said(discord.command(WEI, WEI, "paper", id="1")) == "You asked: paper 1"
    assert discord.asked("get_guild_member") == []


# --- people ----------------------------------------------------------------------------------------------------------


async def test_direct_messages_are_for_members(discord: DiscordServer, desk: Lamplighter) -> None:
    """Of one of the servers, also of several that the bot is not all in; each person is asked about once."""
    async with limited(discord, desk, AWAY, SERVED):
        for _ in range(2):
            assert await said(discord.command(ALICE, ALICE, "paper", id="1")) == "You asked: paper 1"
            assert await said(discord.command(WEI, WEI, "paper", id="1")) == TEXTS["zh"].phrases["person_not_served"]
        asked = discord.complete(WEI, WEI, "paper", "id", id="1")
        await asked.acked()
        assert asked.choices == []
        discord.direct(WEI, "lamps")
        refused = await until(lambda: [one for one in discord.messages(WEI) if one.author != WEI])
        assert read_out(refused[0]) == TEXTS["en"].phrases["person_not_served"]
        discord.direct(ALICE, "lamps")
        await until(lambda: desk.asked[-1].name == "lamps")
    assert {one.person for one in desk.asked} == {ALICE}
    assert len(discord.asked("get_guild_member")) == 4


async def test_whom_discord_does_not_know_is_no_member(discord: DiscordServer, desk: Lamplighter) -> None:
    """Discord may call them an unknown user instead of an unknown member."""
    discord.fault("get_guild_member", Error(10013))
    async with limited(discord, desk):
        assert await said(discord.command(ALICE, ALICE, "paper", id="1")) == TEXTS["en"].phrases["person_not_served"]


async def test_a_stranger_gets_nothing_by_installing_the_app_alone(discord: DiscordServer, desk: Lamplighter) -> None:
    """In other people's conversations; a member is served there."""
    for person in (ALICE, WEI):
        discord.people[person].installed = True
    between = discord.private_between(ALICE, WEI)
    async with limited(discord, desk):
        refused = await said(discord.command(between.id, WEI, "paper", id="1"))
        assert refused == TEXTS["zh"].phrases["person_not_served"]
        assert await said(discord.command(between.id, ALICE, "paper", id="1")) == "You asked: paper 1"


async def test_a_membership_is_asked_about_again(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a member after an hour, of a stranger after a minute."""
    there = discord.guilds[SERVED].people
    async with limited(discord, desk):
        for kept_s, person, change in (("MEMBER_S", ALICE, there.remove), ("STRANGER_S", WEI, there.append)):
            monkeypatch.setattr(discord_servers, kept_s, 0.0)
            before = await said(discord.command(person, person, "paper", id="1"))
            change(person)
            assert await said(discord.command(person, person, "paper", id="1")) != before
    assert [one.person for one in desk.asked] == [ALICE, WEI]


async def test_few_memberships_are_remembered(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes to the bot cannot fill its memory."""
    monkeypatch.setattr(discord_servers, "_KEPT", 1)
    async with limited(discord, desk):
        for person in (ALICE, WEI, ALICE):
            await said(discord.command(person, person, "paper", id="1"))
    assert len(discord.asked("get_guild_member")) == 3


async def test_a_discord_that_does_not_tell_lets_nobody_in(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The person is asked to try later, and then is served; also when it takes too long."""
    later = TEXTS["en"].phrases["person_unknown"]
    async with limited(discord, desk):
        discord.fault("get_guild_member", Status(503))
        assert await said(discord.command(ALICE, ALICE, "paper", id="1")) == later
        monkeypatch.setattr(discord_servers, "LOOKUP_S", 0.1)
        discord.fault("get_guild_member", Slow(30.0))
        assert await said(discord.command(ALICE, ALICE, "paper", id="1")) == later
        assert desk.asked == []
        monkeypatch.undo()
        discord.repair()
        assert await said(discord.command(ALICE, ALICE, "paper", id="1")) == "You asked: paper 1"


# --- what is posted --------------------------------------------------------------------------------------------------


async def test_nothing_is_posted_to_another_server(discord: DiscordServer) -> None:
    """What stands there can still be corrected; people and the served server get theirs."""
    headline = await adapter_for(discord).post(HERE, card(), under=None, key="k1")
    adapter = adapter_for(discord, servers=(SERVED,))
    for under in (None, headline):
        with pytest.raises(DestinationClosed, match=f"{GUILD}, which is not in discord.servers"):
            await adapter.post(HERE, card(), under=under, key="k2")
    await adapter.edit(HERE, headline, card())
    assert len(discord.messages(PAPERS)) == 1
    for address in (SERVED_PAPERS, WEI):
        await adapter.post(Destination("discord", "", address), card(), under=None, key=f"k{address}")
        assert len(discord.messages(address)) == 1


async def test_a_check_names_other_servers_and_those_without_the_bot(discord: DiscordServer) -> None:
    """With what mends it."""
    discord.add_guild("100000000000000080")
    discord.remove_bot("100000000000000080")
    adapter = adapter_for(discord, servers=(SERVED, AWAY, "100000000000000080"))
    served = Destination("discord", SERVED, SERVED_PAPERS)
    (first, second, third) = await adapter.check([served, HERE])
    assert [first[0], second[0], third[0]] == ["discord.servers", "discord.servers", str(HERE)]
    for (_, sentence), server in ((first, AWAY), (second, "100000000000000080")):
        assert f"not in the server {server}. Invite it: paperboy discord-invite" in sentence
    assert "Add that id to discord.servers" in third[1]
    assert await adapter_for(discord, servers=(SERVED, GUILD)).check([served, HERE]) == []


async def test_the_settings_name_the_servers(discord: DiscordServer) -> None:
    """`servers` of the table [discord]."""
    options = {"token": BOT_TOKEN, "api_url": f"{discord.url}/api/v10", "servers": [SERVED]}
    with pytest.raises(DestinationClosed):
        await build(None, options).post(HERE, card(), under=None, key="k1")
