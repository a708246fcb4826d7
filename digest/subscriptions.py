"""Destinations that people make in chat: a person's direct messages, a channel's digest. And how somebody is forgotten.

What the settings name is fixed here: `Kept.fixed`. A channel made in chat that the settings name later is theirs from
then on (digest.editions.register).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from digest.cleanup import request_cleanup
from digest.editions import _REGISTER, WEEKDAYS, Subscription, _columns, mask_of, subscription_of
from digest.letters import REPLY
from digest.lookups import Lookups
from digest.operator import KIND as OPERATOR
from digest.operator import set_operator
from digest.spendings import forget_spendings
from digest.store import Store, _transaction
from digest.types import Destination, Invocation

CHAT = "chat"  # the origin of what is made here
PERSON_LIMIT = 10  # papers a day, unless somebody says otherwise
FOR_GOOD = date.max  # until when a pause lasts that has no end


class Kept(Struct, frozen=True):
    """A destination as the store has it. `fixed`: set by the operator, and not to be changed in chat."""

    number: int
    subscription: Subscription
    fixed: bool


class Forgotten(Struct, frozen=True):
    """What was erased of a person, for an answer to them."""

    subscriptions: int
    messages: int


def kept_at(lookups: Lookups, to: Destination) -> Kept | None:
    """The destination in force at a place; one that is written without its workspace is there in every one."""
    row = lookups.connection.execute(
        "SELECT * FROM destinations WHERE adapter = ? AND workspace IN (?, '') AND address = ? AND removed_at IS NULL "
        "AND kind <> 'operator' ORDER BY origin <> 'chat' DESC LIMIT 1",
        (to.adapter, to.workspace, to.address),
    ).fetchone()
    return None if row is None else Kept(row["id"], subscription_of(row), row["origin"] == "settings")


def former(lookups: Lookups, to: Destination) -> Subscription | None:
    """What a destination had before it was ended."""
    row = lookups.connection.execute(
        "SELECT * FROM destinations WHERE adapter = ? AND workspace = ? AND address = ? "
        "AND (removed_at IS NOT NULL OR kind = 'operator')",
        (to.adapter, to.workspace, to.address),
    ).fetchone()
    return None if row is None else subscription_of(row)


def of_number(lookups: Lookups, number: int) -> Subscription:
    """What the destination with the store's number gets, one that was ended too."""
    row = lookups.connection.execute("SELECT * FROM destinations WHERE id = ?", (number,)).fetchone()
    return subscription_of(row)


def keep(store: Store, subscription: Subscription) -> int:
    """Makes or changes the destination, and gives the store's number for it.

    One that had been removed or parked begins anew: what was left to be sent there is dropped, since nobody waits for
    it any more. Only for what is not fixed: the settings would win again at the next start.
    """
    now = store.clock().isoformat()
    with _transaction(store.connection) as connection:
        mask = mask_of(store, subscription.domains)
        known = connection.execute(
            "SELECT id FROM destinations WHERE adapter = ? AND workspace = ? AND address = ? "
            "AND (removed_at IS NOT NULL OR parked_at IS NOT NULL)",
            (subscription.to.adapter, subscription.to.workspace, subscription.to.address),
        ).fetchone()
        if known is not None:
            _drop_unsent(connection, known["id"])
            connection.execute("UPDATE destinations SET parked_at = NULL, parked_why = '' WHERE id = ?", (known["id"],))
        connection.execute(_REGISTER, _columns(subscription) | {"origin": CHAT, "now": now, "mask": mask})
        (number,) = connection.execute(
            "SELECT id FROM destinations WHERE adapter = ? AND workspace = ? AND address = ?",
            (subscription.to.adapter, subscription.to.workspace, subscription.to.address),
        ).fetchone()
    return int(number)


def remove(store: Store, number: int) -> None:
    """Nothing is made or sent there any more. Its history is kept, so that nothing comes twice after a return.

    Where the operator is told things, they still are.
    """
    with _transaction(store.connection) as connection:
        row = connection.execute("SELECT * FROM destinations WHERE id = ?", (number,)).fetchone()
        connection.execute("UPDATE destinations SET removed_at = ? WHERE id = ?", (store.clock().isoformat(), number))
        if row["operator"]:
            set_operator(store, subscription_of(row).to)


def pause(store: Store, number: int, until: date | None) -> None:
    """Nothing is made there until this local day. None ends a pause; what was missed in it is not caught up."""
    with _transaction(store.connection) as connection:
        if until is not None:
            connection.execute("UPDATE destinations SET paused_until = ? WHERE id = ?", (until.isoformat(), number))
            return
        connection.execute(
            "UPDATE destinations SET paused_until = NULL, "
            "began_at = iif(paused_until > substr(?1, 1, 10), ?1, began_at) WHERE id = ?2",
            (store.clock().isoformat(), number),
        )


def is_paused(subscription: Subscription, now: datetime) -> bool:
    until = subscription.paused_until
    return until is not None and now.astimezone(ZoneInfo(subscription.timezone)).date() < until


def next_hour(subscription: Subscription, now: datetime) -> datetime | None:
    """When the next digest is due, in local time; None when it is paused for good."""
    if subscription.paused_until == FOR_GOOD:
        return None
    zone = ZoneInfo(subscription.timezone)
    day = now.astimezone(zone).date()
    if subscription.paused_until is not None:
        day = max(day, subscription.paused_until)
    hour, minute = map(int, subscription.at.split(":"))
    for _ in range(9):  # a week, and today, and what a change of clocks may skip
        due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
        if WEEKDAYS[day.weekday()] in subscription.weekdays and due.astimezone(UTC) > now:
            return due
        day += timedelta(days=1)
    return None


# --- forgetting --------------------------------------------------------------------------------------------------


def forget(store: Store, asked: Invocation) -> Forgotten:
    """Erases everything about the person who asks, in one transaction; what was being sent is not sent again.

    A workspace of "" means all of them, for platforms on which a person is the same in each. Left is a row without
    anything of theirs, so that the number of their destination is never another's: a send that is under way, or an
    edition that is being made, still knows it by that. What the day's budgets have counted stays, under a hash
    (digest.spendings). The content leaves the file and the WAL with the cleanup that is requested here
    (digest.cleanup).
    """
    who = {"adapter": asked.adapter, "workspace": asked.workspace, "person": asked.person}
    before = store.connection.total_changes
    with _transaction(store.connection) as connection:
        rows = connection.execute(_THEIRS, who).fetchall()
        # Their conversation with the bot has an id of its own
        numbers = [row["id"] for row in rows]
        names = [asked.person, *(name for number in numbers for name in _conversations(connection, number))]
        messages = sum(_erase_messages(connection, number) for number in numbers)
        connection.executemany(_NOBODYS, [{"number": number, "now": store.clock().isoformat()} for number in numbers])
        for row in rows:
            if row["operator"]:  # that they are told is the settings' word, not theirs
                set_operator(store, subscription_of(row).to)
        connection.execute(f"DELETE FROM people WHERE person = :person AND {_THERE}", who)  # noqa: S608 (our own words)
        forget_spendings(store, asked)
        _erase_jobs(connection, asked)
        connection.execute(
            "UPDATE reports SET corrected_by = '' WHERE corrected_by <> '' AND corrected_by = ?", (_by(asked),)
        )
        connection.execute("UPDATE hidden SET hidden_by = '' WHERE hidden_by = ?", (_by(asked),))
        _erase_mentions(connection, names)
        if connection.total_changes > before:
            connection.execute(_UNUSED_PAYLOADS)
            request_cleanup(connection, vacuum=True)
    ended = [row for row in rows if row["kind"] == "person" and row["removed_at"] is None]
    return Forgotten(len(ended), messages)


def _by(asked: Invocation) -> str:
    """The person who asks, as jobs and corrections name them."""
    return f"{asked.adapter}:{asked.person}"


def _conversations(connection: sqlite3.Connection, number: int) -> list[str]:
    rows = connection.execute(
        "SELECT DISTINCT platform_channel FROM messages WHERE destination = ? AND platform_channel <> ''", (number,)
    )
    return [row[0] for row in rows]


def _erase_messages(connection: sqlite3.Connection, number: int) -> int:
    """Every message of a destination, with deliveries and editions but without bodies; gives how many there were."""
    connection.execute("DELETE FROM deliveries WHERE destination = ?", (number,))
    erased = connection.execute("DELETE FROM messages WHERE destination = ?", (number,)).rowcount
    connection.execute("DELETE FROM editions WHERE destination = ?", (number,))
    return erased


def _erase_jobs(connection: sqlite3.Connection, asked: Invocation) -> None:
    """Erases what a person asked for or told, and what others asked to be sent to them; a request may name who asked,
    whatever its kind."""
    address = _address(asked.adapter, asked.person)
    found = connection.execute(
        "SELECT id, request, answer, progress, asked_by FROM jobs WHERE asked_by = :by OR instr(request, :raw) "
        "OR instr(answer, :raw) OR instr(progress, :raw)",
        {"by": _by(asked), "raw": _raw(asked.person)},
    ).fetchall()
    theirs = [
        row["id"]
        for row in found
        if row["asked_by"] == _by(asked)
        or asked.person in (texts := [*_texts(row["request"])])
        or any(address.search(text) for text in (*texts, *_texts(row["answer"]), row["progress"]))
    ]
    connection.executemany("DELETE FROM jobs WHERE id = ?", [(number,) for number in theirs])
    if theirs:
        # An endpoint may quote the question that it refuses, and the identity holds a hash of it; nobody can tell whose
        connection.execute("UPDATE model_calls SET error = '', identity = '' WHERE purpose = 'answer'")


def _address(adapter: str, person: str) -> re.Pattern[str]:
    """The person's address as it stands in a text, whichever workspace it names."""
    return re.compile(rf"(?<!\w){re.escape(adapter)}:(?:[^\s/:]++/)?{re.escape(person)}(?!\w)")


def _erase_mentions(connection: sqlite3.Connection, names: Sequence[str]) -> None:
    """Erases what the operator was told of a person: a mistake with their words, a conversation that takes nothing."""
    named = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names))})(?!\w)")
    told = connection.execute(
        "SELECT messages.id, messages.subject, payloads.body FROM destinations "
        "JOIN messages ON messages.destination = destinations.id AND messages.edition IS NULL "
        "JOIN deliveries ON deliveries.message = messages.id JOIN payloads ON payloads.id = deliveries.payload "
        "WHERE destinations.operator OR destinations.kind = 'operator' OR messages.subject GLOB 'operator *'"
    ).fetchall()
    for row in told:
        if any(named.search(text) for text in (row["subject"], *_texts(bytes(row["body"]).decode()))):
            connection.execute("DELETE FROM deliveries WHERE message = ?", (row["id"],))
            connection.execute("DELETE FROM messages WHERE id = ?", (row["id"],))


def _raw(text: str) -> str:
    """A text as it stands inside a string of JSON."""
    return msgspec.json.encode(text).decode()[1:-1]


def _texts(column: str) -> Iterator[str]:
    """The strings in JSON, without its escapes; what is no JSON as it is."""
    try:
        left = [msgspec.json.decode(column)]
    except msgspec.DecodeError:
        left = [column]
    while left:
        match left.pop():
            case str() as text:
                yield text
            case list() as values:
                left += values
            case dict() as fields:
                left += fields.values()


def _drop_unsent(connection: sqlite3.Connection, number: int) -> None:
    """What the platform certainly does not have is as if it had never been made."""
    # The last first: replies come after what they stand under
    rows = connection.execute(
        "SELECT deliveries.message, messages.edition FROM deliveries JOIN messages ON messages.id = deliveries.message "
        "WHERE deliveries.destination = ? AND deliveries.state <> 'sent' "
        "AND deliveries.state IN ('pending', 'failed', 'held') AND deliveries.kind = 'post' "
        "ORDER BY deliveries.message DESC",
        (number,),
    ).fetchall()
    for row in rows:
        connection.execute("DELETE FROM deliveries WHERE message = ?", (row["message"],))
        connection.execute("DELETE FROM messages WHERE id = ?", (row["message"],))
    # A day of which nothing was sent is still to come
    connection.executemany(
        "DELETE FROM editions WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM messages WHERE edition = ?1)",
        {(row["edition"],) for row in rows},
    )


# Those of deliveries that were dropped or changed before as well; others may have the same cards
_UNUSED_PAYLOADS = (
    "DELETE FROM payloads WHERE id IN (SELECT id FROM payloads AS body "
    "WHERE NOT EXISTS (SELECT 1 FROM deliveries WHERE payload = body.id) "
    "AND NOT EXISTS (SELECT 1 FROM messages WHERE uncovered = body.id))"
)
# A destination that is written without its workspace is there in every one
_THERE = "adapter = :adapter AND (workspace IN (:workspace, '') OR :workspace = '')"
_THEIRS = (
    "SELECT * FROM destinations WHERE address = :person "  # noqa: S608 (our own words)
    f"AND kind IN ('person', '{REPLY}', '{OPERATOR}') AND {_THERE}"
)
_NOBODYS = """
UPDATE destinations SET workspace = '', address = 'forgotten' || id, person = '', kind = 'person', language = 'en',
    hour = '09:00', window_end = '12:00', timezone = 'UTC', weekdays = '[]', domains = '[]', mask = 0,
    with_words = '[]', without_words = '[]', paused_until = NULL, parked_at = NULL, parked_why = '',
    created_at = :now, began_at = NULL, operator = 0, removed_at = :now
WHERE id = :number
"""
