"""Reports without a model: the paper's own sentences, each where a reader looks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.compose import texts
from digest import markdown
from digest.errors import SettingsError
from digest.inline import plain_runs
from digest.readers.fingerprint import text_hash
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
from digest.writers.extractive import build
from tests import makers
from tests.extractive_writer import writer

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


async def test_usage_is_labelled_with_what_it_tells() -> None:
    """Input, output and hardware are named in bold, in the reader's language."""
    for language, labels in (("en", ["Input:", "Output:", "Hardware:"]), ("zh", ["输入：", "输出：", "硬件："])):
        section = (await written(paper(), PAGE, language)).section(SectionName.USAGE)
        assert section is not None
        firsts = [runs[0] for runs in runs_of(section.blocks)]
        assert [run.text for run in firsts if run.bold] == labels


async def test_several_steps_have_one_label() -> None:
    """A label that is told twice looks like a mistake."""
    steps = (
        passage("3 Method", "The pipeline has two stages, which draw the kites and count them by hand."),
        passage("4 Setup", "Each photo is first turned to the north and then cut into nine squares of one size."),
    )
    told = lines(await written(paper(), (*PAGE[:3], *steps)), SectionName.USAGE)
    assert [line for line in told if line.startswith("Steps: ")] == [f"Steps: {steps[0].text} {steps[1].text}"]


async def test_addresses_with_labels_stand_in_points_of_their_own() -> None:
    """Abstracts put them in one line: "Code: ... Webpage: ..."."""
    addresses = ["Code: https://example.org/kitenet", "Project page: https://kites.example.org"]
    abstract = ABSTRACT.replace("Code is available at https://example.org/kitenet.", " ".join(addresses))
    assert lines(await written(paper(abstract=abstract)), SectionName.USAGE) == addresses


async def test_a_weakness_is_no_result() -> None:
    """It compares and has figures, and yet is not what a reader looks for there."""
    weak = "KiteNet finds 1.9x fewer kites at night, a lower score that is likely due to its limited set of drawings."
    strong = "At noon KiteNet outperforms Gull by 3.1 points of F1 on the photos of both benchmarks."
    told = lines(await written(paper(), (*PAGE[:3], passage("4 Results", f"{weak} {strong}"))), SectionName.RESULTS)
    assert strong in told
    assert weak not in told


@pytest.mark.parametrize(
    ("claim", "rows"),
    [
        ("We propose a new simple detector, the Kite, that learns from drawings.", [["", "F1", "2.0", "0.5 (Gull)"]]),
        ("We propose an extension of an old detector, the Kite, that learns from drawings.", []),
    ],
)
async def test_a_claim_that_names_the_work_tells_which_line_of_a_table_is_its_own(
    claim: str, rows: list[list[str]]
) -> None:
    """Titles do not always; the name of what others made is not taken for it."""
    table = passage("4 Results", "Model | F1\nKite (base) | 1.0\nKite (big) | 2.0\nGull | 0.5", PassageKind.TABLE)
    subject = paper(title="Drawings Are All You Ever Need", abstract=claim)
    section = (await written(subject, (*PAGE[:3], table))).section(SectionName.RESULTS)
    assert section is not None
    tables = [block for block in section.blocks if isinstance(block, Table)]
    assert [[plain_runs(cell) for cell in row] for found in tables for row in found.rows] == rows


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


async def test_sections_survive_being_written_as_markdown() -> None:
    """A report comes back from its Markdown as it was: blocks are in the form that everything stored has."""
    for section in (await written(paper(), PAGE)).sections:
        assert markdown.parse(markdown.write(section.blocks)) == section.blocks


async def test_the_report_says_what_was_read_and_by_whom_it_was_written() -> None:
    """Source, hash, writer, version and time are those of the reading and the clock."""
    report = await written(paper(), PAGE)
    assert (report.source, report.text_hash) == (ReadingSource.HTML, text_hash(PAGE))
    assert (report.writer, report.prompt_version, report.written_at) == ("extractive", "2", makers.NOON)
    assert report.domains[0] == "vision"


def test_the_writer_has_no_settings() -> None:
    """A setting that would do nothing is refused."""
    with pytest.raises(SettingsError, match="no settings"):
        build(None, {"sentences": 3})  # type: ignore[arg-type]  # never looked at


# --- honesty ---------------------------------------------------------------------------------------------------------


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()


def own_words(report: Report) -> Iterator[str]:
    """Everything a report says but for the names of domains, labels and bare addresses."""
    labels = [label for key, label in texts("en").phrases.items() if key.startswith("usage_")]
    for name in SectionName:
        for line in lines(report, name)[1 if name is SectionName.DOMAIN else 0 :]:
            said = line.removeprefix(next((f"{label} " for label in labels if line.startswith(label)), ""))
            if not re.fullmatch(r"https?://\S+", said):
                yield said


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
