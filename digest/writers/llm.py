"""Reports written by a model, behind any OpenAI-compatible endpoint: one call for each paper and language.

A report's identity is (paper, language, text hash, model, prompt version). Each call is written down under it before
it is made and again when it has ended, failed calls too. One that was begun and never ended was lost in a crash: with
`recall` the endpoint is asked for the answer it kept before another one is bought.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from digest.errors import OperatorNeeded, SettingsError, WriteError
from digest.types import Kit, ModelCall, Paper, Reading, Report, ReportWriter, SectionName
from digest.writers.answer import Answer, parse_answer, schema
from digest.writers.completion import (
    Price,
    Usage,
    body_of,
    estimated_tokens,
    is_cut,
    raise_told_error,
    text_of,
    usage_of,
)
from digest.writers.endpoint import Endpoint
from digest.writers.ladder import Form, first_form, next_form
from digest.writers.language import foreign_section, language_name
from digest.writers.prompt import Prompt, PromptForm
from digest.writers.trouble import BadAnswer, Closed, Limited, NoAnswer, Refused, Trouble

log = logging.getLogger(__name__)

RETRY_PAUSE_S = 0.5  # before asking again an endpoint that failed without saying for how long
FIRST_WAIT_S = 1.0  # after a 429 without Retry-After; doubled with each one that follows
MAX_WAIT_S = 120.0  # an endpoint that wants to be left alone for longer is asked with the next digest
MAX_STEPS = 10  # requests for one try of a report: refused forms and 429 are no tries

_HEADERS = {
    "en": ("Benchmark", "Metric", "This work", "Best baseline"),
    "zh": ("基准", "指标", "本文", "最佳基线"),
}


class Options(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[llm]` of config/default.toml, whose comments say what each key means."""

    base_url: str
    model: str
    timeout_s: float
    concurrency: int
    max_input_chars: int
    max_output_tokens: int
    attempts: int
    recall: bool
    prices: dict[str, Price]
    api_key: str = ""
    api_key_file: str = ""  # read with the settings


def build(kit: Kit, options: dict[str, Any]) -> ReportWriter:
    """Raises SettingsError when an option is missing, unknown or impossible."""
    try:
        known = msgspec.convert(options, Options, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"[llm] cannot be used: {error}.") from error
    if not known.model:
        raise SettingsError('llm.model is not set. Name a model, or set digest.writer to "extractive".')
    return LlmWriter(kit, known)


class _Order(Struct, frozen=True):
    paper: Paper
    reading: Reading
    language: str
    identity: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.identity.encode()).hexdigest()


class _Draft(Struct, frozen=True):
    answer: Answer
    left_out: tuple[str, ...]


class LlmWriter:
    """Close it when done: it holds connections."""

    def __init__(self, kit: Kit, options: Options) -> None:
        self.name = options.model
        self._kit = kit
        self._options = options
        self._prompts = PromptForm(kit.prompts["report"], kit.prompts["report_again"])
        self.prompt_version = self._prompts.version
        self._endpoint = Endpoint(options.base_url, options.api_key, options.timeout_s, kit.clock)
        self._form = first_form(options.base_url, options.max_input_chars, keep=options.recall)
        self._places = asyncio.Semaphore(options.concurrency)
        self._resume_at = 0.0  # on the event loop's clock: when the endpoint may be asked again
        self._titles = _titles(kit)

    async def close(self) -> None:
        await self._endpoint.close()

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        """Raises OperatorNeeded (401, 402, 403, 404), or WriteError when all tries were in vain."""
        parts = (paper.id, language, reading.text_hash, self.name, self.prompt_version)
        order = _Order(paper, reading, language, "|".join(parts))
        async with self._places:
            try:
                draft = await self._draft(order)
            except Closed as closed:
                raise OperatorNeeded(f"The model's endpoint {self._endpoint.host} {closed}.") from None
            except Trouble as trouble:
                raise WriteError(
                    f"{self.name} wrote no report: {_reason(trouble)}. It is asked again with the next digest."
                ) from None
        return Report(
            paper_id=paper.id,
            language=language,
            sections=draft.answer.sections,
            domains=draft.answer.domains,
            source=reading.source,
            text_hash=reading.text_hash,
            writer=self.name,
            prompt_version=self.prompt_version,
            left_out=draft.left_out,
            written_at=self._kit.clock(),
        )

    # --- tries -----------------------------------------------------------------------------------------------------

    async def _draft(self, order: _Order) -> _Draft:
        look_first = self._options.recall and await self._kit.calls.unfinished(order.identity)
        max_output_tokens = self._options.max_output_tokens
        problem = ""
        for left in reversed(range(self._options.attempts)):
            if look_first and (kept := await self._recalled(order)):
                return kept
            try:
                return await self._try(order, problem, max_output_tokens)
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

    async def _try(self, order: _Order, problem: str, max_output_tokens: int) -> _Draft:
        """One answer to one order, however often the endpoint wants to be asked in another form, or later."""
        form = self._form
        wait_s = FIRST_WAIT_S
        for left in reversed(range(MAX_STEPS)):
            await self._until_welcome()
            prompt = await asyncio.to_thread(self._prompt, order, form, problem)
            try:
                return _Draft(await self._call(order, form, prompt, max_output_tokens), prompt.left_out)
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

    def _prompt(self, order: _Order, form: Form, problem: str) -> Prompt:
        return self._prompts.filled(
            order.paper,
            order.reading,
            order.language,
            max_chars=form.max_chars,
            domains=self._kit.domains.ids,
            problem=problem,
        )

    # --- calls -----------------------------------------------------------------------------------------------------

    async def _call(self, order: _Order, form: Form, prompt: Prompt, max_output_tokens: int) -> Answer:
        """One request, written down. A cancelled one stays as begun: its answer may have been made and charged."""
        call, started = self._begun(order), time.perf_counter()
        number = await self._kit.calls.begin(call)
        usage = Usage()
        try:
            body = body_of(await self._send(order, form, prompt, max_output_tokens))
            raise_told_error(body, self._kit.clock, self._options.api_key)
            usage = usage_of(body, prompt.text)
            self._form = self._form.joined(form)
            answer = await asyncio.to_thread(self._read, body, order)
        except Trouble as trouble:
            if isinstance(trouble, NoAnswer) and trouble.ambiguous:
                usage = Usage(prompt=estimated_tokens(prompt.text))
            fields = {"paper": order.paper.id, "outcome": trouble.outcome, "reason": str(trouble)}
            log.info("model call failed", extra=fields)
            await self._kit.calls.end(number, self._ended(call, started, usage, trouble.outcome, str(trouble)))
            raise
        await self._kit.calls.end(number, self._ended(call, started, usage, "answered"))
        return answer

    async def _send(self, order: _Order, form: Form, prompt: Prompt, max_output_tokens: int) -> bytes:
        fields = {
            "model": self.name,
            "messages": [{"role": "user", "content": prompt.text}],
            **form.fields(schema(self._kit.domains.ids), max_output_tokens, order.fingerprint),
        }
        headers = {}
        if self._options.recall:
            # The same request after a crash has the same key; another try, or another form, has its own.
            headers["Idempotency-Key"] = hashlib.sha256(
                order.identity.encode() + msgspec.json.encode(fields)
            ).hexdigest()
        return await self._endpoint.ask(fields, headers)

    async def _recalled(self, order: _Order) -> _Draft | None:
        """The report in an answer that the endpoint kept, written down with what it cost; None if there is none."""
        started = time.perf_counter()
        for body in await self._endpoint.kept(order.fingerprint):
            try:
                answer = await asyncio.to_thread(self._read, body, order)
            except Trouble:
                continue
            prompt = await asyncio.to_thread(self._prompt, order, self._form, "")
            call = self._begun(order)
            number = await self._kit.calls.begin(call)
            usage = usage_of(body, prompt.text)
            await self._kit.calls.end(number, self._ended(call, started, usage, "recalled"))
            return _Draft(answer, prompt.left_out)
        return None

    def _read(self, body: Any, order: _Order) -> Answer:
        """The answer in a completion. Raises BadAnswer."""
        text = text_of(body)
        phrases = self._kit.texts[order.language].phrases if order.language in self._kit.texts else {}
        header = _header(phrases, order.language)
        try:
            answer = parse_answer(text, titles=self._titles, header=header, domains=self._kit.domains.ids)
        except BadAnswer:
            if is_cut(body):
                raise BadAnswer("truncated", "it was cut before its end") from None
            raise
        if foreign := foreign_section(answer.sections, order.language):
            raise BadAnswer("language", f"its section {foreign.name} is not in {language_name(order.language)}")
        return answer if answer.domains else msgspec.structs.replace(answer, domains=self._classified(order.paper))

    def _classified(self, paper: Paper) -> tuple[str, ...]:
        return self._kit.domains.classify(title=paper.title, abstract=paper.abstract, keywords=paper.keywords)

    def _begun(self, order: _Order) -> ModelCall:
        return ModelCall(
            identity=order.identity,
            purpose="report",
            paper_id=order.paper.id,
            language=order.language,
            endpoint=self._endpoint.host,
            model=self.name,
            outcome="begun",
            started_at=self._kit.clock(),
        )

    def _ended(self, call: ModelCall, started: float, usage: Usage, outcome: str, error: str = "") -> ModelCall:
        price = self._options.prices.get(self.name)
        return msgspec.structs.replace(
            call,
            outcome=outcome,
            duration_ms=round((time.perf_counter() - started) * 1000),
            prompt_tokens=usage.prompt,
            cached_tokens=usage.cached,
            completion_tokens=usage.completion,
            cost_usd=None if price is None else price.cost(usage),
            error=error,
        )


def _titles(kit: Kit) -> dict[str, SectionName]:
    """What sections are called: their keys, and their labels in every language that has texts."""
    labels = {label.lower(): name for texts in kit.texts.values() for name, label in texts.sections.items()}
    return {**labels, **{name.value: name for name in SectionName}}


def _header(phrases: Mapping[str, str], language: str) -> tuple[str, ...]:
    """The cells above the rows of results."""
    keys = ("results_benchmark", "results_metric", "results_this_work", "results_best_baseline")
    own = _HEADERS.get(language.partition("-")[0], _HEADERS["en"])
    return tuple(phrases.get(key, cell) for key, cell in zip(keys, own, strict=True))


def _reason(trouble: Trouble) -> str:
    return f"its answer was of no use: {trouble}" if isinstance(trouble, BadAnswer) else str(trouble)
