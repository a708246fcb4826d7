"""Subscribing in chat, as dialogs: what people type and press, what they are told, and what they then get."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.markup import message_lines, undressed
from bot import delivery, forms
from bot.answering import Answering
from bot.commands import COMMANDS, UNDER_PAPERBOY
from digest.editions import Subscription, make_edition, number_of, register, subscribed
from digest.store import Store, StoreThread
from digest.subscriptions import FOR_GOOD
from digest.types import MANAGER, Action, Destination, Form, Invocation, Message, Posted
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


def fill(store: Store) -> None:
    ids = [f"2601.0000{number}" for number in range(1, 6)]
    store.save_listing(DAY, [paper(one, title=f"Lantern {one[-1]} for Networks", upvotes=9) for one in ids])
    for place, one in enumerate(ids):
        store.save_report(report(one, domains=("vision", "theory") if place else ("video",)))
    register(store, [Subscription(to=CHANNEL)])


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    made = Chat(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


def seen(message: Message) -> str:
    return "\n".join(message_lines(message, None, undressed))


def labels(message: Message) -> list[str]:
    return [action.label for action in message.actions]


def field(message: Message, name: str) -> tuple[str, ...]:
    assert message.form is not None
    return next(one.values for one in message.form.fields if one.name == name)


# --- subscribing -------------------------------------------------------------------------------------------------


async def test_subscribing_says_what_it_means(chat: Chat) -> None:
    """What was asked for, how much of the newest day it would have been, and when it comes next."""
    told = await chat.says(
        "paperboy subscribe vision, video at 9:30 weekdays limit 3 without survey", timezone="Asia/Tokyo"
    )
    assert told.title == "Subscribed"
    shown = seen(told)
    assert "vision, video, Mon Tue Wed Thu Fri at 09:30 (Asia/Tokyo), at most 3 papers, in English." in shown
    assert "Without: “survey”" in shown
    assert "5 of the last 5 papers fit; the first 3 would have come." in shown
    assert "Next: Mon 19 Jan, 09:30 (Asia/Tokyo)." in shown
    assert labels(told) == ["Change", "Pause a week", "Unsubscribe"]
    kept = await chat.kept()
    assert kept == Subscription(
        to=ALICE, kind="person", person="U0ALICE", at="09:30", window_end="12:30", timezone="Asia/Tokyo", limit=3,
        weekdays=("mon", "tue", "wed", "thu", "fri"), domains=("vision", "video"), without_words=("survey",),
    )  # fmt: skip


async def test_what_is_shown_to_be_typed_makes_the_same_subscription(chat: Chat) -> None:
    """A person can hand it to another."""
    told = await chat.says('paperboy subscribe 3d at 7 mon, thu with "world model", flow language zh', timezone="UTC")
    (sentence,) = (text for text in seen(told).splitlines() if text.startswith("/paperboy subscribe"))
    await chat.says(sentence.removeprefix("/"), person="U0BOB", timezone="UTC")
    alices, bobs = await chat.kept(), await chat.kept(BOB)
    assert alices is not None
    assert bobs == msgspec.structs.replace(alices, to=BOB, person="U0BOB")


async def test_words_in_chinese_are_as_good(chat: Chat) -> None:
    """Commands, domains, hours and weekdays; the answer is in the person's language."""
    told = await chat.says(
        "paperboy 订阅 视频、三维 上午9点半 工作日 最多5篇 不含综述", language="zh", timezone="Asia/Shanghai"
    )
    assert told.title == "已订阅"
    assert "视频、三维，周一 周二 周三 周四 周五 09:30（Asia/Shanghai），最多 5 篇，中文。" in seen(told)
    kept = await chat.kept()
    assert kept is not None
    assert (kept.language, kept.without_words) == ("zh", ("综述",))
    assert "不会再有内容发给您" in seen(await chat.says("paperboy 退订 全部", language="zh"))


async def test_domains_replace_those_before_and_an_hour_alone_changes_only_that(chat: Chat) -> None:
    """One subscription a person."""
    await chat.says("paperboy subscribe video at 8 with lamps", timezone="UTC")
    await chat.says("paperboy subscribe at 10 limit 2", timezone="UTC")
    kept = await chat.kept()
    assert kept is not None
    assert (kept.domains, kept.with_words, kept.at, kept.window_end, kept.limit) == (
        ("video",),
        ("lamps",),
        "10:00",
        "13:00",
        2,
    )
    await chat.says("paperboy subscribe theory", timezone="UTC")
    kept = await chat.kept()
    assert kept is not None
    assert (kept.domains, kept.with_words, kept.at, kept.limit) == (("theory",), (), "09:00", 10)


async def test_what_is_not_understood_changes_nothing_and_offers_the_nearest(chat: Chat) -> None:
    """With what was understood, as buttons that do it."""
    told = await chat.says("paperboy subscribe robtics video at 8", timezone="UTC")
    assert "Not understood: “robtics”. Nearest: robotics." in told.plain
    assert await chat.kept() is None
    await chat.asks("paperboy", told.actions[0].argument, timezone="UTC")
    kept = await chat.kept()
    assert kept is not None
    assert (kept.domains, kept.at) == (("video", "robotics"), "08:00")
    other = await chat.says("paperboy subscribe audoi limit 4")
    assert [action.argument for action in other.actions] == ["subscribe audio at 09:00 daily limit 4 language en"]
    assert "Nearest" not in (await chat.says("paperboy subscribe qqqqqq")).plain


async def test_subscribing_without_a_word_asks_with_a_form_and_with_buttons(chat: Chat) -> None:
    """A button for each domain stands in where no form can be shown; an hour alone is kept in the form."""
    told = await chat.says("paperboy subscribe")
    assert len(told.actions) == 20
    assert field(told, "limit") == ("10",)
    assert field(told, "timezone") == ()
    assert "Subscribed" in seen(await chat.presses(told, "video"))
    other = await chat.says("paperboy subscribe at 7:15", person="U0BOB")
    assert field(other, "at") == ("07:15",)
    assert await chat.kept(BOB) is None


async def test_the_form_is_filled_with_how_things_stand_and_keeps_what_is_sent(chat: Chat) -> None:
    """Fields that a platform does not show stay as they are; one that was emptied is empty."""
    await chat.says("paperboy subscribe video at 8 with lamps limit 4", timezone="Europe/Paris")
    form = (await chat.asks("subscription")).form
    assert form is not None
    assert {one.name: one.values for one in form.fields} == {
        "domains": ("video",),
        "with_words": ("lamps",),
        "without_words": (),
        "at": ("08:00",),
        "timezone": ("Europe/Paris",),
        "weekdays": ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
        "limit": ("4",),
        "language": ("en",),
    }
    told = await chat.fills(
        form, {"domains": ("3d", "audio"), "with_words": (), "at": ("21:15",), "weekdays": ("mon",)}
    )
    assert told.title == "Subscribed"
    await chat.asks("subscription", answers={"without_words": ("survey, 综述",)})
    kept = await chat.kept()
    assert kept is not None
    assert (kept.domains, kept.with_words, kept.without_words) == (("3d", "audio"), (), ("survey", "综述"))
    assert (kept.at, kept.weekdays, kept.limit, kept.timezone) == ("21:15", ("mon",), 4, "Europe/Paris")


async def test_a_form_that_cannot_be_understood_comes_back_filled(chat: Chat) -> None:
    """Nothing is kept of it; the fields are named."""
    form = (await chat.asks("subscription")).form
    wrong = {"at": ("25:00",), "limit": ("0",), "timezone": ("Atlantis",), "weekdays": ()}
    told = await chat.fills(form, {"domains": ("audio",), **wrong})
    assert told.plain == "Not understood: Hour, Weekdays, Papers at most, Time zone. Nothing is changed yet."
    assert field(told, "domains") == ("audio",)
    assert await chat.kept() is None


# --- time zones --------------------------------------------------------------------------------------------------


async def test_the_time_zone_is_asked_for_once_when_nobody_knows_it(chat: Chat) -> None:
    """Until it is chosen the hour is in UTC, and the person is told so."""
    told = await chat.says("paperboy subscribe video")
    assert "until you choose one, the hour is in UTC" in seen(told)
    assert {"Berlin", "Shanghai", "UTC"} < set(labels(told))
    later = await chat.says("paperboy subscribe video, audio")
    assert labels(later) == ["Change", "Pause a week", "Unsubscribe", "Another time zone"]
    assert "(Europe/Berlin)" in seen(await chat.presses(told, "Berlin"))
    kept = await chat.kept()
    assert kept is not None
    assert kept.timezone == "Europe/Berlin"
    again = await chat.says("paperboy subscribe vision")
    assert "(Europe/Berlin)" in seen(again)
    assert labels(again) == ["Change", "Pause a week", "Unsubscribe"]


async def test_a_time_zone_in_words_is_checked(chat: Chat) -> None:
    """By name or city, in a form or typed; a wrong one is answered with the nearest."""
    asking = await chat.asks("timezone")
    wrong = await chat.fills(asking.form, {"timezone": ("Berln",)})
    assert "There is no time zone “Berln”. Nearest: Europe/Berlin" in wrong.plain
    assert "Europe/Berlin" in (await chat.presses(wrong, "Berlin")).plain
    await chat.says("paperboy subscribe video timezone new york")
    kept = await chat.kept()
    assert kept is not None
    assert kept.timezone == "America/New_York"


async def test_a_choice_of_ones_own_goes_before_what_the_platform_says(chat: Chat) -> None:
    """The platform's is used only until then."""
    await chat.says("paperboy subscribe video", timezone="Asia/Tokyo")
    form = (await chat.asks("subscription", timezone="Asia/Tokyo")).form
    await chat.fills(form, {"timezone": ("Lisbon",)}, timezone="Asia/Tokyo")
    told = await chat.says("paperboy subscribe audio", timezone="Asia/Tokyo")
    assert "(Europe/Lisbon)" in seen(told)


# --- ending and pausing ------------------------------------------------------------------------------------------


async def test_unsubscribing_from_some_domains_leaves_the_others(chat: Chat) -> None:
    """From the last one it ends; without a word it asks."""
    await chat.says("paperboy subscribe video, audio, 3d")
    asking = await chat.says("paperboy unsubscribe")
    assert labels(asking) == ["video", "audio", "3D", "Everything"]
    assert "audio, 3D" in seen(await chat.presses(asking, "video"))
    assert "is nothing that comes to you" in seen(await chat.says("paperboy unsubscribe lamps"))
    ended = await chat.says("paperboy unsubscribe audio, 3d")
    assert "Nothing comes to you any more." in seen(ended)
    assert await chat.kept() is None
    await chat.presses(ended, "Have it again")
    kept = await chat.kept()
    assert kept is not None
    assert kept.domains == ("audio", "3d")


async def test_unsubscribing_from_one_domain_of_all_leaves_the_nineteen(chat: Chat) -> None:
    """Who gets everything has not said no to the rest."""
    await chat.says("paperboy subscribe all")
    await chat.says("paperboy unsubscribe finance")
    kept = await chat.kept()
    assert kept is not None
    assert len(kept.domains) == 19
    assert "finance" not in kept.domains


async def test_pausing_lasts_until_a_day_a_week_or_until_one_resumes(chat: Chat) -> None:
    """In the person's own days; resuming goes on with the next hour."""
    assert "Nothing comes to you so far" in seen(await chat.says("paperboy pause"))
    told = await chat.says("paperboy subscribe video", timezone="Asia/Tokyo")
    paused = await chat.presses(told, "Pause a week")
    assert "Nothing comes to you until Fri 23 Jan 2026." in seen(paused)
    assert "Paused until Fri 23 Jan 2026." in seen(await chat.says("paperboy subscriptions"))
    assert "Paused until Fri 23 Jan 2026." in seen(await chat.says("paperboy subscribe audio"))
    assert "Next: Fri 23 Jan, 09:00" in seen(await chat.says("paperboy status"))
    assert "Next: Sat 17 Jan, 09:00" in seen(await chat.presses(paused, "Resume"))
    assert "until Sun 1 Feb 2026" in seen(await chat.says("paperboy pause until 1 Feb"))
    assert "until you resume it" in seen(await chat.says("paperboy pause"))
    kept = await chat.kept()
    assert kept is not None
    assert kept.paused_until == FOR_GOOD
    assert "is no day after today" in seen(await chat.says("paperboy pause until last year"))


# --- whose it is -------------------------------------------------------------------------------------------------


async def test_people_see_and_change_only_their_own(chat: Chat) -> None:
    """What Bob does leaves Alice's alone, even with a button of hers."""
    told = await chat.says("paperboy subscribe video")
    assert "What shall come to you" in seen(await chat.says("paperboy subscriptions", person="U0BOB"))
    assert "Nothing comes to you so far" in seen(await chat.presses(told, "Unsubscribe", person="U0BOB"))
    assert "Nothing comes to you so far" in seen(await chat.presses(told, "Pause a week", person="U0BOB"))
    # The same id in another workspace is another person
    assert "3D" in seen(await chat.asks("subscription", answers={"domains": ("3d",)}, workspace="T2"))
    kept = await chat.kept()
    assert kept is not None
    assert (kept.domains, kept.paused_until) == (("video",), None)


async def test_in_discord_a_person_is_the_same_in_every_server(chat: Chat) -> None:
    """Direct messages belong to no server."""
    discord = {"adapter": "discord", "person": "42", "channel": "7"}
    await chat.says("paperboy subscribe video timezone Berlin", workspace="100", **discord)
    await chat.says("paperboy subscribe audio", workspace="200", **discord)
    kept = await chat.kept(Destination("discord", "", "42"))
    assert kept is not None
    assert (kept.domains, kept.timezone) == (("audio",), "Europe/Berlin")
    assert "audio" in seen(await chat.says("paperboy status", workspace="", **discord))


async def test_what_the_settings_fix_for_a_person_cannot_be_changed(chat: Chat) -> None:
    """They are told who can."""
    await chat.store.run(register, [Subscription(to=Destination("slack", "", "U0ALICE"))])
    for words in ("subscribe video", "subscribe", "unsubscribe", "pause", "resume"):
        assert "set by the operator" in seen(await chat.says(f"paperboy {words}"))
    assert "set by the operator" in seen(await chat.asks("subscription", answers={"domains": ("3d",)}))


async def test_status_tells_others_only_when_it_comes(chat: Chat) -> None:
    """In a channel the answer to a mention is read by all."""
    await chat.says("paperboy subscribe video with lamps")
    alone = seen(await chat.says("paperboy status"))
    assert "lamps" in alone
    assert "does not come to this conversation" not in alone
    before_others = seen(await chat.says("paperboy status", channel=CHANNEL.address))
    assert "To you alone:\n• Next: Sat 17 Jan, 09:00 (UTC)." in before_others
    assert "lamps" not in before_others


async def test_said_to_the_bot_alone_it_needs_no_command_before_it(chat: Chat) -> None:
    """Elsewhere such words are those of a title."""
    assert "Subscribed" in seen(await chat.says("mention subscribe video at 8"))
    assert "Newest day" in seen(await chat.says("mention status"))
    assert "No stored paper" in seen(await chat.says("mention subscribe video", channel=CHANNEL.address))


# --- channels ----------------------------------------------------------------------------------------------------


async def test_a_manager_has_the_digest_in_a_channel(chat: Chat) -> None:
    """A form, or words; the settings of a channel before are what it is filled with."""
    here: dict[str, Any] = {"channel": OTHER, "role": MANAGER, "timezone": "Europe/Rome"}
    asking = await chat.says("paperboy here", **here)
    assert (field(asking, "limit"), field(asking, "layout"), field(asking, "timezone")) == (
        ("30",),
        ("digest",),
        ("Europe/Rome",),
    )
    told = await chat.fills(asking.form, {"at": ("7",), "domains": ("vision",), "layout": ("paper",)}, **here)
    assert "vision, Mon Tue Wed Thu Fri Sat Sun at 07:00 (Europe/Rome), at most 30 papers, in English." in seen(told)
    assert "Layout: one message a paper." in seen(told)
    assert "4 of the last 5 papers would have come." in seen(told)
    to = Destination("slack", "T1", OTHER)
    kept = await chat.kept(to)
    assert kept is not None
    assert (kept.kind, kept.layout, kept.window_end) == ("channel", "paper", "10:00")
    await chat.says("paperboy here at 8:30 limit 12", **here)
    kept = await chat.kept(to)
    assert kept is not None
    assert (kept.domains, kept.layout, kept.at, kept.limit) == (("vision",), "paper", "08:30", 12)
    assert field(await chat.presses(told, "Change", **here), "limit") == ("12",)


async def test_a_manager_pauses_and_stops_it(chat: Chat) -> None:
    """And has it again as it was."""
    here: dict[str, Any] = {"channel": OTHER, "role": MANAGER}
    to = Destination("slack", "T1", OTHER)
    await chat.says("paperboy here video at 8", **here)
    await chat.says("paperboy subscribe audio")
    paused = await chat.says("paperboy pause until monday", **here)
    assert "No digest comes to this channel until Mon 19 Jan 2026." in seen(paused)
    kept = await chat.kept()
    assert kept is not None
    assert kept.paused_until is None
    assert "Next: Sat 17 Jan, 08:00" in seen(await chat.presses(paused, "Resume", **here))
    await chat.presses(paused, "Pause mine instead", **here)
    kept = await chat.kept()
    assert kept is not None
    assert str(kept.paused_until) == "2026-01-19"
    stopped = await chat.says("paperboy stop", **here)
    assert await chat.kept(to) is None
    assert "does not come to this conversation" in seen(await chat.says("paperboy stop", **here))
    await chat.presses(stopped, "Have it again", **here)
    kept = await chat.kept(to)
    assert kept is not None
    assert kept.at == "08:00"


@pytest.mark.parametrize(
    ("adapter", "who"),
    [("slack", "admins, the channel's creator"), ("discord", "Manage Channel"), ("other", "manages")],
)
async def test_others_are_told_who_may(chat: Chat, adapter: str, who: str) -> None:
    """Nothing changes, whatever they send; their own pause is theirs."""
    here: dict[str, Any] = {"channel": OTHER, "adapter": adapter}
    to = Destination(adapter, "T1", OTHER)
    for words in ("here", "here all", "stop"):
        assert who in seen(await chat.says(f"paperboy {words}", **here))
    assert who in seen(await chat.asks("channel", answers={"domains": ("3d",)}, **here))
    assert await chat.kept(to) is None
    await chat.says("paperboy here all", role=MANAGER, **here)
    for words in ("pause", "pause here", "resume"):
        assert who in seen(await chat.says(f"paperboy {words}", **here))
    await chat.says("paperboy subscribe video", **here)
    assert "Nothing comes to you until" in seen(await chat.says("paperboy pause", **here))
    kept = await chat.kept(to)
    assert kept is not None
    assert kept.paused_until is None


async def test_channels_of_the_settings_are_fixed_for_everybody(chat: Chat) -> None:
    """They are shown with what they get."""
    for words in ("here", "here video", "stop", "pause here for a week", "resume here"):
        told = seen(await chat.says(f"paperboy {words}", channel=CHANNEL.address, role=MANAGER))
        assert "set by the operator" in told
        assert "Papers of all domains, Mon Tue Wed Thu Fri Sat Sun at 09:00 (UTC)" in told
    kept = await chat.kept(CHANNEL)
    assert kept == Subscription(to=CHANNEL)


async def test_here_in_direct_messages_is_the_person_s_own(chat: Chat) -> None:
    """No channel is there to be managed."""
    told = await chat.says("paperboy here")
    assert told.form is not None
    assert told.form.command == forms.SUBSCRIPTION
    await chat.says("paperboy here video")
    assert await chat.kept() is not None
    assert "Nothing comes to you any more" in seen(await chat.says("paperboy stop"))


# --- topics, the digest, help ------------------------------------------------------------------------------------


async def test_my_topics_show_the_subscription_and_the_days_domains(chat: Chat) -> None:
    """Without a day those of the newest."""
    await chat.says("paperboy subscribe video")
    for args in ("2026-01-16", ""):
        told = await chat.asks("topics", args)
        assert labels(told) == ["vision 4", "theory 4", "video 1"]
        assert field(told, "domains") == ("video",)
        assert "video, Mon" in seen(told)


def rendered(store: Store) -> list[Message]:
    """Alice's edition of the day, as its messages were frozen."""
    number = number_of(store, ALICE)
    make_edition(store, number, DAY, delivery.composer(subscribed(store)[number]))
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
    assert headline.footer == "Fri 16 Jan · 4 read in full, 0 abstract only"
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
        ("vision, theory, video", "5 of 5 papers are about vision, theory or video"),
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
