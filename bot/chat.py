"""What people ask in chat, answered from the store: `paper` and `papers` as everywhere, and what only chat asks.

Each handler gets an Invocation, whose language is the one to answer in, and gives the finished message.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date

from msgspec.structs import replace

from bot import channels, commands, compose, persons, standing, subscribing, suggestions
from bot.commands import Desk, line
from bot.registry import COMMANDS
from bot.words import UNDER_PAPERBOY, under_paperboy
from digest import posts, render, threads
from digest.costs import cost_of_day, cost_of_month
from digest.deliveries import State
from digest.editions import WEEKDAYS
from digest.errors import InvalidId
from digest.status import newest_of, parked_of
from digest.subscriptions import Kept
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
_USUAL = ("digest", "status", "help")  # what `paperboy` is followed by most often
_ALIKE = 0.6  # a word that is offered for another
# Said to the bot where nobody else reads, these need no "paperboy" before them
_SAID_ALONE = {"subscribe", "unsubscribe", "subscriptions", "pause", "resume", "forget"}


def answer(asked: Invocation, desk: Desk) -> Message:
    """Answers what reads only. Raises KeyError for a command that is none, or that writes."""
    return _HANDLERS[asked.name](asked, desk)


def paper(asked: Invocation, desk: Desk) -> Message:
    """`paper ID|URL|words [section]`, with the buttons of a card; alone it offers the newest day's papers."""
    newest = desk.lookups.newest_day()
    if newest is not None and not asked.args.strip():
        return which(asked, desk, newest)
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
    """`topics [DATE]`: what comes to the person, to be changed; and the domains of a day, else of the newest, each a
    button that lists its papers."""
    texts = desk.texts(asked.language)
    try:
        day = date.fromisoformat(asked.args.strip()) if asked.args.strip() else desk.lookups.newest_day()
    except ValueError:
        return commands.unknown_day(asked.args.strip(), desk, texts)
    if day is None:
        return subscribing.questions(asked, desk)
    digest = desk.digest(day, asked.language)
    if not digest.papers:
        return commands.unknown_day(str(day), desk, texts)
    counted = Counter(domain for _, report in digest.papers if report is not None for domain in report.domains)
    offers = [
        Action(f"{texts.domains.get(domain, domain)} {count}", command="papers", argument=f"{day} {domain}")
        for domain, count in counted.most_common()
    ]
    mine = subscribing.questions(asked, desk)
    if asked.adapter == "discord":  # a form is all that is seen there, and the day's domains are asked for too
        change = Action(texts.phrases["action_change"], command="subscription")
        mine, offers = replace(mine, form=None), [change, *offers]
    of_day = line(texts, "topics", date=render.day_in_words(day, texts, form="date_short"))
    plain = f"{mine.plain} {of_day.plain}"
    return replace(mine, blocks=(*mine.blocks, *of_day.blocks), actions=tuple(offers), plain=plain)


def mine(asked: Invocation, desk: Desk) -> Message:
    """`mine DATE`: every paper of a day that fits what the person gets, those beyond their limit too."""
    texts = desk.texts(asked.language)
    kept = subscribing.own(asked, desk)
    if kept is None:
        return subscribing.questions(asked, desk)
    try:
        day = date.fromisoformat(asked.args.strip())
    except ValueError:
        return commands.unknown_day(asked.args.strip(), desk, texts)
    fitting, total = standing.matching(kept.subscription, day, desk)
    if not total:
        return commands.unknown_day(str(day), desk, texts)
    offers = commands.offered([(known.title, known.id) for known, _ in fitting[:OFFERED]])
    return replace(render.found(fitting, len(fitting), texts), actions=offers)


def sources(asked: Invocation, desk: Desk) -> Message:
    """`sources ID`: what a report was made from."""
    found = _reported(asked, desk)
    if isinstance(found, Message):
        return found
    known, report = found
    reading = desk.lookups.reading_of(report)
    address = "" if reading is None else reading.url
    attempts = desk.lookups.attempts(report)
    return posts.sources(known, report, address, attempts, desk.texts(asked.language), reading)


def paperboy(asked: Invocation, desk: Desk) -> Message:
    """`paperboy [digest|status|subscriptions|forget me|help]`; what else it may be followed by writes."""
    texts = desk.texts(asked.language)
    word, rest = under_paperboy(asked.args)
    if rest and word != "forget":
        word = ""
    match word:
        case "digest":
            return _newest(asked, desk)
        case "status":
            return _status(asked, desk)
        case "subscriptions":
            return subscribing.subscriptions(asked, desk)
        case "forget":
            return persons.ask_to_forget(asked, desk)
        case "help":
            return _help(texts)
        case _:
            return _help(texts) if not asked.args.strip() else _unknown_word(asked, texts)


def _unknown_word(asked: Invocation, texts: Texts) -> Message:
    from difflib import get_close_matches  # only for answers that find nothing

    first = asked.args.split()[0].casefold()
    words = get_close_matches(first, UNDER_PAPERBOY, cutoff=_ALIKE) or _USUAL
    offers = [Action(f"/paperboy {word}", command="paperboy", argument=word) for word in words]
    return line(texts, "unknown_command", offers, words=asked.args[:80])


def said_alone(asked: Invocation) -> Invocation:
    """What was said to the bot in direct messages, as the command that it is: `subscribe video` needs nothing before
    it there. Elsewhere others would read the answer, and words are those of a title."""
    if asked.name != "mention" or not persons.is_direct(asked):
        return asked
    word, rest = under_paperboy(asked.args)
    alone = word in _SAID_ALONE or (word and not rest)
    return replace(asked, name="paperboy") if alone else asked


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
        return which(asked, desk, place.day)
    words, section = commands.split(asked.args, desk)
    fitting = commands.titled(
        words, desk.lookups.search(words, asked.language, day=place.day, limit=OFFERED, without=desk.hidden).hits
    )
    if len(fitting) > 1:
        offers = commands.offered([(hit.paper.title, hit.paper.id) for hit in fitting], section)
        return line(desk.texts(asked.language), "which_paper", offers)
    return paper(replace(asked, args=f"{fitting[0].paper.id} {section}") if fitting else asked, desk)


def which(asked: Invocation, desk: Desk, day: date) -> Message:
    """The titles of a day to choose from; what was asked is the section that they answer with."""
    digest = desk.digest(day, asked.language)
    titles = [(known.title, known.id) for known, report in digest.papers if report is not None]
    return line(desk.texts(asked.language), "which_paper", commands.offered(titles[:OFFERED], asked.args.strip()))


def _newest(asked: Invocation, desk: Desk) -> Message:
    """The newest day as a channel sees it."""
    texts = desk.texts(asked.language)
    day = desk.lookups.newest_day()
    if day is None:
        return line(texts, "status_empty")
    digest = desk.digest(day, asked.language)
    return posts.opening(digest, [(known, report) for known, report in digest.papers if report is not None], texts)


def _status(asked: Invocation, desk: Desk) -> Message:
    """The newest day, today's list, and what the conversation gets."""
    texts = desk.texts(asked.language)
    phrases = texts.phrases
    day = desk.lookups.newest_day()
    if day is None:
        sentences = [phrases["status_empty"]]
    else:
        known = desk.digest(day, asked.language).papers
        sentences = [
            phrases["status_newest"].format(
                date=render.day_in_words(day, texts),
                papers=len(known),
                reports=sum(report is not None for _, report in known),
            )
        ]
    sentences += standing.list_of_today(desk, texts, persons.zone_of(asked, desk) or "UTC")
    if desk.is_editor(asked) and not asked.public:  # what things cost is the editors' affair
        sentences += _spent(desk, texts)
    here = channels.channel_of(asked, desk)
    mine = subscribing.status_lines(asked, desk, texts)
    if here is not None:
        sentences += _here(here, desk, texts)
    elif not (mine and persons.is_direct(asked)):
        sentences.append(phrases["status_not_here"])
    if mine:
        sentences += mine
        if persons.is_direct(asked) and (own := subscribing.own(asked, desk)) is not None:
            sentences += _sent(own, desk, texts)
    return Message(title="Paperboy", blocks=(Points(tuple((Paragraph((Run(sentence),)),) for sentence in sentences)),))


def _spent(desk: Desk, texts: Texts) -> list[str]:
    """What the model has cost, if it was asked this month (UTC)."""
    today = compose.clock().date()
    month = cost_of_month(desk.lookups, today)
    if not month.calls:
        return []
    phrases = texts.phrases
    day = cost_of_day(desk.lookups, today)
    told = phrases["status_cost"].format(today=f"{day.usd:.2f}", month=f"{month.usd:.2f}")
    return [told, *([phrases["status_unpriced"].format(calls=month.unpriced)] if month.unpriced else [])]


def _here(here: Kept, desk: Desk, texts: Texts) -> list[str]:
    phrases, subscription = texts.phrases, here.subscription
    names = dict(zip(WEEKDAYS, phrases["weekdays"].split(), strict=True))
    sentences = [
        phrases["status_here"].format(
            layout=phrases[f"layout_{subscription.layout}"],
            weekdays=" ".join(names[weekday] for weekday in subscription.weekdays),
            at=subscription.at,
            timezone=subscription.timezone,
            language=desk.languages(texts.language).get(subscription.language, subscription.language),
        )
    ]
    if subscription.domains:
        sentences.append(
            phrases["status_here_domains"].format(domains=render.domain_names(subscription.domains, texts))
        )
    return [*sentences, *standing.coming(subscription, desk, texts), *_sent(here, desk, texts)]


def _sent(kept: Kept, desk: Desk, texts: Texts) -> list[str]:
    """What was posted of the newest edition, and why nothing is, if so."""
    phrases = texts.phrases
    sentences = []
    if of_day := newest_of(desk.lookups, kept.number):
        sent = of_day.deliveries.get(State.SENT, 0)
        ended = (State.SENT, State.DEAD, State.HELD)
        waiting = sum(count for state, count in of_day.deliveries.items() if state not in ended)
        day = render.day_in_words(of_day.day, texts)
        sentences.append(phrases["status_sent"].format(date=day, sent=sent, waiting=waiting))
    if parked := parked_of(desk.lookups, kept.number):
        day = render.day_in_words(parked.since.date(), texts)
        sentences.append(phrases["status_parked"].format(date=day, why=parked.why))
    return sentences


def _help(texts: Texts) -> Message:
    """Everything that can be typed, from the one list of commands; what `paperboy` is followed by one by one."""
    points: list[Point] = []
    for command in COMMANDS:
        if command.name == "paperboy":
            points += (
                _usage(f"/paperboy {word} {what}".strip(), texts.phrases[f"command_paperboy_{word}"])
                for word, what in UNDER_PAPERBOY.items()
            )
        elif command.typed:
            points.append(
                _usage(f"/{command.name} {command.usage}", texts.phrases[command.summary], f"/{command.example}")
            )
    return Message(
        title=texts.phrases["help"],
        blocks=(
            Points(tuple(points)),
            *(Paragraph((Run(texts.phrases[key]),)) for key in ("help_ask", "help_thread")),
        ),
        actions=(
            Action(texts.phrases["action_digest"], command="paperboy", argument="digest"),
            Action(texts.phrases["action_topics"], command="topics"),
        ),
    )


Point = tuple[Paragraph, ...]


def _usage(typed: str, summary: str, example: str = "") -> Point:
    examples = (Run(" "), Run(example, RunKind.CODE)) if example else ()
    return (Paragraph((Run(typed, RunKind.CODE), Run(f" {summary}"), *examples)),)


_HANDLERS: Mapping[str, Callable[[Invocation, Desk], Message]] = {
    "paper": paper,
    "papers": papers,
    "read": read,
    "topics": topics,
    "home": lambda asked, desk: topics(replace(asked, args=""), desk),
    "mine": mine,
    "sources": sources,
    "paperboy": paperboy,
    "mention": mention,
    "suggest": suggestions.suggest,
}
