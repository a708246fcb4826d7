"""Search over a hundred thousand made-up papers in English and Chinese, over LIKE: what is found, and how fast."""

from __future__ import annotations

import functools
import random
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from digest.lookups import Lookups
from digest.store import Store
from digest.titles import titled
from digest.words import indexed
from tests.benchmarks.timing import medians_s, show
from tests.makers import clock

PAPERS = 100_000
TIMED_HITS = 16_000
ROUNDS = 3
TYPED = ("k", "ka", "kal", "kalo", "k l m n t", "ka lo mi", "zz", "07", "07 k", "0712.123", "注", "注意", "k 注")
_SYLLABLES = "ka lo mi ne tu ra vi so pe da gro lin mar ten".split()
_CHARACTERS = [chr(0x4E00 + 8 * place) for place in range(2_500)]  # about as many as reports use
_HAN = "[\u4e00-\u9fff]"


def made_up(seed: int) -> Iterator[tuple[int, str, str]]:
    """Number, title and sections of the length of real reports; words and characters follow long tails as in them."""
    chance = random.Random(seed)
    english = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(20_000)]
    common = [1 / (place + 20) for place in range(len(_CHARACTERS))]
    chinese = ["".join(chance.choices(_CHARACTERS, common, k=chance.choice((1, 2, 2, 2, 3)))) for _ in range(20_000)]
    weights = [1 / (place + 5) for place in range(20_000)]
    sums = [*_running(weights)]
    for number in range(1, PAPERS + 1):
        title = " ".join(chance.choices(english, cum_weights=sums, k=7))
        body = " ".join(chance.choices(english, cum_weights=sums, k=120))
        report = "，".join(
            "".join(chance.choices(chinese, cum_weights=sums, k=12)) + chance.choice(english) for _ in range(20)
        )
        yield number, title, f"{body}. {report}。"


def _running(weights: list[float]) -> Iterator[float]:
    total = 0.0
    for weight in weights:
        total += weight
        yield total


def fill(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE plain (number INTEGER PRIMARY KEY, text TEXT)")
    connection.execute("BEGIN")
    for number, title, sections in made_up(seed=11):
        paper_id = f"{7 + number // 1_200_000:02}{1 + number // 99_999 % 12:02}.{1 + number % 99_999:05}"
        connection.execute(
            "INSERT INTO papers VALUES (?, ?, ?, '[]', '', NULL, 1, 0, '[]', '', '', '', '', '', '', '')",
            (number, paper_id, title),
        )
        connection.execute(
            "INSERT INTO paper_search (rowid, title, sections) VALUES (?, ?, ?)",
            (number, indexed(title), indexed(sections)),
        )
        connection.execute("INSERT INTO plain VALUES (?, ?)", (number, f"{title}\n{sections}"))
    connection.execute("COMMIT")


def terms(connection: sqlite3.Connection, seed: int, count: int) -> list[str]:
    """Whole English words and Chinese terms of two to four characters, taken from random papers."""
    chance = random.Random(seed)
    chosen: list[str] = []
    while len(chosen) < count:
        row = connection.execute("SELECT text FROM plain WHERE number = ?", (chance.randint(1, PAPERS),)).fetchone()
        pattern = r"[a-z]+" if len(chosen) % 2 else rf"{_HAN}{{2,4}}"
        found = re.findall(pattern, row[0])
        chosen.append(chance.choice(found))
    return chosen


def missed(lookups: Lookups, term: str) -> int:
    """How many papers hold the term, as LIKE and the eye see it, and are not found."""
    rows = lookups.connection.execute("SELECT number, text FROM plain WHERE text LIKE ?", (f"%{term}%",))
    whole = re.compile(rf"(?<![a-z]){term}(?![a-z])") if term.isascii() else re.compile(term)
    holding = sum(1 for _, text in rows if whole.search(text))
    return holding - lookups.search(term, "en", limit=1).total


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paperboy.db"
        with Store.create(path, clock) as store:
            fill(store.connection)
        with Lookups.open(path) as lookups:
            wanting = {term: missed(lookups, term) for term in terms(lookups.connection, seed=3, count=40)}
            rows = {
                "terms asked, with any paper missed or extra": f"{sum(map(bool, wanting.values()))} of {len(wanting)}"
            }
            for term, hits in _timed_terms(lookups):
                times = medians_s(
                    {
                        "search": functools.partial(lookups.search, term, "en", limit=10),
                        "LIKE": functools.partial(_like, lookups.connection, term),
                    },
                    ROUNDS,
                    warm_up=1,
                )
                rows[f"{hits} hits"] = (
                    f"{times['search'] * 1000:.1f} ms, LIKE {times['LIKE'] * 1000:.0f} ms, "
                    f"ratio {times['search'] / times['LIKE']:.3f}"
                )
            slowest = max(_typing_s(lookups, TYPED))
    show(f"search over {PAPERS:,} papers", rows, "nothing missed; at most 0.1 up to 16,000 hits")
    show(
        f"suggestions while somebody types, among {PAPERS:,} papers",
        {"the slowest of those typed": f"{slowest[0] * 1000:.0f} ms, of {slowest[1]!r}"},
        "within 500 ms",
    )


def _typing_s(lookups: Lookups, typed: Sequence[str]) -> Iterator[tuple[float, str]]:
    """How long the suggestions for each take: letters that begin most words are the worst."""
    for text in typed:
        asks = {text: functools.partial(titled, lookups, text, 100)}
        yield medians_s(asks, ROUNDS, warm_up=1)[text], text


def _like(connection: sqlite3.Connection, term: str) -> list[tuple[int]]:
    return connection.execute("SELECT number FROM plain WHERE text LIKE ?", (f"%{term}%",)).fetchall()


def _timed_terms(lookups: Lookups) -> list[tuple[str, int]]:
    """Terms with about 10, 1,000 and, as near below it as there is, 16,000 hits, in both scripts."""
    counted = {term: lookups.search(term, "en", limit=1).total for term in terms(lookups.connection, 5, 300)}
    chosen = []
    for script in (str.isascii, lambda term: not term.isascii()):
        fitting = sorted((hits, term) for term, hits in counted.items() if script(term) and hits <= TIMED_HITS)
        for goal in (10, 1_000, TIMED_HITS):
            hits, term = min(fitting, key=lambda entry: abs(entry[0] - goal))
            chosen.append((term, hits))
    return chosen


if __name__ == "__main__":
    main()
