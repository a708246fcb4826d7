"""Runs patterns and scanners on adversarial texts, where one that takes too long can be killed.

`python -m tests.linear_child patterns` (or `scanners`) imports everything once and works in a fork of itself, whose
processor time for one text ends it after a second: linear work takes milliseconds. What took a while with a text is
run with a longer one too, so that what grows with the square of the length does not pass for being quick. What was
killed goes to the output as JSON, one entry for each pattern or scanner, and its other texts are left out.
"""

from __future__ import annotations

import json
import mmap
import os
import re
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from tests import adversarial_texts, scanners
from tests.pattern_finder import patterns

LENGTH = 20_000
LONGER = 5 * LENGTH
PATIENCE_S = 1.0  # of processor time
_A_WHILE_S = 0.04


class Job(NamedTuple):
    place: str  # what is run
    text: str  # described
    run: Callable[[int], object]  # with a text of a length


def pattern_jobs() -> Iterator[Job]:
    for place, pattern in patterns():
        for before, unit in adversarial_texts.units(pattern):
            yield Job(place, f"{before!r} + {unit!r} * n", partial(_run_pattern, pattern, before, unit))


def scanner_jobs() -> Iterator[Job]:
    for place, scan in scanners.SCANNERS.items():
        for before, unit in scanners.UNITS:
            yield Job(place, f"{before!r} + {unit!r} * n", partial(_run_scanner, scan, before, unit))


JOBS: dict[str, Callable[[], Iterator[Job]]] = {"patterns": pattern_jobs, "scanners": scanner_jobs}


def _run_pattern(pattern: re.Pattern[Any], before: str, unit: str, length: int) -> None:
    """Everything callers do with a pattern is one of these two, or a part of it."""
    for start, end in adversarial_texts.FRAMES:
        text: Any = adversarial_texts.repeated(start + before, unit, length, end)
        if isinstance(pattern.pattern, bytes):
            text = text.encode()
        for _ in pattern.finditer(text):
            pass
        pattern.fullmatch(text)


def _run_scanner(scan: scanners.Scan, before: str, unit: str, length: int) -> None:
    scanners.run(scan, adversarial_texts.repeated(before, unit, length))


def killed(jobs: Sequence[Job]) -> list[tuple[str, str]]:
    """The place and the text of the first job of each place that did not end in time."""
    found: list[tuple[str, str]] = []
    at = mmap.mmap(-1, struct.calcsize("q"))  # shared with the fork: the job that is being done
    begin = 0
    while begin < len(jobs):
        child = os.fork()
        if not child:
            _work(jobs, begin, at)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            if os.WEXITSTATUS(status):
                raise RuntimeError(f"The process that works ended with {os.WEXITSTATUS(status)}.")
            return found
        job = jobs[struct.unpack("q", at[:])[0]]
        found.append((job.place, job.text))
        begin = next(
            (place for place, other in enumerate(jobs) if place > begin and other.place > job.place), len(jobs)
        )
    return found


def _work(jobs: Sequence[Job], begin: int, at: mmap.mmap) -> None:
    for place in range(begin, len(jobs)):
        at[:] = struct.pack("q", place)
        try:
            signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
            started = time.process_time()
            jobs[place].run(LENGTH)
            if time.process_time() - started > _A_WHILE_S:
                signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)
                jobs[place].run(LONGER)
        except Exception as error:
            error.add_note(f"{jobs[place].place}, on {jobs[place].text}")
            raise
    os._exit(0)


def main() -> None:
    json.dump(killed(sorted(JOBS[sys.argv[1]](), key=lambda job: job.place)), sys.stdout)


if __name__ == "__main__":
    main()
