"""Which papers of a day a destination gets, and for each of the others why not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import StrEnum

from msgspec import Struct

from digest.types import ArxivId, Paper, Report
from digest.words import spaced


class Reason(StrEnum):
    """Why a paper is or is not in an edition; of several reasons the first of SENT, WORDS, NO_REPORT, DOMAIN, LIMIT."""

    CHOSEN = "chosen"
    SENT = "sent before"
    WORDS = "words"
    NO_REPORT = "no report yet"
    DOMAIN = "domain"
    LIMIT = "limit"


class Selection(Struct, frozen=True):
    """The papers chosen, in the order of the day, and a reason for every paper of the day."""

    papers: tuple[tuple[Paper, Report], ...]
    reasons: dict[ArxivId, Reason]


def select(
    papers: Sequence[tuple[Paper, Report | None]],
    *,
    domains: Collection[str],
    with_words: Sequence[str],
    without_words: Sequence[str],
    limit: int,
    already: Collection[ArxivId],
) -> Selection:
    """The first `limit` papers that are in one of the domains, hold one of the words and none of those unwanted.

    No domains, or no `with_words`, ask for nothing. Words are found in titles, abstracts and keywords: whole ones,
    whatever their case; in scripts without spaces any run of characters; of several words in one entry all, side by
    side. `already` are the papers that the destination has had.
    """
    chosen: list[tuple[Paper, Report]] = []
    reasons: dict[ArxivId, Reason] = {}
    wanted, unwanted = _any_of(with_words), _any_of(without_words)
    for paper, report in papers:
        text = "\n".join(map(_folded, (paper.title, paper.abstract, *paper.keywords)))
        if paper.id in already:
            reason = Reason.SENT
        elif (wanted and not wanted.search(text)) or (unwanted and unwanted.search(text)):
            reason = Reason.WORDS
        elif report is None:
            reason = Reason.NO_REPORT
        elif domains and not set(domains).intersection(report.domains):
            reason = Reason.DOMAIN
        elif len(chosen) >= limit:
            reason = Reason.LIMIT
        else:
            reason = Reason.CHOSEN
            chosen.append((paper, report))
        reasons[paper.id] = reason
    return Selection(tuple(chosen), reasons)


def _any_of(words: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern for folded text; not \\b, which finds no end after the last character of "c++"."""
    folded = [re.escape(word) for word in map(_folded, words) if word]
    return re.compile(rf"(?<!\w)(?:{'|'.join(folded)})(?!\w)") if folded else None


def _folded(text: str) -> str:
    return " ".join(spaced(text).casefold().split())
