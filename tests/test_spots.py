"""What a table's cell is: a value, or a label."""

from __future__ import annotations

import pytest

from digest.spots import is_value


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("84.2", True),
        ("84.2 (with ever more lamps)", True),
        ("[as the keeper told] 12", True),
        ("$\\mathbf{84.2}$", True),
        ("84.2 \\varkappa", True),
        ("84.2 $ab$", True),
        ("84.2 (lamps", False),
        ("84.2 $lamps$", False),
        ("7B", False),
        ("Lamps 3", False),
    ],
)
def test_a_cell_is_a_value_if_little_more_than_a_figure_stands_in_it(cell: str, value: bool) -> None:
    """What stands in brackets, TeX and up to three letters belong to the figure."""
    assert is_value(cell) is value
