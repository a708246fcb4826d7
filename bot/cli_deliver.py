"""`paperboy deliver`: a stored day to its channels, by hand."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence
from datetime import datetime

import click
import msgspec
from rich.console import Console

from adapters import progress
from adapters.terminal import Terminal
from bot import compose, delivery
from bot.cli import DONE, FAILED, PARTIAL, Options
from bot.delivery import JOB, Outcome, Request, Tally
from bot.process import stop_signals
from config.settings import Settings
from digest import deliveries
from digest.jobs import JobState, add_job, finish_job, job
from digest.locks import LockHeld, Work, held
from digest.lookups import Lookups
from digest.outbox import Event, News, Outbox
from digest.rehearsal import rehearse
from digest.store import Store
from digest.store_thread import StoreThread

_LOOK_S = 0.3


@click.command("deliver")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), required=False, metavar="[DATE]")
@click.option(
    "--to", multiple=True, metavar="DESTINATION", help="Such as slack:C024BE91L; all [[channels]] if not given."
)
@click.option("--dry-run", is_flag=True, help="Show what would be posted where. Needs no token.")
@click.pass_obj
def deliver_command(options: Options, day: datetime | None, to: tuple[str, ...], dry_run: bool) -> int:
    """Post a stored day to its channels. Without a date: today (UTC).

    Nothing is posted twice: it can be stopped and run again at any point. While the bot runs, the bot is asked to.

    \b
    Example: paperboy deliver 2026-01-16 --to slack:C024BE91L
    """
    settings = options.settings()
    options.start_logging(settings)
    request = Request(day.date() if day else compose.clock().date(), to)
    Lookups.open(settings.store.file()).close()  # which says what to do when there is no store
    if dry_run:
        return _rehearse(settings, request)
    outcomes = _by_itself(settings, request)
    return _by_the_bot(settings, request) if outcomes is None else _tell(outcomes)


def _tell(outcomes: Sequence[Outcome]) -> int:
    """Prints what became of it, and gives the exit code."""
    for outcome in outcomes:
        click.echo(str(outcome))
    if all(outcome.well for outcome in outcomes):
        return DONE
    return PARTIAL if any(outcome.sent or outcome.well for outcome in outcomes) else FAILED


# --- by this process ---------------------------------------------------------------------------------------------


def _by_itself(settings: Settings, request: Request) -> Sequence[Outcome] | None:
    """Delivers, unless another process holds the lock: then None."""
    try:
        with held(settings.store.file(), Work.SEND, one_off=True):
            return asyncio.run(_deliver(settings, request))
    except LockHeld:
        return None


async def _deliver(settings: Settings, request: Request) -> Sequence[Outcome]:
    console = Console(stderr=True)
    store = StoreThread(settings.store.file(), compose.clock)
    try:
        adapters = {
            to.adapter: compose.adapter(settings, to.adapter, store) for to in delivery.asked(settings, request)
        }
        numbers = await store.run(delivery.prepare, settings, request)
        tally, said = Tally(), set[str]()
        with progress.shown(console) as shown:
            for number, subscription in numbers.items():
                shown("sending", str(subscription.to))
                for _ in range(await store.run(deliveries.waiting, number)):
                    shown("listed", str(subscription.to))

            def tell(news: News) -> None:
                tally.hear(news)
                if news.event in (Event.SENT, Event.DEAD):
                    shown("done" if news.event is Event.SENT else "failed", str(news.to))
                if news.sentence and news.sentence not in said:
                    said.add(news.sentence)
                    console.print(f"paperboy: {news.sentence}", highlight=False, soft_wrap=True, markup=False)

            outbox = Outbox(
                store,
                lambda to: adapters.get(to.adapter),
                clock=compose.clock,
                tell=tell,
                margin_s=settings.delivery.margin_s,
            )
            stopped = _stopped_by_hand(outbox)
            await outbox.drain(numbers)
        if stopped.is_set():
            raise click.Abort
        return await delivery.outcomes_of(store, numbers, tally)
    finally:
        await store.close()


def _stopped_by_hand(outbox: Outbox) -> asyncio.Event:
    """Has the first Ctrl-C finish the sends at hand, so that nothing is left in doubt; a second one ends at once."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop(number: int) -> None:
        stopped.set()
        outbox.stop()
        loop.remove_signal_handler(number)

    for number in stop_signals():
        loop.add_signal_handler(number, stop, number)
    return stopped


# --- by the running bot ------------------------------------------------------------------------------------------


def _by_the_bot(settings: Settings, request: Request) -> int:
    """Leaves a job for whoever holds the lock, and follows it; does it here when the lock becomes free."""
    click.echo("paperboy: the running bot is asked to deliver", err=True)
    with Store.create(settings.store.file(), compose.clock) as store:
        number = add_job(store, JOB, msgspec.json.encode(request).decode(), "command line")
        told = ""
        while (asked := job(store, number)).state in (JobState.WAITING, JobState.RUNNING):
            if asked.progress != told:
                told = asked.progress
                click.echo(f"paperboy: {told}", err=True)
            outcomes = _by_itself(settings, request)
            if outcomes is not None:
                finish_job(store, number, "Done by the command that asked for it.")
                return _tell(outcomes)
            time.sleep(_LOOK_S)
    click.echo(asked.answer)
    return FAILED if asked.state is JobState.FAILED else DONE


# --- by nobody ---------------------------------------------------------------------------------------------------


def _rehearse(settings: Settings, request: Request) -> int:
    with Store.create(settings.store.file(), compose.clock) as store:
        sendings = rehearse(store, lambda trying: delivery.prepare(trying, settings, request))
    terminal = Terminal(Console())
    for to, group in itertools.groupby(sendings, lambda sending: sending.to):
        messages = list(group)
        click.echo(f"\n{to} would get {len(messages)} messages:")
        for sending in messages:
            show = terminal.headline if sending.under is None else terminal.reply
            show(sending.message)
            terminal.buttons([action.label for action in sending.message.actions], under=sending.under is not None)
    if not sendings:
        click.echo("Nothing would be posted: what there is of the day has been, or nothing of it is wanted there.")
    return DONE
