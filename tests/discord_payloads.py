"""Things in the form in which Discord tells of them (https://docs.discord.com/developers/resources/message and the
pages beside it)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from tests.discord_world import APPLICATION, BOT_ROLE, BOT_USER, Channel, Guild, Kind, Message, World

JOINED = "2025-01-01T00:00:00.000000+00:00"
# What a plain server has not set
_UNSET = (
    "afk_channel_id application_id banner description discovery_splash home_header incidents_data max_presences "
    "public_updates_channel_id rules_channel_id safety_alerts_channel_id splash system_channel_id vanity_url_code "
    "widget_channel_id"
).split()


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


def user_told(world: World, user: str) -> dict[str, Any]:
    is_bot = user == BOT_USER
    name = "paperboy" if is_bot else world.people[user].name
    shown = None if is_bot else world.people[user].global_name
    base = {"id": user, "username": name, "discriminator": "0" if not is_bot else "0001", "global_name": shown}
    return {**base, "avatar": None, "bot": is_bot, "public_flags": 0, "flags": 0, "primary_guild": None}


def member_told(world: World, user: str, guild: Guild) -> dict[str, Any]:
    """A member of a server with their roles; everybody's is not among them."""
    roles = [BOT_ROLE] if user == BOT_USER else guild.held.get(user, [])
    base: dict[str, Any] = {"roles": roles, "joined_at": JOINED, "deaf": False, "mute": False, "flags": 0, "nick": None}
    base |= {"avatar": None, "banner": None, "premium_since": None, "communication_disabled_until": None}
    return {**base, "pending": False, "user": user_told(world, user)}


def role_told(role: str, name: str, permissions: int, **more: Any) -> dict[str, Any]:
    colours = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
    base: dict[str, Any] = {
        "id": role,
        "name": name,
        "color": 0,
        "colors": colours,
        "hoist": False,
        "managed": role == BOT_ROLE,
    }
    base |= {"position": int(role == BOT_ROLE), "permissions": str(permissions), "mentionable": False, "flags": 0}
    return {**base, "icon": None, "unicode_emoji": None, **more}


def roles_told(guild: Guild) -> list[dict[str, Any]]:
    """Everybody's role, which gives the bot nothing here, the bot's own, and the others."""
    own = role_told(BOT_ROLE, "Paperboy", guild.permissions, tags={"bot_id": BOT_USER})
    others = [
        role_told(role.id, role.name, role.permissions, managed=role.managed, position=2 + place)
        for place, role in enumerate(guild.roles)
    ]
    return [role_told(guild.id, "@everyone", 0), own, *others]


def channel_told(world: World, channel: Channel) -> dict[str, Any]:
    if channel.is_thread:
        return _thread_told(world, channel)
    base: dict[str, Any] = {"id": channel.id, "type": int(channel.kind), "flags": 0, "last_message_id": None}
    if channel.kind is Kind.DM:
        return {**base, "recipients": [user_told(world, who) for who in channel.people or [channel.person]]}
    if channel.kind is Kind.GROUP:
        there = [user_told(world, who) for who in channel.people]
        return {**base, "recipients": there, "name": None, "icon": None, "owner_id": channel.people[0]}
    denied = {"id": BOT_USER, "type": 1, "allow": "0", "deny": str(channel.denied)}
    base |= {"guild_id": channel.guild, "name": channel.name, "position": 0, "nsfw": False, "parent_id": None}
    base |= {"topic": None, "rate_limit_per_user": 0, "permission_overwrites": [denied]}
    if channel.kind is Kind.FORUM:
        tags = [
            {"id": tag.id, "name": tag.name, "moderated": False, "emoji_id": None, "emoji_name": None}
            for tag in channel.tags
        ]
        base |= {"available_tags": tags, "default_reaction_emoji": None, "default_sort_order": None}
        base |= {"default_forum_layout": 0, "flags": (1 << 4) * channel.tag_required}
    return base


def _thread_told(world: World, thread: Channel) -> dict[str, Any]:
    count = sum(message.channel == thread.id and message.id != thread.id for message in world.applied)
    metadata = {
        "archived": thread.archived,
        "auto_archive_duration": thread.auto_archive_minutes,
        "archive_timestamp": stamp(thread.archived_at_s),
        "locked": thread.locked,
        "create_timestamp": stamp(thread.born_s),
    }
    base = {"id": thread.id, "type": int(thread.kind), "guild_id": thread.guild, "parent_id": thread.parent}
    base |= {"owner_id": thread.owner, "name": thread.name, "message_count": count, "total_message_sent": count}
    base |= {"member_count": 1, "rate_limit_per_user": 0, "flags": 0, "applied_tags": thread.applied_tags}
    return {**base, "last_message_id": None, "thread_metadata": metadata}


def guild_told(world: World, guild: Guild, *, whole: bool = False) -> dict[str, Any]:
    """A server; `whole` as GUILD_CREATE tells of it, with its channels, active threads and the bot's own membership."""
    base: dict[str, Any] = {"id": guild.id, "name": guild.name, "icon": None, "owner_id": guild.people[0]}
    base |= {"roles": roles_told(guild), "emojis": [], "stickers": [], "features": [], "preferred_locale": guild.locale}
    base |= {"verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0, "mfa_level": 0}
    base |= {"afk_timeout": 300, "premium_tier": 0, "nsfw_level": 0, "system_channel_flags": 0, "region": "deprecated"}
    base |= {"max_members": 500_000, "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "nsfw": False}
    base |= {"premium_subscription_count": 0, "premium_progress_bar_enabled": False, "widget_enabled": False}
    base |= dict.fromkeys(_UNSET)
    if whole:
        there = [one for one in world.channels.values() if one.guild == guild.id and not one.deleted]
        base |= {"unavailable": False, "large": False, "member_count": len(guild.people) + 1, "joined_at": JOINED}
        base |= {"members": [member_told(world, BOT_USER, guild)], "voice_states": [], "presences": []}
        base |= {"channels": [channel_told(world, one) for one in there if not one.is_thread]}
        base |= {"threads": [channel_told(world, one) for one in there if one.is_thread and not one.archived]}
        base |= {"stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": []}
    return base


def message_told(world: World, message: Message, *, in_event: bool = False, just_sent: bool = False) -> dict[str, Any]:
    """A message. An event names the server and the member too. The nonce is told to the sender and in events, and is
    not kept with the message (https://github.com/Rapptz/discord.py/issues/2451)."""
    mentions = [user_told(world, who) for who in message.pinged if who in world.people or who == BOT_USER]
    told: dict[str, Any] = {
        "id": message.id,
        "channel_id": message.channel,
        "type": message.type,
        "author": user_told(world, message.author),
        "content": message.content,
        "embeds": message.embeds,
        "components": message.components,
        "attachments": [],
        "mentions": mentions,
        "mention_roles": [
            who for who in message.pinged if who not in world.people and who not in {BOT_USER, "everyone"}
        ],
        "mention_everyone": "everyone" in message.pinged,
        "flags": message.flags,
        "timestamp": stamp(message.at_s),
        "edited_timestamp": None if message.edited_at_s is None else stamp(message.edited_at_s),
        "pinned": False,
        "tts": False,
    }
    if message.nonce is not None and (in_event or just_sent):
        told["nonce"] = message.nonce
    if message.author == BOT_USER:
        told["application_id"] = APPLICATION
    if reference := message.body.get("message_reference"):
        told["message_reference"] = reference
    if (thread := world.channels.get(message.id)) and not thread.deleted and message.channel != thread.id:
        told["thread"] = channel_told(world, thread)
    guild = world.channels[message.channel].guild
    if in_event and guild:
        told["guild_id"] = guild
        member = member_told(world, message.author, world.guilds[guild])
        told["member"] = {name: value for name, value in member.items() if name != "user"}
    return told
