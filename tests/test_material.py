"""What a paper holds to choose from: its parts and its lists."""

from __future__ import annotations

import pytest

from digest.types import Passage, PassageKind
from digest.writers.material import Part, part_of, parts, points_of


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
    headings = ("A Theory of Kites", "1 Introduction", "A Results With More Wind")
    page = [Passage("", heading, PassageKind.TEXT, "x") for heading in headings]
    assert list(parts(page)) == [Part.METHOD, Part.INTRODUCTION, Part.ASIDE]


def test_points_below_a_point_belong_to_it() -> None:
    """Deeper lines follow the point above them."""
    first, second = points_of("- one\n  - deeper\n    - deepest\n- two")
    assert (first.text, first.below) == ("one", ("deeper", "deepest"))
    assert (second.text, second.below) == ("two", ())
