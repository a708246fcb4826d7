"""The delivering journey up to the outbox: channels of the settings, their editions, and how far they have been sent.

The `deliver` command and the running bot both go this way.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date

from msgspec import Struct, structs

from bot import compose
from config.settings import ChannelSettings, Settings
from digest import deliveries, posts
from digest.editions import Compose, Subscription, make_edition, number_of, register, subscribed, window_end
from digest.errors import UsageError
from digest.outbox import Event, News
from digest.status import status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ChatAdapter, Destination

JOB = "deliver"  # the kind of the job that a command leaves for the running bot
_LOOK_S = 0.2
_STILL_S = 10.0


class Request(Struct, frozen=True):
    """What a job asks for: a day to these destinations, as people write them; none means all of the settings."""

    day: date
    to: tuple[str, ...] = ()


class Outcome(Struct, frozen=True):
    """How a delivery to one destination ended. `parked` says why nothing can be posted there, "" when it can."""

    to: Destination
    sent: int
    waiting: int
    dead: int = 0
    unknown: int = 0
    parked: str = ""

    @property
    def well(self) -> bool:
        return not (self.waiting or self.dead or self.unknown or self.parked)

    def __str__(self) -> str:
        parts = [f"{self.sent} sent" if self.sent or not self.well else "nothing new"]
        parts += [f"{count} {what}" for count, what in ((self.waiting, "waiting"), (self.dead, "refused")) if count]
        if self.unknown:
            parts.append(f'{self.unknown} unknown, which "paperboy status" shows')
        sentence = f"{self.to}: {', '.join(parts)}."
        if self.parked:
            sentence += f" Parked: {self.parked} Then: paperboy resume {self.to}"
        return sentence


class Tally:
    """Counts what the outbox tells, by destination."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[Destination, Event]] = Counter()

    def hear(self, news: News) -> None:
        self._counted[news.to, news.event] += 1

    def of(self, to: Destination, event: Event) -> int:
        return self._counted[to, event]


def subscriptions(settings: Settings) -> list[Subscription]:
    """The channels of the settings as the store keeps them."""
    return [_subscription(channel, settings) for channel in settings.channels]


def _subscription(channel: ChannelSettings, settings: Settings) -> Subscription:
    return Subscription(
        to=Destination.parse(channel.destination),
        language=channel.language or settings.language,
        layout=channel.layout,
        at=channel.at,
        window_end=channel.until or window_end(channel.at),
        timezone=channel.timezone,
        weekdays=channel.weekdays,
        domains=channel.domains,
        with_words=channel.with_words,
        without_words=channel.without_words,
        limit=channel.limit,
    )


def asked(settings: Settings, request: Request) -> list[Destination]:
    """The destinations that a request is about. Raises UsageError when one is not written as they are."""
    return [Destination.parse(name) for name in request.to or [channel.destination for channel in settings.channels]]


async def problems(settings: Settings, name: str, adapter: ChatAdapter) -> list[tuple[str, str]]:
    """What keeps the bot out of a platform, of its channels or from the operator: (what it is about, a sentence that
    says what to do)."""
    named = [one.to for one in subscriptions(settings)]
    if settings.operator and (operator := Destination.parse(settings.operator)) not in named:
        named.append(operator)
    return list(await adapter.check([to for to in named if to.adapter == name]))


def prepare(store: Store, settings: Settings, request: Request) -> dict[int, Subscription]:
    """Makes the editions of a day, one transaction each, and gives the destinations by the store's number.

    One that no [[channels]] names is registered with what is usual. Raises UsageError when there is nothing to
    deliver, or nowhere.
    """
    if not store.listed(request.day):
        raise UsageError(_no_day(request.day, store))
    register(store, subscriptions(settings))
    numbers = [_numbered(store, settings, to) for to in asked(settings, request)]
    if not numbers:
        raise UsageError("No channel is set. Add [[channels]] to the settings, or name one: --to slack:C024BE91L")
    known = subscribed(store)
    for number in numbers:
        make_edition(store, number, request.day, composer(known[number]))
    return {number: known[number] for number in numbers}


def _numbered(store: Store, settings: Settings, to: Destination) -> int:
    try:
        return number_of(store, to)
    except UsageError:
        if any(one.to.adapter == to.adapter and one.to.address == to.address for one in subscribed(store).values()):
            raise  # in several workspaces: it has to be said which
    # An origin of its own, so that registering another one does not remove it
    register(store, [Subscription(to=to, language=settings.language)], f"command {to}")
    return number_of(store, to)


def _no_day(day: date, store: Store) -> str:
    newest = ", ".join(str(known) for known, _ in store.days()[:3])
    there = f" Days that are: {newest}." if newest else ""
    return f"No paper of {day} is stored.{there} Make the day with: paperboy digest {day}"


def composer(subscription: Subscription) -> Compose:
    """What renders an edition in a destination's language and layout."""
    texts, languages = compose.texts(subscription.language), compose.language_names(subscription.language)
    if subscription.kind == "person":
        return posts.personal(texts, languages, subscription)
    layout = posts.apart if subscription.layout == "paper" else posts.threaded
    return layout(texts, languages)


async def watched(
    store: StoreThread, numbers: Mapping[int, Subscription], tally: Tally, told: Callable[[int], Awaitable[None]]
) -> Sequence[Outcome]:
    """Waits until everything is sent that can be; `told` hears how many messages are waiting, each time it changes.

    Not waited for is what a parked destination holds back, nor, once nothing has moved for a while, what an unknown
    delivery does.
    """
    before, moved = -1, time.monotonic()
    while True:
        outcomes = await outcomes_of(store, numbers, tally)
        waiting = sum(outcome.waiting for outcome in outcomes)
        if waiting != before:
            before, moved = waiting, time.monotonic()
            await told(waiting)
        still = time.monotonic() - moved > _STILL_S
        if not any(one.waiting and not (one.parked or (one.unknown and still)) for one in outcomes):
            return outcomes
        await asyncio.sleep(_LOOK_S)


async def outcomes_of(store: StoreThread, numbers: Mapping[int, Subscription], tally: Tally) -> list[Outcome]:
    """How things stand at some destinations. What was sent is counted after the store was asked: its thread is ahead of
    what the outbox tells."""
    return [
        structs.replace(one, sent=tally.of(one.to, Event.SENT), dead=tally.of(one.to, Event.DEAD))
        for one in await store.run(_standing, numbers)
    ]


def _standing(store: Store, numbers: Mapping[int, Subscription]) -> list[Outcome]:
    seen = status(store)
    parked = {one.to: one.why for one in seen.parked}
    unknown = Counter(trouble.to for trouble in seen.troubles if trouble.state is deliveries.State.UNKNOWN)
    return [
        Outcome(
            to=subscription.to,
            sent=0,
            waiting=deliveries.waiting(store, number),
            unknown=unknown[subscription.to],
            parked=parked.get(subscription.to, ""),
        )
        for number, subscription in numbers.items()
    ]


def for_the_operator(news: News) -> str:
    """What an operator has to know of a delivery, and what to do; "" when there is nothing."""
    match news.event:
        case Event.PARKED:
            return f"{news.to} is parked: {news.sentence} Then: paperboy resume {news.to}"
        case Event.UNKNOWN:
            settle = f"paperboy resolve {news.key} sent ID, or resend"
            return f"A message to {news.to} may or may not be there: {news.sentence} Look, then: {settle}"
        case Event.DEAD:
            return f"{news.to} refuses a message, which is left out: {news.sentence}"
        case _:
            return ""
