"""How often the model is asked: for a day, for the same day again, and for a day whose digest was killed in the middle.

Real `paperboy digest` processes; the endpoint counts.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.benchmarks.timing import show
from tests.makers import DAY
from tests.model_answers import Unscored
from tests.model_server import KEY, ModelServer, Request, serving
from tests.paper_pages import lantern_page
from tests.paper_server import PaperServer, daily_entry

PAPERS = 23
KILL_AFTER = 9  # reports
MODEL_S = 0.2


def main() -> None:
    with (
        PaperServer() as server,
        serving(ModelServer(delay_s=MODEL_S, otherwise=Unscored())) as model,
        tempfile.TemporaryDirectory() as home,
    ):
        ids = [f"2601.{number:05}" for number in range(1, PAPERS + 1)]
        server.days[DAY.isoformat()] = [daily_entry(paper_id, title=paper_id) for paper_id in ids]
        server.pages.update({f"/html/{paper_id}": lantern_page() for paper_id in ids})
        rows = {**_whole(_environment(server, model, Path(home) / "whole.db"), model)}
        rows |= _killed(_environment(server, model, Path(home) / "killed.db"), model)
    show(f"model calls for {PAPERS} papers", rows, "1 a paper; 0 for papers already written")


def _whole(environment: Mapping[str, str], model: ModelServer) -> dict[str, str]:
    """A digest that nothing happens to, and the same again."""
    _digest(environment).wait()
    first = _asked(model.calls)
    _digest(environment).wait()
    again = _asked(model.calls) - first
    return {
        "a paper, least and most": f"{min(first.values())}, {max(first.values())} ({len(first)} papers)",
        "on a re-run": str(again.total()),
    }


def _killed(environment: Mapping[str, str], model: ModelServer) -> dict[str, str]:
    """A digest that is killed, the next one, and one more. What was asked and not yet written is asked again."""
    before = len(model.calls)
    path = Path(environment["PAPERBOY_STORE__PATH"])
    running = _digest(environment)
    while len(_written(path)) < KILL_AFTER:
        time.sleep(0.005)
    running.send_signal(signal.SIGKILL)
    running.wait()
    written, first = _written(path), _asked(model.calls[before:])
    before = len(model.calls)
    _digest(environment).wait()
    second = _asked(model.calls[before:])
    before = len(model.calls)
    _digest(environment).wait()
    return {
        "written when it was killed, asked by then": f"{len(written)}, {first.total()}",
        "after the kill, for papers already written": str(sum(second[paper] for paper in written)),
        "after the kill, for the others": f"{second.total()} ({len(first - Counter(written))} of them asked before)",
        "reports at the end": str(len(_written(path))),
        "on a re-run after that": str(len(model.calls) - before),
    }


def _environment(server: PaperServer, model: ModelServer, path: Path) -> Mapping[str, str]:
    return {
        **os.environ,
        "HOME": str(path.parent),
        "PAPERBOY_STORE__PATH": str(path),
        "PAPERBOY_HUB__URL": server.url,
        "PAPERBOY_ARXIV__URL": server.url,
        "PAPERBOY_ARXIV__GAP_S": "0.05",
        "PAPERBOY_LLM__BASE_URL": model.address,
        "PAPERBOY_LLM__MODEL": "a-model",
        "PAPERBOY_LLM__API_KEY": KEY,
    }


def _digest(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("paperboy")), "digest", str(DAY)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _asked(calls: Sequence[Request]) -> Counter[str]:
    """How often each paper was reported on; here a paper's title is its id."""
    return Counter(call.prompt.partition("Title: ")[2].partition("\n")[0] for call in calls)


def _written(path: Path) -> list[str]:
    """The papers whose report the model wrote."""
    if not path.exists():
        return []
    connection = sqlite3.connect(path, timeout=30)
    try:
        return [row[0] for row in connection.execute("SELECT paper FROM reports WHERE writer = 'a-model'")]
    except sqlite3.OperationalError:  # the tables are not made yet
        return []
    finally:
        connection.close()


if __name__ == "__main__":
    main()
