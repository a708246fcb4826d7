"""A morning for many: the choices of 100,000 people, what writing them costs, and a bell at a platform's ceiling."""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

from adapters.pace import Pace, Rank
from bot import ringing
from bot.compose import taxonomy
from bot.delivery import composer
from digest import deliveries
from digest.days import note_day
from digest.editions import Subscription, mask_of, register
from digest.errors import NotSent
from digest.outbox import Outbox
from digest.select import select
from digest.shelf import Had, Shelf
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import ArxivId, Destination, Message, Paper, Posted, Report
from tests.benchmarks.timing import show
from tests.makers import DAY, report
from tests.morning_makers import PATIENCE, Hand, channel, papers_of, reported

PEOPLE, PAPERS = 100_000, 60
ASKED_ONE_BY_ONE = 2_000  # people for whom the slowest way is timed; it is the same for each
MORNING = 9
T = TypeVar("T")

DIGESTS, CHANNELS = 10_000, 5  # a headline and a card each; a headline and CHANNEL_PAPERS cards
CHANNEL_PAPERS = 23
FASTER = 50  # than the platforms, whose limits are:
PER_SECOND = 50  # Discord's, of everything together; Slack's are five
GAP_S = 1.0  # between two messages to one channel or person, as Slack asks
LONGEST_TURN_S = 5.0  # what adapters wait for a turn before they give the outbox a time to come again


def clocked(run: Callable[[], T]) -> tuple[T, float]:
    """What a call gives, and the seconds it took."""
    begin = time.perf_counter()
    given = run()
    return given, time.perf_counter() - begin


def wishes(people: int, chance: random.Random) -> list[Subscription]:
    """One to three domains each, in two languages, with two limits, at half past eight or nine."""
    domains = taxonomy().ids
    return [
        Subscription(
            to=Destination("slack", "T", f"U{number}"),
            kind="person",
            person=f"U{number}",
            domains=tuple(chance.sample(domains, chance.choice((1, 1, 2, 3)))),
            limit=chance.choice((5, 10, 10)),
            language=chance.choice(("en", "en", "zh")),
            at=chance.choice(("08:30", "09:00")),
        )
        for number in range(people)
    ]


def morning(store: Store, hand: Hand, subscriptions: Sequence[Subscription]) -> list[tuple[Paper, Report]]:
    """A complete day that was read ahead; gives its papers with their reports."""
    chance, papers, domains = random.Random(2), papers_of(PAPERS), taxonomy().ids
    register(store, subscriptions, "chat")
    hand.to(2)
    note_day(store, DAY, papers, PATIENCE, hand())
    entries = []
    for paper in papers:
        about = tuple(chance.sample(domains, chance.choice((1, 2, 3))))
        reports = [store.save_report(report(paper.id, language, domains=about)) for language in ("en", "zh")]
        entries.append((paper, reports[0]))
    hand.to(6)
    note_day(store, DAY, papers, PATIENCE, hand())
    hand.to(MORNING)
    return entries


# --- choosing ----------------------------------------------------------------------------------------------------


def double_loop(entries: Sequence[tuple[Paper, Report]], people: Sequence[Subscription]) -> int:
    """The naive way: every paper is looked at for every person."""
    about = [(paper.id, set(told.domains)) for paper, told in entries]
    chosen: list[list[ArxivId]] = []
    for one in people:
        wanted = set(one.domains)
        mine: list[ArxivId] = []
        for paper, domains in about:
            if not wanted or wanted & domains:
                mine.append(paper)
        chosen.append(mine[: one.limit])
    return sum(map(len, chosen))


def one_by_one(entries: Sequence[tuple[Paper, Report]], people: Sequence[Subscription]) -> int:
    """The naive way with what the bot notes of each choice, reasons and words, for each person."""
    return sum(
        len(
            select(
                entries,
                domains=one.domains,
                with_words=one.with_words,
                without_words=one.without_words,
                limit=one.limit,
                already=(),
            ).papers
        )
        for one in people
    )


def rendered_one_by_one(store: Store, people: Sequence[Subscription]) -> int:
    """The naive way to the end: chosen and rendered for each person."""
    days = {language: store.digest(DAY, language) for language in ("en", "zh")}
    drafts = 0
    for one in people:
        day = days[one.language]
        entries = [(paper, told) for paper, told in day.papers if told is not None]
        mine = select(entries, domains=one.domains, with_words=(), without_words=(), limit=one.limit, already=())
        drafts += len(composer(one)(day, mine))
    return drafts


def chosen(store: Store, people: Sequence[Subscription], masks: Mapping[tuple[str, ...], int]) -> tuple[int, float]:
    """The bot's way, every choice rendered once: how many papers are chosen, and the seconds of matching in SQL."""
    shelf = Shelf(store, DAY, composer, late=True)
    _, matching_s = clocked(lambda: shelf.match(masks.values()))
    nothing = Had()
    papers = sum(len(shelf.choice(one, masks[one.domains], nothing, ())[0].papers) for one in people)
    return papers, matching_s


def bare(store: Store) -> int:
    """Everybody's papers, by SQL alone, without limits: what the double loop gives before it cuts."""
    return int(store.connection.execute(_EVERYBODYS, {"day": DAY.isoformat()}).fetchone()[0])


_EVERYBODYS = """
WITH groups AS (SELECT mask, count(*) AS people FROM destinations GROUP BY mask),
masked AS (
    SELECT listings.paper, sum(DISTINCT domain_bits.bit) AS mask
    FROM listings JOIN reports ON reports.paper = listings.paper AND reports.language = 'en'
    JOIN json_each(reports.domains) AS held JOIN domain_bits ON domain_bits.domain = held.value
    WHERE listings.day = :day GROUP BY listings.paper
)
SELECT sum(people) FROM groups JOIN masked ON masked.mask & groups.mask
"""


def choosing() -> None:
    """In one store: who gets which, and then the morning of the bot itself."""
    with tempfile.TemporaryDirectory() as folder:
        hand = Hand()
        with Store.create(Path(folder) / "paperboy.db", hand) as store:
            store.connection.execute("PRAGMA synchronous = OFF")
            choosing_s = ways(store, hand)
            ringing_for_all(store, hand, choosing_s)


def ways(store: Store, hand: Hand) -> float:
    """Prints what choosing costs in each way; gives the seconds of the bot's."""
    people = wishes(PEOPLE, random.Random(1))
    entries = morning(store, hand, people)
    masks = {domains: mask_of(store, domains) for domains in {one.domains for one in people}}
    some, times = people[:ASKED_ONE_BY_ONE], PEOPLE / ASKED_ONE_BY_ONE
    naive, naive_s = clocked(lambda: double_loop(entries, people))
    _, noted_s = clocked(lambda: one_by_one(entries, some))
    _, rendered_s = clocked(lambda: rendered_one_by_one(store, some))
    _, groups_s = clocked(lambda: bare(store))
    (papers, matching_s), choosing_s = clocked(lambda: chosen(store, people, masks))
    assert papers == naive
    of_all = choosing_s / (times * rendered_s)
    show(
        f"{PEOPLE:,} people x {PAPERS} papers: who gets which",
        {
            "naive double loop": f"{naive_s:.2f} s, sets made in advance",
            "the same with reasons": f"{times * noted_s:.1f} s ({ASKED_ONE_BY_ONE:,} people, times {times:.0f})",
            "the same, rendered for each": f"{times * rendered_s:.1f} s (likewise)",
            "matching in SQL, by groups": f"{groups_s:.3f} s = {groups_s / naive_s:.3f} of the double loop",
            "matching as the bot does it": f"{matching_s:.3f} s = {matching_s / naive_s:.3f} of the double loop",
            "all: reasons, and each choice rendered": f"{choosing_s:.2f} s = {of_all:.3f} of the naive way to the same",
        },
        "at most a tenth",
    )
    return choosing_s


def ringing_for_all(store: Store, hand: Hand, choosing_s: float) -> None:
    before_mb = peak_mb()
    planned, plan_s = clocked(lambda: ringing.plan(store, hand(), reading=False))
    made, make_s = clocked(lambda: sum(ringing.make(store, batch) for batch in planned))
    hand.to(MORNING, 1)
    again, again_s = clocked(lambda: ringing.plan(store, hand(), reading=False))
    assert again == []
    _, tell_s = clocked(lambda: ringing.tell(store, hand()))
    _, to_do_s = clocked(lambda: len(deliveries.to_do(store)))
    show(
        f"the same morning in the bot, {made:,} messages",
        {
            "planning, once a bell": f"{plan_s:.2f} s",
            "choosing, rendering and writing": f"{make_s:.1f} s, {make_s / made * 1e6:.0f} us a message",
            "of that, rows": f"{max(0.0, make_s - choosing_s):.1f} s",
            "planning, every minute after": f"{again_s:.2f} s",
            "words for channels, every minute": f"{tell_s:.2f} s",
            "the outbox's look at what is to do": f"{to_do_s:.2f} s",
            "memory before, and at most": f"{before_mb:.0f} and {peak_mb():.0f} MB",
        },
        "under 500 MB",
    )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- a platform at its ceiling -----------------------------------------------------------------------------------


class Ceiling:
    """A platform in this process that takes so many messages a second of everybody together, and one each gap for a
    channel or person, behind turns as adapters keep them. `early` counts those that came before they might."""

    timeout_s = 10.0

    def __init__(self, per_s: int, gap_s: float) -> None:
        self.taken: list[tuple[float, str]] = []
        self.early = 0
        self._per_s = per_s
        self._all = Pace(1.0 / (per_s - 1), per_s, window_s=1.0)  # as Discord's adapter does
        self._places = Pace(gap_s)

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        assert message.title or message.blocks
        rank = Rank.PERSON if to.address.startswith("U") else Rank.CHANNEL
        wait_s = max(self._places.wait_s(to.address), self._all.wait_s("", rank))
        if wait_s > LONGEST_TURN_S:
            raise NotSent("It has to wait for its turn.", wait_s)
        async with self._places.turn(to.address), self._all.turn("", rank):
            now = time.perf_counter()
            if len(self.taken) >= self._per_s and now - self.taken[-self._per_s][0] < 1.0:
                self.early += 1
            self.taken.append((now, to.address))
        return Posted(to.address, key, key if under is None else under.thread)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        raise AssertionError(f"{posted} at {to} is not to become {message}")

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        raise AssertionError(f"nobody is in doubt about {key} at {to} under {under} since {since}")


def readied(path: Path, people: int) -> Hand:
    """A store in which everything was read ahead, a minute before the bell."""
    hand = Hand()
    with Store.create(path, hand) as store:
        store.connection.execute("PRAGMA synchronous = OFF")
        papers = papers_of(CHANNEL_PAPERS)
        hand.to(2)
        note_day(store, DAY, papers, PATIENCE, hand())
        reported(store, papers)
        hand.to(6)
        note_day(store, DAY, papers, PATIENCE, hand())
        register(store, [channel(Destination("slack", "T", f"C{number}")) for number in range(CHANNELS)])
        register(store, [_digest_of_one(number) for number in range(people)], "chat")
    return hand


def _digest_of_one(number: int) -> Subscription:
    return channel(Destination("slack", "T", f"U{number}"), kind="person", person=f"U{number}", limit=1)


async def rung(path: Path, hand: Hand, platform: Ceiling, *, enough: int) -> float:
    """Rings the bell with the outbox running; gives when, by the performance counter.

    It ends when all is sent, or so many messages to channels, if `enough` is not 0.
    """
    began = time.perf_counter()

    def now() -> datetime:
        """The bell's moment, and then as time goes on."""
        return hand() + timedelta(seconds=time.perf_counter() - began)

    store = StoreThread(path, now)
    outbox = Outbox(store, lambda _: platform, clock=now)
    await store.run(deliveries.to_do)  # opens it
    sending = asyncio.create_task(outbox.run())
    await asyncio.sleep(0.1)
    bell = time.perf_counter()
    for batch in await store.run(ringing.plan, now(), reading=False):
        await store.run(ringing.make, batch)
        outbox.wake()
    while await store.run(deliveries.to_do) if not enough else len(to_channels(platform)) < enough:  # noqa: ASYNC110
        await asyncio.sleep(0.5)
    outbox.stop()
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    await store.close()
    return bell


def at_the_ceiling(per_s: int, gap_s: float, people: int, *, enough: int = 0) -> tuple[Ceiling, float]:
    """A morning at a platform with these limits, and when its bell rang."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "paperboy.db"
        hand = readied(path, people)
        hand.to(MORNING)
        platform = Ceiling(per_s, gap_s)
        return platform, asyncio.run(rung(path, hand, platform, enough=enough))


def to_channels(platform: Ceiling) -> list[float]:
    return [moment for moment, address in platform.taken if address.startswith("C")]


def ceiling() -> None:
    alone, bell = at_the_ceiling(PER_SECOND * FASTER, GAP_S / FASTER, 0)
    first_s, last_s = to_channels(alone)[0] - bell, to_channels(alone)[-1] - bell
    least_s = CHANNEL_PAPERS * GAP_S / FASTER
    slow_least_s = CHANNEL_PAPERS * GAP_S
    rows = {}
    for people in (0, DIGESTS):
        slow, bell = at_the_ceiling(PER_SECOND, GAP_S, people, enough=CHANNELS * (1 + CHANNEL_PAPERS))
        begins_s, ends_s = (to_channels(slow)[place] - bell for place in (0, -1))
        ends = f"{ends_s:.2f} s = {ends_s / slow_least_s:.3f} of the {slow_least_s:.0f} s enforced"
        rows[f"beside {people:,} direct digests"] = f"first post after {begins_s:.2f} s, last after {ends}"
    show(
        f"a bell for {CHANNELS} channels, everything read ahead",
        rows
        | {
            "limits scaled 50 times, alone": f"first post after {first_s:.2f} s, last after {last_s:.2f} s = "
            f"{last_s / least_s:.2f} of {least_s:.2f} s"
        },
        "first within 2 s, last within 1.05 of what is enforced",
    )
    rows = {}
    for most in (5 * FASTER, 10 * FASTER, PER_SECOND * FASTER):
        busy, bell = at_the_ceiling(most, GAP_S / FASTER, DIGESTS)
        per_s = len(busy.taken) / (busy.taken[-1][0] - bell)
        told = f"{per_s:,.0f} a second = {per_s / most:.3f} of the ceiling, {busy.early} early"
        rows[f"ceiling {most:,} a second"] = told
    show(f"{DIGESTS:,} direct digests, a headline and a card each", rows, "0.97 of the ceiling, none early")


def main() -> None:
    # In a process of its own, so that its memory is that of this alone.
    subprocess.run([sys.executable, "-m", "tests.benchmarks.bench_scale"], check=True)


if __name__ == "__main__":
    choosing()
    ceiling()
