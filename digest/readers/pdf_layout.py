"""Where the lines of a PDF stand, and what that makes of them: paragraphs, headings, lists, tables and captions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from digest.readers import headings
from digest.readers.pdf_rows import (
    POINT,
    SENTENCE_END,
    Cell,
    Page,
    Row,
    are_near,
    mark_tables,
    rows_of,
    table,
    without_margins,
)
from digest.readers.pdf_words import HYPHEN, Joiner
from digest.types import Passage, PassageKind

_OPENING_WORDS = 30  # before the first heading: shorter lines are authors and affiliations
_LARGER = 1.08  # times the size of the text: a heading
_TITLE = 1.25
_MAX_HEADING = 120  # characters
_NUMBERED = re.compile(
    r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,3}|[A-Z](?:\.\d{1,2}){0,3}|[IVX]{1,5})(?P<dot>\.?)\s++(?=[^\W\d_])"
)
_ROMAN = re.compile(r"[IVX]{1,7}\.\s++[A-Z][A-Z\s,&:-]{3,}$")
_KNOWN = re.compile(
    r"(?:abstract|introduction|related works?|background|preliminaries|methods?|methodology|approach|experiments?"
    r"|results|experiments and results|evaluation|analysis|discussion|conclusions?|limitations?|acknowledge?ments?"
    r"|references|bibliography|appendix|appendices|supplementary materials?|ethics statement|broader impact"
    r"|impact statement|摘要|引言|参考文献)",
    re.IGNORECASE,
)
_RUN_IN = re.compile(r"(?P<heading>abstract)\s*[—–:.-]+\s*(?=\S)", re.IGNORECASE)
_BULLET = re.compile(r"[•‣▪◦∙●■⋄]")
_FOOTNOTE = re.compile(r"[∗*†‡§¶]")
_IMPRINT = re.compile(
    r"\b(?:conference|proceedings|preprint|copyright|permission to|licen[cs]e|under review|correspond|equal contrib)",
    re.IGNORECASE,
)


@dataclass
class _Paragraph:
    kind: PassageKind
    page: int
    heading: str
    rows: list[Row] = field(default_factory=list)
    follows_on: bool = False  # a point of the list before it
    size: float = 0.0  # of its longest row
    right: float = 0.0
    longest: int = -1  # characters of a row

    def add(self, row: Row) -> None:
        self.rows.append(row)
        self.right = max(self.right, row.right) if len(self.rows) > 1 else row.right
        if len(row.text) > self.longest:
            self.size, self.longest = row.size, len(row.text)


def laid_out(pages: Sequence[Page], outline: Sequence[tuple[int, str]]) -> tuple[Passage, ...]:
    """The passages of a document; `outline` is its bookmarks as (level from 0, title).

    An anchor is the page on which a passage begins, `page=4`. Running heads, page numbers, stamps, authors, labels of
    figures and the bibliography are left out.
    """
    rows = [row for page in without_margins(pages, outline) for row in rows_of(page)]
    if not rows:
        return ()
    mark_tables(rows)
    document = _Document(rows, outline)
    joiner = Joiner(row.text for row in rows)
    return tuple(_written(document.paragraphs(), joiner, document.body))


# --- paragraphs --------------------------------------------------------------------------------------------------


class _Document:
    """The rows of a document with what is usual in it."""

    def __init__(self, rows: list[Row], outline: Sequence[tuple[int, str]]) -> None:
        self._rows = rows
        sizes: Counter[float] = Counter()
        for row in rows:
            sizes[round(row.size, 1)] += len(row.text)
        self.body = sizes.most_common(1)[0][0]
        steps = [above.baseline - below.baseline for above, below in pairwise(rows) if above.page == below.page]
        usual = [step for step in steps if 0.8 * self.body < step < 2 * self.body]
        self._step = median(usual) if usual else 1.2 * self.body
        # A single bookmark, or one above all others, is the title.
        lowest = 1 if sum(level == 0 for level, _ in outline) == 1 < len(outline) else 0
        self._outline = {_letters(title): level - lowest + 1 for level, title in outline if level >= lowest}
        self._roman = sum(_ROMAN.match(row.text) is not None for row in rows) > 1
        self._first_size = 0.0  # of the headings of level one

    def paragraphs(self) -> Iterator[_Paragraph]:
        """The paragraphs in the order of the document, without the bibliography."""
        path: list[tuple[int, str]] = []
        skipped = 0
        place = self._title_end()
        if place:
            title = _Paragraph(PassageKind.TEXT, 1, "")
            for row in self._rows[:place]:
                title.add(row)
            yield title
        paragraph: _Paragraph | None = None
        previous: Row | None = None
        while place < len(self._rows):
            row = self._rows[place]
            level, end, heading = self._run_in(row) or self._heading(place)
            if level:
                path = [*(above for above in path if above[0] < level), (level, heading)]
                skipped = 0 if level <= skipped else skipped
                if not skipped and headings.is_bibliography(heading):
                    skipped = level
                paragraph = previous = None
                place = max(end, place)
                continue
            place += 1
            if skipped:
                continue
            if paragraph is None or previous is None or self._begins(paragraph, previous, row):
                if paragraph is not None:
                    yield paragraph
                paragraph = self._begun(row, " > ".join(name for _, name in path), paragraph)
            paragraph.add(row)
            previous = row
            following = self._heading(place)[0] if place < len(self._rows) else 1
            if following:
                yield paragraph
                paragraph = None

    def _title_end(self) -> int:
        """How many rows the title has: the first ones of the largest size on the first page."""
        first = [row for row in self._rows[:30] if row.page == self._rows[0].page]
        largest = max(row.size for row in first)
        if largest < _TITLE * self.body or first[0].size < largest - 0.5:
            return 0
        return next((place for place, row in enumerate(first) if row.size < largest - 0.5), len(first))

    def _begun(self, row: Row, heading: str, before: _Paragraph | None) -> _Paragraph:
        kind = PassageKind.TEXT
        if headings.is_caption(row.text):
            kind = PassageKind.CAPTION
        elif POINT.match(row.text):
            kind = PassageKind.LIST
        follows_on = before is not None and kind is PassageKind.LIST and before.kind is kind
        return _Paragraph(kind, row.page, heading, follows_on=follows_on)

    def _is_same_sentence(self, above: Row, row: Row) -> bool:
        """Whether a row may be the next line of a sentence, one that goes on with "Table 2." or "(3)"."""
        step = above.baseline - row.baseline
        alike = abs(above.size - row.size) < 0.3 and 0 < step < 1.2 * self._step and not above.in_table
        return alike and not _BULLET.match(row.text) and SENTENCE_END.search(above.text) is None

    def _begins(self, paragraph: _Paragraph, previous: Row, row: Row) -> bool:
        """Whether a row begins a paragraph of its own."""
        if _is_marked(row) and not self._is_same_sentence(previous, row):
            return True
        if row.in_table or previous.in_table:
            return row.in_table != previous.in_table or not are_near(previous, row)
        step = previous.baseline - row.baseline
        if row.page != previous.page or step < 0:
            return True
        if abs(row.size - paragraph.size) > 0.6 or _leaves_point(paragraph, row):
            return True
        indented = 0.6 * self.body < row.left - previous.left < 3 * self.body and len(row.text) > 20
        ended = SENTENCE_END.search(previous.text) is not None
        short = len(paragraph.rows) > 1 and previous.right < paragraph.right - 3 * self.body and ended
        return step > 1.4 * self._step * max(row.size / self.body, 0.8) or (indented and ended) or short

    def _run_in(self, row: Row) -> tuple[int, int, str] | None:
        """The heading that begins a line of text, "Abstract—We ..."; it is taken out of the line."""
        match = _RUN_IN.match(row.text) if row.page <= 2 else None
        if match is None:
            return None
        first = row.cells[0]
        if match.end() < len(first.text):
            row.cells[0] = Cell(first.text[match.end() :], first.left, first.right)
        else:
            del row.cells[0]
        return 1, 0, match["heading"].capitalize()

    def _heading(self, place: int) -> tuple[int, int, str]:
        """The level of the heading that begins at a place (0: none), where it ends, and its text."""
        row = self._rows[place]
        level = self._level(row)
        if not level:
            return 0, place, ""
        text = row.text
        end = place + 1
        while end < len(self._rows) and _letters(text) not in self._outline:
            below = self._rows[end]
            whole = f"{text} {below.text}"
            goes_on = abs(below.size - row.size) < 0.3 and below.bold == row.bold and self._is_styled(below)
            near = below.page == row.page and 0 < self._rows[end - 1].baseline - below.baseline < 1.7 * row.size
            if not (near and (goes_on or _letters(whole) in self._outline)) or self._level(below) or len(whole) > 200:
                break
            text, end = whole, end + 1
        if level == 1:
            self._first_size = row.size
        return level, end, " ".join(text.split())

    def _level(self, row: Row) -> int:
        text = row.text
        numbered = _NUMBERED.match(text)
        letters = _letters(text)
        if not 2 < len(text) <= _MAX_HEADING or len(letters) < 3 or headings.is_caption(text):
            return 0
        if len(row.cells) > (2 if numbered else 1):
            return 0
        if letters in self._outline:
            return self._outline[letters]
        if _KNOWN.fullmatch(text.rstrip(".:")) and (self._is_styled(row) or text[0].isupper()):
            return 1
        as_first = abs(row.size - self._first_size) < 0.3
        if numbered and (self._is_styled(row) or _ROMAN.match(text) or text[numbered.end() :].isupper()):
            # "A" may be an article: then the bookmarks, if there are any, would know.
            unsure = self._outline and numbered[0].strip().isalpha() and not as_first
            return 0 if unsure or text.endswith((",", ";", "-")) else self._depth(numbered)
        if not row.bold or row.size < _LARGER * self.body or text.endswith((".", ",", ":", ";")):
            return 0
        if as_first:
            return 1
        return 0 if self._outline else 1 if row.size > self._first_size else 2

    def _depth(self, numbered: re.Match[str]) -> int:
        parts = numbered["number"].split(".")
        lettered = self._roman and len(parts) == 1 and parts[0].isalpha() and not set(parts[0]) <= set("IVX")
        return 2 if lettered else len(parts)

    def _is_styled(self, row: Row) -> bool:
        return row.bold or row.size >= _LARGER * self.body


def _is_marked(row: Row) -> bool:
    return headings.is_caption(row.text) or bool(POINT.match(row.text) or _FOOTNOTE.match(row.text))


def _letters(text: str) -> str:
    """A heading without its number, spaces and marks: what its bookmark has too."""
    text = re.sub(r"^(?:appendix\s+)?(?:\d+|[A-Z]|[IVX]+)(?:\.\d+)*[.:]?\s+", "", text, flags=re.IGNORECASE)
    return "".join(char for char in text.casefold() if char.isalnum())


def _leaves_point(paragraph: _Paragraph, row: Row) -> bool:
    """Whether a row stands left of the text of the point before it, whose lines hang."""
    if paragraph.kind is not PassageKind.LIST or len(paragraph.rows) < 2:
        return False
    mark, text = paragraph.rows[0].left, paragraph.rows[1].left
    return text > mark + 0.5 * row.size and row.left < text - 0.5 * row.size


# --- passages ----------------------------------------------------------------------------------------------------


def _written(paragraphs: Iterable[_Paragraph], joiner: Joiner, body: float) -> Iterator[Passage]:
    """Paragraphs as passages: those that a column, page, figure or footnote cut are put together again, points of one
    list are one passage, short pieces that belong to figures go."""
    whole = list(paragraphs)
    headed = any(paragraph.heading for paragraph in whole)
    written: list[_Written] = []
    open_at: int | None = None  # the last one of plain text
    for place, paragraph in enumerate(whole):
        passage = _passage(paragraph, joiner)
        plain = passage.kind in (PassageKind.TEXT, PassageKind.LIST) and abs(paragraph.size - body) < 0.6
        is_title = place == 0 and not passage.heading
        if not is_title and _is_stray(paragraph, passage, body=body, opening=headed and not passage.heading):
            continue
        if paragraph.follows_on and written and written[-1].first.kind is PassageKind.LIST:
            written[-1].lines.append([passage.text])
        elif plain and open_at is not None and _goes_on(written[open_at], passage):
            written[open_at].lines[-1].append(passage.text)
        else:
            written.append(_Written(passage, [[passage.text]]))
            open_at = len(written) - 1 if plain else open_at
    for first, lines in written:
        texts = (joiner.joined(pieces) if len(pieces) > 1 else pieces[0] for pieces in lines)
        yield Passage(first.anchor, first.heading, first.kind, "\n".join(texts))


class _Written(NamedTuple):
    """A passage that may go on: its lines, each in the pieces that are to be joined."""

    first: Passage
    lines: list[list[str]]


def _passage(paragraph: _Paragraph, joiner: Joiner) -> Passage:
    anchor = f"page={paragraph.page}"
    if len(paragraph.rows) > 1 and any(row.in_table and len(row.cells) > 1 for row in paragraph.rows):
        return Passage(anchor, paragraph.heading, PassageKind.TABLE, table(paragraph.rows).replace(HYPHEN, "-"))
    text = joiner.joined(row.text for row in paragraph.rows)
    if paragraph.kind is PassageKind.LIST:
        text = "- " + POINT.sub("", text, count=1)
    return Passage(anchor, paragraph.heading, paragraph.kind, text)


def _is_stray(paragraph: _Paragraph, passage: Passage, *, body: float, opening: bool) -> bool:
    """Whether a paragraph is no text of the paper: an author, a label in a figure, a note on the authors."""
    words = len(passage.text.split())
    if passage.kind in (PassageKind.TABLE, PassageKind.CAPTION):
        return opening
    if opening:
        return words < _OPENING_WORDS
    small = paragraph.page == 1 and paragraph.size < body - 0.4
    note = small and (_FOOTNOTE.match(passage.text) or _IMPRINT.search(passage.text)) is not None
    label = words < 12 and not SENTENCE_END.search(passage.text) and abs(paragraph.size - body) > 0.4
    label = label and not re.search(r"https?:|=", passage.text)
    return note or label or not any(char.isalpha() for char in passage.text)


def _goes_on(before: _Written, passage: Passage) -> bool:
    """Whether a passage is the rest of the one before it."""
    if before.first.heading != passage.heading or passage.kind is not PassageKind.TEXT:
        return False
    return not SENTENCE_END.search(before.lines[-1][-1]) and passage.text[:1].islower()
