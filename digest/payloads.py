"""The bodies of deliveries: rendered messages, frozen, each kept once however many get it. The SQL of their table."""

from __future__ import annotations

import hashlib

import msgspec

from digest.store import Store, _transaction
from digest.types import Message


def payload_of(store: Store, message: Message) -> int:
    """The number of the row that holds the message, made when there is none."""
    body = msgspec.json.encode(message)
    digest = hashlib.sha256(body).digest()
    with _transaction(store.connection) as connection:
        row = connection.execute("SELECT id FROM payloads WHERE hash = ?", (digest,)).fetchone()
        if row is not None:
            return int(row[0])
        number = connection.execute("INSERT INTO payloads (hash, body) VALUES (?, ?)", (digest, body)).lastrowid
    assert number is not None  # noqa: S101 (an INSERT has just been made)
    return number
