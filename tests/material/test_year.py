"""The bot over weeks with real lists among them."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta

from digest.sources.huggingface import parse_entry
from digest.types import ArxivId, Paper
from tests.material import material
from tests.year import lived, told
from tests.year_world import midnight, on_grid
from tests.year_worlds import A_FEW_HOURS, make_world

REAL_DAYS = (date(2025, 12, 11), date(2026, 1, 16))


def listed(day: date) -> list[tuple[datetime, Paper]]:
    """The papers of a real list with the moments at which they joined it."""
    joined: dict[ArxivId, tuple[datetime, Paper]] = {}
    for entry in json.loads(material(f"hub/{day}.json").read_bytes()):
        paper = parse_entry(entry, "https://hub.example.org")
        at = entry["paper"].get("submittedOnDailyAt")
        moment = midnight(day) if at is None else datetime.fromisoformat(at)
        joined.setdefault(paper.id, (on_grid(moment) + timedelta(minutes=7), paper))
    return list(joined.values())


def test_weeks_with_real_lists_leave_everybody_with_exactly_what_they_must_have() -> None:
    """Two real days among made ones, and all that can go wrong."""
    given = {day: listed(day) for day in REAL_DAYS}
    world = make_world(
        6, date(2025, 12, 8), 42, papers=(3, 9), people=6, doings=12, kills=15, hours=A_FEW_HOURS, given=given
    )
    run = lived(world)
    assert run.exact, told(run)
