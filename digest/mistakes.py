"""Mistakes in reports that readers told of, in their own words, kept as jobs until the operator has dealt with them."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from digest.errors import UsageError
from digest.jobs import JobState, add_job, finish_job, job
from digest.lookups import Lookups
from digest.store import Store, _transaction
from digest.types import ArxivId, SectionName

KIND = "mistake"
SHOWN = 10
WORDS_CHARS = 1_000


class Mistake(Struct, frozen=True):
    """`number` is what `dismiss` takes. No section and no words: it was told before people were asked for them."""

    number: int
    paper: ArxivId
    section: SectionName | None
    words: str
    told_by: str  # adapter:person
    told_at: datetime


class _Told(Struct, frozen=True, omit_defaults=True):
    paper: str
    section: SectionName | None = None
    words: str = ""


def tell_mistake(store: Store, paper: ArxivId, section: SectionName | None, words: str, told_by: str) -> int:
    """Notes what somebody says is wrong in the report on a paper, and gives its number; the same said again is the
    same."""
    told = _Told(str(paper), section, " ".join(words.split())[:WORDS_CHARS])
    return add_job(store, KIND, msgspec.json.encode(told).decode(), told_by)


def mistakes(lookups: Lookups) -> tuple[Mistake, ...]:
    """The newest that nobody has dealt with, newest first."""
    rows = lookups.connection.execute(
        "SELECT id, request, asked_by, asked_at FROM jobs WHERE kind = ? AND state = 'waiting' "
        "ORDER BY id DESC LIMIT ?",
        (KIND, SHOWN),
    )
    found = []
    for row in rows:
        told = msgspec.json.decode(row["request"], type=_Told)
        moment = datetime.fromisoformat(row["asked_at"])
        found.append(Mistake(row["id"], ArxivId(told.paper), told.section, told.words, row["asked_by"], moment))
    return tuple(found)


def dismiss(store: Store, number: int) -> None:
    """Has a mistake no more be shown: it was put right, or is none. Raises UsageError when there is no such one."""
    with _transaction(store.connection):
        try:
            known = job(store, number)
        except UsageError:
            raise UsageError(f'There is no mistake {number}. "paperboy status" shows those that wait.') from None
        if known.kind != KIND or known.state is not JobState.WAITING:
            raise UsageError(f'{number} is no mistake that waits. "paperboy status" shows those that do.')
        finish_job(store, number, "Dismissed.")
