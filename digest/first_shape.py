"""The schema of the first stores, where every store's migrations begin (digest.migrations). It never changes."""

from __future__ import annotations

FIRST_SHAPE = """
CREATE TABLE papers (
    number INTEGER PRIMARY KEY,            -- the row of its text in paper_search
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    authors TEXT NOT NULL,                 -- JSON list
    abstract TEXT NOT NULL,
    published_on TEXT,
    upvotes INTEGER,                       -- newest
    comments INTEGER,
    keywords TEXT NOT NULL,                -- JSON list
    hub_summary TEXT NOT NULL,
    hub_url TEXT NOT NULL,
    github_url TEXT NOT NULL,
    project_url TEXT NOT NULL,
    thumbnail_url TEXT NOT NULL,
    organization TEXT NOT NULL,
    updated_at TEXT NOT NULL
);

CREATE TABLE days (
    day TEXT PRIMARY KEY,
    state TEXT NOT NULL,                   -- growing, settled, quiet, stalled, failed
    first_seen_at TEXT NOT NULL,
    last_growth_at TEXT,
    reason TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;

CREATE TABLE listings (
    day TEXT NOT NULL,
    paper TEXT NOT NULL REFERENCES papers (id),
    first_seen_at TEXT NOT NULL,
    PRIMARY KEY (day, paper)
) WITHOUT ROWID;
CREATE INDEX listings_by_paper ON listings (paper, day);

CREATE TABLE readings (
    paper TEXT NOT NULL REFERENCES papers (id),
    source TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    url TEXT NOT NULL,
    passages BLOB NOT NULL,                -- zlib over JSON
    attempts TEXT NOT NULL,                -- JSON: better sources that were tried, and why they were not read
    read_at TEXT NOT NULL,
    PRIMARY KEY (paper, source, text_hash)
);

CREATE TABLE reports (
    id INTEGER PRIMARY KEY,
    paper TEXT NOT NULL REFERENCES papers (id),
    language TEXT NOT NULL,
    revision INTEGER NOT NULL,
    source TEXT NOT NULL,
    text_hash TEXT NOT NULL,
    writer TEXT NOT NULL,                  -- extractive, import, or the model
    prompt_version TEXT NOT NULL,
    domains TEXT NOT NULL,                 -- JSON list, best first
    findings TEXT NOT NULL DEFAULT '[]',   -- JSON: what checking the report against the paper found
    left_out TEXT NOT NULL,                -- JSON list of headings
    provisional INTEGER NOT NULL,
    written_at TEXT NOT NULL,
    withdrawn_at TEXT,
    withdrawn_why TEXT NOT NULL DEFAULT '',
    UNIQUE (paper, language, revision)
);

-- The newest report that was not withdrawn, without a look at its row.
CREATE INDEX reports_in_force ON reports (paper, language, revision) WHERE withdrawn_at IS NULL;

CREATE TABLE sections (
    report INTEGER NOT NULL REFERENCES reports (id),
    name TEXT NOT NULL,
    tree TEXT NOT NULL,                    -- JSON blocks
    plain TEXT NOT NULL,
    PRIMARY KEY (report, name)
) WITHOUT ROWID;

-- One row a paper: its title and the plain text of its newest reports. Regular, not contentless, so that a row can be
-- replaced on SQLite before 3.43.
CREATE VIRTUAL TABLE paper_search USING fts5 (title, sections, tokenize = 'unicode61 remove_diacritics 2');

CREATE TABLE model_calls (
    id INTEGER PRIMARY KEY,
    identity TEXT NOT NULL,                -- what was being bought
    purpose TEXT NOT NULL,
    paper TEXT NOT NULL,
    language TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    outcome TEXT NOT NULL,                 -- begun, answered, or what went wrong in a word
    started_at TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_usd REAL,                         -- NULL: no price is known
    error TEXT NOT NULL
);
CREATE INDEX model_calls_by_identity ON model_calls (identity, outcome);
CREATE INDEX model_calls_by_time ON model_calls (started_at);

CREATE TABLE people (
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    person TEXT NOT NULL,
    timezone TEXT,
    language TEXT,
    dm_address TEXT,
    paused_until TEXT,
    budgets TEXT NOT NULL DEFAULT '{}',    -- JSON
    PRIMARY KEY (adapter, workspace, person)
) WITHOUT ROWID;

CREATE TABLE destinations (
    id INTEGER PRIMARY KEY,
    adapter TEXT NOT NULL,
    workspace TEXT NOT NULL,
    kind TEXT NOT NULL,                    -- channel, forum, person
    address TEXT NOT NULL,
    person TEXT NOT NULL DEFAULT '',       -- whose direct messages these are
    language TEXT NOT NULL,
    layout TEXT NOT NULL,                  -- digest, paper
    hour TEXT NOT NULL,                    -- HH:MM, local
    timezone TEXT NOT NULL,
    weekdays TEXT NOT NULL,                -- JSON list of mon..sun
    window_end TEXT NOT NULL,              -- HH:MM, local: nothing is posted later
    domains TEXT NOT NULL DEFAULT '[]',    -- JSON list; empty: all
    with_words TEXT NOT NULL DEFAULT '[]',
    without_words TEXT NOT NULL DEFAULT '[]',
    max_papers INTEGER NOT NULL,
    origin TEXT NOT NULL,                  -- settings, chat
    paused_until TEXT,
    parked_at TEXT,
    parked_why TEXT NOT NULL DEFAULT '',
    created_at TEXT NOT NULL,
    removed_at TEXT,
    UNIQUE (adapter, workspace, address)
);

CREATE TABLE editions (
    id INTEGER PRIMARY KEY,
    destination INTEGER NOT NULL REFERENCES destinations (id),
    day TEXT NOT NULL,
    reasons TEXT NOT NULL,                 -- JSON: for each paper of the day why it was chosen or not
    made_at TEXT NOT NULL,
    UNIQUE (destination, day)
);

CREATE TABLE messages (
    id INTEGER PRIMARY KEY,
    destination INTEGER NOT NULL REFERENCES destinations (id),
    edition INTEGER REFERENCES editions (id),
    kind TEXT NOT NULL,                    -- headline, card, section, notice
    subject TEXT NOT NULL,                 -- of a notice or section: which
    paper TEXT,
    report INTEGER REFERENCES reports (id),
    parent INTEGER REFERENCES messages (id),
    platform_channel TEXT,
    platform_message TEXT,
    platform_thread TEXT,
    deleted_at TEXT                        -- by people: never posted again
);
CREATE UNIQUE INDEX one_card_a_destination ON messages (destination, paper) WHERE kind = 'card';
CREATE UNIQUE INDEX one_of_a_kind_an_edition ON messages (edition, kind, coalesce(paper, ''), subject);

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
    payload BLOB NOT NULL,                 -- JSON: the rendered message, frozen
    created_at TEXT NOT NULL,
    sent_at TEXT,
    UNIQUE (message, kind, revision),
    UNIQUE (destination, position)
);
CREATE INDEX deliveries_not_sent ON deliveries (destination, position) WHERE state <> 'sent';

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    request TEXT NOT NULL,                 -- JSON
    asked_by TEXT NOT NULL,
    state TEXT NOT NULL,                   -- waiting, running, done, failed
    progress TEXT NOT NULL DEFAULT '',
    answer TEXT NOT NULL DEFAULT '',
    asked_at TEXT NOT NULL,
    finished_at TEXT
);
"""
