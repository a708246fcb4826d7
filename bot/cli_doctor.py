"""`paperboy doctor`: settings, store and endpoints, each with what to do when something is wrong."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import sys
import textwrap
from typing import NamedTuple

import click

from bot import compose
from bot.cli import DONE, FAILED, Options, counted, dressed
from config.settings import InvalidSettings, Settings, user_file
from digest.errors import FetchError, NotFound, PaperboyError, Refused
from digest.nearest import nearest
from digest.store import Store
from digest.store_file import unusable
from digest.types import Fetcher

_BESIDE = 14  # columns before a sentence
_NARROW = 30  # columns that a sentence has at least
_TRY_PAPER = "1706.03762"  # a paper that arXiv will not lose


class Check(NamedTuple):
    """What was looked at, whether it is well, and a sentence: what is there, or what is wrong and what to do."""

    name: str
    well: bool
    sentence: str


@click.command("doctor")
@click.pass_obj
def doctor_command(options: Options) -> int:
    """Check settings, store and endpoints, and say what to do. Ends with 1 when something is wrong.

    \b
    Example: paperboy doctor
    """
    try:
        settings = options.settings()
    except InvalidSettings as error:
        return _print([Check("settings", False, str(error))])
    options.start_logging(settings)
    return _print([_settings(options), *asyncio.run(checks(settings))])


def _print(checks: list[Check]) -> int:
    for check in checks:
        mark = click.style("ok", fg="green") if check.well else click.style("!!", fg="red", bold=True)
        click.echo(f"{mark}  {check.name:<9} {_folded(check.sentence)}", color=dressed())
    return DONE if all(check.well for check in checks) else FAILED


def _folded(sentence: str) -> str:
    """Beside its name on a terminal; in one line where it is read by a program."""
    if not sys.stdout.isatty():
        return sentence
    columns = max(shutil.get_terminal_size().columns - _BESIDE, _NARROW)
    lines = textwrap.wrap(sentence, columns, break_long_words=False, break_on_hyphens=False)
    return f"\n{' ' * _BESIDE}".join(lines)


def _settings(options: Options) -> Check:
    file = options.config or user_file()
    return Check("settings", True, f"{file}" if file.exists() else f"defaults; your own file would be {file}")


def _store(settings: Settings) -> Check:
    path = settings.store.file()
    try:
        with Store.create(path, compose.clock) as store:
            verdict = store.connection.execute("PRAGMA quick_check").fetchone()[0]
            days = store.days()
    except PaperboyError as error:
        return Check("store", False, str(error))
    except sqlite3.Error as error:
        return Check("store", False, str(unusable(path, error, "read", "Look at the disk and at who may read it.")))
    if verdict != "ok":
        return Check("store", False, f"{path} is damaged ({verdict}). Put a copy back, or move it away and start anew.")
    papers = sum(count for _, count in days)
    return Check("store", True, f"{path}: {counted(papers, 'paper')} on {counted(len(days), 'day')}")


async def checks(settings: Settings) -> list[Check]:
    """Everything that the settings name, looked at once. What is wrong is told, not raised."""
    return [await asyncio.to_thread(_store, settings), await _parts(settings), *await _endpoints(settings)]


async def _parts(settings: Settings) -> Check:
    """Whether the source, the readers and the writer that are set are there and take their settings."""
    try:
        async with compose.press(settings) as press:
            readers = ", ".join(reader.source for reader in press.readers)
            return Check("digest", True, f"{settings.digest.source}, read as {readers}; writer: {press.writer.name}")
    except PaperboyError as error:
        sentence = str(error) if "llm." in str(error) else f"{error} It is set in [digest]."
        return Check("digest", False, sentence)


async def _endpoints(settings: Settings) -> list[Check]:
    async with compose.fetcher(settings, attempts=1) as fetcher:
        hub = f"{settings.hub.url.rstrip('/')}/api/daily_papers"
        arxiv = f"{settings.arxiv.url.rstrip('/')}/abs/{_TRY_PAPER}"
        return [
            await _endpoint(fetcher, "hub", hub, "hub.url"),
            await _endpoint(fetcher, "arxiv", arxiv, "arxiv.url"),
            await _model(settings),
            *await _platform(settings, "slack", settings.slack.bot_token or settings.slack.app_token),
            *await _platform(settings, "discord", settings.discord.token),
            _operator(settings),
            _heartbeat(settings),
            _requests(settings),
        ]


async def _endpoint(fetcher: Fetcher, name: str, url: str, key: str) -> Check:
    try:
        await fetcher.get(url, params={"limit": "1"} if name == "hub" else None, timeout_s=10)
    except FetchError as error:
        # It answers, which is what was asked: a mirror of arXiv need not have the paper. The Hub always has its list.
        if not isinstance(error, Refused) and not (isinstance(error, NotFound) and name == "arxiv"):
            return Check(name, False, f"{error} Is {key} right, and the network there?")
    return Check(name, True, url)


async def _model(settings: Settings) -> Check:
    llm = settings.llm
    if compose.writer_name(settings) != "llm" or not llm.model:
        return Check("model", True, "none: reports quote the papers. Set llm.model and a key for written ones.")
    import openai

    client = openai.AsyncOpenAI(base_url=llm.base_url, api_key=llm.api_key or "none", max_retries=0, timeout=10)
    try:
        listed = [str(model.id) for model in (await client.models.list()).data or ()]
    except openai.APIStatusError as error:
        sentence = f"{llm.base_url} answers {error.status_code}. {_WHAT_TO_DO.get(error.status_code, '')}".strip()
        return Check("model", False, sentence)
    except (openai.APIError, AttributeError):  # the latter is what the SDK makes of a page that is no JSON
        return Check("model", False, f"{llm.base_url} does not answer as it should. Is llm.base_url right?")
    finally:
        await client.close()
    if listed and llm.model not in {name for one in listed for name in (one, *_short(one))}:
        near = ", ".join(nearest(llm.model, listed) or listed[:3])
        return Check("model", False, f'{llm.base_url} lists no model "{llm.model}". Nearest: {near}. Set llm.model.')
    return Check("model", True, f"{llm.model} at {llm.base_url}; {_money(settings)}")


def _money(settings: Settings) -> str:
    llm = settings.llm
    if llm.model not in llm.prices:
        return "what it costs is not known: [llm.prices] has no price of it"
    price = llm.prices[llm.model]
    cached = f", cached {price.cached:g}" if price.cached is not None else ""
    limit = f"at most ${llm.daily_limit:g} a day (UTC)" if llm.daily_limit else "no daily limit"
    return f"USD for a million tokens: in {price.input:g}{cached}, out {price.output:g}; {limit}"


_WHAT_TO_DO = {
    401: "Set a valid key.",
    402: "The account has no money left.",
    404: "It should list its models there. Is llm.base_url right? It mostly ends in /v1.",
}


def _short(name: str) -> tuple[str, str]:
    """What else a listed model is called by: some list `models/NAME` (Gemini), some `NAME:latest` (Ollama)."""
    return name.removeprefix("models/"), name.removesuffix(":latest")


def _operator(settings: Settings) -> Check:
    """Who hears of what goes wrong. Whether they can is looked at with their platform's channels."""
    if not settings.operator:
        return Check("operator", True, 'nobody hears of what goes wrong. Set operator, such as "slack:C024BE91L".')
    name = settings.operator.partition(":")[0]
    tokens = {"slack": settings.slack.bot_token, "discord": settings.discord.token}
    if not tokens.get(name, name):
        sentence = f"{settings.operator} cannot be told anything: {name} is not set up. {_WAYS[name]}."
        return Check("operator", False, sentence)
    return Check("operator", True, f"{settings.operator} hears of what goes wrong")


def _heartbeat(settings: Settings) -> Check:
    """Not called, which would tell the watchdog that the bot is well."""
    if not settings.heartbeat_url:
        return Check("heartbeat", True, "none: a bot that died is silent. heartbeat_url is called while it is well.")
    every = f"every {settings.schedule.ask_every_min:g} min"
    return Check("heartbeat", True, f"{settings.heartbeat_url} is called {every} while the bot is well; not now")


def _requests(settings: Settings) -> Check:
    """What people may ask for that takes a model or the network, and how often."""
    kinds = (
        ("questions", settings.ask.enabled, settings.budgets.ask, "ask.enabled"),
        ("papers read", settings.reading.on_request, settings.budgets.read, "reading.on_request"),
    )
    told = [
        f"{what}: {_often(budget.person)} for a person, {_often(budget.workspace)} for a workspace or server"
        if on
        else f"{what}: switched off ({key})"
        for what, on, budget, key in kinds
    ]
    return Check("requests", True, "; ".join(told))


def _often(limit: int) -> str:
    return f"{limit} a day" if limit else "no limit"


# How each platform is set up
_WAYS = {"slack": '"paperboy slack-manifest" begins the way', "discord": "DISCORD_TOKEN begins the way"}


async def _platform(settings: Settings, name: str, token: str) -> list[Check]:
    """Whether a chat platform lets the bot in, and into each of its channels."""
    channels = [channel for channel in settings.channels if channel.destination.startswith(f"{name}:")]
    if not (channels or token):
        return [Check(name, True, f"not set up. {_WAYS[name]}; the README links to the guide.")]
    try:
        adapter = compose.adapter(settings, name)
    except PaperboyError as error:
        return [Check(name, False, str(error))]
    from bot import delivery

    found = await delivery.problems(settings, name, adapter)
    if found:
        return [Check(name, False, f"{about}: {sentence}") for about, sentence in found]
    return [Check(name, True, f"{compose.options(settings, name)['api_url']}; channels: {len(channels)}")]
