"""A real day goes to Discord through the outbox."""

from __future__ import annotations

from adapters.discord_messages import messages
from bot import compose
from bot.chat import answer
from digest.sources.report_file import read_report_file
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Invocation
from tests.delivery_makers import MovedClock
from tests.discord_chat import read_out
from tests.discord_rules import message_problems
from tests.discord_server import DiscordServer
from tests.makers import NOON
from tests.material import material
from tests.test_discord_delivery import PLACES, clock, discord, drained, editions, store, titles  # noqa: F401 (fixtures)


async def test_a_real_day_is_posted_and_asked_about(
    discord: DiscordServer, store: StoreThread, clock: MovedClock
) -> None:
    """Twenty-three Chinese reports: a headline and a card each; every answer fits Discord, and shows no marks."""
    known = [compose.texts(language) for language in compose.LANGUAGES]
    report_file = read_report_file(material("reports/2026-01-16.md"), known, compose.taxonomy(), NOON)
    await store.run(lambda opened: opened.save_imported(report_file.day, report_file.entries))
    await store.run(lambda opened: editions(opened, "zh"))
    await drained(store, discord, clock)
    for place in PLACES:
        assert len(titles(discord, place)) == 24
        assert len(set(titles(discord, place))) == 24
    shown = [read_out(message) for message in discord.visible()]
    assert not [text for text in shown if "**" in text or "\\" in text]

    def asked(opened: Store) -> list[str]:
        desk = compose.desk(opened)
        questions = [f"{paper.id}{section}" for paper, _ in report_file.entries for section in ("", " results")]
        asks = [Invocation(name="paper", args=question, language="zh") for question in questions]
        parts = [part.body() for ask in asks for part in messages(answer(ask, desk))]
        return [str(problem) for body in parts for problem in message_problems(body)]

    assert await store.run(asked) == []
