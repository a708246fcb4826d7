"""A process that sends: its turn at the store, and the signals that end it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from digest.locks import LockHeld, Work, held

_LOOK_S = 0.5


def stop_signals() -> Sequence[signal.Signals]:
    """SIGINT, SIGTERM and SIGHUP, but not a SIGHUP that is ignored: `nohup` has a process outlive its terminal."""
    ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return (signal.SIGINT, signal.SIGTERM, *(() if ignored else (signal.SIGHUP,)))


async def take_turn(lock: ExitStack, store: Path, stop: asyncio.Event, say: Callable[[str], None]) -> None:
    """Enters the lock for sending, once a one-off holder of it has ended, or does nothing more after `stop`.

    Raises LockHeld when its holder is a running bot.
    """
    is_waiting = False
    while not stop.is_set():
        try:
            lock.enter_context(held(store, Work.SEND))
        except LockHeld as error:
            if not error.one_off:
                raise
            if not is_waiting:
                say(f"waiting until process {error.pid} has delivered; the bot starts then, and Ctrl-C stops it")
            is_waiting = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), _LOOK_S)
        else:
            return
