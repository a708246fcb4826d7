"""`paperboy cost`: what the model has cost, by day, report and purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click
import msgspec

from bot import compose
from bot.cli import DONE, Options, counted
from digest.costs import Cost, Costs, costs
from digest.lookups import Lookups

_DEAREST = 10  # reports shown; JSON has all


@click.command("cost")
@click.option("--month", type=click.DateTime(["%Y-%m"]), metavar="YYYY-MM", help="Another month than this one (UTC).")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON, every report included.")
@click.pass_obj
def cost_command(options: Options, month: datetime | None, as_json: bool) -> int:
    """What the model has cost in a month, by day, purpose and report; calls that failed are counted.

    \b
    Example: paperboy cost --month 2026-01
    """
    settings = options.settings()
    asked = (month or compose.clock()).date()
    with Lookups.open(settings.store.file()) as lookups:
        found = costs(lookups, asked)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(_told(found)), indent=2).decode())
        return DONE
    if not found.total.calls:
        click.echo(f"{found.month}: no call of a model")
        return DONE
    click.echo("\n".join(_lines(found)))
    if settings.llm.daily_limit:
        click.echo(f"limit of a day (UTC): {_usd(settings.llm.daily_limit)}")
    return DONE


def _told(found: Costs) -> dict[str, Any]:
    reports = [
        {"paper": str(one.paper), "language": one.language, **msgspec.to_builtins(one.cost)} for one in found.reports
    ]
    return {**msgspec.to_builtins(msgspec.structs.replace(found, reports=())), "reports": reports}


def _lines(found: Costs) -> Iterator[str]:
    yield _line(found.month, found.total)
    for purpose, cost in found.purposes.items():
        yield _line(f"  {purpose}", cost)
    yield "\ndays"
    for day, cost in found.days.items():
        yield _line(f"  {day}", cost)
    if found.reports:
        each = sum(one.cost.usd for one in found.reports) / len(found.reports)
        dearest = f", the {_DEAREST} dearest" if len(found.reports) > _DEAREST else ""
        yield f"\n{counted(len(found.reports), 'report')}, {_usd(each)} each{dearest}"
    for one in found.reports[:_DEAREST]:
        yield _line(f"  {one.paper} {one.language}", one.cost)
    if found.unpriced_models:
        named = ", ".join(found.unpriced_models)
        yield f"\nNo price is known for {named}: what it cost is missing above. Add it to [llm.prices]."


def _line(name: str, cost: Cost) -> str:
    failed = f", {cost.failed} failed" if cost.failed else ""
    cached = f" ({cost.cached_tokens:,} cached)" if cost.cached_tokens else ""
    tokens = f"{cost.prompt_tokens:,} tokens in{cached}, {cost.completion_tokens:,} out"
    unpriced = "?" if cost.unpriced == cost.calls else _usd(cost.usd)
    return f"{name:<18} {unpriced:>9}  {counted(cost.calls, 'call')}{failed}, {tokens}"


def _usd(usd: float) -> str:
    """`$0.0123` where cents say too little."""
    return f"${usd:.4f}" if usd < 1 else f"${usd:,.2f}"
