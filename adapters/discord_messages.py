"""A message as Discord takes it: an embed and its buttons, within Discord's limits."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from adapters.discord_text import Piece, escaped, linked, pieces, units, unmarked
from adapters.markup import title_text
from adapters.neutral import shortened, web_host
from digest.types import Action, Message, Paragraph, Run, Texts

# https://docs.discord.com/developers/resources/message#embed-object-embed-limits; all of an embed together has 6,000
DESCRIPTION_UNITS = 4096
TITLE_UNITS = 256
FOOTER_UNITS = 1400  # Discord takes 2,048, but that would be too much beside a full description
# https://docs.discord.com/developers/components/reference
ROWS = 5
ROW_BUTTONS = 5
LABEL_CHARS = 80
CUSTOM_ID_CHARS = 100
URL_CHARS = 512
THREAD_NAME_CHARS = 100  # https://docs.discord.com/developers/resources/channel#start-thread-from-message
NONCE_CHARS = 24  # 25 at most

READ = "read"  # the button that opens a report: where buttons fail, as in old posts, `/paper` does the same
_TYPED = "/paper"
_PRIMARY, _SECONDARY, _LINK = 1, 2, 5
_ACTION_ROW, _BUTTON = 1, 2

# A message's key, as characters that nobody sees: Discord keeps no data of a bot's with a message, and gives back no
# nonce. Texts of papers never hold these characters (adapters.markup.clean).
_ZERO, _ONE, _END = "\u200b", "\u200c", "\u200b"
_MARK_BITS = 64
_MARK = re.compile(f"[{_ZERO}{_ONE}]{{{_MARK_BITS}}}{_END}")

Json = dict[str, Any]


class DiscordMessage(Struct, frozen=True):
    """What a message is made of, wherever it is sent."""

    embed: Json
    rows: tuple[Json, ...] = ()

    def body(self) -> Json:
        """As Discord's JSON. It may mention nobody, whatever it says."""
        return {"embeds": [self.embed], "components": list(self.rows), "allowed_mentions": {"parse": []}}


def messages(message: Message) -> list[DiscordMessage]:
    """The message as one Discord message or as many as it takes, split at list points and sentences; no text is lost.

    Labels of buttons are the only texts that are shortened, to LABEL_CHARS.
    """
    portions = list(_portions(_body(message))) or [""]
    rows = _rows(message.actions)
    last = len(portions) - 1
    parts = [
        DiscordMessage(_embed(message if number == 0 else None, portion, message.footer if number == last else ""))
        for number, portion in enumerate(portions)
    ]
    groups = [tuple(rows[first : first + ROWS]) for first in range(0, len(rows), ROWS)]
    for number, group in enumerate(groups):
        if number == 0:
            parts[-1] = DiscordMessage(parts[-1].embed, group)
        else:
            parts.append(DiscordMessage({"description": "…"}, group))
    return parts


def one(message: Message, mark: str = "") -> DiscordMessage:
    """The message as one Discord message, with a mark (`mark_for`) to find it by.

    What does not fit is left out from the end of its body, and "…" says so.
    """
    room = DESCRIPTION_UNITS - len(mark)
    portions = list(itertools.islice(_portions(_body(message), room), 2))
    text = portions[0] if portions else ""
    if len(portions) > 1:
        text = next(_portions(_body(message), room - 2)) + "\n…"
    embed = _embed(message, text, _with_typed(message))
    place = "footer" if "footer" in embed else "description"
    if place == "footer":
        embed["footer"] = {"text": embed["footer"]["text"] + mark}
    elif mark:
        embed["description"] = embed.get("description", "") + mark
    return DiscordMessage(embed, tuple(_rows(message.actions)[:ROWS]))


def text(message: Message, room: int) -> str:
    """The title and the body as one text, for where there are no embeds; what is beyond `room` is left out, and "…"
    says so."""
    title = title_text(message.title)
    whole = (Paragraph((Run(title, bold=True),)), *message.blocks) if title else message.blocks
    portions = list(itertools.islice(_portions((piece for block in whole for piece in pieces(block)), room - 2), 2))
    return "\n…".join([*portions[:1], *("" for _ in portions[1:])])


def phrase(texts: Mapping[str, Texts], language: str, key: str, **values: object) -> str:
    """One of the fixed texts, in English where there are none in the language."""
    there = texts.get(language) or texts.get("en")
    return there.phrases[key].format(**values) if there else key


def notice(texts: Mapping[str, Texts], language: str, key: str, **values: object) -> Message:
    """One of the fixed texts as a message."""
    sentence = phrase(texts, language, key, **values)
    return Message(blocks=(Paragraph((Run(sentence),)),), plain=sentence)


def thread_name(message: Message) -> str:
    """What a thread under the message is called."""
    name = title_text(message.topic or message.title)
    return shortened(name, THREAD_NAME_CHARS) or "…"


def nonce_for(key: str) -> str:
    """A delivery's key as Discord takes a nonce."""
    return hashlib.sha256(key.encode()).hexdigest()[:NONCE_CHARS]


def mark_for(key: str) -> str:
    """The characters, unseen, by which the message with this key is found again."""
    bits = int.from_bytes(hashlib.sha256(key.encode()).digest()[: _MARK_BITS // 8], "big")
    return "".join(_ONE if bits >> place & 1 else _ZERO for place in range(_MARK_BITS)) + _END


def mark_of(message: Mapping[str, Any]) -> str:
    """The mark that a message of Discord's carries, "" when there is none."""
    for embed in message.get("embeds") or ():
        for text in ((embed.get("footer") or {}).get("text"), embed.get("description")):
            if found := _MARK.search(text or ""):
                return found[0]
    return ""


def pressed(custom_id: str) -> tuple[str, str]:
    """The command and argument of a button."""
    command, _, argument = custom_id.partition(":")
    return command, argument


# --- embeds ------------------------------------------------------------------------------------------------------


def _body(message: Message) -> Iterator[Piece]:
    """What stands in the description."""
    title = title_text(message.title)
    if title and not _fits_title(title):
        yield from (Piece(piece.text, leads=True) for piece in pieces(Paragraph((Run(title, bold=True),))))
        if web_host(message.link):
            yield Piece(linked(message.link, message.link))
    for block in message.blocks:
        yield from pieces(block)
    footer = unmarked(message.footer).strip()
    if units(footer) > FOOTER_UNITS:
        yield from pieces(Paragraph((Run(footer),)))


def _portions(body: Iterable[Piece], room: int = DESCRIPTION_UNITS) -> Iterator[str]:
    """The pieces in as few texts as hold them, in order; a heading goes with what it heads."""
    held: list[Piece] = []
    used = 0
    for piece in body:
        added = units(_between(held, piece) + piece.text)
        if held and used + added > room:
            ends = len(held) - (len(held) > 1 and held[-1].leads)
            yield _joined(held[:ends])
            held = held[ends:]
            used = units(_joined(held))
            added = units(_between(held, piece) + piece.text)
        held.append(piece)
        used += added
    if held:
        yield _joined(held)


def _joined(held: Sequence[Piece]) -> str:
    return "".join(_between(held[max(0, place - 1) : place], piece) + piece.text for place, piece in enumerate(held))


def _between(held: Sequence[Piece], piece: Piece) -> str:
    """What stands before a piece that follows others."""
    if not held:
        return ""
    return "\n\n" if piece.apart and not held[-1].leads else "\n"


def _embed(message: Message | None, description: str, footer: str) -> Json:
    embed: Json = {}
    title = title_text(message.title) if message else ""
    if message and title and _fits_title(title):
        embed["title"] = escaped(title)
        if web_host(message.link):
            embed["url"] = message.link
    if description:
        embed["description"] = description
    shown = unmarked(footer).strip()
    if shown and units(shown) <= FOOTER_UNITS:
        embed["footer"] = {"text": shown}
    return embed if "title" in embed or description else {**embed, "description": "…"}


def _fits_title(title: str) -> bool:
    return units(escaped(title)) <= TITLE_UNITS


def _with_typed(message: Message) -> str:
    """The footer, and how the report is asked for without a button."""
    reads = [action.argument.split()[0] for action in message.actions if action.command == READ and action.argument]
    typed = f"{_TYPED} {reads[0]}" if reads else ""
    return " · ".join(filter(None, (message.footer.strip(), typed)))


# --- buttons -----------------------------------------------------------------------------------------------------


def _rows(actions: Sequence[Action]) -> list[Json]:
    """Rows of buttons, no two with the same id, what is tucked away and asks something in rows of its own; an action
    that no button can hold is left out."""
    shown: dict[str, Json] = {}
    tucked: dict[str, Json] = {}
    for number, action in enumerate(actions):
        custom_id = f"{action.command}:{action.argument}"
        if _opens(action):
            shown[f"{number}"] = {"type": _BUTTON, "style": _LINK, "label": _label(action), "url": action.url}
        elif action.command and units(custom_id) <= CUSTOM_ID_CHARS and custom_id not in shown:
            style = _SECONDARY if shown or action.tucked else _PRIMARY
            button = {"type": _BUTTON, "style": style, "label": _label(action), "custom_id": custom_id}
            (tucked if action.tucked else shown)[custom_id] = button
    return [
        {"type": _ACTION_ROW, "components": list(group)}
        for buttons in (shown, {name: button for name, button in tucked.items() if name not in shown})
        for group in _grouped(list(buttons.values()))
    ]


def _grouped(buttons: Sequence[Json]) -> Iterator[Sequence[Json]]:
    return (buttons[first : first + ROW_BUTTONS] for first in range(0, len(buttons), ROW_BUTTONS))


def _opens(action: Action) -> bool:
    return bool(action.url and units(action.url) <= URL_CHARS and web_host(action.url))


def _label(action: Action) -> str:
    return fitted(action.label, LABEL_CHARS)


def fitted(text: str, most: int) -> str:
    """A text on one line that knows no markdown, shortened to `most` characters."""
    text = " ".join(unmarked(text).split())
    while units(text) > most:
        text = shortened(text, len(text) - 1)
    return text or "…"
