"""Discord's own description of its interface: what it finds wrong, and that discord.py keeps to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests import discord_spec
from tests.discord_client import App, discord, running
from tests.discord_server import DiscordServer
from tests.discord_world import FORUM, PAPERS
from tests.test_discord_server_rules import row


@pytest.mark.parametrize(
    ("operation", "body", "place"),
    [
        ("create_message", {"content": 1}, ("content",)),
        ("create_message", {"content": "x", "colour": "red"}, ("colour",)),
        ("create_message", {"content": "x", "sticker_ids": ["1", "2", "3", "4"]}, ("sticker_ids",)),
        ("create_message", {"components": [row({"type": 2, "style": 9})]}, ("components", 0, "components", 0, "style")),
        ("create_message", {"allowed_mentions": {"parse": ["all"]}}, ("allowed_mentions", "parse", 0)),
        ("create_dm", {"recipient_id": "alice"}, ("recipient_id",)),
        ("create_thread_from_message", {}, ("name",)),
        ("create_interaction_response", {"type": 4, "data": {"content": 5}}, ("data", "content")),
        ("bulk_set_application_commands", [{"description": "x"}], (0, "name")),
        ("update_channel", {"archived": "no"}, ("archived",)),
    ],
)
def test_the_description_finds_what_is_wrong(operation: str, body: Any, place: tuple[str | int, ...]) -> None:
    """Types, names, counts, required fields and kinds, in the alternative that was meant."""
    assert place in [problem.at for problem in discord_spec.problems(operation, body)]


async def test_what_discord_py_sends_is_in_the_description() -> None:
    """Messages, edits, threads, posts, commands with everything in them: taken as they are."""
    with DiscordServer() as local:
        app = App()
        tree = discord.app_commands.CommandTree(app)

        @tree.command(name="paper", description="A paper's report")
        @discord.app_commands.allowed_contexts(guilds=True, dms=True)
        @discord.app_commands.allowed_installs(guilds=True, users=True)
        async def _paper(_asked: discord.Interaction, name: str, count: int = 1) -> None: ...

        async with running(app, local):
            view = discord.ui.View(timeout=None)
            view.add_item(discord.ui.Button(label="Read", custom_id="read", emoji="📄"))
            view.add_item(discord.ui.Select(custom_id="more", options=[discord.SelectOption(label="a")]))
            embed = discord.Embed(title="t", url="https://x.example", colour=1).add_field(name="n", value="v")
            none = discord.AllowedMentions.none()
            text = app.text(PAPERS)
            sent = await text.send("x", embed=embed, view=view, nonce="1", allowed_mentions=none, silent=True)
            await sent.edit(content="y", embed=embed, view=view, allowed_mentions=none)
            thread = await sent.create_thread(name="Day", auto_archive_duration=1440)
            await thread.send("x", reference=await thread.send("y"))
            await thread.edit(archived=True)
            await app.forum(FORUM).create_thread(name="Day", content="x", embed=embed, view=view)
            await tree.sync()
        assert {request.status for request in local.requests} <= {200, 201}
