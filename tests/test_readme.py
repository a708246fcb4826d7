"""What the README shows of chat is what the bot says, over the sample day."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.markup import message_lines, undressed
from bot import compose, delivery
from bot.answering import Answering
from bot.sample_server import SAMPLE_DAY, serving
from config.settings import HERE, load
from digest.editions import make_edition, number_of, subscribed
from digest.pipeline import make_digest
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Invocation, Message
from tests.delivery_makers import MovedClock

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PERSON = Destination("slack", "T1", "U0ALICE")
COMMAND = "/paperboy subscribe video, robotics at 08:30 weekdays limit 5 without survey"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with the sample day, made as the demo makes it."""
    file = tmp_path_factory.mktemp("sample") / "paperboy.db"
    with serving(HERE / "sample") as address:
        shipped = load(HERE / "default.toml", {})
        changed = msgspec.structs.replace
        settings = changed(
            shipped,
            store=changed(shipped.store, path=str(file)),
            hub=changed(shipped.hub, url=address),
            arxiv=changed(shipped.arxiv, url=address, gap_s=0.0),
        )

        async def made() -> None:
            async with compose.press(settings) as press:
                await make_digest(press, date.fromisoformat(SAMPLE_DAY), "en", 100, lambda *_: None)

        asyncio.run(made())
    return file


def shown(message: Message) -> list[str]:
    """As the README has it: addresses are left out, buttons stand below."""
    lines = [line.partition(" (http")[0] for line in message_lines(message, None, undressed)]
    buttons = "   " + " ".join(f"[{action.label}]" for action in message.actions)
    return ["    " + line if line else "" for line in (*lines, buttons)]


async def test_subscribing_and_the_morning_look_as_the_readme_says(sample: Path) -> None:
    """Line by line: the answer to the command, and the headline that comes by direct message."""
    clock = MovedClock()
    store = StoreThread(sample, clock)

    async def nowhere(*_: Any) -> str:
        return ""

    def headline(opened: Store) -> Message:
        number = number_of(opened, PERSON)
        make_edition(opened, number, date.fromisoformat(SAMPLE_DAY), delivery.composer(subscribed(opened)[number]))
        row = opened.connection.execute(
            "SELECT body FROM deliveries JOIN payloads ON payloads.id = payload ORDER BY position LIMIT 1"
        ).fetchone()
        return msgspec.json.decode(row[0], type=Message)

    answering = Answering(store, sample, "en", lambda: None, nowhere, clock)
    name, _, args = COMMAND.removeprefix("/").partition(" ")
    told = await answering.answer(
        Invocation(
            name=name,
            args=args,
            language="en",
            adapter=PERSON.adapter,
            workspace=PERSON.workspace,
            channel="D0ALICE",
            person=PERSON.address,
            timezone="Europe/Berlin",
        )
    )
    morning = await store.run(headline)
    await answering.close()
    await store.close()
    assert "\n".join((f"    > {COMMAND}", *shown(told))) in README
    assert "\n".join(shown(morning)).strip("\n") in README
