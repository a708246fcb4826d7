"""Delivering a real day from the command line."""

from __future__ import annotations

from tests.material import material
from tests.slack_server import SlackProcess
from tests.slack_world import PAPERS
from tests.test_cli_deliver import Paperboy, environment, paperboy, slack, thread  # noqa: F401 (fixtures)


def test_the_real_day_is_one_headline_and_twenty_three_replies(slack: SlackProcess, paperboy: Paperboy) -> None:
    """Each once; a paper's results are those of the report."""
    assert paperboy("import", str(material("reports/2026-01-16.md"))).returncode == 0
    delivered = paperboy("deliver", "2026-01-16", "--to", f"slack:{PAPERS}")
    assert delivered.returncode == 0, delivered.stderr
    headline, cards = thread(slack, PAPERS)
    assert headline.blocks[0]["text"]["text"] == "Papers · Fri 16 Jan · 23"
    assert len({card.key for card in cards}) == len(cards) == 23
