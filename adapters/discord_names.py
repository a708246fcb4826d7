"""Names of people and roles, and of those who manage a server's channels."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import Struct

from adapters.discord_places import ADMINISTRATOR, MANAGE_CHANNELS
from adapters.discord_rest import Rest, told
from adapters.discord_servers import Servers
from adapters.discord_text import unmarked
from adapters.markup import clean
from adapters.neutral import shortened
from adapters.pace import Rank
from adapters.recent import Recent
from digest.errors import DeliveryError
from digest.types import Destination

log = logging.getLogger(__name__)

ROLE = "role:"  # begins the identity of a role (see digest.types.Invocation); that of a person is their id
LOOKUP_S = 2.0
NAMES = 20  # that are looked up at once, the others keep their ids
MANAGERS = 3
NAME_CHARS = 80
KNOWN_S = 3600.0
UNKNOWN_S = 60.0
_GUILDS = 20  # in which a role is looked for
_KEPT = 1_000

V = TypeVar("V")


class _Role(Struct, frozen=True):
    id: str
    name: str
    permissions: int
    is_managed: bool  # by an integration, such as a bot's own role
    position: int


class _Guild(Struct, frozen=True):
    """`roles` without that of everybody, the highest first."""

    owner: str
    roles: tuple[_Role, ...]


class _Known(Struct, frozen=True):
    """What Discord told of something, None when it knows nothing of it."""

    what: Any
    until_s: float  # in time.monotonic()


class Names:
    """Names as people read them, on one line; none of them mentions anybody."""

    def __init__(self, rest: Rest, servers: Servers) -> None:
        self._rest = rest
        self._servers = servers
        self._known: Recent[_Known] = Recent(_KEPT)  # by address

    async def of(self, identities: Sequence[str]) -> list[str]:
        """Return a name for each identity, itself for what Discord tells nothing of within LOOKUP_S. Never raises."""
        found: dict[str, str] = {}
        wanted = list(dict.fromkeys(one for one in identities if one.removeprefix(ROLE).isdecimal()))[:NAMES]
        roles = [one.removeprefix(ROLE) for one in wanted if one.startswith(ROLE)]
        people = [self._find_person(one, found) for one in wanted if not one.startswith(ROLE)]
        await _together([*people, self._find_roles(roles, found)])
        return [found.get(one) or one for one in identities]

    async def managers(self, to: Destination) -> list[str]:
        """Return names of roles that may manage channels in a destination's server, else of its owner; nothing when
        Discord does not tell within LOOKUP_S. Never raises."""
        names: dict[str, str] = {}
        if to.workspace.isdecimal():
            await _together([self._find_managers(to.workspace, names)])
        return list(names.values())[:MANAGERS]

    async def _find_person(self, person: str, found: dict[str, str]) -> None:
        found[person] = await self._told(f"/users/{person}", _person_name) or person

    async def _find_roles(self, wanted: Iterable[str], found: dict[str, str]) -> None:
        """In the servers that are served, else in the first ones that the bot is in."""
        left = set(wanted)
        if not left:
            return
        guilds = self._servers.ids or await self._told("/users/@me/guilds", _ids, {"limit": str(_GUILDS)}) or ()
        for guild in guilds[:_GUILDS]:
            there = await self._told(f"/guilds/{guild}", _guild)
            for role in there.roles if there else ():
                if role.id in left:
                    left.remove(role.id)
                    found[f"{ROLE}{role.id}"] = _role_name(role)
            if not left:
                return

    async def _find_managers(self, guild: str, found: dict[str, str]) -> None:
        there = await self._told(f"/guilds/{guild}", _guild)
        if there is None:
            return
        for role in there.roles:
            if role.permissions & (MANAGE_CHANNELS | ADMINISTRATOR) and not role.is_managed:
                found[f"{ROLE}{role.id}"] = _role_name(role)
        if not found and (owner := await self._told(f"/users/{there.owner}", _person_name)):
            found[there.owner] = owner

    async def _told(self, path: str, read: Callable[[Any], V], query: Mapping[str, str] | None = None) -> V | None:
        """What is read from what Discord has at an address, asked once an hour; None for nothing, which is asked again
        a minute later."""
        known = self._known.get(path)
        if known is not None and time.monotonic() < known.until_s:
            kept: V | None = known.what
            return kept
        what: V | None = None
        try:
            what = read(await told(self._rest, path, "names", query, rank=Rank.PERSON))
        except DeliveryError as error:
            log.info("discord does not tell a name", extra={"path": path, "why": str(error)})
        self._known[path] = _Known(what, time.monotonic() + (UNKNOWN_S if what is None else KNOWN_S))
        return what


async def _together(lookups: Iterable[Awaitable[None]]) -> None:
    """Look things up at once, for LOOKUP_S at most. An answer that is not as documented is logged."""
    try:
        async with asyncio.timeout(LOOKUP_S):
            broken = await asyncio.gather(*lookups, return_exceptions=True)
    except TimeoutError:
        log.warning("discord is slow to tell names")
        return
    for error in broken:
        if isinstance(error, Exception):
            log.error("a name could not be read", exc_info=error)


def _guild(told_of: Any) -> _Guild:
    roles = [
        _Role(
            id=str(role["id"]),
            name=str(role["name"]),
            permissions=int(role["permissions"]),
            is_managed=bool(role.get("managed")),
            position=int(role.get("position") or 0),
        )
        for role in told_of["roles"]
        if role["id"] != told_of["id"]
    ]
    highest_first = sorted(roles, key=lambda role: role.position, reverse=True)
    return _Guild(owner=str(told_of["owner_id"]), roles=tuple(highest_first))


def _ids(told_of: Any) -> tuple[str, ...]:
    return tuple(str(one["id"]) for one in told_of)


def _person_name(told_of: Any) -> str:
    return _plain(told_of.get("global_name") or "") or _plain(told_of["username"])


def _role_name(role: _Role) -> str:
    """The name of a role after an "@", but for one whose name would call everybody."""
    name = f"@{_plain(role.name)}"
    return unmarked(name) if name.casefold().startswith(("@everyone", "@here")) else name


def _plain(name: str) -> str:
    return unmarked(shortened(" ".join(clean(str(name)).split()), NAME_CHARS))
