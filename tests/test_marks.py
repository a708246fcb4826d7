"""What has to be checked, as readers see it: marked in the text, counted on the card, told first under sources."""

from __future__ import annotations

import msgspec
import pytest

from bot import compose
from digest import posts, render
from digest.inline import plain_runs
from digest.markdown import plain
from digest.marks import MARK, marked
from digest.types import (
    Block,
    Finding,
    FindingKind,
    Outcome,
    Paragraph,
    PassageKind,
    Points,
    ReadingSource,
    Report,
    Run,
    RunKind,
    SectionName,
    Table,
)
from tests.makers import paper, points, report, sections, sentence

ENGLISH, CHINESE = compose.texts("en"), compose.texts("zh")
TEXT_URL = "https://arxiv.org/html/2601.00001"


def found(text: str, at: int, outcome: Outcome = Outcome.NOT_FOUND, **changes: object) -> Finding:
    return msgspec.structs.replace(
        Finding(section=SectionName.RESULTS, text=text, at=at, kind=FindingKind.FIGURE, outcome=outcome), **changes
    )


TREE: tuple[Block, ...] = (
    Paragraph((Run("Lamps: "), Run("91.4", bold=True), Run(" and "), Run(r"5 \times 10^{-4}", RunKind.TEX), Run("."))),
    Points(((sentence("88.2 before"), points("70.1 inside")), (sentence("last 3.5"),))),
    Table(((Run("Lamp"),), (Run("Score"),)), (((Run("Oil"),), (Run("12.5 (11.0)"),)),)),
)


@pytest.mark.parametrize("figure", ["91.4", r"5 \times 10^{-4}", "88.2", "70.1", "3.5", "12.5", "11.0"])
def test_a_figure_is_marked_where_it_stands(figure: str) -> None:
    """In paragraphs, nested points and cells; behind a whole formula, and nothing else changes."""
    text = plain(TREE)
    shown = plain(marked(TREE, [found(figure, text.index(figure))]))
    assert shown == text.replace(figure, figure + MARK)


def test_several_are_marked_and_what_was_found_is_not() -> None:
    """A name and a figure at one place get one mark."""
    text = plain(TREE)
    told = [
        found("88.2", text.index("88.2")),
        found("88.2", text.index("88.2"), kind=FindingKind.NAME),
        found("70.1", text.index("70.1"), Outcome.ELSEWHERE),
        found("3.5", text.index("3.5"), Outcome.FOUND),
        found("12.5", text.index("12.5"), Outcome.DERIVED),
    ]
    assert plain(marked(TREE, told)).count(MARK) == 2


def test_a_text_that_changed_since_is_left_alone() -> None:
    """A mark at a wrong place is worse than none."""
    assert marked(TREE, [found("91.4", 2), found("99", 10_000)]) == TREE


def told_report(**changes: object) -> Report:
    text = "On lamps 91.4, on candles 74.0, with GPT-9 in 36 hours."
    findings = (
        found(
            "91.4",
            text.index("91.4"),
            Outcome.FOUND,
            anchor="S3.T1",
            heading="3 Light > 3.1 Oil",
            passage=PassageKind.TABLE,
        ),
        found("74.0", text.index("74.0"), Outcome.ELSEWHERE, label="Wicks, Score"),
        found("GPT-9", text.index("GPT-9"), kind=FindingKind.NAME, instead="GPT-7"),
        found("36 hours", text.index("36")),
    )
    return msgspec.structs.replace(report(sections=sections(results=text), findings=findings), **changes)


def test_a_section_says_what_its_marks_mean() -> None:
    """One line below it; a section without any has none."""
    shown = render.report(paper(), told_report(), ENGLISH)
    lines = [plain_runs(block.runs) for block in shown.blocks if isinstance(block, Paragraph)]
    assert lines[1] == f"On lamps 91.4, on candles 74.0{MARK}, with GPT-9{MARK} in 36 hours{MARK}."
    assert lines[2] == ENGLISH.phrases["marked"]
    assert ENGLISH.phrases["marked"] not in plain(render.report(paper(), report(), ENGLISH).blocks)


def test_of_an_abstract_it_is_said_that_no_more_was_read() -> None:
    """What is not in an abstract may well be in the paper."""
    shown = render.report(paper(), told_report(source=ReadingSource.ABSTRACT), CHINESE)
    assert plain(shown.blocks).endswith(CHINESE.phrases["marked_abstract"])


def test_a_card_counts_what_is_to_be_checked() -> None:
    """Among its facts, in the reader's language, and only if there is something."""
    assert render.card(paper(), told_report(), ENGLISH).footer.endswith(" · ⚠ 3 to check")
    assert render.card(paper(), told_report(), CHINESE).footer.endswith(" · ⚠ 3 处待核对")
    assert "⚠" not in render.card(paper(), report(), ENGLISH).footer


def test_sources_tell_first_what_is_to_be_checked_then_where_the_figures_stand() -> None:
    """With what the text has instead, and a link to the place in the paper's HTML."""
    shown = posts.sources(paper(), told_report(), TEXT_URL, (), ENGLISH)
    lines = plain(shown.blocks).splitlines()
    assert lines[:4] == [
        "To check in the paper: 3",
        "GPT-9 (Experimental results): not found; the text names GPT-7",
        "36 hours (Experimental results): not found",
        "74.0 (Experimental results): found under another label, “Wicks, Score”",
    ]
    assert lines[-2:] == ["Where the figures stand", "91.4: table in 3 Light > 3.1 Oil"]
    last = shown.blocks[-1]
    assert isinstance(last, Points)
    (line,) = last.points[0]
    assert isinstance(line, Paragraph)
    assert line.runs[-1].link == f"{TEXT_URL}#S3.T1"


def test_sources_stay_short_however_much_was_found() -> None:
    """The first of each kind, and how many more there are."""
    many = [found(f"{number}.5", 0) for number in range(40)]
    many += [found(f"{number}.25", 0, Outcome.FOUND, heading="h" * 500) for number in range(40)]
    text = plain(posts.sources(paper(), report(findings=tuple(many)), TEXT_URL, (), ENGLISH).blocks)
    assert "and 30 more" in text
    assert "and 25 more" in text
    assert len(text) < 4_000
