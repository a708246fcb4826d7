"""Which reader's reading of a paper is taken, and where each of them works."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.errors import ReadError
from digest.readers.best import read_paper
from digest.readers.fingerprint import text_hash
from digest.types import Attempt, Fetched, Paper, Passage, PassageKind, Reading, ReadingSource
from digest.workers.pool import Pool
from digest.workers.text_work import ChildWork
from tests import workers_calls as calls
from tests.makers import paper


class Fetching:
    """A reader that fetches a page which says who parses it, or one that hangs."""

    source = ReadingSource.HTML
    parse = staticmethod(calls.parse)

    def __init__(self, page: bytes) -> None:
        self._page = page

    async def fetch(self, paper: Paper) -> Fetched:
        return Fetched(f"https://x.example/{paper.id}", "text/html", self._page)


class Reader:
    """A reader of an older form, which does everything itself."""

    source = ReadingSource.ABSTRACT

    async def read(self, paper: Paper) -> Reading:
        found = (Passage("", "Abstract", PassageKind.TEXT, str(os.getpid())),)
        return Reading(
            paper_id=paper.id, source=self.source, url="https://x.example", text_hash=text_hash(found), passages=found
        )


@pytest.fixture
def work() -> Iterator[ChildWork]:
    with contextlib.closing(Pool(most=1, limit_s=1)) as pool:
        yield ChildWork(pool)


async def test_pages_are_parsed_in_a_child_and_other_readers_read_here(work: ChildWork) -> None:
    """The paper's id and the address are those of whoever asked."""
    parsed = await read_paper([Fetching(b"page")], paper(), work)
    assert (parsed.paper_id, parsed.url) == (paper().id, f"https://x.example/{paper().id}")
    assert parsed.passages[0].text not in ("", str(os.getpid()))
    here = await read_paper([Reader()], paper(), work)
    assert here.passages[0].text == str(os.getpid())


class Older(Reader):
    """With a helper of a name that the newer form has."""

    async def fetch(self, paper: Paper) -> Fetched:
        raise AssertionError(paper)


class Broken(Reader):
    async def read(self, paper: Paper) -> Reading:
        raise ZeroDivisionError(paper.id)


class Lost(Fetching):
    """No name leads to what parses its pages."""

    parse = staticmethod(lambda *_: pytest.fail("it was called"))  # type: ignore[assignment]  # a careless plugin


async def test_a_reader_that_reads_is_asked_to(work: ChildWork) -> None:
    """Whatever else it has."""
    assert (await read_paper([Older()], paper(), work)).passages[0].text == str(os.getpid())


async def test_when_a_reader_breaks_the_next_one_is_asked(work: ChildWork) -> None:
    """The log says how; the reading, that it was tried."""
    reading = await read_paper([Broken(), Lost(b"page"), Reader()], paper(), work)
    assert [attempt.problem for attempt in reading.attempts] == [
        f"Reading the {source} text of {paper().id} broke; the log says how." for source in ("abstract", "html")
    ]


async def test_when_parsing_is_stopped_the_next_reader_is_asked(work: ChildWork, tmp_path: Path) -> None:
    """The reading says what was tried, and why."""
    hanging = Fetching(b"hang " + str(tmp_path / "process").encode())
    reading = await read_paper([hanging, Reader()], paper(), work)
    (attempt,) = reading.attempts
    assert reading.source is ReadingSource.ABSTRACT
    assert isinstance(attempt, Attempt)
    assert attempt.source is ReadingSource.HTML
    assert f"Work on {paper().id} (html) was given up" in attempt.problem
    assert not attempt.passing
    with pytest.raises(ReadError, match="took longer than 1 s"):
        await read_paper([hanging], paper(), work)
