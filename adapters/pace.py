"""Keeping a platform's limits before it has to say so."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict


class Pace:
    """Turns in lanes, first come first served, a gap apart in each; lanes do not wait for each other."""

    def __init__(self, gap_s: float) -> None:
        self._gap_s = gap_s
        self._free_s: dict[str, float] = {}  # by lane: when its next turn may begin, in time.monotonic()
        self._order: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: Counter[str] = Counter()

    def wait_s(self, lane: str) -> float:
        """How long the lane's next turn is away."""
        return self._left_s(lane) + self._waiting[lane] * self._gap_s

    async def turn(self, lane: str) -> None:
        """Waits for the lane's next turn. The gap is counted from when the turn before it did begin: set beforehand,
        turns that a busy process begins late would come too close together."""
        self._waiting[lane] += 1
        try:
            async with self._order[lane]:
                left_s = self._left_s(lane)
                while left_s:
                    await asyncio.sleep(left_s)
                    left_s = self._left_s(lane)  # more, when the turn before was counted meanwhile
                self._free_s[lane] = time.monotonic() + self._gap_s
        finally:
            self._waiting[lane] -= 1

    def counted(self, lane: str, at_s: float) -> None:
        """The platform counted the turn at this moment, later than it began: the next has to keep the gap to it."""
        self._free_s[lane] = max(self._free_s[lane], at_s + self._gap_s)

    def _left_s(self, lane: str) -> float:
        return max(0.0, self._free_s.get(lane, 0.0) - time.monotonic())
