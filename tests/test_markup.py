"""The section tree on a terminal: wrapping in columns, formulas, and text that tries to steer the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from adapters.markup import (
    ansi,
    block_lines,
    clean,
    columns_of,
    message_lines,
    tex_as_unicode,
    title_text,
    undressed,
    wrapped,
)
from digest.types import Message, Paragraph, Points, Run, RunKind, Table
from tests.makers import points, sentence

mixed_text = st.text("abc ,.，。注意力推理🙂é ", max_size=120)


@given(mixed_text, st.integers(20, 60))
def test_lines_keep_to_the_width_and_lose_no_text(text: str, width: int) -> None:
    """Chinese characters take two columns and may be parted anywhere; only white space is lost at a break."""
    lines = wrapped((Run(text),), width, undressed)
    assert "".join("".join(lines).split()) == "".join(clean(text).split())
    for line in lines:
        longest_word = max((columns_of(word) for word in line.split()), default=0)
        assert columns_of(line) <= max(width, longest_word)  # closing punctuation among it


def test_what_may_not_begin_a_line_takes_a_word_with_it() -> None:
    """It does not hang over the edge, where a terminal would put it on a line of its own."""
    assert wrapped((Run("一二三四Lamp，五"),), 12, undressed) == ["一二三四", "Lamp，五"]


def test_words_are_not_parted() -> None:
    """English breaks at spaces."""
    lines = wrapped((Run("lanterns make networks visible"),), 20, undressed)
    assert lines == ["lanterns make", "networks visible"]


def test_points_are_indented_and_numbered_and_nested() -> None:
    """Wrapped lines of a point stand under its text."""
    inner = Points(((sentence("inner"),),))
    block = Points(((sentence("a point that is long enough to wrap"), inner), (sentence("two"),)), ordered=True)
    assert block_lines(block, 24, undressed) == [
        "1. a point that is long",
        "   enough to wrap",
        "   ◦ inner",
        "2. two",
    ]


def test_a_table_stands_in_columns_when_it_fits_and_as_named_cells_when_not() -> None:
    """Numbers stay beside their column's name at every width."""
    table = Table(
        header=((Run("Benchmark"),), (Run("This work"),)),
        rows=(((Run("灯笼基准"),), (Run("91.4", bold=True),)),),
    )
    assert block_lines(table, 40, undressed) == ["Benchmark │ This work", "──────────┼──────────", "灯笼基准  │ 91.4"]
    assert block_lines(table, 20, undressed)[:2] == ["• Benchmark: 灯笼基准", "  This work: 91.4"]


def test_formulas_become_readable_characters() -> None:
    """No TeX on a terminal."""
    assert wrapped((Run("loss "), Run(r"\mathcal{L}_{align}", RunKind.TEX)), None, undressed) == ["loss ℒ_align"]


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        (r"The $\alpha_{2}$ lamp and \(\beta\)", "The α_2 lamp and β"),
        (r"$\pi$-Lamps", "π-Lamps"),
        ("Lamps from $5 to $9", "Lamps from $5 to $9"),
        ("Lamps\n and\u200b more", "Lamps and more"),
    ],
)
def test_formulas_in_titles_become_readable_characters(title: str, shown: str) -> None:
    """A title is one line of text on every platform; prices are no formulas."""
    assert title_text(title) == shown
    assert message_lines(Message(title=title), None, undressed) == [shown]


@pytest.mark.parametrize("tex", ["{" * 1000 + "x" + "}" * 1000, "x_" * 1500])
def test_a_formula_too_deep_or_too_long_is_shown_as_it_is_written(tex: str) -> None:
    """No screen is left without the rest of its message for it."""
    assert block_lines(Paragraph((Run("see "), Run(tex, RunKind.TEX))), None, undressed) == [f"see {tex}"]


@pytest.mark.parametrize(
    "tex",
    [
        r"\href{a}{b}",
        r"\href",
        r"\sqrt",
        r"\textcolor{red}",
        r"\verb",
        r"\frac",
        r"\frac{a}",
        r"\ensuremath",
        r"\text{}",
    ],
)
def test_a_formula_that_cannot_be_read_is_shown_as_it_is_written(
    tex: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """One title spoils neither its message nor the day; and nobody is told of it."""
    assert title_text(f"The ${tex}$ lamp") in (f"The {tex} lamp", f"The ${tex}$ lamp")
    assert wrapped((Run(tex, RunKind.TEX),), None, undressed) == [tex]
    assert (capsys.readouterr().err, caplog.records) == ("", [])


@pytest.mark.parametrize(
    ("tex", "shown"),
    [
        (r"\frac{a}{b} : c/d", "a/b : c/d"),
        ("/", "\u2215"),
        (r"https:\frac{}{/lamps.example}", "https\u2236\u2215\u2215lamps.example"),
        (r"\url{http://lamps.example}", "<http\u2236\u2215\u2215lamps.example>"),
        (r"\text{https:}", "https\u2236"),
        (r"\href{//a}", r"\href{" + "\u2215\u2215a}"),
    ],
)
def test_no_address_grows_together_in_a_formula_or_beside_one(tex: str, shown: str) -> None:
    """A slash that divides and a colon that stands between two stay as they are."""
    assert tex_as_unicode(tex) == shown
    assert title_text(f"See https:${tex}$/lamps.example") == f"See https:{shown}/lamps.example"


def test_neighbours_that_lead_to_one_place_show_its_address_once() -> None:
    """A title with a formula is one link."""
    runs = tuple(replace(run, link="https://example.org/x") for run in (Run("The "), Run("x", RunKind.TEX)))
    assert wrapped((*runs, Run(" rest")), None, undressed) == ["The x (https://example.org/x) rest"]


def test_a_link_shows_where_it_leads() -> None:
    """Terminals do not always open links; the address is in the text once."""
    assert wrapped((Run("code", link="https://example.org/x"),), None, undressed) == ["code (https://example.org/x)"]
    plain = "https://example.org/x"
    assert wrapped((Run(plain, link=plain),), None, undressed) == [plain]


def test_an_address_is_not_torn_apart() -> None:
    """It stands on the next line where it does not fit any more."""
    told = wrapped((Run("the code of it", link="https://example.org/x"), Run(" and more")), 30, undressed)
    assert told == ["the code of it", "(https://example.org/x) and", "more"]


def test_a_paper_cannot_steer_the_screen() -> None:
    """Escape sequences, bidi overrides and zero-width characters never reach a terminal."""
    hostile = "safe\x1b[2J\u202etxet\u200b\x07"
    lines = message_lines(Message(title=hostile, blocks=(sentence(hostile),), footer=hostile), None, ansi)
    text = "\n".join(lines)
    assert "\x1b[2J" not in text
    for char in "\u202e\u200b\x07":
        assert char not in text
    assert "safe" in text


def test_styles_do_not_change_the_width() -> None:
    """Bold and code are dressed after the wrapping is decided."""
    runs = (Run("bold words here ", bold=True), Run("code", RunKind.CODE), Run(" and plain words"))
    dressed = wrapped(runs, 20, ansi)
    assert [line.replace("\x1b[0m", "").replace("\x1b[1m", "").replace("\x1b[32m", "") for line in dressed] == wrapped(
        runs, 20, undressed
    )
    assert dressed[0].startswith("\x1b[1mbold")


def test_a_code_block_keeps_its_lines() -> None:
    """A run of code with line ends is a block of code."""
    assert block_lines(Paragraph((Run("a\nb", RunKind.CODE),)), 40, undressed) == ["a", "b"]


def test_an_empty_list_is_nothing() -> None:
    """No bullet without a point."""
    assert block_lines(points(), 40, undressed) == []
