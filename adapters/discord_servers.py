"""The servers that the settings limit the bot to, and the people who belong to them."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from adapters.discord_errors import MISSING_ACCESS, UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_USER, code_of
from adapters.discord_messages import notice
from adapters.discord_rest import Rest, told
from adapters.pace import Rank
from adapters.recent import Recent
from digest.errors import DeliveryError
from digest.types import Answerer, Invocation, Message, Texts

log = logging.getLogger(__name__)

MEMBER_S = 3600.0  # a membership is believed for so long
STRANGER_S = 60.0  # that somebody is no member, for so long
LOOKUP_S = 5.0
ASKED_AT_MOST = 20  # servers, about one person; who has given a command in another one is known from that
_KEPT = 10_000
_NOT_IN_SERVER = {UNKNOWN_GUILD, MISSING_ACCESS}  # the bot itself
_NO_MEMBER = {UNKNOWN_MEMBER, UNKNOWN_USER, *_NOT_IN_SERVER}


class Servers:
    """The servers that are served: those with these ids; without any, every server and everybody."""

    def __init__(self, rest: Rest, ids: Sequence[str] = ()) -> None:
        self._rest = rest
        self.ids = tuple(dict.fromkeys(ids))
        self._members: Recent[tuple[bool, float]] = Recent(_KEPT)  # by person: are they, until time.monotonic()

    def serves(self, guild: str) -> bool:
        """Whether a server is served; "", which stands for direct messages, always is."""
        return not (self.ids and guild) or guild in self.ids

    def limited(self, answer: Answerer, texts: Mapping[str, Texts], guilds: Callable[[], Collection[str]]) -> Answerer:
        """Wrap an answerer so that it is asked only by those who are served; others get a sentence.

        In direct messages those are the members of the servers, because everybody can write to a bot. Without servers
        in the settings everybody is answered; for members of one of `guilds`, which the bot is in now, it counts as
        installed there.
        """

        async def limited(invocation: Invocation) -> Message:
            if refusal := await self._refusal(invocation):
                return notice(texts, invocation.language, refusal, id=invocation.workspace)
            if invocation.workspace and invocation.access.present:
                self._members[invocation.person] = True, time.monotonic() + MEMBER_S
            return await answer(await self._installed(invocation, guilds()))

        return limited

    async def _installed(self, invocation: Invocation, guilds: Collection[str]) -> Invocation:
        """The same, as installed when the person is a member where the bot is: a bot's own direct conversation."""
        access = invocation.access
        if invocation.workspace or access.installed or not access.present:
            return invocation
        where = self.ids or tuple(itertools.islice(guilds, ASKED_AT_MOST))
        if not await self._is_member(invocation.person, where):
            return invocation
        return replace(invocation, access=replace(access, installed=True))

    async def absent(self) -> list[str]:
        """Return a sentence for each of the servers that the bot is not in, or that cannot be asked about."""
        return [sentence for sentence in await asyncio.gather(*map(self._absence, self.ids)) if sentence]

    async def _absence(self, guild: str) -> str:
        try:
            await told(self._rest, f"/guilds/{guild}", f"the server {guild}")
        except DeliveryError as error:
            if code_of(error) not in _NOT_IN_SERVER:
                return str(error)
            return f"The bot is not in the server {guild}. Invite it: paperboy discord-invite. Or remove that id."
        return ""

    async def _refusal(self, invocation: Invocation) -> str:
        """Return the key of the phrase that tells the person why they are not served, "" when they are."""
        if invocation.workspace or not self.ids:
            return "" if self.serves(invocation.workspace) else "server_not_served"
        match await self._is_member(invocation.person, self.ids):
            case True:
                return ""
            case False:
                return "person_not_served"
            case None:
                return "person_unknown"

    async def _is_member(self, person: str, guilds: Sequence[str]) -> bool | None:
        """Whether a person is in one of these servers, None when Discord does not tell in time."""
        is_member, until_s = self._members.get(person, (False, 0.0))
        if time.monotonic() < until_s:
            return is_member
        try:
            async with asyncio.timeout(LOOKUP_S):
                found = await asyncio.gather(*(self._is_in(guild, person) for guild in guilds))
        except TimeoutError:
            log.warning("discord is slow to tell who is a member")
            return None
        if True not in found and None in found:
            return None
        self._members[person] = True in found, time.monotonic() + (MEMBER_S if True in found else STRANGER_S)
        return True in found

    async def _is_in(self, guild: str, person: str) -> bool | None:
        try:
            await told(self._rest, f"/guilds/{guild}/members/{person}", f"the server {guild}", rank=Rank.PERSON)
        except DeliveryError as error:
            if code_of(error) in _NO_MEMBER:
                return False
            log.warning("discord does not tell who is a member", extra={"guild": guild, "why": str(error)})
            return None
        return True
