"""The bundled sample day against the real one."""

from __future__ import annotations

import re

from tests.material import material
from tests.test_sample import NUMBER, PAGES, article, papers, runs_of_words

MAX_EQUAL_WORDS = 7


def test_ids_titles_and_upvotes_are_those_of_the_day() -> None:
    """What is told as fact is fact."""
    facts = ("id", "title", "upvotes", "publishedAt", "githubRepo", "projectPage")
    assert [[paper.get(fact) for fact in facts] for paper in papers().values()] == [
        [paper.get(fact) for fact in facts] for paper in papers(material("hub/2026-01-16.json")).values()
    ]


def test_every_figure_of_an_abstract_stands_in_the_real_one() -> None:
    """No abstract states a number with digits that the paper's own abstract (or title) does not state."""
    for paper_id, real in papers(material("hub/2026-01-16.json")).items():
        stated = set(re.findall(r"\d+(?:[.,]\d+)*", f"{real['title']} {real['summary']}"))
        # An address is a fact of the list.
        told = re.sub(r"https?://\S+", "", papers()[paper_id]["summary"])
        assert set(NUMBER.findall(told)) <= stated, paper_id


def test_the_sentences_are_our_own() -> None:
    """No abstract and no page shares eight words in a row with a real abstract, names and titles aside."""
    length = MAX_EQUAL_WORDS + 1
    real = papers(material("hub/2026-01-16.json")).values()
    theirs = {run for paper in real for run in runs_of_words(paper["summary"], length)}
    ours = {paper_id: paper["summary"] for paper_id, paper in papers().items()}
    for page in PAGES:
        ours[page.name] = " ".join(article(page).xpath(".//p[@class='ltx_p']//text()[not(ancestor::annotation)]"))
    for place, text in ours.items():
        bare = re.sub(r"https?://\S+", "|", text)
        assert not theirs & set(runs_of_words(bare, length)), place
