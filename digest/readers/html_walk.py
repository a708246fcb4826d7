"""From a tree to passages: one walk over a page, whatever its dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element
from msgspec import Struct

from digest.errors import ReadError
from digest.readers import html_table
from digest.readers.headings import MOST_CHARS, is_bibliography
from digest.readers.html_list import Points
from digest.readers.html_table import Cell
from digest.readers.html_text import FLAT_ACTS, Dialect, Flat, Role, tidy, visible, with_notes
from digest.types import Passage, PassageKind

MAX_CHARS = 10_000_000  # of all passages together: ten times the longest theses
MAX_SPAN = 1000  # columns or rows of one cell, as in browsers (html.spec.whatwg.org, 4.9.11)

_ABSTRACT = "Abstract"  # what every abstract is headed, however the page writes it
_NAMED_LEVEL = 3
_WITH_TEXT = etree.XPath(
    "boolean(.//*[self::p or self::pre or self::table or contains(@class, 'ltx_p') or contains(@class, 'ltx_listing')"
    " or contains(@class, 'ltx_tabular') or contains(@class, 'ltx_itemize') or contains(@class, 'ltx_enumerate')])"
)
_LAYING_OUT = ("figcaption", "h1", "h2", "h3", "h4", "table", "span", "div")
_HAS_HEADING = etree.XPath("boolean(./*[contains(@class, 'ltx_title')])")


class Heading(Struct):
    level: int
    text: str
    anchor: str
    used: bool = False  # whether a passage has it in its path


def read(root: Element, dialect: Dialect) -> tuple[Passage, ...]:
    """The passages of a tree without hidden text. Raises ReadError when it is nested too deeply or too long."""
    walk = Walk(dialect)
    try:
        walk.block(root)
    except RecursionError as error:
        raise ReadError("The page is nested too deeply to be read safely.") from error
    walk.leave_headings(0)
    return tuple(walk.passages)


class Walk(Flat):
    """Reads a page block by block. `out` holds the paragraph that is being read."""

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self.level = dialect.level
        self.flat = Flat(dialect)
        self.passages: list[Passage] = []
        self.chars = 0
        self.anchor = ""
        self.headings: list[Heading] = []
        self.path = ""
        self.prefix = ""  # a run-in heading that waits for its text
        self.flows = False
        self.muted = 0  # the level of the bibliography's heading while it is passed over

    def all_acts(self) -> tuple[Callable[[Any, Element], None], ...]:
        return _ALL_ACTS

    # --- passages ------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Ends the paragraph that is being read."""
        if self.out or self.notes:
            text = "".join(self.out)
            self.out.clear()
            if self.notes or not text.isspace():
                self.emit(PassageKind.TEXT, with_notes(tidy(text), self.taken_notes()))

    def emit(self, kind: PassageKind, text: str, anchor: str = "") -> None:
        prefix, self.prefix = self.prefix, self.prefix if not text else ""
        if self.muted or not any(map(str.isalnum, text)):
            return
        if prefix and kind is PassageKind.TEXT:
            text = f"{prefix} {text}"
        elif prefix:
            self.passages.append(Passage(self.anchor, self.path, PassageKind.TEXT, prefix))
        for heading in self.headings:
            heading.used = True
        self.chars += len(text)
        if self.chars > MAX_CHARS:
            raise ReadError(f"The page holds more than {MAX_CHARS:,} characters, more than any paper.")
        self.passages.append(Passage(anchor or self.anchor, self.path, kind, text))

    def block(self, node: Element) -> None:
        self.flush()
        self.inside(node)
        self.flush()

    def place(self, node: Element) -> None:
        outer, flows = self.anchor, self.flows
        self.flush()
        self.anchor, self.flows = node.get("id") or outer, False
        self.inside(node)
        self.flush()
        self.anchor, self.flows = outer, flows

    def flow(self, node: Element) -> None:
        outer, flows = self.anchor, self.flows
        self.flush()
        self.anchor, self.flows = node.get("id") or outer, True
        self.inside(node)
        self.flush()
        self.anchor, self.flows = outer, flows

    def paragraph(self, node: Element) -> None:
        if self.flows:
            self.spaced(node)
        elif self.anchor:
            self.block(node)
        else:
            self.place(node)

    def displayed(self, node: Element) -> None:
        if self.flows:
            self.equation(node)
            return
        self.flush()
        self.equation(node)
        self.flush()

    # --- headings --------------------------------------------------------------------------------------------------

    def section(self, node: Element) -> None:
        outside, muted = len(self.headings), self.muted
        self.place(node)
        self.leave_headings(outside)
        self.muted = muted

    def named(self, node: Element) -> None:
        outside = len(self.headings)
        self.flush()
        name = self.dialect.name(node.tag, node.get("class", ""))
        if name == _ABSTRACT or not _HAS_HEADING(node):
            self.enter(Heading(_NAMED_LEVEL, name, node.get("id", "")))
        self.place(node)
        self.leave_headings(outside)

    def title(self, node: Element) -> None:
        self.flush()
        self.emit(PassageKind.TEXT, self.flat.of(node))
        self.emit(PassageKind.TEXT, with_notes("", self.flat.taken_notes()))

    def heading(self, node: Element) -> None:
        self.flush()
        text, notes = self.flat.of(node), self.flat.taken_notes()
        if len(text) > MOST_CHARS:
            self.emit(PassageKind.TEXT, with_notes(text, notes))
            return
        if not text:
            return
        level = self.level(node.tag, node.get("class", ""))
        if self.muted and level <= self.muted:
            self.muted = 0
        outside = len(self.headings)
        while outside and self.headings[outside - 1].level >= level:
            outside -= 1
        self.leave_headings(outside)
        self.anchor = node.get("id") or self.anchor
        self.enter(Heading(level, text, self.anchor))
        if is_bibliography(text):
            self.muted = self.muted or level
        self.emit(PassageKind.TEXT, with_notes("", notes))

    def enter(self, heading: Heading) -> None:
        self.headings.append(heading)
        self.path = " > ".join(above.text for above in self.headings)

    def leave_headings(self, outside: int) -> None:
        """Goes back to the first `outside` headings. One that had nothing below it becomes a passage itself."""
        self.flush()
        self.end_run_in()
        while len(self.headings) > outside:
            heading = self.headings.pop()
            self.path = " > ".join(above.text for above in self.headings)
            if not heading.used:
                self.emit(PassageKind.TEXT, heading.text, heading.anchor)

    def run_in(self, node: Element) -> None:
        self.flush()
        self.prefix = " ".join(filter(None, (self.prefix, self.flat.noted(node))))

    def end_run_in(self) -> None:
        if self.prefix:
            prefix, self.prefix = self.prefix, ""
            self.emit(PassageKind.TEXT, prefix)

    # --- captions, listings and drawings ---------------------------------------------------------------------------

    def caption(self, node: Element) -> None:
        self.flush()
        self.emit(PassageKind.CAPTION, self.flat.noted(node), node.get("id", "") if not self.anchor else "")

    def listing(self, node: Element) -> None:
        """Lines keep their indentation."""
        self.flush()
        if node.tag == "pre":
            text = "".join(map(str, node.itertext()))
            self.emit_lines(text.expandtabs(4).splitlines())
            return
        rows: list[str] = []
        for child in node:
            if self.role(child.tag, child.get("class", "")) is Role.LINE:
                rows.append(self.line(child))
            else:
                self.emit_lines(rows)
                rows = []
                self.acts[self.role(child.tag, child.get("class", ""))](self, child)
        self.emit_lines(rows)
        self.flush()

    def line(self, node: Element) -> str:
        return visible(self.flat.piece(node).strip("\n").replace("\n", " "))

    def emit_lines(self, rows: list[str]) -> None:
        rows = [row.replace("\xa0", " ").rstrip() for row in rows]
        indents = [len(row) - len(row.lstrip(" ")) for row in rows if row]
        margin = min(indents, default=0)
        self.emit(PassageKind.TEXT, "\n".join(row[margin:] for row in rows if row))
        notes = self.flat.taken_notes()
        self.emit(PassageKind.TEXT, with_notes("", notes))

    def label(self, node: Element) -> None:
        """Text in a drawing: paragraphs in a box are read, the labels of a plot are not."""
        if _WITH_TEXT(node):
            self.block(node)

    # --- lists and tables ------------------------------------------------------------------------------------------

    def points(self, node: Element) -> None:
        self.flush()
        points = Points(self.dialect)
        points.read(node, 0)
        self.emit(PassageKind.LIST, "\n".join(points.rows), node.get("id", ""))
        for apart in points.apart:
            self.acts[self.role(apart.tag, apart.get("class", ""))](self, apart)

    def table(self, node: Element) -> None:
        self.flush()
        for child in node:
            if child.tag == "caption":
                self.caption(child)
        rows = self.rows(node)
        if not rows:
            self.block(node)
        elif self.is_layout(node, rows):
            for cell in (cell for row in rows for cell in row):
                self.block(cell)
        else:
            texts = html_table.lines([[self.cell(cell) for cell in row] for row in rows])
            self.emit(PassageKind.TABLE, "\n".join(texts), "" if self.anchor else node.get("id", ""))
            self.emit(PassageKind.TEXT, with_notes("", self.flat.taken_notes()))

    def rows(self, node: Element) -> list[list[Element]]:
        found: list[list[Element]] = []
        for child in node:
            role = self.role(child.tag, child.get("class", ""))
            if role is Role.ROW:
                found.append(self.cells(child))
            elif role not in (Role.SKIP, Role.CAPTION, Role.CELL):
                found += self.rows(child)
        return found

    def cells(self, node: Element) -> list[Element]:
        found: list[Element] = []
        for child in node:
            role = self.role(child.tag, child.get("class", ""))
            if role is Role.CELL:
                found.append(child)
            elif role is not Role.SKIP:
                found += self.cells(child)
        return found

    def is_layout(self, node: Element, rows: list[list[Element]]) -> bool:
        """Whether a table only places things: a single cell, captioned parts, or whole tables side by side."""
        if len(rows) == 1 and len(rows[0]) == 1:
            return True
        for within in node.iterdescendants(*_LAYING_OUT):
            role = self.role(within.tag, within.get("class", ""))
            if role in (Role.CAPTION, Role.HEADING):
                return True
            if role is Role.TABLE:
                inner = self.rows(within)
                if len(inner) > 1 and max(map(len, inner)) > 1:
                    return True
        return False

    def cell(self, node: Element) -> Cell:
        classes = node.get("class", "")
        heads = "ltx_th_column" in classes or (node.tag == "th" and "ltx_th" not in classes)
        across, down = node.get("colspan"), node.get("rowspan")
        if across is None and down is None and "span_" not in classes:
            return Cell(self.flat.of(node), heads_column=heads)
        return Cell(
            self.flat.of(node), _span(across, classes, "ltx_colspan_"), _span(down, classes, "ltx_rowspan_"), heads
        )


def _span(told: str | None, classes: str, name: str) -> int:
    """How many columns or rows a cell spans; LaTeXML says so in a class where a table is made of `span`s."""
    if told is None and name in classes:
        told = classes.partition(name)[2].partition(" ")[0]
    if told is None or not told.isdecimal() or len(told) > len(str(MAX_SPAN)):
        return 1
    return min(MAX_SPAN, max(1, int(told)))


_ACTS: dict[Role, Callable[[Walk, Element], None]] = {
    Role.BLOCK: Walk.block,
    Role.PLACE: Walk.place,
    Role.PARAGRAPH: Walk.paragraph,
    Role.FLOW: Walk.flow,
    Role.FLOAT: Walk.place,
    Role.SECTION: Walk.section,
    Role.NAMED: Walk.named,
    Role.TITLE: Walk.title,
    Role.HEADING: Walk.heading,
    Role.RUN_IN: Walk.run_in,
    Role.CAPTION: Walk.caption,
    Role.TABLE: Walk.table,
    Role.EQUATION: Walk.displayed,
    Role.LIST: Walk.points,
    Role.LISTING: Walk.listing,
    Role.LABEL: Walk.label,
}
_ALL_ACTS = tuple(_ACTS.get(role, FLAT_ACTS[role]) for role in Role)
