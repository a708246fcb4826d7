"""The section tree as rich text: styles, lists, tables, code and links."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.slack_blocks import messages
from digest.types import Block, Message, Paragraph, Points, Run, RunKind, Table
from tests.makers import points, sentence
from tests.slack_seen import accepted, found, texts


def rich(*content: Block) -> list[dict[str, Any]]:
    """The rich text elements of a message of these blocks."""
    (message,) = messages(Message(blocks=content))
    return [element for block in message.blocks for element in block["elements"]]


def test_runs_keep_their_style_and_formulas_become_characters() -> None:
    """Bold, italic, code and links are structure; TeX is Unicode."""
    runs = (
        Run("粗体", bold=True),
        Run("em", italic=True),
        Run("f(x)", RunKind.CODE),
        Run(r"\mathcal{L}_{align}", RunKind.TEX),
        Run("page", link="https://example.org/a"),
    )
    assert rich(Paragraph(runs)) == [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "粗体", "style": {"bold": True}},
                {"type": "text", "text": "em", "style": {"italic": True}},
                {"type": "text", "text": "f(x)", "style": {"code": True}},
                {"type": "text", "text": "ℒ_align", "style": {"italic": True}},
                {"type": "link", "url": "https://example.org/a", "text": "page"},
            ],
        }
    ]


def test_a_formula_that_comes_to_nothing_is_shown_as_written() -> None:
    """An unknown TeX command is text too."""
    assert texts(rich(Paragraph((Run(r"\foo", RunKind.TEX),)))) == r"\foo"


def test_lists_nest_by_indent_and_numbers_go_on_after_a_nested_list() -> None:
    """A list inside a point is a list of the next indent; the outer numbers continue."""
    inner = points("a", "b")
    outer = Points(((sentence("one"), inner), (sentence("two"),)), ordered=True)
    shape = [(part["style"], part["indent"], part.get("offset", 0), len(part["elements"])) for part in rich(outer)]
    assert shape == [("ordered", 0, 0, 1), ("bullet", 1, 0, 2), ("ordered", 0, 1, 1)]


def test_points_of_one_list_are_one_list() -> None:
    """Slack sets neighbouring points in one list, not in many."""
    (element,) = rich(points("a", "b", "c"))
    assert [texts(point) for point in element["elements"]] == ["a", "b", "c"]


def test_paragraphs_of_a_point_are_lines_of_it() -> None:
    """A second paragraph does not become a point of its own."""
    (element,) = rich(Points(((sentence("title"), sentence("facts")),)))
    assert texts(element) == "title\nfacts"


def test_nesting_deeper_than_slack_allows_is_drawn_at_its_limit() -> None:
    """Ten levels of lists are taken, and nothing of them is lost."""
    block: Block = sentence("deepest")
    for _ in range(12):
        block = Points(((sentence("level"), block),))
    (message,) = messages(Message(blocks=(block,)))
    assert accepted(message)
    assert texts(message.blocks) == "level" * 11 + "level\ndeepest"


def test_a_code_block_is_preformatted_and_keeps_its_columns() -> None:
    """Code with line ends is a block of its own between the texts around it; tabs become spaces."""
    first, code, last = rich(Paragraph((Run("before"), Run("if x:\n\ty()\n", RunKind.CODE), Run("after"))))
    assert (first["type"], code["type"], last["type"]) == (
        "rich_text_section",
        "rich_text_preformatted",
        "rich_text_section",
    )
    assert texts(code) == "if x:\n    y()"


def table(*rows: tuple[str, ...]) -> Table:
    header, *rest = (tuple((Run(cell),) for cell in row) for row in rows)
    return Table(header, tuple(rest))


def test_a_narrow_table_is_set_in_columns() -> None:
    """Columns stand under each other."""
    (element,) = rich(table(("model", "score"), ("lantern", "91.4"), ("wick", "7")))
    assert element["type"] == "rich_text_preformatted"
    lines = texts(element).split("\n")
    assert {line.index("│") for line in (lines[0], lines[2], lines[3])} == {8}


def test_a_wide_table_is_a_point_for_each_row() -> None:
    """Every cell is named by its column."""
    (element,) = rich(table(("model", "what it does"), ("lantern", "lights " * 20), ("wick", "burns")))
    assert [texts(point) for point in element["elements"]] == [
        "model: lantern\nwhat it does: " + "lights " * 20,
        "model: wick\nwhat it does: burns",
    ]


def test_a_table_with_links_keeps_them() -> None:
    """Preformatted lines would lose the address, so it becomes points."""
    linked = Table(((Run("page"),),), (((Run("here", link="https://example.org/"),),),))
    assert found(rich(linked), "link") == [{"type": "link", "url": "https://example.org/", "text": "here"}]


@pytest.mark.parametrize(
    ("text", "link", "seen"),
    [
        ("https://bank.example/login", "https://evil.example/x", "https://bank.example/login (evil.example)"),
        ("bank.example", "https://bank.example@evil.example/", "bank.example (evil.example)"),
        ("arxiv.org/abs/1", "https://www.arxiv.org/abs/1", "arxiv.org/abs/1"),
        ("the code", "https://evil.example", "the code"),
    ],
)
def test_a_link_that_names_another_place_shows_where_it_goes(text: str, link: str, seen: str) -> None:
    """A link cannot pretend to lead to another host."""
    elements = rich(Paragraph((Run(text, link=link),)))
    assert texts(elements) == seen
    assert [part["url"] for part in found(elements, "link")] == [link]


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "https://[", "https://a b", "http://x/" + "a" * 3000, "ftp://x"]
)
def test_an_address_slack_would_refuse_leaves_plain_text(link: str) -> None:
    """The words stay; there is no link."""
    assert rich(Paragraph((Run("words", link=link),)))[0]["elements"] == [{"type": "text", "text": "words"}]
