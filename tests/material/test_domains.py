"""The domains of every paper of the real days."""

from __future__ import annotations

import json

from digest.domains import MOST_DOMAINS
from tests.material import every
from tests.test_domains import TAXONOMY


def test_every_paper_of_the_real_days_gets_one_to_four_domains() -> None:
    """Each listed paper is filed under one to four different known ids; hardly any under none of its own."""
    papers = [entry["paper"] for file in every("hub/*.json") for entry in json.loads(file.read_text(encoding="utf-8"))]
    found = [
        TAXONOMY.classify(
            title=paper["title"], abstract=paper.get("summary") or "", keywords=paper.get("ai_keywords") or ()
        )
        for paper in papers
    ]
    assert len(found) > 100
    for domains in found:
        assert 1 <= len(set(domains)) == len(domains) <= MOST_DOMAINS
        assert set(domains) <= set(TAXONOMY.ids)
    assert len({domain for domains in found for domain in domains}) == len(TAXONOMY.ids)
