"""Check a report for what its paper dictated: sentences that come from one that addresses a model.

Writers are shown such a sentence in a title, a heading or an abstract only (digest.text.injection); one that reads the
paper by itself may have seen any.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from digest.errors import Dictated, PaperboyError
from digest.inline import plain_runs, without_spans
from digest.markdown import normal
from digest.text.injection import (
    Dropped,
    FilteredPaper,
    addresses_model,
    is_abstract,
    normalised,
    parts,
    without_injections,
)
from digest.text.links import Links
from digest.text.valid import valid
from digest.types import Block, Paragraph, Passage, Points, Report, ReportWriter, Runs, SectionName, Table, TextWork
from digest.words import parted
from digest.writers.answer import NEVER_EMPTY
from digest.writers.sentences import pieces

log = logging.getLogger(__name__)

SHARE = 0.6  # of a sentence's content words that come from one sentence
_ENOUGH_WORDS = 4  # fewer say something only when one of them stands nowhere else in the paper


class Proof(Struct, frozen=True):
    """A report with only the links that it may have, and the sentences of the paper that dictated some of it."""

    report: Report
    dictating: tuple[Dropped, ...]


async def written(
    writer: ReportWriter,
    text: FilteredPaper,
    language: str,
    hosts: tuple[str, ...],
    text_work: TextWork,
    *,
    strict: bool,
    tell: Callable[[str], None] = log.info,
) -> Report:
    """What a writer makes of a paper, proofread. When the paper dictated some of it, it is written once more without
    the sentences that address a model, what they dictated even then goes, and the operator is told by `tell`.

    A strict one raises Dictated when so nothing is left of a section that every paper has something for.
    """
    paper = text.paper.id
    report = await writer.write(text.paper, text.reading, language)
    proof = await text_work.run(paper, proofread, report, text, hosts)
    if not proof.dictating:
        return proof.report
    rest = await text_work.run(paper, without_orders, text)
    told = f"{paper} orders models what to say, and its report said so."
    try:
        report = await writer.write(rest.paper, rest.reading, language)
        told += " It was written again without that."
    except Exception as error:
        log.info("report is not written again", extra={"paper": paper}, exc_info=error)
        reason = str(error) if isinstance(error, PaperboyError) else "The log says why."
        told += f" That was left out, and it could not be written again. {reason}"
    kept = await text_work.run(paper, without_dictation, report, text, hosts)
    if strict and any(_holds(report, name) and not _holds(kept, name) for name in NEVER_EMPTY):
        raise Dictated(writer.name, paper, text.reading.text_hash, rest.reading.text_hash)
    tell(told)
    return replace(kept, text_hash=text.reading.text_hash)


def told_of_dropped(text: FilteredPaper) -> Iterator[str]:
    """What the operator is told of sentences that were kept from writers: one sentence, or none."""
    if count := len(text.dropped):
        sentences = "1 sentence addresses" if count == 1 else f"{count} sentences address"
        yield (
            f"{text.paper.id}: {sentences} a language model, and no report is made from that. "
            f"See: paperboy check {text.paper.id}"
        )


def proofread(report: Report, text: FilteredPaper, hosts: tuple[str, ...]) -> Proof:
    """Take out strangers' links and calls to people (digest.text.links), and look for what the paper dictated."""
    report = Links(text.paper, text.reading, hosts).report(valid(report))
    dictation = _Dictation(text)
    return Proof(report, tuple(dict.fromkeys(one for told in _texts(report) for one in dictation.sources(told))))


def without_dictation(report: Report, text: FilteredPaper, hosts: tuple[str, ...]) -> Report:
    """As `proofread`, and take out the sentences that the paper dictated, rows and quotes among them."""
    report = Links(text.paper, text.reading, hosts).report(valid(report))
    dictation = _Dictation(text)
    return replace(
        report,
        sections=tuple(
            replace(section, blocks=normal(_without_dictation(section.blocks, dictation)))
            for section in report.sections
        ),
        quotes=tuple(quote for quote in report.quotes if not any(map(dictation.sources, pieces(quote.text)))),
    )


def without_orders(text: FilteredPaper) -> FilteredPaper:
    """The paper without any sentence that addresses a model, those of its title, headings and abstract among them. The
    hash is another one: what is written now is not what was written before."""
    paper, reading = text.paper, text.reading
    passages = [
        replace(
            passage,
            heading=" > ".join(title for title in _titles(passage) if not addresses_model(title)),
            text=without_injections(passage.text) if is_abstract(passage, reading) else passage.text,
        )
        for passage in reading.passages
    ]
    return replace(
        text,
        paper=replace(paper, title=without_injections(paper.title), abstract=without_injections(paper.abstract)),
        reading=replace(
            reading,
            passages=tuple(passage for passage in passages if passage.text),
            text_hash=hashlib.sha256(f"{reading.text_hash} without orders".encode()).hexdigest(),
        ),
    )


class _Dictation:
    """The sentences of a paper that address a model, and the words of all the others."""

    def __init__(self, text: FilteredPaper) -> None:
        shown = [one for one in _unfiltered(text) if addresses_model(one.sentence)]
        dictating = dict.fromkeys((*shown, *text.dropped))
        self._dictating = [(one, _content_words(one.sentence)) for one in dictating]
        # Nothing has to be known of the others where nothing is dictated, as in nearly every paper.
        others = {*_unfiltered(text), *_in_passages(text)} - dictating.keys() if dictating else ()
        self._others = [_content_words(one.sentence) for one in others]
        self._known = frozenset[str]().union(*self._others)

    def sources(self, text: str) -> tuple[Dropped, ...]:
        """The sentences that a sentence of a report comes from; () when as much of it stands in an honest one."""
        words = _content_words(text) if self._dictating else frozenset()
        shares = [(one, words & own) for one, own in self._dictating]
        enough = max(SHARE * len(words), 1)
        found = [
            (one, share)
            for one, share in shares
            if len(share) >= enough and (len(words) >= _ENOUGH_WORDS or not share <= self._known)
        ]
        honest = max((len(words & other) for other in self._others), default=0) if found else 0
        return tuple(one for one, share in found if len(share) > honest)


def _holds(report: Report, name: SectionName) -> bool:
    section = report.section(name)
    return section is not None and bool(section.blocks)


def _unfiltered(text: FilteredPaper) -> Iterator[Dropped]:
    """What no filter has seen: title, headings, and the sentences of the abstract."""
    yield Dropped("", text.paper.title)
    yield from (Dropped("Abstract", piece.strip()) for piece in pieces(text.paper.abstract))
    for passage in text.reading.passages:
        yield from (Dropped(passage.heading, title) for title in _titles(passage))
        if is_abstract(passage, text.reading):
            yield from (Dropped(passage.heading, part.strip()) for part in parts(passage))


def _in_passages(text: FilteredPaper) -> Iterator[Dropped]:
    for passage in text.reading.passages:
        yield from (Dropped(passage.heading, part.strip()) for part in parts(passage))


def _titles(passage: Passage) -> list[str]:
    return passage.heading.split(" > ")


def _content_words(text: str) -> frozenset[str]:
    """The words that say something: long ones, those with a digit, and pairs of East Asian characters."""
    words = []
    for word in _WORD.findall(normalised(text)):
        if _UNSPACED.match(word):
            words += parted(word)
        elif len(word) >= _LONG or any(map(str.isdigit, word)):
            words.append(word)
    return frozenset(words) - _COMMON


_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LONG = 4
_COMMON = frozenset(
    "this that these those with from into over such than then them they their there have been were will would should "
    "must also which what when where about your more most only very each every other some".split()
)


def _texts(report: Report) -> Iterator[str]:
    """Every sentence of a report, each cell and quote among them."""
    for section in report.sections:
        yield from _texts_of(section.blocks)
    for quote in report.quotes:
        yield from pieces(quote.text)


def _texts_of(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield from pieces(plain_runs(runs))
            case Points(points):
                for point in points:
                    yield from _texts_of(point)
            case Table(_, rows):
                for row in rows:
                    yield from map(plain_runs, row)


def _without_dictation(blocks: Sequence[Block], dictation: _Dictation) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield Paragraph(_without_sentences(runs, dictation))
            case Points(points, ordered):
                yield Points(tuple(tuple(_without_dictation(point, dictation)) for point in points), ordered)
            case Table(header, rows):
                kept = tuple(row for row in rows if not any(dictation.sources(plain_runs(cell)) for cell in row))
                if kept:
                    yield Table(header, kept)


def _without_sentences(runs: Runs, dictation: _Dictation) -> Runs:
    spans, begin = [], 0
    for piece in pieces(plain_runs(runs)):
        end = begin + len(piece)
        spans += [(begin, end)] if dictation.sources(piece) else []
        begin = end
    return without_spans(runs, spans)
