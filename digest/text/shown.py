"""Keep links and calls to people out of text that others have written, judged by what a reader is shown of it.

Shown is a text without the characters that nobody sees, and a formula without its commands and braces: `https:` and
`/{}/`, a formula, read as the beginning of an address. How platforms set formulas adds nothing to that: adapters show
slashes and colons at which an address could grow together as signs of mathematics. A formula of nothing but marks
(`\\alpha`, `\\text{`) is shown as its sign or as it is written, so it is looked at both without them and with them.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from digest.inline import fold, text_runs, without_spans
from digest.types import Run, RunKind, Runs

Spans = Iterator[tuple[int, int]]
_Kind = Callable[["Shown", Runs], Spans]

_ROUNDS = 4  # honest texts take two; marks that are laid into each other deeper than that lose all their parts

# Control, format, private and half characters: no platform is given them, see adapters.markup.clean
_UNSEEN = ("Cc", "Cf", "Co", "Cs")
_TEX_MARKS = re.compile(r"\\[A-Za-z]++\s*+|\\[^A-Za-z&%#$_]|[\\{}]")
# The end of a scheme, and what follows it as far as any platform might take it for one address
_MARK = re.compile(r":[/\\]{2,}+(?:www\.)*+", re.IGNORECASE)
_REST = re.compile(r"[^\s<>\"'`“”‘’「」『』（）【】《》，。；：！？、]{0,600}+")
_SCHEME_CHARS = frozenset(string.ascii_letters + string.digits + "+")
_OTHER_SCHEME = re.compile(
    r"(?:javascript|vbscript|mailto):(?=\S)|\bdata:(?=[a-z]+/)|\bfile:(?=/)|\btel:(?=[+\d])"
    r"|(?<![\w./-])(?:www\.)++(?=\w)",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"(?P<everywhere>(?<![@＠])[@＠]++(?=everyone|here|channel|all\b|所有人|全体)|(?<=<)[@＠#!&]++(?=\w))"
    r"|(?<![A-Za-z0-9@＠])[@＠]++(?=\w)",
    re.IGNORECASE,
)
_PART = re.compile(r"[:@＠#!&]|\bwww\.", re.IGNORECASE)


class Shown(NamedTuple):
    """What is shown of runs: a text, and where each of its characters stands in the runs' own."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, runs: Runs, *, marks_alone: bool = False) -> Shown:
        """With `marks_alone`, a formula of nothing but marks is shown as it is written, and else as nothing."""
        chars: list[str] = []
        places: list[int] = []
        begin = 0
        for run in runs:
            for place, char in enumerate(run.text if marks_alone and _is_marks(run) else _without_marks(run), begin):
                if not is_unseen(char):
                    chars.append(char)
                    places.append(place)
            begin += len(run.text)
        return cls("".join(chars), places)


def is_unseen(char: str) -> bool:
    """Whether nobody sees a character, whatever stands around it; white space is seen."""
    return not char.isspace() and unicodedata.category(char) in _UNSEEN


def never(_address: str) -> bool:
    return False


def harmless_runs(runs: Runs, may_link: Callable[[str], bool] = never, is_own: Callable[[str], bool] = never) -> Runs:
    """The runs without links, without the schemes of addresses, and without the marks that call people.

    `may_link` is asked for the links that stay, `is_own` for the addresses in the text that do: it gets each with what
    follows it up to white space.
    """
    unlinked = tuple(replace(run, link="") if run.link and not may_link(run.link) else run for run in runs)
    left = _without(unlinked, (_other_schemes, lambda shown, _: _schemes(shown, is_own), _calls))
    before = set(unlinked)
    return runs if left == runs else fold(run for run in left if run in before or Shown.of((run,)).text)


def harmless_text(text: str, is_own: Callable[[str], bool] = never) -> str:
    """As `harmless_runs`, of a text with formulas between dollars. One with nothing to take out comes back as it is."""
    runs = tuple(replace(run, link="") for run in text_runs(text))
    kept = harmless_runs(runs, is_own=is_own)
    return text if kept is runs else "".join(f"${run.text}$" if run.kind is RunKind.TEX else run.text for run in kept)


def _without(runs: Runs, kinds: Sequence[_Kind]) -> Runs:
    """The runs without some kinds of marks, nor any that what is left of others makes together."""
    for _ in range(_ROUNDS):
        left = runs
        for marks_alone in (False, True) if any(map(_is_marks, runs)) else (False,):
            for kind in kinds:
                left = _without_one(left, kind, marks_alone)
        if left == runs:
            return runs
        runs = left
    return _without(_without_one(runs, _parts, marks_alone=True), kinds)


def _without_one(runs: Runs, kind: _Kind, marks_alone: bool) -> Runs:
    shown = Shown.of(runs, marks_alone=marks_alone)
    places = (place for begin, end in kind(shown, runs) for place in shown.places[begin:end])
    return without_spans(runs, [(place, place + 1) for place in places])


def _is_marks(run: Run) -> bool:
    """Whether a run is a formula that has nothing but marks of TeX."""
    return run.kind is RunKind.TEX and not Shown.of((run,)).text


def _without_marks(run: Run) -> str:
    """The run's text; in a formula what is a mark of TeX is put out of sight, and white space at its ends."""
    if run.kind is not RunKind.TEX:
        return run.text
    bare = _TEX_MARKS.sub(lambda mark: "\0" * len(mark[0]), run.text)
    seen = [place for place, char in enumerate(bare) if char != "\0" and not char.isspace()]
    begin, end = (seen[0], seen[-1] + 1) if seen else (0, 0)
    return "\0" * begin + bare[begin:end] + "\0" * (len(bare) - end)


def _parts(shown: Shown, _runs: Runs) -> Spans:
    """What every mark has one of."""
    return (found.span() for found in _PART.finditer(shown.text))


def _other_schemes(shown: Shown, _runs: Runs) -> Spans:
    return (found.span() for found in _OTHER_SCHEME.finditer(shown.text))


def _schemes(shown: Shown, is_own: Callable[[str], bool]) -> Spans:
    text = shown.text
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() < end:  # in an address that stays
            continue
        begin = mark.start()
        while begin > end and text[begin - 1] in _SCHEME_CHARS:
            begin -= 1
        rest = _REST.match(text, mark.start())
        for scheme in ("https", "http"):
            if rest and text.endswith(scheme, begin, mark.start()) and is_own(f"{scheme}{rest[0]}"):
                end = rest.end()
                break
        else:
            yield begin, mark.end()
            end = mark.end()


def _calls(shown: Shown, runs: Runs) -> Spans:
    """The marks that call people; in code and formulas only those that call everybody, as "@" begins decorators."""
    is_text = [run.kind is RunKind.TEXT for run in runs for _ in run.text]
    found = _CALL.finditer(shown.text)
    return (one.span() for one in found if one["everywhere"] or is_text[shown.places[one.start()]])
