"""How much a section of what a model wrote may hold: a model that runs away, or is told to, fills no channel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from digest.markdown import normal, plain
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Section, SectionName, Table
from digest.writers.sentences import pieces

# Characters, in the order of what has room: a card, a window, a message of a platform
MOST_CHARS = {
    SectionName.DOMAIN: 600,
    SectionName.CONTRIBUTION: 600,
    SectionName.USAGE: 3000,
    SectionName.INNOVATIONS: 3000,
    SectionName.RESULTS: 3000,
}
MOST_POINTS = 12  # of one list
MOST_CELL_CHARS = 120
_LONG_WORD = 40  # what is longer may be cut
_INSIDE = re.compile(r"[\w.,-][\w%]|\w[.,]\w", re.ASCII)  # two characters of one word or number


def within_lengths(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections in normal form, each within MOST_CHARS and its cells within MOST_CELL_CHARS."""
    return tuple(
        Section(section.name, bounded(normal(map(_with_short_cells, section.blocks)), MOST_CHARS[section.name]))
        for section in sections
    )


def _with_short_cells(block: Block) -> Block:
    if not isinstance(block, Table):
        return block
    return Table(block.header, tuple(tuple(map(_short_cell, row)) for row in block.rows))


def bounded(blocks: Sequence[Block], max_chars: int) -> tuple[Block, ...]:
    """The blocks up to a length, cut between points, rows and sentences, and inside a word or number only where nothing
    else would be left."""
    kept: list[Block] = []
    room = max_chars
    for block in blocks:
        part = _fitting(block, room, whole=bool(kept))
        if part is not None:
            kept.append(part)
        room -= len(plain((block,)))
        if room <= 0:
            break
    return normal(kept)


def _fitting(block: Block, room: int, *, whole: bool) -> Block | None:
    """As much of a block as has room, None if that is nothing; with `whole`, nothing is less than a sentence."""
    if len(plain((block,))) <= room and not (isinstance(block, Points) and len(block.points) > MOST_POINTS):
        return block
    match block:
        case Paragraph(runs):
            beginning = _beginning(runs, room, whole=whole)
            return Paragraph(beginning) if beginning else None
        case Points(points, ordered):
            told: list[tuple[Block, ...]] = []
            for point in points[:MOST_POINTS]:
                length = len(plain(point))
                if length > room:
                    told += [part] if not told and not whole and (part := bounded(point, room)) else []
                    break
                told.append(point)
                room -= length
            return Points(tuple(told), ordered) if told else None
        case Table(header, rows):
            fitting = [row for place, row in enumerate(rows) if len(plain((Table(header, rows[: place + 1]),))) <= room]
            return Table(header, tuple(fitting)) if fitting else None


def _beginning(runs: Runs, max_chars: int, *, whole: bool) -> Runs:
    """As many whole sentences as have room; without `whole` at least a part of the first."""
    text = "".join(run.text for run in runs)
    end = 0
    for sentence in pieces(text):
        if end + len(sentence) > max_chars:
            break
        end += len(sentence)
    return tuple(_up_to(runs, end)) if end or whole else _cut(runs, max_chars)


def _cut(runs: Runs, max_chars: int) -> Runs:
    """The beginning up to a whole word, and the mark that something is left out."""
    text = "".join(run.text for run in runs)
    most = end = max_chars - 1
    while end > most - _LONG_WORD and _INSIDE.match(text, end - 1):
        end -= 1
    return (*_up_to(runs, end if end > max(most - _LONG_WORD, 0) else most), Run("…"))


def _up_to(runs: Runs, end: int) -> Iterator[Run]:
    for run in runs:
        if end <= 0:
            return
        if len(run.text) <= end or run.kind is RunKind.TEXT:
            yield replace(run, text=run.text[:end])
        end -= len(run.text)


def _short_cell(cell: Runs) -> Runs:
    return cell if sum(len(run.text) for run in cell) <= MOST_CELL_CHARS else _cut(cell, MOST_CELL_CHARS)
