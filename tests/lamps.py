"""A made-up service that asks people with forms: what the dialogs about forms are told with, whatever the platform."""

from __future__ import annotations

import asyncio

from digest.types import Action, CommandSpec, Field, FieldKind, Form, Invocation, Message
from tests.makers import sentence

LAMPS = (("oil", "Oil lamps"), ("gas", "Gas lamps"), ("arc", "Arc lamps"))
ZONES = tuple((f"Region/Town_{number:03}", f"Region/Town_{number:03}") for number in range(130))
COMMANDS = (
    CommandSpec(name="paper", usage="ID", summary="command_paper", example=""),
    CommandSpec(name="lamps", usage="[WORDS]", summary="command_paper", example="", managed=True),
    CommandSpec(name="lit", usage="", summary="command_paper", example="", typed=False, form=True),
    CommandSpec(name="light", usage="", summary="command_paper", example="", typed=False),
    CommandSpec(name="home", usage="", summary="command_paper", example="", typed=False),
)

NAME = Field(name="name", label="What are they called?", values=("Lanterns",), required=True)
KINDS = Field(name="kinds", label="Which kinds?", kind=FieldKind.CHOICES, values=("oil",), choices=LAMPS)
SIZE = Field(
    name="size",
    label="How large?",
    kind=FieldKind.CHOICE,
    values=("big",),
    choices=(("small", "Small"), ("big", "Big")),
    required=True,
)
NOTE = Field(name="note", label="Anything else?", kind=FieldKind.LONG_TEXT, hint="Several lines, if you like.")
FORM = Form(title="Lamps", command="light", argument="street 7", submit="Light them", fields=(NAME, KINDS, SIZE, NOTE))
ZONE = Field(name="zone", label="Where?", kind=FieldKind.CHOICE, values=(ZONES[104][0],), choices=ZONES)
TOWNS = Field(name="towns", label="Which towns?", kind=FieldKind.CHOICES, values=(ZONES[1][0],), choices=ZONES)
HOUR = Field(name="hour", label="When?", values=("09:00",))
LONG = Form(
    title="Lamps of a whole town",
    command="light",
    argument="town",
    submit="Light them",
    fields=(NAME, KINDS, SIZE, NOTE, ZONE, TOWNS, HOUR),
)


class Lamplighter:
    """Answers `lamps`, `lamps town` and `lit` with a form, what was submitted with what it was, and a lamp without
    light with the form again. What is `held` is answered once that is set."""

    def __init__(self) -> None:
        self.held: dict[str, asyncio.Event] = {}
        self.asked: list[Invocation] = []
        self.lit = 0

    async def answer(self, asked: Invocation) -> Message:
        self.asked.append(asked)
        if asked.name in self.held:
            await self.held[asked.name].wait()
        match asked.name, asked.args:
            case "light", _:
                return self._light(asked)
            case "home", _:
                return Message(
                    title=f"{self.lit} lamps are lit",
                    actions=(Action("Paper", command="paper", argument="1"),),
                    form=FORM,
                )
            case "lamps" | "mention", "town":
                return Message(form=LONG)
            case "lamps" | "lit" | "mention", _:
                return Message(blocks=(sentence("All of them are dark."),), form=FORM)
            case _:
                return Message(title=f"You asked: {asked.name} {asked.args}".strip())

    def _light(self, asked: Invocation) -> Message:
        if asked.answers["name"] == ("Nothing",):
            return Message(title="Nothing gives no light.", form=FORM)
        self.lit += 1
        told = "; ".join(f"{name}: {', '.join(values)}" for name, values in asked.answers.items())
        return Message(title=f"Lit: {asked.args}", blocks=(sentence(told),))
