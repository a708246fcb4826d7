"""Commands that change what somebody gets: which they are, and who answers them. They run on the store's thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot import channels, persons, subscribing
from bot.commands import Desk, line
from bot.words import under_paperboy
from digest.store import Store
from digest.types import Invocation, Message


def handles(asked: Invocation) -> bool:
    return asked.name in _COMMANDS or (asked.name == "paperboy" and under_paperboy(asked.args)[0] in _UNDER_PAPERBOY)


def answer(asked: Invocation, store: Store, desk: Desk) -> Message:
    """Answers what `handles` says yes to. `asked.language` is the one to answer in."""
    if not asked.person:
        return line(desk.texts(asked.language), "nobody")
    if asked.name != "paperboy":
        return _COMMANDS[asked.name](asked, store, desk)
    word, rest = under_paperboy(asked.args)
    return _UNDER_PAPERBOY[word](asked, rest, store, desk)


_COMMANDS: Mapping[str, Callable[[Invocation, Store, Desk], Message]] = {
    "subscription": subscribing.answered,
    "channel": channels.answered,
    "timezone": subscribing.choose_zone,
    "forget": persons.forgotten,
}
_UNDER_PAPERBOY: Mapping[str, Callable[[Invocation, str, Store, Desk], Message]] = {
    "subscribe": subscribing.subscribe,
    "unsubscribe": subscribing.unsubscribe,
    "pause": channels.suspend,
    "resume": channels.resume,
    "here": channels.here,
    "stop": lambda asked, _, store, desk: channels.stop(asked, store, desk),
}
