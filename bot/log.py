"""Logging: events with fields, one line each, and never a secret."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# Tokens by their documented shapes (Slack xox…/xapp…, OpenAI sk-…), bearer headers, webhook addresses.
_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|sk-[\w-]{8,}|(?<=Bearer )\S+"
    r"|https://hooks\.slack\.com/\S+|https://discord\.com/api/webhooks/\S+"
)
_HIDDEN = "[secret]"


class Lines(logging.Formatter):
    """`12:00:00 WARNING digest.pipeline: paper failed paper=2601.10592`, with every secret hidden."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
        self._secrets = tuple(secret for secret in secrets if secret)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        fields = " ".join(f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD)
        line = f"{line} {fields}" if fields else line
        for secret in self._secrets:
            line = line.replace(secret, _HIDDEN)
        return _SECRETS.sub(_HIDDEN, line)


def set_up(*, debug: bool, secrets: Iterable[str] = ()) -> None:
    """Sends Paperboy's events to stderr: warnings and worse, or everything with `debug`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("bot", "adapters", "digest", "config"):
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.WARNING)
    # It tells of every retry; what in the end failed is told by who asked.
    logging.getLogger("stamina").setLevel(logging.DEBUG if debug else logging.ERROR)
