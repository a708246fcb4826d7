"""Correct, withdraw or reinstate a report, or hide it in a channel: in the store, and wherever it was posted.

Each is one transaction: the new revision, the edits of the copies whose text changes, one reply in each thread, and
the answers to those who reported a mistake.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from digest import posts, render
from digest.changes import Change, changes
from digest.copies import Copies, Copy, amend
from digest.covers import Covers, clear_hidden, set_hidden, withdrawn_sentence
from digest.errors import UsageError, Withdrawn
from digest.headlines import redraw_headlines
from digest.localizer import Localizer
from digest.lookups import Lookups
from digest.markdown import normal, plain
from digest.mistakes import mistakes_in, settle
from digest.shelf import Composer
from digest.store import Store, _transaction
from digest.types import ArxivId, Block, Message, Paper, Paragraph, Report, Run, Section, SectionName, Texts

_ORDER = tuple(SectionName)
_UPVOTES = re.compile(r"▲(\d+)")

T = TypeVar("T")


class Corrected(Struct, frozen=True):
    """The report as it now is, and what is done about its copies. No changes: only its form is another."""

    report: Report
    changes: tuple[Change, ...]
    copies: tuple[Copies, ...]


def correct(
    store: Store,
    localizer: Localizer,
    before: Report,
    section: SectionName,
    blocks: Sequence[Block],
    by: str,
) -> Corrected:
    """Has a section of a report say this from now on. `before` is the report that the person saw, `by` who that is.

    Raises UsageError when nothing changes or the report is not the newest any more, and Withdrawn.
    """
    blocks = normal(blocks)
    if not blocks:
        raise UsageError("A section cannot be made empty. To take the whole report back, withdraw it.")
    was = before.section(section)
    if was is not None and was.blocks == blocks:
        raise UsageError(f'Nothing changes: the section "{section}" of {before.paper_id} says just that.')
    with _transaction(store.connection):
        paper, newest = to_correct(store, before.paper_id, before.language)
        if newest.revision != before.revision:
            raise UsageError(
                f"The report on {paper.id} has changed in the meantime. Look at it again, and correct it then."
            )
        others = [one for one in newest.sections if one.name is not section]
        sections = sorted((*others, Section(section, blocks)), key=lambda one: _ORDER.index(one.name))
        now = replace(newest, sections=tuple(sections), provisional=False, written_at=store.clock())
        report = store.save_correction(now, by)
        changed = changes("" if was is None else plain(was.blocks), plain(blocks))
        amendment = _Correction(store, localizer, paper, report, section, changed)
        copies = amend(store, paper.id, report.language, amendment, Covers(store, localizer, paper))
        store.connection.execute(
            "UPDATE messages SET report = "
            "(SELECT id FROM reports WHERE paper = ?1 AND language = ?2 AND revision = ?3) "
            "WHERE paper = ?1 AND report IN (SELECT id FROM reports WHERE paper = ?1 AND language = ?2)",
            (paper.id, report.language, report.revision),
        )
        reported = mistakes_in(store, paper.id, report.language, section)
        settle(store, localizer, reported, lambda texts: what_changed(changed, section, texts))
    return Corrected(report, changed, copies)


def withdraw(store: Store, localizer: Localizer, paper: ArxivId, why: str) -> tuple[Copies, ...]:
    """Takes every report on a paper back: who asks is told why, and nothing about it is written or delivered until it
    is reinstated.

    Raises UsageError when there is no report, or no reason, and Withdrawn when it has been done before.
    """
    why = " ".join(why.split())
    if not why:
        raise UsageError("Say why the report is withdrawn: people who ask for it are told.")
    with _transaction(store.connection):
        known, _ = to_correct(store, paper, "")
        store.withdraw_reports(paper, why)
        amendment = _Notice(
            localizer, known, f"withdrawn {secrets.token_hex(8)}", lambda texts: withdrawn_sentence(why, texts)
        )
        settle(store, localizer, mistakes_in(store, paper), amendment.sentence)
        return amend(store, paper, "", amendment, Covers(store, localizer, known))


def reinstate(store: Store, localizer: Localizer, paper: ArxivId) -> tuple[Copies, ...]:
    """Undoes a withdrawal: every copy shows the report again, what was held is posted, and it is answered as before.

    Raises UsageError when the report was not withdrawn.
    """
    with _transaction(store.connection):
        known = store.paper(paper)
        if known is None or store.withdrawn(paper) is None:
            raise UsageError(f"The report on {paper} is not withdrawn.")
        store.reinstate_reports(paper)
        amendment = _Notice(
            localizer, known, f"reinstated {secrets.token_hex(8)}", lambda texts: texts.phrases["reinstated_here"]
        )
        return amend(store, paper, "", amendment, Covers(store, localizer, known))


def hide(
    store: Store, localizer: Localizer, paper: ArxivId, destination: int, by: str, composer: Composer
) -> tuple[Copies, ...]:
    """Hides a paper at one destination: its copies there say so, and the headline no longer counts or names it. One
    that has not been posted there is not, until it is shown again.

    Raises UsageError when the paper is not known, or is hidden there already.
    """
    with _transaction(store.connection):
        if store.paper(paper) is None:
            raise UsageError(f"There is no paper {paper} here.")
        if not set_hidden(store, destination, paper, by):
            raise UsageError(f"{paper} is hidden here already.")
        return _recover(store, localizer, paper, destination, composer)


def unhide(
    store: Store, localizer: Localizer, paper: ArxivId, destination: int, composer: Composer
) -> tuple[Copies, ...]:
    """Undoes `hide`. Raises UsageError when the paper is not hidden there."""
    with _transaction(store.connection):
        if not clear_hidden(store, destination, paper):
            raise UsageError(f"{paper} is not hidden here.")
        return _recover(store, localizer, paper, destination, composer)


def _recover(
    store: Store, localizer: Localizer, paper: ArxivId, destination: int, composer: Composer
) -> tuple[Copies, ...]:
    """Has the copies at a destination, and its headlines, show what is hidden there now and what no longer is."""
    known = store.paper(paper)
    assert known is not None  # noqa: S101 (the callers have seen to it)
    redraw_headlines(store, destination, paper, composer)
    return amend(store, paper, "", _Silent(), Covers(store, localizer, known), destination)


def preview(store: Store, act: Callable[[], T]) -> T:
    """What an act would come to: it is done and undone in one transaction. Raises what the act raises."""
    with _transaction(store.connection) as connection:
        connection.execute("SAVEPOINT preview")
        try:
            return act()
        finally:
            connection.execute("ROLLBACK TO preview")
            connection.execute("RELEASE preview")


def to_correct(lookups: Lookups, paper: ArxivId, language: str) -> tuple[Paper, Report]:
    """A paper and its newest report in exactly this language, or, "", in any. Raises UsageError and Withdrawn."""
    if (why := lookups.withdrawn(paper)) is not None:
        raise Withdrawn(paper, why)
    known = lookups.paper(paper)
    report = lookups.report_in(paper, language) if language else lookups.report(paper, language)
    if known is None or report is None:
        there = lookups.languages(paper)
        named = f" in {language}; there is one in {', '.join(there)}" if language and there else ""
        raise UsageError(f"There is no report on {paper}{named}.")
    return known, report


# --- what is shown instead, and said -----------------------------------------------------------------------------


class _Correction:
    """An Amendment: see digest.copies."""

    def __init__(
        self,
        lookups: Lookups,
        localizer: Localizer,
        paper: Paper,
        report: Report,
        section: SectionName,
        changed: Sequence[Change],
    ) -> None:
        self._lookups, self._localizer, self._paper, self._report = lookups, localizer, paper, report
        self._section, self._changes = section, changed
        self.subject = f"corrected {report.language} {report.revision}"

    def redrawn(self, copy: Copy, shown: Message) -> Message:
        """As it would be rendered now; what is not the report's stays: buttons, marks, upvotes as they were."""
        texts = self._localizer.texts(copy.language)
        if copy.is_section:
            section = self._report.section(SectionName(copy.subject))
            return shown if section is None else replace(shown, blocks=render.section_blocks(section, texts))
        before = self._lookups.revision(self._report.paper_id, copy.report_language, copy.revision)
        upvotes = _UPVOTES.search(shown.footer)
        paper = replace(self._paper, upvotes=int(upvotes[1]) if upvotes else None)
        languages = self._localizer.languages(copy.language)
        was, now = (posts.card(paper, report, texts, languages, ()) for report in (before, self._report))
        footer = shown.footer.replace(was.footer, now.footer) if was.footer in shown.footer else now.footer
        return replace(shown, blocks=_swapped(shown.blocks, was.blocks, now.blocks), footer=footer)

    def reply(self, copy: Copy) -> Message | None:
        if not self._changes:
            return None
        texts = self._localizer.texts(copy.language)
        return _told(self._paper, sentence_of(self._changes, texts), texts.sections[self._section])


class _Notice:
    """An Amendment that changes no text of the report: it is said that what covers it has changed."""

    def __init__(self, localizer: Localizer, paper: Paper, subject: str, sentence: Callable[[Texts], str]) -> None:
        self._localizer, self._paper = localizer, paper
        self.subject, self.sentence = subject, sentence

    def redrawn(self, _copy: Copy, shown: Message) -> Message:
        return shown

    def reply(self, copy: Copy) -> Message | None:
        return _told(self._paper, self.sentence(self._localizer.texts(copy.language)), "")


class _Silent:
    """An Amendment of which nothing is said."""

    subject = ""

    def redrawn(self, _copy: Copy, shown: Message) -> Message:
        return shown

    def reply(self, _copy: Copy) -> Message | None:
        return None


def what_changed(changed: Sequence[Change], section: SectionName, texts: Texts) -> str:
    """A correction in a sentence: its changes, or that only the form changed."""
    if changed:
        return sentence_of(changed, texts)
    return texts.phrases["correct_form_only"].format(section=texts.sections[section])


def sentence_of(changed: Sequence[Change], texts: Texts) -> str:
    """`Corrected: 91.4 was 19.4`."""
    semicolon = "；" if texts.language.startswith("zh") else "; "
    return texts.phrases["corrected"].format(changes=semicolon.join(_in_words(change, texts) for change in changed))


def _in_words(change: Change, texts: Texts) -> str:
    key = "corrected_change" if change.before and change.now else "corrected_in" if change.now else "corrected_out"
    before, now = change.before, change.now
    if before and now and " " in before + now:  # where more than words are told, it is to be seen where they end
        before, now = f"“{before}”", f"“{now}”"
    return texts.phrases[key].format(before=before, now=now)


def _told(paper: Paper, sentence: str, footer: str) -> Message:
    return Message(
        title=render.unlinked(paper.title),
        link=render.address(paper),
        blocks=(Paragraph((Run(sentence),)),),
        footer=footer,
        plain=sentence,
    )


def _swapped(blocks: tuple[Block, ...], was: tuple[Block, ...], now: tuple[Block, ...]) -> tuple[Block, ...]:
    """The blocks with a stretch of them replaced; all of them, when they do not hold it."""
    for place in range(len(blocks) - len(was) + 1):
        if blocks[place : place + len(was)] == was:
            return (*blocks[:place], *now, *blocks[place + len(was) :])
    return now
