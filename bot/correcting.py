"""Changes to reports from chat: forms, and what becomes of them. All of it may write, so it runs on the store's thread.

`mistake ID` is for everybody; `hide ID` and `unhide ID` for a channel's managers, there; `correct ID SECTION`,
`withdraw ID`, `reinstate ID` and `dismiss NUMBER` for editors. People type all but the first as words of `paperboy`.
bot.rights has seen to it that the person may.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from bot import compose, hiding, mistakes, persons
from bot.commands import counted, line, match_section
from bot.mistakes import answered
from bot.operator_notices import Author, notify_operator
from bot.words import under_paperboy
from digest import render
from digest.copies import Copies
from digest.corrections import correct, preview, reinstate, to_correct, what_changed, withdraw
from digest.errors import InvalidId, Withdrawn
from digest.markdown import parse, write
from digest.spendings import Overspent
from digest.store import Store, _transaction
from digest.types import (
    MANAGER,
    Action,
    ArxivId,
    Block,
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
_WORDS = ("correct", "withdraw", "reinstate", "dismiss", "hide", "unhide")  # of `paperboy`
_NAMES = ("mistake", *_WORDS)


def named(asked: Invocation) -> Invocation | None:
    """What is answered here, `paperboy correct …` as `correct …`; None for anything else."""
    word, rest = under_paperboy(asked.args)
    if asked.name == "paperboy" and word in _WORDS:
        return replace(asked, name=word, args=rest)
    return asked if asked.name in _NAMES else None


def paper_of(asked: Invocation) -> ArxivId | None:
    """The paper that is named in what `named` gave, if one is."""
    try:
        return ArxivId.parse(asked.args.strip().partition(" ")[0])
    except InvalidId:
        return None


def changes_something(asked: Invocation) -> bool:
    """Whether answering what `named` gave changes what others see, rather than show a form or refuse."""
    if asked.name in ("hide", "unhide"):
        return asked.role == MANAGER
    return bool(asked.answers) or asked.name == "reinstate"


def answer(store: Store, asked: Invocation, operators: Texts, author: Author) -> Message:
    """Answers what `named` gave, in the invocation's language; `operators` are the texts in the operator's.

    Raises Refused, and PaperboyError, whose sentence is for the person.
    """
    texts = compose.texts(asked.language)
    try:
        return _answer(store, asked, texts, operators, author)
    except Withdrawn as gone:
        return line(texts, "withdrawn", id=gone.paper, why=gone.why)
    except Overspent as error:
        return persons.overspent(error, persons.clock_of(asked, compose.desk(store)), texts)


def _answer(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    if asked.name == "mistake":
        return mistakes.report_mistake(store, asked, texts, operators)
    if asked.name == "dismiss":
        return mistakes.dismiss_mistake(store, asked, texts)
    if paper_of(asked) is None:
        return line(texts, f"{asked.name}_usage")
    with _transaction(store.connection):
        return _HANDLERS[asked.name](store, asked, texts, operators, author)


# --- corrections -------------------------------------------------------------------------------------------------


def _correct(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    """`correct ID SECTION [LANGUAGE REVISION]`: the section in a form; with answers, what became of it."""
    if asked.answers:
        return _corrected(store, asked, texts, operators, author)
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
    field = Field(
        name="text",
        label=texts.phrases["correct_text"].format(section=label),
        kind=FieldKind.LONG_TEXT,
        values=(text,) if text else (),
        required=True,
    )
    # The revision that the person saw, so that a correction never hides what they did not see
    seen = f"{paper} {section} {report.language} {report.revision}"
    reach = preview(store, lambda: _with_another_text(store, report, section))
    return _form_about(store, paper, reach, "correct", seen, (field,), texts)


def _with_another_text(store: Store, report: Report, section: SectionName) -> Sequence[Copies]:
    """What happens to the copies when a section changes, whatever it says then."""
    held = report.section(section)
    other: tuple[Block, ...] = (*(() if held is None else held.blocks), Paragraph((Run("…"),)))
    return correct(store, compose.localizer(), report, section, other, "").copies


def _corrected(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    first, section, language, revision = asked.args.split()
    paper, name = ArxivId.parse(first), SectionName(section)
    known, newest = to_correct(store, paper, language)
    if newest.revision != int(revision):
        return line(texts, "correct_meanwhile", id=paper)
    blocks = parse(answered(asked, "text"))
    held = newest.section(name)
    if not blocks:
        return line(texts, "correct_empty")
    if held is not None and held.blocks == blocks:
        return line(texts, "correct_nothing")
    done = correct(store, compose.localizer(), newest, name, blocks, author.id)
    of_operator = {"section": operators.sections[name], "changes": what_changed(done.changes, name, operators)}
    notify_operator(store, operators, author, "operator_corrected", known, **of_operator)
    log.warning("a report was corrected", extra={"paper": paper, "revision": done.report.revision})
    return _became_of_it(what_changed(done.changes, name, texts), done.copies, texts)


# --- withdrawals -------------------------------------------------------------------------------------------------


def _withdraw(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    """`withdraw ID [WHY]`: a form for the reason, which asks whether it is meant; with answers, what became of it."""
    first, _, given = asked.args.strip().partition(" ")
    paper = ArxivId.parse(first)
    known, _ = to_correct(store, paper, "")
    if not asked.answers:
        why = Field(
            name="why",
            label=texts.phrases["withdraw_why"],
            kind=FieldKind.LONG_TEXT,
            values=(given.strip(),) if given.strip() else (),
            required=True,
        )
        sure = Field(
            name="sure",
            label=texts.phrases["withdraw_sure"],
            kind=FieldKind.CHOICE,
            choices=(("yes", texts.phrases["withdraw_yes"]), ("no", texts.phrases["withdraw_no"])),
            required=True,
        )
        reach = preview(store, lambda: withdraw(store, compose.localizer(), paper, "…"))
        return _form_about(store, paper, reach, "withdraw", str(paper), (why, sure), texts)
    reason = " ".join(answered(asked, "why").split())
    if not reason or answered(asked, "sure") != "yes":
        return line(texts, "withdraw_kept", id=paper)
    copies = withdraw(store, compose.localizer(), paper, reason)
    notify_operator(store, operators, author, "operator_withdrawn", known, why=reason)
    log.warning("a report was withdrawn", extra={"paper": paper})
    undo = Action(texts.phrases["action_reinstate"], command="reinstate", argument=str(paper))
    became = _became_of_it(texts.phrases["withdrawn"].format(id=paper, why=reason), copies, texts)
    return replace(became, actions=(undo,))


def _reinstate(store: Store, asked: Invocation, texts: Texts, operators: Texts, author: Author) -> Message:
    """`reinstate ID`: undoes a withdrawal."""
    paper = ArxivId.parse(asked.args.split()[0])
    known = store.paper(paper)
    if known is None or store.withdrawn(paper) is None:
        return line(texts, "reinstate_nothing", id=paper)
    copies = reinstate(store, compose.localizer(), paper)
    notify_operator(store, operators, author, "operator_reinstated", known)
    log.warning("a report was reinstated", extra={"paper": paper})
    return _became_of_it(texts.phrases["reinstated"].format(id=paper), copies, texts)


# --- what people are shown ---------------------------------------------------------------------------------------


def _form_about(
    store: Store,
    paper: ArxivId,
    reach: Sequence[Copies],
    command: str,
    argument: str,
    fields: tuple[Field, ...],
    texts: Texts,
) -> Message:
    """A form that names the paper, and says how much changes."""
    known = store.paper(paper)
    title = texts.phrases[f"{command}_title"]
    about = f"{render.unlinked(known.title)} ({paper})" if known is not None else str(paper)
    form = Form(title=title, command=command, argument=argument, submit=texts.phrases[f"{command}_send"], fields=fields)
    sentence = reach_sentence(reach, texts)
    blocks = (Paragraph((Run(about, bold=True),)), _sentence(sentence))
    return Message(title=title, blocks=blocks, plain=f"{title}: {about}. {sentence}", form=form)


def reach_sentence(copies: Sequence[Copies], texts: Texts) -> str:
    """How many messages in how many channels, and in how many people's direct messages, a change reaches."""
    reached = [one for one in copies if one.edited or one.ahead] or [one for one in copies if one.replies]
    if not reached:
        return texts.phrases["copies_none"]
    changed = sum(one.edited + one.ahead for one in reached)
    messages = counted("count_messages", changed, texts)
    people = sum(one.is_person for one in reached)
    places = [counted("count_channels", len(reached) - people, texts)] if len(reached) > people else []
    places += [counted("count_people", people, texts)] if people else []
    return texts.phrases["reach" if changed else "reach_reply"].format(
        messages=messages, places=texts.phrases["list_and"].join(places)
    )


def _became_of_it(sentence: str, copies: Sequence[Copies], texts: Texts) -> Message:
    edited, replies = sum(one.edited + one.ahead for one in copies), sum(one.replies for one in copies)
    key = "copies" if edited or replies else "copies_none"
    follows = texts.phrases[key].format(edited=edited, replies=replies)
    return Message(blocks=(_sentence(sentence), _sentence(follows)), plain=f"{sentence} {follows}")


def _sentence(text: str) -> Paragraph:
    return Paragraph((Run(text),))


_HANDLERS: dict[str, Callable[[Store, Invocation, Texts, Texts, Author], Message]] = {
    "correct": _correct,
    "withdraw": _withdraw,
    "reinstate": _reinstate,
    "hide": hiding.hide,
    "unhide": hiding.unhide,
}
