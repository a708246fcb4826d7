"""What an option of a command might be, while somebody types it: papers, sections, domains and days that are stored.

A platform asks with the command `suggest`, `COMMAND OPTION TYPED`; the suggestions are the actions of the answer, each
with what it says and, as its argument, the value that it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from bot.commands import Desk
from bot.words import under_paperboy
from digest.lookups import Lookups
from digest.titles import titled
from digest.types import Action, Invocation, Message, SectionName, Texts
from digest.words import terms

SUGGESTED = 25  # https://docs.discord.com/developers/interactions/application-commands#autocomplete
_SPANS = ("1 week", "2 weeks", "1 month")  # as bot.spans reads them; their labels are the phrase "spans"
_SEARCHED = 100  # of older papers
_VALUE_CHARS = 100  # of an option: see SUGGESTED

_Key = TypeVar("_Key", SectionName, str)


def suggest(asked: Invocation, desk: Desk) -> Message:
    """At most SUGGESTED; none for an option that is unknown. After `paperboy` comes one of its words first."""
    command, *others = (*asked.args.split(maxsplit=1), "", "")[:2]
    words = " ".join(others)
    option, typed = (*(under_paperboy(words)[1] if command == "paperboy" else words).split(maxsplit=1), "", "")[:2]
    suggested = _OPTIONS.get(option)
    if suggested is None:
        return Message()
    offers = suggested(typed, desk, desk.texts(asked.language))
    return Message(actions=tuple(offer for _, offer in zip(range(SUGGESTED), offers, strict=False)))


def _ids(typed: str, desk: Desk, _texts: Texts) -> Iterator[Action]:
    for paper, title in _papers(typed, desk.lookups):
        yield Action(f"{paper} {title}", argument=paper)


def _titles(typed: str, desk: Desk, _texts: Texts) -> Iterator[Action]:
    """Words to search for: the titles that they are in."""
    for _, title in _papers(typed, desk.lookups):
        if len(title) <= _VALUE_CHARS:
            yield Action(title, argument=title)


def _papers(typed: str, lookups: Lookups) -> Iterator[tuple[str, str]]:
    """Ids and titles of the papers of which each word that was typed begins the id or is in the title, newest first; in
    papers from before those stored last it is found at the beginning of a word."""
    words = terms(typed.casefold())
    seen = set()
    for paper, title in map(_parted, lookups.titles()):
        if all(paper.startswith(word) or word in title.casefold() for word in words):
            seen.add(paper)
            yield paper, title
    if words:
        older = (one for one in titled(lookups, typed, _SEARCHED) if one[0] not in seen)
        yield from sorted(older, key=_age, reverse=True)


def _age(paper: tuple[str, str]) -> tuple[bool, str]:
    """Orders ids by their time: those of the old scheme begin with a word."""
    return paper[0][:1].isdecimal(), paper[0]


def _sections(typed: str, desk: Desk, texts: Texts) -> Iterator[Action]:
    """The sections of a report, and what else may stand in their place: a question, another reading."""
    yield from _named(typed, texts.sections, desk.texts("en").sections)
    also = {word: texts.phrases[f"action_{word}"] for word in ("ask", "refresh")}
    yield from _named(typed, also, {word: desk.texts("en").phrases[f"action_{word}"] for word in also})


def _domains(typed: str, desk: Desk, texts: Texts) -> Iterator[Action]:
    return _named(typed, texts.domains, desk.texts("en").domains)


def _topics(typed: str, desk: Desk, texts: Texts) -> Iterator[Action]:
    """The domains that the last word begins to name, after what was typed before it."""
    before, mark, word = typed.rpartition(",") if "," in typed else typed.rpartition(" ")
    before = f"{before}{mark}".strip()
    if not word.strip() and not before:
        yield from _domains("", desk, texts)
        return
    for domain in _domains(word.strip(), desk, texts):
        value = f"{before} {domain.argument}".strip()
        if len(value) <= _VALUE_CHARS:
            yield Action(f"{before} {domain.label}".strip(), argument=value)


def _until(typed: str, _desk: Desk, texts: Texts) -> Iterator[Action]:
    """How long a pause might last."""
    for span, label in zip(_SPANS, texts.phrases["spans"].split("|"), strict=True):
        if typed.casefold() in f"{span} {label}":
            yield Action(label, argument=span)


def _named(typed: str, labels: Mapping[_Key, str], english: Mapping[_Key, str]) -> Iterator[Action]:
    """Those whose key, label or English label holds what was typed."""
    for key, label in labels.items():
        if typed.casefold() in f"{key} {label} {english.get(key, '')}".casefold():
            yield Action(label, argument=str(key))


def _days(typed: str, desk: Desk, texts: Texts) -> Iterator[Action]:
    for day, papers in desk.lookups.days():
        if str(day).startswith(typed):
            count = texts.phrases["found_one" if papers == 1 else "found"].format(total=papers)
            yield Action(f"{day} · {count}", argument=str(day))


def _parted(titled: str) -> tuple[str, str]:
    """The id and title that Lookups.titles puts together."""
    title, _, paper = titled.rpartition(" (")
    return paper.removesuffix(")"), title


_OPTIONS: Mapping[str, Callable[[str, Desk, Texts], Iterable[Action]]] = {
    "id": _ids,
    "section": _sections,
    "query": _titles,
    "date": _days,
    "domain": _domains,
    "topics": _topics,
    "until": _until,
}
