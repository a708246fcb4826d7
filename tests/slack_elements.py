"""Block Kit's smaller parts as tables: composition objects, rich text and elements, and the checks they are made of
(https://docs.slack.dev/reference/block-kit/composition-objects, .../block-elements, .../blocks/rich-text-block).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

# What is wrong with a value, as sentences with the place in it as a JSON pointer
Check = Callable[[Any, str], Iterator[str]]

# --- checks --------------------------------------------------------------------------------------------------------


def told(problem: str, at: str) -> str:
    return f"{problem} [json-pointer:{at}]"


def string(most: int | None = None, least: int = 0) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield told("must be a string", at)
        elif most is not None and len(value) > most:
            yield told(f"must be less than {most + 1} characters", at)
        elif len(value) < least:
            yield told(f"must be more than {least - 1} characters", at)

    return check


def address(value: Any, at: str) -> Iterator[str]:
    yield from (problems := list(string(3000, 1)(value, at)))
    if not problems and not value.startswith(("https://", "http://", "mailto:", "slack:", "tel:")):
        yield told("must be a valid URL", at)


def choice(*allowed: Any) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in allowed:
            yield told(f"must be one of {', '.join(map(str, allowed))}", at)

    return check


def flag(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield told("must be true or false", at)


def whole(least: int = 0, most: int | None = None) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield told("must be a whole number", at)
        elif value < least or (most is not None and value > most):
            yield told(f"must be between {least} and {most}", at)

    return check


def many(check: Check, least: int = 0, most: int | None = None) -> Check:
    def checked(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield told("must be an array", at)
            return
        if most is not None and len(value) > most:
            yield told(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield told(f"no fewer than {least} items allowed", at)
        for number, part in enumerate(value):
            yield from check(part, f"{at}/{number}")

    return checked


def fields(needed: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *rules: Check) -> Check:
    """An object with these fields and no other; the rules look at the whole when its fields are good."""
    known = {**needed, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield told("must be an object", at)
            return
        problems = [told(f"missing required field: {name}", at) for name in needed if name not in value]
        for name, part in value.items():
            if name in known:
                problems += known[name](part, f"{at}/{name}")
            elif name != "type":
                problems.append(told(f"unknown field: {name}", at))
        yield from problems
        if not problems:
            for rule in rules:
                yield from rule(value, at)

    return check


def kinds(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which check is its own."""

    def check(value: Any, at: str) -> Iterator[str]:
        kind = str(value.get("type")) if isinstance(value, dict) else "nothing"
        if kind not in kinds:
            yield told(f"unsupported type: {kind}", f"{at}/type")
        else:
            yield from kinds[kind](value, at)

    return check


def one_of(*names: str, exactly: bool = True) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        count = sum(name in value for name in names)
        if count == 0 or (exactly and count > 1):
            yield told(f"must define {'exactly one' if exactly else 'one'} of {', '.join(names)}", at)

    return check


# --- composition objects -------------------------------------------------------------------------------------------


def _texts(most: int) -> dict[str, Check]:
    return {
        "plain_text": fields({"text": string(most, 1)}, {"emoji": flag}),
        "mrkdwn": fields({"text": string(most, 1)}, {"verbatim": flag}),
    }


def plain(most: int) -> Check:
    return kinds({"plain_text": _texts(most)["plain_text"]})


def text(most: int) -> Check:
    return kinds(_texts(most))


TEXTS = _texts(3000)
ID = string(255, 1)
_CONFIRM = fields(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": choice("primary", "danger")},
)
_OPTION = fields({"text": plain(75), "value": string(150)}, {"description": plain(75)})
_MENU_OPTION = fields({"text": plain(75), "value": string(150)}, {"description": plain(75), "url": address})
_BOX_OPTION = fields({"text": text(75), "value": string(150)}, {"description": text(75)})
_GROUP = fields({"label": plain(75), "options": many(_OPTION, 1, 100)})
_FILTER = fields(
    {},
    {
        "include": many(choice("im", "mpim", "private", "public"), 1),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)
_DISPATCH = fields({}, {"trigger_actions_on": many(choice("on_enter_pressed", "on_character_entered"), 1)})
_PARAMETER = fields({"name": string(), "value": string()})
_TRIGGER = fields({"url": address}, {"customizable_input_parameters": many(_PARAMETER)})
_WORKFLOW = fields({"trigger": _TRIGGER})
_SLACK_FILE = fields({}, {"id": string(), "url": address}, one_of("id", "url"))

# --- rich text -----------------------------------------------------------------------------------------------------

_STYLE = fields({}, dict.fromkeys(("bold", "italic", "strike", "code", "underline"), flag))
_NAMED = dict.fromkeys(("bold", "italic", "strike", "highlight", "client_highlight", "unlink"), flag)
_MENTION_STYLE = {"style": fields({}, _NAMED)}
_INLINE: dict[str, Check] = {
    "text": fields({"text": string(least=1)}, {"style": _STYLE}),
    "link": fields({"url": address}, {"text": string(), "unsafe": flag, "style": _STYLE}),
    "emoji": fields({"name": string(least=1)}, {"unicode": string(), "style": _STYLE}),
    "user": fields({"user_id": string(least=1)}, _MENTION_STYLE),
    "usergroup": fields({"usergroup_id": string(least=1)}, _MENTION_STYLE),
    "channel": fields({"channel_id": string(least=1)}, _MENTION_STYLE),
    "broadcast": fields({"range": choice("here", "channel", "everyone")}, {"style": _STYLE}),
    "color": fields({"value": string(least=1)}),
    "date": fields(
        {"timestamp": whole(), "format": string(least=1)}, {"url": address, "fallback": string(), "style": _STYLE}
    ),
}
_RUNS = many(kinds(_INLINE))
_BARE_RUNS = many(kinds({kind: _INLINE[kind] for kind in ("text", "link")}))
_RICH_SECTION = fields({"elements": _RUNS})
RICH_TEXT: dict[str, Check] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": fields(
        {"elements": many(kinds({"rich_text_section": _RICH_SECTION}), 1), "style": choice("bullet", "ordered")},
        {"indent": whole(0, 8), "offset": whole(), "border": whole()},
    ),
    "rich_text_preformatted": fields({"elements": _BARE_RUNS}, {"border": whole(), "language": string()}),
    "rich_text_quote": fields({"elements": _RUNS}, {"border": whole()}),
}
_RICH = kinds({"rich_text": fields({"elements": many(kinds(RICH_TEXT), 1)}, {"block_id": ID})})

# --- elements ------------------------------------------------------------------------------------------------------

_FOCUS = {"action_id": ID, "placeholder": plain(150), "focus_on_load": flag}
_ASKED = {**_FOCUS, "confirm": _CONFIRM}
_CHOSEN = one_of("options", "option_groups")
_OPTIONS = {"options": many(_OPTION, 1, 100), "option_groups": many(_GROUP, 1, 100)}
_SOME = {"max_selected_items": whole(1)}
_OF_CHANNELS = {"default_to_current_conversation": flag, "filter": _FILTER, "response_url_enabled": flag}
_TYPED = {**_FOCUS, "dispatch_action_config": _DISPATCH}


def _boxes(initial: Mapping[str, Check]) -> Check:
    optional = {"action_id": ID, "confirm": _CONFIRM, "focus_on_load": flag, **initial}
    return fields({"options": many(_BOX_OPTION, 1, 10)}, optional)


def _in_order(low: str, high: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if low in value and high in value and float(value[low]) > float(value[high]):
            yield told(f"{low} must not be more than {high}", at)

    return check


def _among(initial: str) -> Check:
    """What is chosen at first is one of the options, or some of them."""

    def check(value: Any, at: str) -> Iterator[str]:
        groups = value.get("option_groups", ())
        offered = [*value.get("options", ()), *(option for group in groups for option in group["options"])]
        chosen = value.get(initial, [])
        if any(option not in offered for option in (chosen if isinstance(chosen, list) else [chosen])):
            yield told("must match one of the options provided", f"{at}/{initial}")

    return check


IMAGE_SOURCE = {"image_url": address, "slack_file": _SLACK_FILE}
IMAGE = fields({"alt_text": string(2000)}, IMAGE_SOURCE, one_of("image_url", "slack_file"))
_BUTTON = fields(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": address,
        "value": string(2000),
        "style": choice("primary", "danger"),
        "confirm": _CONFIRM,
        "accessibility_label": string(75),
    },
)
_FEEDBACK = fields({"text": plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
MENUS: dict[str, Check] = {
    "static_select": fields({}, {**_ASKED, **_OPTIONS, "initial_option": _OPTION}, _CHOSEN, _among("initial_option")),
    "multi_static_select": fields(
        {}, {**_ASKED, **_OPTIONS, **_SOME, "initial_options": many(_OPTION, 1)}, _CHOSEN, _among("initial_options")
    ),
    "external_select": fields({}, {**_ASKED, "min_query_length": whole(), "initial_option": _OPTION}),
    "multi_external_select": fields(
        {}, {**_ASKED, **_SOME, "min_query_length": whole(), "initial_options": many(_OPTION, 1)}
    ),
    "users_select": fields({}, {**_ASKED, "initial_user": string()}),
    "multi_users_select": fields({}, {**_ASKED, **_SOME, "initial_users": many(string())}),
    "conversations_select": fields({}, {**_ASKED, **_OF_CHANNELS, "initial_conversation": string()}),
    "multi_conversations_select": fields(
        {}, {**_ASKED, **_SOME, **_OF_CHANNELS, "initial_conversations": many(string())}
    ),
    "channels_select": fields({}, {**_ASKED, "initial_channel": string(), "response_url_enabled": flag}),
    "multi_channels_select": fields({}, {**_ASKED, **_SOME, "initial_channels": many(string())}),
    "datepicker": fields({}, {**_ASKED, "initial_date": string(10, 10)}),
    "timepicker": fields({}, {**_ASKED, "initial_time": string(5, 5), "timezone": string()}),
    "datetimepicker": fields({}, {**_ASKED, "initial_date_time": whole()}),
    "checkboxes": _boxes({"initial_options": many(_BOX_OPTION, 1, 10)}),
    "radio_buttons": _boxes({"initial_option": _BOX_OPTION}),
}
INPUTS: dict[str, Check] = {
    "plain_text_input": fields(
        {},
        {
            **_TYPED,
            "initial_value": string(3000),
            "multiline": flag,
            "min_length": whole(0, 3000),
            "max_length": whole(1, 3000),
        },
        _in_order("min_length", "max_length"),
    ),
    "number_input": fields(
        {"is_decimal_allowed": flag},
        {**_TYPED, "initial_value": string(), "min_value": string(), "max_value": string()},
        _in_order("min_value", "max_value"),
    ),
    "email_text_input": fields({}, {**_TYPED, "initial_value": string()}),
    "url_text_input": fields({}, {**_TYPED, "initial_value": string()}),
    "rich_text_input": fields({}, {**_TYPED, "initial_value": kinds({**_INLINE, "rich_text": _RICH})}),
    "file_input": fields({}, {"action_id": ID, "filetypes": many(string(), 1), "max_files": whole(1, 10)}),
}
PRESSED: dict[str, Check] = {
    "button": _BUTTON,
    # Two at least, as long documented; newer pages say one
    "overflow": fields({"options": many(_MENU_OPTION, 2, 5)}, {"action_id": ID, "confirm": _CONFIRM}),
    "workflow_button": fields(
        {"text": plain(75), "workflow": _WORKFLOW},
        {"action_id": ID, "style": choice("primary", "danger"), "accessibility_label": string(75)},
    ),
}
IN_CONTEXT_ACTIONS: dict[str, Check] = {
    "feedback_buttons": fields({"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": ID}),
    "icon_button": fields(
        {"icon": choice("trash"), "text": plain(75)},
        {
            "action_id": ID,
            "value": string(2000),
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": many(string(), 0, 10),
        },
    ),
}
