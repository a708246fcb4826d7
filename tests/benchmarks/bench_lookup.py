"""A follow-up on the command line, as a whole process, over an empty Python; and what it imports."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from digest.store import Store
from tests.benchmarks.timing import medians_s, show
from tests.makers import DAY, clock, paper, report

ROUNDS = 25
HEAVY = ("rich", "sqlite_utils", "httpx", "openai", "lxml", "slack_sdk", "discord", "asyncio", "importlib.metadata")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paperboy.db"
        with Store.create(path, clock) as store:
            store.save_listing(DAY, [paper()])
            store.save_report(report())
        environment = {**os.environ, "PAPERBOY_STORE__PATH": str(path), "HOME": folder, "XDG_CONFIG_HOME": folder}
        command = [str(Path(sys.executable).with_name("paperboy")), "paper", "2601.00001", "results"]

        def run(arguments: list[str]) -> None:
            subprocess.run(arguments, env=environment, check=True, stdout=subprocess.DEVNULL)

        times = medians_s(
            {"empty": lambda: run([sys.executable, "-c", "pass"]), "look-up": lambda: run(command)}, ROUNDS
        )
        imported = subprocess.run(
            [sys.executable, "-X", "importtime", *command], env=environment, check=True, capture_output=True, text=True
        ).stderr
    modules = {line.rpartition("|")[2].strip() for line in imported.splitlines()}
    show(
        "paperboy paper ID results, whole process",
        {
            "python -c pass": f"{times['empty'] * 1000:.1f} ms",
            "paperboy paper": f"{times['look-up'] * 1000:.1f} ms",
            "ratio": f"{times['look-up'] / times['empty']:.2f}",
            "heavy modules imported": ", ".join(name for name in HEAVY if name in modules) or "none",
        },
        "at most 8, and none",
    )


if __name__ == "__main__":
    main()
