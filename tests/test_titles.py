"""Papers found by what somebody types of them."""

from __future__ import annotations

import pytest

from digest.lookups import Lookups
from digest.store import Store
from digest.titles import titled
from digest.types import ArxivId
from tests import makers


@pytest.fixture(scope="module")
def lookups() -> Lookups:
    store = Store.create(None, makers.clock)
    for paper_id, title in (("2601.00001", "Kites for 7 winds"), ("2602.00007", "Lanterns"), ("2602.00008", "风筝")):
        store.save_paper(makers.paper(paper_id, title=title))
    return Lookups(store.connection)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("kit wind", ["2601.00001"]),
        ("2602", ["2602.00008", "2602.00007"]),
        ("2602.0 lan", ["2602.00007"]),
        ("lan 2602.0", ["2602.00007"]),
        ("7 kites", ["2601.00001"]),
        ("7 7 7 KITES", ["2601.00001"]),
        ("筝", ["2602.00008"]),
        ("2602 kites", []),
        ("kites " * 1000, ["2601.00001"]),
        (" ".join(map(str, range(1000))), []),
        ("kites " + "-" * 1000, ["2601.00001"]),
        ("", []),
    ],
)
def test_each_word_begins_the_id_or_a_word_of_the_title(lookups: Lookups, typed: str, found: list[ArxivId]) -> None:
    """In any order, and however much is typed."""
    assert [paper for paper, _ in titled(lookups, typed, 5)] == found
