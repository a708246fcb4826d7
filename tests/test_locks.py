"""Locks beside the store: one holder at a time, and none after its death."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from digest.locks import LockHeld, Work, held

HOLDER = """
import sys, time
from pathlib import Path
from digest.locks import Work, held
with held(Path(sys.argv[1]), Work.SEND):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


def test_a_second_holder_is_told_who_the_first_is(store: Path) -> None:
    """The process number is in the sentence, so that somebody can look it up."""
    told = f"process {os.getpid()} holds send.lock"
    with held(store, Work.SEND), pytest.raises(LockHeld, match=told) as caught, held(store, Work.SEND):
        pytest.fail("two holders")
    assert caught.value.pid == os.getpid()


def test_sending_and_reading_do_not_hinder_each_other(store: Path) -> None:
    """Two locks, two files beside the store, for their owner only."""
    with held(store, Work.SEND), held(store, Work.READ):
        files = sorted(path.name for path in store.parent.iterdir())
    assert files == ["read.lock", "send.lock"]
    assert stat.S_IMODE((store.parent / "send.lock").stat().st_mode) == 0o600


def test_a_lock_is_free_after_its_holder_is_done_or_has_failed(store: Path) -> None:
    """Whatever happened inside."""
    with pytest.raises(ZeroDivisionError), held(store, Work.READ):
        raise ZeroDivisionError
    with held(store, Work.READ):
        pass
    with held(store, Work.READ):
        pass


def test_a_lock_is_freed_by_the_death_of_its_holder(store: Path) -> None:
    """Nobody has to clean up after SIGKILL; until then others are turned away."""
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(store)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockHeld) as caught, held(store, Work.SEND):
            pytest.fail("two holders")
        assert caught.value.pid == holder.pid
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with held(store, Work.SEND):
            pass


def test_a_program_that_the_holder_started_does_not_hold_the_lock_on(store: Path) -> None:
    """A PDF reader that outlives its parent must not keep the bot from starting."""
    with held(store, Work.SEND):
        child = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE)
    try:
        with held(store, Work.SEND):
            pass
    finally:
        child.communicate()


def test_a_lock_file_without_a_number_still_locks(store: Path) -> None:
    """The number is only for people; the lock is the system's."""
    with held(store, Work.SEND):
        (store.parent / "send.lock").write_text("")
        with pytest.raises(LockHeld, match="another process holds"), held(store, Work.SEND):
            pytest.fail("two holders")


def test_a_holder_that_ends_by_itself_is_told_from_one_that_does_not(store: Path) -> None:
    """So that a bot knows whether to wait; the next holder leaves nothing of that in the file."""
    with held(store, Work.SEND, one_off=True), pytest.raises(LockHeld) as caught, held(store, Work.SEND):
        pytest.fail("two holders")
    assert (caught.value.one_off, caught.value.pid) == (True, os.getpid())
    with held(store, Work.SEND), pytest.raises(LockHeld) as caught, held(store, Work.SEND):
        pytest.fail("two holders")
    assert (caught.value.one_off, caught.value.pid) == (False, os.getpid())
