"""What the bot has to be allowed, and how what it lacks is told."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.discord import DiscordAdapter, build
from adapters.discord_places import needed, permissions
from digest.errors import DeliveryError, DestinationClosed
from digest.types import Destination
from tests.adapter_contract import lately
from tests.discord_chat import adapter_for, card
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, BOT_TOKEN, FORUM, GUILD, HIDDEN, MUTED, PAPERS, Permission

CHANNEL = Destination("discord", "", PAPERS)
POSTS = Destination("discord", "", FORUM)


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


async def all_of_it(adapter: DiscordAdapter) -> None:
    """Everything that the bot does in a channel and in a forum."""
    for to in (CHANNEL, POSTS):
        parent = await adapter.post(to, card(), under=None, key=f"p{to}")
        reply = await adapter.post(to, card(), under=parent, key=f"r{to}")
        await adapter.edit(to, reply, card())
        assert await adapter.find(to, f"p{to}", under=None, since=lately()) == parent
        assert await adapter.find(to, f"r{to}", under=parent, since=lately()) == reply


async def test_the_invitation_asks_for_what_is_used(discord: DiscordServer) -> None:
    """With these permissions everything works; the address opens Discord's page for this bot."""
    address = await adapter_for(discord).invite()
    asked = parse_qs(urlsplit(address).query)
    assert address.startswith("https://discord.com/oauth2/authorize?")
    assert (asked["client_id"], asked["scope"]) == ([APPLICATION], ["bot applications.commands"])
    assert asked["permissions"] == [str(needed())]
    discord.allow(needed())
    await all_of_it(adapter_for(discord))


@pytest.mark.parametrize("bit", [bit for bit in Permission if bit & needed()])
async def test_each_permission_is_used(discord: DiscordServer, bit: Permission) -> None:
    """Without any one of them something does not work."""
    discord.allow(needed() & ~bit)
    with pytest.raises(DeliveryError):
        await all_of_it(adapter_for(discord))


async def test_a_check_finds_nothing_where_all_is_well(discord: DiscordServer) -> None:
    """Channels, forums, threads and people."""
    adapter = adapter_for(discord)
    thread = (await adapter.post(CHANNEL, card(), under=None, key="k1")).thread
    places = [Destination("discord", "", address) for address in (PAPERS, FORUM, thread, ALICE)]
    assert await adapter.check([*places, Destination("discord", GUILD, PAPERS)]) == []


async def test_a_check_names_what_is_wrong_and_what_mends_it(discord: DiscordServer) -> None:
    """In the words of Discord's own interface; a forum has its own."""
    discord.channels[PAPERS].denied = Permission.EMBED_LINKS | Permission.CREATE_PUBLIC_THREADS
    discord.channels[FORUM].denied = Permission.SEND_MESSAGES | Permission.SEND_MESSAGES_IN_THREADS
    wrong = [PAPERS, FORUM, HIDDEN, MUTED, "100000000000009999", "papers"]
    problems = await adapter_for(discord).check([Destination("discord", "", address) for address in wrong])
    assert [about for about, _ in problems] == [f"discord:{address}" for address in wrong]
    says = [
        'lacks "Embed Links", "Create Public Threads" in #papers',
        'lacks "Create Posts", "Send Messages in Posts" in #daily-papers',
        "View Channel",
        'lacks "Send Messages" in #muted',
        "no such channel or person",
        "Copy Channel ID",
    ]
    assert all(part in sentence for part, (_, sentence) in zip(says, problems, strict=True))


async def test_a_check_sees_what_was_mended(discord: DiscordServer) -> None:
    """What was known of a channel is asked again."""
    discord.channels[FORUM].tag_required = True
    adapter = adapter_for(discord)
    ((_, sentence),) = await adapter.check([POSTS])
    assert "tag" in sentence
    discord.channels[FORUM].tag_required = False
    assert await adapter.check([POSTS]) == []


async def test_a_check_tells_of_a_token_that_is_not_valid(discord: DiscordServer) -> None:
    """Channels are not asked about then; an address that is not Discord's is told as such."""
    ((about, sentence),) = await adapter_for(discord, token="wrong").check([CHANNEL])
    assert about == "DISCORD_TOKEN"
    assert "Reset it in the developer portal" in sentence
    away = DiscordAdapter("t", api_url="http://127.0.0.1:1", timeout_s=1.0)
    assert "discord.api_url" in (await away.check([CHANNEL]))[0][1]
    with pytest.raises(DestinationClosed):
        await adapter_for(discord, token="wrong").invite()


async def test_the_adapter_is_built_from_the_settings(discord: DiscordServer) -> None:
    """The table [discord] with the token; without an address it is Discord itself."""
    options = {"token": BOT_TOKEN, "api_url": f"{discord.url}/api/v10", "timeout_s": 3.0}
    adapter = build(None, options)
    assert adapter.timeout_s == 3.0
    await adapter.post(CHANNEL, card(), under=None, key="k1")
    assert len(discord.messages(PAPERS)) == 1
    assert build(None, {}).timeout_s == 15.0


def test_permissions_are_reckoned_as_discord_does() -> None:
    """Everybody's role, the bot's roles, the channel's overwrites of each, and of the bot; an administrator may all."""
    guild = {
        "id": "1",
        "owner_id": "9",
        "roles": [
            {"id": "1", "permissions": str(1 << 10)},
            {"id": "2", "permissions": str(1 << 11)},
            {"id": "3", "permissions": str(1 << 3)},
        ],
    }

    def overwrite(name: str, allow: int = 0, deny: int = 0) -> dict[str, str]:
        return {"id": name, "allow": str(allow), "deny": str(deny)}

    channel = {"permission_overwrites": [overwrite("1", deny=1 << 11), overwrite("2", allow=1 << 14)]}
    assert permissions("7", ["2"], guild, {}) == 1 << 10 | 1 << 11
    assert permissions("7", ["2"], guild, channel) == 1 << 10 | 1 << 14
    own = {"permission_overwrites": [*channel["permission_overwrites"], overwrite("7", 1 << 11, 1 << 14)]}
    assert permissions("7", ["2"], guild, own) == 1 << 10 | 1 << 11
    assert permissions("7", [], guild, {"permission_overwrites": [overwrite("1", deny=1 << 10)]}) == 0
    assert permissions("7", ["3"], guild, channel) & (1 << 38)
    assert permissions("9", [], guild, channel) & (1 << 38)
