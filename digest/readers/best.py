"""Reading a paper with the best reader that has it: pages are fetched here and parsed in a child process."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from digest.errors import CutOff, ReadError, Unreachable
from digest.text.valid import valid
from digest.types import Attempt, PageReader, Paper, PaperReader, Reading, ReadingSource, TextWork
from digest.workers.calls import name_of, named


async def read_paper(readers: Sequence[PaperReader | PageReader], paper: Paper, text_work: TextWork) -> Reading:
    """The reading of the first reader that has the paper, made valid, with what was tried before it.

    Raises ReadError when none has it.
    """
    attempts: list[Attempt] = []
    for reader in readers:
        about = f"{paper.id} {reader.source}"
        try:
            if isinstance(reader, PageReader):
                page = await reader.fetch(paper)
                parse = name_of(reader.parse)
                reading = await text_work.run(about, parsed, parse, page.body, page.url, paper.abstract)
            else:
                reading = await asyncio.to_thread(valid, await reader.read(paper))  # a plugin's may hold anything
        except (ReadError, CutOff) as error:
            attempts.append(Attempt(reader.source, str(error), passing=isinstance(error.__cause__, Unreachable)))
        else:
            return replace(reading, paper_id=paper.id, attempts=tuple(attempts))
    raise ReadError(" ".join(["Nothing could be read.", *(attempt.problem for attempt in attempts)]))


# --- in the child ------------------------------------------------------------------------------------------------


def parsed(parse: str, page: bytes, url: str, abstract: str) -> Reading:
    """What a reader's `parse`, given by its name, makes of a page. Raises ReadError."""
    reading: Reading = named(parse)(page, url)
    if reading.source is ReadingSource.MARKDOWN:
        from digest.readers.hub_markdown import is_little_more_than

        if is_little_more_than(abstract, reading):
            raise ReadError(f"{url} holds little more than the abstract.")
    return valid(reading)
