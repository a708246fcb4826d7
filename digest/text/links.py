"""Keep strangers' links and calls to people out of what is written about a paper, whoever wrote it.

A link leads to an address of the paper's list entry, to the paper on arXiv, or to an address that stands in the paper
on one of the known hosts. Every other address becomes text without a scheme, which no platform makes a link of.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from urllib.parse import unquote

from msgspec.structs import replace

from digest.markdown import normal
from digest.text.shown import ADDRESS_CHARS, harmless_runs, harmless_text
from digest.types import Block, Paper, Paragraph, Points, Reading, Report, Runs, Table

# One that everybody reads alike: no user, no port, no character that another could be taken for
_CLEAR = re.compile(
    r"https?://(?:www\.)?(?P<host>[a-z\d-]++(?:\.[a-z\d-]++)++)(?P<path>/[\w.~!$&'()*+,;=:@%/?#-]*+)?",
    re.ASCII | re.IGNORECASE,
)
_IN_PAPER = re.compile(
    r"(?<![\w.@/-](?!https?://))(?:https?://)?(?:www\.)?(?P<host>[a-z\d-]++(?:\.[a-z\d-]++)++)"
    r"(?P<path>/(?:[\w.~!$&'()*+,;=:@%/?#-]++|(?<=[/-])[ \n](?=[a-z\d]))*+)",  # lines of a PDF end after such a mark
    re.ASCII | re.IGNORECASE,
)
_GIT = re.compile(r"\.git(?=[/?#]|$)")
_ARXIV = re.compile(
    r"^arxiv\.org/(?:abs|pdf|html)/(\d{4}\.\d{4,5}|[a-z.-]{1,20}/\d{7})(?:v\d{1,3})?(?:\.pdf)?(?=[/?#]|$)"
)
# Pages of known hosts that lead to wherever their address says
_SENDS_ON = re.compile(
    r"/(?:log|sign)[_-]?(?:in|out|up)(?=[/?#]|$)|/oauth2?(?=[/?#]|$)|/redirect(?=[/?#]|$)"
    r"|[?&;](?:return|redirect|next|continue|goto|dest|url|target)[a-z_-]*+=|https?:|//|\\\\|%3a"
)
_TRAILING = ".,;:!?)]}'*_/"
# An address as far as any platform might read it, and what makes a browser, which reads on, go to another host
_WHOLE = re.compile(r"[^\s<>\"`“”‘’「」『』（）【】《》，。；：！？、]*+")
_LED_ON = re.compile(r"。[a-z\d]|[^\s/]{1,200}?@", re.IGNORECASE)


class Links:
    """The addresses that texts on a paper may link. `hosts` are the known ones, in small letters without "www."."""

    def __init__(self, paper: Paper, reading: Reading, hosts: Iterable[str]) -> None:
        known = frozenset(hosts)
        own = (paper.github_url, paper.project_url, paper.hub_url, f"https://arxiv.org/abs/{paper.id}")
        self._own = {address.rstrip(_TRAILING) for address in own if address}
        self._clear = {_key(found) for address in own if (found := _CLEAR.fullmatch(address))}
        texts = (paper.abstract, *(passage.text for passage in reading.passages))
        standing = (match for text in texts for match in _IN_PAPER.finditer(text))
        self._standing = sorted({_key(match) for match in standing if match["host"].lower() in known})

    def allow(self, address: str) -> bool:
        clear = _CLEAR.fullmatch(address.rstrip(_TRAILING))
        return self._is_own(address) or (clear is not None and self._is_known(clear))

    def text(self, text: str) -> str:
        """As `runs`, of a text with formulas between dollars."""
        return harmless_text(text, self._own_length)

    def runs(self, runs: Runs) -> Runs:
        """The runs without links and schemes to other addresses, and without the marks that call people."""
        return harmless_runs(runs, self.allow, self._own_length)

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

    def _own_length(self, text: str) -> int:
        """How many characters of an address of the paper's a text begins with; 0 when it is another's.

        After a path other letters change the path, but after a host they change the host: there nothing may follow.
        """
        clear, found = _CLEAR.match(text), _WHOLE.match(text)
        whole = found[0] if found else ""
        if clear and clear["path"]:
            return clear.end() if self._is_known(clear) else len(whole) if self._is_own(whole) else 0
        ends = len(whole) < ADDRESS_CHARS and not _LED_ON.match(text, len(whole))
        return len(whole) if ends and self.allow(whole) else 0

    def _is_own(self, address: str) -> bool:
        return address.rstrip(_TRAILING) in self._own

    def _is_known(self, clear: re.Match[str]) -> bool:
        """Whether an address is the paper's own, stands in it, or begins one that does, and sends nobody on."""
        key = _key(clear)
        if _SENDS_ON.search(key) or _SENDS_ON.search(unquote(key).lower()):
            return False
        return key in self._clear or ("/" in key and any(map(self._stands, (key, *(f"{key}{end}" for end in "/?#")))))

    def _stands(self, beginning: str) -> bool:
        place = bisect_left(self._standing, beginning)
        found = self._standing[place : place + 1]
        return found == [beginning] or (beginning[-1] in "/?#" and found != [] and found[0].startswith(beginning))


def _key(found: re.Match[str]) -> str:
    """An address as it is compared: without scheme, `www.`, capitals, the end of a sentence, and what makes no other
    repository or paper of it."""
    path = _GIT.sub("", "".join((found["path"] or "").lower().split()).rstrip(_TRAILING))
    return _ARXIV.sub(r"arxiv.org/abs/\1", found["host"].lower().removeprefix("www.") + path)
