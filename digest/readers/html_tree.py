"""An HTML page as a tree of what a reader sees: parsed within bounds, hidden text taken out.

Papers have carried instructions to language models in text no human sees, so what is hidden never becomes a passage.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable
from typing import Any, cast

from lxml import etree
from lxml.etree import _Element as Element

from digest.errors import ReadError
from digest.readers.html_style import Colour, Style, colour_of, style_of

MAX_NODES = 1_000_000

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*+=\s*+[\"']?\s*+([-\w:.]++)", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
Finder = Callable[[Element], list[Element]]

_STYLES = cast("Callable[[Element], list[Any]]", etree.XPath("//@style"))
_HIDDEN = cast("Callable[[Element], list[Any]]", etree.XPath("//@hidden"))
_HIDDEN_FROM_READING = cast("Callable[[Element], list[Any]]", etree.XPath("//@aria-hidden"))
_STYLE_MARK = re.compile(rb"style\s*=")
_HIDDEN_MARK = re.compile(rb"hidden(?:\s*=|\s*/?>|\s+[\w:-]+\s*(?:=|/?>))")  # an attribute rather than a word
_TOLD = (b"No HTML for", b"Conversion to HTML had a Fatal error")
_SAYING = cast(
    "Finder", etree.XPath("//*[text()[contains(., 'No HTML for') or contains(., 'HTML had a Fatal error')]]")
)
_IN_PARAGRAPH = cast("Finder", etree.XPath("ancestor-or-self::*[contains(concat(' ', @class, ' '), ' ltx_p ')]"))
_FORMULA_CLASSES = ("mjx", "MJX", "MathJax", "katex")
_NAME = re.compile(r"[.#]-?[A-Za-z_][-\w]*")


def parsed(page: bytes) -> Element:
    """The root of a page without comments and hidden text. UTF-8, unless the page names another encoding.

    Raises ReadError for a page that is empty, nested or sized beyond the parser's bounds, or says that arXiv's
    conversion failed.
    """
    encoding = _encoding(page)
    if encoding == "utf-16":
        page, encoding = page.decode(encoding, "replace").encode(), "utf-8"
    tree = _tree(page, encoding)
    if len(page) > MAX_NODES * len("<b>") and cast("float", tree.xpath("count(//*)")) > MAX_NODES:
        raise ReadError(f"The page has more than {MAX_NODES:,} elements, more than any paper needs.")
    if any(words in page for words in _TOLD):
        _check_conversion(tree)
    _drop_hidden(tree, page.lower())
    return tree


def _tree(page: bytes, encoding: str) -> Element:
    parser = etree.HTMLParser(encoding=encoding, remove_comments=True, remove_pis=True, collect_ids=False)
    try:
        tree = etree.fromstring(page, parser)
    except etree.LxmlError as error:
        raise ReadError("The page is not HTML that can be read.") from error
    # Beyond its bounds the parser gives what it has so far without raising.
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise ReadError("The page is nested too deeply or holds too large a piece to be read safely.")
    if tree is None:
        raise ReadError("The page is empty.")
    return tree


def _encoding(page: bytes) -> str:
    for mark, name in _BOMS:
        if page.startswith(mark):
            return name
    named = _CHARSET.search(page[:4096])
    try:
        name = codecs.lookup(named[1].decode()).name if named else "utf-8"
    except LookupError:
        return "utf-8"
    # A page whose declaration can be read as ASCII is not in UTF-16, whatever it says (html.spec.whatwg.org, 13.2.3.2).
    return "utf-8" if name.startswith("utf-16") else name


def _check_conversion(tree: Element) -> None:
    """Raises ReadError when the page itself, rather than a paragraph of the paper, tells of a failed conversion."""
    for node in _SAYING(tree):
        text = "".join(map(str, node.itertext())).strip()
        if _IN_PARAGRAPH(node):
            continue
        if text.startswith("No HTML for"):
            raise ReadError("arXiv says that it has no HTML of this paper.")
        if "Conversion to HTML had a Fatal error" in text:
            raise ReadError("arXiv's conversion of this paper to HTML failed and may hold only a part of it.")


def _drop_hidden(tree: Element, page: bytes) -> None:
    """`page` in lower case tells what need not be looked for: a search of tens of thousands of nodes takes its time."""
    backgrounds: dict[Element, Colour | None] = {}
    styles = _STYLES(tree) if _STYLE_MARK.search(page) else ()
    hidden = [attribute.getparent() for attribute in styles if _cannot_be_seen(attribute, backgrounds)]
    if _HIDDEN_MARK.search(page):
        hidden += [attribute.getparent() for attribute in _HIDDEN(tree)]
        unread = (attribute.getparent() for attribute in _HIDDEN_FROM_READING(tree) if attribute.lower() == "true")
        hidden += [node for node in unread if not _is_formula(node)]
    if b"<template" in page or b"<dialog" in page:
        hidden += [node for node in tree.iter("template", "dialog") if node.get("open") is None]
    for node in tree.iter("font"):
        if Style(colour=colour_of(node.get("color", ""))).matches(_background(node, backgrounds)):
            hidden.append(node)
    names = _hidden_names(tree)
    hidden += [node for node in tree.iter() if _named(node) & names] if names else []
    drop_all(hidden)


def _named(node: Element) -> set[str]:
    return {*map(".{}".format, node.get("class", "").split()), f"#{node.get('id', '')}"}


def drop_all(nodes: Iterable[Element]) -> None:
    """Takes elements out of their tree, but not the texts that follow them."""
    below: dict[Element, set[Element]] = {}
    for node in nodes:
        if (above := node.getparent()) is not None:
            below.setdefault(above, set()).add(node)
    for above, gone in below.items():
        _drop_from(above, gone)


def _drop_from(above: Element, gone: set[Element]) -> None:
    """One walk over the children: texts are put together once, however many elements go."""
    kept: Element | None = None
    texts = [above.text or ""]
    for child in [*above, None]:
        if child is not None and child in gone:
            texts.append(child.tail or "")
            above.remove(child)
            continue
        if len(texts) > 1 and kept is not None:
            kept.tail = "".join(texts)
        elif len(texts) > 1:
            above.text = "".join(texts)
        kept = child
        texts = [child.tail or ""] if child is not None else []


def _is_formula(node: Element) -> bool:
    """Whether an element is in a formula, whose TeX is read instead of what is shown."""
    classes = node.get("class", "")
    return node.tag == "math" or "ltx_Math" in classes or classes.startswith(_FORMULA_CLASSES)


def _cannot_be_seen(attribute: Any, known: dict[Element, Colour | None]) -> bool:
    style = style_of(str(attribute))
    return style.hidden or (style.colour is not None and style.matches(_background(attribute.getparent(), known)))


def _background(node: Element, known: dict[Element, Colour | None]) -> Colour | None:
    """The colour behind an element: its own or the nearest above it, white when none is given, None for a drawing."""
    path: list[Element] = []
    found: Colour | None = (255, 255, 255)
    for above in (node, *node.iterancestors()):
        if above in known:
            found = known[above]
            break
        path.append(above)
        background = style_of(above.get("style", "")).background or colour_of(above.get("bgcolor", ""))
        if background is not None or above.tag == "svg":
            # Boxes are painted by paths beside their text, so what lies behind text in a drawing is not known.
            found = background
            break
    known.update(dict.fromkeys(path, found))
    return found


def _hidden_names(tree: Element) -> set[str]:
    """The `.class` and `#id` names that the page's own style sheets hide whatever the screen."""
    names: set[str] = set()
    for sheet in tree.iter("style"):
        first, *others = (sheet.text or "").split("/*")
        depth = 0
        for rule in "".join([first, *(other.partition("*/")[2] for other in others)]).split("}"):
            selectors, _, declarations = rule.partition("{")
            if depth == 0 and "{" not in declarations and style_of(declarations).hidden:
                listed = map(str.strip, selectors.rpartition(";")[2].split(","))
                names.update(
                    name for name in listed if _NAME.fullmatch(name) and not name.startswith(_FORMULA_CLASSES, 1)
                )
            depth = max(0, depth + rule.count("{") - 1)  # more than 0: inside a rule for some screens only
    return {name for name in names if not name.startswith(_FORMULA_CLASSES, 1)}
