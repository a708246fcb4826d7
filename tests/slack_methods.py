"""The Web API's methods: what each needs, takes, refuses and answers (https://docs.slack.dev/reference/methods).

Stricter than Slack, which ignores arguments that it does not know; legacy attachments are refused as such.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from tests import slack_posts as posts
from tests.slack_calls import KINDS, Answer, Arguments, Refused, flag, invalid, joined, known, need_scope, shown
from tests.slack_world import APP, Channel, Group, Message, Workspace, World


class Method(Struct, frozen=True):
    run: Callable[[World, Workspace, Arguments], Answer]
    needed: frozenset[str]
    optional: frozenset[str]
    scope: str | None = None  # those that depend on the conversation are asked for where it is known
    takes_json: bool = True


def call(world: World, name: str, token: str | None, told: Mapping[str, Any], *, as_json: bool) -> Answer:
    """What a method answers; under the world's lock, all at once. `told` are the arguments as they came."""
    with world.lock:
        try:
            return {"ok": True, **_run(world, name, token, told, as_json=as_json)}
        except Refused as refusal:
            return refusal.answer


def _run(world: World, name: str, token: str | None, told: Mapping[str, Any], *, as_json: bool) -> Answer:
    if name not in METHODS:
        raise Refused("unknown_method", req_method=name)
    method = METHODS[name]
    workspace = installed(world, name, token)
    # Methods that only read take no JSON: Slack then sees no arguments at all
    arguments = _arguments(method, told if method.takes_json or not as_json else {})
    if method.scope:
        need_scope(workspace, method.scope)
    return method.run(world, workspace, arguments)


def installed(world: World, name: str, token: str | None) -> Workspace:
    """The workspace a token speaks for. Raises Refused: not_authed, invalid_auth, token_revoked, ..."""
    if not token:
        raise Refused("not_authed")
    of_app = name == "apps.connections.open"
    for workspace in world.workspaces.values():
        if token == workspace.app_token and of_app:
            if world.app_token_revoked:
                raise Refused("token_revoked")
            return workspace
        if token == workspace.bot_token and not of_app:
            if workspace.revoked:
                raise Refused("token_revoked")
            return workspace
        if token in {workspace.app_token, workspace.bot_token}:
            raise Refused("not_allowed_token_type")
    raise Refused("invalid_auth")


def _arguments(method: Method, told: Mapping[str, Any]) -> Arguments:
    problems = [f"missing required field: {name}" for name in sorted(method.needed) if told.get(name) in (None, "")]
    problems += [f"unknown argument: {name}" for name in told if name not in method.needed | method.optional]
    problems += [f"must not be null: {name}" for name, value in told.items() if value is None]
    if problems:
        raise invalid(*problems)
    return told


# --- conversations ---------------------------------------------------------------------------------------------------

_TYPES = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}


def _described(workspace: Workspace, channel: Channel) -> Answer:
    base = {"id": channel.id, "created": 1_700_000_000, "is_im": channel.kind == "im", "is_archived": channel.archived}
    if channel.kind == "im":
        return {**base, "user": channel.person, "is_open": True}
    return {
        **base,
        "name": channel.name,
        "is_channel": channel.kind == "public",
        "is_group": channel.kind == "private",
        "is_private": channel.kind == "private",
        "creator": channel.creator,
        "is_member": workspace.bot_user in channel.members,
        "is_shared": workspace.is_shared(channel),
        "is_ext_shared": workspace.is_shared(channel),
        "num_members": len(channel.members),
        "context_team_id": workspace.id,
    }


def _limit(arguments: Arguments, most: int, default: int = 100) -> int:
    try:
        limit = int(arguments.get("limit", default))
    except (TypeError, ValueError):
        raise Refused("invalid_limit") from None
    if not 1 <= limit <= most:
        raise Refused("invalid_limit")
    return limit


def _page(arguments: Arguments, ids: Sequence[str], most: int) -> tuple[slice, str]:
    """Which of these come next, and the cursor after them; a cursor names the first id of its page."""
    limit, start = _limit(arguments, most), 0
    if arguments.get("cursor"):
        try:
            start = ids.index(base64.b64decode(str(arguments["cursor"]), validate=True).decode().removeprefix("next:"))
        except (ValueError, binascii.Error):
            raise Refused("invalid_cursor") from None
    after = base64.b64encode(f"next:{ids[start + limit]}".encode()).decode() if start + limit < len(ids) else ""
    return slice(start, start + limit), after


def _auth_test(_world: World, workspace: Workspace, _arguments: Arguments) -> Answer:
    name = workspace.id.lower()
    who = {"user": "paperboy", "user_id": workspace.bot_user, "bot_id": workspace.bot, "team": name}
    return {**who, "url": f"https://{name}.slack.com/", "team_id": workspace.id, "is_enterprise_install": False}


def _conversations(workspace: Workspace, arguments: Arguments, channels: Iterable[Channel]) -> Answer:
    types = str(arguments.get("types", "public_channel")).split(",")
    if not set(types) <= _TYPES.keys():
        raise Refused("invalid_types")
    kinds = {_TYPES[name] for name in types}
    need_scope(workspace, *(f"{KINDS.get(kind, kind)}:read" for kind in sorted(kinds)))
    listed = [
        channel
        for channel in sorted(channels, key=lambda channel: channel.id)
        if channel.kind in kinds and not (channel.archived and flag(arguments, "exclude_archived"))
    ]
    page, after = _page(arguments, [channel.id for channel in listed], 1000)
    described = [_described(workspace, channel) for channel in listed[page]]
    return {"channels": described, "response_metadata": {"next_cursor": after}}


def _conversations_list(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channels = (c for c in workspace.channels.values() if c.kind == "public" or workspace.bot_user in c.members)
    return _conversations(workspace, arguments, channels)


def _users_conversations(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    person = arguments.get("user", workspace.bot_user)
    channels = (c for c in workspace.channels.values() if person in c.members and workspace.bot_user in c.members)
    return _conversations(workspace, arguments, channels)


def _conversations_info(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channel = known(workspace, arguments["channel"])
    need_scope(workspace, f"{KINDS[channel.kind]}:read")
    return {"channel": _described(workspace, channel)}


def _conversations_members(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channel = known(workspace, arguments["channel"])
    need_scope(workspace, f"{KINDS[channel.kind]}:read")
    members = sorted(channel.members)
    page, after = _page(arguments, members, 1000)
    return {"members": members[page], "response_metadata": {"next_cursor": after}}


def _conversations_join(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    channel = known(workspace, arguments["channel"])
    if channel.kind != "public":
        raise Refused("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refused("is_archived")
    channel.members.add(workspace.bot_user)
    return {"channel": _described(workspace, channel)}


def _conversations_open(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    if "channel" in arguments:
        return {"channel": {"id": known(workspace, arguments["channel"]).id}}
    person = str(arguments.get("users", ""))
    if person not in workspace.people:
        raise Refused("user_not_found")
    if not workspace.reaches(person):
        raise Refused("user_not_visible")
    channel = workspace.direct_with(person)
    return {"channel": _described(workspace, channel) if flag(arguments, "return_im") else {"id": channel.id}}


# --- history ---------------------------------------------------------------------------------------------------------


def _within(arguments: Arguments, message: Message) -> bool:
    try:
        oldest, latest = float(arguments.get("oldest", 0)), float(arguments.get("latest", "inf"))
    except ValueError:
        raise Refused("invalid_ts_oldest") from None
    at = float(message.ts)
    return oldest < at < latest or (flag(arguments, "inclusive") and at in {oldest, latest})


def _told(world: World, arguments: Arguments, messages: Sequence[Message], first: Sequence[Message] = ()) -> Answer:
    page, after = _page(arguments, [message.ts for message in messages], 999)
    with_metadata = flag(arguments, "include_all_metadata")
    told = [shown(world, message, with_metadata=with_metadata) for message in [*first, *messages[page]]]
    return {"messages": told, "has_more": bool(after), "response_metadata": {"next_cursor": after}}


def _conversations_history(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    """What shows in the channel, newest first."""
    channel = joined(workspace, arguments["channel"])
    need_scope(workspace, f"{KINDS[channel.kind]}:history")
    messages = [message for message in world.messages(channel.id) if _within(arguments, message)]
    return _told(world, arguments, messages[::-1])


def _conversations_replies(world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    """A thread, oldest first; the parent comes first on every page, whatever `oldest` says."""
    channel = joined(workspace, arguments["channel"])
    need_scope(workspace, f"{KINDS[channel.kind]}:history")
    parent = world.find(channel.id, str(arguments["ts"]))
    replies = world.thread(channel.id, str(arguments["ts"]))
    if parent is None and not replies:
        raise Refused("thread_not_found")
    kept = [message for message in replies if _within(arguments, message)]
    return _told(world, arguments, kept, [parent] if parent else [])


# --- people and bots -------------------------------------------------------------------------------------------------


def _users_info(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    person = workspace.people.get(str(arguments["user"]))
    if person is None:
        raise Refused("user_not_found")
    is_ours = not person.team
    # Of people of other companies Slack tells no locale, and of their own workspace's rights as they have them there
    locale = {"locale": person.locale} if flag(arguments, "include_locale") and is_ours else {}
    real_name = person.name.title() if person.real_name is None else person.real_name
    display_name = person.name if person.display_name is None else person.display_name
    zone = {"tz": person.timezone, "tz_label": person.timezone, "tz_offset": person.utc_offset_s}
    user = {
        "id": person.id,
        "team_id": workspace.team_of(person.id),
        "name": person.name,
        "real_name": real_name,
        "deleted": person.deleted,
        "is_bot": person.is_bot,
        "is_stranger": not workspace.reaches(person.id),
        "profile": {"real_name": real_name, "display_name": display_name, "team": workspace.team_of(person.id)},
    }
    rights = {
        "is_admin": person.is_admin or person.is_owner,
        "is_owner": person.is_owner,
        "is_primary_owner": person.is_primary_owner,
        "is_restricted": person.is_restricted or person.is_ultra_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
    }
    return {"user": {**user, **zone, **rights, **locale}}


def _usergroups(workspace: Workspace, arguments: Arguments) -> dict[str, Group]:
    """The groups that may be asked about. Raises Refused."""
    if not workspace.has_groups:
        raise Refused("plan_upgrade_required")
    with_disabled = flag(arguments, "include_disabled")
    return {name: group for name, group in workspace.groups.items() if with_disabled or not group.disabled}


def _usergroups_list(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    described = [
        {
            "id": group.id,
            "team_id": workspace.id,
            "is_usergroup": True,
            "name": group.handle.title(),
            "handle": group.handle,
            "is_external": False,
            "date_delete": 1_700_000_000 if group.disabled else 0,
            **({"users": sorted(group.members)} if flag(arguments, "include_users") else {}),
            **({"user_count": len(group.members)} if flag(arguments, "include_count") else {}),
        }
        for group in _usergroups(workspace, arguments).values()
    ]
    return {"usergroups": described}


def _usergroups_users_list(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    group = _usergroups(workspace, arguments).get(str(arguments["usergroup"]))
    if group is None:
        raise Refused("no_such_subteam")
    return {"users": sorted(group.members)}


def _bots_info(_world: World, workspace: Workspace, arguments: Arguments) -> Answer:
    if arguments.get("bot") != workspace.bot:
        raise Refused("bot_not_found")
    bot = {"id": workspace.bot, "app_id": APP, "user_id": workspace.bot_user, "name": "Paperboy", "deleted": False}
    return {"bot": bot}


# --- the list --------------------------------------------------------------------------------------------------------


def _method(
    run: Callable[[World, Workspace, Arguments], Answer],
    needed: str = "",
    optional: str = "",
    scope: str | None = None,
    *,
    takes_json: bool = True,
) -> Method:
    # The SDK adds team_id to every call of a client that bolt has authorized
    return Method(run, frozenset(needed.split()), frozenset([*optional.split(), "team_id"]), scope, takes_json)


_CONTENT = "text blocks markdown_text link_names parse"
_PAGED = "cursor limit"
_SPAN = "cursor limit oldest latest inclusive include_all_metadata"
_LOOKS = "username icon_emoji icon_url"
METHODS: dict[str, Method] = {
    "auth.test": _method(_auth_test),
    "apps.connections.open": _method(lambda _world, _workspace, _arguments: {}),  # the server adds the address
    "bots.info": _method(_bots_info, "bot", "", "users:read", takes_json=False),
    "chat.delete": _method(posts.delete, "channel ts", "", "chat:write"),
    "chat.getPermalink": _method(posts.permalink, "channel message_ts", takes_json=False),
    "chat.postEphemeral": _method(posts.post_ephemeral, "channel user", f"{_CONTENT} thread_ts", "chat:write"),
    "chat.postMessage": _method(
        posts.post_message,
        "channel",
        f"{_CONTENT} {_LOOKS} thread_ts reply_broadcast metadata mrkdwn unfurl_links unfurl_media",
        "chat:write",
    ),
    "chat.update": _method(posts.update, "channel ts", f"{_CONTENT} reply_broadcast metadata", "chat:write"),
    "conversations.history": _method(_conversations_history, "channel", _SPAN, takes_json=False),
    "conversations.info": _method(
        _conversations_info, "channel", "include_locale include_num_members", takes_json=False
    ),
    "conversations.join": _method(_conversations_join, "channel", "", "channels:join"),
    "conversations.list": _method(_conversations_list, "", f"{_PAGED} exclude_archived types", takes_json=False),
    "conversations.members": _method(_conversations_members, "channel", _PAGED, takes_json=False),
    "conversations.open": _method(_conversations_open, "", "channel users return_im", "im:write"),
    "conversations.replies": _method(_conversations_replies, "channel ts", _SPAN, takes_json=False),
    "usergroups.list": _method(
        _usergroups_list, "", "include_count include_disabled include_users", "usergroups:read", takes_json=False
    ),
    "usergroups.users.list": _method(
        _usergroups_users_list, "usergroup", "include_disabled", "usergroups:read", takes_json=False
    ),
    "users.conversations": _method(_users_conversations, "", f"{_PAGED} exclude_archived types user", takes_json=False),
    "users.info": _method(_users_info, "user", "include_locale", "users:read", takes_json=False),
    "views.open": _method(posts.views_open, "trigger_id view"),
    "views.publish": _method(posts.views_publish, "user_id view", "hash"),
    "views.push": _method(posts.views_push, "trigger_id view"),
    "views.update": _method(posts.views_update, "view", "view_id external_id hash"),
}
