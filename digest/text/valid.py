"""Make text from outside valid: something that UTF-8, JSON, SQLite, a terminal and every chat platform can hold.

Applied once at each edge: answers of models, the Hub's entries, readings, commands and forms from chat, files, and
arguments of the command line. Everything inside relies on it.

    two halves of a surrogate pair      the character that they spell
    half a surrogate alone              a space: nothing on either side of it grows together
    NUL, C0 and C1 controls, DEL        a space, but for tab and line feed; CR and CRLF become line feeds
    noncharacters (U+FFFE, U+FDD0 ...)  a space: https://www.unicode.org/faq/private_use.html#nonchar8
    bidi embeddings, overrides and      removed: one that is not closed turns round the rest of the message, and text in
    isolates (U+202A-E, U+2066-9)       any script reads right without (https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing)

All else stays: joiners (of emoji, of Persian and Indic words), variation selectors, the marks U+200E, U+200F and
U+061C, private-use and unassigned characters, U+FFFD.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

T = TypeVar("T")

_PLANES = "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
_BIDI = "\u202a-\u202e\u2066-\u2069"
_UNUSABLE = f"\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef{_PLANES}"
OUTSIDE_CHARS = 20_000  # of a text that somebody sends; the process that answers chat handles none longer
_INVALID = re.compile(f"[{_UNUSABLE}{_BIDI}]")
_PAIR = re.compile("([\ud800-\udbff])([\udc00-\udfff])")
_LINE_END = re.compile("\r\n?")
_REMOVED = re.compile(f"[{_BIDI}]")
_SPACED = re.compile(f"[{_UNUSABLE}]")


def valid_text(text: str) -> str:
    """Return the text with everything invalid replaced as above. Valid text comes back as it is."""
    if _INVALID.search(text) is None:
        return text
    paired = _PAIR.sub(_joined, text)
    return _SPACED.sub(" ", _REMOVED.sub("", _LINE_END.sub("\n", paired)))


def valid(value: T) -> T:
    """Return a value whose texts are valid: a text, a tree of JSON or a struct. One that is valid comes back as it is.

    Raises RecursionError for a tree of many hundred levels.
    """
    return with_texts(value, valid_text)


def bounded(value: T) -> T:
    """Return a value from outside with valid texts, each cut to OUTSIDE_CHARS."""
    return with_texts(value, lambda text: valid_text(text[:OUTSIDE_CHARS]))


def with_texts(value: T, change: Callable[[str], str]) -> T:
    """Return a value with a change made to each of its texts, keys of tables among them."""
    return cast("T", _changed(value, change))


def _changed(value: Any, change: Callable[[str], str]) -> Any:
    match value:
        case str():
            return change(value)
        case dict():
            return {_changed(key, change): _changed(held, change) for key, held in value.items()}
        case list():
            return [_changed(held, change) for held in value]
        case tuple():
            entries = tuple(_changed(held, change) for held in value)
            return entries if any(one is not other for one, other in zip(entries, value, strict=True)) else value
        case Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            now = {name: _changed(held, change) for name, held in fields.items()}
            changes = {name: held for name, held in now.items() if held is not fields[name]}
            return replace(value, **changes) if changes else value
        case _:
            return value


def _joined(pair: re.Match[str]) -> str:
    return (pair[1] + pair[2]).encode("utf-16", "surrogatepass").decode("utf-16")
