"""What the messages of a platform are about, and which paper is discussed where. SQL over the table messages."""

from __future__ import annotations

import sqlite3
from datetime import date

from msgspec import Struct

from digest.editions import MessageKind
from digest.lookups import Lookups
from digest.types import ArxivId, Destination, Posted

DISCUSSION = "discussion"  # the subject of the notice that a paper is discussed under


class Known(Struct, frozen=True):
    """A message of ours: to which destination (the store's number) and day it belongs, what it is, of which paper."""

    destination: int
    day: date
    kind: MessageKind
    paper: ArxivId | None


def message_at(lookups: Lookups, channel: str, message: str) -> Known | None:
    """What the message with the platform's ids is; the id of a thread is that of its first message."""
    row = lookups.connection.execute(
        "SELECT messages.destination, editions.day, messages.kind, messages.paper FROM messages "
        "JOIN editions ON editions.id = messages.edition WHERE platform_channel = ? AND platform_message = ?",
        (channel, message),
    ).fetchone()
    if row is None:
        return None
    paper = None if row["paper"] is None else ArxivId(row["paper"])
    return Known(row["destination"], date.fromisoformat(row["day"]), MessageKind(row["kind"]), paper)


def discussion_of(lookups: Lookups, destination: int, paper: ArxivId) -> Posted | None:
    """Where a paper is discussed at a destination, once that has been posted."""
    row = lookups.connection.execute(
        "SELECT platform_channel, platform_message, platform_thread FROM messages WHERE destination = ? AND paper = ? "
        "AND kind = ? AND subject = ? AND platform_message IS NOT NULL",
        (destination, paper, MessageKind.NOTICE, DISCUSSION),
    ).fetchone()
    return None if row is None else _posted(row)


def posted_about(lookups: Lookups, paper: ArxivId, to: Destination) -> tuple[Destination, Posted] | None:
    """A message in a channel of the same platform that is about a paper: in the conversation `to` if there is one."""
    row = lookups.connection.execute(
        "SELECT adapter, workspace, address, platform_channel, platform_message, platform_thread FROM messages "
        "JOIN destinations ON destinations.id = messages.destination WHERE messages.paper = ? "
        "AND platform_message IS NOT NULL AND deleted_at IS NULL AND adapter = ? AND destinations.kind <> 'person' "
        "ORDER BY address = ? DESC, messages.kind = 'card' DESC, messages.id LIMIT 1",
        (paper, to.adapter, to.address),
    ).fetchone()
    if row is None:
        return None
    return Destination(row["adapter"], row["workspace"], row["address"]), _posted(row)


def _posted(row: sqlite3.Row) -> Posted:
    return Posted(row["platform_channel"], row["platform_message"], row["platform_thread"])


def conversation_with(lookups: Lookups, to: Destination) -> str:
    """The platform's id of the conversation with a person, as their last card had it; "" when they have had none, and
    for a channel."""
    row = lookups.connection.execute(
        "SELECT platform_channel, max(messages.id) FROM destinations "
        "JOIN messages ON messages.kind = 'card' AND messages.destination = destinations.id "
        "WHERE adapter = ? AND workspace = ? AND address = ? AND platform_channel <> address",
        (to.adapter, to.workspace, to.address),
    ).fetchone()
    return row["platform_channel"] or ""


def seen_at(lookups: Lookups, key: str, message: str) -> Posted | None:
    """Where the message of a delivery is that a person found under this id: in its parent's thread, or, at the top,
    with a thread of its own unless the destination's other messages have none. None when the key is not known."""
    row = lookups.connection.execute(_PLACE_OF, (key,)).fetchone()
    if row is None:
        return None
    if row["parent_message"] is not None:
        return Posted(row["parent_channel"], message, row["parent_thread"])
    is_flat = row["kind"] == "person" if row["thread"] is None else row["thread"] == ""
    return Posted(row["channel"] or row["address"], message, "" if is_flat else message)


_PLACE_OF = """
SELECT destinations.address, destinations.kind, parent.platform_channel AS parent_channel,
    parent.platform_message AS parent_message, parent.platform_thread AS parent_thread,
    other.platform_channel AS channel, other.platform_thread AS thread
FROM deliveries
JOIN destinations ON destinations.id = deliveries.destination
JOIN messages AS own ON own.id = deliveries.message
LEFT JOIN messages AS parent ON parent.id = own.parent
LEFT JOIN messages AS other ON other.id = (
    SELECT max(id) FROM messages
    WHERE destination = own.destination AND parent IS NULL AND platform_message IS NOT NULL
)
WHERE deliveries.key = ?
"""
