"""When answers of a model that could not be used are bought again, from the record of calls. SQL that reads only.

A purchase is everything that is asked for one report or answer at one time: its tries, refused forms among them. After
one that was in vain the next is made when WAITS allow it, after the last none by itself. A person may buy at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, get_args

from digest.types import ModelFailure, Report

WAITS = (timedelta(hours=1), timedelta(hours=4), timedelta(hours=12))  # after the first purchase, the second, the third

# Outcomes of calls whose answer came, so that it was paid for, and could not be used.
Unusable = Literal[
    "refused",
    "filtered",
    "empty",
    "truncated",
    "malformed",
    "page",
    "incomplete",
    "language",
    "dictated",
    "too long",
    "endless",
    "cut off",
    "broken",
]
# Outcomes of calls that reached the endpoint and brought no answer: it may have been made, and charged.
_LOST = "'timeout', 'dropped', '504', '524'"
_UNUSABLE = ", ".join(f"'{outcome}'" for outcome in get_args(Unusable))


def identity(paper: str, language: str, text_hash: str, writer: str, prompt_version: str) -> str:
    """What a report is bought under: see Report."""
    return "|".join((paper, language, text_hash, writer, prompt_version))


def failure(connection: sqlite3.Connection, bought: str) -> ModelFailure | None:
    """Return what is known of an identity's answers that could not be used, or may have been made and did not come;
    None when there was none. What the first crash lost is bought again at once, and not counted."""
    rows = connection.execute(
        f"SELECT started_at, outcome, error FROM model_calls WHERE identity = ? "  # noqa: S608 (our own words)
        f"AND outcome IN ({_UNUSABLE}, {_LOST}, 'begun', 'answered') ORDER BY started_at, id",
        (bought,),
    ).fetchall()
    crashed = [place for place, row in enumerate(rows) if row["outcome"] in ("begun", "answered")]
    if crashed:
        del rows[crashed[0]]
    if not rows:
        return None
    calls = [_Call(datetime.fromisoformat(row["started_at"]), f"'{row['outcome']}'" not in _LOST) for row in rows]
    answered = any(call.answered for call in calls)
    return ModelFailure(answered, _next_try(calls), rows[-1]["error"] or "Paperboy ended before it was stored")


def failure_behind(connection: sqlite3.Connection, report: Report) -> ModelFailure | None:
    """Return why a provisional report is not the model's; None when the last call for it tells no reason."""
    paper = identity(report.paper_id, report.language, report.text_hash, "", "").removesuffix("|")
    last = connection.execute(
        "SELECT identity, outcome, started_at, error FROM model_calls WHERE identity >= ? AND identity < ? "
        "AND purpose = 'report' ORDER BY started_at DESC, id DESC LIMIT 1",
        (paper, f"{paper[:-1]}}}"),  # "}" is the character after "|"
    ).fetchone()
    if last is None or last["outcome"] in ("begun", "answered", "recalled"):
        return None
    known = failure(connection, last["identity"])
    if known is not None and known.answered and known.keeps_waiting(datetime.fromisoformat(last["started_at"])):
        return known
    return ModelFailure(False, None, last["error"])


class _Call(NamedTuple):
    moment: datetime
    answered: bool  # so that it was paid for; else it may have been


def _next_try(calls: Iterable[_Call]) -> datetime | None:
    """When to buy after calls that were made in vain, in order; None: not again.

    A call before the wait is over belongs to the purchase that began it, or is one that a person asked for. Calls that
    no answer came of wait as long, and are never the last.
    """
    purchases, answered, until = 0, 0, None
    for call in calls:
        if until is None or call.moment >= until:
            purchases += 1
            answered += call.answered
            if answered > len(WAITS):
                return None
        until = call.moment + WAITS[min(purchases, len(WAITS)) - 1]
    return until
