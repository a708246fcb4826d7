"""What a correction has changed, as people are told it."""

from __future__ import annotations

import pytest

from digest.changes import CHANGES_SHOWN, WORDS_CHARS, Change, changes


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("Accuracy rises from 88.2 to 19.4 on lamps.", "Accuracy rises from 88.2 to 91.4 on lamps.", ("19.4", "91.4")),
        ("准确率为 19.4。", "准确率为91.4%。", ("19.4", "91.4%")),
        ("It beats (see GPT-4o).", "It beats (see GPT-5).", ("GPT-4o", "GPT-5")),
        ("Lamps | 19.4 | 88.2\nWicks | 3 | 4", "Lamps | 91.4 | 88.2\nWicks | 3 | 4", ("19.4", "91.4")),
        ("It needs one old GPU.", "It needs eight new GPUs.", ("one old GPU", "eight new GPUs")),
        ("灯笼使每一层可见", "灯泡使每一层可见", ("灯笼", "灯泡")),
        ("It is never dark.", "It is dark.", ("never", "")),
        ("It is dark.", "It is never dark.", ("", "never")),
        ("", "Lamps.", ("", "Lamps.")),
        ("Lamps | 19.4\nIt reaches 19.4 on lamps.", "Lamps | 91.4\nIt reaches 91.4 on lamps.", ("19.4", "91.4")),
    ],
)
def test_a_change_is_told_in_the_words_that_differ(before: str, now: str, told: tuple[str, str]) -> None:
    """Whole numbers and names, without what stands around them; half a sentence rather than its scattered words."""
    assert changes(before, now) == (Change(*told),)


def test_changes_far_from_each_other_are_told_one_by_one_and_not_without_end() -> None:
    """The first few, in order."""
    words = [f"word{number}" for number in range(100)]
    other = [f"{word}!" if number % 20 == 0 else word for number, word in enumerate(words)]
    told = changes(" ".join(words), " ".join([word.upper() if word[-1] == "!" else word for word in other]))
    assert len(told) == CHANGES_SHOWN
    assert (told[0].before, told[1].before) == ("word0", "word20")


def test_what_was_written_anew_is_told_by_its_beginning() -> None:
    """A text that has hardly a word in common is one change, and each side short."""
    before = " ".join(f"lamp{number} the" for number in range(90))
    now = " ".join(f"moth{number} the" for number in range(90))
    (told,) = changes(before, now)
    assert told.before.startswith("lamp0 the")
    assert told.now.startswith("moth0 the")
    assert max(len(told.before), len(told.now)) <= WORDS_CHARS


def test_texts_that_would_take_ever_so_long_to_compare_are_told_as_one_change() -> None:
    """Few words, over and over."""
    (change,) = changes("lamp kite " * 500, "kite lamp " * 500)
    assert (change.before[:9], change.now[:9]) == ("lamp kite", "kite lamp")
    assert changes("lamp " * 900 + "dim lamp", "lamp " * 900 + "bright lamp") == (Change("dim", "bright"),)
    assert changes("lamp " * 1000, "lamp\n" * 1000) == ()


def test_another_form_of_the_same_words_is_no_change() -> None:
    """Line ends and spaces say nothing."""
    assert changes("one two\nthree", "one  two three") == ()
