"""What a paper holds to choose from: its sentences with the parts they stand in, its contributions and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum

from msgspec import Struct

from digest.readers import headings
from digest.types import Paper, Passage, PassageKind, Reading, ReadingSource
from digest.writers.sentences import sentences

MOST_CHARS = 400  # a longer sentence is a list or a formula in disguise, and no message has room for it
_MOST_CHARS_OF_ABSTRACT = 600  # there the one sentence that tells everything may be that long
_LEAST_CHARS = 25
_NUMBERED = re.compile(r"^\s*(?:[A-Z]|[IVXLC]+|\d+)?(?:\.\d+)*[.:)]?\s+(?=\S)")


class Part(Enum):
    """Parts of a paper as far as choosing sentences asks for them. ASIDE is what no report quotes from."""

    ABSTRACT = 1
    INTRODUCTION = 2
    METHOD = 3
    RESULTS = 4
    CLOSING = 5
    ASIDE = 6


class Line(Struct, frozen=True):
    """A sentence of the paper. `opens`: whether it is the first of its paragraph."""

    text: str
    part: Part
    heading: str = ""
    opens: bool = False


class ScoreTable(Struct, frozen=True):
    """A table as the paper has it, with its caption ("" if none stands beside it)."""

    text: str
    caption: str
    part: Part


class Material(Struct, frozen=True):
    abstract: tuple[Line, ...]
    body: tuple[Line, ...]  # in the order of the paper, without the abstract
    contributions: tuple[str, ...]  # the points of the list of contributions, if the introduction has one
    tables: tuple[ScoreTable, ...]
    headings: tuple[str, ...]  # each once, the deepest of its path, without its number


_ASIDE = (
    r"\brelated\b|background|preliminar|(?:prior|previous) work|literature|acknowledg|ethic|impact|funding|reproducib"
    r"|appendi|supplement|limit|future|references|bibliography|checklist|contributors|statement"
    r"|相关工作|背景|致谢|附录|局限|参考文献|伦理"
)
_RESULTS = r"experiment|result|evaluat|ablation|benchmark|performance|analys|comparison|实验|结果|评估|评测|消融|分析"
_PARTS = (
    (Part.ASIDE, _ASIDE),
    (Part.ABSTRACT, r"^\W*(?:abstract|摘要)\W*$"),
    (Part.INTRODUCTION, r"introduction|^\W*(?:\d\W*)?overview|contributions|引言|绪论|介绍"),
    (Part.CLOSING, r"conclu|discussion|summary|结论|总结|讨论"),
    (Part.RESULTS, _RESULTS),
)
_PATTERNS = tuple((part, re.compile(words, re.IGNORECASE)) for part, words in _PARTS)
_CONTRIBUTIONS = re.compile(
    r"\bcontributions?\b|(?:our|the) (?:main |key )?(?:findings|innovations|novelt)|贡献|创新点", re.IGNORECASE
)


def gather(paper: Paper, reading: Reading) -> Material:
    """Everything a report may quote. Without an abstract in the list, the one of the text is used."""
    located = [(passage, part_of(passage.heading)) for passage in reading.passages]
    if reading.source is ReadingSource.ABSTRACT:
        located = [(passage, Part.ABSTRACT) for passage, _ in located]
    text = paper.abstract or " ".join(passage.text for passage, part in located if part is Part.ABSTRACT)
    return Material(
        abstract=tuple(_lines(text, Part.ABSTRACT, "")),
        body=tuple(
            line
            for passage, part in located
            if passage.kind is PassageKind.TEXT and part not in (Part.ABSTRACT, Part.ASIDE) and passage.heading
            for line in _lines(passage.text, part, passage.heading)
        ),
        contributions=_contributions(located),
        tables=tuple(_tables(located)),
        headings=tuple(
            dict.fromkeys(
                title_of(passage.heading) for passage, part in located if passage.heading and part is not Part.ASIDE
            )
        ),
    )


def part_of(heading: str) -> Part:
    """The part of the paper under a path of headings; what says nothing of itself is the method."""
    path = heading.split(" > ")
    if headings.number(path[0])[:1] and headings.number(path[0])[0].isalpha():
        return Part.ASIDE  # lettered sections are appendices
    for title in path:
        for part, words in _PATTERNS:
            if words.search(title):
                return part
    return Part.METHOD


def title_of(heading: str) -> str:
    """The last heading of a path without its number."""
    return _NUMBERED.sub("", heading.rsplit(" > ", 1)[-1]).strip()


def points_of(text: str) -> tuple[str, ...]:
    """The points of a LIST passage at its first level, in one line each; what is below a point is left away."""
    return tuple(line[2:].strip() for line in text.splitlines() if line.startswith("- "))


def _lines(text: str, part: Part, heading: str) -> Iterator[Line]:
    most_chars = _MOST_CHARS_OF_ABSTRACT if part is Part.ABSTRACT else MOST_CHARS
    for place, sentence in enumerate(sentences(text)):
        if _LEAST_CHARS <= len(sentence) <= most_chars and _is_whole(sentence):
            yield Line(sentence, part, heading, opens=place == 0)


def _is_whole(sentence: str) -> bool:
    """Whether it reads as a sentence: it ends as one, and neither a bracket nor a formula of it is cut in two."""
    return (
        sentence.rstrip("\"'”’)」』）]")[-1:] in ".!?。！？"
        and sentence.count("(") == sentence.count(")")
        and sentence.count("$") % 2 == 0
    )


def _contributions(located: Sequence[tuple[Passage, Part]]) -> tuple[str, ...]:
    """The points of the first list that is announced as, or stands under, the contributions."""
    before = ""
    for passage, part in located:
        if passage.kind is PassageKind.LIST and part in (Part.INTRODUCTION, Part.METHOD):
            announced = _CONTRIBUTIONS.search(before[-300:]) or _CONTRIBUTIONS.search(title_of(passage.heading))
            if announced and len(points := points_of(passage.text)) > 1:
                return points
        before = passage.text
    return ()


def _tables(located: Sequence[tuple[Passage, Part]]) -> Iterator[ScoreTable]:
    for place, (passage, part) in enumerate(located):
        if passage.kind is not PassageKind.TABLE or part is Part.ASIDE:
            continue
        neighbours = [located[at][0] for at in (place - 1, place + 1) if 0 <= at < len(located)]
        captions = [near.text for near in neighbours if near.kind is PassageKind.CAPTION]
        named = [caption for caption in captions if caption.lower().startswith(("tab", "表"))]
        yield ScoreTable(passage.text, (named or captions or [""])[0], part)
