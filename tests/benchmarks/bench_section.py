"""One section among a million, inside the store's thread, over a bare sqlite3 select of the same row."""

from __future__ import annotations

import random
import sqlite3
import tempfile
from pathlib import Path

import msgspec

from digest.lookups import Lookups
from digest.store import Store
from digest.types import ArxivId, SectionName
from tests.benchmarks.timing import medians_s, show
from tests.makers import clock, report

SECTIONS = 1_000_000
ASKED = 2_000
ROUNDS = 9


def fill(connection: sqlite3.Connection) -> list[str]:
    """Reports of five sections each, written straight into the tables; gives the ids of their papers."""
    sections = [(section.name, msgspec.json.encode(section.blocks).decode()) for section in report().sections]
    papers = [f"{7 + n // 1_200_000:02}{1 + n // 99_999 % 12:02}.{1 + n % 99_999:05}" for n in range(SECTIONS // 5)]
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO papers VALUES (?, ?, 'A title', '[]', '', NULL, 1, 0, '[]', '', '', '', '', '', '', '')",
        enumerate(papers, start=1),
    )
    connection.executemany(
        "INSERT INTO reports (id, paper, language, revision, source, text_hash, writer, prompt_version, domains, "
        "left_out, provisional, written_at) VALUES (?, ?, 'en', 1, 'html', '', 'm', '1', '[]', '[]', 0, '2026-01-16')",
        enumerate(papers, start=1),
    )
    connection.executemany(
        "INSERT INTO sections VALUES (?, ?, ?, '')",
        ((number, name, tree) for number in range(1, len(papers) + 1) for name, tree in sections),
    )
    connection.execute("COMMIT")
    return papers


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paperboy.db"
        with Store.create(path, clock) as store:
            papers = fill(store.connection)
        bare = sqlite3.connect(path)
        chosen = random.Random(7).sample(range(1, len(papers) + 1), ASKED)
        with Lookups.open(path) as lookups:

            def ask_store() -> None:
                for number in chosen:
                    lookups.section(ArxivId(papers[number - 1]), SectionName.RESULTS, "en")

            def ask_sqlite() -> None:
                for number in chosen:
                    bare.execute(
                        "SELECT tree FROM sections WHERE report = ? AND name = ?", (number, "results")
                    ).fetchone()

            times = medians_s({"bare": ask_sqlite, "store": ask_store}, ROUNDS)
        bare.close()
    show(
        f"one section among {SECTIONS:,}",
        {
            "bare sqlite3 select": f"{times['bare'] / ASKED * 1e6:.1f} us",
            "Lookups.section": f"{times['store'] / ASKED * 1e6:.1f} us",
            "ratio": f"{times['store'] / times['bare']:.2f}",
        },
        "at most 2",
    )


if __name__ == "__main__":
    main()
