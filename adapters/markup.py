"""The section tree as text: lines for a terminal. Formulas become Unicode, and nothing a paper says can steer a screen.

On the path of every look-up, so it imports nothing heavy; pylatexenc only when there is a formula.
"""

from __future__ import annotations

import functools
import logging
import re
import unicodedata
from collections.abc import Callable, Sequence

from digest.types import Block, Message, Paragraph, Points, Run, RunKind, Table

Style = Callable[[str, Run], str]  # dresses a piece of a run; must not change its visible width

_BULLETS = ("•", "◦", "▪")

# Control, format (bidi marks, zero-width characters) and private characters: nobody reads them, and they can move
# a cursor or turn text round. https://www.unicode.org/reports/tr36/ and Unicode's general categories.
_UNSEEN = ("Cc", "Cf", "Co", "Cs")
# What a break may follow, besides white space: after any East Asian wide character, never before closing punctuation.
_CLOSING = "，。、；：？！）】》”’」』…,.;:?!)]}"


_OF_ADDRESSES = r"^[/:]|[/:]$|[/:](?=/)|(?<=[/:])/"
_OF_MATHEMATICS = {"/": "\u2215", ":": "\u2236"}  # a division slash, a ratio
_FORMULA_CHARS = 2000  # a longer one is none that anybody reads
_FORMULA = r"\$\$([^$]+)\$\$|(?<!\\)\$(?=[^\s$])((?:\\.|[^$\\\n])*?)(?<=\S)\$(?!\d)|\\\((.{1,400}?)\\\)"


def message_lines(message: Message, width: int | None, style: Style) -> list[str]:
    """A whole message: title, address, blocks and footer. `width` in columns, None for no wrapping."""
    lines = []
    if message.title:
        lines += wrapped((Run(title_text(message.title), bold=True),), width, style)
    if message.link:
        lines.append(clean(message.link))
    for block in message.blocks:
        lines += ["", *block_lines(block, width, style)]
    if message.footer:
        lines += ["", *(line for part in message.footer.split("\n") for line in wrapped((Run(part),), width, style))]
    return lines


def title_text(title: str) -> str:
    """A title on one line as a reader sees it: formulas, marked as the core marks them in text, in Unicode."""
    if "$" in title or "\\" in title:
        # Compiled only when it is needed, as most titles have no formula
        title = re.sub(_FORMULA, lambda match: tex_as_unicode(match[1] or match[2] or match[3]) or match[0], title)
    return " ".join(clean(title).split())


def block_lines(block: Block, width: int | None, style: Style, depth: int = 0) -> list[str]:
    """A block as lines of at most `width` columns."""
    match block:
        case Paragraph(runs):
            return wrapped(runs, width, style)
        case Points():
            return _points_lines(block, width, style, depth)
        case Table():
            return _table_lines(block, width, style)


def _points_lines(block: Points, width: int | None, style: Style, depth: int) -> list[str]:
    lines = []
    for number, point in enumerate(block.points, start=1):
        mark = f"{number}. " if block.ordered else f"{_BULLETS[min(depth, len(_BULLETS) - 1)]} "
        indent = " " * len(mark)
        inner_width = None if width is None else max(20, width - len(mark))
        inner = [line for part in point for line in block_lines(part, inner_width, style, depth + 1)]
        lines += [(indent if place else mark) + line for place, line in enumerate(inner or [""])]
    return lines


def _table_lines(table: Table, width: int | None, style: Style) -> list[str]:
    """Columns side by side when they fit, else one line for each cell, named by its column."""
    cells = [[_visible(runs) for runs in row] for row in (table.header, *table.rows)]
    widths = [max(columns_of(row[place]) for row in cells) for place in range(len(table.header))]
    if width is not None and sum(widths) + 3 * (len(widths) - 1) > width:
        named = (
            (Paragraph((*header, Run(": "), *cell)) for header, cell in zip(table.header, row, strict=True))
            for row in table.rows
        )
        return _points_lines(Points(tuple(tuple(point) for point in named)), width, style, 0)
    lines = []
    for runs_row, row in zip((table.header, *table.rows), cells, strict=True):
        dressed = (
            styled(runs, style) + " " * (widths[place] - columns_of(row[place])) for place, runs in enumerate(runs_row)
        )
        lines.append(" │ ".join(dressed).rstrip())
    lines.insert(1, "─┼─".join("─" * column for column in widths))
    return lines


def wrapped(runs: Sequence[Run], width: int | None, style: Style) -> list[str]:
    """Runs as lines of at most `width` columns, broken at spaces and between East Asian characters."""
    lines: list[str] = []
    line, used = "", 0
    for run, next_link in zip(runs, [*(run.link for run in runs[1:]), ""], strict=True):
        pieces = _pieces(visible(run), width)
        for place, piece in enumerate(pieces):
            if piece == "\n":
                lines.append(line.rstrip())
                line, used = "", 0
                continue
            columns = columns_of(piece)
            if width is not None and used and piece not in _CLOSING and used + _room_for(pieces, place) > width:
                lines.append(line.rstrip())
                line, used = "", 0
            if not (used == 0 and piece == " " and lines):
                line += style(piece, run)
                used += columns
        if run.link and run.link not in (run.text, next_link):
            address = f" ({clean(run.link)})"
            if width is not None and used + len(address) > width >= len(address):  # not to be torn apart
                lines.append(line.rstrip())
                line, used, address = "", 0, address.strip()
            line, used = line + address, used + len(address)
    return [*lines, line.rstrip()]


def _room_for(pieces: Sequence[str], place: int) -> int:
    """The columns of a piece with the marks that may not begin a line after it."""
    columns = columns_of(pieces[place].rstrip())
    while (place := place + 1) < len(pieces) and pieces[place] in _CLOSING:
        columns += columns_of(pieces[place])
    return columns


def styled(runs: Sequence[Run], style: Style) -> str:
    return "".join(style(visible(run), run) for run in runs)


def visible(run: Run) -> str:
    """What a reader sees of a run: formulas in Unicode, or as they are written where that comes to nothing, characters
    that cannot be seen left out."""
    return clean((run.kind is RunKind.TEX and tex_as_unicode(run.text)) or run.text)


def clean(text: str) -> str:
    """The text without characters that nobody sees; line ends stay, tabs and the like become spaces."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        char if char == "\n" or unicodedata.category(char) not in _UNSEEN else " " if char.isspace() else ""
        for char in text
    )


def undressed(piece: str, _run: Run) -> str:
    """A Style without any."""
    return piece


def ansi(piece: str, run: Run) -> str:
    """A Style for terminals (ECMA-48 SGR codes): bold, italic for formulas too, green code."""
    wanted = {"1": run.bold, "3": run.italic or run.kind is RunKind.TEX, "32": run.kind is RunKind.CODE}
    codes = [code for code, on in wanted.items() if on]
    return f"\x1b[{';'.join(codes)}m{piece}\x1b[0m" if codes else piece


@functools.lru_cache(maxsize=1024)
def tex_as_unicode(tex: str) -> str:
    """A formula as plain characters: `\\mathcal{L}_{align}` becomes `ℒ_align`.

    One that is too long, or that cannot be read, stays as it is. No address grows together of it and what stands around
    it: slashes and colons that could be a part of one become signs of mathematics.
    """
    return re.sub(_OF_ADDRESSES, lambda mark: _OF_MATHEMATICS[mark[0]], _in_unicode(tex))


def _in_unicode(tex: str) -> str:
    if len(tex) > _FORMULA_CHARS:
        return tex
    from pylatexenc.latex2text import LatexNodes2Text  # 40 ms: only where there is a formula

    logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # a formula that it cannot read is nobody's concern
    try:
        shown = clean(" ".join(LatexNodes2Text(math_mode="text").latex_to_text(tex).split()))
    except Exception:  # noqa: BLE001 (it raises what its code happens to: KeyError for a `\sqrt` of nothing)
        return tex
    return tex if "%s" in shown and r"\%s" not in tex else shown  # a place that it found nothing for


def columns_of(text: str) -> int:
    """How many columns of a terminal the text takes: East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _visible(runs: Sequence[Run]) -> str:
    return "".join(visible(run) for run in runs)


def _pieces(text: str, width: int | None) -> list[str]:
    """Words with the spaces after them, single wide characters and line ends; only the latter when nothing wraps."""
    return re.split("(\n)", text) if width is None else _piece().findall(text)


@functools.cache
def _piece() -> re.Pattern[str]:
    """Compiled when something has to wrap: it takes milliseconds, which a piped look-up cannot spare."""
    wide = r"\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
    return re.compile(rf"\n|[{wide}]|[^\s{wide}]+[^\S\n]*|[^\S\n]+")
