"""The model's writer with the shipped prompts and texts against an endpoint on this machine, for tests and benchmarks.

Its calls are kept on record in memory unless a store is given.
"""

from __future__ import annotations

from typing import Any, cast

from bot import compose
from config import settings as configured
from digest.store_thread import StoreThread
from digest.types import CallBook, Check, Clock, Fetcher, Kit, unchecked
from digest.writers import llm
from digest.writers.llm import LlmWriter
from tests.makers import clock
from tests.model_server import KEY, ModelServer
from tests.text_work import text_work

PRICES = {"a-model": {"input": 2.0, "output": 8.0, "cached": 0.5}}


def llm_writer(
    server: ModelServer,
    calls: CallBook | None = None,
    *,
    check: Check = unchecked,
    clock: Clock = clock,
    **changes: Any,
) -> LlmWriter:
    writer = llm.build(kit(calls, check=check, clock=clock), options(server, **changes))
    assert isinstance(writer, LlmWriter)
    return writer


def kit(calls: CallBook | None = None, *, check: Check = unchecked, clock: Clock = clock) -> Kit:
    return Kit(
        fetcher=cast("Fetcher", None),  # writers fetch nothing
        clock=clock,
        hub_url="",
        arxiv_url="",
        texts={language: compose.texts(language) for language in compose.LANGUAGES},
        domains=compose.taxonomy(),
        prompts=configured.prompts(),
        calls=calls or StoreThread(None, clock),
        text_work=text_work(),
        check=check,
    )


def options(server: ModelServer, **changes: Any) -> dict[str, Any]:
    return {
        "base_url": server.address,
        "model": "a-model",
        "timeout_s": 20.0,
        "concurrency": 4,
        "max_input_chars": 120_000,
        "max_output_tokens": 4000,
        "attempts": 2,
        "recall": False,
        "daily_limit": 0.0,
        "prices": PRICES,
        "api_key": KEY,
        "api_key_file": "",
        **changes,
    }
