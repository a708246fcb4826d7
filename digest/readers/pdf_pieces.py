"""The pieces of a PDF's page, and which of its texts may not be seen, as far as the way they are painted tells."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NamedTuple

MAX_PIECES = 100_000  # of a page; what is beyond them is not known
_MAX_DEPTH = 40  # of forms in forms
_SMALL = 1.5  # points: what a font that says so shows may be too small to be read
_AREA = 2.0  # points: what is at least as wide and high may lie behind or upon a character
_LIGHT = 170  # of 255: text that is as light may be lost on paper
_FAINT = 13  # of 255: the opacity of a text that is hardly there
_CLEAR = 128  # of 255: text is seen through what is less opaque
_STAND_IN = 24  # characters: longer words in the place of what is painted are words that nobody sees
_BOXES = 64  # areas that are told apart

Box = tuple[float, float, float, float]  # left, bottom, right, top
Matrix = tuple[float, float, float, float, float, float]
_NOWHERE: Box = (math.inf, math.inf, -math.inf, -math.inf)
_PLAIN: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


class Text(NamedTuple):
    """A text that one instruction paints."""

    handle: Any  # PDFium's
    box: Box
    doubtful: bool  # painted in a way that may not be seen, wherever it stands
    invisible: bool  # nothing is painted
    replaced: bool  # the file gives other words for it, more than stand for a sign that has none
    size: float  # in points, the smaller one of a text that is squeezed


class Area(NamedTuple):
    """A filled shape, thick line, picture or shading."""

    box: Box
    dark: bool  # or it cannot be told


def address(handle: Any) -> int:
    return ctypes.c_void_p.from_buffer(handle).value or 0


def doubtful(pieces: Sequence[Text | Area], page: Box) -> list[Text]:
    """The texts that may not be seen: they are painted so, reach off the page, or share their place with an area that
    is as dark, or painted later."""
    found: dict[int, Text] = {}
    dark, later = _Ground(), _Ground()
    for at, piece in enumerate(pieces):
        if isinstance(piece, Text):
            if piece.doubtful or not _holds(page, piece.box) or dark.meets(piece.box):
                found[at] = piece
        elif piece.dark:
            dark.add(piece.box)
    for at in range(len(pieces) - 1, -1, -1):
        piece = pieces[at]
        if isinstance(piece, Area):
            later.add(piece.box)
        elif later.meets(piece.box):
            found[at] = piece
    return list(found.values())


class _Ground:
    """Where areas lie. When they are many, what lies between them counts as well."""

    def __init__(self) -> None:
        self._boxes: list[Box] = []

    def add(self, box: Box) -> None:
        if len(self._boxes) < _BOXES:
            self._boxes.append(box)
        else:
            self._boxes[-1] = _around(self._boxes[-1], box)

    def meets(self, box: Box) -> bool:
        return any(_meet(one, box) for one in self._boxes)


class Walk:
    """All pieces of a page in the order in which they are painted, those of its forms (drawings) among them."""

    def __init__(self, pdfium: ModuleType, page: Any) -> None:
        self.pieces: list[Text | Area] = []
        self._pdfium = pdfium
        # What PDFium fills in is made once: there are thousands of pieces on a page.
        self._box = ctypes.c_float(), ctypes.c_float(), ctypes.c_float(), ctypes.c_float()
        self._colour = ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint(), ctypes.c_uint()
        self._number = ctypes.c_float()
        self._filled, self._stroked = ctypes.c_int(), ctypes.c_int()
        self._matrix = pdfium.FS_MATRIX()
        self._left = MAX_PIECES
        for at in range(min(pdfium.FPDFPage_CountObjects(page), MAX_PIECES + 1)):
            self._add(pdfium.FPDFPage_GetObject(page, at), _PLAIN, 255, 0)

    @property
    def texts(self) -> list[Text]:
        return [piece for piece in self.pieces if isinstance(piece, Text)]

    @property
    def is_whole(self) -> bool:
        return self._left >= 0

    def _add(self, handle: Any, within: Matrix, opacity: int, depth: int) -> None:
        pdfium = self._pdfium
        self._left -= 1
        kind = pdfium.FPDFPageObj_GetType(handle)
        if kind == pdfium.FPDF_PAGEOBJ_TEXT:
            self._add_text(handle, within, opacity)
        elif kind != pdfium.FPDF_PAGEOBJ_FORM:
            self._add_area(handle, within, opacity, is_path=kind == pdfium.FPDF_PAGEOBJ_PATH)
        elif depth == _MAX_DEPTH:
            self._left = -1
        else:
            opacity = min(opacity, self._colour_of(handle)[1])
            matrix = _product(self._matrix_of(handle), within)
            for at in range(min(pdfium.FPDFFormObj_CountObjects(handle), max(0, self._left + 1))):
                self._add(pdfium.FPDFFormObj_GetObject(handle, at), matrix, opacity, depth + 1)

    def _add_text(self, handle: Any, within: Matrix, opacity: int) -> None:
        pdfium = self._pdfium
        bounds = self._bounds(handle)
        lightness, own_opacity = self._colour_of(handle)
        mode = pdfium.FPDFTextObj_GetTextRenderMode(handle)
        pdfium.FPDFTextObj_GetFontSize(handle, self._number)
        a, b, c, d, *_ = _product(self._matrix_of(handle), within)
        size = abs(self._number.value) * min(math.hypot(a, b), math.hypot(c, d))
        is_doubtful = (
            mode != pdfium.FPDF_TEXTRENDERMODE_FILL
            or not 0 <= lightness < _LIGHT
            or min(opacity, own_opacity) < 255
            or size < _SMALL
            or pdfium.FPDFPageObj_HasTransparency(handle)
            or self._is_clipped(handle, bounds)
        )
        invisible = mode == pdfium.FPDF_TEXTRENDERMODE_INVISIBLE or own_opacity < _FAINT
        replaced = pdfium.FPDFPageObj_CountMarks(handle) > 0 and self._is_replaced(handle)
        is_doubtful = bool(is_doubtful or replaced)
        self.pieces.append(Text(handle, _moved(bounds, within), is_doubtful, invisible, replaced, size))

    def _add_area(self, handle: Any, within: Matrix, opacity: int, *, is_path: bool) -> None:
        if opacity < _CLEAR:
            return
        left, bottom, right, top = box = _moved(self._bounds(handle), within)
        if right - left < _AREA or top - bottom < _AREA or (is_path and not self._covers(handle)):
            return
        lightness, own_opacity = self._colour_of(handle)
        if own_opacity >= _CLEAR:
            self.pieces.append(Area(box, not is_path or not self._filled.value or lightness < _LIGHT))

    def _covers(self, path: Any) -> bool:
        """Whether a shape is filled, or its line is as wide as a character."""
        self._pdfium.FPDFPath_GetDrawMode(path, self._filled, self._stroked)
        if not self._filled.value and self._stroked.value:
            self._pdfium.FPDFPageObj_GetStrokeWidth(path, self._number)
        return self._filled.value != 0 or (self._stroked.value != 0 and self._number.value >= _AREA)

    def _bounds(self, handle: Any) -> Box:
        left, bottom, right, top = self._box
        self._pdfium.FPDFPageObj_GetBounds(handle, left, bottom, right, top)
        return left.value, bottom.value, right.value, top.value

    def _matrix_of(self, handle: Any) -> Matrix:
        matrix = self._matrix
        self._pdfium.FPDFPageObj_GetMatrix(handle, matrix)
        return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f

    def _colour_of(self, handle: Any) -> tuple[int, int]:
        """How light a piece is filled (-1: not with a colour), and how opaque."""
        red, green, blue, alpha = self._colour
        if not self._pdfium.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            return -1, 255
        return (299 * red.value + 587 * green.value + 114 * blue.value) // 1000, alpha.value

    def _is_clipped(self, handle: Any, bounds: Box) -> bool:
        """Whether a text may reach out of the shapes within which it is shown."""
        pdfium = self._pdfium
        clip = pdfium.FPDFPageObj_GetClipPath(handle)
        x, y = self._box[:2]
        for path in range(pdfium.FPDFClipPath_CountPaths(clip)):
            shape = _NOWHERE
            for at in range(pdfium.FPDFClipPath_CountPathSegments(clip, path)):
                pdfium.FPDFPathSegment_GetPoint(pdfium.FPDFClipPath_GetPathSegment(clip, path, at), x, y)
                shape = _around(shape, (x.value, y.value, x.value, y.value))
            if not _holds(shape, bounds):
                return True
        return False

    def _is_replaced(self, handle: Any) -> bool:
        pdfium = self._pdfium
        length = ctypes.c_ulong()  # in bytes of UTF-16, with a zero at the end
        for at in range(pdfium.FPDFPageObj_CountMarks(handle)):
            mark = pdfium.FPDFPageObj_GetMark(handle, at)
            if pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, length):
                return bool(length.value > 2 * (_STAND_IN + 1))
        return False


def _around(one: Box, other: Box) -> Box:
    """The smallest box that holds both."""
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _holds(outer: Box, inner: Box) -> bool:
    return (
        outer[0] <= inner[0] + 1 and outer[1] <= inner[1] + 1 and outer[2] >= inner[2] - 1 and outer[3] >= inner[3] - 1
    )


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _product(first: Matrix, then: Matrix) -> Matrix:
    """What moves a point by one matrix and then by another."""
    if then is _PLAIN:
        return first
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _moved(box: Box, matrix: Matrix) -> Box:
    if matrix is _PLAIN:
        return box
    a, b, c, d, e, f = matrix
    left, bottom, right, top = box
    x, y = a * (left + right) + c * (bottom + top) + 2 * e, b * (left + right) + d * (bottom + top) + 2 * f
    width = abs(a) * (right - left) + abs(c) * (top - bottom)
    height = abs(b) * (right - left) + abs(d) * (top - bottom)
    return (x - width) / 2, (y - height) / 2, (x + width) / 2, (y + height) / 2
