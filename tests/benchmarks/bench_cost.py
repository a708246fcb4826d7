"""What a day of 23 papers costs: tokens and dollars in one language and in two, and under limits of every size.

Made-up papers of some 20,000 characters, at the prices of tests/model_day.py; the endpoint counts what it is asked.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from pathlib import Path

from digest.types import Report
from tests.benchmarks.timing import show
from tests.model_answers import Unscored
from tests.model_day import INPUT_USD, OUTPUT_USD, PAPERS, charged_usd, fill, made, settings
from tests.model_server import ModelServer, serving
from tests.paper_server import PaperServer

LIMITS = (0.02, 0.05, 0.1, 0.2, 0.4)  # USD a day


def main() -> None:
    with PaperServer() as papers:
        fill(papers)
        asyncio.run(_unlimited(papers))
        asyncio.run(_limited(papers))


async def _unlimited(papers: PaperServer) -> None:
    rows = {}
    with serving(ModelServer(otherwise=Unscored())) as model, tempfile.TemporaryDirectory() as folder:
        for language in ("en", "zh"):
            await made(settings(Path(folder), papers, model), language)
            rows["in one language" if language == "en" else "in two"] = _told(model)
    show(f"a day of {PAPERS} papers, at ${INPUT_USD:g} and ${OUTPUT_USD:g} for a million tokens in and out", rows)


def _told(model: ModelServer) -> str:
    told = [usage["prompt_tokens_details"]["cached_tokens"] for usage in model.usages]
    prompt, completion = (sum(usage[f"{name}_tokens"] for usage in model.usages) for name in ("prompt", "completion"))
    return f"{prompt:,} tokens in ({sum(told):,} of them cached), {completion:,} out, ${charged_usd(model):.4f}"


async def _limited(papers: PaperServer) -> None:
    """Each limit with both languages, and again as after a restart."""
    rows = {}
    for limit in LIMITS:
        with serving(ModelServer(otherwise=Unscored())) as model, tempfile.TemporaryDirectory() as folder:
            chosen = settings(Path(folder), papers, model, limit)
            first = (await made(chosen, "en")).digest
            for language in ("zh", "en", "zh"):
                await made(chosen, language)
            levels = Counter(_level(report) for _, report in first.papers)
            kept = "kept" if charged_usd(model) <= limit else "PASSED"
            rows[f"${limit:.2f}"] = (
                f"{kept}: ${charged_usd(model):.4f} in both; the first: {levels['whole']} whole, "
                f"{levels['abstract']} from abstracts, {levels['sentences']} sentences"
            )
    show("the daily limit", rows, "never passed")


def _level(report: Report | None) -> str:
    if report is None or report.writer == "extractive":
        return "sentences"
    return "abstract" if report.limited else "whole"


if __name__ == "__main__":
    main()
