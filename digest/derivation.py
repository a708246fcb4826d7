"""Figures that a text does not state, but gives by one operation: a difference, a relative change, a ratio, a mean."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, permutations
from typing import NamedTuple

from digest.figures import Figure, rounds_to
from digest.labels import METRICS, terms
from digest.spots import Page, Sentence, Spot, Terms
from digest.statements import Statement

# What stands right before or behind a figure that says how much more or less something is.
_BY = re.compile(
    r"(?:\b(?:by|gains?|gap|margin|difference|improves?|improved|improvement|increases?|increased|drops?|dropped|delta|"
    r"reduces?|reduced|reduction|decreases?|decreased|rises?|rose|boosts?|boosted|saves?|saved)"
    r"(?: (?:of|is|about|around|approximately|nearly|almost|over|up to|an average of|average)){0,8}"
    r"|提升|提高|增加|增长|高出|领先|超出|多出|高|降低|下降|减少|低|差距为?|差异为?|节省|缩短|增益为?|Δ)[了约近达]{0,8}+\s{0,40}+$",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\s{0,8}+(?:(?:%|percent(?:age)?|points?|pp|absolute|relative|BLEU|-)[-\s]{0,8}+){0,8}"
    r"(?:points?|improvements?|gains?|higher|lower|more|less|fewer|better|worse|increase|decrease|drop|reduction|faster|slower|margin|over\b|个点)",
    re.IGNORECASE,
)
_RATIO = re.compile(r"\b(?:times|fold|faster|slower|speed-?up|ratio)\b|[×倍]|加速", re.IGNORECASE)
_MEAN = re.compile(r"\b(?:averag\w*|mean)\b|平均", re.IGNORECASE)


class Derived(NamedTuple):
    operation: str
    spot: Spot  # the first of those it derives from


class Line(NamedTuple):
    """Figures that one operation may be made of; `whole` ones are for means only."""

    spots: Sequence[Spot]
    whole: bool = False


def derive(statement: Statement, lines: Iterable[Line]) -> Derived | None:
    """How a figure comes from two or more of one of the lines: cells of a row or column, or figures of a sentence.

    Only what the statement says it is, is tried: a difference where it speaks of a gain, a mean where of an average.
    """
    operations = list(_operations(statement))
    if not operations:
        return None
    for line in lines:
        for operation in operations:
            if (operation is _mean or not line.whole) and (derived := operation(statement.figure, line.spots)):
                return derived
    return None


_Operation = Callable[[Figure, Sequence[Spot]], Derived | None]


def _operations(statement: Statement) -> Iterator[_Operation]:
    said, wanted = f"{statement.part.own} {statement.line.beside}", statement.figure
    is_gain = bool(wanted.sign or _BY.search(statement.before[-40:]) or _MORE.match(statement.behind))
    if is_gain or "百分点" in wanted.text or "point" in wanted.text:
        yield _difference
    if wanted.unit == "%" and is_gain:
        yield _change
    if wanted.unit == "x" or (not wanted.unit and _RATIO.search(said)):
        yield _ratio
    if _MEAN.search(said):
        yield _mean


def _difference(wanted: Figure, line: Sequence[Spot]) -> Derived | None:
    for one, other in _pairs(line):
        more, less = _in_order(one, other)
        if rounds_to(more.figure.value - less.figure.value, wanted.value, wanted.step):
            return Derived(f"{_told(more)} - {_told(less)}", more)
    return None


def _change(wanted: Figure, line: Sequence[Spot]) -> Derived | None:
    for one, other in [pair for both in _pairs(line) for pair in permutations(both)]:
        before = other.figure.value
        if before and rounds_to(abs(one.figure.value - before) / before * 100, wanted.value, wanted.step):
            return Derived(f"({_told(one)} - {_told(other)}) / {_told(other)}", one)
    return None


def _ratio(wanted: Figure, line: Sequence[Spot]) -> Derived | None:
    for one, other in _pairs(line):
        more, less = _in_order(one, other)
        if less.figure.value and rounds_to(more.figure.value / less.figure.value, wanted.value, wanted.step):
            return Derived(f"{_told(more)} / {_told(less)}", more)
    return None


def _mean(wanted: Figure, line: Sequence[Spot]) -> Derived | None:
    if not all(one.is_cell or one.part is line[0].part for one in line):
        return None
    mean = sum(spot.figure.value for spot in line) / len(line)
    if not rounds_to(mean, wanted.value, wanted.step):
        return None
    return Derived(f"mean of {', '.join(map(_told, line))}", line[0])


def _pairs(line: Sequence[Spot]) -> Iterator[tuple[Spot, Spot]]:
    """Two figures of one kind: of the same unit, and in a sentence told together, as in "from 88.2 to 91.4"."""
    for one, other in combinations(line, 2):
        if one.figure.unit == other.figure.unit and (one.is_cell or _is_together(one, other)):
            yield one, other


def _is_together(one: Spot, other: Spot) -> bool:
    return one.part is other.part or bool(terms(one.part.own) & terms(other.part.own))


def _in_order(one: Spot, other: Spot) -> tuple[Spot, Spot]:
    return (one, other) if one.figure.value >= other.figure.value else (other, one)


def _told(spot: Spot) -> str:
    return spot.figure.text.strip(" $")


# --- the lines that a statement is about -------------------------------------------------------------------------

_MOST_IN_LINE = 40  # a longer line is no line of scores
_MOST_IN_SENTENCE = 6
_MOST_CELLS = 2000  # a larger table is no table of scores
_OURS = re.compile(r"\bours?\b|\bthis work\b", re.IGNORECASE)


def table_lines(page: Page, statement: Statement) -> Iterator[Line]:
    """Of the columns and rows whose label the statement mentions, the cells whose other label it mentions; beside one
    that it mentions, the paper's own and the best ones; without any, the best two."""
    cells = _first_of_cells(page) if len(page.spots) <= _MOST_CELLS else []
    words = statement.all_words
    for above in (True, False):
        lines: dict[int, list[Spot]] = defaultdict(list)
        for spot in cells:
            if _is_mentioned(spot, words, above=above):
                lines[spot.cell.column if above else spot.cell.line].append(spot)
        for line in lines.values():
            if 1 < len(line) <= _MOST_IN_LINE:
                named = [spot for spot in line if _is_mentioned(spot, words, above=not above)]
                yield from _chosen(line, named[:_MOST_IN_SENTENCE], ranked=above)
                yield Line(line, whole=True)


def _first_of_cells(page: Page) -> list[Spot]:
    return list({spot.cell: spot for spot in reversed(page.spots) if not spot.figure.version}.values())[::-1]


def _is_mentioned(spot: Spot, words: Terms, *, above: bool) -> bool:
    return any(axis.own <= words for axis in spot.axes if axis.above is above)


def _chosen(line: Sequence[Spot], named: Sequence[Spot], *, ranked: bool) -> Iterator[Line]:
    if len(named) > 1:
        yield Line(named)
    if not ranked:
        return
    ordered = sorted(line, key=lambda spot: spot.figure.value)
    own = [spot for spot in line if any(_OURS.search(axis.text) for axis in spot.axes)]
    best = [*ordered[:2], *ordered[-2:]]
    if named:
        yield from (Line((one, other)) for one in named for other in (*own, *best) if other is not one)
    else:
        yield from (Line((one, other)) for one in own[:2] for other in best if other is not one)
        yield Line(ordered[-2:])
        yield Line(ordered[:2])


def sentence_lines(page: Page, words: Terms, names: Iterable[str]) -> Iterator[Line]:
    """The figures of each sentence that shares a name, or enough words, with a statement."""
    keys = list(names)
    for sentence in page.sentences:
        if 1 < len(sentence.spots) <= _MOST_IN_SENTENCE and _is_about(sentence, words, keys):
            yield Line(sentence.spots)


def _is_about(sentence: Sentence, words: Terms, keys: Sequence[str]) -> bool:
    shared = words & sentence.words
    return any(sentence.squeezed.has(name) for name in keys) or len(shared) > 1 or bool(shared & METRICS)
