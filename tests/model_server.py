"""An OpenAI-compatible endpoint on 127.0.0.1 that answers well, answers badly as scripted, and refuses what the real
one refuses (https://platform.openai.com/docs/api-reference/chat and .../docs/guides/error-codes).

It runs aiohttp on a thread of its own, so that a test's event loop is the client's alone.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

from aiohttp import web
from msgspec import Struct

from tests.http_server import listening
from tests.model_answers import Answer, HangUp, Reply, answer_text, asked_language

KEY = "sk-test-0123456789abcdefghij"
CACHE_UNIT_TOKENS = 128  # a prompt's prefix is cached in steps of this, from 1,024 on (docs/guides/prompt-caching)
CACHE_FROM_TOKENS = 1024

_KNOWN_FIELDS = frozenset(
    {
        "messages",
        "model",
        "store",
        "metadata",
        "response_format",
        "max_tokens",
        "max_completion_tokens",
        "temperature",
        "top_p",
        "n",
        "stream",
        "seed",
        "stop",
        "user",
        "reasoning_effort",
        "service_tier",
    }
)
_ROLES = frozenset({"developer", "system", "user", "assistant", "tool"})


class Request(Struct, frozen=True):
    """A request as it arrived, names of headers in lower case; `body` is None when it was no JSON object."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any] | None
    arrived_s: float  # on a clock that only goes forward

    @property
    def prompt(self) -> str:
        return _prompt(self.body or {})


class _Refusal(Exception):
    def __init__(self, status: int, message: str, *, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status, self.param, self.code = status, param, code

    def response(self) -> web.Response:
        kind = "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return web.json_response({"error": error}, status=self.status)


class ModelServer:
    """`formats`: what response_format may be ("json_schema", "json_object"; none of them: plain text only).

    `limit_field`: the one name of the output limit it takes, as models that reason take only
    max_completion_tokens; "" takes both. `keeping`: whether `store` is honoured, ignored or an unknown field.
    `delay_s` comes before every answer. `script` puts replies in a queue; without one it is `otherwise`.
    """

    def __init__(
        self,
        *,
        models: Sequence[str] = ("a-model",),
        formats: Sequence[str] = ("json_schema", "json_object"),
        limit_field: str = "",
        context_tokens: int = 128_000,
        keeping: Literal["honoured", "ignored", "refused"] = "honoured",
        delay_s: float = 0.0,
        otherwise: Reply | None = None,
    ) -> None:
        self.models, self.formats, self.limit_field = models, formats, limit_field
        self.context_tokens, self.keeping, self.delay_s = context_tokens, keeping, delay_s
        self.otherwise = otherwise or Answer()
        self.requests: list[Request] = []
        self.most_at_once = 0
        self.answers_made = 0
        self.address = ""
        self._under_way = 0
        self._replies: deque[Reply] = deque()
        self._kept: list[dict[str, Any]] = []
        self._prompts: list[str] = []
        self.usages: list[dict[str, Any]] = []  # of every answer made, whether it arrived or not

    def script(self, *replies: Reply) -> None:
        """What the next calls that are not refused get, in order."""
        self._replies.extend(replies)

    @property
    def calls(self) -> list[Request]:
        """The requests for an answer."""
        return [request for request in self.requests if request.method == "POST"]

    # --- the three endpoints -------------------------------------------------------------------------------------

    def application(self) -> web.Application:
        application = web.Application(client_max_size=32 * 1024 * 1024)
        application.router.add_post("/v1/chat/completions", self._create)
        application.router.add_get("/v1/chat/completions", self._list)
        application.router.add_get("/v1/models", self._list_models)
        return application

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = await self._recorded(request)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            self._check_key(request)
            checked = self._checked(body)
            await asyncio.sleep(self.delay_s)
            return await self._replied(request, checked)
        except _Refusal as refusal:
            return refusal.response()
        finally:
            self._under_way -= 1

    async def _replied(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        reply = self._replies.popleft() if self._replies else self.otherwise
        completion = self._completion(body, reply)
        if body.get("store") and self.keeping == "honoured" and completion["choices"]:
            self._kept.append(completion)
        self.answers_made += 1
        try:
            return await reply.respond(completion)
        except HangUp:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    async def _list(self, request: web.Request) -> web.Response:
        await self._recorded(request)
        try:
            self._check_key(request)
        except _Refusal as refusal:
            return refusal.response()
        if self.keeping != "honoured":
            return web.json_response({"detail": "Not Found"}, status=404)
        wanted = {
            match[1]: value
            for name, value in request.query.items()
            if (match := re.fullmatch(r"metadata\[(.+)\]", name))
        }
        found = [kept for kept in self._kept if wanted.items() <= (kept["metadata"] or {}).items()]
        if request.query.get("order", "asc") == "desc":
            found.reverse()
        found = found[: int(request.query.get("limit", "20"))]
        return web.json_response({"object": "list", "data": found, "has_more": False})

    async def _list_models(self, request: web.Request) -> web.Response:
        await self._recorded(request)
        try:
            self._check_key(request)
        except _Refusal as refusal:
            return refusal.response()
        return web.json_response({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _recorded(self, request: web.Request) -> Any:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        known = body if isinstance(body, dict) else None
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Request(request.method, request.path_qs, headers, known, time.monotonic()))
        return body

    # --- what is refused -----------------------------------------------------------------------------------------

    def _check_key(self, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if not given.startswith("Bearer "):
            raise _Refusal(401, "You didn't provide an API key.")
        if given != f"Bearer {KEY}":
            shown = given.removeprefix("Bearer ")
            raise _Refusal(401, f"Incorrect API key provided: {shown}.", code="invalid_api_key")

    def _checked(self, body: Any) -> dict[str, Any]:
        if not isinstance(body, dict):
            raise _Refusal(400, "We could not parse the JSON body of your request.")
        for name in body.keys() - _KNOWN_FIELDS:
            raise _Refusal(400, f"Unrecognized request argument supplied: {name}")
        if body.get("model") not in self.models:
            message = f"The model `{body.get('model')}` does not exist or you do not have access to it."
            raise _Refusal(404, message, code="model_not_found")
        _check_messages(body.get("messages"))
        if any("\ud800" <= char <= "\udfff" for char in _prompt(body)):
            raise _Refusal(400, "We could not parse the JSON body of your request: half a surrogate pair is no text.")
        self._check_limit(body)
        self._check_format(body)
        self._check_keeping(body)
        used = tokens(_prompt(body))
        if used + _limit(body) > self.context_tokens:
            message = f"This model's maximum context length is {self.context_tokens} tokens, yours has {used}."
            raise _Refusal(400, message, param="messages", code="context_length_exceeded")
        return body

    def _check_limit(self, body: dict[str, Any]) -> None:
        given = [name for name in ("max_tokens", "max_completion_tokens") if name in body]
        if len(given) > 1:
            raise _Refusal(400, "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
        for name in given:
            if self.limit_field and name != self.limit_field:
                message = f"Unsupported parameter: '{name}' is not supported with this model. Use '{self.limit_field}'."
                raise _Refusal(400, message, param=name, code="unsupported_parameter")

    def _check_format(self, body: dict[str, Any]) -> None:
        if "response_format" not in body:
            return
        kind = body["response_format"].get("type")
        if kind not in ("text", *self.formats):
            raise _Refusal(400, "This response_format type is unavailable now")
        if kind == "json_object" and "json" not in _prompt(body).lower():
            message = (
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'."
            )
            raise _Refusal(400, message, param="messages")
        if kind == "json_schema":
            described = body["response_format"].get("json_schema") or {}
            if not re.fullmatch(r"[\w-]{1,64}", described.get("name", "")):
                raise _Refusal(400, "Missing or invalid 'response_format.json_schema.name'.", param="response_format")
            if described.get("strict"):
                _check_strict(described.get("schema"), ())

    def _check_keeping(self, body: dict[str, Any]) -> None:
        if self.keeping == "refused":
            for name in body.keys() & {"store", "metadata"}:
                raise _Refusal(400, f"Unrecognized request argument supplied: {name}")
        metadata = body.get("metadata") or {}
        if metadata and not body.get("store"):
            raise _Refusal(400, "The 'metadata' parameter is only allowed when 'store' is enabled.", param="metadata")
        if len(metadata) > 16:
            raise _Refusal(400, "Invalid 'metadata': too many properties (at most 16).", param="metadata")
        for name, value in metadata.items():
            if len(name) > 64 or not isinstance(value, str) or len(value) > 512:
                raise _Refusal(400, f"Invalid 'metadata.{name[:64]}': string too long.", param="metadata")

    # --- an answer -----------------------------------------------------------------------------------------------

    def _completion(self, body: dict[str, Any], reply: Reply) -> dict[str, Any]:
        prompt = _prompt(body)
        content = reply.answered(prompt, answer_text(asked_language(prompt)))
        cached = max((_shared_tokens(prompt, earlier) for earlier in self._prompts), default=0)
        self._prompts.append(prompt)
        used, made = tokens(prompt), tokens(content or "")
        usage = {
            "prompt_tokens": used,
            "completion_tokens": made,
            "total_tokens": used + made,
            "prompt_tokens_details": {"cached_tokens": cached if cached >= CACHE_FROM_TOKENS else 0},
        }
        if reply.has_choice:
            self.usages.append(usage)
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": reply.refusal, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reply.finish_reason}
        return {
            "id": f"chatcmpl-{len(self.requests)}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": body["model"],
            "choices": [choice] if reply.has_choice else [],
            "metadata": body.get("metadata"),
            "usage": usage,
        }


def tokens(text: str) -> int:
    return len(text) // 4 + 1


def _shared_tokens(one: str, other: str) -> int:
    """How many tokens at the start of both are the same, in the steps that are cached."""
    step = 4 * CACHE_UNIT_TOKENS
    steps = 0
    while one[steps * step : (steps + 1) * step] == other[steps * step : (steps + 1) * step] != "":
        steps += 1
    return steps * CACHE_UNIT_TOKENS


def _prompt(body: dict[str, Any]) -> str:
    return "\n".join(message["content"] for message in body.get("messages", ()))


def _limit(body: dict[str, Any]) -> int:
    return int(body.get("max_completion_tokens") or body.get("max_tokens") or 0)


def _check_messages(messages: Any) -> None:
    if not isinstance(messages, list) or not messages:
        raise _Refusal(400, "Invalid 'messages': expected a non-empty array.", param="messages")
    for message in messages:
        if message.get("role") not in _ROLES or not isinstance(message.get("content"), str):
            raise _Refusal(400, "Invalid value in 'messages'.", param="messages")


def _check_strict(schema: Any, path: tuple[str, ...]) -> None:
    """The rules of strict schemas (docs/guides/structured-outputs#supported-schemas)."""
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        if schema.get("additionalProperties") is not False:
            raise _Refusal(
                400, f"In context={path}, 'additionalProperties' is required to be supplied and to be false."
            )
        if set(schema.get("required", ())) != set(properties):
            raise _Refusal(400, f"In context={path}, 'required' must be an array including every key in properties.")
        for name, inner in properties.items():
            _check_strict(inner, (*path, name))
    if schema.get("type") == "array":
        _check_strict(schema["items"], (*path, "items"))


@contextmanager
def serving(server: ModelServer) -> Iterator[ModelServer]:
    """Runs the server; its `address` is what `llm.base_url` wants."""
    ready = threading.Event()
    stops: list[Callable[[], object]] = []

    async def run() -> None:
        stopped, loop = asyncio.Event(), asyncio.get_running_loop()
        stops.append(partial(loop.call_soon_threadsafe, stopped.set))
        runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
        async with listening(runner) as address:
            server.address = f"{address}/v1"
            ready.set()
            await stopped.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="model server", daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        stops[0]()
        thread.join()
