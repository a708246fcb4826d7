"""Dialogs with Paperboy in Discord, through the real SDK and a local Discord."""

from __future__ import annotations

import asyncio
import logging
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from adapters import discord_answers
from adapters.discord import DiscordAdapter
from digest.errors import DestinationClosed
from digest.types import Action, Destination, Message
from tests.discord_chat import COMMANDS, Desk, adapter_for, all_answered, buttons, card, read_out, serving
from tests.discord_faults import RateLimited, Status
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, FORUM, GUILD, PAPERS, WEI
from tests.makers import sentence
from tests.slack_socket import until

CHANNEL = Destination("discord", "", PAPERS)


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def adapter(discord: DiscordServer, desk: Desk) -> AsyncIterator[DiscordAdapter]:
    async with serving(discord, desk) as adapter:
        yield adapter


def window(section: str) -> Message:
    """A report's section, with the buttons that lead to the others."""
    actions = tuple(Action(name, command="read", argument=f"2601.00001 {name}") for name in ("domain", "results"))
    return Message(title="Lanterns", blocks=(sentence(f"The {section} of it."),), actions=actions)


# --- answers that follow ---------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_promised_answer_follows_in_private(discord: DiscordServer, desk: Desk) -> None:
    """First the promise; the rest when it is ready, for the person alone; then it is said to be heard."""
    desk.answers["paper 2601.00001 ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.answers["follow 7"] = Message(blocks=(sentence("Because of the wind."),))
    asked = discord.command(PAPERS, WEI, "paper", id="2601.00001", section="ask why")
    await until(lambda: desk.asked and desk.asked[-1].name == "heard")
    answers = await asked.answered()
    assert [read_out(one) for one in answers] == ["Looking it up.", "Because of the wind."]
    assert {one.seen_only_by for one in answers} == {WEI}
    assert (desk.asked[-1].args, desk.asked[-1].person) == ("7", WEI)


@pytest.mark.usefixtures("adapter")
async def test_a_rest_that_takes_too_long_is_waited_for_no_more(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord takes nothing after a quarter of an hour: the wait is cut off, and nothing is said to be heard."""
    monkeypatch.setattr(discord_answers, "FOLLOW_S", 0.1)
    desk.answers["paper 2601.00001 ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.held["follow 7"] = asyncio.Event()
    asked = discord.command(PAPERS, WEI, "paper", id="2601.00001", section="ask why")
    await asked.answered()
    await all_answered()
    assert [one.name for one in desk.asked] == ["paper", "follow"]


# --- commands --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_command_is_answered_to_the_person_alone(discord: DiscordServer, desk: Desk) -> None:
    """In their language, at once; others see nothing of it."""
    asked = discord.command(PAPERS, WEI, "paper", id="2601.00001", section="results")
    (answer,) = await asked.answered()
    assert read_out(answer) == "You asked: paper 2601.00001 results"
    assert answer.seen_only_by == WEI
    assert not asked.deferred
    (invocation,) = desk.asked
    assert (invocation.adapter, invocation.workspace, invocation.channel) == ("discord", GUILD, PAPERS)
    assert (invocation.person, invocation.language, invocation.thread) == (WEI, "zh", "")


@pytest.mark.usefixtures("adapter")
async def test_options_are_words_in_the_order_of_the_usage(discord: DiscordServer, desk: Desk) -> None:
    """However they were typed; a command under another is its first word."""
    await discord.command(PAPERS, ALICE, "papers", domain="video", query=" two  words ").answered()
    await discord.command(PAPERS, ALICE, "papers").answered()
    await discord.command(PAPERS, ALICE, "paperboy status").answered()
    assert [(one.name, one.args) for one in desk.asked] == [
        ("papers", "two words video"),
        ("papers", ""),
        ("paperboy", "status"),
    ]


@pytest.mark.usefixtures("adapter")
async def test_commands_work_in_direct_messages(discord: DiscordServer, desk: Desk) -> None:
    """There is no server then."""
    (answer,) = await discord.command(ALICE, ALICE, "paper", id="2601.00001").answered()
    assert read_out(answer) == "You asked: paper 2601.00001"
    assert (desk.asked[0].workspace, desk.asked[0].person, desk.asked[0].language) == ("", ALICE, "en")


@pytest.mark.usefixtures("adapter")
async def test_a_person_has_the_commands_wherever_they_are(discord: DiscordServer, desk: Desk) -> None:
    """Installed for themselves, also in a server that the bot is not in."""
    discord.people[ALICE].installed = True
    discord.remove_bot(GUILD)
    (answer,) = await discord.command(PAPERS, ALICE, "paper", id="2601.00001").answered()
    assert read_out(answer) == "You asked: paper 2601.00001"
    assert (desk.asked[0].workspace, desk.asked[0].channel) == (GUILD, PAPERS)


async def test_a_command_in_a_thread_is_told_with_its_channel(
    discord: DiscordServer, desk: Desk, adapter: DiscordAdapter
) -> None:
    """In a channel's thread and in a forum's post."""
    for channel in (PAPERS, FORUM):
        posted = await adapter.post(Destination("discord", "", channel), card(), under=None, key=channel)
        await discord.command(posted.thread, ALICE, "paperboy help").answered()
        assert (desk.asked[-1].channel, desk.asked[-1].thread) == (channel, posted.thread)


@pytest.mark.usefixtures("adapter")
async def test_a_slow_answer_is_announced_and_then_given(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord waits for three seconds only."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.05)
    desk.held["paper slow"] = asyncio.Event()
    asked = discord.command(PAPERS, ALICE, "paper", id="slow")
    await asked.acked()
    assert asked.deferred
    assert asked.answers == []
    desk.held["paper slow"].set()
    (answer,) = await asked.answered()
    assert read_out(answer) == "You asked: paper slow"
    assert answer.seen_only_by == ALICE


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("slow", [False, True])
async def test_a_long_answer_is_several_messages(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    """In order, to the person alone; a limit in between only delays it."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.0 if slow else 120.0)
    desk.answers["paper long"] = Message(blocks=tuple(sentence(f"Part {n} " + "x" * 1500) for n in range(8)))
    discord.fault("execute_webhook", RateLimited(0.1))
    asked = discord.command(PAPERS, ALICE, "paper", id="long")
    await asked.acked()
    await all_answered()
    assert len(asked.answers) == 4
    found = re.findall(r"Part (\d)", "".join(map(read_out, asked.answers)))
    assert found == list(map(str, range(8)))
    assert discord.messages(PAPERS) == []


@pytest.mark.usefixtures("adapter")
async def test_an_answer_that_discord_does_not_take_stops_nothing(
    discord: DiscordServer, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged without anything that somebody wrote; the next one is answered."""
    discord.fault("create_interaction_response", Status(500))
    with caplog.at_level(logging.WARNING):
        discord.command(PAPERS, ALICE, "paper", id="secret words")
        await until(lambda: "an answer did not arrive" in caplog.messages, 5.0)
    assert "secret" not in caplog.text
    await discord.command(PAPERS, ALICE, "paper", id="2").answered()


# --- what an option might be -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_an_option_is_completed_while_it_is_typed(discord: DiscordServer, desk: Desk) -> None:
    """The desk is asked with the command, the option and what there is of it; Discord takes 25 of 100 characters."""
    actions = tuple(Action("Lanterns " * 30, command="paper", argument=f"2601.{n:05}") for n in range(40))
    desk.answers["suggest paper id lan tern"] = Message(actions=(Action("long", argument="x" * 101), *actions))
    asked = discord.complete(PAPERS, ALICE, "paper", "id", id="lan tern")
    await asked.acked()
    assert len(asked.choices) == 25
    assert asked.choices[0]["value"] == "2601.00000"
    assert len(asked.choices[0]["name"]) <= 100
    assert desk.asked[0].language == "en"


@pytest.mark.usefixtures("adapter")
async def test_no_suggestions_are_an_answer_too(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing fits, nothing is typed yet, or the desk is slow."""
    for typed in ("nothing", ""):
        asked = discord.complete(PAPERS, ALICE, "papers", "domain", domain=typed)
        await asked.acked()
        assert asked.choices == []
    assert [one.args for one in desk.asked] == ["papers domain nothing", "papers domain"]
    monkeypatch.setattr(discord_answers, "SUGGEST_S", 0.05)
    desk.held["suggest paper id slow"] = asyncio.Event()
    asked = discord.complete(PAPERS, ALICE, "paper", "id", id="slow")
    await asked.acked()
    assert asked.choices == []


# --- buttons -------------------------------------------------------------------------------------------------------


async def test_a_button_works_whatever_was_restarted(discord: DiscordServer, desk: Desk) -> None:
    """What it asks stands in its id; the answer is for the person who pressed it."""
    async with serving(discord, desk) as adapter:
        parent = await adapter.post(CHANNEL, card(), under=None, key="k1")
        await adapter.post(CHANNEL, card(), under=parent, key="k2")
    async with serving(discord, desk):
        (message,) = discord.messages(parent.thread)
        (answer,) = await discord.press(message, "Read report", ALICE).answered()
        assert answer.seen_only_by == ALICE
        assert read_out(answer) == "You asked: read 2601.00001 usage"
        (invocation,) = desk.asked
        assert (invocation.channel, invocation.thread, invocation.message) == (PAPERS, parent.thread, message.id)
        (headline,) = discord.messages(PAPERS)
        await discord.press(headline, "Discuss", ALICE).answered()
        assert (desk.asked[-1].name, desk.asked[-1].args) == ("discuss", "2601.00001")
        assert (desk.asked[-1].channel, desk.asked[-1].thread, desk.asked[-1].message) == (PAPERS, "", headline.id)


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("slow", [False, True])
async def test_sections_of_a_report_take_each_others_place(
    discord: DiscordServer, desk: Desk, monkeypatch: pytest.MonkeyPatch, slow: bool
) -> None:
    """In the answer that only this person sees, there is one report to be read, not a heap of them."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.0 if slow else 120.0)
    desk.answers["paper 2601.00001"] = window("usage")
    desk.answers["read 2601.00001 results"] = window("results")
    (answer,) = await discord.command(PAPERS, ALICE, "paper", id="2601.00001").answered()
    assert buttons(answer) == ["domain", "results"]
    await discord.press(answer, "results", ALICE).answered()
    (shown,) = discord.ephemerals(PAPERS, ALICE)
    assert read_out(shown) == "Lanterns\nThe results of it."


# --- mentions and direct messages ----------------------------------------------------------------------------------


async def test_a_mention_is_answered_beside_it(discord: DiscordServer, desk: Desk, adapter: DiscordAdapter) -> None:
    """In the thread where it was said, for everybody; the first word may be a command."""
    posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
    said = discord.mention(posted.thread, ALICE, "results  please")
    await until(lambda: len(discord.messages(posted.thread)) == 2, 5.0)
    answer = discord.messages(posted.thread)[-1]
    assert read_out(answer) == "You asked: mention results please"
    assert answer.body["message_reference"]["message_id"] == said.id
    assert answer.pinged == ()
    (invocation,) = desk.asked
    assert (invocation.channel, invocation.thread, invocation.person) == (PAPERS, posted.thread, ALICE)
    discord.mention(PAPERS, ALICE, "/paper 2601.00001 results")
    await until(lambda: len(desk.asked) == 2, 5.0)
    assert (desk.asked[1].name, desk.asked[1].args) == ("paper", "2601.00001 results")
    await all_answered()


@pytest.mark.usefixtures("adapter")
async def test_a_direct_message_is_answered(discord: DiscordServer, desk: Desk) -> None:
    """Nobody has to be mentioned there."""
    discord.direct(ALICE, "papers diffusion")
    await until(lambda: len(discord.messages(ALICE)) == 2, 5.0)
    assert read_out(discord.messages(ALICE)[-1]) == "You asked: papers diffusion"
    assert (desk.asked[0].workspace, desk.asked[0].person) == ("", ALICE)


async def test_an_archived_thread_still_has_its_paper(
    discord: DiscordServer, desk: Desk, adapter: DiscordAdapter
) -> None:
    """What is said or pressed there is told with the thread and its channel."""
    posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
    reply = await adapter.post(CHANNEL, card(), under=posted, key="k2")
    discord.archive(posted.thread)
    (message,) = discord.messages(posted.thread)
    await discord.press(message, "Read report", ALICE).answered()
    assert (desk.asked[0].channel, desk.asked[0].thread, desk.asked[0].message) == (
        PAPERS,
        posted.thread,
        reply.message,
    )
    discord.mention(posted.thread, ALICE, "results")
    await until(lambda: len(desk.asked) == 2, 5.0)
    assert (desk.asked[1].channel, desk.asked[1].thread) == (PAPERS, posted.thread)
    await all_answered()


async def test_what_was_not_said_to_the_bot_is_left_alone(
    discord: DiscordServer, desk: Desk, adapter: DiscordAdapter
) -> None:
    """Talk among people, its own messages, and replies to it that do not name it."""
    posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
    discord.say(PAPERS, ALICE, "Noodles?")
    discord.say(PAPERS, WEI, f"<@{ALICE}> yes", reply_to=discord.messages(PAPERS)[0])
    discord.mention(posted.thread, ALICE, "help")
    await until(lambda: len(desk.asked) == 1, 5.0)
    await all_answered()
    assert [one.args for one in desk.asked] == ["help"]


# --- the connection --------------------------------------------------------------------------------------------------


async def test_commands_are_told_once(discord: DiscordServer, desk: Desk) -> None:
    """A restart does not tell Discord what it knows."""
    for _ in range(2):
        async with serving(discord, desk):
            pass
    assert len(discord.asked("bulk_set_application_commands")) == 1


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize("code", [4000, 0])
async def test_a_lost_connection_is_made_again(discord: DiscordServer, desk: Desk, code: int) -> None:
    """What people did meanwhile is heard."""
    discord.gateway.drop(code)
    discord.mention(PAPERS, ALICE, "2")
    await until(lambda: desk.asked)
    assert desk.asked[0].args == "2"
    await all_answered()
    await discord.connected()
    await discord.command(PAPERS, ALICE, "paper", id="3").answered()
    assert [one.args for one in desk.asked] == ["2", "3"]


async def test_discord_need_not_be_there_at_first(discord: DiscordServer, desk: Desk) -> None:
    """The adapter asks again until it is."""
    discord.fault("get_my_application", Status(503))
    async with serving(discord, desk):
        await discord.command(PAPERS, ALICE, "paper", id="2").answered()


async def test_a_bot_that_is_not_let_in_says_so(discord: DiscordServer, desk: Desk) -> None:
    """With what mends it; this ends the daemon, where a pause would not help."""
    with pytest.raises(DestinationClosed, match="developer portal"):
        await adapter_for(discord, token="wrong").serve(COMMANDS, desk.answer)
    task = asyncio.create_task(adapter_for(discord).serve(COMMANDS, desk.answer))
    await discord.connected()
    discord.token_revoked = True
    discord.gateway.drop(4004)
    with pytest.raises(DestinationClosed, match="developer portal"):
        await asyncio.wait_for(task, 120)


async def test_stopping_leaves_nothing_behind(discord: DiscordServer, desk: Desk) -> None:
    """Nor an answer that was being thought of."""
    desk.held["paper slow"] = asyncio.Event()
    async with serving(discord, desk):
        discord.command(PAPERS, ALICE, "paper", id="slow")
        await until(lambda: len(desk.asked) == 1, 5.0)
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []


def test_the_sdk_is_imported_only_when_the_bot_connects() -> None:
    """Nor does posting need it."""
    code = "import adapters.discord, adapters.discord_answers, sys; sys.exit('discord' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
