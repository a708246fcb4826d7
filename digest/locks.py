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
_ONE_OFF = b" one-off"


class Work(StrEnum):
    """What only one process does at a time, by its sentence's verb."""

    SEND = "send"  # posting to platforms
    READ = "read"  # fetching papers and calling models


class LockHeld(PaperboyError):
    """Another process is at it. `pid` is its number, 0 when it did not tell; `one_off`: it ends by itself."""

    def __init__(self, work: Work, pid: int, *, one_off: bool = False) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"Paperboy is already at work here: {who} holds {work}.lock. Ask it, wait for it, or stop it first."
        )
        self.pid = pid
        self.one_off = one_off


@contextmanager
def held(store: Path, work: Work, *, one_off: bool = False) -> Iterator[None]:
    """Holds the lock `send.lock` or `read.lock` beside the store file; the file stays, only the lock comes and goes.

    The file names the holder for others: its process and, with `one_off`, that it is worth waiting for.
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
            pid, is_one_off = _holder(descriptor)
            raise LockHeld(work, pid, one_off=is_one_off) from None
        about = b"%d%s\n" % (os.getpid(), _ONE_OFF if one_off else b"")
        os.pwrite(descriptor, about, 0)  # over what an earlier holder left, so that the file always names one
        os.ftruncate(descriptor, len(about))
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


def _holder(descriptor: int) -> tuple[int, bool]:
    """The number of the process that holds the lock, 0 when it is not there, and whether it ends by itself."""
    line = os.pread(descriptor, 64, 0).partition(b"\n")[0]
    number = line.removesuffix(_ONE_OFF)
    return int(number) if number.isdigit() else 0, line.endswith(_ONE_OFF)
