"""A list, nested or described, as lines of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml.etree import _Element as Element

from digest.readers.html_text import FLAT_ACTS, Dialect, Flat, Role

_BULLETS = "•‣◦▪∙●○■□ "


class Points(Flat):
    """Reads a list as lines that begin with "- ", indented by two spaces a level.

    What cannot stand in a line, such as a table, is put into `apart`.
    """

    def __init__(self, dialect: Dialect) -> None:
        super().__init__(dialect)
        self.rows: list[str] = []
        self.apart: list[Element] = []
        self.depth = 0

    def all_acts(self) -> tuple[Callable[[Any, Element], None], ...]:
        return _ALL_POINT_ACTS

    def read(self, node: Element, depth: int) -> None:
        outer, self.depth = self.depth, depth
        term = ""
        for child in node:
            role = self.role(child.tag, child.get("class", ""))
            if child.tag == "dt":
                self.point(term, "")
                term = self.noted(child)
            elif role is Role.POINT:
                self.point(term, child)
                term = ""
            elif role is Role.LIST:
                self.read(child, depth + 1)
            elif role is not Role.SKIP:
                self.read(child, depth)
        self.point(term, "")
        self.depth = outer

    def point(self, term: str, node: Element | str) -> None:
        """Adds a point, then those of the lists within it."""
        place = len(self.rows)
        text = node if isinstance(node, str) else self.noted(node).lstrip(_BULLETS)
        if term and text and term[-1] not in ".:":
            term += ":"
        text = f"{term} {text}".strip()
        if text:
            self.rows.insert(place, f"{'  ' * self.depth}- {text}")

    def nested(self, node: Element) -> None:
        self.read(node, self.depth + 1)

    def set_apart(self, node: Element) -> None:
        self.apart.append(node)

    def mark(self, node: Element) -> None:
        """A point's number is kept, its bullet is not."""
        text = self.flat.piece(node)
        if any(char.isalnum() for char in text):
            self.out.append(text + " ")


_POINT_ACTS: dict[Role, Callable[[Points, Element], None]] = {
    Role.LIST: Points.nested,
    Role.TABLE: Points.set_apart,
    Role.FLOAT: Points.set_apart,
    Role.LISTING: Points.set_apart,
    Role.CAPTION: Points.set_apart,
    Role.TAG: Points.mark,
}
_ALL_POINT_ACTS = tuple(_POINT_ACTS.get(role, FLAT_ACTS[role]) for role in Role)
