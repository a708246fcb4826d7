"""Mistakes in reports that readers told of, kept as jobs for the operator."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct

from digest.jobs import add_job
from digest.lookups import Lookups
from digest.store import Store
from digest.types import ArxivId

KIND = "mistake"
SHOWN = 10


class Mistake(Struct, frozen=True):
    paper: ArxivId
    told_by: str  # adapter:person
    told_at: datetime


def tell_mistake(store: Store, paper: ArxivId, told_by: str) -> None:
    """Notes that somebody sees a mistake in the report on a paper; each person counts once for it."""
    add_job(store, KIND, msgspec.json.encode({"paper": str(paper)}).decode(), told_by)


def mistakes(lookups: Lookups) -> tuple[Mistake, ...]:
    """The newest that nobody has dealt with, newest first."""
    rows = lookups.connection.execute(
        "SELECT request, asked_by, asked_at FROM jobs WHERE kind = ? AND state = 'waiting' ORDER BY id DESC LIMIT ?",
        (KIND, SHOWN),
    )
    return tuple(
        Mistake(
            ArxivId(msgspec.json.decode(row["request"])["paper"]),
            row["asked_by"],
            datetime.fromisoformat(row["asked_at"]),
        )
        for row in rows
    )
