"""Keep links and calls to people out of text that others have written, judged by what a reader is shown of it.

Shown is a text without the characters that nobody sees, and a formula without its commands and braces: `https:` and
`/{}/`, a formula, read as the beginning of an address. How platforms set formulas adds nothing to that: adapters show
slashes and colons at which an address could grow together as signs of mathematics.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from digest.inline import fold, text_runs, without_spans
from digest.types import Run, RunKind, Runs

Spans = Iterator[tuple[int, int]]

# Control, format, private and half characters: no platform is given them, see adapters.markup.clean
_UNSEEN = ("Cc", "Cf", "Co", "Cs")
_TEX_MARKS = re.compile(r"\\[A-Za-z]++\s*+|\\[^A-Za-z&%#$_]|[\\{}]")
# The end of a scheme, and what follows it as far as any platform might take it for one address
_MARK = re.compile(r":[/\\]{2,}+(?:www\.)*+", re.IGNORECASE)
_REST = re.compile(r"[^\s<>\"'`“”‘’「」『』（）【】《》，。；：！？、]{0,600}+")
_SCHEME_CHARS = frozenset(string.ascii_letters + string.digits + "+")
_OTHER_SCHEME = re.compile(
    r"\b(?:javascript|vbscript|mailto):(?=\S)|\bdata:(?=[a-z]+/)|\bfile:(?=/)|\btel:(?=[+\d])|(?<![\w./-])(?:www\.)++(?=\w)",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"(?P<everywhere>(?<![@＠])[@＠]++(?=everyone|here|channel|all\b|所有人|全体)|(?<=<)[@＠#!&]++(?=\w))"
    r"|(?<![A-Za-z0-9@＠])[@＠]++(?=\w)",
    re.IGNORECASE,
)


class Shown(NamedTuple):
    """What is shown of runs: a text, and where each of its characters stands in the runs' own."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, runs: Runs) -> Shown:
        chars: list[str] = []
        places: list[int] = []
        begin = 0
        for run in runs:
            for place, char in enumerate(_without_marks(run), begin):
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
    kept = tuple(replace(run, link="") if run.link and not may_link(run.link) else run for run in runs)
    # In this order: what is left when one is gone makes none of those before it.
    for marks in (_other_schemes, lambda shown, _: _schemes(shown, is_own), _calls):
        shown = Shown.of(kept)
        places = (place for begin, end in marks(shown, kept) for place in shown.places[begin:end])
        kept = without_spans(kept, [(place, place + 1) for place in places])
    return runs if kept == runs else fold(run for run in kept if Shown.of((run,)).text)


def harmless_text(text: str, is_own: Callable[[str], bool] = never) -> str:
    """As `harmless_runs`, of a text with formulas between dollars. One with nothing to take out comes back as it is."""
    runs = tuple(replace(run, link="") for run in text_runs(text))
    kept = harmless_runs(runs, is_own=is_own)
    return text if kept is runs else "".join(f"${run.text}$" if run.kind is RunKind.TEX else run.text for run in kept)


def _without_marks(run: Run) -> str:
    """The run's text; in a formula what is a mark of TeX is put out of sight."""
    return _TEX_MARKS.sub(lambda mark: "\0" * len(mark[0]), run.text) if run.kind is RunKind.TEX else run.text


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
