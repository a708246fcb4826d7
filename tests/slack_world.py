"""What the local Slack knows: workspaces, people, conversations, messages, views. Its record of messages is the
verdict of the crash tests, so everything here happens under one lock and nothing is ever taken out of `applied`.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Literal

from msgspec import Struct, field, structs

APP = "A0PAPERBOY"
APP_TOKEN = "xapp-1-A0PAPERBOY-1-local"
TEAM = "T0LANTERN"
BOT_TOKEN = f"xoxb-{TEAM}-local"
BOT_USER = "U0BOTLANTERN"
PAPERS = "C0PAPERS01"  # public, the bot is in it
SECRET = "C0SECRET01"  # private, the bot is in it
OUTSIDE = "C0OUTSIDE1"  # public, the bot is not in it
HIDDEN = "C0HIDDEN01"  # private, the bot is not in it
ARCHIVED = "C0ARCHIVE1"  # public, archived, the bot is in it
ALICE = "U0ALICE001"  # English, New York
WEI = "U0WEI00001"  # Chinese, Shanghai
SCOPES = frozenset(
    "app_mentions:read channels:history channels:join channels:read chat:write commands groups:history groups:read "
    "im:history im:read im:write users:read".split()
)

ChannelKind = Literal["public", "private", "im"]


class Person(Struct):
    id: str
    name: str
    locale: str = "en-US"
    timezone: str = "America/New_York"
    utc_offset_s: int = -18_000
    is_admin: bool = False
    is_owner: bool = False
    is_primary_owner: bool = False
    is_bot: bool = False
    is_restricted: bool = False  # a guest
    is_ultra_restricted: bool = False  # a guest of one channel
    deleted: bool = False
    display_name: str | None = None  # None: as `name`
    real_name: str | None = None  # None: as `name`, capitalised
    team: str = ""  # another company's, of somebody met in channels shared by Slack Connect; "": of this workspace


class Group(Struct):
    """A user group (https://docs.slack.dev/reference/methods/usergroups.list)."""

    id: str
    handle: str
    members: set[str] = field(default_factory=set)
    disabled: bool = False


class Channel(Struct):
    id: str
    name: str
    kind: ChannelKind = "public"
    archived: bool = False
    members: set[str] = field(default_factory=set)
    person: str = ""  # whom a direct conversation is with
    creator: str = ""
    last_us: int = 0  # of the newest message, so that timestamps are unique and rise


class Workspace(Struct):
    """One installation of the app, with a bot user of its own."""

    id: str
    bot_token: str
    app_token: str
    scopes: set[str]
    revoked: bool = False
    home_tab: bool = True  # whether the app's settings turn it on
    messages_tab: bool = True  # and let people and the app write to each other
    people: dict[str, Person] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)
    has_groups: bool = True  # as paid plans do

    @property
    def bot_user(self) -> str:
        return f"U0BOT{self.id[2:]}"

    @property
    def bot(self) -> str:
        return f"B0BOT{self.id[2:]}"

    def team_of(self, person: str) -> str:
        """The workspace that somebody belongs to."""
        return (self.people[person].team if person in self.people else "") or self.id

    def reaches(self, person: str) -> bool:
        """Whether the bot may write to somebody: those of other companies only while they share a channel
        (https://docs.slack.dev/apis/slack-connect)."""
        return self.team_of(person) == self.id or any(
            person in channel.members for channel in self.channels.values() if channel.kind != "im"
        )

    def is_shared(self, channel: Channel) -> bool:
        """Whether people of other companies are in a channel."""
        return any(self.team_of(member) != self.id for member in channel.members)

    def direct_with(self, person: str) -> Channel:
        """The direct conversation of the bot and a person, opened now if there was none."""
        for channel in self.channels.values():
            if channel.kind == "im" and person in channel.members:
                return channel
        return self.add(
            Channel(f"D{secrets.token_hex(4).upper()}", "", "im", members={self.bot_user, person}, person=person)
        )

    def add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = channel
        return channel


class Message(Struct, frozen=True):
    """A message as Slack keeps it. `body` has Slack's fields; it is replaced, never changed."""

    team: str
    channel: str
    ts: str
    body: dict[str, Any]
    thread_ts: str | None = None  # of the parent, when this is a reply
    metadata: dict[str, Any] | None = None
    seen_only_by: str | None = None  # ephemeral
    deleted: bool = False

    @property
    def text(self) -> str:
        return str(self.body["text"])

    @property
    def blocks(self) -> list[dict[str, Any]]:
        return list(self.body.get("blocks", ()))

    @property
    def key(self) -> str | None:
        """`key` of the metadata's payload: what the bot knows the delivery by."""
        return self.metadata["event_payload"].get("key") if self.metadata else None

    @property
    def is_parent(self) -> bool:
        return self.thread_ts is None

    @property
    def in_channel(self) -> bool:
        """Whether it shows in the channel itself: a parent, or a reply that was broadcast."""
        return self.is_parent or bool(self.body.get("reply_broadcast"))


class View(Struct):
    id: str
    team: str
    person: str
    body: dict[str, Any]  # as the app sent it, with ids filled in
    hash: str
    stack: tuple[str, ...] = ()  # ids of the views beneath it
    open: bool = True


class Trigger(Struct):
    team: str
    person: str
    born_s: float
    in_view: str | None = None
    spent: bool = False


class ResponseUrl(Struct):
    team: str
    channel: str
    person: str
    born_s: float
    original: Message | None = None  # what was pressed
    uses: int = 0


class World:
    """All of it. `lock` is held by whoever reads or changes; `clock` gives seconds since 1970."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.clock: Callable[[], float] = time.time
        self.workspaces: dict[str, Workspace] = {}
        self.applied: list[Message] = []  # in the order applied; an edit or deletion replaces in place
        self._places: dict[tuple[str, str], int] = {}  # (channel, ts) -> where in `applied`
        self.views: dict[str, View] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.app_token_revoked = False

    def furnish(self) -> Workspace:
        """A workspace with two people and five channels."""
        team = self.add_workspace(TEAM)
        for person in (Person(ALICE, "alice"), Person(WEI, "wei", "zh-CN", "Asia/Shanghai", 28_800)):
            team.people[person.id] = person
        everyone = {ALICE, WEI}
        team.add(Channel(PAPERS, "papers", members={team.bot_user, *everyone}))
        team.add(Channel(SECRET, "secret", "private", members={team.bot_user, *everyone}))
        team.add(Channel(OUTSIDE, "outside", members=everyone))
        team.add(Channel(HIDDEN, "hidden", "private", members=everyone))
        team.add(Channel(ARCHIVED, "archived", archived=True, members={team.bot_user, *everyone}))
        return team

    def restore(self, workspaces: dict[str, Workspace], applied: list[Message]) -> None:
        """Becomes what another world was."""
        self.workspaces, self.applied = workspaces, applied
        self._places = {(message.channel, message.ts): place for place, message in enumerate(applied)}

    def add_workspace(self, team: str, scopes: Iterable[str] = SCOPES) -> Workspace:
        """An empty workspace where the app is installed; its token is `xoxb-TEAM-local`."""
        workspace = Workspace(team, f"xoxb-{team}-local", APP_TOKEN, set(scopes))
        with self.lock:
            self.workspaces[team] = workspace
        return workspace

    def add_channel(self, channel: str, team: str = TEAM, kind: ChannelKind = "public") -> Channel:
        """A channel that the bot and everybody of the workspace is in."""
        with self.lock:
            workspace = self.workspaces[team]
            return workspace.add(
                Channel(channel, channel.lower(), kind, members={workspace.bot_user, *workspace.people})
            )

    def connect(self, person: Person, channel: str, team: str = TEAM) -> None:
        """Somebody of another company comes into a channel, which is shared with them by Slack Connect."""
        with self.lock:
            workspace = self.workspaces[team]
            workspace.people[person.id] = person
            workspace.channels[channel].members.add(person.id)

    # --- what others change ------------------------------------------------------------------------------------------

    def append(
        self,
        workspace: Workspace,
        channel: Channel,
        author: str,
        content: dict[str, Any],
        *,
        metadata: dict[str, Any] | None = None,
        seen_only_by: str | None = None,
    ) -> Message:
        """Writes a message down. `content` has text and may have blocks, thread_ts, reply_broadcast."""
        channel.last_us = max(channel.last_us + 1, int(self.clock() * 1e6))
        ts = f"{channel.last_us // 1_000_000}.{channel.last_us % 1_000_000:06}"
        body = {"type": "message", "user": author, "ts": ts, "team": workspace.team_of(author), **content}
        if author == workspace.bot_user:
            body |= {"bot_id": workspace.bot, "app_id": APP}
        if seen_only_by:
            body["is_ephemeral"] = True
        thread_ts = content.get("thread_ts")
        message = Message(workspace.id, channel.id, ts, body, thread_ts, metadata, seen_only_by)
        self._places[channel.id, ts] = len(self.applied)
        self.applied.append(message)
        return message

    def replace(self, message: Message, **changes: Any) -> Message:
        changed = structs.replace(message, **changes)
        self.applied[self._places[message.channel, message.ts]] = changed
        return changed

    def keep_view(self, view: View) -> View:
        self.views[view.id] = view
        return view

    def trigger(self, team: str, person: str, in_view: str | None = None) -> str:
        name = f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(team, person, self.clock(), in_view)
        return name

    # --- what is there -----------------------------------------------------------------------------------------------

    def find(self, channel: str, ts: str) -> Message | None:
        """The message that everybody sees at this timestamp, unless it was deleted."""
        message = self.current(channel, ts)
        return None if message is None or message.seen_only_by else message

    def current(self, channel: str, ts: str) -> Message | None:
        """The message at this timestamp as it is now, whoever sees it, unless it was deleted."""
        place = self._places.get((channel, ts))
        return None if place is None or self.applied[place].deleted else self.applied[place]

    def home(self, person: str) -> View | None:
        """The home tab as it was published for somebody last."""
        with self.lock:
            there = (one for one in self.views.values() if one.person == person and one.body["type"] == "home")
            return next(there, None)

    def visible(self, channel: str | None = None) -> list[Message]:
        """What everybody can see, in the order applied."""
        with self.lock:
            return [
                message
                for message in self.applied
                if not message.deleted and message.seen_only_by is None and channel in {None, message.channel}
            ]

    def messages(self, channel: str) -> list[Message]:
        """What shows in a channel itself, oldest first; for a person's id, what shows in the direct conversation."""
        with self.lock:
            for workspace in self.workspaces.values():
                if channel in workspace.people:
                    channel = workspace.direct_with(channel).id
                    break
        return [message for message in self.visible(channel) if message.in_channel]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies under a message, oldest first."""
        return [message for message in self.visible(channel) if message.thread_ts == ts]

    def ephemerals(self, channel: str, person: str) -> list[Message]:
        """What only one person was shown in a channel, oldest first."""
        with self.lock:
            return [
                message
                for message in self.applied
                if message.seen_only_by == person and message.channel == channel and not message.deleted
            ]

    def visible_keys(self, channel: str | None = None) -> list[str]:
        """The keys of the messages that can be seen, in the order applied."""
        return [message.key for message in self.visible(channel) if message.key is not None]
