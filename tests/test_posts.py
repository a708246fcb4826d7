"""What is posted to channels: the opening of a day, cards, and their buttons."""

from __future__ import annotations

from bot import compose
from bot.registry import COMMANDS
from digest import posts
from digest.types import Digest, Paper, ReadingSource, Report
from tests.makers import DAY, paper, report

ENGLISH, CHINESE = compose.texts("en"), compose.texts("zh")
NAMES = compose.language_names("en")
MENU_ENTRIES = 5  # of the narrowest platform's menu


def entries(count: int) -> tuple[tuple[Paper, Report], ...]:
    """The second was read as an abstract only."""
    ids = [f"2601.{number:05}" for number in range(1, count + 1)]
    return tuple(
        (paper(one), report(one, source=ReadingSource.ABSTRACT if place == 1 else ReadingSource.HTML))
        for place, one in enumerate(ids)
    )


def test_the_opening_says_the_day_the_count_the_first_three_and_how_many_more() -> None:
    """Its first line is what a phone shows; the button counts the whole day, not what was chosen of it."""
    whole = Digest(day=DAY, language="en", papers=entries(23))
    opening = posts.opening(whole, entries(12), ENGLISH)
    assert opening.title == "Papers · Fri 16 Jan · 12"
    assert opening.footer == "9 more in thread · 11 read in full, 1 abstract only"
    assert [action.label for action in opening.actions] == ["All 23", "My topics"]
    assert posts.opening(whole, entries(12), CHINESE).title == "论文 · 1月16日 周五 · 12 篇"


def test_an_opening_that_names_every_paper_speaks_of_no_more() -> None:
    """Up to three papers stand in it."""
    for count in (1, 3):
        opening = posts.opening(Digest(day=DAY, language="en", papers=entries(count)), entries(count), ENGLISH)
        assert "more in thread" not in opening.footer


def test_a_card_in_another_language_than_its_channels_is_labelled() -> None:
    """The stored language is better than nothing, and said."""
    chinese = posts.card(paper(), report(language="zh"), ENGLISH, NAMES, ())
    assert chinese.footer == "vision, theory · Example Lab · ▲7 · full text · in Chinese"
    assert not posts.card(paper(), report(), ENGLISH, NAMES, ()).footer.endswith("English")


def test_a_cards_menu_fits_every_platform_and_leaves_out_what_is_not_known() -> None:
    """No button without an address or a command, and no command that nobody answers."""
    full, bare = posts.actions(paper(), ENGLISH), posts.actions(paper(hub_url="", github_url=""), ENGLISH)
    assert len([action for action in full if action.tucked]) == MENU_ENTRIES
    assert [action.label for action in bare if action.url] == ["Paper on arXiv"]
    known = {command.name for command in COMMANDS}
    for action in (*full, *bare):
        assert action.url or action.command in known
