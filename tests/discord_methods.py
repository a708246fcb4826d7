"""Every call that the local Discord takes: its address, who may make it, and what it does. Whatever is not here is
refused, as Discord refuses what it does not know. The names are those of the official description.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from tests import discord_interactions as interactions
from tests import discord_messages as messages
from tests import discord_spec
from tests.discord_calls import Answer, Call, Problem, Refused
from tests.discord_interactions import Interacting
from tests.discord_payloads import channel_told, guild_told, member_told, roles_told, user_told
from tests.discord_rules import command_problems
from tests.discord_world import APPLICATION, BOT_TOKEN, BOT_USER, Guild

_AGENT = re.compile(r"DiscordBot \(\S+,? [^)]+\)")


class Method(Struct, frozen=True):
    """`takes` are the query's arguments; a call `by_token` has its right in its address and needs no bot's token."""

    operation: str
    verb: str
    address: re.Pattern[str]
    run: Callable[[Interacting, Call], Answer]
    takes: frozenset[str]
    by_token: bool
    has_body: bool


def find(verb: str, path: str) -> tuple[Method, dict[str, str]]:
    """The call at an address. Raises Refused with 404 or 405."""
    there = [(method, match) for method in METHODS if (match := method.address.fullmatch(path))]
    if not there:
        raise Refused(0, status=404, message="404: Not Found")
    for method, match in there:
        if method.verb == verb:
            return method, match.groupdict()
    raise Refused(0, status=405, message="405: Method Not Allowed")


def run(world: Interacting, method: Method, call: Call, headers: Mapping[str, str]) -> Answer:
    """What a call answers; under the world's lock, all at once. Raises Refused. A bot says who made it:
    https://docs.discord.com/developers/reference#user-agent"""
    with world.lock:
        try:
            _admit(world, method, call, headers)
            return method.run(world, call)
        except Refused as refusal:
            token = call.path.get("interaction_token") or call.path.get("webhook_token", "")
            if token in world.interactions:
                world.interactions[token].refusal = refusal.answer
            raise


def _admit(world: Interacting, method: Method, call: Call, headers: Mapping[str, str]) -> None:
    """Raises Refused for a caller who may not call this, and for what the official description does not have."""
    if not method.by_token and not _AGENT.match(headers.get("User-Agent", "")):
        raise Refused(40333)
    if not method.by_token and (headers.get("Authorization") != f"Bot {BOT_TOKEN}" or world.token_revoked):
        raise Refused(0)
    for name in call.query.keys() - method.takes:
        raise Refused(50035, [Problem((name,), "UNKNOWN_FIELD", "This argument is not in the official description")])
    for name, value in call.path.items():
        if name.endswith("_id") and not value.isdecimal():
            raise Refused(50035, [Problem((name,), "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')])
    if method.has_body and (problems := discord_spec.problems(call.operation, call.body)):
        raise Refused(50035, problems)


# --- the app and the servers -----------------------------------------------------------------------------------------


def _get_my_user(world: Interacting, _call: Call) -> Answer:
    return {**user_told(world, BOT_USER), "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def _get_my_application(world: Interacting, _call: Call) -> Answer:
    base: dict[str, Any] = {"id": APPLICATION, "name": "Paperboy", "icon": None, "description": "", "type": None}
    base |= {"bot_public": False, "bot_require_code_grant": False, "verify_key": "00", "flags": 0, "flags_new": "0"}
    base |= {"team": None, "interactions_endpoint_url": None, "role_connections_verification_url": None}
    base |= {"redirect_uris": [], "eligible_oauth2_scopes": [], "explicit_content_filter": 0}
    base |= {"approximate_guild_count": sum(guild.installed for guild in world.guilds.values())}
    base |= {"approximate_user_install_count": 0, "approximate_user_authorization_count": 0}
    return {**base, "owner": user_told(world, next(iter(world.people)))}


def _get_gateway(world: Interacting, _call: Call) -> Answer:
    limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
    return {"url": world.gateway_url, "shards": 1, "session_start_limit": limit}


def _get_user(world: Interacting, call: Call) -> Answer:
    if call.path["user_id"] not in {BOT_USER, *world.people}:
        raise Refused(10013)
    return user_told(world, call.path["user_id"])


def _create_dm(world: Interacting, call: Call) -> Answer:
    person = str(call.body["recipient_id"]) if isinstance(call.body, dict) and "recipient_id" in call.body else ""
    if person not in world.people:
        raise Refused(50033)
    return channel_told(world, world.direct_with(person))


def _guild(world: Interacting, call: Call) -> Guild:
    guild = world.guilds.get(call.path["guild_id"])
    if guild is None:
        raise Refused(10004)
    if not guild.installed:
        raise Refused(50001)
    return guild


def _list_my_guilds(world: Interacting, call: Call) -> Answer:
    limit = messages.number(call, "limit", 1, 200, 200)
    there = [guild for guild in world.guilds.values() if guild.installed][:limit]
    base: dict[str, Any] = {"icon": None, "banner": None, "owner": False, "features": []}
    return [{**base, "id": one.id, "name": one.name, "permissions": str(one.permissions)} for one in there]


def _leave_guild(world: Interacting, call: Call) -> Answer:
    guild = _guild(world, call)
    guild.installed = False
    world.tell("GUILD_DELETE", {"id": guild.id})
    return None


def _list_guild_channels(world: Interacting, call: Call) -> Answer:
    """With those that the bot cannot see, as Discord does."""
    guild = _guild(world, call)
    there = [one for one in world.channels.values() if one.guild == guild.id and not one.is_thread and not one.deleted]
    return [channel_told(world, one) for one in there]


def _get_guild_member(world: Interacting, call: Call) -> Answer:
    guild, person = _guild(world, call), call.path["user_id"]
    if person not in {BOT_USER, *guild.people}:
        raise Refused(10007)
    return member_told(world, person, guild)


# --- commands --------------------------------------------------------------------------------------------------------


def _place(world: Interacting, call: Call) -> str:
    if call.path["application_id"] != APPLICATION:
        raise Refused(20012)
    return _guild(world, call).id if "guild_id" in call.path else ""


def _list_commands(world: Interacting, call: Call) -> Answer:
    return list(world.commands.get(_place(world, call), []))


def _registered(world: Interacting, command: dict[str, Any], place: str, known: dict[str, Any]) -> dict[str, Any]:
    """A command as Discord keeps it; one of the same name keeps its id."""
    base: dict[str, Any] = {"type": 1, "options": [], "nsfw": False, "default_member_permissions": None}
    base |= {"name_localizations": None, "description_localizations": None, "integration_types": [0], "contexts": None}
    kept = {name: value for name, value in command.items() if name != "id" and value is not None}
    told = {**base, **kept, "application_id": APPLICATION, "version": world.snowflake()}
    told["id"] = known[command["name"]]["id"] if command["name"] in known else world.snowflake()
    return {**told, "guild_id": place} if place else told


def _bulk_set_commands(world: Interacting, call: Call) -> Answer:
    """Replaces all of them."""
    place = _place(world, call)
    if problems := command_problems(call.body):
        raise Refused(50035, problems)
    known = {command["name"]: command for command in world.commands.get(place, [])}
    world.commands[place] = [_registered(world, command, place, known) for command in call.body]
    return list(world.commands[place])


def _create_command(world: Interacting, call: Call) -> Answer:
    """Adds one, or replaces the one of its name."""
    place = _place(world, call)
    if problems := command_problems([call.body]):
        raise Refused(50035, problems)
    known = {command["name"]: command for command in world.commands.get(place, [])}
    known[call.body["name"]] = _registered(world, call.body, place, known)
    world.commands[place] = list(known.values())
    return dict(known[call.body["name"]])


def _delete_command(world: Interacting, call: Call) -> Answer:
    place = _place(world, call)
    kept = [one for one in world.commands.get(place, []) if one["id"] != call.path["command_id"]]
    if len(kept) == len(world.commands.get(place, [])):
        raise Refused(10063)
    world.commands[place] = kept
    return None


def _method(
    verb: str, template: str, operation: str, run: Callable[[Interacting, Call], Answer], takes: str = ""
) -> Method:
    address = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
    by_token = template.startswith(("/interactions/", "/webhooks/"))
    return Method(operation, verb, address, run, frozenset(takes.split()), by_token, verb in {"POST", "PUT", "PATCH"})


_C, _M = "/channels/{channel_id}", "/channels/{channel_id}/messages/{message_id}"
_A, _G = "/applications/{application_id}", "/guilds/{guild_id}"
_W = "/webhooks/{webhook_id}/{webhook_token}"
_PAGE = "limit before after around"
METHODS = [
    _method("GET", "/users/@me", "get_my_user", _get_my_user),
    _method("GET", "/users/@me/guilds", "list_my_guilds", _list_my_guilds, "limit with_counts"),
    _method("DELETE", "/users/@me/guilds/{guild_id}", "leave_guild", _leave_guild),
    _method("POST", "/users/@me/channels", "create_dm", _create_dm),
    _method("GET", "/users/{user_id}", "get_user", _get_user),
    _method("GET", "/oauth2/applications/@me", "get_my_oauth2_application", _get_my_application),
    _method("GET", "/applications/@me", "get_my_application", _get_my_application),
    _method("GET", "/gateway/bot", "get_bot_gateway", _get_gateway),
    _method("GET", _G, "get_guild", lambda world, call: guild_told(world, _guild(world, call)), "with_counts"),
    _method("GET", f"{_G}/channels", "list_guild_channels", _list_guild_channels),
    _method("GET", f"{_G}/roles", "list_guild_roles", lambda world, call: roles_told(_guild(world, call))),
    _method("GET", f"{_G}/members/{{user_id}}", "get_guild_member", _get_guild_member),
    _method("GET", f"{_G}/threads/active", "get_active_guild_threads", messages.get_active_guild_threads),
    _method("GET", _C, "get_channel", messages.get_channel),
    _method("PATCH", _C, "update_channel", messages.update_channel),
    _method("POST", f"{_C}/typing", "trigger_typing_indicator", messages.trigger_typing_indicator),
    _method("GET", f"{_C}/messages", "list_messages", messages.list_messages, _PAGE),
    _method("POST", f"{_C}/messages", "create_message", messages.create_message),
    _method("GET", _M, "get_message", messages.get_message),
    _method("PATCH", _M, "update_message", messages.update_message),
    _method("DELETE", _M, "delete_message", messages.delete_message),
    _method("POST", f"{_M}/threads", "create_thread_from_message", messages.create_thread_from_message),
    _method("POST", f"{_C}/threads", "create_thread", messages.create_thread, "use_nested_fields"),
    _method(
        "GET",
        f"{_C}/threads/archived/public",
        "list_public_archived_threads",
        messages.list_public_archived_threads,
        "before limit",
    ),
    _method("PUT", f"{_C}/thread-members/@me", "join_thread", messages.join_thread),
    _method("GET", f"{_A}/commands", "list_application_commands", _list_commands, "with_localizations"),
    _method("PUT", f"{_A}/commands", "bulk_set_application_commands", _bulk_set_commands),
    _method("POST", f"{_A}/commands", "create_application_command", _create_command),
    _method("DELETE", f"{_A}/commands/{{command_id}}", "delete_application_command", _delete_command),
    _method("GET", f"{_A}{_G}/commands", "list_guild_application_commands", _list_commands, "with_localizations"),
    _method("PUT", f"{_A}{_G}/commands", "bulk_set_guild_application_commands", _bulk_set_commands),
    _method("POST", f"{_A}{_G}/commands", "create_guild_application_command", _create_command),
    _method("DELETE", f"{_A}{_G}/commands/{{command_id}}", "delete_guild_application_command", _delete_command),
    _method(
        "POST",
        "/interactions/{interaction_id}/{interaction_token}/callback",
        "create_interaction_response",
        interactions.create_interaction_response,
        "with_response",
    ),
    _method("POST", _W, "execute_webhook", interactions.execute_webhook, "wait thread_id with_components"),
    *(
        _method(verb, f"{_W}/messages/{name}", f"{done}_{kind}_message", run, "thread_id with_components")
        for name, kind in (("@original", "original_webhook"), ("{message_id}", "webhook"))
        for verb, done, run in (
            ("GET", "get", interactions.get_webhook_message),
            ("PATCH", "update", interactions.update_webhook_message),
            ("DELETE", "delete", interactions.delete_webhook_message),
        )
    ),
]
