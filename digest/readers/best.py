"""Reading a paper with the best reader that has it: pages are fetched here and parsed in a child process."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from digest.errors import CutOff, ReadError, Unreachable
from digest.text.valid import valid
from digest.types import Attempt, PageReader, Paper, PaperReader, Reading, ReadingSource, TextWork
from digest.workers.calls import name_of, named

log = logging.getLogger(__name__)


async def read_paper(readers: Sequence[PaperReader | PageReader], paper: Paper, text_work: TextWork) -> Reading:
    """The reading of the first reader that has the paper, made valid, with what was tried before it.

    Raises ReadError when none has it.
    """
    attempts: list[Attempt] = []
    for reader in readers:
        try:
            reading = await _read(reader, paper, text_work)
        except (ReadError, CutOff) as error:
            attempts.append(Attempt(reader.source, str(error), passing=isinstance(error.__cause__, Unreachable)))
        except Exception:
            # Whatever a reader does wrong, the next one may have the paper.
            log.exception("a reader broke", extra={"paper": paper.id, "source": reader.source})
            problem = f"Reading the {reader.source} text of {paper.id} broke; the log says how."
            attempts.append(Attempt(reader.source, problem))
        else:
            return replace(reading, paper_id=paper.id, attempts=tuple(attempts))
    raise ReadError(" ".join(["Nothing could be read.", *(attempt.problem for attempt in attempts)]))


async def _read(reader: PaperReader | PageReader, paper: Paper, text_work: TextWork) -> Reading:
    about = f"{paper.id} {reader.source}"
    if isinstance(reader, PaperReader):
        return await text_work.run(about, as_kept, await reader.read(paper))
    page = await reader.fetch(paper)
    return await text_work.run(about, parsed, name_of(reader.parse), page.body, page.url, paper.abstract)


# --- in the child ------------------------------------------------------------------------------------------------


def parsed(parse: str, page: bytes, url: str, abstract: str) -> Reading:
    """What a reader's `parse`, given by its name, makes of a page. Raises ReadError."""
    reading: Reading = named(parse)(page, url)
    if reading.source is ReadingSource.MARKDOWN:
        from digest.readers.hub_markdown import is_little_more_than

        if is_little_more_than(abstract, reading):
            raise ReadError(f"{url} holds little more than the abstract.")
    return as_kept(reading)


def as_kept(reading: Reading) -> Reading:
    """The reading with valid text alone: a plugin's may hold anything."""
    return valid(reading)
