"""What a model wrote, checked for what no report may hold, whatever stood in the paper: links from nowhere, calls to
people, sentences that a paper dictated, and more text than a section has room for.

What cannot be checked is whether a sentence is true; digest.grounding looks at its figures and names.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from digest.addressed import Sifted, speaks_to_a_model
from digest.markdown import normal, plain
from digest.types import Block, Paragraph, Points, Run, RunKind, Runs, Section, SectionName, Table
from digest.writers.quotes import folded
from digest.writers.sentences import sentences

# Characters, in the order of what has room: a card, a window, a message of a platform
MOST_CHARS = {
    SectionName.DOMAIN: 600,
    SectionName.CONTRIBUTION: 600,
    SectionName.USAGE: 3000,
    SectionName.INNOVATIONS: 3000,
    SectionName.RESULTS: 3000,
}
MOST_POINTS = 12  # of one list
MOST_CELL_CHARS = 120
_DICTATED_WORDS = 6  # in a row, as in a passage that speaks to a model; of Chinese characters twice as many

_ADDRESS = re.compile(
    r"(?:[a-z][a-z+.-]*://|www\.)[^\s<>{}\"'“”‘’，。；：！？）】》]+|\b(?:mailto:|javascript:|data:[a-z]+/|tel:\+?\d)[^\s<>]+"
    r"|[\w.+-]+@(?:[\w-]+\.)+[a-z]{2,}|\b(?:[a-z\d-]+\.)+[a-z]{2,}/[^\s<>{}，。；：！？）】》]*"
    r"|\b(?:[a-z\d-]+\.)+(?:com|org|net|io|ai|dev|app|xyz|info|me|gg|cn|ru|example|invalid|test)\b",
    re.IGNORECASE,
)
_CALL = re.compile(r"(?<![A-Za-z0-9])[@＠](?=\w)|<[@#!][^>]{0,40}>")
_TRAILING = ".,;:!?)]}'\"*。，；：！？）"
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|\w+")
_NAMED = re.compile(r"\d|(?<=.)[A-Z]")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def proofread(sections: Iterable[Section], sifted: Sifted) -> tuple[Section, ...]:
    """The sections in normal form with only what may stand in a report, each within MOST_CHARS. One of which nothing
    is left has no blocks."""
    proof = _Proof(sifted)
    return tuple(Section(section.name, proof.section(section)) for section in sections)


class _Proof:
    def __init__(self, sifted: Sifted) -> None:
        paper = sifted.paper
        known = (paper.github_url, paper.project_url, paper.hub_url, f"https://arxiv.org/abs/{paper.id}")
        self._text = " ".join((paper.title, paper.abstract, *(passage.text for passage in sifted.reading.passages)))
        self._addresses = {_bare(address) for address in known if address}
        self._addresses |= {_bare(found[0]) for found in _ADDRESS.finditer(self._text)}
        kept = _runs_of_words(self._text)
        self._dictated = {run for text in sifted.texts for run in _runs_of_words(text)} - kept
        self._names = {name for text in sifted.texts for name in _names(text)} - _names(self._text)

    def section(self, section: Section) -> tuple[Block, ...]:
        return bounded(normal(self._blocks(section.blocks)), MOST_CHARS[section.name])

    def _blocks(self, blocks: Iterable[Block]) -> Iterator[Block]:
        return (kept for block in blocks if (kept := self._block(block)) is not None)

    def _block(self, block: Block) -> Block | None:
        match block:
            case Paragraph(runs):
                return Paragraph(self._runs(runs))
            case Points(points, ordered):
                return Points(tuple(tuple(self._blocks(point)) for point in points), ordered)
            case Table(header, rows):
                told = tuple(tuple(_short_cell(self._runs(cell)) for cell in row) for row in rows)
                return Table(header, told) if told else None

    def _runs(self, runs: Runs) -> Runs:
        """The runs without links, calls and sentences that may not be there."""
        told = tuple(self._run(run) for run in runs)
        whole = "".join(run.text for run in told)
        gone = [sentence for sentence in _whole_sentences(whole) if self._is_dictated(sentence)]
        if gone:
            told = _without(told, gone)
        # A call or address in two styles comes together only now.
        joined = "".join(run.text for run in told)
        return (Run(self._harmless(joined)),) if self._harmless(joined) != joined else told

    def _run(self, run: Run) -> Run:
        link = run.link if _bare(run.link) in self._addresses else ""
        return replace(run, text=self._harmless(run.text), link=link)

    def _harmless(self, text: str) -> str:
        return _CALL.sub("", _ADDRESS.sub(lambda found: found[0] if self._is_known(found[0]) else "", text))

    def _is_known(self, address: str) -> bool:
        """Whether an address stands in the paper, or begins one that does."""
        bare = _bare(address)
        return bare in self._addresses or any(known.startswith(f"{bare}/") for known in self._addresses)

    def _is_dictated(self, sentence: str) -> bool:
        """Whether it speaks to a model, or names or says at length what stands only where the paper does."""
        runs, names = _runs_of_words(sentence), _names(sentence)
        return speaks_to_a_model(sentence) or not (self._dictated.isdisjoint(runs) and self._names.isdisjoint(names))


def bounded(blocks: Sequence[Block], max_chars: int) -> tuple[Block, ...]:
    """The blocks up to a length, cut between points, rows and sentences, never inside one that fits."""
    kept: list[Block] = []
    room = max_chars
    for block in blocks:
        part = _fitting(block, room)
        if part is not None:
            kept.append(part)
        room -= len(plain((block,)))
        if room <= 0:
            break
    return normal(kept)


def _fitting(block: Block, room: int) -> Block | None:
    if len(plain((block,))) <= room and not (isinstance(block, Points) and len(block.points) > MOST_POINTS):
        return block
    match block:
        case Paragraph(runs):
            return Paragraph(_beginning(runs, room)) if room > 0 else None
        case Points(points, ordered):
            told: list[tuple[Block, ...]] = []
            for point in points[:MOST_POINTS]:
                length = len(plain(point))
                if length > room:
                    told += [part] if not told and (part := bounded(point, room)) else []
                    break
                told.append(point)
                room -= length
            return Points(tuple(told), ordered) if told else None
        case Table(header, rows):
            fitting = [row for place, row in enumerate(rows) if len(plain((Table(header, rows[: place + 1]),))) <= room]
            return Table(header, tuple(fitting)) if fitting else None


def _beginning(runs: Runs, max_chars: int) -> Runs:
    """As many whole sentences as have room, at least a part of the first."""
    text = "".join(run.text for run in runs)
    end = 0
    for sentence in _whole_sentences(text):
        if end + len(sentence) > max_chars:
            break
        end += len(sentence)
    return tuple(_up_to(runs, end or max_chars))


def _up_to(runs: Runs, end: int) -> Iterator[Run]:
    for run in runs:
        if end <= 0:
            return
        if len(run.text) <= end or run.kind is RunKind.TEXT:
            yield replace(run, text=run.text[:end])
        end -= len(run.text)


def _whole_sentences(text: str) -> list[str]:
    """The text in sentences, each with the white space after it: joined they are the text."""
    ends, at = [], 0
    for sentence in sentences(text):
        place = text.find(sentence, at)
        if place < 0:  # tidied: it is looked at together with the next
            continue
        at = place + len(sentence)
        ends.append(at)
    cuts = [0, *ends[:-1], len(text)]
    return [text[begin:end] for begin, end in itertools.pairwise(cuts) if text[begin:end]]


def _without(runs: Runs, gone: Sequence[str]) -> Runs:
    """The runs without some sentences of theirs, in the order in which they stand there."""
    text = "".join(run.text for run in runs)
    spans: list[tuple[int, int]] = []
    at = 0
    for sentence in gone:
        begin = text.index(sentence, at)
        at = begin + len(sentence)
        spans.append((begin, at))
    kept: list[Run] = []
    first = 0
    for run in runs:
        here = "".join(
            char for place, char in enumerate(run.text, first) if not any(begin <= place < end for begin, end in spans)
        )
        first += len(run.text)
        if here:
            kept.append(replace(run, text=here))
    return tuple(kept)


def _short_cell(cell: Runs) -> Runs:
    return cell if sum(len(run.text) for run in cell) <= MOST_CELL_CHARS else tuple(_up_to(cell, MOST_CELL_CHARS))


def _runs_of_words(text: str) -> set[tuple[str, ...]]:
    """Every so many words of a text in a row; a short text is one run as a whole."""
    words = _WORD.findall(folded(text).lower())
    wide = 2 * sum(bool(_WIDE.match(word)) for word in words) > len(words)
    length = _DICTATED_WORDS * (2 if wide else 1)
    return {tuple(words[at : at + length]) for at in range(max(0, len(words) - length) + 1)} if words else set()


def _names(text: str) -> set[str]:
    """The words of a text that are names by their look: with a digit, or with a capital after the first letter."""
    return {word.lower() for word in _WORD.findall(text) if len(word) > 2 and _NAMED.search(word)}


def _bare(address: str) -> str:
    """An address as it is compared: without scheme, `www.`, an end of a sentence, and the capitals of its host."""
    text = address.strip().rstrip(_TRAILING)
    scheme, mark, rest = text.partition("://")
    if mark and scheme.lower() not in ("http", "https"):
        return text.lower()
    host, slash, path = (rest if mark else text).partition("/")
    return f"{host.lower().removeprefix('www.')}{slash}{path}".rstrip("/")
