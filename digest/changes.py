"""What a correction has changed, in words: which stand there now, and which stood there before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher

from msgspec import Struct

from digest.render import shortened

CHANGES_SHOWN = 3
WORDS_CHARS = 100  # of what stands there, and of what stood there, in one change
_NEAR = 2  # changes with no more words than these between them are one
_MOST_PAIRS = 40_000  # of equal words; two thousand Chinese characters have about half as many
_MUCH = 0.5  # of the words: then the whole is said to have changed

# A word, with what stands inside numbers and names: 91.4%, 3-shot, a/b. Scripts written without spaces: a character.
_UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff\uf900-\ufaff"
_WORD = re.compile(rf"[^\W{_UNSPACED}](?:[^\s{_UNSPACED},;:!?()（），。；：！？、]*[^\W{_UNSPACED}])?%?|\S")
_CHARACTER = re.compile(f"[{_UNSPACED}]")

Span = tuple[int, int, int, int]  # of the words before: from, to; of the words now: from, to


class Change(Struct, frozen=True):
    """`before` is "" for what was added, `now` for what was taken out."""

    before: str
    now: str


def changes(before: str, now: str) -> tuple[Change, ...]:
    """What differs between two texts word by word, in order, each once and each side shortened; at most CHANGES_SHOWN.

    None: they say the same words, whatever their form. In texts too long to compare word by word, the stretch from the
    first difference to the last is one change.
    """
    old, new = list(_WORD.finditer(before)), list(_WORD.finditer(now))
    if _pairs(old, new) > _MOST_PAIRS:
        return _whole(before, old, now, new)
    matcher = SequenceMatcher(None, [word[0] for word in old], [word[0] for word in new], autojunk=False)
    spans = _merged([spans for kind, *spans in matcher.get_opcodes() if kind != "equal"], now, new)
    if len(spans) > 1 and matcher.ratio() < _MUCH:
        spans = [(spans[0][0], spans[-1][1], spans[0][2], spans[-1][3])]
    wide = (_widened(span, old, new) for span in spans)
    told = dict.fromkeys(Change(_words(before, old[a:b]), _words(now, new[c:d])) for a, b, c, d in wide)
    return tuple(told)[:CHANGES_SHOWN]


def _pairs(old: Sequence[re.Match[str]], new: Sequence[re.Match[str]]) -> int:
    """How many pairs of equal words there are, which is what comparing takes."""
    count = Counter(word[0] for word in new)
    return sum(count[word[0]] for word in old)


def _whole(before: str, old: Sequence[re.Match[str]], now: str, new: Sequence[re.Match[str]]) -> tuple[Change, ...]:
    """The stretch from the first difference to the last as one change."""
    most = min(len(old), len(new))
    head = next((at for at in range(most) if old[at][0] != new[at][0]), most)
    tail = next((at for at in range(most - head) if old[-1 - at][0] != new[-1 - at][0]), most - head)
    change = Change(_words(before, old[head : len(old) - tail]), _words(now, new[head : len(new) - tail]))
    return (change,) if change != Change("", "") else ()


def _merged(spans: Sequence[Sequence[int]], now: str, new: Sequence[re.Match[str]]) -> list[Span]:
    """Neighbouring changes of one line as one: half a sentence reads better than its scattered words."""
    merged: list[Span] = []
    for a, b, c, d in spans:
        end = merged[-1][3] if merged else 0
        begins = new[c].start() if c < len(new) else len(now)
        if merged and c - end <= _NEAR and "\n" not in now[new[end - 1].end() if end else 0 : begins]:
            merged[-1] = (merged[-1][0], b, merged[-1][2], d)
        else:
            merged.append((a, b, c, d))
    return merged


def _widened(span: Span, old: Sequence[re.Match[str]], new: Sequence[re.Match[str]]) -> Span:
    """A change of a single character of a script without spaces, with the one before it: alone it is no word."""
    a, b, c, d = span
    single = max(b - a, d - c) == 1
    if single and a and c and all(_CHARACTER.fullmatch(word[0]) for word in (*old[a - 1 : b], *new[c - 1 : d])):
        return a - 1, b, c - 1, d
    return span


def _words(text: str, words: Sequence[re.Match[str]]) -> str:
    """The stretch of text from the first word to the last, in one line."""
    return shortened(" ".join(text[words[0].start() : words[-1].end()].split()), WORDS_CHARS) if words else ""
