"""Discord's rate limits (https://docs.discord.com/developers/topics/rate-limits): one window for a route and its major
parameter, and one for all calls of a bot. A window begins with its first call.
"""

from __future__ import annotations

import hashlib
import math
from typing import Any

from msgspec import Struct

from tests.discord_faults import RateLimited

GLOBAL = "global"


class _Window(Struct):
    begun_s: float
    count: int = 0


class Windows:
    """Counts calls. `limited` is how many came too early."""

    def __init__(self) -> None:
        self.limited = 0
        self._windows: dict[str, _Window] = {}

    def count(self, name: str, limit: tuple[int, float], now_s: float) -> tuple[int, float]:
        """(how many more may come, or -1 if this one was one too many; seconds until the window ends)."""
        most, seconds = limit
        window = self._windows.get(name)
        if window is None or now_s >= window.begun_s + seconds:
            window = self._windows[name] = _Window(now_s)
        rest_s = window.begun_s + seconds - now_s
        if window.count == most:
            self.limited += 1
            return -1, rest_s
        window.count += 1
        return most - window.count, rest_s


def headers(name: str, limit: tuple[int, float], left: int, rest_s: float, now_s: float) -> dict[str, str]:
    """What an answer says of its route's window; `now_s` is since 1970."""
    bucket = hashlib.md5(name.partition(" ")[0].encode(), usedforsecurity=False).hexdigest()
    return {
        "X-RateLimit-Limit": str(limit[0]),
        "X-RateLimit-Remaining": str(max(left, 0)),
        "X-RateLimit-Reset": f"{now_s + rest_s:.3f}",
        "X-RateLimit-Reset-After": f"{rest_s:.3f}",
        "X-RateLimit-Bucket": bucket,
    }


def refusal(limited: RateLimited) -> tuple[dict[str, Any] | None, dict[str, str]]:
    """(JSON, headers) of a 429; the ban of an address comes from another machine and has no JSON."""
    told = {"Retry-After": str(math.ceil(limited.retry_after_s))}
    if limited.scope == "cloudflare":
        return None, told
    is_global = limited.scope == GLOBAL
    told |= {"Via": "1.1 google", "X-RateLimit-Scope": limited.scope}
    if is_global:
        told["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": limited.retry_after_s, "global": is_global}
    return body, told
