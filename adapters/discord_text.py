"""The section tree as Discord's markdown, in pieces small enough to be put into messages one by one.

Discord documents its markdown at https://support.discord.com/hc/en-us/articles/210298617; a backslash before any
punctuation shows it as it is. Nothing that a paper says is markdown here.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from adapters.markup import block_lines, clean, columns_of, undressed, visible
from adapters.neutral import break_at, pretends, web_host
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Table

PIECE_UNITS = 2000
LINK_UNITS = 1000  # of an address in a text: a longer one is not linked
MAX_INDENT = 20  # Discord nests lists no deeper
HEADING_UNITS = 200  # of a bold paragraph that is kept with what follows it
TABLE_COLUMNS = 56  # of a table set in lines: about what an embed shows without wrapping
_TAB_COLUMNS = 4

# The colon makes addresses into links, and words into emoji
_BEFORE_SPECIAL = re.compile(r"(?=[\\*_~`|<>\[\]]|:(?:\S|\Z))")
_LINE_START = re.compile(r"^([^\S\n]*+)([#+-])", re.MULTILINE)
_NUMBER_START = re.compile(r"^([^\S\n]*+\d++)([.)])", re.MULTILINE)
_MENTION = re.compile(r"@(?=everyone|here)|(?<![A-Za-z0-9])@(?=\w)", re.IGNORECASE)
_CALL = re.compile(r"@(?=everyone|here)")
_FULL_WIDTH_AT = "＠"  # looks alike, and is no mention even where markdown is shown as it was written
_BRACKETS = str.maketrans("[]", "()")  # in a link's text they could begin another link, escaped or not
_IN_ADDRESS = {char: f"%{ord(char):02X}" for char in "()\\`*"}  # what could end a link or what stands around it
_FENCES = re.compile("`+")


class Piece(Struct, frozen=True):
    """As little of a text as stays together, at most PIECE_UNITS long."""

    text: str
    apart: bool = False  # an empty line goes before it
    leads: bool = False  # a heading: not to be left at a message's end


def units(text: str) -> int:
    """How long Discord may take a text to be. It does not say what a character is: UTF-16 counts most."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escaped(text: str) -> str:
    """The text as markdown that shows just this text: nobody is mentioned, nothing linked."""
    text = _BEFORE_SPECIAL.sub(r"\\", _MENTION.sub(_FULL_WIDTH_AT, clean(text)))
    text = _LINE_START.sub(lambda start: f"{start[1]}\\{start[2]}", text)
    return _NUMBER_START.sub(lambda start: f"{start[1]}\\{start[2]}", text)


def unmarked(text: str) -> str:
    """The text for a field that knows no markdown, such as an embed's footer: nobody is mentioned."""
    return _MENTION.sub(_FULL_WIDTH_AT, clean(text))


def linked(text: str, address: str) -> str:
    """A link that leads where it says; the text alone when the address could not be opened."""
    host = web_host(address) if units(address) <= LINK_UNITS else ""
    if not host or not text.strip():
        return escaped(text)
    target = f"<{''.join(_IN_ADDRESS.get(char, char) for char in address)}>"  # in angles there is no preview of it
    if text == address:
        return target
    if pretends(text, host) or "://" in text:  # Discord links no text that looks like an address
        return f"{escaped(text)} ({target})"
    return f"[{escaped(text.translate(_BRACKETS))}]({target})"


def pieces(block: Block, indent: str = "") -> Iterator[Piece]:
    """A block as pieces; `indent` is the white space before each of its lines."""
    match block:
        case Paragraph(runs):
            yield from _paragraph(runs, indent)
        case Points():
            yield from _points(block, indent)
        case Table():
            yield from _table(block, indent)


# --- paragraphs --------------------------------------------------------------------------------------------------


def _paragraph(runs: Runs, indent: str) -> Iterator[Piece]:
    leads = all(run.bold for run in runs)
    for is_block, group in itertools.groupby(runs, lambda run: run.kind is RunKind.CODE and "\n" in run.text):
        shown = tuple(_shown(run) for run in group)
        if is_block:
            yield from _code_block("".join(run.text for run in shown), indent)
        elif any(run.text.strip() for run in shown):
            for part in _portions(shown, PIECE_UNITS - len(indent)):
                text = _indented(_markdown(part), indent)
                yield Piece(text, apart=not indent, leads=leads and units(text) <= HEADING_UNITS)


def _shown(run: Run) -> Run:
    """The run with the text that a reader sees of it."""
    if run.kind is RunKind.CODE:
        return replace(run, text=clean(run.text.expandtabs(_TAB_COLUMNS)))
    return replace(run, text=visible(run))


def _indented(text: str, indent: str) -> str:
    return "\n".join(f"{indent}{line}" for line in text.split("\n")) if indent else text


def _portions(runs: Runs, room: int) -> Iterator[Runs]:
    """The runs, each portion at most `room` long as markdown, broken where a reader would break them."""
    place, given = 0, 0  # the run that is next, and how much of its text was given before
    while True:
        head = _head(runs, place, given, room)
        text = "".join(run.text for run in head)
        size, end = _size(head), len(text)
        if size <= room or end < 2:
            break
        while end > 1 and size > room:
            end = break_at(text, max(1, end // 2, min(end - 1, end * room // size)))
            size = _size(_cut(head, end))
        yield _cut(head, end)
        given += end
        while given >= len(runs[place].text):
            given -= len(runs[place].text)
            place += 1
    yield head


def _head(runs: Runs, place: int, given: int, room: int) -> Runs:
    """The runs from a place in their text on, to the first character that cannot fit: all when there is none.

    Markdown is never shorter than its text. Lines are indented later: room for that is kept for each.
    """
    head: list[Run] = []
    for number in range(place, len(runs)):
        text = runs[number].text[given : given + room + 1]
        given = 0
        if (least := _indented_chars(text)) > room:
            text = text[: bisect_right(range(len(text)), room, key=lambda end: _indented_chars(text[:end]))]
        head.append(replace(runs[number], text=text))
        room -= least
        if room < 0:
            break
    return tuple(head)


def _size(runs: Runs) -> int:
    markdown = _markdown(runs)
    return units(markdown) + MAX_INDENT * markdown.count("\n")


def _indented_chars(text: str) -> int:
    return len(text) + MAX_INDENT * text.count("\n")


def _cut(runs: Runs, end: int) -> Runs:
    """The beginning of the runs."""
    firsts = itertools.accumulate((len(run.text) for run in runs), initial=0)
    parts = (replace(run, text=run.text[: max(0, end - first)]) for first, run in zip(firsts, runs, strict=False))
    return tuple(part for part in parts if part.text)


def _markdown(runs: Sequence[Run]) -> str:
    """Marks are set where a style begins and ends, not around each run: `**a****b**` would show asterisks."""
    text = ""
    for bold, group in itertools.groupby((run for run in runs if run.text), lambda run: run.bold):
        inner = _italics(list(group))
        text += _around(inner, "**") if bold else inner
    return text


def _italics(runs: Sequence[Run]) -> str:
    text = ""
    groups = [(italic, list(group)) for italic, group in itertools.groupby(runs, _is_italic)]
    for place, (italic, group) in enumerate(groups):
        inner = "".join(_piece(run) for run in group)
        after = groups[place + 1][1][0].text[:1] if place + 1 < len(groups) else ""
        # Discord takes an underscore inside a word for itself
        in_word = any(char == "_" or (char.isascii() and char.isalnum()) for char in (text[-1:], after))
        text += _around(inner, "_") if italic and not in_word and "\n" not in inner else inner
    return text


def _is_italic(run: Run) -> bool:
    return (run.italic or run.kind is RunKind.TEX) and not run.link and run.kind is not RunKind.CODE


def _around(text: str, mark: str) -> str:
    """The text between marks, which have to stand close to it."""
    inner = text.strip()
    if not inner:
        return text
    start = text.index(inner)
    return f"{text[:start]}{mark}{inner}{mark}{text[start + len(inner) :]}"


def _piece(run: Run) -> str:
    if run.kind is RunKind.CODE and not run.link:
        return _code(run.text)
    return linked(run.text, run.link)


def _code(text: str) -> str:
    if not text.strip():
        return text
    text = _CALL.sub(_FULL_WIDTH_AT, text)
    held = {len(ticks) for ticks in _FENCES.findall(text)}
    if {1, 2} <= held or max(held, default=0) > 2:  # three would begin lines of code
        text, held = re.sub("`(?=`)", "`\u200b", text), {1}
    fence = "``" if 1 in held else "`"
    space = " " if held else ""
    return f"{fence}{space}{text}{space}{fence}"


def _code_block(text: str, indent: str) -> Iterator[Piece]:
    """Lines of code between fences; the pieces of a long one are fenced each."""
    room = PIECE_UNITS - len(indent) - len("```\n\n```") - len(indent)
    text = _CALL.sub(_FULL_WIDTH_AT, re.sub("``(?=`)", "``\u200b", text.strip("\n")))
    while units(text) > room:
        end = min(room, len(text) - 1)
        while units(text[:end]) > room:
            end = end * 3 // 4
        end = text.rfind("\n", 0, end) + 1 or break_at(text, end)
        yield Piece(f"{indent}```\n{text[:end].rstrip()}\n```")
        text = text[end:]
    if text.strip():
        yield Piece(f"{indent}```\n{text}\n```")


# --- lists and tables --------------------------------------------------------------------------------------------


def _points(block: Points, indent: str) -> Iterator[Piece]:
    for number, point in enumerate(block.points, start=1):
        mark = f"{number}. " if block.ordered else "- "
        inner = (indent + " " * len(mark))[:MAX_INDENT]
        bare = True  # the point's mark is still to be set
        for part in point:
            for piece in pieces(part, inner):
                if bare and isinstance(part, Paragraph):
                    yield Piece(f"{indent}{mark}{piece.text[len(inner) :]}")
                else:
                    yield Piece(piece.text)
                bare = False


def _table(table: Table, indent: str) -> Iterator[Piece]:
    """Columns side by side when they fit and nothing in them is linked, else a point for each row."""
    if not table.header:
        return
    cells = [cell for row in (table.header, *table.rows) for cell in row]
    lines = block_lines(Table(_plain(table.header), tuple(_plain(row) for row in table.rows)), None, undressed)
    fits = all(columns_of(line) <= TABLE_COLUMNS and "\n" not in line for line in lines)
    if fits and not any(run.link for cell in cells for run in cell):
        yield from _code_block("\n".join(lines), indent)
    elif table.rows:
        yield from _points(Points(tuple(_named_cells(table.header, row) for row in table.rows)), indent)
    else:
        yield from _points(Points(tuple((Paragraph(cell),) for cell in table.header)), indent)


def _plain(row: Sequence[Runs]) -> tuple[Runs, ...]:
    return tuple((Run("".join(_shown(run).text for run in cell)),) for cell in row)


def _named_cells(header: Sequence[Runs], row: Sequence[Runs]) -> tuple[Block, ...]:
    return tuple(Paragraph((*name, Run(": "), *cell)) for name, cell in zip(header, row, strict=True))
