"""Fetching and reading a paper's HTML, over real sockets."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

import pytest

from digest.errors import ReadError
from digest.fetch import PoliteFetcher
from digest.readers import arxiv_html
from digest.readers.fingerprint import text_hash
from digest.types import PageReader, ReadingSource
from tests import makers
from tests.latexml_pages import PROSE, page, para, section
from tests.paper_server import PaperServer, Redirect, Slow, Status, Truncated, WrongType, kit
from tests.text_work import read_with

PATH = "/html/2601.00001"


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as serving:
        serving.pages[PATH] = page(section("1", "Lamps", para()))
        yield serving


@pytest.fixture
async def reader(server: PaperServer) -> AsyncIterator[PageReader]:
    async with PoliteFetcher(user_agent="Paperboy/test", gaps_s={}, attempts=1, max_bytes=10**7) as fetcher:
        yield arxiv_html.build(kit(server, fetcher), {"timeout_s": 2.0})


async def test_a_paper_is_read_from_its_page(server: PaperServer, reader: PageReader) -> None:
    """A reading names its source, the address and the hash of its passages."""
    reading = await read_with(reader, makers.paper("2601.00001"))
    assert reading.source is ReadingSource.HTML
    assert reading.url == f"{server.url}{PATH}"
    assert reading.passages[-1].text == PROSE
    assert reading.text_hash == text_hash(reading.passages)


async def test_the_address_after_redirects_is_kept(server: PaperServer, reader: PageReader) -> None:
    """arXiv leads to the newest version, and that is what was read."""
    server.pages[PATH + "v2"] = server.pages[PATH]
    server.fault(PATH, Redirect(PATH + "v2"))
    assert (await read_with(reader, makers.paper("2601.00001"))).url == f"{server.url}{PATH}v2"


async def test_an_old_id_is_asked_for_with_its_archive(server: PaperServer, reader: PageReader) -> None:
    """`astro-ph/9710163` keeps its slash in the address."""
    server.pages["/html/astro-ph/9710163"] = server.pages[PATH]
    assert (await read_with(reader, makers.paper("astro-ph/9710163"))).passages[-1].text == PROSE


async def test_another_kind_of_html_is_read_too(server: PaperServer, reader: PageReader) -> None:
    """Some papers are submitted to arXiv as HTML that LaTeXML never saw."""
    server.pages[PATH] = f"<html><body><h1>Lamps</h1>{f'<p>{PROSE}</p>' * 8}</body></html>".encode()
    assert [passage.text for passage in (await read_with(reader, makers.paper("2601.00001"))).passages] == [
        "Lamps",
        *[PROSE] * 8,
    ]


async def test_a_missing_page_is_said_to_be_missing(reader: PageReader) -> None:
    """404 is told in a short sentence that names the paper."""
    with pytest.raises(ReadError, match=re.escape("arXiv has no HTML of 2601.00002.")):
        await read_with(reader, makers.paper("2601.00002"))


@pytest.mark.parametrize(
    "fault", [Slow(60), Status(500), Status(403), Truncated(), WrongType("application/pdf"), WrongType("")]
)
async def test_a_page_that_cannot_be_had_is_a_read_error(server: PaperServer, reader: PageReader, fault: Slow) -> None:
    """Whatever goes wrong on the way, the next reader can be asked, and the sentence names the paper."""
    server.fault(PATH, fault)
    with pytest.raises(ReadError, match=r"2601\.00001"):
        await read_with(reader, makers.paper("2601.00001"))


@pytest.mark.parametrize(
    "content",
    [
        page(),
        b"<html><body><h1>No HTML for '2601.00001'</h1><p>HTML is not available.</p></body></html>",
        b"<html><body><blockquote class='abstract mathjax'>" + PROSE.encode() * 9 + b"</blockquote></body></html>",
    ],
    ids=["empty conversion", "no HTML", "abstract page"],
)
async def test_a_page_that_is_not_the_paper_is_a_read_error(
    server: PaperServer, reader: PageReader, content: bytes
) -> None:
    """A page with status 200 may still hold no paper."""
    server.pages[PATH] = content
    with pytest.raises(ReadError):
        await read_with(reader, makers.paper("2601.00001"))
