"""Reports held against what was read: every figure and name found with its place, or told to be checked."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.grounding import Ground, checked
from digest.labels import SENTENCE_CHARS, cut_sentences
from digest.markdown import normal, plain
from digest.mending import to_mend
from digest.types import (
    Block,
    Finding,
    FindingKind,
    Outcome,
    Paragraph,
    Passage,
    PassageKind,
    Run,
    RunKind,
    SectionName,
    Table,
)
from tests.makers import paper, points, reading, report, sections, sentence

NOT_FOUND, ELSEWHERE, DERIVED, FOUND = Outcome.NOT_FOUND, Outcome.ELSEWHERE, Outcome.DERIVED, Outcome.FOUND

SCORES = Passage(
    "S4.T1",
    "4 Results > 4.1 Beaches",
    PassageKind.TABLE,
    "Model | Size | Dunes | Cliffs | FID ↓\n"
    "GullNet | 3B | 61.5 | 48.24 | 12.7\n"
    "TernNet | 7B | 63.9 | 50.12 | 10.4\n"
    "KiteNet (ours) | 3B | 71.2 | 55.37 | 8.9",
)
TEXT = (
    Passage(
        "S1.p1",
        "1 Introduction",
        PassageKind.TEXT,
        "We present KiteNet, which flies over beaches. It was trained on 1.47 million photographs for 36 hours with 16 "
        "H20 GPUs. Captions come from Llama 2-70B, an open language model, and three judges rank them.",
    ),
    Passage(
        "S2.p3",
        "2 Method",
        PassageKind.TEXT,
        r"The learning rate is $5 \times 10^{-4}$ and the batch size 2,048. It records 92.2% on SandBench and 80.11% "
        r"on ShellQA, while latency falls from 340 ms to 155 ms.",
    ),
    Passage("S4.T1", "4 Results > 4.1 Beaches", PassageKind.CAPTION, "Table 1: Accuracy on beaches."),
    SCORES,
)


def ground(*passages: Passage) -> Ground:
    return Ground(reading(passages=passages or TEXT), paper(title="KiteNet: Flying Over Beaches", abstract=""))


def findings(told: str | tuple[Block, ...], where: Ground | None = None) -> list[Finding]:
    return list((where or ground()).findings(report(sections=sections(results=told))))


def outcome(told: str, figure: str, where: Ground | None = None) -> Outcome:
    """What comes of the figure or name in a sentence."""
    (finding,) = [finding for finding in findings(told, where) if finding.text == figure]
    return finding.outcome


# --- figures -----------------------------------------------------------------------------------------------------


def test_a_figure_is_found_with_its_place() -> None:
    """The anchor, heading and kind of the passage, and exactly what the report says where it says it."""
    told = "On Cliffs KiteNet reaches 55.4."
    (figure,) = [finding for finding in findings(told) if finding.kind is FindingKind.FIGURE]
    assert (figure.text, told[figure.at :][:4], figure.outcome) == ("55.4", "55.4", FOUND)
    assert (figure.anchor, figure.heading, figure.passage) == ("S4.T1", "4 Results > 4.1 Beaches", PassageKind.TABLE)
    assert not figure.to_check


@pytest.mark.parametrize(
    ("told", "figure"),
    [
        ("Trained on 147 万 photographs.", "147 万"),
        ("使用约 147 万张照片训练。", "147 万"),
        ("Trained on 1,470,000 photographs.", "1,470,000"),
        ("学习率为 5e-4。", "5e-4"),
        ("The learning rate is 0.0005.", "0.0005"),
        ("The batch size is 2048.", "2048"),
        ("训练用了 36 小时。", "36 小时"),
        ("在 SandBench 上达到 92.2。", "92.2"),
        ("Three judges, or 3 of them.", "3"),
        ("SandBench: 92%.", "92%"),
    ],
)
def test_a_figure_is_found_in_either_language_and_any_form(told: str, figure: str) -> None:
    """Scales, percent signs, TeX, rounding, and numbers that the paper writes as words."""
    assert outcome(told, figure) is FOUND


@pytest.mark.parametrize(
    ("told", "figure"),
    [
        ("On Cliffs KiteNet reaches 55.38.", "55.38"),
        ("On Cliffs KiteNet reaches 55.371.", "55.371"),
        ("在 SandBench 上达到 92.7%。", "92.7%"),
        ("Trained on 1.48 million photographs.", "1.48 million"),
        ("Trained for 86 hours.", "86 hours"),
    ],
)
def test_a_figure_that_the_text_has_not_is_not_found(told: str, figure: str) -> None:
    """One digit makes another figure, and what is told more exactly than the text tells it does not stand there."""
    assert outcome(told, figure) is NOT_FOUND


@pytest.mark.parametrize(
    ("told", "figure"),
    [
        ("On Cliffs TernNet reaches 63.9.", "63.9"),
        ("On Dunes GullNet reaches 63.9.", "63.9"),
        ("在 Dunes 上，GullNet 的得分为 48.24。", "48.24"),
        ("It records 80.11% on SandBench.", "80.11%"),
        ("在 ShellQA 上达到 92.2%。", "92.2%"),
        ("The batch size is 340 and the learning rate small.", "340"),
        ("It records 80.11% on SandBench and 92.2% on ShellQA, while latency falls from 340 ms to 155 ms.", "80.11%"),
    ],
)
def test_a_true_figure_under_a_wrong_label_is_told(told: str, figure: str) -> None:
    """The text has it in another row, another column, or beside another name."""
    assert outcome(told, figure) is ELSEWHERE


def test_what_a_figure_really_stands_under_is_told() -> None:
    """So that a reader sees at once what was mixed up."""
    (finding,) = [finding for finding in findings("On Dunes GullNet reaches 63.9.") if finding.text == "63.9"]
    assert finding.label == "TernNet, 7B, Dunes"


@pytest.mark.parametrize(
    "told",
    [
        "On Dunes KiteNet reaches 71.2 (baseline 63.9).",
        "在 Dunes 上，KiteNet 达到 71.2，超过 TernNet 的 63.9。",
        "KiteNet beats TernNet with 71.2 against 63.9 on Dunes.",
        "**Dunes**: 71.2, TernNet 63.9.",
        "SandBench 92.2%, ShellQA 80.11%.",
        "Latency falls to 155 ms.",
        "The best score on cliffs is 55.37.",
    ],
)
def test_true_figures_raise_no_alarm(told: str) -> None:
    """Comparisons, several figures in a sentence, and sentences that name hardly anything."""
    assert [finding.text for finding in findings(told.replace("**", "")) if finding.to_check] == []


def test_a_row_of_a_reports_table_is_held_against_row_and_column() -> None:
    """Its labels are those beside the figure and above it."""

    def table(score: str, baseline: str) -> tuple[Block, ...]:
        header = ("Benchmark", "Metric", "This work", "Best baseline")
        row = ("Cliffs", "accuracy", score, f"{baseline} (TernNet)")
        return (Table(tuple((Run(cell),) for cell in header), (tuple((Run(cell),) for cell in row),)),)

    def told(score: str, baseline: str) -> list[Outcome]:
        return [finding.outcome for finding in findings(table(score, baseline)) if finding.kind is FindingKind.FIGURE]

    assert told("55.37", "50.12") == [FOUND, FOUND]
    assert told("55.37", "63.9") == [FOUND, ELSEWHERE]
    assert told("55.47", "50.12") == [NOT_FOUND, FOUND]


@pytest.mark.parametrize(
    ("told", "figure", "operation"),
    [
        ("On Dunes KiteNet improves by +7.3 over TernNet.", "+7.3", "71.2 - 63.9"),
        ("在 Dunes 上比 TernNet 提升 7.3 个百分点。", "7.3 个百分点", "71.2 - 63.9"),
        ("Latency is 2.2x lower.", "2.2x", "340 ms / 155 ms"),
        ("Latency drops by 54%.", "54%", "(155 ms - 340 ms) / 340 ms"),
        ("On Dunes the models average 65.5.", "65.5", "mean of 61.5, 63.9, 71.2"),
    ],
)
def test_a_figure_may_derive_from_one_row_column_or_sentence(told: str, figure: str, operation: str) -> None:
    """By a difference, a ratio, a relative change or a mean, which is named."""
    (finding,) = [finding for finding in findings(told) if finding.text == figure]
    assert (finding.outcome, finding.operation) == (DERIVED, operation)


def test_no_gain_is_derived_from_figures_of_different_things() -> None:
    """Two columns have nothing to do with each other, and neither have two sentences."""
    assert outcome("On Dunes KiteNet improves by +62.3.", "+62.3") is NOT_FOUND
    assert outcome("Accuracy improves by 12.09 points.", "12.09") is NOT_FOUND


def test_signs_that_contradict_each_other_do_not_match() -> None:
    """A loss may be told in words; a gain is none."""
    text = Passage("p1", "", PassageKind.TEXT, "Accuracy on Lamps changes by -3.25 points.")
    assert outcome("Accuracy on Lamps drops by 3.25 points.", "3.25", ground(text)) is FOUND
    assert outcome("Accuracy on Lamps changes by +3.25 points.", "+3.25", ground(text)) is NOT_FOUND


def test_units_that_contradict_each_other_do_not_match() -> None:
    """Hours are no gigabytes."""
    assert outcome("Needs 36 GB.", "36 GB") is NOT_FOUND


def test_a_scale_may_stand_in_a_tables_header() -> None:
    """1.2M is told by "1.2" under "Parameters (M)"."""
    table = Passage("T1", "", PassageKind.TABLE, "Model | Parameters (M)\nGullNet | 1.2\nTernNet | 3.4")
    assert outcome("TernNet has 3.4M parameters.", "3.4M", ground(table)) is FOUND
    assert outcome("TernNet has 3.5M parameters.", "3.5M", ground(table)) is NOT_FOUND


def test_figures_in_formulas_lists_and_cut_by_style_are_found_where_they_stand() -> None:
    """`at` counts in the plain text of the section."""
    tree: tuple[Block, ...] = (
        sentence("Two things:"),
        points("trained for 36 hours", "batch size 2,048"),
        Paragraph((Run("rate "), Run(r"5 \times 10^{-4}", RunKind.TEX), Run(" and "), Run("92.2%", bold=True))),
    )
    text = plain(tree)
    told = findings(tree)
    assert [finding.text for finding in told] == ["36 hours", "2,048", r"5 \times 10^{-4}", "92.2%"]
    assert all(text.startswith(finding.text, finding.at) for finding in told)
    assert {finding.outcome for finding in told} == {FOUND}


# --- names -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["Llama 2-70B", "Llama-2 70B", "llama2-70B", "KiteNet", "KiteNet-3B", "H20", "ShellQA"]
)
def test_a_name_is_found_in_any_spelling(name: str) -> None:
    """Of the paper's own model also with a size that the text tells beside it."""
    assert {finding.outcome for finding in findings(f"使用 {name} 完成。")} <= {FOUND}


@pytest.mark.parametrize(
    ("name", "instead"),
    [("Llama 3-70B", "Llama 2-70B"), ("H200", ""), ("DuneBench", ""), ("KiteNet-9B", "KiteNet"), ("GPT-4o", "")],
)
def test_a_name_that_the_text_has_not_is_told_with_what_it_has(name: str, instead: str) -> None:
    """Another version of the same family, if there is one."""
    (finding,) = [finding for finding in findings(f"使用 {name} 完成。") if finding.kind is FindingKind.NAME]
    assert (finding.text, finding.outcome, finding.instead) == (name, NOT_FOUND, instead)


def test_a_model_in_the_role_of_another_is_told_with_that_one() -> None:
    """The report and the text say the same of two models: they aggregate and annotate."""
    text = Passage("", "Abstract", PassageKind.TEXT, "Evidence is aggregated by a reasoning model (GPT-OSS-120B).")
    (finding,) = findings("由推理模型 Qwen3-32B 进行聚合。", ground(text))
    assert (finding.outcome, finding.instead) == (NOT_FOUND, "GPT-OSS-120B")


def test_what_the_report_or_the_text_spells_out_is_no_name_to_check() -> None:
    """Initials of words that stand there, and what everybody abbreviates."""
    text = Passage("", "Abstract", PassageKind.TEXT, "Careful dune optimization of large language models.")
    told = "用 CDO 训练 LLM，采用 Windy Ridge Search (WRS)。WRS 更快。"
    assert findings(told, ground(text)) == []


def test_names_that_the_list_tells_of_the_paper_raise_no_alarm() -> None:
    """Its title and its links are the paper's as well."""
    known = Ground(
        reading(passages=TEXT[:1]), paper(title="SkyNet9: A Kite", abstract="", github_url="https://x.org/Sky10")
    )
    assert [finding for finding in findings("SkyNet9 和 Sky10 已开源。", known) if finding.to_check] == []


# --- reports -----------------------------------------------------------------------------------------------------


def test_a_report_counts_what_is_to_be_checked_once() -> None:
    """In several sections the same figure is one thing to look up."""
    told = report(
        sections=sections(contribution="Lamps: 99.9%.", results="99.9% on Lamps, 92.2% on SandBench, GPT-4o.")
    )
    result = checked(told, reading(passages=TEXT))
    assert len(result.to_check) == 3
    assert result.checks == 2
    assert [finding.section for finding in result.to_check][:1] == [SectionName.CONTRIBUTION]


def test_findings_survive_being_stored() -> None:
    """As JSON they are the same afterwards."""
    told = tuple(findings("On Dunes KiteNet improves by +7.3 over TernNet, by 9.99 over Llama 3-70B."))
    assert msgspec.json.decode(msgspec.json.encode(told), type=tuple[Finding, ...]) == told


def test_what_has_to_be_mended_is_said_in_sentences() -> None:
    """For a writer that is asked again: each thing once, with what the text has instead."""
    told = findings("On Dunes GullNet reaches 63.9 and 12.34 with Llama 3-70B. Again 12.34.")
    assert to_mend(told) == (
        'In the section "results", "63.9" stands in the paper under "TernNet, 7B, Dunes", not under the label here.',
        'In the section "results", the figure "12.34" does not stand in the paper.',
        'In the section "results", the name "Llama 3-70B" does not stand in the paper. The paper names "Llama 2-70B".',
    )


def test_of_figures_without_end_the_first_are_checked() -> None:
    """Five hundred of a section; the others are not told of."""
    line = "9.1, " * 700
    found = findings(line, ground(Passage("", "Results", PassageKind.TEXT, line)))
    assert [finding.outcome for finding in found] == [FOUND] * 500


def test_a_figure_behind_thousands_of_counts_is_still_checked() -> None:
    """Numbers of steps and points are no figures, and use up none of those that are checked."""
    told = f"{'See step 3. ' * 1500}{'1. ' * 1500}Lamps score 81.5. Kites score 72.25."
    found = findings(told, ground(Passage("", "Results", PassageKind.TEXT, "Lamps score 81.5.")))
    assert [(finding.text, finding.outcome) for finding in found] == [("81.5", FOUND), ("72.25", NOT_FOUND)]


def test_the_last_cell_of_a_large_table_is_found() -> None:
    """Seven hundred rows of three scores."""
    rows = "\n".join(f"Lamp {row} | {row}.5 | {row}.25 | {row}.75" for row in range(700))
    where = ground(Passage("", "Results", PassageKind.TABLE, f"Model | Dunes | Cliffs | Bays\n{rows}"))
    assert outcome("Lamp 699 scores 699.75 on Bays.", "699.75", where) is FOUND


def test_a_figure_under_one_of_very_many_labels_that_a_sentence_mentions_is_found() -> None:
    """Labels made of the same few words, all of them in the sentence."""
    words = "amber birch cedar dune ember fjord grove heath".split()
    labels = [" ".join(words[place] for place in range(8) if number >> place & 1) for number in range(1, 256)]
    rows = "\n".join(f"{label} | {number}.5" for number, label in enumerate(labels))
    where = ground(Passage("", "Results", PassageKind.TABLE, f"Model | Score\n{rows}"))
    assert outcome(f"Of {' and '.join(words)}: 254.5.", "254.5", where) is FOUND


def test_a_sentence_without_end_still_tells_what_its_figures_are() -> None:
    """It is cut at white space, long before it ends."""
    line = f"Lamps score 81.5 {'under ever so many skies ' * 100}while kites score 72.25 at dusk"
    ends = list(cut_sentences(line, []))
    assert ends[-1] == len(line)
    assert all(line[end - 1] == " " and end - begin <= SENTENCE_CHARS for begin, end in pairwise([0, *ends[:-1]]))
    assert outcome("Kites score 72.25.", "72.25", ground(Passage("", "Results", PassageKind.TEXT, line))) is FOUND


def test_a_report_without_a_text_finds_nothing_and_breaks_nothing() -> None:
    """No passages, empty sections, odd characters."""
    empty = Ground(reading(passages=()))
    assert [finding.outcome for finding in findings("Lamps: 91.4.", empty)] == [NOT_FOUND]
    assert findings("", empty) == []
    assert empty.findings(report(sections=sections(results="| \x00 ± $ \\ { 1e999 ^^ 10^99999 %"))) is not None


# --- properties --------------------------------------------------------------------------------------------------

numbers = st.one_of(
    st.decimals(min_value=0, max_value=99_999, places=2, allow_nan=False, allow_infinity=False).map(str),
    st.integers(0, 10_000_000).map(lambda value: f"{value:,}"),
    st.integers(0, 999).map(lambda value: f"{value / 10:.1f}%"),
    st.decimals(min_value="0.1", max_value=99, places=1, allow_nan=False, allow_infinity=False).map(lambda x: f"{x}M"),
)
labels = st.sampled_from(["Lamps", "Candles", "WickBench", "the oil", "burning time"])
settled = settings(max_examples=150, deadline=None)


def made(told: list[tuple[str, str]]) -> Ground:
    return ground(
        Passage("p1", "1 Light", PassageKind.TEXT, " ".join(f"On {label} it is {figure}." for label, figure in told))
    )


def worth(figure: str) -> tuple[float, float]:
    """Value and step of a figure, read without the code that is tested."""
    scale = 1e6 if figure.endswith("M") else 1.0
    bare = figure.rstrip("%M").replace(",", "")
    return float(bare) * scale, 10.0 ** -len(bare.partition(".")[2]) * scale


@settled
@given(st.lists(st.tuples(labels, numbers), min_size=1, max_size=6), st.data())
def test_a_figure_copied_from_the_text_is_always_found(told: list[tuple[str, str]], data: st.DataObject) -> None:
    """Under its own label, whatever else stands in the text."""
    label, figure = data.draw(st.sampled_from(told))
    assert outcome(f"On {label} it is {figure}.", figure, made(told)) is FOUND


@settled
@given(st.lists(st.tuples(labels, st.decimals(0, 9_999, places=3).map(str)), min_size=1, max_size=6), st.data())
def test_a_figure_that_rounds_to_one_of_the_text_is_always_found(
    told: list[tuple[str, str]], data: st.DataObject
) -> None:
    """With as many places as the report likes to tell."""
    label, figure = data.draw(st.sampled_from(told))
    rounded = f"{float(figure):.{data.draw(st.integers(0, 2))}f}"
    assert outcome(f"On {label} it is {rounded}.", rounded, made(told)) is FOUND


@settled
@given(st.lists(st.tuples(labels, numbers), min_size=1, max_size=6), st.data())
def test_an_altered_figure_is_found_only_if_it_stands_in_the_text_itself(
    told: list[tuple[str, str]], data: st.DataObject
) -> None:
    """Or if one that rounds to it does; percent may be told as a share of one."""
    label, figure = data.draw(st.sampled_from(told))
    place = data.draw(st.sampled_from([place for place, char in enumerate(figure) if char.isdigit()]))
    altered = (
        figure[:place]
        + data.draw(st.sampled_from([char for char in "0123456789" if char != figure[place]]))
        + figure[place + 1 :]
    )
    value, step = worth(altered)
    stands = any(
        abs(there * factor - value) <= step / 2 + 1e-9 * value
        for there, _ in map(worth, [figure for _, figure in told])
        for factor in (1, 100, 0.01)
    )
    found = [one for one in findings(f"On {label} it is {altered}.", made(told)) if one.text == altered]
    if any(one.outcome is FOUND for one in found):
        assert stands


@settled
@given(st.text(max_size=200))
def test_nothing_that_a_report_or_a_text_says_breaks_the_check(text: str) -> None:
    """Whatever characters they hold; and everything told of stands in the report where it is said to stand."""
    where = ground(Passage("p1", "1", PassageKind.TEXT, text), Passage("T", "", PassageKind.TABLE, text))
    tree = normal((sentence(f"{text} 91.4"), points(text, "3B")))
    for finding in where.findings(report(sections=sections(results=tree))):
        assert plain(tree).startswith(finding.text, finding.at)
