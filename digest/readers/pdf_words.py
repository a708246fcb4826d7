"""Words that a line end has cut in two."""

from __future__ import annotations

import re
from collections.abc import Iterable

HYPHEN = "\x02"  # at the end of a line: the word goes on in the next

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LEFT = re.compile(r"(?<![^\W\d_])(?<![^\W\d_]-)(?P<word>[^\W\d_]++(?>(?:-[^\W\d_]++)*))[\x02-]$")
_RIGHT = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

_LONGEST = 200  # characters of a word


class Joiner:
    """Joins lines with what the rest of a document tells of its words: "en-" and "coder" are "encoder", but
    "English-" and "to-German" keep their hyphen where "English-to-German" stands somewhere else, and so do two words
    that stand elsewhere alone."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._known: set[str] = set()
        cut = False
        for line in lines:
            words = _WORD.findall(line)
            cut, after_cut = _LEFT.search(line) is not None, cut
            self._known.update(word.casefold() for word in words[after_cut : -1 if cut else None])

    def joined(self, lines: Iterable[str]) -> str:
        done: list[str] = []
        end = ""  # as much as a word that goes on may hold
        for line in lines:
            end = self._pair(end, line.strip()) if end else line.strip()
            done.append(end[:-_LONGEST])
            end = end[-_LONGEST:]
        return "".join([*done, end]).replace(HYPHEN, "-")

    def _pair(self, before: str, after: str) -> str:
        left, right = _LEFT.search(before), _RIGHT.match(after)
        if left is None or right is None:
            return f"{before[:-1]}-{after}" if before.endswith(HYPHEN) else f"{before} {after}"
        hyphen = "-" if after[0].isupper() or self._keeps_hyphen(left["word"].casefold(), right[0].casefold()) else ""
        return f"{before[:-1]}{hyphen}{after}"

    def _keeps_hyphen(self, left: str, right: str) -> bool:
        if left + right in self._known:
            return False
        words = len(left) > 3 and len(right) > 3 and {left, right} <= self._known
        return f"{left}-{right}" in self._known or "-" in left or words
