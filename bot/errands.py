"""What somebody asks for that the store alone cannot answer: a question to a paper's text, a paper that is to be read.

An errand is read from what was typed, kept as a job of the store, and done by bot.requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from bot import chat, commands
from bot.commands import Desk, line
from digest import threads
from digest.errors import InvalidId
from digest.types import ArxivId, Invocation, Message

QUESTION_CHARS = 500
_LANGUAGES = ("en", "zh")  # whose words for it are understood, whatever language somebody speaks


class Task(StrEnum):
    ASK = "ask"
    READ = "read"
    REFRESH = "refresh"


class Errand(Struct, frozen=True, kw_only=True):
    """Something to be done for somebody. `asked` is what they said, in the language to answer in; `words` are a
    question, or what names a section of the report to show."""

    task: Task
    paper: str  # an id: jobs keep errands as JSON, which knows no ArxivId
    words: str = ""
    asked: Invocation

    @property
    def paper_id(self) -> ArxivId:
        return ArxivId(self.paper)


class _Typed(NamedTuple):
    """What was typed, taken apart. `task` is None for a look-up."""

    named: str  # the paper: an id, an address, words of a title, or "" for the one at hand
    task: Task | None
    words: str


def errand(asked: Invocation, desk: Desk, at_hand: ArxivId | None) -> Errand | Message | None:
    """The errand in what was said, what to tell of one that cannot be done, or None when there is none in it.

    `at_hand` is the paper that the conversation was about last.
    """
    if asked.name not in ("paper", "mention"):
        return None
    typed = _typed(asked.args, desk)
    if typed.named or typed.task is None:
        place = None
    else:
        place = threads.message_at(desk.lookups, asked.channel, asked.thread) if asked.thread else None
        if place is not None and place.paper is None:
            return chat.which(asked, desk, place.day)
    of_place = at_hand if place is None else place.paper
    if typed.task is None:
        return _unread(asked, typed, desk)
    found = _paper(typed, of_place, asked, desk)
    if isinstance(found, Message):
        return found
    if desk.lookups.withdrawn(found) is not None:
        return chat.answer(replace(asked, name="paper", args=str(found)), desk)
    if typed.task is Task.ASK and not typed.words:
        return line(desk.texts(asked.language), "ask_what", id=found)
    return Errand(task=typed.task, paper=str(found), words=typed.words[:QUESTION_CHARS], asked=asked)


def _unread(asked: Invocation, typed: _Typed, desk: Desk) -> Errand | None:
    """A look-up of a paper that is named by its id and has no report yet."""
    if not commands.is_id(typed.named):
        return None
    paper = ArxivId.parse(typed.named)
    if desk.lookups.report(paper, asked.language) is not None or desk.lookups.withdrawn(paper) is not None:
        return None
    return Errand(task=Task.READ, paper=str(paper), words=typed.words, asked=asked)


def _paper(typed: _Typed, of_place: ArxivId | None, asked: Invocation, desk: Desk) -> ArxivId | Message:
    if not typed.named:
        return of_place or line(desk.texts(asked.language), "which_paper")
    try:
        return ArxivId.parse(typed.named)
    except InvalidId:
        kept = " ".join((typed.task or "", typed.words)).strip()
        found = commands.named(typed.named, kept, desk, desk.texts(asked.language))
        return found if isinstance(found, Message) else found[0].id


def _typed(args: str, desk: Desk) -> _Typed:
    words = args.split()
    after_id = 1 if words and commands.is_id(words[0]) else 0
    asks, refreshes = understood("ask_words", desk), understood("refresh_words", desk)
    for place, word in enumerate(words[: after_id + 1] if after_id else words):
        if word.casefold() in asks:
            return _Typed(" ".join(words[:place]), Task.ASK, " ".join(words[place + 1 :]))
    if words and words[-1].casefold() in refreshes and (not after_id or len(words) == 2):
        return _Typed(" ".join(words[:-1]), Task.REFRESH, "")
    rest = " ".join(words[1:])
    if after_id and rest.endswith(("?", "？")):
        return _Typed(words[0], Task.ASK, rest)
    return _Typed(words[0] if after_id else "", None, rest if after_id else args)


def understood(key: str, desk: Desk) -> Sequence[str]:
    """The words for something in every language that has texts."""
    return [word for language in _LANGUAGES for word in desk.texts(language).phrases[key].split()]


def as_lookup(errand: Errand) -> Invocation:
    """The look-up that shows the report, or the section of it that was asked for."""
    words = "" if errand.task is Task.ASK else errand.words
    return replace(errand.asked, name="paper", args=f"{errand.paper} {words}".strip())
