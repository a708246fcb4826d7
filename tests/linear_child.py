"""Runs patterns and scanners on adversarial texts, where one that takes too long can be killed.

`python -m tests.linear_child patterns 0 3` (or `scanners`; the first of three parts) imports everything once and works
in a fork of itself, whose processor time for one text ends it after a second: linear work takes milliseconds. Where the
slowest text took a while it is run five times as long too, so that what grows with the square of the length does not
pass for being quick. What was killed goes to the output as JSON, one entry for each pattern or scanner, and its other
texts are left out.
"""

from __future__ import annotations

import itertools
import json
import mmap
import os
import re
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from tests import adversarial_texts, scanners
from tests.pattern_finder import patterns

LENGTH = 20_000
LONGER = 5 * LENGTH
PATIENCE_S = 1.0  # of processor time
LONGER_PATIENCE_S = 2.5
_A_WHILE_S = 0.08  # below it the square of five would not be noticed


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


def killed(jobs: Iterable[Job]) -> list[tuple[str, str]]:
    """The place and the text of the first job of each place that did not end in time."""
    groups = by_place(jobs)
    found: list[tuple[str, str]] = []
    at = mmap.mmap(-1, struct.calcsize("qq"))  # shared with the fork: the place and the job that is being done
    begin = 0
    while begin < len(groups):
        child = os.fork()
        if not child:
            _work(groups, begin, at)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            if os.WEXITSTATUS(status):
                raise RuntimeError(f"The process that works ended with {os.WEXITSTATUS(status)}.")
            return found
        place, number = struct.unpack("qq", at[:])
        job = groups[place][number]
        found.append((job.place, job.text))
        begin = place + 1
    return found


def by_place(jobs: Iterable[Job]) -> list[list[Job]]:
    ordered = sorted(jobs, key=lambda job: job.place)
    return [list(group) for _, group in itertools.groupby(ordered, lambda job: job.place)]


def _work(groups: Sequence[Sequence[Job]], begin: int, at: mmap.mmap) -> None:
    def run(place: int, number: int, length: int, patience_s: float) -> float:
        at[:] = struct.pack("qq", place, number)
        job = groups[place][number]
        signal.setitimer(signal.ITIMER_PROF, patience_s)
        started = time.process_time()
        try:
            job.run(length)
        except Exception as error:
            error.add_note(f"{job.place}, on {job.text}")
            raise
        return time.process_time() - started

    for place in range(begin, len(groups)):
        times = [run(place, number, LENGTH, PATIENCE_S) for number in range(len(groups[place]))]
        if max(times) > _A_WHILE_S:
            run(place, times.index(max(times)), LONGER, LONGER_PATIENCE_S)
    os._exit(0)


def main() -> None:
    what, part, parts = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    json.dump(killed(job for group in by_place(JOBS[what]())[part::parts] for job in group), sys.stdout)


if __name__ == "__main__":
    main()
