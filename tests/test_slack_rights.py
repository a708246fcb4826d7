"""Rights in Slack: who somebody is to the settings, whether the bot is where they ask, and whom others can ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters import slack_people
from adapters.slack import SlackAdapter
from adapters.slack import build as built
from bot import compose
from bot.compose import Speech
from digest.types import MANAGER, Access, CommandSpec, Destination, Form, Invocation, Message
from tests.makers import sentence
from tests.slack_chat import Desk, adapter_for, all_answered, read_out, serving
from tests.slack_faults import Error, Fault, RateLimited, Slow, Status, TimeoutAfterApplying
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import (
    ALICE,
    BOT_USER,
    HIDDEN,
    OUTSIDE,
    PAPERS,
    SCOPES,
    SECRET,
    TEAM,
    WEI,
    Group,
    Person,
    View,
)

COMMANDS = (
    CommandSpec(name="paper", usage="ID", summary="command_paper", example=""),
    CommandSpec(name="rights", usage="", summary="command_paper", example="", managed=True),
    CommandSpec(name="done", usage="", summary="command_paper", example="", typed=False),
    CommandSpec(name="home", usage="", summary="command_paper", example="", typed=False),
)
NURSES, CARERS = "S0NURSES01", "S0CARERS01"
GROUPS = (NURSES, CARERS)
ZOE = "U0ZOE00001"  # of another company
THEIRS = "T0THEIRS01"
TEXTS = {language: compose.texts(language) for language in compose.LANGUAGES}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        team = server.workspaces[TEAM]
        team.groups = {NURSES: Group(NURSES, "nurses", {WEI}), CARERS: Group(CARERS, "carers", {ALICE})}
        team.scopes = {*SCOPES, "usergroups:read"}
        yield server


@pytest.fixture
def desk() -> Desk:
    desk = Desk()
    sure = Form(title="Really?", command="done", submit="Yes", fields=())
    desk.answers["rights form"] = Message(blocks=tuple(map(sentence, ("One.", "Two.", "Three."))), form=sure)
    desk.answers["home"] = Message(title="Home")
    return desk


@pytest.fixture
async def paperboy(slack: SlackServer, desk: Desk) -> AsyncIterator[SlackAdapter]:
    async with serving(slack, desk, COMMANDS, editors=[*GROUPS, "admins", ALICE], texts=TEXTS) as adapter:
        yield adapter


async def asked(slack: SlackServer, desk: Desk, person: str = WEI, channel: str = PAPERS) -> Invocation:
    """What the bot learns of somebody who gives a command that depends on their rights."""
    before = len(desk.asked)
    if slack.workspaces[TEAM].team_of(person) == TEAM:
        await slack.command(channel, person, "/rights").acked()
    elif channel == person:
        await slack.direct(person, "rights").acked()
    else:
        await slack.mention(channel, person, "rights").acked()
    await all_answered()
    assert len(desk.asked) == before + 1
    return desk.asked[-1]


async def the_window(slack: SlackServer, person: str, words: str) -> View:
    found: View = await until(lambda: next((one for one in slack.open_views(person) if words in read_out(one)), None))
    return found


# --- who somebody is to the settings ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("paperboy")
@pytest.mark.parametrize(
    ("changes", "identities", "role"),
    [
        ({}, (WEI, NURSES), ""),
        ({"is_admin": True}, (WEI, NURSES, "admins"), MANAGER),
        ({"is_owner": True}, (WEI, NURSES, "admins"), MANAGER),
        ({"is_primary_owner": True}, (WEI, NURSES, "admins"), MANAGER),
        ({"is_admin": True, "is_restricted": True}, (WEI, NURSES), ""),
        ({"is_admin": True, "is_ultra_restricted": True}, (WEI, NURSES), ""),
        ({"is_admin": True, "is_bot": True}, (WEI, NURSES), ""),
        ({"is_admin": True, "deleted": True}, (WEI, NURSES), ""),
    ],
)
async def test_a_person_is_known_by_id_groups_and_rights(
    slack: SlackServer, desk: Desk, changes: dict[str, bool], identities: tuple[str, ...], role: str
) -> None:
    """The user groups of the settings that they are in; an administrator is a full member of the workspace."""
    for name, value in changes.items():
        setattr(slack.workspaces[TEAM].people[WEI], name, value)
    invocation = await asked(slack, desk)
    assert (invocation.identities, invocation.role) == (identities, role)
    assert invocation.access == Access()


@pytest.mark.usefixtures("paperboy")
async def test_a_right_that_was_lost_is_gone_within_a_minute(
    slack: SlackServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within that, Slack is asked once for each person and group."""
    team = slack.workspaces[TEAM]
    team.people[WEI].is_admin = True
    monkeypatch.setattr(slack_people, "RIGHTS_S", 3600.0)
    for _ in range(3):
        assert (await asked(slack, desk)).identities == (WEI, NURSES, "admins")
    assert [len(slack.asked(method)) for method in ("users.info", "usergroups.users.list")] == [1, len(GROUPS)]
    team.people[WEI].is_admin = False
    team.groups[NURSES].members.clear()
    monkeypatch.setattr(slack_people, "RIGHTS_S", 0.0)
    assert (await asked(slack, desk)).identities == (WEI,)
    assert slack_people.PROFILE_S > 60.0  # a language may be older


@pytest.mark.usefixtures("paperboy")
@pytest.mark.parametrize(
    "fault",
    [
        Error("missing_scope"),
        Error("no_such_subteam"),
        Error("ratelimited"),
        RateLimited(60),
        Status(503),
        Slow(5.0),
        TimeoutAfterApplying(),
    ],
)
async def test_nobody_is_an_editor_whom_slack_does_not_name(
    slack: SlackServer, desk: Desk, fault: Fault, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither an answer that fails nor a late one makes somebody an editor, and the next time it is asked again."""
    monkeypatch.setattr(slack_people, "PATIENCE_S", 0.2)
    slack.fault("usergroups.users.list", fault, times=len(GROUPS))
    assert (await asked(slack, desk)).identities == (WEI,)
    assert f"who is in {NURSES}" in [getattr(record, "about", "") for record in caplog.records]


@pytest.mark.usefixtures("paperboy")
async def test_a_failure_is_not_kept(slack: SlackServer, desk: Desk) -> None:
    """Slack's refusal of one minute is no verdict on the next question."""
    slack.workspaces[TEAM].people[WEI].is_admin = True
    slack.fault("usergroups.users.list", Status(503), times=len(GROUPS))
    slack.fault("users.info", Status(503))
    assert (await asked(slack, desk)).identities == (WEI,)
    assert (await asked(slack, desk)).identities == (WEI, NURSES, "admins")


async def test_rights_are_asked_for_only_where_they_count(slack: SlackServer, desk: Desk) -> None:
    """Not for commands that anybody may give, and no groups where none is set."""
    async with serving(slack, desk, COMMANDS, editors=["admins", WEI]):
        await slack.command(PAPERS, WEI, "/paper", "1").acked()
        await all_answered()
        assert (desk.asked[-1].identities, slack.asked("conversations.info")) == ((), [])
        assert (await asked(slack, desk)).identities == (WEI,)
    assert slack.asked("usergroups.users.list") == []


@pytest.mark.usefixtures("paperboy")
async def test_a_form_tells_who_submitted_it_whatever_it_asks(slack: SlackServer, desk: Desk) -> None:
    """A form without a question, which only asks whether one is sure; above it, each paragraph is read."""
    slack.workspaces[TEAM].people[WEI].is_owner = True
    await slack.command(OUTSIDE, WEI, "/rights", "form").acked()
    view = await the_window(slack, WEI, "Three.")
    assert read_out(view).split("\n") == ["One.", "Two.", "Three."]
    await slack.submit_view(view).acked()
    await the_window(slack, WEI, "You asked: done")
    submitted = desk.asked[-1]
    assert (submitted.name, submitted.answers, submitted.role) == ("done", {}, MANAGER)
    assert submitted.identities == (WEI, NURSES, "admins")
    assert not submitted.access.present


# --- where they ask --------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("paperboy")
@pytest.mark.parametrize(("channel", "present"), [(PAPERS, True), (SECRET, True), (OUTSIDE, False), (HIDDEN, False)])
async def test_whether_the_bot_is_there_is_told(slack: SlackServer, desk: Desk, channel: str, present: bool) -> None:
    """A public channel says so, a private one is not told of at all; once it is invited, it is there."""
    assert (await asked(slack, desk, channel=channel)).access == Access(present=present)
    assert len(slack.asked("conversations.info")) == 1
    slack.workspaces[TEAM].channels[channel].members.add(BOT_USER)
    assert (await asked(slack, desk, channel=channel)).access == Access()
    slack.workspaces[TEAM].channels[channel].members.discard(BOT_USER)
    assert not (await asked(slack, desk, channel=channel)).access.present


@pytest.mark.usefixtures("paperboy")
async def test_the_bot_is_in_its_direct_conversations(slack: SlackServer, desk: Desk) -> None:
    """Slack is not asked."""
    assert (await asked(slack, desk, channel=WEI)).access == Access()
    assert slack.asked("conversations.info") == []


@pytest.mark.usefixtures("paperboy")
async def test_who_made_a_channel_manages_it_where_the_bot_is_not_too(slack: SlackServer, desk: Desk) -> None:
    """One call tells both."""
    slack.workspaces[TEAM].channels[OUTSIDE].creator = WEI
    invocation = await asked(slack, desk, channel=OUTSIDE)
    assert (invocation.role, invocation.access.present, invocation.identities) == (MANAGER, False, (WEI, NURSES))
    assert len(slack.asked("conversations.info")) == 1


# --- people of other companies ---------------------------------------------------------------------------------------


@pytest.fixture
def zoe(slack: SlackServer) -> Person:
    """The owner of another workspace, which shares a channel with ours."""
    zoe = Person(ZOE, "zoe", is_admin=True, is_owner=True, is_primary_owner=True, team=THEIRS)
    slack.connect(zoe, PAPERS)
    slack.workspaces[TEAM].channels[PAPERS].creator = ZOE
    return zoe


@pytest.mark.parametrize("named", [False, True])
async def test_an_outsider_has_the_rights_that_the_settings_name(
    slack: SlackServer, desk: Desk, zoe: Person, named: bool
) -> None:
    """Neither what they are at home nor that they made the channel gives any here."""
    async with serving(slack, desk, COMMANDS, managers=[zoe.id] if named else [], editors=["admins"]):
        invocation = await asked(slack, desk, zoe.id)
        direct = await asked(slack, desk, zoe.id, zoe.id)
    assert invocation.identities == direct.identities == (ZOE,)
    assert invocation.role == direct.role == (MANAGER if named else "")


@pytest.mark.usefixtures("paperboy", "zoe")
async def test_the_workspace_is_the_installation_s_whoever_asks_wherever(slack: SlackServer, desk: Desk) -> None:
    """Mentions, direct messages, buttons, what is submitted, the home tab: Slack names the other workspace there."""
    desk.answers["mention"] = Message(title="Ask", form=desk.answers["rights form"].form)
    handles = [slack.mention(PAPERS, ZOE, "")]
    answer = (await until(lambda: [one for one in slack.visible(PAPERS) if "Ask" in read_out(one)]))[0]
    handles.append(slack.press(answer, "form:mention", ZOE))
    view = await the_window(slack, ZOE, "Ask")
    handles.append(slack.submit_view(view))
    await the_window(slack, ZOE, "You asked: done")
    handles += [slack.direct(ZOE, "paper 1"), slack.open_home(ZOE)]
    await until(lambda: slack.home(ZOE))
    await all_answered()
    outer = [one.payload.get("team_id") or one.payload["team"]["id"] for one in handles]
    assert outer == [THEIRS] * 5
    assert {one.payload["view"]["app_installed_team_id"] for one in handles if "view" in one.payload} == {TEAM}
    assert [one.name for one in desk.asked] == ["mention", "mention", "done", "paper", "home"]
    assert {one.workspace for one in desk.asked} == {TEAM}
    assert {(one.person, one.language) for one in desk.asked} == {(ZOE, "")}
    direct = slack.workspaces[TEAM].direct_with(ZOE).id
    assert "You asked: paper 1" in [read_out(one) for one in slack.visible(direct)]


# --- names -----------------------------------------------------------------------------------------------------------


async def test_identities_are_named_as_people_know_them(slack: SlackServer, zoe: Person) -> None:
    """In their order, the administrators in the reader's language; what Slack does not know is its own name."""
    people = slack.workspaces[TEAM].people
    people[WEI].display_name, people[WEI].real_name = "", "Wei of the Lamps"
    adapter = adapter_for(slack, texts=TEXTS)
    identities = [NURSES, WEI, "admins", ALICE, zoe.id, "U0NOBODY01", "S0NOBODY01", "role:1", NURSES]
    named = ["@nurses", "Wei of the Lamps", "a workspace admin", "alice", "zoe", "U0NOBODY01", "S0NOBODY01", "role:1"]
    assert await adapter.names(identities, "en") == [*named, "@nurses"]
    assert (await adapter.names(["admins"], "zh"))[0] == TEXTS["zh"].phrases["identity_admins"]
    assert await adapter.names(["admins"], "eo") == ["a workspace admin"]
    assert await adapter.names([], "en") == []
    asked_before = len(slack.requests)
    await adapter.names([NURSES, WEI, ALICE], "zh")
    assert len(slack.requests) == asked_before


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("@here \u202eWei\n\n <!channel>", "＠here Wei ‹!channel›"),
        ("@everyone", "＠everyone"),
        ("\u200b\u2066", "Wei"),
        ("Lamp " * 40, "Lamp " * 14 + "Lamp…"),
    ],
)
async def test_a_name_is_a_harmless_line(slack: SlackServer, name: str, shown: str) -> None:
    """People call themselves anything: nobody is mentioned, nothing turned round, and it stays short."""
    slack.workspaces[TEAM].people[WEI].display_name = name
    assert await adapter_for(slack).names([WEI], "en") == [shown]


@pytest.mark.parametrize("fault", [Error("missing_scope"), Status(503), RateLimited(60), TimeoutAfterApplying()])
async def test_names_come_without_slack_too(slack: SlackServer, fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids are better than no answer."""
    monkeypatch.setattr(slack_people, "PATIENCE_S", 0.2)
    slack.fault("*", fault, times=99)
    adapter = adapter_for(slack, texts=TEXTS, managers=[ALICE])
    assert await adapter.names([NURSES, WEI, "admins"], "en") == [NURSES, WEI, "a workspace admin"]
    assert await adapter.managers(Destination("slack", "", PAPERS), "en") == [ALICE, "a workspace admin"]


async def test_managers_are_named(slack: SlackServer, zoe: Person) -> None:
    """Who made the channel, unless that is an outsider; a few of the settings; then the workspace's administrators."""
    team = slack.workspaces[TEAM]
    more = [Person(f"U0MORE000{number}", f"more{number}") for number in range(4)]
    team.people |= {one.id: one for one in more}
    adapter = adapter_for(slack, texts=TEXTS, managers=[WEI, *(one.id for one in more)])
    here = Destination("slack", "", PAPERS)
    assert await adapter.managers(here, "en") == ["wei", "more0", "more1", "a workspace admin"]
    assert team.channels[PAPERS].creator == zoe.id
    for creator, names in ((ALICE, ["alice", "wei", "more0", "more1"]), (WEI, ["wei", "more0", "more1"])):
        team.channels[PAPERS].creator = creator
        assert await adapter.managers(here, "en") == [*names, "a workspace admin"]
    assert await adapter_for(slack, texts=TEXTS).managers(Destination("slack", TEAM, HIDDEN), "zh") == [
        TEXTS["zh"].phrases["identity_admins"]
    ]


# --- looking before --------------------------------------------------------------------------------------------------


async def test_a_check_tells_of_editors_that_cannot_be_known(slack: SlackServer) -> None:
    """A group that is not there, a person that is not, and what is neither; the others are well."""
    wrong = ["S0NOBODY01", "U0NOBODY01", "role:41", "alice", "staff"]
    problems = await adapter_for(slack, editors=["admins", ALICE, NURSES, *wrong]).check([])
    assert [about for about, _ in problems] == [f"slack:{editor}" for editor in wrong]
    assert problems[0][1] == (
        "Slack does not tell who is in S0NOBODY01: there is no such user group. "
        "Correct its id under editors in the settings."
    )
    assert "no such person" in problems[1][1]
    assert all("neither a person" in sentence for _, sentence in problems[2:])


async def test_a_check_says_how_a_user_group_becomes_readable(slack: SlackServer) -> None:
    """The scope is not in a manifest that was pasted before a group was set; some plans have no groups."""
    adapter = adapter_for(slack, editors=[NURSES])
    slack.workspaces[TEAM].has_groups = False
    ((_, sentence),) = await adapter.check([])
    assert "plan has no user groups" in sentence
    slack.workspaces[TEAM].scopes = set(SCOPES)
    ((about, sentence),) = await adapter.check([Destination("slack", "", PAPERS)])
    assert about == f"slack:{NURSES}"
    assert sentence == (
        f"Slack does not tell who is in {NURSES}: the app lacks usergroups:read. "
        "Add it under OAuth & Permissions, and reinstall the app."
    )
    slack.fault("usergroups.users.list", Status(503))
    ((_, sentence),) = await adapter.check([])
    assert "no answer" in sentence
    slack.workspaces[TEAM].revoked = True
    assert [about for about, _ in await adapter.check([])] == ["SLACK_BOT_TOKEN"]


async def test_editors_and_texts_come_with_what_the_adapter_is_built_from(slack: SlackServer) -> None:
    """As `bot.compose` gives them."""

    async def nobody(_to: Destination) -> str:
        return ""

    options: dict[str, Any] = {"api_url": f"{slack.url}/api", "bot_token": f"xoxb-{TEAM}-local", "app_token": ""}
    adapter = built(Speech(TEXTS, nobody, ["S0NOBODY01"]), options)
    assert [about for about, _ in await adapter.check([])] == ["SLACK_APP_TOKEN", "slack:S0NOBODY01"]
    assert await adapter.names(["admins"], "en") == ["a workspace admin"]
