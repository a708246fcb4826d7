"""The worlds in which the bot is tried: what goes wrong there, and the people who come and go."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

import msgspec

from digest.editions import WEEKDAYS, Subscription, window_end
from digest.types import Destination, Paper
from tests.year_world import DOMAINS, ONE_DAY, Doing, Kill, Lists, Mood, Span, World, on_grid


def add_trouble(world: World, chance: random.Random, *, kills: int) -> None:
    """Each week something of its own, of which it is over on the sixth day; and smaller things on any day."""
    kinds: list[Callable[[datetime], None]] = []

    def span(begins: datetime, hours: Sequence[float]) -> Span:
        begins = on_grid(begins + timedelta(hours=24 + chance.uniform(0, 48)))
        return Span(begins, on_grid(begins + timedelta(hours=chance.choice(hours))))

    def down(week: datetime) -> None:
        world.platform.append((span(week, (1, 4, 13, 50)), Mood.DOWN))

    def mute(week: datetime) -> None:
        world.platform.append((span(week, (1, 5, 26)), chance.choice((Mood.APPLIES, Mood.LOSES))))

    def stopped(week: datetime) -> None:
        world.bot_down.append(span(week, (3, 9, 30, 70)))

    def clock(week: datetime) -> None:
        world.clock_off.append((span(week, (2, 7, 30)), chance.choice((ONE_DAY, -ONE_DAY))))

    def closed(week: datetime) -> None:
        world.closed.append((span(week, (9, 26, 70)), chance.choice(world.channels).to))

    kinds += [down, mute, stopped, clock, closed]
    order = [kinds[number % len(kinds)] for number in range(world.days // 7)]
    chance.shuffle(order)
    for number, kind in enumerate(order):
        week = world.begins + timedelta(days=7 * number)
        kind(week)
        if chance.random() < 0.4:
            world.source_down.append(span(week, (1, 4, 12, 30)))
    world.kills |= {_any_time(world, chance): chance.choice(list(Kill)) for _ in range(kills)}


# --- people ------------------------------------------------------------------------------------------------------


def channel_subscriptions() -> list[Subscription]:
    """Five channels: in threads and apart, in both languages, over midnight, on working days, of a domain."""

    def channel(address: str, timezone: str, at: str, **wishes: object) -> Subscription:
        plain = Subscription(
            to=Destination("world", "W", address), timezone=timezone, at=at, window_end=window_end(at), limit=30
        )
        return msgspec.structs.replace(plain, **wishes)

    return [
        channel("berlin", "Europe/Berlin", "09:00"),
        channel("shanghai", "Asia/Shanghai", "09:00", language="zh", limit=5),
        channel("york", "America/New_York", "23:00", window_end="02:00", weekdays=WEEKDAYS[:5]),
        channel("auckland", "Pacific/Auckland", "08:30", layout="paper", domains=("video", "data"), limit=4),
        channel("gap", "Europe/Berlin", "02:30", window_end="05:30", with_words=("kites", "video", "注意力")),
    ]


def person(chance: random.Random, number: int, hours: Sequence[tuple[str, str]]) -> Subscription:
    """Somebody's wishes."""
    timezone, at = chance.choice(hours)
    return Subscription(
        to=Destination("world", "W", f"person{number}"),
        kind="person",
        person=f"person{number}",
        language=chance.choice(("en", "en", "zh")),
        timezone=timezone,
        at=at,
        window_end=window_end(at),
        weekdays=chance.choice((WEEKDAYS, WEEKDAYS, WEEKDAYS[:5], ("mon", "thu"))),
        domains=tuple(chance.sample(DOMAINS, chance.choice((1, 1, 2)))),
        with_words=chance.choice(((), (), (), ("moths", "lamps"))),
        without_words=chance.choice(((), (), ("kites",))),
        limit=chance.choice((1, 3, 10)),
    )


def add_people(world: World, chance: random.Random, people: int, doings: int, hours: Sequence[tuple[str, str]]) -> None:
    """People subscribe, most of them at once; later they change, pause, go on, leave and come back."""
    kept = {number: person(chance, number, hours) for number in range(people)}
    began: dict[int, datetime] = {}
    for number, subscription in kept.items():
        at = world.begins if chance.random() < 0.6 else _any_time(world, chance)
        began[number] = at
        world.doings.append(Doing(at, subscription.to, subscription))
    moments = sorted(_any_time(world, chance) for _ in range(doings))
    for at in moments:
        number = chance.randrange(people)
        if at > began[number]:
            now, became = kept[number], chance.choice(("other", "other", "paused", "goes on", "leaves"))
            if became == "other":
                other = person(chance, number, hours)
                kept[number] = msgspec.structs.replace(other, paused_until=now.paused_until)
            elif became == "paused":
                until = at.date() + timedelta(days=chance.choice((1, 3, 7, 20)))
                kept[number] = msgspec.structs.replace(now, paused_until=until)
            elif became == "goes on":
                kept[number] = msgspec.structs.replace(now, paused_until=None)
            world.doings.append(Doing(at, now.to, None if became == "leaves" else kept[number]))
    world.doings.sort(key=lambda doing: doing.at)


def _any_time(world: World, chance: random.Random) -> datetime:
    return on_grid(world.begins + chance.random() * (world.ends - world.begins))


# --- worlds ------------------------------------------------------------------------------------------------------

A_FEW_HOURS = (
    ("Europe/Berlin", "09:00"),
    ("Asia/Shanghai", "09:00"),
    ("America/New_York", "09:00"),
    ("Asia/Kathmandu", "18:00"),
    ("Europe/Berlin", "23:30"),
)
TWELVE_ZONES = tuple(
    (timezone, at)
    for timezone in (
        "Pacific/Auckland Australia/Adelaide Asia/Tokyo Asia/Shanghai Asia/Kathmandu Asia/Kolkata Europe/Istanbul "
        "Europe/Berlin Europe/London America/Sao_Paulo America/New_York Pacific/Honolulu"
    ).split()
    for at in ("08:00", "09:00", "22:30")
)


def make_world(
    seed: int,
    first: date,
    days: int,
    *,
    papers: tuple[int, int],
    people: int,
    doings: int,
    kills: int,
    hours: Sequence[tuple[str, str]],
    given: Mapping[date, Sequence[tuple[datetime, Paper]]] | None = None,
) -> World:
    """`papers`: how many a made day has, from and to; `doings`: how often people change their mind; `given`: lists of
    some days, with the moments at which papers join."""
    chance = random.Random(seed)
    world = World(seed, first, days, channels=channel_subscriptions())
    Lists(world, chance, papers).fill(given or {})
    add_trouble(world, chance, kills=kills)
    add_people(world, chance, people, doings, hours)
    return world


def a_year(seed: int) -> World:
    """Over both changes of clocks."""
    return make_world(seed, date(2025, 9, 1), 365, papers=(3, 9), people=40, doings=120, kills=60, hours=A_FEW_HOURS)


def a_fortnight(seed: int, people: int = 200) -> World:
    """Over the end of summer time in Europe; people in many places, who change their minds."""
    world = make_world(
        seed,
        date(2026, 10, 19),
        14,
        papers=(4, 14),
        people=people,
        doings=people * 5 // 4,
        kills=20,
        hours=TWELVE_ZONES,
    )
    world.threads = True
    return world


def some_weeks(seed: int) -> World:
    """Small, with all that can go wrong."""
    return make_world(seed, date(2026, 2, 2), 36, papers=(3, 6), people=4, doings=8, kills=14, hours=A_FEW_HOURS)
