"""Editions and deliveries in a real store: what is made once, in which order it may be sent, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from digest import deliveries
from digest.deliveries import Doubt, Sending, State, Wait, claim, confirm, refuse, resolve
from digest.editions import (
    Draft,
    Edition,
    MessageKind,
    Subscription,
    add_edit,
    add_message,
    make_edition,
    number_of,
    register,
    subscribed,
)
from digest.errors import UsageError
from digest.lookups import Lookups
from digest.select import Reason
from digest.status import status, why
from digest.store import Store
from digest.threads import seen_at
from digest.types import ArxivId, Destination, Message, Posted
from tests.delivery_makers import LAMPS, MOTHS, MovedClock, compose, stored_day
from tests.makers import DAY, paper, report

TIMEOUT, MARGIN = timedelta(seconds=10), timedelta(seconds=30)
TOMORROW = DAY + timedelta(days=1)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture
def store(path: Path, clock: MovedClock) -> Iterator[Store]:
    with Store.create(path, clock) as opened:
        register(opened, [Subscription(to=LAMPS)])
        yield opened


def edition(store: Store, to: Destination = LAMPS) -> Edition:
    return make_edition(store, number_of(store, to), DAY, compose)


def next_for(store: Store, to: Destination = LAMPS) -> Sending | Doubt | Wait | None:
    return claim(store, number_of(store, to), TIMEOUT, MARGIN)


def claimed(store: Store, to: Destination = LAMPS) -> Sending:
    step = next_for(store, to)
    assert isinstance(step, Sending)
    return step


def sent(store: Store, to: Destination = LAMPS) -> Sending:
    """Claims the next delivery and confirms it under a name of its own."""
    sending = claimed(store, to)
    confirm(store, sending.key, Posted("C", sending.key, sending.under.thread if sending.under else sending.key))
    return sending


# --- destinations ------------------------------------------------------------------------------------------------


def test_the_settings_add_change_and_remove_destinations(store: Store) -> None:
    """A destination that comes back is the one it was; those made in chat are not the settings' to remove."""
    number = number_of(store, LAMPS)
    chat = Destination("slack", "T1", "C0CHAT")
    register(store, [Subscription(to=chat)], origin="chat")
    register(store, [Subscription(to=MOTHS, domains=("video",))])
    assert [one.to for one in subscribed(store).values()] == [chat, MOTHS]
    register(store, [Subscription(to=MOTHS, limit=3), Subscription(to=LAMPS, with_words=("注意力",))])
    assert number_of(store, LAMPS) == number
    assert subscribed(store)[number].with_words == ("注意力",)
    assert subscribed(store)[number_of(store, MOTHS)] == Subscription(to=MOTHS, limit=3)


def test_a_destination_is_found_without_its_workspace_when_there_is_one_like_it(store: Store) -> None:
    """`slack:C0LAMPS` is enough until two workspaces have it; what is not there names what is."""
    assert number_of(store, Destination.parse("slack:C0LAMPS")) == number_of(store, LAMPS)
    with pytest.raises(UsageError, match="There are: slack:T1/C0LAMPS"):
        number_of(store, MOTHS)
    register(store, [Subscription(to=LAMPS), Subscription(to=Destination("slack", "T2", "C0LAMPS"))])
    with pytest.raises(UsageError, match="several workspaces"):
        number_of(store, Destination.parse("slack:C0LAMPS"))
    assert number_of(store, LAMPS) == 1


# --- editions ----------------------------------------------------------------------------------------------------


def test_an_edition_is_a_headline_and_a_card_for_each_paper(store: Store) -> None:
    """Frozen in the order of the day; making it again, as after a crash, adds nothing."""
    stored_day(store, 3)
    assert edition(store).added == 4
    assert edition(store).added == 0
    keys = [row[0] for row in store.connection.execute("SELECT key FROM deliveries")]
    assert len(set(keys)) == 4
    assert max(map(len, keys)) <= 25
    assert [sent(store).message.title[:6] for _ in range(4)] == ["Papers", *["Lanter"] * 3]
    assert next_for(store) is None


def test_what_is_frozen_does_not_change_with_the_store(store: Store) -> None:
    """A report that is rewritten, or a title that is mended, leaves what is to be sent as it was rendered."""
    stored_day(store, 1)
    edition(store)
    sent(store)
    store.save_listing(DAY, [paper("2601.00001", title="Another title")])
    assert claimed(store).message.title == "Lanterns for Deep Networks 2601.00001"


def test_an_edition_is_made_whole_or_not_at_all(store: Store) -> None:
    """When rendering breaks, the store is as if nobody had tried."""
    stored_day(store, 2)
    with pytest.raises(ZeroDivisionError):
        make_edition(store, 1, DAY, lambda *_: [1 // 0])
    assert status(store).days == ()


def test_papers_that_come_later_go_below_the_headline_that_is_there(store: Store) -> None:
    """One headline an edition, which then tells of them too; the day's limit holds over all its parts."""
    register(store, [Subscription(to=LAMPS, limit=3)])
    stored_day(store, 2)
    edition(store)
    top = sent(store)
    stored_day(store, 2, first=3)
    again = edition(store)
    assert again.added == 1
    assert list(again.reasons.values()) == [Reason.CHOSEN, Reason.CHOSEN, Reason.CHOSEN, Reason.LIMIT]
    assert {sent(store).under for _ in range(3)} == {Posted("C", top.key, top.key)}
    assert sent(store).replaces == Posted("C", top.key, top.key)
    assert next_for(store) is None


def test_a_paper_comes_to_a_destination_once_whatever_day_lists_it(store: Store) -> None:
    """Another destination has it all the same."""
    register(store, [Subscription(to=LAMPS), Subscription(to=MOTHS)])
    stored_day(store, 2)
    edition(store)
    stored_day(store, 3, TOMORROW)
    again = make_edition(store, number_of(store, LAMPS), TOMORROW, compose)
    assert list(again.reasons.values()) == [Reason.SENT, Reason.SENT, Reason.CHOSEN]
    assert again.added == 2
    assert make_edition(store, number_of(store, MOTHS), TOMORROW, compose).added == 4


def test_nothing_chosen_is_nothing_said(store: Store) -> None:
    """The edition is there, with its reasons, but no headline."""
    register(store, [Subscription(to=LAMPS, domains=("video",))])
    stored_day(store, 2)
    assert edition(store).added == 0
    assert next_for(store) is None
    assert [one.deliveries for one in status(store).days] == [{}]


def test_a_notice_of_a_kind_is_made_once_a_day(store: Store) -> None:
    """A channel is told once that its digest is late."""
    late = Draft(kind=MessageKind.NOTICE, subject="late", message=Message(title="The list is late."))
    assert add_message(store, 1, DAY, late)
    assert not add_message(store, 1, DAY, late)
    assert add_message(store, 1, DAY, msgspec.structs.replace(late, subject="failed"))
    assert add_message(store, 1, TOMORROW, late)


# --- what is to be done next -------------------------------------------------------------------------------------


def test_a_delivery_is_in_flight_with_a_deadline_before_it_is_sent(store: Store, clock: MovedClock, path: Path) -> None:
    """Another process sees it, and nothing else is done there until the deadline, whatever happened to the sender."""
    stored_day(store, 1)
    edition(store)
    sending = claimed(store)
    assert sending.deadline == clock.now + TIMEOUT + MARGIN
    assert next_for(store) == Wait(sending.deadline)
    with Store.create(path, clock) as other:
        assert next_for(other) == Wait(sending.deadline)
        clock.move(40)
        doubt = next_for(other)
    assert isinstance(doubt, Doubt)
    assert (doubt.sending.key, doubt.sending.since) == (sending.key, sending.begun)


def test_a_clock_that_was_set_back_costs_no_more_than_one_deadline(store: Store, clock: MovedClock) -> None:
    """A deadline further off than any can be is brought near."""
    stored_day(store, 1)
    edition(store)
    claimed(store)
    clock.move(-86_400)
    assert next_for(store) == Wait(clock.now + TIMEOUT + MARGIN)
    clock.move(40)
    assert isinstance(next_for(store), Doubt)


def test_a_pause_is_as_long_as_it_was_to_be_when_the_clock_is_set_back(store: Store, clock: MovedClock) -> None:
    """A day back, and a message that was to wait for seven seconds still does."""
    stored_day(store, 1)
    edition(store)
    key = claimed(store).key
    deliveries.postpone(store, key, "Asked for patience.", clock.now + timedelta(seconds=7))
    clock.move(-86_400)
    assert next_for(store) == Wait(clock.now + timedelta(seconds=7))
    clock.move(3)
    assert next_for(store) == Wait(clock.now + timedelta(seconds=4))
    clock.move(4)
    assert claimed(store).key == key


def test_replies_wait_behind_an_unknown_parent_and_others_do_not(store: Store) -> None:
    """The next day's digest is not held by what nobody knows of today's."""
    stored_day(store, 2)
    edition(store)
    deliveries.give_up(store, claimed(store).key, "Nobody can say.")
    assert next_for(store) is None
    stored_day(store, 1, TOMORROW, first=7)
    make_edition(store, 1, TOMORROW, compose)
    assert [sent(store).message.title[:6] for _ in range(2)] == ["Papers", "Lanter"]
    assert next_for(store) is None


def test_an_unknown_card_holds_nobody(store: Store) -> None:
    """Only its own replies."""
    stored_day(store, 2)
    edition(store)
    sent(store)
    deliveries.give_up(store, claimed(store).key, "Nobody can say.")
    assert sent(store).message.title.endswith("2601.00002")


def test_a_failed_delivery_holds_those_after_it_until_it_is_due(store: Store, clock: MovedClock) -> None:
    """Order is kept."""
    stored_day(store, 2)
    edition(store)
    first = claimed(store)
    due = clock.now + timedelta(seconds=7)
    deliveries.postpone(store, first.key, "Asked for patience.", due)
    assert next_for(store) == Wait(due)
    clock.move(7)
    again = claimed(store)
    assert (again.key, again.attempts) == (first.key, 2)


def test_a_refused_headline_is_tried_in_its_simplest_form_and_costs_nobody_the_cards(store: Store) -> None:
    """Refused again, it is dead, and the cards are posted without a parent."""
    stored_day(store, 3)
    edition(store)
    rich = claimed(store)
    assert refuse(store, rich.key, "invalid_blocks")
    simple = claimed(store)
    assert simple.key == rich.key
    assert simple.message.title == rich.message.title
    assert "Lanterns for Deep Networks 2601.00002" in repr(simple.message.blocks)
    assert simple.message == deliveries.in_simplest_form(simple.message)
    assert not refuse(store, simple.key, "invalid_blocks")
    assert [sent(store).under for _ in range(3)] == [None] * 3
    assert status(store).days[0].deliveries == {State.DEAD: 1, State.SENT: 3}


def test_an_edit_follows_its_post_and_none_follows_a_dead_one(store: Store) -> None:
    """It says what it replaces, and is not looked for on the platform; a refused edit leaves the post as it is."""
    stored_day(store, 1)
    edition(store)
    add_edit(store, 1, Message(title="Corrected"))
    add_edit(store, 1, Message(title="Corrected twice"))
    add_edit(store, 2, Message(title="Never seen"))
    post = claimed(store)
    assert post.replaces is None
    confirm(store, post.key, Posted("C", "m1", "t1"))
    assert not refuse(store, claimed(store).key, "no")
    for title in ("Corrected", "Corrected twice"):
        edit = claimed(store)
        assert (edit.message.title, edit.replaces) == (title, Posted("C", "m1", "t1"))
        confirm(store, edit.key, None)
    assert next_for(store) is None
    add_edit(store, 2, Message(title="Not even asked for"))
    assert status(store).days[0].deliveries == {State.SENT: 3, State.DEAD: 2}


def test_a_parked_destination_has_nothing_to_do_until_it_is_resumed(store: Store) -> None:
    """What was to be sent stays, and comes first afterwards."""
    stored_day(store, 1)
    edition(store)
    first = claimed(store)
    deliveries.turn_away(store, first.key, "The channel is archived.", in_flight=False)
    assert next_for(store) is None
    assert deliveries.to_do(store) == {}
    assert [(one.to, one.why) for one in status(store).parked] == [(LAMPS, "The channel is archived.")]
    assert [one.error for one in status(store).troubles] == ["The channel is archived."]
    assert deliveries.resume(store, 1)
    assert not deliveries.resume(store, 1)
    assert deliveries.to_do(store) == {1: LAMPS}
    assert claimed(store).key == first.key


def test_a_removed_destination_gets_nothing_more(store: Store) -> None:
    """Not even what was frozen for it; when it comes back, that is sent."""
    stored_day(store, 1)
    edition(store)
    register(store, [])
    assert deliveries.to_do(store) == {}
    assert claim(store, 1, TIMEOUT, MARGIN) is None
    register(store, [Subscription(to=LAMPS)])
    assert deliveries.waiting(store, 1) == 2


def test_the_next_delivery_is_found_by_an_index(store: Store) -> None:
    """However many have been sent over the years."""
    plan = store.connection.execute(f"EXPLAIN QUERY PLAN {deliveries._NEXT}", {"destination": 1, "now": ""}).fetchall()
    steps = [row["detail"] for row in plan]
    assert any("deliveries_not_sent (destination=?)" in step for step in steps)
    assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in steps)


# --- what a person asks and settles ------------------------------------------------------------------------------


def test_an_unknown_delivery_is_settled_by_a_person(store: Store) -> None:
    """As there, with the platform's id, or as to be sent again; nothing else can be settled."""
    stored_day(store, 2)
    edition(store)
    top = claimed(store)
    with pytest.raises(UsageError, match="in flight, not unknown"):
        resolve(store, top.key, None)
    with pytest.raises(UsageError, match="not known here"):
        resolve(store, "feedcafe", None)
    deliveries.give_up(store, top.key, "Nobody can say.")
    assert [(one.key, one.error) for one in status(store).troubles] == [(top.key, "Nobody can say.")]
    resolve(store, top.key, Posted("C", "17.2", "17.2"))
    card = claimed(store)
    assert card.under == Posted("C", "17.2", "17.2")
    deliveries.give_up(store, card.key, "Nobody can say.")
    resolve(store, card.key, None)
    assert claimed(store).key == card.key


def test_a_message_that_a_person_found_is_where_its_like_are(store: Store) -> None:
    """A reply is in its parent's thread; what is at the top has one of its own, but not where no message has any."""
    stored_day(store, 2)
    edition(store)
    top = claimed(store)
    assert seen_at(store, top.key, "17.2") == Posted(LAMPS.address, "17.2", "17.2")
    confirm(store, top.key, Posted("D1", "17.2", "17.2"))
    card = claimed(store)
    assert seen_at(store, card.key, "17.3") == Posted("D1", "17.3", "17.2")
    confirm(store, top.key, Posted("D1", "17.2", ""))
    assert seen_at(store, top.key, "17.9") == Posted("D1", "17.9", "")
    assert seen_at(store, card.key, "17.3") == Posted("D1", "17.3", "")
    assert seen_at(store, "feedcafe", "17.3") is None


def test_status_shows_what_is_wrong_and_every_unknown(store: Store, path: Path) -> None:
    """To a process that only reads; what was mended is not shown."""
    stored_day(store, 30)
    edition(store)
    confirm(store, claimed(store).key, Posted("C", "m", "m"))
    for number in range(30):
        card = claimed(store)
        deliveries.postpone(store, card.key, "Asked for patience.", store.clock())
        assert claimed(store).key == card.key
        if number % 2:
            deliveries.give_up(store, card.key, f"Nobody can say, {number}.")
        else:
            confirm(store, card.key, Posted("C", card.key, "m"))
    with Lookups.open(path) as lookups:
        told = status(lookups)
    assert told.days[0].deliveries == {State.SENT: 16, State.UNKNOWN: 15}
    assert len(told.troubles) == 15
    assert {one.state for one in told.troubles} == {State.UNKNOWN}


def test_why_tells_of_each_day_that_lists_a_paper(store: Store, clock: MovedClock) -> None:
    """Chosen and sent, or the reason why not, day by day."""
    stored_day(store, 2)
    store.save_listing(DAY, [paper("2601.00009", upvotes=0)])
    edition(store)
    sent(store)
    sent(store)
    stored_day(store, 1, TOMORROW)
    make_edition(store, 1, TOMORROW, compose)
    first = why(store, 1, ArxivId("2601.00001"))
    assert [(one.day, one.reason, one.state, one.sent_at) for one in first] == [
        (DAY, Reason.CHOSEN, State.SENT, clock.now),
        (TOMORROW, Reason.SENT, None, None),
    ]
    assert [(one.reason, one.state) for one in why(store, 1, ArxivId("2601.00002"))] == [(Reason.CHOSEN, State.PENDING)]
    assert [(one.reason, one.state) for one in why(store, 1, ArxivId("2601.00009"))] == [(Reason.NO_REPORT, None)]
    assert why(store, 1, ArxivId("2601.00077")) == ()
    store.save_report(report("2601.00009"))
    edition(store)
    assert [one.reason for one in why(store, 1, ArxivId("2601.00009"))] == [Reason.CHOSEN]
