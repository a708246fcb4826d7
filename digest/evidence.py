"""What checking a report found, in the reader's words: what is to be checked, and where the figures stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from digest.render import shortened, unlinked
from digest.types import (
    Block,
    Finding,
    FindingKind,
    Outcome,
    Paragraph,
    PassageKind,
    Points,
    ReadingSource,
    Report,
    Run,
    Runs,
    Texts,
)

CHECKS_SHOWN = 10
FIGURES_SHOWN = 15
_PLACE_CHARS = 60
_TEXT_CHARS = 60


def checks(report: Report, texts: Texts) -> tuple[Block, ...]:
    """What a reader should look up, first what the text does not have; nothing when there is nothing."""
    told = _once(sorted(report.to_check, key=lambda finding: finding.outcome is Outcome.ELSEWHERE))
    if not told:
        return ()
    abstract = "_abstract" if report.source is ReadingSource.ABSTRACT else ""
    points: list[tuple[Block, ...]] = [(Paragraph((Run(_check(finding, texts)),)),) for finding in told[:CHECKS_SHOWN]]
    points += _more(len(told) - CHECKS_SHOWN, texts)
    head = texts.phrases[f"checks{abstract}"].format(count=len(told))
    return (Paragraph((Run(head, bold=True),)), Points(tuple(points)))


def places(report: Report, address: str, texts: Texts) -> tuple[Block, ...]:
    """The figures that were found, each with its place; `address` is that of the text, "" where it cannot be opened."""
    figures = [finding for finding in report.findings if finding.kind is FindingKind.FIGURE and not finding.to_check]
    told = _once(figures)
    if not told:
        return ()
    points: list[tuple[Block, ...]] = [
        (Paragraph(_place(finding, address, texts)),) for finding in told[:FIGURES_SHOWN]
    ]
    points += _more(len(told) - FIGURES_SHOWN, texts)
    return (Paragraph((Run(texts.phrases["figures_found"], bold=True),)), Points(tuple(points)))


def _once(findings: Iterable[Finding]) -> list[Finding]:
    """Each figure and name once: a report may state it in several sections."""
    return list({(finding.kind, finding.text, finding.outcome): finding for finding in findings}.values())


def _more(count: int, texts: Texts) -> list[tuple[Block, ...]]:
    return [(Paragraph((Run(texts.phrases["and_more"].format(count=count)),)),)] if count > 0 else []


def _check(finding: Finding, texts: Texts) -> str:
    text = _shown(finding.text, _TEXT_CHARS)
    section = texts.sections[finding.section]
    if finding.outcome is Outcome.ELSEWHERE:
        label = _shown(finding.label or finding.heading, _PLACE_CHARS)
        return texts.phrases["check_elsewhere"].format(text=text, section=section, label=label)
    if finding.instead:
        return texts.phrases["check_instead"].format(text=text, section=section, instead=unlinked(finding.instead))
    return texts.phrases["check_not_found"].format(text=text, section=section)


def _place(finding: Finding, address: str, texts: Texts) -> Runs:
    what = _shown(finding.text, _TEXT_CHARS)
    if finding.operation:
        what = f"{what} = {_shown(finding.operation, _TEXT_CHARS)}"
    comma = texts.phrases["place_mark"]
    link = f"{address}#{finding.anchor}" if address and finding.anchor else ""
    return Run(f"{what}{comma}"), Run(_named(finding, texts), link=link)


def _named(finding: Finding, texts: Texts) -> str:
    """The last two headings over a place, and whether it is a table."""
    headings: Sequence[str] = finding.heading.split(" > ")[-2:]
    heading = _shown(" > ".join(headings), _PLACE_CHARS)
    if finding.passage is PassageKind.TABLE:
        return texts.phrases["place_table"].format(heading=heading) if heading else texts.phrases["place_a_table"]
    return heading or texts.phrases["place_beginning"]


def _shown(text: str, max_chars: int) -> str:
    return unlinked(shortened(text, max_chars))
