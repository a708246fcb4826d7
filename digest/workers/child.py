"""One child process: calls the functions it is told to, one after another, until its input ends.

Run as `python -P -m digest.workers.child LIMIT_S MEMORY_BYTES`. What is written to its input and read from its output
is framed (`send`): it says that it is ready; then a function's dotted name ("module:function") and its bytes go there,
and the answer's kind and its bytes come back.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import os
import select
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from typing import IO

_FRAME = struct.Struct(">4sIQ")  # the mark, the length of the name, the length of the bytes
_MARK = b"text"  # what a task has written where answers go begins otherwise
NICENESS = 5  # the process that answers people goes first
OUT_OF_MEMORY = 77  # how the process ends when a text needs more than it may have
# What a child needs of the environment: it handles what strangers wrote, and gets no secrets.
ENVIRONMENT = ("PATH", "PYTHONPATH", "PYTHONHOME", "HOME", "LD_LIBRARY_PATH", "LANG", "TMPDIR")

# Kinds of answers: before the first task; what the function gave; the traceback of what it raised
READY, DONE, BROKE = "ready", "done", "broke"


def send(target: IO[bytes], name: str, content: bytes) -> None:
    """Write a name and bytes, so that `receive` reads them. Blocks."""
    told = name.encode()
    target.write(_FRAME.pack(_MARK, len(told), len(content)) + told)
    target.write(content)
    target.flush()


def receive(source: IO[bytes]) -> tuple[str, bytes] | None:
    """The next name and bytes; None when there are no more. Blocks. Raises ValueError when something else comes."""
    head = source.read(_FRAME.size)
    if len(head) < _FRAME.size:
        return None
    mark, of_name, of_content = _FRAME.unpack(head)
    if mark != _MARK:
        raise ValueError("no answer of a child")
    name, content = source.read(of_name), source.read(of_content)
    return (name.decode(), content) if len(content) == of_content else None


def main() -> None:
    limit_s, memory_bytes = map(int, sys.argv[1:])
    orders = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    _bound(memory_bytes)
    fcntl.fcntl(orders.fileno(), fcntl.F_SETOWN, os.getpid())
    send(answers, READY, b"")
    while (order := receive(orders)) is not None:
        signal.alarm(limit_s)  # ends the process, whatever it is at
        with _until_the_input_ends(orders.fileno()):
            answer = _answer(*order)
        signal.alarm(0)
        send(answers, *answer)
    os._exit(0)  # a thread that a task has left keeps nobody waiting


def _answer(name: str, task: bytes) -> tuple[str, bytes]:
    try:
        module, _, function = name.partition(":")
        call: Callable[[bytes], bytes] = getattr(importlib.import_module(module), function)
        return DONE, call(task)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    except Exception:  # noqa: BLE001 (it is told to whoever asked)
        return BROKE, traceback.format_exc().encode("utf-8", "replace")


@contextlib.contextmanager
def _until_the_input_ends(descriptor: int) -> Iterator[None]:
    """Has the system end this process when the other end of its input is closed.

    While a call is under way nothing is written there, so that the first signal says that nobody waits any more.
    """
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([descriptor], [], [], 0)[0]:  # it ended before
        os._exit(0)
    yield
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


def _bound(memory_bytes: int) -> None:
    """Limit this process where the system can: its memory, no core file, and its share of a busy machine."""
    import resource

    for limit, value in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))
    with contextlib.suppress(OSError):
        os.nice(NICENESS)


if __name__ == "__main__":
    main()
