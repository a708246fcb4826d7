"""The Hub's real lists."""

from __future__ import annotations

import asyncio
import json
from datetime import date
from pathlib import Path

import pytest

from digest.fetch import PoliteFetcher
from tests.material import every
from tests.paper_server import PaperServer
from tests.test_huggingface import daily, fetcher, server, without_times  # noqa: F401 (fixtures)


@pytest.mark.parametrize("file", every("hub/*.json"), ids=lambda file: file.stem)
async def test_every_paper_of_a_real_day_is_listed_once(
    server: PaperServer, fetcher: PoliteFetcher, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each with a title and all that the list tells of it, one line each; most upvoted first; nothing dropped."""
    entries = json.loads(await asyncio.to_thread(file.read_bytes))
    server.days[file.stem] = entries
    papers = await daily(server, fetcher, date.fromisoformat(file.stem))
    told = {entry["paper"]["id"]: entry["paper"] for entry in entries}
    assert sorted(paper.id for paper in papers) == sorted(told)
    votes = [paper.upvotes or 0 for paper in papers]
    assert votes == sorted(votes, reverse=True)
    for paper in papers:
        of_it = told[paper.id]
        assert paper.title == " ".join(of_it["title"].split()) != ""
        assert without_times(paper.abstract) == without_times(of_it.get("summary", ""))
        assert without_times(paper.hub_summary) == without_times(of_it.get("ai_summary", ""))
        assert len(paper.authors) == sum(not author.get("hidden") for author in of_it["authors"])
        assert str(paper.published_on) == of_it["publishedAt"][:10]
        assert bool(paper.github_url) == bool(of_it.get("githubRepo"))
        assert bool(paper.organization) == bool(of_it.get("organization"))
    assert not caplog.records
