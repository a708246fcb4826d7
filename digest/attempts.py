"""Work on texts that is under way, and texts that were given up. SQL over text_attempts.

`about` is a paper's id, or an id and a part of the work on it, such as a source ("2601.00001 html"). A row whose owner,
a process, has died without ending it is a death over that text.
"""

from __future__ import annotations

import functools
import os
import secrets

from digest.lookups import Lookups
from digest.store import Store, _transaction
from digest.types import ArxivId

MOST = 2  # times that one text may stop a process
_DIED = "was under way when Paperboy was killed"


def begin(store: Store, about: str) -> None:
    """Note that this process works on a text, unless another does."""
    with _transaction(store.connection) as connection:
        deaths, owner, _ = _row(store, about)
        if not _lives(owner):
            connection.execute(
                "INSERT INTO text_attempts (about, deaths, owner) VALUES (:about, :deaths, :owner) "
                "ON CONFLICT DO UPDATE SET deaths = :deaths, owner = :owner",
                {"about": about, "deaths": deaths + bool(owner), "owner": _me()},
            )


def end(store: Store, about: str) -> None:
    """Note that this process has ended it, whatever came of it."""
    with _transaction(store.connection) as connection:
        connection.execute("DELETE FROM text_attempts WHERE about = ? AND owner = ?", (about, _me()))


def give_up(store: Store, about: str, problem: str) -> None:
    """Have a text tried no more. `problem` says what the work on it did, such as "took longer than 20 s"."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "INSERT INTO text_attempts (about, problem) VALUES (:about, :problem) "
            "ON CONFLICT DO UPDATE SET owner = '', problem = :problem",
            {"about": about, "problem": problem},
        )


def problem(lookups: Lookups, about: str) -> str:
    """Why a text was given up; "" when it was not."""
    deaths, owner, told = _row(lookups, about)
    dead = deaths + (owner != "" and not _lives(owner))
    return told or (_DIED if dead >= MOST else "")


def forgive(store: Store, paper: ArxivId) -> None:
    """Have a paper's texts tried again: a person asks for it."""
    with _transaction(store.connection) as connection:
        connection.execute("DELETE FROM text_attempts WHERE about = ?1 OR about LIKE ?1 || ' %'", (paper,))


def _row(lookups: Lookups, about: str) -> tuple[int, str, str]:
    """How many processes have died over it, which works on it or did, and why it was given up."""
    question = "SELECT deaths, owner, problem FROM text_attempts WHERE about = ?"
    row = lookups.connection.execute(question, (about,)).fetchone()
    return (0, "", "") if row is None else (row["deaths"], row["owner"], row["problem"])


@functools.cache
def _me() -> str:
    """This process: its number, and what tells it from an earlier process of the same number."""
    return f"{os.getpid()} {secrets.token_hex(8)}"


def _lives(owner: str) -> bool:
    """Whether a process still runs."""
    if not owner or owner == _me():
        return bool(owner)
    number = int(owner.partition(" ")[0])
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return number != os.getpid()
