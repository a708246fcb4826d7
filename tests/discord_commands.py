"""What somebody types after a slash, and which buttons and menus a message has, as Discord's own apps would send it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.discord_rules import nested

_SUBCOMMAND, _GROUP = 1, 2
_BOOLEAN = 5
_KINDS: Mapping[int, tuple[type, ...]] = {3: (str,), 4: (int,), _BOOLEAN: (bool,), 10: (int, float)}
_PRESSED = {2, 3, 5, 6, 7, 8}  # buttons and menus
_LINK_STYLE, _STRING_SELECT, _TEXT_DISPLAY = 5, 3, 10


class NotPossible(Exception):
    """People cannot do this in Discord, or Discord would not tell the app of it."""


def invoked(
    commands: list[dict[str, Any]],
    path: str,
    given: Mapping[str, Any],
    context: int,
    installs: set[int],
    focused: str | None = None,
) -> dict[str, Any]:
    """The data of an interaction: a command such as "paper" or "paperboy digest", with its options.

    `context` is where: 0 a server, 1 the bot's direct conversation. `installs` is for whom the app is installed there:
    0 the server, 1 the person. With `focused`, that option is still being typed.
    """
    name, *deeper = path.split()
    command = _named(commands, name)
    contexts = command.get("contexts")
    if contexts is not None and context not in contexts:
        raise NotPossible(f"/{name} does not show here: its contexts are {contexts}.")
    if not installs & set(command["integration_types"]):
        raise NotPossible(f"/{name} does not show here: its integration types are {command['integration_types']}.")
    steps, here = [command], command
    for step in deeper:
        here = _named(here["options"], step)
        steps.append(here)
    if any(option["type"] in {_SUBCOMMAND, _GROUP} for option in here.get("options", ())):
        raise NotPossible(f"/{path} needs one of {[option['name'] for option in here['options']]}.")
    options = list(_options(here.get("options", ()), given, focused))
    for step_taken in reversed(steps[1:]):
        options = [{"name": step_taken["name"], "type": step_taken["type"], "options": options}]
    return {"id": command["id"], "name": name, "type": 1, "options": options}


def _named(there: list[dict[str, Any]], name: str) -> dict[str, Any]:
    for one in there:
        if one["name"] == name:
            return one
    raise NotPossible(f"There is no {name!r}, only {[one['name'] for one in there]}.")


def _options(declared: Any, given: Mapping[str, Any], focused: str | None) -> Iterator[dict[str, Any]]:
    if unknown := given.keys() - {option["name"] for option in declared}:
        raise NotPossible(f"There are no such options: {sorted(unknown)}.")
    for option in declared:
        name = option["name"]
        if name not in given:
            if option.get("required") and focused is None:
                raise NotPossible(f"{name!r} must be given.")
            continue
        value, told = given[name], {"name": name, "type": option["type"]}
        if name == focused:
            if not option.get("autocomplete"):
                raise NotPossible(f"{name!r} is not completed while it is typed.")
            yield {**told, "value": str(value), "focused": True}
            continue
        _fits(option, value)
        yield {**told, "value": value}


def _fits(option: Mapping[str, Any], value: Any) -> None:
    """Raises NotPossible when Discord's own apps would not send this value."""
    name, kind = option["name"], option["type"]
    if not isinstance(value, _KINDS.get(kind, (str,))) or (isinstance(value, bool) and kind != _BOOLEAN):
        raise NotPossible(f"{value!r} cannot be typed for {name!r}.")
    choices = option.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise NotPossible(f"{value!r} is none of the choices of {name!r}.")
    if isinstance(value, str):
        least, most = option.get("min_length") or 0, option.get("max_length") or 6000
        if not least <= len(value) <= most:
            raise NotPossible(f"{name!r} takes {least} to {most} characters.")
    elif value < option.get("min_value", value) or value > option.get("max_value", value):
        raise NotPossible(f"{name!r} does not take {value}.")


def pressed(components: list[dict[str, Any]], name: str, values: list[str] | None) -> dict[str, Any]:
    """The data of an interaction: the one button or menu with this custom id or label."""
    there = [one for one in nested(components) if one["type"] in _PRESSED]
    found = [one for one in there if name in {one.get("custom_id"), one.get("label"), one.get("placeholder")}]
    if len(found) != 1:
        names = [one.get("label") or one.get("custom_id") for one in there]
        raise NotPossible(f"{len(found)} of {name!r}; there are: {names}.")
    one = dict(found[0])
    if one.get("disabled"):
        raise NotPossible(f"{name!r} is disabled.")
    if one.get("style") == _LINK_STYLE and one["type"] != _STRING_SELECT:
        raise NotPossible(f"{name!r} opens an address: the app is not told.")
    data = {"custom_id": one["custom_id"], "component_type": one["type"], "id": one["id"]}
    if one["type"] == _STRING_SELECT:
        offered = {option["value"] for option in one["options"]}
        if not values or not set(values) <= offered:
            raise NotPossible(f"{values!r} is not among {sorted(offered)}.")
        data["values"] = values
    return data


def filled_in(modal: Mapping[str, Any], values: Mapping[str, str | list[str]]) -> dict[str, Any]:
    """The data of an interaction: a form with values by custom id, a list for a menu; what is not given stays as the
    form had it."""
    left = set(values)

    def told(component: Mapping[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {"type": component["type"], "id": 1}
        if name := component.get("custom_id"):
            left.discard(name)
            kept |= {"custom_id": name, **_answered(component, values.get(name))}
        if "components" in component:
            kept["components"] = [told(one) for one in component["components"]]
        if "component" in component:
            kept["component"] = told(component["component"])
        return kept

    components = [told(one) for one in modal["components"] if one["type"] != _TEXT_DISPLAY]
    if left:
        raise NotPossible(f"The form does not ask for {sorted(left)}.")
    return {"custom_id": modal["custom_id"], "components": components}


def _answered(asked: Mapping[str, Any], given: str | list[str] | None) -> dict[str, Any]:
    """What a form's question holds. Raises NotPossible when Discord's own apps would not submit it."""
    name, must = asked["custom_id"], asked.get("required", True)
    if asked["type"] == _STRING_SELECT:
        offered = [option["value"] for option in asked["options"]]
        chosen = given if given is not None else [one["value"] for one in asked["options"] if one.get("default")]
        if isinstance(chosen, str) or not set(chosen) <= set(offered):
            raise NotPossible(f"{chosen!r} is not among {offered}.")
        if (must or chosen) and not asked.get("min_values", 1) <= len(chosen) <= asked.get("max_values", 1):
            raise NotPossible(f"{name!r} takes another number of answers.")
        return {"values": chosen}
    text = (asked.get("value") or "") if given is None else given
    if not isinstance(text, str):
        raise NotPossible(f"{name!r} takes a text.")
    if must and not text:
        raise NotPossible(f"{name!r} must be filled in.")
    if text and not asked.get("min_length", 0) <= len(text) <= asked.get("max_length", 4000):
        raise NotPossible(f"{name!r} takes no answer of this length.")
    return {"value": text}
