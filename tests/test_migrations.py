"""A store of an earlier form is brought up to date and keeps what it holds."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlite_utils import Database

from digest import deliveries
from digest.deliveries import Sending
from digest.migrations import migrations
from digest.store import Store
from digest.types import Message

NOW = datetime(2026, 1, 17, 9, tzinfo=UTC)


def test_what_was_to_be_delivered_still_is(tmp_path: Path) -> None:
    """Deliveries of the first form keep their keys, states and messages; the same message is kept once."""
    file = tmp_path / "paperboy.db"
    connection = sqlite3.connect(file, isolation_level=None)
    migrations.apply(Database(connection), stop_before="mornings")
    connection.execute(
        "INSERT INTO destinations (id, adapter, workspace, kind, address, language, layout, hour, timezone, weekdays, "
        "window_end, max_papers, origin, created_at) VALUES (1, 'slack', '', 'channel', 'C1', 'en', 'digest', '09:00', "
        "'UTC', '[]', '12:00', 30, 'settings', '2026-01-16')"
    )
    body = msgspec.json.encode(Message(title="Kites"))
    for number, state in ((1, "sent"), (2, "pending")):
        connection.execute(
            "INSERT INTO messages (id, destination, kind, subject) VALUES (?, 1, 'notice', ?)", (number, state)
        )
        connection.execute(
            "INSERT INTO deliveries (key, destination, position, message, kind, revision, state, payload, created_at) "
            "VALUES (?, 1, ?, ?, 'post', 0, ?, ?, '2026-01-16')",
            (f"key{number}", number, number, state, body),
        )
    connection.execute("PRAGMA user_version = 1")
    connection.close()

    with Store.create(file, lambda: NOW) as store:
        assert store.connection.execute("SELECT count(*) FROM payloads").fetchone()[0] == 1
        claimed = deliveries.claim(store, 1, timedelta(), timedelta())
    assert isinstance(claimed, Sending)
    assert (claimed.key, claimed.message) == ("key2", Message(title="Kites"))
