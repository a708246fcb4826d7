"""A text too long for a model is cut by the weight of its sections."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.readers.condense import UNTITLED, condense, plain
from digest.types import Passage, PassageKind

_FILLER = "The lamps are hung in rows and every row is lit in turn. "


def text(heading: str, words: str, length: int = 0) -> Passage:
    return Passage("", heading, PassageKind.TEXT, (words + " " + _FILLER * (length // len(_FILLER))).strip())


def table(heading: str, rows: int = 4) -> Passage:
    lines = [f"Lantern {row} | {row}.{row} | 9{row}.1" for row in range(rows)]
    return Passage("", heading, PassageKind.TABLE, "\n".join(["Model | Loss | Accuracy", *lines]))


def paper(*, numbered: bool = True) -> tuple[Passage, ...]:
    """A whole paper: the kinds of sections that papers have, each with several paragraphs."""
    names = ["Introduction", "Related Work", "Method > Wicks", "Experiments > Main", "Limitations", "Conclusion"]
    headings = [f"{number} {name}" for number, name in enumerate(names, 1)] if numbered else names
    passages = [text("Abstract", "ABSTRACT.", 400)]
    for heading in headings:
        passages += [text(heading, f"{heading.upper()} PARAGRAPH {count}.", 600) for count in range(5)]
        if "Experiments" in heading:
            passages += [table(heading), Passage("", heading, PassageKind.CAPTION, "Table 1: Lamps and losses.")]
    passages.append(text("Acknowledgements", "THANKS.", 300))
    appendix = "A Proofs" if numbered else "Appendix"
    passages += [text(appendix, f"PROOF {count}.", 600) for count in range(5)]
    passages.append(table(appendix))
    return tuple(passages)


_HEADINGS = st.sampled_from(
    [
        "",
        "Abstract",
        "1 Introduction",
        "2 Method > 2.1 Wicks",
        "2 Method",
        "3 Results",
        "A Proofs",
        "References",
        "结论",
    ]
)
_PASSAGES = st.lists(
    st.builds(
        Passage,
        st.just(""),
        _HEADINGS,
        st.sampled_from(PassageKind),
        st.text(st.sampled_from("ab .\n|。1"), min_size=1, max_size=80),
    ),
    max_size=25,
)


def test_prompt_text_names_a_heading_where_it_changes_and_marks_tables() -> None:
    """`## path` once per change, blank lines between passages, `[table]` above rows."""
    passages = [text("", "Title."), text("1 A > 1.1 B", "One."), text("1 A > 1.1 B", "Two."), table("2 C", rows=1)]
    assert plain(passages) == (
        "Title.\n\n## 1 A > 1.1 B\n\nOne.\n\nTwo.\n\n## 2 C\n\n[table]\nModel | Loss | Accuracy\nLantern 0 | 0.0 | 90.1"
    )


@given(_PASSAGES, st.integers(0, 900))
@settings(max_examples=100, deadline=None)
def test_result_never_exceeds_the_bound_and_keeps_the_order_of_the_paper(
    passages: list[Passage], max_chars: int
) -> None:
    """Length bound for any input; what is kept is a subsequence, at most one passage of it shortened."""
    condensed = condense(passages, max_chars)
    assert len(plain(condensed.passages)) <= max_chars
    rest = iter(passages)
    shortened = 0
    for kept in condensed.passages:
        whole = next(one for one in rest if one.heading == kept.heading and one.text.startswith(kept.text))
        shortened += whole.text != kept.text
    assert shortened <= 1


@given(_PASSAGES, st.integers(0, 900))
@settings(max_examples=100, deadline=None)
def test_what_fits_is_left_alone_and_what_does_not_is_named(passages: list[Passage], max_chars: int) -> None:
    """Fits: all passages, nothing left out. Does not: something is named. The same input, the same output."""
    condensed = condense(passages, max_chars)
    if len(plain(passages)) <= max_chars:
        assert condensed.passages == tuple(passages)
        assert condensed.left_out == ()
    else:
        assert condensed.left_out
    assert condense(passages, max_chars) == condensed


@pytest.mark.parametrize("numbered", [True, False])
def test_acknowledgements_appendices_limitations_and_related_work_go_first(numbered: bool) -> None:
    """What a report needs is whole as long as the rest can make the room."""
    whole = paper(numbered=numbered)
    condensed = condense(whole, int(len(plain(whole)) * 0.6))
    assert {name.split(" ", 1)[1] if numbered and name[0].isdigit() else name for name in condensed.left_out} <= {
        *("Acknowledgements", "A Proofs", "Appendix", "A Proofs (in part)", "Appendix (in part)"),
        *("Limitations", "Limitations (in part)", "Related Work", "Related Work (in part)"),
    }
    kept = plain(condensed.passages)
    for name in ("INTRODUCTION", "METHOD > WICKS", "EXPERIMENTS > MAIN", "CONCLUSION"):
        assert f"{name} PARAGRAPH 4." in kept
    assert "THANKS" not in kept
    assert "PROOF" not in kept


def test_appendix_tables_outlive_appendix_text() -> None:
    """Tables of an appendix hold results; its text goes first."""
    condensed = condense(paper(), int(len(plain(paper())) * 0.75))
    assert [passage.kind for passage in condensed.passages if passage.heading == "A Proofs"] == [PassageKind.TABLE]
    assert "A Proofs (in part)" in condensed.left_out


def test_each_section_keeps_its_beginning_and_the_tables_stay() -> None:
    """When the body itself is too long, later paragraphs of each section go before its first one and its tables."""
    condensed = condense(paper(), 5200)
    kept = plain(condensed.passages)
    assert "ABSTRACT." in kept
    assert "Lantern 3 | 3.3" in kept
    assert "Table 1: Lamps" in kept
    for name in ("1 INTRODUCTION", "3 METHOD > WICKS", "4 EXPERIMENTS > MAIN", "6 CONCLUSION"):
        assert f"{name} PARAGRAPH 0." in kept
        assert f"{name} PARAGRAPH 4." not in kept
    assert "3 Method (in part)" in condensed.left_out
    assert "2 Related Work" in condensed.left_out


def test_method_outlives_a_longer_related_work_that_comes_before_it() -> None:
    """Cutting is by weight, not by place."""
    passages = (text("1 Related Work", "OLD.", 3000), text("2 Method", "NEW.", 2000))
    condensed = condense(passages, 2600)
    assert condensed.passages[-1] == passages[1]
    assert condensed.left_out == ("1 Related Work (in part)",)


@pytest.mark.parametrize(
    ("light", "heavy"),
    [
        ("2 相关工作", "3 方法"),
        ("致谢", "结论"),
        ("II. RELATED WORK", "IV. EXPERIMENTS"),
        ("Ethics Statement", "Problem Statement"),
        ("Limitations", "Conclusion and Limitations"),
    ],
)
def test_headings_are_recognised_in_english_and_chinese_with_any_numbering(light: str, heavy: str) -> None:
    """The lighter of two sections gives way although it comes first."""
    first = "I. INTRODUCTION" if light.startswith("II.") else "1 Introduction"
    passages = (text(first, "Opening."), text(light, "LIGHT.", 900), text(heavy, "HEAVY.", 900))
    condensed = condense(passages, 1100)
    assert "HEAVY." in plain(condensed.passages)
    assert condensed.passages[-1] == passages[-1]


@pytest.mark.parametrize(
    "appendix", ["A Proofs", "Appendix B: Lamps", "附录 A 证明", "Supplementary Material > 1 Method"]
)
def test_appendices_go_before_the_later_paragraphs_of_any_section(appendix: str) -> None:
    """Lettered sections after numbered ones, and those that say what they are."""
    passages = (*(text("1 Lamps", f"LAMP {count}.", 500) for count in range(2)), text(appendix, "PROOF.", 500))
    condensed = condense(passages, 1200)
    assert condensed.passages == passages[:2]
    assert condensed.left_out == (appendix.split(" > ", maxsplit=1)[0],)


def test_sections_after_the_word_appendix_alone_belong_to_it() -> None:
    """Some papers put one heading over all their appendices."""
    passages = (
        *(text("Method", f"LAMP {count}.", 500) for count in range(2)),
        text("Appendix", "What follows is extra.", 200),
        text("Results on More Lamps", "MORE.", 500),
    )
    assert condense(passages, 1400).left_out == ("Results on More Lamps",)


def test_an_article_at_the_start_of_a_heading_makes_no_appendix() -> None:
    """Only lettered sections after numbered ones are appendices."""
    passages = (text("A Theory of Lamps", "THEORY.", 900), text("Related Work", "OLD.", 900))
    assert condense(passages, 1000).passages == passages[:1]


def test_sections_below_the_title_are_weighed_by_their_own_headings() -> None:
    """A heading that stands over everything says nothing of any section."""
    passages = (text("Lamps > Related Work", "OLD.", 900), text("Lamps > Results", "NEW.", 900))
    condensed = condense(passages, 1000)
    assert condensed.passages == passages[1:]
    assert condensed.left_out == ("Related Work",)


def test_the_conclusion_is_kept_longest_when_every_section_must_give() -> None:
    """Its place at the end of the paper does not count against it."""
    kept = plain(condense(paper(), 2200).passages)
    assert "ABSTRACT." in kept
    assert "6 CONCLUSION PARAGRAPH 0." in kept


def test_sections_after_the_conclusion_that_have_no_number_are_appendices() -> None:
    """Where the others have numbers."""
    passages = (*(text("1 Lamps", f"LAMP {count}.", 500) for count in range(2)), text("2 Conclusion", "END.", 300))
    condensed = condense((*passages, text("More Lamps", "MORE.", 500)), 1500)
    assert condensed.passages == passages
    assert condensed.left_out == ("More Lamps",)


def test_a_passage_larger_than_the_bound_is_cut_at_the_end_of_a_sentence() -> None:
    """A single passage is shortened, and that is noted."""
    condensed = condense([text("", "Lamps reach 3.25 points. Wicks reach 4.", 5000)], 80)
    assert [passage.text for passage in condensed.passages] == ["Lamps reach 3.25 points. Wicks reach 4."]
    assert condensed.left_out == (f"{UNTITLED} (in part)",)


def test_a_table_larger_than_the_bound_is_cut_between_rows() -> None:
    """No row is cut in two."""
    condensed = condense([table("3 Results", rows=50)], 200)
    assert condensed.passages[0].text == "\n".join(table("3 Results", rows=50).text.split("\n")[:7])


def test_a_text_without_headings_keeps_its_beginning_and_its_end() -> None:
    """Where no heading tells sections apart, the middle goes first."""
    passages = [text("", f"PARAGRAPH {count}.", 300) for count in range(30)]
    kept = plain(condense(passages, 4000).passages)
    assert "PARAGRAPH 0." in kept
    assert "PARAGRAPH 29." in kept
    assert "PARAGRAPH 16." not in kept
