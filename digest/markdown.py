"""The section tree to and from Markdown, as day reports use it.

CommonMark's rules do not fit these files: they refuse bold beside Chinese punctuation and want lists indented to the
column, which the models that write such reports do not keep to. The rules here are few: indentation gives depth, a
marker begins a point, `**` toggles bold.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from digest.inline import fold, parse_runs, plain_runs, write_runs
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Table

MAX_DEPTH = 12  # lists nested deeper are flattened to this
_INDENT = "   "

_MARKER = re.compile(r"^(?P<indent> *+)(?:(?P<bullet>[*+•-])|(?P<number>\d{1,3})[.)、])(?P<space>\s+|$)(?P<text>.*)")
_RULE = re.compile(r"^ *+([-*_=])(?: *+\1){2,}+ *+$")
_HEADING = re.compile(r"^ *+#{1,6}\s++(?P<text>.*)$")
_FENCE = re.compile(r"^(?P<indent> *+)(?P<fence>`{3,}+|~{3,}+)(?P<language>[^`]*+)$")
_TABLE_RULE = re.compile(r"^ *+\|?(?: *+:?-++:? *+\|)++(?: *+:?-++:? *+)?$")
_PIPE = "&#124;"  # inside a cell, where a backslash may belong to a formula
_CELL_BREAK = re.compile(r"(?<!\\)\|")


class _Line(NamedTuple):
    indent: int
    text: str


def _line(text: str) -> _Line:
    return _Line(len(text) - len(text.lstrip(" ")), text)


def parse(text: str) -> tuple[Block, ...]:
    """The tree of a stretch of Markdown. Never raises: what is no list, table or code is a paragraph."""
    lines = [_line(line) for line in text.expandtabs(4).splitlines()]
    return normal(_blocks(lines, 0))


def write(blocks: Sequence[Block]) -> str:
    """Markdown that `parse` turns into the same blocks, if they are in normal form."""
    return "\n\n".join(_written(block) for block in blocks)


def plain(blocks: Sequence[Block]) -> str:
    """The text of a tree without any marks, for searching: one line for each paragraph, point and row."""
    lines: list[str] = []
    for block in blocks:
        match block:
            case Paragraph(runs):
                lines.append(plain_runs(runs))
            case Points(points):
                lines += [plain(point) for point in points]
            case Table(header, rows):
                lines += [" | ".join(plain_runs(cell) for cell in row) for row in (header, *rows)]
    return "\n".join(lines)


def normal(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """The same tree in the form that everything stored has: white space folded, runs of one style merged, no empty
    paragraph, point or list, neighbouring lists of one kind joined, nesting bounded."""
    return _normal(blocks, 0)


# --- reading ---------------------------------------------------------------------------------------------------


def _blocks(lines: list[_Line], depth: int) -> list[Block]:
    blocks: list[Block] = []
    paragraph: list[str] = []

    def end_paragraph() -> None:
        if paragraph:
            blocks.append(Paragraph(parse_runs(_joined(paragraph))))
            paragraph.clear()

    place = 0
    while place < len(lines):
        line = lines[place].text
        marker = _MARKER.match(line)
        if not line.strip() or _RULE.match(line):
            end_paragraph()
            place += 1
        elif fence := _FENCE.match(line):
            end_paragraph()
            place = _code(lines, place, fence, blocks)
        elif marker and depth < MAX_DEPTH:
            end_paragraph()
            place = _points(lines, place, blocks, depth)
        elif _is_table(lines, place):
            end_paragraph()
            place = _table(lines, place, blocks)
        else:
            if heading := _HEADING.match(line):
                end_paragraph()
                title = heading["text"].rstrip("#").rstrip().replace("**", "")
                blocks.append(Paragraph(parse_runs(f"**{title}**")))
            else:
                paragraph.append((marker["text"] if marker else line).strip())
            place += 1
    end_paragraph()
    return blocks


def _points(lines: list[_Line], place: int, blocks: list[Block], depth: int) -> int:
    """Takes a list that begins at `place`: points with markers at one depth, each with what is indented below it."""
    first = _MARKER.match(lines[place].text)
    assert first is not None  # noqa: S101 (the caller has looked)
    ordered = first["number"] is not None
    points: list[tuple[Block, ...]] = []
    while place < len(lines):
        marker = _MARKER.match(lines[place].text)
        if marker is None or _RULE.match(lines[place].text) or (marker["number"] is not None) != ordered:
            break
        if points and len(marker["indent"]) < len(first["indent"]) - 1:
            break
        own = [_Line(0, marker["text"])]
        place = _point_body(lines, place + 1, len(marker["indent"]), own)
        points.append(tuple(_blocks(own, depth + 1)))
        following = _next_text(lines, place)
        if following < len(lines) and _MARKER.match(lines[following].text):
            place = following
    blocks.append(Points(tuple(points), ordered))
    return place


def _point_body(lines: list[_Line], place: int, indent: int, own: list[_Line]) -> int:
    """Takes what belongs to a point: deeper lines, and lines that follow it without a break."""
    after_break = False
    while place < len(lines):
        line = lines[place]
        if not line.text.strip():
            after_break = True
            own.append(_Line(0, ""))
        elif line.indent > indent or not (after_break or _MARKER.match(line.text) or _starts_block(line.text)):
            after_break = after_break and line.indent <= indent
            own.append(_line(line.text[min(line.indent, indent + 1) :]))
        else:
            break
        place += 1
    return place


def _starts_block(text: str) -> bool:
    return bool(_RULE.match(text) or _HEADING.match(text) or _FENCE.match(text))


def _next_text(lines: list[_Line], place: int) -> int:
    while place < len(lines) and not lines[place].text.strip():
        place += 1
    return place


def _code(lines: list[_Line], place: int, fence: re.Match[str], blocks: list[Block]) -> int:
    """Takes a block of code, which is indented as its closing fence is: the opening one may follow a point's mark."""
    end = place + 1
    while end < len(lines) and not lines[end].text.strip().startswith(fence["fence"]):
        end += 1
    margin = lines[end].indent if end < len(lines) else len(fence["indent"])
    body = [line.text[min(line.indent, margin) :] for line in lines[place + 1 : end]]
    blocks.append(Paragraph((Run("\n".join(body) + "\n", RunKind.CODE),)))
    return end + 1


def _is_table(lines: list[_Line], place: int) -> bool:
    return "|" in lines[place].text and place + 1 < len(lines) and _TABLE_RULE.match(lines[place + 1].text) is not None


def _table(lines: list[_Line], place: int, blocks: list[Block]) -> int:
    header = _cells(lines[place].text)
    rows = []
    place += 2
    while place < len(lines) and "|" in lines[place].text and lines[place].text.strip():
        cells = _cells(lines[place].text)
        rows.append(tuple((*cells, *[()] * len(header))[: len(header)]))
        place += 1
    blocks.append(Table(tuple(header), tuple(rows)))
    return place


def _cells(line: str) -> list[Runs]:
    inner = line.strip().removeprefix("|")
    if inner.endswith("|") and not inner.endswith("\\|"):
        inner = inner[:-1]
    return [parse_runs(cell.replace("\\|", "|").replace(_PIPE, "|").strip()) for cell in _CELL_BREAK.split(inner)]


def _joined(lines: list[str]) -> str:
    """Soft line ends: a space, but none between Chinese characters."""
    text = lines[0]
    for line in lines[1:]:
        wide = text[-1:] > "\u2e80" and line[:1] > "\u2e80"
        text += line if wide else f" {line}"
    return text


# --- normal form -----------------------------------------------------------------------------------------------


def _normal(blocks: Iterable[Block], depth: int) -> tuple[Block, ...]:
    kept: list[Block] = []
    for block in blocks:
        match block:
            case Paragraph(runs):
                kept += [Paragraph(part) for part in _paragraphs(runs)]
            case Points(points, ordered):
                inner = tuple(point for point in (_normal(point, depth + 1) for point in points) if point)
                last = kept[-1] if kept else None
                if depth >= MAX_DEPTH:
                    kept += [block for point in inner for block in point]
                elif isinstance(last, Points) and last.ordered == ordered:
                    kept[-1] = Points((*last.points, *inner), ordered)
                elif inner:
                    kept.append(Points(inner, ordered))
            case Table(header, rows):
                if header:
                    kept.append(Table(_row(header), tuple(_row(row) for row in rows)))
    return tuple(kept)


def _paragraphs(runs: Runs) -> list[Runs]:
    """A block of code stands alone: runs before and after it are paragraphs of their own."""
    parts: list[list[Run]] = [[]]
    for run in runs:
        if run.kind is RunKind.CODE and "\n" in run.text:
            parts += [[run], []]
        else:
            parts[-1].append(run)
    folded = (tuple(part) if "\n" in part[0].text else fold(part) for part in parts if part)
    return [part for part in folded if part]


def _row(cells: Sequence[Runs]) -> tuple[Runs, ...]:
    return tuple(fold(cell) for cell in cells)


# --- writing ---------------------------------------------------------------------------------------------------


def _written(block: Block) -> str:
    match block:
        case Paragraph((Run(text, RunKind.CODE),)) if "\n" in text:
            fence = "```" if "```" not in text else "~~~~~~"
            return f"{fence}\n{text.removesuffix(chr(10))}\n{fence}"
        case Paragraph(runs):
            return _guarded(write_runs(runs))
        case Points(points, ordered):
            marks = (f"{number}." if ordered else "*" for number in range(1, len(points) + 1))
            return "\n".join(_point(mark, point) for mark, point in zip(marks, points, strict=True))
        case Table(header, rows):
            lines = [_table_row(header), "|" + " --- |" * len(header), *(_table_row(row) for row in rows)]
            return "\n".join(lines)


def _point(mark: str, point: Sequence[Block]) -> str:
    """A point's blocks, all but the first line indented under its text."""
    lines: list[str] = []
    for place, block in enumerate(point):
        tight = place == 0 or (isinstance(block, Points) and isinstance(point[place - 1], Paragraph))
        lines += [*([] if tight else [""]), *_written(block).split("\n")]
    head = f"{mark} " + lines[0] if not isinstance(point[0], Points) else mark
    rest = lines[1:] if head != mark else lines
    return "\n".join([head, *(f"{_INDENT} {line}" if line else "" for line in rest)])


def _table_row(cells: Sequence[Runs]) -> str:
    return "| " + " | ".join(write_runs(cell).replace("|", _PIPE) for cell in cells) + " |"


def _guarded(text: str) -> str:
    """The paragraph, its beginning escaped where it would be read as a list, heading, rule or code."""
    if marker := re.match(r"\d{1,3}(?=[.)、](?:\s|$))", text):
        return f"{marker[0]}\\{text[marker.end() :]}"
    if _MARKER.match(text) or _RULE.match(text) or _HEADING.match(text) or _FENCE.match(text):
        return f"\\{text}"
    return text
