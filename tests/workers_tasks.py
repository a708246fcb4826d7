"""What tests have done in child processes: well, badly, and for ever."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from pathlib import Path


def echo(content: bytes) -> bytes:
    print("what a library prints is no answer")  # noqa: T201
    return content


def process(_: bytes) -> bytes:
    time.sleep(0.01)
    return str(os.getpid()).encode()


def environment(_: bytes) -> bytes:
    return repr(dict(os.environ)).encode()


def modules(_: bytes) -> bytes:
    import sys

    return " ".join(sys.modules).encode()


def hang(file: bytes) -> bytes:
    """Note the process in a file, and hold the interpreter's lock for ever."""
    if file:
        Path(file.decode()).write_text(str(os.getpid()), encoding="utf-8")
    re.search(r"(a+)+b", "a" * 80)  # in C, where no thread and no handler of signals gets a turn
    return b""


def fill(_: bytes) -> bytes:
    return bytes(4 * 1024**3)


def crash(_: bytes) -> bytes:
    os.kill(os.getpid(), signal.SIGSEGV)
    return b""


def leave(_: bytes) -> bytes:
    raise SystemExit(3)


def fail(_: bytes) -> bytes:
    raise ValueError("no kites \ud83d")


def leave_a_thread(_: bytes) -> bytes:
    threading.Thread(target=time.sleep, args=(600,)).start()
    return process(b"")


def garble(_: bytes) -> bytes:
    """Write nonsense to whatever is open but the input."""
    for descriptor in range(1, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"kites " * 100)
    return b""
