"""What a real page of arXiv tells of its paper."""

from __future__ import annotations

from datetime import date

from digest.sources.catalogue import paper_of
from digest.types import ArxivId
from tests.material import material


def test_a_real_abstract_page_tells_its_paper() -> None:
    found = paper_of(material("arxiv_html/1902.02534.abs.html").read_bytes(), ArxivId("1902.02534"))
    assert found is not None
    assert len(found.authors) == 3
    assert found.published_on == date(2019, 2, 7)
    assert len(found.abstract) > 500
    assert ", " not in found.authors[0]
