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
_LEAST_CHARS_OF_POINT = 10  # "Output: a box."
# "Sliding Window Attention. SWA exploits ...": a heading in the line, which has neither verb nor pronoun.
_RUN_IN = re.compile(
    r"\A(?!.*\b(?:we|is|are|was|were|has|have|had|can|will|it|they|this|our|you|do|does|be)\b)[A-Z][\w’'/&-]*"
    r"(?: [\w’'/&()-]+){0,5}\.",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"https?://\S")
_NUMBERED = re.compile(r"^\s*+(?:[A-Z]|[IVXLC]+|\d++)?(?:\.\d++)*[.:)]?\s++(?=\S)")


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


class Point(Struct, frozen=True):
    """One point of a list, and the points below it, whatever their depth."""

    text: str
    below: tuple[str, ...] = ()


class ScoreTable(Struct, frozen=True):
    """A table as the paper has it, with its caption ("" if none stands beside it)."""

    text: str
    caption: str
    part: Part


class Material(Struct, frozen=True):
    abstract: tuple[Line, ...]
    body: tuple[Line, ...]  # in the order of the paper, without the abstract
    contributions: tuple[Point, ...]  # the points of the list of contributions, if the introduction has one
    points: tuple[Line, ...]  # of the other lists
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
# Below other sections only these: "4.3 Limits of Attention" may well be a result.
_ASIDE_BELOW = re.compile(
    r"(?<![\d.\s])[\d.\s]*+(?:acknowledg|limitations?\b|related work|ethic|future work|broader impact)", re.IGNORECASE
)
_LETTERED = re.compile(r"[A-Z](?:\.\d+)*[.:]?\s+\S")
_PATTERNS = tuple((part, re.compile(words, re.IGNORECASE)) for part, words in _PARTS)
_CONTRIBUTIONS = re.compile(
    r"\bcontributions?\b|(?:our|the) (?:main |key )?(?:findings|innovations|novelt)|贡献|创新点", re.IGNORECASE
)


def gather(paper: Paper, reading: Reading) -> Material:
    """Everything a report may quote. Without an abstract in the list, the one of the text is used."""
    if reading.source is ReadingSource.ABSTRACT:
        located = [(passage, Part.ABSTRACT) for passage in reading.passages]
    else:
        located = list(zip(reading.passages, parts(reading.passages), strict=True))
    abstract = paper.abstract or " ".join(passage.text for passage, part in located if part is Part.ABSTRACT)
    told = [(passage, part) for passage, part in located if part not in (Part.ABSTRACT, Part.ASIDE)]
    contributions = _contributions(told)
    counted = frozenset(contributions)
    return Material(
        abstract=tuple(_lines(abstract, Part.ABSTRACT, "")),
        body=tuple(
            line
            for passage, part in told
            if passage.kind is PassageKind.TEXT
            for line in _lines(passage.text, part, passage.heading)
        ),
        contributions=contributions,
        points=tuple(
            Line(point.text, part, passage.heading)
            for passage, part in told
            if passage.kind is PassageKind.LIST
            for point in points_of(passage.text)
            if point not in counted and _LEAST_CHARS_OF_POINT <= len(point.text) <= MOST_CHARS
        ),
        tables=tuple(_tables(told)),
        headings=tuple(dict.fromkeys(title_of(passage.heading) for passage, _ in told if passage.heading)),
    )


def parts(passages: Sequence[Passage]) -> Iterator[Part]:
    """The part each passage belongs to. What stands before the first heading is title and small print; lettered
    sections after numbered ones, and those after the conclusion whose headings say nothing, are appendices."""
    headed = any(passage.heading for passage in passages)
    numbered, closed = False, ""
    for passage in passages:
        part = part_of(passage.heading) if passage.heading or not headed else Part.ASIDE
        top = passage.heading.partition(" > ")[0]
        numbered = numbered or top[:1].isdigit()
        if numbered and _LETTERED.match(top):
            part = Part.ASIDE
        elif part is Part.CLOSING:
            closed = top
        elif closed and top != closed and part is Part.METHOD:
            part = Part.ASIDE
        yield part


def part_of(heading: str) -> Part:
    """The part of the paper under a path of headings; what says nothing of itself is the method."""
    path = heading.split(" > ")
    number = headings.number(path[0])
    if (number and number[0].isalpha()) or any(_ASIDE_BELOW.match(title) for title in path):
        return Part.ASIDE
    return next((part for title in path for part, words in _PATTERNS if words.search(title)), Part.METHOD)


def title_of(heading: str) -> str:
    """The last heading of a path without its number."""
    return _NUMBERED.sub("", heading.rsplit(" > ", 1)[-1]).strip(" .:：")


def points_of(text: str) -> tuple[Point, ...]:
    """The points of a LIST passage."""
    points: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("- "):
            points.append((line[2:].strip(), []))
        elif points and line.lstrip().startswith("- "):
            points[-1][1].append(line.lstrip()[2:].strip())
    return tuple(Point(first, tuple(below)) for first, below in points)


def _lines(text: str, part: Part, heading: str) -> Iterator[Line]:
    most_chars = _MOST_CHARS_OF_ABSTRACT if part is Part.ABSTRACT else MOST_CHARS
    told = sentences(text)
    if len(told) > 1 and part is not Part.ABSTRACT and _RUN_IN.fullmatch(told[0]):
        heading, told = f"{heading} > {told[0].rstrip('.')}", told[1:]
    for place, sentence in enumerate(told):
        if _LEAST_CHARS <= len(sentence) <= most_chars and _is_whole(sentence):
            yield Line(sentence, part, heading, opens=place == 0)


def _is_whole(sentence: str) -> bool:
    """Whether it reads as a sentence: it ends as one, and neither a bracket nor a formula of it is cut in two."""
    return (
        (
            sentence.rstrip("\"'”’)」』）]$")[-1:] in ".!?。！？"
            or _ADDRESS.search(sentence, sentence.rfind(" ") + 1) is not None
        )
        and sentence.count("(") == sentence.count(")")
        and sentence.count("$") % 2 == 0
    )


def _contributions(located: Sequence[tuple[Passage, Part]]) -> tuple[Point, ...]:
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
