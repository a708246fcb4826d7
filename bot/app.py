"""The daemon: adapters, outbox and jobs side by side, until it is told to stop."""

from __future__ import annotations

import asyncio
import functools
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import timedelta

import msgspec

from bot import cleaning, compose, delivery, digesting
from bot.answering import Answering
from bot.delivery import Request, Tally
from bot.digesting import Order, Told
from bot.process import stop_signals, take_turn
from bot.registry import COMMANDS
from bot.requests import Requests, Rules
from bot.rights import Editors
from bot.rounds import Rounds
from bot.scheduler import Clockwork
from bot.supervisor import Pauses, supervise
from config.settings import Settings
from digest.editions import register
from digest.errors import DeliveryError, FetchError, PaperboyError, SettingsError
from digest.jobs import MOST_DEATHS, Job, begin_job, finish_job, next_job, note_progress, put_back, return_jobs
from digest.locks import Shared, Work
from digest.operator import set_operator, tell_operator
from digest.outbox import News, Outbox
from digest.pipeline import Press
from digest.store_thread import StoreThread
from digest.types import ChatAdapter, Destination, Fetcher, Posted

log = logging.getLogger(__name__)

STOP_S = 7.0  # for the sends at hand, so that all has ended within ten seconds, when Docker kills
BEAT_S = 10.0
_JOBS_EVERY_S = 0.5
_LOADED_S = 3.0  # after the start: by then the platforms' SDKs are loaded


class Daemon:
    """Everything that runs. `say` hears sentences for the operator."""

    def __init__(
        self,
        settings: Settings,
        store: StoreThread,
        adapters: Mapping[str, ChatAdapter],
        say: Callable[[str], None],
        pauses: Pauses | None = None,
    ) -> None:
        self._settings = settings
        self._store = store
        self._adapters = adapters
        self._say = say
        self._pauses = pauses or Pauses()
        self._tallies: set[Tally] = set()
        self._telling: set[asyncio.Future[bool]] = set()
        self._rounds: asyncio.Future[Rounds] = asyncio.get_running_loop().create_future()
        self._jobs: Mapping[str, Callable[[Job], Awaitable[str]]] = {
            delivery.JOB: self._delivered,
            digesting.JOB: self._digested,
        }
        self._shut_out: set[str] = set()
        margin_s = settings.delivery.margin_s
        self._outbox = Outbox(store, self._publisher, clock=compose.clock, tell=self._hear, margin_s=margin_s)
        self._answering = Answering(
            store,
            settings.store.file(),
            settings.language,
            self._outbox.wake,
            self._link,
            editors=Editors.from_settings(settings),
            adapters=adapters,
        )
        self._reading = Shared(settings.store.file(), Work.READ)
        self._press: asyncio.Future[Press] = asyncio.get_running_loop().create_future()
        self._requests = self._answering.requests = Requests(
            store,
            Rules.of(settings),
            press=self._press,
            reading=self._reading,
            look=self._answering.look,
            wake=self._outbox.wake,
            language=settings.language,
        )

    async def run(self, stop: asyncio.Event) -> None:
        """Serves until `stop`; then the sends at hand are finished, at most within STOP_S.

        Raises DestinationClosed when no platform lets the bot in.
        """
        await self._store.run(register, delivery.subscriptions(self._settings))
        operator = self._settings.operator
        await self._store.run(set_operator, Destination.parse(operator) if operator else None)
        await self._store.run(return_jobs, [delivery.JOB])  # what was prepared of it is sent in any case
        for job in await self._store.run(return_jobs, [digesting.JOB], MOST_DEATHS):
            sentence = "The bot ended twice while it made this digest, and does not make it again. Its log may say why."
            await self._store.run(finish_job, job.number, sentence, failed=True)
            await self._store.run(tell_operator, f"job {job.number}", sentence)
        try:
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._outbox.run(), name="outbox")
                others = [
                    group.create_task(self._mornings(), name="mornings"),
                    group.create_task(self._work(), name="jobs"),
                    group.create_task(self._requests.run(), name="requests"),
                    group.create_task(cleaning.run(self._store), name="cleaning"),
                ]
                for name, adapter in self._adapters.items():
                    others.append(group.create_task(self._serve(name, adapter), name=name))
                    others.append(group.create_task(self._check(name, adapter), name=f"check of {name}"))
                await stop.wait()
                self._outbox.stop()
                for task in others:
                    task.cancel()
                await asyncio.wait([sending], timeout=STOP_S)
                sending.cancel()
        except* PaperboyError as told:
            raise next(_single(told)) from None
        finally:
            await self._answering.close()

    async def _serve(self, name: str, adapter: ChatAdapter) -> None:
        """Serves one platform. When it does not let the bot in, the others are served on."""
        serve = functools.partial(adapter.serve, COMMANDS, self._answering.answer)
        error = await supervise(name, serve, self._notify, clock=compose.clock, pauses=self._pauses)
        self._shut_out.add(name)
        if self._shut_out == self._adapters.keys():
            raise error
        sentence = f"{error} Until then the bot goes on without {name}; start it again afterwards."
        self._notify(f"without {name} since {compose.clock().isoformat()}", sentence)

    async def _check(self, name: str, adapter: ChatAdapter) -> None:
        """Says which channels cannot be posted to, and what mends that."""
        try:
            for about, sentence in await delivery.problems(self._settings, name, adapter):
                self._say(f"{about}: {sentence}")
        except Exception:  # it only advises: the bot runs without it
            log.exception("a check broke", extra={"adapter": name})

    def _publisher(self, to: Destination) -> ChatAdapter | None:
        return self._adapters.get(to.adapter)

    async def _link(self, to: Destination, posted: Posted) -> str:
        adapter = self._adapters.get(to.adapter)
        try:
            return "" if adapter is None else await adapter.link(to, posted)
        except DeliveryError as error:
            log.info("no link", extra={"to": str(to), "reason": str(error)})
            return ""

    def _hear(self, news: News) -> None:
        for tally in self._tallies:
            tally.hear(news)
        if sentence := delivery.for_the_operator(news):
            self._notify(f"{news.event} {news.key}", sentence, news.key)

    def _notify(self, subject: str, sentence: str, key: str = "") -> None:
        """Tells the operator, in chat once for each subject; `key` is that of the delivery that it is about."""
        self._say(sentence)
        telling = asyncio.ensure_future(self._store.run(tell_operator, subject, sentence, delivery=key))
        self._telling.add(telling)
        telling.add_done_callback(self._notified)

    def _notified(self, telling: asyncio.Future[bool]) -> None:
        self._telling.discard(telling)
        if not telling.cancelled() and (error := telling.exception()):
            log.error("the operator could not be told", exc_info=error)
        self._outbox.wake()

    # --- mornings ----------------------------------------------------------------------------------------------------

    async def _mornings(self) -> None:
        """Looks at the list, reads ahead and rings the bells, until it is cancelled."""
        settings = self._settings
        await asyncio.to_thread(compose.import_plugins, settings)
        async with (
            compose.press_over(settings, self._store) as press,
            compose.fetcher(settings, attempts=1) as fetcher,
        ):
            self._press.set_result(press)
            rounds = compose.rounds(
                settings, press, self._reading, self._outbox.wake, lambda: _beat(settings.heartbeat_url, fetcher)
            )
            clockwork = Clockwork(
                rounds.watch,
                rounds.ring,
                rounds.hours,
                watch_every=timedelta(minutes=settings.schedule.ask_every_min),
                clock=compose.clock,
            )
            clockwork.start()
            self._rounds.set_result(rounds)
            try:
                await asyncio.Event().wait()
            finally:
                await clockwork.stop()
                await rounds.close()

    # --- what commands leave for the bot -----------------------------------------------------------------------------

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                job = await self._store.run(next_job, [*self._jobs])
                if job is not None:
                    group.create_task(self._do(job))
                else:
                    await asyncio.sleep(_JOBS_EVERY_S)

    async def _do(self, job: Job) -> None:
        await self._store.run(begin_job, job.number)
        try:
            answer = await self._jobs[job.kind](job)
        except asyncio.CancelledError:
            await self._store.run(put_back, job.number, begun=True)
            raise
        except PaperboyError as error:
            await self._store.run(finish_job, job.number, str(error), failed=True)
        except Exception:
            log.exception("a job broke", extra={"job": job.number})
            sentence = "Something broke in the running bot; its log says what."
            await self._store.run(finish_job, job.number, sentence, failed=True)
        else:
            await self._store.run(finish_job, job.number, answer)

    async def _delivered(self, job: Job) -> str:
        """Delivers what a job asks for, and gives what became of it, a line for each destination."""
        request = msgspec.json.decode(job.request, type=Request)
        for to in delivery.asked(self._settings, request):
            if to.adapter not in self._adapters:
                raise SettingsError(f"The running bot has no token for {to}. Set it there, and start the bot again.")
        numbers = await self._store.run(delivery.prepare, self._settings, request)
        self._outbox.wake()

        async def tell(waiting: int) -> None:
            await self._store.run(note_progress, job.number, f"{waiting} messages are waiting")

        tally = Tally()
        self._tallies.add(tally)
        try:
            return "\n".join(map(str, await delivery.watched(self._store, numbers, tally, tell)))
        finally:
            self._tallies.discard(tally)

    async def _digested(self, job: Job) -> str:
        """Makes the digest that a job asks for, and gives what the command has to tell, as JSON."""
        order = msgspec.json.decode(job.request, type=Order)
        rounds = await asyncio.shield(self._rounds)
        ended: set[str] = set()

        def hear(event: str, paper: str) -> None:
            if event in ("done", "failed"):
                ended.add(paper)

        async def note() -> None:
            while True:
                await asyncio.sleep(_JOBS_EVERY_S)
                await self._store.run(note_progress, job.number, f"{len(ended)} papers are done")

        noting = asyncio.create_task(note())
        try:
            made = await rounds.digest(order.day, order.language, order.limit, hear, rewrite=order.rewrite)
        finally:
            noting.cancel()
        return msgspec.json.encode(Told.of(made)).decode()


async def _beat(url: str, fetcher: Fetcher) -> None:
    """Tells a watchdog that the bot lives."""
    if url:
        try:
            await fetcher.get(url, timeout_s=BEAT_S)
        except FetchError as error:
            log.warning("the heartbeat does not arrive", extra={"reason": str(error)})


def _single(group: BaseExceptionGroup[PaperboyError]) -> Iterator[PaperboyError]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _single(error)
        else:
            yield error


async def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Runs the bot until SIGTERM, SIGINT or SIGHUP. `say` hears sentences for the operator.

    Waits for a delivery by hand that is under way. Raises LockHeld when a bot is running already, SettingsError when no
    platform is set up, and DestinationClosed when no platform lets the bot in.
    """
    store = StoreThread(settings.store.file(), compose.clock)  # it is opened when it is asked first
    chosen = adapters(settings, store)
    stop = asyncio.Event()
    for number in stop_signals():
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # What is loaded stays, and need not be looked through again: a full collection would hold up the event loop
    asyncio.get_running_loop().call_later(_LOADED_S, gc.freeze)
    with ExitStack() as lock:
        await take_turn(lock, settings.store.file(), stop, say)
        if stop.is_set():
            return
        say("running; Ctrl-C stops it")
        try:
            await Daemon(settings, store, chosen, say).run(stop)
        finally:
            await store.close()


def adapters(settings: Settings, store: StoreThread | None = None) -> dict[str, ChatAdapter]:
    """Every platform that is set up. Raises SettingsError when none is, or when one lacks a token."""
    names = {Destination.parse(channel.destination).adapter for channel in settings.channels}
    if settings.slack.bot_token or settings.slack.app_token:
        names.add("slack")
    if settings.discord.token:
        names.add("discord")
    if not names:
        raise SettingsError(
            "No chat platform is set up. For Slack set SLACK_BOT_TOKEN and SLACK_APP_TOKEN; "
            '"paperboy slack-manifest" begins the way to them. For Discord set DISCORD_TOKEN.'
        )
    if "slack" in names and not settings.slack.app_token:
        raise SettingsError(
            "Slack's second token is not set. Set SLACK_APP_TOKEN to the app-level token, which begins with xapp-: "
            "Basic Information, App-Level Tokens in the app's settings, with the scope connections:write."
        )
    return {name: compose.adapter(settings, name, store) for name in sorted(names)}
