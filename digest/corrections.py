"""What is wrong with a report is put right, or the report withdrawn: in the store, and wherever it was posted.

Each is one transaction: the new revision, the edits of the copies whose text changes, one reply in each thread.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from digest import posts, render
from digest.changes import Change, changes
from digest.copies import Copies, Copy, amend
from digest.editions import MessageKind
from digest.errors import UsageError, Withdrawn
from digest.lookups import Lookups
from digest.markdown import normal, plain
from digest.store import Store, _transaction
from digest.types import ArxivId, Block, Message, Paper, Paragraph, Report, Run, Section, SectionName, Texts

_ORDER = tuple(SectionName)
_UPVOTES = re.compile(r"▲(\d+)")


class Voice(Struct, frozen=True):
    """The fixed texts of a language, and what languages are called in it."""

    texts: Callable[[str], Texts]
    languages: Callable[[str], Mapping[str, str]]


class Corrected(Struct, frozen=True):
    """The report as it now is, and what is done about its copies. No changes: only its form is another."""

    report: Report
    changes: tuple[Change, ...]
    copies: tuple[Copies, ...]


def correct(
    store: Store,
    voice: Voice,
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
        copies = amend(store, paper.id, report.language, _Correction(store, voice, paper, report, section, changed))
        store.connection.execute(
            "UPDATE messages SET report = "
            "(SELECT id FROM reports WHERE paper = ?1 AND language = ?2 AND revision = ?3) "
            "WHERE paper = ?1 AND report IN (SELECT id FROM reports WHERE paper = ?1 AND language = ?2)",
            (paper.id, report.language, report.revision),
        )
    return Corrected(report, changed, copies)


def withdraw(store: Store, voice: Voice, paper: ArxivId, why: str) -> tuple[Copies, ...]:
    """Takes every report on a paper back for good: who asks is told why, and nothing about it is written or delivered.

    Raises UsageError when there is no report, or no reason, and Withdrawn when it has been done before.
    """
    why = " ".join(why.split())
    if not why:
        raise UsageError("Say why the report is withdrawn: people who ask for it are told.")
    with _transaction(store.connection):
        known, _ = to_correct(store, paper, "")
        store.withdraw_reports(paper, why)
        unsent = f"The report was withdrawn before this was sent: {why}"
        return amend(store, paper, "", _Withdrawal(voice, known, why), unsent)


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
        voice: Voice,
        paper: Paper,
        report: Report,
        section: SectionName,
        changed: Sequence[Change],
    ) -> None:
        self._lookups, self._voice, self._paper, self._report = lookups, voice, paper, report
        self._section, self._changes = section, changed
        self.subject = f"corrected {report.language} {report.revision}"

    def redrawn(self, copy: Copy, shown: Message) -> Message:
        """As it would be rendered now; what is not the report's stays: buttons, marks, upvotes as they were."""
        texts = self._voice.texts(copy.language)
        if copy.kind is MessageKind.SECTION:
            section = self._report.section(SectionName(copy.subject))
            return shown if section is None else replace(shown, blocks=render.section_blocks(section, texts))
        before = self._lookups.revision(self._report.paper_id, copy.report_language, copy.revision)
        upvotes = _UPVOTES.search(shown.footer)
        paper = replace(self._paper, upvotes=int(upvotes[1]) if upvotes else None)
        languages = self._voice.languages(copy.language)
        was, now = (posts.card(paper, report, texts, languages, ()) for report in (before, self._report))
        footer = shown.footer.replace(was.footer, now.footer) if was.footer in shown.footer else now.footer
        return replace(shown, blocks=_swapped(shown.blocks, was.blocks, now.blocks), footer=footer)

    def reply(self, copy: Copy) -> Message | None:
        if not self._changes:
            return None
        texts = self._voice.texts(copy.language)
        return _told(self._paper, sentence_of(self._changes, texts), texts.sections[self._section])


class _Withdrawal:
    """An Amendment: see digest.copies."""

    subject = "withdrawn"

    def __init__(self, voice: Voice, paper: Paper, why: str) -> None:
        self._voice, self._paper, self._why = voice, paper, why

    def redrawn(self, copy: Copy, shown: Message) -> Message:
        """The reason instead of the text; of the buttons, those that lead to the paper stay."""
        texts = self._voice.texts(copy.language)
        sentence: Block = Paragraph((Run(self._sentence(texts)),))
        if copy.kind is MessageKind.SECTION:
            label = render.section_blocks(Section(SectionName(copy.subject)), texts)[0]
            return replace(shown, blocks=(label, sentence))
        links = tuple(action for action in shown.actions if action.url)
        return replace(shown, blocks=(sentence,), footer=render.facts(self._paper, None, texts), actions=links)

    def reply(self, copy: Copy) -> Message:
        return _told(self._paper, self._sentence(self._voice.texts(copy.language)), "")

    def _sentence(self, texts: Texts) -> str:
        return texts.phrases["withdrawn_here"].format(why=self._why)


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
        title=paper.title,
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
