"""Who may do what: the README's table of rights, walked on both platforms with every role, in every place.

Each command goes the whole way: typed or pressed by a person in the local Slack or Discord, through the adapter, the
rights, the store and back.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from msgspec.structs import replace

from bot import compose
from bot.answering import Answering
from bot.registry import COMMANDS
from bot.rights import RIGHTS, Editors
from bot.words import UNDER_PAPERBOY
from config.settings import HERE, load
from digest import model_calls
from digest.covers import clear_hidden, hidden_at, set_hidden
from digest.editions import Subscription
from digest.mistakes import mistakes, tell_mistake
from digest.operator import set_operator
from digest.store import Store
from digest.store_thread import StoreThread
from digest.subscriptions import keep, kept_at, pause
from digest.types import ArxivId, Destination, Invocation, ModelCall
from tests import discord_chat, slack_chat
from tests.discord_seen import seen
from tests.discord_server import DiscordServer
from tests.discord_world import GUILD, Permission
from tests.discord_world import PAPERS as DISCORD_PAPERS
from tests.discord_world import Person as DiscordPerson
from tests.makers import DAY, clock, paper, report
from tests.slack_server import SlackServer
from tests.slack_world import OUTSIDE, TEAM
from tests.slack_world import PAPERS as SLACK_PAPERS
from tests.slack_world import Person as SlackPerson

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
ID = ArxivId("2601.00001")
ANYBODY, MANAGER, EDITOR = ROLES = ("everybody", "channel managers", "editors")
MEMBER, ABSENT, USER_INSTALL = "a member", "where Paperboy is no member", "with a user install"
COLUMNS = ("in chat", *ROLES, ABSENT, USER_INSTALL)
TEXTS = {language: compose.texts(language) for language in compose.LANGUAGES}
# What begins the sentences of those who may not
REFUSED = (
    "Only editors can",
    "Only the editors named in the settings",
    "Only the managers of this channel",
    "You brought Paperboy here yourself",
    "Paperboy is not in this channel",
    "Paperboy is not on this server",
)
# What somebody sees who may; "what the model costs" is in the answer itself
DONE = {
    "/paper ID": "Accuracy rises",
    "/papers": "Lanterns",
    "/paperboy digest": "Lanterns",
    "/paperboy status": "Newest day",
    "/paperboy help": "/paper",
    "what the model costs, in /paperboy status": "The model: $0.83",
    "/paperboy subscriptions": "come",
    "/paperboy forget me": "erases",
    "/paper ID ask …": "Lanterns",  # without anybody who answers questions the report is shown
    "/paper ID refresh": "Lanterns",
    "/paperboy subscribe": "come",
    "/paperboy unsubscribe": "comes to you",
    "/paperboy pause mine": "comes to you",
    "Report a mistake": "What is wrong",
    "/paperboy here": "What this channel gets",
    "/paperboy pause here": "No digest comes to this channel until",
    "/paperboy stop": "The digest does not come to this channel any more",
    "/paperboy hide ID": "is hidden in this channel",
    "/paperboy unhide ID": "is shown in this channel again",
    "/paperboy correct ID SECTION": "in Markdown",
    "/paperboy withdraw ID": "Withdraw it everywhere",
    "/paperboy reinstate ID": "is not withdrawn",
    "/paperboy dismiss NUMBER": "What does the paper say?",
}
_OPTIONS = {
    "paper": ("id", "section", "question"),
    "paperboy pause": ("until",),
    "paperboy dismiss": ("number",),
    "paperboy forget": (),
}
COST = "what the model costs, in /paperboy status"


class Row(NamedTuple):
    command: str
    may: Mapping[str, bool]  # by role, and by place where it is not MEMBER


def table() -> list[Row]:
    """The README's table, a row for each command."""
    head = README.index("| in chat | ")
    lines = README[head:].split("\n\n", 1)[0].splitlines()
    assert tuple(cell.strip() for cell in lines[0].strip("|").split("|")) == COLUMNS
    rows = []
    for line in lines[2:]:
        first, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        assert set(cells) <= {"yes", "no"}, line
        may = dict(zip(COLUMNS[1:], (cell == "yes" for cell in cells), strict=True))
        found = first.replace("`", "") if first.startswith("what") else None
        commands = [found] if found else [one or other for one, other in re.findall(r"`([^`]+)`|\*([^*]+)\*", first)]
        rows += [Row(command, may) for command in commands]
    return rows


def test_the_table_has_every_command_that_people_type() -> None:
    """And this test a sentence for each, so that none passes unseen."""
    rows = table()
    assert {row.command for row in rows} == DONE.keys()
    (spec,) = (one for one in COMMANDS if one.name == "paperboy")
    words = {re.split(r"\W", part)[0] for part in spec.usage.strip("[").split("|")}
    assert words - {"resume"} == {row.command.split()[1] for row in rows if row.command.startswith("/paperboy")}


def test_every_command_has_a_right_of_its_own() -> None:
    """None is free for everybody because somebody forgot it."""
    assert {*UNDER_PAPERBOY, *(one.name for one in COMMANDS)} - {"paperboy"} <= RIGHTS.keys()


def test_the_operator_is_an_editor_if_it_is_a_person() -> None:
    """A channel in which the operator hears of things makes nobody an editor; nor does another platform's person."""
    shipped = load(HERE / "default.toml", {})
    for operator, workspace in (("slack:U0ADA", ""), ("slack:T1/U0ADA", "T1")):
        editors = Editors.from_settings(replace(shipped, operator=operator, editors=("discord:role:7",)))
        asked = Invocation(name="", args="", language="en", adapter="slack", workspace=workspace, identities=("U0ADA",))
        assert editors.include(asked)
        assert not editors.include(replace(asked, adapter="discord"))
        assert not editors.include(replace(asked, identities=("U0EVE", "role:7")))
        assert editors.include(replace(asked, adapter="discord", identities=("9", "role:7")))
    in_channel = Editors.from_settings(replace(shipped, operator="slack:C0PAPERS"))
    assert not in_channel.include(replace(asked, channel="C0PAPERS"))
    assert not Editors.from_settings(shipped).include(asked)


# --- the scene -------------------------------------------------------------------------------------------------------


class Chat(Protocol):
    """A platform with a person of each role, and the bot in it."""

    def channel(self, place: str) -> Destination: ...

    async def gives(self, role: str, place: str, words: str) -> str:
        """What a person sees who types a command."""

    async def reports(self, role: str, place: str) -> str:
        """What a person sees who presses "Report a mistake" under a report."""


def fill(store: Store, channels: Sequence[Destination]) -> None:
    store.save_listing(DAY, [paper(ID, title="Lanterns for Networks")])
    store.save_report(report(ID))
    set_operator(store, Destination("slack", "", "C0OPERATOR"))
    call = ModelCall(identity="x", purpose="report", paper_id=ID, language="en", endpoint="e", model="m",
                     outcome="answered", started_at=compose.clock(), cost_usd=0.83)  # fmt: skip
    model_calls.end(store, model_calls.begin(store, call), call)
    restore(store, channels)


def restore(store: Store, channels: Sequence[Destination], *, hidden: bool = False) -> None:
    """As before the command that was given last: a digest in each channel, a mistake that waits, nothing hidden."""
    for to in channels:
        number = keep(store, Subscription(to=to))
        pause(store, number, None)
        (set_hidden(store, number, ID, "x") if hidden else clear_hidden(store, number, ID))
    if not mistakes(store):
        tell_mistake(store, ID, None, "It says 20.0.", "slack:U0NOBODY")


def touched(store: Store, channels: Sequence[Destination]) -> tuple[object, ...]:
    """What others than the person who asks would notice."""
    digests = [kept_at(store, to) for to in channels]
    return (
        digests,
        hidden_at(store, ID),
        len(mistakes(store)),
        [tuple(row) for row in store.connection.execute("SELECT * FROM reports")],
        store.connection.execute("SELECT count(*) FROM deliveries").fetchone()[0],
    )


class InSlack:
    """The channel that the bot is in, and one that it is not in."""

    people: Mapping[str, str] = {ANYBODY: "U0NORA0001", MANAGER: "U0MONA0001", EDITOR: "U0EDITH001"}

    def __init__(self, server: SlackServer) -> None:
        self.server = server
        workspace = server.workspaces[TEAM]
        for person in self.people.values():
            workspace.people[person] = SlackPerson(person, person.lower())
            for channel in (SLACK_PAPERS, OUTSIDE):
                workspace.channels[channel].members.add(person)

    def channel(self, place: str) -> Destination:
        return Destination("slack", TEAM, OUTSIDE if place == ABSENT else SLACK_PAPERS)

    async def gives(self, role: str, place: str, words: str) -> str:
        command, _, text = words.partition(" ")
        handle = self.server.command(self.channel(place).address, self.people[role], command, text)
        return await self._seen(role, handle)

    async def reports(self, role: str, place: str) -> str:
        handle = self.server.command(self.channel(place).address, self.people[role], "/paper", ID)
        await handle.answered()
        await slack_chat.all_answered()
        answer = handle.answers[-1]
        (menu,) = (e["action_id"] for b in answer.blocks for e in b.get("elements", ()) if e["type"] == "overflow")
        return await self._seen(role, self.server.press(answer, menu, self.people[role], option=f"mistake:{ID}"))

    async def _seen(self, role: str, handle: Any) -> str:
        await handle.acked()
        await slack_chat.all_answered()
        views = self.server.open_views(self.people[role])
        for view in views:
            self.server.close_view(view)
        return "\n".join(map(slack_chat.read_out, (*handle.answers, *views)))


class InDiscord:
    """A server that the bot is in; then only its commands are; then only a person has brought it along."""

    people: Mapping[str, str] = {
        ANYBODY: "100000000000000051",
        MANAGER: "100000000000000052",
        EDITOR: "100000000000000053",
    }

    def __init__(self, server: DiscordServer, place: str) -> None:
        self.server = server
        there = server.guilds[GUILD]
        for role, person in self.people.items():
            server.people[person] = DiscordPerson(person, f"person {person[-2:]}", installed=place == USER_INSTALL)
            there.people.append(person)
            if role != ANYBODY:
                server.give_role(person, server.add_role(role, Permission.MANAGE_CHANNELS if role == MANAGER else 0))
        if place != MEMBER:
            server.remove_bot(GUILD)
            there.commands_only = place == ABSENT

    def channel(self, _place: str) -> Destination:
        return Destination("discord", GUILD, DISCORD_PAPERS)

    async def gives(self, role: str, place: str, words: str) -> str:
        path, options = self._options(words.removeprefix("/"))
        return await self._seen(self.server.command(self.channel(place).address, self.people[role], path, **options))

    async def reports(self, role: str, place: str) -> str:
        first = self.server.command(self.channel(place).address, self.people[role], "paper", id=ID)
        await first.answered()
        await discord_chat.all_answered()
        return await self._seen(self.server.press(first.answers[-1], "Report a mistake", self.people[role]))

    def _options(self, words: str) -> tuple[str, dict[str, str]]:
        """A command's path and its options, from what is typed in Slack."""
        command, *rest = words.split()
        if command == "paperboy":
            command, *rest = f"paperboy {rest[0]}", *rest[1:]
        return command, dict(zip(_OPTIONS.get(command, ("id", "section")), rest, strict=False))

    async def _seen(self, interaction: Any) -> str:
        await interaction.acked()
        await discord_chat.all_answered()
        modal = interaction.modal or {"components": (), "title": ""}
        parts = (seen(one["content"]).text if "content" in one else one["label"] for one in modal["components"])
        return "\n".join((*map(discord_chat.read_out, interaction.answers), *parts, modal["title"]))


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


@asynccontextmanager
async def answering(path: Path, adapters: dict[str, Any], editor: str) -> AsyncIterator[Answering]:
    store = StoreThread(path, clock)

    async def nowhere(*_: Any) -> str:
        return ""

    await store.run(lambda _: None)
    bot = Answering(store, path, "en", lambda: None, nowhere, clock, editors=Editors((editor,)), adapters=adapters)
    try:
        yield bot
    finally:
        await bot.close()
        await store.close()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", [MEMBER, ABSENT])
async def test_the_table_holds_in_slack(slack: SlackServer, tmp_path: Path, place: str, role: str) -> None:
    chat = InSlack(slack)
    adapters: dict[str, Any] = {}
    more = {"managers": [chat.people[MANAGER]], "editors": [chat.people[EDITOR]], "texts": TEXTS}
    async with (
        answering(tmp_path / "paperboy.db", adapters, f"slack:{chat.people[EDITOR]}") as bot,
        slack_chat.serving(slack, bot, COMMANDS, **more) as adapters["slack"],
    ):
        await walk(chat, bot, place, role)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("place", [MEMBER, ABSENT, USER_INSTALL])
async def test_the_table_holds_in_discord(discord: DiscordServer, tmp_path: Path, place: str, role: str) -> None:
    chat = InDiscord(discord, place)
    adapters: dict[str, Any] = {}
    editor = next(one.id for one in discord.guilds[GUILD].roles if one.name == EDITOR)
    async with (
        answering(tmp_path / "paperboy.db", adapters, f"discord:role:{editor}") as bot,
        discord_chat.serving(discord, bot, COMMANDS, texts=TEXTS) as adapters["discord"],
    ):
        await walk(chat, bot, place, role)


async def walk(chat: Chat, bot: Answering, place: str, role: str) -> None:
    """Gives every command of the table, and holds what comes of it against the table."""
    channels = (chat.channel(place),)
    await bot._store.run(fill, channels)
    wrong = []
    for row in table():
        may = row.may[role] and row.may.get(place, True)
        await bot._store.run(lambda store, hides: restore(store, channels, hidden=hides), "unhide" in row.command)
        before = await bot._store.run(touched, channels)
        number = (await bot._store.run(mistakes))[0].number
        if row.command == "Report a mistake":
            told = await chat.reports(role, place)
        else:
            typed = "/paperboy status" if row.command == COST else row.command
            typed = typed.replace("ID", ID).replace("SECTION", "results").replace("NUMBER", str(number))
            told = await chat.gives(role, place, typed.replace("…", "why"))
        done = "$" in told if row.command == COST else not any(refusal in told for refusal in REFUSED)
        if done is not may or (may and DONE[row.command] not in told):
            wrong.append(f"{row.command}: {'should' if may else 'should not'} be done, and is told: {told}")
        if not may and await bot._store.run(touched, channels) != before:
            wrong.append(f"{row.command} changed something")
    assert wrong == []
