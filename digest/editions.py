"""Destinations and their editions: what is to be delivered where, frozen in one transaction a destination and day.

The SQL of the tables destinations, editions and messages; digest.deliveries has what becomes of them.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec
from msgspec import Struct

from digest.errors import UsageError
from digest.lookups import Lookups
from digest.payloads import payload_of
from digest.select import Reason, Selection, select
from digest.store import Store, _transaction
from digest.types import ArxivId, Destination, Digest, Message, Report

_KEY_BYTES = 12  # as hex 24 characters: Discord takes a nonce of at most 25
_STRINGS = msgspec.json.Decoder(tuple[str, ...])
_REASONS = msgspec.json.Decoder(dict[str, Reason])

WINDOW_H = 3
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class MessageKind(StrEnum):
    HEADLINE = "headline"
    CARD = "card"
    SECTION = "section"
    NOTICE = "notice"


class Subscription(Struct, frozen=True, kw_only=True):
    """What a destination gets, and when. `at` and `window_end` are local times, HH:MM; a window that ends before it
    begins ends on the next day. Until the local day `paused_until` nothing is made for it.
    """

    to: Destination
    kind: str = "channel"  # channel, forum, person
    person: str = ""  # whose direct messages these are
    language: str = "en"
    layout: str = "digest"  # digest: the cards in one thread; paper: a card each in the channel
    at: str = "09:00"
    window_end: str = "12:00"
    timezone: str = "UTC"
    weekdays: tuple[str, ...] = WEEKDAYS
    domains: tuple[str, ...] = ()
    with_words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    limit: int = 30
    paused_until: date | None = None


def window_end(at: str) -> str:
    """Until when a digest that is set for `at` may be posted, unless somebody says otherwise: three hours later."""
    hour, minute = at.split(":")
    return f"{(int(hour) + WINDOW_H) % 24:02}:{minute}"


class Draft(Struct, frozen=True, kw_only=True):
    """A rendered message of an edition, with the messages that stand in its thread.

    `paper` and `report` say what it is about; `subject` tells notices or sections of one paper apart.
    """

    kind: MessageKind
    message: Message
    paper: ArxivId | None = None
    report: Report | None = None
    subject: str = ""
    replies: tuple[Draft, ...] = ()


Compose = Callable[[Digest, Selection], Sequence[Draft]]
"""Renders an edition from the whole day and the papers that were chosen of it. It runs inside the transaction."""


class Edition(Struct, frozen=True):
    """An edition as it now stands. `added`: deliveries that were not there before."""

    number: int
    reasons: Mapping[ArxivId, Reason]
    added: int


# --- destinations ------------------------------------------------------------------------------------------------


def register(store: Store, subscriptions: Sequence[Subscription], origin: str = "settings") -> None:
    """Makes the subscriptions of one origin those of the store: added, changed, and those not named removed.

    A destination stays parked, and keeps its history, whatever the settings say of it.
    """
    now = store.clock().isoformat()
    with _transaction(store.connection) as connection:
        connection.execute(
            "UPDATE destinations SET removed_at = ? WHERE origin = ? AND removed_at IS NULL", (now, origin)
        )
        connection.executemany(
            _REGISTER,
            [
                _columns(subscription) | {"origin": origin, "now": now, "mask": mask_of(store, subscription.domains)}
                for subscription in subscriptions
            ],
        )


def mask_of(store: Store, domains: Collection[str]) -> int:
    """The domains as bits of a number: those of one store keep theirs for good. No domains: 0."""
    with _transaction(store.connection) as connection:
        connection.executemany(
            "INSERT OR IGNORE INTO domain_bits (domain, bit) "
            "SELECT ?, coalesce(max(bit), 0) * 2 + (max(bit) IS NULL) FROM domain_bits",
            [(domain,) for domain in domains],
        )
        bits = dict(connection.execute("SELECT domain, bit FROM domain_bits").fetchall())
    return sum({bits[domain] for domain in domains})


def number_of(lookups: Lookups, to: Destination) -> int:
    """The store's number of a destination; one written without its workspace is found when there is only one like it.

    Raises UsageError, which names the destinations there are.
    """
    found = lookups.connection.execute(
        "SELECT id FROM destinations WHERE adapter = ?1 AND address = ?2 AND (workspace = ?3 OR ?3 = '') "
        "AND removed_at IS NULL ORDER BY workspace = ?3 DESC",
        (to.adapter, to.address, to.workspace),
    ).fetchall()
    if len(found) == 1:
        return int(found[0]["id"])
    if found:
        raise UsageError(f'"{to}" is in several workspaces. Name one: {to.adapter}:WORKSPACE/{to.address}.')
    known = ", ".join(str(subscription.to) for subscription in subscribed(lookups).values())
    raise UsageError(
        f'"{to}" is not a destination here. There are: {known or "none; add [[channels]] to the settings"}.'
    )


def subscribed(lookups: Lookups) -> dict[int, Subscription]:
    """The destinations there are, parked ones too, by the store's number."""
    rows = lookups.connection.execute("SELECT * FROM destinations WHERE removed_at IS NULL ORDER BY id")
    return {row["id"]: _subscription(row) for row in rows}


def _subscription(row: sqlite3.Row) -> Subscription:
    return Subscription(
        to=Destination(row["adapter"], row["workspace"], row["address"]),
        kind=row["kind"],
        person=row["person"],
        language=row["language"],
        layout=row["layout"],
        at=row["hour"],
        window_end=row["window_end"],
        timezone=row["timezone"],
        weekdays=_STRINGS.decode(row["weekdays"]),
        domains=_STRINGS.decode(row["domains"]),
        with_words=_STRINGS.decode(row["with_words"]),
        without_words=_STRINGS.decode(row["without_words"]),
        limit=row["max_papers"],
        paused_until=None if row["paused_until"] is None else date.fromisoformat(row["paused_until"]),
    )


# --- editions ----------------------------------------------------------------------------------------------------


def choose(lookups: Lookups, destination: int, day: date) -> tuple[Digest, Selection]:
    """The day as the store has it in the destination's language, and what is new of it for the destination."""
    row = lookups.connection.execute("SELECT * FROM destinations WHERE id = ?", (destination,)).fetchone()
    subscription = _subscription(row)
    digest = lookups.digest(day, subscription.language)
    had = lookups.connection.execute(
        "SELECT messages.paper, editions.day FROM messages JOIN editions ON editions.id = messages.edition "
        "WHERE messages.destination = ?1 AND messages.kind = 'card' "
        "AND (messages.paper IN (SELECT paper FROM listings WHERE day = ?2) OR editions.day = ?2)",
        (destination, day.isoformat()),
    ).fetchall()
    selection = select(
        digest.papers,
        domains=subscription.domains,
        with_words=subscription.with_words,
        without_words=subscription.without_words,
        limit=subscription.limit - sum(of_day == day.isoformat() for _, of_day in had),
        already={paper for paper, _ in had},
    )
    return digest, selection


def reasons(lookups: Lookups, destination: int) -> Iterator[tuple[int, date, dict[ArxivId, Reason]]]:
    """Each edition of a destination, oldest first: its number, its day, and why each paper is in it or not."""
    rows = lookups.connection.execute(
        "SELECT id, day, reasons FROM editions WHERE destination = ? ORDER BY day", (destination,)
    )
    for row in rows:
        yield row["id"], date.fromisoformat(row["day"]), _noted(row["reasons"])


def make_edition(store: Store, destination: int, day: date, compose: Compose) -> Edition:
    """Chooses, renders and freezes what the destination gets of the day, in one transaction; nothing is sent here.

    Made again, it appends what is new: a headline that is there stays as it is and new cards go under it.
    """
    with _transaction(store.connection):
        digest, selection = choose(store, destination, day)
        number, before = _edition(store, destination, day)
        # What this very edition holds has been sent before, seen from now.
        noted = before | {
            paper: Reason.CHOSEN if reason is Reason.SENT and before.get(paper) is Reason.CHOSEN else reason
            for paper, reason in selection.reasons.items()
        }
        _note_reasons(store, number, noted)
        drafts = compose(digest, selection) if selection.papers else ()
        added = sum(_add(store, destination, number, draft, None) for draft in drafts)
    return Edition(number, noted, added)


def add_message(store: Store, destination: int, day: date, draft: Draft) -> bool:
    """Adds one more message to a day's edition, such as a notice; False when the edition has it already."""
    with _transaction(store.connection):
        return _add(store, destination, _edition(store, destination, day)[0], draft, None) > 0


def add_edit(store: Store, message: int, changed: Message) -> None:
    """Has a message of the store replaced once it is posted; one that the platform refused has nothing to replace."""
    with _transaction(store.connection) as connection:
        destination, revision, refused = connection.execute(
            "SELECT destination, max(revision) + 1, max(kind = 'post' AND state = 'dead') FROM deliveries "
            "WHERE message = ?",
            (message,),
        ).fetchone()
        if not refused:
            _deliver(store, destination, message, changed, revision)


def _edition(store: Store, destination: int, day: date) -> tuple[int, dict[ArxivId, Reason]]:
    """The number of the edition, made when there is none, and the reasons noted in it."""
    store.connection.execute(
        "INSERT OR IGNORE INTO editions (destination, day, reasons, made_at) VALUES (?, ?, '{}', ?)",
        (destination, day.isoformat(), store.clock().isoformat()),
    )
    number, text = store.connection.execute(
        "SELECT id, reasons FROM editions WHERE destination = ? AND day = ?", (destination, day.isoformat())
    ).fetchone()
    return number, _noted(text)


def _noted(text: str) -> dict[ArxivId, Reason]:
    return {ArxivId(paper): reason for paper, reason in _REASONS.decode(text).items()}


def _note_reasons(store: Store, edition: int, noted: Mapping[ArxivId, Reason]) -> None:
    text = msgspec.json.encode({str(paper): reason for paper, reason in noted.items()}).decode()
    store.connection.execute("UPDATE editions SET reasons = ? WHERE id = ?", (text, edition))


def _add(store: Store, destination: int, edition: int, draft: Draft, parent: int | None) -> int:
    """Adds a draft and its replies, as far as they are not there; gives how many were added."""
    row = store.connection.execute(
        "SELECT id FROM messages WHERE kind = ?1 AND paper IS ?2 AND ((edition = ?3 AND subject = ?4) "
        "OR (kind = 'card' AND destination = ?5))",
        (draft.kind, draft.paper, edition, draft.subject, destination),
    ).fetchone()
    if row is not None:
        return sum(_add(store, destination, edition, reply, row["id"]) for reply in draft.replies)
    message = store.connection.execute(
        "INSERT INTO messages (destination, edition, kind, subject, paper, report, parent) "
        "VALUES (?, ?, ?, ?, ?, (SELECT id FROM reports WHERE paper = ? AND language = ? AND revision = ?), ?)",
        (
            destination,
            edition,
            draft.kind,
            draft.subject,
            draft.paper,
            *((draft.report.paper_id, draft.report.language, draft.report.revision) if draft.report else (None,) * 3),
            parent,
        ),
    ).lastrowid
    assert message is not None  # noqa: S101 (an INSERT has just been made)
    _deliver(store, destination, message, draft.message, 0)
    return 1 + sum(_add(store, destination, edition, reply, message) for reply in draft.replies)


def _deliver(store: Store, destination: int, message: int, shown: Message, revision: int) -> None:
    store.connection.execute(
        "INSERT INTO deliveries (key, destination, position, message, kind, revision, state, payload, created_at) "
        "VALUES (?1, ?2, (SELECT coalesce(max(position), 0) + 1 FROM deliveries WHERE destination = ?2), "
        "?3, ?4, ?5, 'pending', ?6, ?7)",
        (
            secrets.token_hex(_KEY_BYTES),
            destination,
            message,
            "edit" if revision else "post",
            revision,
            payload_of(store, shown),
            store.clock().isoformat(),
        ),
    )


def _columns(subscription: Subscription) -> dict[str, object]:
    return {
        "adapter": subscription.to.adapter,
        "workspace": subscription.to.workspace,
        "address": subscription.to.address,
        "kind": subscription.kind,
        "person": subscription.person,
        "language": subscription.language,
        "layout": subscription.layout,
        "hour": subscription.at,
        "window_end": subscription.window_end,
        "timezone": subscription.timezone,
        "weekdays": _text(subscription.weekdays),
        "domains": _text(subscription.domains),
        "with_words": _text(subscription.with_words),
        "without_words": _text(subscription.without_words),
        "max_papers": subscription.limit,
        "paused_until": None if subscription.paused_until is None else subscription.paused_until.isoformat(),
    }


def _text(words: Sequence[str]) -> str:
    return msgspec.json.encode(words).decode()


_REGISTER = """
INSERT INTO destinations (adapter, workspace, address, kind, person, language, layout, hour, window_end, timezone,
    weekdays, domains, mask, with_words, without_words, max_papers, paused_until, origin, created_at, began_at)
VALUES (:adapter, :workspace, :address, :kind, :person, :language, :layout, :hour, :window_end, :timezone,
    :weekdays, :domains, :mask, :with_words, :without_words, :max_papers, :paused_until, :origin, :now, :now)
ON CONFLICT (adapter, workspace, address) DO UPDATE SET kind = excluded.kind, person = excluded.person,
    language = excluded.language, layout = excluded.layout, hour = excluded.hour, window_end = excluded.window_end,
    timezone = excluded.timezone, weekdays = excluded.weekdays, domains = excluded.domains, mask = excluded.mask,
    with_words = excluded.with_words, without_words = excluded.without_words, max_papers = excluded.max_papers,
    paused_until = excluded.paused_until, origin = excluded.origin, removed_at = NULL,
    began_at = CASE WHEN destinations.removed_at < :now THEN :now ELSE destinations.began_at END
"""
