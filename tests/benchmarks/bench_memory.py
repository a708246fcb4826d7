"""The running bot's memory, as the system counts it: idle, and after more than a usual day's work in half a minute."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from adapters.slack_send import CHANNEL_GAP_S, WORKSPACE_GAP_S
from bot.compose import clock
from digest.store import Store
from tests.benchmarks.timing import show
from tests.delivery_makers import stored_day
from tests.makers import DAY
from tests.slack_server import SlackProcess
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, WEI

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
DAYS, PAPERS = 40, 23
CHANNELS = tuple(f"C0BENCH{number:02}" for number in range(5))
ROUNDS, ASKED = 4, 300  # questions of a round
AT_ONCE = 8
STILL_S = 3.0
_LOOK_S = 0.2


class Watch(threading.Thread):
    """Looks at a process's resident memory now and then; `most_mb` is the most it has seen."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._over = threading.Event()
        self.most_mb = 0.0

    def run(self) -> None:
        while not self._over.wait(_LOOK_S):
            self.now_mb()

    def now_mb(self) -> float:
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self._process.pid)], capture_output=True, check=True)
        now_mb = int(told.stdout) / 1024
        self.most_mb = max(self.most_mb, now_mb)
        return now_mb

    def end(self) -> None:
        self._over.set()
        self.join()


@contextmanager
def running(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """`paperboy run` as a process; it is told to stop at the end, and does."""
    process = subprocess.Popen([PAPERBOY, "run"], env=environment)
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()


def questions() -> Iterator[tuple[str, str]]:
    """What people ask, some of it again and again, some of it for the first time."""
    for number in itertools.count():
        day = DAY - timedelta(days=number % DAYS)
        yield "/paper", f"2601.{1 + number % (DAYS * PAPERS):05} results"
        yield "/paper", f"2601.{1 + number * 7 % (DAYS * PAPERS):05}"
        yield "/papers", f"lanterns {day}"
        yield "/papers", str(day)
        yield "/paperboy", "status"


def asked(slack: SlackProcess, what: Iterator[tuple[str, str]]) -> None:
    """A round of questions, each answered."""

    def ask(question: tuple[int, tuple[str, str]]) -> None:
        number, (command, text) = question
        told = slack.command(CHANNELS[0], (ALICE, WEI)[number % 2], command, text, timeout_s=30.0)
        assert told["answers"]

    with ThreadPoolExecutor(AT_ONCE) as people:
        list(people.map(ask, enumerate(itertools.islice(what, ASKED))))


def connected(slack: SlackProcess) -> None:
    """Waits until the bot is, and has nothing to do."""
    deadline = time.monotonic() + 30.0
    while not any(request.method == "apps.connections.open" for request in slack.ledger().requests):
        assert time.monotonic() < deadline, "the bot does not connect"
        time.sleep(_LOOK_S)
    time.sleep(STILL_S)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, SlackProcess() as slack:
        path = Path(folder) / "paperboy.db"
        with Store.create(path, clock) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            for number in range(DAYS):
                stored_day(store, PAPERS, DAY - timedelta(days=number), 1 + number * PAPERS)
        slack.set(channels=CHANNELS, per_channel_s=CHANNEL_GAP_S, per_workspace_s=WORKSPACE_GAP_S)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "XDG_"))}
        environment = {
            **kept,
            "HOME": folder,
            "PAPERBOY_STORE__PATH": str(path),
            "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }
        with running(environment) as process:
            connected(slack)
            watch = Watch(process)
            watch.start()
            rows = {"idle": f"{watch.now_mb():.0f} MB"}
            to = [word for channel in CHANNELS for word in ("--to", f"slack:{channel}")]
            delivering = subprocess.Popen(
                [PAPERBOY, "deliver", str(DAY), *to], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            what = questions()
            for turn in range(1, ROUNDS + 1):
                asked(slack, what)
                rows[f"after {turn * ASKED:,} questions"] = f"{watch.now_mb():.0f} MB"
            _, told = delivering.communicate(timeout=120)
            assert delivering.returncode == 0, told
            rows[f"after {len(CHANNELS) * (1 + PAPERS)} messages too"] = f"{watch.now_mb():.0f} MB"
            watch.end()
            rows["most"] = f"{watch.most_mb:.0f} MB"
    show("paperboy run: resident memory", rows, "160 MB idle, 300 MB over a day")


if __name__ == "__main__":
    main()
