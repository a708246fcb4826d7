"""Until when: a day as people name it in chat, in English and Chinese."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, timedelta

from digest.subscriptions import FOR_GOOD

LONGEST_DAYS = 3660

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HAN_WEEKDAYS = {"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6}
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4}
_FILLERS = re.compile(r"^(?:(?:until|till|to|for|the|next|on)\s+|(?:直?到|至)\s*)+(?!$)")
_ISO = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?", re.ASCII)
_DAY_AND_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?\.?\s*([a-z]{3,9})\.?(?:,?\s*(\d{4}))?", re.ASCII)
_MONTH_AND_DAY = re.compile(r"([a-z]{3,9})\.?\s*(\d{1,2})(?:st|nd|rd|th)?(?:,?\s*(\d{4}))?", re.ASCII)
_HAN_DAY = re.compile(r"(\d{1,2})月(\d{1,2})[日号]?", re.ASCII)
_SPAN = re.compile(
    r"(\d{1,4}|[a-z]{1,20}|[一两二三四])?\s{0,8}个?\s{0,8}(days?|d|weeks?|w|months?|天|日|周|星期|礼拜|月)(?:后)?",
    re.ASCII,
)
_UNIT_DAYS = {"d": 1, "w": 7, "m": 30, "天": 1, "日": 1, "周": 7, "星": 7, "礼": 7, "月": 30}
_HAN_WEEKDAY = re.compile(r"(?:下)?(?:周|星期|礼拜)([一二三四五六日天])")
_NO_END = {"forever", "for good", "further notice", "i resume", "一直", "永久"}
_NAMED = {"tomorrow": 1, "明天": 1, "后天": 2, "overmorrow": 2}


def day_meant(text: str, today: date) -> date | None:
    """The day on which something goes on again: a date, a weekday, or how long from today.

    None when it cannot be understood or is not after today. What shall have no end is FOR_GOOD.
    """
    words = _FILLERS.sub("", " ".join(unicodedata.normalize("NFKC", text).casefold().split()))
    if words in _NO_END:
        return FOR_GOOD
    found = _dated(words, today) or _weekday(words, today) or _span(words, today)
    return found if found is not None and found > today else None


def _dated(words: str, today: date) -> date | None:
    if match := _ISO.fullmatch(words):
        return _date(int(match[1]), int(match[2]), int(match[3]))
    if match := _HAN_DAY.fullmatch(words):
        return _coming(int(match[1]), int(match[2]), None, today)
    if (match := _DAY_AND_MONTH.fullmatch(words)) and (month := _month(match[2])):
        return _coming(month, int(match[1]), match[3], today)
    if (match := _MONTH_AND_DAY.fullmatch(words)) and (month := _month(match[1])):
        return _coming(month, int(match[2]), match[3], today)
    return None


def _coming(month: int, day: int, year: str | None, today: date) -> date | None:
    """That day of the year, without a year of the next time it comes."""
    if year:
        return _date(int(year), month, day)
    this_year = _date(today.year, month, day)
    return this_year if this_year is not None and this_year > today else _date(today.year + 1, month, day)


def _weekday(words: str, today: date) -> date | None:
    match = _HAN_WEEKDAY.fullmatch(words)
    if match:
        weekday = _HAN_WEEKDAYS[match[1]]
    elif words[:3] in _WEEKDAYS and re.fullmatch(r"[a-z]{3}(?:s|rs|day|sday|nesday|rsday|urday)?", words):
        weekday = _WEEKDAYS.index(words[:3])
    else:
        return None
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _span(words: str, today: date) -> date | None:
    if words in _NAMED:
        return today + timedelta(days=_NAMED[words])
    match = _SPAN.fullmatch(words)
    if match is None:
        return None
    count = 1 if match[1] is None else int(match[1]) if match[1].isdecimal() else _COUNTS.get(match[1], 0)
    days = count * _UNIT_DAYS[match[2][0]]
    return today + timedelta(days=days) if 0 < days <= LONGEST_DAYS else None


def _month(name: str) -> int:
    """1 to 12, 0 for a word that is none."""
    return _MONTHS.index(name[:3]) + 1 if name[:3] in _MONTHS else 0


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
