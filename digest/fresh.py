"""Editions that are new, written together: what is the same for many is encoded once, and few statements write it all.

Within one transaction of digest.editions.make_editions. SQL of the tables editions, messages and deliveries.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from digest.payloads import payload_of
from digest.select import Selection
from digest.store import Store
from digest.types import Message

if TYPE_CHECKING:
    from digest.editions import Bell, Draft

KEY_BYTES = 12  # as hex 24 characters: Discord takes a nonce of at most 25


class _Line(NamedTuple):
    """A message of a choice. `parent` is the place of the line that it stands under."""

    draft: Draft
    report: int | None
    payload: int
    parent: int | None


class _Page(NamedTuple):
    reasons: str
    lines: Sequence[_Line]
    chosen: tuple[Selection, Sequence[Draft]]  # while they are here nothing else has their identity


class Fresh:
    """Editions of one day that destinations do not have yet, at one bell or, None, by hand."""

    def __init__(self, store: Store, day: date, bell: Bell | None) -> None:
        self._store = store
        self._day = day.isoformat()
        self._bell = None if bell is None else bell.day.isoformat()
        self._not_after = None if bell is None else bell.closes.isoformat()
        self._pages: dict[tuple[int, int], _Page] = {}
        self._payloads: dict[Message, int] = {}
        self._reports: dict[tuple[str, str, int], int | None] = {}
        self._wanted: list[tuple[int, _Page]] = []

    def add(self, destination: int, selection: Selection, drafts: Sequence[Draft]) -> None:
        """A destination gets an edition; nothing is written yet."""
        known = (id(selection), id(drafts))
        if known not in self._pages:
            reasons = {str(paper): reason for paper, reason in selection.reasons.items()}
            lines: list[_Line] = []
            for draft in drafts:
                self._into(lines, draft, None)
            self._pages[known] = _Page(msgspec.json.encode(reasons).decode(), lines, (selection, drafts))
        self._wanted.append((destination, self._pages[known]))

    def write(self) -> Mapping[int, int]:
        """Writes all; gives the numbers of the editions by destination."""
        if not self._wanted:
            return {}
        connection, now = self._store.connection, self._store.clock().isoformat()
        edition, message = connection.execute(_NEXT_NUMBERS).fetchone()
        positions = self._positions()
        editions, messages, deliveries = [], [], []
        for number, (destination, page) in enumerate(self._wanted, edition):
            editions.append((number, destination, self._day, page.reasons, now, self._bell))
            for place, line in enumerate(page.lines):
                draft, above = line.draft, None if line.parent is None else message + line.parent
                own = message + place
                messages.append((own, destination, number, draft.kind, draft.subject, draft.paper, line.report, above))
                key, position = secrets.token_hex(KEY_BYTES), positions[destination] + 1 + place
                deliveries.append((key, destination, position, own, line.payload, self._not_after, now))
            message += len(page.lines)
        connection.executemany(_EDITION, editions)
        connection.executemany(_MESSAGE, messages)
        connection.executemany(_DELIVERY, deliveries)
        return {destination: number for number, (destination, _) in enumerate(self._wanted, edition)}

    def _into(self, lines: list[_Line], draft: Draft, parent: int | None) -> None:
        lines.append(_Line(draft, self._report(draft), self._payload(draft.message), parent))
        own = len(lines) - 1
        for reply in draft.replies:
            self._into(lines, reply, own)

    def _report(self, draft: Draft) -> int | None:
        """The store's number of the report that a draft shows."""
        if draft.report is None:
            return None
        known = (draft.report.paper_id, draft.report.language, draft.report.revision)
        if known not in self._reports:
            row = self._store.connection.execute(
                "SELECT id FROM reports WHERE paper = ? AND language = ? AND revision = ?", known
            ).fetchone()
            self._reports[known] = None if row is None else row[0]
        return self._reports[known]

    def _payload(self, message: Message) -> int:
        if message not in self._payloads:
            self._payloads[message] = payload_of(self._store, message)
        return self._payloads[message]

    def _positions(self) -> dict[int, int]:
        """The last position that each destination has given."""
        numbers = msgspec.json.encode([destination for destination, _ in self._wanted]).decode()
        return dict(self._store.connection.execute(_POSITIONS, (numbers,)).fetchall())


_NEXT_NUMBERS = (
    "SELECT (SELECT coalesce(max(id), 0) + 1 FROM editions), (SELECT coalesce(max(id), 0) + 1 FROM messages)"
)
_POSITIONS = (
    "SELECT value, coalesce((SELECT max(position) FROM deliveries WHERE destination = value), 0) FROM json_each(?)"
)
_EDITION = "INSERT INTO editions (id, destination, day, reasons, made_at, bell) VALUES (?, ?, ?, ?, ?, ?)"
_MESSAGE = (
    "INSERT INTO messages (id, destination, edition, kind, subject, paper, report, parent) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_DELIVERY = (
    "INSERT INTO deliveries (key, destination, position, message, kind, revision, state, payload, not_after, "
    "created_at) VALUES (?, ?, ?, ?, 'post', 0, 'pending', ?, ?, ?)"
)
