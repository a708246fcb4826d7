"""Mistakes that readers report in a form, and how editors dismiss them: `mistake ID`, `dismiss NUMBER [WHY]`."""

from __future__ import annotations

import logging

from bot import compose, persons
from bot.commands import line
from digest import render
from digest.errors import UsageError
from digest.mistakes import SHOWN, Mistake, dismiss, mistake, mistakes, one_line, tell_mistake, waiting
from digest.operator import tell_operator
from digest.spendings import Budget, Kind, spend
from digest.store import Store
from digest.types import (
    Action,
    ArxivId,
    Field,
    FieldKind,
    Form,
    Invocation,
    Message,
    Paragraph,
    Report,
    Run,
    SectionName,
    Texts,
)

log = logging.getLogger(__name__)

# What makes the operator hear of something, a day: so that nobody can bury what others have to say
NOTICES = Budget(person=20, workspace=200)


def report_mistake(store: Store, asked: Invocation, texts: Texts, operators: Texts) -> Message:
    """`mistake ID`: a form for the section and for words; with answers, it is noted and the operator told.

    Raises Overspent for somebody who has reported as many as a day allows.
    """
    paper = ArxivId.parse(asked.args.split()[0] if asked.args.split() else "")
    if (why := store.withdrawn(paper)) is not None:
        return line(texts, "withdrawn", id=paper, why=why)
    report = store.report(paper, asked.language)
    if report is None:
        return line(texts, "unwritten", id=paper)
    if not asked.answers:
        return _form(report, texts)
    words = one_line(answered(asked, "words"))
    if not words:
        return line(texts, "mistake_empty")
    spend(store, asked, Kind.NOTICE, NOTICES)
    chosen = answered(asked, "section")
    section = SectionName(chosen) if chosen in tuple(SectionName) else None
    by = f"{asked.adapter}:{asked.person}"
    to = persons.direct_messages(asked)
    number = tell_mistake(store, paper, section, words, by, report.language, to, asked.language)
    told = operators.phrases["mistake_told"].format(
        id=paper, section=operators.sections[section] if section else "?", words=words
    )
    remedy = operators.phrases["mistake_remedy"].format(by=by, id=paper, section=section or "SECTION", number=number)
    tell_operator(store, f"mistake {number}", f"{told}\n{remedy}")
    log.warning("a reader reports a mistake", extra={"paper": paper, "number": number})
    return line(texts, "mistake_noted", id=paper)


def _form(report: Report, texts: Texts) -> Message:
    title = texts.phrases["mistake_title"]
    where = Field(
        name="section",
        label=texts.phrases["mistake_section"],
        kind=FieldKind.CHOICE,
        choices=tuple((str(section.name), texts.sections[section.name]) for section in report.sections),
        required=True,
    )
    what = Field(
        name="words",
        label=texts.phrases["mistake_words"],
        kind=FieldKind.LONG_TEXT,
        hint=texts.phrases["mistake_words_hint"],
        required=True,
    )
    send = texts.phrases["mistake_send"]
    form = Form(title=title, command="mistake", argument=str(report.paper_id), submit=send, fields=(where, what))
    return Message(title=title, plain=title, form=form)


def dismiss_mistake(store: Store, asked: Invocation, texts: Texts) -> Message:
    """`dismiss`: the mistakes that wait; `dismiss NUMBER [WHY]`: a form for the reason, which whoever reported it
    hears; with answers, it is dismissed."""
    number, _, why = asked.args.strip().partition(" ")
    if asked.public:  # what readers wrote is not for everybody
        return line(texts, "dismiss_private")
    if not number:
        return _waiting(store, texts)
    try:
        known = mistake(store, int(number))
    except (UsageError, ValueError):
        return line(texts, "dismiss_unknown", number=number[:20])
    if asked.answers:
        dismiss(store, compose.localizer(), known.number, answered(asked, "why"))
        log.warning("a mistake was dismissed", extra={"paper": known.paper, "number": known.number})
        return line(texts, "dismissed", id=known.paper)
    title = texts.phrases["dismiss_title"]
    field = Field(
        name="why",
        label=texts.phrases["dismiss_why"],
        kind=FieldKind.LONG_TEXT,
        values=(why.strip(),) if why.strip() else (),
        hint=texts.phrases["dismiss_why_hint"],
        required=True,
    )
    form = Form(
        title=title,
        command="dismiss",
        argument=str(known.number),
        submit=texts.phrases["dismiss_send"],
        fields=(field,),
    )
    return Message(title=title, blocks=tuple(_described(store, known, texts)), plain=title, form=form)


def _waiting(store: Store, texts: Texts) -> Message:
    found = mistakes(store)
    if not found:
        return line(texts, "dismiss_none")
    blocks = [block for one in found for block in _described(store, one, texts)]
    if (more := waiting(store) - SHOWN) > 0:
        blocks.append(Paragraph((Run(texts.phrases["dismiss_more"].format(count=more)),)))
    label = texts.phrases["dismiss_button"]
    actions = tuple(
        Action(label.format(number=one.number), command="dismiss", argument=str(one.number)) for one in found
    )
    return Message(title=texts.phrases["dismiss_waiting"], blocks=tuple(blocks), actions=actions)


def _described(store: Store, known: Mistake, texts: Texts) -> list[Paragraph]:
    """The paper and the reader's words."""
    paper = store.paper(known.paper)
    title = f"{known.paper}, {render.unlinked(paper.title)}" if paper is not None else str(known.paper)
    section = f"{texts.sections[known.section]}: " if known.section else ""
    return [Paragraph((Run(title, bold=True),)), Paragraph((Run(f"{section}{known.words}"),))]


def answered(asked: Invocation, field: str) -> str:
    """What a form's field holds."""
    return "\n".join(asked.answers.get(field, ())).strip()
