"""Markdown as converters write it, brought to the few forms that `digest.markdown` reads."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

_MAX_PARAGRAPH = 4_000  # characters: patterns that look for a pair of marks take the square of that
_MAX_SPAN = 50  # columns or rows that one cell of an HTML table may claim
_FRONT_MATTER = re.compile(r"\A\s*+---\n(?:.*+\n){0,200}?---(?>(?:[^\S\n]*+\n)+)")
_PREAMBLE = re.compile(r"(?:Title|URL Source|Published Time|Number of Pages|Markdown Content|Warning):[ \t]*+(.*+)")
_MAX_FORMULA = 20_000  # characters
_TEX_SIGN = re.compile(r"[\\^_={}<>]")
_FENCE_LINE = re.compile(r"^ {0,3}(?:`{3,}|~{3,})", re.MULTILINE)
_SETEXT = re.compile(
    r"^(?! {0,3}(?:[#>|*+-]|\d+\.) ?)(?P<text>[^\n|]{1,300})\n {0,3}(?P<rule>={2,}|-{3,})[ \t]*$", re.MULTILINE
)
_ALT = r"(?:[^\[\]\n]|\[[^\[\]\n]*\])*"
_TARGET = r"\((?:[^()\s]|\([^()\s]*\))*(?:\s+\"[^\"\n]*\")?\s*\)"
_IMAGE = re.compile(rf"!\[(?P<alt>{_ALT})\]{_TARGET}")
_IMAGE_TAG = re.compile(r"<img\b[^<>]{0,2000}>", re.IGNORECASE)
_ALT_ATTRIBUTE = re.compile(r"\balt=\"([^\"]*)\"", re.IGNORECASE)
_NO_ALT = re.compile(
    r"image \d+:?|\[?(?:un)?captioned image\]?|refer to caption|see caption|figure|img|image", re.IGNORECASE
)
_LINK_TITLE = re.compile(r"(\]\((?:[^()\s]|\([^()\s]*\))*)[ \t]++\"[^\n]{0,500}?\"\)")
# A line of a table of contents: nothing but a link into the page, at any depth of list.
_CONTENTS = re.compile(
    rf"^[ \t]*(?:(?:[*+-]|\d+\.)[ \t]+)+(?:\[{_ALT}\]\([^()\s#]*+#[^()\s]*+(?:[ \t]++\"[^\n]*\")?\)[ \t]*)?$",
    re.MULTILINE,
)
_BULLET = re.compile(r"^([ \t]*)(?:[*+-][ \t]+)?[•‣▪◦∙●][ \t]*", re.MULTILINE)
_PAGE_LINES = re.compile(
    r"^(?:Back to (?:arXiv|Abstract)|Report Issue|Download PDF|Why HTML\?|License: .*"
    r"|\[?HTML conversions? sometimes .*|This is experimental HTML .*)$",
    re.MULTILINE,
)
_HEADING_TAG = re.compile(r"<h([1-6])\b[^<>]{0,500}>", re.IGNORECASE)
_POINT_TAG = re.compile(r"<li\b[^<>]{0,500}>", re.IGNORECASE)
_BREAKING_TAG = re.compile(
    r"</?(?:p|div|section|article|figure|figcaption|details|summary|center|blockquote|ul|ol|hr|h[1-6])\b[^<>]{0,500}>",
    re.IGNORECASE,
)
_OTHER_TAG = re.compile(
    r"</?(?:a|abbr|br|cite|code|del|font|i|kbd|li|mark|math|nav|picture|pre|q|s|small|source|span|sub|sup|svg|tt|u|var|video|wbr)"
    r"\b[^<>]{0,2000}>",
    re.IGNORECASE,
)


def prose(text: str) -> tuple[str, str]:
    """The title that the preamble tells ("" if none), and the Markdown without front matter, contents, images,
    comments and tags: headings with `#`, HTML tables as pipe tables, formulas in one line, no endless paragraph.

    Blocks of code stay as they are. Takes time in proportion to the length of any text.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    text = _FRONT_MATTER.sub("", text, count=1) if _FRONT_MATTER.match(text) else text
    title, text = _preamble(text)
    return title, "\n".join(
        stretch if is_code else _bounded(_cleaned(stretch)) for is_code, stretch in _stretches(text.expandtabs(4))
    )


def _preamble(text: str) -> tuple[str, str]:
    lines = text.lstrip("\n").split("\n")
    title = ""
    end = 0
    for place, line in enumerate(lines[:20]):
        match = _PREAMBLE.fullmatch(line.strip())
        if match:
            end = place + 1
            title = match[1].strip() if line.startswith("Title:") else title
        elif line.strip():
            break
    return title, "\n".join(lines[end:])


def _stretches(text: str) -> list[tuple[bool, str]]:
    """The text in stretches of lines, whether each is a block of code. One that never ends is none."""
    stretches: list[tuple[bool, list[str]]] = [(False, [])]
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE_LINE.match(line)
        if fence:
            stretches[-1][1].append(line)
            if line.strip().startswith(fence):
                fence = ""
                stretches.append((False, []))
        elif mark:
            fence = mark[0].strip()
            stretches.append((True, [line]))
        else:
            stretches[-1][1].append(line)
    if fence:
        stretches[-1] = (False, stretches[-1][1][1:])
    return [(is_code, "\n".join(lines)) for is_code, lines in stretches]


def _cleaned(text: str) -> str:
    text = _between(text, "<!--", "-->", lambda _: "")
    text = _between(text, "<script", "</script>", lambda _: "")
    text = _between(text, "<style", "</style>", lambda _: "")
    text = _between(text, "$$", "$$", _displayed, within=_MAX_FORMULA, without="\n\n")
    text = _between(text, "\\[", "\\]", _bracketed, within=_MAX_FORMULA, without="\n\n")
    text = _between(text, "<table", "</table>", _pipe_table)
    text = _IMAGE.sub(lambda match: _alt(match["alt"]), text)
    text = _IMAGE_TAG.sub(_tag_alt, text)
    text = _CONTENTS.sub("", text)
    text = _LINK_TITLE.sub(r"\1)", text)
    text = _PAGE_LINES.sub("", text)
    text = _BULLET.sub(r"\1- ", text)
    text = _SETEXT.sub(lambda match: f"{'#' if match['rule'][0] == '=' else '##'} {match['text'].strip()}", text)
    text = _HEADING_TAG.sub(lambda match: f"\n\n{'#' * int(match[1])} ", text)
    text = _POINT_TAG.sub("\n- ", text)
    text = _BREAKING_TAG.sub("\n\n", text)
    return _OTHER_TAG.sub("", text)


class _Mark:
    """Where a mark stands next in a text, which is gone through once however often that is asked."""

    def __init__(self, text: str, mark: str) -> None:
        self._text = text
        self._mark = mark
        self._at = -1

    def after(self, place: int) -> int:
        """The first place from this one on, beyond the text when there is none; places asked for only rise."""
        if self._at < place:
            found = self._text.find(self._mark, place) if self._mark else -1
            self._at = found if found >= 0 else sys.maxsize
        return self._at


def _between(
    text: str,
    start: str,
    end: str,
    replaced: Callable[[str], str | None],
    *,
    within: int = sys.maxsize,
    without: str = "",
) -> str:
    """The text with each stretch from `start` to `end`, at most `within` characters of it and without a mark, replaced;
    None leaves it.

    A search, not a pattern: one mark without its partner must not cost a walk to the end of the text each time.
    """
    lower = text.lower() if len(text.lower()) == len(text) else text
    ends, breaks = _Mark(lower, end), _Mark(text, without)
    parts: list[str] = []
    done = place = 0
    while (begin := lower.find(start, place)) >= 0:
        close = ends.after(begin + len(start))
        if close == sys.maxsize:
            break
        place = close + len(end)
        fits = place - begin <= within and text[begin - 1 : begin] != "\\" and breaks.after(begin + len(start)) >= close
        replacement = replaced(text[begin:place]) if fits else None
        if replacement is None:
            place = begin + len(start)
        else:
            parts += [text[done:begin], replacement]
            done = place
    return "".join([*parts, text[done:]])


def _displayed(marked: str) -> str | None:
    """A displayed formula in one line."""
    inner = " ".join(marked[2:-2].split())
    return f"${inner}$" if inner else None


def _bracketed(marked: str) -> str | None:
    """A formula between `\\[` and `\\]`, or brackets that were only escaped: `\\[12\\]`."""
    inner = marked[2:-2]
    return _displayed(marked) if "\n" in inner or _TEX_SIGN.search(inner) else f"[{inner}]"


def _alt(text: str) -> str:
    words = _NO_ALT.sub(" ", text).strip(" :.[]")
    return words if sum(word.isalpha() for word in words.split()) >= 3 else ""


def _tag_alt(match: re.Match[str]) -> str:
    alt = _ALT_ATTRIBUTE.search(match[0])
    return _alt(unescape(alt[1])) if alt else ""


def _bounded(text: str) -> str:
    """The text with paragraphs that have no end cut into several, between lines, sentences or words."""
    lines: list[str] = []
    length = 0
    for line in text.split("\n"):
        length = length + len(line) if line.strip() else 0
        if length > _MAX_PARAGRAPH and not line.lstrip().startswith("|"):
            lines.append("")
            length = len(line)
        begin = 0
        while len(line) - begin > _MAX_PARAGRAPH:
            most = begin + _MAX_PARAGRAPH
            cut = line.rfind(". ", begin + 1, most) + 1 or line.rfind(" ", begin + 1, most)
            cut = cut if cut > 0 else most
            lines += [line[begin:cut], ""]
            while line[cut : cut + 1].isspace():
                cut += 1
            begin = cut
        lines.append(line[begin:])
    return "\n".join(lines)


# --- HTML tables -----------------------------------------------------------------------------------------------


def _pipe_table(source: str) -> str:
    table = _Rows()
    table.feed(source)
    table.close()
    told = " ".join("".join(table.caption).split())
    caption = f"\n\n{told}" if told else ""
    rows = [" | ".join(" ".join(cell.split()).replace("|", "&#124;") for cell in row) for row in table.rows()]
    lines = [f"| {row} |" for row in rows if row.strip(" |")]
    # One row alone would not be taken for a table.
    return "\n\n" + "\n".join([*lines, *(["| --- |"] if lines else [])]) + caption + "\n\n"


class _Rows(HTMLParser):
    """The rows of an HTML table, nested tables run together: a cell that spans columns is followed by empty ones, one
    that spans rows stands in each."""

    def __init__(self) -> None:
        super().__init__()
        self.caption: list[str] = []
        self._rows: list[list[tuple[list[str], int, int]]] = []
        self._in_caption = self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._rows.append([])
        elif tag in {"td", "th"}:
            spans = dict(attrs)
            self._rows = self._rows or [[]]
            self._rows[-1].append(([], _span(spans.get("colspan")), _span(spans.get("rowspan"))))
            self._in_cell = True
        elif tag == "br":
            self.handle_data(" ")
        self._in_caption = tag == "caption" or (self._in_caption and tag not in {"tr", "td", "th"})

    def handle_endtag(self, tag: str) -> None:
        if tag in {"td", "th", "tr"}:
            self._in_cell = False
        self._in_caption = self._in_caption and tag != "caption"

    def handle_data(self, data: str) -> None:
        if self._in_caption:
            self.caption.append(data)
        elif self._in_cell and self._rows and self._rows[-1]:
            self._rows[-1][-1][0].append(data)

    def rows(self) -> list[list[str]]:
        hanging: dict[int, tuple[str, int]] = {}  # column -> what hangs down into the next rows, and how far
        laid_out: list[list[str]] = []
        for row in self._rows:
            cells: list[str] = []
            for pieces, columns, rows in row:
                text = "".join(pieces)
                _hang(cells, hanging)
                if rows > 1:
                    hanging[len(cells)] = (text, rows - 1)
                cells += [text, *[""] * (columns - 1)]
            _hang(cells, hanging)
            laid_out.append(cells)
        return laid_out


def _hang(cells: list[str], hanging: dict[int, tuple[str, int]]) -> None:
    """Adds what hangs down at the place the row has come to."""
    while len(cells) in hanging:
        text, left = hanging.pop(len(cells))
        if left > 1:
            hanging[len(cells)] = (text, left - 1)
        cells.append(text)


def _span(told: str | None) -> int:
    return min(max(int(told), 1), _MAX_SPAN) if told and told.strip().isdecimal() else 1
