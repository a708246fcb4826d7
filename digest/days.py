"""Days as they were observed: whether a list still grows, is complete, stays empty, or cannot be had. The SQL of the
table days.

    growing -> settled: nothing was added for a while, or the day is over
            -> stalled: a working day on which nothing was listed for hours -> quiet, once it is over
    quiet: a weekend or holiday            failed: the source gives no list; the reason says why

What is settled stays so: papers that join later are late ones. Days are those of the source, in UTC.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from msgspec import Struct

from digest.errors import FutureDay, NoListYet, QuietDay, SourceError
from digest.lookups import Lookups
from digest.shelf import LATE_DAYS
from digest.store import Store, _transaction
from digest.types import Paper

AGAIN = timedelta(days=1)  # how often the days before are asked for papers that joined late


class DayState(StrEnum):
    GROWING = "growing"
    SETTLED = "settled"
    QUIET = "quiet"
    STALLED = "stalled"
    FAILED = "failed"


class Day(Struct, frozen=True, kw_only=True):
    """A day as it was last seen. `reason` says why a list cannot be had; `next_ask_at` when it is asked for again."""

    day: date
    state: DayState
    papers: int
    last_growth_at: datetime | None = None
    asked_at: datetime | None = None
    next_ask_at: datetime | None = None
    reason: str = ""


class Patience(Struct, frozen=True):
    """How long a list is waited for: `settle` without a new paper makes it complete, `stall` without any is odd."""

    settle: timedelta = timedelta(hours=3)
    stall: timedelta = timedelta(hours=8)


def state_of(
    day: date,
    outcome: Sequence[Paper] | SourceError,
    now: datetime,
    patience: Patience,
    *,
    last_growth_at: datetime | None,
    before: DayState | None,
) -> DayState:
    """The state of a day after the source has answered, or has not.

    `last_growth_at` is when papers were last seen to have been added, these ones included.
    """
    if before is DayState.SETTLED:
        return before
    over = now >= _begins(day + timedelta(days=1))
    match outcome:
        case QuietDay():
            return DayState.QUIET
        case NoListYet() if over:
            return DayState.QUIET
        case NoListYet():
            late = now - _begins(day) >= patience.stall
            return DayState.STALLED if late else DayState.GROWING
        case SourceError():
            return before if before is DayState.QUIET else DayState.FAILED
        case _:
            quiet_for = now - last_growth_at if last_growth_at is not None else timedelta()
            return DayState.SETTLED if over or quiet_for >= patience.settle else DayState.GROWING


def note_day(
    store: Store, day: date, outcome: Sequence[Paper] | SourceError, patience: Patience, next_ask_at: datetime
) -> Day | None:
    """Keeps what the source answered for a day, and gives the day as it now stands; None for one that has not begun."""
    if isinstance(outcome, FutureDay):
        return None
    now = store.clock()
    with _transaction(store.connection) as connection:
        if not isinstance(outcome, SourceError):
            store.save_listing(day, outcome)
        known = day_of(store, day)
        # After a clock that was ahead: what was seen "later" than now has just been seen.
        growth = None if known is None or known.last_growth_at is None else min(known.last_growth_at, now)
        answered = not isinstance(outcome, SourceError) or isinstance(outcome, QuietDay | NoListYet)
        before = None if known is None else known.state
        state = state_of(day, outcome, now, patience, last_growth_at=growth, before=before)
        connection.execute(
            _NOTE,
            {
                "day": day.isoformat(),
                "state": state,
                "now": now.isoformat(),
                "growth": None if growth is None else growth.isoformat(),
                "asked": now.isoformat() if answered else None,
                "next": next_ask_at.isoformat(),
                "reason": "" if answered else str(outcome),
            },
        )
        return day_of(store, day)


def to_ask(lookups: Lookups, now: datetime) -> tuple[date, ...]:
    """The days to ask the source for: today, those before that are not complete, and once a day all of LATE_DAYS."""
    today = now.astimezone(UTC).date()
    days = [today]
    for back in range(1, LATE_DAYS + 1):
        known = day_of(lookups, today - timedelta(days=back))
        if (
            known is None
            or known.asked_at is None
            or known.state not in (DayState.SETTLED, DayState.QUIET)
            or not timedelta() <= now - known.asked_at < AGAIN
        ):
            days.append(today - timedelta(days=back))
    return tuple(days)


def day_of(lookups: Lookups, day: date) -> Day | None:
    """A day as it was last seen; None: nobody has asked for it."""
    row = lookups.connection.execute(
        "SELECT *, (SELECT count(*) FROM listings WHERE listings.day = days.day) AS papers FROM days WHERE day = ?",
        (day.isoformat(),),
    ).fetchone()
    if row is None:
        return None
    return Day(
        day=day,
        state=DayState(row["state"]),
        papers=row["papers"],
        last_growth_at=_moment(row["last_growth_at"]),
        asked_at=_moment(row["asked_at"]),
        next_ask_at=_moment(row["next_ask_at"]),
        reason=row["reason"],
    )


def newest(lookups: Lookups, count: int) -> tuple[Day, ...]:
    """The days that were seen last, newest first."""
    rows = lookups.connection.execute("SELECT day FROM days ORDER BY day DESC LIMIT ?", (count,)).fetchall()
    return tuple(known for row in rows if (known := day_of(lookups, date.fromisoformat(row[0]))) is not None)


def settled(lookups: Lookups, first: date, last: date) -> tuple[date, ...]:
    """The complete days that have papers, from `first` to `last`, oldest first."""
    rows = lookups.connection.execute(
        "SELECT day FROM days WHERE state = 'settled' AND day BETWEEN ? AND ? "
        "AND EXISTS (SELECT 1 FROM listings WHERE listings.day = days.day) ORDER BY day",
        (first.isoformat(), last.isoformat()),
    )
    return tuple(date.fromisoformat(row[0]) for row in rows)


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


_NOTE = """
INSERT INTO days (day, state, first_seen_at, last_growth_at, asked_at, next_ask_at, reason)
VALUES (:day, :state, :now, :growth, :asked, :next, :reason)
ON CONFLICT (day) DO UPDATE SET state = :state, last_growth_at = :growth, asked_at = coalesce(:asked, asked_at),
    next_ask_at = :next, reason = :reason
"""
