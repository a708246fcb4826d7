"""Questions to people in Discord: modals, page by page, and what Discord tells of who answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from adapters import discord_answers, discord_forms
from adapters.discord import DiscordAdapter
from adapters.discord_events import Asked
from adapters.discord_forms import Forms
from bot import compose
from digest.types import MANAGER, Action, Destination, Field, FieldKind, Form, Invocation, Message
from tests.discord_chat import all_answered, buttons, read_out, serving
from tests.discord_interactions import Interaction
from tests.discord_rules import modal_problems
from tests.discord_seen import seen
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, GUILD, PAPERS, WEI, Permission
from tests.discord_world import Message as Shown
from tests.lamps import COMMANDS, FORM, LONG, NAME, ZONES, Lamplighter
from tests.makers import sentence
from tests.slack_socket import until

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


async def the_form(asked: Interaction) -> Mapping[str, Any]:
    """What a person is asked, once they are."""
    await asked.acked()
    assert asked.modal is not None, [read_out(one) for one in asked.answers]
    return asked.modal


def questions(modal: Mapping[str, Any]) -> list[str]:
    """What a reader sees in a form, in order."""
    return [one.get("label") or seen(one["content"]).text for one in modal["components"]]


async def said(asked: Interaction) -> Shown:
    """The one message that answers, to the person alone."""
    (answer,) = await asked.answered()
    assert answer.seen_only_by == asked.person
    return answer


# --- one page --------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_form_is_asked_at_once_and_answered(discord: DiscordServer, desk: Lamplighter) -> None:
    """/lamps: filled in with what there is, under what there is to say; submitted, it is answered in private."""
    asked = discord.command(PAPERS, WEI, "lamps")
    form = await the_form(asked)
    assert form["title"] == "Lamps"
    assert questions(form) == [
        "All of them are dark.",
        "What are they called?",
        "Which kinds?",
        "How large?",
        "Anything else?",
    ]
    submitted = discord.submit(asked, {"name": " Lanterns of the pier ", "kinds": ["gas", "arc"], "note": "a\nb"})
    assert read_out(await said(submitted)).startswith("Lit: street 7")
    invocation = desk.asked[-1]
    assert (invocation.name, invocation.args, invocation.channel, invocation.workspace) == (
        "light",
        "street 7",
        PAPERS,
        GUILD,
    )
    assert invocation.answers == {
        "name": ("Lanterns of the pier",),
        "kinds": ("gas", "arc"),
        "size": ("big",),
        "note": ("a\nb",),
    }
    assert (invocation.person, invocation.language, invocation.timezone) == (WEI, "zh", "")
    assert discord.messages(PAPERS) == []


@pytest.mark.usefixtures("adapter")
async def test_what_is_left_empty_is_told_as_nothing(discord: DiscordServer, desk: Lamplighter) -> None:
    """In direct messages as well."""
    asked = discord.command(ALICE, ALICE, "lamps")
    await the_form(asked)
    await discord.submit(asked, {"kinds": []}).answered()
    assert desk.asked[-1].answers == {"name": ("Lanterns",), "kinds": (), "size": ("big",), "note": ()}


@pytest.mark.usefixtures("adapter")
async def test_an_answer_that_will_not_do_is_asked_again(discord: DiscordServer) -> None:
    """Discord shows no form in answer to one: the sentence has a button, and gives way to what comes of it."""
    asked = discord.command(PAPERS, ALICE, "lamps")
    await the_form(asked)
    refused = await said(discord.submit(asked, {"name": "Nothing"}))
    assert (read_out(refused), buttons(refused)) == ("Nothing gives no light.", ["Lamps"])
    again = discord.press(refused, "Lamps", ALICE)
    assert questions(await the_form(again))[0] == "Nothing gives no light."
    await discord.submit(again, {"name": "Lanterns"}).answered()
    (shown,) = discord.ephemerals(PAPERS, ALICE)
    assert read_out(shown).startswith("Lit: street 7")
    assert buttons(shown) == []


async def test_a_form_survives_a_restart(discord: DiscordServer, desk: Lamplighter) -> None:
    """What it is for stands in the form itself."""
    async with serving(discord, desk, COMMANDS, texts=TEXTS):
        asked = discord.command(PAPERS, ALICE, "lamps")
        await the_form(asked)
    async with serving(discord, desk, COMMANDS, texts=TEXTS):
        assert read_out(await said(discord.submit(asked))).startswith("Lit: street 7")


@pytest.mark.usefixtures("adapter")
async def test_a_form_that_comes_too_late_is_behind_a_button(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord takes it as the first answer alone; pressed, it opens at once, whatever the desk does meanwhile."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.05)
    desk.held["lamps"] = asyncio.Event()
    asked = discord.command(PAPERS, ALICE, "lamps")
    await asked.acked()
    assert asked.deferred
    desk.held["lamps"].set()
    answer = await said(asked)
    assert (read_out(answer), buttons(answer)) == ("All of them are dark.", ["Lamps"])
    opened = discord.press(answer, "Lamps", ALICE)
    await the_form(opened)
    await discord.submit(opened).answered()
    assert [one.name for one in desk.asked] == ["lamps", "light"]


@pytest.mark.usefixtures("adapter")
async def test_a_slow_answer_to_a_form_is_announced(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Discord waits for three seconds only."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.05)
    desk.held["light"] = asyncio.Event()
    asked = discord.press(await a_button(discord), "Lit", ALICE)
    await the_form(asked)
    submitted = discord.submit(asked)
    await submitted.acked()
    assert submitted.deferred
    desk.held["light"].set()
    assert read_out(await said(submitted)).startswith("Lit: street 7")


async def a_button(discord: DiscordServer) -> Shown:
    """A message of the bot's with a button that always asks."""
    adapter = DiscordAdapter("MTAwMDAwMDAwMDAwMDAwMDAy.local.paperboy", api_url=f"{discord.url}/api/v10/")
    card = Message(title="Day", actions=(Action("Lit", command="lit"),), form=FORM)
    await adapter.post(Destination("discord", "", PAPERS), card, under=None, key="k")
    return discord.messages(PAPERS)[-1]


@pytest.mark.usefixtures("adapter")
async def test_a_form_that_is_expected_is_waited_for(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A button whose command always asks: longer than for other answers, and no sign is sent that would shut it out.
    What is posted to all has no questions of its own."""
    monkeypatch.setattr(discord_answers, "QUICK_S", 0.0)
    card = await a_button(discord)
    assert buttons(card) == ["Lit"]
    desk.held["lit"] = asyncio.Event()
    asked = discord.press(card, "Lit", ALICE)
    await until(lambda: desk.asked)
    desk.held["lit"].set()
    await the_form(asked)


# --- where no form can be shown ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_a_mention_is_answered_with_a_button(discord: DiscordServer, desk: Lamplighter) -> None:
    """Whoever presses it is asked, with what Discord tells of them; also by somebody in direct messages."""
    discord.mention(PAPERS, ALICE, "lamps please")
    answer = await until(lambda: discord.messages(PAPERS)[1:])
    assert (read_out(answer[0]), buttons(answer[0])) == ("All of them are dark.", ["Lamps"])
    discord.people[WEI].permissions |= Permission.MANAGE_CHANNELS
    asked = discord.press(answer[0], "Lamps", WEI)
    await the_form(asked)
    assert read_out(await said(discord.submit(asked))).startswith("Lit: street 7")
    told = [(one.name, one.args, one.person, one.role) for one in desk.asked]
    assert told == [
        ("lamps", "please", ALICE, ""),
        ("lamps", "please", WEI, MANAGER),
        ("light", "street 7", WEI, MANAGER),
    ]
    discord.direct(ALICE, "lamps")
    (_, answered) = await until(lambda: len(discord.messages(ALICE)) == 2 and discord.messages(ALICE))
    asked = discord.press(answered, "Lamps", ALICE)
    await the_form(asked)
    await discord.submit(asked).answered()


@pytest.mark.usefixtures("adapter")
async def test_what_a_button_cannot_hold_is_kept_for_the_person(discord: DiscordServer) -> None:
    """A hundred characters are all that Discord keeps with a button; others have to ask for themselves."""
    discord.mention(PAPERS, ALICE, "lamps " + "please " * 20)
    (answer,) = await until(lambda: discord.messages(PAPERS)[1:])
    await the_form(discord.press(answer, "Lamps", ALICE))
    other = discord.press(answer, "Lamps", WEI)
    assert read_out(await said(other)) == TEXTS["zh"].phrases["form_gone"]


# --- page by page ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
async def test_more_questions_come_page_by_page(discord: DiscordServer, desk: Lamplighter) -> None:
    """A button leads on; the message with it gives way to the answer; nothing of the first page is lost."""
    asked = discord.command(PAPERS, ALICE, "lamps", words="town")
    assert len((await the_form(asked))["components"]) == 5
    first = await said(discord.submit(asked, {"name": "Pier", "zone": "Region/Town_007"}))
    assert read_out(first) == "Lamps of a whole town\nPart 1 of 2 is answered."
    assert buttons(first) == ["Next questions", "Light them"]
    second = discord.press(first, "Next questions", ALICE)
    assert questions(await the_form(second)) == ["Which towns?", "When?"]
    towns = f"{ZONES[2][0]}，{ZONES[3][0]},\n{ZONES[4][0]} "
    await discord.submit(second, {"towns,": towns, "hour": ""}).answered()
    (shown,) = discord.ephemerals(PAPERS, ALICE)
    assert read_out(shown).startswith("Lit: town")
    assert desk.asked[-1].answers == {
        "name": ("Pier",),
        "kinds": ("oil",),
        "size": ("big",),
        "note": (),
        "zone": ("Region/Town_007",),
        "towns": (ZONES[2][0], ZONES[3][0], ZONES[4][0]),
        "hour": (),
    }


@pytest.mark.usefixtures("adapter")
async def test_what_was_answered_can_be_submitted_without_the_rest(discord: DiscordServer, desk: Lamplighter) -> None:
    """The rest stays as it was; and a page can be opened again, as it was answered."""
    asked = discord.command(PAPERS, ALICE, "lamps", words="town")
    await the_form(asked)
    first = await said(discord.submit(asked, {"name": "Pier"}))
    done = discord.press(first, "Light them", ALICE)
    (shown,) = await done.answered()
    assert read_out(shown).startswith("Lit: town")
    assert discord.ephemerals(PAPERS, ALICE) == [shown]
    answers = desk.asked[-1].answers
    assert (answers["name"], answers["towns"], answers["hour"]) == (("Pier",), (ZONES[1][0],), ("09:00",))


@pytest.mark.usefixtures("adapter")
async def test_pages_are_kept_for_a_while(
    discord: DiscordServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the person is told to ask again, at a page as at its button."""
    monkeypatch.setattr(discord_forms, "KEPT_S", -1.0)
    asked = discord.command(PAPERS, ALICE, "lamps", words="town")
    await the_form(asked)
    answer = await said(discord.submit(asked))
    assert read_out(answer) == "These questions were asked too long ago. Ask for them again."
    assert [one.name for one in desk.asked] == ["lamps"]


def test_a_page_that_must_be_answered_cannot_be_left_out() -> None:
    """There is only the way on then."""
    forms = Forms(TEXTS)
    needed = replace(LONG, fields=(*LONG.fields, replace(NAME, name="must", values=())))
    asked = Asked(invocation=Invocation(name="lamps", args="", language="en", person=ALICE))
    modal = forms.modal(asked, Message(form=needed), needed)
    command, _, args = modal["custom_id"].partition(":")
    told = forms.step(
        replace(asked, submitted=True, invocation=replace(asked.invocation, name=command, args=args, answers={}))
    )
    assert isinstance(told, Message)
    assert [action.label for action in told.actions] == ["Next questions"]


# --- limits ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", [FORM, LONG, replace(FORM, argument="x" * 99)])
@pytest.mark.parametrize("paragraphs", [0, 3, 4000])
def test_a_form_is_within_discords_limits(form: Form, paragraphs: int) -> None:
    """However much is said above the questions, however long they are, however much there is to choose from."""
    wide = Field(
        name="x" * 90,
        label="灯 Which? " * 40,
        kind=FieldKind.CHOICES,
        choices=tuple((str(number) * 25, "Lamp " * 30) for number in range(9)),
        values=("1" * 25, "gone"),
        hint="Choose. " * 400,
    )
    most = Field(name="m", label="", kind=FieldKind.CHOICE, choices=ZONES[:25], values=(ZONES[3][0], ZONES[4][0]))
    text = Field(name="text", label=":x: *bold* @here", values=("y" * 9000,), kind=FieldKind.LONG_TEXT)
    none = Field(name="none", label="None", kind=FieldKind.CHOICE)
    above = tuple(sentence(f"Paragraph {number}") for number in range(paragraphs))
    asked = Asked(invocation=Invocation(name="lamps", args="", language="en", person=ALICE))
    for fields in ((wide, text, none), (most,), form.fields):
        asking = replace(form, title="Lamps of " * 9, fields=fields)
        modal = Forms(TEXTS).modal(asked, Message(title="Lamps", blocks=above, form=asking), asking)
        assert modal_problems(modal) == []


# --- who answers -----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("adapter")
@pytest.mark.parametrize(
    ("allowed", "role"),
    [
        (0, ""),
        (Permission.MANAGE_CHANNELS, MANAGER),
        (Permission.ADMINISTRATOR, MANAGER),
        (Permission.MANAGE_GUILD, ""),
    ],
)
async def test_who_may_change_a_channel_is_told(
    discord: DiscordServer, desk: Lamplighter, allowed: int, role: str
) -> None:
    """By Discord's own permission, with commands, forms and buttons; a conversation of one has no manager."""
    discord.people[WEI].permissions |= int(allowed)
    for place in (PAPERS, WEI):
        asked = discord.command(place, WEI, "lamps")
        await the_form(asked)
        await discord.submit(asked).answered()
    await all_answered()
    assert [one.role for one in desk.asked] == [role, role, "", ""]
