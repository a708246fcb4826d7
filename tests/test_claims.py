"""The sentence that says what was made, and how shortly it can be told."""

from __future__ import annotations

import pytest

from digest.writers.claims import contribution, told_shortly


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


@pytest.mark.parametrize(
    ("abstract", "title", "place"),
    [
        (("Kites get lost.", "We propose a detector of kites.", "It beats all others by 4.2%."), "Finding Kites", 1),
        (("Kites get lost.", "We propose drawings.", "We propose KiteNet, a detector."), "KiteNet: Finding Kites", 2),
        (("KiteNet is an open library for finding kites.", "It is used by many."), "KiteNet: a Library", 0),
        (
            ("Many things vanish.", "This study explores how kites get lost.", "Code is released."),
            "How Kites Get Lost",
            1,
        ),
        (("风筝会丢失。", "本文提出了一种寻找风筝的新方法。", "实验表明它更好。"), "寻找风筝", 1),
    ],
)
def test_the_claim_is_found_among_its_neighbours(abstract: tuple[str, ...], title: str, place: int) -> None:
    """Neither the background nor what came out, and the named work rather than a part of it."""
    assert contribution(abstract, title) == place


def test_no_sentence_holds_no_claim() -> None:
    """Without an abstract there is nothing to choose."""
    assert contribution((), "Finding Kites") is None
