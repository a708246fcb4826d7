"""What one process asks of another that holds a lock: a command leaves its request here and follows its progress."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from msgspec import Struct

from digest.errors import UsageError
from digest.lookups import Lookups
from digest.store import Store, _transaction

_MOST = 2**63 - 1
MOST_DEATHS = 2  # of processes over one job whose work a text may stop


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Struct, frozen=True):
    """A request. `request` is JSON in the form of its kind; `answer` is a sentence, once it is done or has failed."""

    number: int
    kind: str
    request: str
    asked_by: str
    state: JobState
    progress: str
    answer: str


def add_job(store: Store, kind: str, request: str, asked_by: str) -> int:
    """Leaves a request and gives its number. The same request, while it waits, is left once."""
    with _transaction(store.connection) as connection:
        known = connection.execute(
            "SELECT id FROM jobs WHERE kind = ? AND request = ? AND asked_by = ? AND state = 'waiting'",
            (kind, request, asked_by),
        ).fetchone()
        if known is not None:
            return int(known["id"])
        number = connection.execute(
            "INSERT INTO jobs (kind, request, asked_by, state, asked_at) VALUES (?, ?, ?, 'waiting', ?)",
            (kind, request, asked_by, store.clock().isoformat()),
        ).lastrowid
    assert number is not None  # noqa: S101 (an INSERT has just been made)
    return number


def live_job(lookups: Lookups, kind: str, request: str, asked_by: str) -> int | None:
    """The number of this very request, while it waits or is under way."""
    row = lookups.connection.execute(
        "SELECT id FROM jobs WHERE kind = ? AND request = ? AND asked_by = ? AND state IN ('waiting', 'running')",
        (kind, request, asked_by),
    ).fetchone()
    return None if row is None else int(row["id"])


def next_job(store: Store, kinds: Collection[str]) -> Job | None:
    """Takes the oldest request of these kinds that waits; it is running from now on."""
    with _transaction(store.connection) as connection:
        for row in connection.execute("SELECT id, kind FROM jobs WHERE state = 'waiting' ORDER BY id"):
            if row["kind"] in kinds:
                connection.execute("UPDATE jobs SET state = 'running' WHERE id = ?", (row["id"],))
                return job(store, row["id"])
    return None


def return_jobs(store: Store, kinds: Collection[str], most: int | None = None) -> tuple[Job, ...]:
    """Has the jobs of these kinds that a process died over wait again; for who has just been given the lock.

    Gives those over which `most` processes have died without an answer: they do not wait, and are to be finished.
    """
    dead: list[Job] = []
    with _transaction(store.connection) as connection:
        for row in connection.execute("SELECT id, kind, attempts, answer FROM jobs WHERE state = 'running'").fetchall():
            if row["kind"] not in kinds:
                continue
            if most is not None and row["attempts"] >= most and not row["answer"]:
                dead.append(job(store, row["id"]))
            else:
                connection.execute("UPDATE jobs SET state = 'waiting', progress = '' WHERE id = ?", (row["id"],))
    return tuple(dead)


def begin_job(store: Store, number: int) -> None:
    """Counts that work on a running job begins."""
    with _transaction(store.connection) as connection:
        connection.execute("UPDATE jobs SET attempts = attempts + 1 WHERE id = ?", (number,))


def put_back(store: Store, number: int, *, begun: bool) -> None:
    """Has a job that this process will not finish, because it stops in order, wait for the next one."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE jobs SET state = 'waiting', progress = '', attempts = attempts - ? "
            "WHERE id = ? AND state = 'running'",
            (begun, number),
        )


def note_progress(store: Store, number: int, progress: str) -> None:
    """Tells who follows the job how far it is, in a sentence."""
    with _transaction(store.connection) as connection:
        connection.execute("UPDATE jobs SET progress = ? WHERE id = ?", (progress, number))


def note_answer(store: Store, number: int, answer: str) -> None:
    """Keeps what a running job has come to before it is told to anybody: after a crash it is told, not made again."""
    with _transaction(store.connection) as connection:
        connection.execute("UPDATE jobs SET answer = ? WHERE id = ?", (answer, number))


def finish_job(store: Store, number: int, answer: str, *, failed: bool = False) -> None:
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE jobs SET state = ?, answer = ?, finished_at = ? WHERE id = ?",
            (JobState.FAILED if failed else JobState.DONE, answer, store.clock().isoformat(), number),
        )


def job(lookups: Lookups, number: int) -> Job:
    """Raises UsageError when there is no such job."""
    known = 0 <= number <= _MOST  # others SQLite could not even be asked for
    row = lookups.connection.execute("SELECT * FROM jobs WHERE id = ?", (number,)).fetchone() if known else None
    if row is None:
        raise UsageError(f"There is no job {number} in this store.")
    return Job(
        row["id"],
        row["kind"],
        row["request"],
        row["asked_by"],
        JobState(row["state"]),
        row["progress"],
        row["answer"],
    )
