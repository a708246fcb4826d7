"""Who may send and who may read: locks beside the store, which the system frees when their holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from pathlib import Path

from digest.errors import PaperboyError, StoreError

_OWNER_ONLY = 0o600


class Work(StrEnum):
    """What only one process does at a time, by its sentence's verb."""

    SEND = "send"  # posting to platforms
    READ = "read"  # fetching papers and calling models


class LockHeld(PaperboyError):
    """Another process is at it. `pid` is its number, 0 when it did not tell."""

    def __init__(self, work: Work, pid: int) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"Paperboy is already at work here: {who} holds {work}.lock. Ask it, wait for it, or stop it first."
        )
        self.pid = pid


@contextmanager
def held(store: Path, work: Work) -> Iterator[None]:
    """Holds the lock `send.lock` or `read.lock` beside the store file; the file stays, only the lock comes and goes.

    Raises LockHeld at once when another process, or another part of this one, holds it; StoreError when the folder
    cannot be written.
    """
    path = store.with_name(f"{work}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Not inherited by programs this process starts, which would hold the lock on after its death.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _OWNER_ONLY)
    except OSError as error:
        raise StoreError(
            f"No lock can be made beside the store at {store}: {error.strerror}. "
            "Set store.path to a file in a folder that can be written."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LockHeld(work, _holder(descriptor)) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
        yield
    finally:
        os.close(descriptor)


class Shared:
    """A lock that the parts of one process hold together: it is free again when the last one has let go."""

    def __init__(self, store: Path, work: Work) -> None:
        self._store, self._work = store, work
        self._holders = 0
        self._held = ExitStack()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Raises as `held` does, when another process has it."""
        if not self._holders:
            self._held.enter_context(held(self._store, self._work))
        self._holders += 1
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                self._held.close()


def _holder(descriptor: int) -> int:
    told = os.pread(descriptor, 32, 0).strip()
    return int(told) if told.isdigit() else 0
