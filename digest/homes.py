"""Where in a text a statement is at home: the place whose own words are most like its own.

A figure may stand at a place against which nothing speaks, while another place says the very words of the statement
and has another figure: then the statement is about that place, and its figure is wrong there.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

from digest.labels import terms
from digest.spots import Page, Spot, Terms

_NEAREST = 6  # pages that are looked at
_HEAD = 0.6  # what a word counts in the head of a sentence that all its figures share
_AROUND = 0.35  # in the caption, the heading, or elsewhere in the sentence
_PAGE = 0.1  # elsewhere in the passage
_CLEARLY = 0.6  # a place that is less like a statement than this share of the likeness of its home is not its home
_LIKE = 0.5
_MOST_PLACES = 300  # of a page


class Homes:
    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = [page for page in pages if page.spots]
        counts = Counter(word for page in self._pages for word in page.words)
        self._weights = {word: math.log(1 + len(self._pages) / count) for word, count in counts.items()}
        self._around: dict[int, Terms] = {}

    def elsewhere(self, words: Terms, spots: Iterable[Spot], *, cells_only: bool = False) -> bool:
        """Whether the statement with these words is clearly at home at another place than those of the spots.

        With `cells_only` only the cell of a table that they name is such a place, and only if the spots have none of
        them: for statements that say too little for more.
        """
        own = max((self.likeness(words, spot) for spot in spots), default=0.0)
        if own >= _CLEARLY:
            return False
        places = (spot for page in self._near(words) for spot in page.spots[:_MOST_PLACES] if not spot.figure.version)
        if cells_only:
            return own == 0 and any(spot.is_cell and words <= spot.labels for spot in places)
        return any((like := self.likeness(words, spot)) >= _LIKE and own < _CLEARLY * like for spot in places)

    def likeness(self, words: Terms, spot: Spot) -> float:
        """From 0 to 1: how much of the words, weighed by how seldom they are, a place has."""
        whole = sum(self._weights.get(word, 0.0) for word in words)
        if not whole:
            return 0.0
        own, head, around = self._words(spot)
        return (
            self._weight(words & own)
            + _HEAD * self._weight((words & head) - own)
            + _AROUND * self._weight((words & around) - own - head)
            + (0.0 if spot.is_cell else _PAGE * self._weight((words & spot.page.words) - own - head - around))
        ) / whole

    def _weight(self, words: Terms) -> float:
        return sum(self._weights.get(word, 0.0) for word in words)

    def _words(self, spot: Spot) -> tuple[Terms, Terms, Terms]:
        if spot.is_cell:
            return spot.labels, frozenset(), self._over(spot.page)
        own, head, others = spot.words
        return own, head, others | self._over(spot.page)

    def _over(self, page: Page) -> Terms:
        known = self._around.get(id(page))
        if known is None:
            known = self._around[id(page)] = terms(f"{page.caption} {page.passage.heading}")
        return known

    def _near(self, words: Terms) -> list[Page]:
        scored = [(self._weight(words & page.words), place) for place, page in enumerate(self._pages)]
        return [self._pages[place] for score, place in sorted(scored, reverse=True)[:_NEAREST] if score]
