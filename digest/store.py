"""Writing the store: papers, readings, reports, calls. Together with lookups.py and migrations.py the only SQL."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import ParamSpec, Self, TypeVar

import msgspec
from sqlite_utils import Database

from digest.cleanup import clean_up
from digest.errors import Withdrawn
from digest.lookups import Lookups
from digest.markdown import normal, plain
from digest.migrations import migrations
from digest.store_file import BUSY_TIMEOUT_MS, SCHEMA_VERSION, form_of, unusable
from digest.types import ArxivId, Finding, Paper, Reading, Report, Section
from digest.words import indexed

_OWNER_ONLY = 0o600
_TOLD_WINS = ("abstract", "hub_summary", "hub_url", "github_url", "project_url", "thumbnail_url", "organization")
_TOLD_LIST_WINS = ("authors", "keywords")
_NEWEST_WINS = ("published_on", "upvotes", "comments")

P = ParamSpec("P")
T = TypeVar("T")


class Store(Lookups):
    """A store that can be written. It belongs to the thread that opened it; only one process should write at a time.

    Each public method is one transaction: when it has returned, its work is on the disk.
    """

    def __init__(self, connection: sqlite3.Connection, clock: Callable[[], datetime]) -> None:
        super().__init__(connection)
        self.clock = clock

    @classmethod
    def create(cls, path: Path | None, clock: Callable[[], datetime]) -> Self:
        """Opens a store for writing, making it (mode 0600) or bringing it up to date first. None: in memory.

        Raises StoreError when the file cannot be opened, is no store, or was written by a newer Paperboy.
        """
        try:
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not path.exists():
                    path.touch(mode=_OWNER_ONLY)
            connection = sqlite3.connect(path or ":memory:", isolation_level=None)
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            form_of(connection, path)  # before anything is changed: it may be somebody else's file
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # What is deleted is overwritten: https://www.sqlite.org/pragma.html#pragma_secure_delete
            connection.execute("PRAGMA secure_delete = ON")
            _bring_up_to_date(connection, path)
        except (OSError, sqlite3.Error) as error:
            raise unusable(path, error, "opened", "Set store.path to a file that can be written.") from error
        return cls(connection, clock)

    def close(self) -> None:
        """Close the store after the cleanups that wait, unless others are using it: see digest.cleanup."""
        clean_up(self.connection)
        super().close()

    # --- a day's list --------------------------------------------------------------------------------------------

    def save_listing(self, day: date, papers: Sequence[Paper]) -> None:
        """Notes that the papers are listed on the day. What a list does not tell of a paper stays as it was known."""
        now = self._now()
        with _transaction(self.connection) as connection:
            known = {paper.id: self.paper(paper.id) for paper in papers}
            connection.executemany(_SAVE_PAPER, [{**_columns(paper), "updated_at": now} for paper in papers])
            added = connection.executemany(
                "INSERT OR IGNORE INTO listings (day, paper, first_seen_at) VALUES (?, ?, ?)",
                [(day.isoformat(), paper.id, now) for paper in papers],
            ).rowcount
            connection.execute(_SAVE_DAY, {"day": day.isoformat(), "now": now, "growth": now if added else None})
            for paper in papers:
                before = known[paper.id]
                if before is None or before.title != paper.title:
                    _index(connection, paper.id)

    def save_paper(self, paper: Paper) -> None:
        """Stores a paper that no list has brought; what it does not tell stays as it was known."""
        with _transaction(self.connection) as connection:
            connection.execute(_SAVE_PAPER, {**_columns(paper), "updated_at": self._now()})
            _index(connection, paper.id)

    # --- readings and reports ------------------------------------------------------------------------------------

    def save_reading(self, reading: Reading) -> None:
        with _transaction(self.connection) as connection:
            connection.execute(
                "INSERT INTO readings VALUES (?, ?, ?, ?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET attempts = excluded.attempts, read_at = excluded.read_at",
                (
                    reading.paper_id,
                    reading.source,
                    reading.text_hash,
                    reading.url,
                    zlib.compress(msgspec.json.encode(reading.passages)),
                    _text(reading.attempts),
                    self._now(),
                ),
            )

    def save_report(self, report: Report) -> Report:
        """Adds a report as the next revision, and gives it back with its number.

        Its sections are stored in normal form (digest.markdown). A report that says the same as the newest one in its
        language is that one: nothing is added, but what checking it found is kept as it was found last. What a person
        has corrected stays: a report that is written anew never takes its place, whoever asked for it, and however long
        it was under way.

        Raises Withdrawn when the reports on the paper were withdrawn.
        """
        report = msgspec.structs.replace(
            report, sections=tuple(Section(section.name, normal(section.blocks)) for section in report.sections)
        )
        with _transaction(self.connection) as connection:
            if (why := self.withdrawn(report.paper_id)) is not None:
                raise Withdrawn(report.paper_id, why)
            newest = self.report_in(report.paper_id, report.language)
            if newest is not None and _same(newest, report):
                return self._with_findings(newest, report.findings)
            if newest is not None and newest.corrected and not report.corrected:
                return newest
            revision = (
                1
                + connection.execute(
                    "SELECT coalesce(max(revision), 0) FROM reports WHERE paper = ? AND language = ?",
                    (report.paper_id, report.language),
                ).fetchone()[0]
            )
            number = connection.execute(
                "INSERT INTO reports (paper, language, revision, source, text_hash, writer, prompt_version, domains, "
                "findings, left_out, limited, quotes, provisional, written_at, stored_at) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    report.paper_id,
                    report.language,
                    revision,
                    report.source,
                    report.text_hash,
                    report.writer,
                    report.prompt_version,
                    _text(report.domains),
                    _text(report.findings),
                    _text(report.left_out),
                    report.limited,
                    _text(report.quotes),
                    report.provisional,
                    report.written_at.isoformat(),
                    self._now(),
                ),
            ).lastrowid
            connection.executemany(
                "INSERT INTO sections (report, name, tree, plain) VALUES (?, ?, ?, ?)",
                [(number, section.name, _text(section.blocks), plain(section.blocks)) for section in report.sections],
            )
            _index(connection, report.paper_id)
        return msgspec.structs.replace(report, revision=revision)

    def save_correction(self, corrected: Report, by: str) -> Report:
        """Adds what a person made of the newest report in its language as the next revision, and gives it back.

        Of what checking found, that stays which still stands where it was found.
        """
        corrected = msgspec.structs.replace(corrected, findings=_standing(corrected))
        with _transaction(self.connection) as connection:
            before = "SELECT id FROM reports WHERE paper = ? AND language = ? AND revision = ?"
            newest = self.report_in(corrected.paper_id, corrected.language)
            assert newest is not None  # noqa: S101 (there is something to correct)
            saved = self.save_report(msgspec.structs.replace(corrected, corrected=True))
            of = (saved.paper_id, saved.language)
            connection.execute(
                f"UPDATE reports SET corrects = ({before}), corrected_by = ? WHERE id = ({before})",
                (*of, newest.revision, by, *of, saved.revision),
            )
        return saved

    def withdraw_reports(self, paper: ArxivId, why: str) -> None:
        """Takes all reports on the paper back; none is stored until they are reinstated."""
        with _transaction(self.connection) as connection:
            connection.execute(
                "UPDATE reports SET withdrawn_at = ?, withdrawn_why = ? WHERE paper = ? AND withdrawn_at IS NULL",
                (self._now(), why, paper),
            )
            _index(connection, paper)

    def reinstate_reports(self, paper: ArxivId) -> None:
        """Undoes `withdraw_reports`."""
        with _transaction(self.connection) as connection:
            connection.execute("UPDATE reports SET withdrawn_at = NULL, withdrawn_why = '' WHERE paper = ?", (paper,))
            _index(connection, paper)

    def _with_findings(self, known: Report, findings: tuple[Finding, ...]) -> Report:
        """A stored report with what was found of it last; what is not told of stays as it was."""
        if not findings or findings == known.findings:
            return known
        self.connection.execute(
            "UPDATE reports SET findings = ? WHERE paper = ? AND language = ? AND revision = ?",
            (_text(findings), known.paper_id, known.language, known.revision),
        )
        return msgspec.structs.replace(known, findings=findings)

    def save_imported(self, day: date, entries: Sequence[tuple[Paper, Report]]) -> None:
        """Stores the papers and reports of a file as those of a day, all or none.

        What already is the newest report in its language, whoever wrote it, is not stored again; nor is a report that
        was withdrawn. A day that no source was asked for is complete as the file has it.
        """
        with _transaction(self.connection) as connection:
            self.save_listing(day, [paper for paper, _ in entries])
            connection.execute(
                "UPDATE days SET state = 'settled' WHERE day = ? AND asked_at IS NULL", (day.isoformat(),)
            )
            for paper, report in entries:
                newest = self.report_in(paper.id, report.language)
                if self.withdrawn(paper.id) is not None:
                    continue
                if newest is None or (newest.sections, newest.source) != (report.sections, report.source):
                    self.save_report(report)

    def _now(self) -> str:
        return self.clock().isoformat()


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All or nothing. BEGIN IMMEDIATE, so that a read that turns into a write never fails on another's lock.

    Inside another transaction it is part of that one.
    """
    if connection.in_transaction:
        yield connection
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _bring_up_to_date(connection: sqlite3.Connection, path: Path | None) -> None:
    if form_of(connection, path) < SCHEMA_VERSION:
        with _transaction(connection):
            migrations.apply(Database(connection))
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _same(one: Report, other: Report) -> bool:
    """Whether two reports differ in nothing but when they were stored, and what was found of them."""
    return msgspec.structs.replace(
        one, revision=0, findings=(), failure=None, written_at=other.written_at
    ) == msgspec.structs.replace(other, revision=0, findings=(), failure=None)


def _standing(report: Report) -> tuple[Finding, ...]:
    """The findings whose text the report still has where they say."""
    texts = {section.name: plain(section.blocks) for section in report.sections}
    return tuple(
        finding for finding in report.findings if texts.get(finding.section, "").startswith(finding.text, finding.at)
    )


def _index(connection: sqlite3.Connection, paper: ArxivId) -> None:
    """Makes the paper's row in paper_search from its title and its newest report in each language."""
    number, title = connection.execute("SELECT number, title FROM papers WHERE id = ?", (paper,)).fetchone()
    texts = connection.execute(
        "SELECT sections.plain FROM sections JOIN reports ON reports.id = sections.report WHERE reports.paper = ?1 "
        "AND reports.withdrawn_at IS NULL AND reports.revision = (SELECT max(newest.revision) FROM reports AS newest "
        "WHERE newest.paper = ?1 AND newest.language = reports.language AND newest.withdrawn_at IS NULL)",
        (paper,),
    )
    sections = "\n".join(row[0] for row in texts)
    connection.execute("DELETE FROM paper_search WHERE rowid = ?", (number,))
    connection.execute(
        "INSERT INTO paper_search (rowid, title, sections) VALUES (?, ?, ?)",
        (number, indexed(title), indexed(sections)),
    )


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _columns(paper: Paper) -> dict[str, object]:
    return {
        **msgspec.structs.asdict(paper),
        "authors": _text(paper.authors),
        "keywords": _text(paper.keywords),
        "published_on": None if paper.published_on is None else paper.published_on.isoformat(),
    }


_PAPER_COLUMNS = (*Paper.__struct_fields__, "updated_at")
_SAVE_PAPER = (
    f"INSERT INTO papers ({', '.join(_PAPER_COLUMNS)}) "
    f"VALUES ({', '.join(':' + name for name in _PAPER_COLUMNS)}) ON CONFLICT (id) DO UPDATE SET "
    + ", ".join(
        [
            "title = excluded.title",
            "updated_at = excluded.updated_at",
            *(f"{name} = coalesce(nullif(excluded.{name}, ''), {name})" for name in _TOLD_WINS),
            *(f"{name} = coalesce(nullif(excluded.{name}, '[]'), {name})" for name in _TOLD_LIST_WINS),
            *(f"{name} = coalesce(excluded.{name}, {name})" for name in _NEWEST_WINS),
        ]
    )
)
_SAVE_DAY = (
    "INSERT INTO days (day, state, first_seen_at, last_growth_at) VALUES (:day, 'growing', :now, :growth) "
    "ON CONFLICT (day) DO UPDATE SET last_growth_at = coalesce(excluded.last_growth_at, last_growth_at)"
)
