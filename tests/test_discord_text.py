"""The section tree as Discord's markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord_text import PIECE_UNITS, Piece, escaped, linked, pieces, units, unmarked
from adapters.markup import clean
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Table
from tests.discord_seen import Seen, seen
from tests.makers import points, sentence

_RISKY = r"""\*_~`|<>[]()#+-.:@!&1 a\n"'{}=/"""
_texts = st.text(st.one_of(st.sampled_from(_RISKY), st.characters(exclude_categories=["Cs", "Cc"])), max_size=60)
_words = st.sampled_from(
    "**a** __b__ `c` ```d``` [e](https://evil.example) <https://evil.example> https://evil.example <@123> <@&1> <#5> "
    "@everyone @here :smile: <:x:1> <t:1:R> ||f|| ~~g~~ *h* _i_ <id:home> </x:1> 中文 **重点：** \\ \\[ ]( "
    "\n# \n- \n1. \n> \n-#".split(" ")
)
_hostile = st.lists(st.one_of(_words, _texts), max_size=8).map("".join)


def shown(block: Block) -> Seen:
    return seen(markdown(block))


def markdown(block: Block) -> str:
    return "\n".join(piece.text for piece in pieces(block))


def paragraph(*runs: Run) -> Paragraph:
    return Paragraph(runs)


def letters(text: str) -> str:
    """What has to stay of a text: all but white space, with the at sign that notifies nobody."""
    return "".join(text.replace("@", "＠").split())


# --- hostile texts -------------------------------------------------------------------------------------------------


@given(_hostile)
@settings(max_examples=100, deadline=None)
def test_a_text_is_shown_as_it_is_and_does_nothing(text: str) -> None:
    """No marks, links, mentions or emoji, whatever it holds."""
    result = seen(escaped(text))
    assert letters(result.text) == letters(re.sub(r"[^\n\x20-\U0010ffff]", "", clean(text)))
    assert (result.links, result.calls, result.marks) == ([], [], [])


@given(st.lists(st.tuples(_hostile, st.booleans(), st.booleans()), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_runs_of_any_style_hold_their_text_and_no_links(parts: list[tuple[str, bool, bool]]) -> None:
    """Bold and italic side by side; nothing of a text becomes a link or a mention."""
    result = shown(Paragraph(tuple(Run(text, bold=bold, italic=italic) for text, bold, italic in parts)))
    assert (result.links, result.calls) == ([], [])
    assert set(result.marks) <= {"bold", "italic"}
    assert letters(result.text) == letters("".join(clean(text) for text, _, _ in parts))


@given(_hostile)
@settings(max_examples=100, deadline=None)
def test_a_link_leads_where_it_was_to_lead(text: str) -> None:
    """Whatever its text pretends, there is one link, and its address is ours."""
    result = seen(linked(text, "https://hub.example/1"))
    assert {address for _, address in result.links} <= {"https://hub.example/1"}
    assert result.calls == []


@pytest.mark.parametrize("text", ["https://arxiv.org", "see http://arxiv.org/abs/1", "arxiv.org", "www.arxiv.org/x"])
def test_a_link_that_names_another_place_shows_where_it_goes(text: str) -> None:
    """The text stands as text, and the address beside it."""
    result = seen(linked(text, "https://evil.example/x"))
    assert result.links == [("https://evil.example/x", "https://evil.example/x")]
    assert result.text.startswith(text)


@pytest.mark.parametrize(
    "address",
    ["https://a.example/b_(c)", "https://a.example/**x**", "https://a.example/`x`", "https://a.example/a\\b?c=[d]"],
)
def test_an_address_of_any_form_ends_no_mark(address: str) -> None:
    """Parentheses and asterisks are written as addresses may write them."""
    result = shown(paragraph(Run("see ", bold=True), Run("it", bold=True, link=address), Run(" now", bold=True)))
    assert result.text == "see it now"
    ((text, led),) = result.links
    assert text == "it"
    assert re.sub("%([0-9A-F]{2})", lambda code: chr(int(code[1], 16)), led) == address
    assert result.marks == ["link", "bold"]


@pytest.mark.parametrize("address", ["javascript:alert(1)", "https://a b", "", "https://x.example/" + "y" * 3000])
def test_what_cannot_be_opened_is_no_link(address: str) -> None:
    """The text stays."""
    assert linked("text", address) == "text"


def test_an_address_that_is_its_own_text_is_shown_once() -> None:
    """Discord links no text that looks like an address."""
    address = "https://arxiv.org/abs/2601.00001"
    assert linked(address, address) == f"<{address}>"


def test_what_begins_a_line_is_escaped_behind_empty_lines_and_spaces_too() -> None:
    """Lists and headings, numbered ones as well."""
    assert escaped("\n\n \u3000- lamps\n 12. kites\n# sails") == "\n\n \u3000\\- lamps\n 12\\. kites\n\\# sails"


def test_a_colon_at_the_end_of_a_run_makes_no_address_with_the_next() -> None:
    """Bold and italics have marks of their own, a formula beside plain text has none."""
    (piece,) = pieces(Paragraph((Run("https:", bold=True), Run("x", RunKind.TEX), Run("a:"), Run("y", RunKind.TEX))))
    assert re.findall(r"(?<!\\):", piece.text) == []


def test_an_at_sign_inside_a_word_stays() -> None:
    """`Recall@1` mentions nobody."""
    assert escaped("Recall@1, a@b.example, @torch") == "Recall@1, a@b.example, ＠torch"


def test_a_field_without_markdown_needs_no_backslashes() -> None:
    """A footer says what it says, to nobody in particular."""
    assert unmarked("a_b*c @everyone") == "a_b*c ＠everyone"


# --- styles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "字", "。", "a", "“"])
@pytest.mark.parametrize("after", ["", "字", "：", "b", "”"])
def test_bold_works_beside_any_character(before: str, after: str) -> None:
    """Chinese has no spaces around words."""
    result = shown(paragraph(Run(before), Run("重点：", bold=True), Run(after)))
    assert result.text == f"{before}重点：{after}"
    assert result.marks == ["bold"]


def test_neighbours_of_one_style_are_marked_together() -> None:
    """Between two bold runs there are no asterisks to be seen."""
    runs = (Run("a", bold=True), Run(""), Run("b", bold=True, italic=True), Run(" c ", bold=True), Run("d"))
    result = shown(paragraph(*runs))
    assert result.text == "ab c d"
    assert result.marks == ["bold"]


def test_italics_inside_a_word_are_left_out() -> None:
    """An underscore there would be shown."""
    assert shown(paragraph(Run("the "), Run("x", RunKind.TEX), Run("th"))).marks == []
    assert shown(paragraph(Run("a_"), Run("x", RunKind.TEX))).marks == []
    assert shown(paragraph(Run("the "), Run("x", RunKind.TEX), Run(" th"))).marks == ["italic"]


def test_formulas_are_characters() -> None:
    """TeX is read by nobody."""
    assert shown(paragraph(Run(r"\alpha_{1} \leq 2", RunKind.TEX))).text == "α_1 ≤2"


@pytest.mark.parametrize(
    "code", ["a*b*", "a`b", "``", "`a`", "@torch.no_grad", "[a](b)", "x `` y ` z", "```", "``a`b```c", "````"]
)
def test_code_is_shown_letter_by_letter(code: str) -> None:
    """Also code that holds the mark of code."""
    result = shown(paragraph(Run("run "), Run(code, RunKind.CODE), Run(" now")))
    assert result.text.replace(" ", "").replace("\u200b", "") == f"run {code} now".replace(" ", "")
    assert result.marks == ["code"]


def test_lines_of_code_keep_their_indentation() -> None:
    """A fence in them does not end them."""
    code = "if x:\n    return '```'\n"
    (piece,) = pieces(paragraph(Run(code, RunKind.CODE)))
    assert piece.text == "```\nif x:\n    return '``\u200b`'\n```"
    (piece,) = pieces(paragraph(Run("x`````\n<a@evil.example> **y**\n", RunKind.CODE)))
    assert piece.text.count("```") == 2


# --- lists and tables ----------------------------------------------------------------------------------------------


def test_points_are_nested_by_indentation() -> None:
    """A point's other lines stand under its text."""
    inner = Points((paragraph_of("c"), paragraph_of("d")), ordered=True)
    block = Points(((sentence("a"),), (sentence("b"), inner, sentence("e"))))
    assert markdown(block) == "- a\n- b\n  1. c\n  2. d\n  e"


def paragraph_of(text: str) -> tuple[Block, ...]:
    return (sentence(text),)


def test_a_text_that_looks_like_a_list_is_none() -> None:
    """Nor a heading, a quote, or small print."""
    for text in ("- a", "+ a", "1. a", "12) a", "# a", "> a", ">>> a", "-# a", "a\n- b\n3. c"):
        assert (shown(sentence(text)).marks, shown(sentence(text)).text) == ([], text)


def test_a_small_table_is_set_in_columns() -> None:
    """A larger one, or one with links, is a point for each row with its columns' names."""
    small = Table(_row("Model", "F1"), (_row("Lantern", "91.4"),))
    assert "Model   │ F1" in markdown(small)
    linked_table = Table(_row("Model"), (((Run("Lantern", link="https://hub.example"),),),))
    assert shown(linked_table).links == [("Lantern", "https://hub.example")]
    wide = Table(_row("Model", "Words"), (_row("Lantern", "many" * 20),))
    assert markdown(wide).splitlines() == ["- Model: Lantern", f"  Words: {'many' * 20}"]
    assert markdown(Table(_row("a" * 70), ())) == f"- {'a' * 70}"
    assert markdown(Table((), ())) == ""


def _row(*texts: str) -> tuple[Runs, ...]:
    return tuple((Run(text),) for text in texts)


# --- lengths -------------------------------------------------------------------------------------------------------


_blocks = st.recursive(
    st.one_of(
        _hostile.map(sentence),
        st.builds(lambda text, kind: paragraph(Run(text * 60, kind)), _hostile, st.sampled_from(RunKind)),
        st.builds(lambda text: paragraph(Run(text * 90, bold=True, link="https://hub.example/1")), _hostile),
    ),
    lambda inner: st.builds(
        Points, st.lists(st.lists(inner, max_size=3).map(tuple), max_size=4).map(tuple), st.booleans()
    ),
    max_leaves=6,
)


@given(_blocks)
@settings(max_examples=60, deadline=None)
def test_no_piece_is_too_long_or_empty(block: Block) -> None:
    """Pieces of any tree."""
    parts = list(pieces(block))
    assert all(0 < units(part.text) <= PIECE_UNITS for part in parts)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("word", ["word ", "字", "_*", "𝕏", "sentence. "])
def test_a_long_text_is_whole_in_its_pieces(word: str, bold: bool) -> None:
    """Broken at sentences, words or characters."""
    parts = list(pieces(paragraph(Run(word * 3000, bold=bold))))
    assert len(parts) > 1
    assert "".join("".join(seen(part.text).text for part in parts).split()) == "".join((word * 3000).split())
    assert all(set(seen(part.text).marks) == ({"bold"} if bold else set()) for part in parts)


@pytest.mark.parametrize(
    ("runs", "least"),
    [
        ((Run("`" * 12_000),), 12),  # each with a backslash
        ((Run("kite\n" * 1000),), 13),  # each line with room for its indentation
        ((Run("a", bold=True), Run("b")) * 1600, 5),
        ((Run("kite", link="https://kites.example/"), Run(" ")) * 300, 5),
    ],
)
def test_a_long_text_takes_hardly_more_pieces_than_it_needs(runs: Runs, least: int) -> None:
    """However much of it is marks, indentation and addresses."""
    parts = list(pieces(Paragraph(runs)))
    assert least <= len(parts) <= least + 1
    assert "".join("".join(seen(part.text).text for part in parts).split()) == "".join(
        "".join(run.text for run in runs).split()
    )


def test_long_code_is_fenced_piece_by_piece() -> None:
    """Each piece has whole lines."""
    code = "".join(f"line {number} of the code\n" for number in range(400))
    parts = list(pieces(paragraph(Run(code, RunKind.CODE))))
    assert len(parts) > 2
    assert "\n".join(part.text.removeprefix("```\n").removesuffix("\n```") for part in parts) == code.rstrip()


def test_a_bold_line_goes_with_what_follows() -> None:
    """And paragraphs stand apart."""
    assert list(pieces(paragraph(Run("Usage", bold=True)))) == [Piece("**Usage**", apart=True, leads=True)]
    assert [piece.apart for piece in pieces(points("a", "b"))] == [False, False]
