"""The answering journey in the running bot: an Invocation comes in, a finished Message goes out, whatever happens.

What reads is answered on a thread with a connection of its own, so that neither the event loop nor the sending of
messages waits for it; what writes goes through the store's thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from msgspec.structs import replace

from adapters.recent import Recent
from bot import chat, compose, correcting, writing
from bot.commands import Desk, line
from bot.errands import Errand, Task, as_lookup, errand
from bot.operator_notices import Author
from bot.rights import Editors, Refused, Right, refusal, require
from digest import people, posts, threads, types
from digest.covers import hidden_at, hidden_in
from digest.editions import add_message
from digest.errors import InvalidId, PaperboyError
from digest.lookups import Lookups
from digest.status import status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.subscriptions import kept_at, of_number
from digest.text.valid import bounded
from digest.types import Action, ArxivId, Clock, Destination, Invocation, Message, Paragraph, Posted, Run

if TYPE_CHECKING:
    from bot.requests import Requests

log = logging.getLogger(__name__)

DISCUSSION_WAIT_S = 2.0  # for the post of a discussion, so that the answer can lead there
_LOOK_S = 0.1
_CONVERSATIONS = 10_000


class Naming(Protocol):
    """What is asked of an adapter here: see digest.types.ChatAdapter."""

    async def names(self, identities: Sequence[str], language: str) -> Sequence[str]: ...

    async def managers(self, to: Destination, language: str) -> Sequence[str]: ...


NO_EDITORS = Editors()
NO_ADAPTERS: Mapping[str, Naming] = {}
Link = Callable[[Destination, Posted], Awaitable[str]]  # where a message can be opened; "" when the platform cannot say


class Answering:
    """Answers people. `wake` tells the outbox that there is something to send; `adapters`, by name, know what people
    are called.

    `requests` does what a look-up cannot; without it everything is answered from the store.
    """

    def __init__(
        self,
        store: StoreThread,
        path: Path,
        language: str,
        wake: Callable[[], None],
        link: Link,
        clock: Clock = compose.clock,
        editors: Editors = NO_EDITORS,
        adapters: Mapping[str, Naming] = NO_ADAPTERS,
    ) -> None:
        self.requests: Requests | None = None
        self._store = store
        self._path = path
        self._language = language
        self._wake = wake
        self._link = link
        self._clock = clock
        self._editors = editors
        self._adapters = adapters
        # A connection costs more to open than ten answers
        self._reader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")
        self._lookups: Lookups | None = None
        self._at_hand: Recent[ArxivId] = Recent(_CONVERSATIONS)  # what each conversation was about last

    async def close(self) -> None:
        """Ends after the answers that were asked for before."""
        await asyncio.get_running_loop().run_in_executor(self._reader, self._closed)
        self._reader.shutdown()

    def _closed(self) -> None:
        if self._lookups is not None:
            self._lookups.close()

    async def answer(self, asked: Invocation) -> Message:
        """Never raises: what goes wrong is said in the message, and logged. See digest.types.Answerer."""
        asked = bounded(asked)
        try:
            return await self._answered(asked)
        except Refused as refused:
            log.info("refused", extra={"command": asked.name, "right": refused.right.name})
            return await self._refusal(asked, refused)
        except PaperboyError as error:
            log.info("no answer", extra={"command": asked.name, "reason": str(error)})
            return Message(blocks=(Paragraph((Run(str(error)),)),), plain=str(error))
        except Exception:
            log.exception("an answer broke", extra={"command": asked.name})
            return line(compose.texts(asked.language or self._language), "broke")

    async def _answered(self, asked: Invocation) -> Message:
        asked = chat.said_alone(asked)
        require(asked, self._editors)
        if (ours := correcting.named(asked)) is not None:
            return await self._put_right(ours)
        if writing.handles(asked):
            return await self._store.run(self._written, asked)
        match asked.name:
            case "discuss":
                return await self._discuss(asked)
            case types.FOLLOW | types.HEARD if self.requests is not None:
                return await self._followed(asked, self.requests)
            case _:
                if (language := chat.chosen_language(asked)) and asked.person and asked.access.installed:
                    await self._store.run(people.choose_language, asked, language)
                return await self._looked_up(asked)

    async def _looked_up(self, asked: Invocation) -> Message:
        found = await asyncio.get_running_loop().run_in_executor(self._reader, self._read, asked)
        if isinstance(found, Message):
            return found
        if self.requests is None:
            return await self.look(as_lookup(found))
        return await self.requests.take(found)

    async def look(self, asked: Invocation) -> Message:
        """Answers a look-up, in the invocation's language, from what is stored."""
        return await asyncio.get_running_loop().run_in_executor(self._reader, self._shown, asked)

    def _read(self, asked: Invocation) -> Message | Errand:
        """The answer, or what has to be done for it."""
        desk = self._desk(asked)
        spoken = replace(asked, language=self._spoken(desk.lookups, asked))
        conversation = f"{asked.adapter} {asked.channel} {asked.person}"
        found = errand(spoken, desk, self._at_hand.get(conversation))
        if isinstance(found, Errand) and not asked.access.installed:
            if found.task is not Task.READ:  # it costs money or patience
                raise Refused(Right.TAKE_PART)
            found = None
        if isinstance(found, Errand) and (self.requests is None or not self.requests.does(found)):
            found = None if found.task is Task.READ else found
        paper = found.paper_id if isinstance(found, Errand) else _named(asked)
        if paper is not None:
            self._at_hand[conversation] = paper
        return chat.answer(spoken, desk) if found is None else found

    def _shown(self, asked: Invocation) -> Message:
        return chat.answer(asked, self._desk(asked))

    def _desk(self, asked: Invocation) -> Desk:
        if self._lookups is None:
            self._lookups = Lookups.open(self._path)
        hidden = hidden_in(self._lookups, _place(asked)) if asked.channel else frozenset()
        return replace(compose.desk(self._lookups, self._clock, self._editors.include), hidden=hidden)

    def _written(self, store: Store, asked: Invocation) -> Message:
        spoken = replace(asked, language=self._spoken(store, asked))
        return writing.answer(spoken, store, compose.desk(store, self._clock, self._editors.include))

    async def _followed(self, asked: Invocation, requests: Requests) -> Message:
        if asked.name == types.FOLLOW:
            return await requests.follow(asked)
        requests.hear(asked)
        return Message()

    def _spoken(self, lookups: Lookups, asked: Invocation) -> str:
        """The language that somebody chose, else the platform's for them, else the channel's."""
        chosen = people.language_of(lookups, asked) or asked.language
        if chosen:
            return chosen
        here = kept_at(lookups, _place(asked))
        return self._language if here is None else here.subscription.language

    async def _put_right(self, asked: Invocation) -> Message:
        """Mistakes and changes to reports; what has to be edited is edited at once."""
        spoken = replace(asked, language=await self._store.run(self._spoken, asked))
        author = Author(f"{asked.adapter}:{asked.person}")
        if correcting.changes_something(asked):
            author = await self._author(asked)
        answer = await self._store.run(correcting.answer, spoken, compose.texts(self._language), author)
        self._wake()
        return answer

    async def _author(self, asked: Invocation) -> Author:
        """Who asks, as the operator is told of them, with a link to a message about the paper."""
        (name,) = await self._names(asked, [asked.person], self._language)
        paper, link = correcting.paper_of(asked), ""
        about = await self._store.run(threads.posted_about, paper, _place(asked)) if paper is not None else None
        if about is not None:
            link = await self._link(*about)
        return Author(f"{asked.adapter}:{asked.person}", "" if name == asked.person else name, link)

    async def _refusal(self, asked: Invocation, refused: Refused) -> Message:
        """What somebody may not do, and whom to ask."""
        language = await self._store.run(self._spoken, asked)
        whom: Sequence[str] = ()
        if refused.right is Right.EDIT:
            editors = self._editors.of(asked.adapter)
            names = zip(await self._names(asked, editors, language), editors, strict=True)
            whom = [name for name, identity in names if name != identity]  # an id helps nobody
        elif refused.right is Right.MANAGE and asked.adapter in self._adapters:
            whom = await self._adapters[asked.adapter].managers(_place(asked), language)
        return refusal(refused, asked, whom, compose.texts(language))

    async def _names(self, asked: Invocation, identities: Sequence[str], language: str) -> Sequence[str]:
        adapter = self._adapters.get(asked.adapter)
        return identities if adapter is None else await adapter.names(identities, language)

    async def _discuss(self, asked: Invocation) -> Message:
        """Posts the card to the channel, once, and leads to it."""
        paper = ArxivId.parse(asked.args)
        place = await self._store.run(threads.message_at, asked.channel, asked.message)
        if place is None:
            return await self._say(asked, "discuss_nowhere", id=paper)
        if (why := await self._store.run(Store.withdrawn, paper)) is not None:
            return await self._say(asked, "withdrawn", id=paper, why=why)
        to = await self._store.run(_open_discussion, place, paper)
        if to is None:
            return await self._say(asked, "hidden_here")
        self._wake()
        deadline = asyncio.get_running_loop().time() + DISCUSSION_WAIT_S
        while (posted := await self._store.run(threads.discussion_of, place.destination, paper)) is None:
            if asyncio.get_running_loop().time() > deadline:
                parked = any(one.to == to for one in (await self._store.run(status)).parked)
                return await self._say(asked, "discuss_parked" if parked else "discuss_soon")
            await asyncio.sleep(_LOOK_S)
        message = await self._say(asked, "discuss_open")
        link = await self._link(to, posted)
        opens = Action(compose.texts(await self._store.run(self._spoken, asked)).phrases["action_open"], url=link)
        return replace(message, actions=(opens,)) if link else message

    async def _say(self, asked: Invocation, key: str, **values: Any) -> Message:
        return line(compose.texts(await self._store.run(self._spoken, asked)), key, **values)


def _place(asked: Invocation) -> Destination:
    """The conversation that it was asked in."""
    return Destination(asked.adapter, asked.workspace, asked.channel)


def _named(asked: Invocation) -> ArxivId | None:
    """The paper that somebody named by its id, in what they typed or pressed."""
    try:
        return ArxivId.parse(asked.args.partition(" ")[0])
    except InvalidId:
        return None


def _open_discussion(store: Store, place: threads.Known, paper: ArxivId) -> Destination | None:
    """Adds the discussion of a paper to its day's edition, unless it is there; gives where it is posted, None where the
    paper is hidden."""
    if place.destination in hidden_at(store, paper):
        return None
    subscription = of_number(store, place.destination)
    known, report = store.paper(paper), store.report(paper, subscription.language)
    if known is not None and report is not None:
        texts = compose.texts(subscription.language)
        draft = posts.discussion(known, report, texts, compose.language_names(subscription.language))
        add_message(store, place.destination, place.day, draft)
    return subscription.to
