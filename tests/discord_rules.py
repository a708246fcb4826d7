"""Discord's limits on what is sent, kept whether the official description is there or not
(https://docs.discord.com/developers/resources/message, .../components/reference,
.../interactions/application-commands). Lengths count Unicode code points. What is no valid body at all, such as a text
where a list belongs, is a problem too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.discord_calls import Problem

CONTENT_CHARS = 2000
EMBEDS, EMBED_CHARS, FIELDS = 10, 6000, 25  # the characters of all embeds of a message together
ROWS, IN_ROW, COMPONENTS, V2_CHARS = 5, 5, 40, 4000
NONCE_CHARS, THREAD_NAME_CHARS, FORUM_TAGS = 25, 100, 5
CHOICES, CHOICE_CHARS = 25, 100
COMMANDS, OPTIONS, COMMAND_CHARS = 100, 25, 8000
INPUT_CHARS = 4000  # of what somebody types into a form
V2 = 1 << 15  # a message of components alone
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
At = tuple[str | int, ...]

_EMBED = {"title": 256, "description": 4096}
_EMBED_PARTS = {"author": ("name", 256), "footer": ("text", 2048)}
_ADDRESSES = (("url",), ("image", "url"), ("thumbnail", "url"), ("author", "url"), ("author", "icon_url"))
_NAME = re.compile(r"[-_'\w]{1,32}")
_ROW, _BUTTON, _STRING_SELECT, _TEXT_INPUT, _SECTION, _TEXT, _CONTAINER, _LABEL = 1, 2, 3, 4, 9, 10, 17, 18
_SELECTS = {_STRING_SELECT, 5, 6, 7, 8}
_LINK_STYLE = 5
_SUBCOMMANDS = {1, 2}


def too_long(value: Any, most: int, at: At, least: int = 1) -> Iterator[Problem]:
    """Problems of a text that must be there, between two lengths."""
    if not isinstance(value, str) or (least and not value):
        yield Problem(at, "BASE_TYPE_REQUIRED", "This field is required")
    elif not least <= len(value) <= most:
        name, bound = ("MAX", f"{most} or fewer") if len(value) > most else ("MIN", f"{least} or more")
        yield Problem(at, f"BASE_TYPE_{name}_LENGTH", f"Must be {bound} in length.")


def _sized(parts: Any, least: int, most: int, at: At) -> Iterator[Problem]:
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        yield Problem(at, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType")
    elif not least <= len(parts) <= most:
        yield Problem(at, "BASE_TYPE_BAD_LENGTH", f"Must be between {least} and {most} in length.")


# --- messages --------------------------------------------------------------------------------------------------------


def message_problems(body: Mapping[str, Any], at: At = ()) -> list[Problem]:
    """Of the content, embeds, components, nonce and mentions of a message or of an edit."""
    embeds, components = body.get("embeds") or [], body.get("components") or []
    found = list(too_long(body.get("content") or "", CONTENT_CHARS, (*at, "content"), 0))
    found += [*_sized(embeds, 0, EMBEDS, (*at, "embeds")), *_sized(components, 0, COMPONENTS, (*at, "components"))]
    if found:
        return found
    if len(str(body.get("nonce") or "")) > NONCE_CHARS:
        found.append(Problem((*at, "nonce"), "BASE_TYPE_MAX_LENGTH", f"Must be {NONCE_CHARS} or fewer in length."))
    found += [*_embeds(embeds, (*at, "embeds")), *_mentions(body.get("allowed_mentions"), (*at, "allowed_mentions"))]
    if (body.get("flags") or 0) & V2:
        found += _components_alone(body, components, at)
    else:
        found += _rows(components, (*at, "components"))
    return found


def _embeds(embeds: Sequence[Mapping[str, Any]], at: At) -> Iterator[Problem]:
    for place, embed in enumerate(embeds):
        yield from _embed(embed, (*at, place))
    if sum(map(embed_chars, embeds)) > EMBED_CHARS:
        yield Problem(at, "MAX_EMBED_SIZE_EXCEEDED", f"Embed size exceeds maximum size of {EMBED_CHARS}")


def _embed(embed: Mapping[str, Any], at: At) -> Iterator[Problem]:
    for name, most in _EMBED.items():
        yield from too_long(embed.get(name) or "", most, (*at, name), 0)
    for part, (name, most) in _EMBED_PARTS.items():
        if part in embed:
            yield from too_long(embed[part].get(name), most, (*at, part, name))
    fields = embed.get("fields") or []
    yield from _sized(fields, 0, FIELDS, (*at, "fields"))
    for place, field in enumerate(fields):
        yield from too_long(field.get("name"), 256, (*at, "fields", place, "name"))
        yield from too_long(field.get("value"), 1024, (*at, "fields", place, "value"))
    for path in _ADDRESSES:
        value: Any = embed
        for step in path:
            value = (value or {}).get(step)
        if value is not None:
            yield from _address(value, (*at, *path))


def embed_chars(embed: Mapping[str, Any]) -> int:
    """The characters that count towards the limit of all embeds together."""
    fields = embed.get("fields") or []
    texts = [embed.get("title"), embed.get("description")]
    texts += [(embed.get(part) or {}).get(name) for part, (name, _) in _EMBED_PARTS.items()]
    texts += [field.get(name) for field in fields for name in ("name", "value")]
    return sum(len(text or "") for text in texts)


def _address(value: Any, at: At, most: int = 2048) -> Iterator[Problem]:
    if not isinstance(value, str) or not re.match(r"(https?|discord|attachment)://\S+$", value):
        yield Problem(at, "URL_TYPE_INVALID_URL", "Not a well formed URL.")
    elif len(value) > most:
        yield Problem(at, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _mentions(allowed: Any, at: At) -> Iterator[Problem]:
    allowed = allowed or {}
    parse = allowed.get("parse") or []
    for kind in ("users", "roles"):
        if kind in parse and allowed.get(kind):
            yield Problem(
                (*at, "parse"), "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", f'parse:["{kind}"] excludes {kind}'
            )
        if len(allowed.get(kind) or []) > 100:
            yield Problem((*at, kind), "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer in length.")


# --- components ------------------------------------------------------------------------------------------------------


def _rows(components: Sequence[Mapping[str, Any]], at: At) -> Iterator[Problem]:
    yield from _sized(components, 0, ROWS, at)
    for place, component in enumerate(components):
        if component.get("type") != _ROW:
            yield Problem((*at, place, "type"), "BASE_TYPE_CHOICES", "Value must be one of (1,).")
        else:
            yield from _component(component, (*at, place))
    yield from _unique_ids(components, at)


def _components_alone(body: Mapping[str, Any], components: Sequence[Mapping[str, Any]], at: At) -> Iterator[Problem]:
    for name in ("content", "embeds"):
        if body.get(name):
            why = f"The '{name}' field cannot be used when using MessageFlags.IS_COMPONENTS_V2"
            yield Problem((*at, name), "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", why)
    inside = list(nested(components))
    if len(inside) > COMPONENTS:
        yield Problem((*at, "components"), "BASE_TYPE_BAD_LENGTH", f"Must be {COMPONENTS} or fewer in length.")
    if sum(len(one.get("content") or "") for one in inside) > V2_CHARS:
        why = f"The total displayable text size must be {V2_CHARS} or fewer"
        yield Problem((*at, "components"), "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", why)
    for place, component in enumerate(components):
        yield from _component(component, (*at, "components", place))
    yield from _unique_ids(components, (*at, "components"))


def nested(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Components and all that are in them, in reading order."""
    for component in components:
        yield component
        yield from nested(component.get("components") or [])
        yield from nested([component[name] for name in ("accessory", "component") if component.get(name)])


def _unique_ids(components: Sequence[Mapping[str, Any]], at: At) -> Iterator[Problem]:
    ids = Counter(one["custom_id"] for one in nested(components) if "custom_id" in one)
    if doubled := [name for name, count in ids.items() if count > 1]:
        yield Problem(at, "COMPONENT_CUSTOM_ID_DUPLICATED", f"Component custom id cannot be duplicated: {doubled[0]}")


def _component(component: Mapping[str, Any], at: At) -> Iterator[Problem]:
    kind, inside = component.get("type"), component.get("components") or []
    if kind in _OWN:
        yield from _OWN[kind](component, at)
    for place, one in enumerate(inside):
        yield from _component(one, (*at, "components", place))
    for name in ("accessory", "component"):
        if component.get(name):
            yield from _component(component[name], (*at, name))


def _button(button: Mapping[str, Any], at: At) -> Iterator[Problem]:
    if button.get("style") not in range(1, 6):
        yield Problem((*at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2, 3, 4, 5).")
    if not button.get("emoji") or button.get("label"):
        yield from too_long(button.get("label"), 80, (*at, "label"))
    is_link = button.get("style") == _LINK_STYLE
    if is_link == ("custom_id" in button) or is_link != ("url" in button):
        yield Problem(at, "BUTTON_COMPONENT_CUSTOM_ID_OR_URL", "A link has an url, every other button a custom id")
    elif is_link:
        yield from _address(button["url"], (*at, "url"), 512)
    else:
        yield from too_long(button["custom_id"], 100, (*at, "custom_id"))


def _select(select: Mapping[str, Any], at: At) -> Iterator[Problem]:
    yield from too_long(select.get("custom_id"), 100, (*at, "custom_id"))
    yield from too_long(select.get("placeholder") or "", 150, (*at, "placeholder"), 0)
    if select["type"] != _STRING_SELECT:
        return
    options = select.get("options") or []
    yield from _sized(options, 1, CHOICES, (*at, "options"))
    for place, option in enumerate(options):
        for name in ("label", "value"):
            yield from too_long(option.get(name), 100, (*at, "options", place, name))
        yield from too_long(option.get("description") or "", 100, (*at, "options", place, "description"), 0)
    if len({option.get("value") for option in options}) < len(options):
        yield Problem((*at, "options"), "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "The option values must be unique.")
    least, most = select.get("min_values", 1), select.get("max_values", 1)
    if not 0 <= least <= most <= max(1, len(options)):
        why = "Must not be more than there are options, nor the least more than the most"
        yield Problem((*at, "max_values"), "SELECT_COMPONENT_MAX_VALUES_OUT_OF_RANGE", why)
    if sum(bool(option.get("default")) for option in options) > most:
        yield Problem((*at, "options"), "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "More defaults than may be chosen")


def _text_input(asked: Mapping[str, Any], at: At) -> Iterator[Problem]:
    yield from too_long(asked.get("custom_id"), 100, (*at, "custom_id"))
    yield from too_long(asked.get("placeholder") or "", 100, (*at, "placeholder"), 0)
    yield from too_long(asked.get("value") or "", INPUT_CHARS, (*at, "value"), 0)
    if asked.get("style") not in (1, 2):
        yield Problem((*at, "style"), "BASE_TYPE_CHOICES", "Value must be one of (1, 2).")
    least, most = asked.get("min_length", 0), asked.get("max_length", INPUT_CHARS)
    if not 0 <= least <= most <= INPUT_CHARS or most < 1:
        yield Problem((*at, "max_length"), "TEXT_INPUT_LENGTH_OUT_OF_RANGE", f"Must be between 1 and {INPUT_CHARS}.")


def _row(row: Mapping[str, Any], at: At) -> Iterator[Problem]:
    inside = row.get("components") or []
    yield from _sized(inside, 1, IN_ROW, (*at, "components"))
    if any(one.get("type") in _SELECTS for one in inside) and len(inside) > 1:
        yield Problem((*at, "components"), "COMPONENT_LAYOUT_WIDTH_EXCEEDED", "The specified layout is too wide.")


def _text(text: Mapping[str, Any], at: At) -> Iterator[Problem]:
    yield from too_long(text.get("content"), V2_CHARS, (*at, "content"))


def _label(label: Mapping[str, Any], at: At) -> Iterator[Problem]:
    yield from too_long(label.get("label"), 45, (*at, "label"))
    yield from too_long(label.get("description") or "", 100, (*at, "description"), 0)
    if not isinstance(label.get("component"), dict):
        yield Problem((*at, "component"), "BASE_TYPE_REQUIRED", "This field is required")


_OWN = {_ROW: _row, _BUTTON: _button, _TEXT: _text, _TEXT_INPUT: _text_input, _LABEL: _label}
_OWN |= dict.fromkeys(_SELECTS, _select)


def modal_problems(modal: Mapping[str, Any], at: At = ("data",)) -> list[Problem]:
    found = [*too_long(modal.get("title"), 45, (*at, "title"))]
    found += too_long(modal.get("custom_id"), 100, (*at, "custom_id"))
    components = modal.get("components") or []
    found += _sized(components, 1, ROWS, (*at, "components"))
    for place, component in enumerate([] if found else components):
        found += _component(component, (*at, "components", place))
        found += _in_modal(component, (*at, "components", place))
    return [*found, *_unique_ids(components, (*at, "components"))]


def _in_modal(component: Mapping[str, Any], at: At) -> Iterator[Problem]:
    """A form holds questions, each with its label, and text; a text input in a row, as it was until 2025, still works,
    with a label of its own."""
    kind = component.get("type")
    if kind not in (_ROW, _TEXT, _LABEL):
        yield Problem((*at, "type"), "BASE_TYPE_CHOICES", f"Value must be one of ({_ROW}, {_TEXT}, {_LABEL}).")
    elif kind == _ROW:
        for place, one in enumerate(component.get("components") or []):
            if one.get("type") != _TEXT_INPUT:
                why = f"Value must be one of ({_TEXT_INPUT},)."
                yield Problem((*at, "components", place, "type"), "BASE_TYPE_CHOICES", why)
            yield from too_long(one.get("label"), 45, (*at, "components", place, "label"))
    elif kind == _LABEL:
        asked = component.get("component")
        if isinstance(asked, dict) and asked.get("type") not in {*_SELECTS, _TEXT_INPUT}:
            yield Problem((*at, "component", "type"), "BASE_TYPE_CHOICES", "Not a question that a form may ask.")
        elif isinstance(asked, dict) and asked.get("disabled"):
            why = "Selects in modals cannot be disabled"
            yield Problem((*at, "component", "disabled"), "MODAL_COMPONENT_DISABLED", why)


# --- threads, choices, commands --------------------------------------------------------------------------------------


def thread_problems(body: Mapping[str, Any]) -> list[Problem]:
    found = list(too_long(body.get("name"), THREAD_NAME_CHARS, ("name",)))
    if (body.get("auto_archive_duration") or ARCHIVE_MINUTES[0]) not in ARCHIVE_MINUTES:
        why = f"Value must be one of {ARCHIVE_MINUTES}."
        found.append(Problem(("auto_archive_duration",), "BASE_TYPE_CHOICES", why))
    if len(body.get("applied_tags") or ()) > FORUM_TAGS:
        found.append(Problem(("applied_tags",), "BASE_TYPE_MAX_LENGTH", f"Must be {FORUM_TAGS} or fewer in length."))
    return found


def choice_problems(choices: Any, at: At) -> list[Problem]:
    found = list(_sized(choices, 0, CHOICES, at))
    for place, choice in enumerate([] if found else choices):
        found += too_long(choice.get("name"), CHOICE_CHARS, (*at, place, "name"))
        if isinstance(choice.get("value"), str) or choice.get("value") is None:
            found += too_long(choice.get("value"), CHOICE_CHARS, (*at, place, "value"))
    return found


def command_problems(commands: Any) -> list[Problem]:
    """Of the chat commands that are registered in one go."""
    found = list(_sized(commands, 0, COMMANDS, ()))
    for place, command in enumerate([] if found else commands):
        found += _command(command, (place,))
        if command_chars(command) > COMMAND_CHARS:
            why = f"Command exceeds maximum size ({COMMAND_CHARS})"
            found.append(Problem((place,), "APPLICATION_COMMAND_TOO_LARGE", why))
    names = [command.get("name") for command in commands] if not found else []
    if len(set(names)) < len(names):
        found.append(Problem((), "APPLICATION_COMMANDS_DUPLICATE_NAME", "Application command names must be unique"))
    return found


def command_chars(command: Mapping[str, Any]) -> int:
    """Names, descriptions and values of a command and all in it; of each the longest translation."""
    own = 0
    for name in ("name", "description"):
        texts = [command.get(name) or "", *(command.get(f"{name}_localizations") or {}).values()]
        own += max(map(len, texts))
    choices = command.get("choices") or []
    own += sum(len(choice["name"]) + len(str(choice["value"])) for choice in choices)
    return own + sum(map(command_chars, command.get("options") or []))


def _command(command: Mapping[str, Any], at: At) -> Iterator[Problem]:
    yield from _command_names(command, at)
    options = command.get("options") or []
    yield from _sized(options, 0, OPTIONS, (*at, "options"))
    needed = [bool(option.get("required")) for option in options]
    if needed != sorted(needed, reverse=True):
        why = "Required options must be placed before non-required options"
        yield Problem((*at, "options"), "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", why)
    if len({option.get("name") for option in options}) < len(options):
        yield Problem((*at, "options"), "APPLICATION_COMMAND_OPTIONS_NAME_DUPLICATED", "Option names must be unique")
    if len({option.get("type") in _SUBCOMMANDS for option in options}) > 1:
        why = "Sub-command and sub-command group option types are mutually exclusive to all other types"
        yield Problem((*at, "options"), "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID", why)
    for place, option in enumerate(options):
        yield from _command(option, (*at, "options", place))
        if option.get("choices"):
            yield from choice_problems(option["choices"], (*at, "options", place, "choices"))
        if option.get("autocomplete") and option.get("choices"):
            why = "Autocomplete and choices exclude each other"
            yield Problem((*at, "options", place), "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_CHOICES", why)


def _command_names(command: Mapping[str, Any], at: At) -> Iterator[Problem]:
    for name in [command.get("name"), *(command.get("name_localizations") or {}).values()]:
        if not isinstance(name, str) or not _NAME.fullmatch(name) or name != name.lower():
            why = "Command name is invalid"
            yield Problem((*at, "name"), "APPLICATION_COMMAND_INVALID_NAME", why)
    for text in [command.get("description"), *(command.get("description_localizations") or {}).values()]:
        yield from too_long(text, 100, (*at, "description"))
