"""What comes from outside is made valid text: what is repaired, what stays, and that everything can hold it."""

from __future__ import annotations

import sqlite3
import unicodedata
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.valid import OUTSIDE_CHARS, bounded, valid, valid_text
from digest.types import ArxivId, Invocation
from tests.makers import paper, reading, report

# Text with surrogates, which hypothesis leaves out by itself, and more of what is rare
ANY = st.text(
    st.characters(exclude_categories=()) | st.sampled_from("\x00\x1b\r\n\t\x85\ud83d\ude00\u202e\u2066\ufffe")
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | ANY,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY, inner, max_size=4),
    max_leaves=20,
)

HONEST = [
    "👩‍👩‍👧‍👦 and 🏳️‍🌈, 🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f, ☎️",
    "می‌خواهم",  # Persian, whose words a joiner keeps apart
    "\u200fשלום (\u200eLaTeX\u200f) \u061c",
    "क्‍ष, 灯笼 𠮷, Å, \u00a0\u2009 thin",
    "a\tb\nc",
    "\ufffd\ue000\u0378\u2028",  # replaced elsewhere, private, unassigned, a separator
    "",
]


@given(ANY)
def test_everything_can_hold_what_comes_out(text: str) -> None:
    """UTF-8, JSON and SQLite give it back; nothing in it moves a cursor or turns a line round."""
    now = valid_text(text)
    assert now.encode().decode() == now
    assert msgspec.json.decode(msgspec.json.encode(now)) == now
    assert sqlite3.connect(":memory:").execute("SELECT ?, length(?)", (now, now)).fetchone() == (now, len(now))
    assert not {char for char in now if unicodedata.category(char) in ("Cc", "Cs")} - {"\n", "\t"}
    assert not [char for char in now if ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF]
    assert not [char for char in now if unicodedata.bidirectional(char) in _BIDI]


_BIDI = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(ANY)
def test_doing_it_twice_changes_nothing(text: str) -> None:
    once = valid_text(text)
    assert valid_text(once) is once


@pytest.mark.parametrize("text", HONEST)
def test_honest_text_stays(text: str) -> None:
    """It is the same object even, as most text is valid."""
    assert valid_text(text) is text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("d \ud83d e", "d   e"),
        ("\ude00\ud83d", "  "),
        ("\ud83d\ude00", "😀"),
        ("\ud83d\ud83d\ude00\ude00", " 😀 "),
        ("\ud83f\udffe", " "),  # a pair that spells the noncharacter U+1FFFE
        ("\ud83d\u202e\ude00", "  "),
        ("a\x00b\x1b[31mc\x7f\x9bd", "a b [31mc  d"),
        ("a\r\nb\rc\x0bd\x0ce", "a\nb\nc d e"),
        ("pay \u202e001$\u202c now \u2066x\u2069", "pay 001$ now x"),
        ("\ufffea\uffffb\U0010ffff\ufdd0", " a b  "),
    ],
)
def test_what_is_repaired(text: str, meant: str) -> None:
    assert valid_text(text) == meant


@given(JSON)
def test_trees_keep_their_shape(tree: Any) -> None:
    """Keys are texts too."""
    assert msgspec.json.decode(msgspec.json.encode(valid(tree))) == valid(tree)


def test_what_comes_from_outside_is_cut_text_by_text() -> None:
    """Keys of tables among it; short texts stay."""
    long = "lamps " * 10_000
    assert bounded({long: [long, "kite", 3]}) == {long[:OUTSIDE_CHARS]: [long[:OUTSIDE_CHARS], "kite", 3]}


def test_structs_are_looked_at_as_a_whole() -> None:
    """With what is in them; those that are valid come back as they are, ids as ids."""
    for one in (paper(), reading(), report()):
        assert valid(one) is one
    asked = Invocation(
        name="mistake", args="2601.00001", language="en", answers={"words": ("d \ud83d e", "ok"), "\x00": ()}
    )
    assert valid(asked).answers == {"words": ("d   e", "ok"), " ": ()}
    known = valid(paper(title="d\x00e"))
    assert (known.title, type(known.id)) == ("d e", ArxivId)
