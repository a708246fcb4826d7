"""The text of a piece of HTML on one line: formulas as TeX, footnotes apart, spaces where a reader sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import IntEnum, auto
from typing import Any

from lxml.etree import _Element as Element
from msgspec import Struct


class Role(IntEnum):
    """What an element is to a reader, whatever its tag."""

    INLINE = 0
    SKIP = auto()  # page chrome, authors, bibliography
    BLOCK = auto()  # stands apart from what is before and after it
    PLACE = auto()  # a block whose id is where its text is found
    PARAGRAPH = auto()  # joined with its neighbours inside a FLOW, else a block
    FLOW = auto()  # a place whose paragraphs and displayed formulas read on as one
    FLOAT = auto()  # a figure or table with its caption
    SECTION = auto()  # a place whose headings hold within it only
    NAMED = auto()  # a section that has a name even without a heading: the abstract
    TITLE = auto()
    HEADING = auto()
    RUN_IN = auto()  # a heading such as "Theorem 2." that begins the text after it
    CAPTION = auto()
    TABLE = auto()
    ROW = auto()
    CELL = auto()
    EQUATION = auto()
    LIST = auto()
    POINT = auto()
    LISTING = auto()  # lines of code or of an algorithm
    LINE = auto()
    MATH = auto()
    NOTE = auto()
    CITE = auto()
    TAG = auto()  # a number such as "3.1" or "Table 2:" before what it numbers
    BREAK = auto()
    RAISED = auto()  # an exponent or an ordinal's end
    LABEL = auto()  # text in a drawing


class Dialect(Struct, frozen=True):
    """How a kind of page says things, by an element's tag and class."""

    role: Callable[[str, str], Role]
    level: Callable[[str, str], int]  # of a heading, 1 the highest
    name: Callable[[str, str], str]  # of a NAMED section


_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
# Soft hyphens, zero-width characters, marks of direction and the invisible tag characters: nothing to a reader.
_UNSEEN = "\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f"
_GLYPHS = re.compile(f"[{_UNSEEN}]|[{''.join(_LIGATURES)}]")
_BEFORE_MARK = re.compile(r" (?=[)\]]|[,;:!?](?!\w)|\.(?![\w.]))")
_EMPTY_PLACE = re.compile(r",\s*(?=[;)\]])|(?<=[(\[])\s+")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*+(?P<ended>\n\s*+|\Z)")  # one that goes on to the end of a text is none
_STYLE = re.compile(r"\\(?:display|text)style(?![A-Za-z])\s*")
_DOLLAR = re.compile(r"(?<!\\)\$")
_BETWEEN_FORMULAS = re.compile(r"(?<!\\)\$\s*(?<!\\)\$")
_EXPONENT = re.compile(r"[-+−–]?\d{1,3}")
_PLAIN = re.compile(r"[-+−]?\d[\d.,]*(?:\\?%)?|[-+=<>]")  # what needs no TeX


def visible(text: str) -> str:
    """Text without characters that cannot be seen, ligatures as letters."""
    return _GLYPHS.sub(lambda glyph: _LIGATURES.get(glyph[0], ""), text)


def tidy(text: str) -> str:
    """Text with its white space folded, invisible characters gone and no space before punctuation."""
    words = (text if text.isascii() else visible(text)).split()
    return _BEFORE_MARK.sub("", " ".join(words)) if len(words) > 1 else "".join(words)


def formula(node: Element) -> str:
    r"""A formula as TeX between single dollars; a plain number or sign as it is.

    The TeX is what LaTeXML (`alttext`, or `alt` of a picture), MathJax (`aria-label`) or an annotation keeps; else the
    visible text. Comments at line ends and `\displaystyle` are left out, and so are dollars within.
    """
    tex = _tex(node)
    if "%" in tex or "style" in tex or "$" in tex:
        tex = _DOLLAR.sub("", _STYLE.sub("", _COMMENT.sub(lambda found: "" if found["ended"] else found[0], tex)))
    tex = " ".join(tex.split())
    if tex.endswith("\\"):  # a control space that ends the formula
        tex = tex.rstrip("\\ ")
    if not tex or _PLAIN.fullmatch(tex):
        return tex.replace("\\%", "%")
    return f"${tex}$"


def _tex(node: Element) -> str:
    told = node.get("alttext") or node.get("alt") or node.get("aria-label")
    if told:
        return str(told)
    for within in node.iter("math", "annotation", "span", "script"):
        if within.tag == "annotation":
            if within.get("encoding") == "application/x-tex":
                return str(within.text or "")
        elif within.tag == "script" and within.get("type", "").startswith("math/tex"):
            return str(within.text or "")
        elif told := within.get("alttext") or within.get("aria-label"):
            return str(told)
    return "".join(map(str, node.itertext())).strip().removeprefix("\\(").removesuffix("\\)")


class Flat:
    """Reads an element as one line. Footnotes are collected in `notes`."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.role = dialect.role
        self.flat = self  # what reads the parts that are always one line
        self.out: list[str] = []
        self.notes: list[str] = []
        self.acts = self.all_acts()

    def all_acts(self) -> tuple[Callable[[Any, Element], None], ...]:
        """What is done with an element, by its role."""
        return FLAT_ACTS

    def of(self, node: Element) -> str:
        """The text within an element."""
        return tidy(self.piece(node) if len(node) else node.text or "")

    def noted(self, node: Element) -> str:
        """The text within an element, its footnotes in parentheses at the end."""
        return with_notes(self.of(node), self.taken_notes())

    def piece(self, node: Element) -> str:
        """The text within an element with its white space as it stands there."""
        outer, self.out = self.out, []
        self.inside(node)
        text, self.out = "".join(self.out), outer
        return text

    def taken_notes(self) -> list[str]:
        notes, self.notes = self.notes, []
        return notes

    def inside(self, node: Element) -> None:
        out, acts, role = self.out, self.acts, self.role  # `out` stays the same list whatever an act does
        if node.text:
            out.append(node.text)
        for child in node:
            acts[role(child.tag, child.get("class", ""))](self, child)
            if child.tail:
                out.append(child.tail)

    def spaced(self, node: Element) -> None:
        self.out.append(" ")
        self.inside(node)
        self.out.append(" ")

    def skip(self, node: Element) -> None:
        pass

    def line_break(self, _: Element) -> None:
        self.out.append(" ")

    def math(self, node: Element) -> None:
        text = formula(node)
        # Two formulas side by side would otherwise share a pair of dollars.
        self.out.append(f" {text}" if self.out and self.out[-1].endswith("$") else text)

    def equation(self, node: Element) -> None:
        """A displayed formula: what stands in neighbouring cells of its rows is one formula."""
        text = " ".join(self.flat.piece(node).split())
        self.out += (" ", _BETWEEN_FORMULAS.sub(" ", text), " ")

    def cite(self, node: Element) -> None:
        """A citation, without the gaps that a missing year or name leaves."""
        self.out.append(_EMPTY_PLACE.sub("", self.flat.piece(node)))

    def raised(self, node: Element) -> None:
        """An exponent keeps apart from its base: 10^6 is not 106."""
        text = self.flat.piece(node)
        is_exponent = _EXPONENT.fullmatch(text.strip()) and self.out and self.out[-1][-1:].isdigit()
        self.out.append(f"^{text.strip()}" if is_exponent else text)

    def tag(self, node: Element) -> None:
        self.out.append(self.flat.piece(node) + " ")

    def note(self, node: Element) -> None:
        text = self.flat.of(node)
        if text:
            self.notes.append(text)


def with_notes(text: str, notes: list[str]) -> str:
    return " ".join([text, *(f"({note})" for note in notes)]).strip() if notes else text


_ACTS: dict[Role, Callable[[Flat, Element], None]] = {
    Role.INLINE: Flat.inside,
    Role.SKIP: Flat.skip,
    Role.LABEL: Flat.skip,
    Role.BREAK: Flat.line_break,
    Role.MATH: Flat.math,
    Role.EQUATION: Flat.equation,
    Role.CITE: Flat.cite,
    Role.TAG: Flat.tag,
    Role.RAISED: Flat.raised,
    Role.NOTE: Flat.note,
}
FLAT_ACTS = tuple(_ACTS.get(role, Flat.spaced) for role in Role)
