"""Short pieces of a paper, word for word, that bear out what a report says of it.

Short because arXiv's terms ask not to serve papers themselves (https://info.arxiv.org/help/api/tou.html).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from digest.types import Passage, Quote, SectionName
from digest.writers.sentences import sentences

QUOTED = (SectionName.INNOVATIONS, SectionName.RESULTS)
MOST = 3  # of one section
MOST_CHARS = 300
_MOST_TRIED = 20
LEAST_CHARS = 12  # shorter ones bear nothing out: they stand anywhere

_SPACE = re.compile(r"\s+")
_AROUND = "\"“”'‘’「」 "


def quotes(section: SectionName, texts: Iterable[str], passages: Sequence[Passage]) -> tuple[Quote, ...]:
    """At most MOST of the texts as quotes with their places: those that stand in a passage, but for white space and
    the marks of quotation around them. One that is too long is quoted up to the end of a sentence or word."""
    found: dict[str, Quote] = {}
    for text in islice(texts, _MOST_TRIED):
        if len(found) == MOST:
            break
        whole = folded(text)
        for wanted in dict.fromkeys((whole, whole.lstrip(_AROUND).rstrip(f"{_AROUND}…"))):
            passage = holder(wanted, passages) if len(wanted) >= LEAST_CHARS else None
            if passage is not None:
                short = _short(wanted)
                found.setdefault(short, Quote(section, passage.anchor, short))
                break
    return tuple(found.values())


def holder(text: str, passages: Iterable[Passage]) -> Passage | None:
    """The first passage that holds a text with folded white space, or None."""
    return next((passage for passage in passages if text in folded(passage.text)), None)


def folded(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


def _short(text: str) -> str:
    """The text, or as many of its sentences as have room, or of its words."""
    if len(text) <= MOST_CHARS:
        return text
    kept = ""
    for sentence in _cut_at_sentences(text):
        if len(sentence) > MOST_CHARS:
            break
        kept = sentence
    head = text[:MOST_CHARS]
    return kept or (head[: head.rfind(" ")] if " " in head[MOST_CHARS // 2 :] else head).rstrip()


def _cut_at_sentences(text: str) -> Iterator[str]:
    """The first sentence, the first two, and so on, as they stand in the text."""
    end = 0
    for sentence in sentences(text):
        place = text.find(sentence, end)
        if place < 0:  # `sentences` has tidied it
            return
        end = place + len(sentence)
        yield text[:end]
