"""People of other companies, whom a channel shared by Slack Connect brings in: what the local Slack lets them and the
app do (https://docs.slack.dev/apis/slack-connect), and that the running bot serves them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot import compose
from digest.editions import subscribed
from digest.store import Store
from digest.types import Destination
from tests.slack_chat import buttons, read_out
from tests.slack_client import refused, web_client
from tests.slack_payloads import NotPossible
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, PAPERS, TEAM, WEI, Channel, Group, Person, View
from tests.test_app import Bot, bot, slack
from tests.test_cli_deliver import DAY

__all__ = ["bot", "slack"]  # fixtures

ZOE = "U0ZOE00001"
THEIRS = "T0THEIRS01"


@pytest.fixture
def shared(slack: SlackServer) -> Channel:
    """A channel that Zoe, the owner of another workspace, is in too."""
    slack.connect(Person(ZOE, "zoe", is_owner=True, team=THEIRS), PAPERS)
    return slack.workspaces[TEAM].channels[PAPERS]


# --- the local Slack -------------------------------------------------------------------------------------------------


async def test_what_slack_tells_of_an_outsider(slack: SlackServer, shared: Channel) -> None:
    """Their own workspace, rights as they have them there, and no locale; the channel is a shared one."""
    client = web_client(slack)
    user = (await client.users_info(user=ZOE, include_locale=True))["user"]
    assert (user["team_id"], user["is_owner"], user["is_stranger"], "locale" in user) == (THEIRS, True, False, False)
    assert (await client.users_info(user=ALICE, include_locale=True))["user"]["locale"] == "en-US"
    assert (await client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"]
    shared.members.discard(ZOE)
    assert (await client.users_info(user=ZOE))["user"]["is_stranger"]
    assert not (await client.conversations_info(channel=shared.id))["channel"]["is_ext_shared"]


async def test_the_bot_reaches_an_outsider_while_they_share_a_channel(slack: SlackServer, shared: Channel) -> None:
    """Afterwards neither a message nor a conversation, from either side."""
    client = web_client(slack)
    direct = (await client.conversations_open(users=ZOE))["channel"]["id"]
    assert (await client.chat_postMessage(channel=ZOE, text="x"))["channel"] == direct
    shared.members.discard(ZOE)
    assert await refused(client.conversations_open(users=ZOE)) == "user_not_visible"
    assert await refused(client.chat_postMessage(channel=ZOE, text="x")) == "channel_not_found"
    with pytest.raises(NotPossible, match="share"):
        slack.direct(ZOE, "x")


def test_an_outsider_has_no_slash_commands(slack: SlackServer, shared: Channel) -> None:
    """They belong to the workspace that the app is installed in; buttons are for everybody."""
    with pytest.raises(NotPossible, match="installed"):
        slack.command(shared.id, ZOE, "/paper")


async def test_slack_tells_who_is_in_a_user_group(slack: SlackServer) -> None:
    """With the scope, in a workspace whose plan has groups, and of a group that is there and in use."""
    team, client = slack.workspaces[TEAM], web_client(slack)
    team.groups = {one.id: one for one in (Group("S1", "nurses", {WEI}), Group("S2", "gone", {ALICE}, disabled=True))}
    assert await refused(client.usergroups_users_list(usergroup="S1")) == "missing_scope"
    assert await refused(client.usergroups_list()) == "missing_scope"
    team.scopes.add("usergroups:read")
    assert (await client.usergroups_users_list(usergroup="S1"))["users"] == [WEI]
    (group,) = (await client.usergroups_list())["usergroups"]
    assert (group["id"], group["handle"], "users" in group) == ("S1", "nurses", False)
    for unknown in ("S2", "S3"):
        assert await refused(client.usergroups_users_list(usergroup=unknown)) == "no_such_subteam"
    assert (await client.usergroups_users_list(usergroup="S2", include_disabled=True))["users"] == [ALICE]
    all_of_them = (await client.usergroups_list(include_disabled=True, include_users=True))["usergroups"]
    assert [one["users"] for one in all_of_them] == [[WEI], [ALICE]]
    assert await refused(client.usergroups_users_list(usergroup="")) == "invalid_arguments"
    team.has_groups = False
    assert await refused(client.usergroups_users_list(usergroup="S1")) == "plan_upgrade_required"
    assert await refused(client.usergroups_list()) == "plan_upgrade_required"


# --- the running bot -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("shared")
async def test_an_outsider_who_subscribes_gets_the_digest(slack: SlackServer, bot: Bot) -> None:
    """By a button in the shared channel. What they chose is kept for our workspace, whose token reaches them."""
    bot.start()
    await slack.connected(timeout_s=20.0)
    await slack.mention(PAPERS, ALICE, "paperboy subscriptions").acked()
    (question,) = slack.messages(PAPERS)
    (answer,) = await until(lambda: slack.thread(PAPERS, question.ts), 30.0)
    assert buttons(answer) == ["Subscribe"]
    await slack.press(answer, "subscription:", ZOE).acked()

    def asking() -> View | None:
        return next((view for view in slack.open_views(ZOE) if "submit" in view.body), None)

    far = f"{datetime.now(UTC) + timedelta(hours=12):%H:%M}"  # so that no digest is due during the test
    await slack.submit_view(await until(asking, 30.0), {"at": far, "timezone": "UTC"}).acked()
    await until(lambda: "Subscribed" in read_out(slack.open_views(ZOE)[-1]), 30.0)
    to = Destination("slack", TEAM, ZOE)
    with Store.create(Path(bot.environment["PAPERBOY_STORE__PATH"]), compose.clock) as store:
        assert [one.to for one in subscribed(store).values()] == [to]

    told = await asyncio.to_thread(bot.command, "deliver", DAY, "--to", str(to))
    assert told.returncode == 0, told.stderr
    digest = [read_out(one) for one in slack.visible(slack.workspaces[TEAM].direct_with(ZOE).id)]
    assert digest[0].startswith("5 of 5 papers for you")
