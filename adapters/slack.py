"""Slack as a chat: posts the digest, answers commands, buttons, mentions and direct messages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import aiohttp

from adapters.skipped import Skipped
from adapters.slack_events import Asked
from adapters.slack_gate import Gate, patiently
from adapters.slack_people import SlackPeople
from adapters.slack_rich import Element
from adapters.slack_rights import SlackRights
from adapters.slack_send import (
    API_URL,
    CHANNEL_GAP_S,
    TIMEOUT_S,
    WORKSPACE_GAP_S,
    SlackPublisher,
    SlackWorkspaces,
)
from digest.types import Answerer, CommandSpec, Destination, Message, Posted, Texts

log = logging.getLogger(__name__)

PING_S = 5.0  # between two looks whether the connection is still there


def build(kit: Any, options: Mapping[str, Any]) -> SlackAdapter:
    """`options` is the table `[slack]` of the settings, with both tokens; `check` tells of those that are missing.
    Of `kit` it takes the `texts` by language and the `editors`; without one there are none."""
    return SlackAdapter(
        options.get("bot_token", ""),
        options.get("app_token", ""),
        api_url=options.get("api_url", API_URL),
        timeout_s=options.get("timeout_s", TIMEOUT_S),
        managers=tuple(options.get("managers", ())),
        editors=kit.editors if kit else (),
        texts=kit.texts if kit else {},
        channel_gap_s=options.get("channel_gap_s", CHANNEL_GAP_S),
        workspace_gap_s=options.get("workspace_gap_s", WORKSPACE_GAP_S),
    )


class SlackAdapter:
    """The workspace that the bot token is for. See digest.types.ChatAdapter."""

    def __init__(
        self,
        bot_token: str,
        app_token: str,
        *,
        api_url: str = API_URL,
        timeout_s: float = TIMEOUT_S,
        ping_s: float = PING_S,
        managers: Sequence[str] = (),
        editors: Sequence[str] = (),
        texts: Mapping[str, Texts] | None = None,
        **gaps_s: float,
    ) -> None:
        api_url = f"{api_url.rstrip('/')}/"
        self._gate = Gate(bot_token, app_token, api_url=api_url, timeout_s=timeout_s)
        publisher = SlackPublisher(bot_token, api_url=api_url, timeout_s=timeout_s, **gaps_s)
        self._publisher = SlackWorkspaces([publisher])
        self._ping_s = ping_s
        self._editors = editors
        self._people = SlackPeople(self._gate.client())
        self._rights = SlackRights(self._people, publisher.team, managers=managers, editors=editors, texts=texts)
        self._skipped = Skipped(log)

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
        return await self._publisher.link(to, posted)

    async def check(self, destinations: Sequence[Destination]) -> list[tuple[str, str]]:
        """What keeps the app out of Slack or of a destination, and which editors it cannot know: (what it is about, a
        sentence that says what to do)."""
        return await self._gate.problems(destinations, self._editors)

    async def names(self, identities: Sequence[str], language: str) -> list[str]:
        return await self._rights.names(identities, language)

    async def managers(self, to: Destination, language: str) -> list[str]:
        return await self._rights.managers(to.address, language)

    async def serve(self, commands: Sequence[CommandSpec], answer: Answerer) -> None:
        from adapters.slack_answers import SlackAnswers
        from adapters.slack_socket import app, connected

        me = await patiently(self._gate.identity)
        answering: set[asyncio.Task[None]] = set()
        timeout = aiohttp.ClientTimeout(total=self.timeout_s)  # what the SDK sets counts only for sessions of its own
        async with aiohttp.ClientSession(timeout=timeout) as session:
            client = self._gate.client(session)
            self._people.client = client  # the SDK goes without the session once that is closed
            answers = SlackAnswers(client, session, commands, answer, self._people, self._rights)

            def begin(asked: Asked, shown: asyncio.Future[Element] | None = None) -> None:
                task = asyncio.create_task(answers.attend(asked, shown), name="slack answer")
                answering.add(task)
                task.add_done_callback(answering.discard)

            typed = {command.name for command in commands if command.typed}
            try:
                bolt = app(me, self._gate.bot_token, typed, begin, self._skipped)
                await connected(bolt, self._gate, self._ping_s, self._skipped)
            finally:
                for task in answering:
                    task.cancel()
                await asyncio.gather(*answering, return_exceptions=True)
