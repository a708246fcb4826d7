"""What a person gets by direct message, what shows it, and how they are forgotten: dialogs over real editions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bot import delivery, ringing
from bot.registry import COMMANDS
from bot.words import UNDER_PAPERBOY
from digest.editions import Order, make_edition, make_editions, number_of, subscribed
from digest.store import Store
from digest.types import Action, Message
from tests.makers import DAY
from tests.subscribing_chat import ALICE, BOB, Chat, field, fill, labels, seen


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    made = Chat(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


async def test_my_topics_show_the_subscription_and_the_days_domains(chat: Chat) -> None:
    """Without a day those of the newest."""
    await chat.says("paperboy subscribe video")
    for name, args in (("topics", "2026-01-16"), ("topics", ""), ("home", "")):
        told = await chat.asks(name, args)
        assert labels(told) == ["vision 4", "theory 4", "video 1"]
        assert field(told, "domains") == ("video",)
        assert "video, Mon" in seen(told)
    # A form hides there what else an answer has
    told = await chat.asks("topics", adapter="discord", person="42", channel="7")
    assert (labels(told)[:2], told.form) == (["Change", "vision 4"], None)


def rendered(store: Store) -> list[Message]:
    """Alice's edition of the day, as its messages were frozen."""
    number = number_of(store, ALICE)
    make_edition(store, number, DAY, delivery.composer(subscribed(store)[number]))
    return frozen(store, number)


def frozen(store: Store, number: int) -> list[Message]:
    rows = store.connection.execute(
        "SELECT body FROM deliveries JOIN payloads ON payloads.id = payload WHERE destination = ? ORDER BY position",
        (number,),
    )
    return [msgspec.json.decode(row[0], type=Message) for row in rows]


async def test_a_person_gets_a_headline_and_a_card_for_each_paper(chat: Chat) -> None:
    """The headline says how much of the day it is; cards have the buttons that they have in channels."""
    await chat.says("paperboy subscribe vision")
    headline, *cards = await chat.store.run(rendered)
    assert headline.title == "4 of 5 papers are about vision"
    assert headline.footer == "Fri 16 Jan · 4 read in full"
    assert labels(headline) == ["Change", "Pause a week", "Unsubscribe"]
    assert [card.title for card in cards] == [f"Lantern {number} for Networks" for number in range(2, 6)]
    assert labels(cards[0])[:2] == ["Read report", "Discuss"]
    assert field(await chat.presses(headline, "Change"), "domains") == ("vision",)
    assert "Fri 23 Jan" in seen(await chat.presses(headline, "Pause a week"))
    assert "any more" in seen(await chat.presses(headline, "Unsubscribe"))


async def test_what_is_beyond_the_limit_is_one_line_and_a_button(chat: Chat) -> None:
    """The button shows every paper that fits."""
    await chat.says("paperboy subscribe vision, theory limit 1")
    headline, *cards = await chat.store.run(rendered)
    assert headline.title == "4 of 5 papers are about vision or theory"
    assert headline.footer.startswith("3 more than your limit of 1 · ")
    assert len(cards) == 1
    every = seen(await chat.presses(headline, "All 4"))
    assert all(f"Lantern {number}" in every for number in range(2, 6))
    assert "Lantern 1" not in every


@pytest.mark.parametrize(
    ("wish", "title"),
    [
        ("video", "1 of 5 papers is about video"),
        ("vision, theory, video", "5 of 5 papers are about vision, video or theory"),
        ("vision, theory, video, 3d", "5 of 5 papers fit your topics"),
        ("all", "5 of 5 papers for you"),
        ("with lanterns", "5 of 5 papers have “lanterns”"),
        ('video with lanterns, "deep networks"', "1 of 5 papers is about video and has “lanterns” or “deep networks”"),
        ("vision language zh", "5 篇论文中有 4 篇关于计算机视觉"),
    ],
)
async def test_the_headline_names_what_was_asked_for(chat: Chat, wish: str, title: str) -> None:
    """Domains, words, or both; in the language of the subscription."""
    await chat.says(f"paperboy subscribe {wish}")
    headline, *_ = await chat.store.run(rendered)
    assert headline.title == title


async def test_the_bell_rings_for_a_person_at_their_hour_and_not_while_they_pause(chat: Chat) -> None:
    """And for who ended it over a half-sent morning and comes back: what was not sent still comes."""

    def rings(store: Store) -> int:
        store.connection.execute("UPDATE days SET state = 'settled'")
        batches = ringing.plan(store, store.clock(), reading=False)
        return sum(ringing.make(store, batch) for batch in batches if number_of(store, ALICE) in batch.orders)

    await chat.says("paperboy subscribe vision at 12:30")
    assert await chat.store.run(rings) == 0
    chat.clock.move(3600)
    await chat.says("paperboy pause")
    assert await chat.store.run(rings) == 0
    await chat.says("paperboy resume")
    assert await chat.store.run(rings) == 5
    assert await chat.store.run(rings) == 0
    ended = await chat.says("paperboy unsubscribe all")
    await chat.presses(ended, "Have it again")
    assert await chat.store.run(rings) == 5


async def test_days_that_were_missed_come_as_one_message_of_buttons_for_the_person(chat: Chat) -> None:
    """Each shows what would have come."""
    await chat.says("paperboy subscribe vision")

    def after_days(store: Store) -> list[Message]:
        number = number_of(store, ALICE)
        order = Order(subscribed(store)[number], (DAY,))
        fill(store, DAY + timedelta(days=1), first=6)
        make_editions(store, DAY + timedelta(days=1), {number: order}, delivery.composer)
        return frozen(store, number)

    *_, missed = await chat.store.run(after_days)
    assert labels(missed) == ["Fri 16 Jan · 5"]
    shown = seen(await chat.presses(missed, "Fri 16 Jan · 5"))
    assert "4 papers" in shown
    assert "Lantern 1" not in shown


async def test_nothing_that_fits_is_no_message(chat: Chat) -> None:
    """A quiet morning."""
    await chat.says("paperboy subscribe finance")
    assert await chat.store.run(rendered) == []


async def test_help_has_all_that_can_be_typed_and_every_button_leads_somewhere(chat: Chat) -> None:
    """In both languages; a word that is nearly one is answered with it."""
    for language in ("en", "zh"):
        told = seen(await chat.says("paperboy help", language=language))
        assert all(f"/paperboy {word}" in told for word in UNDER_PAPERBOY)
    assert labels(await chat.says("paperboy subscrib"))[0] == "/paperboy subscribe"
    known = {command.name for command in COMMANDS}
    for words in ("subscribe", "subscribe video", "unsubscribe", "pause", "subscriptions", "forget me", "here"):
        told_message = await chat.says(f"paperboy {words}")
        assert {action.command for action in told_message.actions} <= known
        assert told_message.form is None or told_message.form.command in known


async def suggested(chat: Chat, typed: str) -> list[tuple[str, str]]:
    return [(action.label, action.argument) for action in (await chat.asks("suggest", typed)).actions]


async def test_domains_and_days_are_suggested_while_somebody_types(chat: Chat) -> None:
    """The last word is completed, and what stands before it is kept."""
    assert await suggested(chat, "paperboy subscribe topics vid") == [("video", "video")]
    assert await suggested(chat, "paperboy subscribe topics video rob") == [("video robotics", "video robotics")]
    assert await suggested(chat, "paperboy unsubscribe topics 3d, au") == [("3d, audio", "3d, audio")]
    assert len(await suggested(chat, "paperboy subscribe topics")) == 20
    assert await suggested(chat, "paperboy pause until we") == [("a week", "1 week"), ("two weeks", "2 weeks")]


async def test_forgetting_is_confirmed_once_and_erases_everything(chat: Chat) -> None:
    """Other people's things stay."""
    await chat.says("paperboy subscribe video timezone Berlin")
    await chat.store.run(rendered)
    await chat.says("paperboy subscribe audio", person="U0BOB")
    asking = await chat.says("paperboy forget me")
    assert labels(asking) == ["Erase everything about me"]
    assert await chat.kept() is not None
    assert asking.actions == (Action("Erase everything about me", command="forget"),)
    told = await chat.presses(asking, "Erase everything about me")
    assert told.plain == "Everything about you is erased. Subscriptions: 1, messages: 2."
    assert await chat.kept() is None
    assert await chat.kept(BOB) is not None
    assert "(UTC)" in seen(await chat.says("paperboy subscribe video"))


async def test_without_a_person_nothing_is_kept(chat: Chat) -> None:
    """A platform that does not say who asks."""
    assert "Nobody is named" in seen(await chat.says("paperboy subscribe video", person=""))
