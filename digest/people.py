"""What is known of the people who ask: the language and the time zone they chose. The SQL of the table people."""

from __future__ import annotations

from digest.lookups import Lookups
from digest.store import Store, _transaction
from digest.types import Invocation


def language_of(lookups: Lookups, asked: Invocation) -> str:
    """The language that the person who asks has chosen, "" when they never did."""
    row = lookups.connection.execute(
        "SELECT language FROM people WHERE adapter = ? AND workspace = ? AND person = ?",
        (asked.adapter, asked.workspace, asked.person),
    ).fetchone()
    return "" if row is None else row["language"] or ""


def choose_language(store: Store, asked: Invocation, language: str) -> None:
    """Answers to the person who asks are in this language from now on."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "INSERT INTO people (adapter, workspace, person, language) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET language = excluded.language",
            (asked.adapter, asked.workspace, asked.person, language),
        )


def timezone_of(lookups: Lookups, asked: Invocation) -> str:
    """The time zone that the person who asks has chosen, "" when they never did."""
    row = lookups.connection.execute(
        "SELECT timezone FROM people WHERE adapter = ? AND workspace = ? AND person = ?",
        (asked.adapter, asked.workspace, asked.person),
    ).fetchone()
    return "" if row is None else row["timezone"] or ""


def choose_timezone(store: Store, asked: Invocation, timezone: str) -> None:
    """The hours of the person who asks are in this time zone from now on, their digest's as well."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "INSERT INTO people (adapter, workspace, person, timezone) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO UPDATE SET timezone = excluded.timezone",
            (asked.adapter, asked.workspace, asked.person, timezone),
        )
        connection.execute(
            "UPDATE destinations SET timezone = ? WHERE adapter = ? AND workspace = ? AND person = ? "
            "AND origin = 'chat'",
            (timezone, asked.adapter, asked.workspace, asked.person),
        )
