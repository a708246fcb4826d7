"""Keeps adapters running: one that ends is started again, and the operator is told once per outage."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from msgspec import Struct

from digest.errors import DeliveryError, DestinationClosed, PaperboyError, SettingsError
from digest.types import Clock

log = logging.getLogger(__name__)

Notify = Callable[[str, str], None]  # a subject, of which the operator is told once, and a sentence


class Pauses(Struct, frozen=True):
    """How long to wait before an adapter is started again, in seconds: twice as long each time, up to `longest_s`. One
    that has run for `steady_s` is over its outage."""

    first_s: float = 1.0
    longest_s: float = 180.0
    steady_s: float = 600.0


async def supervise(
    name: str, serve: Callable[[], Awaitable[None]], notify: Notify, *, clock: Clock, pauses: Pauses
) -> PaperboyError:
    """Runs an adapter until only a person can help, and returns the error that says what to do: the platform does not
    let the bot in, or a setting is wrong.

    Whatever else it raises, or when it just returns, it is started again.
    """
    pause_s, is_known = pauses.first_s, False
    while True:
        began_s = time.monotonic()
        try:
            await serve()
        except (DestinationClosed, SettingsError) as error:
            return error
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            failure: BaseException | None = error  # the adapter's own doing: nobody asked it to stop
        except Exception as error:  # noqa: BLE001 (the other adapters go on)
            failure = error
        else:
            failure = None
        if time.monotonic() - began_s >= pauses.steady_s:
            pause_s, is_known = pauses.first_s, False
        wait_s = max(pause_s, _asked_for_s(failure))
        log.error("an adapter ended", exc_info=failure, extra={"adapter": name, "again_in_s": round(wait_s, 1)})
        if not is_known:
            notify(f"{name} since {clock().isoformat()}", _sentence(name, failure))
            is_known = True
        await asyncio.sleep(wait_s)
        pause_s = min(2 * pause_s, pauses.longest_s)


def _asked_for_s(failure: BaseException | None) -> float:
    return (isinstance(failure, DeliveryError) and failure.retry_after_s) or 0.0


def _sentence(name: str, failure: BaseException | None) -> str:
    if isinstance(failure, PaperboyError):
        return f"{failure} Until then nobody is answered on {name}; Paperboy keeps trying to connect."
    why = f"its adapter failed ({type(failure).__name__})" if failure else "its adapter ended"
    return f"Nobody is answered on {name} for now: {why}; the log has the details. Paperboy keeps trying to connect."
