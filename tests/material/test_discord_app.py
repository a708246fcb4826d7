"""A real day in a Slack and a Discord at once."""

from __future__ import annotations

from pathlib import Path

from tests.discord_server import DiscordServer
from tests.material import material
from tests.slack_server import SlackServer
from tests.test_app import Bot
from tests.test_discord_app import bot, both, discord, posts_to_both_and_answers, slack  # noqa: F401 (fixtures)


async def test_one_bot_posts_a_real_day_to_both_platforms_once_and_answers_on_both(
    slack: SlackServer, discord: DiscordServer, both: Bot, tmp_path: Path
) -> None:
    """Twenty-three papers in Chinese."""
    assert both.command("import", str(material("reports/2026-01-16.md"))).returncode == 0
    await posts_to_both_and_answers(slack, discord, both, tmp_path, "2026-01-16", "2601.10592", 23, "zh")
