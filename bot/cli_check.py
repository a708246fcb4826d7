"""`paperboy check`: which figures and names of stored reports stand in their papers, and where."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby
from typing import NamedTuple

import click

from adapters import markup
from bot import compose
from bot.cli import DONE, FAILED, LanguageTag, Options, counted
from config.settings import Settings
from digest.errors import CutOff, PaperboyError, UsageError
from digest.locks import Work, held
from digest.lookups import Lookups
from digest.mending import check_report
from digest.readers.fingerprint import text_hash
from digest.render import unlinked
from digest.store import Store
from digest.text.injection import Dropped, filter_injections
from digest.types import (
    ArxivId,
    Finding,
    FindingKind,
    Outcome,
    Paper,
    Passage,
    PassageKind,
    Reading,
    ReadingSource,
    Report,
)
from digest.workers.text_work import ChildWork

_ORDER = (Outcome.NOT_FOUND, Outcome.ELSEWHERE, Outcome.DERIVED, Outcome.FOUND)
_CALLED = {
    Outcome.NOT_FOUND: "not found",
    Outcome.ELSEWHERE: "under another label",
    Outcome.DERIVED: "derived",
    Outcome.FOUND: "found",
}


class Checked(NamedTuple):
    """A report with its findings, and the text that it was held against; None where there is none."""

    paper: Paper
    report: Report
    reading: Reading | None
    is_stored: bool  # the reading is a stored one, and not made of the list's abstract
    dropped: tuple[Dropped, ...] = ()  # sentences of it that no report is made from
    problem: str = ""  # why it could not be held against its text


@click.command("check")
@click.argument("wanted", metavar="DATE|ID")
@click.option("--language", type=LanguageTag(), help="Language of the reports; the one in your settings if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_obj
def check_command(options: Options, wanted: str, language: str | None, as_json: bool) -> int:
    """Which figures and names of a day's reports, or of one paper's, stand in the text that was read, and where.

    What is not found may still be true: of a paper whose text is not stored, only the abstract is asked. Sentences that
    address a language model, and that no report is made from, are listed too.

    \b
    Example: paperboy check 2026-01-16
    """
    settings = options.settings()
    asked = _day_or_id(wanted)
    entries = _entries(settings, asked, language or settings.language)
    if any(not paper.abstract and reading is None for paper, _, reading in entries):
        options.start_logging(settings)
        days = (asked,) if isinstance(asked, date) else _days_of(settings, asked)
        _learn_abstracts(settings, days)
        entries = _entries(settings, asked, language or settings.language)
    told = asyncio.run(_all_held_against(entries))
    if as_json:
        from digest.export import check_json

        click.echo(
            check_json(
                [(one.paper, one.report, one.reading.source if one.reading else None, one.dropped) for one in told]
            )
        )
    else:
        click.echo("\n".join(_lines(told)))
    return DONE if any(one.reading for one in told) else FAILED


def _day_or_id(text: str) -> date | ArxivId:
    """Raises InvalidId."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return ArxivId.parse(text)


def _entries(settings: Settings, asked: date | ArxivId, language: str) -> list[tuple[Paper, Report, Reading | None]]:
    """The papers that have a report, with their stored readings. Raises UsageError when there are none."""
    with Lookups.open(settings.store.file()) as lookups:
        if isinstance(asked, date):
            papers: Iterable[Paper] = lookups.listed(asked)
        else:
            papers = [paper] if (paper := lookups.paper(asked)) else []
        found = [
            (paper, report, lookups.reading(paper.id))
            for paper in papers
            if (report := lookups.report(paper.id, language))
        ]
    if not found:
        what = f"of {asked}" if isinstance(asked, date) else f"for {asked}"
        raise UsageError(f"No report {what} is stored. Make the day with: paperboy digest DATE, or import it.")
    return found


def _days_of(settings: Settings, paper: ArxivId) -> tuple[date, ...]:
    with Lookups.open(settings.store.file()) as lookups:
        return lookups.days_of(paper)


def _learn_abstracts(settings: Settings, days: Sequence[date]) -> None:
    """Asks the days' lists for what an imported report does not tell of its paper; says so when that fails."""

    async def ask() -> None:
        async with compose.press(settings) as press:
            for day in days:
                await press.store.run(Store.save_listing, day, await press.source.daily(day))

    try:
        with held(settings.store.file(), Work.READ):
            asyncio.run(ask())
    except PaperboyError as error:
        click.echo(f"paperboy: {error} Reports whose papers have no text in the store are not checked.", err=True)


async def _all_held_against(entries: Sequence[tuple[Paper, Report, Reading | None]]) -> list[Checked]:
    work = ChildWork(compose.pool())
    return await asyncio.gather(*(_held_against(work, *entry) for entry in entries))


async def _held_against(work: ChildWork, paper: Paper, report: Report, reading: Reading | None) -> Checked:
    stored = reading is not None
    if reading is None and paper.abstract:
        passages = (Passage("", "Abstract", PassageKind.TEXT, paper.abstract),)
        reading = Reading(
            paper_id=paper.id,
            source=ReadingSource.ABSTRACT,
            url=paper.hub_url,
            text_hash=text_hash(passages),
            passages=passages,
        )
    if reading is None:
        return Checked(paper, report, None, is_stored=False)
    try:
        dropped = (await work.run(paper.id, filter_injections, paper, reading)).dropped
        report = await work.run(paper.id, check_report, report, reading, paper)
    except CutOff as error:
        return Checked(paper, report, None, is_stored=stored, problem=str(error))
    return Checked(paper, report, reading, is_stored=stored, dropped=dropped)


# --- printing ----------------------------------------------------------------------------------------------------


def _lines(told: Sequence[Checked]) -> Iterator[str]:
    for one in told:
        yield f"{one.paper.id}  {_printed(one.paper.title)}"
        yield f"  {_text_of(one)}"
        if one.reading is not None and not one.report.findings:
            yield "  states no figure, and no name of a model, dataset or benchmark"
        for outcome in _ORDER:
            yield from _of_outcome([finding for finding in one.report.findings if finding.outcome is outcome], outcome)
        yield from _of_dropped(one.dropped)
        yield ""
    every = [finding for one in told for finding in one.report.findings]
    numbers = (f"{sum(finding.outcome is outcome for finding in every)} {_CALLED[outcome]}" for outcome in _ORDER)
    yield f"{counted(len(told), 'report')}: {', '.join(numbers)}."


def _text_of(one: Checked) -> str:
    if one.problem:
        return f"not checked: {one.problem}"
    if one.reading is None:
        return "not checked: neither a text nor an abstract of the paper is stored"
    if not one.is_stored:
        return "held against the abstract: no text of the paper is stored, and an abstract holds only some"
    return f"held against the {one.reading.source} text, {markup.clean(one.reading.url)}"


def _of_outcome(findings: Sequence[Finding], outcome: Outcome) -> Iterator[str]:
    """Each figure or name once, with the sections that state it."""
    if not findings:
        return
    yield f"  {_CALLED[outcome]}:"
    ordered = sorted(findings, key=lambda finding: (finding.kind is FindingKind.NAME, _what(finding)))
    for what, same in groupby(ordered, key=_what):
        sections = dict.fromkeys(finding.section.value for finding in same)
        yield f"    {what}  [{', '.join(sections)}]"


def _of_dropped(dropped: Sequence[Dropped]) -> Iterator[str]:
    if dropped:
        yield "  left out, since it addresses a language model and not readers:"
    for one in dropped:
        yield f"    {_printed(one.sentence)}  ({_printed(one.heading) or 'the beginning'})"


def _what(finding: Finding) -> str:
    text = _printed(finding.text)
    if finding.operation:
        text += f" = {_printed(finding.operation)}"
    if finding.label:
        text += f", it stands at: {_printed(finding.label)}"
    if finding.instead:
        text += f", the text names {_printed(finding.instead)}"
    if finding.passage is not None and finding.outcome is not Outcome.NOT_FOUND:
        kind = "" if finding.passage is PassageKind.TEXT else f"{finding.passage} in "
        anchor = f" #{_printed(finding.anchor)}" if finding.anchor else ""
        text += f"  ({kind}{_printed(finding.heading) or 'the beginning'}{anchor})"
    return text


def _printed(text: str) -> str:
    """What is printed of a text from outside: on one line, without what nobody sees, and without live links."""
    return markup.clean(unlinked(" ".join(text.split())))
