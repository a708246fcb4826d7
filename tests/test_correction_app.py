"""Corrections with the running bot and the command line beside it: the real console script, a local Slack and Discord.

The verdict is always what those have: every copy edited, one reply in each thread, also when the bot dies in between.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from bot import compose, delivery
from digest.editions import Subscription, make_edition, number_of, register
from digest.lookups import Lookups
from digest.store import Store
from digest.types import Destination
from tests import discord_faults, slack_faults
from tests.discord_chat import read_out as read_discord
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE as DISCORD_ALICE
from tests.discord_world import BOT_TOKEN as DISCORD_TOKEN
from tests.discord_world import FORUM
from tests.discord_world import PAPERS as DISCORD_PAPERS
from tests.discord_world import Permission as DiscordPermission
from tests.slack_chat import read_out as read_slack
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, PAPERS, SECRET
from tests.test_app import Bot
from tests.test_cli_deliver import DAY, IDS, keep_the_day

TITLE = "A Kite on 1 Strings"
WRONG, RIGHT = "Kite 1 stays up for 91% of the day.", "Kite 1 stays up for 19% of the day."
REPLY = "Corrected: 91% → 19%"
EVERYBODY = (
    Subscription(to=Destination("slack", "", PAPERS), limit=1),
    Subscription(to=Destination("slack", "", SECRET), limit=1, layout="paper"),
    Subscription(to=Destination("slack", "", ALICE), limit=1, kind="person", person=ALICE),
    Subscription(to=Destination("discord", "", DISCORD_PAPERS), limit=1),
    Subscription(to=Destination("discord", "", FORUM), limit=1, kind="forum"),
    Subscription(to=Destination("discord", "", DISCORD_ALICE), limit=1, kind="person", person=DISCORD_ALICE),
)
COPIES = 7  # of the paper's card six, and its section in the thread of the one that has its report there


class Scene:
    """A bot between a Slack and a Discord, over a store with a day that is to be delivered to everybody."""

    def __init__(self, folder: Path, slack: SlackServer, discord: DiscordServer) -> None:
        self.slack, self.discord = slack, discord
        self.path = folder / "paperboy.db"
        ours = ("PAPERBOY_", "SLACK_", "DISCORD_", "XDG_")
        self.bot = Bot(
            {
                **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
                "HOME": str(folder),
                "PAPERBOY_STORE__PATH": str(self.path),
                "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
                "PAPERBOY_SLACK__TIMEOUT_S": "2",
                "PAPERBOY_SLACK__CHANNEL_GAP_S": "0",
                "PAPERBOY_SLACK__WORKSPACE_GAP_S": "0",
                "PAPERBOY_DISCORD__API_URL": f"{discord.url}/api/v10",
                "PAPERBOY_DISCORD__GATEWAY_URL": discord.gateway_url,
                "PAPERBOY_DISCORD__TIMEOUT_S": "2",
                "PAPERBOY_DELIVERY__MARGIN_S": "0.5",
                "SLACK_BOT_TOKEN": BOT_TOKEN,
                "SLACK_APP_TOKEN": APP_TOKEN,
                "DISCORD_TOKEN": DISCORD_TOKEN,
            }
        )
        self.right = folder / "results.md"
        self.right.write_text(f"* {RIGHT}\n", encoding="utf-8")
        keep_the_day(folder)
        with Store.create(self.path, compose.clock) as store:
            register(store, EVERYBODY, origin="chat")
            for one in EVERYBODY:
                make_edition(store, number_of(store, one.to), date.fromisoformat(DAY), delivery.composer(one))

    async def deliver(self) -> None:
        """Starts the bot, which delivers everything."""
        self.bot.start()
        await self.settled()

    async def settled(self) -> None:
        """Waits until nothing is left to be sent."""
        await until(lambda: self.left() == 0)

    def left(self) -> int:
        with Lookups.open(self.path) as lookups:
            (count,) = lookups.connection.execute(
                "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'in flight', 'failed')"
            ).fetchone()
        return int(count)

    async def correct(self) -> str:
        told = await asyncio.to_thread(self.bot.command, "correct", IDS[0], "results", "--file", str(self.right))
        assert told.returncode == 0, told.stderr
        return told.stdout

    def kill(self) -> None:
        assert self.bot.process is not None
        self.bot.process.kill()
        self.bot.process.wait()

    def texts(self) -> list[str]:
        """Everything that everybody can see on both platforms."""
        return [*map(read_slack, self.slack.visible()), *map(read_discord, self.discord.visible())]

    def copies(self) -> list[str]:
        """What shows the paper's report: its cards, and its results in a thread."""
        return [
            text
            for text in self.texts()
            if ("without a pilot" in text and "Core contribution" not in text) or "of the day." in text
        ]

    def replies(self) -> list[tuple[str, str]]:
        """Where it is said that it was corrected: channel and thread."""
        slack = [(one.channel, one.thread_ts or "") for one in self.slack.visible() if REPLY in read_slack(one)]
        return slack + [(one.channel, "") for one in self.discord.visible() if REPLY in read_discord(one)]

    def assert_right(self) -> None:
        """Each copy once and right; one reply in each thread, under the message that the copy stands under."""
        assert len(self.copies()) == COPIES
        assert all("corrected" in text or RIGHT in text for text in self.copies())
        assert not any(WRONG in text for text in self.texts())
        keys = self.slack.visible_keys()
        assert len(keys) == len(set(keys))
        (headline,) = self.slack.messages(PAPERS)
        (card,) = self.slack.messages(SECRET)
        direct = [channel.id for channel in self.slack.workspaces["T0LANTERN"].channels.values() if channel.person]
        in_discord = [thread.id for place in (DISCORD_PAPERS, FORUM) for thread in self.discord.threads(place)]
        assert sorted(self.replies()) == sorted(
            [
                (PAPERS, headline.ts),
                (SECRET, card.ts),
                *((channel, "") for channel in direct),
                *((thread, "") for thread in in_discord),
                (self.discord.direct_with(DISCORD_ALICE).id, ""),
            ]
        )


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


@pytest.fixture
def scene(slack: SlackServer, discord: DiscordServer, tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path, slack, discord)
    yield made
    made.bot.close()


async def test_a_correction_reaches_every_copy_on_both_platforms_once(scene: Scene) -> None:
    """While the bot runs: the command says what is edited where, the bot does it, answers are right from then on."""
    await scene.deliver()
    assert len(scene.copies()) == COPIES
    told = await scene.correct()
    assert f"  {REPLY}\n" in told
    assert f"  slack:{SECRET}  2 messages edited, 1 reply\n" in told
    assert f"  discord:{FORUM}  1 message edited, 1 reply\n" in told
    await scene.settled()
    scene.assert_right()
    assert len(scene.slack.asked("chat.update")) == 4
    assert len(scene.discord.asked("update_message")) == 3
    (answer,) = await scene.slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results").answered()
    assert RIGHT in str(answer.blocks)
    assert scene.bot.stop()[0] == 0


@pytest.mark.parametrize(
    ("in_slack", "in_discord"), [("chat.update", "update_message"), ("chat.postMessage", "create_message")]
)
async def test_a_bot_that_dies_in_between_says_it_once_all_the_same(
    scene: Scene, in_slack: str, in_discord: str
) -> None:
    """An edit or a reply has arrived, and the bot is killed before it is told so; the next one finishes."""
    await scene.deliver()
    asked = len(scene.slack.asked(in_slack)), len(scene.discord.asked(in_discord))
    scene.slack.fault(in_slack, slack_faults.TimeoutAfterApplying(), channel=PAPERS)
    scene.discord.fault(in_discord, discord_faults.TimeoutAfterApplying())
    await scene.correct()
    await until(lambda: len(scene.slack.asked(in_slack)) > asked[0] and len(scene.discord.asked(in_discord)) > asked[1])
    scene.kill()
    assert scene.left() > 0
    scene.bot.start()
    await scene.settled()
    scene.assert_right()
    assert scene.bot.stop()[0] == 0


async def test_a_correction_that_comes_before_the_bot_is_delivered_right_from_the_start(scene: Scene) -> None:
    """Nobody sees what was wrong, so that nobody has to be told."""
    told = await scene.correct()
    assert f"  slack:{SECRET}  2 messages not posted yet: corrected\n" in told
    await scene.deliver()
    assert len(scene.copies()) == COPIES
    assert not any(WRONG in text or "Corrected:" in text for text in scene.texts())
    assert scene.slack.asked("chat.update") == []
    assert scene.bot.stop()[0] == 0


async def test_what_people_deleted_does_not_come_back(scene: Scene) -> None:
    """A card in a thread, a card with a thread of its own, a card in a forum, a whole thread: nothing is posted in
    their place, nothing is parked, and all other copies are right."""
    await scene.deliver()
    (card,) = (one for one in scene.slack.visible(PAPERS) if TITLE in read_slack(one) and one.thread_ts)
    (root,) = scene.slack.messages(SECRET)
    for gone in (card, root):
        scene.slack.delete(gone)
    (thread,) = scene.discord.threads(DISCORD_PAPERS)
    scene.discord.remove_channel(thread.id)
    (post,) = scene.discord.threads(FORUM)
    scene.discord.delete(scene.discord.messages(post.id)[1])
    before = len(scene.texts())
    await scene.correct()
    await scene.settled()
    assert [
        one.channel for one in scene.slack.visible() if "without a pilot" in read_slack(one) and one.is_parent
    ] == []
    corrected = [text for text in scene.copies() if "corrected" in text or RIGHT in text]
    assert len(corrected) == len(scene.copies()) == 3  # both people's cards, and the section under the deleted card
    places = [channel for channel, _ in scene.replies()]
    assert SECRET not in places
    assert thread.id not in places
    assert len(scene.texts()) == before + len(places)
    with Lookups.open(scene.path) as lookups:
        assert (
            lookups.connection.execute("SELECT count(*) FROM messages WHERE deleted_at IS NOT NULL").fetchone()[0] >= 4
        )
        assert not lookups.connection.execute("SELECT 1 FROM destinations WHERE parked_at IS NOT NULL").fetchall()
    assert scene.bot.stop()[0] == 0


async def test_a_withdrawal_reaches_every_copy_and_is_undone_in_each(scene: Scene) -> None:
    """The text is gone everywhere, the reason stands there; then everything is seen as before. Each thread hears of
    both."""
    await scene.deliver()
    before = sorted(scene.texts())
    done = await asyncio.to_thread(scene.bot.command, "withdraw", IDS[0], "--why", "The paper was retracted.")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{IDS[0]} is withdrawn.")
    await scene.settled()
    assert not any("without a pilot" in text or WRONG in text for text in scene.texts())
    said = [text for text in scene.texts() if "Withdrawn: The paper was retracted." in text]
    assert len(said) == 6 + 5 + 6  # cards, sections, replies
    (answer,) = await scene.slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results").answered()
    assert "was withdrawn: The paper was retracted." in str(answer.blocks)
    done = await asyncio.to_thread(scene.bot.command, "reinstate", IDS[0])
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{IDS[0]} is reinstated.")
    await scene.settled()
    told = ("Withdrawn: The paper was retracted.", "Reinstated: the report is available again.")
    assert [text for text in sorted(scene.texts()) if not any(one in text for one in told)] == before
    assert [sum(one in text for text in scene.texts()) for one in told] == [6, 6]
    assert scene.bot.stop()[0] == 0


async def test_managers_hide_a_card_in_their_channel_and_show_it_again(scene: Scene) -> None:
    """On both platforms, in a text channel's thread and in a forum; other channels and people keep theirs."""
    scene.slack.workspaces["T0LANTERN"].channels[PAPERS].creator = ALICE
    scene.discord.people[DISCORD_ALICE].permissions |= DiscordPermission.MANAGE_CHANNELS
    await scene.deliver()
    before = sorted(scene.texts())
    elsewhere = [read_slack(one) for one in scene.slack.visible(SECRET)]
    (post,) = scene.discord.threads(FORUM)

    async def say(words: str) -> None:
        await scene.slack.command(PAPERS, ALICE, "/paperboy", f"{words} {IDS[0]}").answered()
        for place in (DISCORD_PAPERS, post.id):
            await scene.discord.command(place, DISCORD_ALICE, f"paperboy {words}", id=IDS[0]).answered()
        await scene.settled()

    await say("hide")
    hidden = [text for text in scene.texts() if "Hidden in this channel by its managers." in text]
    assert len(hidden) == 3
    here = [*map(read_slack, scene.slack.visible(PAPERS)), *map(read_discord, scene.discord.visible(post.id))]
    here += [
        read_discord(one) for place in scene.discord.threads(DISCORD_PAPERS) for one in scene.discord.visible(place.id)
    ]
    assert not any(TITLE in text for text in here if "is hidden" not in text)
    assert [read_slack(one) for one in scene.slack.visible(SECRET)] == elsewhere
    (answer,) = await scene.slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results").answered()
    assert WRONG in str(answer.blocks)
    await say("unhide")
    assert sorted(text for text in scene.texts() if " in this channel" not in text) == before
    assert scene.bot.stop()[0] == 0
