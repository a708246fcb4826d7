"""Which passages of one paper answer a question: full-text scoring in memory, over what was read of it.

A question is taken apart into terms, without the words that only make it a question. A passage is scored with BM25
over its text, its headings and, for a table, its caption; a term that is rare in the paper counts more. A question in
Chinese about a paper in English is looked for through a glossary, and through the names and figures that both hold.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from digest.readers.condense import worth
from digest.types import Passage, PassageKind
from digest.words import parted

SAID = 0.34  # the share of a question that its best passage has to hold; with less the paper does not say
_FOUND = 8  # passages given at most
_NEAR_BEST = 0.3  # of the best one's score, which the others must have
_SATURATION, _LENGTH = 1.2, 0.5  # BM25's k1 and b: passages are paragraphs, whose length says little
_TEXT, _HEADING, _PATH, _CAPTION = 1.0, 3.0, 1.0, 2.0  # what a word counts in each place
_WORTH = 0.03  # for each step of a section's worth, of which there are nine
_TABLE_ASKED, _FIGURE_ASKED, _HEADING_ASKED = 1.6, 1.2, 1.3
_UNKNOWN = 0.5  # of a term in another script that the glossary does not have

Glossary = Mapping[str, Sequence[str]]  # a term -> what it is called in another language


class Found(Struct, frozen=True):
    """A passage that answers, with its place in the reading, its score, and the share of the question it holds."""

    passage: Passage
    place: int
    score: float
    share: float


class _Term(Struct, frozen=True):
    """Something asked for: any of the phrases, each of words as they are indexed."""

    phrases: tuple[tuple[str, ...], ...]
    weight: float = 1.0


def retrieve(passages: Sequence[Passage], question: str, glossary: Glossary | None = None) -> tuple[Found, ...]:
    """The passages that answer best, best first; none when the paper does not say."""
    terms = _terms(question, glossary or {}, spaced=not _is_unspaced(passages))
    if not terms or not passages:
        return ()
    pages = [_counted(passage, captions) for passage, captions in _captioned(passages)]
    lengths = [sum(page.values()) for page in pages]
    usual = sum(lengths) / len(lengths) or 1.0
    counts = [[_count(term, page) for page in pages] for term in terms]
    rarities = [
        term.weight * math.log(1 + len(pages) / (0.5 + sum(count > 0 for count in of_term)))
        for term, of_term in zip(terms, counts, strict=True)
    ]
    whole = sum(rarities)
    found = []
    for place, (passage, weight) in enumerate(zip(passages, _weights(passages, question, terms), strict=True)):
        score = share = 0.0
        for of_term, rarity in zip(counts, rarities, strict=True):
            if count := of_term[place]:
                norm = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[place] / usual)
                score += rarity * count * (_SATURATION + 1) / (count + norm)
                share += rarity / whole
        found.append(Found(passage, place, score * weight, share))
    return _best(found)


def _best(found: Sequence[Found]) -> tuple[Found, ...]:
    """Those worth reading, best first, when one of the first holds enough of the question."""
    ranked = sorted(found, key=lambda one: (-one.score, one.place))[:_FOUND]
    if max(one.share for one in ranked) < SAID:
        return ()
    return tuple(one for one in ranked if one.score >= _NEAR_BEST * ranked[0].score)


def asked_words(question: str, glossary: Glossary | None = None) -> frozenset[str]:
    """Every word that a question is looked for with, as `words_of` gives them: to choose a sentence of a passage."""
    terms = _terms(question, glossary or {}, spaced=True)
    return frozenset(word for term in terms for phrase in term.phrases for word in phrase)


def words_of(text: str) -> list[str]:
    """The words of a text as they are compared: stems of English ones, overlapping pairs of Chinese, figures whole."""
    return [_stem(word) for word in _split(text)]


# --- passages ----------------------------------------------------------------------------------------------------


def _captioned(passages: Sequence[Passage]) -> Iterator[tuple[Passage, str]]:
    """Each passage with the caption that belongs to it: that of the same anchor, or the one next to a table."""
    by_anchor = {one.anchor: one.text for one in passages if one.kind is PassageKind.CAPTION and one.anchor}
    for place, passage in enumerate(passages):
        caption = ""
        if passage.kind is PassageKind.TABLE:
            beside = [*passages[max(place - 1, 0) : place], *passages[place + 1 : place + 2]]
            captions = [one.text for one in beside if one.kind is PassageKind.CAPTION]
            caption = by_anchor.get(passage.anchor) or next(iter(captions), "")
        yield passage, caption


def _counted(passage: Passage, caption: str) -> dict[str, float]:
    """How much each word counts in a passage."""
    page: dict[str, float] = {}
    *path, heading = passage.heading.split(" > ")
    for text, weight in (
        (passage.text, _CAPTION if passage.kind is PassageKind.CAPTION else _TEXT),
        (caption, _CAPTION),
        (_unnumbered(heading), _HEADING),
        *((_unnumbered(above), _PATH) for above in path),
    ):
        for word in words_of(text):
            page[word] = page.get(word, 0.0) + weight
    return page


def _weights(passages: Sequence[Passage], question: str, terms: Sequence[_Term]) -> Iterator[float]:
    """What a passage counts for where it stands, and more when the question names its heading or its kind."""
    asked = {word for term in terms for phrase in term.phrases for word in phrase}
    table, figure = bool(_TABLE.search(question)), bool(_FIGURE.search(question))
    for passage, worthy in zip(passages, worth(passages), strict=True):
        weight = 1 + _WORTH * (worthy - 5)
        shown = passage.kind in (PassageKind.TABLE, PassageKind.CAPTION)
        if table and shown and not passage.text.startswith("Figure"):
            weight *= _TABLE_ASKED
        if figure and passage.kind is PassageKind.CAPTION:
            weight *= _FIGURE_ASKED
        heading = set(words_of(_unnumbered(passage.heading.rpartition(" > ")[2])))
        if heading and heading <= asked:
            weight *= _HEADING_ASKED
        yield weight


def _count(term: _Term, page: Mapping[str, float]) -> float:
    return max(min(page.get(word, 0.0) for word in phrase) for phrase in term.phrases)


def _is_unspaced(passages: Iterable[Passage]) -> bool:
    """Whether a paper is written in Chinese, or another script without spaces, at least for a good part."""
    text = "".join(passage.text for passage in passages)
    return len(_UNSPACED.findall(text)) > len(text) / 20


# --- questions ---------------------------------------------------------------------------------------------------


def _terms(question: str, glossary: Glossary, *, spaced: bool) -> list[_Term]:
    """What a question asks for. `spaced`: the paper is in a script that parts words, so that Chinese is looked up."""
    text = unicodedata.normalize("NFKC", question)
    text = _ASKING_UNSPACED.sub(" ", text)
    terms: list[_Term] = []
    if spaced:
        text, terms = _translated(text, glossary)
    for word in _split(text):
        if word in _ASKING or (len(word) == 1 and not word.isdecimal() and word.isascii()):
            continue
        foreign = spaced and _UNSPACED.match(word) is not None
        terms.append(_Term(((_stem(word),),), _UNKNOWN if foreign else 1.0))
    return list(dict.fromkeys(terms))


def _translated(text: str, glossary: Glossary) -> tuple[str, list[_Term]]:
    """The terms of the glossary in a text, longest first, and what is left of the text."""
    terms = []
    for entry in sorted(glossary, key=len, reverse=True):
        if entry and entry in text:
            text = text.replace(entry, " ")
            terms.append(_Term(tuple(dict.fromkeys(tuple(words_of(phrase)) for phrase in glossary[entry]))))
    return text, terms


# --- words -------------------------------------------------------------------------------------------------------


def _split(text: str) -> Iterator[str]:
    """Words in lower case, without the commands of TeX; runs of Chinese in overlapping pairs."""
    plain = _TEX.sub(" ", unicodedata.normalize("NFKC", text))
    for match in _WORD.finditer(plain.casefold()):
        word = match[0]
        if _UNSPACED.match(word):
            yield from parted(word)
        else:
            yield word.replace(",", "")


def _unnumbered(heading: str) -> str:
    return _NUMBERING.sub("", heading)


def _stem(word: str) -> str:
    """A light stem: what is left of an English word without its commonest endings. Others stay as they are."""
    if len(word) < 4 or not word.isalpha() or not word.isascii():
        return word
    for ending, left in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) + len(left) >= _LEAST_STEM:
            word = word[: -len(ending)] + left
            break
    if len(word) > _LEAST_STEM and word[-1] == word[-2] and word[-1] not in "ls":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > _LEAST_STEM else word


_LEAST_STEM = 3
_ENDINGS = (
    *((f"{root}{tail}", root.replace("is", "iz")) for root in ("iz", "is") for tail in ("ations", "ation", "ing")),
    *((f"{root}e{tail}", root.replace("is", "iz")) for root in ("iz", "is") for tail in ("d", "s", "rs", "r")),
    ("ise", "iz"),
    ("ize", "iz"),
    ("ations", ""),
    ("ation", ""),
    ("ements", ""),
    ("ement", ""),
    ("ating", ""),
    ("ated", ""),
    ("ates", ""),
    ("ate", ""),
    ("ions", ""),
    ("ion", ""),
    ("ments", ""),
    ("ment", ""),
    ("ingly", ""),
    ("edly", ""),
    ("ings", ""),
    ("ing", ""),
    ("ies", "y"),
    ("ied", "y"),
    ("sses", "ss"),
    ("ss", "ss"),
    ("ed", ""),
    ("ers", "er"),
    ("es", ""),
    ("ly", ""),
    ("s", ""),
)
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+"
    r"|\d+(?:[.,]\d+)*[a-z%]*|[^\W\d_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]+\d*"
)
_TEX = re.compile(r"\\[A-Za-z]+")
_NUMBERING = re.compile(r"^(?:(?:\d+|[A-Z]|[IVX]+)(?:\.\d+)*[.:]?\s+|\d+(?:\.\d+)+[.:]?\s*)")
_TABLE = re.compile(r"\btables?\b|表格|表中|表\s*\d|表里", re.IGNORECASE)
_FIGURE = re.compile(r"\bfig(?:ure|s?\.)|插图|图中|图\s*\d", re.IGNORECASE)

# Words that make a question one, or that every paper is about: they say nothing of what is asked.
_ASKING = frozenset(
    """a about all also an and any are as at author authors be been being between both but by can could describe
    described did do does done each explain explained find for from give given gives had has have he her his how i if in
    into is it its just let long many may me mean means mention mentioned might more most much must my need no not of on
    or other our out paper papers please report reported s same say saying says she should show shown shows so some
    state stated study such t tell than that the their them then there these they thing things this those to too under
    up us use used uses using very was way we well were what when where whether which while who whom whose why will with
    within work would you your table tables figure figures section sections fig article""".split()
)
_ASKING_UNSPACED = re.compile(
    r"请问|请|告诉我|这篇|那篇|该|本文|论文|文章|文中|作者|他们|它们|我们|是否|有没有|有无|什么样|是什么|为什么|什么|怎么样|怎么|怎样"
    r"|如何|哪些|哪个|哪种|哪里|哪|多少|多久|多长|多大|几个|几|关于|有关|对于|说了|说明|说|提到|提及|介绍|描述|解释|展示|显示|给出"
    r"|使用了|使用|用了|采用|用|表格|表中|表里|表|插图|图中|章节|部分|方面|进行|可以|能够|需要|一个|以及|还有|和|与|或|在|的|了|是"
    r"|吗|呢|吧|有|对|中|里|上|被|把|将|从|到|为|做|其|这|那|就|都|也|内容"
)
