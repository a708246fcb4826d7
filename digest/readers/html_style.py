"""What an inline style does to the text it is on, as far as that decides whether a reader can see the text."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from msgspec import Struct

Colour = tuple[int, int, int]  # red, green, blue: 0 to 255

MIN_FONT_PX = 2.0
MIN_OPACITY = 0.05
OFF_SCREEN_PX = 999.0  # moved this far to the left or up
MAX_STYLE_CHARS = 4000
SAME_COLOUR = 12  # channels that differ by no more look the same

_LENGTH = re.compile(r"(-?(?:\d++\.?+\d*+|\.\d++))\s*+(px|pt|em|rem|ex|%|vw|vh|in|cm|mm|pc)?")
_PX = {"pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "%": 0.16, "vw": 12.0, "vh": 8.0}
_PX |= {"in": 96.0, "cm": 37.8, "mm": 3.78, "pc": 16.0}
_CLIPPED = re.compile(r"rect\(\s*(?:0|1px)\D|inset\(\s*(?:[5-9]\d|100)%|circle\(\s*0\D")
_FLAT = re.compile(r"(?:scale[xy]?|matrix)\(\s*0(?:\.0+)?\s*[,)]")
_FUNCTION = re.compile(r"(rgb|hsl)a?\(([^()]*+)\)")
_NAMED: dict[str, Colour] = {
    "white": (255, 255, 255),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "navy": (0, 0, 128),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "yellow": (255, 255, 0),
}


class Style(Struct, frozen=True):
    hidden: bool = False
    colour: Colour | None = None
    background: Colour | None = None

    def matches(self, background: Colour | None) -> bool:
        """Whether text in this style cannot be told from what lies behind it."""
        if self.colour is None or background is None:
            return False
        return all(abs(one - other) <= SAME_COLOUR for one, other in zip(self.colour, background, strict=True))


@lru_cache(maxsize=4096)
def style_of(text: str) -> Style:
    """What a style attribute, or the declarations of a rule, do."""
    if not text:
        return Style()
    said = {}
    for declaration in text[:MAX_STYLE_CHARS].lower().replace("!important", "").split(";"):
        name, _, value = declaration.partition(":")
        said[name.strip()] = value.strip()
    colour = said.get("color") or said.get("--ltx-fg-color", "")
    background = said.get("background-color") or said.get("--ltx-bg-color") or said.get("background", "")
    return Style(
        hidden=any(_HIDING[name](value) for name, value in said.items() if name in _HIDING) or _is_cut_off(said),
        colour=colour_of(colour),
        background=colour_of(background),
    )


def _is_faint(opacity: str) -> bool:
    value = _number(opacity)
    return value is not None and value < MIN_OPACITY


def _is_tiny(size: str) -> bool:
    value = _px(size)
    return value is not None and value < MIN_FONT_PX


def _is_tiny_font(font: str) -> bool:
    """Whether the size in a `font` shorthand such as `italic 0px/1 serif` is tiny."""
    found = re.search(r"(?:^|\s)(-?[\d.]+(?:px|pt|em|rem|%))", font)
    return found is not None and _is_tiny(found[1])


def _is_elsewhere(move: str) -> bool:
    return (_px(move) or 0) <= -OFF_SCREEN_PX


def _is_clipped(shape: str) -> bool:
    return _CLIPPED.search(shape) is not None


def _is_cut_off(said: dict[str, str]) -> bool:
    """Whether nothing of a box without room is shown."""
    if not any("hidden" in said.get(name, "") for name in ("overflow", "overflow-x", "overflow-y")):
        return False
    sides = (_px(said.get(side, "")) for side in ("width", "height", "max-width", "max-height"))
    return any(side is not None and side <= 1 for side in sides)


def _is_transparent(colour: str) -> bool:
    if colour == "transparent":
        return True
    if colour.startswith("#"):
        return (len(colour) == 9 and colour.endswith("00")) or (len(colour) == 5 and colour.endswith("0"))
    function = _FUNCTION.match(colour)
    parts = re.split(r"[\s,/]+", function[2].strip()) if function else []
    return len(parts) == 4 and (_number(parts[3]) or 0) < MIN_OPACITY


def _number(text: str) -> float | None:
    found = _LENGTH.match(text)
    if not found:
        return None
    return float(found[1]) / (100 if found[2] == "%" else 1)


def _px(text: str) -> float | None:
    found = _LENGTH.match(text)
    return float(found[1]) * _PX.get(found[2] or "px", 1.0) if found else None


def colour_of(text: str) -> Colour | None:
    """The colour that a value names, as far as it can be told; None for anything else."""
    text = text.lower()
    if text in _NAMED:
        return _NAMED[text]
    found = re.search(r"#([0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})\b", text)
    if found:
        digits = found[1] if len(found[1]) >= 6 else "".join(digit * 2 for digit in found[1])
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
    function = _FUNCTION.search(text)
    parts = re.split(r"[\s,/]+", function[2].strip()) if function else []
    if function is None or len(parts) < 3:
        return None
    if function[1] == "hsl":
        return _grey_of(parts)
    red, green, blue = (_channel(part) for part in parts[:3])
    return red, green, blue


def _channel(part: str) -> int:
    value = _number(part) or 0.0
    return min(255, max(0, round(value * 255 if part.endswith("%") else value)))


def _grey_of(parts: list[str]) -> Colour | None:
    """An hsl() colour at the ends of its lightness, where alone it is white or black."""
    lightness = _number(parts[2]) or 0.0
    if 0.04 < lightness < 0.96:
        return None
    level = round(lightness * 255)
    return level, level, level


# What each property must say for its text not to be seen.
_HIDING: dict[str, Callable[[str], bool]] = {
    "display": "none".__eq__,
    "visibility": ("hidden", "collapse").__contains__,
    "content-visibility": "hidden".__eq__,
    "opacity": _is_faint,
    "font-size": _is_tiny,
    "font": _is_tiny_font,
    "transform": lambda change: _FLAT.search(change) is not None,
    **dict.fromkeys(("left", "top", "text-indent", "margin-left", "margin-top"), _is_elsewhere),
    **dict.fromkeys(("clip", "clip-path"), _is_clipped),
    **dict.fromkeys(("color", "--ltx-fg-color"), _is_transparent),
}
