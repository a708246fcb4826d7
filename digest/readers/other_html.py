"""Papers on every other HTML page: mirrors, other converters, project pages."""

from __future__ import annotations

import logging
from functools import lru_cache
from itertools import islice
from typing import cast

from lxml import etree
from lxml.etree import _Element as Element
from readability import Document
from readability.readability import Unparseable

from digest.errors import ReadError
from digest.readers import html_tree, html_walk
from digest.readers.html_text import Dialect, Role, formula, tidy
from digest.types import Passage, PassageKind

MIN_WORDS = 100
# What readability must keep of the page's own text, and of its tables and headings, to be trusted with it.
MIN_KEPT = 0.6
MAX_PARTS = 100  # that may be a page's main one: feeds have an `article` for each entry

_CHROME = (
    "script",
    "style",
    "noscript",
    "nav",
    "aside",
    "iframe",
    "object",
    "button",
    "select",
    "input",
    "textarea",
    "svg",
)
_CHROME_CLASSES = frozenset(
    "nav navbar navigation sidebar breadcrumb breadcrumbs menu toc table-of-contents share social-share cookie-banner"
    " advertisement related-posts comments sr-only visually-hidden screen-reader-text".split()
)
_BIBLIOGRAPHY_CLASSES = frozenset("references bibliography thebibliography ref-list reflist citation-list".split())
_FORMULAS = (
    "self::math or self::mjx-container or starts-with(@type, 'math/tex')"
    " or contains(concat(' ', @class, ' '), ' katex ') or contains(concat(' ', @class, ' '), ' math ')"
)
_SHOWN_FORMULAS = frozenset("mathjax mathjax_preview mathjax_display mathjax_svg mathjax_chtml".split())

_ROLES = {
    **dict.fromkeys(_CHROME, Role.SKIP),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Role.HEADING),
    **dict.fromkeys(
        ("p", "div", "section", "article", "main", "blockquote", "center", "details", "address"), Role.PLACE
    ),
    **dict.fromkeys(("body", "header", "footer", "form", "fieldset", "summary", "hr"), Role.PLACE),
    **dict.fromkeys(("ul", "ol", "dl", "menu"), Role.LIST),
    **dict.fromkeys(("li", "dd"), Role.POINT),
    **dict.fromkeys(("td", "th"), Role.CELL),
    **dict.fromkeys(("figcaption", "caption"), Role.CAPTION),
    "figure": Role.FLOAT,
    "table": Role.TABLE,
    "tr": Role.ROW,
    "pre": Role.LISTING,
    "br": Role.BREAK,
    "sup": Role.RAISED,
    "title": Role.SKIP,
    "head": Role.SKIP,
}


def passages(page: bytes) -> tuple[Passage, ...]:
    """What an HTML page says: its title, then its text under its headings, without chrome and bibliography.

    readability chooses the main text; where it leaves out more than it may, the page's own main part is read.
    Raises ReadError when fewer than 100 words remain, and as html_tree and html_walk do.
    """
    tree = html_tree.parsed(page)
    _write_formulas(tree)
    _drop_chrome(tree)
    title = _title(tree)
    main = _main(tree)
    found = html_walk.read(_chosen(main), DIALECT)
    words = sum(len(passage.text.split()) for passage in found)
    if words < MIN_WORDS:
        raise ReadError(f"The page holds hardly any text ({words} words): it is not a paper.")
    return (Passage("", "", PassageKind.TEXT, title), *found) if title else found


def _write_formulas(tree: Element) -> None:
    """Puts each formula's TeX into the text, so that it is there whatever part of the page is chosen."""
    found = cast("list[Element]", tree.xpath(f"//*[{_FORMULAS}]"))
    whole = [node for node in found if not any(_is_formula(above) for above in node.iterancestors())]
    for node in whole:
        node.tail = f"{formula(node)}{node.tail or ''}"
    html_tree.drop_all(whole)


def _is_formula(node: Element) -> bool:
    return node.tag in ("math", "mjx-container") or bool({"katex", "math"} & set(node.get("class", "").split()))


def _drop_chrome(tree: Element) -> None:
    html_tree.drop_all(tree.iter(*_CHROME))
    half = _words(tree) / 2
    dropped: set[Element] = set()
    for node in list(tree.iter()):
        # A page's frame may bear the name of one of its parts.
        if node.getparent() in dropped or (_is_chrome(node) and _words(node) < half):
            dropped.add(node)
    html_tree.drop_all(dropped)
    # An article's own header holds its title; the page's holds its name and links.
    html_tree.drop_all(
        node
        for node in tree.iter("header", "footer")
        if not any(above.tag in ("article", "main") for above in node.iterancestors())
    )
    # The mark of a footnote or a citation.
    html_tree.drop_all(node for node in tree.iter("sup") if node.find(".//a") is not None)


def _is_chrome(node: Element) -> bool:
    if node.tag in ("body", "main", "article"):
        return False
    names = {*node.get("class", "").lower().split(), node.get("id", "").lower()}
    role = node.get("role", "")
    return role in (
        "navigation",
        "banner",
        "contentinfo",
        "search",
        "complementary",
        "doc-bibliography",
        "doc-toc",
    ) or not names.isdisjoint(_CHROME_CLASSES | _BIBLIOGRAPHY_CLASSES | _SHOWN_FORMULAS)


def _title(tree: Element) -> str:
    """The page's title, taken out of its text: its only first-level heading, else what the window would show."""
    tops = list(tree.iter("h1"))
    if len(tops) == 1:
        text = tidy("".join(map(str, tops[0].itertext())))
        html_tree.drop_all(tops)
        return text
    shown = next(tree.iter("title"), None)
    return tidy(shown.text or "") if shown is not None else ""


def _main(tree: Element) -> Element:
    """The part that the page itself calls its main one, when it holds at least half of the words."""
    body = next(tree.iter("body"), tree)
    half = _words(body) / 2
    parts = (part for part in islice(body.iter("main", "article"), MAX_PARTS) if _words(part) >= half)
    return min(parts, key=_words, default=body)


def _chosen(main: Element) -> Element:
    """What readability makes of a part of a page, or the part itself where it leaves out too much."""
    try:
        logging.getLogger("readability.readability").setLevel(logging.CRITICAL)  # it logs a trace of what it raises
        summary = Document(_document(main)).summary(html_partial=True)
        kept = etree.fromstring(summary.encode(), etree.HTMLParser(encoding="utf-8"))
    except (Unparseable, etree.LxmlError, ValueError):
        return main
    if kept is None or any(count(kept) < MIN_KEPT * count(main) for count in _COUNTED):
        return main
    return cast("Element", kept)


def _document(main: Element) -> str:
    """A part of a page as a document of its own, without the text after it."""
    text = etree.tostring(main, encoding="unicode", method="html", with_tail=False)
    return f"<html>{text if main.tag == 'body' else f'<body>{text}</body>'}</html>"


def _words(node: Element) -> float:
    return sum(len(str(text).split()) for text in node.itertext())


def _cells(node: Element) -> float:
    return sum(1 for _ in node.iter("td", "th"))


def _headings(node: Element) -> float:
    return sum(1 for _ in node.iter("h2", "h3", "h4", "figcaption"))


_COUNTED = (_words, _cells, _headings)


@lru_cache(maxsize=1024)
def _role(tag: str, _: str) -> Role:
    return _ROLES.get(tag, Role.INLINE)


def _level(tag: str, _: str) -> int:
    return int(tag[1])


def _no_name(_: str, __: str) -> str:
    return ""


DIALECT = Dialect(_role, _level, _no_name)
