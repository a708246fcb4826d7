"""The extractive writer with the shipped domains and texts, for tests and benchmarks: it asks nobody anything."""

from __future__ import annotations

from typing import Any

from bot.compose import LANGUAGES, taxonomy, texts
from digest.types import Kit, ReportWriter
from digest.writers.extractive import build
from tests.makers import clock
from tests.text_work import text_work


def writer() -> ReportWriter:
    told: dict[str, Any] = {
        "fetcher": None,
        "clock": clock,
        "hub_url": "",
        "arxiv_url": "",
        "texts": {language: texts(language) for language in LANGUAGES},
        "domains": taxonomy(),
        "prompts": {},
        "calls": None,
        "text_work": text_work(),
    }
    return build(Kit(**told), {})
