"""Reading a paper with the best reader that has it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec.structs import replace

from digest.errors import ReadError, Unreachable
from digest.text.valid import valid
from digest.types import Attempt, Paper, PaperReader, Reading


async def read_paper(readers: Sequence[PaperReader], paper: Paper) -> Reading:
    """The reading of the first reader that has the paper, made valid, with what was tried before it.

    Raises ReadError when none has it.
    """
    attempts: list[Attempt] = []
    for reader in readers:
        try:
            reading = await reader.read(paper)
        except ReadError as error:
            attempts.append(Attempt(reader.source, str(error), passing=isinstance(error.__cause__, Unreachable)))
        else:
            whole = replace(reading, attempts=tuple(attempts))
            return await asyncio.to_thread(valid, whole)
    raise ReadError(" ".join(["Nothing could be read.", *(attempt.problem for attempt in attempts)]))
