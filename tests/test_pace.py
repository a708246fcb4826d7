"""Turns a gap apart."""

from __future__ import annotations

import asyncio

from adapters.pace import Pace


async def test_a_turn_that_was_counted_later_moves_the_next_one() -> None:
    """The gap is kept to the moment the platform counted."""
    pace = Pace(10.0)
    await pace.turn("a")
    before = pace.wait_s("a")
    pace.counted("a", asyncio.get_running_loop().time() + 5.0)
    assert before <= 10.0 < pace.wait_s("a")
    assert pace.wait_s("b") == 0.0
