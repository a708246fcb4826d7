"""The Hub's Markdown of a paper becomes clean passages, or is told not to be a paper's text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import ReadError
from digest.fetch import PoliteFetcher
from digest.readers.fingerprint import text_hash
from digest.readers.hub_markdown import HubMarkdown, build, passages
from digest.types import Passage, PassageKind, ReadingSource
from tests import makers
from tests.paper_server import PaperServer, Status, WrongType, kit
from tests.text_work import read_with

_FILLER = "The lamps are hung in rows, and every row is lit in its turn by the keeper of the light. " * 8
_PAGE = f"""\
Title: Lanterns for Deep Networks

URL Source: https://arxiv.org/html/2601.00001

Markdown Content:
Lanterns for Deep Networks
===============

1.   [1 Introduction](https://arxiv.org/html/2601.00001v1#S1 "In Lanterns")
2.   [2 Method](https://arxiv.org/html/2601.00001v1#S2 "In Lanterns")
    1.   [2.1 Wicks](https://arxiv.org/html/2601.00001v1#S2.SS1 "In 2 Method")

Ann Writer 1, Bo Reader 2

###### Abstract

Networks are dark inside. We hang lanterns in them.

1 Introduction
--------------

Many lamps (Lamp et al., [2020](https://arxiv.org/html/2601.00001v1#bib.bib3 "Lamps")) are _dim_. {_FILLER}

![Image 1: Refer to caption](https://arxiv.org/html/2601.00001v1/x1.png)

Figure 1: A lantern at night.

We contribute:

*   •Lanterns, which are probes.
*   •Wicks:
    *   short ones

2 Method
--------

### 2.1 Wicks

The loss of a wick is

$$
L = \\sum_i \\ell_i
 - 3
$$

Table 1: Scores.

| Model | Loss | Accuracy |
| --- |
| Lantern | 1.2 | 91.4 |

References
----------

*   A. Lamp (2020) Lamps of old.

Appendix A Proofs
-----------------

It burns.
"""


def shown(text: str) -> list[tuple[str, PassageKind, str]]:
    """The passages of a page long enough to count, without its filling."""
    found = passages(f"{text}\n\n## Filling\n\n{_FILLER}")
    return [(one.heading, one.kind, one.text) for one in found if not one.heading.endswith("Filling")]


def only(text: str) -> str:
    """The text of the passages below the one heading of a page."""
    return "\n".join(text for heading, _, text in shown(f"# 1 Lamps\n\n{text}") if heading == "1 Lamps")


def test_a_whole_page_becomes_the_paper_and_nothing_else() -> None:
    """Preamble, contents, authors, images and bibliography go; the rest keeps its order, kinds and headings."""
    assert [(one.heading, one.kind, one.text.replace(_FILLER.strip(), "FILLER")) for one in passages(_PAGE)] == [
        ("", PassageKind.TEXT, "Lanterns for Deep Networks"),
        ("Abstract", PassageKind.TEXT, "Networks are dark inside. We hang lanterns in them."),
        ("1 Introduction", PassageKind.TEXT, "Many lamps (Lamp et al., 2020) are dim. FILLER"),
        ("1 Introduction", PassageKind.CAPTION, "Figure 1: A lantern at night."),
        ("1 Introduction", PassageKind.TEXT, "We contribute:"),
        ("1 Introduction", PassageKind.LIST, "- Lanterns, which are probes.\n- Wicks:\n  - short ones"),
        ("2 Method > 2.1 Wicks", PassageKind.TEXT, "The loss of a wick is"),
        ("2 Method > 2.1 Wicks", PassageKind.TEXT, "$L = \\sum_i \\ell_i - 3$"),
        ("2 Method > 2.1 Wicks", PassageKind.CAPTION, "Table 1: Scores."),
        ("2 Method > 2.1 Wicks", PassageKind.TABLE, "Model | Loss | Accuracy\nLantern | 1.2 | 91.4"),
        ("Appendix A Proofs", PassageKind.TEXT, "It burns."),
    ]


@pytest.mark.parametrize(
    ("source", "heading"),
    [
        ("## 1 Lamps\n\n### 1.1 Wicks\n\nText.", "1 Lamps > 1.1 Wicks"),
        ("# 1. Lamps\n\n# 1.1. Wicks\n\nText.", "1. Lamps > 1.1. Wicks"),
        ("## 1 Lamps ##\n\n### 1.1 Wicks # #\n\nText.", "1 Lamps > 1.1 Wicks"),
        ("## Lamps\n\n#### Wicks\n\nText.", "Lamps > Wicks"),
        ("# A Title\n\n## Lamps\n\n## Wicks\n\nText.", "Wicks"),
        ("## A Title\n\n###### Abstract\n\nDark.\n\n## 1 Lamps\n\nText.", "1 Lamps"),
        ("## 1 Lamps\n\n#### Wicks.\n\nText.", "1 Lamps > Wicks."),
        ("## 1 Lamps\n\n<h3>Wicks <b>burn</b></h3>\n\nText.", "1 Lamps > Wicks burn"),
        ("## 1 Lamps\n\n### The $\\ell_2$ **case**\n\nText.", "1 Lamps > The $\\ell_2$ case"),
        (
            "## 1 Lamps\n\n## References\n\nLamp (2020).\n\n### Books\n\nBook.\n\n## A Proofs\n\nText.",
            "A Proofs",
        ),
    ],
)
def test_headings_form_paths_by_their_numbers_and_their_marks(source: str, heading: str) -> None:
    """Whatever level a converter begins at; the title is no part of a path."""
    found = shown(source)
    assert (heading, PassageKind.TEXT, "Text.") in found
    assert all("Book." not in text and "Lamp (2020)." not in text for _, _, text in found)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("A $x_i$ and \\(y\\) and \\[ z = 1 \\] and $$ w $$.", "A $x_i$ and $y$ and $z = 1$ and $w$."),
        ("As in \\[12\\], it costs $5 and $6.", "As in [12], it costs $5 and $6."),
        ("One \\[ is open.\n\nAnd \\[ z = 1 \\] is not.", "One [ is open.\nAnd $z = 1$ is not."),
        (
            "See [Sec. 2](https://e.org/#S2 \"In 1\") of <a href='x'>this</a> work<sup>1</sup>.",
            "See Sec. 2 of this work1.",
        ),
        ("**Bold**, *slanted* and _low_ but not snake_case_name.", "Bold, slanted and low but not snake_case_name."),
        ("a<b and c>d stay. <!-- secret --> End. <script>bad()</script>", "a<b and c>d stay. End."),
        ("![A keeper lights the lamp](x.png)", "A keeper lights the lamp"),
        ('![Image 3](x.png) <img src="y.png" alt="Refer to caption"> Text.', "Text."),
        ("Two\nlines are one.\n\nNext.", "Two lines are one.\nNext."),
        ("Rate t 4 subscript 𝑡 4 t_{4}italic_t start_POSTSUBSCRIPT 4 end_POSTSUBSCRIPT.", "Rate t 4 t_{4}."),
        ("```python\n# not a heading\n| a | b |\n| c | d |\n```", "# not a heading\n| a | b |\n| c | d |"),
    ],
)
def test_text_is_freed_of_marks_and_keeps_its_formulas(source: str, text: str) -> None:
    """Formulas stand between single dollars; links, emphasis, tags, comments and images leave their words."""
    assert only(source) == text


@pytest.mark.parametrize(
    ("source", "rows"),
    [
        ("| A | B |\n| --- | --- |\n| 1 | 2 |", "A | B\n1 | 2"),
        ("| A |\n| --- |\n| 1 | 2 | 3 |", "A\n1 | 2 | 3"),
        ("| **A** | $x_1$ |\n|:-:|---|\n| `1` | a \\| b |", "A | $x_1$\n1 | a | b"),
        ("<table><tr><th>A</th><th>B</th></tr><tr><td>1</td><td>2<br>3</td></tr></table>", "A | B\n1 | 2 3"),
        (
            "<TABLE><tr><th colspan=2>A<th>B<tr><td rowspan=2>1<td>2<td>3<tr><td>4<td>5</TABLE>",
            "A |  | B\n1 | 2 | 3\n1 | 4 | 5",
        ),
        ("<table><tr><td>only</td><td>row</td></tr></table>", "only | row"),
    ],
)
def test_tables_become_rows_of_cells(source: str, rows: str) -> None:
    """Pipe tables, also with too few columns in the rule, and HTML tables with spans."""
    assert [(kind, text) for heading, kind, text in shown(f"# 1 Lamps\n\n{source}") if heading == "1 Lamps"] == [
        (PassageKind.TABLE, rows)
    ]


def test_no_number_of_a_table_is_lost_when_rows_are_longer_than_the_header() -> None:
    """Headers of several levels come out shorter than the rows below them."""
    assert "91.4" in only("| Model |\n| --- |\n| Lantern | 1.2 | 91.4 |")


@pytest.mark.parametrize(
    ("page", "problem"),
    [
        ("<!DOCTYPE html>\n<html><body>" + _FILLER, "HTML page"),
        ("# Lamps\n\nToo short.", "fewer than 100 words"),
        ("", "fewer than 100 words"),
        ("lamp " * 300_000, "1,500,000 characters"),
    ],
)
def test_what_is_no_paper_is_refused(page: str, problem: str) -> None:
    """ReadError, so that the next reader is asked."""
    with pytest.raises(ReadError, match=problem):
        passages(page)


@given(st.text(st.sampled_from("#*-_|$`<>[]()!\\ \nab1.=&;:\"'~—中"), max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_gives_passages_that_keep_the_contract(text: str) -> None:
    """Never another error; no empty passage, no line of a list without its mark, no empty part of a path."""
    for one in passages(f"{text}\n\n# Filling\n\n{_FILLER}"):
        assert one.text.strip()
        assert "" not in one.heading.split(" > ")[1:]
        if one.kind is PassageKind.LIST:
            assert all(line.lstrip().startswith("-") for line in one.text.split("\n"))


# --- over the wire -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as running:
        yield running


@pytest.fixture
async def reader(server: PaperServer) -> AsyncIterator[HubMarkdown]:
    async with PoliteFetcher(user_agent="Paperboy/test", gaps_s={}, attempts=1, max_bytes=100_000) as fetcher:
        yield build(kit(server, fetcher), {"timeout_s": 5.0})


async def test_a_paper_is_read_from_the_hub(server: PaperServer, reader: HubMarkdown) -> None:
    """The reading names its source and address, and its hash is that of its passages."""
    server.pages["/papers/2601.00001.md"] = _PAGE.encode()
    reading = await read_with(reader, makers.paper())
    assert reading.source is ReadingSource.MARKDOWN
    assert reading.url == f"{server.url}/papers/2601.00001.md"
    assert reading.passages == passages(_PAGE)
    assert reading.text_hash == text_hash(reading.passages)


async def test_plain_text_is_accepted_and_html_is_not(server: PaperServer, reader: HubMarkdown) -> None:
    """The content type tells a page from a text."""
    server.pages["/papers/2601.00001.md"] = _PAGE.encode()
    server.fault("/papers/", WrongType("text/plain; charset=utf-8"))
    assert (await read_with(reader, makers.paper())).passages
    server.fault("/papers/", WrongType("text/html"))
    with pytest.raises(ReadError, match="text/html"):
        await read_with(reader, makers.paper())


async def test_a_page_with_little_more_than_the_abstract_is_refused(server: PaperServer, reader: HubMarkdown) -> None:
    """Another reader may have the whole paper."""
    abstract = _FILLER.strip()
    page = f"# Lanterns\n\n**Authors:** A. Writer\n\n{abstract}\n\n## Community\n\nNice work."
    server.pages["/papers/2601.00001.md"] = page.encode()
    with pytest.raises(ReadError, match="little more than the abstract"):
        await read_with(reader, makers.paper(abstract=abstract))


async def test_trouble_of_any_kind_is_a_read_error(server: PaperServer, reader: HubMarkdown) -> None:
    """Not there, down, too large, not text: the next reader is asked, and the sentence names the paper or why."""
    with pytest.raises(ReadError, match=r"no Markdown of 2601\.00001"):
        await read_with(reader, makers.paper())
    server.fault("/papers/", Status(503))
    with pytest.raises(ReadError, match="503"):
        await read_with(reader, makers.paper())
    server.pages["/papers/2601.00001.md"] = b"lamp " * 50_000
    with pytest.raises(ReadError, match="larger"):
        await read_with(reader, makers.paper())
    server.pages["/papers/2601.00001.md"] = bytes(range(256)) * 10
    with pytest.raises(ReadError, match="fewer than 100 words"):
        await read_with(reader, makers.paper())


def test_a_passage_without_heading_is_the_title_or_a_long_opening() -> None:
    """Authors and affiliations before the first heading are short and go; an abstract without a heading stays."""
    page = f"# Lanterns\n\nAnn Writer, Example Lab\n\n{_FILLER}\n\n## 1 Lamps\n\nThey burn.\n\n## 2 Wicks\n\nThey too."
    assert [one for one in passages(page) if not one.heading] == [
        Passage("", "", PassageKind.TEXT, "Lanterns"),
        Passage("", "", PassageKind.TEXT, _FILLER.strip()),
    ]
