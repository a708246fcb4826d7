"""Papers as LaTeXML makes them: arXiv's HTML, ar5iv and older generations.

Class names are LaTeXML's own (https://math.nist.gov/~BMiller/LaTeXML/manual/customization/customization.latexml.html);
`article.ltx_document` holds the paper, and an alert of arXiv's may carry `ltx_document` too.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import cast

from lxml.etree import _Element as Element

from digest.errors import ReadError
from digest.readers import html_tree, html_walk
from digest.readers.html_text import Dialect, Role
from digest.types import Passage

MIN_BODY_WORDS = 10  # beyond the title and the abstract: less is what a failed conversion leaves

_MARKS = re.compile(
    rb"class\s*=\s*[\"'][^\"'>]{0,300}?\bltx_(?:page_main|page_content|document|para|section|abstract)\b"
)
_ROOTS = (
    "//*[contains(concat(' ', @class, ' '), ' ltx_document ') and not(@role='alert' or contains(@class, 'alert'))]",
    "//*[contains(concat(' ', @class, ' '), ' ltx_page_content ')]",
    "//*[contains(concat(' ', @class, ' '), ' ltx_page_main ')]",
    "//body",
)
_LEVELS = {"part": 1, "chapter": 2, "section": 3, "appendix": 3, "bibliography": 3, "subsection": 4}
_LEVELS |= {"subsubsection": 5, "paragraph": 6, "subparagraph": 7}

_NAMES = {"ltx_abstract": "Abstract", "ltx_acknowledgements": "Acknowledgements", "ltx_keywords": "Keywords"}
_NAMES |= {"ltx_classification": "Classification"}

_TAGS = {
    **dict.fromkeys(
        ("script", "style", "nav", "header", "footer", "button", "iframe", "noscript", "select"), Role.SKIP
    ),
    **dict.fromkeys(("input", "textarea", "title", "desc", "metadata", "defs", "text", "object"), Role.SKIP),
    **dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), Role.HEADING),
    **dict.fromkeys(("div", "blockquote", "center"), Role.BLOCK),
    **dict.fromkeys(("ul", "ol", "dl"), Role.LIST),
    **dict.fromkeys(("li", "dd"), Role.POINT),
    **dict.fromkeys(("td", "th"), Role.CELL),
    "article": Role.BLOCK,
    "section": Role.SECTION,
    "p": Role.PARAGRAPH,
    "figure": Role.FLOAT,
    "figcaption": Role.CAPTION,
    "table": Role.TABLE,
    "tr": Role.ROW,
    "pre": Role.LISTING,
    "math": Role.MATH,
    "cite": Role.CITE,
    "br": Role.BREAK,
    "sup": Role.RAISED,
    "foreignobject": Role.LABEL,
}
# In this order: the first class that is here decides, whatever else the element is.
_CLASSES = {
    **dict.fromkeys(("ltx_page_navbar", "ltx_page_header", "ltx_page_footer", "ltx_page_logo", "ltx_TOC"), Role.SKIP),
    **dict.fromkeys(("ltx_toclist", "ltx_bibliography", "ltx_biblist", "ltx_authors", "ltx_creator"), Role.SKIP),
    **dict.fromkeys(("ltx_author_before", "ltx_author_after", "ltx_dates", "ltx_date", "ltx_contact"), Role.SKIP),
    **dict.fromkeys(("ltx_note_mark", "ltx_note_type", "ltx_tag_note", "ltx_role_footnotemark"), Role.SKIP),
    **dict.fromkeys(("ltx_ERROR", "ltx_rdf", "ltx_pagination", "ltx_index", "ltx_listing_data"), Role.SKIP),
    **dict.fromkeys(("package-alerts", "infobox", "sr-only", "ltx_tag_bibitem", "ltx_title_abstract"), Role.SKIP),
    **dict.fromkeys(("ltx_title_bibliography", "ltx_title_contents", "ltx_role_refnum"), Role.SKIP),
    **dict.fromkeys(("ltx_Math", "ltx_DisplayMath", "ltx_math_unparsed", "MathJax", "mjx-chtml"), Role.MATH),
    **dict.fromkeys(("ltx_equation", "ltx_equationgroup", "ltx_eqn_table"), Role.EQUATION),
    **dict.fromkeys(("ltx_eqn_row", "ltx_tr"), Role.ROW),
    **dict.fromkeys(("ltx_eqn_cell", "ltx_td"), Role.CELL),
    **dict.fromkeys(("ltx_title_theorem", "ltx_title_proof", "ltx_runin"), Role.RUN_IN),
    **dict.fromkeys(("ltx_enumerate", "ltx_itemize", "ltx_description"), Role.LIST),
    **dict.fromkeys(("ltx_theorem", "ltx_proof"), Role.PLACE),
    **dict.fromkeys(("ltx_float", "ltx_figure", "ltx_table", "ltx_algorithm"), Role.FLOAT),
    **dict.fromkeys(("ltx_minipage", "ltx_quote", "ltx_verse", "ltx_logical-block"), Role.BLOCK),
    **dict.fromkeys(_NAMES, Role.NAMED),
    **dict.fromkeys(("ltx_section", "ltx_subsection", "ltx_subsubsection", "ltx_paragraph"), Role.SECTION),
    **dict.fromkeys(("ltx_subparagraph", "ltx_appendix", "ltx_part", "ltx_chapter"), Role.SECTION),
    **dict.fromkeys(("ltx_inline-itemize", "ltx_inline-enumerate", "ltx_inline-item"), Role.INLINE),
    "ltx_engrafo_equation_container": Role.INLINE,
    "ltx_title_document": Role.TITLE,
    "ltx_title": Role.HEADING,
    "ltx_caption": Role.CAPTION,
    "ltx_tabular": Role.TABLE,
    "ltx_item": Role.POINT,
    "ltx_listing": Role.LISTING,
    "ltx_listingline": Role.LINE,
    "ltx_para": Role.FLOW,
    "ltx_p": Role.PARAGRAPH,
    "ltx_note": Role.NOTE,
    "ltx_cite": Role.CITE,
    "ltx_tag_ref": Role.INLINE,
    "ltx_tag": Role.TAG,
    "ltx_break": Role.BREAK,
}
_RANKS = {name: rank for rank, name in enumerate(_CLASSES)}


def is_latexml(page: bytes) -> bool:
    """Whether a page was made by LaTeXML, from the classes of its elements."""
    return _MARKS.search(page) is not None


def passages(page: bytes) -> tuple[Passage, ...]:
    """The paper in a LaTeXML page: title, abstract, sections, lists, tables, captions, footnotes; no bibliography.

    Raises ReadError when the page is not LaTeXML's, tells of a failed conversion, holds next to nothing besides title
    and abstract, or exceeds the bounds of html_tree and html_walk.
    """
    if not is_latexml(page):
        raise ReadError("The page is not a paper converted by LaTeXML.")
    found = html_walk.read(_root(html_tree.parsed(page)), DIALECT)
    if not _has_body(found):
        raise ReadError("The conversion to HTML is empty: it has no text beyond the title and the abstract.")
    return found


def _has_body(found: tuple[Passage, ...]) -> bool:
    """Whether there is text besides the title, which comes first, and the abstract."""
    words = 0
    for number, passage in enumerate(found):
        if passage.heading != "Abstract" and (number or passage.heading):
            words += len(passage.text.split())
            if words >= MIN_BODY_WORDS:
                return True
    return False


def _root(tree: Element) -> Element:
    for article in tree.iter("article"):
        if "ltx_document" in article.get("class", "").split() and article.get("role") != "alert":
            return article
    for path in _ROOTS:
        found = cast("list[Element]", tree.xpath(path))
        if found:
            return found[0]
    raise ReadError("The page has no body.")


@lru_cache(maxsize=4096)
def _role(tag: str, classes: str) -> Role:
    ranked = sorted((name for name in classes.split() if name in _RANKS), key=_RANKS.__getitem__)
    return _CLASSES[ranked[0]] if ranked else _TAGS.get(tag, Role.INLINE)


@lru_cache(maxsize=256)
def _level(tag: str, classes: str) -> int:
    for name in classes.split():
        level = _LEVELS.get(name.removeprefix("ltx_title_"))
        if level is not None and name.startswith("ltx_title_"):
            return level
    return int(tag[1]) + 1 if tag[1:].isdecimal() else max(_LEVELS.values())


def _name(_: str, classes: str) -> str:
    return next(name for known, name in _NAMES.items() if known in classes)


DIALECT = Dialect(_role, _level, _name)
