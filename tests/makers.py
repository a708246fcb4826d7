"""Makers of papers, readings and reports for tests: every field has a value of its own that a test may replace."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import msgspec

from digest.types import (
    ArxivId,
    Block,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Points,
    Reading,
    ReadingSource,
    Report,
    Run,
    Section,
    SectionName,
)

DAY = date(2026, 1, 16)
NOON = datetime(2026, 1, 16, 12, tzinfo=UTC)


def clock() -> datetime:
    """A clock that stands still."""
    return NOON


def paper(paper_id: str = "2601.00001", **changes: Any) -> Paper:
    """A paper of which everything is known."""
    return msgspec.structs.replace(
        Paper(
            id=ArxivId.parse(paper_id),
            title=f"Lanterns for Deep Networks {paper_id}",
            authors=("A. Writer", "B. Reader"),
            abstract="Deep networks are dark inside. We hang lanterns in them. Accuracy rises by 3.2 points.",
            published_on=date(2026, 1, 15),
            upvotes=7,
            comments=2,
            keywords=("interpretability", "lanterns"),
            hub_summary="Lanterns light up networks.",
            hub_url=f"https://huggingface.co/papers/{paper_id}",
            github_url="https://github.com/example/lanterns",
            organization="Example Lab",
        ),
        **changes,
    )


def reading(paper_id: str = "2601.00001", **changes: Any) -> Reading:
    return msgspec.structs.replace(
        Reading(
            paper_id=ArxivId.parse(paper_id),
            source=ReadingSource.HTML,
            url=f"https://arxiv.org/html/{paper_id}",
            text_hash="0" * 64,
            passages=(
                Passage("S1.p1", "1 Introduction", PassageKind.TEXT, "Deep networks are dark inside."),
                Passage("S2.T1", "2 Results", PassageKind.TABLE, "Model | Accuracy\nLantern | 91.4"),
            ),
        ),
        **changes,
    )


def sentence(text: str) -> Paragraph:
    return Paragraph((Run(text),))


def points(*texts: str) -> Points:
    return Points(tuple((sentence(text),) for text in texts))


def sections(**texts: str | tuple[Block, ...]) -> tuple[Section, ...]:
    """The sections named, each of one paragraph, or of the blocks given."""
    return tuple(
        Section(SectionName(name), (sentence(content),) if isinstance(content, str) else content)
        for name, content in texts.items()
    )


def report(paper_id: str = "2601.00001", language: str = "en", **changes: Any) -> Report:
    return msgspec.structs.replace(
        Report(
            paper_id=ArxivId.parse(paper_id),
            language=language,
            sections=sections(
                domain="Interpretability of networks.",
                contribution="Lanterns make every layer of a network visible.",
                usage=(points("Input: a trained network", "Hardware: one GPU"),),
                innovations=(points("Lanterns: small probes", "Wicks: cheap wiring"),),
                results="Accuracy rises from 88.2 to 91.4 on a benchmark of lamps.",
            ),
            domains=("vision", "theory"),
            source=ReadingSource.HTML,
            text_hash="0" * 64,
            writer="a-model",
            prompt_version="1",
            written_at=NOON,
        ),
        **changes,
    )
