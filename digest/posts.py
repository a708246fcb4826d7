"""What is posted to channels and shown in windows there: the day's opening, its cards, a report's sections, each with
its buttons. digest.render has what every place shows.

The commands of buttons are those of `bot.registry.COMMANDS`; their arguments are words with a space between them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from digest import evidence, render
from digest.editions import Compose, Draft, MessageKind, Subscription
from digest.select import Reason, Selection
from digest.threads import DISCUSSION
from digest.types import (
    Action,
    Attempt,
    Block,
    Digest,
    Message,
    Paper,
    Paragraph,
    Points,
    Quote,
    Reading,
    ReadingSource,
    Report,
    Run,
    Section,
    SectionName,
    Texts,
)

_NAMED_AT_MOST = 3  # domains or words in the headline of a person's digest

Entries = Sequence[tuple[Paper, Report]]
Languages = Mapping[str, str]  # what languages are called in the reader's own


def threaded(texts: Texts, languages: Languages) -> Compose:
    """Layout `digest`: one message for the day, each paper's card in its thread."""

    def compose(digest: Digest, selection: Selection) -> Sequence[Draft]:
        return _in_one_thread(opening(digest, selection.papers, texts), selection, texts, languages)

    return compose


def _in_one_thread(
    opens: Message, selection: Selection, texts: Texts, languages: Languages, missed_command: str = "papers"
) -> Sequence[Draft]:
    """A headline with a card for each paper under it, and what was missed."""
    cards = tuple(
        Draft(
            kind=MessageKind.CARD,
            message=_with_lateness(
                card(paper, report, texts, languages, actions(paper, texts)), selection.late.get(paper.id), texts
            ),
            paper=paper.id,
            report=report,
        )
        for paper, report in selection.papers
    )
    top = Draft(kind=MessageKind.HEADLINE, message=opens, replies=cards)
    return (*((top,) if cards or selection.again else ()), *_missed(selection.missed, texts, missed_command))


def apart(texts: Texts, languages: Languages) -> Compose:
    """Layout `paper`: a card for each paper, its report in the card's thread."""

    def compose(_digest: Digest, selection: Selection) -> Sequence[Draft]:
        cards = [
            Draft(
                kind=MessageKind.CARD,
                message=_with_lateness(
                    card(paper, report, texts, languages, actions_in_thread(paper, texts)),
                    selection.late.get(paper.id),
                    texts,
                ),
                paper=paper.id,
                report=report,
                replies=tuple(
                    Draft(
                        kind=MessageKind.SECTION,
                        message=Message(blocks=render.section_blocks(section, texts, report)),
                        paper=paper.id,
                        report=report,
                        subject=section.name,
                    )
                    for section in report.sections
                ),
            )
            for paper, report in selection.papers
        ]
        return (*cards, *_missed(selection.missed, texts))

    return compose


def late(bell_day: date, why: str, texts: Texts, *, of_day: date | None = None, again: str = "") -> Draft:
    """Why a channel's digest is late or will not come, once a local day. `why` is the phrase, `again` the next try."""
    words = {"date": "" if of_day is None else render.day_in_words(of_day, texts, form="date_short"), "time": again}
    return _notice(f"late {bell_day}", texts.phrases[why].format(**words))


def unread(bell_day: date, lacking: int, papers: int, texts: Texts) -> Draft:
    """How many papers of a digest could not be read before its window closed. It counts as `late` does."""
    return _notice(f"late {bell_day}", texts.phrases["late_unread"].format(lacking=lacking, papers=papers))


def _notice(subject: str, sentence: str) -> Draft:
    message = Message(blocks=(Paragraph((Run(sentence),)),), plain=sentence)
    return Draft(kind=MessageKind.NOTICE, subject=subject, message=message)


def _missed(days: Sequence[tuple[date, int]], texts: Texts, command: str = "papers") -> Iterator[Draft]:
    """The days that were not delivered in their time, in one message, each with a button that lists its papers."""
    if not days:
        return
    sentence = texts.phrases["missed" if len(days) > 1 else "missed_one"].format(count=len(days))
    buttons = tuple(
        Action(
            f"{render.day_in_words(day, texts, form='date_short')} · {papers}",
            command=command,
            argument=day.isoformat(),
        )
        for day, papers in days
    )
    message = Message(blocks=(Paragraph((Run(sentence),)),), actions=buttons, plain=sentence)
    yield Draft(kind=MessageKind.NOTICE, subject="missed", message=message)


def _with_lateness(shown: Message, day: date | None, texts: Texts) -> Message:
    """A card marked as late, when its paper joined the list of another day after that was delivered."""
    if day is None:
        return shown
    mark = texts.phrases["late"].format(date=render.day_in_words(day, texts, form="date_short"))
    return replace(shown, footer=f"{mark} · {shown.footer}")


def personal(texts: Texts, languages: Languages, subscription: Subscription) -> Compose:
    """A person's direct messages: a headline that says how much of the day is for them, and a card for each paper.

    The cards stand under the headline. In Slack that is its thread, so that a morning rings once and takes one message
    of the conversation; in Discord direct messages have no threads, and the cards follow the headline. What can be done
    about the subscription stands on the headline, in sight on both, and costs no message of its own.
    """

    def compose(digest: Digest, selection: Selection) -> Sequence[Draft]:
        opens = _personal_opening(digest, selection, subscription, texts)
        return _in_one_thread(opens, selection, texts, languages, missed_command="mine")

    return compose


def _personal_opening(digest: Digest, selection: Selection, subscription: Subscription, texts: Texts) -> Message:
    phrases = texts.phrases
    beyond = sum(reason is Reason.LIMIT for reason in selection.reasons.values())
    day = digest.day.isoformat()
    notes = [render.day_in_words(digest.day, texts, form="date_short")]
    notes.append(render.counts([report for _, report in selection.papers], texts))
    if beyond:
        notes.insert(0, phrases["personal_beyond"].format(count=beyond, limit=subscription.limit))
    fitting = len(selection.papers) + beyond
    every = (Action(phrases["action_all"].format(count=fitting), command="mine", argument=day),)
    return Message(
        title=_fitting(fitting, len(selection.reasons), subscription, texts),
        blocks=render.first_lines([paper for paper, _ in selection.papers]),
        footer=" · ".join(notes),
        actions=(
            *(every if beyond else ()),
            Action(phrases["action_change"], command="subscription"),
            Action(phrases["action_pause_week"], command="paperboy", argument="pause mine for a week"),
            Action(phrases["action_unsubscribe"], command="paperboy", argument="unsubscribe all"),
        ),
        topic=phrases["thread"].format(date=day, count=len(selection.papers)),
    )


def _fitting(count: int, total: int, subscription: Subscription, texts: Texts) -> str:
    """`6 of 23 papers are about video`; with many domains or words, that they fit what was asked for."""
    # In the order of the taxonomy: who asked for the same in another order gets the same message
    domains = [label for domain, label in texts.domains.items() if domain in subscription.domains]
    words = [f"“{word}”" for word in subscription.with_words]
    if not (domains or words):
        key = "personal_all"
    elif max(len(domains), len(words)) > _NAMED_AT_MOST:
        key = "personal_topics"
    else:
        key = "personal_both" if domains and words else "personal_domains" if domains else "personal_words"
    key += "_one" if count == 1 else ""
    comma, last = texts.phrases["or"].split("|")
    return texts.phrases[key].format(
        count=count, total=total, domains=_either(domains, comma, last), words=_either(words, comma, last)
    )


def _either(names: Sequence[str], comma: str, last: str) -> str:
    """`a, b or c`."""
    *before, name = names or ("",)
    return f"{comma.join(before)}{last}{name}" if before else name


def discussion(paper: Paper, report: Report, texts: Texts, languages: Languages) -> Draft:
    """The card once more, in the channel itself, so that people can talk about one paper in a thread."""
    return Draft(
        kind=MessageKind.NOTICE,
        message=card(paper, report, texts, languages, actions_in_thread(paper, texts)),
        paper=paper.id,
        report=report,
        subject=DISCUSSION,
    )


def opening(digest: Digest, chosen: Entries, texts: Texts) -> Message:
    """What opens a day's thread: date and count, which is what a phone shows, the first three of the papers, how many
    more there are and how they were read."""
    phrases = texts.phrases
    notes = [render.counts([report for _, report in chosen], texts)]
    notes += render.limited([report for _, report in chosen], texts)
    if more := len(chosen) - render.HEADLINE_PAPERS:
        notes[:0] = [phrases["more_in_thread"].format(count=more)] if more > 0 else []
    day = digest.day.isoformat()
    return Message(
        title=phrases["headline"].format(
            date=render.day_in_words(digest.day, texts, form="date_short"), count=len(chosen)
        ),
        blocks=render.first_lines([paper for paper, _ in chosen]),
        footer=" · ".join(notes),
        actions=(
            Action(phrases["action_all"].format(count=len(digest.papers)), command="papers", argument=day),
            Action(phrases["action_topics"], command="topics", argument=day),
        ),
        topic=phrases["thread"].format(date=day, count=len(chosen)),
    )


def card(paper: Paper, report: Report, texts: Texts, languages: Languages, offered: Sequence[Action]) -> Message:
    """A paper's card with its buttons; a report in another language than the texts is labelled."""
    shown = render.card(paper, report, texts)
    if report.language == texts.language:
        return replace(shown, actions=tuple(offered))
    label = texts.phrases["in_language"].format(language=languages.get(report.language, report.language))
    return replace(shown, actions=tuple(offered), footer=f"{shown.footer} · {label}")


def actions(paper: Paper, texts: Texts) -> tuple[Action, ...]:
    """The buttons of a card that stands in a day's thread."""
    first, *others = actions_in_thread(paper, texts)
    return (first, Action(texts.phrases["action_discuss"], command="discuss", argument=str(paper.id)), *others)


def actions_in_thread(paper: Paper, texts: Texts) -> tuple[Action, ...]:
    """The buttons of a card that has a thread of its own: what `actions` has, without a way to open one."""
    phrases = texts.phrases
    links = (
        ("action_paper", render.arxiv_address(paper.id)),
        ("action_hub", paper.hub_url),
        ("action_code", paper.github_url),
    )
    return (
        Action(phrases["action_read"], command="read", argument=str(paper.id)),
        *(Action(phrases[label], url=url, tucked=True) for label, url in links if url),
        Action(phrases["action_sources"], command="sources", argument=str(paper.id), tucked=True),
        Action(phrases["action_mistake"], command="mistake", argument=str(paper.id), tucked=True),
    )


def window(
    paper: Paper, report: Report, section: Section, texts: Texts, languages: Languages, others: Mapping[str, str]
) -> Message:
    """One section of a report, with buttons for its other sections and other languages.

    `others` are the languages to switch to, each by its own name.
    """
    shown = render.report(paper, report, texts, only=section, languages=dict(languages))
    sections = [
        Action(texts.sections[other.name], command="read", argument=f"{paper.id} {other.name}")
        for other in report.sections
        if other.name is not section.name
    ]
    switches = [
        Action(name, command="read", argument=f"{paper.id} {section.name} {language}")
        for language, name in others.items()
    ]
    return replace(shown, actions=(*sections, *switches))


def sources(
    paper: Paper,
    report: Report,
    address: str,
    attempts: Sequence[Attempt],
    texts: Texts,
    reading: Reading | None = None,
) -> Message:
    """What a report was made from: what is to be checked, the text that was read and what could not be, the writer,
    every address, what the paper says word for word in the reading that the report was written from, and where that has
    the report's figures."""
    phrases = texts.phrases
    lines = [
        phrases["sources_read"].format(source=texts.sources[report.source], address=address or render.address(paper)),
        phrases["sources_written"].format(
            revision=report.revision, writer=render.written(report, texts), day=report.written_at.date()
        ),
        *render.shortfalls(report, attempts, texts),
    ]
    links = (render.arxiv_address(paper.id), paper.hub_url, paper.github_url, paper.project_url)
    points = tuple((Paragraph(runs),) for runs in (*((Run(line),) for line in lines), *_links(links)))
    blocks = (
        *evidence.checks(report, texts),
        Points(points),
        *_quoted(report, reading, texts),
        *evidence.places(report, address if report.source is not ReadingSource.ABSTRACT else "", texts),
    )
    return Message(title=render.unlinked(paper.title), link=render.address(paper), blocks=blocks)


def _quoted(report: Report, reading: Reading | None, texts: Texts) -> Iterator[Block]:
    """What the paper says word for word, under the section that it bears out; each place leads to the paper's page."""
    for name in SectionName:
        found = [quote for quote in report.quotes if quote.section is name]
        if found:
            label = texts.phrases["quotes"].format(section=texts.sections[name])
            yield Paragraph((Run(label, bold=True),))
            yield Points(tuple((Paragraph((*_quote(quote.text), *_place(quote, reading, texts))),) for quote in found))


def _quote(text: str) -> Iterator[Run]:
    """Plain text and its formulas, between marks of quotation; an address in it is no link here."""
    from digest.inline import text_runs  # milliseconds that a look-up can seldom spare

    yield Run("“")
    yield from (replace(run, link="") for run in text_runs(render.unlinked(text)))
    yield Run("”")


def _place(quote: Quote, reading: Reading | None, texts: Texts) -> Iterator[Run]:
    """The heading above a quote, or the page of a PDF, as a link where its place has an address."""
    if reading is None:
        return
    heading = next((passage.heading for passage in reading.passages if passage.anchor == quote.anchor), "")
    page = re.fullmatch(r"page=(\d+)", quote.anchor)
    where = heading or (texts.phrases["page"].format(page=page[1]) if page else texts.sources[reading.source])
    anchored = quote.anchor and reading.source in (ReadingSource.HTML, ReadingSource.PDF)
    yield Run(" — ")
    yield Run(
        render.unlinked(where), link=f"{reading.url.partition('#')[0]}#{quote.anchor}" if anchored else reading.url
    )


def _links(addresses: Sequence[str]) -> Iterator[tuple[Run, ...]]:
    for address in addresses:
        if address:
            yield (Run(address, link=address),)
