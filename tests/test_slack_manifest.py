"""The app's manifest against the code that calls Slack, and against the local Slack's own list of scopes."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack_manifest import COMMANDS_SCOPE, EVENTS, GROUPS_SCOPE, METHODS, manifest, scopes
from bot import compose
from bot.registry import COMMANDS
from digest.types import CommandSpec
from tests import slack_chat
from tests.slack_client import web_client
from tests.slack_payloads import NotPossible
from tests.slack_server import SlackServer
from tests.slack_world import ALICE, PAPERS, SECRET, TEAM

ADAPTERS = Path(__file__).parents[1] / "adapters"
TEXT = {"text": "x"}
CALLS: dict[str, tuple[dict[str, Any], ...]] = {
    "auth.test": ({},),
    "chat.postEphemeral": ({"channel": PAPERS, "user": ALICE, **TEXT},),
    "chat.postMessage": ({"channel": PAPERS, **TEXT},),
    "chat.update": ({"channel": PAPERS, "ts": "1.000001", **TEXT},),
    "conversations.history": ({"channel": PAPERS}, {"channel": SECRET}, {"channel": "DIRECT"}),
    "conversations.info": ({"channel": PAPERS}, {"channel": SECRET}),
    "chat.getPermalink": ({"channel": PAPERS, "message_ts": "1768550400.000100"},),
    "conversations.open": ({"users": ALICE},),
    "conversations.replies": tuple({"channel": channel, "ts": "1.0"} for channel in (PAPERS, SECRET, "DIRECT")),
    "usergroups.list": ({},),
    "usergroups.users.list": ({"usergroup": "S0EDITORS1"},),
    "users.info": ({"user": ALICE},),
    "views.open": ({"trigger_id": "1", "view": "{}"},),
    "views.publish": ({"user_id": ALICE, "view": "{}"},),
    "views.update": ({"view_id": "V1", "view": "{}"},),
}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


def called() -> set[str]:
    """The Web API's methods that the Slack modules call, by the SDK's names for them."""
    used = set()
    for path in ADAPTERS.glob("slack*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute):
                function = getattr(AsyncWebClient, node.attr, None)
                if inspect.iscoroutinefunction(function) and "_" in node.attr and node.attr != "api_call":
                    used.add(node.attr.replace("_", "."))
    return used


async def missing(slack: SlackServer, method: str, arguments: dict[str, Any]) -> str:
    """The scope that a call is refused for, "" when it is not."""
    direct = slack.workspaces[TEAM].direct_with(ALICE).id
    told = {name: direct if value == "DIRECT" else value for name, value in arguments.items()}
    try:
        await web_client(slack).api_call(method, params=told)
    except SlackApiError as error:
        return str(error.response.get("needed", ""))
    return ""


def test_the_methods_listed_are_those_that_the_code_calls() -> None:
    """No more and no fewer."""
    assert called() == set(METHODS)


async def test_each_method_needs_the_scopes_listed_for_it(slack: SlackServer) -> None:
    """Without any scope, Slack names them; with the manifest's, it misses none."""
    assert CALLS.keys() == METHODS.keys() - {"apps.connections.open"}
    for allowed in (set[str](), set(scopes(["S0EDITORS1"]))):
        slack.workspaces[TEAM].scopes = allowed
        for method, calls in CALLS.items():
            needed = {await missing(slack, method, arguments) for arguments in calls} - {""}
            assert needed == (set() if allowed else set(METHODS[method])), method


def test_each_event_and_the_commands_need_the_scope_listed_for_them(slack: SlackServer) -> None:
    """Slack tells an app without them of nothing."""
    slack.workspaces[TEAM].scopes = set()
    with pytest.raises(NotPossible, match=f"`{EVENTS['app_mention']}`"):
        slack.mention(PAPERS, ALICE, "hi")
    with pytest.raises(NotPossible, match=f"`{EVENTS['message.im']}`"):
        slack.direct(ALICE, "hi")
    with pytest.raises(NotPossible, match=f"`{COMMANDS_SCOPE}`"):
        slack.command(PAPERS, ALICE, "/paper")
    assert {scope for scope in EVENTS.values() if scope} | {COMMANDS_SCOPE} <= set(scopes())


def test_user_groups_are_read_only_when_editors_are_named_by_one() -> None:
    """The scope `usergroups:read` is in the manifest then, and otherwise is not asked for."""
    texts = compose.texts("en")
    for editors, is_read in (((), False), (("U0ALICE001", "admins"), False), (("U0ALICE001", "S0EDITORS1"), True)):
        told = manifest(slack_chat.COMMANDS, texts, editors)
        assert (GROUPS_SCOPE in told["oauth_config"]["scopes"]["bot"]) is is_read
        assert set(told["oauth_config"]["scopes"]["bot"]) - {GROUPS_SCOPE} == set(scopes())


def test_the_home_tab_is_there_when_something_answers_with_it() -> None:
    """Without such a command, people would look at Slack's own "work in progress"."""
    home = CommandSpec(name="home", usage="", summary="command_paper", example="", typed=False)
    for commands, enabled in ((slack_chat.COMMANDS, False), ((*slack_chat.COMMANDS, home), True)):
        told = manifest(commands, compose.texts("en"))
        assert told["features"]["app_home"]["home_tab_enabled"] is enabled


def test_the_manifest_has_all_that_the_adapter_lives_on() -> None:
    """Typed commands with their help, scopes, events, buttons, Socket Mode, and a tab for direct messages."""
    told = manifest(slack_chat.COMMANDS, compose.texts("en"))
    assert [(one["command"], one["usage_hint"]) for one in told["features"]["slash_commands"]] == [
        ("/paper", "ID [SECTION]"),
        ("/papers", "[QUERY]"),
    ]
    assert told["oauth_config"]["scopes"]["bot"] == scopes()
    assert told["settings"]["event_subscriptions"]["bot_events"] == [
        "app_home_opened",
        "app_mention",
        "message.im",
    ]
    assert told["settings"]["interactivity"]["is_enabled"]
    assert told["settings"]["socket_mode_enabled"]
    assert told["features"]["app_home"]["messages_tab_enabled"]
    assert not told["features"]["app_home"]["messages_tab_read_only_enabled"]


@pytest.mark.parametrize("language", compose.LANGUAGES)
def test_the_manifest_keeps_slacks_limits(language: str) -> None:
    """Those of https://docs.slack.dev/reference/app-manifest, for Paperboy's own commands; and it is JSON."""
    told = json.loads(json.dumps(manifest(COMMANDS, compose.texts(language))))
    assert len(told["display_information"]["name"]) <= 35
    assert len(told["display_information"]["description"]) <= 140
    assert len(told["features"]["bot_user"]["display_name"]) <= 80
    commands = told["features"]["slash_commands"]
    assert 1 <= len(commands) <= 50
    for command in commands:
        assert command["command"].startswith("/")
        assert len(command["command"]) <= 32
        assert 0 < len(command["description"]) <= 2000
        assert len(command["usage_hint"]) <= 1000
