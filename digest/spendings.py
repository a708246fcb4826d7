"""What people ask for that costs money or patience, counted by day (UTC), for a person and for their workspace.

The SQL of the table spendings. A person counts as one in all workspaces of a platform; their direct messages, where a
platform tells of no workspace there, count together as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from msgspec import Struct

from digest.errors import PaperboyError
from digest.store import Store, _transaction
from digest.types import Invocation


class Kind(StrEnum):
    ASK = "ask"  # a question about a paper's text
    READ = "read"  # a paper that is fetched for somebody


class Budget(Struct, frozen=True):
    """How much of a kind a person and a workspace have a day; 0: as much as they like."""

    person: int = 0
    workspace: int = 0


Budgets = Mapping[Kind, Budget]


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
        connection.executemany(
            "INSERT INTO spendings (adapter, workspace, person, day, kind, count) VALUES (?, ?, ?, ?, ?, 1) "
            "ON CONFLICT DO UPDATE SET count = count + 1",
            [(asked.adapter, asked.workspace, person, day, kind) for person in (asked.person, "")],
        )
        own, whole = connection.execute(
            "SELECT sum(CASE WHEN person = ?4 THEN count ELSE 0 END), "
            "sum(CASE WHEN person = '' AND workspace = ?5 THEN count ELSE 0 END) "
            "FROM spendings WHERE adapter = ?1 AND day = ?2 AND kind = ?3",
            (asked.adapter, day, kind, asked.person, asked.workspace),
        ).fetchone()
        if budget.person and own > budget.person:
            raise Overspent(kind, budget.person, free_at, whole=False)
        if budget.workspace and whole > budget.workspace:
            raise Overspent(kind, budget.workspace, free_at, whole=True)
