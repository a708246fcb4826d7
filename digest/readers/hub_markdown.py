"""A paper's text as the Hub's Markdown, `{hub}/papers/ID.md`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from digest import markdown
from digest.errors import FetchError, NotFound, ReadError
from digest.inline import parse_runs
from digest.readers import headings
from digest.readers.fingerprint import text_hash
from digest.readers.markdown_source import prose
from digest.types import (
    Block,
    Fetched,
    Kit,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Points,
    Reading,
    ReadingSource,
    RunKind,
    Runs,
    Table,
)

MAX_CHARS = 1_000_000  # a long survey has half of that
_LEAST_WORDS = 100  # of a page at all, and of what it holds besides the abstract
_OPENING_WORDS = 30  # before the first heading: shorter lines are authors, affiliations and buttons
_TYPES = frozenset({"", "text/markdown", "text/x-markdown", "text/plain"})
_HTML = re.compile(r"(?<!\s)\s*+(?:<!doctype html|<html|<\?xml)", re.IGNORECASE)
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})\s++(?P<text>.*+)")
_FENCE = re.compile(r" {0,3}(?P<fence>`{3,}|~{3,})")
_ROW_RULE = re.compile(r"(?<![\s|:-])\s*+(?:\|\s*+)?(?>(?::?-++:?\s*+(?:\|\s*+)?)+)$")
_CELL_BREAK = re.compile(r"(?<!\\)\|")
_CHROME = re.compile(
    r"(?:report (?:github )?issue|instructions for reporting|table of contents|contents$)", re.IGNORECASE
)
_ABSTRACT = re.compile(r"abstract\W*|摘要", re.IGNORECASE)
# Underscores for emphasis, which digest.inline leaves alone because names of files and variables hold them.
_UNDERSCORED = re.compile(r"(?<![\w\\$])(_{1,2})(?=[^\W_])([^_\n]{1,300}?)(?<=[^\s_])\1(?!\w)")
# What converters make of MathML's spoken form: `x_{i}italic_x start_POSTSUBSCRIPT italic_i end_POSTSUBSCRIPT`.
_SPOKEN = r"(?:(?:italic|bold|roman|caligraphic|blackboard|sansserif|fraktur|over|under|start|end)_(?:[A-Za-z]++|\S))"
_SPOKEN_MATH = re.compile(rf"(?:bold_)?{_SPOKEN}(?>(?:[^A-Za-z\n]{{0,12}}{_SPOKEN})*)")
_SYMBOLS = re.compile(
    r"(?:(?P<first>\S{1,40}?)(?=\s|su[bp])|(?<!\s))(?:\s*+(?:sub|super)script(?=\s))?"
    r"(?>(?:\s++[\U0001D400-\U0001D7FF]++\S?+(?!\S)(?>(?:\s++[0-9]++(?!\S))*))+)(?:\s++(?P=first)(?!\S))?"
)


class _Part(NamedTuple):
    """What stands under one heading. `level` is that of its marks, 0 before the first heading."""

    level: int
    heading: str
    lines: list[str]


def parse(page: bytes, url: str) -> Reading:
    """The reading of a paper's Markdown. Raises ReadError as `passages` does."""
    found = passages(page.decode("utf-8", "replace"))
    return Reading(source=ReadingSource.MARKDOWN, url=url, text_hash=text_hash(found), passages=found)


class HubMarkdown:
    """Reads the Hub's Markdown of a paper."""

    source = ReadingSource.MARKDOWN
    parse = staticmethod(parse)

    def __init__(self, kit: Kit, timeout_s: float) -> None:
        self._kit = kit
        self._timeout_s = timeout_s

    async def fetch(self, paper: Paper) -> Fetched:
        """Raises ReadError when the Hub has no Markdown of the paper."""
        url = f"{self._kit.hub_url}/papers/{paper.id}.md"
        try:
            page = await self._kit.fetcher.get(url, timeout_s=self._timeout_s)
        except NotFound as error:
            raise ReadError(f"The Hub has no Markdown of {paper.id}.") from error
        except FetchError as error:
            raise ReadError(f"The Hub's Markdown of {paper.id} cannot be had. {error}") from error
        if page.content_type not in _TYPES:
            raise ReadError(f"The Hub answered {page.content_type} where the Markdown of {paper.id} should be.")
        return page


def build(kit: Kit, options: Mapping[str, Any]) -> HubMarkdown:
    """`options` is the settings' table `[hub]`."""
    return HubMarkdown(kit, float(options["timeout_s"]))


def is_little_more_than(abstract: str, reading: Reading) -> bool:
    """Whether a reading holds hardly anything that a paper's abstract does not: the Hub has such pages."""
    told = " ".join(abstract.split())
    beyond = sum(
        len(passage.text.split())
        for passage in reading.passages
        if not _ABSTRACT.fullmatch(passage.heading) and " ".join(passage.text.split()) not in told
    )
    return bool(told) and beyond < _LEAST_WORDS


def passages(text: str) -> tuple[Passage, ...]:
    """The passages of a paper in Markdown, as the Hub and common converters write it.

    Front matter, contents, images, comments, tags and the bibliography are left out; the title is the first passage.
    Raises ReadError for an HTML page, and for fewer than 100 words or more than 1,000,000 characters.
    """
    if _HTML.match(text):
        raise ReadError("This is an HTML page, not Markdown.")
    if len(text) > MAX_CHARS:
        raise ReadError(f"This Markdown has {len(text):,} characters; at most {MAX_CHARS:,} are read.")
    title, source = prose(text)
    parts = list(_parts(source.split("\n")))
    heading = _title_heading(parts, title)
    read = [Passage("", "", PassageKind.TEXT, heading or title)] if heading or title else []
    for path, part in _placed(part._replace(level=0) if part.heading == heading else part for part in parts):
        found = [passage for passage in _passages(part.lines, path) if passage.text]
        read += found if path or len(parts) < 3 else [one for one in found if len(one.text.split()) >= _OPENING_WORDS]
    if sum(len(passage.text.split()) for passage in read) < _LEAST_WORDS:
        raise ReadError("This Markdown holds fewer than 100 words.")
    return tuple(read)


# --- headings --------------------------------------------------------------------------------------------------


def _parts(lines: list[str]) -> Iterator[_Part]:
    part = _Part(0, "", [])
    for line, in_code in _coded(lines):
        heading = None if in_code or len(line) > headings.MOST_CHARS else _HEADING.match(line)
        if heading:
            yield part
            part = _Part(len(heading["marks"]), _line(parse_runs(heading["text"].rstrip().rstrip(" #"))), [])
        else:
            part.lines.append(line)
    yield part


def _title_heading(parts: list[_Part], title: str) -> str:
    """The heading that is the paper's title: it is named in the preamble, or stands above all others, or before the
    abstract. "" if there is none."""
    headed = [part for part in parts if part.level]
    if not headed:
        return ""
    first, others = headed[0], headed[1:]
    if headings.number(first.heading) or _ABSTRACT.fullmatch(first.heading):
        return ""
    above_all = bool(others) and all(part.level > first.level for part in others)
    before_abstract = bool(others) and _ABSTRACT.fullmatch(others[0].heading) is not None
    return first.heading if first.heading == title or above_all or before_abstract else ""


def _placed(parts: Iterator[_Part]) -> Iterator[tuple[str, _Part]]:
    """Each part with its path of headings, without the bibliography and what belongs to the page.

    Numbers tell the depth better than marks: converters begin at any level and put the abstract at the sixth.
    """
    path: list[tuple[int, str]] = []
    top = 0  # the marks of a heading of depth one, once one is known
    skipped = 0
    for part in parts:
        if part.level:
            number = headings.number(part.heading)
            if number:
                top = part.level - len(number) + 1
            elif not top and not _ABSTRACT.fullmatch(part.heading):
                top = part.level
            depth = len(number) or (1 if _ABSTRACT.fullmatch(part.heading) else max(1, part.level - top + 1))
            path = [*(above for above in path if above[0] < depth), (depth, part.heading)]
            skipped = 0 if depth <= skipped else skipped
            if not skipped and (headings.is_bibliography(part.heading) or _CHROME.match(part.heading)):
                skipped = depth
        if not skipped:
            yield " > ".join(heading for _, heading in path if heading), part


# --- blocks ----------------------------------------------------------------------------------------------------


def _passages(lines: list[str], path: str) -> Iterator[Passage]:
    rows = [_is_row(line) and not in_code for line, in_code in _coded(lines)]
    for is_table, group in groupby(zip(rows, lines, strict=True), key=lambda pair: pair[0]):
        stretch = [line for _, line in group]
        if is_table and len(stretch) > 1:
            cells = [_cells(row) for row in stretch if not _ROW_RULE.match(row)]
            yield Passage("", path, PassageKind.TABLE, "\n".join(row for row in cells if row.strip(" |")))
        else:
            for block in markdown.parse("\n".join(stretch)):
                yield _passage(block, path)


def _is_row(line: str) -> bool:
    bare = line.strip()
    return len(bare) > 1 and bare[0] == bare[-1] == "|"


def _coded(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it stands in a block of code."""
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark["fence"]
        yield line, bool(fence)


def _passage(block: Block, path: str) -> Passage:
    match block:
        case Paragraph(runs):
            text = _line(runs)
            kind = PassageKind.CAPTION if headings.is_caption(text) else PassageKind.TEXT
            return Passage("", path, kind, text)
        case Points():
            return Passage("", path, PassageKind.LIST, "\n".join(_points(block, 0)))
        case Table(header, rows):
            lines = [" | ".join(_line(cell) for cell in row) for row in (header, *rows)]
            return Passage("", path, PassageKind.TABLE, "\n".join(lines))


def _points(block: Points, depth: int) -> Iterator[str]:
    for point in block.points:
        own = " ".join(_passage(part, "").text.replace("\n", " ") for part in point if not isinstance(part, Points))
        yield f"{'  ' * depth}- {own}".rstrip()
        for part in point:
            if isinstance(part, Points):
                yield from _points(part, depth + 1)


def _cells(row: str) -> str:
    inner = row.strip()[1:-1]
    return " | ".join(_line(parse_runs(cell.replace("\\|", "|").strip())) for cell in _CELL_BREAK.split(inner))


def _line(runs: Runs) -> str:
    """Runs as the text of a passage: formulas between single dollars, no other marks."""
    return "".join(
        f"${run.text}$" if run.kind is RunKind.TEX else run.text if run.kind is RunKind.CODE else _spoken_out(run.text)
        for run in runs
    ).strip()


def _spoken_out(text: str) -> str:
    text = _UNDERSCORED.sub(r"\2", text)
    if "italic_" not in text and "script " not in text:
        return text
    return re.sub(r" {2,}", " ", _SYMBOLS.sub(r"\g<first>", _SPOKEN_MATH.sub("", text)))
