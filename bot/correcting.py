"""What people say of mistakes in reports, and what managers put right from chat: forms, and what comes of them.

`mistake ID` is for everybody; `correct ID SECTION` and `withdraw ID`, which people type as words of `paperboy`, for who
manages the channel. All of it may write, so it runs on the store's thread.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from msgspec.structs import replace

from bot import compose
from bot.commands import line, match_section
from digest.copies import Copies
from digest.corrections import Corrected, Voice, correct, sentence_of, to_correct, withdraw
from digest.errors import Withdrawn
from digest.markdown import parse, write
from digest.mistakes import tell_mistake
from digest.operator import tell_operator
from digest.store import Store
from digest.types import (
    MANAGER,
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

# What a field of a form takes: 3,000 characters in Slack
# (https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element), 4,000 in Discord
FIELD_CHARS = 3_000
_NAMES = ("mistake", "correct", "withdraw")
_WORDS = ("correct", "withdraw")  # of `paperboy`


def voice() -> Voice:
    return Voice(compose.texts, compose.language_names)


def named(asked: Invocation) -> Invocation | None:
    """What is answered here, `paperboy correct …` as `correct …`; None for anything else."""
    word, _, rest = asked.args.strip().partition(" ")
    if asked.name == "paperboy" and word in _WORDS:
        return replace(asked, name=word, args=rest.strip())
    return asked if asked.name in _NAMES else None


def answer(store: Store, asked: Invocation, operators: Texts) -> Message:
    """Answers what `named` gave, in the invocation's language; `operators` are the texts in the operator's.

    Raises PaperboyError, whose sentence is for the person.
    """
    texts = compose.texts(asked.language)
    if asked.name == "mistake":
        return _mistake(store, asked, texts, operators)
    if asked.role != MANAGER:
        return line(texts, "correct_managers")
    try:
        return _correct(store, asked, texts) if asked.name == "correct" else _withdraw(store, asked, texts)
    except Withdrawn as gone:
        return line(texts, "withdrawn", id=asked.args.split()[0], why=gone.why)


# --- a mistake ---------------------------------------------------------------------------------------------------


def _mistake(store: Store, asked: Invocation, texts: Texts, operators: Texts) -> Message:
    paper = ArxivId.parse(asked.args)
    if (why := store.withdrawn(paper)) is not None:
        return line(texts, "withdrawn", id=paper, why=why)
    report = store.report(paper, asked.language)
    if report is None:
        return line(texts, "unwritten", id=paper)
    if not asked.answers:
        return _form_of_mistake(report, texts)
    words = _said(asked, "words")
    if not words:
        return line(texts, "mistake_empty")
    chosen = _said(asked, "section")
    section = SectionName(chosen) if chosen in tuple(SectionName) else None
    by = _person(asked)
    number = tell_mistake(store, paper, section, words, by)
    told = operators.phrases["mistake_told"].format(
        id=paper, section=operators.sections[section] if section else "?", words=words
    )
    remedy = operators.phrases["mistake_remedy"].format(by=by, id=paper, section=section or "SECTION", number=number)
    tell_operator(store, f"mistake {number}", f"{told}\n{remedy}")
    log.warning("a reader sees a mistake", extra={"paper": paper, "number": number})
    return line(texts, "mistake_noted", id=paper)


def _form_of_mistake(report: Report, texts: Texts) -> Message:
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


# --- putting right -----------------------------------------------------------------------------------------------


def _correct(store: Store, asked: Invocation, texts: Texts) -> Message:
    """`correct ID SECTION [LANGUAGE REVISION]`: the section in a form; with answers, what became of it."""
    if asked.answers:
        return _corrected(store, asked, texts)
    first, _, rest = asked.args.partition(" ")
    section = match_section(rest, compose.desk(store)) if rest.strip() else None
    if section is None:
        return line(texts, "correct_usage")
    paper = ArxivId.parse(first)
    report = store.report(paper, asked.language)
    if report is None:
        to_correct(store, paper, "")  # which says what there is instead
        return line(texts, "unwritten", id=paper)
    held = report.section(section)
    text = "" if held is None else write(held.blocks)
    label = texts.sections[section]
    if len(text) > FIELD_CHARS:
        return line(texts, "correct_long", section=label, chars=len(text), id=paper, name=section)
    title = texts.phrases["correct_title"]
    field = Field(
        name="text",
        label=texts.phrases["correct_text"].format(section=label),
        kind=FieldKind.LONG_TEXT,
        values=(text,) if text else (),
        required=True,
    )
    # The revision that the person saw, so that a correction never hides what they did not see
    seen = f"{paper} {section} {report.language} {report.revision}"
    form = Form(title=title, command="correct", argument=seen, submit=texts.phrases["correct_send"], fields=(field,))
    return Message(title=title, plain=title, form=form)


def _corrected(store: Store, asked: Invocation, texts: Texts) -> Message:
    first, section, language, revision = asked.args.split()
    paper, name = ArxivId.parse(first), SectionName(section)
    _, newest = to_correct(store, paper, language)
    if newest.revision != int(revision):
        return line(texts, "correct_meanwhile", id=paper)
    blocks = parse(_said(asked, "text"))
    held = newest.section(name)
    if not blocks:
        return line(texts, "correct_empty")
    if held is not None and held.blocks == blocks:
        return line(texts, "correct_nothing")
    done = correct(store, voice(), newest, name, blocks, _person(asked))
    log.warning("a report was corrected", extra={"paper": paper, "revision": done.report.revision})
    return _became_of_it(_what_changed(done, name, texts), done.copies, texts)


def _withdraw(store: Store, asked: Invocation, texts: Texts) -> Message:
    """`withdraw ID`: a form for the reason; with answers, what became of it."""
    if not asked.args.strip():
        return line(texts, "withdraw_usage")
    paper = ArxivId.parse(asked.args)
    to_correct(store, paper, "")
    title = texts.phrases["withdraw_title"]
    why = _said(asked, "why")
    if not why:
        field = Field(name="why", label=texts.phrases["withdraw_why"], kind=FieldKind.LONG_TEXT, required=True)
        send = texts.phrases["withdraw_send"]
        form = Form(title=title, command="withdraw", argument=str(paper), submit=send, fields=(field,))
        return Message(title=title, plain=title, form=form)
    copies = withdraw(store, voice(), paper, why)
    log.warning("a report was withdrawn", extra={"paper": paper})
    return _became_of_it(texts.phrases["withdrawn"].format(id=paper, why=" ".join(why.split())), copies, texts)


def _what_changed(done: Corrected, section: SectionName, texts: Texts) -> str:
    if done.changes:
        return sentence_of(done.changes, texts)
    return texts.phrases["correct_form_only"].format(section=texts.sections[section])


def _became_of_it(sentence: str, copies: Sequence[Copies], texts: Texts) -> Message:
    edited, replies = sum(one.edited + one.ahead for one in copies), sum(one.replies for one in copies)
    key = "copies" if edited or replies else "copies_none"
    follows = texts.phrases[key].format(edited=edited, replies=replies)
    return Message(blocks=(_sentence(sentence), _sentence(follows)), plain=f"{sentence} {follows}")


def _said(asked: Invocation, field: str) -> str:
    return "\n".join(asked.answers.get(field, ())).strip()


def _person(asked: Invocation) -> str:
    return f"{asked.adapter}:{asked.person}"


def _sentence(text: str) -> Paragraph:
    return Paragraph((Run(text),))
