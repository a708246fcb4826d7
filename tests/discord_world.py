"""What the local Discord knows: servers ("guilds"), people, channels, threads, messages, interactions. Its record of
messages is the verdict of the crash tests, so everything here happens under one lock and nothing is ever taken out of
`applied`. Ids are snowflakes as Discord sends them: decimal strings that rise with time
(https://docs.discord.com/developers/reference#snowflakes).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from enum import IntEnum, IntFlag
from typing import Any

from msgspec import Struct, field, structs

APPLICATION = "100000000000000001"
BOT_USER = "100000000000000002"
BOT_TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAy.local.paperboy"
GUILD = "100000000000000010"
PAPERS = "100000000000000011"  # a text channel
FORUM = "100000000000000012"  # a forum channel
HIDDEN = "100000000000000013"  # a text channel that the bot cannot see
MUTED = "100000000000000014"  # a text channel where the bot may not send
ALICE = "100000000000000021"  # English
WEI = "100000000000000022"  # Chinese
BOT_ROLE = "100000000000000031"
EPHEMERAL, LOADING, SUPPRESS_NOTIFICATIONS = 1 << 6, 1 << 7, 1 << 12
_EPOCH_MS = 1_420_070_400_000
_SYSTEM = {18, 21}  # types of messages that nobody wrote: a thread was created, a thread's first message


class Kind(IntEnum):
    """https://docs.discord.com/developers/resources/channel#channel-object-channel-types"""

    TEXT = 0
    DM = 1
    GROUP = 3  # a conversation of several people
    THREAD = 11
    FORUM = 15


class Permission(IntFlag):
    """https://docs.discord.com/developers/topics/permissions#permissions-bitwise-permission-flags"""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_EXTERNAL_EMOJIS = 1 << 18
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


P = Permission
GRANTED = (
    P.VIEW_CHANNEL
    | P.SEND_MESSAGES
    | P.EMBED_LINKS
    | P.READ_MESSAGE_HISTORY
    | P.CREATE_PUBLIC_THREADS
    | P.SEND_MESSAGES_IN_THREADS
)


class Person(Struct):
    """`permissions` are theirs in every server; `dms_closed`: they take no direct messages from bots;
    `installed`: they have the app for themselves, wherever they are."""

    id: str
    name: str
    locale: str = "en-US"
    permissions: int = int(P.VIEW_CHANNEL | P.SEND_MESSAGES | P.USE_APPLICATION_COMMANDS)
    dms_closed: bool = False
    installed: bool = False
    global_name: str | None = None


class Role(Struct):
    """A role that people are given in a server; a `managed` one belongs to an integration, which alone gives it."""

    id: str
    name: str
    permissions: int = 0
    managed: bool = False


class Tag(Struct):
    id: str
    name: str


class Channel(Struct):
    """A channel of a server, a thread in one, or a direct conversation. `denied` is what the bot may not do there.

    `people` are those of a private conversation, which the bot is no part of.
    """

    id: str
    name: str
    kind: Kind = Kind.TEXT
    guild: str | None = None
    denied: int = 0
    deleted: bool = False
    person: str = ""  # whom the bot's direct conversation is with
    people: list[str] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)  # of a forum
    tag_required: bool = False
    parent: str = ""  # of a thread, as all below
    owner: str = ""
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 4320
    applied_tags: list[str] = field(default_factory=list)
    born_s: float = 0.0
    archived_at_s: float = 0.0  # when it was archived or reopened last, its birth before that

    @property
    def is_thread(self) -> bool:
        return self.kind is Kind.THREAD


class Guild(Struct):
    """A server. `permissions` are those of the bot's role there; `installed` is false once the bot was removed, or
    where it never was because only its commands were added (`commands_only`). The first of its `people` owns it;
    `held` are their roles."""

    id: str
    name: str
    permissions: int = int(GRANTED)
    locale: str = "en-US"
    installed: bool = True
    commands_only: bool = False
    people: list[str] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)  # beside everybody's and the bot's, the lowest first
    held: dict[str, list[str]] = field(default_factory=dict)

    def allowed(self, person: Person) -> int:
        """What a member may do here."""
        held = self.held.get(person.id, [])
        permissions = person.permissions
        for role in self.roles:
            permissions |= role.permissions if role.id in held else 0
        return permissions


class Message(Struct, frozen=True):
    """A message as Discord keeps it. `body` has what was sent, with Discord's names; it is replaced, never changed.

    `pinged` are the ids of the people and roles that it notified, and "everyone".
    """

    id: str
    channel: str
    author: str
    body: dict[str, Any]
    type: int = 0
    nonce: str | None = None
    at_s: float = 0.0
    edited_at_s: float | None = None
    seen_only_by: str | None = None  # ephemeral
    pinged: tuple[str, ...] = ()
    deleted: bool = False

    @property
    def content(self) -> str:
        return str(self.body.get("content") or "")

    @property
    def embeds(self) -> list[dict[str, Any]]:
        return list(self.body.get("embeds") or ())

    @property
    def components(self) -> list[dict[str, Any]]:
        return list(self.body.get("components") or ())

    @property
    def flags(self) -> int:
        return int(self.body.get("flags") or 0)

    @property
    def is_silent(self) -> bool:
        """Whether nobody's device made a sound for it."""
        return bool(self.flags & SUPPRESS_NOTIFICATIONS)


class World:
    """All of it. `lock` is held by whoever reads or changes; `clock` gives seconds since 1970.

    `nonce_window_s` is how long a nonce is remembered ("a few minutes", says Discord). `commands` are the commands
    registered, by server, those for everywhere under "". `tell` hands an event to the gateway.
    """

    gateway_url = ""  # where the gateway is served

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock: Callable[[], float] = time.time
        self.guilds: dict[str, Guild] = {}
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.applied: list[Message] = []  # in the order applied; an edit or deletion replaces in place
        self.commands: dict[str, list[dict[str, Any]]] = {"": []}
        self.nonce_window_s = 180.0
        self.token_revoked = False
        self._places: dict[str, int] = {}  # a message's id -> where in `applied`
        self._nonces: dict[str, int] = {}  # a nonce of the bot's -> where in `applied` it came last
        self._last_id = 0

    def furnish(self) -> None:
        """A server with two people and four channels; only the bot's rights differ between them."""
        for person in (Person(ALICE, "alice"), Person(WEI, "wei", "zh-CN")):
            self.people[person.id] = person
        self.add_guild(GUILD, "Lantern Lab")
        self.add_channel(PAPERS, "papers")
        self.add_channel(FORUM, "daily-papers", Kind.FORUM)
        self.add_channel(HIDDEN, "hidden", denied=P.VIEW_CHANNEL)
        self.add_channel(MUTED, "muted", denied=P.SEND_MESSAGES)

    def add_guild(self, guild: str, name: str = "another") -> Guild:
        """A server that everybody is in, where the app is installed before it connects; see invite_bot()."""
        with self.lock:
            self.guilds[guild] = Guild(guild, name, people=list(self.people))
            return self.guilds[guild]

    def add_channel(self, channel: str, name: str = "", kind: Kind = Kind.TEXT, **more: Any) -> Channel:
        """A channel, in GUILD unless another `guild` is named."""
        with self.lock:
            added = Channel(channel, name or f"channel-{channel[-3:]}", kind, **{"guild": GUILD, **more})
            self.channels[channel] = added
            return added

    def restore(self, channels: dict[str, Channel], applied: list[Message]) -> None:
        """Becomes what another world was, as far as messages are concerned."""
        self.channels, self.applied = channels, applied
        self._places = {message.id: place for place, message in enumerate(applied)}

    def tell(self, event: str, about: dict[str, Any]) -> None:
        """Tells the app of an event; without a gateway nobody listens."""

    # --- what others change ------------------------------------------------------------------------------------------

    def snowflake(self) -> str:
        self._last_id = max(self._last_id + 1, int(self.clock() * 1000 - _EPOCH_MS) << 22)
        return str(self._last_id)

    def append(self, channel: Channel, author: str, body: dict[str, Any], **more: Any) -> Message:
        """Writes a message down; `more` are fields of Message."""
        message = Message(more.pop("id", None) or self.snowflake(), channel.id, author, body, **more, at_s=self.clock())
        self._places[message.id] = len(self.applied)
        if message.nonce is not None and author == BOT_USER:
            self._nonces[message.nonce] = len(self.applied)
        self.applied.append(message)
        return message

    def replace(self, message: Message, **changes: Any) -> Message:
        changed = structs.replace(message, **changes)
        self.applied[self._places[message.id]] = changed
        return changed

    def direct_with(self, person: str) -> Channel:
        """The direct conversation of the bot and a person, opened now if there was none."""
        for channel in self.channels.values():
            if channel.kind is Kind.DM and channel.person == person:
                return channel
        return self.add_channel(self.snowflake(), self.people[person].name, Kind.DM, guild=None, person=person)

    def private_between(self, *people: str) -> Channel:
        """A conversation of these people without the bot."""
        kind = Kind.DM if len(people) == 2 else Kind.GROUP
        return self.add_channel(self.snowflake(), "private", kind, guild=None, people=list(people))

    def add_thread(self, parent: Channel, name: str, owner: str, thread: str | None = None, **more: Any) -> Channel:
        return self.add_channel(
            thread or self.snowflake(),
            name,
            Kind.THREAD,
            guild=parent.guild,
            parent=parent.id,
            owner=owner,
            born_s=self.clock(),
            archived_at_s=self.clock(),
            **more,
        )

    # --- what is there -----------------------------------------------------------------------------------------------

    def permissions(self, channel: Channel) -> int:
        """What the bot may do in a channel; a thread has its parent's rights, a direct conversation has no limits. Who
        cannot see a channel can do nothing there; who cannot write there, neither embed nor mention all
        (https://docs.discord.com/developers/topics/permissions#implicit-permissions)."""
        if channel.guild is None:
            return 0 if channel.people else ~0
        guild = self.guilds[channel.guild]
        if not guild.installed:
            return 0
        if guild.permissions & P.ADMINISTRATOR:
            return ~0
        place = self.channels[channel.parent] if channel.is_thread else channel
        granted = guild.permissions & ~place.denied
        if not granted & P.VIEW_CHANNEL:
            return 0
        speaks = P.SEND_MESSAGES_IN_THREADS if channel.is_thread else P.SEND_MESSAGES
        return granted if granted & speaks else granted & ~(P.EMBED_LINKS | P.MENTION_EVERYONE)

    def remembered(self, nonce: str) -> Message | None:
        """The bot's last message with this nonce, while Discord remembers it."""
        place = self._nonces.get(nonce)
        message = None if place is None else self.applied[place]
        return message if message and self.clock() - message.at_s < self.nonce_window_s else None

    def current(self, message: str) -> Message | None:
        """The message with this id as it is now, whoever sees it, unless it was deleted."""
        place = self._places.get(message)
        return None if place is None or self.applied[place].deleted else self.applied[place]

    def find(self, channel: str, message: str) -> Message | None:
        """The message that everybody sees in a channel under this id, unless it was deleted."""
        found = self.current(message)
        return found if found and found.channel == channel and not found.seen_only_by else None

    def told(self, channel: str) -> list[Message]:
        """What Discord lists in a channel, with what nobody wrote, oldest first."""
        return [m for m in self.applied if m.channel == channel and not m.deleted and not m.seen_only_by]

    def visible(self, channel: str | None = None) -> list[Message]:
        """What somebody wrote and everybody can see, in the order applied, in one channel or all."""
        with self.lock:
            return [
                message
                for message in self.applied
                if not message.deleted
                and message.seen_only_by is None
                and message.type not in _SYSTEM
                and channel in {None, message.channel}
            ]

    def messages(self, channel: str) -> list[Message]:
        """What shows in a channel or thread, oldest first; for a person's id, what shows in the direct conversation."""
        with self.lock:
            return self.visible(self.direct_with(channel).id if channel in self.people else channel)

    def threads(self, channel: str) -> list[Channel]:
        """The threads of a text channel, or the posts of a forum, oldest first, archived ones too."""
        with self.lock:
            return [one for one in self.channels.values() if one.parent == channel and not one.deleted]

    def ephemerals(self, channel: str, person: str) -> list[Message]:
        """What only one person was shown in a channel, oldest first, but for "thinking..."."""
        with self.lock:
            return [
                message
                for message in self.applied
                if message.seen_only_by == person
                and message.channel == channel
                and not message.deleted
                and not message.flags & LOADING
            ]

    def visible_nonces(self, channel: str | None = None) -> list[str]:
        """The nonces of the messages that can be seen, in the order applied."""
        return [message.nonce for message in self.visible(channel) if message.nonce is not None]
