"""Which characters on a PDF's page nobody sees: white on white, in invisible ink, covered, tiny or off the page.

The way most pages are painted leaves no doubt. Where it does, the part of the page in question is drawn twice, small:
with the doubtful texts alone, and with no text. A text is seen where the two differ; it is read as well where a picture
shows words in its place, as the scan does whose words were recognised and laid over it in invisible ink.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from operator import sub
from types import ModuleType
from typing import Any, NamedTuple

from digest.readers.pdf_pieces import Box, Text, Walk, address, doubtful

MAX_DRAWN = 60  # pages of a document: nothing doubtful is read on further ones
MAX_DOUBTS = 150_000  # characters of a document: further doubtful ones are not read
MAX_PIXELS = 1_000_000  # of a page that is drawn
MIN_SIZE = 1.5  # points: smaller letters are not read
_MAX_SIDE = 4_000  # pixels
_SCALE = 2.0  # pixels for a point, at most
_RUN = 12  # characters that are judged together, at most
_SAMPLES = 4  # characters of them that are looked at, or a few more
_CONTRAST = 24  # of 255: what differs by less looks the same
_SHARE = 1 / 3  # of the height of a character's place
_PIXEL = 4  # bytes: blue, green, red, and one that says nothing

_Place = tuple[int, int, int, int]  # in pixels: left, upper, and the first ones outside, right, lower


class Sight:
    """Tells what is seen of the pages of one document."""

    def __init__(self, pdfium: ModuleType) -> None:
        self._pdfium = pdfium
        self._pages = MAX_DRAWN  # that may still be drawn
        self._doubts = MAX_DOUBTS

    def unseen(self, page: Any, text_page: Any, count: int) -> Set[int]:
        """Those of the first `count` characters of a page that nobody sees. Its texts can no more be drawn then."""
        walk = Walk(self._pdfium, page.raw)
        doubts = {address(text.handle): text for text in doubtful(walk.pieces, page.get_bbox())}
        if not doubts and walk.is_whole:
            return frozenset()
        runs = list(_runs(self._pdfium, text_page.raw, count, walk, doubts))
        hidden = {char for run in runs for char in run.chars}
        self._doubts -= len(hidden)
        drawing = _Drawing(self._pdfium, page, text_page)
        if self._doubts < 0 or not (looked_at := _looked_at(drawing, runs)) or not self._pages:
            return hidden
        self._pages -= 1
        shown, bare = _pictures(drawing, walk.texts, doubts, [place for _, places in looked_at for place in places])
        for run, places in looked_at:
            if sum(_is_seen(run, place, shown, bare) for place in places) * 2 >= len(places):
                hidden.difference_update(run.chars)
        return hidden


# --- doubtful characters -----------------------------------------------------------------------------------------


class _Run(NamedTuple):
    """Characters that follow each other and are painted alike."""

    text: Text | None  # the first one's; None: beyond the pieces that are known
    chars: list[int]  # their indices in PDFium's text of the page

    @property
    def is_painted(self) -> bool:
        return self.text is None or not self.text.invisible

    @property
    def size(self) -> float:
        return math.inf if self.text is None else self.text.size

    @property
    def is_replaced(self) -> bool:
        return self.text is not None and self.text.replaced

    def goes_on(self, text: Text | None, char: int) -> bool:
        other = _Run(text, [])
        return char == self.chars[-1] + 1 and len(self.chars) < _RUN and self._kind == other._kind

    @property
    def _kind(self) -> tuple[bool, float, bool]:
        return self.is_painted, self.size, self.is_replaced


def _runs(pdfium: ModuleType, text_page: Any, count: int, walk: Walk, doubts: Mapping[int, Text]) -> Iterator[_Run]:
    clear = {address(text.handle) for text in walk.texts} - doubts.keys()
    run: _Run | None = None
    for char in range(count):
        handle = pdfium.FPDFText_GetTextObject(text_page, char)
        if not handle or (of := address(handle)) in clear or (of not in doubts and walk.is_whole):
            continue
        if chr(pdfium.FPDFText_GetUnicode(text_page, char)).isspace():
            continue
        text = doubts.get(of)
        if run is not None and run.goes_on(text, char):
            run.chars.append(char)
            continue
        if run is not None:
            yield run
        run = _Run(text, [char])
    if run is not None:
        yield run


def _looked_at(drawing: _Drawing, runs: Iterable[_Run]) -> list[tuple[_Run, list[_Place]]]:
    """The runs that may be seen, with the places to look at: those on the page, in their own words, not in tiny type.

    The largest letter of a size tells, as some fonts hide their scale in their glyphs.
    """
    small: dict[float, list[int]] = {}
    for run in runs:
        if run.size < MIN_SIZE:
            small.setdefault(run.size, []).extend(run.chars)
    tiny = {size for size, chars in small.items() if drawing.largest(chars) < MIN_SIZE}
    found = []
    for run in runs:
        if run.size not in tiny and not run.is_replaced:
            places = [drawing.place(char) for char in run.chars[:: max(1, len(run.chars) // _SAMPLES)]]
            on_page = [place for place in places if place is not None]
            if len(on_page) * 2 >= len(places):
                found.append((run, on_page))
    return found


# --- pictures ----------------------------------------------------------------------------------------------------


class _Drawing:
    """Draws parts of a page, each on white and to the same scale."""

    def __init__(self, pdfium: ModuleType, page: Any, text_page: Any) -> None:
        width, height = page.get_size()
        scale = min(_SCALE, math.sqrt(MAX_PIXELS / max(1.0, width * height)))
        self._width, self._height = (min(_MAX_SIDE, max(1, round(side * scale))) for side in (width, height))
        self._page, self._text_page = page.raw, text_page.raw
        self._box = ctypes.c_double(), ctypes.c_double(), ctypes.c_double(), ctypes.c_double()
        self._point = ctypes.c_int(), ctypes.c_int()
        self.pdfium = pdfium

    def largest(self, chars: Iterable[int]) -> float:
        """How wide the widest of these characters is, or how high the highest, whichever is less."""
        boxes = [self._box_of(char) for char in chars]
        return min(max(box[2] - box[0] for box in boxes), max(box[3] - box[1] for box in boxes))

    def place(self, char: int) -> _Place | None:
        """The place of a character with a pixel around it; None when it is off the page."""
        left, bottom, right, top = self._box_of(char)
        (x, y), (other_x, other_y) = self._pixel(left, bottom), self._pixel(right, top)
        first, last = max(0, min(x, other_x) - 1), min(self._width, max(x, other_x) + 2)
        upper, lower = max(0, min(y, other_y) - 1), min(self._height, max(y, other_y) + 2)
        return (first, upper, last, lower) if first < last and upper < lower else None

    def _box_of(self, char: int) -> Box:
        left, right, bottom, top = self._box
        self.pdfium.FPDFText_GetCharBox(self._text_page, char, left, right, bottom, top)
        return left.value, bottom.value, right.value, top.value

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        across, down = self._point
        self.pdfium.FPDF_PageToDevice(self._page, 0, 0, self._width, self._height, 0, x, y, across, down)
        return across.value, down.value

    def picture(self, part: _Place) -> _Picture:
        pdfium = self.pdfium
        left, upper, right, lower = part
        bitmap = pdfium.FPDFBitmap_Create(right - left, lower - upper, 0)
        try:
            pdfium.FPDFBitmap_FillRect(bitmap, 0, 0, right - left, lower - upper, 0xFFFFFFFF)
            pdfium.FPDF_RenderPageBitmap(bitmap, self._page, -left, -upper, self._width, self._height, 0, 0)
            stride = pdfium.FPDFBitmap_GetStride(bitmap)
            pixels = ctypes.string_at(pdfium.FPDFBitmap_GetBuffer(bitmap), stride * (lower - upper))
        finally:
            pdfium.FPDFBitmap_Destroy(bitmap)
        return _Picture(pixels, stride, left, upper)


class _Picture(NamedTuple):
    pixels: bytes
    stride: int  # bytes of a row
    left: int
    upper: int

    def rows(self, place: _Place) -> list[bytes]:
        """What is drawn at a place, row by row."""
        left, right = (place[0] - self.left) * _PIXEL, (place[2] - self.left) * _PIXEL
        starts = range((place[1] - self.upper) * self.stride, (place[3] - self.upper) * self.stride, self.stride)
        return [self.pixels[start + left : start + right] for start in starts]


def _pictures(
    drawing: _Drawing, texts: Iterable[Text], doubts: Mapping[int, Text], places: Sequence[_Place]
) -> tuple[_Picture, _Picture]:
    """The part of a page that has these places: with the doubtful texts alone, and with no text."""
    lefts, uppers, rights, lowers = zip(*places, strict=True)
    part = min(lefts), min(uppers), max(rights), max(lowers)
    for text in texts:
        drawing.pdfium.FPDFPageObj_SetIsActive(text.handle, address(text.handle) in doubts)
    shown = None if all(text.invisible for text in doubts.values()) else drawing.picture(part)
    for text in doubts.values():
        drawing.pdfium.FPDFPageObj_SetIsActive(text.handle, False)
    bare = drawing.picture(part)
    return shown or bare, bare


def _is_seen(run: _Run, place: _Place, shown: _Picture, bare: _Picture) -> bool:
    """Whether a character of a run shows at its place, or a picture shows one there.

    It does so over a good part of its height: a rule that runs through it shows neither.
    """
    behind = bare.rows(place)
    if run.is_painted and sum(map(_differ, shown.rows(place), behind)) >= _SHARE * len(behind):
        return True
    return sum(map(_varies, behind)) >= _SHARE * len(behind)


def _differ(row: bytes, behind: bytes) -> bool:
    return row != behind and max(map(abs, map(sub, row, behind))) >= _CONTRAST


def _varies(row: bytes) -> bool:
    if row == row[:_PIXEL] * (len(row) // _PIXEL):
        return False
    colours = (row[colour::_PIXEL] for colour in range(_PIXEL - 1))
    return any(max(values) - min(values) >= _CONTRAST for values in colours)
