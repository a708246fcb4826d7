"""`paperboy paper ID ask QUESTION`, and the reading of one paper by hand: what takes a model or the network."""

from __future__ import annotations

import asyncio

import click
from rich.console import Console

from adapters import progress
from bot import compose
from bot.cli import Options
from config import settings as configured
from config.settings import Settings
from digest import attempts, replies
from digest.errors import UsageError
from digest.locks import Work, held
from digest.pipeline import make_report
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ArxivId, Message, Paper, Reading


def asked(options: Options, paper: str, question: str, language: str) -> Message:
    """What the text of a stored paper says to a question. Raises UsageError when nothing of it was read."""
    settings = options.settings()
    options.start_logging(settings)
    paper_id = ArxivId.parse(paper)
    if not question.strip():
        raise UsageError(
            f"What do you want to know? Write: paperboy paper {paper_id} ask which data was it trained on?"
        )
    return asyncio.run(_asked(settings, paper_id, question, language))


async def _asked(settings: Settings, paper_id: ArxivId, question: str, language: str) -> Message:
    store = StoreThread(settings.store.file(), compose.clock)
    try:
        known, reading = await _text(store, paper_id)
        async with compose.kit(settings, store) as tools, compose.closing(compose.replies(settings, tools)) as writer:
            given = await replies.reply(
                known,
                reading,
                question,
                language,
                glossary=compose.glossary(),
                text_work=tools.text_work,
                hosts=configured.hosts(),
                writer=writer,
            )
    finally:
        await store.close()
    if given.problem:
        click.echo(f"paperboy: {given.problem}", err=True)
    return replies.message(known, reading, given, compose.texts(language))


async def _text(store: StoreThread, paper_id: ArxivId) -> tuple[Paper, Reading]:
    known, reading = await store.run(Store.paper, paper_id), await store.run(Store.reading, paper_id)
    if (why := await store.run(Store.withdrawn, paper_id)) is not None:
        raise UsageError(f"The report on {paper_id} was withdrawn: {why}")
    if known is None or reading is None:
        raise UsageError(f"Nothing of {paper_id} has been read. Read it first: paperboy paper {paper_id} --read")
    return known, reading


def read_now(options: Options, paper: str, language: str, *, again: bool) -> None:
    """Reads a paper and stores the report on it, as far as that is not done; `again` reads it anew.

    Raises LockHeld while another process reads, and PaperboyError when there is no report.
    """
    settings = options.settings()
    options.start_logging(settings)
    paper_id = ArxivId.parse(paper)
    if language not in compose.LANGUAGES and compose.writer_name(settings) == "extractive":
        raise UsageError(f"Without a model reports quote the papers, so they cannot be in {language}. Set llm.model.")
    with held(settings.store.file(), Work.READ):
        notices = asyncio.run(_read(settings, paper_id, language, again=again))
    for notice in notices:
        click.echo(f"paperboy: {notice}", err=True)


async def _read(settings: Settings, paper_id: ArxivId, language: str, *, again: bool) -> tuple[str, ...]:
    with progress.shown(Console(stderr=True)) as shown:
        async with compose.press(settings) as press:
            shown("listed", paper_id)
            if again:
                await press.store.run(attempts.forgive, paper_id)
            known = await press.store.run(Store.paper, paper_id)
            if known is None:
                known = await press.catalogue.paper(paper_id)
                await press.store.run(Store.save_paper, known)
            notices = await make_report(press, known, language, shown, again=again)
            shown("done", paper_id)
            return tuple(notices)
