"""Papers by what somebody types of an id or a title, before the words are whole."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from digest.lookups import Lookups
from digest.words import match_expression, terms

_MOST_IDS = 10  # words that are looked for as ids: each takes a search
_ID = re.compile(r"\d{1,4}(?:\.\d{0,5})?|[a-z.-]{2,40}+/\d*", re.ASCII)  # its beginning, in the new scheme or the old


def titled(lookups: Lookups, typed: str, limit: int) -> tuple[tuple[str, str], ...]:
    """Ids and titles of papers of which each word that was typed begins the id or a word of the title; Chinese is
    found anywhere in it. The newest `limit` by title, and as many by id; () when nothing was typed.
    """
    words = terms(typed)
    phrases = [match_expression(word, beginnings=True) for word in words]
    found = dict(_by_words(lookups, phrases, limit))
    ids = (place for place, word in enumerate(words) if _ID.fullmatch(word))
    for place in itertools.islice(ids, _MOST_IDS):
        found |= _by_id(lookups, words[place], [*phrases[:place], *phrases[place + 1 :]], limit)
    return tuple(found.items())


def _by_words(lookups: Lookups, phrases: Sequence[str | None], limit: int) -> dict[str, str]:
    expression = _in_title(phrases)
    if expression is None:
        return {}
    # The search table is in the order in which papers were stored, so that the newest come first and no other is read
    rows = lookups.connection.execute(
        "SELECT id, title FROM (SELECT rowid FROM paper_search WHERE paper_search MATCH ? ORDER BY rowid DESC LIMIT ?) "
        "AS found JOIN papers ON papers.number = found.rowid",
        (expression, limit),
    )
    return dict(rows.fetchall())


def _by_id(lookups: Lookups, beginning: str, phrases: Sequence[str | None], limit: int) -> dict[str, str]:
    expression = _in_title(phrases)
    if phrases and expression is None:
        return {}
    rows = lookups.connection.execute(
        "SELECT id, title FROM papers WHERE id >= :first AND id < :end AND (:expression IS NULL "
        "OR number IN (SELECT rowid FROM paper_search WHERE paper_search MATCH :expression)) "
        "ORDER BY id DESC LIMIT :limit",
        {"first": beginning, "end": f"{beginning}\uffff", "expression": expression, "limit": limit},
    )
    return dict(rows.fetchall())


def _in_title(phrases: Sequence[str | None]) -> str | None:
    """None when there is nothing to search for, or one of the words can be in no title."""
    if not all(phrases):
        return None
    return f"title : ({' AND '.join(filter(None, phrases))})" if phrases else None
