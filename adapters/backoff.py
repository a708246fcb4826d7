"""Pauses between attempts to reach a platform."""

from __future__ import annotations

import asyncio
import random
import time

from digest.errors import DeliveryError

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
PATIENCE_S = 30.0  # a longer outage is reported to whoever runs the adapter


class Backoff:
    """Doubles the pause after each failure. Up to half of it is left out at random: not all clients of a platform come
    back at the same moment."""

    def __init__(self) -> None:
        self._pause_s = FIRST_PAUSE_S
        self._failing_since_s: float | None = None

    async def pause(self, error: DeliveryError) -> None:
        """Sleeps before the next attempt, as long as the platform asks for if it does.

        Raises `error` once there has been no `reset` for PATIENCE_S: the platform is not reached, or hangs up again and
        again. Raises it as well when the platform asks for more than LONGEST_PAUSE_S.
        """
        now_s, asked_s = time.monotonic(), error.retry_after_s or 0.0
        if self._failing_since_s is None:
            self._failing_since_s = now_s
        elif now_s - self._failing_since_s >= PATIENCE_S:
            raise error
        if asked_s > LONGEST_PAUSE_S:
            raise error
        await asyncio.sleep(asked_s or self._pause_s * random.uniform(0.5, 1.0))  # noqa: S311 (no secret hangs on it)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def reset(self) -> None:
        """Begins anew with the shortest pause."""
        self._pause_s = FIRST_PAUSE_S
        self._failing_since_s = None
