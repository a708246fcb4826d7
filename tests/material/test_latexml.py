"""Reading real LaTeXML pages."""

from __future__ import annotations

import re

import pytest
from lxml import html

from digest.errors import ReadError
from digest.readers import latexml
from digest.types import PassageKind
from tests.material import material
from tests.test_latexml import of_kind

REAL_PAGES = ("1706.03762", "1707.08043", "2310.06825", "2510.16357", "astro-ph9710163")


def letters(text: str) -> str:
    return re.sub(r"\W+", "", text)


def shown(node: html.HtmlElement) -> str:
    """The text of a piece of a real page, by other means than the reader's: formulas as TeX, notes and marks out."""
    copy = html.fragment_fromstring(html.tostring(node, with_tail=False), create_parent=True)
    for formula in list(copy.iter("math", "span")):
        if formula.tag == "math" or "mjx-math" in formula.get("class", ""):
            text = (formula.get("alttext") or formula.get("aria-label") or "").replace("\\displaystyle", "")
            formula.tail = text.replace("%\n", "") + (formula.tail or "")
            formula.drop_tree()
    for gone in [*copy.find_class("ltx_note"), *copy.find_class("ltx_ERROR"), *copy.find_class("ltx_phantom")]:
        gone.drop_tree()
    return str(copy.text_content())


@pytest.mark.parametrize("name", REAL_PAGES)
def test_headings_captions_and_figures_of_real_pages_survive(name: str) -> None:
    """Counted by a simple extraction of its own, nothing of a real page's outline, captions and tables is lost."""
    file = material(f"arxiv_html/{name}.html")
    passages = latexml.passages(file.read_bytes())
    article = html.fromstring(file.read_bytes()).find(".//article")
    assert isinstance(article, html.HtmlElement)
    for gone in article.find_class("ltx_bibliography") + article.find_class("ltx_authors"):
        gone.drop_tree()
    everything = letters(" ".join(f"{passage.heading} {passage.text}" for passage in passages))
    headings = list(article.iter("h1", "h2", "h3", "h4", "h5", "h6"))
    assert len(headings) > 5
    assert [text for text in map(shown, headings) if letters(text) not in everything] == []
    captions = letters(" ".join(passage.text for passage in of_kind(PassageKind.CAPTION, passages)))
    assert [text for text in map(shown, article.find_class("ltx_caption")) if letters(text) not in captions] == []
    tables = letters(" ".join(passage.text for passage in of_kind(PassageKind.TABLE, passages)))
    cells = [shown(cell) for found in article.find_class("ltx_tabular") for cell in found.iter("td", "th")]
    assert [text for text in cells if letters(text) not in tables] == []


@pytest.mark.parametrize("name", REAL_PAGES)
def test_real_pages_are_read_clean(name: str) -> None:
    """No markup, control character, raw macro, glued note mark or doubled space is in any passage."""
    file = material(f"arxiv_html/{name}.html")
    for passage in latexml.passages(file.read_bytes()):
        prose = re.sub(r"\$[^$]*\$", "$", passage.text)
        assert re.findall(r"footnotemark|</?\w+>|[\x00-\x08\xa0\u200b\u2062]|\\[A-Z]\w+| [,;](?:\s|$)", prose) == []
        if passage.kind is not PassageKind.TABLE and "\n" not in passage.text:
            assert "  " not in prose


def test_a_real_failed_conversion_is_refused() -> None:
    """An empty frame of a page is no paper."""
    file = material("arxiv_html/failed-conversion.html")
    with pytest.raises(ReadError, match="empty"):
        latexml.passages(file.read_bytes())
