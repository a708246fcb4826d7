"""The lines of a PDF as rows: freed of what repeats on every page, with formulas and the cells of tables together."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from digest.readers import headings

_MARGIN = 0.09  # of a page's height, where running heads, page numbers and stamps stand
_MAX_CELL = 60  # characters
_MAX_COLUMNS = 100
_MAX_GROUP_NAME = 4
_STAMP = re.compile(r"arXiv:\d{4}\.\d{4,5}|arXiv:[a-z-]+/\d{7}")
_LEADERS = re.compile(r"(?<!\W)(?=\W*?(?:\. ?){6})\W++\d{0,4}$")  # a line of a table of contents
_PAGE_NUMBER = re.compile(
    r"(?<![-–—|\s])[-–—|\s]*+(?:page\s++)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*+(?:of|/)\s*+\d{1,4})?[-–—|\s]*+", re.IGNORECASE
)
_FORMULA_NUMBER = re.compile(r"\(\d{1,3}(?:\.\d{1,2})?[a-z]?\)")
SENTENCE_END = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*$")
POINT = re.compile(r"(?:[•‣▪◦∙●■⋄]|[–—](?=\s)|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)(?=\s))\s*")


class Cell(Struct, frozen=True):
    """A piece of a line without wide gaps; `left` and `right` in points from the page's left edge."""

    text: str
    left: float
    right: float


class Line(Struct, frozen=True):
    """A line as far as PDFium has joined it. Its last cell may end in a hyphen mark (`pdf_words.HYPHEN`)."""

    cells: tuple[Cell, ...]
    baseline: float  # points from the page's lower edge
    size: float
    bold: bool

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def right(self) -> float:
        return max(cell.right for cell in self.cells)


class Page(Struct, frozen=True):
    number: int  # from 1
    width: float
    height: float
    lines: tuple[Line, ...]


@dataclass
class Row:
    """Lines that stand beside each other: words with their indices, or the cells of a table."""

    page: int
    cells: list[Cell]
    baseline: float
    size: float
    bold: bool
    last_left: float  # of its last line
    right: float
    in_table: bool = False

    @property
    def text(self) -> str:
        return " ".join(cell.text for cell in self.cells)

    @property
    def left(self) -> float:
        return self.cells[0].left


# --- rows --------------------------------------------------------------------------------------------------------


def without_margins(pages: Sequence[Page], outline: Sequence[tuple[int, str]]) -> Iterator[Page]:
    edges = [[line for line in page.lines if line.baseline in edge] for page in pages for edge in (_edge(page),)]
    counted = Counter(text for lines in edges for text in {_faceless(line.text) for line in lines})
    repeated = {text for text, count in counted.items() if count > (2 if len(pages) > 6 else 1)}
    # A head with its page number is no heading, even where only one page of a paper is at hand.
    repeated |= {form for _, title in outline for form in (f"{_faceless(title)} #", f"# {_faceless(title)}")}
    for page, lines in zip(pages, edges, strict=True):
        gone = {
            line.baseline
            for line in lines
            if _faceless(line.text) in repeated or _PAGE_NUMBER.fullmatch(line.text.strip()) is not None
        }
        kept = [
            line
            for line in page.lines
            if line.baseline not in gone and not _STAMP.match(line.text) and not _LEADERS.search(line.text)
        ]
        yield Page(page.number, page.width, page.height, tuple(kept))


def _edge(page: Page) -> set[float]:
    """Where running heads stand: the baselines of the first and last lines, and all near the edges of the page."""
    baselines = sorted({line.baseline for line in page.lines})
    near = {at for at in baselines if not _MARGIN < at / page.height < 1 - _MARGIN}
    return near.union(baselines[:1], baselines[-1:])


def _faceless(text: str) -> str:
    return " ".join(re.sub(r"\d+", "#", text).casefold().split())


def rows_of(page: Page) -> Iterator[Row]:
    row: Row | None = None
    for line in page.lines:
        if row is not None and _is_beside(row, line):
            _join(row, line)
            continue
        if row is not None:
            yield row
        row = Row(page.number, list(line.cells), line.baseline, line.size, line.bold, line.cells[0].left, line.right)
    if row is not None:
        yield row


def _is_beside(row: Row, line: Line) -> bool:
    """Whether a line goes on the row before it: a cell, or a raised, lowered or stacked piece of a formula."""
    apart = abs(line.baseline - row.baseline)
    left = line.cells[0].left
    if left >= row.right - 0.3 * row.size:
        columns = left - row.right > row.size and all(len(one.text) > _MAX_CELL // 2 for one in (line, row))
        return apart < 0.45 * row.size and not columns
    is_piece = len(line.text) <= 6 and left >= row.last_left and left > row.left + row.size
    return is_piece and apart < row.size


def _join(row: Row, line: Line) -> None:
    gap = line.cells[0].left - row.right
    if gap > 1.2 * row.size:
        row.cells += line.cells
    else:
        last, first = row.cells[-1], line.cells[0]
        text = last.text + ("" if gap < 0.12 * row.size else " ") + first.text
        row.cells[-1:] = [Cell(text, last.left, max(last.right, first.right)), *line.cells[1:]]
    if line.size > row.size + 0.5:
        row.size, row.baseline = line.size, line.baseline
    row.bold = row.bold and line.bold
    row.right = max(row.right, line.right)
    row.last_left = line.cells[0].left


# --- tables ------------------------------------------------------------------------------------------------------


def mark_tables(rows: Sequence[Row]) -> None:
    """Marks the rows of tables: those in cells, short ones between them, and the heads above them."""
    for row in rows:
        row.in_table = is_cells(row)
    for above, row, below in zip(rows, rows[1:], rows[2:], strict=False):
        if above.in_table and is_cells(below) and not row.in_table:
            row.in_table = are_near(above, row) and are_near(row, below) and _is_short(row)
    for place in range(len(rows) - 2, 0, -1):
        above, row, below = rows[place - 1 : place + 2]
        if below.in_table and not row.in_table and not headings.is_caption(row.text):
            ends_text = are_near(above, row) and len(above.text) > _MAX_CELL
            row.in_table = are_near(row, below) and _is_short(row) and not ends_text


def are_near(above: Row, below: Row) -> bool:
    """Whether two rows of a table may follow each other; the name of a group stands beside the middle of its rows."""
    apart = abs(above.baseline - below.baseline)
    names_group = min(len(above.text), len(below.text)) <= _MAX_GROUP_NAME
    return above.page == below.page and apart < (7 if names_group else 2.3) * max(above.size, below.size)


def is_cells(row: Row) -> bool:
    """Whether a row may be one of a table: several short cells, and no numbered formula."""
    texts = [cell.text for cell in row.cells]
    if len(texts) < 2 or headings.is_caption(row.text):
        return False
    return max(map(len, texts)) <= _MAX_CELL and not _FORMULA_NUMBER.fullmatch(texts[-1])


def _is_short(row: Row) -> bool:
    return len(row.text) <= _MAX_CELL and not SENTENCE_END.search(row.text) and not POINT.match(row.text)


def table(rows: Sequence[Row]) -> str:
    """The rows of a table from top to bottom, each cell in its column: an empty cell has its place too. What has too
    many columns for a table is given as its rows stand."""
    columns: list[tuple[float, float]] = []
    for row in sorted(rows, key=lambda row: -len(row.cells)):
        for cell in row.cells:
            if not any(left < cell.right and cell.left < right for left, right in columns):
                columns.append((cell.left, cell.right))
            if len(columns) > _MAX_COLUMNS:
                return "\n".join(" | ".join(cell.text for cell in row.cells) for row in rows)
    columns.sort()
    lines: list[list[str]] = []
    height = math.inf
    for row in sorted(rows, key=lambda row: -row.baseline):
        if height - row.baseline > 0.3 * row.size:
            lines.append([""] * len(columns))
            height = row.baseline
        for cell in row.cells:
            at = max(range(len(columns)), key=lambda at: _shared(columns[at], cell))
            lines[-1][at] = f"{lines[-1][at]} {cell.text}".strip()
    return "\n".join(" | ".join(line).rstrip(" |") for line in lines)


def _shared(column: tuple[float, float], cell: Cell) -> float:
    return min(column[1], cell.right) - max(column[0], cell.left)
