"""Questions to people in Slack: windows with fields, the home tab, and what Slack knows of who answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from adapters import slack_answers
from adapters.slack import SlackAdapter
from adapters.slack_events import Origin
from adapters.slack_views import VIEW_BLOCKS, home, window
from bot import compose
from config.settings import load
from digest.types import MANAGER, Destination, Field, FieldKind, Form, Message
from tests.lamps import COMMANDS, FORM, LONG, NAME, ZONES, Lamplighter
from tests.makers import sentence
from tests.slack_chat import all_answered, buttons, read_out, serving, told
from tests.slack_faults import Error, Slow
from tests.slack_payloads import NotPossible
from tests.slack_rules import view_problems
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, OUTSIDE, PAPERS, TEAM, WEI, View


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def desk() -> Lamplighter:
    return Lamplighter()


@pytest.fixture
async def paperboy(server: SlackServer, desk: Lamplighter) -> AsyncIterator[SlackAdapter]:
    async with serving(server, desk, COMMANDS, managers=("U0MANAGER1",)) as adapter:
        yield adapter


@pytest.fixture
def slack(server: SlackServer, paperboy: SlackAdapter) -> SlackServer:
    assert paperboy
    return server


async def the_window(slack: SlackServer, person: str, *words: str) -> View:
    """The window in front of somebody, once it shows these words."""

    def shows() -> View | None:
        views = slack.open_views(person)
        return views[-1] if views and all(word in read_out(views[-1]) for word in words) else None

    found: View = await until(shows)
    return found


def fields(view: View) -> list[tuple[str, str]]:
    """What a window asks: the kind and the label of each."""
    blocks = [block for block in view.body["blocks"] if block["type"] == "input"]
    return [(block["element"]["type"], block["label"]["text"]) for block in blocks]


# --- a window with questions -----------------------------------------------------------------------------------------


async def test_a_form_is_asked_in_a_window_and_answered_there(slack: SlackServer, desk: Lamplighter) -> None:
    """/lamps: the window, filled in with what there is; submitted, it says what became of it; all in time."""
    handle = slack.command(OUTSIDE, WEI, "/lamps")
    await handle.acked()
    view = await the_window(slack, WEI, "All of them are dark.")
    assert (view.body["title"]["text"], view.body["submit"]["text"]) == ("Lamps", "Light them")
    assert fields(view) == [
        ("plain_text_input", "What are they called?"),
        ("multi_static_select", "Which kinds?"),
        ("static_select", "How large?"),
        ("plain_text_input", "Anything else?"),
    ]
    assert handle.answers == []

    submitted = slack.submit_view(view, {"name": " Lanterns of the pier ", "kinds": ["gas", "arc"], "note": "a\nb"})
    await submitted.acked()
    assert submitted.refusal == ""
    shown = await the_window(slack, WEI, "Lit: street 7")
    assert shown.id == view.id
    assert "submit" not in shown.body
    invocation = desk.asked[-1]
    assert (invocation.name, invocation.args, invocation.channel) == ("light", "street 7", OUTSIDE)
    assert invocation.answers == {
        "name": ("Lanterns of the pier",),
        "kinds": ("gas", "arc"),
        "size": ("big",),
        "note": ("a\nb",),
    }
    assert (invocation.person, invocation.language, invocation.timezone) == (WEI, "zh", "Asia/Shanghai")


async def test_what_is_left_empty_is_told_as_nothing(slack: SlackServer, desk: Lamplighter) -> None:
    """And Slack itself asks for what must be answered."""
    await slack.command(PAPERS, ALICE, "/lamps").acked()
    view = await the_window(slack, ALICE, "All of them are dark.")
    with pytest.raises(NotPossible, match="'name' must"):
        slack.submit_view(view, {"name": ""})
    await slack.submit_view(view, {"kinds": []}).acked()
    await the_window(slack, ALICE, "Lit")
    assert desk.asked[-1].answers == {"name": ("Lanterns",), "kinds": (), "size": ("big",), "note": ()}


async def test_an_answer_that_will_not_do_is_asked_again(slack: SlackServer) -> None:
    """The same window says why, and has the questions again."""
    await slack.command(PAPERS, ALICE, "/lamps").acked()
    view = await the_window(slack, ALICE, "All of them are dark.")
    await slack.submit_view(view, {"name": "Nothing"}).acked()
    view = await the_window(slack, ALICE, "Nothing gives no light.")
    assert len(fields(view)) == 4
    await slack.submit_view(view, {"name": "Lanterns"}).acked()
    await the_window(slack, ALICE, "Lit: street 7", "name: Lanterns")


async def test_a_slow_answer_is_announced_in_the_window(
    slack: SlackServer, desk: Lamplighter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack waits for three seconds only."""
    monkeypatch.setattr(slack_answers, "ACK_S", 0.05)
    desk.held["light"] = asyncio.Event()
    await slack.command(PAPERS, ALICE, "/lamps").acked()
    submitted = slack.submit_view(await the_window(slack, ALICE, "All of them are dark."), {})
    await submitted.acked()
    assert read_out(await the_window(slack, ALICE, "…")) == "…"
    desk.held["light"].set()
    await the_window(slack, ALICE, "Lit: street 7")


async def test_a_form_that_is_expected_opens_before_its_answer_is_there(slack: SlackServer, desk: Lamplighter) -> None:
    """A button whose command always asks: the window waits, whatever the answer takes."""
    await slack.open_home(ALICE).acked()
    home_tab = await until(lambda: slack.home(ALICE))
    desk.held["home"] = asyncio.Event()
    await slack.press(home_tab, "form:home", ALICE).acked()
    assert read_out(await the_window(slack, ALICE)) == "…"
    desk.held["home"].set()
    view = await the_window(slack, ALICE, "0 lamps are lit")
    assert len(fields(view)) == 4


async def test_where_no_window_can_open_a_button_does(slack: SlackServer, desk: Lamplighter) -> None:
    """After a mention, or when the answer came too late for Slack; whoever presses it is the one who is asked."""
    await slack.mention(PAPERS, ALICE, "lamps please").acked()
    (question,) = slack.messages(PAPERS)
    (answer,) = await until(lambda: slack.thread(PAPERS, question.ts))
    assert (read_out(answer), buttons(answer)) == ("All of them are dark.", ["Lamps"])
    await slack.press(answer, "form:lamps please", WEI).acked()
    view = await the_window(slack, WEI, "All of them are dark.")
    await slack.submit_view(view, {}).acked()
    await the_window(slack, WEI, "Lit: street 7")
    where = [(one.name, one.args, one.person, one.thread) for one in desk.asked[1:]]
    assert where == [("lamps", "please", WEI, question.ts), ("light", "street 7", WEI, question.ts)]

    slack.fault("views.open", Error("expired_trigger_id"))
    late = slack.command(PAPERS, ALICE, "/lamps")
    assert await told(late) == ["All of them are dark."]
    await slack.press(late.answers[0], "form:lamps", ALICE).acked()
    await the_window(slack, ALICE, "All of them are dark.")


async def test_a_form_s_window_survives_a_restart(server: SlackServer, desk: Lamplighter) -> None:
    """What it is for stands in the window itself."""
    async with serving(server, desk, COMMANDS):
        await server.command(PAPERS, ALICE, "/lamps").acked()
        view = await the_window(server, ALICE, "All of them are dark.")
    await until(lambda: server.sockets.count == 0)
    async with serving(server, desk, COMMANDS):
        await server.submit_view(view, {}).acked()
        await the_window(server, ALICE, "Lit: street 7")


@pytest.mark.parametrize("form", [FORM, LONG])
@pytest.mark.parametrize("paragraphs", [0, 3, 150, 4000])
def test_a_window_that_asks_is_within_slacks_limits(form: Form, paragraphs: int) -> None:
    """However much stands above the questions, however long they are, however much there is to choose from."""
    wide = Field(
        name="x" * 90,
        label="Which? " * 400,
        kind=FieldKind.CHOICES,
        choices=tuple((str(number) * 25, "Lamp " * 30) for number in range(9)),
        values=("1" * 25, "gone"),
        hint="Choose. " * 400,
    )
    text = Field(name="text", label=":x: *bold*", values=("y" * 4000,), kind=FieldKind.LONG_TEXT)
    asking = replace(form, title="Lamps of " * 9, submit="Light " * 9, fields=(*form.fields, wide, text))
    above = tuple(sentence(f"Paragraph {number}") for number in range(paragraphs))
    view = window(Message(title="Lamps", blocks=above, form=asking), Origin(PAPERS, "1.0", "2.0"))
    assert view_problems(view) == []
    assert len(view["blocks"]) <= VIEW_BLOCKS
    assert [block["block_id"] for block in view["blocks"] if block["type"] == "input"] == [
        field.name for field in asking.fields
    ]


def test_more_choices_than_a_menu_holds_are_in_groups() -> None:
    """All of them can be chosen, and what was chosen is shown."""
    view = window(Message(form=LONG), Origin())
    (element,) = [block["element"] for block in view["blocks"] if block["block_id"] == "zone"]
    groups = element["option_groups"]
    assert [option["value"] for group in groups for option in group["options"]] == [value for value, _ in ZONES]
    assert groups[0]["label"]["text"] == "Region/Town_000–Region/Town_099"
    assert element["initial_option"]["value"] == ZONES[104][0]


def test_a_choice_of_nothing_is_a_text() -> None:
    """Slack knows no menu without options."""
    view = window(Message(form=replace(FORM, fields=(replace(NAME, kind=FieldKind.CHOICE),))), Origin())
    assert view_problems(view) == []
    assert view["blocks"][0]["element"]["initial_value"] == "Lanterns"


# --- the home tab ----------------------------------------------------------------------------------------------------


async def test_the_home_tab_shows_how_things_are_and_asks(slack: SlackServer, desk: Lamplighter) -> None:
    """Opened, it is there; its form is a button; what was submitted shows in the window and in the tab."""
    await slack.open_home(WEI).acked()
    tab = await until(lambda: slack.home(WEI))
    assert (read_out(tab), buttons(tab)) == ("0 lamps are lit", ["Lamps", "Paper"])
    await slack.press(tab, "form:home", WEI).acked()
    view = await the_window(slack, WEI, "0 lamps are lit")
    await slack.submit_view(view, {"name": "Nothing"}).acked()
    view = await the_window(slack, WEI, "Nothing gives no light.")
    await slack.submit_view(view, {}).acked()
    await the_window(slack, WEI, "Lit: street 7")
    await until(lambda: read_out(tab) == "1 lamps are lit")
    assert slack.home(ALICE) is None
    assert (desk.asked[0].name, desk.asked[0].person, desk.asked[0].language) == ("home", WEI, "zh")


async def test_a_button_of_the_home_tab_is_answered_in_a_window(slack: SlackServer, desk: Lamplighter) -> None:
    """There is no other place; when none opens, in the conversation with the person."""
    await slack.open_home(ALICE).acked()
    tab = await until(lambda: slack.home(ALICE))
    await slack.press(tab, "paper:1", ALICE).acked()
    await the_window(slack, ALICE, "You asked: paper 1")
    await all_answered()
    assert [one.name for one in desk.asked] == ["home", "paper", "home"]
    slack.fault("views.open", Error("expired_trigger_id"))
    await slack.press(tab, "paper:1", ALICE).acked()
    await until(lambda: slack.messages(ALICE))
    assert read_out(slack.messages(ALICE)[-1]) == "You asked: paper 1"
    await all_answered()


async def test_the_other_tabs_of_the_app_are_left_alone(slack: SlackServer, desk: Lamplighter) -> None:
    """Slack tells of them in the same way."""
    await slack.open_home(ALICE, "messages").acked()
    await all_answered()
    assert desk.asked == []
    assert slack.home(ALICE) is None


async def test_without_a_home_tab_nothing_is_published(server: SlackServer, desk: Lamplighter) -> None:
    """A bot that has no command for it is not asked for it, though an older installation may tell of the tab."""
    async with serving(server, desk, COMMANDS[:-1]):
        server.workspaces[TEAM].home_tab = True
        await server.open_home(ALICE).acked()
        await all_answered()
    assert desk.asked == []
    assert server.asked("views.publish") == []


@pytest.mark.parametrize("paragraphs", [0, 150, 4000])
def test_a_home_tab_is_within_slacks_limits(paragraphs: int) -> None:
    """Whatever it shows, an empty one too."""
    blocks = tuple(sentence(f"Paragraph {number} 数学 " + "x" * 60) for number in range(paragraphs))
    for form in (None, FORM):
        assert view_problems(home(Message(blocks=blocks, form=form), "home")) == []


# --- who answers -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["admin", "owner", "creator", "set", "nobody"])
async def test_who_may_change_a_channel_is_told(
    server: SlackServer, desk: Lamplighter, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Administrators and owners of the workspace, the channel's creator, and those of the settings; with commands,
    buttons and forms that ask for it. One call tells of the channel each time."""
    team = server.workspaces[TEAM]
    team.people[WEI].is_admin = how == "admin"
    team.people[WEI].is_owner = how == "owner"
    team.channels[PAPERS].creator = WEI if how == "creator" else ALICE
    async with serving(server, desk, COMMANDS, managers=[WEI] if how == "set" else []):
        for channel in (PAPERS, WEI):
            await server.command(channel, WEI, "/lamps").acked()
            view = await the_window(server, WEI, "All of them are dark.")
            await server.submit_view(view, {}).acked()
            await the_window(server, WEI, "Lit: street 7")
            server.close_view(view)
        await server.mention(PAPERS, WEI, "lamps").acked()
        await all_answered()
    everywhere = MANAGER if how in {"admin", "owner", "set"} else ""
    here = MANAGER if how == "creator" else everywhere
    assert [one.role for one in desk.asked] == [here, here, everywhere, everywhere, here]
    assert len(server.asked("users.info")) == 1
    assert len(server.asked("conversations.info")) == 3
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_managers_are_set_in_the_settings(server: SlackServer, desk: Lamplighter, tmp_path: Path) -> None:
    """By their ids, beside what Slack knows."""
    own = tmp_path / "paperboy.toml"
    own.write_text(f'[slack]\nmanagers = ["{WEI}"]\napi_url = "{server.url}/api/"\n', encoding="utf-8")
    settings = load(own, {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN})
    task = asyncio.create_task(compose.adapter(settings, "slack").serve(COMMANDS, desk.answer))
    await server.connected()
    for person in (WEI, ALICE):
        await server.command(PAPERS, person, "/lamps").acked()
        await the_window(server, person, "All of them are dark.")
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert [one.role for one in desk.asked] == [MANAGER, ""]


async def test_what_needs_no_role_asks_for_none(slack: SlackServer, desk: Lamplighter) -> None:
    """/paper is not kept waiting for it."""
    slack.fault("conversations.info", Slow(5.0))
    assert await told(slack.command(PAPERS, WEI, "/paper", "1")) == ["You asked: paper 1"]
    assert slack.asked("conversations.info") == []
    assert (desk.asked[0].role, desk.asked[0].timezone) == ("", "Asia/Shanghai")


@pytest.mark.parametrize("fault", [Error("channel_not_found"), Error("missing_scope")])
async def test_a_channel_that_slack_does_not_tell_of_has_no_creator(
    slack: SlackServer, desk: Lamplighter, fault: Any
) -> None:
    """A private one that the app is not in, say; the next time it is asked about again."""
    slack.workspaces[TEAM].channels[PAPERS].creator = WEI
    slack.fault("conversations.info", fault)
    for _ in range(2):
        await slack.command(PAPERS, WEI, "/lamps").acked()
        slack.close_view(await the_window(slack, WEI, "All of them are dark."))
    assert [one.role for one in desk.asked] == ["", MANAGER]


# --- cards are not asked ---------------------------------------------------------------------------------------------


async def test_a_form_has_no_place_in_what_is_posted(slack: SlackServer, paperboy: SlackAdapter) -> None:
    """Questions go with an answer to a person."""
    await paperboy.post(Destination("slack", "", PAPERS), Message(title="Day", form=FORM), under=None, key="k")
    (message,) = slack.messages(PAPERS)
    assert (read_out(message), buttons(message)) == ("Day", [])
