"""Reading files that somebody saved."""

from __future__ import annotations

from pathlib import Path

import pytest

from digest.errors import ReadError
from digest.readers import saved
from digest.types import ReadingSource
from tests.latexml_pages import PROSE, page, para, section

SHARED = Path(__file__).parents[2] / "shared"
ABSTRACT_PAGE = f'<!DOCTYPE html><html><body><blockquote class="abstract mathjax">{PROSE}</blockquote></body></html>'
MARKDOWN = f"# Lamps\n\n## Introduction\n\n{PROSE}\n\n{PROSE}\n\n## Method\n\n{PROSE}\n\n{PROSE}\n\n{PROSE}\n"


@pytest.mark.parametrize(
    ("content", "source"),
    [
        (page(section("1", "Lamps", para())), ReadingSource.HTML),
        (f"<html><body><h1>Lamps</h1>{f'<p>{PROSE}</p>' * 8}</body></html>".encode(), ReadingSource.HTML),
        (ABSTRACT_PAGE.encode(), ReadingSource.ABSTRACT),
        (MARKDOWN.encode(), ReadingSource.MARKDOWN),
        (b"\xef\xbb\xbf" + MARKDOWN.encode(), ReadingSource.MARKDOWN),
    ],
    ids=["LaTeXML", "other HTML", "abstract page", "Markdown", "Markdown with a mark"],
)
def test_a_file_is_read_as_what_it_is(content: bytes, source: ReadingSource) -> None:
    """The content decides, whatever the file is called."""
    found, passages = saved.passages_of(content)
    assert found is source
    assert PROSE in str(passages)


@pytest.mark.parametrize("content", [b"", b" \n", b"\x89PNG\r\n\x1a\n\xff\xfe", b"<html></html>", page()])
def test_a_file_without_a_paper_is_refused(content: bytes) -> None:
    """The sentence says what is wrong with the file."""
    with pytest.raises(ReadError, match=r"\.$"):
        saved.passages_of(content)


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
    file = SHARED / name
    if not file.exists():
        pytest.skip(f"{file} is not there")
    found, passages = saved.passages_of(file.read_bytes())
    assert found is source
    assert passages
