"""The posted copies of a report: where they are, and how each is put right, once. SQL over messages and deliveries.

A copy that the platform has, or may have, gets an edit; one that is certainly not there yet is changed where it waits,
or held while something covers it (digest.covers). What people deleted stays deleted.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from digest.covers import Covers
from digest.deliveries import State
from digest.editions import Draft, MessageKind, add_edit, add_reply
from digest.payloads import payload_of
from digest.store import Store, _transaction
from digest.threads import DISCUSSION
from digest.types import ArxivId, Destination, Message

_MESSAGE = msgspec.json.Decoder(Message)
_NOT_THERE = (State.PENDING, State.FAILED, State.HELD)  # of a delivery: the platform certainly does not have it


class Copies(Struct, frozen=True):
    """What is done at a destination: messages there that are edited, messages that were not posted yet and are changed,
    held or let go before they are, and replies."""

    to: Destination
    edited: int = 0
    ahead: int = 0
    replies: int = 0
    is_person: bool = False  # whose direct messages these are, and not a channel's


class Copy(Struct, frozen=True):
    """A message of the store that shows a report, its `revision` in `report_language`, or, with neither, says something
    of the paper in a thread. `language` is the destination's.

    `key`, `state`, `payload` and `posting` (rather than editing) are of its newest delivery that is not dead.
    `uncovered` is the payload that it would show if nothing covered it, None when nothing does.
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
    removed: bool  # nothing is sent to the destination, unless it comes back
    key: str
    posting: bool
    state: State
    payload: int
    uncovered: int | None

    @property
    def seen(self) -> bool:
        """Whether somebody may have seen it, or will before anything that is done now."""
        return not (self.posting and self.state in _NOT_THERE)

    @property
    def thread(self) -> int | None:
        """The message whose thread it opens or stands in; None where there are no threads."""
        return None if self.flat else self.message if self.parent is None else self.parent

    @property
    def is_reply(self) -> bool:
        """Whether it says what became of the report, rather than show it."""
        return not self.revision

    @property
    def is_section(self) -> bool:
        return self.kind is MessageKind.SECTION


class Amendment(Protocol):
    """What changes in the copies of a report, and what is said about it. What covers a copy is not the amendment's."""

    @property
    def subject(self) -> str:
        """Of the replies: with it each is made once."""

    def redrawn(self, copy: Copy, shown: Message) -> Message:
        """What the copy is to show, where nothing covers it, instead of `shown`."""

    def reply(self, copy: Copy) -> Message | None:
        """What is said once in the copy's thread; None: nothing."""


class _Drawn(NamedTuple):
    """What a copy shows now, what it would show if nothing covered it, and what it is to show."""

    now: Message
    uncovered: Message
    wanted: Message

    @property
    def covered(self) -> bool:
        return self.wanted != self.uncovered


def amend(
    store: Store,
    paper: ArxivId,
    language: str,
    amendment: Amendment,
    covers: Covers,
    destination: int | None = None,
) -> tuple[Copies, ...]:
    """Has every copy of a paper's report in a language ("": in any) show what the amendment and the covers make of it,
    and says so once in each thread where it was seen and is not hidden. With `destination` only its copies, and what
    was said of them there. In destinations that have been removed copies come right when these come back; they do not
    count, and nothing is said there.
    """
    done: dict[Destination, Copies] = {}
    threads: dict[tuple[int, int | None], Copy] = {}
    drawn: dict[tuple[object, ...], _Drawn] = {}  # what is alike is rendered once
    with _transaction(store.connection):
        for copy in list(_copies(store, paper, language, destination)):
            if copy.is_reply and destination is None:
                continue
            before = done.get(copy.to, Copies(copy.to, is_person=copy.flat))
            report = (copy.report_language, copy.revision)
            alike = (copy.payload, copy.uncovered, copy.language, copy.kind, copy.subject, report, covers.hides(copy))
            if alike not in drawn:
                drawn[alike] = _redrawn(store, copy, amendment, covers)
            shown = drawn[alike]
            _note_uncovered(store, copy, shown)
            if copy.removed:
                _edited(store, copy, shown) if copy.seen else _changed_ahead(store, copy, shown, covers)
            elif copy.seen:
                if not covers.hides(copy):
                    threads.setdefault((copy.destination, copy.thread), copy)
                done[copy.to] = replace(before, edited=before.edited + _edited(store, copy, shown))
            else:
                done[copy.to] = replace(before, ahead=before.ahead + _changed_ahead(store, copy, shown, covers))
        for copy in threads.values():
            said = amendment.reply(copy)
            if said is not None and _replied(store, paper, amendment.subject, copy, said):
                done[copy.to] = replace(done[copy.to], replies=done[copy.to].replies + 1)
    return tuple(one for one in done.values() if one.edited or one.ahead or one.replies)


def _redrawn(store: Store, copy: Copy, amendment: Amendment, covers: Covers) -> _Drawn:
    now = _shown(store, copy.payload)
    before = now if copy.uncovered is None else _shown(store, copy.uncovered)
    uncovered = amendment.redrawn(copy, before)
    return _Drawn(now, uncovered, covers.over(copy, uncovered) or uncovered)


def _note_uncovered(store: Store, copy: Copy, shown: _Drawn) -> None:
    uncovered = payload_of(store, shown.uncovered) if shown.covered else None
    if uncovered != copy.uncovered:
        store.connection.execute("UPDATE messages SET uncovered = ? WHERE id = ?", (uncovered, copy.message))


def _edited(store: Store, copy: Copy, shown: _Drawn) -> bool:
    if copy.deleted or shown.now == shown.wanted:
        return False
    if copy.state in _NOT_THERE:  # an earlier edit, which has not left yet
        _change(store, copy, shown.wanted)
    else:
        add_edit(store, copy.message, shown.wanted)
    return True


def _changed_ahead(store: Store, copy: Copy, shown: _Drawn, covers: Covers) -> bool:
    """Changes what is to be posted, holds it while it is covered, or lets it go when it no longer is."""
    if shown.covered:
        store.connection.execute(
            "UPDATE deliveries SET state = 'held', error = ?, failed_at = ?, next_attempt_at = NULL WHERE key = ?",
            (covers.unsent(copy), store.clock().isoformat(), copy.key),
        )
        return copy.state is not State.HELD
    _change(store, copy, shown.wanted)
    if copy.state is State.HELD:
        store.connection.execute(
            "UPDATE deliveries SET state = 'pending', error = '', failed_at = NULL WHERE key = ?", (copy.key,)
        )
        return True
    return shown.now != shown.wanted


def _change(store: Store, copy: Copy, wanted: Message) -> None:
    """Changes what is to be sent."""
    store.connection.execute("UPDATE deliveries SET payload = ? WHERE key = ?", (payload_of(store, wanted), copy.key))


def _replied(store: Store, paper: ArxivId, subject: str, copy: Copy, said: Message) -> bool:
    # A discussion may belong to the same edition as the card: two threads, two replies
    own = f"{subject} {DISCUSSION}" if copy.subject == DISCUSSION else subject
    draft = Draft(kind=MessageKind.NOTICE, message=said, paper=paper, subject=own)
    return add_reply(store, copy.destination, copy.edition, draft, copy.thread)


def _shown(store: Store, payload: int) -> Message:
    (body,) = store.connection.execute("SELECT body FROM payloads WHERE id = ?", (payload,)).fetchone()
    return _MESSAGE.decode(body)


def _copies(store: Store, paper: ArxivId, language: str, destination: int | None) -> Iterator[Copy]:
    asked = {"paper": paper, "language": language, "destination": destination}
    for row in store.connection.execute(_COPIES, asked):
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
        report_language=row["report_language"] or "",
        revision=row["revision"] or 0,
        deleted=row["deleted_at"] is not None,
        removed=row["removed_at"] is not None,
        key=row["key"],
        posting=row["delivery_kind"] == "post",
        state=State(row["state"]),
        payload=row["payload"],
        uncovered=row["uncovered"],
    )


# A post that is dead has nothing to put right, and the edits of it died with it. What stands under a dead one has been
# posted without a parent.
_COPIES = """
SELECT messages.id AS message, messages.kind, messages.subject, messages.destination, messages.edition,
    CASE WHEN refused.key IS NULL THEN messages.parent END AS parent, messages.deleted_at, messages.uncovered,
    destinations.removed_at,
    destinations.adapter, destinations.workspace, destinations.address, destinations.kind AS place,
    destinations.language, reports.language AS report_language, reports.revision,
    deliveries.key, deliveries.kind AS delivery_kind, deliveries.state, deliveries.payload
FROM messages
LEFT JOIN reports ON reports.id = messages.report
JOIN destinations ON destinations.id = messages.destination
JOIN deliveries ON deliveries.message = messages.id AND deliveries.revision = (
    SELECT max(newest.revision) FROM deliveries AS newest WHERE newest.message = messages.id AND newest.state <> 'dead')
LEFT JOIN deliveries AS refused
    ON refused.message = messages.parent AND refused.revision = 0 AND refused.state = 'dead'
WHERE messages.paper = :paper AND :language IN ('', reports.language)
    AND (:destination IS NULL OR messages.destination = :destination)
ORDER BY messages.destination, messages.id
"""
