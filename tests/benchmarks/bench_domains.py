"""How the papers of all real days spread over the domains."""

from __future__ import annotations

import statistics
from collections import Counter

import msgspec

from bot import compose
from digest.sources.huggingface import parse_entry
from digest.types import Paper
from tests.benchmarks.timing import show
from tests.material import MATERIAL

HUB = MATERIAL / "hub"


def main() -> None:
    days = sorted(HUB.glob("*.json"))
    if not days:
        print("\ndomains: left out, as the real days are not here")
        return
    entries = [entry for day in days for entry in msgspec.json.decode(day.read_bytes())]
    papers = {paper.id: paper for paper in (parse_entry(entry, "") for entry in entries)}
    found = [_domains(paper) for paper in papers.values()]
    spread = Counter(domain for domains in found for domain in domains)
    first = Counter(domains[0] for domains in found)
    lengths = Counter(len(domains) for domains in found)
    show(
        f"domains of {len(papers)} papers of {len(days)} days: papers in each, and those it comes first for",
        {
            **{domain: f"{spread[domain]:>4} {first[domain]:>4}" for domain in _most_first(spread)},
            "ids of a paper, on average": f"{statistics.mean(map(len, found)):.2f}",
            "papers with 1, 2, 3, 4 ids": ", ".join(str(lengths[length]) for length in (1, 2, 3, 4)),
        },
        "one to four of each paper",
    )


def _domains(paper: Paper) -> tuple[str, ...]:
    return compose.taxonomy().classify(title=paper.title, abstract=paper.abstract, keywords=paper.keywords)


def _most_first(spread: Counter[str]) -> list[str]:
    return sorted(compose.taxonomy().ids, key=lambda domain: -spread[domain])


if __name__ == "__main__":
    main()
