"""The faults that the local Slack can be told to have."""

from __future__ import annotations

from msgspec import Struct


class RateLimited(Struct, frozen=True, tag=True):
    """429 with Retry-After; nothing is applied."""

    retry_after_s: int = 1


class Status(Struct, frozen=True, tag=True):
    """A status such as 500, 502 or 503 with a page of HTML, before or after the call was applied."""

    code: int = 503
    applied: bool = False


class TimeoutAfterApplying(Struct, frozen=True, tag=True):
    """Applied, and never answered."""


class ResetBeforeApplying(Struct, frozen=True, tag=True):
    """The connection is reset once the request was read; nothing is applied."""


class ResetAfterApplying(Struct, frozen=True, tag=True):
    """Applied, then the connection is reset without an answer."""


class CutShort(Struct, frozen=True, tag=True):
    """Applied; the connection closes after half of the answer."""


class Held(Struct, frozen=True, tag=True):
    """Applied at once, answered once `repair` has ended all faults."""


class Slow(Struct, frozen=True, tag=True):
    """Applied at once, answered so much later."""

    seconds: float


class Error(Struct, frozen=True, tag=True):
    """`{"ok": false, "error": NAME}`; nothing is applied."""

    name: str


class Disconnect(Struct, frozen=True, tag=True):
    """The call goes well, but every socket is told to disconnect, with this reason, and closed."""

    reason: str = "refresh_requested"


Fault = (
    RateLimited
    | Status
    | TimeoutAfterApplying
    | ResetBeforeApplying
    | ResetAfterApplying
    | CutShort
    | Held
    | Slow
    | Error
    | Disconnect
)


class Queued(Struct):
    """A fault for the next `times` calls of a method ("*" is any), in a channel or anywhere, after `skip` of them."""

    method: str
    fault: Fault
    channel: str | None = None
    times: int = 1
    skip: int = 0

    def meets(self, method: str, channel: str | None) -> bool:
        """Whether this call has the fault; counts it if so."""
        if not self.times or self.method not in {"*", method} or self.channel not in {None, channel}:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True
