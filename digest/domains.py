"""The taxonomy: which domains a paper belongs to, and which one a person means."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import msgspec
from msgspec import Struct

MOST_DOMAINS = 4
FALLBACK = "science"  # the widest of them, for a paper in which nothing is recognised

_TITLE, _KEYWORDS, _ABSTRACT, _TEXT = 2.5, 1.2, 1.0, 0.4
_TEXT_ALONE = 1.6  # without an abstract: then it is what somebody wrote of the field
_COUNTED_AT_MOST = 3  # of one term in one place: a word that is repeated thirty times is not ten times as telling
_REPEATED = 0.4  # what each further time adds, over the first
_ENOUGH = 4.0  # one strong term in the abstract
_SHARE_OF_BEST = 0.3  # what a further domain needs of the best one's score

_LONGEST_NAME = 100  # that somebody types: comparing grows with the square of it

_WORD = re.compile(r"[a-z0-9]+")
_HAN = re.compile("[\u3400-\u9fff]")
_SEPARATORS = re.compile(r"[\s_-]+")


class _Terms(Struct, frozen=True, forbid_unknown_fields=True):
    strong: tuple[str, ...] = ()
    likely: tuple[str, ...] = ()
    hint: tuple[str, ...] = ()

    def weighted(self) -> Iterator[tuple[str, float]]:
        for terms, weight in ((self.strong, 4.0), (self.likely, 2.0), (self.hint, 0.6)):
            for term in terms:
                yield term, weight


class _Domain(Struct, frozen=True, forbid_unknown_fields=True):
    names: dict[str, str]
    aliases: dict[str, tuple[str, ...]]
    terms: _Terms


_Weights = dict[str, float]  # by domain id


class Taxonomy:
    """The domains of `config/domains.toml`, in its order; that file says what a term and an alias are.

    Raises msgspec.ValidationError when `raw` is not in that form.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self._domains = msgspec.convert(raw, dict[str, _Domain])

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._domains)

    def classify(self, *, title: str, abstract: str, keywords: Sequence[str] = (), text: str = "") -> tuple[str, ...]:
        """One to four ids, best first, by the terms found; the title counts most, then keywords, abstract and text.

        The same words give the same ids. `text` is a short one, such as headings or what somebody wrote of the field.
        """
        scores: defaultdict[str, float] = defaultdict(float)
        places = (
            (title, _TITLE),
            (" ; ".join(keywords), _KEYWORDS),
            (abstract, _ABSTRACT),
            (text, _TEXT if abstract else _TEXT_ALONE),
        )
        for words, weight in places:
            for term, times in self._found(words).items():
                counted = 1 + _REPEATED * (min(times, _COUNTED_AT_MOST) - 1)
                for domain, telling in self._weights[term].items():
                    scores[domain] += weight * telling * counted
        ranked = sorted(scores, key=lambda domain: (-scores[domain], self.ids.index(domain)))[:MOST_DOMAINS]
        if not ranked:
            return (FALLBACK if FALLBACK in self._domains else self.ids[0],)
        bar = max(_ENOUGH, _SHARE_OF_BEST * scores[ranked[0]])
        return (ranked[0], *(domain for domain in ranked[1:] if scores[domain] >= bar))

    def find(self, query: str) -> str | None:
        """The id somebody means by an id, a name or an alias in any language, or by the beginning of just one domain's.

        Case, spaces, hyphens and underscores do not matter; ids go before names and names before aliases. None when
        nothing or more than one domain fits.
        """
        wanted = _folded(query)
        if not wanted:
            return None
        for labels in self._tiers:
            if exact := labels.get(wanted):
                return exact
        for labels in self._tiers:
            meant = {domain for label, domain in labels.items() if label.startswith(wanted)}
            if meant:
                return meant.pop() if len(meant) == 1 else None
        return None

    def nearest(self, query: str) -> tuple[str, ...]:
        """The three ids whose labels look most like the query, best first."""
        from difflib import SequenceMatcher  # only for answers that find nothing

        wanted = _folded(query[:_LONGEST_NAME])
        likeness = dict.fromkeys(self.ids, 0.0)
        for label, domain in (pair for labels in self._tiers for pair in labels.items()):
            likeness[domain] = max(likeness[domain], SequenceMatcher(None, wanted, label).ratio())
        return tuple(sorted(self.ids, key=lambda domain: -likeness[domain])[:3])

    @cached_property
    def _tiers(self) -> tuple[dict[str, str], ...]:
        """Folded ids, names and aliases, each with the id it means."""
        names: dict[str, str] = {}
        aliases: dict[str, str] = {}
        for domain, entry in self._domains.items():
            for name in entry.names.values():
                names.setdefault(_folded(name), domain)
            for alias in (alias for known in entry.aliases.values() for alias in known):
                aliases.setdefault(_folded(alias), domain)
        return {_folded(domain): domain for domain in self._domains}, names, aliases

    @cached_property
    def _weights(self) -> dict[str, _Weights]:
        """Terms in normal form -> how telling they are for each of their domains."""
        weights: dict[str, _Weights] = {}
        for domain, entry in self._domains.items():
            for term, weight in entry.terms.weighted():
                known = weights.setdefault(_normal(term), {})
                known[domain] = max(weight, known.get(domain, 0.0))
        return weights

    @cached_property
    def _longest_term(self) -> int:
        """In words."""
        return max(term.count(" ") + 1 for term in self._weights)

    @cached_property
    def _han_terms(self) -> re.Pattern[str]:
        terms = sorted((term for term in self._weights if _HAN.search(term)), key=len, reverse=True)
        return re.compile("|".join(map(re.escape, terms)) or r"(?!)")

    def _found(self, text: str) -> Counter[str]:
        """The terms that stand in a text, the longest at each place, with how often they do."""
        folded = _folded(text)
        found = Counter(self._english_terms(_words(folded)))
        if _HAN.search(folded):
            found.update(self._han_terms.findall(folded))
        return found

    def _english_terms(self, words: Sequence[str]) -> Iterator[str]:
        place = 0
        while place < len(words):
            for length in range(min(self._longest_term, len(words) - place), 0, -1):
                term = " ".join(words[place : place + length])
                if term in self._weights:
                    yield term
                    place += length
                    break
            else:
                place += 1


def _folded(text: str) -> str:
    """For comparing what people type: width, case, hyphens and spaces do not matter."""
    return _SEPARATORS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def _normal(term: str) -> str:
    folded = _folded(term)
    return folded if _HAN.search(folded) else " ".join(_words(folded))


def _words(folded: str) -> list[str]:
    return list(_singular(_WORD.findall(folded)))


def _singular(words: Iterable[str]) -> Iterator[str]:
    """Words without a plural ending. What it makes of a word need not be one: both sides are treated alike."""
    for word in words:
        if len(word) > 4 and word.endswith("ies"):
            yield f"{word[:-3]}y"
        elif len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
            yield word[:-1]
        else:
            yield word
