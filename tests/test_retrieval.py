"""Which passages answer a question, and when a paper does not say."""

from __future__ import annotations

import pytest

from config.settings import glossary
from digest.retrieval import retrieve
from digest.types import Passage, PassageKind

TEXT, TABLE, CAPTION = PassageKind.TEXT, PassageKind.TABLE, PassageKind.CAPTION
PAPER = (
    Passage("abs", "Abstract", TEXT, "Kites stay up for days. We present a kite that sleeps in the wind."),
    Passage("S1.p1", "1 Introduction", TEXT, "Kites have been flown for two thousand years, and fall when wind does."),
    Passage("S2.p1", "2 Method > 2.1 Sewing", TEXT, "The sail is sewn from silk with a double seam, and weighs 81 g."),
    Passage("S2.p2", "2 Method > 2.2 Training the tail", TEXT, "The tail learns to steer in 14 hours on 8 GPUs."),
    Passage("S3.p1", "3 Results", TEXT, "Our kite stays up for 91.4% of the day, a box kite for 70.2%."),
    Passage("S3.T1", "3 Results", CAPTION, "Table 1: Hours aloft by the strength of the wind."),
    Passage("S3.T1", "3 Results", TABLE, "Wind | Ours | Box\nbreeze | 21.9 | 16.8\ngale | 3.1 | 0.4"),
    Passage("S4.p1", "4 Limitations", TEXT, "Rain has not been tried, and silk tears in hail."),
    Passage("S5.p1", "5 Conclusion", TEXT, "A kite can stay up while people sleep."),
)


def best(question: str) -> list[str]:
    """The anchors of what is found, best first."""
    return [one.passage.anchor for one in retrieve(PAPER, question, glossary())]


@pytest.mark.parametrize(
    ("question", "anchor"),
    [
        ("How many GPUs was the tail trained on?", "S2.p2"),
        ("What is the sail sewn from?", "S2.p1"),
        ("sewing", "S2.p1"),
        ("What limitations are there?", "S4.p1"),
        ("what does the table on hours aloft show", "S3.T1"),
        ("Which part of the day does it stay up: 91.4%?", "S3.p1"),
        ("有什么局限性？", "S4.p1"),
        ("结论是什么？", "S5.p1"),
        ("训练用了几个 GPU？", "S2.p2"),
        ("81 g 是什么的重量？", "S2.p1"),
        ("关于 Sewing 说了什么？", "S2.p1"),
        ("ＧＰＵ？", "S2.p2"),
    ],
)
def test_the_passage_that_answers_comes_first(question: str, anchor: str) -> None:
    """Whatever form its words have; in Chinese through the glossary, or through names and figures."""
    assert best(question)[0] == anchor


@pytest.mark.parametrize(
    "question",
    [
        "Does it play the trombone?",
        "Who cooks porridge for beekeepers in the lighthouse?",
        "哪些水母接受了采访？",
        "What does the paper say?",
        "这篇论文说了什么？",
        "",
        "???",
        '" OR NOT ( *',
    ],
)
def test_what_no_passage_holds_the_paper_does_not_say(question: str) -> None:
    """Nothing found is an answer too, whatever was typed."""
    assert best(question) == []


def test_one_common_word_of_many_is_not_an_answer() -> None:
    """A passage has to hold a good part of what is asked."""
    assert best("Which kite did the beekeepers of Lisbon paint violet?") == []
    assert best("Which kite?") != []


def test_a_chinese_paper_is_asked_in_chinese() -> None:
    """Pairs of characters, without a glossary."""
    paper = (
        Passage("p1", "方法", TEXT, "风筝的帆由丝绸缝制，重八十一克。"),
        Passage("p2", "结果", TEXT, "风筝一天中有九成的时间在空中。"),
        Passage("p3", "局限", TEXT, "尚未在雨中试验。"),
    )
    assert [one.passage.anchor for one in retrieve(paper, "帆是用丝绸做的吗？")][:1] == ["p1"]
    assert [one.passage.anchor for one in retrieve(paper, "局限有哪些？")][:1] == ["p3"]
    assert retrieve(paper, "水母会做什么？") == ()


def test_an_empty_reading_says_nothing() -> None:
    assert retrieve((), "What is the sail sewn from?") == ()
