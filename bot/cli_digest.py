"""`paperboy digest` and `paperboy read`: the reading journey, by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path

import click
import msgspec
from rich.console import Console

from adapters import progress
from adapters.markup import clean
from adapters.terminal import Terminal
from bot import compose
from bot.cli import DONE, FAILED, PARTIAL, LanguageTag, Options, counted
from bot.digesting import JOB, Order, Told
from config.settings import Settings
from digest import render
from digest.errors import CutOff, InvalidId, PaperboyError, ReadError, UsageError
from digest.jobs import JobState, add_job, finish_job, job
from digest.locks import LockHeld, Work, held
from digest.pipeline import Made, make_digest
from digest.readers.best import read_paper
from digest.store import Store
from digest.types import ArxivId, Digest, Paper, Reading, Texts

_LOOK_S = 0.3


@click.command("digest")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), required=False, metavar="[DATE]")
@click.option("--language", type=LanguageTag(), help="Language of the reports; the one in your settings if not given.")
@click.option("--limit", type=click.IntRange(min=1), help="Only the most upvoted papers.")
@click.option("--rewrite", is_flag=True, help="Write reports of an older prompt's version anew.")
@click.option("--json", "as_json", is_flag=True, help="Print the day as JSON.")
@click.pass_obj
def digest_command(
    options: Options, day: datetime | None, language: str | None, limit: int | None, rewrite: bool, as_json: bool
) -> int:
    """Make a day's digest and print it. Without a date: today's (UTC).

    What is already in the store is not read or written again, so it can be stopped and run again at any point.

    \b
    Example: paperboy digest 2026-01-16 --limit 10
    """
    settings = options.settings()
    options.start_logging(settings)
    wanted = language or settings.language
    if wanted not in compose.LANGUAGES and compose.writer_name(settings) == "extractive":
        raise UsageError(f"Without a model reports quote the papers, so they cannot be in {wanted}. Set llm.model.")
    asked = day.date() if day else compose.clock().date()

    order = Order(asked, wanted, limit or settings.digest.limit, rewrite)
    made = _by_itself(settings, order) or _by_the_bot(settings, order)
    if as_json:
        from digest.export import digest_json

        click.echo(digest_json(made.digest))
    else:
        show(made.digest, compose.texts(wanted), Terminal(Console()))
    if limit is None and made.listed > len(made.digest.papers):
        click.echo(
            f"paperboy: {made.listed} papers are listed; digest.limit makes it the {settings.digest.limit} "
            "most upvoted. Raise it in the settings, or use --limit.",
            err=True,
        )
    return tell(made)


def _by_itself(settings: Settings, order: Order) -> Made | None:
    """Makes the digest, unless another process holds the lock: then None."""

    async def run() -> Made:
        with progress.shown(Console(stderr=True)) as shown:
            async with compose.press(settings) as press:
                return await make_digest(press, order.day, order.language, order.limit, shown, rewrite=order.rewrite)

    try:
        with held(settings.store.file(), Work.READ):
            return asyncio.run(run())
    except LockHeld:
        return None


def _by_the_bot(settings: Settings, order: Order) -> Made:
    """Leaves a job for whoever reads already, and follows it; does it here when the lock becomes free.

    Raises PaperboyError when it fails there.
    """
    click.echo("paperboy: another process reads already; the running bot is asked to make it", err=True)
    with Store.create(settings.store.file(), compose.clock) as store:
        number = add_job(store, JOB, msgspec.json.encode(order).decode(), "command line")
        said = ""
        while (asked := job(store, number)).state in (JobState.WAITING, JobState.RUNNING):
            if asked.progress != said:
                said = asked.progress
                click.echo(f"paperboy: {said}", err=True)
            if asked.state is JobState.WAITING and (made := _by_itself(settings, order)) is not None:
                finish_job(store, number, "Done by the command that asked for it.")
                return made
            time.sleep(_LOOK_S)
        if asked.state is JobState.FAILED:
            raise PaperboyError(asked.answer)
        told = msgspec.json.decode(asked.answer, type=Told)
        digest = store.digest(order.day, order.language)
    papers = tuple(entry for entry in digest.papers if entry[0].id in told.papers)
    return Made(msgspec.structs.replace(digest, papers=papers, problems=told.by_id), told.notices, told.listed)


def show(digest: Digest, texts: Texts, terminal: Terminal) -> None:
    """Prints a digest as a chat thread would look."""
    terminal.headline(render.headline(digest, texts))
    problems = digest.problems | {
        paper: texts.phrases["withdrawn_short"].format(why=why) for paper, why in digest.withdrawn.items()
    }
    for paper, report in digest.papers:
        terminal.reply(render.card(paper, report, texts, problems.get(paper.id, "")))


def tell(made: Made) -> int:
    """Prints to stderr what failed and what the operator should know, and gives the exit code."""
    for notice in made.notices:
        click.echo(f"paperboy: {notice}", err=True)
    problems = made.digest.problems
    if not problems:
        return DONE
    click.echo(f"paperboy: {len(problems)} of {len(made.digest.papers)} papers failed:", err=True)
    for paper, problem in problems.items():
        click.echo(f"  {paper}: {problem}", err=True)
    return FAILED if len(problems) == len(made.digest.papers) else PARTIAL


@click.command("read")
@click.argument("paper", metavar="ID|FILE", type=click.Path())  # of a file, which may have any name
@click.option("--json", "as_json", is_flag=True, help="Print the passages as JSON.")
@click.pass_obj
def read_command(options: Options, paper: str, as_json: bool) -> int:
    """What the readers make of a paper or of a saved page, passage by passage.

    A paper that is in the store is shown as it was read then; another is read now, and not stored.

    \b
    Example: paperboy read 2601.10592
    """
    file = Path(paper)
    reading = _saved(file) if file.is_file() else _read(options, _id_or_no_file(paper))
    if as_json:
        from digest.export import reading_json

        click.echo(reading_json(reading))
        return DONE
    click.echo(f"{reading.source} · {reading.url} · {counted(len(reading.passages), 'passage')}")
    for attempt in reading.attempts:
        click.echo(f"not read as {attempt.source}: {attempt.problem}")
    heading = None
    for passage in reading.passages:
        if passage.heading != heading:
            heading = passage.heading
            click.echo(f"\n# {clean(heading)}" if heading else "")
        click.echo(f"\n[{passage.kind}{f' #{clean(passage.anchor)}' if passage.anchor else ''}] {clean(passage.text)}")
    return DONE


def _id_or_no_file(text: str) -> ArxivId:
    """Raises InvalidId, or UsageError when the text looks like a file."""
    try:
        return ArxivId.parse(text)
    except InvalidId:
        if "://" not in text and ("/" in text or Path(text).suffix):
            raise UsageError(
                f'There is no file "{text[:200]}", and it is not an arXiv id such as 2601.10592.'
            ) from None
        raise


def _saved(file: Path) -> Reading:
    from digest.readers.saved import parse
    from digest.workers.text_work import ChildWork

    work = ChildWork(compose.pool())
    try:
        return asyncio.run(work.run(str(file), parse, file.read_bytes(), str(file)))
    except CutOff as error:
        raise ReadError(f"{file} cannot be read: reading it {error.why}, twice.") from error
    except ReadError as error:
        raise ReadError(f"{file} holds no paper. {error} Name a saved HTML page, a PDF or a Markdown file.") from error


def _read(options: Options, paper: ArxivId) -> Reading:
    settings = options.settings()
    options.start_logging(settings)

    async def run() -> Reading:
        async with compose.press(settings) as press:
            stored = await press.store.run(Store.reading, paper)
            known = await press.store.run(Store.paper, paper)
            return stored or await read_paper(press.readers, known or Paper(id=paper, title=""), press.text_work)

    return asyncio.run(run())
