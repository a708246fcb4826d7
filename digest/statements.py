"""What a report states: its figures and names one by one, each with the words that say what it is about."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from digest.figures import Figure, figures
from digest.inline import plain_runs
from digest.labels import Part, cut_sentences, parts, terms
from digest.markdown import plain
from digest.names import Name, names
from digest.spots import is_value
from digest.types import Block, Paragraph, Points, Section, SectionName, Table

Knows = Callable[[str], bool]

_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=\S)|[。！？；;\n]")
_NO_END = re.compile(r"(?:\b(?:e\.g|i\.e|cf|vs|al|resp|approx|ca|Figs?|Eqs?|Secs?|No|Dr|St)|(?:^|\s)[A-Z])\.$")
_LEAD = re.compile(r"^[^:：。]{2,80}+[:：]")
_LEAD_CHARS = 300
_BEFORE_CHARS = 300
MOST_STATED = 500  # figures and as many names of a section that are held against the text
MOST_CHARS = 50_000  # of a section that are held against the text; a whole report has 10,000
_HEADING_CHARS = 30  # a paragraph as short as this, without a figure, heads the next
_DIGIT = re.compile(r"\d")
# A figure beside one of these may be the other side of a comparison.
CONTRAST = re.compile(
    r"\b(?:baselines?|vs|versus|than|over|compared|previous|prior|against|surpass\w*|outperform\w*|exceed\w*|beat\w*|"
    r"behind|from|best)\b"
    r"|基线|优于|超越|超过|超出|领先|高于|低于|好于|胜过|击败|相比|比|对比|从|基座|此前|先前|最佳",
    re.IGNORECASE,
)


class Line(NamedTuple):
    """A line of a section: a paragraph, or a cell of a table with what else stands in its row and above it.

    `at` is its place in `digest.markdown.plain` of the section; `lead` what stands over it and says what it is about.
    """

    at: int
    text: str
    lead: str
    beside: str  # of a cell: the labels of its row and its column
    is_cell: bool = False


class Statement:
    """A figure that a section states."""

    def __init__(
        self,
        section: SectionName,
        at: int,
        stated: Sequence[Figure],
        place: int,
        part: Part,
        line: Line,
        around: tuple[str, str],
        knows: Knows,
    ) -> None:
        self.section = section
        self.at = at
        self.figure = stated[place]
        self._stated = stated
        self.part = part
        self.line = line
        self.before, self.behind = around  # what else its sentence has
        self.mentions: dict[int, frozenset[frozenset[str]]] = {}  # by the id of an axis' labels: see digest.fitting
        self._knows = knows

    @cached_property
    def told(self) -> Sequence[Figure]:
        """All figures of the sentence, without what may be versions of names."""
        return [figure for figure in self._stated if figure is self.figure or not figure.version]

    @cached_property
    def own(self) -> str:
        """The words of its own part, in a table those of its row and column."""
        return f"{self.line.beside} {self.part.own}" if self.line.is_cell else self.part.own

    @cached_property
    def all(self) -> str:
        """Everything that may say what it is: what stands over it and before it; what follows is told of others."""
        return " | ".join((self.line.lead, self.line.beside, self.before[-_BEFORE_CHARS:], self.part.own))

    @cached_property
    def own_words(self) -> frozenset[str]:
        return terms(self.own)

    @cached_property
    def all_words(self) -> frozenset[str]:
        return terms(self.all)

    @cached_property
    def own_names(self) -> tuple[Name, ...]:
        return tuple(names(self.own, self._knows))

    @cached_property
    def all_names(self) -> tuple[Name, ...]:
        return tuple(names(self.all, self._knows))

    @cached_property
    def contrasts(self) -> bool:
        return CONTRAST.search(self.own) is not None


class Mention(NamedTuple):
    """A name that a section mentions, and the sentence it stands in."""

    section: SectionName
    at: int
    name: Name
    sentence: str


class Told(NamedTuple):
    figures: list[Statement]
    names: list[Mention]


def told(section: Section, knows: Knows, labels: Sequence[str] = ()) -> Told:
    """The figures and names of a section, each in the order of its text, at most MOST_STATED of either and those of its
    first MOST_CHARS characters.

    `labels` are labels of the text's tables that hold numbers: such a number tells which figure another one is.
    """
    found = Told([], [])
    labelled = sorted(_labelled(plain(section.blocks), labels))
    labelled_starts = [start for start, _ in labelled]
    for line, begin, end, own in _sentences(section.blocks, knows):
        sentence = line.text[begin:end]
        found.names.extend(Mention(section.name, line.at + name.start, name, sentence) for name in own)
        first, last = (bisect_left(labelled_starts, line.at + place) for place in (begin, end))
        stated = _stated(section.name, line, (begin, end), own, labelled[first:last], knows)
        found.figures.extend(islice(stated, max(0, MOST_STATED - len(found.figures))))
        if len(found.figures) >= MOST_STATED and len(found.names) >= MOST_STATED:
            break
    return Told(found.figures, found.names[:MOST_STATED])


def _sentences(blocks: Sequence[Block], knows: Knows) -> Iterator[tuple[Line, int, int, Sequence[Name]]]:
    """The sentences that have a digit or a name: the line, where in it they begin and end, their names."""
    room = MOST_CHARS
    for line in lines(blocks):
        text = line.text[:room]
        room -= len(text)
        spotted = names(text, knows)
        starts = [name.start for name in spotted]
        begin = 0
        for end in _ends(text):
            own = spotted[bisect_left(starts, begin) : bisect_left(starts, end)] if starts else []
            if own or _DIGIT.search(text, begin, end):
                yield line, begin, end, own
            begin = end


def _labelled(text: str, labels: Sequence[str]) -> Iterator[tuple[int, int]]:
    for label in labels:
        at = text.find(label)
        while at >= 0:
            end = at + len(label)
            if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
                yield at, end
            at = text.find(label, at + 1)


def _stated(
    name: SectionName,
    line: Line,
    bounds: tuple[int, int],
    own: Sequence[Name],
    labelled: Sequence[tuple[int, int]],
    knows: Knows,
) -> Iterator[Statement]:
    """The figures of a sentence. What may be the version in a name, or stands in a label, cuts no sentence."""
    begin, end = bounds
    sentence = line.text[begin:end]
    told = figures(sentence, [(name.start - begin, name.end - begin) for name in own])
    if not told:
        return
    stated = [
        figure._replace(version=True)
        if any(start <= line.at + begin + figure.start < stop for start, stop in labelled)
        else figure
        for figure in list({figure.start: figure for figure in reversed(told)}.values())[::-1]
    ]
    telling = [figure for figure in stated if not figure.version] or stated
    cut = parts(sentence, [(figure.start, figure.end) for figure in telling])
    part_of = {figure.start: part for figure, part in zip(telling, cut, strict=True)}
    for place, figure in enumerate(stated):
        part = part_of.get(figure.start) or Part(sentence, "", "")
        at = line.at + begin + figure.start
        yield Statement(name, at, stated, place, part, line, (sentence[: figure.start], sentence[figure.end :]), knows)


def _ends(text: str) -> Iterator[int]:
    return cut_sentences(
        text,
        (
            match.end()
            for match in _SENTENCE_END.finditer(text)
            if text[match.start()] != "." or not _NO_END.search(text, max(0, match.start() - 8), match.start() + 1)
        ),
    )


def lines(blocks: Sequence[Block]) -> list[Line]:
    """The lines of a section, their places as `digest.markdown.plain` has them."""
    return list(_lines(blocks, 0, ""))


def _lines(blocks: Sequence[Block], at: int, lead: str) -> Iterator[Line]:
    over = lead
    for place, block in enumerate(blocks):
        match block:
            case Paragraph(runs):
                text = plain_runs(runs)
                head = _LEAD.match(text)
                yield Line(at, text, f"{over} | {head[0]}" if head else over, "")
                at += len(text) + 1
                following = blocks[place + 1] if place + 1 < len(blocks) else None
                leads = isinstance(following, Points | Table) or (len(text) <= _HEADING_CHARS and not figures(text))
                over = f"{lead} | {text[:_LEAD_CHARS]}" if leads and following else lead
            case Points(points):
                for point in points:
                    yield from _lines(point, at, over)
                    at += _length(point) + 1
            case Table():
                yield from _cells(block, at, over)
                at += _length((block,)) + 1


def _cells(table: Table, at: int, lead: str) -> Iterator[Line]:
    """Each cell of a table; labels lie beside the figures of their row."""
    header = [plain_runs(cell) for cell in table.header]
    for row in (table.header, *table.rows):
        texts = [plain_runs(cell) for cell in row]
        valued = [place > 0 and is_value(text) for place, text in enumerate(texts)]
        for place, text in enumerate(texts):
            if valued[place]:
                labels = [other for column, other in enumerate(texts) if not valued[column]]
                yield Line(at, text, lead, " | ".join((*labels, *header[place : place + 1])), is_cell=True)
            else:
                yield Line(at, text, lead, "")
            at += len(text) + 3
        at += 1 - 3 if texts else 1


def _length(blocks: Sequence[Block]) -> int:
    return len(plain(blocks))
