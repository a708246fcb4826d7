"""Words as people search for them: whole words where a script separates them, every character where it does not.

FTS5's `unicode61` tokenizer keeps a run of Chinese as one token, so a term inside it is never found. With a space put
around each such character every term, of one character or more, is a phrase of tokens.
"""

from __future__ import annotations

import re
import unicodedata

# Han (with extensions and compatibility forms), kana, bopomofo and hangul: scripts written without spaces, or whose
# particles are glued to the word.
_UNSPACED = re.compile(
    "([\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff])"
)
# SQLite ends a text at NUL, and half a surrogate pair is not text at all.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def spaced(text: str) -> str:
    """The text as it is indexed: compatibility forms folded (NFKC), a space around each unspaced character."""
    return _UNSPACED.sub(r" \1 ", unicodedata.normalize("NFKC", _UNSTORABLE.sub(" ", text)))


def match_expression(query: str) -> str | None:
    """An FTS5 expression that asks for every term of what a person typed, or None when nothing in it can be searched.

    Terms are separated by white space; each is asked for as a phrase and quoted, so no character of it is an operator
    (https://sqlite.org/fts5.html#fts5_strings).
    """
    terms = (spaced(term).replace('"', " ").strip() for term in query.split())
    phrases = [f'"{term}"' for term in terms if _searchable(term)]
    return " AND ".join(phrases) or None


def _searchable(term: str) -> bool:
    """Whether `unicode61` keeps a token of it: letters, numbers and private use are tokens, all else separates."""
    return any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co" for char in term)
