"""A form as Discord asks it: in modals of at most five questions, more of them page by page
(https://docs.discord.com/developers/components/using-modal-components).

A form of one page says itself what it is for, so that it can be submitted after a restart. What is answered over
several pages is kept in memory meanwhile.
"""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from adapters.discord_events import LISTED, Asked
from adapters.discord_messages import CUSTOM_ID_CHARS, Json, fitted, notice, phrase, text
from adapters.discord_text import units
from adapters.recent import Recent
from digest.types import Action, Field, FieldKind, Form, Message, Texts

# https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-response-object-modal
TITLE_CHARS = 45
QUESTIONS = 5  # and texts between them
# https://docs.discord.com/developers/components/reference: label, text input, string select
LABEL_CHARS = 45
DESCRIPTION_CHARS = 100
INPUT_CHARS = 4000
OPTIONS = 25
OPTION_CHARS = 100
TEXT_CHARS = 4000
_TEXT_INPUT, _MENU, _TEXT, _LABEL = 4, 3, 10, 18
_SHORT, _PARAGRAPH = 1, 2

OPEN = "form"  # the command of a button that asks another one again, `NAME ARGS`, whose answer is a form
PAGE = "form-page"  # of a button that opens a page, and of that page: `TOKEN NUMBER`
DONE = "form-done"  # of a button that submits what has been answered: `TOKEN`
KEPT_S = 3600.0
_KEPT = 1_000


class Draft(Struct):
    """A form that somebody is filling in, and what they have answered so far."""

    person: str
    message: Message  # with the form
    form: Form
    until_s: float  # in time.monotonic()
    answers: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def pages(self) -> list[Sequence[Field]]:
        fields = self.form.fields
        return [fields[first : first + QUESTIONS] for first in range(0, len(fields), QUESTIONS)]


class Forms:
    """The forms that are open. `texts` says what stands on the buttons, by language."""

    def __init__(self, texts: Mapping[str, Texts]) -> None:
        self._texts = texts
        self._drafts: Recent[Draft] = Recent(_KEPT)

    def modal(self, asked: Asked, message: Message, form: Form) -> Json:
        """What Discord shows to the person who asked; what the message says stands above the questions where there is
        room for it."""
        custom_id = f"{form.command}:{form.argument}"
        if len(form.fields) <= QUESTIONS and units(custom_id) <= CUSTOM_ID_CHARS:
            return _modal(form, form.fields, custom_id, text(message, TEXT_CHARS))
        return self._page(self._kept(asked, message, form), 1)

    def behind_button(self, asked: Asked, message: Message) -> Message:
        """The message with a button that opens its form, for where no form can be shown. What was said where others
        read it too, everybody may ask again; what one person was asked is kept for them."""
        if message.form is None:
            return message
        again = f"{asked.invocation.name} {asked.invocation.args}".strip()
        if asked.said and units(f"{OPEN}:{again}") <= CUSTOM_ID_CHARS:
            opens = Action(message.form.title, command=OPEN, argument=again)
        else:
            token = self._kept(asked, message, message.form)
            opens = Action(message.form.title, command=PAGE, argument=f"{token} 1")
        title = message.title if message.title or message.blocks else message.form.title
        return replace(message, title=title, form=None, actions=(opens, *message.actions))

    def step(self, asked: Asked) -> Asked | Message | Json:
        """What comes next when a form's own button was pressed or its page submitted: something to be answered, to be
        told, or a modal to be shown. What is not a form's own is to be answered as it is."""
        invocation = asked.invocation
        if invocation.name == OPEN:
            name, _, args = invocation.args.partition(" ")
            return replace(asked, invocation=replace(invocation, name=name, args=args), asks=True)
        if invocation.name not in {PAGE, DONE}:
            return asked
        token, _, number = invocation.args.partition(" ")
        draft = self._drafts.get(token)
        if draft is None or draft.person != invocation.person or time.monotonic() > draft.until_s:
            return self._said(asked, "form_gone")
        if invocation.name == DONE:
            return _whole(asked, draft)
        if not asked.submitted:
            return self._page(token, int(number))
        draft.answers.update(invocation.answers)
        return self._after(asked, token, int(number))

    def _after(self, asked: Asked, token: str, number: int) -> Asked | Message:
        """The way to the next page, or the whole form once there is none; what the pages to come are filled with may
        be left so."""
        draft = self._drafts[token]
        if number >= len(draft.pages):
            return _whole(asked, draft)
        left = itertools.chain(*draft.pages[number:])
        further = phrase(self._texts, asked.invocation.language, "form_next")
        actions = [Action(further, command=PAGE, argument=f"{token} {number + 1}")]
        if all(one.values or not one.required for one in left):
            actions.append(Action(draft.form.submit, command=DONE, argument=token))
        told = self._said(asked, "form_part", part=number, parts=len(draft.pages))
        return replace(told, title=draft.form.title, actions=tuple(actions))

    def _kept(self, asked: Asked, message: Message, form: Form) -> str:
        """The name of a new draft."""
        token = secrets.token_urlsafe(12)
        self._drafts[token] = Draft(asked.invocation.person, message, form, time.monotonic() + KEPT_S)
        return token

    def _page(self, token: str, number: int) -> Json:
        draft = self._drafts[token]
        fields = [replace(one, values=draft.answers.get(one.name, one.values)) for one in draft.pages[number - 1]]
        above = text(draft.message, TEXT_CHARS) if number == 1 else ""
        return _modal(draft.form, fields, f"{PAGE}:{token} {number}", above)

    def _said(self, asked: Asked, key: str, **values: int) -> Message:
        return notice(self._texts, asked.invocation.language, key, **values)


def _whole(asked: Asked, draft: Draft) -> Asked:
    """What was answered, and for the rest what the form was filled with."""
    answers = {one.name: draft.answers.get(one.name, one.values) for one in draft.form.fields}
    form = draft.form
    invocation = replace(asked.invocation, name=form.command, args=form.argument, answers=answers)
    return replace(asked, invocation=invocation, submitted=True)


# --- what they are asked -----------------------------------------------------------------------------------------


def _modal(form: Form, fields: Sequence[Field], custom_id: str, above: str) -> Json:
    asked = [_question(one) for one in fields]
    told = [{"type": _TEXT, "content": above}] if above and len(asked) < QUESTIONS else []
    return {"title": fitted(form.title, TITLE_CHARS), "custom_id": custom_id, "components": [*told, *asked]}


def _question(asked: Field) -> Json:
    description = {"description": fitted(asked.hint, DESCRIPTION_CHARS)} if asked.hint else {}
    return {
        "type": _LABEL,
        "label": fitted(asked.label, LABEL_CHARS),
        **description,
        "component": {**_component(asked), "required": asked.required},
    }


def _component(asked: Field) -> Json:
    """A menu where one can hold the choices, else a text in which the values are typed."""
    if asked.kind in {FieldKind.CHOICE, FieldKind.CHOICES} and 0 < len(asked.choices) <= OPTIONS:
        return _menu(asked)
    listed = asked.kind is FieldKind.CHOICES
    value = ", ".join(asked.values)[:INPUT_CHARS]
    return {
        "type": _TEXT_INPUT,
        "custom_id": f"{asked.name}{LISTED}" if listed else asked.name,
        "style": _PARAGRAPH if listed or asked.kind is FieldKind.LONG_TEXT else _SHORT,
        **({"value": value} if value else {}),
    }


def _menu(asked: Field) -> Json:
    several = asked.kind is FieldKind.CHOICES
    chosen = set(asked.values if several else asked.values[:1])
    return {
        "type": _MENU,
        "custom_id": asked.name,
        "min_values": int(asked.required),
        "max_values": len(asked.choices) if several else 1,
        "options": [
            {"label": fitted(label, OPTION_CHARS), "value": value, "default": value in chosen}
            for value, label in asked.choices
        ],
    }
