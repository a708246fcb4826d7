"""Text of papers made harmless, and broken where a reader would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from adapters.neutral import break_at, mrkdwn, pretends, shortened


def test_figures_and_mail_addresses_keep_their_at_sign() -> None:
    """Recall@1 is no mention."""
    assert mrkdwn("Recall@1 and a@b.org", 100) == "Recall@1 and a@b.org"


@given(st.text(min_size=2, max_size=60), st.data())
def test_a_break_lies_within_the_room_and_outside_of_words(text: str, drawn: st.DataObject) -> None:
    """Only a word longer than the room is broken."""
    room = drawn.draw(st.integers(1, len(text) - 1))
    end = break_at(text, room)
    assert 1 <= end <= room
    if text.isascii() and text[end - 1].isalnum() and text[end].isalnum():
        assert text[:end].split()[-1] == text[:end].lstrip()


def test_a_break_is_after_a_sentence_then_after_a_word_and_never_before_an_accent() -> None:
    """Best place first; a word that is too long is broken between characters as people see them."""
    assert break_at("One two. Three four five", 20) == len("One two. Three four ")
    assert break_at("One two three. Four five", 20) == len("One two three. ")
    assert break_at("注意力机制很好", 3) == 3
    assert break_at("e\u0301" * 10, 5) == 4


def test_a_text_that_names_a_host_pretends_unless_the_link_leads_there() -> None:
    """With or without a scheme, a path or space around it."""
    assert pretends(" lamps.example/a ", "kites.example")
    assert pretends("see https://someone@lamps.example/a", "kites.example")
    assert pretends("a." * 500 + "lamps.example", "kites.example")
    assert not pretends(" www.kites.example ", "kites.example")
    assert not pretends("lamps. Example one", "kites.example")


def test_a_shortened_text_says_so() -> None:
    """With an ellipsis, within the length."""
    assert shortened("one two three", 9) == "one two…"
    assert shortened("one", 3) == "one"
