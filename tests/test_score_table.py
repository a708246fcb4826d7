"""Rows of results out of tables of scores: right, or none."""

from __future__ import annotations

import pytest

from digest.writers.score_table import score_rows


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


@pytest.mark.parametrize(
    ("small", "large"),
    [("Ours (small)", "Ours (large)"), ("KiteNet (base model)", "KiteNet (big)"), ("KiteNet-0.5B", "KiteNet 7B")],
)
def test_of_a_model_in_several_sizes_the_best_is_told(small: str, large: str) -> None:
    """Where one beats the others in every column; none of them is a rival, and a bound between them does no harm."""
    text = (
        f"Model | F1 | FID\nGull (weir2017gulls) | 3.0 | 8.0\nHuman | 9.0 |\n{small} | 4.0 | 6.0\n{large} | 5.0 | 5.0"
    )
    assert score_rows(text.replace("|\n", "| \n"), "", "KiteNet") == (
        ("", "F1", "5.0", "3.0 (Gull)"),
        ("", "FID", "5.0", "8.0 (Gull)"),
    )


def test_at_most_five_rows_with_the_average_among_them() -> None:
    """Of many columns the first are told, and the average always."""
    text = "Model | A | B | C | D | E | F | Avg.\nGull | 1 | 1 | 1 | 1 | 1 | 1 | 1\nOurs | 2 | 2 | 2 | 2 | 2 | 2 | 2"
    rows = score_rows(text, "Accuracy on seven beaches", "")
    assert [row.benchmark for row in rows] == ["A", "B", "C", "D", "Avg."]


@pytest.mark.parametrize(
    ("text", "caption"),
    [
        ("Model | Sky\nGull | 1.0\nOurs | 2.0", "Table 1: Kites."),  # what is measured is not said
        ("Model | F1\nOurs (cloth) | 1.0\nOurs (paper) | 2.0\nGull | 0.5", ""),  # which of the two is it?
        ("Model | F1\nOurs (small) | 1.0\nOurs (large) | 2.0\nOurs (cloth) | 1.5\nGull | 0.5", ""),
        ("Model | F1 | EM\nKiteNet (small) | 1.0 | 3.0\nKiteNet (large) | 2.0 | 2.0\nGull | 0.5 | 0.5", ""),
        ("Model | F1\nKiteNetwork (small) | 1.0\nKiteNetwork (large) | 2.0\nGull | 0.5", ""),  # somebody else's
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


def test_of_sizes_that_are_equally_good_the_first_is_told() -> None:
    table = "Method | SkyBench accuracy\nGull | 61.0\nKite-7B | 70.0\nKite-9B | 70.0"
    assert [row.this_work for row in score_rows(table, "", "Kite")] == ["70.0"]
