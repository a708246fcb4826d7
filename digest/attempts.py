"""Work on papers' texts that is under way, and texts that were given up. SQL over text_attempts.

A row is there while work is under way, and stays when it never ended: the process died over it. `about` is a paper's
id, or an id and a source ("2601.00001 html"): what is read of it there.
"""

from __future__ import annotations

from digest.lookups import Lookups
from digest.store import Store, _transaction
from digest.types import ArxivId

MOST = 2  # times that one text may stop a process
_DIED = "did not survive it"


def begin(store: Store, about: str) -> None:
    """Note that work on a text is under way."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "INSERT INTO text_attempts (about, attempts) VALUES (?, 1) "
            "ON CONFLICT DO UPDATE SET attempts = attempts + 1",
            (about,),
        )


def end(store: Store, about: str) -> None:
    """Note that it has ended, whatever came of it."""
    with _transaction(store.connection) as connection:
        connection.execute("DELETE FROM text_attempts WHERE about = ? AND problem = ''", (about,))


def give_up(store: Store, about: str, problem: str) -> None:
    with _transaction(store.connection) as connection:
        connection.execute(
            "INSERT INTO text_attempts (about, attempts, problem) VALUES (:about, :most, :problem) "
            "ON CONFLICT DO UPDATE SET attempts = :most, problem = :problem",
            {"about": about, "most": MOST, "problem": problem},
        )


def problem(lookups: Lookups, about: str) -> str:
    """Why a text was given up; "" when it was not."""
    row = lookups.connection.execute("SELECT attempts, problem FROM text_attempts WHERE about = ?", (about,)).fetchone()
    return "" if row is None or row["attempts"] < MOST else row["problem"] or _DIED


def forgive(store: Store, paper: ArxivId) -> None:
    """Have a paper's texts tried again: a person asks for it."""
    with _transaction(store.connection) as connection:
        connection.execute("DELETE FROM text_attempts WHERE about = ?1 OR about LIKE ?1 || ' %'", (paper,))
