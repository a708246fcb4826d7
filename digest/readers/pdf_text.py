"""The text of a PDF, as PDFium tells it character by character."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Set
from functools import lru_cache
from statistics import median
from types import ModuleType
from typing import Any, NamedTuple

from digest.errors import ReadError
from digest.readers.pdf_layout import laid_out
from digest.readers.pdf_rows import Cell, Line, Page
from digest.readers.pdf_seen import Sight
from digest.readers.pdf_words import HYPHEN
from digest.types import Passage

MAX_PAGES = 200  # of a longer document the first ones are read
MAX_PAGE_CHARS = 60_000  # a page full of text has 8,000; a drawing of a million dots is none
_BOLD_WEIGHT = 600
_BOLD_NAME = re.compile(r"bold|black|heavy|medi(?!um)|demi|bx\d|-bd", re.IGNORECASE)
_SAMPLES = 5  # characters of a line whose font is looked at
_CELL_GAP = 1.15  # times the size: wider than any space of a justified line
_NUMBER_GAP = 0.6  # the same between two numbers, which hardly ever follow each other in a sentence
_HYPHENS = ("\x02", "\ufffe")
_MEANINGLESS = ("Cc", "Co", "Cn", "Cs")


def passages(content: bytes) -> tuple[Passage, ...]:
    """The passages of a PDF, at most `MAX_PAGES` pages of it.

    To be called in a child process (digest.workers): PDFium is not safe in threads, and may hang or crash on a bad
    file. Raises ReadError for a file that is no PDF, is locked, or holds no text (a scan).
    """
    if b"%PDF-" not in content[:1024]:
        raise ReadError("This is not a PDF: it does not begin as one.")
    import pypdfium2

    try:
        with pypdfium2.PdfDocument(content) as document:
            sight = Sight(pypdfium2.raw)
            pages = [_page(document, number, sight) for number in range(min(len(document), MAX_PAGES))]
            outline = [(entry.level, entry.get_title()) for entry in document.get_toc(max_depth=6)]
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise ReadError("This PDF is locked with a password.") from None
        raise ReadError("This PDF is damaged and cannot be opened.") from None
    found = laid_out(pages, outline)
    if not found:
        raise ReadError("This PDF holds no text; it may be a scan.")
    return tuple(found)


class _Char(NamedTuple):
    at: int  # its index in PDFium's text of the page
    text: str
    left: float
    right: float


def _page(document: Any, number: int, sight: Sight) -> Page:
    import pypdfium2.raw as pdfium

    page = document[number]
    text_page = page.get_textpage()
    try:
        width, height = page.get_size()
        count = min(pdfium.FPDFText_CountChars(text_page.raw), MAX_PAGE_CHARS)
        unseen = sight.unseen(page, text_page, count)
        found = _char_lines(pdfium, text_page.raw, count, unseen)
        lines = [_line(pdfium, text_page.raw, chars) for chars in found]
    finally:
        text_page.close()
        page.close()
    # Stamps at the side and labels of axes stand on end: the direction of the long lines is that of the text.
    weights: Counter[int] = Counter()
    for turn, line in lines:
        weights[turn] += len(line.text) ** 2
    upright = max(weights, key=lambda turn: weights[turn], default=0)
    return Page(number + 1, width, height, tuple(line for turn, line in lines if turn == upright and line.cells))


def _char_lines(pdfium: ModuleType, text_page: Any, count: int, unseen: Set[int]) -> Iterator[list[_Char]]:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    line: list[_Char] = []
    for index in range(count):
        char = chr(pdfium.FPDFText_GetUnicode(text_page, index))
        if char in "\r\n":
            if line:
                yield line
            line = []
            continue
        if index in unseen:
            continue
        pdfium.FPDFText_GetCharBox(text_page, index, left, right, bottom, top)
        line.append(_Char(index, char, left.value, right.value))
        if char in _HYPHENS:
            yield line
            line = []
    if line:
        yield line


def _line(pdfium: ModuleType, text_page: Any, chars: list[_Char]) -> tuple[int, Line]:
    """A line, and by how many quarter turns it is turned."""
    seen = [char for char in chars if not char.text.isspace()] or chars
    samples = [char for char in seen if char.text.isalpha()] or seen
    samples = samples[:: max(1, len(samples) // _SAMPLES)]
    size = median(_size(pdfium, text_page, char.at) for char in samples)
    bold = all(_is_bold(pdfium, text_page, char.at) for char in samples)
    turn = round(pdfium.FPDFText_GetCharAngle(text_page, samples[0].at) / (math.pi / 2)) % 4
    x, y = ctypes.c_double(), ctypes.c_double()
    pdfium.FPDFText_GetCharOrigin(text_page, samples[0].at, x, y)
    return turn, Line(tuple(_cells(chars, size)), y.value, size, bold)


def _cells(chars: list[_Char], size: float) -> Iterator[Cell]:
    """The pieces of a line between its wide gaps."""
    piece: list[_Char] = []
    before: _Char | None = None
    for char in chars:
        if char.text.isspace():
            piece.append(char._replace(text=" "))
            continue
        if before is not None:
            between_numbers = piece[-1].text == " " and before.text.isdigit() and char.text.isdigit()
            if char.left - before.right > (_NUMBER_GAP if between_numbers else _CELL_GAP) * size:
                yield from _cell(piece)
                piece = []
        piece.append(char)
        before = char
    yield from _cell(piece)


def _cell(chars: list[_Char]) -> Iterator[Cell]:
    seen = [char for char in chars if char.text != " "]
    text = "".join(char.text for char in chars)
    if not (text.isascii() and text.isprintable()):
        text = _spelled(text)
    if text.strip():
        yield Cell(" ".join(text.split()), min(char.left for char in seen), max(char.right for char in seen))


def _spelled(text: str) -> str:
    """A text with a hyphen at a line end as the mark, a ligature as its letters, and nothing that means nothing."""
    text = "".join(
        HYPHEN if char in _HYPHENS else unicodedata.normalize("NFKC", char) if "\ufb00" <= char <= "\ufb06" else char
        for char in text
    )
    # Characters beyond the first 65,536 come in halves; private ones and controls mean nothing without their font.
    text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return "".join(char for char in text if char == HYPHEN or unicodedata.category(char) not in _MEANINGLESS)


def _size(pdfium: ModuleType, text_page: Any, index: int) -> float:
    """The size in points: the font's own, as far as the text is scaled."""
    matrix = pdfium.FS_MATRIX()
    scale = math.hypot(matrix.c, matrix.d) if pdfium.FPDFText_GetMatrix(text_page, index, matrix) else 1.0
    return float(pdfium.FPDFText_GetFontSize(text_page, index) * (scale or 1.0))


def _is_bold(pdfium: ModuleType, text_page: Any, index: int) -> bool:
    name = ctypes.create_string_buffer(128)
    pdfium.FPDFText_GetFontInfo(text_page, index, name, len(name), ctypes.c_int())
    return pdfium.FPDFText_GetFontWeight(text_page, index) >= _BOLD_WEIGHT or _is_named_bold(name.value)


@lru_cache(maxsize=256)
def _is_named_bold(font: bytes) -> bool:
    return _BOLD_NAME.search(font.decode("utf-8", "replace")) is not None
