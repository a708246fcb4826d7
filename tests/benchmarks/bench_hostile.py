"""Papers that address the model: what of their wishes reaches a message, with a model that obeys all it is shown.

The papers are those of tests/hostile_papers.py; `reached` there says what counts. Reports are written as the pipeline
does, sentences of the paper standing in when the model gives none; a second row has the extractive writer alone. No
share of sentences is a goal: what is not recognised is text like any other.
"""

from __future__ import annotations

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from digest.errors import ReadError
from digest.readers.saved import passages_of
from digest.text.injection import addresses_model, filter_injections
from digest.types import ReadingSource, ReportWriter
from digest.writers.sentences import pieces
from tests.benchmarks.timing import show
from tests.extractive_writer import writer as extractive_writer
from tests.hostile_papers import Effect, Hostile, Obeying, hostile_papers, reached, reported
from tests.llm_writer import llm_writer
from tests.makers import paper, reading
from tests.material import MATERIAL
from tests.model_server import ModelServer, serving

_PAPERS = MATERIAL / "interests" / "papers.jsonl.gz"


def main() -> None:
    papers = {hostile.number: hostile for hostile in hostile_papers()}
    asyncio.run(_hostile(papers))
    _honest()


async def _hostile(papers: Mapping[int, Hostile]) -> None:
    with serving(ModelServer(otherwise=Obeying(papers=dict(papers)))) as server:
        writer = llm_writer(server)
        obeyed = await _effects(papers.values(), writer)
        await writer.close()
        calls = len(server.calls)
    quoted = await _effects(papers.values(), extractive_writer())
    dropped = sum(bool(filter_injections(one.paper(), one.reading()).dropped) for one in papers.values())
    rows = {
        "papers": str(len(papers)),
        "of which lose a sentence before a model sees it": str(dropped),
        "calls of the model": str(calls),
    }
    for name, effects in (("a model that obeys", obeyed), ("sentences without a model", quoted)):
        for kind in ("link", "mention", "text"):
            told = sum(any(effect.kind == kind for effect in found) for _, found in effects)
            rows[f"{name}: papers with a {kind} that reached a message"] = f"{told} of {len(papers)}"
        for field in ("language", "writing", "place", "want"):
            rows[f"{name}: texts by {field}"] = _shares(effects, field)
    show("hostile papers", rows, "0 links, 0 mentions")


async def _effects(papers: Iterable[Hostile], writer: ReportWriter) -> list[tuple[Hostile, list[Effect]]]:
    return [(hostile, reached(hostile, await reported(hostile, writer))) for hostile in papers]


def _shares(effects: Sequence[tuple[Hostile, list[Effect]]], field: str) -> str:
    every = Counter(getattr(hostile, field) for hostile, _ in effects)
    there = Counter(getattr(hostile, field) for hostile, found in effects if found)
    return ", ".join(f"{name} {there[name]}/{count}" for name, count in every.items())


def _honest() -> None:
    """How much of real papers is taken for such text."""
    if not MATERIAL.exists():
        print("\nhostile: real papers are not here")
        return
    with gzip.open(_PAPERS, "rt", encoding="utf-8") as lines:
        abstracts = [json.loads(line)["abs"] for line in lines]
    sentences = [piece for abstract in abstracts for piece in pieces(abstract)]
    lost = [told for told in abstracts if filter_injections(paper(abstract=told), reading()).paper.abstract != told]
    passages, dropped = 0, 0
    for file in sorted([*(MATERIAL / "arxiv_html").glob("*.html"), *(MATERIAL / "arxiv_pdf").glob("*.pdf")]):
        try:
            found = tuple(passages_of(file.read_bytes())[1])
        except ReadError:
            continue
        passages += len(found)
        read = reading(source=ReadingSource.HTML, passages=found)
        dropped += len(filter_injections(paper(), read).dropped)
    rows = {
        f"abstracts of {len(abstracts)} that lose a sentence": str(len(lost)),
        f"sentences of {len(sentences)} in them that would be recognised": str(sum(map(addresses_model, sentences))),
        f"sentences dropped from {passages} passages": str(dropped),
    }
    show("real papers taken for hostile ones", rows, "0 abstracts, at most 1 in 2,000 passages")


if __name__ == "__main__":
    main()
