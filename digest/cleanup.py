"""Removing deleted content from the store's file and its WAL, not only from its tables.

`secure_delete` overwrites what is deleted, but copies stay behind: in pages of the WAL, and in the unused space of a
page whose rows SQLite has moved to another (rebuildPage of https://sqlite.org/src/file?name=src/btree.c). VACUUM
builds every page anew (https://www.sqlite.org/lang_vacuum.html), and a checkpoint with TRUNCATE empties the WAL
(https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).

The SQL of the table cleanups, in which a cleanup waits until it has succeeded, whatever happens to the process.
"""

from __future__ import annotations

import logging
import sqlite3

from digest.store_file import BUSY_TIMEOUT_MS

log = logging.getLogger(__name__)


def request_cleanup(connection: sqlite3.Connection, *, vacuum: bool) -> None:
    """Have a cleanup follow the transaction at hand; without `vacuum` only the WAL is emptied."""
    connection.execute("INSERT INTO cleanups (vacuum) VALUES (?)", (vacuum,))


def is_pending(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM cleanups").fetchone() is not None


def clean_up(connection: sqlite3.Connection) -> bool:
    """Do the cleanups that wait. False: another connection is reading or writing, so try again soon.

    Never waits for other connections and never raises sqlite3.Error. A VACUUM that fails, such as on a full disk, is
    logged and left for the next call.
    """
    try:
        connection.execute("PRAGMA busy_timeout = 0")
        try:
            return _cleaned(connection)
        finally:
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    except sqlite3.ProgrammingError:  # it was closed before
        return True
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return False
        log.warning("deleted content cannot be removed from the store's file yet", extra={"reason": str(error)})
        return True


def _cleaned(connection: sqlite3.Connection) -> bool:
    last, vacuum = connection.execute("SELECT max(id), max(vacuum) FROM cleanups").fetchone()
    if last is None:
        return True
    if vacuum:
        connection.execute("VACUUM")
        connection.execute("UPDATE cleanups SET vacuum = 0 WHERE id <= ?", (last,))
    if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
        return False
    # What another process has requested since then waits for its own
    connection.execute("DELETE FROM cleanups WHERE id <= ?", (last,))
    return True
