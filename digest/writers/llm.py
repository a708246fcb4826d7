"""Reports written by a model, behind any OpenAI-compatible endpoint: one call for each paper and language, and one more
when its report has to be mended.

A report's identity is (paper, language, text hash, model, prompt version). Each call is written down under it before
it is made and again when it has ended, failed calls too. One that was begun and never ended was lost in a crash: with
`recall` the endpoint is asked for the answer it kept before another one is bought.

What is made of a paper's text and of an answer is made in child processes (digest.workers). Whatever a paper says, the
model has no tools, its text stands between fences with a hash of it (prompt.py), and what it answers is checked for its
form and length (answer_reading.py).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from digest.errors import LimitReached, OperatorNeeded, SettingsError, WriteError
from digest.retries import identity
from digest.types import ArxivId, Kit, Line, Paper, Reading, Report, ReportWriter, SectionName, Texts
from digest.writers.answer import schema
from digest.writers.answer_reading import Content, Terms, read_answer
from digest.writers.budget import Turns
from digest.writers.completion import is_cut, text_of
from digest.writers.ladder import Form, next_form
from digest.writers.prompt import Addition, Prompt, PromptForm, Repair, Retry, filled
from digest.writers.till import Options, Order, Request, Till
from digest.writers.trouble import BadAnswer, Closed, Limited, NoAnswer, Refused, Trouble, Useless

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.5  # before asking again an endpoint that failed without saying for how long
FIRST_WAIT_S = 1.0  # after a 429 without Retry-After; doubled with each one that follows
MAX_WAIT_S = 120.0  # an endpoint that wants to be left alone for longer is asked with the next digest
MAX_STEPS = 10  # requests for one try of a report: refused forms and 429 are no tries

_HEADERS = {
    "en": ("Benchmark", "Metric", "This work", "Best baseline"),
    "zh": ("基准", "指标", "本文", "最佳基线"),
}


def build(kit: Kit, options: dict[str, Any]) -> ReportWriter:
    """Raises SettingsError when an option is missing, unknown or impossible."""
    try:
        known = msgspec.convert(options, Options, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"[llm] cannot be used: {error}.") from error
    if not known.model:
        raise SettingsError('llm.model is not set. Name a model, or set digest.writer to "extractive".')
    return LlmWriter(kit, known)


class _Task(Struct, frozen=True):
    """A report to be written."""

    paper: Paper
    reading: Reading
    language: str
    order: Order
    line: Turns

    def begun(self) -> None:
        self.line.leave(self.paper.id)


class _Draft(Struct, frozen=True):
    """`text` is the answer as it came."""

    content: Content
    text: str
    left_out: tuple[str, ...] = ()


class LlmWriter:
    """Close it when done: it holds connections."""

    def __init__(self, kit: Kit, options: Options) -> None:
        self.name = options.model
        self._kit = kit
        self._options = options
        self._prompts = PromptForm(kit.prompts["report"], kit.prompts["report_again"], kit.prompts["report_repair"])
        self.prompt_version = self._prompts.version
        self._till = Till(kit, options)
        self._places = asyncio.Semaphore(options.concurrency)
        self._resume_at = 0.0  # on the event loop's clock: when the endpoint may be asked again
        self._titles = _titles(kit)
        self._line = Turns()

    async def close(self) -> None:
        await self._till.close()

    def line_up(self, papers: Sequence[ArxivId]) -> Line:
        """See types.Rationed. Without a daily limit nobody waits."""
        self._line = Turns(papers if self._till.budget.limit_usd else ())
        return self._line

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        """Raises OperatorNeeded (401, 402, 403, 404), LimitReached, or WriteError when all tries were in vain."""
        bought = identity(paper.id, language, reading.text_hash, self.name, self.prompt_version)
        task = _Task(paper, reading, language, Order(bought, "report", paper.id, language), self._line)
        # A paper that waits for its turn must not take the place of one that has it.
        await task.line.come(paper.id)
        async with self._places:
            try:
                draft = await self._draft(task)
            except Closed as closed:
                raise OperatorNeeded(f"The model's endpoint {self._till.endpoint.host} {closed}.") from None
            except Trouble as trouble:
                raise WriteError(
                    f"{self.name} wrote no report: {_reason(trouble)}. It is asked again with the next digest."
                ) from None
            return await self._mended(task, draft)

    def _report(self, task: _Task, draft: _Draft) -> Report:
        return Report(
            paper_id=task.paper.id,
            language=task.language,
            sections=draft.content.sections,
            domains=draft.content.domains,
            source=task.reading.source,
            text_hash=task.reading.text_hash,
            writer=self.name,
            prompt_version=self.prompt_version,
            left_out=draft.left_out,
            quotes=draft.content.quotes,
            written_at=self._kit.clock(),
        )

    # --- mending ---------------------------------------------------------------------------------------------------

    async def _mended(self, task: _Task, draft: _Draft) -> Report:
        """The report; when checking it finds something, the better one of it and of what the model makes of that."""
        report = self._report(task, draft)
        faults = await self._faults(report, task)
        if not faults:
            return report
        try:
            repaired = await self._repaired(task, draft, faults)
            other = self._report(task, repaired)
        except (Trouble, LimitReached) as error:
            log.info("report not mended", extra={"paper": task.paper.id, "reason": str(error)})
            return report
        except Exception:  # nothing about mending may cost the report that is there
            log.exception("mending broke", extra={"paper": task.paper.id})
            return report
        return other if len(await self._faults(other, task)) < len(faults) else report

    async def _faults(self, report: Report, task: _Task) -> Sequence[str]:
        try:
            return await self._kit.text_work.run(task.paper.id, self._kit.check, report, task.reading, task.paper)
        except Exception:  # a check that breaks must not cost the report
            log.exception("a check broke", extra={"paper": report.paper_id})
            return ()

    async def _repaired(self, task: _Task, draft: _Draft, faults: Sequence[str]) -> _Draft:
        """One call, whatever comes of it. Raises Trouble, LimitReached."""
        order = msgspec.structs.replace(task.order, identity=f"{task.order.identity}|repair", purpose="repair")
        task = msgspec.structs.replace(task, order=order)
        form = self._till.form
        prompt = await self._prompt(task, form, Repair(draft.text, tuple(faults)))
        if self._options.recall and await self._till.unfinished(order) and (kept := await self._recalled(task, prompt)):
            return kept
        await self._until_welcome()
        return await self._call(task, form, prompt, self._options.max_output_tokens, patient=False)

    # --- tries -----------------------------------------------------------------------------------------------------

    async def _draft(self, task: _Task) -> _Draft:
        look_first = self._options.recall and await self._till.unfinished(task.order)
        max_output_tokens = self._options.max_output_tokens
        problem = ""
        for left in reversed(range(self._options.attempts)):
            if look_first and (kept := await self._recalled(task)):
                return kept
            try:
                return await self._try(task, problem, max_output_tokens)
            except BadAnswer as bad:
                if not left:
                    raise
                problem = str(bad)
                # The same limit would cut the next answer at the same place.
                max_output_tokens *= 2 if bad.outcome == "truncated" else 1
            except NoAnswer as none:
                if not left or isinstance(none, Limited) or none.retry_after_s > MAX_WAIT_S:
                    raise
                look_first = self._options.recall and none.ambiguous
                await asyncio.sleep(none.retry_after_s or RETRY_PAUSE_S)
        raise AssertionError  # the settings allow no number of attempts below 1

    async def _try(self, task: _Task, problem: str, max_output_tokens: int) -> _Draft:
        """One answer to one order, however often the endpoint wants to be asked in another form, or later."""
        form = self._till.form
        wait_s = FIRST_WAIT_S
        for left in reversed(range(MAX_STEPS)):
            await self._until_welcome()
            prompt = await self._prompt(task, form, Retry(problem) if problem else None)
            try:
                return await self._call(task, form, prompt, max_output_tokens)
            except Limited as limited:
                delay_s = limited.retry_after_s or wait_s
                if not left or delay_s > MAX_WAIT_S:
                    raise
                wait_s *= 2
                self._resume_at = max(self._resume_at, asyncio.get_running_loop().time() + delay_s)
            except Refused as refused:
                following = next_form(form, refused)
                if not left or following is None:
                    raise
                form = following
        raise AssertionError  # the last step has returned or raised

    async def _until_welcome(self) -> None:
        """Waits as long as the endpoint has asked; other calls may move the time on meanwhile."""
        if (delay_s := self._resume_at - asyncio.get_running_loop().time()) > 0:
            await asyncio.sleep(delay_s)
            await self._until_welcome()

    async def _prompt(self, task: _Task, form: Form, addition: Addition | None = None) -> Prompt:
        return await self._kit.text_work.run(
            task.paper.id,
            filled,
            self._prompts,
            task.paper,
            task.reading,
            task.language,
            form.max_chars,
            self._kit.domains.ids,
            addition,
        )

    # --- calls -----------------------------------------------------------------------------------------------------

    async def _call(
        self, task: _Task, form: Form, prompt: Prompt, max_output_tokens: int, *, patient: bool = True
    ) -> _Draft:
        request = Request(form, prompt.text, schema(self._kit.domains.ids), max_output_tokens)
        draft = await self._till.buy(
            task.order, request, lambda body: self._read(body, task), patient=patient, begun=task.begun
        )
        return msgspec.structs.replace(draft, left_out=prompt.left_out)

    async def _recalled(self, task: _Task, prompt: Prompt | None = None) -> _Draft | None:
        """The report in an answer that the endpoint kept; None if there is none."""
        if prompt is None:
            prompt = await self._prompt(task, self._till.form)
        draft = await self._till.recalled(task.order, prompt.text, lambda body: self._read(body, task))
        return draft and msgspec.structs.replace(draft, left_out=prompt.left_out)

    async def _read(self, body: Any, task: _Task) -> _Draft:
        """The answer in a completion, checked. Raises BadAnswer."""
        text = text_of(body)
        terms = Terms(self._titles, _header(self._kit.texts, task.language), self._kit.domains.ids, task.language)
        read = await self._kit.text_work.run(
            f"{task.paper.id} answer", read_answer, text, is_cut(body), terms, task.reading.passages
        )
        if isinstance(read, Useless):
            raise BadAnswer(read.outcome, read.problem)
        domains = read.domains or self._classified(task.paper)
        return _Draft(msgspec.structs.replace(read, domains=domains), text)

    def _classified(self, paper: Paper) -> tuple[str, ...]:
        return self._kit.domains.classify(title=paper.title, abstract=paper.abstract, keywords=paper.keywords)


def _titles(kit: Kit) -> dict[str, SectionName]:
    """What sections are called: their keys, and their labels in every language that has texts."""
    labels = {label.lower(): name for texts in kit.texts.values() for name, label in texts.sections.items()}
    return {**labels, **{name.value: name for name in SectionName}}


def _header(texts: Mapping[str, Texts], language: str) -> tuple[str, ...]:
    """The cells above the rows of results."""
    phrases = texts[language].phrases if language in texts else {}
    keys = ("results_benchmark", "results_metric", "results_this_work", "results_best_baseline")
    own = _HEADERS.get(language.partition("-")[0], _HEADERS["en"])
    return tuple(phrases.get(key, cell) for key, cell in zip(keys, own, strict=True))


def _reason(trouble: Trouble) -> str:
    return f"its answer was of no use: {trouble}" if isinstance(trouble, BadAnswer) else str(trouble)
