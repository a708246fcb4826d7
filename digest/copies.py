"""The posted copies of a report: where they are, and how each is put right, once. SQL over messages and deliveries.

A copy that the platform has, or may have, gets an edit; one that is certainly not there yet is changed where it waits.
What people deleted stays deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from digest.deliveries import State
from digest.editions import Draft, MessageKind, add_edit, add_reply
from digest.payloads import payload_of
from digest.store import Store, _transaction
from digest.threads import DISCUSSION
from digest.types import ArxivId, Destination, Message

_MESSAGE = msgspec.json.Decoder(Message)
_NOT_THERE = (State.PENDING, State.FAILED)  # of a delivery: the platform certainly does not have it


class Copies(Struct, frozen=True):
    """What is done at a destination: messages there that are edited, messages that were not posted yet and are changed
    before they are (or never posted, when what they show was withdrawn), and replies."""

    to: Destination
    edited: int = 0
    ahead: int = 0
    replies: int = 0


class Copy(Struct, frozen=True):
    """A message of the store that shows a report: its `revision` in `report_language`. `language` is the destination's.

    `key`, `state`, `payload` and `posting` (rather than editing) are of its newest delivery that is not dead.
    """

    message: int
    kind: MessageKind
    subject: str
    destination: int
    edition: int
    parent: int | None
    to: Destination
    flat: bool  # a person's direct messages, where everything stands in a row
    language: str
    report_language: str
    revision: int
    deleted: bool
    key: str
    posting: bool
    state: State
    payload: int

    @property
    def seen(self) -> bool:
        """Whether somebody may have seen it, or will before anything that is done now."""
        return not (self.posting and self.state in _NOT_THERE)

    @property
    def thread(self) -> int | None:
        """The message whose thread it opens or stands in; None where there are no threads."""
        return None if self.flat else self.message if self.parent is None else self.parent


class Amendment(Protocol):
    """What is to be shown instead, and said."""

    @property
    def subject(self) -> str:
        """Of the replies: with it each is made once."""

    def redrawn(self, copy: Copy, shown: Message) -> Message:
        """What the copy is to show instead of what it shows."""

    def reply(self, copy: Copy) -> Message | None:
        """What is said once in the copy's thread; None: nothing."""


def amend(store: Store, paper: ArxivId, language: str, amendment: Amendment, unsent: str = "") -> tuple[Copies, ...]:
    """Has every copy of a paper's report in a language ("": in any) show what the amendment makes of it, and says so
    once in each thread where it was seen. Destinations that have been removed are left alone.

    `unsent` is why a copy that was not posted yet never will be; "": it is posted as it is to be.
    """
    done: dict[Destination, Copies] = {}
    threads: dict[tuple[int, int | None], Copy] = {}
    drawn: dict[tuple[object, ...], tuple[Message, Message]] = {}  # what is alike is rendered once
    with _transaction(store.connection):
        for copy in list(_copies(store, paper, language)):
            before = done.setdefault(copy.to, Copies(copy.to))
            alike = (copy.payload, copy.language, copy.kind, copy.subject, copy.report_language, copy.revision)
            if alike not in drawn:
                shown = _shown(store, copy.payload)
                drawn[alike] = (shown, amendment.redrawn(copy, shown))
            if copy.seen:
                threads.setdefault((copy.destination, copy.thread), copy)
                done[copy.to] = replace(before, edited=before.edited + _edited(store, copy, *drawn[alike]))
            elif unsent:
                _cancel(store, copy, unsent)
                done[copy.to] = replace(before, ahead=before.ahead + 1)
            else:
                done[copy.to] = replace(before, ahead=before.ahead + _changed(store, copy, *drawn[alike]))
        for copy in threads.values():
            said = amendment.reply(copy)
            if said is not None and _replied(store, paper, amendment.subject, copy, said):
                done[copy.to] = replace(done[copy.to], replies=done[copy.to].replies + 1)
    return tuple(one for one in done.values() if one.edited or one.ahead or one.replies)


def _edited(store: Store, copy: Copy, shown: Message, wanted: Message) -> bool:
    if copy.deleted or shown == wanted:
        return False
    if copy.state in _NOT_THERE:  # an earlier edit, which has not left yet
        return _changed(store, copy, shown, wanted)
    add_edit(store, copy.message, wanted)
    return True


def _changed(store: Store, copy: Copy, shown: Message, wanted: Message) -> bool:
    """Changes what is to be sent."""
    store.connection.execute("UPDATE deliveries SET payload = ? WHERE key = ?", (payload_of(store, wanted), copy.key))
    return shown != wanted


def _cancel(store: Store, copy: Copy, why: str) -> None:
    store.connection.execute(
        "UPDATE deliveries SET state = 'dead', error = ?, failed_at = ? WHERE key = ?",
        (why, store.clock().isoformat(), copy.key),
    )


def _replied(store: Store, paper: ArxivId, subject: str, copy: Copy, said: Message) -> bool:
    # A discussion may belong to the same edition as the card: two threads, two replies
    own = f"{subject} {DISCUSSION}" if copy.subject == DISCUSSION else subject
    draft = Draft(kind=MessageKind.NOTICE, message=said, paper=paper, subject=own)
    return add_reply(store, copy.destination, copy.edition, draft, copy.thread)


def _shown(store: Store, payload: int) -> Message:
    (body,) = store.connection.execute("SELECT body FROM payloads WHERE id = ?", (payload,)).fetchone()
    return _MESSAGE.decode(body)


def _copies(store: Store, paper: ArxivId, language: str) -> Iterator[Copy]:
    for row in store.connection.execute(_COPIES, {"paper": paper, "language": language}):
        yield _copy(row)


def _copy(row: sqlite3.Row) -> Copy:
    return Copy(
        message=row["message"],
        kind=MessageKind(row["kind"]),
        subject=row["subject"],
        destination=row["destination"],
        edition=row["edition"],
        parent=row["parent"],
        to=Destination(row["adapter"], row["workspace"], row["address"]),
        flat=row["place"] == "person",
        language=row["language"],
        report_language=row["report_language"],
        revision=row["revision"],
        deleted=row["deleted_at"] is not None,
        key=row["key"],
        posting=row["delivery_kind"] == "post",
        state=State(row["state"]),
        payload=row["payload"],
    )


# A post that is dead has nothing to put right, and the edits of it died with it. What stands under a dead one has been
# posted without a parent.
_COPIES = """
SELECT messages.id AS message, messages.kind, messages.subject, messages.destination, messages.edition,
    CASE WHEN refused.key IS NULL THEN messages.parent END AS parent, messages.deleted_at,
    destinations.adapter, destinations.workspace, destinations.address, destinations.kind AS place,
    destinations.language, reports.language AS report_language, reports.revision,
    deliveries.key, deliveries.kind AS delivery_kind, deliveries.state, deliveries.payload
FROM messages
JOIN reports ON reports.id = messages.report
JOIN destinations ON destinations.id = messages.destination
JOIN deliveries ON deliveries.message = messages.id AND deliveries.revision = (
    SELECT max(newest.revision) FROM deliveries AS newest WHERE newest.message = messages.id AND newest.state <> 'dead')
LEFT JOIN deliveries AS refused
    ON refused.message = messages.parent AND refused.revision = 0 AND refused.state = 'dead'
WHERE messages.paper = :paper AND :language IN ('', reports.language) AND destinations.removed_at IS NULL
ORDER BY messages.destination, messages.id
"""
