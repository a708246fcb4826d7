"""How much of what a model wrote has room in a section."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.markdown import normal, parse, plain
from digest.types import Block, Points, Run, Section, SectionName, Table
from digest.writers.lengths import MOST_CHARS, MOST_POINTS, bounded, within_lengths
from tests.makers import points, sentence


def shortened(*blocks: Block, name: SectionName = SectionName.USAGE) -> tuple[Block, ...]:
    (section,) = within_lengths([Section(name, normal(blocks))])
    return section.blocks


def test_a_row_says_no_more_than_a_cell_has_room_for() -> None:
    """The others of its row stay."""
    (table,) = shortened(
        Table(((Run("Benchmark"),), (Run("This work"),)), (((Run("Lamps " * 60),), (Run("91.4"),)),)),
        name=SectionName.RESULTS,
    )
    assert isinstance(table, Table)
    name, score = table.rows[0]
    assert len("".join(run.text for run in name)) <= 120
    assert "".join(run.text for run in score) == "91.4"


def test_a_section_ends_at_the_end_of_a_point() -> None:
    """As many points as have room, none cut in two."""
    told = points(*[f"Point {number}: " + "a lantern burns all night. " * 20 for number in range(10)])
    (kept,) = shortened(told)
    assert isinstance(kept, Points)
    assert 0 < len(kept.points) < 10
    assert kept.points == normal((told,))[0].points[: len(kept.points)]  # type: ignore[union-attr]  # a list


def test_a_list_has_so_many_points() -> None:
    """However short they are."""
    (kept,) = shortened(points(*[f"Point {number}." for number in range(40)]))
    assert isinstance(kept, Points)
    assert len(kept.points) == MOST_POINTS


def test_a_paragraph_ends_at_the_end_of_a_sentence() -> None:
    """One that has no end is cut where there is no more room."""
    kept = plain(shortened(sentence("A lantern burns all night. " * 100), name=SectionName.CONTRIBUTION))
    assert kept.endswith("night.")
    assert len(plain(shortened(sentence("lantern " * 1000), name=SectionName.CONTRIBUTION))) <= 600


@pytest.mark.parametrize("more", range(12))
def test_no_number_is_cut(more: int) -> None:
    """Neither in a later paragraph, of which nothing stays, nor in a cell, which says that it was cut."""
    first, second = f"It {'burns ' * 92}{'x' * more}.", "The lantern reaches an accuracy near 91.45 percent."
    assert plain(shortened(sentence(first), sentence(second), name=SectionName.CONTRIBUTION)).strip() == first
    long = f"{'x' * more} {'lamps ' * 17} 91.45 and 92.55 of a hundred"
    (table,) = shortened(Table(((Run("This work"),),), (((Run(long),),),)), name=SectionName.RESULTS)
    assert isinstance(table, Table)
    *_, last = plain((table,)).removesuffix("…").split()
    assert plain((table,)).strip().endswith("…")
    assert last in long.split()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=4000), st.sampled_from(SectionName))
def test_no_section_is_longer_than_it_may_be(text: str, name: SectionName) -> None:
    """Whatever it holds; what has room stays as it is."""
    blocks = parse(text)
    kept = bounded(blocks, MOST_CHARS[name])
    assert len(plain(kept).replace("\n", "")) <= MOST_CHARS[name]
    if len(plain(blocks)) <= MOST_CHARS[name] and not any(isinstance(block, Points) for block in blocks):
        assert kept == blocks
