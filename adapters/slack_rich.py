"""The section tree as Slack's rich text, in elements small enough to be put into messages one by one.

Rich text (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block) is structure, not markup: nothing in a
text element can mention, link or format, so nothing there is escaped.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from adapters.markup import block_lines, clean, columns_of, undressed, visible
from adapters.neutral import break_at, pretends, web_host
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Table

Element = dict[str, Any]  # a JSON object of Block Kit

# Slack documents no limit for rich text; this is the one of other texts:
# https://docs.slack.dev/reference/block-kit/composition-objects/text-object
TEXT_CHARS = 3000
URL_CHARS = 3000  # https://docs.slack.dev/reference/block-kit/block-elements/button-element
MAX_INDENT = 8  # not documented: what the Block Kit Builder accepts
TABLE_COLUMNS = 60  # of a table set in lines: about what a chat pane shows without scrolling
_TAB_COLUMNS = 4


def elements(block: Block, depth: int = 0) -> Iterator[Element]:
    """A block as rich text elements of at most TEXT_CHARS each; lists hold one point each, to be joined again."""
    match block:
        case Paragraph(runs):
            yield from _paragraph(runs)
        case Points():
            yield from _points(block, depth)
        case Table():
            yield from _table(block, depth)


def text_of(element: Element) -> str:
    """The text in an element, with a mark before a point of a list."""
    if element["type"] == "rich_text_list":
        return "\n".join(f"• {text_of(point)}" for point in element["elements"])
    return "".join(piece["text"] for piece in element["elements"])


def joined(parts: Sequence[Element]) -> list[Element]:
    """The elements with neighbouring points made one list again."""
    whole: list[Element] = []
    for part in parts:
        if whole and _goes_on(whole[-1], part):
            whole[-1]["elements"] += part["elements"]
        else:
            whole.append({**part, "elements": [*part["elements"]]})
    return whole


def _goes_on(before: Element, after: Element) -> bool:
    if not before["type"] == after["type"] == "rich_text_list":
        return False
    next_offset = before.get("offset", 0) + len(before["elements"])
    return all(before.get(name) == after.get(name) for name in ("style", "indent")) and (
        after["style"] == "bullet" or after.get("offset", 0) == next_offset
    )


# --- paragraphs --------------------------------------------------------------------------------------------------


def _paragraph(runs: Runs) -> Iterator[Element]:
    for is_block, group in itertools.groupby(runs, lambda run: run.kind is RunKind.CODE and "\n" in run.text):
        if is_block:
            yield from _preformatted("".join(shown(run) for run in group))
        else:
            pieces = [piece for run in group for piece in _inline(run)]
            if any(piece["text"].strip() for piece in pieces):
                yield from ({"type": "rich_text_section", "elements": part} for part in _split(pieces))


def shown(run: Run) -> str:
    """What a reader sees of a run."""
    if run.kind is RunKind.CODE:
        return clean(run.text.expandtabs(_TAB_COLUMNS))
    return visible(run)


def _inline(run: Run) -> Iterator[Element]:
    text = shown(run)
    if not text:
        return
    wanted = {"bold": run.bold, "italic": run.italic or run.kind is RunKind.TEX, "code": run.kind is RunKind.CODE}
    style = {"style": {name: True for name, on in wanted.items() if on}} if any(wanted.values()) else {}
    host = web_host(run.link) if len(run.link) <= URL_CHARS else ""
    if not host:
        yield {"type": "text", "text": text, **style}
    elif pretends(text, host):  # the reader sees where the link really goes
        yield {"type": "text", "text": f"{text} (", **style}
        yield {"type": "link", "url": run.link, "text": host}
        yield {"type": "text", "text": ")"}
    else:
        yield {"type": "link", "url": run.link, "text": text, **style}


def _split(pieces: Sequence[Element]) -> Iterator[list[Element]]:
    """Inline elements in portions of at most TEXT_CHARS."""
    text = "".join(piece["text"] for piece in pieces)
    while len(text) > TEXT_CHARS:
        end = break_at(text, TEXT_CHARS)
        yield [_cut(piece, first, 0, end) for first, piece in _placed(pieces) if first < end]
        pieces = [_cut(piece, first, end, len(text)) for first, piece in _placed(pieces) if first + _chars(piece) > end]
        text = text[end:]
    yield list(pieces)


def _placed(pieces: Sequence[Element]) -> Iterator[tuple[int, Element]]:
    firsts = itertools.accumulate((_chars(piece) for piece in pieces), initial=0)
    return zip(firsts, pieces, strict=False)


def _chars(piece: Element) -> int:
    return len(piece["text"])


def _cut(piece: Element, first: int, start: int, end: int) -> Element:
    """What of an element that begins at `first` lies between start and end."""
    return {**piece, "text": piece["text"][max(0, start - first) : end - first]}


def _preformatted(text: str) -> Iterator[Element]:
    text = text.strip("\n")
    while len(text) > TEXT_CHARS:
        end = text.rfind("\n", 0, TEXT_CHARS) + 1 or break_at(text, TEXT_CHARS)
        yield _preformatted_element(text[:end])
        text = text[end:]
    if text.strip():
        yield _preformatted_element(text)


def _preformatted_element(text: str) -> Element:
    return {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": text}]}


# --- lists and tables --------------------------------------------------------------------------------------------


def _points(block: Points, depth: int) -> Iterator[Element]:
    """Slack's lists hold sections only: what is in a point beside its text follows as an element of its own."""
    for number, point in enumerate(block.points):
        bare = True  # the point's mark is still to be set
        for part in _texts_joined(point):
            for element in elements(part, depth + 1):
                if bare and element["type"] == "rich_text_section":
                    yield {
                        "type": "rich_text_list",
                        "style": "ordered" if block.ordered else "bullet",
                        "indent": min(depth, MAX_INDENT),
                        **({"offset": number} if block.ordered and number else {}),
                        "elements": [element],
                    }
                else:
                    yield element
                bare = False


def _texts_joined(point: Sequence[Block]) -> Iterator[Block]:
    """The blocks of a point, paragraphs that follow each other as lines of one."""
    for is_text, group in itertools.groupby(point, lambda block: isinstance(block, Paragraph)):
        if is_text:
            lines = [block.runs for block in group if isinstance(block, Paragraph)]
            yield Paragraph(tuple(run for line in lines for run in (Run("\n"), *line))[1:])
        else:
            yield from group


def _table(table: Table, depth: int) -> Iterator[Element]:
    """Columns side by side when they fit and nothing in them is linked, else a point for each row."""
    if not table.header:
        return
    cells = [cell for row in (table.header, *table.rows) for cell in row]
    plain = Table(_plain(table.header), tuple(_plain(row) for row in table.rows))
    lines = block_lines(plain, None, undressed)
    fits = all(columns_of(line) <= TABLE_COLUMNS and "\n" not in line for line in lines)
    if fits and not any(run.link for cell in cells for run in cell):
        yield from _preformatted("\n".join(lines))
    elif table.rows:
        yield from _points(Points(tuple(_named_cells(table.header, row) for row in table.rows)), depth)
    else:
        yield from _points(Points(tuple((Paragraph(cell),) for cell in table.header)), depth)


def _plain(row: Sequence[Runs]) -> tuple[Runs, ...]:
    return tuple((Run("".join(shown(run) for run in cell)),) for cell in row)


def _named_cells(header: Sequence[Runs], row: Sequence[Runs]) -> tuple[Block, ...]:
    return tuple(Paragraph((*name, Run(": "), *cell)) for name, cell in zip(header, row, strict=True))
