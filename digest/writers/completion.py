"""The endpoint's side of a call: what a completion holds, what it cost, and what a refusal means.

Bodies are read here and not by the SDK, which takes an HTML page or an error object with status 200 for an answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from msgspec import Struct

from digest.text.valid import valid_text
from digest.types import Clock
from digest.writers.trouble import BadAnswer, Closed, Limited, NoAnswer, Refused, Trouble, Unread

_SECRET = re.compile(r"\b(?:sk|gsk|pk|xai)-[\w*.-]{6,}|(?<=Bearer )\S+")
_MOST_TOKENS = 10**9  # that an endpoint can have counted
_MAX_TOLD = 200  # characters of an endpoint's own words
_MAX_READ = 4_000  # characters that tell whether there are any, or what they say
_NO_MONEY = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"})
_RETRIED_BELOW_500 = frozenset({408, 409})
_AMBIGUOUS = frozenset({408, 502, 504, 524})  # a gateway gave up on a model that may have answered
# Not only with 400: OpenRouter says so with 404, llama.cpp's grammar with 500.
_OF_THE_FORM = re.compile(
    r"response_format|json.?schema|json_object|grammar|structured|requested parameters", re.IGNORECASE
)


class Usage(Struct, frozen=True):
    """Tokens; `prompt` counts those that were `cached` too."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


class Price(Struct, frozen=True):
    """USD for a million tokens; `cached` None: as `input`."""

    input: float
    output: float
    cached: float | None = None

    def cost(self, usage: Usage) -> float:
        cached = self.input if self.cached is None else self.cached
        fresh = usage.prompt - usage.cached
        return (fresh * self.input + usage.cached * cached + usage.completion * self.output) / 1_000_000


def estimated_tokens(text: str) -> int:
    """About how many tokens a text has: one for four characters of ASCII, and one for each other character."""
    narrow = len(text.encode("ascii", "ignore"))
    return len(text) - narrow + (narrow + 3) // 4


def body_of(raw: bytes) -> Any:
    """A body's JSON, bytes that are no UTF-8 replaced. Raises Unread when it is something else, such as a web page."""
    try:
        return decoded(raw)
    except (ValueError, RecursionError):
        page = raw.lstrip()[:1] == b"<"
        sent = "a web page" if page else "no JSON"
        raise Unread("page" if page else "malformed", f"the endpoint sent {sent} where an answer should be") from None


def decoded(raw: bytes) -> Any:
    """The JSON in bytes that should be UTF-8. Raises ValueError, RecursionError."""
    return json.loads(raw.decode("utf-8-sig", "replace"))


_FRAME_MOST = 10_000  # tokens that an endpoint puts around a prompt, generously
_MADE_MOST = 1_000_000  # tokens of an answer, thoughts included, that any model makes today


def is_answer(body: Any) -> bool:
    """Whether a body holds an answer, whatever else it holds."""
    return _choice(body) is not None


def usage_of(body: Any, prompt: str) -> Usage:
    """What the endpoint counted; estimated where it did not. Never raises."""
    told = _table(_table(body).get("usage"))
    cached = _count(_table(told.get("prompt_tokens_details")).get("cached_tokens"))
    if cached is None:
        cached = _count(told.get("prompt_cache_hit_tokens"))  # DeepSeek's name (api-docs.deepseek.com)
    used, made = _count(told.get("prompt_tokens")), _count(told.get("completion_tokens"))
    if used is None or used > len(prompt.encode()) + _FRAME_MOST:  # no tokenizer makes several of a byte
        used = estimated_tokens(prompt)
    if made is not None and made > _MADE_MOST:
        made = None
    return Usage(
        prompt=used,
        cached=min(cached or 0, used),
        completion=estimated_tokens(_content(_message(body))) if made is None else made,
    )


def text_of(body: Any) -> str:
    """The text of the first choice, as it came. Raises BadAnswer for a refusal, no choice or no text."""
    choice, message = _choice(body), _message(body)
    if choice is None:
        raise BadAnswer("empty", "it holds no choices")
    if _table(message).get("refusal"):
        raise BadAnswer("refused", "the model declined to answer")
    if choice.get("finish_reason") == "content_filter":
        raise BadAnswer("filtered", "the endpoint's content filter cut it")
    text = _content(message)
    if not valid_text(text[:_MAX_READ]).strip():
        cut = is_cut(body)
        raise BadAnswer("truncated" if cut else "empty", "it was cut before it began" if cut else "it is empty")
    return text


def is_cut(body: Any) -> bool:
    """Whether the answer ended because the limit of its length was reached."""
    return _table(_choice(body)).get("finish_reason") == "length"


def raise_told_error(body: Any, clock: Clock, secret: str) -> None:
    """Raises Trouble when a body with status 200 is an error all the same."""
    error = _table(body).get("error")
    if not error:
        return
    code = _count(_table(error).get("code"))
    status = code if code is not None and 400 <= code < 600 else 500
    trouble = trouble_of(status, body, {}, clock, secret)
    # The request itself was taken: there is nothing to put differently.
    raise NoAnswer("error", str(trouble)) if isinstance(trouble, Refused) else trouble


def trouble_of(status: int, body: Any, headers: Mapping[str, str], clock: Clock, secret: str) -> Trouble:
    """What a status other than 200 means (https://platform.openai.com/docs/guides/error-codes). `body`: its JSON."""
    told, code = _told(_table(body), secret)
    wait_s = _retry_after_s(headers, clock)
    if status == 402 or code in _NO_MONEY:
        return Closed("402", "wants to be paid: top up the account, or set another llm.model")
    if status == 401:
        return Closed("401", "does not accept the key: set PAPERBOY_LLM__API_KEY to a valid one")
    if status == 403:
        return Closed("403", "does not allow this: check what the key, the account and the region may use")
    if status in (404, 500, 501) and _OF_THE_FORM.search(told):
        return Refused(status, f"the endpoint refused the request with status {status}{told}", code)
    if status == 404:
        return Closed("404", "does not know the model or the address: check llm.model and llm.base_url")
    if status == 429:
        return Limited("429", "the endpoint asks for fewer requests", retry_after_s=wait_s)
    if status >= 500 or status in _RETRIED_BELOW_500:
        problem = f"the endpoint failed with status {status}{told}"
        return NoAnswer(str(status), problem, ambiguous=status in _AMBIGUOUS, retry_after_s=wait_s)
    return Refused(status, f"the endpoint refused the request with status {status}{told}", code)


def _told(body: Mapping[str, Any], secret: str) -> tuple[str, str]:
    """An endpoint's own words, `: …` or "", in one line and without secrets; and its code.

    Forms seen: {"error": {"message", "code"}}, {"error": "…"}, {"message"}, {"detail"}.
    """
    error = body.get("error", body)
    message = error if isinstance(error, str) else _table(error).get("message") or _table(error).get("detail") or ""
    said = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    line = " ".join(valid_text(said[:_MAX_READ]).split())
    line = _SECRET.sub("[secret]", line.replace(secret, "[secret]") if secret else line)
    code = _table(error).get("code") or _table(error).get("type") or ""
    return (f": {line[:_MAX_TOLD].rstrip('.')}" if line else ""), valid_text(str(code))


def _retry_after_s(headers: Mapping[str, str], clock: Clock) -> float:
    """Seconds from Retry-After, a number or a date (RFC 9110, 10.2.3); 0 if there is none."""
    value = headers.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}(?:\.\d+)?", value.strip()):
        return float(value)
    try:
        moment: datetime = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - clock()).total_seconds(), 0.0)


def _choice(body: Any) -> dict[str, Any] | None:
    choices = _table(body).get("choices")
    return _table(choices[0]) if isinstance(choices, list) and choices else None


def _message(body: Any) -> dict[str, Any]:
    return _table(_table(_choice(body)).get("message"))


def _content(message: Mapping[str, Any]) -> str:
    """A message's text, which some servers give in parts."""
    content = message.get("content")
    if isinstance(content, list):
        return "".join(str(_table(part).get("text", "")) for part in content)
    return content if isinstance(content, str) else ""


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value < _MOST_TOKENS else None
