"""Discord as a chat: posts the digest, answers commands, buttons, mentions and direct messages."""

from __future__ import annotations

import asyncio
import importlib
import logging
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from adapters.backoff import Backoff
from adapters.discord_commands import sync
from adapters.discord_events import Asked
from adapters.discord_names import ROLE, Names
from adapters.discord_places import Conversation, Places, invitation, unknown
from adapters.discord_rest import API_URL, REQUESTS_PER_S, TIMEOUT_S, Rest, told
from adapters.discord_send import DiscordPublisher
from adapters.discord_servers import Servers
from adapters.discord_session import Session
from digest.errors import DeliveryError, DestinationClosed, MessageRefused
from digest.types import Answerer, CommandSpec, Destination, Message, Posted, Texts

log = logging.getLogger(__name__)

_EDITOR = re.compile(rf"(?:{ROLE})?\d+", re.ASCII)
_UNKNOWN_EDITOR = (
    '"discord:{}" is no editor that Discord knows. Write discord:ID for a person and discord:role:ID for a role; '
    "ids are copied in developer mode."
)


class Speaking(Protocol):
    """What the adapter needs of a kit: the texts that commands are described with, by language, the id of the
    conversation with a person who was written to before, "" when nobody knows one, and the editors of the settings."""

    @property
    def texts(self) -> Mapping[str, Texts]: ...

    @property
    def conversation(self) -> Conversation: ...

    @property
    def editors(self) -> Sequence[str]: ...


def build(kit: Speaking | None, options: Mapping[str, Any]) -> DiscordAdapter:
    """`options` is the table `[discord]` of the settings, with the token; `check` tells of one that is missing."""
    return DiscordAdapter(
        options.get("token", ""),
        api_url=options.get("api_url") or API_URL,
        gateway_url=options.get("gateway_url", ""),
        timeout_s=options.get("timeout_s", TIMEOUT_S),
        servers=options.get("servers", ()),
        editors=kit.editors if kit else (),
        texts=kit.texts if kit else {},
        conversation=kit.conversation if kit else unknown,
    )


class DiscordAdapter:
    """The servers and people that the bot is with. See digest.types.ChatAdapter."""

    def __init__(
        self,
        token: str,
        *,
        api_url: str = API_URL,
        gateway_url: str = "",
        timeout_s: float = TIMEOUT_S,
        requests_per_s: int = REQUESTS_PER_S,
        servers: Sequence[str] = (),
        texts: Mapping[str, Texts] | None = None,
        editors: Sequence[str] = (),
        conversation: Conversation = unknown,
    ) -> None:
        self._rest = Rest(token, api_url=api_url, timeout_s=timeout_s, requests_per_s=requests_per_s)
        self._servers = Servers(self._rest, servers)
        self._editors = editors
        self._names = Names(self._rest, self._servers)
        self._places = Places(self._rest, self._servers, conversation)
        self._publisher = DiscordPublisher(self._rest, self._places)
        self._gateway_url = gateway_url
        self._session = Session()
        self._texts = texts or {}

    @property
    def timeout_s(self) -> float:
        return self._publisher.timeout_s

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        return await self._publisher.post(to, message, under=under, key=key)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        await self._publisher.edit(to, posted, message)

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        return await self._publisher.find(to, key, under=under, since=since)

    async def link(self, to: Destination, posted: Posted) -> str:
        """Where a message can be opened. Raises DeliveryError."""
        return await self._publisher.link(to, posted)

    async def invite(self) -> str:
        """The address at which the bot is added to a server. Raises DestinationClosed, or NotSent."""
        return invitation(str((await told(self._rest, "/applications/@me", "DISCORD_TOKEN"))["id"]))

    async def check(self, destinations: Sequence[Destination]) -> list[tuple[str, str]]:
        """What keeps the bot out, as (what it is about, a sentence that says what to do)."""
        async with self._rest.open():
            try:
                await self._places.me()
            except DeliveryError as error:
                return [("DISCORD_TOKEN", str(error))]
            absent = [("discord.servers", sentence) for sentence in await self._servers.absent()]
            odd = [("editors", _UNKNOWN_EDITOR.format(one)) for one in self._editors if not _EDITOR.fullmatch(one)]
            found = absent + odd + [(str(to), await self._places.problem(to)) for to in destinations]
        return [(about, sentence) for about, sentence in found if sentence]

    async def names(self, identities: Sequence[str], _language: str) -> list[str]:
        """See digest.types.ChatAdapter."""
        return await self._names.of(identities)

    async def managers(self, to: Destination, _language: str) -> list[str]:
        """See digest.types.ChatAdapter."""
        return await self._names.managers(to)

    async def serve(self, commands: Sequence[CommandSpec], answer: Answerer) -> None:
        from adapters.discord_answers import DiscordAnswers

        gateway = await asyncio.to_thread(importlib.import_module, "adapters.discord_gateway")
        answering: set[asyncio.Task[None]] = set()
        async with self._rest.open():
            await self._sync(commands)
            session = self._session
            answers = DiscordAnswers(self._rest, self._servers, commands, answer, self._texts, lambda: session.guilds)

            def begin(asked: Asked) -> None:
                task = asyncio.create_task(answers.attend(asked), name="discord answer")
                answering.add(task)
                task.add_done_callback(answering.discard)

            known = {command.name: command for command in commands}
            try:
                await gateway.connected(
                    self._rest.token,
                    self._session,
                    known,
                    begin,
                    api_url=self._rest.api_url,
                    gateway_url=self._gateway_url,
                )
            finally:
                for task in answering:
                    task.cancel()
                await asyncio.gather(*answering, return_exceptions=True)

    async def _sync(self, commands: Sequence[CommandSpec]) -> None:
        """Has Discord know the commands, with growing pauses until it can be asked. Raises DestinationClosed, and
        DeliveryError after an outage of backoff.PATIENCE_S."""
        backoff = Backoff()
        while True:
            try:
                if await sync(self._rest, commands, self._texts):
                    log.info("discord has been told of the commands")
            except DestinationClosed:
                raise
            except MessageRefused as error:
                log.error("discord takes no commands", extra={"why": str(error)})  # noqa: TRY400 (the sentence says all)
            except DeliveryError as error:
                log.warning("discord cannot be asked", extra={"why": str(error)})
                await backoff.pause(error)
                continue
            return
