"""A table of cells, spans and header rows as lines of text in which every figure stands under its header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate, compress
from operator import add

from msgspec import Struct

MAX_CELLS = 100_000  # of one table as a rectangle: beyond, its rows are read as they stand
# A longer text that spans columns or rows is a remark rather than a label, and is written once.
MAX_CHARS_ACROSS = 40
MAX_CHARS_DOWN = 80
MAX_HEADER_ROWS = 4

_NO_WORDS = re.compile(r"(?>(?:\\[A-Za-z]++|[^A-Za-z])*)")  # but for commands of TeX


class Cell(Struct, frozen=True, gc=False):
    text: str
    columns: int = 1
    rows: int = 1
    heads_column: bool = False


def lines(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """A line for each row, its cells separated by " | ".

    A spanning label is repeated in each cell it spans, header rows are joined into one, and rows and columns without
    any text are left out. A row that is one text across the table stays one text.
    """
    if _area(rows) > MAX_CELLS:
        return [_line([cell.text for cell in row]) for row in rows if any(cell.text for cell in row)]
    has_spans = any(cell.columns > 1 or cell.rows > 1 for row in rows for cell in row)
    grid = _filled(rows) if has_spans else _squared([[cell.text for cell in row] for row in rows])
    heads = _header_rows(rows)
    if heads > 1:
        grid = [[_joined(column) for column in zip(*grid[:heads], strict=True)], *grid[heads:]]
    columns = [any(column) for column in zip(*grid, strict=True)]
    if not all(columns):
        grid = [list(compress(row, columns)) for row in grid]
    return [_line(row) for row in grid if any(row)]


def _filled(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """The texts of a rectangle: spans filled with their label, missing cells empty."""
    across = _width(rows)
    grid: list[list[str]] = []
    covered: dict[int, tuple[int, str]] = {}  # column -> rows still to cover, and the label that covers them
    for row in rows:
        texts: list[str] = []
        covering: dict[int, tuple[int, str]] = {}
        for cell in row:
            _pass_covered(texts, covered)
            is_label = len(cell.text) <= MAX_CHARS_ACROSS and not 1 < across <= cell.columns
            begin = len(texts)
            texts += [cell.text, *[cell.text if is_label else ""] * (cell.columns - 1)]
            if cell.rows > 1:
                label = cell.text if len(cell.text) <= MAX_CHARS_DOWN else ""
                covering |= dict.fromkeys(range(begin, len(texts)), (cell.rows, label))
        _pass_covered(texts, covered)
        left = (covered | covering).items()
        covered = {column: (count - 1, label) for column, (count, label) in left if count > 1}
        grid.append(texts)
    return _squared(grid)


def _squared(grid: list[list[str]]) -> list[list[str]]:
    width = max(map(len, grid), default=0)
    return [texts if len(texts) == width else texts + [""] * (width - len(texts)) for texts in grid]


def _area(rows: Sequence[Sequence[Cell]]) -> int:
    """How many cells the rectangle has once spans are filled."""
    changes = [0] * (len(rows) + 1)  # in how many columns spans from above cover, row by row
    for number, row in enumerate(rows):
        for cell in row:
            if cell.rows > 1:
                changes[min(number + 1, len(rows))] += cell.columns
                changes[min(number + cell.rows, len(rows))] -= cell.columns
    own = (sum(cell.columns for cell in row) for row in rows)
    return len(rows) * max(map(add, own, accumulate(changes)), default=0)


def _pass_covered(texts: list[str], covered: dict[int, tuple[int, str]]) -> None:
    while len(texts) in covered:
        texts.append(covered[len(texts)][1])


def _width(rows: Sequence[Sequence[Cell]]) -> int:
    return max((sum(cell.columns for cell in row) for row in rows), default=0)


def _header_rows(rows: Sequence[Sequence[Cell]]) -> int:
    """How many rows at the top head the columns: those marked so, else those under labels that span columns."""
    count = 0
    while count < len(rows) and _heads(rows[count]):
        count += 1
    if not any(cell.heads_column for row in rows for cell in row):
        width = _width(rows)
        while count < len(rows) - 1 and _is_spanned(rows[count], width):
            count += 1
        count = count + 1 if count and not _has_figures(rows[count]) else 0
    return count if count <= MAX_HEADER_ROWS and count < len(rows) else 1


def _heads(row: Sequence[Cell]) -> bool:
    told = [cell for cell in row if cell.text]
    return bool(told) and all(cell.heads_column for cell in told)


def _is_spanned(row: Sequence[Cell], width: int) -> bool:
    if _has_figures(row):
        return False
    tall = sum(cell.rows > 1 for cell in row if cell.text)
    return any(1 < cell.columns < width for cell in row) or tall > sum(bool(cell.text) for cell in row) / 2


def _has_figures(row: Sequence[Cell]) -> bool:
    texts = (cell.text[:MAX_CHARS_DOWN] for cell in row)
    return any(any(map(str.isdecimal, text)) and _NO_WORDS.fullmatch(text) for text in texts)


def _joined(column: Sequence[str]) -> str:
    return " ".join(dict.fromkeys(text for text in column if text))


def _line(cells: list[str]) -> str:
    if not any(cells[1:]):
        return cells[0]
    line = " | ".join(cells)
    if line.count(" | ") >= len(cells):  # a bar within a cell would be read as the end of it
        line = " | ".join([cell.replace(" | ", "|") for cell in cells])
    return line
