"""Papers by what somebody types of an id or a title, before the words are whole."""

from __future__ import annotations

import re

from digest.lookups import Lookups
from digest.words import match_expression

_ID = re.compile(r"\d{1,4}(?:\.\d{0,5})?|[a-z.-]{2,40}+/\d*", re.ASCII)  # its beginning, in the new scheme or the old


def titled(lookups: Lookups, typed: str, limit: int) -> tuple[tuple[str, str], ...]:
    """Ids and titles of papers of which each word that was typed begins the id or a word of the title; Chinese is
    found anywhere in it. The newest `limit` by title, and as many by id; () when nothing was typed.
    """
    words = typed.split()
    found = dict(_by_words(lookups, words, limit))
    for place, word in enumerate(words):
        if _ID.fullmatch(word):
            found |= _by_id(lookups, word, [*words[:place], *words[place + 1 :]], limit)
    return tuple(found.items())


def _by_words(lookups: Lookups, words: list[str], limit: int) -> dict[str, str]:
    expression = _in_title(words)
    if expression is None:
        return {}
    # The search table is in the order in which papers were stored, so that the newest come first and no other is read
    rows = lookups.connection.execute(
        "SELECT id, title FROM (SELECT rowid FROM paper_search WHERE paper_search MATCH ? ORDER BY rowid DESC LIMIT ?) "
        "AS found JOIN papers ON papers.number = found.rowid",
        (expression, limit),
    )
    return dict(rows.fetchall())


def _by_id(lookups: Lookups, beginning: str, words: list[str], limit: int) -> dict[str, str]:
    expression = _in_title(words)
    if words and expression is None:
        return {}
    rows = lookups.connection.execute(
        "SELECT id, title FROM papers WHERE id >= :first AND id < :end AND (:expression IS NULL "
        "OR number IN (SELECT rowid FROM paper_search WHERE paper_search MATCH :expression)) "
        "ORDER BY id DESC LIMIT :limit",
        {"first": beginning, "end": f"{beginning}\uffff", "expression": expression, "limit": limit},
    )
    return dict(rows.fetchall())


def _in_title(words: list[str]) -> str | None:
    """None when there is nothing to search for, or one of the words can be in no title."""
    expressions = [match_expression(word, beginnings=True) for word in words]
    if not all(expressions):
        return None
    return f"title : ({' AND '.join(filter(None, expressions))})" if words else None
