"""The app as Slack is told of it (https://docs.slack.dev/reference/app-manifest), from the one list of commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from adapters.slack_events import HOME
from adapters.slack_ids import is_group
from digest.types import CommandSpec, Texts

NAME = "Paperboy"
ABOUT = "Each morning's Hugging Face papers, read in full and reported in five sections."  # 140 characters at most

GROUPS_SCOPE = "usergroups:read"  # only when editors are named by a user group
# What a bot token must be allowed for each method that is called, as https://docs.slack.dev/reference/methods says
# under the method's name; apps.connections.open takes the app's own token.
METHODS: Mapping[str, tuple[str, ...]] = {
    "apps.connections.open": (),
    "auth.test": (),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "usergroups.list": (GROUPS_SCOPE,),
    "usergroups.users.list": (GROUPS_SCOPE,),
    "users.info": ("users:read",),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
# And for each event that Slack tells of: https://docs.slack.dev/reference/events
EVENTS: Mapping[str, str] = {"app_home_opened": "", "app_mention": "app_mentions:read", "message.im": "im:history"}
COMMANDS_SCOPE = "commands"  # https://docs.slack.dev/reference/scopes/commands


def manifest(commands: Sequence[CommandSpec], texts: Texts, editors: Sequence[str] = ()) -> dict[str, Any]:
    """The manifest as JSON takes it. `texts` says what the commands are for, in the workspace's language; `editors` are
    those of the settings."""
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {"name": NAME, "description": ABOUT},
        "features": {
            "app_home": {
                "home_tab_enabled": any(command.name == HOME for command in commands),
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "bot_user": {"display_name": NAME, "always_online": True},
            "slash_commands": [_slash(command, texts) for command in commands if command.typed],
        },
        "oauth_config": {"scopes": {"bot": scopes(editors)}},
        "settings": {
            "event_subscriptions": {"bot_events": sorted(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def scopes(editors: Sequence[str] = ()) -> list[str]:
    """What the bot has to be allowed, and no more."""
    of_methods = {scope for needed in METHODS.values() for scope in needed}
    of_events = {scope for scope in EVENTS.values() if scope}
    unused = set() if any(map(is_group, editors)) else {GROUPS_SCOPE}
    return sorted({*of_methods, *of_events, COMMANDS_SCOPE} - unused)


def _slash(command: CommandSpec, texts: Texts) -> dict[str, Any]:
    return {
        "command": f"/{command.name}",
        "description": texts.phrases[command.summary],
        "usage_hint": command.usage,
        "should_escape": False,
    }
