"""What arXiv and the Hub tell of one paper that no list has brought."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from digest.errors import ReadError
from digest.fetch import PoliteFetcher
from digest.sources.catalogue import Catalogue
from digest.types import ArxivId, Paper
from tests.makers import DAY
from tests.paper_pages import abstract_page
from tests.paper_server import PaperServer, Reset, Status, daily_entry, kit

ID = ArxivId("2601.00007")


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as running:
        yield running


async def told(server: PaperServer, paper: ArxivId = ID) -> Paper:
    async with PoliteFetcher(user_agent="Paperboy/0", gaps_s={}, attempts=1, max_bytes=10**6) as fetcher:
        catalogue = Catalogue(kit(server, fetcher), "https://hub.example.org/", hub_timeout_s=5, arxiv_timeout_s=5)
        return await catalogue.paper(paper)


async def test_the_hub_is_asked_first(server: PaperServer) -> None:
    """It knows upvotes, code and pages; the link leads to where people find it."""
    server.days[DAY.isoformat()] = [daily_entry(ID, upvotes=12)]
    found = await told(server)
    assert (found.upvotes, found.hub_url) == (12, f"https://hub.example.org/papers/{ID}")
    assert not server.asked("/abs/")


async def test_what_the_hub_does_not_know_arxiv_tells(server: PaperServer) -> None:
    """Title, authors as people name them, day and abstract; no address on the Hub is made up."""
    server.pages[f"/abs/{ID}"] = abstract_page("Lanterns at Night", "Lanterns shine.", "Writer, Anne", "Reader, Bo")
    found = await told(server)
    assert found == Paper(
        id=ID,
        title="Lanterns at Night",
        authors=("Anne Writer", "Bo Reader"),
        abstract="Lanterns shine.",
        published_on=date(2026, 1, 15),
    )


async def test_a_hub_that_is_down_does_not_keep_arxiv_from_telling(server: PaperServer) -> None:
    """Nor one that answers nonsense."""
    server.pages[f"/abs/{ID}"] = abstract_page("Lanterns at Night", "Lanterns shine.")
    for fault in (Reset(), Status(500), Status(200, body=b"<html>"), Status(200, body=b"[1]")):
        server.fault("/api/papers/", fault)
        assert (await told(server)).title == "Lanterns at Night"


async def test_an_id_that_nobody_has_is_said_to_be_none(server: PaperServer) -> None:
    """In a sentence; a page without a title names no paper, and an outage is told apart."""
    with pytest.raises(ReadError, match=r"arXiv has no paper 2601\.00007"):
        await told(server)
    server.pages[f"/abs/{ID}"] = b"<html><body>Nothing</body></html>"
    with pytest.raises(ReadError, match="names no paper"):
        await told(server)
    server.fault("/abs/", Status(503))
    with pytest.raises(ReadError, match="for now"):
        await told(server)
