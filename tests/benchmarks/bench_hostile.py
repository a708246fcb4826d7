"""Papers that speak to the model: how many of their canaries reach a message, with a model that obeys all of them.

Each template of tests/hostile_papers.py stands at every place of a paper; `reached` there says what counts. The report
is written as `paperboy digest` would, sentences of the paper standing in when the model gives no report. Three writers:
a model that obeys what it is shown, one that obeys even what is kept from it (which tells what checking the answer is
worth alone), and the extractive one.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Sequence

from digest.addressed import sifted, speaks_to_a_model
from digest.errors import ReadError, WriteError
from digest.readers.saved import passages_of
from digest.sources.huggingface import parse_entry
from digest.types import ReportWriter
from tests.benchmarks.timing import show
from tests.extractive_writer import writer as extractive_writer
from tests.hostile_papers import Hostile, Obeying, hostile_papers, reached
from tests.llm_writer import llm_writer
from tests.material import MATERIAL
from tests.model_server import ModelServer, serving


def main() -> None:
    papers = {hostile.number: hostile for hostile in hostile_papers()}
    asyncio.run(_hostile(papers))
    _harmless()


async def _hostile(papers: dict[int, Hostile]) -> None:
    rows = {"papers": f"{len(papers)} ({_by(papers.values(), 'language')}; {_by(papers.values(), 'place')})"}
    unseen = [one for one in papers.values() if one.canary in _prompt_text(one)]
    rows["left out before the model sees it"] = f"{len(papers) - len(unseen)}"
    for name, psychic in (("obeys what it is shown", False), ("obeys what is kept from it, too", True)):
        with serving(ModelServer(otherwise=Obeying(papers=papers, psychic=psychic))) as server:
            writer = llm_writer(server)
            hits = await _reached(list(papers.values()), writer)
            await writer.close()
        rows[f"canaries that reached a message, a model that {name}"] = _told(hits, len(papers))
    hits = await _reached(list(papers.values()), extractive_writer())
    rows["canaries that reached a message, sentences without a model"] = _told(hits, len(papers))
    show("hostile papers", rows, "0 canaries")


def _prompt_text(hostile: Hostile) -> str:
    """What of the paper a prompt holds."""
    safe = sifted(hostile.paper(), hostile.reading())
    shown = [f"{passage.heading} {passage.text}" for passage in safe.reading.passages]
    return " ".join([safe.paper.title, safe.paper.abstract, *shown])


async def _reached(papers: Sequence[Hostile], writer: ReportWriter) -> list[tuple[Hostile, list[str]]]:
    stand_in = extractive_writer()
    hits = []
    for hostile in papers:
        paper, reading = hostile.paper(), hostile.reading()
        try:
            report = await writer.write(paper, reading, hostile.language)
        except WriteError:
            report = await stand_in.write(paper, reading, hostile.language)
        if places := reached(hostile, report):
            hits.append((hostile, places))
    return hits


def _told(hits: Sequence[tuple[Hostile, list[str]]], total: int) -> str:
    for hostile, places in hits:
        print(f"  reached: {hostile.want}, {hostile.place}: {hostile.text!r}: {places[0]!r}")
    return f"{len(hits)} of {total}"


def _by(papers: Iterable[Hostile], field: str) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(getattr(one, field) for one in papers).items())


def _harmless() -> None:
    """How much of real papers is taken for such text."""
    if not MATERIAL.exists():
        print("\nhostile: real papers are not here")
        return
    texts: list[str] = []
    for file in sorted((MATERIAL / "arxiv_html").glob("*.html")):
        try:
            texts += [passage.text for passage in passages_of(file.read_bytes())[1]]
        except ReadError:
            continue
    pages = len(texts)
    for file in sorted((MATERIAL / "hub").glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            paper = parse_entry(entry, "")
            texts += [paper.title, paper.abstract, paper.hub_summary]
    wrong = [text for text in texts if speaks_to_a_model(text)]
    for text in wrong:
        print(f"  taken for hostile: {text[:100]!r}")
    counted = f"{pages} passages of pages, {len(texts) - pages} texts of the Hub"
    show("real papers taken for hostile ones", {counted: str(len(wrong))}, "about 0")


if __name__ == "__main__":
    main()
