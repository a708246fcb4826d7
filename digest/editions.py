"""Destinations and their editions: what is to be delivered where, frozen in one transaction a destination and day.

The SQL of the tables destinations, editions and messages; digest.deliveries has what becomes of them.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from digest.errors import UsageError
from digest.fresh import KEY_BYTES, Fresh
from digest.lookups import Lookups
from digest.payloads import payload_of
from digest.select import Reason, Selection
from digest.shelf import Composer, Had, Shelf
from digest.store import Store, _transaction
from digest.types import ArxivId, Destination, Digest, Message, Report

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


class Bell(Struct, frozen=True):
    """A destination's hour on one of its local days: what it gets then is posted from `rings` to `closes`, in UTC."""

    day: date
    rings: datetime
    closes: datetime


class Order(NamedTuple):
    """What an edition is made for. `missed` are days before that were not delivered, to be told of with it."""

    subscription: Subscription
    missed: tuple[date, ...] = ()


class Edition(Struct, frozen=True):
    """An edition as it now stands. `added`: deliveries that were not there before."""

    number: int
    reasons: Mapping[ArxivId, Reason]
    added: int


# --- destinations ------------------------------------------------------------------------------------------------


def register(store: Store, subscriptions: Sequence[Subscription], origin: str = "settings") -> None:
    """Makes the subscriptions of one origin those of the store: added, changed, and those not named removed.

    A destination stays parked, and keeps its history, whatever the settings say of it; so does one that was made in
    chat and is named by the settings now.
    """
    now = store.clock().isoformat()
    with _transaction(store.connection) as connection:
        for to in (one.to for one in subscriptions if origin == "settings" and not one.to.workspace):
            place = {"adapter": to.adapter, "address": to.address, "now": now}
            connection.execute(_GIVE_WAY, place)
            connection.execute(_ADOPT, place)
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
    bits = _bits(store, domains)
    return sum({bits[domain] for domain in domains})


def _bits(store: Store, domains: Collection[str]) -> dict[str, int]:
    """The bits of all domains, of these in any case."""
    with _transaction(store.connection) as connection:
        bits = dict(connection.execute("SELECT domain, bit FROM domain_bits").fetchall())
        if bits.keys() >= set(domains):
            return bits
        connection.executemany(
            "INSERT OR IGNORE INTO domain_bits (domain, bit) "
            "SELECT ?, coalesce(max(bit), 0) * 2 + (max(bit) IS NULL) FROM domain_bits",
            [(domain,) for domain in domains],
        )
        return dict(connection.execute("SELECT domain, bit FROM domain_bits").fetchall())


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
    """The destinations there are, parked ones too, by the store's number; not those that are only replied to."""
    rows = lookups.connection.execute(
        "SELECT * FROM destinations WHERE removed_at IS NULL AND kind <> 'reply' ORDER BY id"
    )
    return {row["id"]: subscription_of(row) for row in rows}


def subscription_of(row: sqlite3.Row) -> Subscription:
    """A row of the table destinations."""
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


def reasons(lookups: Lookups, destination: int) -> Iterator[tuple[int, date, dict[ArxivId, Reason]]]:
    """Each edition of a destination, oldest first: its number, its day, and why each paper is in it or not."""
    rows = lookups.connection.execute(
        "SELECT id, day, reasons FROM editions WHERE destination = ? ORDER BY day", (destination,)
    )
    for row in rows:
        yield row["id"], date.fromisoformat(row["day"]), _noted(row["reasons"])


def make_edition(store: Store, destination: int, day: date, compose: Compose) -> Edition:
    """One destination's edition of a day, by hand: see `make_editions`."""
    row = store.connection.execute("SELECT * FROM destinations WHERE id = ?", (destination,)).fetchone()
    return make_editions(store, day, {destination: Order(subscription_of(row))}, lambda _: compose)[destination]


def make_editions(
    store: Store, day: date, orders: Mapping[int, Order], composer: Composer, bell: Bell | None = None
) -> dict[int, Edition]:
    """Chooses, renders and freezes what destinations (the store's numbers) get of a day, in one transaction; nothing is
    sent here. What is the same for several is chosen and rendered once.

    Made again, an edition appends what is new: new cards go under the headline that is there, which is edited. With a
    bell its messages are for that bell's window only, and papers that joined the days before late come with it.
    """
    with _transaction(store.connection):
        shelf = Shelf(store, day, composer, late=bell is not None)
        masks = _masks(store, orders)
        shelf.match(masks.values())
        had = shelf.had(orders)
        there = _having(store, day, orders)
        fresh, made = Fresh(store, day, bell), {}
        for number, order in orders.items():
            chosen = shelf.choice(order.subscription, masks[number], had.get(number, Had()), order.missed)
            if number in there:
                made[number] = _made(store, shelf, number, chosen, bell)
            else:
                fresh.add(number, *chosen)
                made[number] = Edition(0, chosen[0].reasons, sum(map(_size, chosen[1])))
        return made | {one: replace(made[one], number=number) for one, number in fresh.write().items()}


def _masks(store: Store, orders: Mapping[int, Order]) -> dict[int, int]:
    """The masks of the domains that destinations want."""
    bits = _bits(store, {domain for order in orders.values() for domain in order.subscription.domains})
    return {number: sum({bits[domain] for domain in order.subscription.domains}) for number, order in orders.items()}


def _having(store: Store, day: date, destinations: Collection[int]) -> set[int]:
    """Those that have an edition of the day."""
    rows = store.connection.execute(
        "SELECT value FROM json_each(?) CROSS JOIN editions ON editions.destination = value AND editions.day = ?",
        (_text(list(destinations)), day.isoformat()),
    )
    return {row[0] for row in rows}


def _size(draft: Draft) -> int:
    return 1 + sum(map(_size, draft.replies))


def _made(
    store: Store, shelf: Shelf, destination: int, chosen: tuple[Selection, Sequence[Draft]], bell: Bell | None
) -> Edition:
    """Adds to an edition that is there."""
    selection, drafts = chosen
    number, before = _edition(store, destination, shelf.day, bell)
    # What this very edition holds has been sent before, seen from now.
    noted = before | {
        paper: Reason.CHOSEN if reason is Reason.SENT and before.get(paper) is Reason.CHOSEN else reason
        for paper, reason in selection.reasons.items()
    }
    _note_reasons(store, number, noted)
    place = _Place(destination, number, None if bell is None else bell.closes.isoformat())
    return Edition(number, noted, sum(_add_and_edit(store, place, draft) for draft in drafts))


def add_message(store: Store, destination: int, day: date, draft: Draft) -> bool:
    """Adds one more message to a day's edition, such as a discussion; False when the edition has it already."""
    with _transaction(store.connection):
        place = _Place(destination, _edition(store, destination, day, None)[0])
        return _add(store, place, draft, None) > 0


def add_notice(store: Store, destination: int, draft: Draft, not_after: datetime | None = None) -> bool:
    """Adds a message that belongs to no edition; False when the destination has had one with its subject."""
    with _transaction(store.connection) as connection:
        known = connection.execute(
            "SELECT 1 FROM messages WHERE edition IS NULL AND destination = ? AND subject = ?",
            (destination, draft.subject),
        ).fetchone()
        place = _Place(destination, None, None if not_after is None else not_after.isoformat())
        return known is None and _add(store, place, draft, None) > 0


def add_reply(store: Store, destination: int, edition: int, draft: Draft, under: int | None) -> bool:
    """Adds a message to an edition, in the thread of one of the store's messages or, None, flat; False when the edition
    has it already, or people deleted what it would stand under."""
    with _transaction(store.connection) as connection:
        deleted = connection.execute(
            "SELECT 1 FROM messages WHERE id = ? AND deleted_at IS NOT NULL", (under,)
        ).fetchone()
        return deleted is None and _add(store, _Place(destination, edition), draft, under) > 0


def add_edit(store: Store, message: int, changed: Message, not_after: str | None = None) -> None:
    """Has a message of the store replaced once it is posted; one that the platform refused, or that people deleted, has
    nothing to replace.

    `not_after` is a moment as the store has it, after which it is too late; None: it never is.
    """
    with _transaction(store.connection) as connection:
        destination, revision, refused = connection.execute(
            "SELECT destination, max(revision) + 1, max(kind = 'post' AND state = 'dead') "
            "OR EXISTS (SELECT 1 FROM messages WHERE id = ?1 AND deleted_at IS NOT NULL) FROM deliveries "
            "WHERE message = ?1",
            (message,),
        ).fetchone()
        if not refused:
            _deliver(store, _Place(destination, None, not_after), message, changed, revision)


def _edition(store: Store, destination: int, day: date, bell: Bell | None) -> tuple[int, dict[ArxivId, Reason]]:
    """The number of the edition, made when there is none, and the reasons noted in it."""
    store.connection.execute(
        "INSERT OR IGNORE INTO editions (destination, day, reasons, made_at) VALUES (?, ?, '{}', ?)",
        (destination, day.isoformat(), store.clock().isoformat()),
    )
    if bell is not None:
        store.connection.execute(
            "UPDATE editions SET bell = ? WHERE destination = ? AND day = ?",
            (bell.day.isoformat(), destination, day.isoformat()),
        )
    number, text = store.connection.execute(
        "SELECT id, reasons FROM editions WHERE destination = ? AND day = ?", (destination, day.isoformat())
    ).fetchone()
    return number, _noted(text)


def _noted(text: str) -> dict[ArxivId, Reason]:
    return {ArxivId(paper): reason for paper, reason in _REASONS.decode(text).items()}


def _note_reasons(store: Store, edition: int, noted: Mapping[ArxivId, Reason]) -> None:
    text = msgspec.json.encode({str(paper): reason for paper, reason in noted.items()}).decode()
    moment = store.clock().isoformat()
    store.connection.execute("UPDATE editions SET reasons = ?, made_at = ? WHERE id = ?", (text, moment, edition))


class _Place(NamedTuple):
    """Where messages are added: `edition` is None for what belongs to none, `not_after` the end of a window."""

    destination: int
    edition: int | None
    not_after: str | None = None


def _add_and_edit(store: Store, place: _Place, draft: Draft) -> int:
    """Adds a draft and its replies; a headline that was there is edited when there is more under it now."""
    known = None if draft.kind is not MessageKind.HEADLINE else _known(store, place, draft)
    added = _add(store, place, draft, None)
    if known is not None and added:
        add_edit(store, known, draft.message, place.not_after)
    return added


def _known(store: Store, place: _Place, draft: Draft) -> int | None:
    row = store.connection.execute(
        "SELECT id FROM messages WHERE kind = ?1 AND paper IS ?2 AND ((edition = ?3 AND subject = ?4) "
        "OR (kind = 'card' AND destination = ?5))",
        (draft.kind, draft.paper, place.edition, draft.subject, place.destination),
    ).fetchone()
    return None if row is None else row["id"]


def _add(store: Store, place: _Place, draft: Draft, parent: int | None) -> int:
    """Adds a draft and its replies, as far as they are not there; gives how many were added."""
    known = _known(store, place, draft)
    if known is not None:
        return sum(_add(store, place, reply, known) for reply in draft.replies)
    message = store.connection.execute(
        "INSERT INTO messages (destination, edition, kind, subject, paper, report, parent) "
        "VALUES (?, ?, ?, ?, ?, (SELECT id FROM reports WHERE paper = ? AND language = ? AND revision = ?), ?)",
        (
            place.destination,
            place.edition,
            draft.kind,
            draft.subject,
            draft.paper,
            *((draft.report.paper_id, draft.report.language, draft.report.revision) if draft.report else (None,) * 3),
            parent,
        ),
    ).lastrowid
    assert message is not None  # noqa: S101 (an INSERT has just been made)
    _deliver(store, place, message, draft.message, 0)
    return 1 + sum(_add(store, place, reply, message) for reply in draft.replies)


def _deliver(store: Store, place: _Place, message: int, shown: Message, revision: int) -> None:
    store.connection.execute(
        "INSERT INTO deliveries (key, destination, position, message, kind, revision, state, payload, not_after, "
        "created_at) VALUES (?1, ?2, "
        "(SELECT coalesce(max(position), 0) + 1 FROM deliveries WHERE destination = ?2), "
        "?3, ?4, ?5, 'pending', ?6, ?7, ?8)",
        (
            secrets.token_hex(KEY_BYTES),
            place.destination,
            message,
            "edit" if revision else "post",
            revision,
            payload_of(store, shown),
            place.not_after,
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


def _text(words: Sequence[str] | Sequence[int]) -> str:
    return msgspec.json.encode(words).decode()


# Chat knows the workspace, and who writes the settings need not. Where both have a row, that of the settings stays.
_GIVE_WAY = """
UPDATE destinations SET removed_at = :now WHERE adapter = :adapter AND address = :address AND origin = 'chat'
    AND workspace <> '' AND removed_at IS NULL
    AND EXISTS (SELECT 1 FROM destinations WHERE adapter = :adapter AND workspace = '' AND address = :address)
"""
_ADOPT = """
UPDATE destinations SET workspace = '' WHERE id = (
    SELECT max(id) FROM destinations WHERE adapter = :adapter AND address = :address AND origin = 'chat'
        AND workspace <> '' AND removed_at IS NULL
)
"""

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
    began_at = CASE WHEN destinations.removed_at < :now
        OR (destinations.paused_until > substr(:now, 1, 10) AND excluded.paused_until IS NULL) THEN :now
        ELSE destinations.began_at END
"""
