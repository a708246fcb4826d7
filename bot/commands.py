"""The look-ups that chat and the command line share: `paper` and `papers`, their parsing and their answers.

A handler answers from the store alone: no model, no network. It gets an Invocation and gives an Answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, Protocol

from msgspec import Struct
from msgspec.structs import replace

from digest import render
from digest.errors import InvalidId
from digest.lookups import Hit, Lookups
from digest.nearest import nearest
from digest.types import (
    Action,
    ArxivId,
    Clock,
    Digest,
    Invocation,
    Message,
    Paper,
    Paragraph,
    Report,
    Run,
    SectionName,
    Texts,
)

PAPERS_SHOWN = 20
DAY_SHOWN = 100  # of one day: the Hub lists no more on a page
_TITLES_OFFERED = 3
_LABEL_CHARS = 60  # of a title on a button


class Domains(Protocol):
    """What the commands ask of the taxonomy."""

    def find(self, query: str) -> str | None: ...

    def nearest(self, query: str) -> tuple[str, ...]: ...


def _now() -> datetime:
    return datetime.now(UTC)


def nobody(_asked: Invocation) -> bool:
    """Whether the person is an editor, where there are none."""
    return False


class Desk(Struct, frozen=True):
    """What a handler answers from. `texts` gives a language's fixed texts, `domains` loads the taxonomy, `is_editor`
    says whether who asks is an editor, and `hidden` are the papers that lists leave out where it is asked."""

    lookups: Lookups
    texts: Callable[[str], Texts]
    languages: Callable[[str], dict[str, str]]
    domains: Callable[[], Domains]
    clock: Clock = _now
    is_editor: Callable[[Invocation], bool] = nobody
    hidden: frozenset[ArxivId] = frozenset()

    def digest(self, day: date, language: str) -> Digest:
        """A day as lists show it here."""
        digest = self.lookups.digest(day, language)
        if not self.hidden:
            return digest
        return replace(digest, papers=tuple(entry for entry in digest.papers if entry[0].id not in self.hidden))


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
    """Answers `paper` and `papers`; bot.chat answers the others. Raises KeyError for another."""
    return _HANDLERS[invocation.name](invocation, desk)


def paper(invocation: Invocation, desk: Desk) -> Answer:
    """`paper ID|URL|words [section]`: a stored report, or one section of it."""
    texts = desk.texts(invocation.language)
    id_or_words, section_words = split(invocation.args, desk)
    found = named(id_or_words, section_words, desk, texts)
    if isinstance(found, Message):
        return Answer(found)
    found_paper, found_report = found
    name = match_section(section_words, desk) if section_words else None
    if section_words and name is None:
        close = nearest(section_words, section_labels(desk)) or tuple(SectionName)[:3]
        offers = _sections(found_paper.id, [section_labels(desk)[label] for label in close], texts)
        return Answer(line(texts, "unknown_section", offers, section=section_words, nearest=", ".join(close)))
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
        offers = _sections(found_paper.id, [held.name for held in found_report.sections], texts)
        return Answer(line(texts, "no_section", offers, id=found_paper.id, section=texts.sections[name]))
    message = render.report(
        found_paper, found_report, texts, only=section, languages=desk.languages(invocation.language)
    )
    return Answer(message, Found(((found_paper, found_report),), name))


def papers(invocation: Invocation, desk: Desk) -> Answer:
    """`papers [query] [date] [domain]`: what is stored, found by words, day and domain."""
    query, day, domain = _papers_arguments(invocation.args, desk)
    limit = PAPERS_SHOWN if query else DAY_SHOWN
    if _MEANT_AS_DAY.fullmatch(query):
        return Answer(unknown_day(query, desk, desk.texts(invocation.language)))
    return find_papers(desk, invocation.language, query=query, day=day, domain=domain, limit=limit)


def find_papers(
    desk: Desk, language: str, *, query: str = "", day: date | None = None, domain: str = "", limit: int = PAPERS_SHOWN
) -> Answer:
    """The stored papers that fit; the newest day's when nothing is asked. `domain` may be an id, a name or an alias."""
    texts = desk.texts(language)
    domain_id = ""
    if domain:
        known = desk.domains().find(domain)
        if known is None:
            close = desk.domains().nearest(domain)
            offers = [Action(texts.domains.get(near, near), command="papers", argument=near) for near in close]
            return Answer(line(texts, "unknown_domain", offers, domain=domain, nearest=", ".join(close)))
        domain_id = known
    if not (query or day or domain):
        day = desk.lookups.newest_day()
    if day and not (query or domain):
        return _whole_day(desk, texts, day, limit)
    hits = desk.lookups.search(query, language, day=day, domain=domain_id, limit=limit, without=desk.hidden)
    if hits.total == 0 and query:
        return Answer(line(texts, "found_none", query=query))
    entries = tuple((hit.paper, hit.report) for hit in hits.hits)
    return Answer(render.found(entries, hits.total, texts), Found(entries, total=hits.total) if entries else None)


def _whole_day(desk: Desk, texts: Texts, day: date, limit: int) -> Answer:
    entries = desk.digest(day, texts.language).papers
    if not entries:
        return Answer(unknown_day(day.isoformat(), desk, texts))
    shown = entries[:limit]
    return Answer(render.found(shown, len(entries), texts), Found(shown, total=len(entries)))


def unknown_day(day: str, desk: Desk, texts: Texts) -> Message:
    """What to tell of a day that is not stored, or is none at all: the nearest that are, of those the newest first."""
    known = [stored for stored, _ in desk.lookups.days()]
    asked = as_day(day)
    if asked is not None:
        close = sorted(known, key=lambda stored: abs(stored - asked))[:_TITLES_OFFERED]
    else:
        alike = nearest(day, map(str, known)) or map(str, known[:_TITLES_OFFERED])
        close = [date.fromisoformat(text) for text in alike]
    key = "unknown_day_near" if close else "unknown_day"
    offers = [Action(str(stored), command="papers", argument=str(stored)) for stored in close]
    return line(texts, key, offers, day=day, nearest=", ".join(map(str, close)))


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


def split(args: str, desk: Desk) -> tuple[str, str]:
    """What names the paper, and what names the section: after an id everything, after words what fits a section."""
    words = args.split()
    first = words[0] if words else ""
    if not is_id(first):
        for length in (1, 2):
            last = " ".join(words[-length:])
            if len(words) > length and last in section_labels(desk):
                return " ".join(words[:-length]), last
        return args.strip(), ""
    return first, " ".join(words[1:])


def named(id_or_words: str, section: str, desk: Desk, texts: Texts) -> tuple[Paper, Report] | Message:
    """The paper and report that somebody means, or what to tell them; buttons keep the section they asked for."""
    try:
        paper_id = ArxivId.parse(id_or_words)
    except InvalidId:
        return _titled(id_or_words, section, desk, texts)
    known = desk.lookups.paper(paper_id)
    stored = desk.lookups.report(paper_id, texts.language)
    if stored is None and (why := desk.lookups.withdrawn(paper_id)) is not None:
        return line(texts, "withdrawn", id=paper_id, why=why)
    if known is not None and stored is None:
        return line(texts, "unwritten", id=paper_id)
    if known is None or stored is None:
        close = nearest(paper_id, desk.lookups.near_ids(paper_id))
        key = "unknown_paper_near" if close else "unknown_paper"
        offers = [Action(near, command="paper", argument=f"{near} {section}".strip()) for near in close]
        return line(texts, key, offers, id=paper_id, nearest=", ".join(close))
    return known, stored


def _titled(words: str, section: str, desk: Desk, texts: Texts) -> tuple[Paper, Report] | Message:
    """The one paper whose title holds the words, else whose report does, or a sentence that offers the best."""
    found = desk.lookups.search(words, texts.language).hits if words else ()
    if not found and (begun := _begun(words, desk)):
        return named(begun[0][1], section, desk, texts) if len(begun) == 1 else _several(begun, words, section, texts)
    if not found:
        close = nearest(words, desk.lookups.titles()) if words else ()
        key = "unknown_title_near" if close else "unknown_title"
        offers = offered([_title_and_id(near) for near in close], section)
        return line(texts, key, offers, words=words, nearest="; ".join(close))
    first, *others = titled(words, found)
    if not others and first.report is None:
        return named(first.paper.id, section, desk, texts)
    if others or first.report is None:
        best = [(hit.paper.title, hit.paper.id) for hit in (first, *others)[:_TITLES_OFFERED]]
        return _several(best, words, section, texts)
    return first.paper, first.report


def _begun(words: str, desk: Desk) -> list[tuple[str, str]]:
    """Titles and ids of papers in whose title words begin so: "molmo" is in "Molmo2"."""
    from digest import titles  # only for words that are in no paper

    return [(title, paper_id) for paper_id, title in titles.titled(desk.lookups, words, _TITLES_OFFERED)]


def _several(best: Sequence[tuple[str, str]], words: str, section: str, texts: Texts) -> Message:
    titles = ", ".join(
        f"{paper_id} ({render.shortened(render.unlinked(title), _LABEL_CHARS)})" for title, paper_id in best
    )
    return line(texts, "several_titles", offered(best, section), words=words, nearest=titles)


def titled(words: str, found: Sequence[Hit]) -> Sequence[Hit]:
    """Those of what a search found whose titles hold all the words; all of it when there are none."""
    wanted = words.casefold().split()
    return [hit for hit in found if all(word in hit.paper.title.casefold() for word in wanted)] or found


def offered(titles: Sequence[tuple[str, str]], section: str = "") -> tuple[Action, ...]:
    """Buttons for papers, given by title and id, that answer with the report or a section of it."""
    return tuple(
        Action(
            render.shortened(render.unlinked(title), _LABEL_CHARS),
            command="paper",
            argument=f"{paper_id} {section}".strip(),
        )
        for title, paper_id in titles
    )


def _title_and_id(titled_with_id: str) -> tuple[str, str]:
    """The two that Lookups.titles puts together."""
    title, _, paper_id = titled_with_id.rpartition(" (")
    return title, paper_id.rstrip(")")


def _sections(paper_id: ArxivId, names: Sequence[SectionName], texts: Texts) -> tuple[Action, ...]:
    """Buttons for sections, each once."""
    return tuple(
        Action(texts.sections[name], command="paper", argument=f"{paper_id} {name}") for name in dict.fromkeys(names)
    )


def _papers_arguments(args: str, desk: Desk) -> tuple[str, date | None, str]:
    """Splits what was typed in chat: a word that is a date is the day, one that is exactly a domain's id the domain."""
    query, day, domain = [], None, ""
    for word in args.split():
        if (meant := as_day(word)) is not None:
            day = meant
        elif not domain and word.lower() in desk.texts("en").domains:
            domain = word.lower()
        else:
            query.append(word)
    return " ".join(query), day, domain


def as_day(text: str) -> date | None:
    """The day that is written so, None when it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def is_id(text: str) -> bool:
    try:
        ArxivId.parse(text)
    except InvalidId:
        return False
    return True


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def line(texts: Texts, key: str, offers: Sequence[Action] = (), **values: Any) -> Message:
    """A sentence, and buttons for what it offers."""
    sentence = texts.phrases[key].format(**values)
    return Message(blocks=(Paragraph((Run(sentence),)),), actions=tuple(offers), plain=sentence)


def counted(key: str, count: int, texts: Texts) -> str:
    """A number with its noun: the phrase `key` holds one form for 1 and one for the others, with a bar between them, or
    one for all."""
    one, _, many = texts.phrases[key].partition("|")
    return (one if count == 1 else many or one).format(count=count)


_MEANT_AS_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}", re.ASCII)


_HANDLERS: Mapping[str, Callable[[Invocation, Desk], Answer]] = {"paper": paper, "papers": papers}
