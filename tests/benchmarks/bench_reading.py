"""Reading HTML pages: what readability alone keeps of them and what we keep, and the time of both over a bare parse."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import cast

from lxml import html
from readability import Document

from digest.readers import latexml
from digest.types import Passage, PassageKind
from tests.benchmarks.timing import medians_s, show
from tests.latexml_pages import PROSE, math, page, para, section, table, tabular
from tests.material import MATERIAL

REAL = MATERIAL / "arxiv_html"
MADE_BYTES = 1_200_000
ROUNDS = 9

_OUTSIDE = ("ltx_bibliography", "ltx_authors", "ltx_ERROR", "ltx_note_mark", "ltx_note_type", "ltx_listing_data")


def main() -> None:
    logging.getLogger("readability.readability").setLevel(logging.CRITICAL)
    for name, content in _pages():
        _show(name, content)


def _pages() -> Iterable[tuple[str, bytes]]:
    for file in sorted(REAL.glob("*.html")):
        content = file.read_bytes()
        if latexml.is_latexml(content) and b"ltx_title_document" in content:
            yield file.name, content
    yield "a made page", made_page()


def made_page() -> bytes:
    """A page of about 1.2 MB: prose, formulas, and a table in every section."""
    rows = [["Lamp", "Oil", "Hours"], *([f"lamp {n}", math(f"{n}.25"), f"{n * 3}"] for n in range(40))]

    def part(n: int) -> str:
        prose = (para(f"{PROSE} Here {math(f'x_{{{n}}}={m}')} holds.", f"S{n}.p{m}") for m in range(9))
        return section(str(n), f"Part {n}", *prose, table(f"S{n}.T{n}", f"Table {n}: Lamps.", tabular(rows)))

    parts = [part(1)]
    while len(parts) * len(parts[0]) < MADE_BYTES:
        parts.append(part(len(parts) + 1))
    return page(*parts)


def _show(name: str, content: bytes) -> None:
    def alone() -> str:
        return str(Document(content.decode()).summary())

    times = medians_s(
        {
            "parse": lambda: html.fromstring(content),
            "ours": lambda: latexml.passages(content),
            "readability": alone,
        },
        ROUNDS,
        warm_up=1,
    )
    passages = latexml.passages(content)
    body = _body(content)
    words = _words(body.text_content())
    text = " ".join(f"{passage.heading} {passage.text}" for passage in passages)
    chars = sum(len(passage.text) for passage in passages) / len(" ".join(body.text_content().split()))
    show(
        f"reading {name}, {len(content) / 1000:,.0f} kB",
        {
            "words on the page": f"{len(words):,}",
            "kept by readability alone": f"{_kept(words, _parsed(alone().encode()).text_content()):,}",
            "kept by us": f"{_kept(words, text):,}",
            "headings, captions, table figures kept": _outline(body, passages),
            "characters over the plain body": f"{chars:.3f}",
            "bare lxml.html parse": f"{times['parse'] * 1000:.1f} ms",
            "ours over the parse": f"{times['ours'] / times['parse']:.2f}",
            "ours over readability": f"{times['ours'] / times['readability']:.2f}",
        },
        "all kept, 1.05 characters, 4 parses, faster than readability",
    )


def _body(content: bytes) -> html.HtmlElement:
    """The paper's own element, its formulas as TeX between dollars, without what is no text of the paper."""
    tree = _parsed(content)
    for formula in [*tree.iter("math"), *tree.find_class("mjx-math")]:
        tex = formula.get("alttext") or formula.get("aria-label") or ""
        formula.tail = f"${tex}$" + (formula.tail or "")
        formula.drop_tree()
    body = next(element for element in tree.find_class("ltx_document") if element.get("role") != "alert")
    for name in _OUTSIDE:
        for element in body.find_class(name):
            element.drop_tree()
    return body


def _parsed(content: bytes) -> html.HtmlElement:
    return cast("html.HtmlElement", html.fromstring(content))


def _outline(body: html.HtmlElement, passages: tuple[Passage, ...]) -> str:
    everything = _letters(" ".join(f"{passage.heading} {passage.text}" for passage in passages))
    tables = " ".join(passage.text for passage in passages if passage.kind is PassageKind.TABLE)
    headings = [_letters(heading.text_content()) for heading in body.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    captions = [_letters(caption.text_content()) for caption in body.find_class("ltx_caption")]
    for apart in [*body.find_class("ltx_note"), *body.find_class("ltx_phantom")]:
        apart.drop_tree()
    cells = [cell.text_content() for found in body.find_class("ltx_tabular") for cell in found.iter("td", "th")]
    figures = [figure for cell in cells for figure in re.findall(r"\d+(?:[.,]\d+)*", cell)]
    return ", ".join(
        f"{sum(piece in text for piece in pieces)}/{len(pieces)}"
        for pieces, text in ((headings, everything), (captions, everything), (figures, tables))
    )


def _letters(text: str) -> str:
    return re.sub(r"\W+", "", text.replace("\\displaystyle", ""))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.replace("\\displaystyle", ""))


def _kept(words: list[str], text: str) -> int:
    """How many of the words are in a text, each as often as it is there."""
    left: dict[str, int] = {}
    for word in _words(text):
        left[word] = left.get(word, 0) + 1
    kept = 0
    for word in words:
        kept += left.get(word, 0) > 0
        left[word] = left.get(word, 0) - 1
    return kept


if __name__ == "__main__":
    main()
