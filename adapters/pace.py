"""Keeping a platform's limits before it has to say so."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import IntEnum
from typing import NamedTuple


class Rank(IntEnum):
    """Whose turn comes first where several wait: many read a channel, and a person's own messages are many."""

    CHANNEL = 0
    UNKNOWN = 1  # it is yet to be asked what is there
    PERSON = 2


_CAUGHT_UP = 0.1  # of a window: what of people's turns may begin at once, when nobody was there for them in time


class Turn:
    """A request's turn, while it is entered. `counted_s` is when the platform counted it, in time.monotonic(), None
    when nobody can tell: it may have been as late as the answer."""

    counted_s: float | None = None


class _Taken(NamedTuple):
    place: int
    due_s: float  # when it might have begun: what is late for it is not late for those after it
    free_s: float


class _Waiting(NamedTuple):
    rank: Rank
    number: int
    since_s: float
    mine: asyncio.Future[_Taken]


class _Lane:
    def __init__(self, turns: int) -> None:
        self.free_s = [0.0] * turns  # when each may be taken again
        self.waiting: list[_Waiting] = []  # a heap, who comes next first
        self.ranks: Counter[Rank] = Counter()  # of those who wait
        self.person_s = 0.0  # when the next person's turn may begin
        self.timer: asyncio.TimerHandle | None = None


class Pace:
    """Turns in lanes, by rank and then first come first served; lanes do not wait for each other.

    In a lane `turns` may begin at once, but one that comes `turns` later begins after `turns * gap_s` and never within
    `window_s` (None: the same) of when the platform counted the earlier one: what the platform counts in a window is
    never more than `turns`, however late a busy process or network brings it there. While a request has no answer it
    may be counted yet; but after `unsure_s` it is believed to have been.

    People's turns begin one by one, a gap after the other: a channel that comes finds one free, and need not wait for
    the end of a window that they have filled at its beginning.
    """

    def __init__(self, gap_s: float, turns: int = 1, *, window_s: float | None = None, unsure_s: float = 0.0) -> None:
        self._gap_s = gap_s
        self._round_s = turns * gap_s
        self._window_s = self._round_s if window_s is None else window_s
        self._unsure_s = unsure_s
        self._lanes: defaultdict[str, _Lane] = defaultdict(lambda: _Lane(turns))
        self._came = itertools.count()

    def wait_s(self, lane: str, rank: Rank = Rank.CHANNEL) -> float:
        """How long the lane's next turn of the rank is away, if nobody of a better one comes."""
        free_s, before = self._lanes[lane].free_s, self._lanes[lane].ranks
        rounds, place = divmod(sum(before[one] for one in Rank if one <= rank), len(free_s))
        return max(0.0, sorted(free_s)[place] - time.monotonic()) + rounds * self._round_s

    @asynccontextmanager
    async def turn(self, lane: str, rank: Rank = Rank.CHANNEL) -> AsyncIterator[Turn]:
        """Waits for a turn of the lane, which lasts until the platform has answered."""
        there = self._lanes[lane]
        taken = await self._taken(there, rank)
        # A busy process comes back from a wait late, and the next turn has to keep its distance from this one
        begun = taken._replace(free_s=self._unsure_until_s())
        if there.free_s[taken.place] == taken.free_s:
            there.free_s[taken.place] = begun.free_s
        turn = Turn()
        try:
            yield turn
        finally:
            counted_s = time.monotonic() if turn.counted_s is None else turn.counted_s
            free_s = max(begun.due_s + self._round_s, counted_s + self._window_s)
            if there.free_s[begun.place] != begun.free_s:  # somebody else has it by now
                free_s = max(free_s, there.free_s[begun.place])
            there.free_s[begun.place] = free_s
            self._give(there)

    def _unsure_until_s(self) -> float:
        return time.monotonic() + self._unsure_s + self._window_s

    async def _taken(self, lane: _Lane, rank: Rank) -> _Taken:
        mine: asyncio.Future[_Taken] = asyncio.get_running_loop().create_future()
        heapq.heappush(lane.waiting, _Waiting(rank, next(self._came), time.monotonic(), mine))
        lane.ranks[rank] += 1
        try:
            self._give(lane)
            return await mine
        finally:
            lane.ranks[rank] -= 1

    def _give(self, lane: _Lane) -> None:
        """Gives the turns that are free to those who wait, and comes again for the next."""
        if lane.timer is not None:
            lane.timer.cancel()
            lane.timer = None
        while lane.waiting:
            first = lane.waiting[0]
            if not first.mine.done():  # else it was given up
                free_s, now_s = min(lane.free_s), time.monotonic()
                begins_s = max(free_s, lane.person_s) if first.rank is Rank.PERSON else free_s
                if begins_s > now_s:
                    lane.timer = first.mine.get_loop().call_later(begins_s - now_s, self._give, lane)
                    return
                if first.rank is Rank.PERSON:
                    lane.person_s = max(lane.person_s, now_s - _CAUGHT_UP * self._round_s) + self._gap_s
                place = lane.free_s.index(free_s)
                lane.free_s[place] = self._unsure_until_s()
                first.mine.set_result(_Taken(place, max(free_s, first.since_s), lane.free_s[place]))
            heapq.heappop(lane.waiting)
