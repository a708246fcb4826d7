"""`paperboy status`, `why`, `resume` and `resolve`: what an operator sees of deliveries, and settles."""

from __future__ import annotations

from collections.abc import Iterator

import click
import msgspec

from adapters.markup import clean
from bot import compose
from bot.cli import DONE, Options, counted
from digest import deliveries
from digest.days import newest
from digest.editions import number_of
from digest.errors import UsageError
from digest.lookups import Lookups
from digest.mistakes import Mistake, mistakes
from digest.select import Reason
from digest.status import Status, Trouble, Why, status, why
from digest.store import Store
from digest.threads import seen_at
from digest.types import ArxivId, Destination

_LISTS_SHOWN = 5
_REASONS = {
    Reason.CHOSEN: "chosen",
    Reason.SENT: "not sent again: it came on another day",
    Reason.HIDDEN: "not sent: the channel's managers have hidden it there",
    Reason.WITHDRAWN: "not sent: the report on it was withdrawn",
    Reason.WORDS: "left out by the words that are wanted or not wanted there",
    Reason.NO_REPORT: "not sent: there is no report on it yet",
    Reason.DOMAIN: "left out: none of its domains is wanted there",
    Reason.LIMIT: "left out: the day's limit was reached",
}


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_obj
def status_command(options: Options, as_json: bool) -> int:
    """Days, deliveries by state, parked destinations, last errors, mistakes that readers saw.

    \b
    Example: paperboy status
    """
    with Lookups.open(options.settings().store.file()) as lookups:
        seen, told = status(lookups), mistakes(lookups)
        lists = newest(lookups, _LISTS_SHOWN)
    if as_json:
        everything = {**msgspec.structs.asdict(seen), "lists": lists, "mistakes": told}
        click.echo(msgspec.json.encode(everything, enc_hook=str).decode())  # str: an ArxivId is more than a text
        return DONE
    for one in lists:
        asked = f", asked {one.asked_at:%H:%M} UTC" if one.asked_at else ""
        click.echo(
            f"{one.day}  {counted(one.papers, 'paper')}, {one.state}{asked}" + (f": {one.reason}" * bool(one.reason))
        )
    click.echo("\n".join(_lines(seen)) or "nothing has been delivered yet: paperboy deliver")
    if told:
        click.echo("\nmistakes that readers saw")
        click.echo("\n".join(line for mistake in told for line in _mistake(mistake)))
    return DONE


def _mistake(mistake: Mistake) -> Iterator[str]:
    yield f"  {mistake.paper}  told by {mistake.told_by}, {mistake.told_at:%Y-%m-%d %H:%M} UTC"
    where = f"{compose.texts('en').sections[mistake.section]}: " if mistake.section else ""
    if mistake.words:
        yield f"      {where}{clean(mistake.words)}"
    yield f"      then: paperboy correct {mistake.paper} {mistake.section or 'SECTION'}"
    yield f"      or, when it is none: paperboy dismiss {mistake.number}"


def _lines(seen: Status) -> Iterator[str]:
    day = None
    for one in seen.days:
        if one.day != day:
            day = one.day
            yield f"\n{day}"
        counts = ", ".join(f"{count} {state}" for state, count in one.deliveries.items())
        yield f"  {one.to}  {counts or 'nothing'}"
    if seen.parked:
        yield "\nparked"
    for parked in seen.parked:
        yield f"  {parked.to}  since {parked.since:%Y-%m-%d %H:%M} UTC: {parked.why}"
        yield f"      then: paperboy resume {parked.to}"
    if seen.troubles:
        yield "\nlast errors"
    for trouble in seen.troubles:
        yield from _trouble(trouble)


def _trouble(trouble: Trouble) -> Iterator[str]:
    what = f"{trouble.kind} {trouble.paper}" if trouble.paper else trouble.kind
    yield f"  {trouble.to}  {trouble.day} {what}, {trouble.state}: {trouble.error}"
    if trouble.state is deliveries.State.UNKNOWN:
        yield f"      look whether it is there, then: paperboy resolve {trouble.key} sent ID"
        yield f"      or, when it is not: paperboy resolve {trouble.key} resend"


@click.command("why")
@click.argument("paper", metavar="ID")
@click.argument("destination")
@click.pass_obj
def why_command(options: Options, paper: str, destination: str) -> int:
    """Why a paper was delivered to a destination, or was not.

    \b
    Example: paperboy why 2601.10592 slack:C024BE91L
    """
    paper_id, to = ArxivId.parse(paper), Destination.parse(destination)
    with Lookups.open(options.settings().store.file()) as lookups:
        found = why(lookups, number_of(lookups, to), paper_id)
    for one in found:
        click.echo(f"{one.day}: {_because(one)}")
    if not found:
        click.echo(f"{paper_id} is on no day that was delivered to {to}.")
    return DONE


def _because(one: Why) -> str:
    reason = _REASONS[one.reason]
    if one.reason is not Reason.CHOSEN or one.state is None:
        return f"{reason}."
    when = f" {one.sent_at:%Y-%m-%d %H:%M} UTC" if one.sent_at else ""
    return f"{reason}, {one.state}{when}." + (f" {one.error}" if one.error else "")


@click.command("resume")
@click.argument("destination")
@click.pass_obj
def resume_command(options: Options, destination: str) -> int:
    """Post to a parked destination again, once what was wrong there is mended.

    \b
    Example: paperboy resume slack:C024BE91L
    """
    to = Destination.parse(destination)
    with Store.create(options.settings().store.file(), compose.clock) as store:
        number = number_of(store, to)
        resumed = deliveries.resume(store, number)
        waiting = deliveries.waiting(store, number)
    if resumed:
        click.echo(f'{to}: {waiting} messages go on with the running bot, or with "paperboy deliver".')
    else:
        click.echo(f"{to} was not parked.")
    return DONE


@click.command("resolve")
@click.argument("key")
@click.argument("verdict", type=click.Choice(["sent", "resend"]))
@click.argument("message", required=False, metavar="[ID]")
@click.pass_obj
def resolve_command(options: Options, key: str, verdict: str, message: str | None) -> int:
    """Settle a delivery of which nobody knows whether it arrived: `sent ID`, the message's own (on Slack its ts), or
    `resend`.

    \b
    Example: paperboy resolve 0f3a62d1c5b84e7790ab12cd sent 1768552800.000100
    """
    if (verdict == "sent") is (message is None):
        raise UsageError('Say "sent" with the id of the message that is there, or "resend" without one.')
    with Store.create(options.settings().store.file(), compose.clock) as store:
        deliveries.resolve(store, key, seen_at(store, key, message) if message else None)
    click.echo(f"Settled as sent: {message}." if message else "It is sent again, and what waits behind it.")
    return DONE
