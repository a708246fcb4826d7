"""What the Hub and arXiv tell of one paper, for papers that no day's list has brought.

https://huggingface.co/docs/hub/api, "Paper Pages API", has the Hub's answer; arXiv's abstract page tells in its
metadata what Google Scholar asks for (https://scholar.google.com/intl/en/scholar/inclusion.html#indexing).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from msgspec.structs import replace

from digest.errors import FetchError, InvalidId, NotFound, ReadError
from digest.readers.abstract import passages
from digest.sources.huggingface import parse_entry
from digest.text.valid import bounded
from digest.types import ArxivId, Kit, Paper


class Catalogue:
    """`public_url` is where people find the Hub. Both places are asked by the kit's fetcher."""

    def __init__(
        self, kit: Kit, public_url: str, *, hub_timeout_s: float | None, arxiv_timeout_s: float | None
    ) -> None:
        self._kit = kit
        self._public_url = public_url.rstrip("/")
        self._hub_timeout_s = hub_timeout_s
        self._arxiv_timeout_s = arxiv_timeout_s

    async def paper(self, paper_id: ArxivId) -> Paper:
        """The paper as the Hub tells of it, else as arXiv does. Raises ReadError when neither knows it."""
        try:
            known = await self._hub(paper_id)
        except FetchError:
            known = None  # arXiv has every paper, the Hub some
        return known or await self._arxiv(paper_id)

    async def _hub(self, paper_id: ArxivId) -> Paper | None:
        """None when the Hub's answer tells nothing of this paper. Raises FetchError."""
        url = f"{self._kit.hub_url}/api/papers/{paper_id}"
        fetched = await self._kit.fetcher.get(url, timeout_s=self._hub_timeout_s)
        try:
            told: Any = await asyncio.to_thread(json.loads, fetched.body.decode(errors="replace"))
            found = parse_entry(told, self._public_url)
        except (InvalidId, ValueError, RecursionError):
            return None
        return found if found.id == paper_id else None

    async def _arxiv(self, paper_id: ArxivId) -> Paper:
        url = f"{self._kit.arxiv_url}/abs/{paper_id}"
        try:
            fetched = await self._kit.fetcher.get(url, timeout_s=self._arxiv_timeout_s)
        except NotFound as error:
            raise ReadError(f"arXiv has no paper {paper_id}. Check the id.") from error
        except FetchError as error:
            raise ReadError(f"arXiv tells nothing of {paper_id} for now. {error}") from error
        found = await self._kit.text_work.run(f"{paper_id} arXiv", paper_of, fetched.body, paper_id)
        if found is None:
            raise ReadError(f"{url} names no paper. Look at the page in a browser.")
        return found


def paper_of(page: bytes, paper_id: ArxivId) -> Paper | None:
    """The paper that an arXiv abstract page (UTF-8) is about; None when it tells no title."""
    from lxml import etree, html  # needed in the child alone

    try:
        root = html.document_fromstring(page, parser=html.HTMLParser(encoding="utf-8"))
    except etree.LxmlError:
        return None
    told: dict[str, list[str]] = {}
    for meta in root.iter("meta"):
        told.setdefault(meta.get("name", ""), []).append(" ".join(meta.get("content", "").split()))
    title = next(filter(None, told.get("citation_title", ())), "")
    if not title:
        return None
    found = Paper(
        id=paper_id,
        title=title,
        authors=tuple(_in_order(name) for name in told.get("citation_author", ()) if name),
        published_on=_day(told),
    )
    abstract = passages(page)
    return bounded(replace(found, abstract=abstract[0].text) if abstract else found)


def _in_order(name: str) -> str:
    """`Writer, Anne` as people say it: Anne Writer."""
    family, _, given = name.partition(", ")
    return f"{given} {family}".strip()


def _day(told: Mapping[str, Sequence[str]]) -> date | None:
    for text in told.get("citation_date", ()):
        try:
            return date.fromisoformat(text.replace("/", "-"))
        except ValueError:
            continue
    return None
