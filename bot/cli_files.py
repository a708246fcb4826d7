"""`paperboy import` and `paperboy export`: day reports as files."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from bot import compose
from bot.cli import DONE, LanguageTag, Options, counted
from digest.errors import UsageError
from digest.export import digest_json, digest_markdown
from digest.lookups import Lookups
from digest.sources.report_file import read_report_file
from digest.store import Store


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def import_command(options: Options, file: Path) -> int:
    """Store the papers and reports of a Markdown day report, as `paperboy export` and other bots write them.

    \b
    Example: paperboy import 2026-01-16.md
    """
    settings = options.settings()
    known = [compose.texts(language) for language in compose.LANGUAGES]
    report_file = read_report_file(file, known, compose.taxonomy(), compose.clock())
    with Store.create(settings.store.file(), compose.clock) as store:
        store.save_imported(report_file.day, report_file.entries)
    papers, sections = len(report_file.entries), sum(len(report.sections) for _, report in report_file.entries)
    click.echo(f"{report_file.day}: {counted(papers, 'paper')} and {counted(sections, 'section')} imported.")
    for paper, missing in report_file.gaps.items():
        click.echo(f"  {paper} lacks {', '.join(missing)}.")
    return DONE


@click.command("export")
@click.argument("day", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE")
@click.option("--format", "form", type=click.Choice(["markdown", "json"]), default="markdown", show_default=True)
@click.option("--language", type=LanguageTag(), help="Language of the reports; the one in your settings if not given.")
@click.option(
    "--output", type=click.Path(dir_okay=False, writable=True, path_type=Path), help="A file, not the screen."
)
@click.pass_obj
def export_command(options: Options, day: datetime, form: str, language: str | None, output: Path | None) -> int:
    """Write a stored day as a Markdown report or as JSON.

    \b
    Example: paperboy export 2026-01-16 --format markdown --output 2026-01-16.md
    """
    settings = options.settings()
    with Lookups.open(settings.store.file()) as lookups:
        stored = lookups.digest(day.date(), language or settings.language)
        if not stored.papers:
            raise UsageError(_no_day(day.date(), lookups.days()))
    if form == "json":
        written = digest_json(stored) + "\n"
    else:
        texts = {known: compose.texts(known) for known in compose.LANGUAGES}
        written = digest_markdown(stored, texts, f"{settings.hub.public_url.rstrip('/')}/papers/date/{stored.day}")
    if output is None:
        click.echo(written, nl=False)
    else:
        output.write_text(written, encoding="utf-8")
        click.echo(f"{stored.day}: {counted(len(stored.papers), 'paper')} written to {output}.", err=True)
    return DONE


def _no_day(day: date, days: tuple[tuple[date, int], ...]) -> str:
    newest = f" Days that are: {', '.join(str(known) for known, _ in days[:3])}." if days else ""
    return f"No paper of {day} is stored.{newest} Make the day with: paperboy digest {day}"
