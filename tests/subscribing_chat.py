"""A bot with a day of papers, people who talk to it, and what they see."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from adapters.markup import message_lines, undressed
from bot.answering import Answering
from digest.editions import Subscription, register, subscribed
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Form, Invocation, Message, Posted
from tests.delivery_makers import MovedClock
from tests.makers import DAY, paper, report

CHANNEL = Destination("slack", "", "C0LAMPS")
OTHER = "C0MOTHS"
ALICE = Destination("slack", "T1", "U0ALICE")
BOB = Destination("slack", "T1", "U0BOB")


class Chat:
    """A bot with a day of five papers: the first about video and lamps, the others about vision and theory."""

    def __init__(self, path: Path) -> None:
        self.clock = MovedClock()
        self.store = StoreThread(path, self.clock)
        self.answering = Answering(self.store, path, "en", lambda: None, self._link, self.clock)

    async def says(self, words: str, **more: Any) -> Message:
        """What Alice types after a slash, in her direct messages unless `channel` says where."""
        name, _, args = words.partition(" ")
        return await self.asks(name, args, **more)

    async def asks(self, name: str, args: str = "", **more: Any) -> Message:
        told: dict[str, Any] = {
            "language": "en",
            "adapter": "slack",
            "workspace": "T1",
            "channel": "D0ALICE",
            "person": "U0ALICE",
            **more,
        }
        return await self.answering.answer(Invocation(name=name, args=args, **told))

    async def presses(self, message: Message, label: str, **more: Any) -> Message:
        (action,) = (action for action in message.actions if action.label == label)
        return await self.asks(action.command, action.argument, **more)

    async def fills(self, form: Form | None, changes: Mapping[str, tuple[str, ...]], **more: Any) -> Message:
        """Sends a form as it is filled, but for the changes."""
        assert form is not None
        answers = {field.name: field.values for field in form.fields} | dict(changes)
        return await self.asks(form.command, form.argument, answers=answers, **more)

    async def kept(self, to: Destination = ALICE) -> Subscription | None:
        found = await self.store.run(subscribed)
        return next((one for one in found.values() if one.to == to), None)

    async def close(self) -> None:
        await self.answering.close()
        await self.store.close()

    async def _link(self, _to: Destination, _posted: Posted) -> str:
        return ""


def fill(store: Store, day: date = DAY, first: int = 1) -> None:
    """Five papers of a day, the first about video, the others about vision and theory; a channel of the settings."""
    ids = [f"2601.{number:05}" for number in range(first, first + 5)]
    store.save_listing(day, [paper(one, title=f"Lantern {one[-1]} for Networks", upvotes=9) for one in ids])
    for place, one in enumerate(ids):
        store.save_report(report(one, domains=("vision", "theory") if place else ("video",)))
    register(store, [Subscription(to=CHANNEL)])


def seen(message: Message) -> str:
    return "\n".join(message_lines(message, None, undressed))


def labels(message: Message) -> list[str]:
    return [action.label for action in message.actions]


def field(message: Message, name: str) -> tuple[str, ...]:
    assert message.form is not None
    return next(one.values for one in message.form.fields if one.name == name)
