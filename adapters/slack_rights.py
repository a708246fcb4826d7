"""What somebody may do in Slack, and whom others can ask for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from adapters import slack_people
from adapters.slack_ids import ADMINS, is_group, is_person
from adapters.slack_people import Profile, SlackPeople
from digest.errors import DeliveryError
from digest.types import MANAGER, Access, Texts

log = logging.getLogger(__name__)

NAMED = 3  # of those who are set as managers


class Rights(NamedTuple):
    """See the fields of the same names in digest.types.Invocation."""

    role: str
    identities: tuple[str, ...]
    access: Access


class SlackRights:
    """The rights of people in the workspace that `team` gives the id of.

    `managers` may change what any channel gets. `editors` may correct reports: people, user groups or ADMINS. Slack's
    own roles count only for full members of this workspace: one of another company, in a channel shared by Slack
    Connect, may be an administrator or owner at home, or have made the channel.
    """

    def __init__(
        self,
        people: SlackPeople,
        team: Callable[[], Awaitable[str]],
        *,
        managers: Sequence[str] = (),
        editors: Sequence[str] = (),
        texts: Mapping[str, Texts] | None = None,
    ) -> None:
        self._people = people
        self._team = team
        self._managers = managers
        self._groups = sorted(filter(is_group, editors))
        self._texts = texts or {}

    async def of(self, person: str, channel: str) -> Rights:
        """Nobody has a right that Slack does not tell of in time. Never raises."""
        profile, place, groups = await asyncio.gather(
            self._people.profile(person, slack_people.RIGHTS_S), self._people.place(channel), self._groups_of(person)
        )
        is_ours = await self._is_ours(profile)
        is_admin = is_ours and profile.rules
        manages = person in self._managers or is_admin or (is_ours and place.creator == person)
        return Rights(
            role=MANAGER if manages else "",
            identities=(person, *groups, *([ADMINS] if is_admin else [])),
            access=Access(present=place.present),
        )

    async def names(self, identities: Sequence[str], language: str) -> list[str]:
        """See digest.types.ChatAdapter. Takes PATIENCE_S at most, as all of it is asked side by side."""
        return await asyncio.gather(*(self._name(identity, language) for identity in identities))

    async def managers(self, channel: str, language: str) -> list[str]:
        """See digest.types.ChatAdapter."""
        creator, names = await asyncio.gather(self._creator(channel), self.names(self._managers[:NAMED], language))
        made_by = [profile.name or person for person, profile in creator]
        known = {person for person, _ in creator}
        others = [name for person, name in zip(self._managers, names, strict=False) if person not in known]
        return [*made_by, *others, self._admins(language)]

    async def _groups_of(self, person: str) -> list[str]:
        members = await asyncio.gather(*map(self._people.members, self._groups))
        return [group for group, people in zip(self._groups, members, strict=True) if person in people]

    async def _name(self, identity: str, language: str) -> str:
        if identity == ADMINS:
            return self._admins(language)
        if is_group(identity):
            handle = await self._people.handle(identity)
            return f"@{handle}" if handle else identity
        return ((await self._people.profile(identity)).name if is_person(identity) else "") or identity

    def _admins(self, language: str) -> str:
        texts = self._texts.get(language) or self._texts.get("en")
        return texts.phrases["identity_admins"] if texts else ADMINS

    async def _creator(self, channel: str) -> list[tuple[str, Profile]]:
        """Who made a channel, if that is a member of this workspace."""
        try:
            async with asyncio.timeout(slack_people.PATIENCE_S):
                creator = (await self._people.place(channel)).creator
                profile = await self._people.profile(creator) if creator else Profile()
                return [(creator, profile)] if await self._is_ours(profile) else []
        except TimeoutError:
            return []

    async def _is_ours(self, profile: Profile) -> bool:
        if not profile.teams:
            return False
        try:
            async with asyncio.timeout(slack_people.PATIENCE_S):
                return await self._team() in profile.teams
        except (TimeoutError, DeliveryError) as error:
            log.warning("slack does not tell its workspace", extra={"why": type(error).__name__})
            return False
