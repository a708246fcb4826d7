"""A message as Slack takes it: Block Kit and the text of its notification, within Slack's limits."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from adapters.markup import clean, title_text
from adapters.neutral import break_at, mrkdwn, shortened, web_host
from adapters.slack_rich import TEXT_CHARS, URL_CHARS, Element, elements, joined, text_of
from digest.types import Action, Message, Paragraph, Run

MESSAGE_BLOCKS = 50  # https://docs.slack.dev/reference/block-kit/blocks
# A whole message fails with msg_blocks_too_long near 13,200 characters, to which each block adds about 125: not
# documented, measured in https://github.com/slackapi/bolt-js/issues/2509
MESSAGE_CHARS = 10_000
RENDERED_CHARS = 13_000
BLOCK_CHARS = 125
NOTIFICATION_CHARS = 4000  # of `text`, as https://docs.slack.dev/reference/methods/chat.postMessage asks
HEADER_CHARS = 150  # https://docs.slack.dev/reference/block-kit/blocks/header-block
HEADING_CHARS = 150  # of a bold paragraph that is kept with what follows it
ACTIONS_ELEMENTS = 25  # https://docs.slack.dev/reference/block-kit/blocks/actions-block
# https://docs.slack.dev/reference/block-kit/block-elements/button-element
BUTTON_CHARS = 75
ACTION_ID_CHARS = 255
BUTTON_VALUE_CHARS = 2000
OVERFLOW_OPTIONS = 5  # https://docs.slack.dev/reference/block-kit/block-elements/overflow-menu-element
OPTION_VALUE_CHARS = 150  # https://docs.slack.dev/reference/block-kit/composition-objects/option-object

OPENS = "open"  # stands for the command of a button that only opens an address: Slack reports that press too
_MENU = "menu"


class SlackMessage(Struct, frozen=True):
    """What chat.postMessage and chat.update are given: at most MESSAGE_BLOCKS blocks, and the notification's text."""

    blocks: tuple[Element, ...]
    text: str


class _Piece(Struct, frozen=True):
    """As little of a message as stays together: a block with one element, or an element of the rich text `part`."""

    part: int
    content: Element
    text: str
    chars: int
    leads: bool = False  # a heading: not to be left at a message's end


def messages(message: Message) -> list[SlackMessage]:
    """The message as one Slack message or as many as it takes, split at list points and sentences; no text is lost.

    Labels of buttons are the only texts that are shortened, to BUTTON_CHARS.
    """
    pieces = [*_body(message), *_ending(message)]
    portions = list(_portions(pieces)) or [[]]
    whole = message.plain if len(portions) == 1 else ""
    return [_built(portion, whole) for portion in portions]


def one(message: Message) -> SlackMessage:
    """The message as one Slack message. What does not fit is left out from the end of its body, and "…" says so."""
    body, ending = list(_body(message)), list(_ending(message))
    portions = list(_portions([*body, *ending]))
    if len(portions) <= 1:
        return _built([*body, *ending], message.plain)
    ending = next(_portions([_piece(-1, _section("…")), *ending]))
    portion = _Portion(ending)
    kept = list(itertools.takewhile(portion.add, body))
    return _built([*kept, *ending], message.plain)


def pressed(action: Mapping[str, Any]) -> tuple[str, str]:
    """The command and argument of a pressed button or menu entry, as Slack's block_actions payload names it.

    The command is OPENS for a button that opens an address.
    """
    chosen = action.get("selected_option")
    command, _, argument = str(chosen["value"] if chosen else action["action_id"]).partition(":")
    return command, argument if chosen else str(action.get("value", argument))


# --- messages out of pieces --------------------------------------------------------------------------------------


def _built(pieces: Sequence[_Piece], plain: str) -> SlackMessage:
    blocks: list[Element] = []
    for _, group in itertools.groupby(pieces, lambda piece: piece.part):
        contents = [piece.content for piece in group]
        if contents[0]["type"].startswith("rich_text_"):
            blocks.append({"type": "rich_text", "elements": joined(contents)})
        else:
            blocks += contents
    text = plain or "\n".join(piece.text for piece in pieces if piece.text)
    # Slack refuses an empty message, and a notification without words
    return SlackMessage(tuple(blocks), mrkdwn(text, NOTIFICATION_CHARS) if clean(text).strip() else "…")


class _Portion:
    """Pieces that fit one message together."""

    def __init__(self, pieces: Sequence[_Piece] = ()) -> None:
        self.pieces: list[_Piece] = []
        self.chars = self.blocks = 0
        for piece in pieces:
            self.add(piece)

    def add(self, piece: _Piece) -> bool:
        """Adds the piece unless it does not fit."""
        chars = self.chars + piece.chars
        blocks = self.blocks + (not self.pieces or self.pieces[-1].part != piece.part)
        if blocks > MESSAGE_BLOCKS or chars > MESSAGE_CHARS or chars + blocks * BLOCK_CHARS > RENDERED_CHARS:
            return False
        self.pieces.append(piece)
        self.chars, self.blocks = chars, blocks
        return True


def _portions(pieces: Sequence[_Piece]) -> Iterator[list[_Piece]]:
    """The pieces in as few messages as hold them, in order; a heading goes with what it heads."""
    portion = _Portion()
    for piece in pieces:
        if not portion.add(piece):
            ends = len(portion.pieces) - (len(portion.pieces) > 1 and portion.pieces[-1].leads)
            yield portion.pieces[:ends]
            portion = _Portion([*portion.pieces[ends:], piece])
    if portion.pieces:
        yield portion.pieces


# --- pieces out of a message -------------------------------------------------------------------------------------


def _body(message: Message) -> Iterator[_Piece]:
    parts = itertools.count()
    title = title_text(message.title)
    if title and not message.link and len(title) <= HEADER_CHARS:
        yield _piece(next(parts), {"type": "header", "text": _plain_text(title)})
    elif title:
        part = next(parts)
        run = Run(title, bold=True, link=message.link)
        yield from (_piece(part, element) for element in elements(Paragraph((run,))))
    for block in message.blocks:
        part = next(parts)
        bold = isinstance(block, Paragraph) and all(run.bold for run in block.runs)
        for element in elements(block):
            yield _piece(part, element, bold and len(text_of(element)) <= HEADING_CHARS)


def _ending(message: Message) -> Iterator[_Piece]:
    parts = itertools.count(-2, -1)
    footer = clean(message.footer).strip()
    while footer:
        end = break_at(footer, TEXT_CHARS) if len(footer) > TEXT_CHARS else len(footer)
        yield _piece(next(parts), {"type": "context", "elements": [_plain_text(footer[:end])]})
        footer = footer[end:].lstrip()
    yield from (_piece(next(parts), block) for block in _actions(message.actions))


def _piece(part: int, content: Element, leads: bool = False) -> _Piece:
    match content["type"]:
        case "header":
            text = content["text"]["text"]
        case "context":
            text = content["elements"][0]["text"]
        case "actions":
            return _Piece(part, content, "", sum(map(_chars_of, content["elements"])))
        case _:
            text = text_of(content)
    return _Piece(part, content, text, len(text), leads)


def _section(text: str) -> Element:
    return {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}


def _plain_text(text: str) -> Element:
    return {"type": "plain_text", "text": text, "emoji": False}  # a paper's ":x:" is no picture


# --- buttons -----------------------------------------------------------------------------------------------------


def _actions(actions: Sequence[Action]) -> Iterator[Element]:
    """Blocks of buttons, then menus of the actions that are tucked away; no two of a block with the same id."""
    usable = [(number, action) for number, action in enumerate(actions) if action.command or _address(action)]
    tucked = [(number, action) for number, action in usable if action.tucked and _fits_menu(action)]
    menus = [tucked[first : first + OVERFLOW_OPTIONS] for first in range(0, len(tucked), OVERFLOW_OPTIONS)]
    if menus and len(menus[-1]) == 1:  # a menu has two entries at least
        tucked = tucked[:-1]
        menus.pop()
    controls = [_button(number, action) for number, action in usable if (number, action) not in tucked]
    controls += [_menu(number, menu) for number, menu in enumerate(menus)]
    block: list[Element] = []
    for control in controls:
        if len(block) == ACTIONS_ELEMENTS or control["action_id"] in {other["action_id"] for other in block}:
            yield {"type": "actions", "elements": block}
            block = []
        block.append(control)
    if block:
        yield {"type": "actions", "elements": block}


def _button(number: int, action: Action) -> Element:
    button = {"type": "button", "text": _label(action)}
    if address := _address(action):
        return {**button, "action_id": f"{OPENS}:{number}", "url": address}
    value = {"value": action.argument[:BUTTON_VALUE_CHARS]} if action.argument else {}
    return {**button, "action_id": f"{action.command}:{action.argument}"[:ACTION_ID_CHARS], **value}


def _menu(number: int, actions: Sequence[tuple[int, Action]]) -> Element:
    return {
        "type": "overflow",
        "action_id": f"{_MENU}:{number}",
        "options": [_option(number, action) for number, action in actions],
    }


def _option(number: int, action: Action) -> Element:
    if address := _address(action):
        return {"text": _label(action), "value": f"{OPENS}:{number}", "url": address}
    return {"text": _label(action), "value": f"{action.command}:{action.argument}"}


def _fits_menu(action: Action) -> bool:
    return bool(_address(action)) or len(f"{action.command}:{action.argument}") <= OPTION_VALUE_CHARS


def _address(action: Action) -> str:
    return action.url if len(action.url) <= URL_CHARS and web_host(action.url) else ""


def _label(action: Action) -> Element:
    return _plain_text(shortened(" ".join(clean(action.label).split()), BUTTON_CHARS) or "…")


def _chars_of(control: Element) -> int:
    return sum(len(part["text"]["text"]) for part in control.get("options", [control]))
