"""Messages: what a reader sees of a day, a paper, a report, in both languages."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from bot import compose
from digest import render
from digest.types import (
    ArxivId,
    Attempt,
    Block,
    Digest,
    Message,
    Paragraph,
    Points,
    ReadingSource,
    Run,
    RunKind,
    Table,
)
from tests.makers import DAY, paper, report, sections, sentence

ENGLISH, CHINESE = compose.texts("en"), compose.texts("zh")


def words(blocks: Sequence[Block]) -> str:
    """All text of a tree, blocks apart."""
    parts = []
    for block in blocks:
        match block:
            case Paragraph(runs):
                parts.append("".join(run.text for run in runs))
            case Points(points):
                parts += [words(point) for point in points]
            case Table(header, rows):
                parts += ["".join(run.text for run in cell) for row in (header, *rows) for cell in row]
    return " | ".join(parts)


def day_of(*papers: str) -> Digest:
    return Digest(day=DAY, language="en", papers=tuple((paper(one), report(one)) for one in papers))


def test_the_headline_says_what_day_how_many_and_how_they_were_read() -> None:
    """Its first line is what a phone shows."""
    digest = Digest(
        day=DAY,
        language="en",
        papers=(
            (paper("2601.00001", upvotes=30), report("2601.00001")),
            (paper("2601.00002", upvotes=20), report("2601.00002", source=ReadingSource.ABSTRACT)),
            (paper("2601.00003"), None),
        ),
        problems={ArxivId("2601.00003"): "The Hub and arXiv did not answer."},
    )
    headline = render.headline(digest, ENGLISH)
    assert headline.title == "Papers · Fri 16 Jan 2026 · 3"
    assert headline.footer == "1 read in full, 1 abstract only · 1 without a report"
    assert render.headline(digest, CHINESE).title == "论文 · 2026年1月16日 周五 · 3 篇"


def test_the_headline_names_the_three_most_upvoted_in_lines_of_at_most_120_characters() -> None:
    """A long title is shortened at a word; the line leads to the paper."""
    digest = Digest(
        day=DAY,
        language="en",
        papers=tuple(
            (paper(f"2601.0000{n}", upvotes=90 - n, title="A long title about lamps " * 9), None) for n in range(5)
        ),
    )
    (points,) = render.headline(digest, ENGLISH).blocks
    assert isinstance(points, Points)
    assert len(points.points) == 3
    for point in points.points:
        assert len(words(point)) <= render.HEADLINE_LINE_CHARS
        assert words(point).endswith("…")
    assert words(points.points[0]).startswith("▲90 A long title")


def test_formulas_in_titles_are_formulas_wherever_a_title_stands_in_a_line() -> None:
    """Each part of the title leads to the paper, and a formula is kept or left out whole."""
    known = paper("2601.00001", title=r"The $\alpha_{2}$ lamp", upvotes=None)
    (points,) = render.first_lines([known])
    (listed,) = render.found([(known, None)], 1, ENGLISH).blocks
    for block, bold in ((points, False), (listed, True)):
        assert isinstance(block, Points)
        (line, *_) = block.points[0]
        assert isinstance(line, Paragraph)
        assert [run for run in line.runs if run.link] == [
            Run("The ", bold=bold, link=known.hub_url),
            Run(r"\alpha_{2}", RunKind.TEX, bold=bold, link=known.hub_url),
            Run(" lamp", bold=bold, link=known.hub_url),
        ]
    long = render.first_lines([paper(title="lamps " * 18 + r"$\alpha_{2}\beta_{3}\gamma_{4}$ more", upvotes=None)])
    assert words(long) == "lamps " * 18 + "…"


@given(st.lists(st.sampled_from(["lamp ", "$x_{1}$", "lanterns", " "]), min_size=1, max_size=40))
def test_no_line_of_the_headline_is_longer_than_it_may_be(pieces: list[str]) -> None:
    """Whatever stands where the line is cut."""
    assert len(words(render.first_lines([paper(title="A" + "".join(pieces))]))) <= render.HEADLINE_LINE_CHARS


def test_chinese_puts_its_own_marks_between_words() -> None:
    """Its comma between domains, and no space after its wide colon."""
    assert render.card(paper(), report(), CHINESE).footer.startswith("计算机视觉、理论 · ")
    told = render.report(paper(), report(writer="extractive"), CHINESE)
    assert words(told.blocks[-1:]) == "Hugging Face 自带模型的摘要：Lanterns light up networks."


def test_a_card_has_the_contribution_and_a_line_of_facts() -> None:
    """Title and address, one sentence, and what kind of paper it is."""
    card = render.card(paper(), report(), ENGLISH)
    assert (card.title, card.link) == (paper().title, paper().hub_url)
    assert words(card.blocks) == "Lanterns make every layer of a network visible."
    assert card.footer == "vision, theory · Example Lab · ▲7 · full text"


def test_a_card_without_a_report_says_why() -> None:
    """Silence is always explained."""
    card = render.card(paper(), None, ENGLISH, "arXiv has no text of it.")
    assert words(card.blocks) == "No report: arXiv has no text of it."
    assert card.footer == "Example Lab · ▲7"


def test_a_very_long_contribution_is_cut_at_a_word_and_never_inside_a_formula() -> None:
    """Writers differ in what they call one sentence."""
    runs = (Run("lamp " * 110), Run("x" * 80, RunKind.TEX), Run(" and more"))
    card = render.card(paper(), report(sections=sections(contribution=(Paragraph(runs),))), ENGLISH)
    assert len(words(card.blocks)) <= render.CARD_CHARS + 1
    assert words(card.blocks).endswith("…")
    assert "xxx" not in words(card.blocks)


def test_a_section_for_which_the_paper_holds_nothing_says_so() -> None:
    """An honest gap in the reader's language."""
    empty = report(sections=sections(usage=()))
    assert ENGLISH.phrases["nothing"] in words(render.report(paper(), empty, ENGLISH).blocks)
    assert CHINESE.phrases["nothing"] in words(render.report(paper(), empty, CHINESE).blocks)


def test_a_report_says_who_wrote_it_and_what_was_not_read() -> None:
    """What was read, what was guessed and what failed is visible."""
    message = render.report(
        paper(),
        report(source=ReadingSource.ABSTRACT, writer="extractive", provisional=True, left_out=("Appendix A",)),
        ENGLISH,
        attempts=(Attempt(ReadingSource.HTML, "arXiv has no HTML of it."),),
    )
    assert "abstract only" in message.footer
    assert "without a model" in message.footer
    assert "provisional" in message.footer
    assert "Not read: arXiv has no HTML of it." in message.footer
    assert "Appendix A" in message.footer


def test_the_hubs_own_summary_stands_apart_and_is_attributed() -> None:
    """It is shown only where no model of ours wrote, and never inside a section."""
    extractive = render.report(paper(), report(writer="extractive"), ENGLISH)
    assert words(extractive.blocks[-1:]) == "Summary by Hugging Face's own model: Lanterns light up networks."
    written = render.report(paper(), report(), ENGLISH)
    assert paper().hub_summary not in words(written.blocks)


def test_a_report_in_another_language_is_labelled() -> None:
    """Labels are in the reader's language, the text in its own, and a sentence says so."""
    chinese = report(language="zh", sections=sections(results="准确率为 91.4。"))
    message = render.report(paper(), chinese, ENGLISH, languages=compose.language_names("en"))
    assert words(message.blocks[:1]) == "There is no report in English; this one is in Chinese."
    assert words(message.blocks[1:2]) == "Experimental results"


def test_one_section_is_shown_alone() -> None:
    """`/paper ID results` is answered with that section."""
    message: Message = render.report(paper(), report(), ENGLISH, only=report().sections[4])
    assert words(message.blocks) == "Experimental results | Accuracy rises from 88.2 to 91.4 on a benchmark of lamps."


def test_a_list_of_papers_says_how_many_there_are_and_how_many_it_shows() -> None:
    """Twenty of two hundred must not look like twenty in all."""
    entries = [(paper("2601.00001"), report("2601.00001")), (paper("2601.00002"), None)]
    assert render.found(entries, 2, ENGLISH).title == "2 papers"
    assert render.found(entries, 240, ENGLISH).title == "240 papers, the first 2"
    assert render.found(entries[:1], 1, ENGLISH).title == "1 paper"
    assert "2601.00002" in words(render.found(entries, 2, ENGLISH).blocks)


def test_a_contribution_that_is_a_list_is_shown_as_one() -> None:
    """Imported reports are not always one sentence."""
    block = Points(((sentence("one"),), (sentence("two"),)))
    assert render.card(paper(), report(sections=sections(contribution=(block,))), ENGLISH).blocks == (block,)
