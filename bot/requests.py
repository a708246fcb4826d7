"""Errands done for people who wait: questions to papers and papers read on request, each a job of the store.

    taken (budget, job) -> worked on -> answer kept in the job -> shown where it was asked, else a direct message

An answer that is ready at once is given at once; another one is promised, and the adapter asks for it (FOLLOW) and says
that it was shown (HEARD). Whoever can no longer be told where they asked gets a direct message: the process died in
between, the platform's window is over, the answer was refused. So nothing that was paid for is lost, and nothing is
bought again once it was answered.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from datetime import tzinfo

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bot import compose
from bot.commands import line
from bot.errands import Errand, Task, as_lookup
from bot.persons import clock_of, overspent
from config.settings import Settings
from digest import attempts, jobs, posts, replies
from digest.errors import PaperboyError, UsageError
from digest.jobs import Job
from digest.letters import write_letter
from digest.locks import LockHeld, Shared
from digest.operator import tell_operator
from digest.pipeline import Press, make_report
from digest.readers.best import read_paper
from digest.spendings import Budget, Budgets, Kind, Overspent, spend
from digest.store import Store, _transaction
from digest.store_thread import StoreThread
from digest.turns import ahead
from digest.types import ArxivId, Destination, Invocation, Message, Paper, Paragraph, Reading, Report, Run, Texts

log = logging.getLogger(__name__)

QUICK_S = 1.0  # an answer that is ready by then needs no promise before it
HEARD_S = 60.0  # an answer that was given to an adapter and not said to be shown by then goes as a direct message
ASKED_AT_ONCE = 4
LOCK_LOOK_S = 2.0  # between two looks whether another process still reads
_JOBS = {task: f"request {task}" for task in Task}  # the kinds of these jobs
_NOW = {Task.ASK: "ask_now", Task.READ: "read_now", Task.REFRESH: "refresh_now"}

Look = Callable[[Invocation], Awaitable[Message]]


class Rules(Struct, frozen=True):
    """What people may ask for."""

    ask: bool
    read: bool
    budgets: Budgets

    @classmethod
    def of(cls, settings: Settings) -> Rules:
        budgets = settings.budgets
        return cls(
            settings.ask.enabled,
            settings.reading.on_request,
            {
                Kind.ASK: Budget(budgets.ask.person, budgets.ask.workspace),
                Kind.READ: Budget(budgets.read.person, budgets.read.workspace),
            },
        )


class _Follower:
    """Who waits for a job's answer in the conversation where it was asked."""

    def __init__(self) -> None:
        self.ready: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self.heard = asyncio.Event()


class Requests:
    """`press` is what papers are read with, once it is there; `reading` is this process's hold of the lock for reading,
    `look` answers look-ups, `wake` tells the outbox of a direct message."""

    def __init__(
        self,
        store: StoreThread,
        rules: Rules,
        *,
        press: asyncio.Future[Press],
        reading: Shared,
        look: Look,
        wake: Callable[[], None],
        language: str = "en",
    ) -> None:
        self._store = store
        self._rules = rules
        self._press = press
        self._reading = reading
        self._look = look
        self._wake = wake
        self._language = language  # of reports that cannot be in the person's
        self._followers: dict[int, _Follower] = {}
        self._begun: set[int] = set()  # jobs that have had their turn
        self._woken = asyncio.Event()
        self._asking = asyncio.Semaphore(ASKED_AT_ONCE)
        self._one_reads = asyncio.Lock()

    # --- taking ------------------------------------------------------------------------------------------------------

    def does(self, errand: Errand) -> bool:
        """Whether errands of this kind are done here at all."""
        return self._rules.ask if errand.task is Task.ASK else self._rules.read

    async def take(self, errand: Errand) -> Message:
        """The answer, or a promise of one that follows, or why there is none."""
        texts = compose.texts(errand.asked.language)
        refusal = await self._refusal(errand)
        if refusal:
            return line(texts, refusal, id=errand.paper)
        try:
            number = await self._store.run(_taken, errand, self._rules.budgets)
        except Overspent as error:
            return overspent(error, await self._store.run(_clock, errand.asked), texts)
        if number is None:
            return line(texts, "request_known")
        follower = self._followers[number] = _Follower()
        self._woken.set()
        try:
            async with asyncio.timeout(QUICK_S):
                message = await asyncio.shield(follower.ready)
        except TimeoutError:
            return replace(line(texts, _NOW[errand.task], id=errand.paper), follow=str(number))
        follower.heard.set()
        return message

    async def follow(self, asked: Invocation) -> Message:
        """The rest of an answer, when it is ready. A caller that is cancelled is not told any more."""
        follower = self._followers.get(int(asked.args))
        if follower is None:
            return line(compose.texts(asked.language), "request_moved")
        try:
            return await asyncio.shield(follower.ready)
        except asyncio.CancelledError:
            self._followers.pop(int(asked.args), None)
            raise

    def hear(self, asked: Invocation) -> None:
        """The answer was shown."""
        if follower := self._followers.get(int(asked.args)):
            follower.heard.set()

    async def _refusal(self, errand: Errand) -> str:
        """The phrase that says why the errand is not done, "" when it is."""
        if not self.does(errand):
            return "ask_off" if errand.task is Task.ASK else "read_off"
        if errand.task is not Task.ASK:
            return ""
        unread = await self._store.run(Store.reading, errand.paper_id) is None
        return "ask_unread" if unread and not self._rules.read else ""

    # --- doing -------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Does what was taken until it is cancelled; first what an earlier process died over."""
        kinds = list(_JOBS.values())
        for dead in await self._store.run(jobs.return_jobs, kinds, jobs.MOST_DEATHS):
            try:
                await self._store.run(_give_up, dead)
            except Exception:
                log.exception("a request could not be given up", extra={"job": dead.number})
                await self._store.run(jobs.finish_job, dead.number, "", failed=True)
            self._wake()
        async with asyncio.TaskGroup() as group:
            while True:
                self._woken.clear()
                while (job := await self._store.run(jobs.next_job, kinds)) is not None:
                    group.create_task(self._do(job), name=job.kind)
                await self._woken.wait()

    async def _do(self, job: Job) -> None:
        try:
            await self._done(job)
        except asyncio.CancelledError:
            await self._store.run(jobs.put_back, job.number, begun=job.number in self._begun)
            raise
        except Exception:
            log.exception("a request broke", extra={"job": job.number})
            await self._store.run(jobs.finish_job, job.number, "", failed=True)
        finally:
            self._begun.discard(job.number)

    async def _done(self, job: Job) -> None:
        errand = msgspec.json.decode(job.request, type=Errand)
        if job.answer:
            message = msgspec.json.decode(job.answer, type=Message)
        else:
            message = await self._worked(job.number, errand)
            await self._store.run(jobs.note_answer, job.number, msgspec.json.encode(message).decode())
        if not await self._shown(job.number, message):
            await self._store.run(_write, job.number, errand.asked, message)
            self._wake()
        await self._store.run(jobs.finish_job, job.number, "")

    async def _shown(self, number: int, message: Message) -> bool:
        """Whether the answer was seen where it was asked for."""
        follower = self._followers.get(number)
        if follower is None:
            return False
        follower.ready.set_result(message)
        try:
            async with asyncio.timeout(HEARD_S):
                await follower.heard.wait()
        except TimeoutError:
            return False
        finally:
            self._followers.pop(number, None)
        return True

    async def _worked(self, number: int, errand: Errand) -> Message:
        """What has come of it, whatever happens."""
        texts = compose.texts(errand.asked.language)
        try:
            if errand.task is Task.ASK:
                async with self._asking:
                    await self._begin(number)
                    return await self._asked(errand, texts)
            return await self._read(number, errand, texts)
        except PaperboyError as error:
            log.warning("a request failed", extra={"paper": errand.paper, "reason": str(error)})
            stored = await self._look(as_lookup(errand))  # of what is not stored it offers the nearest that is
            return line(texts, "request_failed", stored.actions, id=errand.paper, problem=error)
        except Exception:
            log.exception("a request broke", extra={"paper": errand.paper})
            return line(texts, "broke")

    async def _begin(self, number: int) -> None:
        """A job that waits for its turn has no part in what ends the process meanwhile."""
        self._begun.add(number)
        await self._store.run(jobs.begin_job, number)

    async def _asked(self, errand: Errand, texts: Texts) -> Message:
        press = await asyncio.shield(self._press)
        paper, reading = await self._text(errand.paper_id, press)
        given = await replies.reply(
            paper,
            reading,
            errand.words,
            errand.asked.language,
            glossary=compose.glossary(),
            text_work=press.text_work,
            hosts=press.hosts,
            writer=press.replies,
        )
        return replace(replies.message(paper, reading, given, texts), actions=posts.actions_in_thread(paper, texts))

    async def _text(self, paper_id: ArxivId, press: Press) -> tuple[Paper, Reading]:
        """The paper and what was read of it, which is read now when nothing was. Raises ReadError."""
        reading = await self._store.run(Store.reading, paper_id)
        paper = await self._store.run(Store.paper, paper_id)
        if paper is not None and reading is not None:
            return paper, reading
        async with self._reader():
            paper = paper or await self._introduced(paper_id, press)
            reading = await self._store.run(Store.reading, paper_id) or await read_paper(
                press.readers, paper, press.text_work
            )
            await self._store.run(Store.save_reading, reading)
        return paper, reading

    async def _read(self, number: int, errand: Errand, texts: Texts) -> Message:
        press = await asyncio.shield(self._press)
        language = errand.asked.language
        if press.writer.name == press.stand_in.name and language not in compose.LANGUAGES:
            language = self._language  # without a model reports are in the languages that have texts
        again = errand.task is Task.REFRESH
        async with self._reader():
            await self._begin(number)
            if again:
                await self._store.run(attempts.forgive, errand.paper_id)
            paper = await self._store.run(Store.paper, errand.paper_id)
            paper = paper or await self._introduced(errand.paper_id, press)
            before = await self._store.run(Store.report_in, paper.id, language)
            for notice in await make_report(press, paper, language, _unheard, again=again):
                log.warning("read on request", extra={"paper": paper.id, "notice": notice})
            after = await self._store.run(Store.report_in, paper.id, language)
        shown = await self._look(as_lookup(errand))
        return _compared(shown, before, after, texts) if again and before is not None else shown

    async def _introduced(self, paper_id: ArxivId, press: Press) -> Paper:
        """A paper that no list has brought, stored. Raises ReadError when there is none of this id."""
        paper = await press.catalogue.paper(paper_id)
        await self._store.run(Store.save_paper, paper)
        return paper

    @asynccontextmanager
    async def _reader(self) -> AsyncIterator[None]:
        """One reads at a time, here and in other processes, and before what nobody waits for."""
        async with self._one_reads:
            while True:
                with ExitStack() as hold:
                    try:
                        hold.enter_context(self._reading.held())
                    except LockHeld:
                        pass
                    else:
                        with ahead():
                            yield
                        return
                await asyncio.sleep(LOCK_LOOK_S)


def _taken(store: Store, errand: Errand, budgets: Budgets) -> int | None:
    """The number of the errand's job, paid for; None when it is under way already. Raises Overspent."""
    request = msgspec.json.encode(errand).decode()
    asked_by = f"{errand.asked.adapter}:{errand.asked.person}"
    kind = _JOBS[errand.task]
    with _transaction(store.connection):
        if jobs.live_job(store, kind, request, asked_by) is not None:
            return None
        if errand.task is Task.ASK:
            spend(store, errand.asked, Kind.ASK, budgets[Kind.ASK])
        if errand.task is not Task.ASK or store.reading(errand.paper_id) is None:
            spend(store, errand.asked, Kind.READ, budgets[Kind.READ])
        return jobs.add_job(store, kind, request, asked_by)


def _write(store: Store, number: int, asked: Invocation, message: Message) -> None:
    try:
        jobs.job(store, number)
    except UsageError:  # whoever asked has been forgotten in the meantime
        return
    # In Discord the direct messages of a person belong to no server
    workspace = "" if asked.adapter == "discord" else asked.workspace
    to = Destination(asked.adapter, workspace, asked.person)
    write_letter(store, to, message, asked.language, subject=f"request {number}")


def _give_up(store: Store, job: Job) -> None:
    """Fails a request over which processes have died, and says so to whoever asked and to the operator."""
    errand = msgspec.json.decode(job.request, type=Errand)
    with _transaction(store.connection):
        _write(
            store,
            job.number,
            errand.asked,
            line(compose.texts(errand.asked.language), "request_given_up", id=errand.paper),
        )
        sentence = (
            f"A request ({errand.task}) about {errand.paper} was given up: the bot ended twice while it worked on it. "
            "Its log may say what stopped it."
        )
        tell_operator(store, f"request {job.number}", sentence)
        jobs.finish_job(store, job.number, "", failed=True)


def _clock(store: Store, asked: Invocation) -> tzinfo:
    return clock_of(asked, compose.desk(store))


def _compared(shown: Message, before: Report, after: Report | None, texts: Texts) -> Message:
    """A report that was made anew, with a word on whether the paper reads otherwise."""
    same = after is not None and after.text_hash == before.text_hash and after.source is before.source
    note = Paragraph((Run(texts.phrases["refresh_same" if same else "refresh_changed"], italic=True),))
    return replace(shown, blocks=(note, *shown.blocks))


def _unheard(_event: str, _paper: str) -> None:
    """Progress that nobody watches."""
