"""Reading the store: short questions over a plain sqlite3 connection, answered in microseconds.

This module is on the path of every look-up, so it imports neither sqlite-utils nor asyncio.
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, Self

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from digest import retries
from digest.errors import StoreError
from digest.store_file import BUSY_TIMEOUT_MS, SCHEMA_VERSION, form_of, unusable
from digest.types import (
    ArxivId,
    Attempt,
    Block,
    Digest,
    Finding,
    ModelFailure,
    Paper,
    Passage,
    Quote,
    Reading,
    ReadingSource,
    Report,
    Section,
    SectionName,
)

RANKED_HITS = 2_000  # nobody reads further, so a common word shows what is new; ranking more costs more than finding

_BLOCKS = msgspec.json.Decoder(tuple[Block, ...])
_PASSAGES = msgspec.json.Decoder(tuple[Passage, ...])
_ATTEMPTS = msgspec.json.Decoder(tuple[Attempt, ...])
_FINDINGS = msgspec.json.Decoder(tuple[Finding, ...])
_QUOTES = msgspec.json.Decoder(tuple[Quote, ...])
_STRINGS = msgspec.json.Decoder(tuple[str, ...])
_ORDER = {name: place for place, name in enumerate(SectionName)}


class Hit(Struct, frozen=True):
    """A paper that a search found, with its newest report in the language asked for, or in another, or none."""

    paper: Paper
    report: Report | None


class Hits(Struct, frozen=True):
    """The best of what a search found, and how many papers it found in all."""

    total: int
    hits: tuple[Hit, ...]


class Lookups:
    """Questions to a store. An instance belongs to the thread that made it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        connection.row_factory = sqlite3.Row
        self._plain = connection.cursor()  # kept, and giving plain tuples: for the one question that has to be fastest
        self._plain.row_factory = None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens an existing store for reading only.

        Raises StoreError when there is none yet, when it is not a store, or when it was written by another version.
        """
        if not path.exists():
            raise StoreError(f'There is no store at {path} yet. Make one with "paperboy digest" or "paperboy import".')
        try:
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
            connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
            version = form_of(connection, path)
        except sqlite3.Error as error:
            raise unusable(path, error, "read", "Its owner may read it, or set store.path to another file.") from error
        if version < SCHEMA_VERSION:
            raise StoreError(
                f"The store at {path} has form {version}, this Paperboy reads form {SCHEMA_VERSION}. "
                'Run "paperboy doctor", which brings an older store up to date.'
            )
        return cls(connection)

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- reports -------------------------------------------------------------------------------------------------

    def section(self, paper: ArxivId, name: SectionName, language: str) -> Section | None:
        """One section of the newest report, in the language if there is one in it, else in another."""
        # The usual case alone by its index; sqlite3 binds a plain str faster than a subclass of it.
        asked = (name.value, str(paper), language)
        rows = (
            self._plain.execute(_SECTION_IN, asked).fetchall() or self._plain.execute(_SECTION_IN_ANY, asked).fetchall()
        )
        return Section(name, _BLOCKS.decode(rows[0][0])) if rows else None

    def report(self, paper: ArxivId, language: str) -> Report | None:
        """The newest report, in the language if there is one in it, else in another."""
        row = self.connection.execute(_ONE_REPORT, (paper, language)).fetchone()
        return None if row is None else self._report(row)

    def report_in(self, paper: ArxivId, language: str) -> Report | None:
        """The newest report in exactly this language."""
        report = self.report(paper, language)
        return report if report is not None and report.language == language else None

    def last_report(self, paper: ArxivId, language: str) -> Report | None:
        """As `report`, one that was withdrawn included."""
        row = self.connection.execute(
            "SELECT * FROM reports WHERE paper = ? ORDER BY language = ? DESC, id DESC LIMIT 1", (paper, language)
        ).fetchone()
        return None if row is None else self._report(row)

    def revision(self, paper: ArxivId, language: str, revision: int) -> Report:
        """One revision of a report that is known to be there, even when it was withdrawn."""
        row = self.connection.execute(
            "SELECT * FROM reports WHERE paper = ? AND language = ? AND revision = ?", (paper, language, revision)
        ).fetchone()
        return self._report(row)

    def report_of(
        self, paper: ArxivId, language: str, *, text_hash: str, writer: str, prompt_version: str
    ) -> Report | None:
        """The newest report of this identity: see Report."""
        row = self.connection.execute(
            "SELECT * FROM reports WHERE paper = ? AND language = ? AND text_hash = ? AND writer = ? "
            "AND prompt_version = ? AND withdrawn_at IS NULL ORDER BY revision DESC LIMIT 1",
            (paper, language, text_hash, writer, prompt_version),
        ).fetchone()
        return None if row is None else self._report(row)

    def languages(self, paper: ArxivId) -> tuple[str, ...]:
        """The languages in which reports on the paper exist, in alphabetical order."""
        rows = self.connection.execute(
            "SELECT DISTINCT language FROM reports WHERE paper = ? AND withdrawn_at IS NULL ORDER BY language", (paper,)
        )
        return tuple(row[0] for row in rows)

    def withdrawn(self, paper: ArxivId) -> str | None:
        """Why the reports on a paper were withdrawn; None when they were not."""
        row = self.connection.execute(
            "SELECT withdrawn_why FROM reports WHERE paper = ? AND withdrawn_at IS NOT NULL ORDER BY id DESC LIMIT 1",
            (paper,),
        ).fetchone()
        return None if row is None else str(row[0])

    def failure(self, identity: str) -> ModelFailure | None:
        """See types.CallBook.failure."""
        return retries.failure(self.connection, identity)

    def _report(self, row: sqlite3.Row) -> Report:
        sections = self.connection.execute("SELECT name, tree FROM sections WHERE report = ?", (row["id"],)).fetchall()
        report = Report(
            paper_id=ArxivId(row["paper"]),
            language=row["language"],
            sections=tuple(
                sorted(
                    (Section(SectionName(name), _BLOCKS.decode(tree)) for name, tree in sections),
                    key=lambda section: _ORDER[section.name],
                )
            ),
            domains=_STRINGS.decode(row["domains"]),
            source=ReadingSource(row["source"]),
            text_hash=row["text_hash"],
            writer=row["writer"],
            prompt_version=row["prompt_version"],
            provisional=bool(row["provisional"]),
            left_out=_STRINGS.decode(row["left_out"]),
            corrected=row["corrects"] is not None,
            findings=() if row["findings"] == "[]" else _FINDINGS.decode(row["findings"]),
            limited=bool(row["limited"]),
            quotes=_QUOTES.decode(row["quotes"]),
            written_at=datetime.fromisoformat(row["written_at"]),
            revision=row["revision"],
        )
        if not report.provisional or report.limited:
            return report
        return replace(report, failure=retries.failure_behind(self.connection, report))

    # --- papers and days -----------------------------------------------------------------------------------------

    def paper(self, paper: ArxivId) -> Paper | None:
        row = self.connection.execute("SELECT * FROM papers WHERE id = ?", (paper,)).fetchone()
        return None if row is None else _paper(row)

    def listed(self, day: date) -> tuple[Paper, ...]:
        """The papers of a day, most upvoted first."""
        rows = self.connection.execute(
            "SELECT papers.* FROM listings JOIN papers ON papers.id = listings.paper WHERE listings.day = ? "
            f"ORDER BY {_BY_UPVOTES}",
            (day.isoformat(),),
        )
        return tuple(_paper(row) for row in rows)

    def days_of(self, paper: ArxivId) -> tuple[date, ...]:
        """The days that list the paper, newest first."""
        rows = self.connection.execute("SELECT day FROM listings WHERE paper = ? ORDER BY day DESC", (paper,))
        return tuple(date.fromisoformat(row[0]) for row in rows)

    def digest(self, day: date, language: str) -> Digest:
        """A day's papers with their reports in the language, or in another where there is none in it."""
        papers = tuple((paper, self.report(paper.id, language)) for paper in self.listed(day))
        without = [(paper.id, self.withdrawn(paper.id)) for paper, report in papers if report is None]
        withdrawn = {paper: why for paper, why in without if why is not None}
        return Digest(day=day, language=language, papers=papers, withdrawn=withdrawn)

    def newest_day(self) -> date | None:
        """The newest day that has papers."""
        newest = self.connection.execute("SELECT max(day) FROM listings").fetchone()[0]
        return None if newest is None else date.fromisoformat(newest)

    def days(self) -> tuple[tuple[date, int], ...]:
        """Every day that has papers, newest first, with how many."""
        rows = self.connection.execute("SELECT day, count(*) FROM listings GROUP BY day ORDER BY day DESC")
        return tuple((date.fromisoformat(day), papers) for day, papers in rows)

    def titles(self) -> tuple[str, ...]:
        """The titles of the 500 papers stored last, each with its id: for offers when nothing fits."""
        rows = self.connection.execute("SELECT id, title FROM papers ORDER BY number DESC LIMIT 500")
        return tuple(f"{title} ({paper})" for paper, title in rows)

    def near_ids(self, text: str) -> tuple[str, ...]:
        """Stored ids that begin like the text, those with the longest common beginning first; at most 200."""
        for length in range(len(text), 3, -1):
            rows = self.connection.execute(
                "SELECT id FROM papers WHERE id >= ? AND id < ? ORDER BY id LIMIT 200",
                (text[:length], text[:length] + "\uffff"),
            ).fetchall()
            if len(rows) >= _ENOUGH_NEAR:
                return tuple(row[0] for row in rows)
        rows = self.connection.execute("SELECT id FROM papers ORDER BY number DESC LIMIT 200").fetchall()
        return tuple(row[0] for row in rows)

    # --- readings ------------------------------------------------------------------------------------------------

    def reading(self, paper: ArxivId) -> Reading | None:
        """The best reading of the paper: the best source, and of that the newest."""
        rows = self.connection.execute(
            "SELECT * FROM readings WHERE paper = ? ORDER BY read_at DESC, rowid DESC", (paper,)
        ).fetchall()
        if not rows:
            return None
        return _reading(min(rows, key=lambda row: tuple(ReadingSource).index(ReadingSource(row["source"]))))

    def reading_of(self, report: Report) -> Reading | None:
        """What a report was written from; None for one that was not made here."""
        row = self.connection.execute(
            "SELECT * FROM readings WHERE paper = ? AND source = ? AND text_hash = ?",
            (report.paper_id, report.source, report.text_hash),
        ).fetchone()
        return None if row is None else _reading(row)

    def read_at(self, reading: Reading) -> datetime:
        """When a reading was made, the last time that it was this one."""
        row = self.connection.execute(
            "SELECT read_at FROM readings WHERE paper = ? AND source = ? AND text_hash = ?",
            (reading.paper_id, reading.source, reading.text_hash),
        ).fetchone()
        return datetime.fromisoformat(row[0])

    def attempts(self, report: Report) -> tuple[Attempt, ...]:
        """The better sources that were tried before the text of this report was read, and why they were not read."""
        row = self.connection.execute(
            "SELECT attempts FROM readings WHERE paper = ? AND source = ? AND text_hash = ?",
            (report.paper_id, report.source, report.text_hash),
        ).fetchone()
        return () if row is None else _ATTEMPTS.decode(row[0])

    # --- searching -----------------------------------------------------------------------------------------------

    def search(
        self,
        query: str,
        language: str,
        *,
        day: date | None = None,
        domain: str = "",
        limit: int = 20,
        without: Collection[ArxivId] = (),
    ) -> Hits:
        """The papers whose title and sections hold every word of the query, but for those `without`: best match first,
        or newest first when they are more than RANKED_HITS.

        Finds whole English words and Chinese terms of any length, whatever characters the query holds; never raises
        for what somebody typed. An empty query matches every paper, newest first.
        """
        from digest.words import match_expression  # its pattern takes milliseconds to compile

        expression = match_expression(query)
        if expression is None and query.strip():
            return Hits(0, ())
        wanted = _wanted(expression, day, domain, without)
        total = self.connection.execute(f"SELECT count(*) {wanted.rows}", wanted.values).fetchone()[0]
        ranked = expression is not None and total <= RANKED_HITS
        order = f"{_RANK}, {wanted.number} DESC" if ranked else f"{wanted.number} DESC"
        best = f"SELECT {wanted.number} {wanted.rows} ORDER BY {order} LIMIT :limit"
        numbers = [row[0] for row in self.connection.execute(best, {**wanted.values, "limit": limit})]
        by_number = "SELECT * FROM papers WHERE number = ?"
        papers = [_paper(self.connection.execute(by_number, (number,)).fetchone()) for number in numbers]
        return Hits(total, tuple(Hit(paper, self.report(paper.id, language)) for paper in papers))


class _Wanted(NamedTuple):
    """SQL for a search: the column with a paper's number, the rows from FROM on, and the values they name."""

    number: str
    rows: str
    values: Mapping[str, str]


def _wanted(expression: str | None, day: date | None, domain: str, without: Collection[ArxivId]) -> _Wanted:
    """The papers that fit everything asked.

    Words are counted and ranked in the search table alone: a join costs more than the search.
    """
    table, number = ("paper_search", "rowid") if expression else ("papers", "number")
    conditions, values = ["1"], {}
    if expression:
        conditions.append("paper_search MATCH :expression")
        values["expression"] = expression
    if day is not None:
        conditions.append(
            f"{number} IN (SELECT papers.number FROM listings JOIN papers ON papers.id = paper WHERE day = :day)"
        )
        values["day"] = day.isoformat()
    if domain:
        conditions.append(
            f"{number} IN (SELECT papers.number FROM papers JOIN reports ON reports.paper = papers.id, "
            "json_each(reports.domains) WHERE reports.withdrawn_at IS NULL AND json_each.value = :domain)"
        )
        values["domain"] = domain
    if without:
        conditions.append(
            f"{number} NOT IN (SELECT papers.number FROM json_each(:without) JOIN papers ON papers.id = value)"
        )
        values["without"] = msgspec.json.encode(list(without)).decode()
    return _Wanted(number, f"FROM {table} WHERE {' AND '.join(conditions)}", values)


_ENOUGH_NEAR = 3
_RANK = "bm25(paper_search, 4.0, 1.0)"  # a word in the title counts as four in the sections
_BY_UPVOTES = "coalesce(papers.upvotes, -1) DESC, papers.number"
_NEWEST = "reports.withdrawn_at IS NULL ORDER BY reports.language = ? DESC, reports.id DESC LIMIT 1"
_ONE_REPORT = f"SELECT * FROM reports WHERE paper = ? AND {_NEWEST}"
_SECTION_IN = (
    "SELECT tree FROM sections WHERE name = ? AND report = (SELECT id FROM reports WHERE paper = ? AND language = ? "
    "AND withdrawn_at IS NULL ORDER BY revision DESC LIMIT 1)"
)
_SECTION_IN_ANY = (
    f"SELECT tree FROM sections WHERE name = ? AND report = (SELECT id FROM reports WHERE paper = ? AND {_NEWEST})"
)


def _paper(row: sqlite3.Row) -> Paper:
    return Paper(
        id=ArxivId(row["id"]),
        title=row["title"],
        authors=_STRINGS.decode(row["authors"]),
        abstract=row["abstract"],
        published_on=None if row["published_on"] is None else date.fromisoformat(row["published_on"]),
        upvotes=row["upvotes"],
        comments=row["comments"],
        keywords=_STRINGS.decode(row["keywords"]),
        hub_summary=row["hub_summary"],
        hub_url=row["hub_url"],
        github_url=row["github_url"],
        project_url=row["project_url"],
        thumbnail_url=row["thumbnail_url"],
        organization=row["organization"],
    )


def _reading(row: sqlite3.Row) -> Reading:
    return Reading(
        paper_id=ArxivId(row["paper"]),
        source=ReadingSource(row["source"]),
        url=row["url"],
        text_hash=row["text_hash"],
        passages=_PASSAGES.decode(zlib.decompress(row["passages"])),
        attempts=_ATTEMPTS.decode(row["attempts"]),
    )
