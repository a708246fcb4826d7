"""What stays of a connection to Discord's gateway when it is lost: the servers, channels and threads it has told of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from adapters.recent import Recent
from adapters.skipped import Skipped

log = logging.getLogger(__name__)

_CHANNELS = 100_000
_THREADS = 100_000


class Session:
    """Outlives connections: a resumed session is not told of its servers and threads again.

    `resume` are the arguments with which the SDK resumes it, empty when a new session has to begin. `user` is the bot's
    id, "" until it is known. `guilds` are the ids of the servers that the bot is in, `channel_types` the types of their
    channels by id, `threads` maps a thread's id to its channel's. `skipped` logs what cannot be read.
    """

    def __init__(self) -> None:
        self.resume: Mapping[str, Any] = {}
        self.user = ""
        self.skipped = Skipped(log)
        self.guilds: set[str] = set()
        self.channel_types: Recent[int] = Recent(_CHANNELS)
        self.threads: Recent[str] = Recent(_THREADS)

    def note_ready(self, event: Mapping[str, Any]) -> None:
        """Reads READY, with which a new session begins: it names the servers, and tells of each afterwards."""
        self.guilds = {str(guild["id"]) for guild in event["guilds"]}

    def note_guild(self, event: Mapping[str, Any]) -> None:
        """Reads GUILD_CREATE; a channel or thread that is not as documented costs only itself."""
        self.guilds.add(str(event["id"]))
        for channel in event.get("channels") or ():
            self.note_channel(channel)
        self.note_threads(event)

    def note_removal(self, event: Mapping[str, Any]) -> None:
        """Reads GUILD_DELETE; a server in an outage is one of the bot's still."""
        if not event.get("unavailable"):
            self.guilds.discard(str(event["id"]))
            log.warning("the bot was removed from a server", extra={"guild": event["id"]})

    def note_channel(self, channel: Any) -> None:
        """Reads CHANNEL_CREATE and CHANNEL_UPDATE."""
        if isinstance(channel, Mapping) and "id" in channel and isinstance(channel.get("type"), int):
            self.channel_types[str(channel["id"])] = channel["type"]

    def note_threads(self, event: Mapping[str, Any]) -> None:
        """Reads THREAD_LIST_SYNC; a thread that is not as documented costs only itself."""
        self._note(event.get("threads") or ())

    def note_thread(self, event: Mapping[str, Any]) -> None:
        """Reads THREAD_CREATE and THREAD_UPDATE."""
        self._note([event])

    def _note(self, threads: Iterable[Any]) -> None:
        for thread in threads:
            if isinstance(thread, Mapping) and "id" in thread and thread.get("parent_id"):
                self.threads[str(thread["id"])] = str(thread["parent_id"])
