"""What people and roles in Discord are called."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters import discord_names
from digest.types import Destination
from tests.discord_chat import adapter_for
from tests.discord_faults import CutShort, RateLimited, Slow, Status
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, BOT_ROLE, GUILD, PAPERS, WEI, Permission

NOBODY = "100000000000000099"
OTHER = "100000000000000080"
HERE = Destination("discord", GUILD, PAPERS)


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


async def test_people_and_roles_are_called_as_discord_shows_them(discord: DiscordServer) -> None:
    """In the same order; what Discord does not know has its id for a name."""
    discord.people[ALICE].global_name = "Alice in the Lab"
    role = discord.add_role("Editors of papers")
    asked = [f"role:{role}", WEI, ALICE, NOBODY, f"role:{NOBODY}", "admins", "role:", "../users/1", ALICE]
    called = await adapter_for(discord).names(asked, "en")
    assert called == ["@Editors of papers", "wei", "Alice in the Lab", *asked[3:8], "Alice in the Lab"]


async def test_no_name_mentions_anybody(discord: DiscordServer) -> None:
    """Nor does it run over lines, turn the text round, or fill the screen."""
    discord.people[ALICE].global_name = f"@everyone\n<@{WEI}> \u202eolleh" + " long" * 50
    discord.people[WEI].global_name = "\u200b\u200c"
    roles = [discord.add_role(name) for name in ("everyone", "Here", "a\u2066b\nc")]
    called = await adapter_for(discord).names([ALICE, WEI, *(f"role:{role}" for role in roles)], "en")
    assert called[0].startswith(f"＠everyone <＠{WEI}> olleh long")
    assert len(called[0]) <= discord_names.NAME_CHARS
    assert called[1:] == ["wei", "＠everyone", "＠Here", "@ab c"]


async def test_names_are_asked_for_once(discord: DiscordServer) -> None:
    """Also that there is none; one more person costs one more question."""
    adapter = adapter_for(discord)
    role = discord.add_role("Editors")
    asked = [ALICE, NOBODY, f"role:{role}"]
    assert await adapter.names(asked, "en") == await adapter.names(asked, "zh")
    before = len(discord.requests)
    await adapter.names([*asked, WEI], "en")
    assert [one.operation for one in discord.requests[before:]] == ["get_user"]


async def test_roles_are_looked_for_in_the_servers_that_are_served(discord: DiscordServer) -> None:
    """In no other one; without such a list in those that the bot is in."""
    discord.add_guild(OTHER)
    here, there = discord.add_role("Here lies"), discord.add_role("There", guild=OTHER)
    asked = [f"role:{here}", f"role:{there}"]
    assert await adapter_for(discord).names(asked, "en") == ["＠Here lies", "@There"]
    discord.requests.clear()
    limited = adapter_for(discord, servers=(OTHER,))
    assert await limited.names(asked, "en") == [asked[0], "@There"]
    assert [one.path for one in discord.requests] == [f"/guilds/{OTHER}"]


@pytest.mark.parametrize("fault", [Status(500), Status(200), CutShort(), RateLimited(60.0)])
async def test_a_discord_that_tells_nothing_leaves_the_ids(
    discord: DiscordServer, fault: Status | CutShort | RateLimited
) -> None:
    """Nobody's question fails for want of a name."""
    discord.fault("*", fault, times=100)
    adapter = adapter_for(discord)
    asked = [ALICE, "role:1"]
    assert await adapter.names(asked, "en") == asked
    assert await adapter.managers(HERE, "en") == []


async def test_an_answer_that_is_not_as_documented_leaves_the_ids(
    discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from something else that answers at the address."""
    monkeypatch.setattr("tests.discord_methods.user_told", lambda _world, _user: {"id": 1})
    monkeypatch.setattr("tests.discord_methods.guild_told", lambda _world, _guild: {"roles": [{}], "id": "1"})
    adapter = adapter_for(discord)
    asked = [ALICE, "role:1"]
    assert await adapter.names(asked, "en") == asked
    assert await adapter.managers(HERE, "en") == []


async def test_names_are_not_waited_for(discord: DiscordServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that come in time are used."""
    adapter = adapter_for(discord, timeout_s=60.0)
    await adapter.names([WEI], "en")
    monkeypatch.setattr(discord_names, "LOOKUP_S", 0.1)
    discord.fault("*", Slow(60.0), times=100)
    assert await adapter.names([ALICE, WEI, "role:1"], "en") == [ALICE, "wei", "role:1"]
    assert await adapter.managers(HERE, "en") == []


async def test_few_names_are_asked_for_at_once(discord: DiscordServer) -> None:
    """A long list of editors is no flood of questions."""
    people = [str(100000000000001000 + number) for number in range(100)]
    assert await adapter_for(discord).names(people, "en") == people
    assert len(discord.requests) == discord_names.NAMES


# --- managers --------------------------------------------------------------------------------------------------------


async def test_managers_are_the_highest_roles_that_may_change_channels(discord: DiscordServer) -> None:
    """Three at most; neither everybody's, nor those of bots, nor such as may do other things."""
    adapter = adapter_for(discord)
    for name, permissions in (
        ("Gardeners", Permission.MANAGE_CHANNELS),
        ("Movers", Permission.MANAGE_CHANNELS | Permission.SEND_MESSAGES),
        ("Hosts", Permission.MANAGE_GUILD),
        ("Staff", Permission.ADMINISTRATOR),
        ("everyone else", Permission.MANAGE_CHANNELS),
    ):
        discord.add_role(name, permissions)
    discord.add_role("Another bot", Permission.ADMINISTRATOR, managed=True)
    assert discord.guilds[GUILD].permissions  # of the bot's own role, BOT_ROLE
    discord.allow(Permission.ADMINISTRATOR)
    called = await adapter.managers(HERE, "en")
    assert called == ["＠everyone else", "@Staff", "@Movers"]
    assert BOT_ROLE not in str(called)


async def test_without_such_roles_the_owner_is_named(discord: DiscordServer) -> None:
    """Who may change everything."""
    discord.people[ALICE].global_name = "Alice in the Lab"
    assert await adapter_for(discord).managers(HERE, "en") == ["Alice in the Lab"]


@pytest.mark.parametrize("workspace", ["", NOBODY, "../users"])
async def test_nobody_manages_what_is_in_no_server(discord: DiscordServer, workspace: str) -> None:
    """A direct conversation, a server that the bot is not in."""
    assert await adapter_for(discord).managers(Destination("discord", workspace, ALICE), "en") == []
