"""Where answers of a model are bought: each call is written down before it is made and again when it has ended, failed
calls too, and none is made that the daily limit does not allow."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from digest.types import Clock, Kit, ModelCall
from digest.writers.budget import Budget
from digest.writers.completion import Price, Usage, body_of, estimated_tokens, is_answer, raise_told_error, usage_of
from digest.writers.endpoint import Endpoint
from digest.writers.ladder import Form, first_form
from digest.writers.trouble import BadAnswer, Closed, NoAnswer, Trouble

log = logging.getLogger(__name__)

T = TypeVar("T")
Read = Callable[[Any], Awaitable[T]]  # what makes something of a completion


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
    daily_limit: float = 0.0
    api_key: str = ""
    api_key_file: str = ""  # read with the settings


class Order(Struct, frozen=True):
    """What is to be bought. `identity` tells it from everything else that is bought."""

    identity: str
    purpose: str
    paper_id: str
    language: str

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.identity.encode()).hexdigest()


class Request(Struct, frozen=True):
    """How an answer is asked for. `name` and `schema` are of its JSON."""

    form: Form
    prompt: str
    schema: dict[str, Any]
    max_output_tokens: int


class Till:
    """Close it when done: it holds connections. `form` is how the endpoint has wanted to be asked so far."""

    def __init__(self, kit: Kit, options: Options, *, max_chars: int = 0) -> None:
        """`max_chars`: of a text in a prompt, where it is not that of the settings."""
        self.form = first_form(options.base_url, max_chars or options.max_input_chars, keep=options.recall)
        self.budget = Budget(kit.calls, options.model, options.prices.get(options.model), options.daily_limit)
        self.endpoint = Endpoint(options.base_url, options.api_key, options.timeout_s, kit.clock)
        self._options = options
        self._calls = kit.calls
        self._clock: Clock = kit.clock

    async def close(self) -> None:
        await self.endpoint.close()

    async def buy(
        self,
        order: Order,
        request: Request,
        read: Read[T],
        *,
        patient: bool = True,
        begun: Callable[[], None] = lambda: None,
    ) -> T:
        """What `read` makes of the completion; it may raise Trouble. `begun` is called when the call is paid for.

        Raises Trouble, and LimitReached when the daily limit does not allow the call: a patient one waits for calls
        under way before. A cancelled call stays as begun: its answer may have been made and charged.
        """
        if self.budget.limit_usd and not request.form.limit_fields[0]:
            raise Closed(
                "unbounded", "takes no limit of an answer's length, so llm.daily_limit cannot be kept: set it to 0"
            )
        call, started = self._begun(order, request), time.perf_counter()
        number = await self.budget.begin(call, patient=patient)
        begun()
        try:
            return await self._bought(order, request, read, number, call, started)
        finally:
            self.budget.release(number)

    async def _bought(
        self,
        order: Order,
        request: Request,
        read: Read[T],
        number: int,
        call: ModelCall,
        started: float,
    ) -> T:
        usage = Usage()
        try:
            body = await asyncio.to_thread(body_of, await self._send(order, request))
            if not is_answer(body):
                raise_told_error(body, self._clock, self._options.api_key)
            usage = usage_of(body, request.prompt)
            self.budget.learn(request.prompt, usage)
            self.form = self.form.joined(request.form)
            answer = await self._read(body, read)
        except Trouble as trouble:
            lost = isinstance(trouble, NoAnswer) and trouble.ambiguous
            if lost:
                usage = Usage(prompt=estimated_tokens(request.prompt))
            fields = {"paper": order.paper_id, "outcome": trouble.outcome, "reason": str(trouble)}
            log.info("model call failed", extra=fields)
            ended = self._ended(call, started, usage, trouble.outcome, str(trouble))
            # An answer that was lost may have been charged in full.
            await self._calls.end(number, msgspec.structs.replace(ended, cost_usd=call.cost_usd) if lost else ended)
            raise
        await self._calls.end(number, self._ended(call, started, usage, "answered"))
        return answer

    async def unfinished(self, order: Order) -> bool:
        return await self._calls.unfinished(order.identity)

    async def recalled(self, order: Order, prompt: str, read: Read[T]) -> T | None:
        """What an answer holds that the endpoint has kept, written down with what it cost; None if there is none."""
        started = time.perf_counter()
        for body in await self.endpoint.kept(order.fingerprint):
            try:
                answer = await self._read(body, read)
            except Trouble:
                continue
            call = self._call(order)
            number = await self._calls.begin(call)
            await self._calls.end(number, self._ended(call, started, usage_of(body, prompt), "recalled"))
            return answer
        return None

    @staticmethod
    async def _read(body: Any, read: Read[T]) -> T:
        """Raises Trouble, whatever the reading raises: the answer is there and was paid for."""
        try:
            return await read(body)
        except Trouble:
            raise
        except Exception:
            log.exception("reading an answer broke")
            raise BadAnswer("broken", "Paperboy could not read it; the log says why") from None

    async def _send(self, order: Order, request: Request) -> bytes:
        fields = {
            "model": self._options.model,
            "messages": [{"role": "user", "content": request.prompt}],
            **request.form.fields(request.schema, request.max_output_tokens, order.fingerprint),
        }
        headers: Mapping[str, str] = {}
        if self._options.recall:
            # The same request after a crash has the same key; another try, or another form, has its own.
            key = hashlib.sha256(order.identity.encode() + msgspec.json.encode(fields)).hexdigest()
            headers = {"Idempotency-Key": key}
        return await self.endpoint.ask(fields, headers)

    def _call(self, order: Order) -> ModelCall:
        return ModelCall(
            identity=order.identity,
            purpose=order.purpose,
            paper_id=order.paper_id,
            language=order.language,
            endpoint=self.endpoint.host,
            model=self._options.model,
            outcome="begun",
            started_at=self._clock(),
        )

    def _begun(self, order: Order, request: Request) -> ModelCall:
        most = self.budget.most_usd(request.prompt, request.max_output_tokens)
        return msgspec.structs.replace(self._call(order), cost_usd=most)

    def _ended(self, call: ModelCall, started: float, usage: Usage, outcome: str, error: str = "") -> ModelCall:
        return msgspec.structs.replace(
            call,
            outcome=outcome,
            duration_ms=round((time.perf_counter() - started) * 1000),
            prompt_tokens=usage.prompt,
            cached_tokens=usage.cached,
            completion_tokens=usage.completion,
            cost_usd=self.budget.cost(usage),
            error=error,
        )
