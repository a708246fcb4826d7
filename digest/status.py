"""What an operator asks of deliveries: how far each day is, what went wrong, why a paper came or did not."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

from msgspec import Struct

from digest.deliveries import State
from digest.editions import reasons
from digest.lookups import Lookups
from digest.select import Reason
from digest.types import ArxivId, Destination

DAYS_SHOWN = 7
TROUBLES_SHOWN = 10


class DayStatus(Struct, frozen=True):
    """How many deliveries of a destination's edition are in which state; states that none is in are left out."""

    day: date
    to: Destination
    deliveries: dict[State, int]


class Parked(Struct, frozen=True):
    to: Destination
    since: datetime
    why: str


class Trouble(Struct, frozen=True):
    """A delivery that went wrong and is not mended. `key` is what `paperboy resolve` takes when it is unknown."""

    key: str
    to: Destination
    day: date
    kind: str
    paper: ArxivId | None
    state: State
    error: str
    at: datetime


class Status(Struct, frozen=True):
    """The newest days, newest first; every parked destination; all unknown deliveries and the newest other troubles."""

    days: tuple[DayStatus, ...]
    parked: tuple[Parked, ...]
    troubles: tuple[Trouble, ...]


class Why(Struct, frozen=True):
    """What became of a paper in one edition. `state` and `error` are of its card, None and "" when it has none."""

    day: date
    reason: Reason
    state: State | None
    error: str
    sent_at: datetime | None


def status(lookups: Lookups) -> Status:
    return Status(_days(lookups), _parked(lookups), _troubles(lookups))


def newest_of(lookups: Lookups, destination: int) -> DayStatus | None:
    """The newest edition of a destination, by the store's number."""
    rows = lookups.connection.execute(
        "SELECT editions.day, adapter, workspace, address, deliveries.state, count(deliveries.key) AS n "
        "FROM editions JOIN destinations ON destinations.id = editions.destination "
        "LEFT JOIN messages ON messages.edition = editions.id LEFT JOIN deliveries ON deliveries.message = messages.id "
        "WHERE editions.id = (SELECT id FROM editions WHERE destination = ? ORDER BY day DESC LIMIT 1) "
        "GROUP BY deliveries.state",
        (destination,),
    ).fetchall()
    if not rows:
        return None
    counted = {State(row["state"]): row["n"] for row in rows if row["state"] is not None}
    return DayStatus(date.fromisoformat(rows[0]["day"]), _destination(rows[0]), counted)


def parked_of(lookups: Lookups, destination: int) -> Parked | None:
    """Since when and why nothing can be posted to a destination, by the store's number."""
    row = lookups.connection.execute(
        "SELECT * FROM destinations WHERE id = ? AND parked_at IS NOT NULL", (destination,)
    ).fetchone()
    return (
        None if row is None else Parked(_destination(row), datetime.fromisoformat(row["parked_at"]), row["parked_why"])
    )


def why(lookups: Lookups, destination: int, paper: ArxivId) -> tuple[Why, ...]:
    """Each edition of the destination whose day lists the paper, oldest first; none: it was not listed on any."""
    cards = {
        row["edition"]: row
        for row in lookups.connection.execute(
            "SELECT messages.edition, deliveries.state, deliveries.error, deliveries.sent_at FROM messages "
            "JOIN deliveries ON deliveries.message = messages.id AND deliveries.kind = 'post' "
            "WHERE messages.destination = ? AND messages.paper = ? AND messages.kind = 'card'",
            (destination, paper),
        )
    }
    found = []
    for edition, day, noted in reasons(lookups, destination):
        if paper in noted:
            card = cards.get(edition)
            found.append(
                Why(
                    day,
                    noted[paper],
                    None if card is None else State(card["state"]),
                    "" if card is None else card["error"],
                    None if card is None or card["sent_at"] is None else datetime.fromisoformat(card["sent_at"]),
                )
            )
    return tuple(found)


def _days(lookups: Lookups) -> tuple[DayStatus, ...]:
    rows = lookups.connection.execute(
        "SELECT editions.id, editions.day, adapter, workspace, address, deliveries.state, count(deliveries.key) AS n "
        "FROM editions JOIN destinations ON destinations.id = editions.destination "
        "LEFT JOIN messages ON messages.edition = editions.id LEFT JOIN deliveries ON deliveries.message = messages.id "
        "WHERE editions.day IN (SELECT DISTINCT day FROM editions ORDER BY day DESC LIMIT ?) "
        "GROUP BY editions.id, deliveries.state ORDER BY editions.day DESC, editions.destination",
        (DAYS_SHOWN,),
    )
    days: dict[int, DayStatus] = {}
    for row in rows:
        day = days.setdefault(row["id"], DayStatus(date.fromisoformat(row["day"]), _destination(row), {}))
        if row["state"] is not None:
            day.deliveries[State(row["state"])] = row["n"]
    return tuple(days.values())


def _parked(lookups: Lookups) -> tuple[Parked, ...]:
    rows = lookups.connection.execute(
        "SELECT * FROM destinations WHERE parked_at IS NOT NULL AND removed_at IS NULL ORDER BY parked_at, id"
    )
    return tuple(Parked(_destination(row), datetime.fromisoformat(row["parked_at"]), row["parked_why"]) for row in rows)


def _troubles(lookups: Lookups) -> tuple[Trouble, ...]:
    rows = lookups.connection.execute(
        "WITH wrong AS (SELECT deliveries.*, row_number() OVER (PARTITION BY state = 'unknown' "
        "ORDER BY failed_at DESC, position DESC) AS place FROM deliveries "
        "WHERE error <> '' AND state <> 'sent' AND state <> 'held') "
        "SELECT wrong.key, wrong.state, wrong.error, wrong.failed_at, messages.kind, messages.paper, editions.day, "
        "adapter, workspace, address FROM wrong "
        "JOIN messages ON messages.id = wrong.message JOIN editions ON editions.id = messages.edition "
        "JOIN destinations ON destinations.id = wrong.destination "
        "WHERE wrong.state = 'unknown' OR place <= ? ORDER BY wrong.state = 'unknown' DESC, place",
        (TROUBLES_SHOWN,),
    )
    return tuple(
        Trouble(
            row["key"],
            _destination(row),
            date.fromisoformat(row["day"]),
            row["kind"],
            None if row["paper"] is None else ArxivId(row["paper"]),
            State(row["state"]),
            row["error"],
            datetime.fromisoformat(row["failed_at"]),
        )
        for row in rows
    )


def _destination(row: sqlite3.Row) -> Destination:
    return Destination(row["adapter"], row["workspace"], row["address"])
