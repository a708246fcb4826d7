"""A rehearsal shows what would be sent, and leaves the store as it was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot import delivery
from digest import deliveries
from digest.editions import Subscription, make_edition, number_of, register
from digest.errors import UsageError
from digest.rehearsal import rehearse
from digest.store import Store
from digest.types import Destination
from tests.makers import DAY, clock, paper, report

TO = Destination("slack", "", "C0LAMPS")


def filled() -> Store:
    store = Store.create(None, clock)
    store.save_imported(DAY, [(paper(one), report(one)) for one in ("2601.00001", "2601.00002")])
    return store


def prepare(store: Store) -> list[int]:
    register(store, [Subscription(to=TO)])
    number = number_of(store, TO)
    make_edition(store, number, DAY, delivery.composer(Subscription(to=TO)))
    return [number]


def dump(store: Store) -> list[str]:
    return list(store.connection.iterdump())


def test_everything_that_would_be_sent_is_shown_in_order_and_nothing_is_kept() -> None:
    """The headline, and the cards under it."""
    with filled() as store:
        before = dump(store)
        sendings = rehearse(store, prepare)
        assert [sending.message.title for sending in sendings] == [
            "Papers · Fri 16 Jan · 2",
            paper("2601.00001").title,
            paper("2601.00002").title,
        ]
        assert [sending.under is None for sending in sendings] == [True, False, False]
        assert dump(store) == before


def test_only_what_is_left_is_shown_even_when_it_waits_for_its_turn() -> None:
    """What was sent is not sent again; what failed is due later."""
    with filled() as store:
        (number,) = prepare(store)
        first = deliveries.claim(store, number, timedelta(), timedelta())
        assert isinstance(first, deliveries.Sending)
        deliveries.postpone(store, first.key, "Slack is busy.", clock() + timedelta(minutes=5))
        before = dump(store)
        assert len(rehearse(store, prepare)) == 3
        assert dump(store) == before


def test_what_cannot_be_prepared_is_raised_and_nothing_is_kept() -> None:
    """The reason is the operator's to read."""

    def fail(store: Store) -> list[int]:
        prepare(store)
        raise UsageError("No such day.")

    with filled() as store:
        before = dump(store)
        with pytest.raises(UsageError, match="No such day"):
            rehearse(store, fail)
        assert dump(store) == before
