"""What people ask for that costs money or patience, counted by day (UTC), for a person and for their workspace.

The SQL of the tables spendings and spending_keys. A person counts as one in all workspaces of a platform; their direct
messages, where a platform tells of no workspace there, count together as one.

What a person who is forgotten has spent that day still counts, under a hash with a random key of that day. When the day
is over key and hashes are erased, so that nothing is left to try the ids of people against.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from msgspec import Struct

from digest.cleanup import request_cleanup
from digest.errors import PaperboyError
from digest.store import Store, _transaction
from digest.types import Invocation


class Kind(StrEnum):
    ASK = "ask"  # a question about a paper's text
    READ = "read"  # a paper that is fetched for somebody
    NOTICE = "notice"  # something that the operator hears of: a reported mistake, a paper that was hidden


class Budget(Struct, frozen=True):
    """How much of a kind a person and a workspace have a day; 0: as much as they like."""

    person: int = 0
    workspace: int = 0


Budgets = Mapping[Kind, Budget]
_HASHED = "forgotten:"  # begins the name of a person who is known by a hash alone


class Overspent(PaperboyError):
    """A budget is used up until `free_at`. `whole`: it is the workspace's, not the person's own."""

    def __init__(self, kind: Kind, limit: int, free_at: datetime, *, whole: bool) -> None:
        whose = "This workspace has" if whole else "You have"
        super().__init__(f"{whose} used up the {limit} of a day. The next is free at {free_at:%H:%M} UTC.")
        self.kind = kind
        self.limit = limit
        self.free_at = free_at
        self.whole = whole


def spend(store: Store, asked: Invocation, kind: Kind, budget: Budget) -> None:
    """Counts one more for whoever asks and for their workspace, both or neither.

    Raises Overspent, and counts nothing, when one of them has had all of its budget.
    """
    now = store.clock().astimezone(UTC)
    day = now.date().isoformat()
    free_at = datetime.combine(now.date() + timedelta(days=1), time(0), UTC)
    with _transaction(store.connection) as connection:
        _end_days_before(connection, day)
        key = _key_of(connection, day)
        connection.executemany(
            "INSERT INTO spendings (adapter, workspace, person, day, kind, count) VALUES (?, ?, ?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET count = count + 1",
            [(asked.adapter, asked.workspace, person, day, kind) for person in (asked.person, "")],
        )
        own, whole = connection.execute(
            "SELECT sum(CASE WHEN person IN (?4, ?6) THEN count ELSE 0 END), "
            "sum(CASE WHEN person = '' AND workspace = ?5 THEN count ELSE 0 END) "
            "FROM spendings WHERE adapter = ?1 AND day = ?2 AND kind = ?3",
            (asked.adapter, day, kind, asked.person, asked.workspace, _hashed(asked, key) if key else asked.person),
        ).fetchone()
        if budget.person and own > budget.person:
            raise Overspent(kind, budget.person, free_at, whole=False)
        if budget.workspace and whole > budget.workspace:
            raise Overspent(kind, budget.workspace, free_at, whole=True)


def forget_spendings(store: Store, asked: Invocation) -> None:
    """Erase what is counted for the person who asks, but for the day's: it counts on under their hash.

    A workspace of "" means all of them. Part of the caller's transaction.
    """
    day = _today(store)
    who = {"adapter": asked.adapter, "workspace": asked.workspace, "person": asked.person}
    with _transaction(store.connection) as connection:
        _end_days_before(connection, day)
        spent = connection.execute(
            "DELETE FROM spendings WHERE adapter = :adapter AND person = :person "
            "AND (workspace IN (:workspace, '') OR :workspace = '') RETURNING day, kind, count",
            who,
        ).fetchall()
        of_today = [(row["kind"], row["count"]) for row in spent if row["day"] == day]
        if not of_today:
            return
        key = _key_of(connection, day)
        if key is None:
            key = secrets.token_bytes(32)
            connection.execute("INSERT INTO spending_keys (day, key) VALUES (?, ?)", (day, key))
        connection.executemany(
            "INSERT INTO spendings (adapter, workspace, person, day, kind, count) VALUES (?, '', ?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [(asked.adapter, _hashed(asked, key), day, kind, count) for kind, count in of_today],
        )


def end_days(store: Store) -> None:
    """Erase the hashes of days that are over, and their keys; `spend` does it as well."""
    day = _today(store)
    if _is_before(store.connection, day):
        with _transaction(store.connection) as connection:
            _end_days_before(connection, day)


def _end_days_before(connection: sqlite3.Connection, day: str) -> None:
    if _is_before(connection, day):
        connection.execute("DELETE FROM spendings WHERE day < ? AND person GLOB ?", (day, f"{_HASHED}*"))
        connection.execute("DELETE FROM spending_keys WHERE day < ?", (day,))
        request_cleanup(connection, vacuum=False)  # the few rows of spending_keys are never moved to another page


def _is_before(connection: sqlite3.Connection, day: str) -> bool:
    return connection.execute("SELECT 1 FROM spending_keys WHERE day < ?", (day,)).fetchone() is not None


def _key_of(connection: sqlite3.Connection, day: str) -> bytes | None:
    row = connection.execute("SELECT key FROM spending_keys WHERE day = ?", (day,)).fetchone()
    return None if row is None else bytes(row["key"])


def _hashed(asked: Invocation, key: bytes) -> str:
    return _HASHED + hmac.new(key, f"{asked.adapter}\0{asked.person}".encode(), hashlib.sha256).hexdigest()


def _today(store: Store) -> str:
    return store.clock().astimezone(UTC).date().isoformat()
