"""`paperboy demo`: the production pipeline over the bundled sample day, in a throw-away store."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import date
from pathlib import Path

import click
import msgspec
from rich.console import Console
from rich.text import Text

from adapters import progress
from adapters.markup import ansi, message_lines, undressed
from adapters.terminal import MAX_COLUMNS, Terminal
from bot import compose
from bot.cli import LanguageTag, Options
from bot.cli_digest import show, tell
from bot.commands import answer
from bot.sample_server import SAMPLE_DAY, serving
from config.settings import HERE, Settings, load
from digest.errors import UsageError
from digest.lookups import Lookups
from digest.pipeline import Made, make_digest
from digest.types import Invocation

_FOLLOW_UP = "2601.10611 results"


@click.command("demo")
@click.option("--language", type=LanguageTag(), default="en", show_default=True, help="en or zh.")
@click.option("--sample", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Another sample folder.")
@click.pass_obj
def demo_command(options: Options, language: str, sample: Path | None) -> int:
    """See it work: a sample day is read, reported and printed. No account, no key, no network.

    \b
    Example: paperboy demo
    """
    if language not in compose.LANGUAGES:
        raise UsageError(f"The demo speaks en and zh, not {language}: without a model reports quote the papers.")
    if sample and not (sample / f"{SAMPLE_DAY}.json").is_file():
        raise UsageError(
            f"{sample} is no sample folder: one holds {SAMPLE_DAY}.json, a day's list in the Hub's form, and "
            f"pages/ID.html. Copy {HERE / 'sample'} and change it."
        )
    with tempfile.TemporaryDirectory(prefix="paperboy-demo-") as folder, serving(sample or HERE / "sample") as address:
        settings = _settings(address, Path(folder) / "paperboy.db")
        options.start_logging(settings)
        made = asyncio.run(_digest(settings, language))
        console = Console()
        show(made.digest, compose.texts(language), Terminal(console))
        _follow_up(settings, language, console)
    return tell(made)


def _settings(address: str, store: Path) -> Settings:
    """What ships with Paperboy, with the sample server for the Hub and arXiv, and no model."""
    shipped = load(HERE / "default.toml", {})
    replaced = msgspec.structs.replace
    return replaced(
        shipped,
        store=replaced(shipped.store, path=str(store)),
        hub=replaced(shipped.hub, url=address),
        arxiv=replaced(shipped.arxiv, url=address, gap_s=0.0),
    )


async def _digest(settings: Settings, language: str) -> Made:
    with progress.shown(Console(stderr=True)) as shown:
        async with compose.press(settings) as press:
            return await make_digest(press, date.fromisoformat(SAMPLE_DAY), language, settings.digest.limit, shown)


def _follow_up(settings: Settings, language: str, console: Console) -> None:
    """One question about the digest, answered from the store."""
    with Lookups.open(settings.store.file()) as lookups:
        found = answer(Invocation(name="paper", args=_FOLLOW_UP, language=language), compose.desk(lookups))
    width = min(console.width, MAX_COLUMNS)
    console.print(f"\n[bold green]you[/] › /paper {_FOLLOW_UP}\n", highlight=False)
    shown = "\n".join(message_lines(found.message, width, ansi if console.is_terminal else undressed))
    console.print(Text.from_ansi(shown), soft_wrap=True, highlight=False)
    click.echo("\nThis was a sample day in a throw-away store. The real thing: paperboy digest")
