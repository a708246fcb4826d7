"""Answers to questions about a paper, written by a model from the passages that retrieval found: one call a question.

A call is written down as those for reports are, with the purpose "answer". Its identity is (paper, language, text
hash, model, prompt version, question).
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from digest.errors import OperatorNeeded, WriteError
from digest.render import shortened
from digest.text.valid import valid_text
from digest.types import Kit, Paper, Passage, Reading
from digest.writers.answer import object_with
from digest.writers.completion import text_of
from digest.writers.ladder import LEAST_CHARS, Form, next_form
from digest.writers.language import is_foreign, language_name
from digest.writers.llm import RETRY_PAUSE_S
from digest.writers.till import Options, Order, Request, Till
from digest.writers.trouble import BadAnswer, Closed, NoAnswer, Refused, Trouble, Useless

PURPOSE = "answer"
MAX_SENTENCES = 5
SENTENCE_CHARS = 500
PASSAGE_CHARS = 1_800  # of a passage in the prompt: tables and lists can be long
MAX_CHARS = 16_000  # of all of them
LONGEST_WAIT_S = 30.0  # somebody waits for the answer
MAX_STEPS = 8  # requests for one answer, refused forms among them
_PLACE = re.compile(r"\{\{(\w+)\}\}")
_SCHEMA = {
    "type": "object",
    "properties": {
        "sentences": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "passage": {"type": "integer"}},
                "required": ["text", "passage"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["sentences"],
    "additionalProperties": False,
}

Sentences = tuple[tuple[str, Passage], ...]  # each with the passage that it is said to stand in


class _Order(Struct, frozen=True):
    paper: Paper
    passages: Sequence[Passage]
    question: str
    language: str
    order: Order


class ReplyWriter:
    """Close it when done: it holds connections."""

    def __init__(self, kit: Kit, options: Options) -> None:
        self.name = options.model
        self._kit = kit
        self._options = options
        self._prompt = kit.prompts["reply"]
        self.prompt_version = hashlib.sha256(self._prompt.encode()).hexdigest()[:8]
        self._till = Till(kit, msgspec.structs.replace(options, recall=False), max_chars=max(MAX_CHARS, LEAST_CHARS))
        self._places = asyncio.Semaphore(options.concurrency)

    async def close(self) -> None:
        await self._till.close()

    async def write(
        self, paper: Paper, reading: Reading, passages: Sequence[Passage], question: str, language: str
    ) -> Sentences:
        """What the passages of the reading say to the question; nothing when they do not answer it.

        Raises OperatorNeeded (401, 402, 403, 404), LimitReached, or WriteError when all tries were in vain, or were
        the last time and none is bought for now (digest.retries).
        """
        asked = hashlib.sha256(question.encode()).hexdigest()[:16]
        parts = (paper.id, language, reading.text_hash, self.name, self.prompt_version, asked)
        bought = Order("|".join(parts), PURPOSE, paper.id, language)
        order = _Order(paper, passages, question, language, bought)
        failure = await self._kit.calls.failure(bought.identity)
        if failure is not None and failure.keeps_waiting(self._kit.clock()):
            when = (
                f"It is asked again from {failure.next_try:%H:%M} UTC on."
                if failure.next_try
                else "It is not asked again."
            )
            raise WriteError(f"The answer of {self.name} to this could not be used: {failure.problem}. {when}")
        async with self._places:
            try:
                return await self._answered(order)
            except Closed as closed:
                raise OperatorNeeded(f"The model's endpoint {self._till.endpoint.host} {closed}.") from None
            except Trouble as trouble:
                raise WriteError(f"{self.name} gave no answer: {trouble}.") from None

    async def _answered(self, order: _Order) -> Sentences:
        form, tries = self._till.form, self._options.attempts
        for _ in range(MAX_STEPS):
            try:
                return await self._call(order, form)
            except Refused as refused:
                following = next_form(form, refused)
                if following is None:
                    raise
                form = following
            except (BadAnswer, NoAnswer) as trouble:
                tries -= 1
                wait_s = trouble.retry_after_s or RETRY_PAUSE_S if isinstance(trouble, NoAnswer) else 0.0
                if not tries or wait_s > LONGEST_WAIT_S:
                    raise
                await asyncio.sleep(wait_s)
        raise NoAnswer("refused", "the endpoint took no form of the question")

    async def _call(self, order: _Order, form: Form) -> Sentences:
        """One request. Raises Trouble, LimitReached."""
        prompt = self._filled(order, form.max_chars)
        request = Request(form, prompt, _SCHEMA, self._options.max_output_tokens)
        return await self._till.buy(order.order, request, lambda body: self._read(body, order))

    async def _read(self, body: Any, order: _Order) -> Sentences:
        """The sentences of an answer, each with its passage. Raises BadAnswer."""
        listed = await self._kit.text_work.run(
            f"{order.paper.id} answer", sentences_in, text_of(body), len(order.passages), order.language
        )
        if isinstance(listed, Useless):
            raise BadAnswer(listed.outcome, listed.problem)
        return tuple((line, order.passages[number - 1]) for line, number in listed.sentences)

    def _filled(self, order: _Order, max_chars: int) -> str:
        parts: list[str] = []
        room = max_chars
        for number, passage in enumerate(order.passages, 1):
            text = shortened(passage.text, PASSAGE_CHARS)
            part = f"[{number}] {passage.heading or order.paper.title}\n{text}"
            if len(part) > room and parts:
                break
            parts.append(part)
            room -= len(part)
        passages = "\n\n".join(parts)
        places = {
            # Nobody can write the line into a text whose hash it holds.
            "fence": f"==== {hashlib.sha256(passages.encode()).hexdigest()[:16]} ====",
            "passages": passages,
            "title": order.paper.title,
            "question": order.question,
            "language": language_name(order.language),
        }
        # One pass: places that stand in the paper's own text stay as they are.
        return _PLACE.sub(lambda place: places.get(place[1], place[0]), self._prompt)


# --- in the child ------------------------------------------------------------------------------------------------


class Listed(Struct, frozen=True, tag=True):
    """Sentences, each with the number of its passage, from 1."""

    sentences: tuple[tuple[str, int], ...]


def sentences_in(text: str, passages: int, language: str) -> Listed | Useless:
    """The sentences of an answer whose passage exists, one of so many; Useless when it is none, or in another
    language."""
    found = object_with(valid_text(text), "sentences")
    listed = None if found is None else found["sentences"]
    if not isinstance(listed, list):
        return Useless("malformed", "it holds no complete JSON object of the form that was asked for")
    told = [
        (shortened(line, SENTENCE_CHARS), number)
        for line, number in map(_sentence, listed)
        if line and 1 <= number <= passages
    ]
    if listed and not told:
        return Useless("incomplete", "none of its sentences names a passage")
    if is_foreign(" ".join(line for line, _ in told), language):
        return Useless("language", f"it is not in {language_name(language)}")
    return Listed(tuple(told[:MAX_SENTENCES]))


def _sentence(entry: Any) -> tuple[str, int]:
    """An entry's text, in one line, and the number of its passage; "" and 0 for what is missing."""
    fields = entry if isinstance(entry, dict) else {}
    text, number = fields.get("text"), fields.get("passage")
    line = " ".join(text.split()) if isinstance(text, str) else ""
    digits = re.search(r"\d+", str(number))
    return line, int(digits[0]) if digits else 0
