"""The log of what a platform sent and nobody could read."""

from __future__ import annotations

import logging

from adapters.recent import Recent

_KINDS = 1_000


class Skipped:
    """Logs each kind of unreadable event once, with its traceback: a platform may send thousands of a kind."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._kinds: Recent[bool] = Recent(_KINDS)

    def note(self, event: str, error: Exception) -> None:
        """`event` is what the platform calls it."""
        kind = f"{event} {type(error).__name__}"
        if kind not in self._kinds:
            self._kinds[kind] = True
            self._log.warning("an event cannot be read and is skipped", exc_info=error, extra={"event": event})
