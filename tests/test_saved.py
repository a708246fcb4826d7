"""Reading files that somebody saved."""

from __future__ import annotations

import pytest

from digest.errors import ReadError
from digest.readers import saved
from digest.types import ReadingSource
from tests.latexml_pages import PROSE, page, para, section

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
