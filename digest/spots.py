"""Where the figures of a reading stand: in which sentence, or in which row and column of which table."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from operator import itemgetter
from typing import NamedTuple

from digest.figures import Figure, figures, prepared
from digest.labels import Part, Squeezed, cut_sentences, parts, terms, without_citations
from digest.names import Name, names
from digest.types import Passage, PassageKind

Terms = frozenset[str]

_LABEL_CHARS = 80
_MOST_FIGURES = 3000  # of a passage; a large table has some hundreds
_MOST_LABELS = 12  # to either side of a cell

_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]*\s+(?=[\"'“(\[]*[A-Z\d$\\])|[。！？；]|\n")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|cf|vs|al|resp|approx|ca|Figs?|Eqs?|Secs?|Tabs?|Refs?|App|No|Dr|St)|(?:^|\s)[A-Z])\.$"
)
_NAMED_SIZE = re.compile(r"(?<=[A-Za-z\d]-)\d+(?:\.\d+)?[BMKT](?![A-Za-z\d])")
_BRACKETS = re.compile(r"\([^()]*+\)|\[[^\[\]]*+\]|\\[A-Za-z]+")
_LETTER = re.compile(r"[A-Za-z\u3400-\u9fff]")
_SIZE_CELL = re.compile(r"~?\d{1,12}(?:\.\d{1,12})?\s?[KMBT]")
_MARGIN = re.compile(r"^[\s$~*+<>≤≥±\\-]*(?=\d|\.\d)")


class Axis(NamedTuple):
    """A label of a table's cell, and all that it could have had: those of its column of labels, or of its header."""

    own: Terms
    all: tuple[Terms, ...]
    text: str
    above: bool  # it heads the column, and does not stand in the row


class Cell(NamedTuple):
    line: int
    column: int


class Lines:
    """A table's lines as cells, which of them are labels, and the labels of each figure."""

    def __init__(self, text: str) -> None:
        self.cells = [[cell.strip() for cell in line.split(" | ")] for line in text.split("\n")]
        self.valued = [[place > 0 and is_value(cell) for place, cell in enumerate(line)] for line in self.cells]
        self._starts: list[tuple[int, Cell]] = []
        at = 0
        for number, line in enumerate(text.split("\n")):
            for column, cell in enumerate(line.split(" | ")):
                self._starts.append((at, Cell(number, column)))
                at += len(cell) + len(" | ")
            at += len("\n") - len(" | ")
        self._labels: dict[tuple[bool, int], tuple[Terms, ...]] = {}
        self._places: dict[tuple[bool, int], list[int]] = {}

    def cell(self, at: int) -> Cell:
        """The cell that holds a place of the text."""
        return self._starts[bisect_right(self._starts, at, key=itemgetter(0)) - 1][1]

    def labels(self) -> Iterator[str]:
        """The labels in a table's first line and in its columns, without citations."""
        for line, valued in zip(self.cells, self.valued, strict=True):
            for place, cell in enumerate(line):
                if cell and not valued[place] and len(cell) <= _LABEL_CHARS:
                    yield without_citations(cell)

    def text_of(self, cell: Cell) -> str:
        line = self.cells[cell.line]
        return line[cell.column] if cell.column < len(line) else ""

    def axes(self, cell: Cell) -> tuple[Axis, ...]:
        """The labels of a cell: those of its line, then those above it; of many the first and the nearest."""
        line = self.cells[cell.line]
        across = [
            Axis(terms(line[column]), self._all(column=column), line[column], above=False)
            for column in _nearest(self._label_columns(cell.line), cell.column)
        ]
        above = [
            Axis(terms(text := self.cells[place][cell.column]), self._all(line=place), text, above=True)
            for place in _nearest(self._label_lines(cell.column), cell.line)
            if place < cell.line
        ]
        return (*across, *above)

    def _label_columns(self, line: int) -> list[int]:
        """Where a line has labels."""
        if (True, line) not in self._places:
            cells = enumerate(zip(self.cells[line], self.valued[line], strict=True))
            self._places[True, line] = [column for column, (cell, valued) in cells if not valued and terms(cell)]
        return self._places[True, line]

    def _label_lines(self, column: int) -> list[int]:
        """Where a column has labels; whatever stands in the first line is one."""
        if (False, column) not in self._places:
            self._places[False, column] = [
                place
                for place, (cells, valued) in enumerate(zip(self.cells, self.valued, strict=True))
                if column < len(cells) and (place == 0 or not valued[column]) and terms(cells[column])
            ]
        return self._places[False, column]

    def _all(self, *, line: int = -1, column: int = -1) -> tuple[Terms, ...]:
        known = self._labels.get((line >= 0, max(line, column)))
        if known is None:
            if line >= 0:
                told = [terms(cell) for cell in self.cells[line]]
            else:
                told = [
                    terms(cells[column])
                    for cells, valued in zip(self.cells, self.valued, strict=True)
                    if column < len(cells) and not valued[column]
                ]
            known = tuple(dict.fromkeys(label for label in told if label))
            self._labels[line >= 0, max(line, column)] = known
        return known


def _nearest(places: Sequence[int], to: int) -> list[int]:
    """The first of the places, which are in order, and the nearest to another one, without itself."""
    at = bisect_left(places, to)
    behind = [place for place in places[at : at + _MOST_LABELS + 1] if place != to]
    return [*places[: min(1, at)], *places[max(1, at - _MOST_LABELS) : at], *behind[:_MOST_LABELS]]


def is_value(cell: str) -> bool:
    """Whether a cell is a figure with what belongs to it, and no label."""
    bare = _BRACKETS.sub(" ", prepared(cell))
    return bool(_MARGIN.match(bare)) and len(_LETTER.findall(bare)) <= 3 and not _SIZE_CELL.fullmatch(cell)


class Spot:
    """A figure of the reading with its surroundings; what these are, is found when it is asked for."""

    def __init__(self, figure: Figure, page: Page) -> None:
        self.figure = figure
        self.page = page

    @property
    def passage(self) -> Passage:
        return self.page.passage

    @property
    def is_cell(self) -> bool:
        return self.page.lines is not None

    @cached_property
    def part(self) -> Part:
        """Its own part of its sentence."""
        return self.page.part(self.figure)

    @cached_property
    def squeezed(self) -> tuple[Squeezed, Squeezed, Squeezed]:
        return Squeezed(self.part.own), Squeezed(self.part.head), Squeezed(self.part.others)

    @cached_property
    def words(self) -> tuple[Terms, Terms, Terms]:
        return terms(self.part.own), terms(self.part.head), terms(self.part.others)

    @property
    def sentence(self) -> Sentence:
        return self.page.sentence_at(self.figure.start)

    @cached_property
    def cell(self) -> Cell:
        assert self.page.lines is not None  # noqa: S101 (asked of cells only)
        return self.page.lines.cell(self.figure.start)

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        assert self.page.lines is not None  # noqa: S101 (asked of cells only)
        return self.page.lines.axes(self.cell)

    @cached_property
    def labels(self) -> Terms:
        """The words of a cell's row and column, and of the cell itself."""
        inside = terms(self.page.lines.text_of(self.cell)) if self.page.lines else frozenset[str]()
        return inside.union(*(axis.own for axis in self.axes))

    @property
    def label(self) -> str:
        """In a few words what it stands under."""
        if self.is_cell:
            return ", ".join(dict.fromkeys(" ".join(axis.text.split()) for axis in self.axes if axis.text))
        return " ".join(self.part.own.split())


class Sentence:
    """A sentence of a passage, or a point or line; `spots` are its figures."""

    def __init__(self, start: int, text: str, spots: Sequence[Spot]) -> None:
        self.text = text
        self.spots = [spot for spot in spots if not spot.figure.version]
        self._start = start

    @cached_property
    def words(self) -> Terms:
        return terms(self.text)

    @cached_property
    def squeezed(self) -> Squeezed:
        return Squeezed(self.text)

    @cached_property
    def names(self) -> Sequence[Name]:
        return names(self.text)

    @cached_property
    def told(self) -> Sequence[Figure]:
        """Its figures in their order, without versions of names."""
        return list({spot.figure.start: spot.figure for spot in self.spots}.values())

    @cached_property
    def parts(self) -> dict[int, Part]:
        """What belongs to each of the figures that begin at these places of the passage."""
        spans = [(one.figure.start - self._start, one.figure.end - self._start) for one in self.spots]
        cut = parts(self.text, spans)
        return {one.figure.start: part for one, part in zip(self.spots, cut, strict=True)}


class Page:
    """A passage with its figures in the order of the text; `caption` is that of a table."""

    def __init__(self, passage: Passage, caption: str) -> None:
        self.passage = passage
        self.caption = caption
        found = figures(passage.text, most=_MOST_FIGURES)
        known = {figure.start for figure in found}
        for match in islice(_NAMED_SIZE.finditer(passage.text), _MOST_FIGURES):
            if match.start() not in known:
                found += [_moved(size, match)._replace(version=True) for size in figures(f" {match[0]}")]
        self.figures: Sequence[Figure] = sorted(found, key=lambda figure: figure.start)
        self.spots = [Spot(figure, self) for figure in self.figures]
        self._begins = [figure.start for figure in self.figures]
        self._sentences: dict[int, Sentence] = {}

    @cached_property
    def lines(self) -> Lines | None:
        return Lines(self.passage.text) if self.passage.kind is PassageKind.TABLE else None

    @cached_property
    def around(self) -> str:
        """Everything that says what the passage is about."""
        return f"{self.passage.heading}\n{self.caption}\n{self.passage.text}"

    @cached_property
    def squeezed(self) -> Squeezed:
        return Squeezed(self.around)

    @cached_property
    def words(self) -> Terms:
        return terms(self.around)

    @cached_property
    def _ends(self) -> list[int]:
        text = self.passage.text
        ends = (
            match.end()
            for match in _SENTENCE_END.finditer(text)
            if text[match.start()] != "."
            or not _ABBREVIATION.search(text, max(0, match.start() - 8), match.start() + 1)
        )
        return list(cut_sentences(text, ends))

    def sentence_at(self, at: int) -> Sentence:
        """The sentence that holds a place."""
        place = min(bisect_right(self._ends, at), len(self._ends) - 1)
        start, end = (self._ends[place - 1] if place else 0), self._ends[place]
        known = self._sentences.get(start)
        if known is None:
            spots = self.spots[bisect_left(self._begins, start) : bisect_left(self._begins, end)]
            known = self._sentences[start] = Sentence(start, self.passage.text[start:end], spots)
        return known

    @cached_property
    def sentences(self) -> Sequence[Sentence]:
        """Those that hold a figure, in their order."""
        return list(dict.fromkeys(self.sentence_at(begin) for begin in self._begins))

    @cached_property
    def names(self) -> Sequence[Name]:
        return names(self.passage.text)

    def told_with(self, spot: Spot) -> Sequence[Figure]:
        """The figures of a figure's sentence, itself among them, in their order, without versions of names."""
        told = self.sentence_at(spot.figure.start).told
        if not spot.figure.version:
            return told
        others = (figure for figure in told if figure.start != spot.figure.start)
        return sorted((spot.figure, *others), key=lambda figure: figure.start)

    def part(self, figure: Figure) -> Part:
        sentence = self.sentence_at(figure.start)
        return sentence.parts.get(figure.start) or Part(sentence.text, "", "")


def _moved(figure: Figure, match: re.Match[str]) -> Figure:
    return figure._replace(start=match.start(), end=match.end(), text=match[0])


def pages(passages: Sequence[Passage]) -> list[Page]:
    """The passages with their figures; a table has the caption of its place, or one beside it."""
    captions = {
        passage.anchor: passage.text for passage in passages if passage.kind is PassageKind.CAPTION and passage.anchor
    }
    found = []
    for place, passage in enumerate(passages):
        caption = captions.get(passage.anchor, "")
        if passage.kind is PassageKind.TABLE and not caption:
            beside = [*passages[max(0, place - 1) : place], *passages[place + 1 : place + 2]]
            caption = next((other.text for other in beside if other.kind is PassageKind.CAPTION), "")
        found.append(Page(passage, caption if passage.kind is PassageKind.TABLE else ""))
    return found
