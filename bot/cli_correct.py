"""`paperboy correct`, `withdraw`, `reinstate` and `dismiss`: changes to reports, wherever they were posted.

They write the store; what has to be edited is sent by the running bot, or by the next one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from adapters.markup import clean
from bot import compose
from bot.cli import DONE, FAILED, LanguageTag, Options, counted
from bot.commands import match_section, section_labels
from bot.correcting import reach_sentence
from bot.operator_notices import COMMAND_LINE, Author, notify_operator
from digest.copies import Copies
from digest.corrections import correct, preview, reinstate, to_correct, what_changed, withdraw
from digest.errors import UsageError
from digest.lookups import Lookups
from digest.markdown import parse, write
from digest.mistakes import dismiss
from digest.nearest import nearest
from digest.store import Store, _transaction
from digest.text.valid import valid_text
from digest.types import ArxivId, Report, SectionName

_AUTHOR = Author(COMMAND_LINE)


@click.command("correct")
@click.argument("paper", metavar="ID")
@click.argument("section")
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The section as Markdown; without it your editor opens.",
)
@click.option("--language", type=LanguageTag(), help="Of the report; the one in your settings if not given.")
@click.pass_obj
def correct_command(options: Options, paper: str, section: str, file: Path | None, language: str | None) -> int:
    """Correct a section of a report, and every message that shows it.

    The report becomes a new revision, which no rewriting replaces. Every posted copy is edited, and one reply in each
    thread says what it was: by the running bot, or when it is started.

    \b
    Example: paperboy correct 2601.10592 results --file results.md
    """
    settings = options.settings()
    wanted = language or settings.language
    with Lookups.open(settings.store.file()) as lookups:
        name = _section(section, lookups)
        known, before = to_correct(lookups, ArxivId.parse(paper), wanted)
    # No store is held open for writing while somebody thinks
    text = valid_text(_read(file) if file is not None else _edited(before, name))
    operators = compose.texts(settings.language)
    with Store.create(settings.store.file(), compose.clock) as store, _transaction(store.connection):
        done = correct(store, compose.localizer(), before, name, parse(text), COMMAND_LINE)
        of_operator = {"section": operators.sections[name], "changes": what_changed(done.changes, name, operators)}
        notify_operator(store, operators, _AUTHOR, "operator_corrected", known, **of_operator)
    click.echo(f"{known.id}, {compose.texts('en').sections[name]}, revision {done.report.revision} ({wanted})")
    if done.changes:
        click.echo(f"  {what_changed(done.changes, name, compose.texts(wanted))}")
    click.echo("\n".join(_lines(done.copies, "corrected")))
    return DONE


def _section(words: str, lookups: Lookups) -> SectionName:
    desk = compose.desk(lookups)
    name = match_section(words, desk)
    if name is None:
        close = nearest(words, section_labels(desk)) or tuple(SectionName)
        raise UsageError(f'There is no section "{words[:80]}". Nearest: {", ".join(close)}')
    return name


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not text in UTF-8. Save it as such.") from error


def _edited(before: Report, name: SectionName) -> str:
    """The section as somebody leaves it in their editor. Raises UsageError when they do not save it."""
    held = before.section(name)
    text = click.edit("" if held is None else write(held.blocks) + "\n", extension=".md")
    if text is None:
        raise UsageError("Nothing was saved in the editor, so nothing is corrected.")
    return text


@click.command("withdraw")
@click.argument("paper", metavar="ID")
@click.option("--why", required=True, help="The reason, which people who ask for the report are told.")
@click.option("--yes", is_flag=True, help="Do not ask whether it is meant.")
@click.pass_obj
def withdraw_command(options: Options, paper: str, why: str, yes: bool) -> int:
    """Withdraw the reports on a paper, in every language.

    Every posted copy then shows the reason instead of the text, and one reply in each thread says so: by the running
    bot, or when it is started. The paper is not written about or delivered until "paperboy reinstate" undoes it.

    \b
    Example: paperboy withdraw 2601.10592 --why "The paper was retracted."
    """
    settings = options.settings()
    paper_id = ArxivId.parse(paper)
    Lookups.open(settings.store.file()).close()  # which says what to do when there is no store
    with Store.create(settings.store.file(), compose.clock) as store:
        if not yes and sys.stdin.isatty() and not _is_meant(store, paper_id, why):
            click.echo("Nothing was withdrawn.")
            return FAILED
        with _transaction(store.connection):
            copies = withdraw(store, compose.localizer(), paper_id, why)
            known, operators = store.paper(paper_id), compose.texts(settings.language)
            if known is not None:
                reason = " ".join(why.split())
                notify_operator(store, operators, _AUTHOR, "operator_withdrawn", known, why=reason)
    click.echo(f"{paper_id} is withdrawn.")
    click.echo("\n".join(_lines(copies, "held back")))
    return DONE


def _is_meant(store: Store, paper: ArxivId, why: str) -> bool:
    """Asks, with the paper's title and how many messages change. Raises as `withdraw` does."""
    reach = preview(store, lambda: withdraw(store, compose.localizer(), paper, why))
    known = store.paper(paper)
    click.echo(f"{paper}, {clean(known.title)}" if known is not None else paper)
    click.echo(reach_sentence(reach, compose.texts("en")))
    return click.confirm("Withdraw the report?")


@click.command("reinstate")
@click.argument("paper", metavar="ID")
@click.pass_obj
def reinstate_command(options: Options, paper: str) -> int:
    """Undo a withdrawal: every copy shows the report again.

    Copies that were held back are posted: by the running bot, or when it is started.

    \b
    Example: paperboy reinstate 2601.10592
    """
    settings = options.settings()
    paper_id = ArxivId.parse(paper)
    Lookups.open(settings.store.file()).close()
    with Store.create(settings.store.file(), compose.clock) as store, _transaction(store.connection):
        copies = reinstate(store, compose.localizer(), paper_id)
        known = store.paper(paper_id)
        if known is not None:
            notify_operator(store, compose.texts(settings.language), _AUTHOR, "operator_reinstated", known)
    click.echo(f"{paper_id} is reinstated.")
    click.echo("\n".join(_lines(copies, "to be posted after all")))
    return DONE


def _lines(copies: Sequence[Copies], ahead: str) -> Iterator[str]:
    if not copies:
        yield "  No message shows it."
    for one in copies:
        parts = [f"{counted(one.edited, 'message')} edited"] if one.edited else []
        parts += [f"{counted(one.ahead, 'message')} not posted yet: {ahead}"] if one.ahead else []
        parts += [f"{one.replies} replies" if one.replies > 1 else "1 reply"] if one.replies else []
        yield f"  {one.to}  {', '.join(parts)}"
    if any(one.edited or one.replies for one in copies):
        yield '  The running bot sends that within seconds; without one, "paperboy run" does.'


@click.command("dismiss")
@click.argument("number", type=int)
@click.option("--why", default="", help="What the paper says: whoever reported the mistake is told.")
@click.pass_obj
def dismiss_command(options: Options, number: int, why: str) -> int:
    """Dismiss a reported mistake: the report stays as it is.

    Whoever reported it hears so privately, with the reason.

    \b
    Example: paperboy dismiss 7 --why "Table 2 says 20.0"
    """
    settings = options.settings()
    Lookups.open(settings.store.file()).close()
    with Store.create(settings.store.file(), compose.clock) as store:
        dismiss(store, compose.localizer(), number, why)
    click.echo(f"Mistake {number} is dismissed.")
    return DONE
