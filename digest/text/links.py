"""Keep strangers' links and calls to people out of what is written about a paper, whoever wrote it.

A link leads to an address of the paper's list entry, to the paper on arXiv, or to an address that stands in the paper
on one of the known hosts. Every other address becomes text without a scheme, which no platform makes a link of.
"""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from digest.inline import fold, plain_runs, without_spans
from digest.markdown import normal
from digest.types import Block, Paper, Paragraph, Points, Reading, Report, Run, RunKind, Runs, Table

# The end of a scheme, and what follows it as far as any platform might take it for one address
_MARK = re.compile(r":[/\\]{2,}+(?:www\.)*+", re.IGNORECASE)
_REST = re.compile(r"[^\s<>\"'`“”‘’「」『』（）【】《》，。；：！？、]{0,600}+")
_SCHEME_CHARS = frozenset(string.ascii_letters + string.digits + "+")
_OTHER_SCHEME = re.compile(
    r"\b(?:javascript|vbscript|mailto):(?=\S)|\bdata:(?=[a-z]+/)|\bfile:(?=/)|\btel:(?=[+\d])|(?<![\w./-])(?:www\.)++(?=\w)",
    re.IGNORECASE,
)
_CALL = re.compile(
    r"(?P<everywhere>(?<![@＠])[@＠]++(?=everyone|here|channel|all\b|所有人|全体)|(?<=<)[@＠#!&]++(?=\w))"
    r"|(?:(?<![A-Za-z0-9@＠])|(?<=[A-Za-z0-9][@＠]))[@＠]++(?=\w)",  # tried where a row of them begins, not at each
    re.IGNORECASE,
)
# One that everybody reads alike: no user, no port, no character that another could be taken for
_CLEAR = re.compile(
    r"https?://(?:www\.)?(?P<host>[a-z\d-]++(?:\.[a-z\d-]++)++)(?P<path>/[\w.~!$&'()*+,;=:@%/?#-]*+)?",
    re.ASCII | re.IGNORECASE,
)
_IN_PAPER = re.compile(
    r"(?<![\w.@/-])(?:https?://)?(?:www\.)?(?P<host>[a-z\d-]++(?:\.[a-z\d-]++)++)(?P<path>/[\w.~!$&'()*+,;=:@%/?#-]*+)",
    re.ASCII | re.IGNORECASE,
)
_VERSION = re.compile(r"(?<=\d)v\d{1,3}$")
_TRAILING = ".,;:!?)]}'*_~/"


def with_own_links(report: Report, paper: Paper, reading: Reading, hosts: Iterable[str]) -> Report:
    """The report as `Links` has its texts."""
    return Links(paper, reading, hosts).report(report)


class Links:
    """The addresses that texts on a paper may link. `hosts` are the known ones, in small letters without "www."."""

    def __init__(self, paper: Paper, reading: Reading, hosts: Iterable[str]) -> None:
        known = frozenset(hosts)
        own = (paper.github_url, paper.project_url, paper.hub_url, *_on_arxiv(paper))
        self._own = {address.rstrip(_TRAILING) for address in own if address}
        self._clear = {_key(found) for address in own if (found := _CLEAR.fullmatch(address))}
        texts = (paper.abstract, *(passage.text for passage in reading.passages))
        standing = (match for text in texts for match in _IN_PAPER.finditer(text))
        self._standing = sorted({_key(match) for match in standing if match["host"].lower() in known})

    def allow(self, address: str) -> bool:
        address = address.rstrip(_TRAILING)
        clear = _CLEAR.fullmatch(address)
        return address in self._own or (clear is not None and self._is_known(clear))

    def text(self, text: str) -> str:
        """The text without the schemes of other addresses, and without the marks that call people."""
        return plain_runs(self.runs((Run(text),)))

    def runs(self, runs: Runs) -> Runs:
        """As `text`, also where an address or a call is put together from several runs."""
        linked = tuple(replace(run, link="") if run.link and not self.allow(run.link) else run for run in runs)
        kept = linked
        # In this order: what is left when one is gone makes none of those before it.
        for marks in (_other_schemes, self._schemes, _calls):
            kept = without_spans(kept, list(marks(kept)))
        return runs if kept == runs else fold(kept)

    def blocks(self, blocks: Sequence[Block]) -> tuple[Block, ...]:
        told = tuple(map(self._block, blocks))
        return told if told == tuple(blocks) else normal(told)

    def report(self, report: Report) -> Report:
        return replace(
            report,
            sections=tuple(replace(section, blocks=self.blocks(section.blocks)) for section in report.sections),
            quotes=tuple(replace(quote, text=self.text(quote.text)) for quote in report.quotes),
            left_out=tuple(map(self.text, report.left_out)),
        )

    def _block(self, block: Block) -> Block:
        match block:
            case Paragraph(runs):
                return Paragraph(self.runs(runs))
            case Points(points, ordered):
                return Points(tuple(tuple(map(self._block, point)) for point in points), ordered)
            case Table(header, rows):
                return Table(tuple(map(self.runs, header)), tuple(tuple(map(self.runs, row)) for row in rows))

    def _schemes(self, runs: Runs) -> Iterator[tuple[int, int]]:
        """Where the schemes of addresses stand that are not the paper's."""
        text = plain_runs(runs)
        end = 0
        for mark in _MARK.finditer(text):
            if mark.start() < end:  # in an address that stays
                continue
            begin = mark.start()
            while begin > end and text[begin - 1] in _SCHEME_CHARS:
                begin -= 1
            rest = _REST.match(text, mark.start())
            for scheme in ("https", "http"):
                if rest and text.endswith(scheme, begin, mark.start()) and self._is_own(f"{scheme}{rest[0]}"):
                    end = rest.end()
                    break
            else:
                yield begin, mark.end()
                end = mark.end()

    def _is_own(self, text: str) -> bool:
        if text.rstrip(_TRAILING) in self._own:
            return True
        clear = _CLEAR.match(text)
        # After a path other letters change the path, but after a host they change the host.
        return clear is not None and bool(clear["path"] or clear[0] == text) and self._is_known(clear)

    def _is_known(self, clear: re.Match[str]) -> bool:
        """Whether an address is the paper's own, stands in it, or begins one that does."""
        key = _key(clear)
        if (_VERSION.sub("", key) if key.startswith("arxiv.org/") else key) in self._clear:
            return True
        return "/" in key and any(
            place < len(self._standing) and f"{self._standing[place]}/".startswith(f"{key}/")
            for place in (bisect_left(self._standing, key), bisect_left(self._standing, f"{key}/"))
        )


def _on_arxiv(paper: Paper) -> tuple[str, ...]:
    return tuple(f"https://arxiv.org/{form}/{paper.id}" for form in ("abs", "pdf", "html"))


def _key(found: re.Match[str]) -> str:
    """An address as it is compared: without scheme, `www.`, the end of a sentence, and the capitals of its host."""
    return f"{found['host'].lower().removeprefix('www.')}{found['path'] or ''}".rstrip(_TRAILING)


def _other_schemes(runs: Runs) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _OTHER_SCHEME.finditer(plain_runs(runs)))


def _calls(runs: Runs) -> Iterator[tuple[int, int]]:
    """The marks that call people; in code and formulas only those that call everybody, as "@" begins decorators."""
    is_text = [run.kind is RunKind.TEXT for run in runs for _ in run.text]
    found = _CALL.finditer(plain_runs(runs))
    return (one.span() for one in found if one["everywhere"] or is_text[one.start()])
