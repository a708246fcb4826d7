"""The shape of the store, step by step. A step that has landed is never changed: the next one is added below it.

Ids of papers are arXiv ids without a version. Moments are ISO 8601 text in UTC, days are `YYYY-MM-DD`. Lists and
trees are JSON text; passages and payloads may be compressed with zlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

from digest.first_shape import FIRST_SHAPE

if TYPE_CHECKING:
    from sqlite_utils import Database

migrations = Migrations("paperboy")


@migrations()
def first_shape(db: Database) -> None:
    """Everything from a day's list to the delivery of its messages."""
    for statement in _statements(FIRST_SHAPE):
        db.execute(statement)


_MORNINGS = """
-- One body for all deliveries of the same message: a card goes to many people.
CREATE TABLE payloads (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,             -- SHA-256 of the body
    body BLOB NOT NULL                     -- JSON: a rendered message
);
ALTER TABLE deliveries RENAME TO deliveries_before;
DROP INDEX deliveries_not_sent;
CREATE TABLE deliveries (
    key TEXT PRIMARY KEY,                  -- opaque; the platform carries it
    destination INTEGER NOT NULL REFERENCES destinations (id),
    position INTEGER NOT NULL,             -- order within the destination
    message INTEGER NOT NULL REFERENCES messages (id),
    kind TEXT NOT NULL,                    -- post, edit
    revision INTEGER NOT NULL,             -- of an edit, from 1; of a post 0
    state TEXT NOT NULL,                   -- pending, in flight, sent, failed, dead, unknown
    begun_at TEXT,                         -- when it was sent for the first time, however that ended
    deadline TEXT,                         -- until when a request in flight may still be applied
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt_at TEXT,
    failed_at TEXT,                        -- when `error` was met
    error TEXT NOT NULL DEFAULT '',
    payload INTEGER NOT NULL REFERENCES payloads (id),
    not_after TEXT,                        -- the end of the destination's window; NULL: it may be sent at any time
    created_at TEXT NOT NULL,
    sent_at TEXT,
    UNIQUE (message, kind, revision),
    UNIQUE (destination, position)
);
INSERT INTO payloads (hash, body) SELECT DISTINCT payload, payload FROM deliveries_before;
INSERT INTO deliveries (key, destination, position, message, kind, revision, state, begun_at, deadline, attempts,
    next_attempt_at, failed_at, error, payload, created_at, sent_at)
SELECT key, destination, position, message, kind, revision, state, begun_at, deadline, attempts, next_attempt_at,
    failed_at, error, (SELECT id FROM payloads WHERE hash = deliveries_before.payload), created_at, sent_at
FROM deliveries_before;
DROP TABLE deliveries_before;
CREATE INDEX deliveries_not_sent ON deliveries (destination, position) WHERE state <> 'sent';

-- The bit that stands for a domain in a mask, given when it is first seen and kept for good.
CREATE TABLE domain_bits (
    domain TEXT PRIMARY KEY,
    bit INTEGER NOT NULL UNIQUE            -- a power of two
) WITHOUT ROWID;

ALTER TABLE destinations ADD COLUMN mask INTEGER NOT NULL DEFAULT 0;  -- a bit for each domain wanted; 0: all
ALTER TABLE destinations ADD COLUMN operator INTEGER NOT NULL DEFAULT 0;  -- whether the operator is told here
ALTER TABLE destinations ADD COLUMN began_at TEXT;     -- since when it is to have digests: made, or a pause that ended
ALTER TABLE editions ADD COLUMN bell TEXT;             -- the local day whose bell rang for it; NULL: made by hand
CREATE INDEX editions_by_bell ON editions (destination, bell);
CREATE INDEX messages_by_edition ON messages (edition);
CREATE INDEX messages_by_place ON messages (platform_channel, platform_message);
-- What belongs to no edition: what operators are told, and why a digest is late.
CREATE UNIQUE INDEX one_notice_of_a_subject ON messages (destination, subject) WHERE edition IS NULL;

ALTER TABLE days ADD COLUMN asked_at TEXT;             -- when the source last gave an answer for it, or none
ALTER TABLE days ADD COLUMN next_ask_at TEXT;
ALTER TABLE reports ADD COLUMN quotes TEXT NOT NULL DEFAULT '[]';     -- JSON: supporting passages, by section
ALTER TABLE reports ADD COLUMN stored_at TEXT NOT NULL DEFAULT '';    -- since when it is here
ALTER TABLE reports ADD COLUMN corrects INTEGER REFERENCES reports (id);  -- what a person has corrected in it

-- What somebody asked for that costs money, counted by day; a person of "" is the whole workspace.
CREATE TABLE spendings (
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    person TEXT NOT NULL,
    day TEXT NOT NULL,
    kind TEXT NOT NULL,                    -- ask, read
    count INTEGER NOT NULL,
    PRIMARY KEY (adapter, workspace, person, day, kind)
) WITHOUT ROWID;

ALTER TABLE reports ADD COLUMN corrected_by TEXT NOT NULL DEFAULT '';  -- adapter:person, or the command line
CREATE INDEX messages_by_paper ON messages (paper) WHERE paper IS NOT NULL;

-- Forgetting somebody: who else has a body or stands under a message is asked for each that is erased.
CREATE INDEX deliveries_by_payload ON deliveries (payload);
CREATE INDEX messages_by_parent ON messages (parent) WHERE parent IS NOT NULL;
CREATE INDEX destinations_by_address ON destinations (address, adapter);
CREATE INDEX reports_by_corrector ON reports (corrected_by) WHERE corrected_by <> '';
ALTER TABLE reports ADD COLUMN addressed TEXT NOT NULL DEFAULT '[]';  -- JSON list of headings: what spoke to a model
ALTER TABLE reports ADD COLUMN limited INTEGER NOT NULL DEFAULT 0;    -- the daily limit allowed no better one

-- Asked once a minute while windows are open, of a hundred thousand destinations.
CREATE INDEX destinations_by_hour ON destinations (hour, timezone);
CREATE INDEX editions_by_day ON editions (day, made_at);
CREATE INDEX editions_of_a_bell ON editions (bell, day, made_at);
CREATE INDEX deliveries_by_window ON deliveries (not_after) WHERE state <> 'sent';
"""


@migrations()
def mornings(db: Database) -> None:
    """Schedules and windows, subscriptions by domain, corrections, what people may spend."""
    for statement in _statements(_MORNINGS):
        db.execute(statement)


_COVERS = """
-- Papers that the managers of a channel have hidden there.
CREATE TABLE hidden (
    destination INTEGER NOT NULL REFERENCES destinations (id),
    paper TEXT NOT NULL,
    hidden_by TEXT NOT NULL,               -- adapter:person
    hidden_at TEXT NOT NULL,
    PRIMARY KEY (destination, paper)
) WITHOUT ROWID;

-- What a message shows again once the hiding or withdrawal that covers it ends; NULL: nothing covers it.
ALTER TABLE messages ADD COLUMN uncovered INTEGER REFERENCES payloads (id);
CREATE INDEX messages_by_uncovered ON messages (uncovered) WHERE uncovered IS NOT NULL;

-- Withdrawals from before can be undone as well: what a copy showed before its newest edit, and what was not posted.
UPDATE messages SET uncovered = (
    SELECT payload FROM deliveries WHERE message = messages.id AND state <> 'dead'
        AND revision < (SELECT max(revision) FROM deliveries AS newest WHERE newest.message = messages.id)
    ORDER BY revision DESC LIMIT 1)
WHERE report IN (SELECT id FROM reports WHERE withdrawn_at IS NOT NULL);
UPDATE messages SET uncovered = (SELECT payload FROM deliveries WHERE message = messages.id AND revision = 0)
WHERE id IN (SELECT message FROM deliveries WHERE state = 'dead' AND kind = 'post'
    AND error LIKE 'The report was withdrawn before this was sent: %');
UPDATE deliveries SET state = 'held' WHERE state = 'dead' AND kind = 'post'
    AND error LIKE 'The report was withdrawn before this was sent: %';
"""


@migrations()
def covers(db: Database) -> None:
    """Papers hidden in a channel; withdrawals that can be undone. Deliveries may be held: see digest.deliveries."""
    for statement in _statements(_COVERS):
        db.execute(statement)


_ERASURE = """
-- What the counts of people who were forgotten today are hashed with; erased with them when the day (UTC) is over.
CREATE TABLE spending_keys (
    day TEXT PRIMARY KEY,
    key BLOB NOT NULL
) WITHOUT ROWID;

-- Deletions whose content is still to be removed from the file and the WAL: see digest.cleanup.
CREATE TABLE cleanups (
    id INTEGER PRIMARY KEY,
    vacuum INTEGER NOT NULL                -- whether the file is still to be built anew; 0: only the WAL is left
);
-- What earlier versions deleted was not overwritten everywhere.
INSERT INTO cleanups (vacuum) SELECT 1 WHERE EXISTS (SELECT 1 FROM destinations) OR EXISTS (SELECT 1 FROM jobs);
"""


@migrations()
def erasure(db: Database) -> None:
    """Keyed hashes of what forgotten people have spent, and cleanups that survive the process."""
    for statement in _statements(_ERASURE):
        db.execute(statement)


_TEXT_ATTEMPTS = """
-- Work on papers' texts that is under way, and texts that were given up: see digest.attempts.
CREATE TABLE text_attempts (
    about TEXT PRIMARY KEY,                -- a paper's id, or an id and a part of the work on it
    deaths INTEGER NOT NULL DEFAULT 0,     -- of processes over it, before the owner
    owner TEXT NOT NULL DEFAULT '',        -- the process that works on it, or has died over it
    problem TEXT NOT NULL DEFAULT ''       -- why it was given up
) WITHOUT ROWID;

ALTER TABLE jobs ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;  -- how often it was begun and not put back

ALTER TABLE reports DROP COLUMN addressed;
"""


@migrations()
def text_attempts(db: Database) -> None:
    """What a process died over is counted, so that it is not tried for ever."""
    for statement in _statements(_TEXT_ATTEMPTS):
        db.execute(statement)


def _statements(script: str) -> list[str]:
    """A script's statements one by one: `executescript` would commit the migration's transaction."""
    without_comments = "\n".join(line.partition("--")[0] for line in script.splitlines())
    return [statement for part in without_comments.split(";") if (statement := part.strip())]
