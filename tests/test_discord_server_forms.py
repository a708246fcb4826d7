"""The local Discord's forms: what a modal may ask, and how people fill it in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.discord_client import App, Plain, discord, plain, running
from tests.discord_commands import NotPossible, filled_in
from tests.discord_interactions import Interaction
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, PAPERS

OPTIONS = [{"label": f"Lamp {number}", "value": str(number)} for number in range(3)]


def label(component: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"type": 18, "label": "Lamp", "component": component, **changes}


def text(**changes: Any) -> dict[str, Any]:
    return {"type": 4, "custom_id": "word", "style": 1, **changes}


def menu(**changes: Any) -> dict[str, Any]:
    return {"type": 3, "custom_id": "choose", "options": OPTIONS, **changes}


def words(content: str = "x") -> dict[str, Any]:
    return {"type": 10, "content": content}


def modal(*components: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"title": "Lamps", "custom_id": "lamps", "components": list(components), **changes}


MANY = [{"label": str(number), "value": str(number)} for number in range(26)]
# A form at a limit, and the same beyond it
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "title": (modal(label(text()), title="x" * 45), modal(label(text()), title="x" * 46)),
    "no title": (modal(label(text())), modal(label(text()), title="")),
    "custom id": (modal(label(text()), custom_id="x" * 100), modal(label(text()), custom_id="x" * 101)),
    "components": (
        modal(*(label(text(custom_id=str(number))) for number in range(5))),
        modal(*(label(text(custom_id=str(number))) for number in range(6))),
    ),
    "text counts as well": (
        modal(words(), *(label(text(custom_id=str(number))) for number in range(4))),
        modal(words(), *(label(text(custom_id=str(number))) for number in range(5))),
    ),
    "nothing asked": (modal(label(text())), modal()),
    "label": (modal(label(text(), label="x" * 45)), modal(label(text(), label="x" * 46))),
    "no label": (modal(label(text())), modal(label(text(), label=""))),
    "description": (modal(label(text(), description="x" * 100)), modal(label(text(), description="x" * 101))),
    "value": (modal(label(text(value="x" * 4000))), modal(label(text(value="x" * 4001)))),
    "placeholder": (modal(label(text(placeholder="x" * 100))), modal(label(text(placeholder="x" * 101)))),
    "style": (modal(label(text(style=2))), modal(label(text(style=3)))),
    "max length": (modal(label(text(max_length=4000))), modal(label(text(max_length=4001)))),
    "lengths": (
        modal(label(text(min_length=3, max_length=3))),
        modal(label(text(min_length=4, max_length=3))),
    ),
    "options": (modal(label(menu(options=MANY[:25]))), modal(label(menu(options=MANY)))),
    "no options": (modal(label(menu(options=OPTIONS[:1]))), modal(label(menu(options=[])))),
    "option's label": (
        modal(label(menu(options=[{"label": "x" * 100, "value": "1"}]))),
        modal(label(menu(options=[{"label": "x" * 101, "value": "1"}]))),
    ),
    "option's value": (
        modal(label(menu(options=[{"label": "x", "value": "1" * 100}]))),
        modal(label(menu(options=[{"label": "x", "value": ""}]))),
    ),
    "values": (modal(label(menu(options=OPTIONS))), modal(label(menu(options=OPTIONS[:1] * 2)))),
    "most chosen": (
        modal(label(menu(min_values=0, max_values=3, required=False))),
        modal(label(menu(max_values=4))),
    ),
    "chosen at first": (
        modal(label(menu(options=[{**one, "default": True} for one in OPTIONS], max_values=3))),
        modal(label(menu(options=[{**one, "default": True} for one in OPTIONS], max_values=2))),
    ),
    "an id twice": (modal(label(text()), label(menu())), modal(label(text()), label(text()))),
    "words": (modal(words("x" * 4000), label(text())), modal(words(""), label(text()))),
    "a button": (modal(label(text())), modal(label({"type": 2, "style": 1, "label": "x", "custom_id": "b"}))),
    "a question without a label": (modal(label(text())), modal(text())),
    "a menu in a row": (modal(label(menu())), modal({"type": 1, "components": [menu()]})),
    "a row's label": (
        modal({"type": 1, "components": [text(label="Lamp")]}),
        modal({"type": 1, "components": [text(label="x" * 46)]}),
    ),
    "a label alone": (modal(label(text())), modal({"type": 18, "label": "Lamp"})),
    "disabled": (modal(label(menu())), modal(label(menu(disabled=True)))),
}


class Quiet(App):
    """An app whose answers are the test's."""


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    """With its own rules alone; `make material` runs this with Discord's description as well."""
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        command = {"name": "here", "description": "Ask me"}
        await rest.ask("PUT", f"/applications/{APPLICATION}/commands", [command])
        async with running(Quiet(), local):
            yield rest


def path(asked: Interaction) -> str:
    return f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback"


async def test_forms_are_taken_at_every_limit_and_refused_beyond(local: DiscordServer, rest: Plain) -> None:
    """What is refused leaves the question open."""
    for name, (good, bad) in LIMITS.items():
        asked = local.command(PAPERS, ALICE, "here")
        assert await rest.code("POST", path(asked), {"type": 9, "data": bad}) == (400, 50035), name
        assert asked.modal is None
        status, told = await rest.ask("POST", path(asked), {"type": 9, "data": good})
        assert status < 300, (name, told)
        assert asked.modal == good


async def test_a_form_is_no_answer_to_a_form_nor_comes_late(local: DiscordServer, rest: Plain) -> None:
    """Nor after "thinking..."; a submitted form without a message has nothing to update."""
    asked = local.command(PAPERS, ALICE, "here")
    form = {"type": 9, "data": modal(label(text()))}
    await rest.ask("POST", path(asked), form)
    submitted = local.submit(asked, {"word": "lamp"})
    assert await rest.code("POST", path(submitted), form) == (400, 50035)
    assert await rest.code("POST", path(submitted), {"type": 7, "data": {"content": "x"}}) == (400, 50035)
    deferred = local.command(PAPERS, ALICE, "here")
    await rest.ask("POST", path(deferred), {"type": 5})
    assert await rest.code("POST", path(deferred), form) == (400, 40060)
    late = local.command(PAPERS, ALICE, "here")
    born_s = late.born_s
    local.clock = lambda: born_s + 3.1
    assert await rest.code("POST", path(late), form) == (404, 10062)


def test_people_fill_in_what_discord_would_submit() -> None:
    """Texts and choices, what the form began with where they leave it; text between the questions is not told."""
    chosen = [{**OPTIONS[0], "default": True}, *OPTIONS[1:]]
    form = modal(
        words(),
        label(text(min_length=2, max_length=4)),
        label(menu(options=chosen, max_values=2)),
        label(menu(custom_id="maybe", required=False)),
    )
    told = filled_in(form, {"word": "lamp"})["components"]
    assert [one["component"].get("value") or one["component"].get("values") for one in told] == ["lamp", ["0"], []]
    told = filled_in(form, {"word": "lamp", "choose": ["1", "2"], "maybe": ["0"]})["components"]
    assert [one["component"].get("values") for one in told] == [None, ["1", "2"], ["0"]]
    impossible: tuple[dict[str, str | list[str]], ...] = (
        {},
        {"word": "x"},
        {"word": "xxxxx"},
        {"word": ["x"]},
        {"word": "lamp", "choose": []},
        {"word": "lamp", "choose": ["0", "1", "2"]},
        {"word": "lamp", "choose": ["9"]},
        {"word": "lamp", "colour": "red"},
    )
    for values in impossible:
        with pytest.raises(NotPossible):
            filled_in(form, values)


async def test_the_real_sdk_builds_forms_that_are_taken(local: DiscordServer) -> None:
    """discord.py's labels, menus and texts, as it sends them; and it reads what was submitted."""

    class Form(discord.ui.Modal, title="Lamps"):
        about: discord.ui.TextDisplay[Any] = discord.ui.TextDisplay("Which lamps?")
        word: discord.ui.Label[Any] = discord.ui.Label(text="Word", component=discord.ui.TextInput(custom_id="word"))
        some: discord.ui.Label[Any] = discord.ui.Label(
            text="Some",
            component=discord.ui.Select(
                custom_id="some", options=[discord.SelectOption(label="One", value="1")], required=False
            ),
        )

    heard: list[discord.Interaction] = []

    class Asking(App):
        async def on_interaction(self, interaction: discord.Interaction) -> None:
            heard.append(interaction)
            if interaction.type is discord.InteractionType.application_command:
                await interaction.response.send_modal(Form(custom_id="lamps"))
            else:
                await interaction.response.send_message("x")

    async with plain(local) as rest:
        command = {"name": "here", "description": "Ask me"}
        await rest.ask("PUT", f"/applications/{APPLICATION}/commands", [command])
    async with running(Asking(), local):
        asked = local.command(PAPERS, ALICE, "here")
        await asked.acked()
        submitted = local.submit(asked, {"word": "lamp", "some": ["1"]})
        assert [message.content for message in await submitted.answered()] == ["x"]
    assert heard[1].type is discord.InteractionType.modal_submit
