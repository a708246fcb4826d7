"""Which papers of a day a destination gets, and for each of the others why not."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum

from msgspec import Struct

from digest.types import ArxivId, Paper, Report
from digest.words import spaced


class Reason(StrEnum):
    """Why a paper is or is not in an edition; of several reasons the first of SENT, HIDDEN, WITHDRAWN, WORDS,
    NO_REPORT, DOMAIN, LIMIT."""

    CHOSEN = "chosen"
    SENT = "sent before"
    HIDDEN = "hidden"
    WITHDRAWN = "withdrawn"
    WORDS = "words"
    NO_REPORT = "no report yet"
    DOMAIN = "domain"
    LIMIT = "limit"


class Selection(Struct, frozen=True):
    """The papers chosen, in the order of the day, and a reason for every paper of the day.

    `late` are papers that joined the list of another day after that was delivered, with that day. `missed` are days
    that were not delivered in their time, each with how many papers it has. `again`: of an edition that is there,
    and keeps its headline even if no paper is left under it.
    """

    papers: tuple[tuple[Paper, Report], ...]
    reasons: dict[ArxivId, Reason]
    late: Mapping[ArxivId, date] = {}
    missed: tuple[tuple[date, int], ...] = ()
    again: bool = False


def select(
    papers: Sequence[tuple[Paper, Report | None]],
    *,
    domains: Collection[str] = (),
    fitting: Collection[ArxivId] | None = None,
    with_words: Sequence[str],
    without_words: Sequence[str],
    limit: int,
    already: Collection[ArxivId],
    withdrawn: Collection[ArxivId] = (),
    hidden: Collection[ArxivId] = (),
) -> Selection:
    """The first `limit` papers that are in one of the domains, hold one of the words and none of those unwanted.

    Which papers are in the domains may be given as `fitting`, where it is known for many choices at once. No domains,
    or no `with_words`, ask for nothing. Words are found in titles, abstracts and keywords: whole ones, whatever their
    case; in scripts without spaces any run of characters; of several words in one entry all, side by side. `already`
    are the papers that the destination has had, `withdrawn` those whose report was taken back, `hidden` those that its
    managers have hidden.
    """
    chosen: list[tuple[Paper, Report]] = []
    reasons: dict[ArxivId, Reason] = {}
    wanted, unwanted = _any_of(with_words), _any_of(without_words)
    for paper, report in papers:
        text = "\n".join(map(_folded, (paper.title, paper.abstract, *paper.keywords))) if wanted or unwanted else ""
        if paper.id in already:
            reason = Reason.SENT
        elif paper.id in hidden:
            reason = Reason.HIDDEN
        elif paper.id in withdrawn:
            reason = Reason.WITHDRAWN
        elif (wanted and not wanted.search(text)) or (unwanted and unwanted.search(text)):
            reason = Reason.WORDS
        elif report is None:
            reason = Reason.NO_REPORT
        elif not (_fits(report, domains) if fitting is None else paper.id in fitting):
            reason = Reason.DOMAIN
        elif len(chosen) >= limit:
            reason = Reason.LIMIT
        else:
            reason = Reason.CHOSEN
            chosen.append((paper, report))
        reasons[paper.id] = reason
    return Selection(tuple(chosen), reasons)


def _fits(report: Report, domains: Collection[str]) -> bool:
    return not domains or bool(set(domains).intersection(report.domains))


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern for folded text; not \\b, which finds no end after the last character of "c++"."""
    folded = [re.escape(word) for word in map(_folded, words) if word]
    return re.compile(rf"(?<!\w)(?:{'|'.join(folded)})(?!\w)") if folded else None


def _folded(text: str) -> str:
    return " ".join(spaced(text).casefold().split())
