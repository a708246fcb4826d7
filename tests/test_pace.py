"""Turns that keep a platform's limits."""

from __future__ import annotations

import asyncio
import time

from adapters.pace import Pace, Rank


async def test_a_turn_that_was_counted_later_moves_the_next_one() -> None:
    """The gap is kept to the moment the platform counted."""
    pace = Pace(10.0)
    async with pace.turn("a") as turn:
        before_s = pace.wait_s("a")
        turn.counted_s = time.monotonic() + 5.0
    assert before_s <= 10.0 < pace.wait_s("a")
    assert pace.wait_s("b") == 0.0


async def test_as_many_turns_as_a_window_takes_begin_at_once_and_no_more() -> None:
    """The next waits until a window after the first was over: it may have been counted as late as that."""
    pace = Pace(0.02, 3, window_s=0.05, unsure_s=60.0)
    over_s: list[float] = []
    begun_s: list[float] = []

    async def use(held_s: float) -> None:
        async with pace.turn("a"):
            begun_s.append(time.monotonic())
            await asyncio.sleep(held_s)
            over_s.append(time.monotonic())

    await asyncio.gather(*(use(held_s) for held_s in (0.1, 0.2, 0.3, 0.0, 0.0, 0.0)))
    for earlier, later in zip(sorted(over_s)[:3], begun_s[3:], strict=True):
        assert later - earlier >= 0.05


async def test_a_turn_without_an_answer_is_believed_to_be_counted_at_last() -> None:
    """One request that hangs does not hold its turn for ever."""
    pace = Pace(0.01, 1, unsure_s=0.05)
    async with pace.turn("a"), asyncio.timeout(120), pace.turn("a"):
        pass


async def test_a_channel_goes_before_people_who_wait() -> None:
    """Whoever came first; within a rank it is first come first served. Who gives up is passed over."""
    pace = Pace(0.01)
    order: list[str] = []

    async def use(name: str, rank: Rank) -> None:
        async with pace.turn("a", rank):
            order.append(name)

    async with pace.turn("a"):
        people = [asyncio.create_task(use(f"person {number}", Rank.PERSON)) for number in range(3)]
        await asyncio.sleep(0)
        channels = [asyncio.create_task(use(f"channel {number}", Rank.CHANNEL)) for number in range(2)]
        await asyncio.sleep(0)
        assert pace.wait_s("a", Rank.CHANNEL) < pace.wait_s("a", Rank.PERSON)
        people[0].cancel()
    await asyncio.gather(*people, *channels, return_exceptions=True)
    assert order == ["channel 0", "channel 1", "person 1", "person 2"]


async def test_a_channel_that_comes_finds_a_turn_that_people_have_not_taken() -> None:
    """People's turns begin one by one: they do not fill a window at its beginning, whose end it would wait for."""
    pace = Pace(0.02, 50, window_s=1.0)
    order: list[str] = []

    async def use(name: str, rank: Rank) -> None:
        async with pace.turn("a", rank):
            order.append(name)

    people = [asyncio.create_task(use(f"person {number}", Rank.PERSON)) for number in range(60)]
    await asyncio.sleep(0)
    await use("channel", Rank.CHANNEL)
    assert order.index("channel") < 25
    await asyncio.gather(*people)
    assert len(order) == 61
