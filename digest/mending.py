"""What a writer is asked to mend in its report."""

from __future__ import annotations

from collections.abc import Iterable

from digest.types import Finding, FindingKind, Outcome, Paper, Reading, Report


def faults_of(report: Report, reading: Reading, paper: Paper) -> tuple[str, ...]:
    """What a report says that the paper does not, or says of something else, in sentences."""
    return to_mend(check_report(report, reading, paper).findings)


def check_report(report: Report, reading: Reading, paper: Paper) -> Report:
    """The report with its findings: see digest.grounding, which only a child process needs to load."""
    from digest.grounding import checked

    return checked(report, reading, paper)


def to_mend(findings: Iterable[Finding]) -> tuple[str, ...]:
    """What a writer has to mend, a sentence for each thing that has to be checked, each once."""
    return tuple(dict.fromkeys(_sentence(finding) for finding in findings if finding.to_check))


def _sentence(finding: Finding) -> str:
    where = f'In the section "{finding.section}"'
    match finding.kind, finding.outcome:
        case FindingKind.FIGURE, Outcome.ELSEWHERE:
            there = f' under "{finding.label}"' if finding.label else ""
            return f'{where}, "{finding.text}" stands in the paper{there}, not under the label here.'
        case FindingKind.FIGURE, _:
            return f'{where}, the figure "{finding.text}" does not stand in the paper.'
        case _:
            instead = f' The paper names "{finding.instead}".' if finding.instead else ""
            return f'{where}, the name "{finding.text}" does not stand in the paper.{instead}'
