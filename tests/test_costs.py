"""What calls of models cost, by day, report and purpose: asked of the record, on the command line and in chat."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from msgspec.structs import replace

from bot import chat, compose
from bot.cli import paperboy
from digest import model_calls
from digest.costs import cost_of_day, cost_of_month, costs
from digest.markdown import plain
from digest.store import Store
from digest.types import Invocation, ModelCall

JANUARY = datetime(2026, 1, 16, 12, tzinfo=UTC)


def call(
    started_at: datetime = JANUARY,
    *,
    usd: float | None = 0.01,
    outcome: str = "answered",
    paper: str = "2601.00001",
    purpose: str = "report",
    language: str = "en",
    model: str = "a-model",
) -> ModelCall:
    return ModelCall(
        identity=paper,
        purpose=purpose,
        paper_id=paper,
        language=language,
        endpoint="here",
        model=model,
        outcome=outcome,
        started_at=started_at,
        prompt_tokens=1000,
        cached_tokens=200,
        completion_tokens=50,
        cost_usd=usd,
    )


CALLS = (
    call(),
    call(outcome="refused", usd=0.02),
    call(purpose="repair", usd=0.04),
    call(language="zh", usd=0.01),
    call(paper="2601.00002", usd=0.5),
    call(paper="2601.00002", purpose="answer", usd=0.25),
    call(datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC), usd=1.0, paper="2601.00003"),
    call(datetime(2026, 2, 1, tzinfo=UTC), usd=2.0, paper="2602.00001"),
    call(datetime(2025, 12, 31, 23, 59, tzinfo=UTC), usd=4.0, paper="2512.00001"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    with Store.create(file, compose.clock) as opened:
        for one in CALLS:
            model_calls.begin(opened, one)
        yield opened


def run(file: Path, *arguments: str) -> str:
    result = CliRunner().invoke(paperboy, ["cost", *arguments], env={"PAPERBOY_STORE__PATH": str(file)})
    assert result.exception is None, result.output
    return result.output


def test_a_month_is_told_by_day_report_and_purpose(store: Store) -> None:
    """Failed calls count; an answer is no part of a report's cost, a repair is; the dearest report comes first."""
    found = costs(store, date(2026, 1, 5))
    assert found.month == "2026-01"
    assert found.total.usd == pytest.approx(1.83)
    assert (found.total.calls, found.total.failed, found.total.prompt_tokens) == (7, 1, 7000)
    assert {purpose: round(cost.usd, 2) for purpose, cost in found.purposes.items()} == {
        "answer": 0.25,
        "repair": 0.04,
        "report": 1.54,
    }
    assert {str(day): round(cost.usd, 2) for day, cost in found.days.items()} == {"2026-01-16": 0.83, "2026-01-31": 1.0}
    assert [(one.paper, one.language, round(one.cost.usd, 2)) for one in found.reports] == [
        ("2601.00003", "en", 1.0),
        ("2601.00002", "en", 0.5),
        ("2601.00001", "en", 0.07),
        ("2601.00001", "zh", 0.01),
    ]


@pytest.mark.parametrize(("month", "usd"), [("2025-12-31", 4.0), ("2026-02-28", 2.0), ("2026-03-01", 0.0)])
def test_months_end_where_they_end(store: Store, month: str, usd: float) -> None:
    """In December as elsewhere."""
    assert cost_of_month(store, date.fromisoformat(month)).usd == usd
    assert cost_of_day(store, date(2026, 1, 31)).usd == 1.0


def test_models_without_a_price_are_named(store: Store) -> None:
    """Their calls are counted, and are not taken for free ones."""
    model_calls.begin(store, call(usd=None, model="mystery"))
    found = costs(store, date(2026, 1, 1))
    assert (found.unpriced_models, found.total.unpriced) == (("mystery",), 1)


def test_the_command_prints_a_month(store: Store, file: Path) -> None:
    """The total, purposes, days and reports; what has no price is said."""
    model_calls.begin(store, call(usd=None, model="mystery"))
    lines = run(file, "--month", "2026-01").splitlines()
    assert lines[0].split()[:4] == ["2026-01", "$1.83", "8", "calls,"]
    assert "1 failed" in lines[0]
    assert any(line.split()[:2] == ["repair", "$0.0400"] for line in lines)
    assert any(line.split()[:2] == ["2026-01-16", "$0.8300"] for line in lines)
    assert any(line.split()[:3] == ["2601.00003", "en", "$1.00"] for line in lines)
    assert "No price is known for mystery" in lines[-1]


def test_json_has_every_report(store: Store, file: Path) -> None:
    """For whoever charges others."""
    for number in range(30):
        model_calls.begin(store, call(paper=f"2601.1{number:04}"))
    told = json.loads(run(file, "--month", "2026-01", "--json"))
    assert len(told["reports"]) == 34
    assert told["total"]["calls"] == 37
    assert told["days"]["2026-01-16"]["failed"] == 1


def test_a_month_without_calls_says_so(store: Store, file: Path) -> None:  # noqa: ARG001 (the file is its)
    """It is no mistake."""
    assert run(file, "--month", "2024-02") == "2024-02: no call of a model\n"


def test_status_in_chat_tells_today_and_this_month(store: Store) -> None:
    """In a line, for editors alone and where nobody else reads it; nothing where no model is asked."""
    editors = compose.desk(store, is_editor=lambda asked: asked.person == "U0EDITH")
    asked = Invocation(name="paperboy", args="status", language="en", adapter="slack", channel="C1", person="U0EDITH")
    with time_machine.travel(JANUARY):
        assert "The model: $0.83 today, $1.83 this month (UTC)." in plain(chat.answer(asked, editors).blocks)
        assert "$" not in plain(chat.answer(replace(asked, person="U0ALICE"), editors).blocks)
        assert "$" not in plain(chat.answer(replace(asked, public=True), editors).blocks)
    with time_machine.travel(datetime(2027, 1, 1, tzinfo=UTC)):
        assert "The model" not in plain(chat.answer(asked, editors).blocks)
