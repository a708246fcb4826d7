"""Answers find their way: to the person alone, or beside what was said where others read too."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

from msgspec.structs import replace

from adapters.discord_events import SUGGEST, Asked
from adapters.discord_forms import DONE, Forms
from adapters.discord_messages import DiscordMessage, messages
from adapters.discord_rest import Json, Rest
from adapters.discord_servers import Servers
from adapters.markup import clean
from adapters.neutral import shortened
from digest.errors import DeliveryError, NotSent
from digest.types import FOLLOW, HEARD, Action, Answerer, CommandSpec, Message, Texts

log = logging.getLogger(__name__)

# Discord takes a first answer within 3 s, and what follows it within 15 minutes:
# https://docs.discord.com/developers/interactions/receiving-and-responding
QUICK_S = 1.5  # an answer that is ready by then needs no sign that it is on its way
FORM_S = 2.0  # as long is waited for a form, which cannot follow such a sign
FOLLOW_S = 13 * 60.0
SUGGEST_S = 2.0
CHOICES = 25  # https://docs.discord.com/developers/interactions/application-commands#autocomplete
CHOICE_CHARS = 100
TRIES = 3
LONGEST_WAIT_S = 30.0
_EPHEMERAL = 1 << 6
_ANSWER, _LATER, _LATER_IN_PLACE, _IN_PLACE, _SUGGESTIONS, _MODAL = 4, 5, 6, 7, 8, 9


class DiscordAnswers:
    """Answers what people ask."""

    def __init__(
        self,
        rest: Rest,
        servers: Servers,
        commands: Sequence[CommandSpec],
        answer: Answerer,
        texts: Mapping[str, Texts],
        guilds: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`guilds` gives the ids of the servers that the bot is in now."""
        self._rest = rest
        self._servers = servers
        self._windows = {DONE, *(command.name for command in commands if command.window)}
        self._asking = {command.name for command in commands if command.form}
        self._forms = Forms(texts)
        self._answer = servers.limited(answer, texts, guilds)

    async def attend(self, asked: Asked) -> None:
        """Answers; what goes wrong is logged."""
        try:
            if asked.said:
                await self._tell_all(asked)
            elif asked.invocation.name == SUGGEST:
                await self._suggest(asked)
            else:
                await self._take(asked)
        except DeliveryError as error:
            log.warning("an answer did not arrive", extra={"command": asked.invocation.name, "why": str(error)})
        except Exception:
            log.exception("an answer broke", extra={"command": asked.invocation.name})

    async def _take(self, asked: Asked) -> None:
        """What belongs to an open form goes there first, but for a server that is not served any more."""
        in_place = asked.private and (asked.submitted or asked.invocation.name in self._windows)
        match self._forms.step(asked) if self._servers.serves(asked.invocation.workspace) else asked:
            case Asked() as on_its_way:
                await self._tell(on_its_way, self._answer(on_its_way.invocation), in_place=in_place)
            case Message() as message:
                await self._tell(asked, _at_once(message), in_place=in_place)
            case modal:
                await self._respond(asked, {"type": _MODAL, "data": modal})

    async def _tell(self, asked: Asked, answer: Awaitable[Message], *, in_place: bool) -> None:
        """The person alone: at once, or, when the answer takes its time, after a sign that it comes; a form that came
        too late for Discord is behind a button. What is pressed in a window is shown in that window."""
        answering = asyncio.ensure_future(answer)
        patience_s = FORM_S if asked.asks or asked.invocation.name in self._asking else QUICK_S
        try:
            ready, _ = await asyncio.wait({answering}, timeout=patience_s)
            if not ready:
                later = {"type": _LATER_IN_PLACE} if in_place else {"type": _LATER, "data": {"flags": _EPHEMERAL}}
                await self._respond(asked, later)
            message = await answering
        finally:
            answering.cancel()
        if message.form is not None and ready and not asked.submitted:
            await self._respond(asked, {"type": _MODAL, "data": self._forms.modal(asked, message, message.form)})
            return
        first, *others = await self._parts(asked, message)
        hook = f"/webhooks/{asked.application}/{asked.token}"
        if ready:
            await self._respond(asked, {"type": _IN_PLACE if in_place else _ANSWER, "data": _private(first)})
        else:
            await self._patiently(lambda: self._sent("PATCH", f"{hook}/messages/@original", first.body()))
        for part in others:
            await self._add(hook, part)
        if message.follow:
            for part in await self._followed(asked, message.follow):
                await self._add(hook, part)
            await self._hear(asked, message.follow)

    async def _add(self, hook: str, part: DiscordMessage) -> None:
        await self._patiently(lambda: self._sent("POST", hook, _private(part)))

    async def _tell_all(self, asked: Asked) -> None:
        """Beside what was said."""
        message = await self._answer(asked.invocation)
        await self._reply(asked, await self._parts(asked, message))
        if message.follow:
            await self._reply(asked, await self._followed(asked, message.follow))
            await self._hear(asked, message.follow)

    async def _reply(self, asked: Asked, parts: Sequence[DiscordMessage]) -> None:
        for number, part in enumerate(parts):
            reply = {"message_id": asked.said, "fail_if_not_exists": False}
            body = {**part.body(), **({} if number else {"message_reference": reply})}
            await self._post(asked.said_in, body)

    async def _followed(self, asked: Asked, follow: str) -> Sequence[DiscordMessage]:
        """The rest of an answer. Raises NotSent when it is not there while Discord takes it."""
        try:
            async with asyncio.timeout(FOLLOW_S):
                message = await self._answer(replace(asked.invocation, name=FOLLOW, args=follow))
        except TimeoutError:
            raise NotSent("The answer took too long for Discord; it goes as a direct message.") from None
        return await self._parts(asked, message)

    async def _hear(self, asked: Asked, follow: str) -> None:
        await self._answer(replace(asked.invocation, name=HEARD, args=follow))

    async def _post(self, channel: str, body: Json) -> None:
        await self._patiently(lambda: self._rest.call("POST", f"/channels/{channel}/messages", "an answer", body))

    async def _suggest(self, asked: Asked) -> None:
        """What an option might be: the actions of the answer, each with what it says and what it stands for."""
        actions: Sequence[Action] = ()
        try:
            async with asyncio.timeout(SUGGEST_S):
                actions = (await self._answer(asked.invocation)).actions
        except TimeoutError:
            log.warning("suggestions came too late")
        choices = [
            {"name": shortened(" ".join(clean(action.label).split()), CHOICE_CHARS) or "…", "value": action.argument}
            for action in actions
            if 0 < len(action.argument) <= CHOICE_CHARS
        ]
        await self._respond(asked, {"type": _SUGGESTIONS, "data": {"choices": choices[:CHOICES]}})

    async def _parts(self, asked: Asked, message: Message) -> Sequence[DiscordMessage]:
        return await asyncio.to_thread(messages, self._forms.behind_button(asked, message))

    async def _respond(self, asked: Asked, body: Json) -> None:
        await self._sent("POST", f"/interactions/{asked.interaction}/{asked.token}/callback", body)

    async def _sent(self, method: str, path: str, body: Json) -> None:
        await self._rest.respond(method, path, "an answer", body)

    async def _patiently(self, send: Callable[[], Awaitable[object]]) -> None:
        """Sends once more what was certainly not taken, a few times."""
        for tries_left in reversed(range(TRIES)):
            try:
                await send()
            except NotSent as error:
                if not tries_left or (error.retry_after_s or 0.0) > LONGEST_WAIT_S:
                    raise
                await asyncio.sleep(error.retry_after_s or 1.0)
            else:
                return


async def _at_once(message: Message) -> Message:
    return message


def _private(part: DiscordMessage) -> Json:
    return {**part.body(), "flags": _EPHEMERAL}
