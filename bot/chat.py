"""What people ask in chat, answered from the store: `paper` and `papers` as everywhere, and what only chat asks.

Each handler gets an Invocation, whose language is the one to answer in, and gives the finished message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

from msgspec.structs import replace

from bot import commands, compose, suggestions
from bot.commands import COMMANDS, Desk, line
from digest import posts, render, threads
from digest.editions import Subscription, subscribed
from digest.errors import InvalidId
from digest.status import status
from digest.threads import Known
from digest.types import (
    Action,
    ArxivId,
    Invocation,
    Message,
    Paper,
    Paragraph,
    Points,
    Report,
    Run,
    RunKind,
    Texts,
)

OFFERED = 25  # papers of a day as buttons
_OFFERED_FOUND = 5  # of what a search found
_WORDS = ("digest", "status", "help")  # that `paperboy` is followed by


def answer(asked: Invocation, desk: Desk) -> Message:
    """Answers what reads only. Raises KeyError for a command that is none, or that writes."""
    return _HANDLERS[asked.name](asked, desk)


def paper(asked: Invocation, desk: Desk) -> Message:
    """`paper ID|URL|words [section]`, with the buttons of a card; alone it offers the newest day's papers."""
    newest = desk.lookups.newest_day()
    if newest is not None and not asked.args.strip():
        return _which(asked, desk, newest)
    given = commands.answer(replace(asked, name="paper"), desk)
    if given.found is None:
        return given.message
    known, _ = given.found.papers[0]
    return replace(given.message, actions=posts.actions_in_thread(known, desk.texts(asked.language)))


def papers(asked: Invocation, desk: Desk) -> Message:
    """`papers [query] [date] [domain]`, with buttons for the first."""
    given = commands.answer(asked, desk)
    if given.found is None:
        return given.message
    best = [(known.title, known.id) for known, report in given.found.papers if report is not None]
    return replace(given.message, actions=commands.offered(best[:_OFFERED_FOUND]))


def read(asked: Invocation, desk: Desk) -> Message:
    """`read ID [section] [language]`: one section, with buttons for the others."""
    texts, languages = desk.texts(asked.language), desk.languages(asked.language)
    found = _reported(asked, desk)
    if isinstance(found, Message):
        return found
    known, report = found
    name = commands.match_section(" ".join(asked.args.split()[1:2]), desk)
    section = report.section(name) if name else next(iter(report.sections), None)
    if section is None:
        return line(texts, "no_section", id=known.id, section=texts.sections[name] if name else "")
    tags = {*compose.LANGUAGES, *desk.lookups.languages(known.id)} - {asked.language}
    others = {tag: desk.languages(tag).get(tag, tag) for tag in sorted(tags)}
    return posts.window(known, report, section, texts, languages, others)


def chosen_language(asked: Invocation) -> str:
    """The language that somebody switched to with a button of a report's window, "" when they did not."""
    words = asked.args.split()
    return words[2] if asked.name == "read" and len(words) > 2 else ""


def topics(asked: Invocation, desk: Desk) -> Message:
    """`topics DATE`: the domains of a day, each a button that lists its papers."""
    texts = desk.texts(asked.language)
    try:
        day = date.fromisoformat(asked.args.strip())
    except ValueError:
        return commands.unknown_day(asked.args.strip(), desk, texts)
    digest = desk.lookups.digest(day, asked.language)
    if not digest.papers:
        return commands.unknown_day(str(day), desk, texts)
    counted = Counter(domain for _, report in digest.papers if report is not None for domain in report.domains)
    offers = [
        Action(f"{texts.domains.get(domain, domain)} {count}", command="papers", argument=f"{day} {domain}")
        for domain, count in counted.most_common()
    ]
    return line(texts, "topics", offers, date=render.day_in_words(day, texts, form="date_short"))


def sources(asked: Invocation, desk: Desk) -> Message:
    """`sources ID`: what a report was made from."""
    found = _reported(asked, desk)
    if isinstance(found, Message):
        return found
    known, report = found
    reading = desk.lookups.reading(known.id)
    address = reading.url if reading is not None and reading.text_hash == report.text_hash else ""
    return posts.sources(known, report, address, desk.lookups.attempts(report), desk.texts(asked.language))


def paperboy(asked: Invocation, desk: Desk) -> Message:
    """`paperboy [digest|status|help]`."""
    texts = desk.texts(asked.language)
    match asked.args.split():
        case ["digest"]:
            return _newest(asked, desk)
        case ["status"]:
            return _status(asked, desk)
        case [] | ["help"]:
            return _help(texts)
        case _:
            offers = [Action(f"/paperboy {word}", command="paperboy", argument=word) for word in _WORDS]
            return line(texts, "unknown_command", offers, words=asked.args[:80])


def mention(asked: Invocation, desk: Desk) -> Message:
    """What was said to the bot. Under a paper it is about that one; under a day's digest, about one of its papers."""
    place = threads.message_at(desk.lookups, asked.channel, asked.thread) if asked.thread else None
    words = asked.args.split()
    if words and commands.is_id(words[0]):
        return paper(asked, desk)
    if place is not None and place.paper is not None:
        return paper(replace(asked, args=f"{place.paper} {asked.args}"), desk)
    if place is not None:
        return _of_day(asked, desk, place)
    return paper(asked, desk) if words else _help(desk.texts(asked.language))


# --- how ---------------------------------------------------------------------------------------------------------


def _reported(asked: Invocation, desk: Desk) -> tuple[Paper, Report] | Message:
    """The paper and report that the first word names, or what to tell when there is none."""
    first = asked.args.partition(" ")[0]
    try:
        paper_id = ArxivId.parse(first)
    except InvalidId:
        paper_id = ArxivId(first)
    known, report = desk.lookups.paper(paper_id), desk.lookups.report(paper_id, asked.language)
    if known is None or report is None:
        return commands.answer(replace(asked, name="paper", args=first), desk).message
    return known, report


def _of_day(asked: Invocation, desk: Desk, place: Known) -> Message:
    """A paper of a day by words of its title, or the day's titles to choose from."""
    if not asked.args.strip() or commands.match_section(asked.args, desk):
        return _which(asked, desk, place.day)
    words, section = commands.split(asked.args, desk)
    fitting = commands.titled(words, desk.lookups.search(words, asked.language, day=place.day, limit=OFFERED).hits)
    if len(fitting) > 1:
        offers = commands.offered([(hit.paper.title, hit.paper.id) for hit in fitting], section)
        return line(desk.texts(asked.language), "which_paper", offers)
    return paper(replace(asked, args=f"{fitting[0].paper.id} {section}") if fitting else asked, desk)


def _which(asked: Invocation, desk: Desk, day: date) -> Message:
    """The titles of a day to choose from; what was asked is the section that they answer with."""
    digest = desk.lookups.digest(day, asked.language)
    titles = [(known.title, known.id) for known, report in digest.papers if report is not None]
    return line(desk.texts(asked.language), "which_paper", commands.offered(titles[:OFFERED], asked.args.strip()))


def _newest(asked: Invocation, desk: Desk) -> Message:
    """The newest day as a channel sees it."""
    texts = desk.texts(asked.language)
    day = desk.lookups.newest_day()
    if day is None:
        return line(texts, "status_empty")
    digest = desk.lookups.digest(day, asked.language)
    return posts.opening(digest, [(known, report) for known, report in digest.papers if report is not None], texts)


def _status(asked: Invocation, desk: Desk) -> Message:
    """The newest day, and what the conversation gets."""
    texts = desk.texts(asked.language)
    phrases = texts.phrases
    day = desk.lookups.newest_day()
    if day is None:
        sentences = [phrases["status_empty"]]
    else:
        known = desk.lookups.digest(day, asked.language).papers
        sentences = [
            phrases["status_newest"].format(
                date=render.day_in_words(day, texts),
                papers=len(known),
                reports=sum(report is not None for _, report in known),
            )
        ]
    here = next((one for one in subscribed(desk.lookups).values() if _is_here(one, asked)), None)
    sentences += [phrases["status_not_here"]] if here is None else _here(here, desk, texts)
    return Message(title="Paperboy", blocks=(Points(tuple((Paragraph((Run(sentence),)),) for sentence in sentences)),))


def _is_here(subscription: Subscription, asked: Invocation) -> bool:
    to = subscription.to
    here = {asked.channel, asked.person} if subscription.kind == "person" else {asked.channel}
    return to.adapter == asked.adapter and to.workspace in {"", asked.workspace} and to.address in here


def _here(here: Subscription, desk: Desk, texts: Texts) -> list[str]:
    phrases = texts.phrases
    names = dict(zip(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), phrases["weekdays"].split(), strict=True))
    sentences = [
        phrases["status_here"].format(
            layout=phrases[f"layout_{here.layout}"],
            weekdays=" ".join(names[weekday] for weekday in here.weekdays),
            at=here.at,
            timezone=here.timezone,
            language=desk.languages(texts.language).get(here.language, here.language),
        )
    ]
    if here.domains:
        sentences.append(phrases["status_here_domains"].format(domains=render.domain_names(here.domains, texts)))
    seen = status(desk.lookups)
    for of_day in seen.days:
        if of_day.to == here.to:
            sent = sum(count for state, count in of_day.deliveries.items() if state == "sent")
            waiting = sum(of_day.deliveries.values()) - sent
            day = render.day_in_words(of_day.day, texts)
            sentences.append(phrases["status_sent"].format(date=day, sent=sent, waiting=waiting))
            break
    for parked in seen.parked:
        if parked.to == here.to:
            day = render.day_in_words(parked.since.date(), texts)
            sentences.append(phrases["status_parked"].format(date=day, why=parked.why))
    return sentences


def _help(texts: Texts) -> Message:
    """Everything that can be typed, from the one list of commands."""
    points = tuple(
        (
            Paragraph(
                (
                    Run(f"/{command.name} {command.usage}", RunKind.CODE),
                    Run(f" {texts.phrases[command.summary]} "),
                    Run(f"/{command.example}", RunKind.CODE),
                )
            ),
        )
        for command in COMMANDS
        if command.typed
    )
    return Message(
        title=texts.phrases["help"],
        blocks=(Points(points), Paragraph((Run(texts.phrases["help_thread"]),))),
        actions=(Action(texts.phrases["action_digest"], command="paperboy", argument="digest"),),
    )


_HANDLERS: Mapping[str, Callable[[Invocation, Desk], Message]] = {
    "paper": paper,
    "papers": papers,
    "read": read,
    "topics": topics,
    "sources": sources,
    "paperboy": paperboy,
    "mention": mention,
    "suggest": suggestions.suggest,
}
