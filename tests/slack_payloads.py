"""Parts of what Slack tells an app: what was pressed, what a form holds, what somebody typed."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.slack_calls import Refused
from tests.slack_posts import content_of

_ADDRESS = re.compile(r"https?://[^\s<>|]+")
_ANSWER_FIELDS = frozenset(
    "text blocks mrkdwn response_type replace_original delete_original thread_ts unfurl_links unfurl_media".split()
)


class NotPossible(Exception):
    """People cannot do this in Slack, or Slack would not tell the app of it."""


def typed(text: str) -> str:
    """A text as Slack hands it on: `&`, `<` and `>` escaped, addresses in angle brackets."""
    return _ADDRESS.sub(lambda match: f"<{match[0]}>", html.escape(text, quote=False))


def elements(blocks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(block's id, element) of what people can press or fill in."""
    for block in blocks:
        inside = block.get("elements", ()) if block["type"] in {"actions", "context_actions"} else ()
        for element in (*inside, block.get("accessory"), block.get("element")):
            if element and "action_id" in element:
                yield block["block_id"], element


def element_of(blocks: Sequence[Mapping[str, Any]], action_id: str, value: str | None) -> tuple[str, dict[str, Any]]:
    """The one element with this action, and with this value when one is named."""
    found = [
        (block_id, element)
        for block_id, element in elements(blocks)
        if element["action_id"] == action_id and value in {None, element.get("value")}
    ]
    if len(found) != 1:
        there = ", ".join(sorted(element["action_id"] for _, element in elements(blocks)))
        raise NotPossible(f"{len(found)} elements for {action_id!r} and value {value!r}; there are: {there or 'none'}")
    return found[0]


def option_of(element: Mapping[str, Any], value: str) -> dict[str, Any]:
    groups = element.get("option_groups", ())
    for option in (*element.get("options", ()), *(one for group in groups for one in group["options"])):
        if option["value"] == value:
            return dict(option)
    raise NotPossible(f"There is no option {value!r}.")


def state_of(blocks: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> dict[str, Any]:
    """What a form holds, by block and action: the values given, else what the form began with."""
    state: dict[str, Any] = {}
    left = set(values)
    for block_id, element in elements(blocks):
        name, kind = element["action_id"], element["type"]
        left.discard(name)
        if kind not in {"button", "overflow"}:
            state.setdefault(block_id, {})[name] = {"type": kind, **_held(element, values.get(name))}
    if left:
        raise NotPossible(f"The form does not ask for {', '.join(sorted(left))}.")
    return state


def _held(element: Mapping[str, Any], value: Any) -> dict[str, Any]:
    if element["type"] in {"static_select", "radio_buttons"}:
        return {"selected_option": element.get("initial_option") if value is None else option_of(element, value)}
    if element["type"] in {"checkboxes", "multi_static_select"}:
        chosen = element.get("initial_options", []) if value is None else [option_of(element, one) for one in value]
        return {"selected_options": chosen}
    if element["type"] == "timepicker":
        return {"selected_time": element.get("initial_time") if value is None else value}
    return {"value": element.get("initial_value") if value is None else value}


def check_filled_in(blocks: Sequence[Mapping[str, Any]], values: Mapping[str, Any]) -> None:
    """Raises NotPossible when Slack's own apps would not submit the form: something that must be answered is not, or
    an answer is longer than is taken."""
    state = state_of(blocks, values)
    for block in blocks:
        if block["type"] != "input":
            continue
        element = block["element"]
        held = state[block["block_id"]][element["action_id"]]
        answer = held.get("value") or held.get("selected_option") or held.get("selected_options")
        if not answer and not block.get("optional"):
            raise NotPossible(f"{element['action_id']!r} must be filled in.")
        if isinstance(answer, str) and not element.get("min_length", 0) <= len(answer) <= element.get(
            "max_length", 3000
        ):
            raise NotPossible(f"{element['action_id']!r} takes no answer of this length.")
        if isinstance(answer, list) and len(answer) > element.get("max_selected_items", len(answer)):
            raise NotPossible(f"{element['action_id']!r} takes fewer answers.")


def names_inputs(blocks: Sequence[Mapping[str, Any]], errors: Any) -> bool:
    """Whether errors are sentences for input blocks of this form."""
    inputs = {block["block_id"] for block in blocks if block["type"] == "input"}
    return isinstance(errors, dict) and bool(errors) and errors.keys() <= inputs


def answer_of(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an ack or of a post to a response_url. Raises Refused."""
    if unknown := sorted(arguments.keys() - _ANSWER_FIELDS):
        raise Refused("invalid_arguments", fields=unknown)
    if arguments.get("response_type", "ephemeral") not in {"ephemeral", "in_channel"}:
        raise Refused("invalid_arguments", fields=["response_type"])
    return content_of(arguments)
