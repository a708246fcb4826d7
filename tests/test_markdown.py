"""The section tree and Markdown: what reports look like, and that nothing is lost between the two."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.inline import fold, parse_runs, text_runs, write_runs
from digest.markdown import MAX_DEPTH, normal, parse, plain, write
from digest.types import Block, Paragraph, Points, Run, RunKind, Table
from tests.makers import points, sentence

texts = st.text("ab z09 .,:;!?-+*_`$&#<>[]()|\\/'\"~=。，：（）“”注意力é", min_size=1, max_size=24)
formulas = st.text(r"abx_^{}\ +=5", min_size=1, max_size=12)
links = st.sampled_from(["", "", "", "https://example.org/a_b?c=d&e=1", "http://example.org/(x)/y)", "https://例.org"])
runs = st.one_of(
    st.builds(Run, texts, bold=st.booleans(), italic=st.booleans(), link=links),
    st.builds(Run, formulas, st.just(RunKind.TEX), bold=st.booleans()),
    st.builds(Run, texts, st.just(RunKind.CODE), bold=st.booleans()),
)
lines = st.lists(runs, min_size=1, max_size=5).map(tuple)
paragraphs: st.SearchStrategy[Block] = st.builds(Paragraph, lines)
tables: st.SearchStrategy[Block] = st.integers(1, 3).flatmap(
    lambda columns: st.builds(
        Table,
        st.tuples(*[lines] * columns),
        st.lists(st.tuples(*[lines] * columns), max_size=3).map(tuple),
    )
)
code_blocks: st.SearchStrategy[Block] = st.just(Paragraph((Run("x = 1\n\ny = 2\n", RunKind.CODE),)))
trees = st.recursive(
    st.one_of(paragraphs, paragraphs, tables, code_blocks),
    lambda inner: st.builds(
        Points,
        st.lists(st.lists(inner, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
        st.booleans(),
    ),
    max_leaves=5,
)
documents = st.lists(trees, max_size=3).map(normal)


@given(documents)
@example(((Paragraph((Run("_", bold=True),))),))
@settings(max_examples=100)
def test_a_tree_survives_being_written_and_read(document: tuple[Block, ...]) -> None:
    """Whatever characters a report holds, its Markdown gives the same tree back."""
    assert parse(write(document)) == document


@given(lines.map(fold))
@settings(max_examples=300)
def test_a_line_survives_being_written_and_read(line: tuple[Run, ...]) -> None:
    """Styles, formulas, code and links of one line."""
    assert parse_runs(write_runs(line)) == line


@given(st.text(max_size=200))
def test_any_text_is_some_tree(text: str) -> None:
    """Reading never raises, and gives a tree in normal form."""
    document = parse(text)
    assert normal(document) == document


@pytest.mark.parametrize(
    ("markdown", "runs"),
    [
        ("重**要**的", (Run("重"), Run("要", bold=True), Run("的"))),
        ("**“思考”：**先想", (Run("“思考”：", bold=True), Run("先想"))),
        ("损失 $\\mathcal{L}$ 低", (Run("损失 "), Run("\\mathcal{L}", RunKind.TEX), Run(" 低"))),
        ("costs $5 or $6", (Run("costs $5 or $6"),)),
        (r"\(x\) and \[y\]", (Run("x", RunKind.TEX), Run(" and "), Run("y", RunKind.TEX))),
        (r"\(open \(x\) and \[ y", (Run(r"open \(x", RunKind.TEX), Run(" and [ y"))),
        (r"\( \) and \\(z", (Run(r"\( \) and \(z"),)),
        ("use `a*b`", (Run("use "), Run("a*b", RunKind.CODE))),
        ("``a`b`` or `c` ``` d", (Run("a`b", RunKind.CODE), Run(" or "), Run("c", RunKind.CODE), Run(" ``` d"))),
        ("```x` and `y", (Run("``x", RunKind.CODE), Run(" and `y"))),
        ("[code](https://example.org/x)", (Run("code", link="https://example.org/x"),)),
        ("[no](javascript:alert)", (Run("no"),)),
        (
            "见 https://example.org/x。好",
            (Run("见 "), Run("https://example.org/x", link="https://example.org/x"), Run("。好")),
        ),
        (
            "(https://example.org/x).",
            (Run("("), Run("https://example.org/x", link="https://example.org/x"), Run(").")),
        ),
        ("a * b * c", (Run("a * b * c"),)),
        ("an *odd* one", (Run("an "), Run("odd", italic=True), Run(" one"))),
        ("snake_case_name", (Run("snake_case_name"),)),
        ("an unclosed **mark", (Run("an unclosed **mark"),)),
    ],
)
def test_lines_as_models_write_them(markdown: str, runs: tuple[Run, ...]) -> None:
    """Bold beside Chinese, prices that are no formulas, links that are none."""
    assert parse_runs(markdown) == runs


def test_lists_nest_by_indentation_however_deep_it_is() -> None:
    """Two, three or four spaces, bullets or numbers, with a paragraph under a point."""
    text = "*   **输入**：\n    1.  一\n    2.  二\n\n       说明\n*   **输出**：三\n"
    assert parse(text) == (
        Points(
            (
                (
                    Paragraph((Run("输入", bold=True), Run("："))),
                    Points(((sentence("一"),), (sentence("二"), sentence("说明"))), ordered=True),
                ),
                (Paragraph((Run("输出", bold=True), Run("：三"))),),
            )
        ),
    )


def test_numbered_points_apart_are_one_list() -> None:
    """Models put blank lines and paragraphs between their points."""
    text = "1.  **甲**：\n    说甲。\n\n2.  **乙**：\n    说乙。"
    (block,) = parse(text)
    assert isinstance(block, Points)
    assert block.ordered
    assert len(block.points) == 2


def test_soft_line_ends_join_without_a_space_in_chinese() -> None:
    """A line end inside Chinese is no space; inside English it is one."""
    assert parse("注意\n力") == (sentence("注意力"),)
    assert parse("two\nwords") == (sentence("two words"),)


def test_headings_inside_a_section_are_bold_lines() -> None:
    """The tree has no headings of its own."""
    assert parse("#### Setup\ntext") == (Paragraph((Run("Setup", bold=True),)), sentence("text"))
    assert parse("# In C# ##") == (Paragraph((Run("In C#", bold=True),)),)


def test_tables_keep_their_cells() -> None:
    """Rows that are too short are filled, those too long cut."""
    (table,) = parse("| A | B |\n|---|:-:|\n| 1 | 2 | 3 |\n| **x** |\n")
    assert table == Table(((Run("A"),), (Run("B"),)), (((Run("1"),), (Run("2"),)), ((Run("x", bold=True),), ())))


def test_lists_deeper_than_the_bound_are_flattened() -> None:
    """A hostile report cannot nest without end."""
    text = "\n".join(f"{' ' * (2 * depth)}* point {depth}" for depth in range(200))
    document = parse(text)
    depth, block = 0, document[0]
    while isinstance(block, Points):
        depth += 1
        block = block.points[0][-1]
    assert depth <= MAX_DEPTH
    assert "point 199" in plain(document)


def test_plain_text_has_no_marks() -> None:
    """For searching and notifications."""
    document = parse("* **甲**：`x` $y$\n\n| A | B |\n|---|---|\n| 1 | 2 |")
    assert plain(document) == "甲：x y\nA | B\n1 | 2"


def test_plain_text_becomes_runs_without_markdown() -> None:
    """A paper's own sentences may hold asterisks; only formulas and addresses are known."""
    address = "https://example.org/x"
    assert text_runs(f"2 * 3 ** 4 at {address}, $n$.") == (
        Run("2 * 3 ** 4 at "),
        Run(address, link=address),
        Run(", "),
        Run("n", RunKind.TEX),
        Run("."),
    )
    assert text_runs(r"\$5 or \(m\), then \(n and $$ $$") == (
        Run(r"\$5 or "),
        Run("m", RunKind.TEX),
        Run(r", then \(n and $$ $$"),
    )


def test_markdown_that_others_show_has_bold_they_understand() -> None:
    """CommonMark refuses asterisks between punctuation and letters; there a tag is written."""
    assert write((Paragraph((Run("（甲）", bold=True), Run("乙"))),)) == "<strong>（甲）</strong>乙"
    assert write((Paragraph((Run("甲", bold=True), Run("：乙"))),)) == "**甲**：乙"
    assert write((points("x", "y"),)) == "* x\n* y"
