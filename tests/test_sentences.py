"""Sentences of papers: where they end, and what may be left away."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.writers.sentences import sentences, without_citations, without_latex, without_opening


@pytest.mark.parametrize(
    "whole",
    [
        "We follow the form of Hall et al. in most things.",
        "Some fruits, e.g. Pears and i.e. Quinces, are heavy.",
        "See Fig. 3, Eq. (2) and Sec. 4 for the shape.",
        "Pears vs. Quinces is an old question.",
        "The margin is 3.5 points, or 4.25 with noise.",
        "A. B. Hall wrote the first one.",
        r"Let $x = 1. Y$ be the start of it.",
        "The address https://example.org/a.B?c=D. holds it",
        "It runs on the U.S. East Coast.",
    ],
)
def test_a_point_inside_a_sentence_does_not_end_it(whole: str) -> None:
    """Abbreviations, initials, decimals, formulas and addresses hold points of their own."""
    assert sentences(whole) == (whole,)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("One ends. Two begins! Is three last? Yes.", ("One ends.", "Two begins!", "Is three last?", "Yes.")),
        ("We follow Hall et al. We then go on.", ("We follow Hall et al.", "We then go on.")),
        ("It costs 5. It is cheap.", ("It costs 5.", "It is cheap.")),
        ("It has a name. iKite is it.", ("It has a name.", "iKite is it.")),
        ("So $a = b$. Then $c$.", ("So $a = b$.", "Then $c$.")),
        ("In $a. B$ it is so. In $c. D$ it is not.", ("In $a. B$ it is so.", "In $c. D$ it is not.")),
        ("It costs \\$5. It was \\$6 before.", ("It costs \\$5.", "It was \\$6 before.")),
        ("Is it so?! It is.", ("Is it so?!", "It is.")),
        ("我们提出新方法。它很快！是吗？是。", ("我们提出新方法。", "它很快！", "是吗？", "是。")),
        ('He said "stop." Then he left.', ('He said "stop."', "Then he left.")),
        ("", ()),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, parts: tuple[str, ...]) -> None:
    """English and Chinese marks, quotes and formulas at the end."""
    assert sentences(text) == parts


@pytest.mark.parametrize(
    ("cited", "bare"),
    [
        ("Kites fly (Hall et al., 2020) high.", "Kites fly high."),
        ("Kites fly (Hall et al., 2020; Weir and Moss, 2021b).", "Kites fly."),
        ("Kites fly [3], [4, 5] and [6-8].", "Kites fly, and [6-8]."),
        ("Kites fly (vaswani2017attention) high.", "Kites fly high."),
        ("Kites fly (he2016deep) high, and (hall14; Weir2017Wind; moss2020flying) too.", "Kites fly high, and too."),
        (
            "A tail child2019tails; beltagy2020long. It has SWA kim2023kites, and so on.",
            "A tail. It has SWA, and so on.",
        ),
        (
            "It beats the last one (Kite 2, kim2023kites2) on newstest2014.",
            "It beats the last one (Kite 2) on newstest2014.",
        ),
        ("It is as in moss2020flying. moss2020flying say so.", "It is as in moss2020flying. moss2020flying say so."),
        ("Trained on (wmt2014en-de) and gpt-2024-preview.", "Trained on (wmt2014en-de) and gpt-2024-preview."),
        ("As in [3], it holds.", "As in [3], it holds."),
        ("A number in the range [1, 5] is drawn.", "A number in the range [1, 5] is drawn."),
        (
            "It won in May (ICCV 2025) and scores well (AIME2025).",
            "It won in May (ICCV 2025) and scores well (AIME2025).",
        ),
        ("The vector $v[3]$ stays.", "The vector $v[3]$ stays."),
        ("Kites fly (see Hall, 2019; so they say in 2020; Weir 2021a) high.", "Kites fly high."),
        ("Kites fly (Hall, 2019; so they say) high.", "Kites fly (Hall, 2019; so they say) high."),
        ("Kites\n [3] fly  ,  high.", "Kites fly,  high."),
    ],
)
def test_citation_marks_go_and_nothing_else(cited: str, bare: str) -> None:
    """A mark that carries the sentence, an interval, a year and a formula stay."""
    assert without_citations(cited) == bare


def test_latex_of_abstracts_reads_as_text() -> None:
    r"""Lists give abstracts as typed: \textit{words}, \%, braces and ties; formulas are left alone."""
    assert without_latex(r"We \textit{gain} 5\% with {KiteNet}~V2 on $x_{\text{a}}$.") == (
        r"We gain 5% with KiteNet V2 on $x_{\text{a}}$."
    )


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.sampled_from(["Kites fly.", "We ran 3.5 km.", "See Fig. 2 now.", "So $x. Y$ is.", "他来了。", "Hm?"]))
)
def test_splitting_loses_and_adds_nothing(parts: list[str]) -> None:
    """All sentences together are the text again."""
    assert " ".join(sentences(" ".join(parts))) == " ".join(parts)


@pytest.mark.parametrize(
    ("sentence", "rest"),
    [
        ("In this paper, we propose kites.", "We propose kites."),
        ("To address this gap, we introduce kites.", "We introduce kites."),
        ("Finally, to this end, kites fly.", "Kites fly."),
        ("Here we show kites.", "We show kites."),
        ("To catch more wind, we propose kites.", "To catch more wind, we propose kites."),
        ("Specifically, iKite flies.", "iKite flies."),
        ("However,", "However,"),
    ],
)
def test_openings_that_say_nothing_are_trimmed(sentence: str, rest: str) -> None:
    """What names a purpose of its own stays."""
    assert without_opening(sentence) == rest


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="Aa. $\\()[]{}1;,!?。\n'\"~%", max_size=300))
def test_no_text_breaks_the_splitting(text: str) -> None:
    """Whatever stands there, sentences come out on one line each and none is empty."""
    assert all(sentence and sentence == " ".join(sentence.split()) for sentence in sentences(text))
