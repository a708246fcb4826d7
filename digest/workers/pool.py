"""The child processes of this process: at most two, started when they are first needed.

    run(function, bytes) > queue > a thread with its child > bytes

A child does one task at a time, so that one that passes its limit of time or memory fails alone. A child that has
nothing to do for a minute is let go, and one whose parent has died ends by itself (digest.workers.child).
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import heapq
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count

from digest.turns import is_ahead
from digest.workers.child import BROKE, ENVIRONMENT, OUT_OF_MEMORY, READY, receive, send

MOST = 2
IDLE_S = 60.0
LIMIT_S = 20  # for one task
MEMORY_BYTES = 1024**3
SLOW_S = 0.3  # most tasks have ended by then
_START_S = 60.0  # for a child to be ready, on the busiest machine
_GRACE_S = 5.0  # after the limit: a child that has not ended itself is killed
_END_S = 1.0  # for a child to end when nothing is written to it any more


class Stopped(Exception):
    """The child died, or was killed, over a task. The text says why, after "it"."""


class Broke(Exception):
    """The function raised. The text is the child's traceback."""


class NoChild(Exception):
    """No child can be started on this machine now; the task is not to blame."""


class Pool:
    """May be used from several event loops at once. Closed when the process ends, or before."""

    def __init__(
        self, *, most: int = MOST, idle_s: float = IDLE_S, limit_s: int = LIMIT_S, memory_bytes: int = MEMORY_BYTES
    ) -> None:
        self._most = most
        self._idle_s = idle_s
        self._limit_s = limit_s
        self._memory_bytes = memory_bytes
        self._numbers = count()
        self._changed = threading.Condition()  # guards what follows
        self._closed = False
        self._waiting: list[_Task] = []
        self._under_way: set[_Task] = set()
        self._threads: set[threading.Thread] = set()
        self._idle = 0
        atexit.register(self.close)

    async def run(self, function: str, task: bytes, slow: Callable[[], None] = lambda: None) -> bytes:
        """What a function ("module:name", from bytes to bytes) makes of a task, in a child.

        Within digest.turns.ahead it is begun before others that wait. When the caller is cancelled, the child that is
        at it is killed. `slow` is called, in another thread, when it takes longer than SLOW_S. Raises Stopped, Broke
        and NoChild.
        """
        asked = _Task((not is_ahead(), next(self._numbers)), function, task, slow)
        with self._changed:
            if self._closed:
                raise RuntimeError("this pool is closed")
            if self._idle <= len(self._waiting) and len(self._threads) < self._most:
                self._add_thread()
            heapq.heappush(self._waiting, asked)
            self._changed.notify()
        try:
            return await asyncio.wrap_future(asked.result)
        except asyncio.CancelledError:
            asked.stop()
            raise

    def close(self) -> None:
        """Let the children go; those that are at a task are killed."""
        atexit.unregister(self.close)
        with self._changed:
            self._closed = True
            asked = [*self._waiting, *self._under_way]
            self._waiting.clear()
            threads = list(self._threads)
            self._changed.notify_all()
        for task in asked:
            task.stop()
        for thread in threads:
            thread.join()

    # --- in the threads ----------------------------------------------------------------------------------------------

    def _add_thread(self) -> None:
        """Raises NoChild when there is none at all to do the task."""
        thread = threading.Thread(target=self._serve, name="text", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            if not self._threads:
                raise NoChild(str(error)) from None
        else:
            self._threads.add(thread)

    def _serve(self) -> None:
        child: subprocess.Popen[bytes] | None = None
        while (task := self._next()) is not None:
            if child is not None and child.poll() is not None:
                _ended(child)
                child = None
            try:
                child = child or self._start()
                if task.begin(child):
                    task.finish(self._answer(child, task))
            except Exception as error:  # noqa: BLE001 (it is told to whoever asked)
                task.fail(error, is_over=not isinstance(error, Broke))
            if task.is_over and child is not None:
                child.kill()  # if it is not dead, whatever it still says belongs to no task
                _ended(child)
                child = None
            with self._changed:
                self._under_way.discard(task)
        if child is not None:
            _ended(child)

    def _next(self) -> _Task | None:
        """The task to be done next; None when this thread is to end, which nobody counts on then."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed, self._idle_s)
            self._idle -= 1
            if not self._waiting:
                self._threads.discard(threading.current_thread())
                return None
            task = heapq.heappop(self._waiting)
            self._under_way.add(task)
            return task

    def _start(self) -> subprocess.Popen[bytes]:
        """A child that is ready. Raises NoChild, OSError."""
        child = subprocess.Popen(  # noqa: S603 (this module's neighbour)
            [sys.executable, "-P", "-m", "digest.workers.child", str(self._limit_s), str(self._memory_bytes)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for this process, which ends its children in order
            env={name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
        )
        assert child.stdout is not None  # noqa: S101 (a pipe was asked for)
        if not select.select([child.stdout], [], [], _START_S)[0] or receive(child.stdout) != (READY, b""):
            child.kill()
            raise NoChild(f"{sys.executable} ended with status {_ended(child)} before it was ready")
        return child

    def _answer(self, child: subprocess.Popen[bytes], task: _Task) -> bytes:
        """Raises Stopped, after which the child is no more, and Broke."""
        assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 (pipes were asked for)
        with contextlib.suppress(BrokenPipeError):
            send(child.stdin, task.function, task.content)
        if not select.select([child.stdout], [], [], SLOW_S)[0]:
            task.slow()
            if not select.select([child.stdout], [], [], self._limit_s + _GRACE_S)[0]:
                child.kill()
                _ended(child)
                raise Stopped(self._why(-signal.SIGALRM))
        answer = receive(child.stdout)
        if answer is None:
            raise Stopped(self._why(_ended(child)))
        if answer[0] == BROKE:
            raise Broke(answer[1].decode())
        return answer[1]

    def _why(self, status: int) -> str:
        if status == -signal.SIGALRM:
            return f"took longer than {self._limit_s} s and was stopped"
        if status == OUT_OF_MEMORY:
            return f"needed more than {self._memory_bytes // 1024**2} MB of memory and was stopped"
        return "ended its process"


class _Task:
    """`order`: those with a smaller one are begun first."""

    def __init__(self, order: tuple[bool, int], function: str, content: bytes, slow: Callable[[], None]) -> None:
        self.order = order
        self.function = function
        self.content = content
        self.slow = slow
        self.result: Future[bytes] = Future()
        self.is_over = False  # for its child, too
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def __lt__(self, other: _Task) -> bool:
        return self.order < other.order

    def begin(self, child: subprocess.Popen[bytes]) -> bool:
        """Whether anybody still wants it."""
        with self._lock:
            wanted = self.result.set_running_or_notify_cancel()
            self._child = child if wanted else None
            return wanted

    def stop(self) -> None:
        """Have it not begun, or kill the child that is at it."""
        with self._lock:
            if not self.result.cancel() and self._child is not None:
                self._child.kill()
                self.is_over = True

    def finish(self, result: bytes) -> None:
        """From now on its child is another task's, and `stop` leaves that alone."""
        with self._lock:
            self._child = None
            self.result.set_result(result)

    def fail(self, error: Exception, *, is_over: bool) -> None:
        with self._lock:
            self._child = None
            self.is_over = self.is_over or is_over
            if self.result.running() or self.result.set_running_or_notify_cancel():
                self.result.set_exception(error)


def _ended(child: subprocess.Popen[bytes]) -> int:
    """How the child has ended, now that nothing is written to it any more."""
    for pipe in (child.stdin, child.stdout):
        with contextlib.suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()
    try:
        return child.wait(_END_S)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()
