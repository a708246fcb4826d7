"""A page, PDF or Markdown file that somebody saved, read as the readers would read it."""

from __future__ import annotations

import re

from digest.errors import ReadError
from digest.readers.fingerprint import text_hash
from digest.text.valid import valid
from digest.types import Passage, Reading, ReadingSource

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|article)\b", re.IGNORECASE)
_PDF_BEGINS_WITHIN = 1024  # bytes: some tools write before "%PDF-" (ISO 32000-1, annex H, note 13)
_HTML_BEGINS_WITHIN = 4096


def parse(content: bytes, url: str) -> Reading:
    """The reading of a file. Raises ReadError as `passages_of` does."""
    source, found = passages_of(content)
    return valid(Reading(source=source, url=url, text_hash=text_hash(found), passages=found))


def passages_of(content: bytes) -> tuple[ReadingSource, tuple[Passage, ...]]:
    """What kind of source a file is and what it says: HTML, an arXiv abstract page, a PDF, else Markdown.

    Raises ReadError, whose text says what is wrong with the file.
    """
    if not content.strip():
        raise ReadError("The file is empty.")
    if b"%PDF-" in content[:_PDF_BEGINS_WITHIN]:
        from digest.readers import pdf_text

        return ReadingSource.PDF, pdf_text.passages(content)
    if _HTML.search(content[:_HTML_BEGINS_WITHIN]):
        return _html(content)
    from digest.readers import hub_markdown

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ReadError("The file is neither HTML, PDF nor text in UTF-8. Save the paper in one of these.") from error
    return ReadingSource.MARKDOWN, hub_markdown.passages(text)


def _html(page: bytes) -> tuple[ReadingSource, tuple[Passage, ...]]:
    from digest.readers import abstract, arxiv_html

    if arxiv_html.is_abstract_page(page):
        found = abstract.passages(page)
        if found:
            return ReadingSource.ABSTRACT, found
    return ReadingSource.HTML, arxiv_html.passages(page)
