"""How an endpoint wants to be asked: learned from what it refuses, remembered once it has answered."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from digest.writers.trouble import Refused

LEAST_CHARS = 4000  # of a paper's text; an endpoint that cannot take as much cannot report on papers
METADATA_KEY = "paperboy"


class Rung(StrEnum):
    """How the form of an answer is asked for, strictest first. The prompt describes it on every rung."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PLAIN = "plain"


class Form(Struct, frozen=True):
    """`limit_fields`: names of the output limit still to be tried, the first in use; "" sends none."""

    rung: Rung
    limit_fields: tuple[str, ...]
    max_chars: int
    keep: bool

    def fields(self, schema: dict[str, Any], max_output_tokens: int, fingerprint: str) -> dict[str, Any]:
        """The fields of a request that depend on the form. `fingerprint`: what a kept answer is found by."""
        fields: dict[str, Any] = {}
        match self.rung:
            case Rung.JSON_SCHEMA:
                described = {"name": "report", "strict": True, "schema": schema}
                fields["response_format"] = {"type": "json_schema", "json_schema": described}
            case Rung.JSON_OBJECT:
                fields["response_format"] = {"type": "json_object"}
            case Rung.PLAIN:
                pass
        if self.limit_fields[0]:
            fields[self.limit_fields[0]] = max_output_tokens
        if self.keep:
            fields |= {"store": True, "metadata": {METADATA_KEY: fingerprint}}
        return fields

    def joined(self, other: Form) -> Form:
        """What this and another form have learned, together."""
        return Form(
            max(self.rung, other.rung, key=list(Rung).index),
            min(self.limit_fields, other.limit_fields, key=len),
            min(self.max_chars, other.max_chars),
            self.keep and other.keep,
        )


def first_form(base_url: str, max_chars: int, *, keep: bool) -> Form:
    """OpenAI's models that reason take `max_completion_tokens` only; most other servers know only `max_tokens`
    (https://platform.openai.com/docs/api-reference/chat/create)."""
    newer_first = (urlsplit(base_url).hostname or "").endswith("openai.com")
    names = ("max_completion_tokens", "max_tokens") if newer_first else ("max_tokens", "max_completion_tokens")
    return Form(Rung.JSON_SCHEMA, (*names, ""), max_chars, keep)


# Servers name the fault in words of their own; these are the ones of OpenAI, vLLM, llama.cpp, Ollama and routers.
_TOO_LONG = re.compile(
    r"context.?(?:length|window|size)|maximum context|too many (?:input )?tokens|(?:prompt|input|text) is too long"
    r"|string.?above.?max|reduce the length"
)
_LIMIT = re.compile(r"max_(?:completion_)?tokens")
_KEEPING = re.compile(r"\b(?:store|metadata)\b")
_CONTENT = re.compile(r"content.?(?:filter|policy|management)|invalid_prompt|moderation|flagged")


def next_form(form: Form, refused: Refused) -> Form | None:
    """How to ask after a refusal; None when the form was not at fault, or nothing is left to try.

    A refusal that names nothing known is taken as one of the response format.
    """
    told = f"{refused.code} {refused}".lower()
    if _CONTENT.search(told):
        return None
    if refused.status == 413 or _TOO_LONG.search(told):
        halved = form.max_chars // 2
        return msgspec.structs.replace(form, max_chars=halved) if halved >= LEAST_CHARS else None
    if _LIMIT.search(told) and len(form.limit_fields) > 1:
        return msgspec.structs.replace(form, limit_fields=form.limit_fields[1:])
    if form.keep and _KEEPING.search(told):
        return msgspec.structs.replace(form, keep=False)
    below = list(Rung)[list(Rung).index(form.rung) + 1 :]
    return msgspec.structs.replace(form, rung=below[0]) if below else None
