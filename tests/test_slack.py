"""Talking to Paperboy in Slack: what people do in the local Slack, and what they see then."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters import slack_answers, slack_people
from adapters.slack import SlackAdapter
from digest.types import Action, Destination, Message
from tests.makers import sentence
from tests.slack_chat import Desk, all_answered, buttons, card, read_out, serving, told
from tests.slack_faults import Error, Held, RateLimited, Status, TimeoutAfterApplying
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, OUTSIDE, PAPERS, SECRET, TEAM, WEI, View
from tests.slack_world import Message as Shown

CHANNEL = Destination("slack", "", PAPERS)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """A Slack that Paperboy has not connected to."""
    with SlackServer() as server:
        yield server


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def paperboy(server: SlackServer, desk: Desk) -> AsyncIterator[SlackAdapter]:
    async with serving(server, desk) as adapter:
        yield adapter


@pytest.fixture
def slack(server: SlackServer, paperboy: SlackAdapter) -> SlackServer:
    """A Slack where Paperboy answers."""
    assert paperboy
    return server


async def posted(slack: SlackServer, paperboy: SlackAdapter, to: Destination = CHANNEL) -> tuple[Shown, Shown]:
    """A headline with a card in its thread."""
    parent = await paperboy.post(to, Message(title="Papers", actions=card().actions), under=None, key="k1")
    reply = await paperboy.post(to, card(), under=parent, key="k2")
    found = slack.find(PAPERS, parent.message), slack.find(PAPERS, reply.message)
    assert found[0] is not None
    assert found[1] is not None
    return found[0], found[1]


async def the_window(slack: SlackServer, person: str, *words: str) -> View:
    """The window in front of somebody, once it shows these words."""

    def shows() -> View | None:
        views = slack.open_views(person)
        return views[-1] if views and all(word in read_out(views[-1]) for word in words) else None

    found: View = await until(shows)
    return found


# --- answers that follow ---------------------------------------------------------------------------------------------


async def test_a_promised_answer_follows_in_private(slack: SlackServer, desk: Desk) -> None:
    """First the promise, at once; the rest when it is ready, by the same address; then it is said to be heard."""
    desk.answers["paper 2601.1 ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.answers["follow 7"] = Message(blocks=(sentence("Because of the wind."),))
    desk.held["follow 7"] = asyncio.Event()
    handle = slack.command(PAPERS, ALICE, "/paper", "2601.1 ask why")
    assert await told(handle) == ["Looking it up."]
    await until(lambda: [asked.name for asked in desk.asked] == ["paper", "follow"])
    desk.held["follow 7"].set()
    assert await told(handle, 2) == ["Looking it up.", "Because of the wind."]
    await all_answered()
    assert [(asked.name, asked.args, asked.person) for asked in desk.asked][-1] == ("heard", "7", ALICE)
    assert slack.messages(PAPERS) == []


async def test_a_promised_answer_to_what_was_said_follows_in_the_thread(slack: SlackServer, desk: Desk) -> None:
    """Where the question stands."""
    desk.answers["mention ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.answers["follow 7"] = Message(blocks=(sentence("Because of the wind."),))
    slack.mention(PAPERS, ALICE, "@Paperboy ask why")
    await until(lambda: desk.asked and desk.asked[-1].name == "heard")
    (question,) = slack.messages(PAPERS)
    assert [read_out(one) for one in slack.thread(PAPERS, question.ts)] == ["Looking it up.", "Because of the wind."]


async def test_an_answer_that_slack_does_not_take_is_not_said_to_be_heard(slack: SlackServer, desk: Desk) -> None:
    """So that it goes as a direct message; nor one that takes longer than Slack waits."""
    desk.answers["paper 2601.1 ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.held["follow 7"] = asyncio.Event()
    handle = slack.command(PAPERS, ALICE, "/paper", "2601.1 ask why")
    await told(handle)
    slack.response_urls.clear()
    desk.held["follow 7"].set()
    await all_answered()
    assert "heard" not in [asked.name for asked in desk.asked]


async def test_a_rest_that_takes_too_long_is_waited_for_no_more(
    slack: SlackServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wait is cut off, of which the answerer knows."""
    monkeypatch.setattr(slack_answers, "FOLLOW_S", 0.1)
    desk.answers["paper 2601.1 ask why"] = Message(blocks=(sentence("Looking it up."),), follow="7")
    desk.held["follow 7"] = asyncio.Event()
    await told(slack.command(PAPERS, ALICE, "/paper", "2601.1 ask why"))
    await all_answered()
    assert "heard" not in [asked.name for asked in desk.asked]


# --- commands --------------------------------------------------------------------------------------------------------


async def test_a_command_is_answered_to_the_person_alone(slack: SlackServer, desk: Desk) -> None:
    """/paper 2601.10592 results: acked at once without a word, answered in private."""
    desk.answers["paper 2601.10592 results"] = Message(title="Results", blocks=(sentence("91.4 of 100 lamps."),))
    handle = slack.command(PAPERS, ALICE, "/paper", " 2601.10592 results ")
    assert await told(handle) == ["Results\n91.4 of 100 lamps."]
    assert slack.messages(PAPERS) == []
    assert [read_out(one) for one in slack.ephemerals(PAPERS, WEI)] == []
    (asked,) = desk.asked
    assert (asked.name, asked.args, asked.adapter, asked.workspace) == ("paper", "2601.10592 results", "slack", TEAM)
    assert (asked.channel, asked.thread, asked.person, asked.language) == (PAPERS, "", ALICE, "en")


async def test_a_command_works_where_paperboy_is_not(slack: SlackServer) -> None:
    """In a channel it was not invited to, and in the conversation with it; what was typed arrives as typed."""
    assert await told(slack.command(OUTSIDE, ALICE, "/papers", "a < b & c")) == ["You asked: papers a < b & c"]
    assert await told(slack.command(ALICE, ALICE, "/papers", "lamps")) == ["You asked: papers lamps"]


async def test_what_is_unknown_is_answered_with_buttons_that_work(slack: SlackServer, desk: Desk) -> None:
    """/paper 2601.10593: no such report; the nearest is a button, pressed and answered, also where the app is not."""
    desk.answers["paper 2601.10593"] = Message(
        title="No report for 2601.10593.", actions=(Action("2601.10592", command="paper", argument="2601.10592"),)
    )
    for channel in (PAPERS, OUTSIDE):
        first = slack.command(channel, WEI, "/paper", "2601.10593")
        assert await told(first) == ["No report for 2601.10593."]
        assert buttons(first.answers[0]) == ["2601.10592"]
        second = slack.press(first.answers[0], "paper:2601.10592", WEI)
        assert await told(second) == ["You asked: paper 2601.10592"]
        assert slack.current(channel, first.answers[0].ts) is not None


@pytest.mark.parametrize("sentences", [200, 3000])
async def test_a_long_answer_comes_whole_and_in_order(slack: SlackServer, desk: Desk, sentences: int) -> None:
    """In several messages, more than a response address takes if it must be."""
    texts = [f"Sentence {number} of a long answer." for number in range(sentences)]
    desk.answers["paper long"] = Message(title="Long", blocks=tuple(sentence(text) for text in texts))
    await slack.command(PAPERS, ALICE, "/paper", "long").acked()
    await until(lambda: any(texts[-1] in read_out(one) for one in slack.ephemerals(PAPERS, ALICE)))
    shown = "\n".join(read_out(one) for one in slack.ephemerals(PAPERS, ALICE))
    assert shown.split("\n") == ["Long", *texts]


async def test_nothing_in_an_answer_reaches_anybody_else(slack: SlackServer, desk: Desk) -> None:
    """What a paper says cannot mention, link or format, in blocks and in the notification."""
    hostile = f"<!channel> <@{WEI}> @here <https://evil.example|arxiv.org> *bold* \u202egnp.exe"
    desk.answers["paper hostile"] = Message(title=hostile, blocks=(sentence(hostile),))
    handle = slack.command(PAPERS, ALICE, "/paper", "hostile")
    (shown,) = await handle.answered()
    assert "<" not in shown.text
    assert "@here" not in shown.text
    assert set(re.findall(r'"type": "(\w+)"', json.dumps(shown.blocks))) == {
        *("header", "plain_text", "rich_text", "rich_text_section", "text")
    }
    assert "\u202e" not in read_out(shown)


async def test_two_hundred_commands_at_once_are_acked_and_answered(slack: SlackServer) -> None:
    """Each within Slack's three seconds, each once, and Slack is asked once for the person's locale."""
    handles = [slack.command(PAPERS, ALICE, "/paper", str(number)) for number in range(200)]
    for number, handle in enumerate(handles):
        assert await handle.acked() <= 3.0
        assert [read_out(one) for one in await handle.answered(1, 20.0)] == [f"You asked: paper {number}"]
    assert len(slack.asked("users.info")) == 1


async def test_an_answer_that_slack_does_not_take_is_logged_and_stops_no_other(
    slack: SlackServer, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The log names the command, not what was asked."""
    slack.fault("chat.postMessage", Error("fatal_error"))
    with caplog.at_level(logging.ERROR):
        await slack.direct(ALICE, "paper private-words").acked()
        await all_answered()
        assert await told(slack.command(PAPERS, ALICE, "/paper", "2")) == ["You asked: paper 2"]
    (record,) = caplog.records
    assert (record.message, vars(record)["command"]) == ("an answer did not arrive", "paper")
    assert "private-words" not in caplog.text
    assert len(desk.asked) == 2


async def test_a_slack_that_never_answers_is_given_up(server: SlackServer, desk: Desk) -> None:
    """After the time that is set for it; no answer waits for ever."""
    server.fault("chat.postMessage", TimeoutAfterApplying())
    async with serving(server, desk, timeout_s=2.0):
        await server.direct(ALICE, "paper 1").acked()
        await until(lambda: desk.asked)
        await all_answered()
    assert len(server.asked("chat.postMessage")) == 1


async def test_an_answer_that_slack_limits_is_given_later(slack: SlackServer) -> None:
    """Slack did not take it, so sending it again doubles nothing."""
    slack.fault("chat.postMessage", RateLimited(0))
    await slack.direct(ALICE, "lamps").acked()
    await until(lambda: len(slack.messages(ALICE)) == 2)
    assert len(slack.asked("chat.postMessage")) == 2


# --- buttons and windows ---------------------------------------------------------------------------------------------


async def test_read_report_opens_a_window_to_move_about_in(
    slack: SlackServer, desk: Desk, paperboy: SlackAdapter
) -> None:
    """[Read report] shows a section; [results] shows the next in the same window; nothing else is asked of Slack."""
    _, reply = await posted(slack, paperboy)
    slack.requests.clear()
    await slack.press(reply, "read:2601.00001 usage", ALICE).acked()
    view = await the_window(slack, ALICE, "Lanterns for Deep Networks", "The usage of it.")
    assert buttons(view) == ["domain", "usage", "results"]
    assert [block["type"] for block in view.body["blocks"]] == ["header", "actions", "rich_text"]

    await slack.press(view, "read:2601.00001 results", ALICE).acked()
    assert (await the_window(slack, ALICE, "The results of it.")).id == view.id
    assert len(slack.open_views(ALICE)) == 1
    assert slack.ephemerals(PAPERS, ALICE) == []
    methods = [request.method for request in slack.requests]
    assert sorted(methods) == ["users.info", "views.open", "views.update", "views.update"]
    where = [(asked.channel, asked.thread, asked.message) for asked in desk.asked]
    assert where == [(PAPERS, reply.thread_ts, reply.ts)] * 2


async def test_a_window_opens_before_its_answer_is_there(slack: SlackServer, paperboy: SlackAdapter) -> None:
    """Slack's trigger lasts three seconds, whatever the answer takes."""
    _, reply = await posted(slack, paperboy)
    slack.fault("users.info", Held())
    await slack.press(reply, "read:2601.00001 usage", ALICE).acked()
    assert read_out(await the_window(slack, ALICE)) == "…"
    slack.repair()
    assert "The usage" in read_out(await the_window(slack, ALICE, "The usage of it."))


async def test_when_no_window_opens_the_person_is_answered_all_the_same(
    slack: SlackServer, paperboy: SlackAdapter
) -> None:
    """The trigger expired, say: the section is shown in private."""
    parent, reply = await posted(slack, paperboy)
    slack.fault("views.open", Error("expired_trigger_id"), times=2)
    handle = slack.press(parent, "read:2601.00001 usage", ALICE)
    assert "The usage of it." in (await told(handle))[0]
    await slack.press(reply, "read:2601.00001 usage", ALICE).acked()
    (shown,) = await until(lambda: [one for one in slack.ephemerals(PAPERS, ALICE) if one.thread_ts])
    assert shown.thread_ts == parent.ts


async def test_a_window_that_was_closed_meanwhile_is_no_fault(
    slack: SlackServer, paperboy: SlackAdapter, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing is shown and nothing is logged."""
    _, reply = await posted(slack, paperboy)
    slack.fault("users.info", Held())
    await slack.press(reply, "read:2601.00001 usage", ALICE).acked()
    slack.close_view(await the_window(slack, ALICE))
    slack.repair()
    asked = await until(lambda: slack.asked("views.update"))
    await until(lambda: asked[0].status)
    assert asked[0].answer["error"] == "not_found"
    assert await told(slack.command(PAPERS, ALICE, "/paper", "2")) == ["You asked: paper 2"]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_of_two_quick_presses_the_later_is_shown(slack: SlackServer, desk: Desk, paperboy: SlackAdapter) -> None:
    """However long the earlier answer takes."""
    _, reply = await posted(slack, paperboy)
    await slack.press(reply, "read:2601.00001 usage", ALICE).acked()
    view = await the_window(slack, ALICE, "The usage of it.")
    desk.held["read 2601.00001 results"] = asyncio.Event()
    await slack.press(view, "read:2601.00001 results", ALICE).acked()
    await slack.press(view, "read:2601.00001 domain", ALICE).acked()
    await the_window(slack, ALICE, "The domain of it.")
    desk.held["read 2601.00001 results"].set()
    await all_answered()
    assert "The domain of it." in read_out(view)


async def test_a_button_in_a_thread_is_answered_in_the_thread(
    slack: SlackServer, desk: Desk, paperboy: SlackAdapter
) -> None:
    """To the person alone; and a button of the headline in the channel, also once it has a thread."""
    parent, reply = await posted(slack, paperboy)
    await slack.press(reply, "discuss:2601.00001", WEI).acked()
    (shown,) = await until(lambda: slack.ephemerals(PAPERS, WEI))
    assert (read_out(shown), shown.thread_ts) == ("You asked: discuss 2601.00001", parent.ts)
    assert await told(slack.press(parent, "discuss:2601.00001", WEI)) == ["You asked: discuss 2601.00001"]
    assert slack.ephemerals(PAPERS, WEI)[-1].thread_ts is None
    places = [(asked.thread, asked.message, asked.language) for asked in desk.asked]
    assert places == [(parent.ts, reply.ts, "zh"), ("", parent.ts, "zh")]


async def test_an_entry_of_a_menu_is_a_command_and_an_address_is_none(
    slack: SlackServer, desk: Desk, paperboy: SlackAdapter
) -> None:
    """[⋯ Sources] is answered; [Hub] and [⋯ Code] open in the browser, and Paperboy only acks."""
    parent, _ = await posted(slack, paperboy)
    for action, option in (("open:2", None), ("menu:0", "open:4")):
        handle = slack.press(parent, action, ALICE, option=option)
        assert await handle.acked() <= 3.0
    assert await told(slack.press(parent, "menu:0", ALICE, option="sources:2601.00001")) == [
        "You asked: sources 2601.00001"
    ]
    assert len(desk.asked) == 1


# --- mentions and direct messages ------------------------------------------------------------------------------------


async def test_a_mention_in_a_thread_is_answered_there(slack: SlackServer, desk: Desk, paperboy: SlackAdapter) -> None:
    """@Paperboy results: everybody in the thread sees the answer; a command's name makes it that command."""
    parent, _ = await posted(slack, paperboy)
    for text in ("@Paperboy results", "@Paperboy Paper 2601.10592  results", "and the code, @Paperboy?"):
        await slack.mention(PAPERS, WEI, text, parent.ts).acked()
        await until(lambda: len(slack.thread(PAPERS, parent.ts)) % 2)
    said_there = [read_out(one) for one in slack.thread(PAPERS, parent.ts)[1:]]
    assert said_there[1::2] == [
        "You asked: mention results",
        "You asked: paper 2601.10592 results",
        "You asked: mention and the code, ?",
    ]
    assert {(asked.thread, asked.channel, asked.language) for asked in desk.asked} == {(parent.ts, PAPERS, "zh")}
    assert len(slack.messages(PAPERS)) == 1


async def test_a_mention_in_a_channel_begins_a_thread(slack: SlackServer, desk: Desk) -> None:
    """The answer is under what was said, and the bot is told of no thread."""
    await slack.mention(SECRET, ALICE, "papers https://arxiv.org/abs/2601.10592 & <more>").acked()
    (question,) = slack.messages(SECRET)
    (answer,) = await until(lambda: slack.thread(SECRET, question.ts))
    assert read_out(answer) == "You asked: papers https://arxiv.org/abs/2601.10592 & <more>"
    assert desk.asked[0].thread == ""


async def test_a_direct_message_is_answered_in_the_conversation(slack: SlackServer, desk: Desk) -> None:
    """And in its thread when it was said in one; Paperboy does not answer its own answers, of which Slack tells it."""
    await slack.direct(WEI, "/papers diffusion").acked()
    await until(lambda: len(slack.messages(WEI)) == 2)
    question, answer = slack.messages(WEI)
    assert (read_out(answer), answer.thread_ts) == ("You asked: papers diffusion", None)
    await slack.direct(WEI, "results", question.ts).acked()
    await until(lambda: len(slack.thread(question.channel, question.ts)) == 2)
    assert read_out(slack.thread(question.channel, question.ts)[1]) == "You asked: mention results"
    assert await told(slack.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]
    assert [asked.name for asked in desk.asked] == ["papers", "mention", "paper"]


async def test_what_slack_tells_twice_is_answered_once(slack: SlackServer, desk: Desk) -> None:
    """A retry carries the same event id and is acked like the first."""
    first = slack.direct(ALICE, "lamps")
    await first.acked()
    assert await slack.redeliver(first).acked() <= 3.0
    assert await told(slack.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]
    assert [asked.args for asked in desk.asked] == ["lamps", "1"]


# --- languages -------------------------------------------------------------------------------------------------------


async def test_everybody_is_answered_in_the_language_of_their_slack(slack: SlackServer, desk: Desk) -> None:
    """en-US is en, zh-CN is zh; Slack is asked once for each."""
    for person in (ALICE, WEI, WEI, ALICE):
        await told(slack.command(PAPERS, person, "/paper", "1"))
    assert [asked.language for asked in desk.asked] == ["en", "zh", "zh", "en"]
    assert len(slack.asked("users.info")) == 2


@pytest.mark.parametrize("fault", [Error("user_not_found"), Status(503), Held()])
async def test_without_a_locale_the_answer_comes_all_the_same(
    slack: SlackServer, desk: Desk, fault: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown, not told, or told too late."""
    monkeypatch.setattr(slack_people, "PATIENCE_S", 0.2)
    slack.fault("users.info", fault)
    assert await told(slack.command(PAPERS, WEI, "/paper", "1")) == ["You asked: paper 1"]
    assert desk.asked[0].language == ""
