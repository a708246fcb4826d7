"""A paper's text from its PDF, `{arxiv}/pdf/ID`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from digest.errors import FetchError, NotFound, ReadError
from digest.readers import pdf_text
from digest.readers.fingerprint import text_hash
from digest.types import Fetched, Kit, Paper, Reading, ReadingSource


def build(kit: Kit, options: Mapping[str, Any]) -> PdfReader:
    """`options` is the settings' table `[arxiv]`."""
    return PdfReader(kit, float(options["timeout_s"]))


def parse(page: bytes, url: str) -> Reading:
    """The reading of a PDF. Raises ReadError as pdf_text.passages does."""
    found = pdf_text.passages(page)
    return Reading(source=ReadingSource.PDF, url=url, text_hash=text_hash(found), passages=found)


class PdfReader:
    source = ReadingSource.PDF
    parse = staticmethod(parse)

    def __init__(self, kit: Kit, timeout_s: float) -> None:
        self._kit = kit
        self._timeout_s = timeout_s

    async def fetch(self, paper: Paper) -> Fetched:
        """Raises ReadError when arXiv has no PDF of the paper."""
        url = f"{self._kit.arxiv_url}/pdf/{paper.id}"
        try:
            return await self._kit.fetcher.get(url, timeout_s=self._timeout_s)
        except NotFound as error:
            raise ReadError(f"arXiv has no PDF of {paper.id}.") from error
        except FetchError as error:
            raise ReadError(f"The PDF of {paper.id} cannot be had. {error}") from error
