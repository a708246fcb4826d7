"""What is known of the people who ask: for now the language they chose. The SQL of the table people."""

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
