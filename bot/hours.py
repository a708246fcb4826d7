"""Times of day as people type them: `9`, `9:30`, `09:00`, `9pm`, `9点半`, `下午3点`."""

from __future__ import annotations

import re
from collections.abc import Sequence

_AT = {"at", "@", "from", "在", "于", "时间"}
_CLOCK = re.compile(r"(\d{1,2})(?:[:.h时](\d{2})?)?\s*(am|pm|a\.m\.|p\.m\.)?", re.ASCII)
_MARKED = re.compile(r"\d{1,2}(?::\d{2}|\s*(?:am|pm)|:\d{2}\s*(?:am|pm))", re.ASCII)  # a time without `at` before it
_HAN = re.compile(
    r"(上午|早上|早晨|凌晨|中午|下午|晚上|傍晚)?\s{0,8}(\d{1,2})(?:点|时)(半|一刻|(\d{1,2})分?)?", re.ASCII
)
_HAN_CLOCK = re.compile(r"(上午|早上|早晨|凌晨|中午|下午|晚上|傍晚)\s*(\d{1,2}):(\d{2})", re.ASCII)
_AFTERNOON = {"下午", "晚上", "傍晚", "中午"}
_NAMED = {"noon": "12:00", "midday": "12:00", "midnight": "00:00", "中午": "12:00", "正午": "12:00"}


def hour_at(words: Sequence[str], place: int) -> tuple[str, int]:
    """The time, HH:MM, that begins at a word, and how many words it takes; "" and 0 when none does.

    A number alone is a time after `at` only. Words are in lower case.
    """
    introduced = words[place] in _AT
    first = place + introduced
    word = words[first] if first < len(words) else ""
    after = words[first + 1] if first + 1 < len(words) else ""
    if after in {"am", "pm"} and word.replace(":", "").isdecimal() and (hour := hour_meant(f"{word}{after}")):
        return hour, introduced + 2
    if not (introduced or _MARKED.fullmatch(word) or _HAN.fullmatch(word) or _HAN_CLOCK.fullmatch(word)):
        return "", 0
    hour = hour_meant(word)
    return (hour, introduced + 1) if hour else ("", 0)


def hour_meant(text: str) -> str:
    """A time as HH:MM; "" for what is none."""
    words = text.strip().casefold()
    if words in _NAMED:
        return _NAMED[words]
    if match := _HAN.fullmatch(words):
        minute = {"半": 30, "一刻": 15, None: 0}.get(match[3], int(match[4] or 0))
        return _checked(int(match[2]), minute, "pm" if match[1] in _AFTERNOON else "")
    if match := _HAN_CLOCK.fullmatch(words):
        return _checked(int(match[2]), int(match[3]), "pm" if match[1] in _AFTERNOON else "")
    if match := _CLOCK.fullmatch(words):
        return _checked(int(match[1]), int(match[2] or 0), (match[3] or "").replace(".", ""))
    return ""


def _checked(hour: int, minute: int, half: str) -> str:
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    return f"{hour:02}:{minute:02}" if hour < 24 and minute < 60 else ""
