"""What the adapter tells of a person's roles, and of what the bot may do where it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.structs import replace

from adapters.discord import DiscordAdapter
from bot import compose
from digest.types import MANAGER, Access, Destination, Invocation, Message, Paragraph, Run
from tests.discord_chat import adapter_for, card, serving
from tests.discord_seen import seen
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, FORUM, GRANTED, GUILD, PAPERS, WEI, Permission, Person
from tests.lamps import COMMANDS, Lamplighter
from tests.slack_socket import until

P = Permission
OTHER = "100000000000000029"
TEXTS = {language: compose.texts(language) for language in compose.LANGUAGES}


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


@pytest.fixture
def desk() -> Lamplighter:
    return Lamplighter()


@pytest.fixture
async def adapter(discord: DiscordServer, desk: Lamplighter) -> AsyncIterator[DiscordAdapter]:
    async with serving(discord, desk, COMMANDS, texts=TEXTS) as adapter:
        yield adapter


async def told(discord: DiscordServer, desk: Lamplighter, channel: str, person: str = ALICE) -> Invocation:
    """What the bot hears of a command."""
    await discord.command(channel, person, "paper", id="1").answered()
    return desk.asked[-1]


def query(link: str) -> dict[str, list[str]]:
    assert link.startswith("https://discord.com/oauth2/authorize?")
    return parse_qs(urlsplit(link).query)


# --- who it is -------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_person_is_known_by_id_and_roles_with_everything_they_do(
    discord: DiscordServer, desk: Lamplighter
) -> None:
    """Commands, forms, buttons, suggestions and mentions in a server; in direct messages there are no roles."""
    roles = [discord.add_role("Editors"), discord.add_role("Readers")]
    for role in roles:
        discord.give_role(ALICE, role)
    known = (ALICE, *(f"role:{role}" for role in roles))
    form = discord.command(PAPERS, ALICE, "lamps")
    await form.acked()
    await discord.submit(form).answered()
    await discord.complete(PAPERS, ALICE, "paper", "id", id="x").acked()
    discord.mention(PAPERS, ALICE, "lamps")
    answer = await until(lambda: discord.messages(PAPERS)[1:])
    await discord.press(answer[0], "Lamps", ALICE).acked()
    assert [one.name for one in desk.asked] == ["lamps", "light", "suggest", "lamps", "lamps"]
    assert {one.identities for one in desk.asked} == {known}
    await discord.press(answer[0], "Lamps", WEI).acked()
    discord.direct(ALICE, "lamps")
    await until(lambda: len(desk.asked) == 7)
    assert [one.identities for one in desk.asked[5:]] == [(WEI,), (ALICE,)]


@pytest.mark.usefixtures("adapter")
async def test_roles_are_those_of_now(discord: DiscordServer, desk: Lamplighter) -> None:
    """A role that was taken away is gone with the next press, and so is what it permits."""
    role = discord.add_role("Editors", P.MANAGE_CHANNELS)
    discord.give_role(ALICE, role)
    first = await told(discord, desk, PAPERS)
    assert (first.identities, first.role) == ((ALICE, f"role:{role}"), MANAGER)
    discord.guilds[GUILD].held.clear()
    second = await told(discord, desk, PAPERS)
    assert (second.identities, second.role) == ((ALICE,), "")


# --- what the bot may do ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_bot_with_all_it_needs_lacks_nothing(discord: DiscordServer, desk: Lamplighter) -> None:
    """The link leads to the server, with no word to Discord for it."""
    before = len(discord.requests)
    access = (await told(discord, desk, PAPERS)).access
    assert (access.installed, access.present, access.missing) == (True, True, ())
    assert query(access.link) == {
        "client_id": [APPLICATION],
        "scope": ["bot applications.commands"],
        "permissions": [str(int(GRANTED))],
        "guild_id": [GUILD],
        "disable_guild_select": ["true"],
        "integration_type": ["0"],
    }
    asked = {one.operation for one in discord.requests[before:]}
    assert asked == {"create_interaction_response"}


@pytest.mark.parametrize(
    ("channel", "denied", "missing"),
    [
        (PAPERS, P.EMBED_LINKS | P.CREATE_PUBLIC_THREADS, ("Embed Links", "Create Public Threads")),
        (PAPERS, P.READ_MESSAGE_HISTORY, ("Read Message History",)),
        (FORUM, P.READ_MESSAGE_HISTORY, ("Read Message History",)),
        (FORUM, P.CREATE_PUBLIC_THREADS, ()),
    ],
)
async def test_missing_permissions_are_those_of_the_channel_that_gets_the_digest(
    discord: DiscordServer, desk: Lamplighter, adapter: DiscordAdapter, channel: str, denied: int, missing: tuple[str]
) -> None:
    """In a thread or a post it is the channel or forum around it; a forum needs other ones."""
    posted = await adapter.post(Destination("discord", "", channel), card(), under=None, key="k")
    discord.channels[channel].denied = denied
    for place in (posted.thread, *([channel] if channel == PAPERS else [])):
        invocation = await told(discord, desk, place)
        assert (invocation.channel, invocation.access.missing) == (channel, missing)


async def test_permissions_have_a_forums_own_names(
    discord: DiscordServer, desk: Lamplighter, adapter: DiscordAdapter
) -> None:
    """As its settings call them. A bot that may not write may not embed either."""
    posted = await adapter.post(Destination("discord", "", FORUM), card(), under=None, key="k")
    discord.channels[FORUM].denied = P.SEND_MESSAGES | P.SEND_MESSAGES_IN_THREADS
    missing = (await told(discord, desk, posted.thread)).access.missing
    assert missing == ("Create Posts", "Embed Links", "Send Messages in Posts")


@pytest.mark.usefixtures("adapter")
async def test_an_administrator_lacks_nothing(discord: DiscordServer, desk: Lamplighter) -> None:
    """Whatever else is denied."""
    discord.guilds[GUILD].permissions = int(P.ADMINISTRATOR)
    discord.channels[PAPERS].denied = P.SEND_MESSAGES
    assert (await told(discord, desk, PAPERS)).access.missing == ()


@pytest.mark.usefixtures("adapter")
async def test_an_installation_for_a_person_alone_is_told(discord: DiscordServer, desk: Lamplighter) -> None:
    """In a server without the bot; with its commands only; once the bot was let in. Each time as it is then."""
    discord.people[ALICE].installed = True
    discord.remove_bot(GUILD)
    access = (await told(discord, desk, PAPERS)).access
    assert (access.installed, access.present, access.missing) == (False, False, ())
    assert query(access.link)["guild_id"] == [GUILD]
    discord.guilds[GUILD].commands_only = True
    access = (await told(discord, desk, PAPERS)).access
    assert (access.installed, access.present, access.missing) == (True, False, ())
    discord.invite_bot(GUILD)
    access = (await told(discord, desk, PAPERS)).access
    assert (access.installed, access.present, access.missing) == (True, True, ())


@pytest.mark.usefixtures("adapter")
async def test_direct_messages_tell_whether_a_server_or_a_person_brought_the_app(
    discord: DiscordServer, desk: Lamplighter
) -> None:
    """Those with the bot, by an installation of each kind; those of other people; a group's."""
    access = (await told(discord, desk, ALICE)).access
    assert (access.installed, access.present, access.missing) == (True, True, ())
    assert "guild_id" not in query(access.link)
    discord.people[ALICE].installed = True
    assert (await told(discord, desk, ALICE)).access.installed
    discord.people[OTHER] = Person(OTHER, "other")
    for private in (discord.private_between(ALICE, WEI), discord.private_between(ALICE, WEI, OTHER)):
        access = (await told(discord, desk, private.id)).access
        assert (access.installed, access.present, access.missing) == (False, False, ())
    discord.guilds[GUILD].people.remove(ALICE)
    access = (await told(discord, desk, ALICE)).access
    assert (access.installed, access.present, access.missing) == (False, True, ())


@pytest.mark.usefixtures("adapter")
async def test_what_is_said_to_the_bot_is_said_where_it_is(discord: DiscordServer, desk: Lamplighter) -> None:
    """Mentions and direct messages carry no such facts."""
    discord.mention(PAPERS, ALICE, "hello")
    discord.direct(ALICE, "hello")
    await until(lambda: len(desk.asked) == 2)
    assert [one.access for one in desk.asked] == [Access(), Access()]


@pytest.mark.usefixtures("adapter")
async def test_who_writes_to_the_bot_counts_as_a_person_alone_unless_they_share_a_server(
    discord: DiscordServer, desk: Lamplighter
) -> None:
    """Discord does not tell what let them write; one that is known from a server needs no question."""
    discord.people[ALICE].installed = True
    discord.guilds[GUILD].people.remove(ALICE)
    discord.direct(ALICE, "hello")
    await until(lambda: len(desk.asked) == 1)
    told = [desk.asked[-1].access.installed]
    discord.direct(WEI, "hello")
    await until(lambda: len(desk.asked) == 2)
    told.append(desk.asked[-1].access.installed)
    discord.guilds[GUILD].people.append(ALICE)
    discord.mention(PAPERS, ALICE, "hello")
    await until(lambda: len(desk.asked) == 3)
    before = len(discord.asked("get_guild_member"))
    discord.direct(ALICE, "hello")
    await until(lambda: len(desk.asked) == 4)
    assert [*told, desk.asked[-1].access.installed] == [False, True, True]
    assert len(discord.asked("get_guild_member")) == before
    assert [one.public for one in desk.asked] == [False, False, True, False]


@pytest.mark.usefixtures("adapter")
async def test_a_form_of_several_pages_goes_by_its_last_page(discord: DiscordServer, desk: Lamplighter) -> None:
    """Roles and permissions that were lost between the pages are lost."""
    role = discord.add_role("Editors", P.MANAGE_CHANNELS)
    discord.give_role(ALICE, role)
    form = discord.command(PAPERS, ALICE, "lamps", words="town")
    await form.acked()
    (between,) = await discord.submit(form).answered()
    discord.guilds[GUILD].held.clear()
    discord.channels[PAPERS].denied = P.EMBED_LINKS
    page = discord.press(between, "Next questions", ALICE)
    await page.acked()
    await discord.submit(page).answered()
    first, last = desk.asked
    assert (first.identities, first.role, first.access.missing) == ((ALICE, f"role:{role}"), MANAGER, ())
    assert (last.name, last.identities, last.role, last.access.missing) == ("light", (ALICE,), "", ("Embed Links",))


# --- what a form says ------------------------------------------------------------------------------------------------


class Explaining(Lamplighter):
    """Its form comes with several paragraphs."""

    async def answer(self, asked: Invocation) -> Message:
        message = await super().answer(asked)
        said = ("Lamps of the Pier, 2601.00001", "3 messages in 2 channels will change.")
        return replace(message, blocks=tuple(Paragraph((Run(text),)) for text in said))


async def test_all_paragraphs_of_a_message_stand_above_its_questions(discord: DiscordServer) -> None:
    """In one text, apart from each other."""
    async with serving(discord, Explaining(), COMMANDS, texts=TEXTS):
        asked = discord.command(PAPERS, ALICE, "lamps")
        await asked.acked()
    assert asked.modal is not None
    above, question, *_ = asked.modal["components"]
    assert above["type"] == 10
    assert seen(above["content"]).text == "Lamps of the Pier, 2601.00001\n\n3 messages in 2 channels will change."
    assert question["label"] == "What are they called?"


async def test_editors_that_discord_cannot_know_are_told(discord: DiscordServer) -> None:
    """A person's id and a role's are the only names there are."""
    adapter = adapter_for(discord, editors=["admins", "role:editors", ALICE, "role:100000000000000041"])
    told = [sentence for about, sentence in await adapter.check([]) if about == "editors"]
    assert [sentence.split()[0] for sentence in told] == ['"discord:admins"', '"discord:role:editors"']
    assert all("discord:role:ID for a role" in sentence for sentence in told)
