"""Timing side by side: each round runs every candidate once, so a machine's drift hits all alike; medians count."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

Candidates = Mapping[str, Callable[[], object]]


def medians_s(candidates: Candidates, rounds: int, warm_up: int = 2) -> dict[str, float]:
    """The median seconds of each candidate over the rounds."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(warm_up + rounds):
        for name, run in candidates.items():
            begin = time.perf_counter()
            run()
            if turn >= warm_up:
                times[name].append(time.perf_counter() - begin)
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, rows: Mapping[str, str], goal: str = "") -> None:
    """Prints a short table."""
    print(f"\n{title}" + (f"  (goal: {goal})" if goal else ""))
    width = max(len(name) for name in rows)
    for name, value in rows.items():
        print(f"  {name:<{width}}  {value}")
