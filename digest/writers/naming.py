"""Names and labels in sentences of a paper: what a point begins with, what is introduced, what the work is called."""

from __future__ import annotations

import re

from digest.inline import text_runs
from digest.types import Run, RunKind, Runs
from digest.writers import claims

LABEL = re.compile(r"(?P<label>[^.:。：$]{3,70}?)(?:[.:]\s++|[：。])(?=\S)")
_INTRODUCED = re.compile(
    r"\b(?:introduc|propos|present|design|develop|devis|construct|curat|build|releas|implement|call|nam|dubb|term|"
    r"formulat|describ)\w*\s+(?:an?\s+|the\s+|our\s+)?(?:(?:novel|new|simple|unified)\s+)?(?=[A-Z\d])"
    r"|\b(?:dataset|benchmark|framework|method|algorithm)\s+(?=[A-Z])"
)
_NAME = re.compile(
    r"(?<![\w+.-])(?:[A-Z][\w+.-]*\w|\d++[A-Z][\w-]*)(?:\s+(?:(?:of|for|and|to|with|the)\s+)?[A-Z][\w+-]*){0,6}(?:\s+\([A-Z][\w-]*\))?"
)
_NAME_FIRST = re.compile(rf"{_NAME.pattern}(?=, (?:an?|the|which|whose|comprising|using)\b)")
_TELLING = re.compile(r"[a-z][A-Z]|[A-Z]{2}|\d|[\s-][A-Z]")  # more than a word that begins a sentence
_SENTENCE = re.compile(r"\b(?:we|is|are|was|were|has|have|can)\b", re.IGNORECASE)
_LABEL_WORDS = 8
# "We propose a new architecture, the Kite, ...", but not "an extension of an old architecture, the Kite, ..."
_APPOSED = re.compile(
    r"\b(?:introduc|propos|present|develop|design|describ)\w* (?:an?|our|the)"
    r"(?: (?!(?:of|to|for|on|in|with|that|from|based|over|by)\b)[\w-]+){1,7}, (?:the|called|named|termed|dubbed) "
    r"(?P<name>[A-Z][\w+-]*)(?=[,.:;]| \()"
)
_ACRONYM = re.compile(r"\(([A-Z][\w.+-]{1,24})\)")


def name_of(title: str, claim: str) -> str:
    """What the paper calls its work: the title's first words before a colon, a short title, an acronym, or what the
    claim says it is; or ""."""
    head = title.partition(":")[0].strip()
    if len(head.split()) <= 3:
        return head
    match = _ACRONYM.search(claim) or _APPOSED.search(claim)
    return match[1] if match else ""


def labelled(text: str) -> Runs:
    """A point with its label in bold, if it begins with one: "Input: a video", "Strategy clusters. A model ..."."""
    match = LABEL.match(text)
    if match and len(match["label"].split()) <= _LABEL_WORDS and not _SENTENCE.search(match["label"]):
        mark = text[match.end("label") : match.end()]
        return (Run(match["label"], bold=True), Run(mark), *text_runs(text[match.end() :]))
    return with_bold_name(text)


def with_bold_name(sentence: str) -> Runs:
    """The sentence, told shortly, with the name of what it introduces in bold if it says one."""
    runs = text_runs(claims.told_shortly(sentence))
    introduced = _INTRODUCED.search(sentence)
    match = _NAME.match(sentence, introduced.end()) if introduced else _NAME_FIRST.match(sentence)
    if match is None or not _TELLING.search(match[0]):
        return runs
    first = runs[0]
    named = re.search(rf"(?<!\w){re.escape(match[0])}(?!\w)", first.text)
    if first.kind is not RunKind.TEXT or first.link or named is None:
        return runs
    pieces = (Run(first.text[: named.start()]), Run(named[0], bold=True), Run(first.text[named.end() :]))
    return tuple(piece for piece in pieces if piece.text) + runs[1:]
