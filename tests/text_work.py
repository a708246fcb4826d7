"""Text work as the product does it, in the child processes of this process, for tests that build parts themselves."""

from __future__ import annotations

from bot import compose
from digest.readers.best import read_paper
from digest.store_thread import StoreThread
from digest.types import PageReader, Paper, PaperReader, Reading
from digest.workers.text_work import ChildWork


def text_work(store: StoreThread | None = None) -> ChildWork:
    return ChildWork(compose.pool(), store)


async def read_with(reader: PaperReader | PageReader, paper: Paper) -> Reading:
    """What one reader makes of a paper. Raises ReadError."""
    return await read_paper([reader], paper, text_work())
