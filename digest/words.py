"""Words as people search for them: whole words where a script separates them, any piece where it does not.

FTS5's `unicode61` tokenizer keeps a run of Chinese as one token, so a term inside it is never found. It is therefore
indexed as its overlapping pairs and its last character alone: 注意力 as `注意 意力 力`. A term of two characters or
more is a phrase of pairs, and one of a single character the beginning of a token. Pairs are much rarer than
characters, which makes terms of common characters several times as fast as an index of single ones.
"""

from __future__ import annotations

import re
import unicodedata

from digest.text.valid import valid_text

# Han (with extensions and compatibility forms), kana, bopomofo and hangul: scripts written without spaces, or whose
# particles are glued to the word.
_UNSPACED = (
    "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3100-\u312f\u3130-\u318f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_MOST_CHARS = 500  # of what is searched for: the time of a search is that of its words, times the papers
_CHARACTER = re.compile(f"({_UNSPACED})")
_RUN = re.compile(f"{_UNSPACED}+")


def spaced(text: str) -> str:
    """The text with compatibility forms folded (NFKC) and a space around each unspaced character."""
    return _CHARACTER.sub(r" \1 ", _storable(text))


def indexed(text: str) -> str:
    """The text as it is put into the index, compatibility forms folded (NFKC)."""
    return _RUN.sub(lambda run: f" {' '.join((*_pairs(run[0]), run[0][-1]))} ", _storable(text))


def match_expression(query: str, *, beginnings: bool = False) -> str | None:
    """An FTS5 expression that asks for every term of what a person typed, or None when nothing in it can be searched.
    With `beginnings`, a term may end within a word.

    Terms are those of `terms`; each is asked for as a phrase and quoted, so no character of it is an operator
    (https://sqlite.org/fts5.html#fts5_strings).
    """
    phrases = dict.fromkeys(_phrase(term, beginnings) for term in terms(query))
    return " AND ".join(phrase for phrase in phrases if phrase) or None


def terms(query: str) -> list[str]:
    """What stands between white space, each once; of a query of more than 500 characters the terms that begin it."""
    query = query.strip()
    if len(query) > _MOST_CHARS:
        query = query[:_MOST_CHARS].rsplit(maxsplit=1)[0]
    return list(dict.fromkeys(_storable(query).replace('"', " ").split()))


def _phrase(term: str, beginnings: bool) -> str:
    """A term as a phrase, "" when it holds nothing that `unicode61` makes a token of.

    What follows the term is not known: a run of several characters at its end is asked for as its pairs alone, a single
    one as the beginning of a token.
    """
    last = _RUN.search(term, _begin_of_last_run(term))
    if last is None:
        words, prefix = indexed(term), "*" if beginnings else ""
    elif len(last[0]) == 1:
        words, prefix = indexed(term), "*"
    else:
        words, prefix = f"{indexed(term[: last.start()])} {' '.join(_pairs(last[0]))}", ""
    return f'"{words.strip()}"{prefix}' if _searchable(words) else ""


def _begin_of_last_run(term: str) -> int:
    """Where the run that ends the term begins; the term's length when it ends otherwise."""
    place = len(term)
    while place and _CHARACTER.match(term[place - 1]):
        place -= 1
    return place


def parted(run: str) -> list[str]:
    """A run of unspaced characters as its overlapping pairs; one character alone as itself."""
    return _pairs(run) or [run]


def _pairs(run: str) -> list[str]:
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _storable(text: str) -> str:
    return unicodedata.normalize("NFKC", valid_text(text))


def _searchable(words: str) -> bool:
    """Whether `unicode61` keeps a token of it: letters, numbers and private use are tokens, all else separates."""
    return any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "Co" for char in words)
