"""Putting things together: the only place that makes the parts from the settings, and imports them when asked."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

import msgspec

from bot.commands import Desk, nobody
from config import settings as configured
from config.settings import Settings
from digest.errors import SettingsError
from digest.localizer import Localizer
from digest.lookups import Lookups
from digest.types import Clock, Destination, Invocation, Texts

if TYPE_CHECKING:
    from bot.rounds import Rounds
    from digest.domains import Taxonomy
    from digest.fetch import PoliteFetcher
    from digest.locks import Shared
    from digest.pipeline import Press
    from digest.sources.catalogue import Catalogue
    from digest.store_thread import StoreThread
    from digest.types import ChatAdapter, Kit, PageReader, PaperReader, PaperSource, ReportWriter
    from digest.workers.pool import Pool
    from digest.writers.reply import ReplyWriter

Closed = TypeVar("Closed")

PROJECT_ADDRESS = "https://github.com/paperboy-digest/paperboy"
FETCH_ATTEMPTS = 4
LANGUAGES = ("en", "zh")  # those with fixed texts of their own


def clock() -> datetime:
    return datetime.now(UTC)


@functools.cache
def texts(language: str) -> Texts:
    """The fixed texts of a language; English where there are none."""
    known = language if language in LANGUAGES else "en"
    tables = {name: table for name, table in configured.texts(known).items() if name != "languages"}
    return msgspec.convert({"language": language, **tables}, Texts)


def language_names(language: str) -> dict[str, str]:
    """What languages are called in a language."""
    return configured.texts(language)["languages"]


def localizer() -> Localizer:
    """The texts of any language, for what the core shows in several."""
    return Localizer(texts, language_names)


@functools.cache
def taxonomy() -> Taxonomy:
    from digest.domains import Taxonomy

    return Taxonomy(configured.domains())


@functools.cache
def pool() -> Pool:
    """This process's child processes; the first is started when there is something to do for it."""
    from digest.workers.pool import Pool

    return Pool()


def glossary() -> Mapping[str, Sequence[str]]:
    """What terms of one language are called in another, for questions."""
    return configured.glossary()


def desk(lookups: Lookups, clock: Clock = clock, is_editor: Callable[[Invocation], bool] | None = None) -> Desk:
    """What commands answer from. Without `is_editor` nobody is one."""
    return Desk(lookups, texts, language_names, taxonomy, clock, is_editor or nobody)


@asynccontextmanager
async def press(settings: Settings) -> AsyncIterator[Press]:
    """What digests are made with; closed at the end, after everything written is on the disk."""
    from digest.store_thread import StoreThread

    store = StoreThread(settings.store.file(), clock)
    try:
        async with press_over(settings, store) as made:
            yield made
    finally:
        await store.close()


@asynccontextmanager
async def press_over(settings: Settings, store: StoreThread) -> AsyncIterator[Press]:
    """What digests are made with over a store that somebody else closes."""
    from digest.pipeline import Press

    async with (
        kit(settings, store) as tools,
        closing(writer(settings, tools, writer_name(settings))) as chosen,
        closing(replies(settings, tools)) as answers,
    ):
        yield Press(
            source=source(settings, tools),
            readers=readers(settings, tools),
            writer=chosen,
            stand_in=writer(settings, tools, "extractive"),
            store=store,
            clock=clock,
            text_work=tools.text_work,
            catalogue=catalogue(settings, tools),
            replies=answers,
            hosts=configured.hosts(),
        )


def catalogue(settings: Settings, tools: Kit) -> Catalogue:
    """Who tells of papers that no list has brought."""
    from digest.sources.catalogue import Catalogue

    return Catalogue(
        tools,
        settings.hub.public_url,
        hub_timeout_s=settings.hub.timeout_s,
        arxiv_timeout_s=settings.arxiv.timeout_s,
    )


def replies(settings: Settings, tools: Kit) -> ReplyWriter | None:
    """Who answers questions about papers; None when there is no model: then they are quoted."""
    if writer_name(settings) != "llm":
        return None
    from digest.writers.reply import ReplyWriter
    from digest.writers.till import Options

    return ReplyWriter(tools, msgspec.convert(options(settings, "llm"), Options, strict=False))


def rounds(
    settings: Settings,
    made: Press,
    reading: Shared,
    wake: Callable[[], None],
    beat: Callable[[], Awaitable[None]],
) -> Rounds:
    """The running bot's rounds with a press and its hold of the lock for reading; `wake` and `beat` as there."""
    from bot.rounds import Rounds
    from digest.days import Patience

    hours = settings.schedule
    return Rounds(
        made,
        clock=clock,
        patience=Patience(timedelta(hours=hours.settle_h), timedelta(hours=hours.stall_h)),
        ask_every=timedelta(minutes=hours.ask_every_min),
        language=settings.language,
        # Without a model reports quote the papers, and what is said around that has texts in these only
        languages=LANGUAGES if writer_name(settings) == "extractive" else None,
        limit=settings.digest.limit,
        reading=reading.held,
        wake=wake,
        beat=beat,
    )


def import_plugins(settings: Settings) -> None:
    """Imports what a press is made of, for a thread: it takes some tenths of a second."""
    from bot.plugins import factory

    factory("sources", settings.digest.source)
    for name in settings.digest.readers:
        factory("readers", name)
    for name in {writer_name(settings), "extractive"}:
        factory("writers", name)


@asynccontextmanager
async def closing(chosen: Closed) -> AsyncIterator[Closed]:
    """A writer that is closed at the end, if it holds anything open."""
    try:
        yield chosen
    finally:
        close = getattr(chosen, "close", None)
        if close is not None:
            await close()


@asynccontextmanager
async def kit(settings: Settings, store: StoreThread) -> AsyncIterator[Kit]:
    """What sources, readers and writers are built from."""
    from digest.mending import faults_of
    from digest.types import Kit
    from digest.workers.text_work import ChildWork

    async with fetcher(settings, FETCH_ATTEMPTS) as polite:
        yield Kit(
            fetcher=polite,
            clock=clock,
            hub_url=settings.hub.url.rstrip("/"),
            arxiv_url=settings.arxiv.url.rstrip("/"),
            texts={language: texts(language) for language in LANGUAGES},
            domains=taxonomy(),
            prompts=configured.prompts(),
            calls=store,
            text_work=ChildWork(pool(), store),
            check=faults_of,
        )


def fetcher(settings: Settings, attempts: int) -> PoliteFetcher:
    """Asks the outside world as the settings allow; `attempts` is how often a failing GET is made."""
    from bot import __version__
    from digest.fetch import PoliteFetcher

    arxiv_host = urlsplit(settings.arxiv.url).netloc
    return PoliteFetcher(
        user_agent=f"Paperboy/{__version__} (+{PROJECT_ADDRESS})",
        gaps_s={arxiv_host: settings.arxiv.gap_s} if settings.arxiv.gap_s else {},
        attempts=attempts,
        max_bytes=int(settings.arxiv.max_page_mb * 1024 * 1024),
    )


def source(settings: Settings, tools: Kit) -> PaperSource:
    return _built("sources", settings.digest.source, settings, tools)  # type: ignore[no-any-return]  # a plugin's word


def readers(settings: Settings, tools: Kit) -> Sequence[PaperReader | PageReader]:
    return [_built("readers", name, settings, tools) for name in settings.digest.readers]


def writer(settings: Settings, tools: Kit, name: str) -> ReportWriter:
    return _built("writers", name, settings, tools)  # type: ignore[no-any-return]  # a plugin's word


def writer_name(settings: Settings) -> str:
    """The writer that is set; without a word, the model when there is one to ask, else the extractive one."""
    if settings.digest.writer:
        return settings.digest.writer
    llm = settings.llm
    return "llm" if llm.model and (llm.api_key or _is_local(llm.base_url)) else "extractive"


def _is_local(url: str) -> bool:
    """Whether an address is on this machine or its network, where model servers need no key."""
    import ipaddress  # 2 ms

    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")


class Speech(NamedTuple):
    """What an adapter is built from: the fixed texts by language, with which it describes commands, the platform's id
    of the conversation with a person who was written to before, "" when nobody knows one, and which of its people,
    groups and roles are editors (see digest.types.Invocation.identities)."""

    texts: Mapping[str, Texts]
    conversation: Callable[[Destination], Awaitable[str]]
    editors: Sequence[str]


def adapter(settings: Settings, name: str, store: StoreThread | None = None) -> ChatAdapter:
    """The chat platform of this name. Raises SettingsError when its token is not set.

    An adapter is given finished messages and an Answerer, so that of the kit it needs only the texts; of the store, if
    there is one, whom it has written to.
    """
    from bot.plugins import factory
    from digest.threads import conversation_with

    async def conversation(to: Destination) -> str:
        return "" if store is None else await store.run(conversation_with, to)

    if name == "slack" and not settings.slack.bot_token:
        raise SettingsError(
            "Slack's token is not set. Set SLACK_BOT_TOKEN to the bot token, which begins with xoxb-: "
            '"paperboy slack-manifest" begins the way to one.'
        )
    if name == "discord" and not settings.discord.token:
        raise SettingsError(
            "Discord's token is not set. Set DISCORD_TOKEN to the bot's token: discord.com/developers/applications, "
            "the application, Bot, Reset Token."
        )
    speech = Speech({language: texts(language) for language in LANGUAGES}, conversation, editors(settings, name))
    built: ChatAdapter = factory("adapters", name)(speech, options(settings, name))
    if not hasattr(built, "post"):
        raise SettingsError(
            f'Nothing can be delivered to "{name}": it only shows. Name a chat platform, such as slack or discord.'
        )
    return built


def editors(settings: Settings, name: str) -> list[str]:
    """The editors on one platform, without its prefix."""
    return [one.removeprefix(f"{name}:") for one in settings.editors if one.startswith(f"{name}:")]


def _built(kind: str, name: str, settings: Settings, tools: Kit) -> Any:
    from bot.plugins import factory

    return factory(kind, name)(tools, options(settings, name))


# Which table of the settings a plugin that ships with Paperboy reads; the others have [plugins.NAME].
_TABLES: Mapping[str, Callable[[Settings], Any]] = {
    "huggingface": lambda settings: settings.hub,
    "markdown": lambda settings: settings.hub,
    "html": lambda settings: settings.arxiv,
    "pdf": lambda settings: settings.arxiv,
    "abstract": lambda settings: settings.arxiv,
    "llm": lambda settings: settings.llm,
    "extractive": lambda _: {},
    "slack": lambda settings: settings.slack,
    "discord": lambda settings: settings.discord,
}


def options(settings: Settings, name: str) -> dict[str, Any]:
    """The table of the settings that belongs to a plugin, as a dict."""
    if name in _TABLES:
        return dict(msgspec.to_builtins(_TABLES[name](settings)))
    return settings.plugins.get(name, {})
