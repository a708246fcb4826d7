"""Requests left in the store for the process that holds a lock: taken once, followed, and not lost with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.errors import UsageError
from digest.jobs import (
    JobState,
    add_job,
    begin_job,
    finish_job,
    job,
    next_job,
    note_answer,
    note_progress,
    put_back,
    return_jobs,
)
from digest.lookups import Lookups
from digest.store import Store
from tests.makers import clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.create(path, clock) as opened:
        yield opened


def test_a_request_is_followed_from_another_process(store: Store, path: Path) -> None:
    """From waiting over its progress to its answer."""
    with Store.create(path, clock) as command:
        number = add_job(command, "deliver", '{"day":"2026-01-16"}', "cli")
    with Lookups.open(path) as lookups:
        assert job(lookups, number).state is JobState.WAITING
        taken = next_job(store, ["deliver"])
        assert taken is not None
        assert (taken.number, taken.request, taken.state) == (number, '{"day":"2026-01-16"}', JobState.RUNNING)
        note_progress(store, number, "12 of 24")
        assert job(lookups, number).progress == "12 of 24"
        finish_job(store, number, "24 messages are posted.")
        assert (job(lookups, number).state, job(lookups, number).answer) == (JobState.DONE, "24 messages are posted.")


def test_requests_are_taken_once_oldest_first_and_by_who_can_do_them(store: Store) -> None:
    """A process that only reads takes nothing that is to be sent."""
    first, second = add_job(store, "deliver", "1", "cli"), add_job(store, "deliver", "2", "cli")
    other = add_job(store, "ask", "3", "cli")
    taken = [next_job(store, ["deliver"]) for _ in range(3)]
    assert [one.number if one else None for one in taken] == [first, second, None]
    remaining = next_job(store, ["ask", "deliver"])
    assert remaining is not None
    assert remaining.number == other


def test_the_same_request_waits_once(store: Store) -> None:
    """Whoever presses twice gets one job; once it runs, a further press is a new one."""
    number = add_job(store, "deliver", "1", "cli")
    assert add_job(store, "deliver", "1", "cli") == number
    assert add_job(store, "deliver", "1", "somebody else") != number
    next_job(store, ["deliver"])
    assert add_job(store, "deliver", "1", "cli") != number


def test_what_processes_have_died_over_too_often_does_not_wait(store: Store) -> None:
    """It is given to be finished, again and again until it is; one with an answer waits to be told."""
    dead, answered = add_job(store, "ask", "1", "cli"), add_job(store, "ask", "2", "cli")
    for _ in range(2):
        assert return_jobs(store, ["ask"], 2) == ()
        while next_job(store, ["ask"]):
            pass
        for number in (dead, answered):
            begin_job(store, number)
    note_answer(store, answered, "24 GB.")
    for _ in range(2):
        assert [one.number for one in return_jobs(store, ["ask"], 2)] == [dead]
    assert (job(store, dead).state, job(store, answered).state) == (JobState.RUNNING, JobState.WAITING)


def test_what_has_only_waited_for_its_turn_waits_again(store: Store) -> None:
    """However often the processes die that have taken it and work on another."""
    number = add_job(store, "ask", "1", "cli")
    for _ in range(5):
        next_job(store, ["ask"])
        assert return_jobs(store, ["ask"], 2) == ()
    assert job(store, number).state is JobState.WAITING


def test_what_is_put_back_has_not_been_tried(store: Store) -> None:
    """Only what a process did not end in order counts."""
    number = add_job(store, "ask", "1", "cli")
    for begun in (True, False, True, False):
        next_job(store, ["ask"])
        if begun:
            begin_job(store, number)
        put_back(store, number, begun=begun)
        assert job(store, number).state is JobState.WAITING
    next_job(store, ["ask"])
    assert return_jobs(store, ["ask"], 2) == ()


def test_what_a_process_died_over_waits_again(store: Store) -> None:
    """What was finished does not."""
    died, finished = add_job(store, "deliver", "1", "cli"), add_job(store, "deliver", "2", "cli")
    reading = add_job(store, "ask", "3", "cli")
    for _ in range(3):
        next_job(store, ["deliver", "ask"])
    finish_job(store, finished, "The channel is archived.", failed=True)
    note_progress(store, died, "3 of 24")
    return_jobs(store, ["deliver"])
    assert (job(store, died).state, job(store, died).progress) == (JobState.WAITING, "")
    assert job(store, finished).state is JobState.FAILED
    assert job(store, reading).state is JobState.RUNNING


def test_a_job_that_is_not_there_is_named(store: Store) -> None:
    """In a sentence."""
    with pytest.raises(UsageError, match="no job 7"):
        job(store, 7)
