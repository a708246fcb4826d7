"""Real files that somebody saved."""

from __future__ import annotations

import pytest

from digest.readers import saved
from digest.types import ReadingSource
from tests.material import material


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("arxiv_html/1902.02534.abs.html", ReadingSource.ABSTRACT),
        ("arxiv_html/2310.06825.html", ReadingSource.HTML),
        ("arxiv_pdf/one-page.pdf", ReadingSource.PDF),
    ],
)
def test_real_files_are_known_for_what_they_are(name: str, source: ReadingSource) -> None:
    """A real abstract page, a LaTeXML page and a PDF."""
    found, passages = saved.passages_of(material(name).read_bytes())
    assert found is source
    assert passages
