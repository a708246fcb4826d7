"""What people may ask for in a day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from digest.spendings import Budget, Kind, Overspent, spend
from digest.store import Store
from digest.types import Invocation
from tests.delivery_makers import MovedClock


def asked(person: str, workspace: str = "T1", adapter: str = "slack") -> Invocation:
    return Invocation(name="paper", args="", language="en", adapter=adapter, workspace=workspace, person=person)


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(moved: MovedClock) -> Store:
    return Store.create(None, moved)


def test_a_person_has_so_many_a_day_and_more_the_next(store: Store, moved: MovedClock) -> None:
    """The refusal says when the next is free; other people and other kinds go on."""
    budget = Budget(person=2, workspace=0)
    for _ in range(2):
        spend(store, asked("ALICE"), Kind.ASK, budget)
    with pytest.raises(Overspent) as refused:
        spend(store, asked("ALICE"), Kind.ASK, budget)
    assert (refused.value.free_at, refused.value.whole) == (datetime(2026, 1, 17, tzinfo=UTC), False)
    spend(store, asked("WEI"), Kind.ASK, budget)
    spend(store, asked("ALICE"), Kind.READ, budget)
    moved.move(12 * 3600)
    spend(store, asked("ALICE"), Kind.ASK, budget)


def test_a_workspace_has_so_many_whoever_asks(store: Store) -> None:
    """And what it refuses costs the person nothing."""
    budget = Budget(person=2, workspace=3)
    for person in ("A", "B", "C"):
        spend(store, asked(person), Kind.ASK, budget)
    for _ in range(5):
        with pytest.raises(Overspent) as refused:
            spend(store, asked("D"), Kind.ASK, budget)
        assert refused.value.whole
    spend(store, asked("D", workspace="T2"), Kind.ASK, budget)
    spend(store, asked("D", workspace="T2"), Kind.ASK, budget)


def test_a_person_counts_once_in_all_servers_of_a_platform(store: Store) -> None:
    """So nobody asks twice as much by asking elsewhere; a like name on another platform is somebody else."""
    budget = Budget(person=1, workspace=0)
    spend(store, asked("7", "G1", "discord"), Kind.ASK, budget)
    with pytest.raises(Overspent):
        spend(store, asked("7", "", "discord"), Kind.ASK, budget)
    spend(store, asked("7", "G1", "slack"), Kind.ASK, budget)


def test_nought_is_no_limit(store: Store) -> None:
    for _ in range(200):
        spend(store, asked("A"), Kind.READ, Budget())
