"""The faults that the local Discord can be told to have. Those that any platform may have are the local Slack's."""

from __future__ import annotations

from msgspec import Struct

from tests.slack_faults import CutShort, ResetAfterApplying, ResetBeforeApplying, Slow, Status, TimeoutAfterApplying

__all__ = [
    "CutShort",
    "Disconnect",
    "Error",
    "Fault",
    "Queued",
    "RateLimited",
    "ResetAfterApplying",
    "ResetBeforeApplying",
    "Slow",
    "Status",
    "TimeoutAfterApplying",
]


class RateLimited(Struct, frozen=True, tag=True):
    """429 with `retry_after`; nothing is applied. Scope "user" is the route's limit, "global" the bot's, "shared" the
    resource's; "cloudflare" is the ban of an address: HTML, without `Via`, with Retry-After."""

    retry_after_s: float = 1.0
    scope: str = "user"


class Error(Struct, frozen=True, tag=True):
    """A refusal of Discord's by its code, such as 50013; nothing is applied. `status` is needed for codes that the
    local Discord does not know itself."""

    code: int
    status: int = 0
    message: str = ""


class Disconnect(Struct, frozen=True, tag=True):
    """The call goes well, but the gateway's socket is closed with this code; 0 resets the connection."""

    code: int = 4000


Fault = (
    RateLimited
    | Status
    | TimeoutAfterApplying
    | ResetBeforeApplying
    | ResetAfterApplying
    | CutShort
    | Slow
    | Error
    | Disconnect
)


class Queued(Struct):
    """A fault for the next `times` calls of an operation ("*" is any), in a channel or anywhere, after `skip` calls."""

    operation: str
    fault: Fault
    channel: str | None = None
    times: int = 1
    skip: int = 0

    def meets(self, operation: str, channel: str | None) -> bool:
        """Whether this call has the fault; counts it if so."""
        if not self.times or self.operation not in {"*", operation} or self.channel not in {None, channel}:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True
