"""Reports and papers as messages in the reader's language. Nothing here knows how a platform looks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from digest.types import (
    ArxivId,
    Attempt,
    Block,
    Digest,
    Message,
    Paper,
    Paragraph,
    Points,
    ReadingSource,
    Report,
    Run,
    RunKind,
    Runs,
    Section,
    SectionName,
    Texts,
)

HEADLINE_PAPERS = 3
HEADLINE_LINE_CHARS = 120
EXTRACTIVE = "extractive"  # the writer that chooses sentences
_HARMLESS = re.compile(
    r"(?:[^:.@＠<\\$]|[:.] |(?<=\d)\.(?=\d))*+[:.]?"
)  # neither an address nor a call, in whatever writing
CARD_CHARS = 600  # of the contribution: one sentence, but writers differ in what they call one


def headline(digest: Digest, texts: Texts) -> Message:
    """What a day brought: date and count, the three most upvoted papers, how many were read in full."""
    reports = [report for _, report in digest.papers if report is not None]
    notes = [counts(reports, texts)]
    if failed := len(digest.papers) - len(reports):
        notes.append(texts.phrases["counts_failed"].format(failed=failed))
    notes += limited(reports, texts)
    return Message(
        title=texts.phrases["headline"].format(date=day_in_words(digest.day, texts), count=len(digest.papers)),
        blocks=first_lines([paper for paper, _ in digest.papers]),
        footer=" · ".join(notes),
    )


def counts(reports: Sequence[Report], texts: Texts) -> str:
    """`20 read in full, 3 abstract only`; of what there is none is not told."""
    abstracts = sum(report.source is ReadingSource.ABSTRACT for report in reports)
    full = len(reports) - abstracts
    key = "counts" if full and abstracts else "counts_abstract" if abstracts else "counts_full"
    return texts.phrases[key].format(full=full, abstract=abstracts)


def limited(reports: Sequence[Report], texts: Texts) -> list[str]:
    """What the model's daily limit has done to reports: one sentence, or none."""
    counted = {
        "limited_sentences": sum(report.limited and report.writer == EXTRACTIVE for report in reports),
        "limited_abstracts": sum(report.limited and report.writer != EXTRACTIVE for report in reports),
    }
    told = [
        texts.phrases[key if count > 1 else f"{key}_one"].format(count=count) for key, count in counted.items() if count
    ]
    return [texts.phrases["limited"].format(told=texts.phrases["limited_and"].join(told))] if told else []


def first_lines(papers: Sequence[Paper]) -> tuple[Block, ...]:
    """The first HEADLINE_PAPERS, a line of at most HEADLINE_LINE_CHARS each that leads to the paper."""
    top = tuple((Paragraph(_headline_line(paper)),) for paper in papers[:HEADLINE_PAPERS])
    return (Points(top),) if top else ()


def card(paper: Paper, report: Report | None, texts: Texts, problem: str = "") -> Message:
    """One paper of a digest: linked title, contribution, and a line of facts."""
    return Message(
        title=unlinked(paper.title),
        link=address(paper),
        blocks=_contribution(report, texts, problem),
        footer=facts(paper, report, texts),
    )


def report(
    paper: Paper,
    report: Report,
    texts: Texts,
    *,
    only: Section | None = None,
    attempts: Sequence[Attempt] = (),
    languages: dict[str, str] | None = None,
) -> Message:
    """A report, or only one section of it, with what was read, who wrote it, and what a reader should know of both.

    `attempts` are the better sources that were tried; `languages` names languages in the reader's own, to say that the
    report is in another one.
    """
    sections = report.sections if only is None else (only,)
    blocks = [*_language_note(report, texts, languages or {})]
    for section in sections:
        blocks.extend(section_blocks(section, texts, report))
    if only is None and report.writer == EXTRACTIVE and paper.hub_summary:
        label = texts.phrases["hub_summary"]
        space = "" if label.endswith("：") else " "
        blocks.append(Paragraph((Run(label + space, italic=True), Run(unlinked(paper.hub_summary), italic=True))))
    notes = [facts(paper, report, texts), written(report, texts)]
    if only is None:
        notes += shortfalls(report, attempts, texts)
    return Message(title=unlinked(paper.title), link=address(paper), blocks=tuple(blocks), footer="\n".join(notes))


def section_blocks(section: Section, texts: Texts, report: Report | None = None) -> tuple[Block, ...]:
    """A section under its label; one for which the paper holds nothing says so.

    What is to be checked in it is marked, and a line below says what the mark means.
    """
    label = Paragraph((Run(texts.sections[section.name], bold=True),))
    if not section.blocks:
        return (label, _sentence(texts.phrases["nothing"]))
    blocks = _marked(section, report)
    if report is None or blocks == section.blocks:
        return (label, *section.blocks)
    note = "marked_abstract" if report.source is ReadingSource.ABSTRACT else "marked"
    return (label, *blocks, Paragraph((Run(texts.phrases[note], italic=True),)))


def _marked(section: Section, report: Report | None) -> tuple[Block, ...]:
    """The section's blocks with marks where the report says that something is to be checked."""
    to_check = [finding for finding in report.to_check if finding.section is section.name] if report else []
    if not to_check:
        return section.blocks
    from digest.marks import marked  # needs the Markdown module, which a look-up can seldom spare

    return marked(section.blocks, to_check)


def shortfalls(report: Report, attempts: Sequence[Attempt], texts: Texts) -> list[str]:
    """Sentences about what could not be read, and what did not fit."""
    notes = []
    if attempts:
        notes.append(texts.phrases["not_read"].format(attempts=" ".join(attempt.problem for attempt in attempts)))
    if report.left_out:
        notes.append(texts.phrases["left_out"].format(headings="; ".join(map(unlinked, report.left_out))))
    return notes


def found(papers: Sequence[tuple[Paper, Report | None]], total: int, texts: Texts) -> Message:
    """A list of papers, one point each: title with its address, and a line of facts."""
    if total == 0:
        sentence = texts.phrases["found_none_here"]
        return Message(title=sentence, plain=sentence)
    key = "found_one" if total == 1 else "found" if len(papers) == total else "found_some"
    points = tuple(
        (
            Paragraph((Run(f"{paper.id}  "), *(replace(run, bold=True) for run in _title(paper)))),
            _sentence(facts(paper, report, texts)),
        )
        for paper, report in papers
    )
    return Message(title=texts.phrases[key].format(total=total, shown=len(papers)), blocks=(Points(points),))


def facts(paper: Paper, report: Report | None, texts: Texts) -> str:
    """`video, vision · Meta · ▲5 · full text`, leaving out what is not known."""
    parts = []
    if report is not None and report.domains:
        parts.append(domain_names(report.domains, texts))
    if paper.organization:
        parts.append(unlinked(paper.organization))
    if paper.upvotes is not None:
        parts.append(f"▲{paper.upvotes}")
    if report is not None:
        parts.append(texts.sources[report.source])
        if report.provisional:
            parts.append(_provisional(report, texts, "_short"))
        if report.corrected:
            parts.append(texts.phrases["corrected_short"])
        if count := report.checks:
            parts.append(texts.phrases["to_check"].format(count=count))
    return " · ".join(parts)


def domain_names(domains: Sequence[str], texts: Texts) -> str:
    """The names of domains in the language of the texts, with the comma that it puts between words."""
    comma = "、" if texts.language.startswith(("zh", "ja")) else ", "
    return comma.join(texts.domains.get(domain, domain) for domain in domains)


def day_in_words(day: date, texts: Texts, form: str = "date") -> str:
    """`Fri 16 Jan 2026`, or its like in another language; `form` names the phrase, such as "date_short"."""
    return texts.phrases[form].format(
        weekday=texts.phrases["weekdays"].split()[day.weekday()],
        day=day.day,
        month=texts.phrases["months"].split()[day.month - 1],
        year=day.year,
    )


def address(paper: Paper) -> str:
    """Where a reader finds the paper: its page on the Hub, else on arXiv."""
    return paper.hub_url or arxiv_address(paper.id)


def arxiv_address(paper: ArxivId) -> str:
    return f"https://arxiv.org/abs/{paper}"


def unlinked(text: str) -> str:
    """Words of a paper, or of a list about it, that are shown as they are: without addresses that could be followed,
    and without marks that call people."""
    if _HARMLESS.fullmatch(text):
        return text
    from digest.text.shown import harmless_text  # milliseconds that a look-up can seldom spare

    return harmless_text(text)


def shortened(text: str, max_chars: int) -> str:
    """The text, or its beginning up to the last whole word that leaves room for an ellipsis."""
    if len(text) <= max_chars:
        return text
    head = text[: max_chars - 1]
    word_end = head.rfind(" ")
    return (head[:word_end] if word_end > max_chars // 2 else head).rstrip(" ,;:，；：、") + "…"


def _headline_line(paper: Paper) -> Runs:
    votes = "" if paper.upvotes is None else f"▲{paper.upvotes} "
    return (Run(votes), *_beginning(_title(paper), HEADLINE_LINE_CHARS - len(votes)))


def _title(paper: Paper) -> Runs:
    """A title in a line, its formulas known, that leads to the paper."""
    title = unlinked(paper.title)
    runs: Runs = (Run(title),)
    if "$" in title or "\\" in title:
        from digest.inline import text_runs  # milliseconds that a look-up can seldom spare

        runs = text_runs(title)
    return tuple(replace(run, link=address(paper)) for run in runs)


def _contribution(report: Report | None, texts: Texts, problem: str) -> tuple[Block, ...]:
    if report is None:
        return (_sentence(texts.phrases["no_report"].format(problem=problem or texts.phrases["no_report_yet"])),)
    section = report.section(SectionName.CONTRIBUTION)
    if section is None or not section.blocks:
        return (_sentence(texts.phrases["nothing"]),)
    first = _marked(section, report)[0]
    return (Paragraph(_beginning(first.runs, CARD_CHARS)),) if isinstance(first, Paragraph) else (first,)


def _beginning(runs: Runs, max_chars: int) -> Runs:
    """Runs up to a length; the one that passes it is shortened, or left out whole when it is a formula or code."""
    room = max_chars
    if sum(len(run.text) for run in runs) <= room:
        return runs
    kept: list[Run] = []
    for run in runs:
        if len(run.text) >= room:  # an ellipsis has to stand behind what is kept
            whole = run.kind is not RunKind.TEXT
            kept.append(Run("…") if whole else replace(run, text=shortened(f"{run.text} ", room)))
            break
        kept.append(run)
        room -= len(run.text)
    return tuple(kept)


def _language_note(report: Report, texts: Texts, languages: dict[str, str]) -> tuple[Block, ...]:
    if report.language == texts.language:
        return ()
    sentence = texts.phrases["other_language"].format(
        wanted=languages.get(texts.language, texts.language), language=languages.get(report.language, report.language)
    )
    return (Paragraph((Run(sentence, italic=True),)),)


def written(report: Report, texts: Texts) -> str:
    """Who wrote a report, whether a person has changed it, and whether a better one is to come."""
    match report.writer:
        case "extractive":
            sentence = texts.phrases["written_extractive"]
        case "import":
            sentence = texts.phrases["written_import"]
        case _:
            sentence = texts.phrases["written_by_model"].format(writer=report.writer)
    if report.corrected:
        sentence = texts.phrases["written_corrected"].format(written=sentence)
    if report.limited:
        return f"{sentence} ({texts.phrases['written_limited']})"
    return f"{sentence} ({_provisional(report, texts)})" if report.provisional else sentence


def _provisional(report: Report, texts: Texts, length: str = "") -> str:
    """Why a report is provisional, and when a better one is tried."""
    failure = report.failure
    if failure is None:
        return texts.phrases[f"provisional{length}"]
    if not failure.answered:
        return texts.phrases[f"provisional_unreached{length}"]
    if failure.next_try is None:
        return texts.phrases[f"provisional_given_up{length}"].format(id=report.paper_id)
    day = day_in_words(failure.next_try.date(), texts, form="date_short")
    return texts.phrases[f"provisional_unusable{length}"].format(day=day, time=f"{failure.next_try:%H:%M}")


def _sentence(text: str) -> Paragraph:
    return Paragraph((Run(text),))
