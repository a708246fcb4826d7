"""Finding what a paper says: questions made from section headings and table captions of real pages, and questions
about what stands in none of them. Texts of the pages are read where they are, and not kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from config.settings import glossary
from digest.errors import ReadError
from digest.readers.saved import passages_of
from digest.retrieval import retrieve, words_of
from digest.types import Passage, PassageKind, ReadingSource
from tests.benchmarks.bench_reading import REAL
from tests.benchmarks.timing import medians_s, show

CAPTION_WORDS = 8
ROUNDS = 5

HEADING = {
    "en": "What does the paper say about {words}?",
    "zh": "这篇论文关于 {words} 说了什么？",
}
CAPTION = {
    "en": "What does the table on {words} show?",
    "zh": "关于 {words} 的表格展示了什么？",
}
# Of a general kind, in Chinese alone: found only through the glossary.
GENERAL = {
    "实验结果怎么样？": r"result|experiment|evaluat",
    "结论是什么？": r"conclu|summary",
    "引言说了什么？": r"introduc",
    "有什么局限性？": r"limitation",
    "相关工作有哪些？": r"related work|background",
    "训练用了什么硬件？": r"hardware",
    "模型架构是什么？": r"architect",
}
# A question with words of no paper here; and the same with one word that every paper has beside them.
NOWHERE = (
    ("en", "Which lighthouse keepers were interviewed?"),
    ("en", "How deep is the harbour at Lisbon?"),
    ("en", "Does it cook porridge?"),
    ("en", "What do beekeepers think of jellyfish?"),
    ("en", "Who plays the trombone?"),
    ("en", "How often must the violin be tuned at midnight?"),
    ("en", "Is mayonnaise on the menu?"),
    ("en", "Which bakery delivers croissants?"),
    ("zh", "哪些灯塔看守人接受了采访？"),
    ("zh", "里斯本港有多深？"),
    ("zh", "它会煮粥吗？"),
    ("zh", "养蜂人怎么看水母？"),
    ("zh", "谁吹长号？"),
)
HALFWAY = (
    ("en", "Does the model cook porridge for beekeepers?"),
    ("en", "Which lighthouse results are reported for trombone players?"),
    ("en", "How does training change croissants and mayonnaise?"),
    ("en", "What is the accuracy on jellyfish, violins and harbours?"),
    ("zh", "模型会给养蜂人煮粥吗？"),
    ("zh", "灯塔看守人的实验结果怎么样？"),
)


class Question(NamedTuple):
    """`right`: the places of passages that answer it."""

    kind: str
    text: str
    right: frozenset[int]


def main() -> None:
    papers = dict(_papers())
    known = glossary()
    for kind in ("heading en", "heading zh", "caption en", "caption zh", "general zh"):
        asked = [
            (name, question)
            for name, passages in papers.items()
            for question in questions(passages)
            if question.kind == kind
        ]
        ranks = [_rank(papers[name], question, known) for name, question in asked]
        misses = [
            f"{name}: {question.text} (rank {rank or 'none'})"
            for (name, question), rank in zip(asked, ranks, strict=True)
            if not 0 < rank <= 3
        ]
        show(
            f"questions from {kind}, {len(asked)} over {len(papers)} papers",
            {
                "recall@1": _share(rank == 1 for rank in ranks),
                "recall@3": _share(0 < rank <= 3 for rank in ranks),
                "said not to be in the paper": str(sum(rank == 0 for rank in ranks)),
                "misses of recall@3": "".join(f"\n      {miss}" for miss in misses) or "none",
            },
            "recall@3",
        )
    for title, wanted in (("words in no passage", NOWHERE), ("one word of the paper among them", HALFWAY)):
        _show_unsaid(title, papers, wanted, known)
    passages = max(papers.values(), key=len)
    times = medians_s({"one question": lambda: retrieve(passages, "How was the model trained?", known)}, ROUNDS)
    show(
        f"retrieval over {len(passages)} passages",
        {"one question": f"{times['one question'] * 1000:.1f} ms"},
        "well under the time of a model's answer",
    )


def _papers() -> Iterator[tuple[str, tuple[Passage, ...]]]:
    for file in sorted(REAL.glob("*.html")):
        try:
            source, passages = passages_of(file.read_bytes())
        except ReadError:
            continue
        if source is ReadingSource.HTML:
            yield file.name, passages


def questions(passages: Sequence[Passage]) -> Iterator[Question]:
    """One for each heading and each caption of a table, in both languages; and those of a general kind that fit."""
    for heading in dict.fromkeys(passage.heading for passage in passages if passage.heading):
        words = re.sub(r"^(?:\d+|[A-Z])(?:\.\d+)*[.:]?\s+", "", heading.split(" > ")[-1]).strip(" :.")
        if words_of(words):
            right = frozenset(
                place for place, one in enumerate(passages) if f"{one.heading} > ".startswith(f"{heading} > ")
            )
            yield from (Question(f"heading {tag}", form.format(words=words), right) for tag, form in HEADING.items())
    for place, passage in enumerate(passages):
        if passage.kind is PassageKind.CAPTION and passage.text.startswith("Table"):
            words = " ".join(re.sub(r"^Table\s*\S*\s*", "", passage.text).split()[:CAPTION_WORDS]).strip(" .:,;")
            right = frozenset(
                at
                for at, one in enumerate(passages)
                if at == place
                or (one.anchor == passage.anchor != "")
                or (abs(at - place) == 1 and one.kind is PassageKind.TABLE)
            )
            yield from (Question(f"caption {tag}", form.format(words=words), right) for tag, form in CAPTION.items())
    for text, heading in GENERAL.items():
        right = frozenset(place for place, one in enumerate(passages) if re.search(heading, one.heading, re.IGNORECASE))
        if right:
            yield Question("general zh", text, right)


def _rank(passages: Sequence[Passage], question: Question, known: dict[str, list[str]]) -> int:
    """The rank of the first right passage, from 1; 0 when it is not among those found."""
    found = retrieve(passages, question.text, known)
    return next((rank for rank, one in enumerate(found, 1) if one.place in question.right), 0)


def _show_unsaid(
    title: str,
    papers: dict[str, tuple[Passage, ...]],
    wanted: Sequence[tuple[str, str]],
    known: dict[str, list[str]],
) -> None:
    asked = [(name, text) for name in papers for _, text in wanted]
    answered = [f"{name}: {text}" for name, text in asked if retrieve(papers[name], text, known)]
    show(
        f"questions about what no paper says, {title}: {len(asked)}",
        {
            'answered "the paper does not say"': _share(
                [*[True] * (len(asked) - len(answered)), *[False] * len(answered)]
            ),
            "answered with passages": "".join(f"\n      {one}" for one in answered) or "none",
        },
        "all of them",
    )


def _share(hits: Iterable[bool]) -> str:
    told = list(hits)
    return f"{sum(told)}/{len(told)} = {sum(told) / max(len(told), 1):.3f}"


if __name__ == "__main__":
    main()
