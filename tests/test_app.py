"""`paperboy run`: the whole bot as a process, in a Slack where people press, type and mention."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.locks import Work, held
from tests.paper_pages import abstract_page, lantern_page
from tests.paper_server import Held, PaperServer, Slow, daily_entry
from tests.slack_faults import Error, Status, TimeoutAfterApplying
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, OUTSIDE, PAPERS, WEI
from tests.test_cli_deliver import DAY, IDS, PAPERBOY, keep_the_day
from tests.test_workers import is_running

HANG_S = 180.0  # only what hangs takes so long
NOBODY = "http://127.0.0.1:9"  # the discard port: a Hub that cannot be reached


def resting() -> str:
    """An hour for a channel that is far from now, so that no bell rings during a test."""
    return f"at = '{datetime.now(UTC) + timedelta(hours=12):%H:%M}'\n"


def _heeds_sighup() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also when the tests run under nohup


class Bot:
    """The running bot, and the command line beside it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.process: subprocess.Popen[bytes] | None = None
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 (`close` ends it)

    def start(self, *arguments: str, before: Sequence[str] = (), stderr: int | None = None) -> subprocess.Popen[bytes]:
        """`before` is a program that starts it, `stderr` where it writes to instead of what `said` reads."""
        self._stderr.seek(0)
        self._stderr.truncate()
        self.process = subprocess.Popen(
            [*before, PAPERBOY, *arguments, "run"],
            env=self.environment,
            stderr=self._stderr if stderr is None else stderr,
            preexec_fn=_heeds_sighup,
        )
        return self.process

    def said(self) -> str:
        """What it has said on stderr since it was started."""
        return os.pread(self._stderr.fileno(), 1_000_000, 0).decode()

    def stop(self) -> tuple[int, str]:
        """Its exit code after SIGTERM, and what it said."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=120)
        return self.process.returncode, self.said()

    def close(self) -> None:
        """Ends it, if it runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._stderr.close()

    def begin(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that is not waited for."""
        silent = subprocess.DEVNULL
        return subprocess.Popen([PAPERBOY, *arguments], env=self.environment, stdout=silent, stderr=silent)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        silent = subprocess.DEVNULL
        return subprocess.run(
            [PAPERBOY, *arguments], env=self.environment, stdin=silent, capture_output=True, text=True, timeout=60
        )


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


@pytest.fixture
def bot(slack: SlackServer, tmp_path: Path) -> Iterator[Bot]:
    """Over a store with a day of five papers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "SLACK_", "XDG_"))}
    made = Bot(
        {
            **kept,
            "HOME": str(tmp_path),
            "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
            "PAPERBOY_HUB__URL": NOBODY,
            "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
            "PAPERBOY_SLACK__TIMEOUT_S": "2",
            "PAPERBOY_SLACK__CHANNEL_GAP_S": "0",
            "PAPERBOY_SLACK__WORKSPACE_GAP_S": "0",
            "PAPERBOY_DELIVERY__MARGIN_S": "0.5",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }
    )
    keep_the_day(tmp_path)
    yield made
    made.close()


async def delivered(slack: SlackServer, count: int) -> None:
    await until(lambda: len(slack.visible(PAPERS)) >= count)


async def test_it_answers_and_stops_when_told_to(slack: SlackServer, bot: Bot) -> None:
    """`/paper ID results` is answered with that section, for the person alone; SIGTERM ends it with 0."""
    bot.start()
    await slack.connected()
    asked = slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results")
    (answer,) = await asked.answered()
    assert "Kite 1 stays up for 91% of the day." in str(answer.blocks)
    assert answer.seen_only_by == ALICE
    code, said = bot.stop()
    assert code == 0
    assert "Traceback" not in said


async def test_a_day_in_the_channel_is_read_discussed_and_asked_about(slack: SlackServer, bot: Bot) -> None:
    """The deliver command asks the running bot; then a window, a discussion, and a mention in its thread."""
    bot.start()
    await slack.connected()
    asked = await asyncio.to_thread(bot.command, "deliver", DAY, "--to", f"slack:{PAPERS}")
    assert (asked.returncode, asked.stdout) == (0, f"slack:{PAPERS}: 6 sent.\n")
    assert "the running bot is asked" in asked.stderr
    (headline,) = slack.messages(PAPERS)
    first, *_ = cards = slack.thread(PAPERS, headline.ts)
    assert len(cards) == 5

    slack.press(first, f"read:{IDS[0]}", ALICE)
    (view,) = await until(lambda: [one for one in slack.open_views(ALICE) if "Application domain" in str(one.body)])
    slack.press(view, f"read:{IDS[0]} results", ALICE)
    await until(lambda: "stays up for 91%" in str(slack.open_views(ALICE)[-1].body["blocks"]))

    slack.press(first, f"discuss:{IDS[0]}", ALICE)
    await until(lambda: len(slack.messages(PAPERS)) == 2)
    slack.press(first, f"discuss:{IDS[0]}", WEI)
    await until(lambda: slack.ephemerals(PAPERS, WEI))
    _, discussion = slack.messages(PAPERS)
    slack.mention(PAPERS, ALICE, "@Paperboy usage", thread_ts=discussion.ts)
    _, said = await until(lambda: len(slack.thread(PAPERS, discussion.ts)) == 2 and slack.thread(PAPERS, discussion.ts))
    assert "wind and a video camera" in str(said.blocks)
    assert len(slack.messages(PAPERS)) == 2
    assert bot.stop()[0] == 0


async def test_an_outage_loses_nothing(slack: SlackServer, bot: Bot, tmp_path: Path) -> None:
    """Half of a thread is posted when Slack begins to fail; the rest comes when it is back, in order and once."""
    settings = tmp_path / "own.toml"
    settings.write_text(f"[[channels]]\ndestination = 'slack:{PAPERS}'\n{resting()}", encoding="utf-8")
    slack.fault("chat.postMessage", Status(503), times=2, skip=2)
    slack.fault("chat.postMessage", Status(502, applied=True), times=1)
    bot.start("--config", str(settings))
    await slack.connected()
    asked = await asyncio.to_thread(bot.command, "--config", str(settings), "deliver", DAY)
    assert asked.returncode == 0, asked.stderr
    keys = slack.visible_keys(PAPERS)
    assert len(keys) == len(set(keys)) == 6
    assert bot.stop()[0] == 0


async def test_what_is_pending_is_delivered_when_it_starts(slack: SlackServer, bot: Bot) -> None:
    """A delivery that was killed is finished by the bot, without another word."""
    slack.fault("chat.postMessage", TimeoutAfterApplying(), skip=2)
    killed = bot.begin("deliver", DAY, "--to", f"slack:{PAPERS}")
    await delivered(slack, 3)
    killed.kill()
    killed.wait()
    assert len(slack.visible(PAPERS)) == 3
    bot.start()
    await delivered(slack, 6)
    assert bot.stop()[0] == 0
    keys = slack.visible_keys(PAPERS)
    assert len(keys) == len(set(keys)) == 6


async def test_it_stops_in_time_over_a_send_that_hangs(slack: SlackServer, bot: Bot) -> None:
    """Long before the send is given up; what was under way is looked for by the next run, not sent again."""
    bot.environment = {**bot.environment, "PAPERBOY_SLACK__TIMEOUT_S": "3600"}
    slack.fault("chat.postMessage", TimeoutAfterApplying(), skip=1)
    bot.start()
    await slack.connected()
    asking = bot.begin("deliver", DAY, "--to", f"slack:{PAPERS}")
    await delivered(slack, 2)
    code, _ = await asyncio.to_thread(bot.stop)
    asking.kill()
    asking.wait()
    assert code == 0
    assert len(slack.visible(PAPERS)) == 2


async def test_a_second_bot_over_the_same_store_is_refused(slack: SlackServer, bot: Bot) -> None:
    """Two senders would post twice."""
    bot.start()
    await slack.connected()
    second = await asyncio.to_thread(bot.command, "run")
    assert second.returncode == 1
    assert "Paperboy is already at work here" in second.stderr


async def test_it_waits_for_a_delivery_by_hand_that_is_under_way(slack: SlackServer, bot: Bot) -> None:
    """It says so once, takes the lock when that process is gone, and goes on from where it came to."""
    bot.environment = {**bot.environment, "PAPERBOY_SLACK__TIMEOUT_S": "600"}
    slack.fault("chat.postMessage", TimeoutAfterApplying(), skip=2)
    delivering = bot.begin("deliver", DAY, "--to", f"slack:{PAPERS}")
    await until(lambda: len(slack.visible(PAPERS)) >= 3, HANG_S)
    bot.environment = {**bot.environment, "PAPERBOY_SLACK__TIMEOUT_S": "2"}
    started = bot.start()
    await until(lambda: f"waiting until process {delivering.pid} has delivered" in bot.said(), HANG_S)
    assert started.poll() is None
    delivering.kill()
    delivering.wait()
    await slack.connected(timeout_s=HANG_S)
    code, said = await asyncio.to_thread(bot.stop)
    assert (code, said.count("waiting until"), said.count("running;")) == (0, 1, 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_it_can_be_stopped_while_it_waits(bot: Bot, tmp_path: Path, number: signal.Signals) -> None:
    """Nothing was begun."""
    with held(tmp_path / "paperboy.db", Work.SEND, one_off=True):
        started = bot.start()
        await until(lambda: "waiting until" in bot.said(), HANG_S)
        started.send_signal(number)
        assert await asyncio.to_thread(started.wait, HANG_S) == 0
    assert "running" not in bot.said()


async def test_a_terminal_that_is_closed_stops_it_like_sigterm(slack: SlackServer, bot: Bot) -> None:
    """SIGHUP; that nobody can be told anything any more is no error."""
    ours, theirs = os.openpty()
    running = bot.start(stderr=theirs)
    os.close(theirs)
    await slack.connected(timeout_s=HANG_S)
    os.close(ours)
    running.send_signal(signal.SIGHUP)
    assert await asyncio.to_thread(running.wait, HANG_S) == 0


async def test_under_nohup_it_outlives_its_terminal(slack: SlackServer, bot: Bot) -> None:
    """A SIGHUP that was ignored from the start stays so."""
    running = bot.start(before=("nohup",))
    await slack.connected(timeout_s=HANG_S)
    running.send_signal(signal.SIGHUP)
    await slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results").answered(timeout_s=HANG_S)
    assert (await asyncio.to_thread(bot.stop))[0] == 0


async def test_a_channel_that_cannot_be_posted_to_is_named_at_the_start(
    slack: SlackServer, bot: Bot, tmp_path: Path
) -> None:
    """With the command that invites the bot."""
    settings = tmp_path / "own.toml"
    settings.write_text(f"[[channels]]\ndestination = 'slack:{OUTSIDE}'\n{resting()}", encoding="utf-8")
    bot.start("--config", str(settings))
    await slack.connected()
    await until(lambda: slack.asked("conversations.info") and slack.asked("conversations.info")[-1].status)
    await until(lambda: "/invite @Paperboy" in bot.said())
    _, said = bot.stop()
    assert f"slack:{OUTSIDE}: " in said
    assert "/invite @Paperboy" in said


def test_a_missing_or_refused_token_ends_it_with_a_sentence(slack: SlackServer, bot: Bot) -> None:
    """Nothing runs on without being let in."""
    bot.environment = {**bot.environment, "SLACK_APP_TOKEN": ""}
    assert "Set SLACK_APP_TOKEN" in bot.command("run").stderr
    bot.environment = {**bot.environment, "SLACK_BOT_TOKEN": ""}
    nothing = bot.command("run")
    assert (nothing.returncode, "No chat platform is set up" in nothing.stderr) == (1, True)
    bot.environment = {**bot.environment, "SLACK_APP_TOKEN": APP_TOKEN, "SLACK_BOT_TOKEN": BOT_TOKEN}
    slack.fault("auth.test", Error("token_revoked"), times=20)
    revoked = bot.command("run")
    assert revoked.returncode == 1
    assert "Slack takes nothing" in revoked.stderr
    assert "Traceback" not in revoked.stderr


def test_the_doctor_looks_at_slack_too(bot: Bot, tmp_path: Path) -> None:
    """Tokens and channels, each with what mends it."""
    with PaperServer() as papers:
        addresses = {"PAPERBOY_HUB__URL": papers.url, "PAPERBOY_ARXIV__URL": papers.url, "PAPERBOY_ARXIV__GAP_S": "0"}
        bot.environment = {**bot.environment, **addresses}
        settings = tmp_path / "own.toml"
        settings.write_text(f"[[channels]]\ndestination = 'slack:{PAPERS}'\n{resting()}", encoding="utf-8")
        well = bot.command("--config", str(settings), "doctor")
        assert well.returncode == 0, well.stdout
        assert "channels: 1" in well.stdout
        settings.write_text(f"[[channels]]\ndestination = 'slack:{OUTSIDE}'\n{resting()}", encoding="utf-8")
        outside = bot.command("--config", str(settings), "doctor")
        assert outside.returncode == 1
        assert "/invite @Paperboy" in outside.stdout
        bot.environment = {**bot.environment, "SLACK_BOT_TOKEN": ""}
        assert "Set SLACK_BOT_TOKEN" in bot.command("--config", str(settings), "doctor").stdout


def test_the_manifest_needs_nothing_and_has_the_commands(bot: Bot) -> None:
    """What is pasted where Slack makes an app."""
    bot.environment = {**bot.environment, "SLACK_APP_TOKEN": "", "SLACK_BOT_TOKEN": ""}
    manifest = json.loads(bot.command("slack-manifest").stdout)
    assert [command["command"] for command in manifest["features"]["slash_commands"]] == [
        "/paper",
        "/papers",
        "/paperboy",
    ]
    assert manifest["settings"]["socket_mode_enabled"] is True


async def test_a_question_outlives_the_bot_that_was_killed_over_it(slack: SlackServer, bot: Bot) -> None:
    """It is promised; the bot is killed while the paper is fetched, and the next one answers by direct message, once,
    to a person who gets no digest."""
    with PaperServer() as papers:
        papers.pages[f"/html/{IDS[0]}"] = lantern_page()
        papers.fault("/html/", Slow(3600))
        addresses = {"PAPERBOY_HUB__URL": papers.url, "PAPERBOY_ARXIV__URL": papers.url, "PAPERBOY_ARXIV__GAP_S": "0"}
        bot.environment = {**bot.environment, **addresses}
        bot.start()
        await slack.connected()
        asked = slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} ask how much memory does the GPU need?")
        (promise,) = await asked.answered()
        assert "Looking it up" in str(promise.blocks)
        await until(lambda: papers.asked("/html/"))
        assert bot.process is not None
        bot.process.kill()
        bot.process.wait()
        bot.start()
        await until(lambda: slack.messages(ALICE))
        assert bot.stop()[0] == 0
    (letter,) = slack.messages(ALICE)
    assert "24 GB of memory" in str(letter.blocks)
    assert slack.messages(PAPERS) == []


_STUCK = """
import os, pathlib, re
import digest.readers.arxiv_html

def parse(page, url):
    pathlib.Path({file!r}).write_text(str(os.getpid()))
    re.search(r"(a+)+b", "a" * 80)  # in C: no thread and no handler of signals gets a turn

digest.readers.arxiv_html.parse = parse
"""


async def test_a_page_over_which_its_reader_hangs_holds_up_nobody(slack: SlackServer, bot: Bot, tmp_path: Path) -> None:
    """Others are answered meanwhile, the bot ends when it is told to, and no process outlives it; killed over the page
    twice, it does not take it up again, and whoever asked is told."""
    new, child = "2601.00904", tmp_path / "child"
    (tmp_path / "sitecustomize.py").write_text(_STUCK.format(file=str(child)), encoding="utf-8")
    with PaperServer() as papers:
        papers.pages[f"/html/{new}"] = lantern_page()
        papers.pages[f"/abs/{new}"] = abstract_page("Moths", "Moths sleep.", "Writer, Anne")
        addresses = {"PAPERBOY_HUB__URL": papers.url, "PAPERBOY_ARXIV__URL": papers.url, "PAPERBOY_ARXIV__GAP_S": "0"}
        path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
        bot.environment = {**bot.environment, **addresses, "PYTHONPATH": path}
        bot.start()
        await slack.connected()
        await slack.command(PAPERS, WEI, "/paper", new).answered()
        for ending in (signal.SIGTERM, signal.SIGKILL, signal.SIGKILL):
            await until(lambda: child.exists() and child.read_text())
            hanging = int(child.read_text())
            (answer,) = await slack.command(PAPERS, ALICE, "/paper", f"{IDS[0]} results").answered()
            assert "Kite 1 stays up for 91% of the day." in str(answer.blocks)
            assert is_running(hanging)
            assert bot.process is not None
            bot.process.send_signal(ending)
            assert await asyncio.to_thread(bot.process.wait, 120) == (0 if ending is signal.SIGTERM else -ending)
            await until(lambda: not is_running(hanging))  # noqa: B023 (it is awaited here)
            child.unlink()
            bot.start()
            await slack.connected()
        await until(lambda: slack.messages(WEI))
        assert (await asyncio.to_thread(bot.stop))[0] == 0
    (letter,) = slack.messages(WEI)
    assert f"处理关于 {new} 的这个请求时，程序两次中断" in str(letter.blocks)  # Wei's language
    assert not child.exists()


async def test_it_reads_ahead_shows_that_it_lives_and_makes_the_digest_that_a_command_asks_for(
    slack: SlackServer, bot: Bot, tmp_path: Path
) -> None:
    """`paperboy digest` finds the lock taken, leaves a job, and prints the day; each page is fetched once."""
    today = datetime.now(UTC).date().isoformat()
    papers = [f"2601.{number:05}" for number in (901, 902, 903)]
    with PaperServer() as web:
        web.days[today] = [daily_entry(one, upvotes=9) for one in papers]
        for one in papers:
            web.pages[f"/html/{one}"] = lantern_page()
        go_on = threading.Event()
        web.fault("/html/", Held(go_on))
        addresses = {"PAPERBOY_HUB__URL": web.url, "PAPERBOY_ARXIV__URL": web.url, "PAPERBOY_ARXIV__GAP_S": "0"}
        bot.environment = {**bot.environment, **addresses, "PAPERBOY_HEARTBEAT_URL": f"{web.url}/alive"}
        settings = tmp_path / "own.toml"
        settings.write_text(f"[[channels]]\ndestination = 'slack:{PAPERS}'\n{resting()}", encoding="utf-8")

        def digest() -> tuple[int, str]:
            """The command's end, once it has found that the bot is there, which is reading until then."""
            command, pipe = [PAPERBOY, "--config", str(settings), "digest", today], subprocess.PIPE
            with subprocess.Popen(command, env=bot.environment, stdout=pipe, stderr=pipe, text=True) as asking:
                assert asking.stderr is not None
                assert any("the running bot is asked to make it" in line for line in asking.stderr)
                go_on.set()
                told, _ = asking.communicate(timeout=120)
            return asking.returncode, told

        bot.start("--config", str(settings))
        await until(lambda: web.asked("/html/"))
        code, told = await asyncio.to_thread(digest)
        assert code == 0
        assert all(one in told for one in papers)
        await until(lambda: web.asked("/alive"))
        assert (await asyncio.to_thread(bot.stop))[0] == 0
        assert sorted(asked.path for asked in web.asked("/html/")) == [f"/html/{one}" for one in papers]
    assert slack.visible(PAPERS) == []


async def test_who_is_forgotten_leaves_no_bytes_in_the_store_while_the_bot_runs(
    slack: SlackServer, bot: Bot, tmp_path: Path
) -> None:
    """Within a minute, in the file, its WAL and the WAL's index."""

    def held() -> list[str]:
        files = [file for file in tmp_path.glob("paperboy.db*") if file.exists()]
        return [file.name for file in files for text in (b"marzipan", ALICE.encode()) if text in file.read_bytes()]

    bot.start()
    await slack.connected(timeout_s=20.0)
    for words in ("subscribe all without marzipan", "subscribe all without marzipan, nougat"):
        await slack.command(PAPERS, ALICE, "/paperboy", words).answered(timeout_s=30.0)
    assert held()
    (asking,) = await slack.command(PAPERS, ALICE, "/paperboy", "forget me").answered(timeout_s=30.0)
    (told,) = await slack.press(asking, "forget:", ALICE).answered(timeout_s=30.0)
    assert "erased" in str(told.blocks)
    await until(lambda: not held(), 60.0)
    assert bot.stop()[0] == 0
    assert not held()
