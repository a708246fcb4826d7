"""Answers to questions about a paper: what its passages say, each sentence with its place, or that they do not say.

Sentences of a model are kept only when their figures, names and addresses stand in the passages it was given. Without
a model the paper's own words answer, in short pieces: arXiv's terms (info.arxiv.org/help/license) leave the text to its
authors, so that no passage is served whole.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from digest import render
from digest.errors import CutOff, WriteError
from digest.grounding import Ground
from digest.inline import parse_runs, text_runs, write_runs
from digest.retrieval import Glossary, asked_words, retrieve, words_of
from digest.text.injection import filter_injections
from digest.text.links import Links
from digest.text.shown import Shown
from digest.types import (
    Block,
    Message,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Reading,
    ReadingSource,
    Run,
    Runs,
    Section,
    SectionName,
    Texts,
    TextWork,
)
from digest.writers.sentences import sentences as split_sentences

log = logging.getLogger(__name__)

QUOTES = 3
QUOTE_CHARS = 300
_PLACE_CHARS = 60
_NUMBERED = re.compile(r"(?:Table|Figure|Algorithm|Listing|表|图)\s*[A-Z]?\d+(?:\.\d+)*")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


class Said(Struct, frozen=True):
    """A sentence of an answer, or a piece of the paper's own words, and the passage that it stands in."""

    text: str
    passage: Passage


class Reply(Struct, frozen=True, kw_only=True):
    """What a paper says to a question. Nothing said: the paper does not say.

    `writer` is the model, "" when the paper itself is quoted; `left_out` counts sentences of the model that did not
    stand up to the passages; `problem` is why no model answered although there is one.
    """

    question: str
    said: tuple[Said, ...] = ()
    writer: str = ""
    left_out: int = 0
    problem: str = ""


class Answering(Struct, frozen=True):
    """The passages that answer a question, best first, and the paper as a model may be shown it; `quoted` answers
    without one."""

    paper: Paper
    passages: tuple[Passage, ...]
    quoted: tuple[Said, ...]


class Writer(Protocol):
    """See digest.writers.reply.ReplyWriter."""

    @property
    def name(self) -> str: ...

    async def write(
        self, paper: Paper, reading: Reading, passages: Sequence[Passage], question: str, language: str
    ) -> tuple[tuple[str, Passage], ...]: ...


async def reply(
    paper: Paper,
    reading: Reading,
    question: str,
    language: str,
    *,
    glossary: Glossary,
    text_work: TextWork,
    hosts: tuple[str, ...] = (),
    writer: Writer | None = None,
) -> Reply:
    """Answers from the passages alone; when the model cannot, the paper is quoted. Never raises for the model.

    `hosts`: where links may lead, see digest.text.links. Raises CutOff for a text that stops its processes.
    """
    found = await text_work.run(f"{paper.id} question", answering, paper, reading, question, glossary, hosts)
    if not found.passages:
        return Reply(question=question)
    if writer is None:
        return Reply(question=question, said=found.quoted)
    try:
        sentences = await writer.write(found.paper, reading, found.passages, question, language)
        said = await text_work.run(f"{paper.id} answer", standing, sentences, found.passages, paper, hosts)
    except (WriteError, CutOff) as error:
        log.warning("no answer of a model", extra={"paper": paper.id, "reason": str(error)})
        return Reply(question=question, said=found.quoted, problem=str(error))
    except Exception:
        log.exception("an answer of a model broke", extra={"paper": paper.id})
        problem = "Paperboy could not read the model's answer; the log says why."
        return Reply(question=question, said=found.quoted, problem=problem)
    left_out = len(sentences) - len(said)
    if left_out and not said:
        return Reply(question=question, said=found.quoted, left_out=left_out)
    return Reply(question=question, said=said, writer=writer.name, left_out=left_out)


# --- in the child ------------------------------------------------------------------------------------------------


def answering(paper: Paper, reading: Reading, question: str, glossary: Glossary, hosts: tuple[str, ...]) -> Answering:
    """What of a paper answers a question."""
    safe = filter_injections(paper, reading)
    found = tuple(one.passage for one in retrieve(safe.reading.passages, question, glossary))
    links = Links(paper, reading, hosts)
    said = tuple(Said(links.text(one.text), one.passage) for one in quoted(found, question, glossary))
    return Answering(safe.paper, found, said)


def standing(
    sentences: tuple[tuple[str, Passage], ...], found: tuple[Passage, ...], paper: Paper, hosts: tuple[str, ...]
) -> tuple[Said, ...]:
    """The sentences whose figures, names and addresses stand in the passages that the model was given."""
    of_passages = Reading(paper_id=paper.id, source=ReadingSource.HTML, url="", text_hash="", passages=tuple(found))
    ground = Ground(of_passages, replace(paper, abstract=""))
    links = Links(paper, of_passages, hosts)
    parsed = ((parse_runs(text), passage) for text, passage in sentences)
    return tuple(
        Said(write_runs(links.runs(runs)), passage)
        for runs, passage in parsed
        if not any(finding.to_check for finding in ground.section(_as_section(links.runs(runs))))
        and all(any(one in held.text for held in found) for one in _addresses(runs))
    )


def _as_section(runs: Runs) -> Section:
    return Section(SectionName.RESULTS, (Paragraph(runs),))


def _addresses(runs: Runs) -> list[str]:
    """The addresses that a reader would be shown, and those of links."""
    told = [*_ADDRESS.findall(Shown.of(runs).text), *(run.link for run in runs if run.link)]
    return [address.rstrip(".,;:!?)") for address in told]


# --- quoting -----------------------------------------------------------------------------------------------------


def quoted(passages: Sequence[Passage], question: str, glossary: Glossary) -> tuple[Said, ...]:
    """The pieces of the best passages that are nearest to the question, at most QUOTES."""
    wanted = asked_words(question, glossary)
    return tuple(Said(piece(passage, wanted), passage) for passage in passages[:QUOTES])


def piece(passage: Passage, wanted: frozenset[str]) -> str:
    """A piece of a passage, at most QUOTE_CHARS long and never all of its sentences: the one with the most of the
    wanted words, and as many after it as there is room for. Of a table the header and the nearest row."""
    rows = passage.kind in (PassageKind.TABLE, PassageKind.LIST)
    parts = passage.text.splitlines() if rows else split_sentences(passage.text)
    parts = [" ".join(part.split()) for part in parts if part.strip()] or [passage.text]
    begin = max(range(len(parts)), key=lambda place: (len(wanted & set(words_of(parts[place]))), -place))
    chosen = [parts[begin]]
    if passage.kind is PassageKind.TABLE and begin:
        chosen.insert(0, parts[0])
    mark = " / " if rows else " "
    for part in parts[begin + 1 :]:
        if len(mark.join([*chosen, part])) > QUOTE_CHARS or len(chosen) + 1 == len(parts):
            break
        chosen.append(part)
    return render.shortened(mark.join(chosen), QUOTE_CHARS)


# --- showing -----------------------------------------------------------------------------------------------------


def message(paper: Paper, reading: Reading, given: Reply, texts: Texts) -> Message:
    """A reply under the paper's title, each sentence followed by the place it stands in."""
    phrases = texts.phrases
    blocks: list[Block] = [Paragraph((Run(given.question, italic=True),))]
    for one in given.said:
        label, link = place(one.passage, reading, texts)
        runs = _sentence(one.text) if given.writer else (Run("“"), *text_runs(one.text), Run("”"))
        blocks.append(Paragraph((*runs, Run(" ["), Run(label, link=link), Run("]"))))
    if not given.said:
        blocks.append(Paragraph((Run(phrases["reply_nothing"]),)))
    notes = [texts.sources[reading.source]]
    if given.writer:
        notes.append(phrases["reply_by_model"].format(writer=given.writer))
    elif given.said:
        notes.append(phrases["reply_quoted"])
    lines = [" · ".join(notes)]
    if given.left_out:
        lines.append(phrases["reply_left_out"].format(count=given.left_out))
    if given.problem:
        lines.append(phrases["reply_no_model"])
    if reading.source is ReadingSource.ABSTRACT:
        lines.append(phrases["reply_abstract"])
    return Message(
        title=render.unlinked(paper.title), link=render.address(paper), blocks=tuple(blocks), footer="\n".join(lines)
    )


def place(passage: Passage, reading: Reading, texts: Texts) -> tuple[str, str]:
    """What a passage's place is called, and its address: a table by its number, else the heading above it."""
    numbered = _NUMBERED.match(passage.text) if passage.kind is PassageKind.CAPTION else None
    heading = passage.heading.rpartition(" > ")[2]
    label = numbered[0] if numbered else heading or texts.phrases["reply_beginning"]
    link = f"{reading.url}#{passage.anchor}" if passage.anchor else reading.url
    return render.unlinked(render.shortened(label, _PLACE_CHARS)), link


def _sentence(text: str) -> Runs:
    """A model's sentence: bold, code and formulas, but no link of its own."""
    return tuple(replace(run, link="") for run in parse_runs(text))
