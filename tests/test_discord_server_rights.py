"""What the local Discord tells of people's roles, of who let the app in, and what it keeps from the bot."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.discord_client import Plain, plain, running
from tests.discord_commands import NotPossible
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, BOT_ROLE, GUILD, PAPERS, WEI, Permission
from tests.test_discord_server_people import COMMANDS, Asking

AWAY = "100000000000000090"


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        yield rest


@pytest.fixture
async def app(local: DiscordServer, rest: Plain) -> AsyncIterator[Asking]:
    assert (await rest.ask("PUT", f"/applications/{APPLICATION}/commands", COMMANDS))[0] == 200
    app = Asking()
    async with running(app, local):
        yield app


@pytest.mark.usefixtures("app")
def test_a_members_roles_come_with_what_they_do(local: DiscordServer) -> None:
    """Without everybody's; what a role permits is the person's."""
    editors = local.add_role("Editors", Permission.MANAGE_CHANNELS)
    local.give_role(ALICE, editors)
    told = local.command(PAPERS, ALICE, "here").payload
    assert told["member"]["roles"] == [editors]
    assert int(told["member"]["permissions"]) & Permission.MANAGE_CHANNELS
    other = local.command(PAPERS, WEI, "here").payload
    assert other["member"]["roles"] == []
    assert not int(other["member"]["permissions"]) & Permission.MANAGE_CHANNELS


def test_roles_are_given_to_members_and_not_those_of_integrations(local: DiscordServer) -> None:
    """As in Discord's own settings of a member."""
    bots = local.add_role("Another bot", managed=True)
    for person, role in ((ALICE, bots), (ALICE, BOT_ROLE), (ALICE, GUILD), (ALICE, "1"), ("1", local.add_role("R"))):
        with pytest.raises(NotPossible):
            local.give_role(person, role)


@pytest.mark.usefixtures("app")
def test_who_let_the_app_in_is_told_by_installation(local: DiscordServer) -> None:
    """0 is a server, with "0" for the bot's direct messages; 1 is a person; what follows keeps what began it."""

    def owners(channel: str, command: str = "paper") -> object:
        options = {"id": "1"} if command == "paper" else {}
        return local.command(channel, ALICE, command, **options).payload["authorizing_integration_owners"]

    assert (owners(PAPERS), owners(ALICE)) == ({"0": GUILD}, {"0": "0"})
    local.people[ALICE].installed = True
    assert (owners(PAPERS), owners(ALICE)) == ({"0": GUILD, "1": ALICE}, {"0": "0", "1": ALICE})
    assert owners(PAPERS, "here") == {"0": GUILD}
    between = local.private_between(ALICE, WEI)
    assert owners(between.id) == {"1": ALICE}
    local.remove_bot(GUILD)
    assert (owners(PAPERS), owners(ALICE)) == ({"1": ALICE}, {"1": ALICE})
    local.guilds[GUILD].commands_only = True
    assert owners(PAPERS) == {"0": GUILD, "1": ALICE}


@pytest.mark.usefixtures("app")
def test_the_apps_permissions_are_those_of_the_place(local: DiscordServer) -> None:
    """The bot's in a server with it, documented ones in conversations; else they say nothing of the bot."""

    def permitted(channel: str) -> int:
        return int(local.command(channel, ALICE, "paper", id="1").payload["app_permissions"])

    local.people[ALICE].installed = True
    local.channels[PAPERS].denied = Permission.SEND_MESSAGES
    assert not permitted(PAPERS) & Permission.SEND_MESSAGES
    assert permitted(PAPERS) & Permission.VIEW_CHANNEL
    in_private = Permission.ATTACH_FILES | Permission.EMBED_LINKS | Permission.MENTION_EVERYONE
    assert permitted(local.private_between(ALICE, WEI).id) == in_private
    assert permitted(ALICE) == in_private | Permission.USE_EXTERNAL_EMOJIS
    local.remove_bot(GUILD)
    assert permitted(PAPERS) == local.people[ALICE].permissions


@pytest.mark.usefixtures("app")
async def test_a_private_conversation_is_closed_to_the_bot_and_to_others(local: DiscordServer, rest: Plain) -> None:
    """Only who installed the app for themselves has commands there, and only in their own conversations."""
    between = local.private_between(ALICE, WEI)
    with pytest.raises(NotPossible, match="integration types"):
        local.command(between.id, ALICE, "paper", id="1")
    local.people[ALICE].installed = True
    local.command(between.id, ALICE, "paper", id="1")
    path = f"/channels/{between.id}"
    assert await rest.code("GET", path) == (403, 50001)
    assert await rest.code("POST", f"{path}/messages", {"content": "x"}) == (403, 50001)
    alone = local.direct_with(WEI)
    with pytest.raises(NotPossible, match="not in this conversation"):
        local.command(alone.id, ALICE, "paper", id="1")


async def test_members_of_other_servers_are_not_told(local: DiscordServer, rest: Plain) -> None:
    """10007 for who is not in the server, 10004 and 50001 for servers without the bot."""
    local.guilds[GUILD].people.remove(WEI)
    members = f"/guilds/{GUILD}/members"
    assert (await rest.ask("GET", f"{members}/{ALICE}"))[0] == 200
    assert await rest.code("GET", f"{members}/{WEI}") == (404, 10007)
    assert await rest.code("GET", f"/guilds/{AWAY}/members/{ALICE}") == (404, 10004)
    local.remove_bot(GUILD)
    assert await rest.code("GET", f"{members}/{ALICE}") == (403, 50001)


async def test_the_bots_servers_are_listed_two_hundred_at_most(local: DiscordServer, rest: Plain) -> None:
    """https://docs.discord.com/developers/resources/user#get-current-user-guilds"""
    local.add_guild(AWAY)
    for limit in (0, 201):
        assert await rest.code("GET", f"/users/@me/guilds?limit={limit}") == (400, 50035)
    _, listed = await rest.ask("GET", "/users/@me/guilds?limit=1")
    assert [one["id"] for one in listed] == [GUILD]
