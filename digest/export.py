"""Reports as files and data: a day as a Markdown report, days and answers as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from digest.markdown import plain, write
from digest.render import address
from digest.sources.report_file import READ_FROM
from digest.types import Digest, Paper, Reading, ReadingSource, Report, Section, SectionName, Texts

if TYPE_CHECKING:
    from digest.text.injection import Dropped

_RULE = "=" * 60
_INDENT = "   "


def digest_markdown(digest: Digest, texts: Mapping[str, Texts], list_url: str) -> str:
    """A day as a Markdown report; `texts` by language, each report's labels are in its own. What has no report, is
    left out. `list_url` is where the day's list can be seen."""
    parts = [f"# Hugging Face Daily Papers Report\n**Date**: {digest.day}\n**Source URL**: {list_url}\n"]
    for paper, report in digest.papers:
        if report is not None:
            parts.append(_entry(paper, report, texts.get(report.language, texts["en"])))
    return f"\n{_RULE}\n\n".join(parts) + f"\n{_RULE}\n"


def _entry(paper: Paper, report: Report, texts: Texts) -> str:
    head = (
        f"## 📄 {paper.title}\n\n"
        f"- **{texts.phrases['link']}**: {address(paper)}\n"
        f"- **{texts.phrases['read_from']}**: {READ_FROM[report.source]}\n"
    )
    numbers = {name: number for number, name in enumerate(SectionName, 1)}
    sections = [
        f"{numbers[section.name]}. **{texts.sections[section.name]}**\n{_body(section, texts)}\n"
        for section in report.sections
    ]
    return "\n".join([head, *sections])


def _body(section: Section, texts: Texts) -> str:
    return textwrap.indent(write(section.blocks) or texts.phrases["nothing"], _INDENT)


def digest_json(digest: Digest) -> str:
    """A day: `{"date", "language", "papers": [{..., "report": {...} or null}], "problems": {id: sentence}}`."""
    return _pretty(
        {
            "date": digest.day.isoformat(),
            "language": digest.language,
            "papers": [_told(paper, report, None) for paper, report in digest.papers],
            "problems": {str(paper): problem for paper, problem in digest.problems.items()},
        }
    )


def answer_json(papers: Sequence[tuple[Paper, Report | None]], section: SectionName | None) -> str:
    """What a look-up found: papers as in `digest_json`, their reports with only the section, if one is named."""
    return _pretty([_told(paper, report, section) for paper, report in papers])


def _told(paper: Paper, report: Report | None, only: SectionName | None) -> dict[str, Any]:
    told = _plain(paper)
    if report is not None:
        written = _plain(report)
        written["sections"] = {
            section.name.value: {"text": plain(section.blocks), "blocks": _plain(section.blocks)}
            for section in report.sections
            if only in (None, section.name)
        }
        told["report"] = written
    else:
        told["report"] = None
    return dict(told)


def check_json(checked: Sequence[tuple[Paper, Report, ReadingSource | None, Sequence[Dropped]]]) -> str:
    """What came of checking: `[{"id", "title", "language", "text", "to_check", "findings": [{...}], "dropped":
    [{"heading", "sentence"}]}]`; `text` is what the report was held against, null when there was none."""
    return _pretty(
        [
            {
                "id": str(paper.id),
                "title": paper.title,
                "language": report.language,
                "text": text,
                "to_check": len(report.to_check),
                "findings": _plain(report.findings),
                "dropped": _plain(dropped),
            }
            for paper, report, text, dropped in checked
        ]
    )


def reading_json(reading: Reading) -> str:
    """A reading with all its passages."""
    return _pretty(_plain(reading))


def _plain(value: object) -> Any:
    """As dicts and lists; ids become text."""
    return msgspec.to_builtins(value, enc_hook=str)


def _pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
