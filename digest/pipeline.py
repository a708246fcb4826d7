"""The reading journey: source, reader, writer, store. A report is committed the moment it is written.

The journey holds no state of its own: what is done is asked of the store, so a first run, a run after a kill and a
re-run by hand are the same code.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping, Sequence
from datetime import date, timedelta
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct, field

from digest import attempts, refusals
from digest.errors import CutOff, LimitReached, PaperboyError, ReadError, SourceDown, Withdrawn, WriteError
from digest.mending import check_report
from digest.readers.best import read_paper
from digest.replies import Writer as Replies
from digest.retries import identity
from digest.sources.catalogue import Catalogue
from digest.store import Store
from digest.store_thread import StoreThread
from digest.text.injection import FilteredPaper, filter_injections
from digest.types import (
    ArxivId,
    Clock,
    Digest,
    PageReader,
    Paper,
    PaperReader,
    PaperSource,
    Progress,
    Rationed,
    Reading,
    ReadingSource,
    Report,
    ReportWriter,
    TextWork,
)
from digest.writers.proof import told_of_dropped, written

log = logging.getLogger(__name__)

PROVISIONAL_FOR = timedelta(days=7)  # how long a better report is tried for
READ_AGAIN = timedelta(hours=20)  # after which a full text is looked for again
IMPORTED = "import"  # the writer of reports that people brought
_LESSER = (ReadingSource.PDF, ReadingSource.ABSTRACT)


class Press(Struct, frozen=True, kw_only=True):
    """What a digest is made with. `readers` are asked in order; `stand_in` writes when `writer` cannot.

    `catalogue` tells of papers that no list has brought, and `replies` writes answers; without it papers are quoted.
    `turns` has a lock for each paper and language that is being reported on, `hosts` are as in digest.text.links.
    """

    source: PaperSource
    readers: Sequence[PaperReader | PageReader]
    writer: ReportWriter
    stand_in: ReportWriter
    store: StoreThread
    clock: Clock
    text_work: TextWork
    catalogue: Catalogue
    replies: Replies | None = None
    turns: MutableMapping[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    hosts: tuple[str, ...] = ()


class Made(Struct, frozen=True):
    """A day's digest, what the operator should know (sentences, each said once), and how many papers the day lists."""

    digest: Digest
    notices: tuple[str, ...]
    listed: int


class Written(Struct, frozen=True):
    """How a pass over papers ended: those that failed, and what the operator should know (sentences)."""

    problems: dict[ArxivId, str]
    notices: tuple[str, ...]


class _Run(Struct, frozen=True):
    """A pass over papers. `refusals` gathers why the writer wrote no better reports, `notices` what else the operator
    should know; `at_once`: a person asks for them, so that what was bought in vain is bought again without waiting."""

    press: Press
    language: str
    progress: Progress
    refusals: list[WriteError] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    rewrite: bool = False
    at_once: bool = False


async def make_digest(
    press: Press, day: date, language: str, limit: int, progress: Progress, *, rewrite: bool = False
) -> Made:
    """Reads and reports every paper of the day that has no report yet, and gives the day as it then is in the store.

    With `rewrite` reports by an older version of the prompt are written anew; never those that people wrote. Raises
    SourceError when there is no list and none is stored. One bad paper never stops the others: it stands in
    `digest.problems`.
    """
    notices: list[str] = []
    listed = await _listed(press, day, notices)
    papers = listed[:limit]
    written = await write_reports(press, papers, language, progress, rewrite=rewrite)
    stored = await press.store.run(Store.digest, day, language)
    chosen = {paper.id for paper in papers}
    return Made(
        msgspec.structs.replace(
            stored, papers=tuple(entry for entry in stored.papers if entry[0].id in chosen), problems=written.problems
        ),
        (*notices, *written.notices),
        len(listed),
    )


async def write_reports(
    press: Press, papers: Sequence[Paper], language: str, progress: Progress, *, rewrite: bool = False
) -> Written:
    """Reads and reports every one of the papers that has no report yet, or one that may become better.

    The first ones are served first where a writer can write only so much. `rewrite` as in `make_digest`. One bad paper
    never stops the others.
    """
    problems: dict[ArxivId, str] = {}
    run = _Run(press, language, progress, rewrite=rewrite, at_once=rewrite)
    line = press.writer.line_up([paper.id for paper in papers]) if isinstance(press.writer, Rationed) else None
    for paper in papers:
        progress("listed", paper.id)

    async def report(paper: Paper) -> None:
        try:
            await _report(run, paper)
        except PaperboyError as error:
            log.warning("paper failed", extra={"paper": paper.id, "reason": str(error)})
            problems[paper.id] = str(error)
        except Exception:
            # Whatever a reader, writer or plugin does wrong costs its own paper only.
            log.exception("paper failed", extra={"paper": paper.id})
            problems[paper.id] = "Something in Paperboy broke on this paper; the log says what."
        finally:
            if line is not None:
                line.leave(paper.id)
        progress("failed" if paper.id in problems else "done", paper.id)

    async with asyncio.TaskGroup() as group:
        for paper in papers:
            group.create_task(report(paper))
    return Written(problems, (*run.notices, *refusals.told(run.refusals)))


async def _listed(press: Press, day: date, notices: list[str]) -> Sequence[Paper]:
    """The day's papers from the source; from the store when the source is down and the day is known."""
    try:
        papers = await press.source.daily(day)
    except SourceDown as error:
        known = await press.store.run(Store.listed, day)
        if not known:
            raise
        notices.append(f"{error} Going on with the list that was stored before.")
        return known
    await press.store.run(Store.save_listing, day, papers)
    return await press.store.run(Store.listed, day)


async def make_report(
    press: Press, paper: Paper, language: str, progress: Progress, *, again: bool = False
) -> Sequence[str]:
    """Reads and reports one paper of the store, unless that is done; `again` fetches it anew, and writes only when it
    then reads otherwise. Gives what the operator should know, as `make_digest` does.

    Raises PaperboyError when there is no report.
    """
    run = _Run(press, language, progress, at_once=again)
    await _report(run, paper, again=again)
    return (*run.notices, *refusals.told(run.refusals))


async def _report(run: _Run, paper: Paper, *, again: bool = False) -> None:
    """One after the other for the same paper and language, so that nothing is bought twice when several ask."""
    turn = run.press.turns.setdefault(f"{paper.id} {run.language}", asyncio.Lock())
    async with turn:
        if run.at_once:
            await run.press.store.run(attempts.forgive, paper.id)
        await _reported(run, paper, again=again)


async def _reported(run: _Run, paper: Paper, *, again: bool) -> None:
    press, progress, language = run.press, run.progress, run.language
    if await press.store.run(Store.withdrawn, paper.id) is not None:
        progress("known", paper.id)
        return
    known = await press.store.run(Store.report_in, paper.id, language)
    if known is not None and not again and not _may_be_better(run, known):
        progress("known", paper.id)
        return
    reading = await press.store.run(Store.reading, paper.id)
    if reading is None or again or _cut_short(reading) or await _may_be_read_better(press, reading):
        progress("reading", paper.id)
        reading = await _read_anew(press, paper, reading)
        known = await press.store.run(Store.report_in, paper.id, language)  # somebody may have asked for it meanwhile
    if known is not None and _is_what_the_writer_makes(run, known, reading):
        progress("known", paper.id)  # what was down still is, or nothing has changed: there is nothing to write anew
        return
    progress("writing", paper.id)
    text = await press.text_work.run(paper.id, filter_injections, paper, reading)
    run.notices.extend(told_of_dropped(text))
    report = await _write(run, text, known)
    try:
        await _save(run, report, reading, paper)
    except Withdrawn:
        raise
    except Exception as error:
        if report is None or report.writer == press.stand_in.name:
            raise
        await _save(run, await _instead(run, text, known, error, report.text_hash), reading, paper)


async def _save(run: _Run, report: Report | None, reading: Reading, paper: Paper) -> None:
    if report is not None:
        report = msgspec.structs.replace(report, provisional=report.provisional or _cut_short(reading))
        await run.press.store.run(Store.save_report, await _checked(run, report, reading, paper))


async def _checked(run: _Run, report: Report, reading: Reading, paper: Paper) -> Report:
    """The report with what of it stands in the text that was read. A check that breaks costs no report."""
    try:
        return await run.press.text_work.run(paper.id, check_report, report, reading, paper)
    except Exception:
        log.exception("check broke", extra={"paper": paper.id})
        return report


async def _read_anew(press: Press, paper: Paper, before: Reading | None) -> Reading:
    """The paper as it reads now, stored; as it read before, when now there is only a poorer source, or none.

    Raises ReadError when there is none, and was none before.
    """
    try:
        await press.store.run(Store.save_reading, await read_paper(press.readers, paper, press.text_work))
    except ReadError:
        if before is None:
            raise
    reading = await press.store.run(Store.reading, paper.id)
    assert reading is not None  # noqa: S101 (one has just been saved, or was there)
    return reading


def _cut_short(reading: Reading) -> bool:
    """Whether a better source was down, not without the paper: then it is asked again."""
    return any(attempt.passing for attempt in reading.attempts)


def _may_be_better(run: _Run, known: Report) -> bool:
    """A stand-in and what was not written from a full text are tried again for a while, sentences chosen without a
    model give way to one, and with `rewrite` older versions to the present one.

    What people wrote or corrected is never written again: the store would not take it either.
    """
    press = run.press
    if known.corrected or known.writer == IMPORTED:
        return False
    if run.rewrite and _is_outdated(press, known):
        return True
    if known.provisional or known.source in _LESSER:
        return press.clock() - known.written_at < PROVISIONAL_FOR
    return known.writer == press.stand_in.name != press.writer.name


def _is_outdated(press: Press, known: Report) -> bool:
    """Whether the writer's present version would write it otherwise; sentences never replace what a model wrote."""
    ours = known.writer == press.writer.name or press.writer.name != press.stand_in.name
    return ours and known.prompt_version != press.writer.prompt_version


def _is_what_the_writer_makes(run: _Run, known: Report, reading: Reading) -> bool:
    writer = run.press.writer
    same = known.text_hash == reading.text_hash and known.writer == writer.name
    return same and (not run.rewrite or known.prompt_version == writer.prompt_version)


async def _may_be_read_better(press: Press, reading: Reading) -> bool:
    """Whether a full text may have appeared by now: looked for once a day."""
    if reading.source not in _LESSER:
        return False
    read_at = await press.store.run(Store.read_at, reading)
    return press.clock() - read_at > READ_AGAIN


async def _write(run: _Run, text: FilteredPaper, known: Report | None) -> Report | None:
    """The writer's report; else the stand-in's, marked provisional, with the reason among the refusals; None when what
    the writer wrote before stays."""
    press = run.press
    try:
        return await _by_the_writer(run, text)
    except CutOff:
        raise
    except LimitReached as reached:
        run.refusals.append(reached)
        return await _within_the_limit(run, text, known)
    except Exception as error:
        if press.writer.name == press.stand_in.name:
            raise
        return await _instead(run, text, known, error, text.reading.text_hash)


async def _instead(
    run: _Run, text: FilteredPaper, known: Report | None, error: Exception, text_hash: str
) -> Report | None:
    """The stand-in's report after the writer's came to nothing; None when what there is stays."""
    press, paper = run.press, text.paper
    bought = _identity(run, paper, text_hash)
    run.refusals.append(await refusals.refusal(press.store, bought, press.writer.name, paper.id, error, press.clock()))
    if _is_the_writers(run, known) or (known is not None and _is_the_stand_ins(run, known, text.reading)):
        return None
    report = await _written(run, press.stand_in, text)
    return msgspec.structs.replace(report, provisional=True)


async def _by_the_writer(run: _Run, text: FilteredPaper) -> Report:
    """What the writer makes of a reading; what it has made once is not bought again, nor, for a while, what it failed
    to make of an answer that was paid for."""
    writer, paper, reading = run.press.writer, text.paper, text.reading
    stored = await run.press.store.run(
        Store.report_of,
        paper.id,
        run.language,
        text_hash=reading.text_hash,
        writer=writer.name,
        prompt_version=writer.prompt_version,
    )
    if stored is not None:
        return msgspec.structs.replace(stored, provisional=False, limited=False)
    bought = _identity(run, paper, reading.text_hash)
    waits = await refusals.waits(run.press.store, bought, writer.name, paper.id, run.press.clock())
    if waits is not None and not run.at_once:
        raise waits
    return await _written(run, writer, text)


async def _written(run: _Run, writer: ReportWriter, text: FilteredPaper) -> Report:
    press, tell = run.press, run.notices.append
    strict = writer is not press.stand_in
    return await written(writer, text, run.language, press.hosts, press.text_work, strict=strict, tell=tell)


async def _within_the_limit(run: _Run, text: FilteredPaper, known: Report | None) -> Report | None:
    """What the daily limit allows when it does not allow the whole paper: the model on the abstract, else the stand-in.
    None when what there is stays."""
    if _is_the_writers(run, known):
        return None
    report = await _on_the_abstract(run, text.paper) if text.reading.source is not ReadingSource.ABSTRACT else None
    if report is None and known is not None and known.limited and known.text_hash == text.reading.text_hash:
        return None  # the same sentences
    if report is None:
        report = await _written(run, run.press.stand_in, text)
    return msgspec.structs.replace(report, limited=True, provisional=True)


async def _on_the_abstract(run: _Run, paper: Paper) -> Report | None:
    from digest.readers.abstract import listed_abstract  # with lxml

    press, abstract = run.press, listed_abstract(paper)
    if abstract is None:
        return None
    try:
        report = await _by_the_writer(run, FilteredPaper(paper, abstract, ()))
    except Exception as error:  # noqa: BLE001 (it is logged there)
        bought = _identity(run, paper, abstract.text_hash)
        await refusals.refusal(press.store, bought, press.writer.name, paper.id, error, press.clock())
        return None
    await press.store.run(Store.save_reading, abstract)
    return report


def _is_the_writers(run: _Run, known: Report | None) -> bool:
    return known is not None and known.writer == run.press.writer.name


def _identity(run: _Run, paper: Paper, text_hash: str) -> str:
    writer = run.press.writer
    return identity(paper.id, run.language, text_hash, writer.name, writer.prompt_version)


def _is_the_stand_ins(run: _Run, known: Report, reading: Reading) -> bool:
    """Whether a provisional report is what the stand-in would write now."""
    stand_in = run.press.stand_in
    same = (known.writer, known.prompt_version) == (stand_in.name, stand_in.prompt_version)
    return same and known.provisional and not known.limited and known.text_hash == reading.text_hash
