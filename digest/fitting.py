"""Whether a figure stands in the text under the label that a report gives it.

A figure that is found somewhere proves little: 28.4 may be the score of another model on another benchmark. What a
statement and a place in the text say about their figure is compared, and a place is refused only when the text says
something else there: another row or column of the table is named, or a name that belongs to another figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

from digest.figures import Figure, rounds_to
from digest.labels import METRICS, Squeezed, terms
from digest.names import Name
from digest.spots import Axis, Spot, Terms
from digest.statements import Statement

_MOST_LABEL_WORDS = 3  # of a longer label not every word has to be mentioned
_MOST_MENTIONED = 100  # labels by one statement, to look which of them lie within others
_PARTLY = 0.75
_MOSTLY = 0.6
_ENOUGH_WORDS = 3  # in common, for two sentences to be the same one
_FEW = 2
_MOST_TOLD = 30  # figures of a sentence that is told like another
_MOST_OTHERS = 200  # figures of a passage that are looked at beside one


class Fit(IntEnum):
    """How well a place fits a statement."""

    OTHER = 0  # it says something else of the figure
    OPEN = 1  # nothing speaks against it
    SAME = 2  # both name the same


class Known(NamedTuple):
    """What the text knows: whether a name is in it, its words, and the names of the paper's own work."""

    has: Callable[[str], bool]
    words: Terms
    own: frozenset[str]
    own_words: Terms


def fit(statement: Statement, spot: Spot, known: Known) -> Fit:
    if spot.is_cell:
        return _fit_cell(statement, spot, known)
    return _fit_sentence(statement, spot, known)


# --- tables ------------------------------------------------------------------------------------------------------


def _fit_cell(statement: Statement, spot: Spot, known: Known) -> Fit:
    """By the labels of the cell's row and of its column: where the statement mentions some, its own is among them."""
    votes = [(axis, _mentioned(axis, statement)) for axis in spot.axes]
    against = [axis for axis, vote in votes if vote is False]
    in_favour = any(vote for _, vote in votes)
    if against and not (statement.contrasts and len(against) == 1 and _tells_models(against[0], spot, known)):
        return Fit.OTHER
    if against and not in_favour and not _names_around(statement, spot, known):
        return Fit.OTHER
    if in_favour:
        return Fit.SAME
    if against:
        return Fit.OPEN
    return _fit_around(statement, spot, known)


def _tells_models(axis: Axis, spot: Spot, known: Known) -> bool:
    """Whether an axis is that of the models, in which a statement that compares may name the rival alone: the rows,
    unless the paper's own name heads a column."""
    return axis.above is any(label & known.own_words for other in spot.axes if other.above for label in other.all)


def _mentioned(axis: Axis, statement: Statement) -> bool | None:
    """Whether a statement mentions the label, or another one of the axis instead; None when it mentions none."""
    known = statement.mentions.get(id(axis.all))
    if known is None:
        known = statement.mentions[id(axis.all)] = _mentions(axis.all, statement)
    return axis.own in known if known else None


def _mentions(labels: Sequence[Terms], statement: Statement) -> frozenset[Terms]:
    """The labels that a statement mentions, best in its own words; of "Kite" and "Kite large" the longer one."""
    for words in (statement.own_words, statement.all_words):
        mentioned = [label for label in labels if label <= words]
        wider = mentioned
        if len(mentioned) <= _MOST_MENTIONED:
            wider = [label for label in mentioned if not any(label < other for other in mentioned)]
        wider = wider or [label for label in labels if _is_partly_in(label, words)]
        if wider:
            return frozenset(wider)
    return frozenset()


def _is_partly_in(label: Terms, words: Terms) -> bool:
    """Whether most of a long label is among the words."""
    return len(label) > _MOST_LABEL_WORDS and len(label & words) >= _PARTLY * len(label)


def _fit_around(statement: Statement, spot: Spot, known: Known) -> Fit:
    """By caption, heading and table, where the statement mentions no label of the cell's row or column."""
    wanted = telling_names(statement, known)
    if wanted:
        return Fit.OPEN if _any(spot.page.squeezed, wanted) else Fit.OTHER
    words = telling_words(statement, known)
    return Fit.OTHER if len(words) >= _FEW and not words & spot.page.words else Fit.OPEN


def _names_around(statement: Statement, spot: Spot, known: Known) -> bool:
    return _any(spot.page.squeezed, [name.key for name in statement.own_names if known.has(name.key)])


# --- sentences ---------------------------------------------------------------------------------------------------


def _fit_sentence(statement: Statement, spot: Spot, known: Known) -> Fit:
    """By the names beside the figure in its own part of the sentence; by words where there are no names."""
    whole = told_whole(statement, spot)
    if whole is not None:
        return Fit.SAME if whole else Fit.OTHER
    wanted = _telling(statement.own_names, known)
    if not wanted:
        around = _telling(statement.all_names, known)
        if around and not _any(spot.page.squeezed, around) and _has_own_names(spot, known):
            return Fit.OTHER
        return _fit_words(statement, spot, known)
    own, head, others = spot.squeezed
    if _any(own, wanted):
        return _fit_metric(statement, spot)
    if _any(others, [name for name in wanted if not head.has(name)]):
        return Fit.OPEN if statement.contrasts and _any(own, _keys(statement.all_names)) else Fit.OTHER
    if _any(head, wanted):
        return max(Fit.OPEN, _fit_words(statement, spot, known)) if not _swaps(statement, spot, known) else Fit.OTHER
    if _any(spot.page.squeezed, wanted) and not _has_own_names(spot, known):
        return min(Fit.OPEN, _fit_words(statement, spot, known))
    return Fit.OTHER


def told_whole(statement: Statement, spot: Spot) -> bool | None:
    """Of a sentence whose other figures are those of the text's sentence, one by one: whether this one is as well.

    None where sentences are not told so.
    """
    if len(statement.told) > _MOST_TOLD:
        return None
    theirs = spot.page.told_with(spot)
    if len(statement.told) != len(theirs) or len(theirs) < _FEW or statement.line.is_cell:
        return None
    same = [_equal(one, other) for one, other in zip(statement.told, theirs, strict=True)]
    here = statement.told.index(statement.figure)
    return same[here] if all(same[:here] + same[here + 1 :]) else None


def contradicted(statement: Statement, neighbours: Iterable[Spot]) -> bool:
    """Whether the text tells the sentence of a statement with another figure in this one's place.

    `neighbours` are places of the other figures of the sentence.
    """
    words = terms(f"{statement.part.head} {statement.part.own} {statement.part.others}")
    for spot in neighbours:
        if spot.is_cell or told_whole(statement, spot) is not False:
            continue
        if len(words & spot.sentence.words) >= max(_ENOUGH_WORDS, _MOSTLY * len(words)):
            return True
    return False


def _equal(one: Figure, other: Figure) -> bool:
    return rounds_to(other.value, one.value, one.step) or rounds_to(other.value, one.bare, one.bare_step)


def telling_names(statement: Statement, known: Known) -> list[str]:
    """The names that tell a statement's figure from others: its own, or those around it."""
    return _telling(statement.own_names, known) or _telling(statement.all_names, known)


def _telling(found: Sequence[Name], known: Known) -> list[str]:
    """Names that are known to the text, no metrics, and not the paper's own."""
    return [name for name in _keys(found) if name not in METRICS and name not in known.own and known.has(name)]


def _keys(found: Sequence[Name]) -> list[str]:
    return [name.key for name in found]


def _any(squeezed: Squeezed, keys: Iterable[str]) -> bool:
    return any(squeezed.has(name) for name in keys)


def _has_own_names(spot: Spot, known: Known) -> bool:
    """Whether the sentence itself says what it is about."""
    return any(name.key not in METRICS and name.key not in known.own for name in spot.sentence.names)


def _fit_metric(statement: Statement, spot: Spot) -> Fit:
    """Of the same benchmark: another metric, if both name one."""
    told = statement.own_words & METRICS
    there = spot.words[0] & METRICS
    return Fit.OTHER if told and there and not told & there and not statement.contrasts else Fit.SAME


def _swaps(statement: Statement, spot: Spot, known: Known) -> bool:
    """Whether the statement's words belong to another figure of the sentence: more of them than to this one."""
    own, head, others = spot.words
    words = telling_words(statement, known)
    theirs, kept = words & (others - own - head), words & (own | head)
    if words & (own - others) or len(theirs) <= len(kept):
        return False
    return len(theirs) >= _FEW or len(words) <= _FEW


def telling_words(statement: Statement, known: Known) -> Terms:
    """The words of the statement that the text has, without those of the paper's own names."""
    return (statement.own_words & known.words) - known.own_words


def _fit_words(statement: Statement, spot: Spot, known: Known) -> Fit:
    own, head, _ = spot.words
    words = telling_words(statement, known)
    if _swaps(statement, spot, known):
        return Fit.OTHER
    if words & (own | head):
        return Fit.SAME
    if len(words) < _FEW:
        return Fit.OPEN
    told_elsewhere = any(
        len(words & other.words[0]) >= _FEW
        for other in spot.page.spots[:_MOST_OTHERS]
        if other is not spot and not other.figure.version
    )
    return Fit.OTHER if told_elsewhere or not words & spot.page.words else Fit.OPEN
