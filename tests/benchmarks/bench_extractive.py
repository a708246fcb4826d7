"""The extractive writer's contribution against the Hub's own summary, and how papers spread over the domains."""

from __future__ import annotations

import asyncio
import json
import math
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence

from rouge_score.rouge_scorer import RougeScorer

from digest.inline import plain_runs
from digest.readers.fingerprint import text_hash
from digest.sources.huggingface import parse_entry
from digest.types import Paper, Paragraph, Passage, PassageKind, Reading, ReadingSource, Report, SectionName
from digest.writers.claims import words
from digest.writers.sentences import sentences
from tests.benchmarks.timing import show
from tests.extractive_writer import writer
from tests.material import MATERIAL

HUB = MATERIAL / "hub"
OURS, NEAREST = "extractive writer", "sentence nearest the title"
_DAMPING = 0.85  # LexRank's, as published (https://doi.org/10.1613/jair.1523)
_ALIKE = 0.1
_STEPS = 40


def main() -> None:
    if not HUB.exists():
        print("\nextractive: left out, as the real days are not here")
        return
    told = [(paper, _report(paper)) for paper in _papers() if paper.abstract]
    summarised = [(paper, report) for paper, report in told if paper.hub_summary]
    scores = [_scores(paper, report) for paper, report in summarised]
    means = {name: statistics.mean(score[name] for score in scores) for name in scores[0]}
    differences = [score[OURS] - score[NEAREST] for score in scores]
    error = statistics.stdev(differences) / math.sqrt(len(differences))
    show(
        f"contribution against the Hub's summary: ROUGE-L F1 over {len(scores)} papers",
        {
            **{name: f"{mean:.3f}" for name, mean in means.items()},
            "ours over the nearest": f"{statistics.mean(differences):+.3f} (standard error {error:.3f})",
        },
        "at least +0.030",
    )
    spread = Counter(domain for _, report in told for domain in report.domains)
    lengths = Counter(len(report.domains) for _, report in told)
    show(
        f"domains of {len(told)} papers",
        {
            **{domain: str(count) for domain, count in spread.most_common()},
            "of a paper": ", ".join(f"{count} x {length}" for length, count in sorted(lengths.items())),
        },
        "one to four of each paper",
    )
    empty = Counter(section.name for _, report in told for section in report.sections if not section.blocks)
    show(
        f"reports on {len(told)} abstracts in which a section has nothing",
        {name.value: str(empty[name]) for name in SectionName},
    )


def _papers() -> Iterator[Paper]:
    for file in sorted(HUB.glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            yield parse_entry(entry, "")


def _report(paper: Paper) -> Report:
    passages = (Passage("", "Abstract", PassageKind.TEXT, paper.abstract),)
    reading = Reading(
        paper_id=paper.id, source=ReadingSource.ABSTRACT, url="", text_hash=text_hash(passages), passages=passages
    )
    return asyncio.run(writer().write(paper, reading, "en"))


def _scores(paper: Paper, report: Report) -> dict[str, float]:
    """ROUGE-L of each way to choose one sentence of the abstract."""
    abstract = sentences(paper.abstract)
    scorer = RougeScorer(["rougeL"], use_stemmer=True)

    def rouge(text: str) -> float:
        return float(scorer.score(paper.hub_summary, text)["rougeL"].fmeasure)

    return {
        "first sentence": rouge(abstract[0]),
        "LexRank": rouge(_lexrank(abstract)),
        NEAREST: rouge(_nearest(paper.title, abstract)),
        OURS: rouge(_contribution(report)),
        "best sentence there is": max(map(rouge, abstract)),
    }


def _contribution(report: Report) -> str:
    section = report.section(SectionName.CONTRIBUTION)
    blocks = section.blocks if section else ()
    return " ".join(plain_runs(block.runs) for block in blocks if isinstance(block, Paragraph))


def _nearest(title: str, abstract: Sequence[str]) -> str:
    """The sentence with the greatest cosine between its words and the title's."""
    wanted = set(words(title))

    def likeness(sentence: str) -> float:
        own = set(words(sentence))
        return len(wanted & own) / math.sqrt(len(wanted) * len(own)) if wanted and own else 0.0

    return max(abstract, key=likeness)


def _lexrank(abstract: Sequence[str]) -> str:
    """The most central sentence: a random walk over sentences that are alike by tf-idf."""
    counts = [Counter(words(sentence)) for sentence in abstract]
    seen = Counter(word for count in counts for word in count)
    rarity = {word: math.log(len(abstract) / times) + 1e-3 for word, times in seen.items()}
    vectors = [{word: times * rarity[word] for word, times in count.items()} for count in counts]
    edges = [[float(_cosine(one, other) > _ALIKE) for other in vectors] for one in vectors]
    rank = [1 / len(abstract)] * len(abstract)
    for _ in range(_STEPS):
        rank = [
            (1 - _DAMPING) / len(abstract)
            + _DAMPING
            * sum(rank[other] * edges[other][place] / max(1.0, sum(edges[other])) for other in range(len(rank)))
            for place in range(len(rank))
        ]
    return abstract[rank.index(max(rank))]


def _cosine(one: dict[str, float], other: dict[str, float]) -> float:
    shared = sum(value * other[word] for word, value in one.items() if word in other)
    lengths = math.hypot(*one.values()) * math.hypot(*other.values())
    return shared / lengths if lengths else 0.0


if __name__ == "__main__":
    main()
