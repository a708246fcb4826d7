"""What people may ask for in a day."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from msgspec.structs import replace

from digest.cleanup import clean_up
from digest.spendings import Budget, Kind, Overspent, end_days, spend
from digest.store import Store
from digest.subscriptions import forget
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


# --- people who are forgotten --------------------------------------------------------------------------------------


def refused(store: Store, who: Invocation, budget: Budget) -> bool:
    try:
        spend(store, who, Kind.ASK, budget)
    except Overspent:
        return True
    return False


def rows(store: Store) -> list[tuple[str, ...]]:
    return [tuple(map(str, row)) for row in store.connection.execute("SELECT * FROM spendings")]


@pytest.mark.parametrize(("adapter", "workspace", "forgotten_in"), [("slack", "T1", "T1"), ("discord", "G1", "")])
def test_being_forgotten_gives_no_budget_back(
    store: Store, moved: MovedClock, adapter: str, workspace: str, forgotten_in: str
) -> None:
    """However often, in whatever order with asking; the next day is a new one. Workspaces count on."""
    alice, budget = asked("ALICE", workspace, adapter), Budget(person=3, workspace=10)
    for _ in range(2):
        spend(store, alice, Kind.ASK, budget)
        forget(store, replace(alice, workspace=forgotten_in))
        forget(store, replace(alice, workspace=forgotten_in))
    assert not any("ALICE" in cell for row in rows(store) for cell in row)
    spend(store, alice, Kind.ASK, budget)
    assert refused(store, alice, budget)
    forget(store, replace(alice, workspace=forgotten_in))
    assert refused(store, alice, budget)
    spend(store, asked("BOB", workspace, adapter), Kind.ASK, budget)
    assert not refused(store, asked("ALICE", workspace, "slack" if adapter == "discord" else "discord"), budget)
    assert refused(store, asked("BOB", workspace, adapter), replace(budget, workspace=4))
    moved.move(12 * 3600)
    spend(store, alice, Kind.ASK, budget)


def test_a_hash_is_worth_nothing_without_its_key_and_every_day_has_another(store: Store, moved: MovedClock) -> None:
    hashes = set()
    for _ in range(2):
        spend(store, asked("ALICE"), Kind.ASK, Budget())
        forget(store, asked("ALICE"))
        (name,) = (row[2] for row in rows(store) if row[2].startswith("forgotten:"))
        hashes.add(name)
        assert sha256(b"slack\0ALICE").hexdigest() not in name
        moved.move(24 * 3600)
    assert len(hashes) == 2


@pytest.mark.parametrize("touch", [end_days, lambda store: spend(store, asked("BOB"), Kind.ASK, Budget())])
def test_key_and_hashes_end_with_their_day(tmp_path: Path, moved: MovedClock, touch: Callable[[Store], None]) -> None:
    """At midnight UTC, in the file's bytes as well; the running bot calls `end_days`."""
    path = tmp_path / "paperboy.db"
    with Store.create(path, moved) as store:
        spend(store, asked("ALICE"), Kind.ASK, Budget())
        forget(store, asked("ALICE"))
        clean_up(store.connection)
        (key,) = store.connection.execute("SELECT key FROM spending_keys").fetchone()
        moved.move(12 * 3600 - 1)
        touch(store)
        assert store.connection.execute("SELECT key FROM spending_keys").fetchone()[0] == key
        moved.move(1)
        touch(store)
        assert not [row for row in rows(store) if row[2].startswith("forgotten:")]
        assert clean_up(store.connection)
        for file in tmp_path.iterdir():
            content = subprocess.run(["cat", file], capture_output=True, check=True).stdout
            assert key not in content
            assert b"forgotten:" not in content
