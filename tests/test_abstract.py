"""The abstract: always there, from the list when it tells it, else from arXiv's page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ReadError
from digest.fetch import PoliteFetcher
from digest.readers.abstract import build, passages
from digest.readers.fingerprint import text_hash
from digest.types import Passage, PassageKind, Reading, ReadingSource
from tests.makers import paper
from tests.paper_server import PaperServer, Status, kit

ABS = "/abs/2601.00001"
VISIBLE = """<html><body><blockquote class="abstract mathjax">
    <span class="descriptor">Abstract:</span>Lamps glow at $x &lt; 3$
    in <a href="https://example.org">caves</a> &amp; mines.
</blockquote><blockquote class="quote">Elsewhere.</blockquote></body></html>"""
TEXT = "Lamps glow at $x < 3$ in caves & mines."


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as server:
        yield server


@pytest.fixture
async def fetcher() -> AsyncIterator[PoliteFetcher]:
    async with PoliteFetcher(
        user_agent="Paperboy/0", gaps_s={}, attempts=2, max_bytes=1_000_000, backoff_s=0.001
    ) as web:
        yield web


async def read(server: PaperServer, fetcher: PoliteFetcher, **changes: str) -> Reading:
    return await build(kit(server, fetcher), {"timeout_s": 5.0}).read(paper(**changes))


async def test_the_lists_own_abstract_needs_no_request(server: PaperServer, fetcher: PoliteFetcher) -> None:
    """One passage, under the paper's address at the Hub."""
    reading = await read(server, fetcher, abstract="Lamps glow.")
    assert reading.passages == (Passage("", "Abstract", PassageKind.TEXT, "Lamps glow."),)
    assert reading.url == "https://huggingface.co/papers/2601.00001"
    assert (reading.paper_id, reading.source) == ("2601.00001", ReadingSource.ABSTRACT)
    assert reading.text_hash == text_hash(reading.passages)
    assert server.requests == []


async def test_a_paper_from_elsewhere_is_told_by_its_arxiv_address(server: PaperServer, fetcher: PoliteFetcher) -> None:
    """Without an address at the Hub."""
    assert (await read(server, fetcher, hub_url="")).url == server.url + ABS


async def test_without_an_abstract_in_the_list_arxiv_is_asked(server: PaperServer, fetcher: PoliteFetcher) -> None:
    """Once, and the reading names the page."""
    server.pages[ABS] = VISIBLE.encode()
    reading = await read(server, fetcher, abstract="")
    assert [passage.text for passage in reading.passages] == [TEXT]
    assert reading.url == server.url + ABS
    assert [request.path for request in server.requests] == [ABS]


@pytest.mark.parametrize("body", [b"", b"<html><body><p>Nothing</p></body></html>", b"%PDF-1.5"])
async def test_a_page_without_an_abstract_is_a_read_error(
    server: PaperServer, fetcher: PoliteFetcher, body: bytes
) -> None:
    """The sentence names the paper and the page."""
    server.pages[ABS] = body
    with pytest.raises(ReadError, match=f"No abstract of 2601.00001: {server.url}{ABS} shows none"):
        await read(server, fetcher, abstract="")


@pytest.mark.parametrize("status", [404, 403, 503])
async def test_a_page_that_cannot_be_had_is_a_read_error(
    server: PaperServer, fetcher: PoliteFetcher, status: int
) -> None:
    """With the cause."""
    server.fault(ABS, Status(status), times=2)
    with pytest.raises(ReadError, match=rf"No abstract of 2601\.00001\. {server.url}{ABS}.*{status}"):
        await read(server, fetcher, abstract="")


def test_the_metadata_tell_what_the_visible_text_shortens() -> None:
    """The visible text says "this http URL" where an address stands."""
    page = f'<head><meta name="citation_abstract" content="See https://a.org/b\nnow."></head>{VISIBLE}'
    assert passages(page.encode())[0].text == "See https://a.org/b now."
    blank = page.replace("See https://a.org/b\nnow.", " ")
    assert passages(blank.encode())[0].text == TEXT


def test_an_abstract_is_read_as_utf_8() -> None:
    """arXiv's pages are, whether they say so or not."""
    page = '<blockquote class="abstract">Poincaré 与 注意力</blockquote>'
    assert passages(page.encode())[0].text == "Poincaré 与 注意力"


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60) | st.text(alphabet="<>/!-blockquote class='abstract' x\x00&#;", max_size=60).map(str.encode)
)
def test_no_page_breaks_the_reader(page: bytes) -> None:
    """Any bytes give one passage of text or none."""
    assert all(passage.text.strip() for passage in passages(page))


def test_the_fingerprint_tells_every_change_of_text() -> None:
    """Each field counts, and moving a word over a boundary makes another text."""
    one, two = Passage("a", "h", PassageKind.TEXT, "x y"), Passage("b", "h", PassageKind.TEXT, "z")
    variants = [
        (),
        (one,),
        (one, two),
        (two, one),
        (one, Passage("b", "h", PassageKind.LIST, "z")),
        (one, Passage("b", "i", PassageKind.TEXT, "z")),
        (one, Passage("c", "h", PassageKind.TEXT, "z")),
        (Passage("a", "h", PassageKind.TEXT, "x"), Passage("b", "h", PassageKind.TEXT, "y z")),
    ]
    assert len({text_hash(passages) for passages in variants}) == len(variants)
    assert text_hash([one, two]) == text_hash((one, two))
    assert len(text_hash(())) == 64
