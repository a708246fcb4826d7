"""What a section states: its figures one by one, with what belongs to each."""

from __future__ import annotations

from digest.statements import told
from digest.types import Paragraph, Run, Section, SectionName, Table
from tests.makers import points, sentence


def test_a_number_in_a_label_of_the_text_is_known_in_every_line() -> None:
    """In paragraphs, points and cells, at either end of a line, but not as a piece of another word."""
    cells = tuple((Run(text),) for text in ("Kites", "15 Mon"))
    blocks = (
        sentence("15 Mon has 3.5 kites."),
        points("3.5 kites on 15 Mon", "3.5 kites in 15 Months", "3.5 of 115 Mon"),
        Table(cells, (cells,)),
    )
    stated = told(Section(SectionName.RESULTS, blocks), lambda _: False, ("15 Mon",)).figures
    assert [(one.figure.text, one.figure.version) for one in stated] == [
        ("15", True),
        ("3.5", False),
        ("3.5", False),
        ("15", True),
        ("3.5", False),
        ("15", False),
        ("3.5", False),
        ("115", False),
        ("15", True),
        ("15", True),
    ]


def test_places_are_those_of_the_whole_section() -> None:
    """Sentences without figures and names are passed over, and count."""
    blocks = (Paragraph((Run("Kites fly。Lamps shine. They score 4.5。"),)), sentence("Nothing."), sentence("And 7."))
    stated = told(Section(SectionName.RESULTS, blocks), lambda _: False).figures
    assert [(one.at, one.figure.text) for one in stated] == [(34, "4.5"), (52, "7")]
