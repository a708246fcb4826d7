"""Where in a text a statement is at home: the place whose own words are most like its own.

A figure may stand at a place against which nothing speaks, while another place says the very words of the statement
and has another figure: then the statement is about that place, and its figure is wrong there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from digest.labels import terms
from digest.spots import Page, Spot, Terms

_NEAREST = 6  # pages that are looked at
_HEAD = 0.6  # what a word counts in the head of a sentence that all its figures share
_AROUND = 0.35  # in the caption, the heading, or elsewhere in the sentence
_PAGE = 0.1  # elsewhere in the passage
_CLEARLY = 0.6  # a place that is less like a statement than this share of the likeness of its home is not its home
_LIKE = 0.5
_MOST_PLACES = 300  # of a page


class _Place(NamedTuple):
    """The words of a figure's own part or labels, those of its sentence's head, those around, those of its passage."""

    own: Terms
    head: Terms
    around: Terms
    page: Terms


class Homes:
    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = [page for page in pages if page.spots]
        counts = Counter(word for page in self._pages for word in page.words)
        self._weights = {word: math.log(1 + len(self._pages) / count) for word, count in counts.items()}
        self._around: dict[int, Terms] = {}
        self._placed: dict[tuple[int, int], _Place] = {}
        self._places_of: dict[int, tuple[_Place, ...]] = {}

    def elsewhere(self, words: Terms, spots: Iterable[Spot], *, cells_only: bool = False) -> bool:
        """Whether the statement with these words is clearly at home at another place than those of the spots.

        With `cells_only` only the cell of a table that they name is such a place, and only if the spots have none of
        them: for statements that say too little for more.
        """
        whole = self._weight(words)
        own = max((self._like(words, whole, place) for place in {self._place(spot) for spot in spots}), default=0.0)
        if own >= _CLEARLY:
            return False
        near = self._near(words)
        if cells_only:
            return own == 0 and any(spot.is_cell and words <= spot.labels for page in near for spot in _spots(page))
        likes = (self._like(words, whole, place) for page in near for place in self._places(page))
        return any(like >= _LIKE and own < _CLEARLY * like for like in likes)

    def likeness(self, words: Terms, spot: Spot) -> float:
        """From 0 to 1: how much of the words, weighed by how seldom they are, a place has."""
        return self._like(words, self._weight(words), self._place(spot))

    def _like(self, words: Terms, whole: float, place: _Place) -> float:
        if not whole:
            return 0.0
        own, head, around, page = place
        return (
            self._weight(words & own)
            + _HEAD * self._weight((words & head) - own)
            + _AROUND * self._weight((words & around) - own - head)
            + _PAGE * self._weight((words & page) - own - head - around)
        ) / whole

    def _weight(self, words: Terms) -> float:
        return sum(self._weights.get(word, 0.0) for word in words)

    def _places(self, page: Page) -> tuple[_Place, ...]:
        """The places of a passage that differ."""
        known = self._places_of.get(id(page))
        if known is None:
            known = self._places_of[id(page)] = tuple(dict.fromkeys(map(self._place, _spots(page))))
        return known

    def _place(self, spot: Spot) -> _Place:
        known = self._placed.get((id(spot.page), spot.figure.start))
        if known is None:
            over = self._over(spot.page)
            if spot.is_cell:
                known = _Place(spot.labels, frozenset(), over, frozenset())
            else:
                own, head, others = spot.words
                known = _Place(own, head, others | over, spot.page.words)
            self._placed[id(spot.page), spot.figure.start] = known
        return known

    def _over(self, page: Page) -> Terms:
        known = self._around.get(id(page))
        if known is None:
            known = self._around[id(page)] = terms(f"{page.caption} {page.passage.heading}")
        return known

    def _near(self, words: Terms) -> list[Page]:
        scored = [(self._weight(words & page.words), place) for place, page in enumerate(self._pages)]
        return [self._pages[place] for score, place in sorted(scored, reverse=True)[:_NEAREST] if score]


def _spots(page: Page) -> Iterator[Spot]:
    return (spot for spot in page.spots[:_MOST_PLACES] if not spot.figure.version)
