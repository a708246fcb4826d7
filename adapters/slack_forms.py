"""A form as Slack asks it, in input blocks, and what people answer
(https://docs.slack.dev/reference/block-kit/blocks/input-block)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.markup import clean
from adapters.neutral import shortened
from adapters.slack_rich import Element
from digest.types import Field, FieldKind, Form

TITLE_CHARS = 24  # of a window and its button: https://docs.slack.dev/reference/views/modal-views
LABEL_CHARS = 2000
INPUT_CHARS = 3000  # https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element
# https://docs.slack.dev/reference/block-kit/block-elements/select-menu-element
OPTIONS = 100
OPTION_CHARS = 75
CALLBACK = "form"  # what Slack calls our forms by when one is submitted


def questions(form: Form) -> list[Element]:
    """A block for each field, which has its name."""
    return [_question(field) for field in form.fields]


def headed(form: Form) -> Element:
    """What a window that asks has besides: its name and the button that submits it."""
    return {
        "title": plain(form.title, TITLE_CHARS),
        "submit": plain(form.submit, TITLE_CHARS),
        "callback_id": CALLBACK,
    }


def plain(text: str, max_chars: int) -> Element:
    text = shortened(" ".join(clean(text).split()), max_chars) or "…"
    return {"type": "plain_text", "text": text, "emoji": False}


def answered(view: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What a submitted window holds, by field: nothing for what was left empty."""
    held = view["state"]["values"]
    return {name: _values(element) for block in held.values() for name, element in block.items()}


def _question(field: Field) -> Element:
    hint = {"hint": plain(field.hint, LABEL_CHARS)} if field.hint else {}
    return {
        "type": "input",
        "block_id": field.name,
        "label": plain(field.label, LABEL_CHARS),
        "element": {**_element(field), "action_id": field.name},
        "optional": not field.required,
        **hint,
    }


def _element(field: Field) -> Element:
    if field.kind in {FieldKind.CHOICE, FieldKind.CHOICES} and field.choices:
        return _menu(field)
    text = ", ".join(field.values)[:INPUT_CHARS]
    initial = {"initial_value": text} if text else {}
    return {"type": "plain_text_input", "multiline": field.kind is FieldKind.LONG_TEXT, **initial}


def _menu(field: Field) -> Element:
    options = {value: _option(value, label) for value, label in field.choices}
    chosen = [options[value] for value in field.values if value in options]
    offered = _offered(list(options.values()))
    if field.kind is FieldKind.CHOICES:
        return {"type": "multi_static_select", **offered, **({"initial_options": chosen} if chosen else {})}
    return {"type": "static_select", **offered, **({"initial_option": chosen[0]} if chosen else {})}


def _offered(options: Sequence[Element]) -> Element:
    """All of them; more than a menu holds in groups named by their first and last."""
    if len(options) <= OPTIONS:
        return {"options": list(options)}
    groups = [options[first : first + OPTIONS] for first in range(0, len(options), OPTIONS)]
    return {"option_groups": [{"label": _span(group), "options": list(group)} for group in groups]}


def _span(group: Sequence[Element]) -> Element:
    half = OPTION_CHARS // 2 - 1
    first, last = (shortened(option["text"]["text"], half) for option in (group[0], group[-1]))
    return plain(f"{first}–{last}", OPTION_CHARS)


def _option(value: str, label: str) -> Element:
    return {"text": plain(label, OPTION_CHARS), "value": value}


def _values(element: Mapping[str, Any]) -> tuple[str, ...]:
    chosen = element.get("selected_options") or [element.get("selected_option")]
    given = [one["value"] for one in chosen if one] or [str(element.get("value") or "").strip()]
    return tuple(value for value in given if value)
