"""The prompt of a report: the paper first, so that a provider's prefix cache serves the second language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from msgspec import Struct

from digest.readers.condense import condense, plain
from digest.types import Paper, Reading, ReadingSource
from digest.writers.language import language_name

_PLACE = re.compile(r"\{\{(\w+)\}\}")


class Prompt(Struct, frozen=True):
    """`left_out`: the sections of the paper that did not fit."""

    text: str
    left_out: tuple[str, ...]


class Retry(Struct, frozen=True, tag=True):
    """Another answer is wanted: why the one before was of no use."""

    problem: str


class Repair(Struct, frozen=True, tag=True):
    """A better answer is wanted: the one before as it came, and what checking it found, in sentences."""

    answer: str
    faults: tuple[str, ...]


Addition = Retry | Repair


class PromptForm(Struct, frozen=True):
    """The texts `report`, `report_again` and `report_repair` of config/prompts, with places such as {{paper}}; one of
    the latter is appended when there was an answer before."""

    report: str
    again: str
    repair: str = ""

    @property
    def version(self) -> str:
        """Changes whenever a word of the prompt does."""
        return hashlib.sha256(f"{self.report}\0{self.again}\0{self.repair}".encode()).hexdigest()[:8]


def filled(
    form: PromptForm,
    paper: Paper,
    reading: Reading,
    language: str,
    max_chars: int,
    domains: tuple[str, ...],
    addition: Addition | None,
) -> Prompt:
    """The prompt for a report on a paper; this runs in a child process.

    `max_chars` bounds the paper's text. The beginning is the same whatever is added.
    """
    condensed = condense(reading.passages, max_chars)
    text = _paper(paper, plain(condensed.passages))
    places = {
        # Nobody can write the line into a text whose hash it holds.
        "fence": f"==== {hashlib.sha256(text.encode()).hexdigest()[:16]} ====",
        "paper": text,
        "source": _source(reading.source, condensed.left_out),
        "domains": ", ".join(domains),
        "language": language_name(language),
    }
    template = form.report
    match addition:
        case Retry(problem):
            template += form.again
            places["problem"] = problem
        case Repair(answer, faults):
            template += form.repair
            places |= {"answer": answer, "faults": "\n".join(f"- {fault}" for fault in faults)}
    # One pass: places that stand in the paper's own text stay as they are.
    return Prompt(_PLACE.sub(lambda place: places.get(place[1], place[0]), template), condensed.left_out)


def _paper(paper: Paper, text: str) -> str:
    lines = [f"Title: {paper.title}"]
    lines += [f"Code: {paper.github_url}"] if paper.github_url else []
    lines += [f"Project page: {paper.project_url}"] if paper.project_url else []
    return "\n".join([*lines, "", text.strip()])


def _source(source: ReadingSource, left_out: Sequence[str]) -> str:
    what = "the abstract only; the paper itself could not be read" if source is ReadingSource.ABSTRACT else "the paper"
    return f"{what}, without these sections or with parts of them: {'; '.join(left_out)}" if left_out else what
