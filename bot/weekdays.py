"""Weekdays as people type them: `mon-fri`, `weekdays`, `daily`, `Mon, Wed and Fri`, `工作日`, `周一到周五`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from digest.editions import WEEKDAYS

_NAMES = {
    **{name: name for name in WEEKDAYS},
    "tues": "tue",
    "weds": "wed",
    "thur": "thu",
    "thurs": "thu",
    **{f"{name}day": name for name in ("mon", "fri", "sun")},
    "tuesday": "tue",
    "wednesday": "wed",
    "thursday": "thu",
    "saturday": "sat",
}
_NAMES |= {f"{name}s": day for name, day in list(_NAMES.items()) if name.endswith("day")}
_HAN = dict(zip("一二三四五六日天", (*WEEKDAYS, "sun"), strict=True))
_GROUPS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("weekdays", "weekday", "workdays", "workday", "工作日"), WEEKDAYS[:5]),
    **dict.fromkeys(("weekends", "weekend", "周末"), WEEKDAYS[5:]),
    **dict.fromkeys(("daily", "everyday", "每天", "每日", "天天"), WEEKDAYS),
}
_HAN_DAYS = re.compile(r"每?(?:周|星期|礼拜)([一二三四五六日天]+)")
_TO = re.compile(r"-|–|—|~|\.\.|到|至|through|to")
_BETWEEN = {"-", "–", "—", "~", "to", "through", "till", "until", "到", "至"}
_BEFORE = {"on", "every", "each", "每"}


def weekdays_at(words: Sequence[str], place: int) -> tuple[tuple[str, ...], int]:
    """The weekdays that begin at a word, and how many words they take; 0 when none do. Words are in lower case."""
    introduced = words[place] in _BEFORE
    first = place + introduced
    word, between, last = (*words[first : first + 3], "", "", "")[:3]
    if introduced and word == "day":
        return WEEKDAYS, 2
    days = weekdays_meant(word)
    if not days:
        return (), 0
    if between in _BETWEEN and len(days) == 1 and len(end := weekdays_meant(last)) == 1:
        return _from(days[0], end[0]), introduced + 3
    return days, introduced + 1


def weekdays_meant(word: str) -> tuple[str, ...]:
    """The weekdays of one word, such as a name or a range; none for what is no such word."""
    if known := _GROUPS.get(word):
        return known
    if days := _named(word):
        return days
    parts = _TO.split(word)
    if len(parts) == 2 and len(begin := _named(parts[0])) == 1:
        end = _named(parts[1]) or ((_HAN[parts[1]],) if parts[1] in _HAN else ())
        return _from(begin[0], end[0]) if len(end) == 1 else ()
    return ()


def weekdays_typed(weekdays: Sequence[str]) -> str:
    """What has to be typed for these: a word, a range or a list."""
    days = in_order(weekdays)
    if days == WEEKDAYS:
        return "daily"
    if len(days) > 2 and days == _from(days[0], days[-1]):
        return f"{days[0]}-{days[-1]}"
    return ", ".join(days)


def in_order(weekdays: Iterable[str]) -> tuple[str, ...]:
    named = set(weekdays)
    return tuple(day for day in WEEKDAYS if day in named)


def _named(word: str) -> tuple[str, ...]:
    if match := _HAN_DAYS.fullmatch(word):
        return in_order(_HAN[one] for one in match[1])
    return (_NAMES[word],) if word in _NAMES else ()


def _from(begin: str, end: str) -> tuple[str, ...]:
    """From one to the other, over the end of the week if need be; in the order of the week."""
    first, last = WEEKDAYS.index(begin), WEEKDAYS.index(end)
    return in_order(WEEKDAYS[(first + step) % 7] for step in range((last - first) % 7 + 1))
