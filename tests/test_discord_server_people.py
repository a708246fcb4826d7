"""What people do in the local Discord reaches a real discord.py app, and what the app answers is judged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest

from tests.discord_client import App, Plain, discord, plain, refused, running
from tests.discord_commands import NotPossible
from tests.discord_interactions import Interaction
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, BOT_USER, EPHEMERAL, FORUM, GUILD, PAPERS, WEI, Message, Permission
from tests.slack_socket import until

OPTIONS: list[dict[str, Any]] = [
    {"type": 3, "name": "id", "description": "Which", "required": True, "autocomplete": True, "max_length": 20},
    {"type": 3, "name": "section", "description": "What", "choices": [{"name": "Results", "value": "results"}]},
    {"type": 4, "name": "count", "description": "How many", "min_value": 1, "max_value": 5},
]
COMMANDS: list[dict[str, Any]] = [
    {"name": "paper", "description": "A paper", "options": OPTIONS, "integration_types": [0, 1], "contexts": [0, 1, 2]},
    {"name": "here", "description": "Only in servers", "contexts": [0]},
    {"name": "paperboy", "description": "P", "options": [{"type": 1, "name": "help", "description": "Help"}]},
]


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        yield rest


class Asking(App):
    """An app that keeps what it is asked; the test answers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: asyncio.Queue[discord.Interaction] = asyncio.Queue()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        self.asked.put_nowait(interaction)

    async def data(self) -> dict[str, Any]:
        """What the next interaction brings beside who and where."""
        return cast("dict[str, Any]", (await self.next()).data)

    async def next(self) -> discord.Interaction:
        return await asyncio.wait_for(self.asked.get(), 120)


@pytest.fixture
async def app(local: DiscordServer, rest: Plain) -> AsyncIterator[Asking]:
    assert (await rest.ask("PUT", f"/applications/{APPLICATION}/commands", COMMANDS))[0] == 200
    app = Asking()
    async with running(app, local):
        yield app


async def pressable(local: DiscordServer, app: Asking) -> Message:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Read", custom_id="read:1"))
    view.add_item(discord.ui.Button(label="Gone", custom_id="gone", disabled=True))
    view.add_item(discord.ui.Button(label="Hub", url="https://hub.example"))
    view.add_item(discord.ui.Select(custom_id="more", options=[discord.SelectOption(label="One", value="1")]))
    await app.text(PAPERS).send("card", view=view)
    return local.messages(PAPERS)[-1]


# --- commands --------------------------------------------------------------------------------------------------------


async def test_a_command_reaches_the_app_with_who_and_where(local: DiscordServer, app: Asking) -> None:
    """Its options, the person with their language and rights, the channel, the server; from a direct conversation
    without a server."""
    local.people[WEI].permissions |= Permission.MANAGE_GUILD
    asked = local.command(PAPERS, WEI, "paper", id="2601.1", count=2)
    heard = await app.next()
    assert cast("dict[str, Any]", heard.data)["name"] == "paper"
    assert [(one["name"], one["value"]) for one in asked.payload["data"]["options"]] == [("id", "2601.1"), ("count", 2)]
    assert (str(heard.user.id), str(heard.locale), str(heard.channel_id)) == (WEI, "zh-CN", PAPERS)
    assert heard.permissions.manage_guild
    assert heard.context.guild
    local.command(ALICE, ALICE, "paper", id="2601.1")
    heard = await app.next()
    assert (heard.guild_id, str(heard.user.id), heard.context.dm_channel) == (None, ALICE, True)
    local.command(PAPERS, ALICE, "paperboy help")
    assert (await app.data())["options"] == [{"name": "help", "type": 1, "options": []}]


async def test_an_answer_is_seen_by_whom_it_is_for(local: DiscordServer, app: Asking) -> None:
    """An ephemeral one by one person, and it is in no history; others by everybody."""
    asked = local.command(PAPERS, ALICE, "here")
    heard = await app.next()
    await heard.response.send_message("mine", ephemeral=True)
    await heard.followup.send("more", ephemeral=True)
    assert [message.content for message in asked.answers] == ["mine", "more"]
    assert [message.content for message in local.ephemerals(PAPERS, ALICE)] == ["mine", "more"]
    assert local.ephemerals(PAPERS, WEI) == local.messages(PAPERS) == []
    local.command(PAPERS, ALICE, "here")
    await (await app.next()).response.send_message("all")
    assert [message.content for message in local.messages(PAPERS)] == ["all"]


async def test_a_deferred_answer_takes_the_place_of_thinking(local: DiscordServer, app: Asking) -> None:
    """And is seen by whom that was seen by, whatever the answer says; by a follow-up as by an edit."""
    for by_edit in (True, False):
        asked = local.command(PAPERS, ALICE, "here")
        heard = await app.next()
        await heard.response.defer(ephemeral=True)
        assert (asked.deferred, asked.answers) == (True, [])
        if by_edit:
            await heard.edit_original_response(content="done")
        else:
            await heard.followup.send("done")
        [message] = await asked.answered()
        assert (message.content, message.flags & EPHEMERAL, message.seen_only_by) == ("done", EPHEMERAL, ALICE)
    await heard.edit_original_response(content="corrected")
    assert [message.content for message in asked.answers] == ["corrected"]
    await heard.delete_original_response()
    assert asked.answers == []


async def test_an_answer_must_come_once_and_in_three_seconds(local: DiscordServer, app: Asking, rest: Plain) -> None:
    """40060 for a second one, 10062 for a late one or an unknown one."""
    asked = local.command(PAPERS, ALICE, "here")
    await (await app.next()).response.send_message("x")
    path = f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback"
    assert await rest.code("POST", path, {"type": 4, "data": {"content": "y"}}) == (400, 40060)
    assert (await asked.refused())["code"] == 40060
    late = local.command(PAPERS, ALICE, "here")
    heard = await app.next()
    born_s = late.born_s
    local.clock = lambda: born_s + 3.1
    assert await refused(heard.response.send_message("y")) == (404, 10062)
    assert await rest.code("POST", "/interactions/1/nobody/callback", {"type": 5}) == (404, 10062)
    assert [message.content for message in local.messages(PAPERS)] == ["x"]


async def test_a_token_lasts_for_fifteen_minutes_after_an_answer(local: DiscordServer, app: Asking) -> None:
    """10015 before there is an answer, 50027 afterwards."""
    asked = local.command(PAPERS, ALICE, "here")
    heard = await app.next()
    assert await refused(heard.followup.send("early")) == (404, 10015)
    await heard.response.send_message("x", ephemeral=True)
    born_s = asked.born_s
    local.clock = lambda: born_s + 899
    await heard.followup.send("y", ephemeral=True)
    local.clock = lambda: born_s + 901
    assert await refused(heard.followup.send("z", ephemeral=True)) == (401, 50027)
    assert await refused(heard.edit_original_response(content="z")) == (401, 50027)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"type": 6}, 50035),
        ({"type": 8, "data": {"choices": []}}, 50035),
        ({"type": 4, "data": {"content": "x" * 2001}}, 50035),
        ({"type": 4, "data": {"embeds": [{"description": "x" * 4097}]}}, 50035),
        ({"type": 4, "data": {}}, 50006),
        ({"type": 9, "data": {"title": "x" * 46, "custom_id": "x", "components": []}}, 50035),
    ],
)
async def test_an_answer_that_breaks_a_rule_leaves_the_question_open(
    local: DiscordServer, app: Asking, rest: Plain, answer: dict[str, Any], code: int
) -> None:
    """A kind that does not fit, too long, empty: refused, and another may follow in time."""
    asked = local.command(PAPERS, ALICE, "here")
    path = f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback"
    assert await rest.code("POST", path, answer) == (400, code)
    assert (asked.ack, (await asked.refused())["code"]) == (None, code)
    await (await app.next()).response.send_message("x")
    assert len(asked.answers) == 1


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("nothing", {}),
        ("paper", {}),
        ("paper", {"id": "x" * 21}),
        ("paper", {"id": "1", "section": "usage"}),
        ("paper", {"id": "1", "count": 9}),
        ("paper", {"id": "1", "count": "2"}),
        ("paper", {"id": "1", "colour": "red"}),
        ("paperboy", {}),
        ("paperboy status", {}),
    ],
)
def test_people_can_give_only_commands_that_there_are(
    local: DiscordServer, command: str, options: dict[str, Any]
) -> None:
    """With the options that were registered, and values that Discord's own apps would send."""
    with pytest.raises(NotPossible):
        local.command(PAPERS, ALICE, command, **options)


async def test_commands_show_where_they_were_registered_for(local: DiscordServer, app: Asking) -> None:
    """By context; where the bot is not, only those that a person has installed for themselves."""
    with pytest.raises(NotPossible, match="contexts"):
        local.command(ALICE, ALICE, "here")
    with pytest.raises(NotPossible, match="forum"):
        local.command(FORUM, ALICE, "here")
    local.remove_bot(GUILD)
    with pytest.raises(NotPossible, match="integration types"):
        local.command(PAPERS, ALICE, "paper", id="1")
    local.people[ALICE].installed = True
    local.command(PAPERS, ALICE, "paper", id="1")
    assert str((await app.next()).user.id) == ALICE
    with pytest.raises(NotPossible, match="integration types"):
        local.command(PAPERS, ALICE, "here")


async def test_archived_threads_have_no_commands(local: DiscordServer, app: Asking) -> None:
    """And locked ones take no messages of people."""
    post = (await app.forum(FORUM).create_thread(name="Day", content="x")).thread
    local.command(str(post.id), ALICE, "here")
    assert (await app.next()).channel_id == post.id
    local.archive(str(post.id))
    with pytest.raises(NotPossible, match="archived"):
        local.command(str(post.id), ALICE, "here")
    local.say(str(post.id), ALICE, "wake up")
    assert not local.channels[str(post.id)].archived
    local.archive(str(post.id), locked=True)
    with pytest.raises(NotPossible, match="locked"):
        local.say(str(post.id), ALICE, "wake up")


async def test_an_app_that_is_not_connected_is_asked_nothing(local: DiscordServer, rest: Plain) -> None:
    """Discord would say that it did not respond."""
    await rest.ask("PUT", f"/applications/{APPLICATION}/commands", COMMANDS)
    with pytest.raises(NotPossible, match="not connected"):
        local.command(PAPERS, ALICE, "here")


# --- completion ------------------------------------------------------------------------------------------------------


async def test_suggestions_are_kept_and_counted(local: DiscordServer, app: Asking, rest: Plain) -> None:
    """What was typed so far is marked as focused; 25 suggestions of 100 characters at most."""
    asked = local.complete(PAPERS, ALICE, "paper", "id", id="26")
    assert asked.payload["data"]["options"] == [{"name": "id", "type": 3, "value": "26", "focused": True}]
    heard = await app.next()
    path = f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback"
    for choices in (
        [{"name": "x", "value": "1"}] * 26,
        [{"name": "x" * 101, "value": "1"}],
        [{"name": "", "value": "1"}],
    ):
        assert await rest.code("POST", path, {"type": 8, "data": {"choices": choices}}) == (400, 50035)
    assert await rest.code("POST", path, {"type": 4, "data": {"content": "x"}}) == (400, 50035)
    await heard.response.autocomplete([discord.app_commands.Choice(name="Lamps", value="2601.1")])
    await asked.acked()
    assert asked.choices == [{"name": "Lamps", "value": "2601.1"}]
    with pytest.raises(NotPossible, match="not completed"):
        local.complete(PAPERS, ALICE, "paper", "section", id="1", section="r")


# --- buttons, menus, forms -------------------------------------------------------------------------------------------


async def test_a_pressed_button_tells_of_its_message(local: DiscordServer, app: Asking) -> None:
    """By label or custom id; the answer may change the message, or be one of its own."""
    card = await pressable(local, app)
    asked = local.press(card, "Read", ALICE)
    heard = await app.next()
    assert cast("dict[str, Any]", heard.data)["custom_id"] == "read:1"
    assert heard.message is not None
    assert (str(heard.message.id), heard.message.content) == (card.id, "card")
    await heard.response.edit_message(content="read")
    assert [message.content for message in local.messages(PAPERS)] == ["read"]
    assert [message.id for message in asked.answers] == [card.id]
    asked = local.press(card, "read:1", ALICE)
    heard = await app.next()
    await heard.response.defer()
    await heard.edit_original_response(content="again")
    assert [message.content for message in asked.answers] == ["again"]
    local.press(card, "more", WEI, values=["1"])
    assert (await app.data())["values"] == ["1"]


async def test_people_can_press_only_what_is_there(local: DiscordServer, app: Asking) -> None:
    """Not what is disabled, a link, missing, deleted, or shown to somebody else."""
    card = await pressable(local, app)
    for name, values in (("Gone", None), ("Hub", None), ("Nothing", None), ("more", ["2"]), ("more", None)):
        with pytest.raises(NotPossible):
            local.press(card, name, ALICE, values=values)
    asked = local.press(card, "Read", ALICE)
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Mine", custom_id="mine"))
    await (await app.next()).response.send_message("private", view=view, ephemeral=True)
    with pytest.raises(NotPossible):
        local.press(asked.answers[0], "Mine", WEI)
    local.press(asked.answers[0], "Mine", ALICE)
    local.delete(card)
    with pytest.raises(NotPossible):
        local.press(card, "Read", ALICE)


async def test_a_form_is_shown_and_submitted(local: DiscordServer, app: Asking) -> None:
    """With what was typed, by custom id; what it does not ask for, or leaves empty, cannot be sent."""

    class Form(discord.ui.Modal, title="Ask"):
        topic: discord.ui.TextInput[Form] = discord.ui.TextInput(label="Topic", custom_id="topic")

    shown = local.command(PAPERS, ALICE, "here")
    await (await app.next()).response.send_modal(Form(custom_id="ask"))
    await shown.acked()
    submitted = local.submit(shown, {"topic": "lamps"})
    heard = await app.next()
    assert cast("dict[str, Any]", heard.data)["custom_id"] == "ask"
    assert "lamps" in str(submitted.payload["data"]["components"])
    await heard.response.send_message("x", ephemeral=True)
    assert isinstance(submitted, Interaction)
    for values in ({}, {"topic": "x", "colour": "red"}):
        with pytest.raises(NotPossible):
            local.submit(shown, values)
    with pytest.raises(NotPossible, match="no form"):
        local.submit(submitted, {})


# --- words -----------------------------------------------------------------------------------------------------------


async def test_people_write_to_the_bot_and_it_replies(local: DiscordServer, app: Asking) -> None:
    """In a direct conversation and in a thread, where it is mentioned."""
    thread = await (await app.text(PAPERS).send("x")).create_thread(name="Day")
    said = local.mention(str(thread.id), ALICE, "which lamps?")
    await until(lambda: app.heard and app.heard[-1].content.endswith("which lamps?"))
    await app.heard[-1].reply("these")
    [_, answer] = local.messages(str(thread.id))
    assert (answer.author, answer.body["message_reference"]["message_id"]) == (BOT_USER, said.id)
    local.direct(ALICE, "hello")
    await until(lambda: app.heard[-1].content == "hello")
    await app.heard[-1].channel.send("good morning")
    assert [message.content for message in local.messages(ALICE)] == ["hello", "good morning"]


def test_nobody_writes_where_they_are_not(local: DiscordServer) -> None:
    """In channels that are not there, in servers they are not in, in a forum itself."""
    local.guilds[GUILD].people.remove(WEI)
    for channel, person in ((PAPERS, WEI), ("999", ALICE), (FORUM, ALICE), (PAPERS, "999")):
        with pytest.raises(NotPossible):
            local.say(channel, person, "x")
