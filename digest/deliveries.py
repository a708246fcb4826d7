"""What becomes of each delivery: the SQL of its states, from pending to sent, and what an operator sees and settles.

    pending -> in flight (deadline) -> sent
                     | -> failed: certainly not sent, due again at next_attempt_at
                     | -> dead: refused in its simplest form too, or where it belongs was deleted by people
                     | -> unknown: the platform cannot say whether it has it; a person settles it
    pending, failed <-> held: what it shows is withdrawn or hidden; it waits again once that ends

Order within a destination is that of `position`, which is a parent's before its replies'. The first that is not done
holds those after it, except that an unknown one holds only its own replies. Replies of a dead message are posted
without a parent, so that a refused headline costs nobody the cards.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import Struct

from digest.errors import UsageError
from digest.markdown import plain
from digest.payloads import payload_of
from digest.render import shortened
from digest.store import Store, _transaction
from digest.types import Destination, Message, Paragraph, Posted, Run

SIMPLEST_CHARS = 1_500  # fits every platform's narrowest message with room for the title
_MESSAGE = msgspec.json.Decoder(Message)


class State(StrEnum):
    PENDING = "pending"
    IN_FLIGHT = "in flight"
    SENT = "sent"
    FAILED = "failed"
    DEAD = "dead"
    UNKNOWN = "unknown"
    HELD = "held"


class Sending(Struct, frozen=True, kw_only=True):
    """A delivery that has been marked as in flight: this attempt began at `begun`, the first one at `since`.

    `replaces` is what an edit changes; None makes it a post.
    """

    key: str
    to: Destination
    message: Message
    under: Posted | None
    replaces: Posted | None
    attempts: int
    begun: datetime
    since: datetime
    deadline: datetime


class Addressee(NamedTuple):
    to: Destination
    is_person: bool  # whose own messages these are, and not a channel's


class Doubt(Struct, frozen=True):
    """A delivery that was in flight when its sender died or lost the answer, and whose deadline has passed."""

    sending: Sending


class Wait(Struct, frozen=True):
    """Nothing may be done for the destination before this moment."""

    until: datetime


# --- what is to be done ------------------------------------------------------------------------------------------


def addressees(store: Store) -> dict[int, Addressee]:
    """The destinations that something is to be sent to now, neither parked nor removed, by the store's number: channels
    before people."""
    rows = store.connection.execute(
        "SELECT id, adapter, workspace, address, kind = 'person' AS is_person FROM destinations "
        "WHERE removed_at IS NULL AND parked_at IS NULL "
        f"AND EXISTS (SELECT 1 FROM deliveries WHERE destination = destinations.id AND {_TO_BE_SENT}) "
        "ORDER BY kind = 'person', id",
        {"now": store.clock().isoformat()},
    )
    return {
        row["id"]: Addressee(Destination(row["adapter"], row["workspace"], row["address"]), bool(row["is_person"]))
        for row in rows
    }


def to_do(store: Store) -> dict[int, Destination]:
    """Those destinations, without what they are."""
    return {number: addressee.to for number, addressee in addressees(store).items()}


def waiting(store: Store, destination: int) -> int:
    """How many messages are still to be sent to a destination, but for those whose window is over."""
    row = store.connection.execute(
        f"SELECT count(*) FROM deliveries WHERE destination = :destination AND {_TO_BE_SENT}",
        {"destination": destination, "now": store.clock().isoformat()},
    ).fetchone()
    return int(row[0])


def claim(store: Store, destination: int, timeout: timedelta, margin: timedelta) -> Sending | Doubt | Wait | None:
    """What is to be done next for a destination; None: nothing, or nothing before a person has done something.

    A Sending has been marked: a request for it may be under way until its deadline, `timeout` and `margin` from now,
    whatever becomes of this process.
    """
    with _transaction(store.connection) as connection:
        now = store.clock()
        row = connection.execute(_NEXT, {"destination": destination, "now": now.isoformat()}).fetchone()
        if row is None:
            return None
        due = _due(connection, row, now)
        deadline = now + timeout + margin
        if row["state"] == State.IN_FLIGHT:
            begun_deadline = _deadline(connection, row, deadline)
            until = max(begun_deadline, due)
            return Wait(until) if until > now else Doubt(_sending(row, row["attempts"], now, begun_deadline))
        if due > now:
            return Wait(due)
        connection.execute(
            "UPDATE deliveries SET state = 'in flight', deadline = :deadline, begun_at = coalesce(begun_at, :now), "
            "attempts = attempts + 1, next_attempt_at = NULL WHERE key = :key",
            {"key": row["key"], "deadline": deadline.isoformat(), "now": now.isoformat()},
        )
        return _sending(row, attempts=row["attempts"] + 1, begun=now, deadline=deadline)


def _due(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> datetime:
    """When it may be tried or asked for again; as long from now as it was to be, when the clock was set back since."""
    if row["next_attempt_at"] is None:
        return now
    due, failed = _moment(row["next_attempt_at"]), _moment(row["failed_at"])
    if failed > now:
        due = now + (due - failed)
        connection.execute(
            "UPDATE deliveries SET next_attempt_at = ?, failed_at = ? WHERE key = ?",
            (due.isoformat(), now.isoformat(), row["key"]),
        )
    return due


def _deadline(connection: sqlite3.Connection, row: sqlite3.Row, latest: datetime) -> datetime:
    """Until when an earlier request may be applied: not later than one that left now, when the clock was set back."""
    deadline = _moment(row["deadline"])
    if deadline > latest:
        deadline = latest
        connection.execute("UPDATE deliveries SET deadline = ? WHERE key = ?", (deadline.isoformat(), row["key"]))
    return deadline


def _sending(row: sqlite3.Row, attempts: int, begun: datetime, deadline: datetime) -> Sending:
    return Sending(
        key=row["key"],
        to=Destination(row["adapter"], row["workspace"], row["address"]),
        message=_MESSAGE.decode(row["body"]),
        under=_posted(row, "parent"),
        replaces=_posted(row, "own") if row["kind"] == "edit" else None,
        attempts=attempts,
        begun=begun,
        since=begun if row["begun_at"] is None else _moment(row["begun_at"]),
        deadline=deadline,
    )


def _posted(row: sqlite3.Row, which: str) -> Posted | None:
    if row[f"{which}_message"] is None:
        return None
    return Posted(row[f"{which}_channel"], row[f"{which}_message"], row[f"{which}_thread"])


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


# --- what became of it -------------------------------------------------------------------------------------------


def confirm(store: Store, key: str, posted: Posted | None) -> None:
    """The platform has it: as `posted`, or, for an edit, where it was."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE deliveries SET state = 'sent', sent_at = ?, error = '', next_attempt_at = NULL WHERE key = ?",
            (store.clock().isoformat(), key),
        )
        if posted is not None:
            connection.execute(
                "UPDATE messages SET platform_channel = ?, platform_message = ?, platform_thread = ? "
                "WHERE id = (SELECT message FROM deliveries WHERE key = ?)",
                (posted.channel, posted.message, posted.thread, key),
            )


def release(store: Store, key: str) -> None:
    """The platform certainly does not have it: it is sent again as soon as its turn comes."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE deliveries SET state = 'pending', deadline = NULL, next_attempt_at = NULL WHERE key = ?", (key,)
        )


def postpone(store: Store, key: str, error: str, until: datetime) -> None:
    """The platform certainly does not have it, and is to be left alone for a while."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE deliveries SET state = 'failed', deadline = NULL, next_attempt_at = ?, error = ?, failed_at = ? "
            "WHERE key = ?",
            (until.isoformat(), error, store.clock().isoformat(), key),
        )


def doubt(store: Store, key: str, error: str, until: datetime) -> None:
    """Nobody knows yet whether the platform has it: it is asked, but not before this moment nor the deadline."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE deliveries SET next_attempt_at = ?, error = ?, failed_at = ? WHERE key = ?",
            (until.isoformat(), error, store.clock().isoformat(), key),
        )


def give_up(store: Store, key: str, error: str) -> None:
    """Whether the platform has it cannot be found out: a person settles it with `resolve`."""
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE deliveries SET state = 'unknown', error = ?, failed_at = ? WHERE key = ?",
            (error, store.clock().isoformat(), key),
        )


def refuse(store: Store, key: str, error: str) -> bool:
    """The platform will not take it in this form: gives whether it is left, in its simplest form, to be tried."""
    now = store.clock().isoformat()
    with _transaction(store.connection) as connection:
        row = connection.execute(
            "SELECT message, kind, body FROM deliveries JOIN payloads ON payloads.id = payload WHERE key = ?", (key,)
        ).fetchone()
        if row is None:  # whose it was has been forgotten in the meantime
            return False
        message, kind, body = row
        shown = _MESSAGE.decode(body)
        if (simplest := in_simplest_form(shown)) != shown:
            connection.execute(
                "UPDATE deliveries SET state = 'pending', deadline = NULL, error = ?, failed_at = ?, payload = ? "
                "WHERE key = ?",
                (error, now, payload_of(store, simplest), key),
            )
            return True
        # With a post die the edits that wait for it.
        connection.execute(
            "UPDATE deliveries SET state = 'dead', error = ?1, failed_at = ?2 "
            "WHERE key = ?3 OR (?4 = 'post' AND message = ?5 AND kind = 'edit')",
            (error, now, key, kind, message),
        )
        return False


def bury(store: Store, key: str, error: str) -> None:
    """People have deleted what was to be edited, or what this was to stand under: that is noted, and neither it nor
    what still waits to be posted under it is posted any more. What stands there already may be edited as before."""
    now = store.clock().isoformat()
    with _transaction(store.connection) as connection:
        row = connection.execute(
            "SELECT CASE deliveries.kind WHEN 'edit' THEN messages.id ELSE parent END FROM deliveries "
            "JOIN messages ON messages.id = message WHERE key = ?",
            (key,),
        ).fetchone()
        if row is None:  # whose it was has been forgotten in the meantime
            return
        (gone,) = row
        connection.execute("UPDATE messages SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL", (now, gone))
        connection.execute(
            "UPDATE deliveries SET state = 'dead', error = ?1, failed_at = ?2, deadline = NULL WHERE key = ?3 "
            "OR (state IN ('pending', 'failed') AND message IN (SELECT id FROM messages WHERE (id = ?4 "
            "OR (parent = ?4 AND platform_message IS NULL))))",
            (error, now, key, gone),
        )


def turn_away(store: Store, key: str, why: str, *, in_flight: bool) -> None:
    """The destination takes nothing until a person mends it: it is parked, with what was to be sent.

    `in_flight`: an earlier request for this delivery is still in doubt.
    """
    with _transaction(store.connection) as connection:
        if not in_flight:
            release(store, key)
        now = store.clock().isoformat()
        connection.execute("UPDATE deliveries SET error = ?, failed_at = ? WHERE key = ?", (why, now, key))
        connection.execute(
            "UPDATE destinations SET parked_at = ?, parked_why = ? "
            "WHERE id = (SELECT destination FROM deliveries WHERE key = ?)",
            (now, why, key),
        )


def in_simplest_form(message: Message) -> Message:
    """Title, link, plain text and footer, short and without buttons: what a platform takes that refused the rest."""
    text = shortened(plain(message.blocks), SIMPLEST_CHARS)
    return Message(
        title=shortened(message.title, 150),  # the narrowest title: a Slack header
        link=message.link,
        blocks=(Paragraph((Run(text),)),) if text else (),
        footer=shortened(message.footer, SIMPLEST_CHARS),
        plain=shortened(message.plain, SIMPLEST_CHARS),
    )


# --- what a person settles ---------------------------------------------------------------------------------------


def resume(store: Store, destination: int) -> bool:
    """Lets a parked destination have its messages again; gives whether it was parked. What it missed is not told."""
    with _transaction(store.connection) as connection:
        return (
            connection.execute(
                "UPDATE destinations SET parked_at = NULL, parked_why = '', began_at = ? "
                "WHERE id = ? AND parked_at IS NOT NULL",
                (store.clock().isoformat(), destination),
            ).rowcount
            > 0
        )


def resolve(store: Store, key: str, posted: Posted | None) -> None:
    """Settles an unknown delivery: it is there as `posted`, or, None, it is to be sent again.

    Raises UsageError when the key is not that of an unknown delivery.
    """
    with _transaction(store.connection) as connection:
        row = connection.execute("SELECT state FROM deliveries WHERE key = ?", (key,)).fetchone()
        if row is None or row["state"] != State.UNKNOWN:
            what = "not known here" if row is None else f"{row['state']}, not unknown: there is nothing to settle"
            raise UsageError(f'The delivery "{key[:40]}" is {what}. "paperboy status" shows which are unknown.')
        if posted is None:
            release(store, key)
        else:
            confirm(store, key, posted)


# What is in flight is seen through; nothing is begun after its window. That a state is not 'sent' is said where it is
# plain, too: by these very words deliveries_not_sent is chosen.
_TO_BE_SENT = (
    "deliveries.state <> 'sent' AND (deliveries.state = 'in flight' OR (deliveries.state IN ('pending', 'failed') "
    "AND (deliveries.not_after IS NULL OR deliveries.not_after > :now)))"
)
_NEXT = f"""
SELECT deliveries.key, deliveries.kind, deliveries.state, deliveries.begun_at, deliveries.deadline,
    deliveries.attempts, deliveries.next_attempt_at, deliveries.failed_at, payloads.body,
    destinations.adapter, destinations.workspace, destinations.address,
    own.platform_channel AS own_channel, own.platform_message AS own_message, own.platform_thread AS own_thread,
    parent.platform_channel AS parent_channel, parent.platform_message AS parent_message,
    parent.platform_thread AS parent_thread
FROM deliveries
JOIN payloads ON payloads.id = deliveries.payload
JOIN destinations ON destinations.id = deliveries.destination
JOIN messages AS own ON own.id = deliveries.message
LEFT JOIN messages AS parent ON parent.id = own.parent
LEFT JOIN deliveries AS awaited ON awaited.kind = 'post' AND awaited.revision = 0
    AND awaited.message = CASE deliveries.kind WHEN 'post' THEN own.parent ELSE own.id END
WHERE deliveries.destination = :destination AND {_TO_BE_SENT}
    AND destinations.removed_at IS NULL AND destinations.parked_at IS NULL
    AND (awaited.key IS NULL OR awaited.state = 'sent' OR (awaited.state = 'dead' AND deliveries.kind = 'post'))
ORDER BY deliveries.position LIMIT 1
"""
