"""What a second run, and a run after SIGKILL in the middle of a digest, read and write again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.timing import show
from tests.makers import DAY
from tests.paper_pages import lantern_page
from tests.paper_server import PaperServer, daily_entry

PAPERS = 23
KILL_AFTER = 9  # reports


def main() -> None:
    with PaperServer() as server, tempfile.TemporaryDirectory() as folder:
        ids = [f"2601.{number:05}" for number in range(1, PAPERS + 1)]
        server.days[DAY.isoformat()] = [daily_entry(paper_id) for paper_id in ids]
        server.pages.update({f"/html/{paper_id}": lantern_page() for paper_id in ids})
        path = Path(folder) / "paperboy.db"
        environment = {
            **os.environ,
            "HOME": folder,
            "PAPERBOY_STORE__PATH": str(path),
            "PAPERBOY_HUB__URL": server.url,
            "PAPERBOY_ARXIV__URL": server.url,
            "PAPERBOY_ARXIV__GAP_S": "0.05",
        }
        first = _start(environment)
        while len(_reports(path)) < KILL_AFTER:
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        first.wait()
        written, read = _reports(path), len(_readings(path))
        asked = len(server.requests)
        _start(environment).wait()
        after_kill = [request.path.rpartition("/")[2] for request in server.requests[asked:]]
        rows = {
            "reports when it was killed": str(len(written)),
            "of their papers, read again": str(sum(after_kill.count(paper) for paper, _ in written)),
            "of their papers, written again": str(len(written - _reports(path))),
            "readings when it was killed": str(read),
        }
        before, asked = _reports(path), len(server.requests)
        _start(environment).wait()
        again = [request for request in server.requests[asked:] if request.path.startswith("/html/")]
        rows |= {
            "reports at the end": str(len(before)),
            "read by a re-run": str(len(again)),
            "written by a re-run": str(len(_reports(path) - before)),
        }
    show("a killed digest, and a re-run", rows, "0 read or written again")


def _start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("paperboy")), "digest", str(DAY)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _reports(path: Path) -> set[tuple[str, int]]:
    return _pairs(path, "SELECT paper, revision FROM reports")


def _readings(path: Path) -> set[tuple[str, int]]:
    return _pairs(path, "SELECT paper, 1 FROM readings")


def _pairs(path: Path, question: str) -> set[tuple[str, int]]:
    if not path.exists():
        return set()
    connection = sqlite3.connect(path, timeout=30)
    try:
        return {(row[0], row[1]) for row in connection.execute(question)}
    except sqlite3.OperationalError:  # the tables are not made yet
        return set()
    finally:
        connection.close()


if __name__ == "__main__":
    main()
