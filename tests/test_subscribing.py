"""Subscribing in chat, as dialogs: what people type and press, and what they are told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from digest.editions import Subscription, register
from digest.subscriptions import FOR_GOOD
from digest.types import Destination
from tests.subscribing_chat import ALICE, BOB, CHANNEL, Chat, field, fill, labels, seen


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    made = Chat(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


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
    assert "Nothing comes to you so far" in seen(await chat.says("paperboy subscriptions", person="U0BOB"))
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
