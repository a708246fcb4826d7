"""The terminal as a chat: a headline and, indented under it, one reply for each paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

from adapters.markup import ansi, block_lines, clean, columns_of, title_text, undressed
from digest.types import Block, Message, Paragraph, Points, Run

MAX_COLUMNS = 100  # longer lines are hard to read
_RAIL = "  │ "


def build(_kit: Any, _options: Mapping[str, Any]) -> Terminal:
    return Terminal(Console())


class Terminal:
    """Prints finished messages to a rich console."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def headline(self, message: Message) -> None:
        """The message that opens a thread."""
        self.console.print()
        self._title(message, "")
        # Its papers' addresses stand with the replies; here they would make short lines long.
        self._body(replace(message, blocks=tuple(_without_addresses(block) for block in message.blocks)), "")

    def reply(self, message: Message) -> None:
        """A message in the thread under the headline."""
        self.console.print(Text(_RAIL.rstrip(), "dim"))
        self._title(message, _RAIL)
        if message.link:
            self._line(Text(clean(message.link), "dim"), _RAIL)
        self._body(message, _RAIL)

    def buttons(self, labels: Sequence[str], *, under: bool) -> None:
        """What stands below a message in chat, none of them torn apart; `under`: it is a reply."""
        rail = _RAIL if under else ""
        row = ""
        for button in (f"[{label}]" for label in labels):
            longer = f"{row}  {button}" if row else button
            if row and columns_of(longer) > self._room(rail):
                self._line(Text(row, "dim"), rail)
                longer = button
            row = longer
        if row:
            self._line(Text(row, "dim"), rail)

    def _title(self, message: Message, rail: str) -> None:
        link = f" link {message.link}" if message.link else ""
        for line in block_lines(Paragraph((Run(title_text(message.title)),)), self._room(rail), undressed):
            self._line(Text(line, f"bold{link}"), rail)

    def _body(self, message: Message, rail: str) -> None:
        for block in message.blocks:
            for line in block_lines(block, self._room(rail), ansi):
                self._line(Text.from_ansi(line), rail)
        if message.footer:
            for line in block_lines(Paragraph((Run(message.footer),)), self._room(rail), undressed):
                self._line(Text(line, "dim cyan"), rail)

    def _line(self, text: Text, rail: str) -> None:
        self.console.print(Text.assemble((rail, "dim"), text), soft_wrap=True, highlight=False)

    def _room(self, rail: str) -> int:
        return min(self.console.width, MAX_COLUMNS) - columns_of(rail)


def _without_addresses(block: Block) -> Block:
    match block:
        case Paragraph(runs):
            return Paragraph(tuple(replace(run, link="") for run in runs))
        case Points(points, ordered):
            return Points(tuple(tuple(_without_addresses(inner) for inner in point) for point in points), ordered)
        case _:
            return block
