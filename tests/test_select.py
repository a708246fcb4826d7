"""Which papers a destination gets: by domains, words, limit and what it has had, with a reason for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.select import Reason, Selection, select
from digest.types import ArxivId, Paper, Report
from tests.makers import paper, report

IDS = tuple(f"2601.0000{number}" for number in range(1, 6))


def chosen(papers: Sequence[tuple[Paper, Report | None]], **asked: Any) -> Selection:
    plain: dict[str, Any] = {"domains": (), "with_words": (), "without_words": (), "limit": 30, "already": ()}
    return select(papers, **(plain | asked))


def reason(one: Paper, one_report: Report | None = None, **asked: Any) -> Reason:
    return chosen([(one, one_report or report(one.id))], **asked).reasons[one.id]


def test_without_wishes_every_paper_with_a_report_is_chosen_in_the_order_of_the_day() -> None:
    """No domains and no words ask for nothing."""
    papers = [(paper(one), report(one)) for one in reversed(IDS)]
    selection = chosen(papers)
    assert selection.papers == tuple(papers)
    assert set(selection.reasons.values()) == {Reason.CHOSEN}


def test_a_paper_is_chosen_for_any_of_its_domains() -> None:
    """One domain in common is enough; none is a reason."""
    assert reason(paper(), domains=("theory", "video")) is Reason.CHOSEN
    assert reason(paper(), domains=("video",)) is Reason.DOMAIN


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [
        ("Diffusion for video", "video", True),
        ("Diffusion for VIDEO", "video", True),
        ("Videos of lamps", "video", False),
        ("A tool in C++ for lamps", "C++", True),
        ("A tool in C for lamps", "C++", False),
        ("Large language models", "language model", False),
        ("A large language model at night", "Language  Model", True),
        ("稀疏注意力机制", "注意力", True),
        ("稀疏注意力机制", "意", True),
        ("稀疏机制", "注意力", False),
        ("用GRPO训练", "grpo", True),
        ("Ｖｉｄｅｏ in full width", "video", True),
    ],
)
def test_words_are_found_whole_in_english_and_anywhere_in_chinese(text: str, word: str, found: bool) -> None:
    """Whatever their case and width; a word of several is found side by side."""
    assert (reason(paper(title=text), with_words=(word,)) is Reason.CHOSEN) is found
    assert (reason(paper(title=text), without_words=(word,)) is Reason.WORDS) is found


@pytest.mark.parametrize(
    "one",
    [paper(title="Of lamps and moths"), paper(abstract="Of lamps and moths."), paper(keywords=("moths", "lamps"))],
)
def test_words_are_looked_for_in_title_abstract_and_keywords(one: Paper) -> None:
    """And one of several wanted words is enough."""
    assert reason(one, with_words=("owls", "moths")) is Reason.CHOSEN
    assert reason(one, with_words=("moths",), without_words=("lamps",)) is Reason.WORDS


def test_words_do_not_run_over_from_one_field_into_the_next() -> None:
    """The end of the title and the start of the abstract are no neighbours."""
    one = paper(title="Of lamps", abstract="Moths fly.")
    assert reason(one, with_words=("lamps moths",)) is Reason.WORDS


def test_blank_words_ask_for_nothing() -> None:
    """An entry that is empty, or of spaces, is no wish."""
    assert reason(paper(), with_words=("", "  "), without_words=(" ",)) is Reason.CHOSEN


def test_the_limit_counts_what_was_chosen() -> None:
    """Papers that do not fit leave their place to the next."""
    papers = [(paper(one), report(one, domains=("video",) if one == IDS[0] else ("theory",))) for one in IDS]
    selection = chosen(papers, domains=("theory",), limit=2)
    assert list(selection.reasons.values()) == [
        Reason.DOMAIN,
        Reason.CHOSEN,
        Reason.CHOSEN,
        Reason.LIMIT,
        Reason.LIMIT,
    ]


def test_what_was_sent_or_has_no_report_is_told_as_such() -> None:
    """A paper without a report may come later; one that was sent does not."""
    papers = [(paper(IDS[0]), report(IDS[0])), (paper(IDS[1]), None)]
    selection = chosen(papers, already=(ArxivId(IDS[0]),))
    assert list(selection.reasons.values()) == [Reason.SENT, Reason.NO_REPORT]
    assert selection.papers == ()


@given(
    limit=st.integers(-1, 6),
    already=st.sets(st.sampled_from(IDS)),
    unread=st.sets(st.sampled_from(IDS)),
    words=st.lists(st.text(max_size=5), max_size=3),
)
@settings(max_examples=60, deadline=None)
def test_every_paper_has_a_reason_and_the_chosen_are_those_given(
    limit: int, already: Collection[str], unread: Collection[str], words: list[str]
) -> None:
    """Whatever people type as words."""
    papers = [(paper(one), None if one in unread else report(one)) for one in IDS]
    selection = chosen(papers, limit=limit, already=already, with_words=words)
    assert list(selection.reasons) == list(IDS)
    assert [one.id for one, _ in selection.papers] == [
        one for one, why in selection.reasons.items() if why is Reason.CHOSEN
    ]
    assert len(selection.papers) <= max(limit, 0)
