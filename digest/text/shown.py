"""Keep links and calls to people out of text that others have written, judged by what a reader is shown of it.

Shown is a text without the characters that nobody sees, and a formula without its commands and braces: `https:` and
`/{}/`, a formula, read as the beginning of an address. How platforms set formulas adds nothing to that: adapters show
slashes and colons at which an address could grow together as signs of mathematics. A formula that comes to nothing is
shown as it is written, so that each is looked at in both ways.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from digest.inline import fold, text_runs, without_spans, write_text
from digest.types import Run, RunKind, Runs

Spans = Iterator[tuple[int, int]]
_Kind = Callable[["Shown", Runs], Spans]

_ROUNDS = 4  # honest texts take two; marks that are laid into each other deeper than that lose all their parts

# Control, format, private and half characters: no platform is given them, see adapters.markup.clean
_UNSEEN = ("Cc", "Cf", "Co", "Cs")
# What a formula does not show: commands, braces, comments, and the names of environments and lengths
_TEX_MARKS = re.compile(
    r"\\(?:begin|end|[hv]space)\*?\s*+\{[^{}]*+\}|\\[A-Za-z]++\s*+|\\[^A-Za-z&%#$_]|(?<!\\)(?:&|%[^\n]*+)|[\\{}]"
)
_MARK = re.compile(r":[/\\]{2,}+(?:www\.)*+", re.IGNORECASE)  # the end of a scheme
_SCHEME_CHARS = frozenset(string.ascii_letters + string.digits + "+")
_WEB = ("https", "http")
ADDRESS_CHARS = 600  # as much of a text is looked at for an address; a longer one is no paper's own
_OTHER_SCHEME = re.compile(
    r"(?-i:javascript|vbscript):(?=[a-z])|mailto:(?=\S)|\btel:(?=[+\d])"
    r"|\bdata:(?=[a-z]{1,20}/[a-z\d.+-]{1,60}[;,])|(?<![\w./-])(?:www\.)++(?=\w)",
    re.IGNORECASE,
)
# A name has two characters or more and begins with no digit: "recall @10", "pass @k". Chinese has no space before it.
_AT = r"(?<![^\W\u2e80-\u9fff\uac00-\ud7af])(?<![@＠])[@＠]++"
_CALL = re.compile(
    rf"(?P<everywhere>(?<![@＠])[@＠]++(?=everyone|here)|{_AT}(?=channel|all\b|所有人|全体)"
    r"|(?<=<)(?!&)[@＠#!&]++(?=\w{1,64}[>|^]))"
    rf"|{_AT}(?=[^\W\d]\w)|(?<=<)(?!&)[@＠#!&]++(?=\w)",
    re.IGNORECASE,
)
_PART = re.compile(r"[:@＠#!&]|\bwww\.", re.IGNORECASE)


class Shown(NamedTuple):
    """What is shown of runs: a text, and where each of its characters stands in the runs' own."""

    text: str
    places: list[int]

    @classmethod
    def of(cls, runs: Runs, *, as_written: bool = False) -> Shown:
        """With `as_written`, formulas with their marks."""
        chars: list[str] = []
        places: list[int] = []
        begin = 0
        for run in runs:
            for place, char in enumerate(run.text if as_written else _without_marks(run), begin):
                if not is_unseen(char):
                    chars.append(char)
                    places.append(place)
            begin += len(run.text)
        return cls("".join(chars), places)


def is_unseen(char: str) -> bool:
    """Whether nobody sees a character, whatever stands around it; white space is seen."""
    return not char.isspace() and unicodedata.category(char) in _UNSEEN


def none_may(_address: str) -> bool:
    return False


def none_is_own(_text: str) -> int:
    return 0


def harmless_runs(
    runs: Runs, may_link: Callable[[str], bool] = none_may, own_length: Callable[[str], int] = none_is_own
) -> Runs:
    """The runs without links, without the schemes of addresses, and without the marks that call people.

    `may_link` is asked for the links that stay. `own_length` says how many characters of an address in the text stay
    as they are: it gets the text from its scheme on.
    """
    unlinked = tuple(replace(run, link="") if run.link and not may_link(run.link) else run for run in runs)
    left = _without(unlinked, (_other_schemes, lambda shown, _: _schemes(shown, own_length), _calls))
    if left == runs:
        return runs
    before = set(unlinked)  # a formula that shows nothing may be a sign: only one that was emptied goes
    kept = tuple(run for run in left if run in before or Shown.of((run,)).text)
    return kept if any(run.kind is RunKind.CODE and "\n" in run.text for run in kept) else fold(kept)


def harmless_text(text: str, own_length: Callable[[str], int] = none_is_own) -> str:
    """As `harmless_runs`, of a text with formulas between dollars. One with nothing to take out comes back as it is."""
    for _ in range(_ROUNDS):  # without its scheme an address with dollars is a formula
        runs = tuple(replace(run, link="") for run in text_runs(text))
        kept = harmless_runs(runs, own_length=own_length)
        if kept is runs:
            break
        text = write_text(kept)
    return text


def _without(runs: Runs, kinds: Sequence[_Kind]) -> Runs:
    """The runs without some kinds of marks, nor any that what is left of others makes together."""
    for _ in range(_ROUNDS):
        left = runs
        for as_written in (False, True) if any(run.kind is RunKind.TEX for run in runs) else (False,):
            for kind in kinds:
                left = _without_one(left, kind, as_written)
        if left == runs:
            return runs
        runs = left
    return _without(_without_one(runs, _parts, as_written=True), kinds)


def _without_one(runs: Runs, kind: _Kind, as_written: bool) -> Runs:
    shown = Shown.of(runs, as_written=as_written)
    places = (place for begin, end in kind(shown, runs) for place in shown.places[begin:end])
    return without_spans(runs, [(place, place + 1) for place in places])


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


def _schemes(shown: Shown, own_length: Callable[[str], int]) -> Spans:
    text = shown.text
    end = 0
    for mark in _MARK.finditer(text):
        if mark.start() < end:  # in an address that stays
            continue
        begin = mark.start()
        while begin > end and text[begin - 1] in _SCHEME_CHARS:
            begin -= 1
        scheme = text[begin : mark.start()]
        web = next((one for one in _WEB if scheme.lower().endswith(one)), "")
        begin = mark.start() - len(web) if web else begin  # a word may stand right before it
        own = own_length(text[begin : mark.start() + ADDRESS_CHARS]) if web else 0
        if own:
            end = begin + own
        elif web or not _is_of_programs(text, begin, mark):
            yield begin, mark.end()
            end = mark.end()


def _is_of_programs(text: str, begin: int, mark: re.Match[str]) -> bool:
    r"""Whether a mark ends no scheme: it stands in a program, as in `case 0:// no lamp` or `C:\\lamps`."""
    scheme = text[begin : mark.start()]
    is_none = "\\" in mark[0][1:3] or len(scheme) == 1 or scheme.isdigit()
    return is_none and text[begin - 1 : begin] not in (":", "/", "\\")


def _calls(shown: Shown, runs: Runs) -> Spans:
    """The marks that call people; in code and formulas only those that call everybody and the whole ones of a platform,
    as "@" begins decorators and "<!" a page."""
    is_text = [run.kind is RunKind.TEXT for run in runs for _ in run.text]
    found = _CALL.finditer(shown.text)
    return (one.span() for one in found if one["everywhere"] or is_text[shown.places[one.start()]])
