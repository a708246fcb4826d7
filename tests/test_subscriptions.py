"""Destinations made in chat, in a real store: one a person, the settings before them, and what forgetting leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from digest import deliveries, people
from digest.deliveries import Sending, claim
from digest.editions import Subscription, make_edition, number_of, register, subscribed
from digest.errors import MaybeSent, MessageRefused, NotSent
from digest.jobs import add_job
from digest.mistakes import mistakes, tell_mistake
from digest.operator import set_operator, tell_operator
from digest.outbox import Outbox
from digest.status import newest_of, parked_of, status
from digest.store import Store
from digest.store_thread import StoreThread
from digest.subscriptions import FOR_GOOD, forget, former, is_paused, keep, kept_at, next_hour, pause, remove
from digest.types import ArxivId, Destination, Invocation, Message, Posted
from tests.delivery_makers import MovedClock, compose, stored_day
from tests.makers import DAY

ALICE = Destination("slack", "T1", "U0ALICE")
BOB = Destination("slack", "T1", "U0BOB")
LAMPS = Destination("slack", "T1", "C0LAMPS")
MINE = Subscription(to=ALICE, kind="person", person="U0ALICE", limit=10)
ASKED = Invocation(name="forget", args="", language="en", adapter="slack", workspace="T1", person="U0ALICE")
TIMEOUT, MARGIN = timedelta(seconds=10), timedelta(seconds=30)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(tmp_path: Path, clock: MovedClock) -> Iterator[Store]:
    with Store.create(tmp_path / "paperboy.db", clock) as opened:
        stored_day(opened, 3)
        yield opened


def edition(store: Store, to: Destination = ALICE) -> int:
    number = number_of(store, to)
    make_edition(store, number, DAY, compose)
    return number


def claimed(store: Store, number: int) -> Sending:
    step = claim(store, number, TIMEOUT, MARGIN)
    assert isinstance(step, Sending)
    return step


def confirmed(store: Store, number: int) -> None:
    sending = claimed(store, number)
    deliveries.confirm(store, sending.key, Posted("D1", sending.key, sending.key))


def cells(store: Store) -> list[str]:
    """Every value of every table."""
    tables = [row[0] for row in store.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = (row for table in tables for row in store.connection.execute(f"SELECT * FROM {table}"))  # noqa: S608
    return [str(cell) for row in rows for cell in row]


# --- what is kept ------------------------------------------------------------------------------------------------


def test_a_person_has_one_subscription_and_the_newest_counts(store: Store) -> None:
    """Its number and history stay."""
    first = keep(store, MINE)
    wanted = replace(MINE, domains=("video",), at="10:00", window_end="13:00", timezone="Asia/Tokyo")
    assert keep(store, wanted) == first
    kept = kept_at(store, ALICE)
    assert kept is not None
    assert (kept.subscription, kept.fixed) == (wanted, False)
    assert list(subscribed(store)) == [first]


def test_what_is_kept_in_chat_outlives_what_the_settings_name(store: Store) -> None:
    """Registering those of the settings, as each start does, removes none of it."""
    keep(store, MINE)
    keep(store, Subscription(to=LAMPS))
    register(store, [Subscription(to=Destination("slack", "", "C0OTHER"))])
    register(store, [])
    assert [one.to for one in subscribed(store).values()] == [ALICE, LAMPS]


@pytest.mark.parametrize("named", [LAMPS, Destination("slack", "", "C0LAMPS")])
def test_a_channel_made_in_chat_is_the_settings_once_they_name_it(store: Store, named: Destination) -> None:
    """With or without its workspace; what it has had stays known, so that nothing comes twice."""
    number = keep(store, Subscription(to=LAMPS, at="07:00"))
    make_edition(store, number, DAY, compose)
    for _ in range(2):
        register(store, [Subscription(to=named, at="11:00")])
    assert subscribed(store) == {number: Subscription(to=named, at="11:00")}
    kept = kept_at(store, LAMPS)
    assert kept is not None
    assert kept.fixed
    assert make_edition(store, number, DAY, compose).added == 0


def test_where_the_settings_had_a_channel_before_it_is_that_one_again(store: Store) -> None:
    """Named, taken out, made in chat, named again: one destination, not two."""
    named = Subscription(to=Destination("slack", "", "C0LAMPS"))
    register(store, [named])
    register(store, [])
    keep(store, Subscription(to=LAMPS))
    register(store, [named])
    assert list(subscribed(store).values()) == [named]


def test_what_ended_begins_anew_and_is_not_sent_what_was_left(store: Store) -> None:
    """Cards of a morning long ago would surprise."""
    number = keep(store, MINE)
    edition(store)
    confirmed(store, number)
    remove(store, number)
    assert kept_at(store, ALICE) is None
    assert former(store, ALICE) == MINE
    assert number not in deliveries.to_do(store)
    assert keep(store, MINE) == number
    assert number not in deliveries.to_do(store)
    # The day is not lost to who comes back on it
    assert make_edition(store, number, DAY, compose).added == 3


def test_who_subscribes_again_is_tried_again(store: Store) -> None:
    """Direct messages that were closed may be open now."""
    number = keep(store, MINE)
    edition(store)
    deliveries.turn_away(store, claimed(store, number).key, "Direct messages are closed.", in_flight=False)
    parked = parked_of(store, number)
    assert parked is not None
    assert parked.why == "Direct messages are closed."
    keep(store, MINE)
    assert parked_of(store, number) is None
    assert kept_at(store, ALICE) is not None


def test_the_newest_edition_of_one_destination_is_counted_as_that_of_all(store: Store) -> None:
    """By states."""
    number = keep(store, MINE)
    assert newest_of(store, number) is None
    edition(store)
    confirmed(store, number)
    assert newest_of(store, number) == status(store).days[0]


def test_where_the_operator_is_told_they_still_are(store: Store) -> None:
    """Whatever somebody subscribes to there, ends or has forgotten."""
    set_operator(store, ALICE)
    assert kept_at(store, ALICE) is None
    number = keep(store, MINE)
    remove(store, number)
    assert tell_operator(store, "lamp", "A lamp is out.")
    assert former(store, ALICE) == replace(MINE, kind="operator")
    keep(store, MINE)
    forget(store, ASKED)
    assert kept_at(store, ALICE) is None
    assert tell_operator(store, "moth", "A moth is in.")
    assert list(deliveries.to_do(store).values()) == [ALICE]


# --- pauses and hours --------------------------------------------------------------------------------------------


def test_a_pause_ends_on_its_day_in_local_time() -> None:
    """Until then nothing is due; afterwards the first weekday that was asked for."""
    mine = replace(MINE, timezone="Asia/Tokyo", weekdays=("mon", "tue"), paused_until=date(2026, 1, 20))
    late_on_monday = datetime(2026, 1, 19, 14, 59, tzinfo=UTC)
    assert is_paused(mine, late_on_monday)
    assert not is_paused(mine, late_on_monday + timedelta(minutes=1))
    due = next_hour(mine, late_on_monday)
    assert due is not None
    assert due.isoformat() == "2026-01-20T09:00:00+09:00"
    assert next_hour(replace(mine, paused_until=FOR_GOOD), late_on_monday) is None


@pytest.mark.parametrize(
    ("timezone", "at", "now", "due"),
    [
        ("UTC", "09:00", "2026-01-16T08:59+00:00", "2026-01-16T09:00:00+00:00"),
        ("UTC", "09:00", "2026-01-16T09:00+00:00", "2026-01-17T09:00:00+00:00"),
        ("America/New_York", "20:00", "2026-01-16T02:00+00:00", "2026-01-16T20:00:00-05:00"),
        ("Europe/Berlin", "09:00", "2026-03-28T12:00+00:00", "2026-03-29T09:00:00+02:00"),
        ("Europe/Berlin", "09:00", "2026-10-24T12:00+00:00", "2026-10-25T09:00:00+01:00"),
    ],
)
def test_the_next_hour_is_a_local_one(timezone: str, at: str, now: str, due: str) -> None:
    """Also over a change of clocks."""
    found = next_hour(replace(MINE, timezone=timezone, at=at), datetime.fromisoformat(now).astimezone(UTC))
    assert found is not None
    assert found.isoformat() == due


def test_resuming_catches_up_nothing(store: Store, clock: MovedClock) -> None:
    """It is as if it had begun when it was resumed; resuming what is not paused changes nothing."""

    def began() -> str:
        return str(store.connection.execute("SELECT began_at FROM destinations WHERE id = ?", (number,)).fetchone()[0])

    number = keep(store, MINE)
    begun = began()
    clock.move(3600)
    pause(store, number, None)
    assert began() == begun
    pause(store, number, FOR_GOOD)
    pause(store, number, None)
    assert began() == clock().isoformat()


# --- forgetting --------------------------------------------------------------------------------------------------


def known_everywhere(store: Store) -> int:
    """Alice has a subscription with messages of every kind, choices, a mistake, a request and a budget."""
    number = keep(store, replace(MINE, without_words=("my secret",)))
    edition(store)
    confirmed(store, number)
    people.choose_language(store, ASKED, "zh")
    people.choose_timezone(store, ASKED, "Asia/Tokyo")
    tell_mistake(store, ArxivId("2601.00001"), None, "My secret lamp is wrong.", "slack:U0ALICE")
    store.connection.execute("UPDATE reports SET corrected_by = 'slack:U0ALICE' WHERE paper = '2601.00002'")
    set_operator(store, Destination("slack", "", "C0OPERATOR"))
    tell_operator(store, "mistake 1", "My secret lamp is wrong. Told by slack:U0ALICE.")
    tell_operator(store, "parked slack:T1/U0ALICE", "Nothing can be posted there.")
    tell_operator(store, "mistake 2", "Told by slack:U0ALICEANDERSEN.")
    add_job(store, "send", '{"note": "Sent to slack:slack:T1/U0ALICE, as they asked."}', "somebody")
    add_job(store, "ask", '{"to": {"channel": "C0LAMPS", "person": "U0ALICE"}}', "somebody")
    store.connection.execute("INSERT INTO spendings VALUES ('slack', 'T1', 'U0ALICE', '2026-01-16', 'ask', 3)")
    return number


def test_forgetting_leaves_no_trace_of_the_person_in_any_table(store: Store) -> None:
    """Whatever tables there are; what others have and have said stays."""
    keep(store, replace(MINE, to=BOB, person="U0BOB"))
    edition(store, BOB)
    tell_mistake(store, ArxivId("2601.00001"), None, "A lamp is wrong.", "slack:U0BOB")
    others = cells(store)
    known_everywhere(store)
    erased = forget(store, ASKED)
    assert (erased.subscriptions, erased.messages) == (1, 4)
    left = cells(store)
    theirs = re.compile(r"U0ALICE\b|secret|Tokyo")
    assert not [cell for cell in left if theirs.search(cell)]
    assert any("U0ALICEANDERSEN" in cell for cell in left)
    assert [one.told_by for one in mistakes(store)] == ["slack:U0BOB"]
    assert set(others) <= set(left)
    assert {to.address for to in deliveries.to_do(store).values()} == {"U0BOB", "C0OPERATOR"}
    assert forget(store, ASKED).subscriptions == 0


def test_what_only_the_person_was_sent_goes_with_them(store: Store) -> None:
    """A headline is theirs; cards that others have too stay."""
    keep(store, MINE)
    edition(store)
    assert store.connection.execute("SELECT count(*) FROM payloads").fetchone()[0] == 4
    keep(store, replace(MINE, to=BOB, person="U0BOB"))
    edition(store, BOB)
    forget(store, ASKED)
    assert store.connection.execute("SELECT count(*) FROM payloads").fetchone()[0] == 4
    forget(store, replace(ASKED, person="U0BOB"))
    assert store.connection.execute("SELECT count(*) FROM payloads").fetchone()[0] == 0


def test_the_file_holds_nothing_of_it_any_more(store: Store, tmp_path: Path) -> None:
    """Deleted rows are overwritten, not only unlinked."""
    known_everywhere(store)
    forget(store, ASKED)
    store.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert b"U0ALICE" not in (tmp_path / "paperboy.db").read_bytes().replace(b"U0ALICEANDERSEN", b"")


def test_the_same_id_elsewhere_is_somebody_else(store: Store) -> None:
    """Another workspace or platform; without a workspace all of a platform's are meant."""
    for to in (Destination("slack", "T2", "U0ALICE"), Destination("discord", "", "U0ALICE")):
        keep(store, replace(MINE, to=to))
    keep(store, MINE)
    forget(store, ASKED)
    assert [one.to.workspace for one in subscribed(store).values()] == ["T2", ""]
    forget(store, replace(ASKED, workspace=""))
    assert [one.to.adapter for one in subscribed(store).values()] == ["discord"]


def test_a_number_is_never_anothers(store: Store) -> None:
    """Who still holds the number of what was forgotten reaches nobody with it."""
    number = known_everywhere(store)
    forget(store, ASKED)
    assert keep(store, MINE) != number
    make_edition(store, number, DAY, compose)
    assert number not in deliveries.to_do(store)


@pytest.mark.parametrize(
    "end",
    [
        lambda store, key: deliveries.confirm(store, key, Posted("D1", "1", "1")),
        lambda store, key: deliveries.release(store, key),
        lambda store, key: deliveries.postpone(store, key, "later", store.clock()),
        lambda store, key: deliveries.doubt(store, key, "perhaps", store.clock()),
        lambda store, key: deliveries.give_up(store, key, "unknown"),
        lambda store, key: deliveries.refuse(store, key, "refused"),
        lambda store, key: deliveries.turn_away(store, key, "closed", in_flight=True),
    ],
)
def test_however_a_send_ends_after_its_row_is_gone_it_is_not_sent_again(store: Store, end: object) -> None:
    """A request that was under way while the person was forgotten."""
    number = keep(store, MINE)
    edition(store)
    sending = claimed(store, number)
    forget(store, ASKED)
    assert callable(end)
    end(store, sending.key)
    assert claim(store, number, TIMEOUT, MARGIN) is None
    assert deliveries.to_do(store) == {}
    assert not [cell for cell in cells(store) if "U0ALICE" in cell]


class Forgetting:
    """A platform on which the person is forgotten while a message is under way; then it ends as it is told."""

    timeout_s = 5.0

    def __init__(self, store: StoreThread, end: Exception | None) -> None:
        self._store = store
        self._end = end
        self.posted: list[str] = []

    async def post(self, to: Destination, _message: Message, *, under: Posted | None, key: str) -> Posted:
        del under
        self.posted.append(to.address)
        if to == ALICE:
            await self._store.run(forget, ASKED)
            if self._end is not None:
                raise self._end
        return Posted(to.address, key, key)

    async def edit(self, *_: object) -> None:
        raise AssertionError("nothing is edited here")

    async def find(self, *_: object, **__: object) -> Posted | None:
        return None


@pytest.mark.parametrize("end", [None, NotSent("Later."), MaybeSent("Perhaps."), MessageRefused("No.")])
async def test_the_outbox_goes_on_when_somebody_is_forgotten_over_a_send(
    tmp_path: Path, clock: MovedClock, end: Exception | None
) -> None:
    """Nothing more is sent to them; the others have everything."""

    def both(store: Store) -> None:
        stored_day(store, 3)
        for to in (ALICE, BOB):
            keep(store, replace(MINE, to=to, person=to.address))
            edition(store, to)

    store = StoreThread(tmp_path / "paperboy.db", clock)
    await store.run(both)
    platform = Forgetting(store, end)
    await Outbox(store, lambda _: platform, clock=clock, sleep=clock.sleep).drain()
    assert platform.posted.count("U0ALICE") == 1
    assert platform.posted.count("U0BOB") == 4
    assert await store.run(deliveries.to_do) == {}
    await store.close()
