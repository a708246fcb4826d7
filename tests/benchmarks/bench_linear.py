"""How the time of patterns and scanners grows with a text that is made for them: 20,000 characters against 10,000.

Twice the time is linear, four times is the square. Times under a few milliseconds are noise, whatever their ratio.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Sequence
from typing import NamedTuple

from tests.benchmarks.timing import show
from tests.linear_child import JOBS, LENGTH, Job, by_place

_SHOWN = 10
_LEAST_S = 0.005
_ROUNDS = 3
_MORE_ROUNDS = 12  # where these say that it is more than linear
_LINEAR = 2.2


class _Growth(NamedTuple):
    job: Job
    seconds: float  # of the longer text
    ratio: float


def main() -> None:
    for what, jobs in JOBS.items():
        growths = [_growth(job) for job in map(_slowest, by_place(jobs())) if _seconds(job, LENGTH) > _LEAST_S]
        ranked = sorted(growths, key=lambda growth: -growth.ratio)
        told = {growth.job.place: f"x{growth.ratio:.1f}, {growth.seconds * 1000:.0f} ms" for growth in ranked[:_SHOWN]}
        show(f"linear {what}: 20,000 to 10,000 characters", told or {"all": "too quick to tell"}, "at most x2.5")


def _slowest(jobs: Sequence[Job]) -> Job:
    """The job of a place with the text that it works longest on."""
    return max(jobs, key=lambda job: _seconds(job, LENGTH))


def _growth(job: Job) -> _Growth:
    longer = shorter = float("inf")
    for place in range(_ROUNDS + _MORE_ROUNDS):
        if place == _ROUNDS and longer < _LINEAR * shorter:
            break
        # The least: what else the machine does only ever adds to it
        longer, shorter = min(longer, _seconds(job, LENGTH)), min(shorter, _seconds(job, LENGTH // 2))
    return _Growth(job, longer, longer / shorter)


def _seconds(job: Job, length: int) -> float:
    """Of processor time, in which nothing is spent on what others have left."""
    gc.disable()
    begin = time.process_time()
    job.run(length)
    taken = time.process_time() - begin
    gc.enable()
    return taken


if __name__ == "__main__":
    main()
