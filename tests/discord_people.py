"""Driving the local Discord as people and administrators do: commands, buttons, mentions, direct messages; archived
threads, revoked rights, removed bots. Each becomes an event on the gateway.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from tests.discord_commands import NotPossible, filled_in, invoked, pressed
from tests.discord_gateway import Events, Gateway
from tests.discord_interactions import (
    AUTOCOMPLETE,
    COMMAND,
    COMPONENT,
    MODAL_SUBMIT,
    Interacting,
    Interaction,
)
from tests.discord_messages import change_thread, pinged, removed
from tests.discord_payloads import channel_told, guild_told, member_told, message_told, roles_told, user_told
from tests.discord_world import APPLICATION, BOT_USER, GUILD, Channel, Guild, Kind, Message, Permission, Role
from tests.slack_socket import PATIENCE_S, until

P = Permission
_ATTACHMENT_BYTES = 10 * 1024 * 1024


class People(Interacting):
    """The world, and what the people in it do to the app."""

    def __init__(self) -> None:
        super().__init__()
        self.gateway = Gateway(self._greeting)

    def tell(self, event: str, about: dict[str, Any]) -> None:
        self.gateway.tell(event, about)

    def add_channel(self, channel: str, name: str = "", kind: Kind = Kind.TEXT, **more: Any) -> Channel:
        """A channel, in GUILD unless another `guild` is named; an app that is connected is told."""
        added = super().add_channel(channel, name, kind, **more)
        if kind in {Kind.TEXT, Kind.FORUM}:
            self.tell("CHANNEL_CREATE", channel_told(self, added))
        return added

    async def connected(self, count: int = 1, timeout_s: float = PATIENCE_S) -> None:
        """Waits until the app has so many sessions with a socket."""
        await until(lambda: self.gateway.count >= count, timeout_s)

    # --- what people do ----------------------------------------------------------------------------------------------

    def command(self, channel: str, person: str, command: str, **options: Any) -> Interaction:
        """A slash command such as "paper" or "paperboy digest", in a channel, a thread, or (with the person's id as the
        channel) the bot's direct conversation."""
        where, context = self._place(channel, person, writes=True)
        installs = self._installs(where, person)
        data = invoked(self._commands(where), command, options, context, installs)
        return self._ask(COMMAND, where, context, person, data, self._owners(where, person, data, installs))

    def complete(self, channel: str, person: str, command: str, focused: str, **options: Any) -> Interaction:
        """Somebody is typing the option `focused`; its value so far is among the options."""
        where, context = self._place(channel, person, writes=True)
        installs = self._installs(where, person)
        data = invoked(self._commands(where), command, {focused: "", **options}, context, installs, focused)
        return self._ask(AUTOCOMPLETE, where, context, person, data, self._owners(where, person, data, installs))

    def press(self, on: Message, name: str, person: str, *, values: list[str] | None = None) -> Interaction:
        """Presses the button, or chooses in the menu, that has this custom id or label."""
        with self.lock:
            current = self.current(on.id)
        if current is None or current.seen_only_by not in {None, person}:
            raise NotPossible("This message was deleted, or is not shown to this person.")
        where, context = self._place(current.channel, person)
        data = pressed(current.components, name, values)
        answered = self.origin(current)
        owners = answered.owners if answered else {"0": where.guild or "0"}
        return self._ask(COMPONENT, where, context, person, data, owners, current)

    def submit(self, shown: Interaction, values: Mapping[str, str | list[str]] | None = None) -> Interaction:
        """Submits the form that answered an interaction, with values by custom id; a list of them for a menu."""
        if shown.modal is None:
            raise NotPossible("There is no form.")
        where, context = self._place(shown.channel, shown.person)
        data = filled_in(shown.modal, values or {})
        return self._ask(MODAL_SUBMIT, where, context, shown.person, data, shown.owners, shown.pressed)

    def say(self, channel: str, person: str, text: str, *, reply_to: Message | None = None) -> Message:
        """Somebody writes in a channel or a thread; `@Paperboy` mentions the bot. The app is told, without the text
        unless it is mentioned or may read all."""
        where, _ = self._place(channel, person, writes=True)
        body: dict[str, Any] = {"content": text.replace("@Paperboy", f"<@{BOT_USER}>"), "flags": 0}
        if reply_to is not None:
            body["message_reference"] = {"message_id": reply_to.id, "channel_id": reply_to.channel}
        with self.lock:
            if where.archived:
                change_thread(self, where, archived=False)
            kind = 19 if reply_to else 0
            message = self.append(where, person, body, type=kind, pinged=pinged(self, body, everyone=False))
            told = message_told(self, message, in_event=True)
        if self._sees(where):
            self.tell("MESSAGE_CREATE", told)
        return message

    def mention(self, channel: str, person: str, text: str) -> Message:
        """Somebody writes `@Paperboy` and a text."""
        return self.say(channel, person, f"@Paperboy {text}")

    def direct(self, person: str, text: str) -> Message:
        """Somebody writes to the bot alone."""
        with self.lock:
            return self.say(self.direct_with(person).id, person, text)

    def delete(self, message: Message) -> None:
        """Somebody who may deletes a message."""
        with self.lock:
            found = self.current(message.id)
            if found is None:
                raise NotPossible("This message is gone already.")
            removed(self, found)

    # --- what administrators and time do -----------------------------------------------------------------------------

    def allow(self, permissions: int, channel: str | None = None) -> None:
        """Gives the bot these rights and no others: in a whole server, or in one channel of it."""
        with self.lock:
            guild = self.guilds[self.channels[channel].guild or ""] if channel else next(iter(self.guilds.values()))
            if channel is None:
                guild.permissions = int(permissions)
                told = {"guild_id": guild.id, "role": roles_told(guild)[1]}
                event = "GUILD_ROLE_UPDATE"
            else:
                self.channels[channel].denied = guild.permissions & ~int(permissions)
                told, event = channel_told(self, self.channels[channel]), "CHANNEL_UPDATE"
        self.tell(event, told)

    def archive(self, thread: str, *, locked: bool = False) -> None:
        """A thread is archived, as Discord does itself after a while; a moderator may lock it besides."""
        with self.lock:
            change_thread(self, self.channels[thread], archived=True, locked=locked)

    def remove_channel(self, channel: str) -> None:
        """A channel or a thread is deleted with all that is in it."""
        with self.lock:
            gone = self.channels[channel]
            gone.deleted = True
            for message in self.visible(channel):
                self.replace(message, deleted=True)
            told = channel_told(self, gone)
        self.tell("THREAD_DELETE" if gone.is_thread else "CHANNEL_DELETE", told)

    def add_role(self, name: str, permissions: int = 0, guild: str = GUILD, *, managed: bool = False) -> str:
        """A role is made, above those that there are; gives its id."""
        with self.lock:
            role = Role(self.snowflake(), name, int(permissions), managed)
            self.guilds[guild].roles.append(role)
            told = roles_told(self.guilds[guild])[-1]
        self.tell("GUILD_ROLE_CREATE", {"guild_id": guild, "role": told})
        return role.id

    def give_role(self, person: str, role: str, guild: str = GUILD) -> None:
        """A member is given a role. The app is not told: that takes the privileged intent for members."""
        with self.lock:
            there = self.guilds[guild]
            if person not in there.people:
                raise NotPossible(f"{person} is not in this server.")
            if role not in [one.id for one in there.roles if not one.managed]:
                raise NotPossible("People are given roles of this server, and none of an integration.")
            there.held[person] = [*there.held.get(person, []), role]

    def remove_bot(self, guild: str) -> None:
        """The bot is removed from a server."""
        with self.lock:
            self.guilds[guild].installed = False
        self.tell("GUILD_DELETE", {"id": guild})

    def invite_bot(self, guild: str) -> None:
        """The bot is added to a server, or added again."""
        with self.lock:
            there = self.guilds[guild] if guild in self.guilds else self.add_guild(guild)
            there.installed = True
            told = guild_told(self, there, whole=True)
        del told["unavailable"]
        self.tell("GUILD_CREATE", told)

    # --- how ---------------------------------------------------------------------------------------------------------

    def _greeting(self) -> tuple[dict[str, Any], Events]:
        with self.lock:
            there = [guild for guild in self.guilds.values() if guild.installed]
            ready = {
                "v": 10,
                "user": {**user_told(self, BOT_USER), "mfa_enabled": True, "verified": True, "email": None},
                "guilds": [{"id": guild.id, "unavailable": True} for guild in there],
                "application": {"id": APPLICATION, "flags": 0},
                "private_channels": [],
            }
            return ready, [("GUILD_CREATE", guild_told(self, guild, whole=True)) for guild in there]

    def _commands(self, where: Channel) -> list[dict[str, Any]]:
        with self.lock:
            return [*self.commands.get(where.guild or "-", []), *self.commands[""]]

    def _place(self, channel: str, person: str, *, writes: bool = False) -> tuple[Channel, int]:
        with self.lock:
            where = self.direct_with(person) if channel == person else self.channels.get(channel)
            if where is None or where.deleted or person not in self.people:
                raise NotPossible(f"Nobody can be {person} in {channel}.")
            if where.kind is Kind.FORUM and writes:
                raise NotPossible("Nothing is written in a forum itself, only in its posts.")
            if where.locked and writes:
                raise NotPossible("This thread is locked.")
            if where.guild is None:
                if person not in (where.people or [where.person]):
                    raise NotPossible(f"{person} is not in this conversation.")
                return where, 2 if where.people else 1
            if person not in self.guilds[where.guild].people:
                raise NotPossible(f"{person} is not in this server.")
            return where, 0

    def _installs(self, where: Channel, person: str) -> set[int]:
        """For whom the app is installed: 0 a server, the bot's direct conversation counts as one for those who share
        one with it; 1 the person, the only one in a private conversation."""
        if where.guild:
            there = self.guilds[where.guild]
            in_guild = there.installed or there.commands_only
        else:
            shared = any(person in guild.people for guild in self.guilds.values() if guild.installed)
            in_guild = shared and not where.people
        return {kind for kind, is_installed in enumerate((in_guild, self.people[person].installed)) if is_installed}

    def _owners(self, where: Channel, person: str, data: Mapping[str, Any], installs: set[int]) -> dict[str, str]:
        """Who let the app in, by kind of installation that the command is for."""
        with self.lock:
            command = next(one for one in self._commands(where) if one["id"] == data["id"])
        owners = {0: where.guild or "0", 1: person}
        return {str(kind): owners[kind] for kind in sorted(installs & set(command["integration_types"]))}

    def _app_permissions(self, where: Channel, allowed: int) -> int:
        """What the app may do there; where only a person has it, that person's rights, which say nothing of the bot
        (https://docs.discord.com/developers/interactions/receiving-and-responding, interaction structure)."""
        if where.guild is None:
            own = 0 if where.people else P.USE_EXTERNAL_EMOJIS
            return int(P.ATTACH_FILES | P.EMBED_LINKS | P.MENTION_EVERYONE | own)
        if not self.guilds[where.guild].installed:
            return allowed
        return self.permissions(where) & (1 << 53) - 1

    def _sees(self, where: Channel) -> bool:
        return bool(self.permissions(where) & Permission.VIEW_CHANNEL)

    def _ask(
        self,
        kind: int,
        where: Channel,
        context: int,
        person: str,
        data: dict[str, Any],
        owners: dict[str, str],
        pressed_on: Message | None = None,
    ) -> Interaction:
        guild = self.guilds[where.guild] if where.guild else None
        if kind in {COMMAND, AUTOCOMPLETE} and where.archived:
            raise NotPossible("Discord has no commands in archived threads.")
        if not self.gateway.count:
            raise NotPossible("The app is not connected: Discord would say that it did not respond.")
        with self.lock:
            payload = self._payload(kind, where, guild, person, data | ({"guild_id": guild.id} if guild else {}))
            payload |= {"context": context, "authorizing_integration_owners": owners}
            if pressed_on is not None:
                payload["message"] = message_told(self, pressed_on)
            asked = Interaction(self, kind, payload, person, pressed_on)
            self.interactions[payload["token"]] = asked
        self.tell("INTERACTION_CREATE", payload)
        return asked

    def _payload(
        self, kind: int, where: Channel, guild: Guild | None, person: str, data: dict[str, Any]
    ) -> dict[str, Any]:
        allowed = guild.allowed(self.people[person]) if guild else self.people[person].permissions
        payload: dict[str, Any] = {
            "id": self.snowflake(),
            "application_id": APPLICATION,
            "type": kind,
            "token": secrets.token_urlsafe(48),
            "version": 1,
            "data": data,
            "channel_id": where.id,
            "channel": {**channel_told(self, where), "permissions": str(allowed)},
            "app_permissions": str(self._app_permissions(where, allowed)),
            "locale": self.people[person].locale,
            "entitlements": [],
            "attachment_size_limit": _ATTACHMENT_BYTES,
        }
        if guild is None:
            return {**payload, "user": user_told(self, person)}
        member = {**member_told(self, person, guild), "permissions": str(allowed)}
        about = {"id": guild.id, "locale": guild.locale, "features": []}
        return {**payload, "member": member, "guild_id": guild.id, "guild": about, "guild_locale": guild.locale}
