"""A paper's text as arXiv's HTML, `{arxiv}/html/ID`: the best source there is, with tables, formulas and captions."""

from __future__ import annotations

import re
from typing import Any

from digest.errors import FetchError, NotFound, ReadError
from digest.readers.fingerprint import text_hash
from digest.types import Fetched, Kit, PageReader, Paper, Passage, Reading, ReadingSource

_ABSTRACT_PAGE = re.compile(rb"<blockquote[^>]{0,200}\babstract\b|<meta[^>]{0,200}\bcitation_arxiv_id\b", re.IGNORECASE)
_TYPES = ("text/html", "application/xhtml+xml")


def build(kit: Kit, options: dict[str, Any]) -> PageReader:
    """The reader of arXiv's HTML as `[arxiv]` of the settings has it."""
    return ArxivHtmlReader(kit, options.get("timeout_s"))


def parse(page: bytes, url: str) -> Reading:
    """The reading of a paper's page. Raises ReadError when the page holds no paper."""
    found = passages(page)
    return Reading(source=ReadingSource.HTML, url=url, text_hash=text_hash(found), passages=found)


def passages(page: bytes) -> tuple[Passage, ...]:
    """What an HTML page of a paper says, however it was made. Blocks; raises ReadError."""
    from digest.readers import latexml

    if latexml.is_latexml(page):
        return latexml.passages(page)
    if is_abstract_page(page):
        raise ReadError("The page is arXiv's abstract page, not the paper.")
    from digest.readers import other_html

    return other_html.passages(page)


def is_abstract_page(page: bytes) -> bool:
    return _ABSTRACT_PAGE.search(page) is not None


class ArxivHtmlReader:
    source = ReadingSource.HTML
    parse = staticmethod(parse)

    def __init__(self, kit: Kit, timeout_s: float | None) -> None:
        self._kit = kit
        self._timeout_s = timeout_s

    async def fetch(self, paper: Paper) -> Fetched:
        """Raises ReadError when arXiv has no HTML of the paper."""
        try:
            fetched = await self._kit.fetcher.get(f"{self._kit.arxiv_url}/html/{paper.id}", timeout_s=self._timeout_s)
        except NotFound as error:
            raise ReadError(f"arXiv has no HTML of {paper.id}.") from error
        except FetchError as error:
            raise ReadError(f"No HTML of {paper.id}. {error}") from error
        if fetched.content_type not in _TYPES:
            told = fetched.content_type or "something without a type"
            raise ReadError(f"No HTML of {paper.id}: {fetched.url} answered with {told}.")
        return fetched
