"""What a reader sees of Discord's markdown: its rules in the order in which Discord's apps try them, as far as they are
known (https://support.discord.com/hc/en-us/articles/210298617 and what its web app does).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field


@dataclass
class Seen:
    """The text without marks; links as (text, address); mentions as they were written; and the names of the marks."""

    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)


_RULES = {
    "escape": r"\\([^0-9A-Za-z\s])",
    "block": r"```(?:[a-z0-9_+\-.#]+\n)?\n*([^\n][\s\S]*?)\n*```",
    "code": r"(`+)([\s\S]*?[^`])\1(?!`)",
    "angled": r"<(https?://[^\s>]+)>",
    "bare": r"https?://[^\s<]+[^<.,:;\"'\]\s]",
    "link": r"\[((?:\[[^\]]*\]|[^\[\]]|\](?=[^\[]*\]))*)\]\(\s*<?((?:\([^)]*\)|[^\s\\]|\\.)*?)>?\s*\)",
    "mention": r"<[@#!][^>]*>|<a?:\w+:\d+>|<t:-?\d+(?::\w)?>|@everyone|@here",
    "emoji": r":\w+:",
    "bold": r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)",
    "underline": r"__((?:\\[\s\S]|[^\\])+?)__(?!_)",
    "italic": r"\b_((?:__|\\[\s\S]|[^\\_])+?)_\b|\*(?=\S)((?:\*\*|\s+(?:[^*\s]|\*\*)|[^\s*])+?)\*(?!\*)",
    "struck": r"~~([\s\S]+?)~~(?!_)",
    "spoiler": r"\|\|([\s\S]+?)\|\|",
    "text": r"[\s\S]+?(?=[^0-9A-Za-z\s\u00c0-\uffff]|\n|\w+:\S|$)",
}
_COMPILED = {name: re.compile(rule, re.ASCII) for name, rule in _RULES.items()}
_LINES = {
    "heading": re.compile(r"#{1,3} +", re.MULTILINE),
    "small": re.compile(r"-# +"),
    "quote": re.compile(r">(?:>>)? +"),
    "list": re.compile(r" *(?:[*-]|\d+\.) +(?=\S)", re.ASCII),
}


def seen(markdown: str) -> Seen:
    result = Seen()
    _read(markdown, result, at_line_start=True)
    return result


def _read(markdown: str, result: Seen, *, at_line_start: bool) -> None:
    place = 0
    while place < len(markdown):
        if at_line_start or markdown[place - 1 : place] == "\n":
            at_line_start = False
            for name, rule in _LINES.items():
                if start := rule.match(markdown, place):
                    result.marks.append(name)
                    place = start.end()
                    break
        name, found = next((name, found) for name, rule in _COMPILED.items() if (found := rule.match(markdown, place)))
        _take(name, found, result)
        place = found.end()


def _take(name: str, found: re.Match[str], result: Seen) -> None:
    match name:
        case "text":
            result.text += found[0]
            return
        case "escape":
            result.text += found[1]
            return
        case "block":
            result.text += found[1]
        case "code":
            result.text += found[2].strip() if len(found[1]) > 1 else found[2]
        case "bare" | "angled":
            address = found[1] if name == "angled" else found[0]
            result.text += address
            result.links.append((address, address))
        case "link":
            before = len(result.text)
            _read(found[1], result, at_line_start=False)
            result.links.append((result.text[before:], re.sub(r"\\(.)", r"\1", found[2])))
        case "mention" | "emoji":
            result.text += found[0]
            result.calls.append(found[0])
        case _:
            _read(next(group for group in found.groups() if group is not None), result, at_line_start=False)
    result.marks.append(name)
