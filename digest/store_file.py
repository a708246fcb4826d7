"""Whether a file is a store of Paperboy, of which form, and what to say of one that is not.

On the path of every look-up, so it imports neither sqlite-utils nor asyncio.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from digest.errors import StoreError

SCHEMA_VERSION = 4  # PRAGMA user_version of a store whose migrations have all been applied
BUSY_TIMEOUT_MS = 10_000


def form_of(connection: sqlite3.Connection, path: Path | None) -> int:
    """The form of a store that this Paperboy knows, 0 for a file that is still empty.

    Raises StoreError for somebody else's file and for a store of a newer Paperboy; sqlite3.Error as SQLite does.
    """
    # One question, so that a store that another process makes meanwhile is seen either empty or whole.
    tables, ours = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE name IN ('papers', 'listings', 'reports')) FROM sqlite_master"
    ).fetchone()
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if tables and ours < 3:
        raise StoreError(_no_store(path, "it has other tables"))
    if version > SCHEMA_VERSION:
        raise StoreError(f"The store at {path} was written by a newer Paperboy (form {version}). Update Paperboy.")
    return version


def unusable(path: Path | None, error: Exception, verb: str, remedy: str) -> StoreError:
    """What SQLite or the file system says of a store: no store, damaged, or it cannot be read or opened."""
    if damaged(error):
        return StoreError(_no_store(path, str(error)))
    return StoreError(f"The store at {path} cannot be {verb}: {error}. {remedy}")


def damaged(error: BaseException) -> bool:
    """Whether SQLite finds no database in a file, or a broken one (https://www.sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _no_store(path: Path | None, reason: str) -> str:
    return (
        f"The file {path} is no Paperboy store, or damaged: {reason}. "
        "Set store.path to another file; of a damaged store put a copy back, or move it away and start anew."
    )
