"""Delivering from the command line, as an operator does: the real console script, a Slack in a process of its own.

The verdict is always what that Slack has.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.slack_faults import Error, Held, TimeoutAfterApplying
from tests.slack_server import SlackProcess
from tests.slack_world import ARCHIVED, BOT_TOKEN, OUTSIDE, PAPERS, SECRET, Message

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
DAY = "2026-03-05"
IDS = tuple(f"2603.0{number}001" for number in range(1, 6))

Paperboy = Callable[..., subprocess.CompletedProcess[str]]


def day_report(day: str = DAY, ids: tuple[str, ...] = IDS) -> str:
    """A day report in the form that is imported; one of its papers was read as an abstract only."""
    papers = [
        f"""## A Kite on {number} Strings

- **Link**: https://huggingface.co/papers/{paper_id}
- **Read from**: {"ArXiv Abs" if number == 2 else "HTML"}

1. **Application domain**
   Computer vision, video understanding.

2. **Core contribution**
   It flies kite number {number} without a pilot.

3. **Usage guide**
   *   **Input**: wind and a video camera.

4. **Main innovations**
   *   **A tail**: it keeps the kite upright.

5. **Experimental results**
   *   Kite {number} stays up for {90 + number}% of the day.
"""
        for number, paper_id in enumerate(ids, start=1)
    ]
    head = f"# Daily Papers Report\n**Date**: {day}\n**Source URL**: https://huggingface.co/papers/date/{day}\n\n"
    return head + "=" * 60 + "\n\n" + "\n".join(papers)


@functools.cache
def imported() -> Mapping[str, bytes]:
    """The files of a store into which the day report was imported."""
    with tempfile.TemporaryDirectory() as home:
        file = Path(home) / "day.md"
        file.write_text(day_report(), encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "XDG_"))}
        environment = {**kept, "HOME": home, "PAPERBOY_STORE__PATH": f"{home}/paperboy.db"}
        subprocess.run([PAPERBOY, "import", str(file)], env=environment, stdout=subprocess.DEVNULL, check=True)
        return {file.name: file.read_bytes() for file in Path(home).glob("paperboy.db*")}


def keep_the_day(folder: Path) -> None:
    """Puts a store with a day of five papers there, as if they had just been imported."""
    for name, content in imported().items():
        (folder / name).write_bytes(content)


@pytest.fixture
def slack() -> Iterator[SlackProcess]:
    with SlackProcess() as running:
        yield running


@pytest.fixture
def environment(slack: SlackProcess, tmp_path: Path) -> Mapping[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "SLACK_", "XDG_"))}
    return {
        **kept,
        "HOME": str(tmp_path),
        "COLUMNS": "100",
        "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
        "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
        "PAPERBOY_SLACK__TIMEOUT_S": "2",
        "PAPERBOY_SLACK__CHANNEL_GAP_S": "0",
        "PAPERBOY_SLACK__WORKSPACE_GAP_S": "0",
        "PAPERBOY_DELIVERY__MARGIN_S": "0.5",
        "SLACK_BOT_TOKEN": BOT_TOKEN,
    }


@pytest.fixture
def paperboy(environment: Mapping[str, str], tmp_path: Path) -> Paperboy:
    """The command, over a store with a day of five papers."""

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PAPERBOY, *arguments], env={**environment, **changes}, capture_output=True, text=True, timeout=60
        )

    keep_the_day(tmp_path)
    return run


@pytest.fixture
def small(tmp_path: Path) -> tuple[str, str]:
    """Options with which two channels get one paper each: a headline and a card."""
    channels = (f"[[channels]]\ndestination = 'slack:{channel}'\nlimit = 1\n" for channel in (PAPERS, ARCHIVED))
    file = tmp_path / "small.toml"
    file.write_text("".join(channels), encoding="utf-8")
    return "--config", str(file)


def thread(slack: SlackProcess, channel: str) -> tuple[Message, list[Message]]:
    """The one message in a channel, and the replies under it."""
    world = slack.world()
    (headline,) = world.messages(channel)
    return headline, world.thread(channel, headline.ts)


def test_a_day_is_posted_once_as_a_thread_however_often_it_is_delivered(
    slack: SlackProcess, paperboy: Paperboy
) -> None:
    """One headline and a card for each paper under it, in order; a second run finds nothing to do."""
    first = paperboy("deliver", DAY, "--to", f"slack:{PAPERS}")
    assert first.returncode == 0, first.stderr
    assert first.stdout == f"slack:{PAPERS}: 6 sent.\n"
    assert f"6/6 slack:{PAPERS} done" in first.stderr
    again = paperboy("deliver", DAY, "--to", f"slack:{PAPERS}")
    assert (again.returncode, again.stdout) == (0, f"slack:{PAPERS}: nothing new.\n")

    headline, cards = thread(slack, PAPERS)
    assert headline.blocks[0]["text"]["text"] == "Papers · Thu 5 Mar · 5"
    assert "2 more in thread · 4 read in full, 1 abstract only" in str(headline.blocks)
    assert [re.findall(r"Kite on (\d) Strings", str(card.blocks))[0] for card in cards] == list("12345")
    assert f"slack:{PAPERS}  6 sent" in paperboy("status").stdout
    why = paperboy("why", IDS[0], f"slack:{PAPERS}")
    assert why.stdout.startswith(f"{DAY}: chosen, sent ")


def test_a_dry_run_needs_no_token_and_leaves_no_trace(slack: SlackProcess, paperboy: Paperboy) -> None:
    """It shows each message and where it would go, with its buttons."""
    shown = paperboy("deliver", DAY, "--to", f"slack:{PAPERS}", "--dry-run", SLACK_BOT_TOKEN="")
    assert shown.returncode == 0, shown.stderr
    assert f"slack:{PAPERS} would get 6 messages:" in shown.stdout
    assert "Papers · Thu 5 Mar · 5" in shown.stdout
    assert "[All 5]  [My topics]" in shown.stdout
    assert shown.stdout.count("[Read report]  [Discuss]") == 5
    assert "nothing has been delivered yet" in paperboy("status").stdout
    assert slack.world().messages(PAPERS) == []
    assert slack.ledger().requests == []


def test_without_a_destination_every_channel_of_the_settings_gets_what_it_wants(
    slack: SlackProcess, paperboy: Paperboy, tmp_path: Path
) -> None:
    """Domains, words, limits, languages and layouts are each channel's own; `why` says why a paper did not come."""
    settings = tmp_path / "own.toml"
    settings.write_text(
        f"[[channels]]\ndestination = 'slack:{PAPERS}'\nwith = ['kite on 3']\nlanguage = 'zh'\n"
        f"[[channels]]\ndestination = 'slack:T0LANTERN/{SECRET}'\nlayout = 'paper'\nlimit = 1\n"
        f"[[channels]]\ndestination = 'slack:{OUTSIDE}'\ndomains = ['robotics']\n",
        encoding="utf-8",
    )
    delivered = paperboy("--config", str(settings), "deliver", DAY)
    assert delivered.returncode == 0, delivered.stderr
    headline, cards = thread(slack, PAPERS)
    assert headline.blocks[0]["text"]["text"] == "论文 · 3月5日 周四 · 1 篇"
    assert "Kite on 3 Strings" in str(cards[0].blocks)
    card, sections = thread(slack, SECRET)
    assert "Kite on 1 Strings" in str(card.blocks)
    assert len(sections) == 5
    assert "Kite 1 stays up for 91% of the day." in str(sections[-1].blocks)
    assert f"slack:{OUTSIDE}: nothing new." in delivered.stdout
    assert "left out by the words" in paperboy("why", IDS[0], f"slack:{PAPERS}").stdout
    assert "the day's limit was reached" in paperboy("why", IDS[1], f"slack:{SECRET}").stdout
    assert "none of its domains is wanted" in paperboy("why", IDS[1], f"slack:{OUTSIDE}").stdout


def test_a_killed_delivery_goes_on_and_every_message_is_there_once(
    slack: SlackProcess, paperboy: Paperboy, environment: Mapping[str, str]
) -> None:
    """SIGKILL in the middle of the thread, while the third message is there and not answered."""
    slack.fault("chat.postMessage", TimeoutAfterApplying(), skip=2)
    command = [PAPERBOY, "deliver", DAY, "--to", f"slack:{PAPERS}"]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    wait_for(lambda: len(slack.world().visible(PAPERS)) >= 3)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert len(slack.world().visible(PAPERS)) == 3
    again = paperboy(*command[1:])
    assert again.returncode == 0, again.stderr
    keys = slack.world().visible_keys(PAPERS)
    assert len(keys) == len(set(keys)) == 6
    _, cards = thread(slack, PAPERS)
    assert [re.findall(r"Kite on (\d) Strings", str(card.blocks))[0] for card in cards] == list("12345")


def test_ctrl_c_finishes_the_send_at_hand(
    slack: SlackProcess, paperboy: Paperboy, environment: Mapping[str, str]
) -> None:
    """Nothing is left in doubt, so that the next run goes on at once."""
    slack.fault("chat.postMessage", Held(), skip=1)
    command = [PAPERBOY, "deliver", DAY, "--to", f"slack:{PAPERS}"]
    running = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: len(slack.world().visible(PAPERS)) >= 2)
    running.send_signal(signal.SIGINT)
    slack.repair()
    _, told = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "Stopped. What was finished is stored" in told
    assert len(slack.world().visible(PAPERS)) == 2
    assert "in flight" not in paperboy("status").stdout
    assert "Traceback" not in told


def test_a_channel_that_takes_nothing_is_parked_and_resumed_when_it_is_mended(
    slack: SlackProcess, paperboy: Paperboy, small: tuple[str, str]
) -> None:
    """The reason and the remedy are told; what was to be sent is kept."""
    slack.fault("chat.postMessage", Error("not_in_channel"), channel=PAPERS)
    refused = paperboy(*small, "deliver", DAY, "--to", f"slack:{PAPERS}")
    assert refused.returncode == 1
    assert f"slack:{PAPERS}: 0 sent, 2 waiting. Parked: " in refused.stdout
    assert "/invite" in refused.stdout
    assert f"then: paperboy resume slack:{PAPERS}" in paperboy("status").stdout
    assert f"slack:{PAPERS}: 2 messages go on" in paperboy("resume", f"slack:{PAPERS}").stdout
    assert "was not parked" in paperboy("resume", f"slack:{PAPERS}").stdout
    assert paperboy(*small, "deliver", DAY, "--to", f"slack:{PAPERS}").returncode == 0
    assert len(slack.world().visible(PAPERS)) == 2


def test_one_closed_channel_does_not_stop_another(paperboy: Paperboy, small: tuple[str, str]) -> None:
    """Exit code 3: partial."""
    delivered = paperboy(*small, "deliver", DAY)
    assert delivered.returncode == 3
    assert f"slack:{PAPERS}: 2 sent." in delivered.stdout
    assert f"slack:{ARCHIVED}: 0 sent, 2 waiting. Parked: " in delivered.stdout


def test_an_unknown_delivery_is_shown_and_settled_by_the_operator(
    slack: SlackProcess, paperboy: Paperboy, small: tuple[str, str]
) -> None:
    """Slack lost the answer and then could not be searched: a person looks and says."""
    slack.fault("chat.postMessage", Error("fatal_error"), channel=PAPERS)
    slack.fault("conversations.history", Error("invalid_arguments"), channel=PAPERS, times=50)
    assert paperboy(*small, "deliver", DAY, "--to", f"slack:{PAPERS}").returncode == 1
    key = re.findall(r"paperboy resolve (\w+) resend", paperboy("status").stdout)[0]
    assert paperboy("resolve", key, "sent").returncode == 2
    assert paperboy("resolve", "0" * 24, "resend").returncode == 2
    assert paperboy("resolve", key, "resend").stdout.startswith("It is sent again")
    assert paperboy(*small, "deliver", DAY, "--to", f"slack:{PAPERS}").returncode == 0
    assert len(slack.world().visible(PAPERS)) == 2
    assert "nothing to settle" in paperboy("resolve", key, "sent", "1.1").stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("deliver", "2026-03-09", "--to", "slack:C1"), "No paper of 2026-03-09 is stored. Days that are: 2026-03-05."),
        (("deliver", DAY), "No channel is set. Add [[channels]] to the settings, or name one: --to slack:C024BE91L"),
        (("deliver", DAY, "--to", "everywhere"), '"everywhere" is not a destination.'),
        (("why", IDS[0], "slack:C1"), '"slack:C1" is not a destination here.'),
        (("resume", "slack:C1"), '"slack:C1" is not a destination here.'),
    ],
)
def test_what_cannot_be_done_is_a_sentence_that_says_what_to_do(
    paperboy: Paperboy, arguments: tuple[str, ...], sentence: str
) -> None:
    """Exit code 2: usage."""
    told = paperboy(*arguments)
    assert told.returncode == 2
    assert sentence in told.stderr


def test_a_missing_token_is_named_before_anything_is_written(paperboy: Paperboy) -> None:
    """With the way to one."""
    told = paperboy("deliver", DAY, "--to", f"slack:{PAPERS}", SLACK_BOT_TOKEN="")
    assert told.returncode == 1
    assert "Set SLACK_BOT_TOKEN" in told.stderr
    assert "nothing has been delivered yet" in paperboy("status").stdout


def wait_for(condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
