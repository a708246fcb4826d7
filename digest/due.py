"""Who is due: destinations by their hours, what each has had, and what their windows left undone. SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import msgspec

from digest.editions import Bell, Subscription, subscription_of
from digest.lookups import Lookups
from digest.shelf import LATE_DAYS
from digest.store import Store, _transaction

_STRINGS = msgspec.json.Decoder(tuple[str, ...])


class Hour(NamedTuple):
    """When destinations have their digests: local times HH:MM, a time zone's name and weekdays."""

    at: str
    window_end: str
    timezone: str
    weekdays: tuple[str, ...]


class Due(NamedTuple):
    """A destination whose bell rings. `last_day` is the newest day it has had, `since` the local or UTC day from which
    on it is to have digests."""

    number: int
    subscription: Subscription
    last_day: date | None
    since: date


def hours(lookups: Lookups) -> tuple[Hour, ...]:
    """Every hour that some destination has, once."""
    rows = lookups.connection.execute(
        f"SELECT DISTINCT hour, window_end, timezone, weekdays FROM destinations WHERE {_GETS_DIGESTS}"
    )
    return tuple(Hour(at, until, timezone, _STRINGS.decode(weekdays)) for at, until, timezone, weekdays in rows)


def due(lookups: Lookups, hour: Hour, bell: Bell, newest: date) -> Iterator[Due]:
    """The destinations of an hour that have had neither this bell nor the newest day; channels before people."""
    rows = lookups.connection.execute(_DUE, _asked(hour, bell) | {"newest": newest.isoformat()})
    return (_due(row) for row in rows)


def silent(lookups: Lookups, hour: Hour, bell: Bell) -> Iterator[Due]:
    """The channels of an hour for which nothing has been made at this bell."""
    rows = lookups.connection.execute(_SILENT, _asked(hour, bell))
    return (_due(row) for row in rows)


def begun(lookups: Lookups, hour: Hour, bell: Bell) -> Iterator[tuple[Due, date]]:
    """The destinations whose edition of this bell lacks papers that have become ready since, with the edition's day."""
    rows = lookups.connection.execute(_BEGUN, _asked(hour, bell) | {"ago": f"-{LATE_DAYS + 2} days"})
    return ((_due(row), date.fromisoformat(row["day"])) for row in rows)


def unread(lookups: Lookups, hour: Hour, bell: Bell) -> Iterator[tuple[Due, date, int, int]]:
    """The channels whose edition of this bell lacks reports, with its day, how many, and of how many papers."""
    rows = lookups.connection.execute(_UNREAD, _asked(hour, bell))
    return ((_due(row), date.fromisoformat(row["day"]), row["lacking"], row["papers"]) for row in rows)


def reading_list(lookups: Lookups, now: datetime, language: str) -> list[tuple[date, str]]:
    """The days of which papers are to be read, newest first, each with a language that lacks reports or may have better
    ones: the newest complete day, those after it, and those that destinations have had, whose papers come late.

    `language` is the one when no destination asks for any.
    """
    today = now.astimezone(UTC).date()
    first = (today - timedelta(days=LATE_DAYS)).isoformat()
    wanted = [row[0] for row in lookups.connection.execute(_LANGUAGES)] or [language]
    days = [row[0] for row in lookups.connection.execute(_DAYS_TO_READ, {"first": first})]
    return [
        (date.fromisoformat(day), tag)
        for day in days
        for tag in wanted
        if lookups.connection.execute(_LACKS_REPORTS, (day, tag)).fetchone()
    ]


def clear_windows(store: Store, hour: Hour, bell: Bell) -> None:
    """Deals with what earlier windows left undone, when the next one has opened.

    Of an edition of which something was sent the rest goes on now, in its thread. One of which nothing was is as if it
    had not been made: its day is told of as missed. Notices are stale.
    """
    asked = _asked(hour, bell) | {"now": store.clock().isoformat(), "closes": bell.closes.isoformat()}
    if not store.connection.execute(_ANY_LEFT, asked).fetchone():
        return
    with _transaction(store.connection) as connection:
        left = [row[0] for row in connection.execute(_LEFT_WHOLE, asked)]
        numbers = {"editions": msgspec.json.encode(left).decode()}
        for statement in _DROP_EDITIONS:
            connection.execute(statement, numbers)
        for statement in _DROP_NOTICES:
            connection.execute(statement, asked)
        connection.execute(_GO_ON, asked)


def mend_clock(store: Store) -> None:
    """After a clock that was ahead: editions that were made "later" than now rang no bell that is still to come.

    What was made, listed and reported on then is said to have been just now, in the order in which it was: what came
    late for an edition still did.
    """
    now = store.clock()
    with _transaction(store.connection) as connection:
        asked = {"now": now.isoformat(), "first": (now - timedelta(days=LATE_DAYS + 2)).date().isoformat()}
        later = [row[0] for row in connection.execute(_LATER, asked)]
        if later:
            last = len(later) - 1
            became = {
                moment: (now - timedelta(microseconds=last - place)).isoformat() for place, moment in enumerate(later)
            }
            for statement in _MEND_CLOCK:
                connection.execute(statement, asked | {"became": msgspec.json.encode(became).decode()})


def _asked(hour: Hour, bell: Bell) -> dict[str, str]:
    return {
        "at": hour.at,
        "until": hour.window_end,
        "timezone": hour.timezone,
        "weekdays": msgspec.json.encode(hour.weekdays).decode(),
        "bell": bell.day.isoformat(),
    }


def _due(row: sqlite3.Row) -> Due:
    return Due(
        row["id"],
        subscription_of(row),
        None if row["last_day"] is None else date.fromisoformat(row["last_day"]),
        _since(row["began_at"] or row["created_at"], row["paused_until"]),
    )


def _since(began_at: str, paused_until: str | None) -> date:
    began = datetime.fromisoformat(began_at).date()
    return began if paused_until is None else max(began, date.fromisoformat(paused_until))


# What a command once named, and nobody set, has no hour of its own.
_GETS_DIGESTS = (
    "removed_at IS NULL AND parked_at IS NULL AND kind IN ('channel', 'forum', 'person') "
    "AND origin NOT LIKE 'command %'"
)
_OF_THE_HOUR = (
    f"{_GETS_DIGESTS} AND hour = :at AND window_end = :until AND timezone = :timezone AND weekdays = :weekdays "
    "AND (paused_until IS NULL OR paused_until <= :bell)"
)
_UNRUNG = "NOT EXISTS (SELECT 1 FROM editions WHERE destination = destinations.id AND bell = :bell)"
_LAST = "(SELECT max(day) FROM editions WHERE destination = destinations.id) AS last_day"
_DUE = (
    f"SELECT * FROM (SELECT *, {_LAST} FROM destinations WHERE {_OF_THE_HOUR} AND {_UNRUNG}) "
    # Those with the same wishes side by side: they share an edition's choice.
    "WHERE last_day IS NULL OR last_day < :newest "
    "ORDER BY kind = 'person', language, layout, mask, with_words, without_words, max_papers, id"
)
_SILENT = f"SELECT *, {_LAST} FROM destinations WHERE {_OF_THE_HOUR} AND {_UNRUNG} AND kind <> 'person' ORDER BY id"
# From the few days on to their editions of this bell, of which mostly none is older than what is ready.
_BEGUN = (
    "WITH ready AS MATERIALIZED ("
    "SELECT listings.day, max(max(listings.first_seen_at, reports.stored_at)) AS moment FROM listings "
    "JOIN reports USING (paper) WHERE listings.day >= date(:bell, :ago) AND reports.withdrawn_at IS NULL "
    "AND reports.revision = 1 GROUP BY listings.day) "
    f"SELECT destinations.*, {_LAST}, editions.day FROM ready "
    "CROSS JOIN editions ON editions.bell = :bell AND editions.day = ready.day AND editions.made_at < ready.moment "
    "CROSS JOIN destinations ON destinations.id = editions.destination "
    f"WHERE {_OF_THE_HOUR} ORDER BY kind = 'person', destinations.id"
)
_UNREAD = (
    f"SELECT destinations.*, {_LAST}, editions.day, (SELECT count(*) FROM json_each(editions.reasons)) AS papers, "
    "(SELECT count(*) FROM json_each(editions.reasons) WHERE value = 'no report yet') AS lacking FROM destinations "
    "JOIN editions ON editions.destination = destinations.id AND editions.bell = :bell "
    f"WHERE {_OF_THE_HOUR} AND kind <> 'person' AND editions.reasons LIKE '%no report yet%' ORDER BY destinations.id"
)
_LANGUAGES = f"SELECT DISTINCT language FROM destinations WHERE {_GETS_DIGESTS} ORDER BY language"
_DAYS_TO_READ = """
SELECT day FROM days WHERE day >= :first AND EXISTS (SELECT 1 FROM listings WHERE listings.day = days.day) AND (
    day >= (SELECT max(day) FROM days WHERE state = 'settled')
    OR EXISTS (SELECT 1 FROM editions WHERE editions.day = days.day)
    OR NOT EXISTS (SELECT 1 FROM days WHERE state = 'settled')
) ORDER BY day DESC
"""
_LACKS_REPORTS = """
SELECT 1 FROM listings WHERE day = ?1 AND NOT EXISTS (
    SELECT 1 FROM reports WHERE reports.paper = listings.paper AND language = ?2 AND withdrawn_at IS NULL
        AND (writer = 'import' OR corrects IS NOT NULL OR NOT provisional)
        AND (writer = 'import' OR corrects IS NOT NULL OR source NOT IN ('pdf', 'abstract'))
) AND paper NOT IN (SELECT paper FROM reports WHERE withdrawn_at IS NOT NULL) LIMIT 1
"""
_ANY_LEFT = (
    "SELECT 1 FROM deliveries WHERE state <> 'sent' AND not_after <= :now "
    "AND state IN ('pending', 'failed', 'in flight') LIMIT 1"
)
_HERE = f"deliveries.destination IN (SELECT id FROM destinations WHERE {_OF_THE_HOUR})"
_TOO_LATE = "deliveries.state IN ('pending', 'failed') AND deliveries.not_after <= :now"
# By `state <> 'sent'` the index of what is not sent is chosen.
_LEFT = f"SELECT message FROM deliveries WHERE {_HERE} AND deliveries.state <> 'sent' AND {_TOO_LATE}"
_LEFT_WHOLE = (
    f"SELECT DISTINCT edition FROM messages WHERE id IN ({_LEFT}) AND edition IS NOT NULL AND NOT EXISTS ("
    "SELECT 1 FROM messages AS others JOIN deliveries ON deliveries.message = others.id "
    "WHERE others.edition = messages.edition AND deliveries.state NOT IN ('pending', 'failed', 'dead', 'held'))"
)
_OF_EDITIONS = "SELECT id FROM messages WHERE edition IN (SELECT value FROM json_each(:editions))"
_DROP_EDITIONS = (
    f"DELETE FROM deliveries WHERE message IN ({_OF_EDITIONS})",
    "DELETE FROM messages WHERE edition IN (SELECT value FROM json_each(:editions))",
    "DELETE FROM editions WHERE id IN (SELECT value FROM json_each(:editions))",
)
_STALE = f"SELECT id FROM messages WHERE edition IS NULL AND id IN ({_LEFT})"
_DROP_NOTICES = (
    f"DELETE FROM deliveries WHERE message IN ({_STALE})",
    "DELETE FROM messages WHERE edition IS NULL AND id NOT IN (SELECT message FROM deliveries)",
)
# What is in doubt may prove not to be there: then it is posted in this window, with the rest.
_GO_ON = (
    f"UPDATE deliveries SET not_after = :closes WHERE {_HERE} AND deliveries.state <> 'sent' "
    "AND deliveries.state IN ('pending', 'failed', 'in flight') AND deliveries.not_after <= :now"
)
_LISTED = "listings.day >= :first"
_EDITED = "editions.day IN (SELECT day FROM days WHERE day >= :first) AND editions.made_at > :now"
_REPORTED = f"reports.paper IN (SELECT paper FROM listings WHERE {_LISTED}) AND reports.stored_at > :now"
_LATER = (
    f"SELECT made_at FROM editions WHERE {_EDITED} UNION SELECT stored_at FROM reports WHERE {_REPORTED} "
    f"UNION SELECT first_seen_at FROM listings WHERE {_LISTED} AND first_seen_at > :now ORDER BY 1"
)
_MEND_CLOCK = (
    f"UPDATE editions SET bell = NULL, made_at = json_extract(:became, '$.\"' || made_at || '\"') WHERE {_EDITED}",
    f"UPDATE reports SET stored_at = json_extract(:became, '$.\"' || stored_at || '\"') WHERE {_REPORTED}",
    (
        f"UPDATE listings SET first_seen_at = json_extract(:became, '$.\"' || first_seen_at || '\"') "
        f"WHERE {_LISTED} AND first_seen_at > :now"
    ),
)
