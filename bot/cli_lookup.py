"""`paperboy paper` and `paperboy papers`: the handlers that chat calls, printed. Answers before a person notices."""

from __future__ import annotations

import shutil
import sys
from datetime import datetime

import click

from adapters.markup import ansi, message_lines, undressed
from bot import compose
from bot.cli import DONE, FAILED, LanguageTag, Options, dressed
from bot.commands import PAPERS_SHOWN, Answer, answer, as_day, find_papers, is_id
from digest.lookups import Lookups
from digest.types import ArxivId, Invocation, Message

MAX_COLUMNS = 100


@click.command("paper")
@click.argument("words", nargs=-1, required=True, metavar="ID|URL|WORDS [SECTION|ask QUESTION]")
@click.option("--read", is_flag=True, help="Read the paper first, if it is not stored.")
@click.option("--refresh", is_flag=True, help="Read the paper again; a new report is written if it reads otherwise.")
@click.option(
    "--language", type=LanguageTag(), help="The language of the answer; the one in your settings if not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.pass_obj
def paper_command(
    options: Options, words: tuple[str, ...], read: bool, refresh: bool, language: str | None, as_json: bool
) -> int:
    """The report on one paper, or one section of it, from the store; or what its text says to a question.

    \b
    Example: paperboy paper 2601.10592 results
             paperboy paper 2601.10592 ask which data was it trained on?
    """
    settings = options.settings()
    wanted = language or settings.language
    if read or refresh:
        from bot.cli_ask import read_now

        read_now(options, words[0], wanted, again=refresh)
    if words[1:2] == ("ask",):
        from bot.cli_ask import asked

        show(asked(options, words[0], " ".join(words[2:]), wanted))
        return DONE
    with Lookups.open(settings.store.file()) as lookups:
        found = answer(Invocation(name="paper", args=" ".join(words), language=wanted), compose.desk(lookups))
        way = "" if found.found else _way_to_paper(words[0], wanted, lookups)
    return _print(found, as_json, way)


@click.command("papers")
@click.argument("query", nargs=-1)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="Only papers listed on this day.")
@click.option("--domain", default="", help="Only papers of this domain, such as video.")
@click.option("--limit", type=click.IntRange(min=1), default=PAPERS_SHOWN, show_default=True)
@click.option(
    "--language", type=LanguageTag(), help="The language of the answer; the one in your settings if not given."
)
@click.option("--json", "as_json", is_flag=True, help="Print the papers as JSON.")
@click.pass_obj
def papers_command(
    options: Options,
    query: tuple[str, ...],
    day: datetime | None,
    domain: str,
    limit: int,
    language: str | None,
    as_json: bool,
) -> int:
    """Stored papers: the newest day's, or those that hold every word of the query.

    \b
    Example: paperboy papers diffusion --domain video
    """
    settings = options.settings()
    words, wanted_day = " ".join(query), day.date() if day else None
    if wanted_day is None and (meant := as_day(words)):  # as it may be written in chat
        words, wanted_day = "", meant
    with Lookups.open(settings.store.file()) as lookups:
        found = find_papers(
            compose.desk(lookups),
            language or settings.language,
            query=words,
            day=wanted_day,
            domain=domain,
            limit=limit,
        )
        way = "" if found.found or lookups.days() else _BEGIN
    return _print(found, as_json, way)


_BEGIN = "Nothing is stored yet; begin with: paperboy digest"


def _way_to_paper(named: str, language: str, lookups: Lookups) -> str:
    """How a paper that has no report comes to one; "" for words, and for what was withdrawn."""
    if not is_id(named):
        return "" if lookups.days() else _BEGIN
    paper_id = ArxivId.parse(named)
    if lookups.report(paper_id, language) or lookups.withdrawn(paper_id) is not None:
        return ""
    return f"To have it read now: paperboy paper {paper_id} --read"


def _print(found: Answer, as_json: bool, way: str = "") -> int:
    """Prints an answer to stdout, or what is nearest and the `way` to more to stderr, and gives the exit code."""
    if found.found is None:
        told = found.message.plain
        click.echo(f"paperboy: {told if told.endswith('.') or not way else f'{told}.'} {way}".rstrip(), err=True)
        return FAILED
    if as_json:
        from digest.export import answer_json

        click.echo(answer_json(found.found.papers, found.found.section))
        return DONE
    show(found.message)
    return DONE


def show(message: Message) -> None:
    width = min(shutil.get_terminal_size().columns, MAX_COLUMNS) if sys.stdout.isatty() else None
    click.echo("\n".join(message_lines(message, width, ansi if dressed() else undressed)))
