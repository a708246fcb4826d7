"""The bundled sample day: in the services' own form, true to the day's facts, and in our own words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from config.settings import HERE
from digest.types import ArxivId

SAMPLE = HERE / "sample"
PAGES = sorted((SAMPLE / "pages").glob("*.html"))
SAID_AT_THE_TOP = "This page is a sample written for Paperboy's demo; it is not the paper."
NUMBER = re.compile(r"(?<![A-Za-z\d.])\d+(?:[.,]\d+)*")  # not the digit of a name such as F1
# Elements that HTML never closes: https://html.spec.whatwg.org/multipage/syntax.html#void-elements
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@cache
def listed(file: Path = SAMPLE / "2026-01-16.json") -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return entries


def papers(file: Path = SAMPLE / "2026-01-16.json") -> dict[str, dict[str, Any]]:
    """The inner papers of a day's list by id."""
    return {entry["paper"]["id"]: entry["paper"] for entry in listed(file)}


def select(page: Path, path: str) -> list[Any]:
    """What an XPath finds in a page: elements or texts."""
    found = html.fromstring(page.read_bytes()).xpath(path)
    assert isinstance(found, list)
    return found


def article(page: Path) -> Any:
    (found,) = select(page, "//article[contains(@class, 'ltx_document')]")
    return found


def folded(text: str) -> str:
    return " ".join(text.split())


def runs_of_words(text: str, length: int) -> Iterator[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return (tuple(words[start : start + length]) for start in range(len(words) - length + 1))


# --- the list ----------------------------------------------------------------------------------------------------


def test_the_list_has_the_form_of_the_hub() -> None:
    """23 entries; each tells of its paper inside and repeats title and summary outside, most upvoted first."""
    assert len(papers()) == len(listed()) == 23
    for entry in listed():
        paper = entry["paper"]
        assert ArxivId.parse(paper["id"]) == paper["id"]
        assert paper["title"] == entry["title"] != ""
        assert paper["summary"] == entry["summary"]
        assert isinstance(paper["upvotes"], int)
        assert isinstance(entry["numComments"], int)
        assert all(isinstance(keyword, str) for keyword in paper["ai_keywords"])
        for stamp in (entry["publishedAt"], paper["publishedAt"], paper["submittedOnDailyAt"]):
            assert datetime.fromisoformat(stamp).tzinfo is not None
        assert paper["submittedOnDailyAt"].startswith("2026-01-16")
    upvotes = [paper["upvotes"] for paper in papers().values()]
    assert upvotes == sorted(upvotes, reverse=True)


def test_an_abstract_is_a_handful_of_sentences() -> None:
    """Each abstract has 70 to 140 words in at least three sentences, on one line."""
    for paper_id, paper in papers().items():
        abstract = paper["summary"]
        assert 70 <= len(abstract.split()) <= 140, paper_id
        assert len(re.findall(r"[.!?](?= [A-Z]|$)", abstract)) >= 3, paper_id
        assert abstract == folded(abstract), paper_id


def test_nobody_is_named() -> None:
    """The list holds no author, no submitter and no summary of the Hub's own; no page has an author."""
    for entry in listed():
        assert entry["paper"]["authors"] == []
        told = set(entry) | set(entry["paper"])
        assert not told & {"submittedBy", "submittedOnDailyBy", "ai_summary"}
    for page in PAGES:
        assert not select(page, "//*[contains(@class, 'ltx_creator') or contains(@class, 'ltx_personname')]")


# --- the pages ---------------------------------------------------------------------------------------------------


def test_at_least_five_papers_have_a_page() -> None:
    """Every page is of a listed paper, and the paper that the demo asks about has one."""
    ids = {page.stem for page in PAGES}
    assert len(ids) >= 5
    assert "2601.10592" in ids
    assert ids <= set(papers())


class Balance(HTMLParser):
    """Follows open elements; an end tag that does not close the last open one is a fault."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 (the base class's)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> in line {self.getpos()[0]}")


@each_page
def test_every_element_of_a_page_is_closed(page: Path) -> None:
    """A page is well formed: each element ends where it should, and no id is given twice."""
    balance = Balance()
    balance.feed(page.read_text(encoding="utf-8"))
    assert (balance.faults, balance.open) == ([], [])
    ids = select(page, "//@id")
    assert len(ids) == len(set(ids))


@each_page
def test_a_page_is_latexml(page: Path) -> None:
    """One article with the listed title and abstract, numbered sections, paragraphs with anchors, TeX and a table."""
    root = article(page)
    paper = papers()[page.stem]
    assert folded(root.xpath("string(.//h1[contains(@class, 'ltx_title_document')])")) == paper["title"]
    assert folded(root.xpath("string(.//div[@class='ltx_abstract']/p)")) == paper["summary"]
    sections = root.xpath("./section[@class='ltx_section']")
    assert [section.get("id") for section in sections] == [f"S{number}" for number in range(1, len(sections) + 1)]
    assert len(sections) >= 5
    for section in sections:
        assert section.xpath("./h2[contains(@class, 'ltx_title_section')]/span[contains(@class, 'ltx_tag')]")
        assert section.xpath(f".//div[starts-with(@id, '{section.get('id')}.') and @class='ltx_para']/*")
    assert root.xpath(".//math[@alttext]/semantics/annotation")
    assert root.xpath(".//figure[@class='ltx_table']//table[contains(@class, 'ltx_tabular')]//tr")
    assert root.xpath(".//figcaption[contains(@class, 'ltx_caption')]")
    assert root.xpath("./section[@class='ltx_bibliography']")


@each_page
def test_a_page_says_that_it_is_a_sample(page: Path) -> None:
    """Whoever reads a page learns first that it is not the paper."""
    assert folded(article(page).xpath("string((.//p)[1])")) == SAID_AT_THE_TOP


@each_page
def test_links_within_a_page_lead_somewhere(page: Path) -> None:
    """Every address that begins with # names an id of the page."""
    asked = {address.removeprefix("#") for address in select(page, "//@href") if address.startswith("#")}
    assert asked
    assert asked <= set(select(page, "//@id"))


@each_page
def test_every_row_of_a_table_is_as_wide_as_the_others(page: Path) -> None:
    """Cells that span columns or rows add up, so that each score stands below its heading."""
    for table in article(page).xpath(".//table[contains(@class, 'ltx_tabular')]"):
        rows = table.xpath(".//tr")
        widths = [0] * len(rows)
        for number, row in enumerate(rows):
            for cell in row.xpath("./th | ./td"):
                for below in range(int(cell.get("rowspan", "1"))):
                    widths[number + below] += int(cell.get("colspan", "1"))
        assert len(set(widths)) == 1, widths


@each_page
def test_a_table_holds_figures_of_the_abstract_or_says_that_they_are_not(page: Path) -> None:
    """A score that the abstract does not state stands only in a table whose caption calls it a sample or an example."""
    stated = set(NUMBER.findall(papers()[page.stem]["summary"]))
    for table in article(page).xpath(".//figure[@class='ltx_table']"):
        if re.search(r"(?:sample|example) figures, not the paper's", table.xpath("string(./figcaption)")):
            continue
        cells = " ".join(table.xpath(".//td//text() | .//th//text()"))
        assert set(NUMBER.findall(cells)) <= stated
