"""Search words: what unicode61 and the spacing of unspaced scripts make of any text and any query."""

from __future__ import annotations

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.words import indexed, match_expression, terms


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE texts USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2')")
    return connection


def finds(index: sqlite3.Connection, query: str, text: str) -> bool:
    index.execute("DELETE FROM texts")
    index.execute("INSERT INTO texts VALUES (?)", (indexed(text),))
    expression = match_expression(query)
    return expression is not None and bool(
        index.execute("SELECT count(*) FROM texts WHERE texts MATCH ?", (expression,)).fetchone()[0]
    )


chinese = st.text("注意力机制的推理模型在强化学习中提升效率", min_size=1, max_size=12)
english = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=10)


@given(chinese, chinese, chinese)
def test_any_piece_of_a_chinese_text_is_found(index: sqlite3.Connection, before: str, term: str, after: str) -> None:
    """A term of one character or more is found wherever it stands."""
    assert finds(index, term, before + term + after)


@given(st.lists(st.one_of(chinese, english), min_size=1, max_size=6), st.data())
def test_a_whole_word_is_found_beside_chinese_and_punctuation(
    index: sqlite3.Connection, words: list[str], data: st.DataObject
) -> None:
    """Words that touch Chinese characters or punctuation are whole words still."""
    between = data.draw(st.sampled_from([" ", "，", "-", " (", ") ", "_", "。"]))
    text = between.join(words)
    assert finds(index, data.draw(st.sampled_from(words)).upper(), text)


@pytest.mark.parametrize(
    "term", ["用GRPO训", "使用GRPO", "GRPO训", "GRPO训练", "用", "练模", "型", "GRPO", "用grpo训练模型。"]
)
def test_a_term_may_mix_scripts(index: sqlite3.Connection, term: str) -> None:
    """Wherever a Chinese run of it begins or ends."""
    assert finds(index, term, "使用GRPO训练模型。")


@pytest.mark.parametrize("term", ["GRPO练", "使GRPO", "用训练", "模型用", "训型"])
def test_a_mixed_term_is_a_phrase_too(index: sqlite3.Connection, term: str) -> None:
    """Its parts stand next to each other or it is not there."""
    assert not finds(index, term, "使用GRPO训练模型。")


def test_a_chinese_term_is_not_found_when_its_characters_stand_apart(index: sqlite3.Connection) -> None:
    """A term is a phrase, not a set of characters."""
    assert not finds(index, "推理", "推动理论")


def test_part_of_an_english_word_is_not_the_word(index: sqlite3.Connection) -> None:
    """Whole words only: a search for `art` is not about `smart`."""
    assert not finds(index, "art", "smart starts")


def test_every_term_of_a_query_must_be_there(index: sqlite3.Connection) -> None:
    """Terms are joined by AND, in any order."""
    assert finds(index, "推理 GRPO", "GRPO 提升推理")
    assert not finds(index, "推理 GRPO", "PPO 提升推理")


@given(st.text(max_size=40))
@example('"')
@example("C++")
@example("foo AND")
@example("-x")
@example("a:b")
@example("NEAR(a b")
@example("*")
@example("")
@example("\x00a")
@example("^a { b")
def test_no_query_raises(index: sqlite3.Connection, query: str) -> None:
    """Whatever somebody types is words, never operators."""
    finds(index, query, "some text")


@given(st.text(min_size=1, max_size=30))
def test_a_text_is_found_by_itself(index: sqlite3.Connection, text: str) -> None:
    """A text that has anything to search for is found when all of it is typed."""
    if match_expression(text) is not None:
        assert finds(index, text, text)


def test_of_a_very_long_query_the_words_that_begin_it_are_asked_for(index: sqlite3.Connection) -> None:
    """Each once and whole, in 500 characters: a search takes as long as what it asks for."""
    words = [f"kite{number}" for number in range(1000)]
    assert terms(" ".join(words)) == words[:72]
    assert terms("kite " * 1000 + "wind") == ["kite"]
    assert finds(index, " ".join(words), " ".join(words[:72]))
    assert not finds(index, " ".join(words), " ".join(words[:71]))
    assert terms(" " * 1000 + "wind") == ["wind"]
    assert terms(" ") == []
    assert terms("风" * 1000) == ["风" * 500]
