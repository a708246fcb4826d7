"""Who asks: the person behind an Invocation, their direct messages and time zone; and how they are forgotten."""

from __future__ import annotations

from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from bot import timezones
from bot.commands import Desk, line
from digest import people
from digest.spendings import Overspent
from digest.store import Store
from digest.subscriptions import forget
from digest.types import Action, Destination, Invocation, Message, Texts


def person_of(asked: Invocation) -> Invocation:
    """The same, from the person who asks: in Discord they are the same in every server, and their direct messages
    belong to none."""
    return replace(asked, workspace="") if asked.adapter == "discord" else asked


def is_direct(asked: Invocation) -> bool:
    """Whether it was asked where nobody else reads: in direct messages, or in no conversation at all."""
    if asked.adapter == "discord":
        return not asked.workspace
    # https://docs.slack.dev/reference/objects/conversation-object: ids of direct messages begin with D
    return not asked.channel or asked.channel.startswith("D")


def direct_messages(asked: Invocation) -> Destination:
    """Where the person who asks gets what is for them alone."""
    person = person_of(asked)
    return Destination(person.adapter, person.workspace, person.person)


def zone_of(asked: Invocation, desk: Desk) -> str:
    """The time zone that the person chose, else the one that the platform knows of them; "" when nobody knows."""
    chosen = people.timezone_of(desk.lookups, person_of(asked))
    return chosen or (asked.timezone and timezones.find(asked.timezone)) or ""


def overspent(error: Overspent, zone: tzinfo, texts: Texts) -> Message:
    """When a budget is free again, by the person's own clock where it is known."""
    moment = f"{error.free_at.astimezone(zone):%Y-%m-%d %H:%M} {getattr(zone, 'key', 'UTC')}"
    key = f"spent_{error.kind}_{'workspace' if error.whole else 'person'}"
    return line(texts, key, limit=error.limit, time=moment)


def clock_of(asked: Invocation, desk: Desk) -> tzinfo:
    """The person's time zone, as they chose, else as the platform knows, else UTC."""
    zone = zone_of(asked, desk)
    return ZoneInfo(zone) if zone else UTC


# --- being forgotten ---------------------------------------------------------------------------------------------


def ask_to_forget(asked: Invocation, desk: Desk) -> Message:
    """`forget me`: what that means, and the one button that does it."""
    texts = desk.texts(asked.language)
    return line(texts, "forget_ask", [Action(texts.phrases["action_forget"], command="forget")])


def forgotten(asked: Invocation, store: Store, desk: Desk) -> Message:
    """Erases everything about the person who asks."""
    erased = forget(store, person_of(asked))
    texts = desk.texts(asked.language)
    return line(texts, "forgotten", subscriptions=erased.subscriptions, messages=erased.messages)
