"""What has to be checked, marked where it stands in a section's tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from digest.inline import plain_runs
from digest.markdown import plain
from digest.types import Block, Finding, Paragraph, Points, Run, RunKind, Runs, Table

MARK = "\u00a0⚠"  # U+26A0 behind a space that does not break


def marked(blocks: Sequence[Block], findings: Sequence[Finding]) -> tuple[Block, ...]:
    """The blocks with a mark behind each figure or name that is to be checked.

    `findings` are those of the section. One whose text no longer stands where it was found is left out.
    """
    text = plain(blocks)
    ends = sorted(
        {
            finding.at + len(finding.text)
            for finding in findings
            if finding.to_check and text.startswith(finding.text, finding.at)
        }
    )
    return tuple(_marked(blocks, 0, ends)) if ends else tuple(blocks)


def _marked(blocks: Sequence[Block], at: int, ends: Sequence[int]) -> Iterator[Block]:
    """`at` is where the blocks begin in the plain text; each line of it ends with one character."""
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield Paragraph(_runs(runs, at, ends))
            case Points(points, ordered):
                inner, begin = [], at
                for point in points:
                    inner.append(tuple(_marked(point, begin, ends)))
                    begin += len(plain(point)) + 1
                yield Points(tuple(inner), ordered)
            case Table(header, rows):
                yield _table(header, rows, at, ends)
        at += len(plain((block,))) + 1


def _table(header: tuple[Runs, ...], rows: tuple[tuple[Runs, ...], ...], at: int, ends: Sequence[int]) -> Table:
    lines = []
    for row in (header, *rows):
        cells = []
        for cell in row:
            cells.append(_runs(cell, at, ends))
            at += len(plain_runs(cell)) + len(" | ")
        lines.append(tuple(cells))
        at += 1 - (len(" | ") if row else 0)
    return Table(lines[0], tuple(lines[1:]))


def _runs(runs: Runs, at: int, ends: Sequence[int]) -> Runs:
    """Runs with a mark behind each end that lies in them; a formula or code is not cut but marked behind."""
    found: list[Run] = []
    for run in runs:
        inside = [end - at for end in ends if at < end <= at + len(run.text)]
        begin = 0
        for end in inside if run.kind is RunKind.TEXT else inside[-1:]:
            stop = end if run.kind is RunKind.TEXT else len(run.text)
            found += [replace(run, text=run.text[begin:stop]), Run(MARK)]
            begin = stop
        if begin < len(run.text):
            found.append(replace(run, text=run.text[begin:]))
        at += len(run.text)
    return tuple(found)
