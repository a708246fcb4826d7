"""The abstract as a paper's text: the list's own, or when it has none, that of the paper's arXiv page."""

from __future__ import annotations

from typing import Any

from digest.errors import FetchError, ReadError
from digest.readers.fingerprint import text_hash
from digest.types import Kit, Paper, PaperReader, Passage, PassageKind, Reading, ReadingSource


def build(kit: Kit, options: dict[str, Any]) -> PaperReader:
    """The reader of abstracts as `[arxiv]` of the settings has it."""
    return AbstractReader(kit, options.get("timeout_s"))


class AbstractReader:
    source = ReadingSource.ABSTRACT

    def __init__(self, kit: Kit, timeout_s: float | None) -> None:
        self._kit = kit
        self._timeout_s = timeout_s

    async def read(self, paper: Paper) -> Reading:
        """One passage. Raises ReadError when neither the list nor arXiv has an abstract."""
        url = f"{self._kit.arxiv_url}/abs/{paper.id}"
        if told := listed_abstract(paper, url):
            return told
        try:
            fetched = await self._kit.fetcher.get(url, timeout_s=self._timeout_s)
        except FetchError as error:
            raise ReadError(f"No abstract of {paper.id}. {error}") from error
        found = await self._kit.text_work.run(f"{paper.id} {self.source}", passages, fetched.body)
        if not found:
            raise ReadError(f"No abstract of {paper.id}: {fetched.url} shows none. Look at the page in a browser.")
        return _reading(paper, fetched.url, found)


def listed_abstract(paper: Paper, otherwise: str = "") -> Reading | None:
    """The abstract that a list told; `otherwise` is where it can be seen when the Hub has no page of the paper."""
    found = _passage(paper.abstract)
    return _reading(paper, paper.hub_url or otherwise, found) if found else None


def _reading(paper: Paper, url: str, found: tuple[Passage, ...]) -> Reading:
    return Reading(
        paper_id=paper.id, source=ReadingSource.ABSTRACT, url=url, text_hash=text_hash(found), passages=found
    )


def passages(page: bytes) -> tuple[Passage, ...]:
    """The abstract on an arXiv abstract page (UTF-8), as one passage; none when the page shows none."""
    from lxml import etree, html  # needed in the child alone

    try:
        root = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    except etree.LxmlError:
        return ()
    # The metadata comes first: in the visible text every address reads "this http URL".
    told = [meta.get("content", "") for meta in root.iter("meta") if meta.get("name") == "citation_abstract"]
    shown = [_shown(quote) for quote in root.iter("blockquote") if "abstract" in quote.get("class", "").split()]
    return next(filter(None, map(_passage, [*told, *shown])), ())


def _shown(quote: Any) -> str:
    """What an abstract's element says, without the word "Abstract" before it."""
    for label in quote.find_class("descriptor"):
        label.drop_tree()
    return str(quote.text_content())


def _passage(text: str) -> tuple[Passage, ...]:
    line = " ".join(text.split())
    return (Passage("", "Abstract", PassageKind.TEXT, line),) if line else ()
