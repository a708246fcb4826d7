"""A store of an earlier form is brought up to date and keeps what it holds."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from sqlite_utils import Database

from bot import compose, delivery
from digest import deliveries
from digest.corrections import reinstate
from digest.deliveries import Sending
from digest.editions import Subscription, add_edit, make_edition, register
from digest.migrations import migrations
from digest.store import Store
from digest.types import ArxivId, Destination, Message, Posted
from tests.makers import paper as made_paper
from tests.makers import report as made_report

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


def test_a_withdrawal_from_before_can_be_undone(tmp_path: Path) -> None:
    """A card that was edited to say so shows again what it showed; one that was not posted is posted after all."""
    file = tmp_path / "paperboy.db"
    paper = "2601.00001"
    with Store.create(file, lambda: NOW) as store:
        store.save_listing(NOW.date(), [made_paper(paper)])
        store.save_report(made_report(paper))
        register(store, [Subscription(to=Destination("slack", "", name)) for name in ("C1", "C2")])
        for number in (1, 2):
            make_edition(store, number, NOW.date(), delivery.composer(Subscription(to=Destination("slack", "", ""))))
        send_all(store, 1)
        # As the form before this one had it
        connection = store.connection
        connection.execute("UPDATE reports SET withdrawn_at = ?, withdrawn_why = 'Old.'", (NOW.isoformat(),))
        cards = [row[0] for row in connection.execute("SELECT id FROM messages WHERE kind = 'card' ORDER BY id")]
        add_edit(store, cards[0], Message(plain="Withdrawn: Old."))
        send_all(store, 1)
        connection.execute(
            "UPDATE deliveries SET state = 'dead', error = 'The report was withdrawn before this was sent: Old.' "
            "WHERE message = ?",
            (cards[1],),
        )
        connection.execute("DROP INDEX messages_by_uncovered")
        connection.execute("ALTER TABLE messages DROP COLUMN uncovered")
        for table in ("hidden", "spending_keys", "cleanups"):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM _sqlite_migrations WHERE name IN ('covers', 'erasure')")
        connection.execute("PRAGMA user_version = 2")
    with Store.create(file, lambda: NOW) as store:
        reinstate(store, compose.localizer(), ArxivId(paper))
        title = made_paper(paper).title
        edit, said = send_all(store, 1)
        assert (edit.message.title, edit.replaces is not None, said.message.title) == (title, True, title)
        assert [one.message.title for one in send_all(store, 2)][1:] == [title]


def send_all(store: Store, number: int) -> list[Sending]:
    sendings = []
    while isinstance(step := deliveries.claim(store, number, timedelta(), timedelta()), Sending):
        thread = step.under.thread if step.under else step.key
        deliveries.confirm(store, step.key, None if step.replaces else Posted("C", step.key, thread))
        sendings.append(step)
    return sendings
