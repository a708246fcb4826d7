"""What the calls of models cost, from the record of them: failed calls cost money too.

A call that never ended, or whose answer was lost, counts as the most that it can have cost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from digest.types import ArxivId

if TYPE_CHECKING:
    import sqlite3

    from digest.lookups import Lookups

# Of calls that brought nothing; one that has begun may still bring something
_FAILED = "outcome NOT IN ('begun', 'answered', 'recalled')"


class Cost(Struct, frozen=True, kw_only=True):
    """What some calls came to. `usd` is of those whose price is known; `unpriced` counts the others."""

    calls: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0


class ReportCost(NamedTuple):
    paper: ArxivId
    language: str
    cost: Cost


class Costs(Struct, frozen=True, kw_only=True):
    """A month (UTC). `days` are those with calls, in order; `reports`, the dearest first, hold every call for a paper
    in a language but answers; `unpriced_models` are those without a price."""

    month: str  # YYYY-MM
    total: Cost
    purposes: dict[str, Cost]
    days: dict[date, Cost]
    reports: tuple[ReportCost, ...]
    unpriced_models: tuple[str, ...]


def costs(lookups: Lookups, month: date) -> Costs:
    """What the month that a day lies in has cost."""
    begin, end = _month(month)

    def grouped(by: str, where: str = "1") -> Iterator[tuple[sqlite3.Row, Cost]]:
        rows = lookups.connection.execute(
            f"SELECT {by}, {_SUMS} FROM model_calls WHERE started_at >= ? AND started_at < ? AND {where} "  # noqa: S608 (our own words)
            f"GROUP BY {by} ORDER BY {by}",
            (begin, end),
        )
        return ((row, _cost(row)) for row in rows)

    of_reports = [
        ReportCost(ArxivId(row["paper"]), row["language"], cost)
        for row, cost in grouped("paper, language", "purpose <> 'answer'")
    ]
    return Costs(
        month=begin[:7],
        total=_between(lookups, begin, end),
        purposes={row["purpose"]: cost for row, cost in grouped("purpose")},
        days={date.fromisoformat(row[0]): cost for row, cost in grouped("substr(started_at, 1, 10)")},
        reports=tuple(sorted(of_reports, key=lambda one: (-one.cost.usd, -one.cost.prompt_tokens))),
        unpriced_models=tuple(row["model"] for row, cost in grouped("model") if cost.unpriced),
    )


def cost_of_day(lookups: Lookups, day: date) -> Cost:
    """What a day (UTC) has cost so far."""
    return _between(lookups, day.isoformat(), f"{day.isoformat()}~")


def cost_of_month(lookups: Lookups, month: date) -> Cost:
    return _between(lookups, *_month(month))


def spent_usd(lookups: Lookups, moment: datetime) -> float:
    """What the day (UTC) of a moment has cost at the most so far."""
    return cost_of_day(lookups, moment.date()).usd


_SUMS = (
    f"count(*) AS calls, coalesce(sum({_FAILED}), 0) AS failed, coalesce(sum(prompt_tokens), 0) AS prompt_tokens, "
    "coalesce(sum(cached_tokens), 0) AS cached_tokens, coalesce(sum(completion_tokens), 0) AS completion_tokens, "
    "coalesce(sum(cost_usd), 0.0) AS usd, coalesce(sum(cost_usd IS NULL), 0) AS unpriced"
)


def _month(day: date) -> tuple[str, str]:
    """The first moments of a day's month and of the one after it, as far as text tells them."""
    following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day.replace(day=1).isoformat(), following.isoformat()


def _between(lookups: Lookups, begin: str, end: str) -> Cost:
    row = lookups.connection.execute(
        f"SELECT {_SUMS} FROM model_calls WHERE started_at >= ? AND started_at < ?",  # noqa: S608 (our own words)
        (begin, end),
    ).fetchone()
    return _cost(row)


def _cost(row: sqlite3.Row) -> Cost:
    return Cost(**{name: row[name] for name in Cost.__struct_fields__})
