"""Where messages go in Discord, what the bot has to be allowed there, and what keeps it out."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Any
from urllib.parse import urlencode

from msgspec import Struct

from adapters.discord_errors import UNKNOWN_CHANNEL, code_of
from adapters.discord_rest import Rest, told
from adapters.discord_servers import Servers
from adapters.pace import Rank
from digest.errors import DeliveryError, DestinationClosed, MaybeSent, NotSent
from digest.types import Destination

AUTHORIZE_URL = "https://discord.com/oauth2/authorize"
ALLOWED_S = 3600.0
SCOPES = "bot applications.commands"  # https://docs.discord.com/developers/topics/oauth2#shared-resources-oauth2-scopes

# https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags
VIEW = 1 << 10
SEND = 1 << 11
EMBED = 1 << 14
HISTORY = 1 << 16
OPEN_THREADS = 1 << 35
SEND_IN_THREADS = 1 << 38
ADMINISTRATOR = 1 << 3
MANAGE_CHANNELS = 1 << 4
_ALL = (1 << 53) - 1

# As Discord's own interface names them in a channel's settings; forums have names of their own for some
_NAMES = {
    VIEW: "View Channel",
    SEND: "Send Messages",
    EMBED: "Embed Links",
    HISTORY: "Read Message History",
    OPEN_THREADS: "Create Public Threads",
    SEND_IN_THREADS: "Send Messages in Threads",
}
_FORUM_NAMES = {**_NAMES, SEND: "Create Posts", SEND_IN_THREADS: "Send Messages in Posts"}


class Kind(Enum):
    TEXT = auto()  # messages, each with a thread
    FORUM = auto()  # posts, which are threads
    FLAT = auto()  # messages only: a direct conversation, a thread, the text of a voice channel


# https://docs.discord.com/developers/resources/channel#channel-object-channel-types
_KINDS = {0: Kind.TEXT, 5: Kind.TEXT, 15: Kind.FORUM, 16: Kind.FORUM}
_KINDS |= dict.fromkeys((1, 2, 3, 10, 11, 12, 13), Kind.FLAT)
_THREADS = {10, 11, 12}
_REQUIRE_TAG = 1 << 4  # https://docs.discord.com/developers/resources/channel#channel-object-channel-flags
_NEEDED = {
    Kind.TEXT: (VIEW, SEND, EMBED, HISTORY, OPEN_THREADS, SEND_IN_THREADS),
    Kind.FORUM: (VIEW, SEND, EMBED, HISTORY, SEND_IN_THREADS),
    Kind.FLAT: (VIEW, SEND, EMBED, HISTORY),
}

Channel = Mapping[str, Any]


class Place(Struct, frozen=True):
    """A channel as messages are sent there. `guild` is the server's id, "" for direct messages."""

    id: str
    kind: Kind
    guild: str
    name: str
    parent: str = ""  # the channel that a thread is in
    tagged: bool = False  # a forum that asks for a tag with each post

    @property
    def rank(self) -> Rank:
        return Rank.CHANNEL if self.guild else Rank.PERSON

    @property
    def needed(self) -> tuple[int, ...]:
        needed = _NEEDED[self.kind]
        return tuple(SEND_IN_THREADS if bit == SEND and self.parent else bit for bit in needed)


def needed() -> int:
    """Everything that the bot has to be allowed, and no more."""
    return sum({bit for bits in _NEEDED.values() for bit in bits})


def invitation(application: str, guild: str = "") -> str:
    """The address at which the bot is added to a server, or by a person to their own account; with `guild`, to that
    server (https://docs.discord.com/developers/topics/oauth2#bot-authorization-flow)."""
    query = {"client_id": application, "scope": SCOPES, "permissions": str(needed())}
    if guild:
        query |= {"guild_id": guild, "disable_guild_select": "true", "integration_type": "0"}
    return f"{AUTHORIZE_URL}?{urlencode(query)}"


def lacking_for_digest(held: int, channel_type: int) -> tuple[str, ...]:
    """Return the permissions that posting a digest to a channel of this type takes beyond `held`, as Discord names
    them."""
    kind = _KINDS.get(channel_type, Kind.TEXT)
    return tuple(_unheld(kind, _NEEDED[kind], held))


def _unheld(kind: Kind, needed: Iterable[int], held: int) -> list[str]:
    names = _FORUM_NAMES if kind is Kind.FORUM else _NAMES
    return [names[bit] for bit in needed if not held & (bit | ADMINISTRATOR)]


Conversation = Callable[[Destination], Awaitable[str]]


async def unknown(_: Destination) -> str:
    """The conversation with a person whom nobody remembers."""
    return ""


class Places:
    """The channels and people that one bot sends to, asked about once each. `conversation` gives the id of what was
    opened with a person in an earlier life, "" for none: it stays the same, and Discord wants few to be opened."""

    def __init__(self, rest: Rest, servers: Servers, conversation: Conversation = unknown) -> None:
        self._rest = rest
        self._servers = servers
        self._conversation = conversation
        self._doubted: set[str] = set()  # addresses that are asked about all the same
        self._known: dict[str, Place] = {}
        self._allowed_until_s: dict[str, float] = {}  # by place, in time.monotonic()
        self._me = ""

    async def me(self) -> str:
        """The bot's own id. Raises as `at` does."""
        if not self._me:
            self._me = str((await told(self._rest, "/users/@me", "DISCORD_TOKEN"))["id"])
        return self._me

    async def at(self, to: Destination) -> Place:
        """Where a destination is. Raises DestinationClosed, or NotSent when Discord cannot be asked."""
        if to.address not in self._known:
            self._known[to.address] = await self._asked(to)
        place = self._known[to.address]
        if to.workspace not in {"", place.guild}:
            raise DestinationClosed(
                f"{to.address} is not in the server {to.workspace}: write discord:{place.guild}/{to.address}."
                if place.guild
                else f"{to.address} is in no server: write discord:{to.address}."
            )
        return place

    def forget(self, to: Destination) -> None:
        """Has Discord asked again: what is known may not be so any more."""
        if place := self._known.pop(to.address, None):
            self._allowed_until_s.pop(place.id, None)

    def doubt(self, to: Destination) -> None:
        """As `forget`; what was remembered of an earlier life is not believed any more either."""
        self.forget(to)
        self._doubted.add(to.address)

    async def _asked(self, to: Destination) -> Place:
        if not (to.address.isascii() and to.address.isdecimal()):
            raise DestinationClosed(
                f'"{to.address}" is no id of Discord: those are long numbers. Turn on Developer Mode in your Discord '
                "settings, Advanced; then right-click the channel and choose Copy Channel ID."
            )
        if to.address not in self._doubted and (opened := await self._conversation(to)):
            return Place(opened, Kind.FLAT, "", opened)
        try:
            rank = Rank.CHANNEL if to.workspace else Rank.UNKNOWN
            return _place(await told(self._rest, f"/channels/{to.address}", str(to), rank=rank), str(to))
        except DestinationClosed as error:
            if code_of(error) != UNKNOWN_CHANNEL:
                raise
        # Ids do not tell whose they are. A person's conversation is opened once, and stays the same
        try:
            person = {"recipient_id": to.address}
            told_of = await self._rest.call("POST", "/users/@me/channels", str(to), person, rank=Rank.PERSON)
        except MaybeSent as error:
            raise NotSent(f"Discord gives no answer about {to} for now.", error.retry_after_s) from error
        return _place(told_of, str(to))

    async def allow(self, place: Place) -> None:
        """Raises DestinationClosed when the bot lacks a permission there; looked at once in an hour.

        Discord takes an embed that is not permitted, and leaves it out in silence:
        https://github.com/discord/discord-api-docs/issues/2601
        """
        if time.monotonic() < self._allowed_until_s.get(place.id, 0.0):
            return
        if missing := await self.lacking(place):
            raise DestinationClosed(lacks(place, missing))
        self._allowed_until_s[place.id] = time.monotonic() + ALLOWED_S

    def admit(self, place: Place) -> None:
        """Raises DestinationClosed when the place is in a server that the settings leave out."""
        if not self._servers.serves(place.guild):
            raise DestinationClosed(
                f"#{place.name} is in the server {place.guild}, which is not in discord.servers. Add that id to "
                "discord.servers in the settings, or choose a channel of a server that is."
            )

    async def lacking(self, place: Place) -> list[str]:
        """The permissions that the bot lacks there, as Discord names them. Raises as `at` does."""
        if not place.guild:
            return []
        me = await self.me()
        member = await told(self._rest, f"/guilds/{place.guild}/members/{me}", place.name)
        guild = await told(self._rest, f"/guilds/{place.guild}", place.name)
        channel = await told(self._rest, f"/channels/{place.parent or place.id}", place.name)
        held = permissions(me, member["roles"], guild, channel)
        return _unheld(place.kind, place.needed, held)

    async def problem(self, to: Destination) -> str:
        """Why nothing can be posted there, and what to do; "" when it can."""
        self.doubt(to)
        try:
            place = await self.at(to)
            self.admit(place)
            missing = await self.lacking(place)
        except DeliveryError as error:
            return str(error)
        if missing:
            return lacks(place, missing)
        if place.tagged:
            return f"#{place.name} asks for a tag with each post. Turn that off in its settings."
        return ""


def lacks(place: Place, missing: Sequence[str]) -> str:
    """A sentence that names permissions, and where they are given."""
    named = ", ".join(f'"{name}"' for name in missing)
    return f"The bot lacks {named} in #{place.name}. Allow it there: Edit Channel, Permissions."


def permissions(me: str, roles: Iterable[str], guild: Channel, channel: Channel) -> int:
    """What a member may do in a channel: see the pseudo code at
    https://docs.discord.com/developers/topics/permissions#permission-overwrites."""
    mine = {str(guild["id"]), *roles}  # the role of everybody has the server's id
    held = 0
    for role in guild["roles"]:
        if role["id"] in mine:
            held |= int(role["permissions"])
    if held & ADMINISTRATOR or guild.get("owner_id") == me:
        return _ALL
    overwrites = {one["id"]: one for one in channel.get("permission_overwrites") or ()}
    for group in ({str(guild["id"])}, mine - {str(guild["id"])}, {me}):
        there = [overwrites[name] for name in group if name in overwrites]
        for one in there:
            held &= ~int(one["deny"])
        for one in there:
            held |= int(one["allow"])
    return held if held & VIEW else 0


def _place(channel: Channel, to: str) -> Place:
    number = channel["type"]
    if number not in _KINDS:
        raise DestinationClosed(f"Discord takes nothing for {to}: it is no channel for messages.")
    return Place(
        id=str(channel["id"]),
        kind=_KINDS[number],
        guild=str(channel.get("guild_id") or ""),
        name=str(channel.get("name") or channel["id"]),
        parent=str(channel.get("parent_id") or "") if number in _THREADS else "",
        tagged=bool(int(channel.get("flags") or 0) & _REQUIRE_TAG) and number not in _THREADS,
    )
