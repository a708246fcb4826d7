"""The outbox on a real store: order, patience, doubts, and what it leaves to people.

The platform here lives in the test, and fails as it is told to, before or after it has applied a message. The clock
moves by what the outbox waits, so nothing here takes long. In test_delivery_crash.py the sender dies.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from digest import deliveries
from digest.deliveries import State
from digest.editions import Subscription, add_edit, make_edition, number_of, register
from digest.errors import DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from digest.lookups import Lookups
from digest.outbox import MARGIN_S, PEOPLE_AT_ONCE, Event, News, Outbox
from digest.status import status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import Destination, Message, Paragraph, Posted, Publisher, Run
from tests.delivery_makers import LAMPS, MOTHS, MovedClock, compose, stored_day
from tests.makers import DAY

P = ParamSpec("P")
T = TypeVar("T")


class Before(Struct, frozen=True):
    """The platform fails and has not taken the message."""

    error: Exception


class After(Struct, frozen=True):
    """The platform fails and has taken the message."""

    error: Exception


class Kept(Struct, frozen=True):
    to: Destination
    title: str
    thread: str
    key: str


class Platform:
    """Takes messages; each post, or question, to a destination meets the next of the failures planned for it."""

    timeout_s = 10.0

    def __init__(self, clock: MovedClock) -> None:
        self.kept: list[Kept] = []
        self.posts: dict[Destination, list[Before | After]] = {}
        self.finds: dict[Destination, list[Exception]] = {}
        self.asked_at: list[datetime] = []
        self.edits: list[tuple[str, str]] = []
        self._clock = clock

    def titles(self, to: Destination = LAMPS) -> list[str]:
        return [one.title for one in self.kept if one.to == to]

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        fault = self._next(self.posts, to)
        if isinstance(fault, Before):
            raise fault.error
        self.kept.append(Kept(to, message.title, under.thread if under else "", key))
        if isinstance(fault, After):
            raise fault.error
        return self._posted(len(self.kept) - 1)

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        fault = self._next(self.posts, to)
        self.edits.append((posted.message, message.title))
        if fault is not None:
            raise fault.error

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        self.asked_at.append(self._clock.now)
        assert since <= self._clock.now
        if error := self._next(self.finds, to):
            raise error
        thread = under.thread if under else ""
        for number, one in enumerate(self.kept):
            if (one.to, one.key, one.thread) == (to, key, thread):
                return self._posted(number)
        return None

    def _posted(self, number: int) -> Posted:
        kept = self.kept[number]
        return Posted(kept.to.address, f"m{number}", kept.thread or f"m{number}")

    @staticmethod
    def _next(planned: dict[Destination, list[T]], to: Destination) -> T | None:
        return planned[to].pop(0) if planned.get(to) else None


class Scene:
    """A store on disk with two destinations, a platform, and an outbox between them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = MovedClock()
        self.platform = Platform(self.clock)
        self.store = StoreThread(path, self.clock)
        self.news: list[News] = []
        self.outbox = self.new_outbox(self.platform)

    def new_outbox(self, publisher: Publisher | None, margin_s: float = MARGIN_S) -> Outbox:
        return Outbox(
            self.store,
            lambda _: publisher,
            clock=self.clock,
            tell=self.news.append,
            sleep=self.clock.sleep,
            jitter=lambda: 1.0,
            margin_s=margin_s,
        )

    async def edition(self, papers: int, *channels: Destination) -> None:
        def fill(store: Store) -> None:
            register(store, [Subscription(to=to) for to in channels or (LAMPS,)])
            stored_day(store, papers)
            for to in channels or (LAMPS,):
                make_edition(store, number_of(store, to), DAY, compose)

        await self.store.run(fill)

    def states(self) -> dict[State, int]:
        """All deliveries of the day, by state, as another process sees them."""
        counts: dict[State, int] = {}
        with Lookups.open(self.path) as lookups:
            for day in status(lookups).days:
                for state, count in day.deliveries.items():
                    counts[state] = counts.get(state, 0) + count
        return counts

    def events(self) -> list[Event]:
        return [news.event for news in self.news if news.event is not Event.SENT]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    made = Scene(tmp_path / "paperboy.db")
    yield made
    await made.store.close()


def cards(numbers: Sequence[int]) -> list[str]:
    return [f"Lanterns for Deep Networks 2601.{number:05}" for number in numbers]


def headline(count: int) -> str:
    return f"Papers · Fri 16 Jan 2026 · {count}"


SLOW = MaybeSent("No answer came.")
BUSY = NotSent("The platform is busy.")
REFUSED = MessageRefused("The platform knows no such block.")
GONE = MessageGone("The message is gone; what people deleted is not posted again.")
CLOSED = DestinationClosed("The channel is archived. Unarchive it.")


# --- sending -----------------------------------------------------------------------------------------------------


async def test_a_digest_is_sent_in_order_with_the_cards_in_its_thread(scene: Scene) -> None:
    """The headline first, and every card under what the platform called it."""
    await scene.edition(23)
    await scene.outbox.drain()
    assert scene.platform.titles() == [headline(23), *cards(range(1, 24))]
    assert {one.thread for one in scene.platform.kept[1:]} == {"m0"}
    assert scene.states() == {State.SENT: 24}
    assert [news.event for news in scene.news] == [Event.SENT] * 24


async def test_a_message_is_in_flight_on_the_disk_before_it_leaves_and_sent_only_afterwards(scene: Scene) -> None:
    """Seen from another process while the platform is at it."""
    await scene.edition(1)
    seen: list[dict[State, int]] = []
    post = scene.platform.post

    async def watched(to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        seen.append(scene.states())
        return await post(to, message, under=under, key=key)

    scene.platform.post = watched  # type: ignore[method-assign]  # the platform, not the outbox
    await scene.outbox.drain()
    assert seen == [{State.IN_FLIGHT: 1, State.PENDING: 1}, {State.SENT: 1, State.IN_FLIGHT: 1}]


async def test_a_message_costs_two_commits(scene: Scene) -> None:
    """One before it is sent and one after: each waits for the disk."""
    await scene.edition(23)
    statements: list[str] = []
    await scene.store.run(lambda store: store.connection.set_trace_callback(statements.append))
    await scene.outbox.drain()
    changed = statements.count("COMMIT") - 1  # the last claim finds nothing
    assert changed == 2 * 24


async def test_a_second_run_sends_nothing_again(scene: Scene) -> None:
    """Whoever interrupts and runs it again gets the rest only."""
    await scene.edition(3)
    await scene.outbox.drain()
    await scene.edition(3)
    await scene.new_outbox(scene.platform).drain()
    assert len(scene.platform.kept) == 4


async def test_only_the_destinations_asked_for_are_served(scene: Scene) -> None:
    """`paperboy deliver --to` leaves the others for later."""
    await scene.edition(2, LAMPS, MOTHS)
    await scene.outbox.drain([2])
    assert scene.platform.titles(LAMPS) == []
    assert len(scene.platform.titles(MOTHS)) == 3


async def test_a_slow_destination_holds_nobody_else(scene: Scene) -> None:
    """The one channel is still waiting for its first answer when the other has everything."""
    await scene.edition(5, LAMPS, MOTHS)
    post = scene.platform.post
    done = asyncio.Event()

    async def slow(to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        if to == LAMPS:
            await done.wait()
        posted = await post(to, message, under=under, key=key)
        if len(scene.platform.titles(MOTHS)) == 6:
            done.set()
        return posted

    scene.platform.post = slow  # type: ignore[method-assign]  # the platform, not the outbox
    await scene.outbox.drain()
    assert [one.to for one in scene.platform.kept] == [MOTHS] * 6 + [LAMPS] * 6


async def test_where_nobody_speaks_messages_stay(scene: Scene) -> None:
    """A platform whose token is not set loses nothing."""
    await scene.edition(1)
    await scene.new_outbox(None).drain()
    assert scene.states() == {State.PENDING: 2}


# --- patience ----------------------------------------------------------------------------------------------------


async def test_retry_after_is_kept_to_the_second(scene: Scene) -> None:
    """The platform knows best."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [Before(NotSent("Too many requests.", 17.0))]
    await scene.outbox.drain()
    assert scene.clock.slept == [17.0]
    assert scene.platform.titles() == [headline(1), *cards([1])]


async def test_other_pauses_double_up_to_five_minutes(scene: Scene) -> None:
    """An outage of any length loses nothing, and nobody hammers at the door."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [Before(BUSY)] * 12
    await scene.outbox.drain()
    assert scene.clock.slept == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert scene.states() == {State.SENT: 2}
    assert scene.events() == [Event.WAITING] * 12


async def test_pauses_have_jitter(scene: Scene) -> None:
    """Half to all of the pause, so that two hundred channels do not come back at once."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [Before(BUSY)] * 2
    patient = Outbox(
        scene.store, lambda _: scene.platform, clock=scene.clock, sleep=scene.clock.sleep, jitter=lambda: 0.0
    )
    await patient.drain()
    assert scene.clock.slept == [0.5, 1.0]


# --- what a platform will not take ---------------------------------------------------------------------------------


async def test_a_message_that_is_refused_is_dead_and_the_rest_of_the_thread_goes_on(scene: Scene) -> None:
    """Headline or card, once its simplest form, where that differs, has been refused, too."""
    await scene.edition(3)
    scene.platform.posts[LAMPS] = [Before(REFUSED), Before(REFUSED), Before(REFUSED)]
    await scene.outbox.drain()
    assert scene.events() == [Event.SIMPLIFIED, Event.DEAD, Event.DEAD]
    assert scene.states() == {State.DEAD: 2, State.SENT: 2}
    assert [(one.title, one.thread) for one in scene.platform.kept] == [(title, "") for title in cards([2, 3])]


async def test_a_headline_in_its_simplest_form_still_has_its_thread(scene: Scene) -> None:
    """One refusal costs the buttons, not the order."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [Before(REFUSED)]
    await scene.outbox.drain()
    assert [(one.title, one.thread) for one in scene.platform.kept] == [(headline(1), ""), (cards([1])[0], "m0")]


async def test_a_closed_destination_is_parked_and_told_of_once(scene: Scene) -> None:
    """The others have everything; resumed, it gets what is left, from where it stood."""
    await scene.edition(2, LAMPS, MOTHS)
    await scene.outbox.drain([2])
    scene.platform.posts[LAMPS] = [Before(CLOSED)]
    await scene.outbox.drain()
    await scene.outbox.drain()
    assert [(news.to, news.sentence) for news in scene.news if news.event is Event.PARKED] == [(LAMPS, str(CLOSED))]
    assert scene.platform.titles(LAMPS) == []
    await scene.store.run(deliveries.resume, 1)
    await scene.outbox.drain()
    assert scene.platform.titles(LAMPS) == [headline(2), *cards([1, 2])]


# --- doubts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Before(SLOW), After(SLOW), Before(ValueError("a bug")), After(KeyError("a bug"))])
async def test_a_doubt_is_settled_by_asking_after_the_deadline(scene: Scene, fault: Before | After) -> None:
    """Found is sent, absent is sent again; also when the publisher itself broke."""
    await scene.edition(2)
    begun = scene.clock.now
    scene.platform.posts[LAMPS] = [fault]
    await scene.outbox.drain()
    assert scene.platform.titles() == [headline(2), *cards([1, 2])]
    assert len(scene.platform.asked_at) == 1
    assert scene.platform.asked_at[0] >= begun + timedelta(seconds=scene.platform.timeout_s + MARGIN_S)
    assert scene.states() == {State.SENT: 3}


@pytest.mark.parametrize("applied", [True, False])
async def test_a_sender_that_died_in_flight_is_followed_by_a_question(scene: Scene, applied: bool) -> None:
    """The deadline is the dead one's, and is waited out by whoever comes next."""
    await scene.edition(1)
    sending = await scene.store.run(deliveries.claim, 1, timedelta(seconds=10), timedelta(seconds=30))
    assert isinstance(sending, deliveries.Sending)
    if applied:
        await scene.platform.post(LAMPS, sending.message, under=None, key=sending.key)
    await scene.outbox.drain()
    assert scene.platform.asked_at == [sending.deadline]
    assert scene.platform.titles() == [headline(1), *cards([1])]


async def test_a_question_is_asked_until_it_is_answered(scene: Scene) -> None:
    """An outage right after a lost answer ends as sent, not as unknown; the pauses grow."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [After(SLOW)]
    scene.platform.finds[LAMPS] = [BUSY, SLOW, BUSY, NotSent("Too many requests.", 5.0)]
    await scene.outbox.drain()
    assert scene.clock.slept == [40.0, 1.0, 1.0, 2.0, 5.0]
    assert scene.platform.titles() == [headline(1), *cards([1])]
    assert scene.states() == {State.SENT: 2}


async def test_what_cannot_be_asked_is_unknown_until_a_person_settles_it(scene: Scene) -> None:
    """Its replies wait, and go on when it is settled."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [After(SLOW)]
    scene.platform.finds[LAMPS] = [MessageRefused("This platform keeps no keys.")]
    await scene.outbox.drain()
    assert scene.events() == [Event.WAITING, Event.UNKNOWN]
    assert scene.states() == {State.UNKNOWN: 1, State.PENDING: 1}
    await scene.store.run(deliveries.resolve, scene.news[-1].key, Posted(LAMPS.address, "m0", "m0"))
    await scene.outbox.drain()
    assert [(one.title, one.thread) for one in scene.platform.kept] == [(headline(1), ""), (cards([1])[0], "m0")]


async def test_a_question_that_breaks_is_given_up_after_a_while(scene: Scene) -> None:
    """A fault in the adapter must not hold a channel for ever without anybody knowing."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [After(SLOW)]
    scene.platform.finds[LAMPS] = [RuntimeError("a bug")] * 100
    await scene.outbox.drain()
    assert scene.states() == {State.UNKNOWN: 1, State.PENDING: 1}
    assert 3 < len(scene.platform.asked_at) < 20
    assert "a bug" not in scene.news[-1].sentence


async def test_a_destination_that_closes_over_a_question_is_parked_with_its_doubt(scene: Scene) -> None:
    """Resumed, the question is asked again."""
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [After(SLOW)]
    scene.platform.finds[LAMPS] = [CLOSED]
    await scene.outbox.drain()
    assert scene.states() == {State.IN_FLIGHT: 1, State.PENDING: 1}
    await scene.store.run(deliveries.resume, 1)
    await scene.outbox.drain()
    assert scene.platform.titles() == [headline(1), *cards([1])]


async def test_an_edit_in_doubt_is_made_again_after_the_deadline(scene: Scene) -> None:
    """Twice is harmless, but an older one must not come after a newer one."""
    await scene.edition(1)
    await scene.outbox.drain()
    await scene.store.run(add_edit, 1, Message(title="Corrected"))
    await scene.store.run(add_edit, 1, Message(title="Corrected twice"))
    scene.platform.posts[LAMPS] = [After(SLOW)]
    await scene.outbox.drain()
    assert scene.platform.edits == [("m0", "Corrected"), ("m0", "Corrected"), ("m0", "Corrected twice")]
    assert scene.clock.slept == [40.0]
    assert scene.platform.asked_at == []


async def test_a_sender_that_was_held_up_after_its_claim_claims_again(tmp_path: Path) -> None:
    """The deadline must lie after what is sent now, not after what was to be sent before the machine slept."""

    scene = Scene(tmp_path / "paperboy.db")
    clock = scene.clock

    class SlowDisk(StoreThread):
        claims = 0

        async def run(self, method: Callable[Concatenate[Store, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
            result = await super().run(method, *args, **kwargs)
            if method.__name__ == "claim":
                self.claims += 1
                if self.claims == 1:
                    clock.move(3600)
            return result

    await scene.edition(1)
    await scene.store.close()
    scene.store = disk = SlowDisk(scene.path, clock)
    await scene.new_outbox(scene.platform).drain()
    assert scene.platform.titles() == [headline(1), *cards([1])]
    assert disk.claims == 4
    await scene.store.close()


async def test_a_publisher_that_never_comes_back_is_given_up(scene: Scene) -> None:
    """And the platform is asked, as after any other lost answer."""
    await scene.edition(1)
    post = scene.platform.post
    hangs = [True]

    async def hanging(to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        posted = await post(to, message, under=under, key=key)
        if hangs.pop() if hangs else False:
            await asyncio.Event().wait()
        return posted

    scene.platform.post = hanging  # type: ignore[method-assign]  # the platform, not the outbox
    scene.platform.timeout_s = 0.01
    await scene.new_outbox(scene.platform, margin_s=0.02).drain()
    assert scene.platform.titles() == [headline(1), *cards([1])]


# --- running and stopping ----------------------------------------------------------------------------------------


async def test_a_stop_finishes_the_send_at_hand_and_begins_no_other(scene: Scene) -> None:
    """What was sent is known as sent; the rest is there for the next start."""
    await scene.edition(5)
    post = scene.platform.post

    async def stopping(to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        if under is not None:
            scene.outbox.stop()
        return await post(to, message, under=under, key=key)

    scene.platform.post = stopping  # type: ignore[method-assign]  # the platform, not the outbox
    await scene.outbox.drain()
    assert scene.states() == {State.SENT: 2, State.PENDING: 4}


async def test_a_stop_does_not_wait_for_a_pause_to_end(tmp_path: Path) -> None:
    """An hour's Retry-After must not hold the bot back."""
    scene = Scene(tmp_path / "paperboy.db")
    await scene.edition(1)
    scene.platform.posts[LAMPS] = [Before(NotSent("Too many requests.", 3600.0))]
    waiting = asyncio.Event()
    outbox = Outbox(scene.store, lambda _: scene.platform, clock=scene.clock, tell=lambda _: waiting.set())
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(outbox.run())
        await waiting.wait()
        outbox.stop()
    assert scene.states() == {State.FAILED: 1, State.PENDING: 1}
    await scene.store.close()


async def test_a_running_outbox_sends_what_is_added_and_what_is_resumed(scene: Scene) -> None:
    """Woken, it looks at once."""
    told: asyncio.Queue[News] = asyncio.Queue()
    outbox = Outbox(scene.store, lambda _: scene.platform, clock=scene.clock, tell=told.put_nowait)
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(outbox.run(poll_s=3600))
        scene.platform.posts[LAMPS] = [Before(CLOSED)]
        await scene.edition(1)
        outbox.wake()
        assert (await told.get()).event is Event.PARKED
        await scene.store.run(deliveries.resume, 1)
        outbox.wake()
        assert [(await told.get()).event for _ in range(2)] == [Event.SENT] * 2
        outbox.stop()


async def test_other_processes_additions_are_found_without_being_woken(scene: Scene) -> None:
    """By looking every few seconds."""
    told: asyncio.Queue[News] = asyncio.Queue()
    outbox = Outbox(scene.store, lambda _: scene.platform, clock=scene.clock, tell=told.put_nowait)
    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        group.create_task(outbox.run(poll_s=0.01))
        await scene.edition(1)
        assert [(await told.get()).event for _ in range(2)] == [Event.SENT] * 2
        outbox.stop()


# --- all of it ---------------------------------------------------------------------------------------------------

_FAULTS = st.lists(
    st.sampled_from([Before(BUSY), Before(SLOW), After(SLOW), Before(NotSent("Wait.", 3.0)), After(OSError("reset"))]),
    max_size=12,
)
_QUESTIONS = st.lists(st.sampled_from([BUSY, SLOW]), max_size=4)


@given(lamps=_FAULTS, moths=_FAULTS, questions=_QUESTIONS)
@settings(max_examples=20, deadline=None)
def test_whatever_passing_faults_there_are_each_message_is_there_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory,
    lamps: list[Before | After],
    moths: list[Before | After],
    questions: list[Exception],
) -> None:
    """On both channels, with nothing left for a person to settle."""

    async def deliver() -> None:
        scene = Scene(tmp_path_factory.mktemp("scene") / "paperboy.db")
        await scene.edition(4, LAMPS, MOTHS)
        scene.platform.posts = {LAMPS: lamps[:], MOTHS: moths[:]}
        scene.platform.finds = {LAMPS: questions[:]}
        await scene.outbox.drain()
        for to in (LAMPS, MOTHS):
            assert scene.platform.titles(to) == [headline(4), *cards(range(1, 5))]
        assert scene.states() == {State.SENT: 10}
        await scene.store.close()

    asyncio.run(deliver())


# --- what people deleted -------------------------------------------------------------------------------------------


async def test_a_deleted_message_is_neither_edited_nor_posted_again(scene: Scene) -> None:
    """Its edits die with it, however many; the other messages go on."""
    await scene.edition(2)
    await scene.outbox.drain()
    for message, title in ((2, "Corrected"), (2, "Corrected twice"), (3, "Corrected")):
        await scene.store.run(add_edit, message, Message(title=title))
    scene.platform.posts[LAMPS] = [Before(GONE)]
    await scene.outbox.drain()
    assert scene.events() == [Event.GONE]
    assert scene.platform.edits == [("m1", "Corrected"), ("m2", "Corrected")]
    assert scene.states() == {State.SENT: 4, State.DEAD: 2}
    await scene.store.run(add_edit, 2, Message(title="Never asked for"))
    await scene.outbox.drain()
    assert len(scene.platform.kept) == 3
    assert len(scene.platform.edits) == 2


async def test_nothing_is_posted_under_a_message_that_was_deleted(scene: Scene) -> None:
    """Not one reply is tried after the first; what stands elsewhere is posted as ever."""
    await scene.edition(3, LAMPS, MOTHS)
    post = scene.platform.post
    tried: list[str] = []

    async def deleted(to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        if to == LAMPS and under is not None:
            tried.append(message.title)
            raise GONE
        return await post(to, message, under=under, key=key)

    scene.platform.post = deleted  # type: ignore[method-assign]  # the platform, not the outbox
    await scene.outbox.drain()
    assert tried == cards([1])
    assert scene.platform.titles(LAMPS) == [headline(3)]
    assert scene.platform.titles(MOTHS) == [headline(3), *cards([1, 2, 3])]
    with Lookups.open(scene.path) as lookups:
        assert status(lookups).parked == ()


async def test_an_edit_that_is_refused_is_tried_in_its_simplest_form(scene: Scene) -> None:
    """What is wrong must not stay because the right words have a form that the platform does not take."""
    await scene.edition(1)
    await scene.outbox.drain()
    changed = Message(title="Corrected", blocks=(Paragraph((Run("Lamps.", bold=True),)),))
    await scene.store.run(add_edit, 2, changed)
    scene.platform.posts[LAMPS] = [Before(REFUSED)]
    await scene.outbox.drain()
    assert scene.events() == [Event.SIMPLIFIED]
    assert scene.states() == {State.SENT: 3}


async def test_so_many_people_are_served_at_once_and_channels_whatever_they_do(scene: Scene) -> None:
    """People who wait for a platform that hangs, or until they are tried again, keep nobody waiting for ever."""
    people = [Destination("slack", "T1", f"U{number}") for number in range(PEOPLE_AT_ONCE + 6)]
    under_way: list[Destination] = []
    go_on, full = asyncio.Event(), asyncio.Event()

    class Hanging(Platform):
        async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
            if to in people and not go_on.is_set():
                under_way.append(to)
                if len(under_way) == PEOPLE_AT_ONCE:
                    full.set()
                await go_on.wait()
                raise NotSent("The platform was away.", 60.0)
            return await super().post(to, message, under=under, key=key)

    def fill(store: Store) -> None:
        subscriptions = [Subscription(to=to, kind="person", person=to.address) for to in people]
        register(store, [*subscriptions, Subscription(to=LAMPS)])
        stored_day(store, 1)
        for to in (*people, LAMPS):
            make_edition(store, number_of(store, to), DAY, compose)

    await scene.store.run(fill)
    platform = Hanging(scene.clock)
    draining = asyncio.create_task(scene.new_outbox(platform).drain())
    async with asyncio.timeout(120):
        await full.wait()
        while len(platform.titles()) < 2:  # noqa: ASYNC110 (the store has a thread of its own)
            await asyncio.sleep(0.001)
        assert len(under_way) == PEOPLE_AT_ONCE
        go_on.set()
        await draining
    assert all(len(platform.titles(to)) == 2 for to in people)
