"""An HTML page as a tree of what a reader sees: parsed within bounds, hidden text taken out.

Papers have carried instructions to language models in text no human sees, so what is hidden never becomes a passage.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import cast

from lxml import etree
from lxml.html import HtmlElement, HTMLParser

from digest.errors import ReadError
from digest.readers.html_style import style_of

MAX_NODES = 1_000_000

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([-\w:.]+)", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
Finder = Callable[[HtmlElement], list[HtmlElement]]

_MAYBE_HIDDEN = cast(
    "Finder", etree.XPath("//*[@style or @hidden or @aria-hidden or self::template or self::dialog[not(@open)]]")
)
_SAYING = cast(
    "Finder", etree.XPath("//*[text()[contains(., 'No HTML for') or contains(., 'HTML had a Fatal error')]]")
)
_IN_PARAGRAPH = cast("Finder", etree.XPath("ancestor-or-self::*[contains(concat(' ', @class, ' '), ' ltx_p ')]"))
_NAME = re.compile(r"[.#]-?[A-Za-z_][-\w]*")


def parsed(page: bytes) -> HtmlElement:
    """The root of a page without comments and hidden text. UTF-8, unless the page names another encoding.

    Raises ReadError for a page that is empty, nested or sized beyond the parser's bounds, or says that arXiv's
    conversion failed.
    """
    tree = _tree(page)
    if tree.xpath("count(//*)") > MAX_NODES:
        raise ReadError(f"The page has more than {MAX_NODES:,} elements, more than any paper needs.")
    _check_conversion(tree)
    _drop_hidden(tree)
    return tree


def _tree(page: bytes) -> HtmlElement:
    parser = HTMLParser(encoding=_encoding(page), remove_comments=True, remove_pis=True)
    try:
        tree = etree.fromstring(page, parser)
    except etree.LxmlError as error:
        raise ReadError("The page is not HTML that can be read.") from error
    # Beyond its bounds the parser gives what it has so far without raising.
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        raise ReadError("The page is nested too deeply or holds too large a piece to be read safely.")
    if not isinstance(tree, HtmlElement):
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


def _check_conversion(tree: HtmlElement) -> None:
    """Raises ReadError when the page itself, rather than a paragraph of the paper, tells of a failed conversion."""
    for node in _SAYING(tree):
        if _IN_PARAGRAPH(node):
            continue
        if str(node.text_content()).strip().startswith("No HTML for"):
            raise ReadError("arXiv says that it has no HTML of this paper.")
        if "Conversion to HTML had a Fatal error" in node.text_content():
            raise ReadError("arXiv's conversion of this paper to HTML failed and may hold only a part of it.")


def _drop_hidden(tree: HtmlElement) -> None:
    for node in _MAYBE_HIDDEN(tree):
        if _is_hidden(node) and node.getparent() is not None:
            node.drop_tree()
    names = _hidden_names(tree)
    if names:
        for node in tree.xpath("//body//*[@class or @id]"):
            own = {f".{name}" for name in node.get("class", "").split()} | {f"#{node.get('id', '')}"}
            if own & names and node.getparent() is not None:
                node.drop_tree()


def _is_hidden(node: HtmlElement) -> bool:
    if node.tag in ("template", "dialog") or node.get("hidden") is not None:
        return True
    if node.get("aria-hidden") == "true" and node.tag != "math" and "ltx_Math" not in node.get("class", ""):
        return True
    style = style_of(node.get("style", ""))
    return style.hidden or (style.colour is not None and style.matches(_background(node)))


def _background(node: HtmlElement) -> tuple[int, int, int] | None:
    """The colour behind an element: its own or the nearest above it, white when none is given, None for a drawing."""
    for above in (node, *node.iterancestors()):
        background = style_of(above.get("style", "")).background
        if background is not None:
            return background
        if above.tag == "svg":  # boxes are painted by paths beside the text, so what lies behind it is not known
            return None
    return (255, 255, 255)


def _hidden_names(tree: HtmlElement) -> set[str]:
    """The `.class` and `#id` names that the page's own style sheets hide whatever the screen."""
    names: set[str] = set()
    for sheet in tree.iter("style"):
        first, *others = (sheet.text or "").split("/*")
        depth = 0
        for rule in "".join([first, *(other.partition("*/")[2] for other in others)]).split("}"):
            selectors, _, declarations = rule.partition("{")
            if depth == 0 and "{" not in declarations and style_of(declarations).hidden:
                listed = map(str.strip, selectors.rpartition(";")[2].split(","))
                names.update(name for name in listed if _NAME.fullmatch(name))
            depth = max(0, depth + rule.count("{") - 1)  # more than 0: inside a rule for some screens only
    return names
