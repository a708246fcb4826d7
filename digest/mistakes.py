"""Mistakes in reports that readers reported in their own words, kept as jobs until an editor has dealt with them.

Whoever reported one hears privately what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec
from msgspec import Struct

from digest import render
from digest.errors import UsageError
from digest.jobs import JobState, add_job, finish_job, job
from digest.letters import write_letter
from digest.localizer import Localizer
from digest.lookups import Lookups
from digest.store import Store, _transaction
from digest.types import ArxivId, Destination, Message, Paragraph, Run, SectionName, Texts

KIND = "mistake"
SHOWN = 10
WORDS_CHARS = 1_000


class Mistake(Struct, frozen=True):
    """`number` is what `dismiss` takes. `language` is that of the report, "" for one that was reported before it was
    kept, as are no section and no words. `to` is where the person who reported it hears of it, None when nobody knows,
    and `reader` their language.
    """

    number: int
    paper: ArxivId
    section: SectionName | None
    words: str
    told_by: str  # adapter:person
    told_at: datetime
    language: str = ""
    to: Destination | None = None
    reader: str = ""


class _Told(Struct, frozen=True, omit_defaults=True):
    paper: str
    section: SectionName | None = None
    words: str = ""
    language: str = ""
    to: str = ""
    reader: str = ""


def one_line(words: str) -> str:
    """What a reader typed as it is kept and told: on one line, at most WORDS_CHARS characters."""
    return " ".join(words.split())[:WORDS_CHARS]


def tell_mistake(
    store: Store,
    paper: ArxivId,
    section: SectionName | None,
    words: str,
    told_by: str,
    language: str = "",
    to: Destination | None = None,
    reader: str = "",
) -> int:
    """Notes what somebody says is wrong in the report on a paper, and gives its number; the same said again is the
    same."""
    told = _Told(str(paper), section, one_line(words), language, "" if to is None else str(to), reader)
    return add_job(store, KIND, msgspec.json.encode(told).decode(), told_by)


def mistakes(lookups: Lookups) -> tuple[Mistake, ...]:
    """The newest that nobody has dealt with, newest first."""
    return tuple(one for one, _ in zip(_waiting(lookups), range(SHOWN), strict=False))


def mistakes_in(
    lookups: Lookups, paper: ArxivId, language: str = "", section: SectionName | None = None
) -> tuple[Mistake, ...]:
    """All that nobody has dealt with in the reports on a paper; with a language or section only those in that one, and
    those of which it is not known."""
    return tuple(
        one
        for one in _waiting(lookups)
        if one.paper == paper
        and (not language or one.language in ("", language))
        and (section is None or one.section in (None, section))
    )


def waiting(lookups: Lookups) -> int:
    """How many nobody has dealt with."""
    (count,) = lookups.connection.execute(
        "SELECT count(*) FROM jobs WHERE kind = ? AND state = 'waiting'", (KIND,)
    ).fetchone()
    return int(count)


def _waiting(lookups: Lookups) -> Iterable[Mistake]:
    rows = lookups.connection.execute(
        "SELECT id, request, asked_by, asked_at FROM jobs WHERE kind = ? AND state = 'waiting' ORDER BY id DESC",
        (KIND,),
    )
    return (_mistake(row["id"], row["request"], row["asked_by"], row["asked_at"]) for row in rows)


def _mistake(number: int, request: str, told_by: str, told_at: str) -> Mistake:
    told = msgspec.json.decode(request, type=_Told)
    return Mistake(
        number,
        ArxivId(told.paper),
        told.section,
        told.words,
        told_by,
        datetime.fromisoformat(told_at),
        told.language,
        Destination.parse(told.to) if told.to else None,
        told.reader,
    )


def mistake(lookups: Lookups, number: int) -> Mistake:
    """The reported mistake with this number. Raises UsageError when no such one waits."""
    try:
        known = job(lookups, number)
    except UsageError:
        raise UsageError(f'There is no mistake {number}. "paperboy status" shows those that wait.') from None
    if known.kind != KIND or known.state is not JobState.WAITING:
        raise UsageError(f'{number} is no mistake that waits. "paperboy status" shows those that do.')
    (asked_at,) = lookups.connection.execute("SELECT asked_at FROM jobs WHERE id = ?", (number,)).fetchone()
    return _mistake(number, known.request, known.asked_by, asked_at)


def dismiss(store: Store, localizer: Localizer, number: int, why: str = "") -> Mistake:
    """Settles a reported mistake that is none: the report is kept, and whoever reported it is told so, with the reason.

    Raises UsageError when no such mistake waits.
    """
    why = one_line(why)
    with _transaction(store.connection):
        known = mistake(store, number)
        settle(store, localizer, (known,), lambda texts: _kept(why, texts))
    return known


def _kept(why: str, texts: Texts) -> str:
    return texts.phrases["mistake_kept_why"].format(why=why) if why else texts.phrases["mistake_kept"]


def settle(store: Store, localizer: Localizer, found: Iterable[Mistake], outcome: Callable[[Texts], str]) -> None:
    """Takes mistakes as dealt with, and tells each person who reported one what became of it: `outcome`, a sentence in
    their language. Of several that they reported in one section they hear once."""
    letters: dict[tuple[Destination, SectionName | None], tuple[Mistake, str, Texts]] = {}
    for one in found:
        texts = localizer.texts(one.reader or one.language or "en")
        sentence = _sentence(one.section, outcome(texts), texts)
        finish_job(store, one.number, sentence)
        if one.to is not None:
            letters.setdefault((one.to, one.section), (one, sentence, texts))
    for (to, _), (one, sentence, texts) in letters.items():
        paper = store.paper(one.paper)
        if paper is not None:
            title = render.unlinked(paper.title)
            message = Message(
                title=title,
                link=render.address(paper),
                blocks=(Paragraph((Run(sentence),)),),
                plain=f"{title}: {sentence}",
            )
            write_letter(store, to, message, texts.language, f"mistake {one.number}")


def _sentence(section: SectionName | None, outcome: str, texts: Texts) -> str:
    key = "mistake_yours" if section else "mistake_yours_somewhere"
    where = texts.phrases[key].format(section=texts.sections[section] if section else "")
    return f"{where}{'' if texts.language.startswith('zh') else ' '}{outcome}"
