"""Reports without a model: the paper's own sentences, each where a reader looks for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import SettingsError
from digest.inline import plain_runs
from digest.readers.fingerprint import text_hash
from digest.sources.huggingface import parse_entry
from digest.types import (
    Block,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Points,
    Reading,
    ReadingSource,
    Report,
    RunKind,
    Runs,
    SectionName,
    Table,
)
from digest.writers.claims import told_shortly
from digest.writers.extractive import build
from digest.writers.material import Part, part_of, parts, points_of
from digest.writers.score_table import score_rows
from digest.writers.sentences import sentences, without_citations, without_latex, without_opening
from tests import makers
from tests.extractive_writer import writer

SHARED = Path(__file__).parents[2] / "shared"

ABSTRACT = (
    "Finding a lost kite in a photo of the sky is hard for small detectors. "
    "However, existing detectors need thousands of labelled kites. "
    "In this paper, we propose KiteNet, a detector that learns from twelve drawn kites. "
    "KiteNet draws each kite in many winds and compares the drawings with the sky. "
    "We further introduce Wind Pooling, a layer that joins the drawings of one kite. "
    "Experiments on two benchmarks show that KiteNet outperforms the best earlier detector by 4.2 points. "
    "Code is available at https://example.org/kitenet."
)
TABLE = (
    "Method | SkyBench F1 | BeachBench F1\n"
    "Gull (Hall et al., 2024) | 61.0 | 48.2\n"
    "Tern | 63.5 | 47.9\n"
    "KiteNet (ours) | 67.7 | 52.0"
)


def passage(heading: str, text: str, kind: PassageKind = PassageKind.TEXT) -> Passage:
    return Passage("", heading, kind, text)


PAGE = (
    passage("", "KiteNet: Finding Kites From Drawings"),
    passage("Abstract", ABSTRACT),
    passage("1 Introduction", "Kites get lost. Nobody has counted how many kites are lost in a year."),
    passage("1 Introduction", "Our main contributions are:"),
    passage(
        "1 Introduction",
        "- 1. Kites from drawings. A detector learns from twelve drawings instead of thousands of photos.\n"
        "- 2. We introduce Wind Pooling, which joins the drawings of one kite:\n"
        "  - one drawing for every wind;\n"
        "  - one for calm weather.\n"
        "- 3. Experiments show that KiteNet improves F1 by 4.2 points on two benchmarks.\n"
        "- 4. A set of drawings, made by children over one summer.",
        PassageKind.LIST,
    ),
    passage("2 Related Work", "Gull takes a photo as input and outputs a box, and outperforms Tern by 9.9 points."),
    passage("3 Method > 3.1 Drawings", "KiteNet takes a photo and twelve drawings as input. The wind is simulated."),
    passage("3 Method > 3.2 Wind Pooling", "The model returns a box around every kite in the photo."),
    passage("4 Experiments", "We trained KiteNet on a single RTX 4090 GPU for three hours."),
    passage("4 Experiments", "Table 1: F1 on both benchmarks, higher is better.", PassageKind.CAPTION),
    passage("4 Experiments", TABLE, PassageKind.TABLE),
    passage("5 Conclusion", "Twelve drawings are enough to find most kites."),
    passage("A Proofs", "Our proof outperforms all other proofs by 77.7 points and improves every theorem."),
)


def paper(**changes: Any) -> Paper:
    told: dict[str, Any] = {
        "title": "KiteNet: Finding Kites From Drawings",
        "abstract": ABSTRACT,
        "github_url": "",
        "keywords": (),
    }
    return makers.paper(**{**told, **changes})


def reading(passages: Sequence[Passage] = (), source: ReadingSource = ReadingSource.HTML) -> Reading:
    return makers.reading(passages=tuple(passages), source=source, text_hash=text_hash(tuple(passages)))


async def written(subject: Paper, passages: Sequence[Passage] = (), language: str = "en") -> Report:
    source = ReadingSource.HTML if passages else ReadingSource.ABSTRACT
    passages = passages or (passage("Abstract", subject.abstract),)
    return await writer().write(subject, reading(passages, source), language)


def runs_of(blocks: Sequence[Block]) -> Iterator[Runs]:
    """The runs of every paragraph and cell, in order."""
    for block in blocks:
        match block:
            case Paragraph():
                yield block.runs
            case Points():
                for point in block.points:
                    yield from runs_of(point)
            case Table():
                yield from (cell for row in block.rows for cell in row)


def lines(report: Report, name: SectionName) -> list[str]:
    section = report.section(name)
    assert section is not None
    return [plain_runs(runs) for runs in runs_of(section.blocks)]


# --- sentences -------------------------------------------------------------------------------------------------------


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
        ("As in [3], it holds.", "As in [3], it holds."),
        ("A number in the range [1, 5] is drawn.", "A number in the range [1, 5] is drawn."),
        (
            "It won in May (ICCV 2025) and scores well (AIME2025).",
            "It won in May (ICCV 2025) and scores well (AIME2025).",
        ),
        ("The vector $v[3]$ stays.", "The vector $v[3]$ stays."),
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


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("In this work, we propose KiteNet, a detector of kites.", "KiteNet, a detector of kites."),
        ("We present a novel detector of kites.", "A novel detector of kites."),
        ("We introduce KiteNet and show that it flies.", "We introduce KiteNet and show that it flies."),
        ("We propose that kites fly.", "We propose that kites fly."),
        ("We propose to fly kites.", "We propose to fly kites."),
    ],
)
def test_what_was_made_stands_alone_where_it_can(sentence: str, told: str) -> None:
    """Without "We propose", unless the sentence goes on to what else was done."""
    assert told_shortly(sentence) == told


# --- the sections ----------------------------------------------------------------------------------------------------


async def test_a_report_on_an_abstract_has_each_sentence_in_its_section() -> None:
    """Field, claim, what was done, what came out and the code are told apart."""
    report = await written(paper())
    assert lines(report, SectionName.DOMAIN)[1:] == [
        "Finding a lost kite in a photo of the sky is hard for small detectors."
    ]
    assert lines(report, SectionName.CONTRIBUTION) == ["KiteNet, a detector that learns from twelve drawn kites."]
    assert lines(report, SectionName.INNOVATIONS) == [
        "KiteNet draws each kite in many winds and compares the drawings with the sky.",
        "Wind Pooling, a layer that joins the drawings of one kite.",
    ]
    assert lines(report, SectionName.RESULTS) == [
        "Experiments on two benchmarks show that KiteNet outperforms the best earlier detector by 4.2 points."
    ]
    assert lines(report, SectionName.USAGE) == ["Code is available at https://example.org/kitenet."]


async def test_a_report_on_a_whole_paper_uses_its_lists_tables_and_machines() -> None:
    """Contributions come from the list, results from the table, usage from method and experiments."""
    report = await written(paper(), PAGE)
    assert lines(report, SectionName.INNOVATIONS) == [
        "Kites from drawings. A detector learns from twelve drawings instead of thousands of photos.",
        "Wind Pooling, which joins the drawings of one kite:",
        "one drawing for every wind;",
        "one for calm weather.",
        "A set of drawings, made by children over one summer.",
    ]
    section = report.section(SectionName.RESULTS)
    assert section is not None
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert [[plain_runs(cell) for cell in row] for row in table.rows] == [
        ["SkyBench", "F1", "67.7", "63.5 (Tern)"],
        ["BeachBench", "F1", "52.0", "48.2 (Gull (Hall et al., 2024))"],
    ]
    usage = " ".join(lines(report, SectionName.USAGE))
    for told in (
        "takes a photo and twelve drawings as input",
        "returns a box",
        "RTX 4090",
        "https://example.org/kitenet",
    ):
        assert told in usage


async def test_the_names_of_innovations_are_bold() -> None:
    """A label before a full stop, and the name of what a sentence introduces."""
    section = (await written(paper(), PAGE)).section(SectionName.INNOVATIONS)
    assert section is not None
    bold = [run.text for runs in runs_of(section.blocks) for run in runs if run.bold]
    assert bold == ["Kites from drawings", "Wind Pooling"]


async def test_related_work_and_appendices_are_never_quoted() -> None:
    """What others did, and what was left for the end, is no result of this paper."""
    report = await written(paper(), PAGE)
    told = " ".join(line for name in SectionName for line in lines(report, name))
    assert "9.9" not in told
    assert "77.7" not in told


async def test_no_sentence_is_told_twice() -> None:
    """Each sentence has one place, also when the text repeats the abstract's."""
    page = (*PAGE, passage("5 Conclusion", "KiteNet outperforms the best earlier detector by 4.2 points."))
    report = await written(paper(), page)
    told = [line for name in SectionName for line in lines(report, name) if len(line) > 30]
    assert len(told) == len(set(told))
    assert sum("4.2 points" in line for line in told) == 1


async def test_a_section_of_which_the_paper_says_nothing_has_no_blocks() -> None:
    """Nothing is made up: an abstract of one sentence leaves the other sections empty."""
    report = await written(paper(abstract="We propose KiteNet, a detector that learns from twelve drawn kites."))
    assert [section.name for section in report.sections] == list(SectionName)
    empty = [section.name for section in report.sections if not section.blocks]
    assert empty == [SectionName.USAGE, SectionName.INNOVATIONS, SectionName.RESULTS]


async def test_a_paper_without_any_text_still_gets_its_report() -> None:
    """Title only: a domain, and four sections that say there is nothing."""
    report = await written(paper(abstract=""))
    assert [len(section.blocks) > 0 for section in report.sections] == [True, False, False, False, False]


async def test_addresses_of_the_list_are_links_where_the_paper_names_none() -> None:
    """Code and project page are told once each, as links."""
    subject = paper(github_url="https://example.org/KiteNet/", project_url="https://kites.example.org")
    section = (await written(subject)).section(SectionName.USAGE)
    assert section is not None
    links = [run.link for runs in runs_of(section.blocks) for run in runs if run.link]
    assert links == ["https://example.org/kitenet", "https://kites.example.org"]


async def test_formulas_stay_formulas() -> None:
    """TeX between dollars in a sentence becomes a run of its own."""
    text = "In this paper, we propose KiteNet, a detector whose cost grows as $O(n \\log n)$ in the number of kites."
    section = (await written(paper(abstract=text))).section(SectionName.CONTRIBUTION)
    assert section is not None
    tex = [run.text for runs in runs_of(section.blocks) for run in runs if run.kind is RunKind.TEX]
    assert tex == ["O(n \\log n)"]


async def test_labels_are_in_the_readers_language_and_sentences_in_the_papers() -> None:
    """A Chinese report names its domains in Chinese and quotes the English paper."""
    report = await written(paper(), language="zh")
    assert report.language == "zh"
    assert "视觉" in lines(report, SectionName.DOMAIN)[0]
    assert lines(report, SectionName.CONTRIBUTION) == ["KiteNet, a detector that learns from twelve drawn kites."]


async def test_a_language_without_texts_is_labelled_in_english() -> None:
    """The report says which language was asked for all the same."""
    report = await written(paper(), language="fr")
    assert report.language == "fr"
    assert "vision" in lines(report, SectionName.DOMAIN)[0]


async def test_a_chinese_paper_is_understood() -> None:
    """Claim and result of a Chinese abstract are found by Chinese words."""
    abstract = (
        "在天空照片中寻找风筝对小型检测器来说仍然是一个难题。"
        "本文提出了风筝网络，一种只需要十二张图画就能学会寻找风筝的目标检测方法。"
        "实验结果表明，风筝网络在两个基准上的准确率比以往最佳方法提高了4.2%，优于所有基线。"
    )
    report = await written(paper(title="风筝网络：从图画中学习", abstract=abstract), language="zh")
    assert "本文提出了风筝网络" in lines(report, SectionName.CONTRIBUTION)[0]
    assert "4.2%" in lines(report, SectionName.RESULTS)[0]


async def test_an_enumerated_claim_gives_the_innovations_when_nothing_else_does() -> None:
    """The pieces of "(1) ..., (2) ..." stand as points."""
    abstract = (
        "We introduce KiteNet, a detector with two parts: (1) a drawing of each kite in every wind, and "
        "(2) a layer that joins the drawings of one kite."
    )
    assert lines(await written(paper(abstract=abstract)), SectionName.INNOVATIONS) == [
        "a drawing of each kite in every wind",
        "a layer that joins the drawings of one kite",
    ]


async def test_the_paper_tells_its_own_usage() -> None:
    """A list that begins with "Input:" is taken as it stands, labels in bold."""
    told = passage("5 Using KiteNet", "- Input: a photo of the sky, and drawings.\n- Output: a box.", PassageKind.LIST)
    section = (await written(paper(), (*PAGE[:-2], told))).section(SectionName.USAGE)
    assert section is not None
    first, second = list(runs_of(section.blocks))[:2]
    assert [plain_runs(first), plain_runs(second)] == ["Input: a photo of the sky, and drawings.", "Output: a box."]
    assert [first[0].text, second[0].text] == ["Input", "Output"]
    assert first[0].bold


async def test_the_report_says_what_was_read_and_by_whom_it_was_written() -> None:
    """Source, hash, writer, version and time are those of the reading and the clock."""
    report = await written(paper(), PAGE)
    assert (report.source, report.text_hash) == (ReadingSource.HTML, text_hash(PAGE))
    assert (report.writer, report.prompt_version, report.written_at) == ("extractive", "1", makers.NOON)
    assert report.domains[0] == "vision"


def test_the_writer_has_no_settings() -> None:
    """A setting that would do nothing is refused."""
    with pytest.raises(SettingsError, match="no settings"):
        build(None, {"sentences": 3})  # type: ignore[arg-type]  # never looked at


# --- honesty ---------------------------------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def own_words(report: Report) -> Iterator[str]:
    """Everything a report says but for the names of domains and bare addresses."""
    for name in SectionName:
        for line in lines(report, name)[1 if name is SectionName.DOMAIN else 0 :]:
            if not re.fullmatch(r"https?://\S+", line):
                yield line


async def test_every_word_on_the_real_days_is_the_papers() -> None:
    """Whatever is chosen stands in the abstract, letter by letter, but for citations and LaTeX."""
    if not (SHARED / "hub").exists():
        pytest.skip("the shared days are not here")
    for file in (SHARED / "hub").glob("*.json"):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            subject = parse_entry(entry, "")
            text = squeezed(without_citations(without_latex(subject.abstract)))
            report = await written(subject)
            assert report.sections[1].blocks, subject.id
            for line in own_words(report):
                assert squeezed(line).replace("$", "") in text.replace("$", ""), (subject.id, line)


async def test_every_word_of_a_page_is_the_papers() -> None:
    """The same of lists, tables and headings."""
    text = squeezed(" ".join(f"{passage.heading} {passage.text}" for passage in PAGE))
    for line in own_words(await written(paper(), PAGE)):
        for piece in re.split(r"[()]", line):
            assert squeezed(piece) in text


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.builds(
            Passage,
            st.just("S1"),
            st.sampled_from(["", "Abstract", "1 Introduction", "2 Method > 2.1 Kites", "3 Results", "A Proofs"]),
            st.sampled_from(PassageKind),
            st.text(alphabet="We propose KiteNet, a $x$ (1) | - 9.5%.\n：。", max_size=160),
        ),
        max_size=6,
    ),
    st.text(max_size=60),
)
async def test_no_text_breaks_the_writer(passages: list[Passage], title: str) -> None:
    """Whatever was read, there are five sections."""
    report = await writer().write(paper(title=title, abstract=""), reading(passages), "en")
    assert [section.name for section in report.sections] == list(SectionName)


# --- parts of a paper ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "part"),
    [
        ("1 Introduction", Part.INTRODUCTION),
        ("2 Related Work > 2.1 Results of Others", Part.ASIDE),
        ("3 KiteNet > 3.1 Drawings", Part.METHOD),
        ("4 Experiments > 4.2 Limits of Wind", Part.RESULTS),
        ("4 Experiments > 4.3 Limitations", Part.ASIDE),
        ("5 Results", Part.RESULTS),
        ("A.1 Results With More Wind", Part.ASIDE),
        ("Appendix B", Part.ASIDE),
        ("6 Conclusion and Outlook", Part.CLOSING),
        ("四 实验", Part.RESULTS),
    ],
)
def test_headings_say_which_part_they_stand_over(heading: str, part: Part) -> None:
    """By their words in English and Chinese, and by the letters of appendices."""
    assert part_of(heading) is part


def test_lettered_sections_after_numbered_ones_are_appendices() -> None:
    """ "A Results ..." after "1 Introduction" is an appendix, and a title that begins with "A" is none."""
    page = [passage("A Theory of Kites", "x"), passage("1 Introduction", "x"), passage("A Results With More Wind", "x")]
    assert list(parts(page)) == [Part.METHOD, Part.INTRODUCTION, Part.ASIDE]


def test_points_below_a_point_belong_to_it() -> None:
    """Deeper lines follow the point above them."""
    first, second = points_of("- one\n  - deeper\n    - deepest\n- two")
    assert (first.text, first.below) == ("one", ("deeper", "deepest"))
    assert (second.text, second.below) == ("two", ())


# --- tables of scores ------------------------------------------------------------------------------------------------


def test_the_lowest_is_best_where_less_is_better() -> None:
    """Arrows and known metrics say which way a column goes."""
    text = "Model | FID ↓ | Recall ↑\nGull | 9.1 | 0.40\nTern | 7.5 | 0.44\nOurs | 5.2 | 0.61"
    assert score_rows(text, "Table 2: Kites drawn.", "") == (
        ("", "FID", "5.2", "7.5 (Tern)"),
        ("", "Recall", "0.61", "0.44 (Tern)"),
    )


def test_the_caption_tells_the_metric_of_every_column() -> None:
    """Benchmarks in the header, what is measured below the table."""
    text = "Model | Sky | Beach\nGull | 61.0 | 48.2\nKiteNet | 67.7 ± 0.3 | 52.0"
    assert score_rows(text, "Table 1: Accuracy on two beaches.", "KiteNet") == (
        ("Sky", "Accuracy", "67.7 ± 0.3", "61.0 (Gull)"),
        ("Beach", "Accuracy", "52.0", "48.2 (Gull)"),
    )


def test_two_header_lines_are_read_together() -> None:
    """A group of columns and the column below it name the benchmark."""
    text = "Model | Sky | Sky\nModel | F1 | Recall\nGull | 1.0 | 2.0\nOurs | 3.0 | 4.0"
    assert [row[:2] for row in score_rows(text, "", "")] == [("Sky", "F1"), ("Sky", "Recall")]


def test_a_variant_of_the_same_work_is_no_baseline() -> None:
    """Neither an ablation of it nor a human is the best rival."""
    text = "Model | F1\nGull | 61.0\nHuman | 99.0\nKiteNet w/o wind | 66.0\nKiteNet (ours) | 67.7"
    assert score_rows(text, "", "KiteNet") == (("", "F1", "67.7", "61.0 (Gull)"),)


def test_at_most_five_rows_with_the_average_among_them() -> None:
    """Of many columns the first are told, and the average always."""
    text = "Model | A | B | C | D | E | F | Avg.\nGull | 1 | 1 | 1 | 1 | 1 | 1 | 1\nOurs | 2 | 2 | 2 | 2 | 2 | 2 | 2"
    rows = score_rows(text, "Accuracy on seven beaches", "")
    assert [row.benchmark for row in rows] == ["A", "B", "C", "D", "Avg."]


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("Model | Sky\nGull | 1.0\nOurs | 2.0", "Table 1: Kites."),  # what is measured is not said
        ("Model | F1\nOurs (small) | 1.0\nOurs (large) | 2.0\nGull | 0.5", ""),  # which of the two is it?
        ("Model | F1\nGull | 1.0\nTern | 2.0", ""),  # the paper's own line is missing
        ("Model | F1\nOurs | 2.0", ""),  # nothing to compare with
        ("Model | F1\nGull | 1.0\nOurs | 2.0", "Table 5: Ablation of the wind."),
        ("Model | F1\nGull | 1.0 | 3.0\nOurs | 2.0", ""),  # a line of another width
        ("Gull | 1.0\nOurs | 2.0", "F1"),  # no header
        ("Model | F1\nGull | good\nOurs | better", ""),
        ("Setting | Value\nlayers | 12", "F1"),
        ("", ""),
    ],
)
def test_a_table_in_doubt_is_left_alone(text: str, caption: str) -> None:
    """Better no row than a wrong one."""
    assert score_rows(text, caption, "KiteNet") == ()
