"""The commands, whatever platform they come from: one list, their parsing, their handlers.

A handler answers from the store alone: no model, no network. It gets an Invocation and gives an Answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, Protocol

from msgspec import Struct

from digest import render
from digest.errors import InvalidId
from digest.lookups import Lookups, nearest
from digest.types import ArxivId, CommandSpec, Invocation, Message, Paper, Report, SectionName, Texts

COMMANDS = (
    CommandSpec(
        name="paper",
        usage="ID|URL|WORDS [SECTION]",
        summary="command_paper",
        example="paper 2601.10592 results",
    ),
    CommandSpec(
        name="papers",
        usage="[QUERY] [DATE] [DOMAIN]",
        summary="command_papers",
        example="papers diffusion",
    ),
)
PAPERS_SHOWN = 20
_TITLES_OFFERED = 3


class Domains(Protocol):
    """What the commands ask of the taxonomy."""

    def find(self, query: str) -> str | None: ...

    def nearest(self, query: str) -> tuple[str, ...]: ...


class Desk(Struct, frozen=True):
    """What a handler answers from. `texts` gives a language's fixed texts, `domains` loads the taxonomy."""

    lookups: Lookups
    texts: Callable[[str], Texts]
    languages: Callable[[str], dict[str, str]]
    domains: Callable[[], Domains]


class Found(NamedTuple):
    """Papers as an answer names them, for those who want data instead of a message."""

    papers: tuple[tuple[Paper, Report | None], ...]
    section: SectionName | None = None
    total: int = 0


class Answer(Struct, frozen=True):
    """A finished answer. `found` is None when there was nothing to show: then the message says what is nearest."""

    message: Message
    found: Found | None = None


def answer(invocation: Invocation, desk: Desk) -> Answer:
    """Answers any command of COMMANDS. Raises KeyError for another."""
    return _HANDLERS[invocation.name](invocation, desk)


def paper(invocation: Invocation, desk: Desk) -> Answer:
    """`paper ID|URL|words [section]`: a stored report, or one section of it."""
    texts = desk.texts(invocation.language)
    id_or_words, section_words = _split(invocation.args, desk)
    named = _named(id_or_words, desk, texts)
    if isinstance(named, Message):
        return Answer(named)
    name = match_section(section_words, desk) if section_words else None
    if section_words and name is None:
        close = nearest(section_words, section_labels(desk)) or tuple(SectionName)[:3]
        return Answer(_line(texts, "unknown_section", section=section_words, nearest=", ".join(close)))
    found_paper, found_report = named
    if name is None:
        message = render.report(
            found_paper,
            found_report,
            texts,
            attempts=desk.lookups.attempts(found_report),
            languages=desk.languages(invocation.language),
        )
        return Answer(message, Found(((found_paper, found_report),)))
    section = found_report.section(name)
    if section is None:
        return Answer(_line(texts, "no_section", id=found_paper.id, section=texts.sections[name]))
    message = render.report(
        found_paper, found_report, texts, only=section, languages=desk.languages(invocation.language)
    )
    return Answer(message, Found(((found_paper, found_report),), name))


def papers(invocation: Invocation, desk: Desk) -> Answer:
    """`papers [query] [date] [domain]`: what is stored, found by words, day and domain."""
    query, day, domain = _papers_arguments(invocation.args, desk)
    return find_papers(desk, invocation.language, query=query, day=day, domain=domain)


def find_papers(
    desk: Desk, language: str, *, query: str = "", day: date | None = None, domain: str = "", limit: int = PAPERS_SHOWN
) -> Answer:
    """The stored papers that fit; the newest day's when nothing is asked. `domain` may be an id, a name or an alias."""
    texts = desk.texts(language)
    domain_id = ""
    if domain:
        known = desk.domains().find(domain)
        if known is None:
            close = ", ".join(desk.domains().nearest(domain))
            return Answer(_line(texts, "unknown_domain", domain=domain, nearest=close))
        domain_id = known
    if not (query or day or domain):
        day = desk.lookups.newest_day()
    hits = desk.lookups.search(query, language, day=day, domain=domain_id, limit=limit)
    if hits.total == 0 and query:
        return Answer(_line(texts, "found_none", query=query))
    entries = tuple((hit.paper, hit.report) for hit in hits.hits)
    return Answer(render.found(entries, hits.total, texts), Found(entries, total=hits.total) if entries else None)


def match_section(words: str, desk: Desk) -> SectionName | None:
    """The section that somebody means by its key, its label in any language, or a beginning that fits only one."""
    wanted = _folded(words)
    if wanted in tuple(SectionName):
        return SectionName(wanted)  # without loading the labels of every language
    labels = section_labels(desk)
    exact = {name for label, name in labels.items() if _folded(label) == wanted}
    begun = {name for label, name in labels.items() if _folded(label).startswith(wanted)}
    fitting = exact or begun
    return fitting.pop() if wanted and len(fitting) == 1 else None


def section_labels(desk: Desk) -> Mapping[str, SectionName]:
    """Everything that sections answer to."""
    labels: dict[str, SectionName] = {name.value: name for name in SectionName}
    for language in ("en", "zh"):
        labels.update({label: name for name, label in desk.texts(language).sections.items()})
    return labels


def _split(args: str, desk: Desk) -> tuple[str, str]:
    """What names the paper, and what names the section: after an id everything, after words what fits a section."""
    words = args.split()
    first = words[0] if words else ""
    if not _is_id(first):
        for length in (1, 2):
            last = " ".join(words[-length:])
            if len(words) > length and last in section_labels(desk):
                return " ".join(words[:-length]), last
        return args.strip(), ""
    return first, " ".join(words[1:])


def _named(id_or_words: str, desk: Desk, texts: Texts) -> tuple[Paper, Report] | Message:
    """The paper and report that somebody means, or what to tell them."""
    try:
        paper_id = ArxivId.parse(id_or_words)
    except InvalidId:
        return _titled(id_or_words, desk, texts)
    known = desk.lookups.paper(paper_id)
    stored = desk.lookups.report(paper_id, texts.language)
    if known is None or stored is None:
        close = nearest(paper_id, desk.lookups.near_ids(paper_id))
        key = "unknown_paper_near" if close else "unknown_paper"
        return _line(texts, key, id=paper_id, nearest=", ".join(close))
    return known, stored


def _titled(words: str, desk: Desk, texts: Texts) -> tuple[Paper, Report] | Message:
    """The one paper whose title holds the words, else whose report does, or a sentence that offers the best."""
    found = desk.lookups.search(words, texts.language).hits if words else ()
    if not found:
        close = nearest(words, desk.lookups.titles()) if words else ()
        key = "unknown_title_near" if close else "unknown_title"
        return _line(texts, key, words=words, nearest="; ".join(close))
    wanted = words.casefold().split()
    titled = [hit for hit in found if all(word in hit.paper.title.casefold() for word in wanted)]
    first, *others = titled or found
    if others or first.report is None:
        offered = (first, *others)[:_TITLES_OFFERED]
        titles = ", ".join(f"{hit.paper.id} ({render.shortened(hit.paper.title, 60)})" for hit in offered)
        return _line(texts, "several_titles", words=words, nearest=titles)
    return first.paper, first.report


def _papers_arguments(args: str, desk: Desk) -> tuple[str, date | None, str]:
    """Splits what was typed in chat: a word that is a date is the day, one that is exactly a domain's id the domain."""
    query, day, domain = [], None, ""
    for word in args.split():
        if (as_day := _day(word)) is not None:
            day = as_day
        elif not domain and word.lower() in desk.texts("en").domains:
            domain = word.lower()
        else:
            query.append(word)
    return " ".join(query), day, domain


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _is_id(text: str) -> bool:
    try:
        ArxivId.parse(text)
    except InvalidId:
        return False
    return True


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _line(texts: Texts, key: str, **values: Any) -> Message:
    sentence = texts.phrases[key].format(**values)
    return Message(title=sentence, plain=sentence)


_HANDLERS: Mapping[str, Callable[[Invocation, Desk], Answer]] = {"paper": paper, "papers": papers}
