"""A digest in the terminal: a headline, and a reply for each paper."""

from __future__ import annotations

import io

from rich.console import Console

from adapters.terminal import Terminal
from bot import compose
from digest import render
from digest.types import Digest
from tests.makers import DAY, paper, report

TEXTS = compose.texts("en")


def printed(papers: int = 2, columns: int = 100) -> list[str]:
    console = Console(file=io.StringIO(), width=columns)
    terminal = Terminal(console)
    entries = tuple((paper(f"2601.0000{number}"), report(f"2601.0000{number}")) for number in range(1, papers + 1))
    terminal.headline(render.headline(Digest(day=DAY, language="en", papers=entries), TEXTS))
    for known, told in entries:
        terminal.reply(render.card(known, told, TEXTS))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


def test_the_headline_tells_the_day_and_its_three_most_upvoted() -> None:
    """Date and count, three titles of at most 120 characters without addresses, and how many were read in full."""
    lines = printed(papers=5)
    end = lines.index("  │")
    assert lines[1] == "Papers · Fri 16 Jan 2026 · 5"
    assert lines[2:5] == [f"• ▲7 Lanterns for Deep Networks 2601.0000{number}" for number in (1, 2, 3)]
    assert lines[5:end] == ["5 read in full"]


def test_each_paper_has_title_address_contribution_and_facts() -> None:
    """On a rail under the headline, as replies in a thread."""
    lines = printed(papers=1)
    assert lines[lines.index("  │") + 1 :] == [
        "  │ Lanterns for Deep Networks 2601.00001",
        "  │ https://huggingface.co/papers/2601.00001",
        "  │ Lanterns make every layer of a network visible.",
        "  │ vision, theory · Example Lab · ▲7 · full text",
    ]


def test_a_formula_in_a_title_reads_as_text() -> None:
    """In the headline, where it has no dollars, and above its card."""
    console = Console(file=io.StringIO(), width=80)
    terminal = Terminal(console)
    known = paper(title=r"The $\alpha_{2}$ lamp")
    terminal.headline(render.headline(Digest(day=DAY, language="en", papers=((known, None),)), TEXTS))
    terminal.reply(render.card(known, None, TEXTS))
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert "• ▲7 The α_2 lamp" in lines
    assert "  │ The α_2 lamp" in lines


def test_lines_stay_within_a_narrow_terminal() -> None:
    """Addresses alone may be longer: broken, they could not be opened."""
    assert all(len(line) <= 40 or "https://" in line for line in printed(columns=40))


def test_buttons_are_not_torn_apart() -> None:
    """They go on in the next line, beside the rail of a reply."""
    console = Console(file=io.StringIO(), width=40)
    labels = ["Read report", "Discuss", "What the report is made from", "Report a mistake"]
    Terminal(console).buttons(labels, under=True)
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "  │ [Read report]  [Discuss]",
        "  │ [What the report is made from]",
        "  │ [Report a mistake]",
    ]
