"""Nothing lost and nothing twice, whenever the sender dies; and a harness that finds those who do it wrong.

In processes of their own: the harness forks, and a test process may have threads.
"""

from __future__ import annotations

import subprocess
import sys

import pytest


def harness(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.delivery_crash", *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_a_hundred_kills_lose_nothing_and_double_nothing() -> None:
    """At every kind of boundary, at random moments and in recovery, with a platform that fails in every way, too."""
    code, told = harness("--kills", "100")
    assert code == 0, told
    assert "100 kills in" in told
    assert "never at: none" in told
    assert "0 lost, 0 doubled, 0 out of order, 0 unknown" in told


@pytest.mark.parametrize(("platform", "kills"), [("discord", 40), ("slack", 25)])
def test_the_real_publishers_lose_nothing_and_double_nothing(platform: str, kills: int) -> None:
    """Through the platforms' own requests, to threads and forums; Discord's memory for nonces hides nothing."""
    code, told = harness("--platform", platform, "--kills", str(kills))
    assert code == 0, told
    assert f"{kills} kills in" in told
    assert "0 lost, 0 doubled, 0 out of order, 0 unknown" in told


@pytest.mark.parametrize("platform", ["ledger", "discord", "slack"])
def test_the_harness_finds_who_asks_too_soon(platform: str) -> None:
    """While the platform may still apply what was sent before, which is then there twice; who waits is in the right."""
    code, told = harness("--too-soon", "--platform", platform, "--plan", "no-wait")
    assert code == 1, told
    assert " 1 doubled" in told
    code, told = harness("--too-soon", "--platform", platform)
    assert code == 0, told


@pytest.mark.parametrize(("plan", "harm"), [("mark-then-send", "lost"), ("send-then-mark", "doubled")])
def test_the_harness_finds_a_sender_that_does_it_wrong(plan: str, harm: str) -> None:
    """Each of the well-known wrong ways does its harm within a hundred kills, and the harness says so."""
    code, told = harness("--kills", "100", "--plan", plan)
    assert code == 1, told
    assert harm in told
    assert f" 0 {harm}" not in f" {told.splitlines()[-1]}"


def test_the_harness_finds_a_second_sender() -> None:
    """Two senders without the lock double what one of them was about to send."""
    code, told = harness("--two-senders", "--plan", "no-lock")
    assert code == 1, told
    assert "let in" in told
    assert " 1 doubled" in told


def test_the_lock_turns_a_second_sender_away() -> None:
    """The same scene with the lock: the second finds it held, the first goes on and nothing is doubled."""
    code, told = harness("--two-senders")
    assert code == 0, told
    assert "turned away" in told
