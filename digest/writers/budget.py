"""What calls of a model may cost: the daily limit is never passed, and the first papers of a line are served first.

Before a call the most that it can cost is written down as its cost, and after it what it did cost. So the record of
calls is the only account: it holds for calls under way, for other processes and for calls that a crash cut off.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence

from digest.errors import LimitReached, SettingsError
from digest.types import ArxivId, CallBook, ModelCall
from digest.writers.completion import Price, Usage, estimated_tokens

# A prompt has at most so many times the tokens that are estimated for it: text full of formulas has one for every two
# characters. An endpoint that counts more raises it.
_MOST_TIMES = 2.0
_MARGIN = 1.1
_FRAME_TOKENS = 32  # what endpoints put around a message
_LEARNT_TIMES = 16.0  # an endpoint that counts more than that for a prompt is mistaken


class Budget:
    """Money for calls of one model. `limit_usd` is for a day (UTC), 0 for no limit. Raises SettingsError when there is
    a limit and no price."""

    def __init__(self, calls: CallBook, model: str, price: Price | None, limit_usd: float) -> None:
        if limit_usd and price is None:
            raise SettingsError(
                f"llm.daily_limit is set, but the price of {model} is not known. Add it to [llm.prices], or take the "
                "limit away."
            )
        self.limit_usd = limit_usd
        self._calls, self._price = calls, price
        self._times = _MOST_TIMES
        self._held: dict[int, float] = {}  # the most that calls under way can cost
        self._freed = asyncio.Event()

    def most_usd(self, prompt: str, max_output_tokens: int) -> float | None:
        """The most that a call can cost; None: no price is known."""
        if self._price is None:
            return None
        tokens = math.ceil(estimated_tokens(prompt) * self._times) + _FRAME_TOKENS
        return self._price.cost(Usage(prompt=tokens, completion=max_output_tokens))

    def learn(self, prompt: str, usage: Usage) -> None:
        """How many tokens the endpoint has counted for a prompt."""
        times = _MARGIN * usage.prompt / max(1, estimated_tokens(prompt))
        self._times = max(self._times, min(times, _LEARNT_TIMES))

    def cost(self, usage: Usage) -> float | None:
        return None if self._price is None else self._price.cost(usage)

    async def begin(self, call: ModelCall, *, patient: bool) -> int:
        """Writes a call down, whose `cost_usd` is the most that it can cost, and gives its number.

        Raises LimitReached when it could pass the limit; a patient one waits first for calls under way, which mostly
        cost less than they can.
        """
        if not self.limit_usd:
            return await self._calls.begin(call)
        most = call.cost_usd or 0.0
        while True:
            freed = self._freed
            try:
                number = await self._calls.begin_within(call, self.limit_usd)
            except LimitReached as reached:
                fits_then = reached.spent_usd - sum(self._held.values()) + most <= self.limit_usd
                if not (patient and self._held and fits_then):
                    raise
                await freed.wait()
            else:
                self._held[number] = most
                return number

    def release(self, number: int) -> None:
        """The call is over, however it ended."""
        self._held.pop(number, None)
        self._freed.set()
        self._freed = asyncio.Event()


class Turns:
    """Papers in a line (types.Line); one that is not in it has its turn at once."""

    def __init__(self, papers: Sequence[ArxivId] = ()) -> None:
        self._left = {paper: asyncio.Event() for paper in papers}

    async def come(self, paper: ArxivId) -> None:
        """Waits until every paper before this one has left."""
        if paper in self._left:
            for earlier, left in self._left.items():
                if earlier == paper:
                    return
                await left.wait()

    def leave(self, paper: ArxivId) -> None:
        if paper in self._left:
            self._left[paper].set()
