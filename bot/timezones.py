"""Time zones as people name them: an IANA name, a city, or hours from UTC."""

from __future__ import annotations

import functools
import re
import unicodedata

# One for each part of the world where many people live, from west to east: to choose from
OFFERED = (
    "America/Los_Angeles",
    "America/New_York",
    "America/Sao_Paulo",
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Australia/Sydney",
)
# Cities that no zone is called by, and Chinese names; https://www.iana.org/time-zones names one city for each zone
_ALSO = {
    "beijing": "Asia/Shanghai",
    "shenzhen": "Asia/Shanghai",
    "mumbai": "Asia/Kolkata",
    "delhi": "Asia/Kolkata",
    "bangalore": "Asia/Kolkata",
    "san francisco": "America/Los_Angeles",
    "seattle": "America/Los_Angeles",
    "boston": "America/New_York",
    "montreal": "America/Toronto",
    "munich": "Europe/Berlin",
    "hamburg": "Europe/Berlin",
    "geneva": "Europe/Zurich",
    "pacific": "America/Los_Angeles",
    "eastern": "America/New_York",
    "北京": "Asia/Shanghai",
    "上海": "Asia/Shanghai",
    "深圳": "Asia/Shanghai",
    "中国": "Asia/Shanghai",
    "香港": "Asia/Hong_Kong",
    "台北": "Asia/Taipei",
    "东京": "Asia/Tokyo",
    "首尔": "Asia/Seoul",
    "新加坡": "Asia/Singapore",
    "伦敦": "Europe/London",
    "巴黎": "Europe/Paris",
    "柏林": "Europe/Berlin",
    "纽约": "America/New_York",
    "洛杉矶": "America/Los_Angeles",
    "旧金山": "America/Los_Angeles",
}
_CONTINENTS = {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
_HOURS = re.compile(r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?00)?", re.ASCII)
_MOST_EAST, _MOST_WEST = 14, 12
_NEAR = 3


def find(text: str) -> str | None:
    """The IANA name of the zone that somebody means; None when there is none, or more than one."""
    if text.partition("/")[0] in _CONTINENTS and _exists(text):
        return text  # as platforms say it: every name there is need not be looked up
    wanted = _folded(text)
    if shift := _HOURS.fullmatch(wanted):
        return _fixed(shift[1], int(shift[2]))
    return _labels().get(wanted)


def nearest(text: str) -> tuple[str, ...]:
    """The zones whose names look most like it, best first."""
    from difflib import get_close_matches

    close = get_close_matches(_folded(text), _labels(), n=_NEAR * 2, cutoff=0.5)
    return tuple(dict.fromkeys(_labels()[label] for label in close))[:_NEAR]


def _exists(name: str) -> bool:
    import zoneinfo  # only when a time zone is asked about

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _fixed(sign: str, hours: int) -> str | None:
    """Such zones are named by what has to be added for UTC, so with the other sign."""
    if hours == 0:
        return "UTC"
    if hours > (_MOST_EAST if sign == "+" else _MOST_WEST):
        return None
    return f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"


@functools.cache
def _labels() -> dict[str, str]:
    """Folded names, and cities that only one zone is called by, each with the name of its zone."""
    import zoneinfo  # only when a time zone is asked about

    names = sorted(zoneinfo.available_timezones())
    labels: dict[str, str] = {}
    for name in names:
        if name.partition("/")[0] in _CONTINENTS:
            labels.setdefault(_folded(name.rpartition("/")[2]), name)
    labels.update(_ALSO)
    labels.update({_folded(name): name for name in names})
    return labels


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().replace("_", " ").split())
