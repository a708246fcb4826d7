"""`paperboy run` and the commands beside it with a Discord, and with a Slack and a Discord at once: the real console
script, against local servers. The verdict is always what those have.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from digest.lookups import Lookups
from digest.types import ArxivId, Block, Paragraph, Points, RunKind, SectionName, Table
from tests.discord_chat import read_out
from tests.discord_faults import Error, Status, TimeoutAfterApplying
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, FORUM, GRANTED, GUILD, MUTED, PAPERS, WEI
from tests.discord_world import BOT_TOKEN as DISCORD_TOKEN
from tests.discord_world import Message as Shown
from tests.paper_server import PaperServer
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE as SLACK_ALICE
from tests.slack_world import APP_TOKEN, BOT_TOKEN
from tests.slack_world import PAPERS as SLACK_PAPERS
from tests.tcp_door import Door
from tests.test_app import HANG_S, NOBODY, Bot, resting
from tests.test_cli_deliver import DAY, IDS, day_report, keep_the_day

TITLES = [f"A Kite on {number} Strings" for number in range(1, 6)]


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


@pytest.fixture
def bot(discord: DiscordServer, tmp_path: Path) -> Iterator[Bot]:
    """With a Discord, over a store with a day of five papers."""
    ours = ("PAPERBOY_", "SLACK_", "DISCORD_", "XDG_")
    made = Bot(
        {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "HOME": str(tmp_path),
            "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
            "PAPERBOY_HUB__URL": NOBODY,
            "PAPERBOY_DISCORD__API_URL": f"{discord.url}/api/v10",
            "PAPERBOY_DISCORD__GATEWAY_URL": discord.gateway_url,
            "PAPERBOY_DISCORD__TIMEOUT_S": "2",
            "PAPERBOY_DELIVERY__MARGIN_S": "0.5",
            "DISCORD_TOKEN": DISCORD_TOKEN,
        }
    )
    keep_the_day(tmp_path)
    yield made
    made.close()


@pytest.fixture
def both(bot: Bot, slack: SlackServer) -> Bot:
    """With a Slack as well."""
    tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
    gaps = {"PAPERBOY_SLACK__CHANNEL_GAP_S": "0", "PAPERBOY_SLACK__WORKSPACE_GAP_S": "0"}
    bot.environment = {**bot.environment, "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/", **gaps, **tokens}
    return bot


def channels(folder: Path, *destinations: str, more: str = "") -> tuple[str, str]:
    """The options that name a settings file with these channels."""
    file = folder / "own.toml"
    file.write_text(
        "".join(f"[[channels]]\ndestination = '{to}'\n{resting()}{more}" for to in destinations), encoding="utf-8"
    )
    return "--config", str(file)


def in_thread(discord: DiscordServer, channel: str) -> list[Shown]:
    """What stands in the one thread of a text channel, or the one post of a forum."""
    (thread,) = discord.threads(channel)
    return discord.messages(thread.id)


def titles(messages: Sequence[Shown]) -> list[str]:
    return [message.embeds[0]["title"] for message in messages]


def texts_of(blocks: Sequence[Block]) -> Iterator[str]:
    """The words of a section, without what each platform writes in its own way."""
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield from (run.text.strip() for run in runs if run.kind is RunKind.TEXT)
            case Points(points):
                for point in points:
                    yield from texts_of(point)
            case Table(header, rows):
                yield from (run.text.strip() for row in (header, *rows) for cell in row for run in cell)


def folded(text: Any) -> str:
    return re.sub(r"\W+", "", str(text))


async def test_one_bot_posts_a_day_to_both_platforms_once_and_answers_on_both(
    slack: SlackServer, discord: DiscordServer, both: Bot, tmp_path: Path
) -> None:
    """A Slack channel, a Discord text channel and a Discord forum; `/paper ID results` has the same section."""
    await posts_to_both_and_answers(slack, discord, both, tmp_path, DAY, IDS[0], len(IDS), "en")


async def posts_to_both_and_answers(
    slack: SlackServer,
    discord: DiscordServer,
    both: Bot,
    tmp_path: Path,
    day: str,
    paper: str,
    count: int,
    language: str,
) -> None:
    """A stored day of that many papers, of which this one is asked about."""
    places = (f"slack:{SLACK_PAPERS}", f"discord:{GUILD}/{PAPERS}", f"discord:{FORUM}")
    options = channels(tmp_path, *places, more=f"language = '{language}'\n")
    both.start(*options)
    await slack.connected()
    await discord.connected()
    for outcome in (f"{1 + count} sent", "nothing new"):
        asked = await asyncio.to_thread(both.command, *options, "deliver", day)
        assert (asked.returncode, asked.stderr.count("running bot")) == (0, 1), asked.stderr
        assert sorted(asked.stdout.splitlines()) == sorted(f"{to}: {outcome}." for to in places)

    keys = slack.visible_keys(SLACK_PAPERS)
    assert len(keys) == len(set(keys)) == 1 + count
    (headline,) = discord.messages(PAPERS)
    assert headline.is_silent
    cards = in_thread(discord, PAPERS)
    opening, *posts = in_thread(discord, FORUM)
    assert len(set(titles(cards))) == len(cards) == count
    assert titles(posts) == titles(cards)
    assert titles([opening]) == titles([headline])

    in_slack = await slack.command(SLACK_PAPERS, SLACK_ALICE, "/paper", f"{paper} results").answered()
    asked_in_discord = discord.command(PAPERS, ALICE, "paper", id=paper, section="results")
    in_discord = await asked_in_discord.answered()
    with Lookups.open(tmp_path / "paperboy.db") as lookups:
        section = lookups.section(ArxivId(paper), SectionName.RESULTS, language)
    assert section is not None
    said = [folded(text) for text in texts_of(section.blocks)]
    assert any(said)
    for answers in ([one.blocks for one in in_slack], list(map(read_out, in_discord))):
        assert all(text in folded(answers) for text in said)
    assert both.stop()[0] == 0


async def test_a_day_in_discord_is_read_discussed_and_asked_about(discord: DiscordServer, bot: Bot) -> None:
    """Windows, a discussion that a second press leads to, a mention in it, a direct message, suggestions."""
    bot.start()
    await discord.connected()
    for channel in (PAPERS, FORUM):
        delivered = await asyncio.to_thread(bot.command, "deliver", DAY, "--to", f"discord:{channel}")
        assert delivered.returncode == 0, delivered.stderr
    card = in_thread(discord, PAPERS)[0]
    (window,) = await discord.press(card, "Read report", ALICE).answered()
    await discord.press(window, "Experimental results", ALICE).acked()
    (window,) = discord.ephemerals(window.channel, ALICE)
    assert "stays up for 91%" in read_out(window)

    await discord.press(card, "Discuss", ALICE).answered()
    (again,) = await discord.press(card, "Discuss", WEI).answered()
    _, discussion = discord.messages(PAPERS)
    (opens,) = again.components[0]["components"]
    assert opens["url"].endswith(f"/{GUILD}/{discussion.id}/{discussion.id}")
    discord.mention(discussion.id, ALICE, "usage")
    (_, said) = await until(lambda: len(discord.messages(discussion.id)) == 2 and discord.messages(discussion.id))
    assert "wind and a video camera" in read_out(said)
    await discord.press(in_thread(discord, FORUM)[1], "Discuss", ALICE).answered()
    assert [thread.name for thread in discord.threads(FORUM)][1:] == [TITLES[0]]

    discord.direct(ALICE, f"paper {IDS[1]} results")
    await until(lambda: "stays up for 92%" in read_out(discord.messages(ALICE)[-1]))
    asked = discord.complete(PAPERS, WEI, "paper", "id", id="kite on 3")
    await asked.acked()
    assert asked.choices == [{"name": f"{IDS[2]} {TITLES[2]}", "value": IDS[2]}]
    sections = discord.complete(PAPERS, WEI, "paper", "section", id=IDS[2], section="实验")
    await sections.acked()
    assert sections.choices == [{"name": "实验效果", "value": "results"}]
    assert bot.stop()[0] == 0


@pytest.mark.parametrize("channel", [PAPERS, FORUM])
async def test_a_killed_delivery_is_finished_by_the_bot_and_every_message_is_there_once(
    discord: DiscordServer, bot: Bot, channel: str
) -> None:
    """SIGKILL in the middle of the thread, while a message is there and not answered."""

    def posted() -> list[str]:
        return [one for thread in discord.threads(channel) for one in titles(discord.messages(thread.id))]

    discord.fault("create_message", TimeoutAfterApplying(), skip=2)
    killed = bot.begin("deliver", DAY, "--to", f"discord:{channel}")
    await until(lambda: TITLES[1] in posted())
    killed.kill()
    killed.wait()
    assert TITLES[-1] not in posted()
    bot.start()
    await until(lambda: TITLES[-1] in posted())
    assert bot.stop()[0] == 0
    assert [one for one in posted() if one in TITLES] == TITLES
    assert len(discord.threads(channel)) == 1


async def test_a_platform_that_shuts_the_bot_out_does_not_stop_the_other(slack: SlackServer, both: Bot) -> None:
    """What is wrong is said, with what mends it."""
    both.environment = {**both.environment, "DISCORD_TOKEN": "not-a-token"}
    both.start()
    await slack.connected()
    await until(lambda: "goes on without discord" in both.said())
    (answer,) = await slack.command(SLACK_PAPERS, SLACK_ALICE, "/paper", f"{IDS[0]} results").answered()
    assert "Kite 1 stays up for 91% of the day." in str(answer.blocks)
    code, said = both.stop()
    assert code == 0
    assert "set DISCORD_TOKEN" in said
    assert "not-a-token" not in said


@pytest.mark.parametrize("away", ["refused", "503", "unknown host"])
async def test_slack_gets_its_morning_digest_while_discords_gateway_is_away(
    slack: SlackServer, discord: DiscordServer, both: Bot, tmp_path: Path, away: str
) -> None:
    """From the first connection on; Discord's own channel gets its digest too, which needs no gateway."""
    report = tmp_path / "today.md"
    report.write_text(day_report(f"{datetime.now(UTC):%Y-%m-%d}"), encoding="utf-8")
    assert both.command("import", str(report)).returncode == 0
    file = tmp_path / "own.toml"
    channel = "[[channels]]\ndestination = '{}'\nat = '00:00'\nuntil = '00:00'\n"  # the whole day
    file.write_text(channel.format(f"slack:{SLACK_PAPERS}") + channel.format(f"discord:{PAPERS}"), encoding="utf-8")
    discord.gateway.turned_away = True
    async with Door(0) as door:
        gateways = {"refused": f"ws://127.0.0.1:{door.port}/", "unknown host": "ws://gateway.invalid/"}
        gateway = gateways.get(away, discord.gateway_url)
        both.environment = {**both.environment, "PAPERBOY_DISCORD__GATEWAY_URL": gateway}
        running = both.start("--config", str(file))
        await until(lambda: both.said().count("gateway cannot be reached") >= 2, HANG_S)
        await until(lambda: len(slack.visible(SLACK_PAPERS)) == 6, HANG_S)
        await until(lambda: discord.threads(PAPERS) and len(in_thread(discord, PAPERS)) == 5, HANG_S)
        await slack.connected(timeout_s=HANG_S)
        asked = slack.command(SLACK_PAPERS, SLACK_ALICE, "/paper", f"{IDS[0]} results")
        (answer,) = await asked.answered(timeout_s=HANG_S)
        assert "Kite 1 stays up for 91% of the day." in str(answer.blocks)
        assert running.poll() is None
        assert (await asyncio.to_thread(both.stop))[0] == 0


def test_a_server_that_removed_the_bot_is_parked_and_resumed_when_it_is_back(
    discord: DiscordServer, bot: Bot, tmp_path: Path
) -> None:
    """Nothing is lost meanwhile, and another destination goes on."""
    discord.remove_bot(GUILD)
    options = channels(tmp_path, f"discord:{PAPERS}", f"discord:{ALICE}", more="limit = 1\n")
    partly = bot.command(*options, "deliver", DAY)
    assert partly.returncode == 3
    assert f"discord:{PAPERS}: 0 sent, 2 waiting. Parked: " in partly.stdout
    assert f"discord:{ALICE}: 2 sent." in partly.stdout
    discord.invite_bot(GUILD)
    assert "2 messages go on" in bot.command("resume", f"discord:{PAPERS}").stdout
    assert bot.command(*options, "deliver", DAY).returncode == 0
    assert titles(in_thread(discord, PAPERS)) == TITLES[:1]
    assert len(discord.messages(ALICE)) == 2


def test_a_persons_conversation_is_opened_once_for_all_days(discord: DiscordServer, bot: Bot, tmp_path: Path) -> None:
    """Another process, the next day, remembers it."""
    own = channels(tmp_path, f"discord:{ALICE}", more="limit = 1\n")
    file = tmp_path / "next.md"
    file.write_text(day_report("2026-01-17", tuple(f"2601.2000{number}" for number in range(5))), encoding="utf-8")
    assert bot.command("import", str(file)).returncode == 0
    for day in (DAY, "2026-01-17"):
        assert bot.command(*own, "deliver", day).returncode == 0
    assert len(discord.messages(ALICE)) == 4
    assert len(discord.asked("create_dm")) == 1


def test_a_card_that_the_operator_found_is_in_the_days_thread(discord: DiscordServer, bot: Bot, tmp_path: Path) -> None:
    """Its answer was lost and nobody could look for it; what is told of it later finds it where it is."""
    own = channels(tmp_path, f"discord:{PAPERS}")
    discord.fault("create_message", Status(500, applied=True), skip=1)
    discord.fault("list_messages", Error(50035), times=50)
    assert bot.command(*own, "deliver", DAY).returncode != 0
    key = re.findall(r"paperboy resolve (\w+) sent", bot.command("status").stdout)[0]
    headline, *cards = [message.id for message in (*discord.messages(PAPERS), *in_thread(discord, PAPERS))]
    assert bot.command("resolve", key, "sent", cards[0]).returncode == 0
    assert bot.command(*own, "deliver", DAY).returncode == 0
    with Lookups.open(tmp_path / "paperboy.db") as lookups:
        places = lookups.connection.execute("SELECT platform_channel, platform_message, platform_thread FROM messages")
        assert [tuple(place) for place in places] == [(PAPERS, one, headline) for one in (headline, *cards)]


def test_a_dry_run_needs_no_token_and_a_delivery_names_the_one_it_needs(discord: DiscordServer, bot: Bot) -> None:
    """Before anything is written."""
    bot.environment = {**bot.environment, "DISCORD_TOKEN": ""}
    shown = bot.command("deliver", DAY, "--to", f"discord:{FORUM}", "--dry-run")
    assert shown.stdout.startswith(f"\ndiscord:{FORUM} would get 6 messages:")
    for arguments in (("deliver", DAY, "--to", f"discord:{FORUM}"), ("discord-invite",)):
        told = bot.command(*arguments)
        assert (told.returncode, "Set DISCORD_TOKEN" in told.stderr) == (1, True)
    assert "nothing has been delivered yet" in bot.command("status").stdout
    nothing = bot.command("run")
    assert (nothing.returncode, "For Discord set DISCORD_TOKEN." in nothing.stderr) == (1, True)
    assert discord.requests == []


def test_the_invitation_asks_for_the_permissions_that_are_used_and_the_doctor_names_those_that_lack(
    bot: Bot, tmp_path: Path
) -> None:
    """As Discord's own interface calls them."""
    told = parse_qs(urlsplit(bot.command("discord-invite").stdout.strip()).query)
    assert told["client_id"] == [APPLICATION]
    assert int(told["permissions"][0]) == int(GRANTED)
    with PaperServer() as papers:
        addresses = {"PAPERBOY_HUB__URL": papers.url, "PAPERBOY_ARXIV__URL": papers.url, "PAPERBOY_ARXIV__GAP_S": "0"}
        bot.environment = {**bot.environment, **addresses}
        well = bot.command(*channels(tmp_path, f"discord:{GUILD}/{PAPERS}", f"discord:{FORUM}"), "doctor")
        assert well.returncode == 0, well.stdout
        assert re.search(r"ok +discord +\S+/api/v10; channels: 2", well.stdout)
        lacking = bot.command(*channels(tmp_path, f"discord:{MUTED}", f"discord:{PAPERS}"), "doctor")
        assert lacking.returncode == 1
        assert f'discord:{MUTED}: The bot lacks "Send Messages"' in lacking.stdout
        bot.environment = {**bot.environment, "DISCORD_TOKEN": ""}
        assert "Set DISCORD_TOKEN" in bot.command(*channels(tmp_path, f"discord:{PAPERS}"), "doctor").stdout
        assert "not set up. DISCORD_TOKEN begins the way" in bot.command("doctor").stdout


def test_a_server_that_the_settings_leave_out_is_parked_and_told_by_the_doctor(
    discord: DiscordServer, bot: Bot, tmp_path: Path
) -> None:
    """With the id that mends it; a server that the bot is not in is told, too."""
    options = channels(tmp_path, f"discord:{PAPERS}", more="limit = 1\n")
    limit = "[discord]\nservers = ['100000000000000090']\n"
    (tmp_path / "own.toml").write_text(limit + (tmp_path / "own.toml").read_text(encoding="utf-8"), encoding="utf-8")
    parked = bot.command(*options, "deliver", DAY)
    assert parked.returncode != 0
    assert f"Parked: #papers is in the server {GUILD}, which is not in discord.servers." in parked.stdout
    assert discord.messages(PAPERS) == []
    told = bot.command(*options, "doctor").stdout
    assert f"discord:{PAPERS}: #papers is in the server {GUILD}, which is not in discord.servers." in told
    assert "discord.servers: The bot is not in the server 100000000000000090." in told
