"""How large the store grows: bytes a paper, read whole and reported on in one language, and in two.

The papers are the real pages of the material, each under many ids, reported on by the extractive writer with
findings and quotes; the second language is the first once more, since nothing here translates.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path

from msgspec.structs import replace

from digest.grounding import checked
from digest.readers.fingerprint import text_hash
from digest.readers.saved import passages_of
from digest.store import Store
from digest.types import ArxivId, Paper, Passage, Reading, ReadingSource, Report
from tests.benchmarks.timing import show
from tests.extractive_writer import writer
from tests.makers import DAY, clock, paper
from tests.material import MATERIAL

PAGES = MATERIAL / "arxiv_html"
COPIES = 40  # of each page
_SMALLEST = 20  # passages of a page that is a paper


def main() -> None:
    if not PAGES.exists():
        print("store: the real pages are not here")
        return
    made = [asyncio.run(_made(passages)) for passages in _papers()]
    rows = {}
    for name, languages in (("in one language", ("en",)), ("in two", ("en", "zh"))):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "paperboy.db"
            papers = _fill(file, made, languages)
            rows[f"a paper, {name}"] = f"{file.stat().st_size / papers / 1024:.0f} kB"
            rows |= {f"  {part}": size for part, size in _parts(file, papers).items()} if len(languages) == 1 else {}
    texts = sum(len(passage.text) for reading, _, _ in made for passage in reading.passages) / len(made)
    rows["characters of text a paper"] = f"{texts:,.0f}"
    show(f"the store's size, over {len(made)} real papers", rows)


def _papers() -> list[tuple[Passage, ...]]:
    pages = [passages_of(file.read_bytes())[1] for file in sorted(PAGES.glob("*.html")) if "failed" not in file.name]
    return [passages for passages in pages if len(passages) > _SMALLEST]


async def _made(passages: tuple[Passage, ...]) -> tuple[Reading, Report, Paper]:
    known = paper()
    reading = Reading(
        paper_id=known.id, source=ReadingSource.HTML, url="", text_hash=text_hash(passages), passages=passages
    )
    report = await writer().write(known, reading, "en")
    return reading, checked(report, reading, known), known


def _fill(file: Path, made: list[tuple[Reading, Report, Paper]], languages: tuple[str, ...]) -> int:
    with Store.create(file, clock) as store:
        papers = 0
        for reading, report, known in made:
            for _ in range(COPIES):
                papers += 1
                name = ArxivId(f"2601.{papers:05}")
                store.save_listing(DAY, [replace(known, id=name)])
                store.save_reading(replace(reading, paper_id=name))
                for language in languages:
                    store.save_report(replace(report, paper_id=name, language=language))
        store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return papers


def _parts(file: Path, papers: int) -> dict[str, str]:
    """What the tables and the search index take; needs SQLite's dbstat, and is empty without."""
    connection = sqlite3.connect(file)
    try:
        rows = connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name").fetchall()
    except sqlite3.OperationalError:
        return {}
    finally:
        connection.close()
    sizes = {"readings": 0, "reports and sections": 0, "search": 0, "everything else": 0}
    for name, size in rows:
        part = (
            "search"
            if name.startswith("paper_search")
            else "readings"
            if "readings" in name
            else "reports and sections"
            if "reports" in name or "sections" in name
            else "everything else"
        )
        sizes[part] += size
    return {part: f"{size / papers / 1024:.0f} kB" for part, size in sizes.items()}


if __name__ == "__main__":
    main()
