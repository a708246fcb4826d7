"""Day reports as Markdown files: what other bots and `paperboy export` write, read into papers and reports.

Such files are written by models, so their section headings differ: `1. **Usage guide**`, `1. **Usage guide**: text`,
`### 1. Usage guide`, `**Usage guide**`. What all have in common is a label at the very beginning of a line.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from digest.errors import InvalidId, InvalidReportFile
from digest.markdown import parse
from digest.text.valid import valid_text
from digest.types import (
    ArxivId,
    Block,
    DomainFinder,
    Paper,
    Paragraph,
    ReadingSource,
    Report,
    Run,
    Section,
    SectionName,
    Texts,
)

WRITER = "import"

# The words of these files for what a report was made from.
READ_FROM = {
    ReadingSource.HTML: "HTML",
    ReadingSource.MARKDOWN: "Markdown",
    ReadingSource.PDF: "PDF",
    ReadingSource.ABSTRACT: "ArXiv Abs",
}

# What models call the sections besides their labels.
_ALSO_CALLED = {
    SectionName.DOMAIN: ("Application domains", "Domain", "Domains", "应用方向", "所属领域"),
    SectionName.CONTRIBUTION: ("Core contributions", "Contribution", "Key contribution", "核心贡献", "主要贡献"),
    SectionName.USAGE: ("Usage", "How to use", "User guide", "使用方法", "使用说明"),
    SectionName.INNOVATIONS: ("Innovations", "Key innovations", "Main innovation", "创新点", "主要创新", "核心创新点"),
    SectionName.RESULTS: ("Results", "Experiments", "Experimental result", "实验结果", "实验"),
}

_DATE = re.compile(r"\*\*(?:Date|日期)(?:\*\*\s*[:：]|[:：]\s*\*\*)(?P<value>.*)", re.IGNORECASE)
_TITLE = re.compile(r"##\s+(?P<mark>📄\s*)?(?P<value>\S.*)")
_LINK = re.compile(r"[-*]\s+\*\*(?:Link|链接)(?:\*\*\s*[:：]|[:：]\s*\*\*)(?P<value>.*)", re.IGNORECASE)
_SOURCE = re.compile(r"[-*]\s+\*\*(?:Read from|阅读来源)(?:\*\*\s*[:：]|[:：]\s*\*\*)(?P<value>.*)", re.IGNORECASE)
_PAPER_END = re.compile(r"={5,}\s*")
# A label counts only behind one of the marks: a heading, a number or bold.
_NUMBER = r"(?:\d{1,2}|[一二三四五])\s*+[.、．:：)）]\s*+"
_HEADING = re.compile(
    rf"(?P<mark>#{{1,6}}\s++(?:{_NUMBER})?+(?:\*\*\s*+(?:{_NUMBER})?+)?+|{_NUMBER}(?:\*\*\s*+)?+|\*\*\s*+(?:{_NUMBER})?+)"
    r"(?P<label>[^*:：]{2,40}?)\s*+(?:[:：]\s*+)?(?:\*\*\s*+)?(?:[:：]\s*+(?P<text>.*+))?"
)


class ReportFile(Struct, frozen=True):
    """A day report. `gaps` names, for each paper that lacks some, the sections it lacks."""

    day: date
    entries: tuple[tuple[Paper, Report], ...]
    gaps: Mapping[ArxivId, tuple[SectionName, ...]]


class _Line(NamedTuple):
    number: int  # from 1
    text: str


class _Heading(NamedTuple):
    section: SectionName
    language: str
    text: str  # what stands behind the label in the same line


def read_report_file(path: Path, texts: Sequence[Texts], domains: DomainFinder, now: datetime) -> ReportFile:
    """The day, papers and reports of a file. `texts` are those of the languages whose labels are known.

    Raises InvalidReportFile, which names the line and what was expected there.
    """
    try:
        content = valid_text(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError as error:
        raise InvalidReportFile(f"{path}, line 1: this is not UTF-8 text. A day report is a Markdown file.") from error
    except OSError as error:
        raise InvalidReportFile(f"{path} cannot be read: {error.strerror}.") from error
    lines = [_Line(number, text) for number, text in enumerate(content.split("\n"), 1)]
    return _FileReading(path, texts, domains, now).whole(lines)


class _FileReading:
    """The reading of one file: what is known of it everywhere."""

    def __init__(self, path: Path, texts: Sequence[Texts], domains: DomainFinder, now: datetime) -> None:
        self.path = path
        self.domains = domains
        self.now = now
        self.nothing = {_folded(known.phrases["nothing"]) for known in texts}
        self.labels: dict[str, tuple[SectionName, str]] = {}
        for name, labels in _ALSO_CALLED.items():
            self.labels.update({_folded(label): (name, "en" if label.isascii() else "zh") for label in labels})
        for known in texts:
            self.labels.update({_folded(label): (name, known.language) for name, label in known.sections.items()})

    def whole(self, lines: list[_Line]) -> ReportFile:
        starts = [place for place in range(len(lines)) if _begins_paper(lines, place)]
        day = self._day(lines[: starts[0]] if starts else lines)
        if not starts:
            raise self._invalid(lines[-1], 'a paper: "## Title", and under it "- **Link**: ADDRESS"')
        entries: dict[ArxivId, tuple[Paper, Report]] = {}
        for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
            paper, report = self._entry(lines[start:end])
            if paper.id in entries:
                raise self._invalid(lines[start], f"another paper; {paper.id} is there already")
            entries[paper.id] = paper, report
        gaps = {
            paper_id: missing
            for paper_id, (_, report) in entries.items()
            if (missing := tuple(name for name in SectionName if report.section(name) is None))
        }
        return ReportFile(day, tuple(entries.values()), gaps)

    def _day(self, head: list[_Line]) -> date:
        line, value = self._field(head, _DATE, 'a date before the first paper: "**Date**: 2026-01-16"')
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise self._invalid(line, 'a date such as "**Date**: 2026-01-16"') from None

    def _entry(self, lines: list[_Line]) -> tuple[Paper, Report]:
        title = _TITLE.fullmatch(lines[0].text.rstrip())
        assert title is not None  # noqa: S101 (_begins_paper has looked)
        line, address = self._field(lines, _LINK, '"- **Link**: ADDRESS" under the title')
        try:
            paper_id = ArxivId.parse(address)
        except InvalidId:
            raise self._invalid(line, "the address of a paper on the Hub or arXiv") from None
        line, word = self._field(lines, _SOURCE, '"- **Read from**: HTML" under the link')
        source = next((source for source, known in READ_FROM.items() if _folded(known) == _folded(word)), None)
        if source is None:
            raise self._invalid(line, f"one of {', '.join(READ_FROM.values())}")
        paper = Paper(
            id=paper_id,
            title=" ".join(title["value"].split()),
            hub_url="" if "arxiv.org/" in address else address,
        )
        return paper, self._report(paper, source, lines)

    def _report(self, paper: Paper, source: ReadingSource, lines: list[_Line]) -> Report:
        found = self._bodies(lines)
        bodies = {heading.section: parse(body) for heading, body in found}
        field = next((body for heading, body in found if heading.section is SectionName.DOMAIN), "")
        languages = [heading.language for heading, _ in found] or ["en"]
        return Report(
            paper_id=paper.id,
            language=max(sorted(set(languages)), key=languages.count),
            sections=tuple(
                Section(name, () if self._says_nothing(bodies[name]) else bodies[name])
                for name in SectionName
                if bodies.get(name)
            ),
            domains=self.domains.classify(title=paper.title, abstract="", text=field),
            source=source,
            writer=WRITER,
            written_at=self.now,
        )

    def _bodies(self, lines: list[_Line]) -> list[tuple[_Heading, str]]:
        """Each section's heading and Markdown. A label that comes again is text of the section it stands in."""
        found: dict[SectionName, tuple[_Heading, list[str]]] = {}
        body: list[str] = []
        for line in lines:
            heading = self._heading(line.text)
            if heading and heading.section not in found:
                body = []
                found[heading.section] = heading, body
            elif not _PAPER_END.fullmatch(line.text):
                body.append(line.text.expandtabs(4))
        return [(heading, f"{heading.text}\n" + textwrap.dedent("\n".join(own))) for heading, own in found.values()]

    def _heading(self, text: str) -> _Heading | None:
        match = _HEADING.fullmatch(text.rstrip())
        known = self.labels.get(_folded(match["label"])) if match else None
        return _Heading(*known, match["text"] or "") if match and known else None

    def _says_nothing(self, blocks: tuple[Block, ...]) -> bool:
        match blocks:
            case (Paragraph((Run(text=text),)),):
                return _folded(text) in self.nothing
            case _:
                return False

    def _field(self, lines: list[_Line], form: re.Pattern[str], expected: str) -> tuple[_Line, str]:
        for line in lines:
            if match := form.fullmatch(line.text.strip()):
                return line, match["value"].strip().strip("<>")
        raise self._invalid(lines[0] if lines else _Line(1, ""), expected)

    def _invalid(self, line: _Line, expected: str) -> InvalidReportFile:
        return InvalidReportFile(f"{self.path}, line {line.number}: expected {expected}. Nothing was stored.")


def _begins_paper(lines: list[_Line], place: int) -> bool:
    """Whether a line is a paper's title: a heading marked as one, or one with a link under it."""
    title = _TITLE.fullmatch(lines[place].text.rstrip())
    if title is None or title["mark"]:
        return title is not None
    below = (lines[after].text.strip() for after in range(place + 1, len(lines)))
    following = next(filter(None, below), "")
    return _LINK.fullmatch(following) is not None


def _folded(text: str) -> str:
    return "".join(text.casefold().split()).rstrip(".。")
