"""Keeping a platform's limits before it has to say so."""

from __future__ import annotations

import asyncio
import time


class Pace:
    """Turns in lanes, a gap apart in each; lanes do not wait for each other."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._free_s: dict[str, float] = {}  # by lane: when its next turn may begin, in time.monotonic()

    def wait_s(self, lane: str) -> float:
        """How long the lane's next turn is away."""
        return max(0.0, self._free_s.get(lane, 0.0) - time.monotonic())

    async def turn(self, lane: str) -> None:
        """Takes the lane's next turn and waits for it."""
        wait_s = self.wait_s(lane)
        self._free_s[lane] = time.monotonic() + wait_s + self._gap_s
        await asyncio.sleep(wait_s)

    def counted(self, lane: str, at_s: float) -> None:
        """The platform counted the turn at this moment, later than it began: the next has to keep the gap to it."""
        self._free_s[lane] = max(self._free_s[lane], at_s + self._gap_s)
