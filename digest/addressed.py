"""Text in a paper that speaks to a language model instead of to its readers: "ignore previous instructions" and its
like, in English and Chinese.

Such passages are kept from models, and no sentence, quote or answer is taken from them. Papers have carried them, seen
and unseen (https://arxiv.org/abs/2507.06185). What is recognised is a manner of speaking: a paper about such attacks
loses its examples, and an instruction in words of its own gets through, which is why what a model writes is checked
as well (digest.writers.proof).
"""

from __future__ import annotations

import re

from msgspec import Struct
from msgspec.structs import replace

from digest.orders import speaks_to_a_model as speaks_to_a_model
from digest.types import Paper, Passage, Reading, ReadingSource

_SENTENCE = re.compile(r".*?(?:[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n|$)", re.DOTALL)


class Sifted(Struct, frozen=True):
    """What may be shown to a model or quoted, and the rest: `headings` of what was left out, each once, "" for text
    that stands under none; `texts`, what was left out."""

    paper: Paper
    reading: Reading
    headings: tuple[str, ...]
    texts: tuple[str, ...]


def sifted(paper: Paper, reading: Reading) -> Sifted:
    """The paper and its reading without what speaks to a model.

    A passage that does goes as a whole: what it wants stands beside it. Of an abstract, which is all that there may be
    to read, what comes before it stays; of a title, nothing. The reading keeps its hash, which says what was read.
    """
    title, abstract = _harmless(paper.title), before(paper.abstract)
    gone = [("", paper.title[len(title) :]), ("", paper.abstract[len(abstract) :])]
    kept: list[Passage] = []
    for passage in reading.passages:
        titles = passage.heading.split(" > ")
        heading = " > ".join(filter(None, map(_harmless, titles)))
        text = before(passage.text) if _is_abstract(passage, reading) else _harmless(passage.text)
        gone += [(heading, title) for title in titles if not _harmless(title)]
        gone.append((heading, passage.text[len(text) :]))
        if text:
            kept.append(Passage(passage.anchor, heading, passage.kind, text))
    lost = [(heading, text) for heading, text in gone if text.strip()]
    return Sifted(
        replace(paper, title=title, abstract=abstract),
        replace(reading, passages=tuple(kept)),
        tuple(dict.fromkeys(heading for heading, _ in lost)),
        tuple(text for _, text in lost),
    )


def before(text: str) -> str:
    """The sentences of a text before the first that speaks to a model."""
    if not speaks_to_a_model(text):
        return text
    end = 0
    for sentence in _SENTENCE.finditer(text):
        # With what went before it: an order may be told in two sentences.
        if speaks_to_a_model(text[: sentence.end()]):
            break
        end = sentence.end()
    return text[:end].rstrip()


def _harmless(text: str) -> str:
    return "" if speaks_to_a_model(text) else text


def _is_abstract(passage: Passage, reading: Reading) -> bool:
    return reading.source is ReadingSource.ABSTRACT or passage.heading.strip(" .:#").lower() in ("abstract", "摘要")
