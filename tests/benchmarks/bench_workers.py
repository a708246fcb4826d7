"""Child processes for text: what a start and a call cost, and how long another is answered while one hangs."""

from __future__ import annotations

import asyncio
import contextlib
import time
from statistics import median, quantiles

from digest.workers.pool import Pool
from tests.benchmarks.timing import show

CALLS = 300
TEXT_BYTES = 184_000
BEAT_S = 0.001


def main() -> None:
    asyncio.run(_measured())


async def _measured() -> None:
    with contextlib.closing(Pool()) as pool:
        began = time.perf_counter()
        await pool.run("tests.workers_tasks:echo", b"")
        start_s = time.perf_counter() - began
        calls_s = []
        for _ in range(CALLS):
            began = time.perf_counter()
            await pool.run("tests.workers_tasks:echo", bytes(TEXT_BYTES))
            calls_s.append(time.perf_counter() - began)
    with contextlib.closing(Pool(limit_s=3)) as pool:
        stuck = [asyncio.create_task(pool.run("tests.workers_tasks:hang", b"")) for _ in range(2)]
        lags_s = []
        while not all(task.done() for task in stuck):
            due = time.perf_counter() + BEAT_S
            await asyncio.sleep(BEAT_S)
            lags_s.append(time.perf_counter() - due)
        await asyncio.gather(*stuck, return_exceptions=True)
    show(
        "child processes for text",
        {
            "start and first call": f"{start_s * 1000:.0f} ms",
            f"a call with {TEXT_BYTES // 1000} kB there and back": f"{median(calls_s) * 1000:.1f} ms",
            "wait of a timer here while both hang": f"p99 {quantiles(lags_s, n=100)[-1] * 1000:.1f} ms",
        },
        "a wait under 20 ms",
    )


if __name__ == "__main__":
    main()
