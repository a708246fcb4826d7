"""Figures in English and Chinese: which there are in a text, what they are worth, and what is none."""

from __future__ import annotations

import pytest

from digest.figures import figures, rounds_to


@pytest.mark.parametrize(
    ("text", "value", "step", "unit"),
    [
        ("84.24", 84.24, 0.01, ""),
        ("+3.67%", 3.67, 0.01, "%"),
        (r"3.67\%", 3.67, 0.01, "%"),
        ("3.67 percent", 3.67, 0.01, "%"),
        ("25 percentage points", 25, 1, "%"),
        ("25.1 个百分点", 25.1, 0.1, "%"),
        ("百分之 65", 65, 1, "%"),
        ("1.47 亿", 147_000_000, 1_000_000, ""),
        ("1.2M", 1_200_000, 100_000, ""),
        ("1.2 million", 1_200_000, 100_000, ""),
        ("120 万", 1_200_000, 10_000, ""),
        ("6.4万条", 64_000, 1_000, ""),
        ("3 千亿", 300_000_000_000, 100_000_000_000, ""),
        ("15k", 15_000, 1_000, ""),
        ("3B", 3_000_000_000, 1_000_000_000, ""),
        ("1.2T tokens", 1_200_000_000_000, 100_000_000_000, ""),
        ("1,234,567", 1_234_567, 1, ""),
        ("1{,}234", 1_234, 1, ""),
        (r"12\,000", 12_000, 1, ""),
        ("12\u2009000", 12_000, 1, ""),
        ("5\u2009million", 5_000_000, 1_000_000, ""),
        ("5-million", 5_000_000, 1_000_000, ""),
        ("１２．５％", 12.5, 0.1, "%"),
        (r"$5 \times 10^{-4}$", 5e-4, 1e-4, ""),
        (r"5 \times 10^{-4}", 5e-4, 1e-4, ""),
        ("5×10⁻⁴", 5e-4, 1e-4, ""),
        ("5e-4", 5e-4, 1e-4, ""),
        (r"$2.3\cdot 10^{19}$", 2.3e19, 1e18, ""),
        ("10${}^{20}$", 1e20, 1e20, ""),
        (r"$\mathbf{84.2}$", 84.2, 0.1, ""),
        ("2.1x", 2.1, 0.1, "x"),
        ("2.1×", 2.1, 0.1, "x"),
        ("2.1 倍", 2.1, 0.1, "x"),
        ("1.5 秒", 1.5, 0.1, "s"),
        ("1.5 seconds", 1.5, 0.1, "s"),
        ("480p", 480, 1, "p"),
        ("25fps", 25, 1, "fps"),
        ("80 GB", 80, 1, "gb"),
    ],
)
def test_a_figure_is_worth_the_same_however_it_is_written(text: str, value: float, step: float, unit: str) -> None:
    """Thousands, scales and units of both languages, TeX, superscripts; the step is what the last digit stands for."""
    (figure,) = figures(f"得分 {text} 。")
    assert figure.value == pytest.approx(value)
    assert figure.step == pytest.approx(step)
    assert figure.unit == unit


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from 0.27 to 0.36", ["0.27", "0.36"]),
        ("480p @ 25fps", ["480p", "25fps"]),
        ("8x H100", ["8x"]),
        ("16 张 H20", ["16"]),
        ("2-4 帧", ["2", "4"]),
        ("0.5B-7B", ["0.5B", "7B"]),
        ("5%–10%", ["5%", "10%"]),
        ("256×256", ["256", "256"]),
        ("91.4 ± 0.3", ["91.4", "0.3"]),
        ("91.4 (0.421 vs 0.393)", ["91.4", "0.421", "0.393"]),
        ("1,590 tasks and 925 tools", ["1,590", "925"]),
        ("a 3-shot run of 12-layer nets", ["3", "12"]),
        ("timetable 3, 风图 4, planes 5 and may 6", ["3", "4", "5", "6"]),
    ],
)
def test_every_figure_of_a_line_is_told_with_its_unit(text: str, told: list[str]) -> None:
    """Ranges, pairs, deviations and counts are figures of their own, exactly as they stand there."""
    assert [figure.text for figure in figures(text)] == told


@pytest.mark.parametrize(
    "text",
    [
        "GPT-4o, Kite-3.1, Net-50 and H100",
        "arXiv:2601.10592v2",
        "as (Reader et al., 2017) show",
        "since 2017 it is",
        "ACL 2024",
        "2024 年至 2025 年",
        "2026-01-16",
        "16 January 2026",
        "1 月 16 日",
        "Table 3, Section 4.2 and Fig. 7",
        "见图 3 和表 2，第 4 节",
        "EQUATION (3), Eqs. (4) and Fig.~ 5",
        "§ 3, Stage-2, 公式 2 and 附录 4",
        "Sept. 5, Apache License 2 and CC BY-NC-SA 4",
        "as in [12] and [3, 5]",
        "https://example.org/v2/84.2",
        "x_{2} and n^{2}",
        "(1) first; (2) second",
        "1. First of all",
        "under CC-BY 4.0",
        "the 2nd of them",
        "top-5 and Pass@1",
        "3D",
    ],
)
def test_what_only_looks_like_a_figure_is_none(text: str) -> None:
    """Numbers in names and ids, years and dates, references, addresses, indices, ordinals."""
    assert figures(text) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("7" * 5000 + " lamps, about 30 of them", ["30"]),
        ("10^" + "9" * 5000 + " and 2.5", ["10^" + "9" * 5000, "2.5"]),
        ("(1) lamps, (" + "8" * 5000 + ") kites, 91.4", ["91.4"]),
        ("0^-4 and 2.5", ["0^-4", "2.5"]),
        ("lit" + "\t" * 5000 + "about 000" + "0" * 400 + " lamps", ["000" + "0" * 400]),
        ("1" + "-1" * 3, ["1", "1", "1", "1"]),
        ("write to lamps-at-night@example.org about 12 lamps", ["12"]),
    ],
)
def test_numbers_too_long_for_a_machine_leave_the_other_figures_as_they_are(text: str, told: list[str]) -> None:
    """Digits without end, powers beyond what a float holds, nought to a negative power."""
    assert [figure.text for figure in figures(text)] == told


def test_what_stands_behind_as_many_figures_as_wanted_is_not_read() -> None:
    """Step by step the same figures, only fewer."""
    assert [figure.text for figure in figures("Table 1: 3, 5% and 7 kites", most=2)] == ["3", "5%"]


def test_figures_in_taken_spans_are_left_out() -> None:
    """Before, between and behind the spans they stay."""
    assert [figure.text for figure in figures("3 of Kite-4 7, Net 8 9", [(5, 11), (15, 20)])] == ["3", "7", "9"]


def test_a_number_of_four_digits_is_a_year_only_where_words_say_so() -> None:
    """A score or a count may look like one."""
    assert [figure.text for figure in figures("The score is 1987. In 1987 it had 2000 steps.")] == ["1987", "2000"]


def test_a_dash_is_a_sign_only_where_nothing_stands_before_it() -> None:
    """Unicode's minus as well; between two figures it makes a range."""
    assert [(figure.sign, figure.value) for figure in figures("−0.6, -3%, +2 and 5-7")] == [
        ("-", 0.6),
        ("-", 3),
        ("+", 2),
        ("", 5),
        ("", 7),
    ]


def test_about_makes_a_whole_number_as_rough_as_its_zeros() -> None:
    """Only of three digits and more, and only where the text says so."""
    (about,), (exact,), (small,) = figures("约 30,000 条"), figures("30,000 条"), figures("约 20 条")
    assert (about.round, exact.round, small.round) == (10_000, 1, 1)


@pytest.mark.parametrize(
    ("value", "told", "step", "fits"),
    [
        (84.24, 84.2, 0.1, True),
        (84.2, 84.24, 0.01, False),
        (84.25, 84.2, 0.1, True),
        (84.25, 84.3, 0.1, True),
        (84.26, 84.2, 0.1, False),
        (30_412, 30_000, 1, False),
        (146_800_000, 147_000_000, 1_000_000, True),
    ],
)
def test_a_figure_may_be_told_rounded_but_not_more_exactly(value: float, told: float, step: float, fits: bool) -> None:
    """Halves may go either way, as people round."""
    assert rounds_to(value, told, step) is fits
