"""The record of model calls: each is written down before it is made, and what became of it after. SQL of their table.

digest.costs counts what they cost, digest.retries when answers that could not be used are bought again.
"""

from __future__ import annotations

import msgspec

from digest.costs import spent_usd
from digest.errors import LimitReached
from digest.retries import Unusable
from digest.store import Store, _transaction
from digest.types import ModelCall


def begin(store: Store, call: ModelCall) -> int:
    """Write a call down before it is made; gives its number."""
    with _transaction(store.connection) as connection:
        columns = _call_columns(call)
        number = connection.execute(
            f"INSERT INTO model_calls ({', '.join(columns)}) VALUES ({', '.join(':' + name for name in columns)})",
            columns,
        ).lastrowid
    assert number is not None  # noqa: S101 (an INSERT has just been made)
    return number


def begin_within(store: Store, call: ModelCall, limit_usd: float) -> int:
    """See types.CallBook.begin_within. What other processes call is counted, too."""
    with _transaction(store.connection):
        spent = spent_usd(store, call.started_at)
        if spent + (call.cost_usd or 0.0) > limit_usd:
            raise LimitReached(limit_usd, spent)
        return begin(store, call)


def end(store: Store, number: int, call: ModelCall) -> None:
    """Write down what became of the call with this number."""
    columns = _call_columns(call)
    with _transaction(store.connection) as connection:
        row = connection.execute("SELECT identity FROM model_calls WHERE id = ?", (number,)).fetchone()
        if row is not None and not row["identity"]:  # whoever asked was forgotten while it was under way
            columns |= {"identity": "", "error": ""}
        connection.execute(
            f"UPDATE model_calls SET {', '.join(f'{name} = :{name}' for name in columns)} WHERE id = :number",
            {**columns, "number": number},
        )


def unfinished(store: Store, identity: str) -> bool:
    """Whether a call for this identity was begun, and never ended or was answered: an answer may have been lost.

    Writers ask only when no report came of it, or none that may stay.
    """
    row = store.connection.execute(
        "SELECT 1 FROM model_calls WHERE identity = ? AND outcome IN ('begun', 'answered', 'recalled')", (identity,)
    ).fetchone()
    return row is not None


def spoil(store: Store, identity: str, outcome: Unusable, problem: str) -> None:
    """Note that the answers of an identity, which seemed good or were not even noted, made no stored report. An answer
    that mended it is not asked for again either."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE model_calls SET outcome = ?, error = ? "
            "WHERE identity IN (?, ? || '|repair') AND outcome IN ('begun', 'answered', 'recalled')",
            (outcome, problem, identity, identity),
        )


def _call_columns(call: ModelCall) -> dict[str, object]:
    columns = msgspec.structs.asdict(call)
    columns["paper"] = columns.pop("paper_id")
    columns["started_at"] = call.started_at.isoformat()
    return columns
