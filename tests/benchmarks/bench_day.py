"""A day of 60 papers against servers on this machine: the pipeline over the least time its requests allow, and a loop
that makes the first papers of the day one after the other.

arXiv answers after 200 ms and the model after 2 s; only the gap is scaled down, from 15 s, so that the day ends in a
minute. That is the harder way: what is not scaled has to overlap the more.
"""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from typing import Any

from msgspec import Struct

from bot import compose
from config.settings import Settings, load
from digest.pipeline import Press, make_digest
from digest.readers.best import read_paper
from digest.store import Store
from tests.benchmarks.timing import show
from tests.latexml_pages import PROSE, page, para, section, table, tabular
from tests.makers import DAY
from tests.model_answers import Unscored
from tests.model_server import KEY, ModelServer, serving
from tests.paper_server import Asked, PaperServer, Slow, daily_entry

PAPERS = 60
WITHOUT_HTML = 10  # every tenth has Markdown on the Hub only
IN_SEQUENCE = 10
GAP_S, LATENCY_S, MODEL_S = 0.6, 0.2, 2.0
PAGE_BYTES = 400_000
BEAT_S = 0.001
_STAMP_S = 0.01  # how late the server may note an arrival on a busy machine; the one after it then looks early


class Run(Struct, frozen=True):
    """One way through the day. `opening_s` is part of `wall_s`: imports, mostly."""

    wall_s: float
    opening_s: float
    reports: int
    peak_mb: float
    lag_s: float  # the longest the event loop kept a timer waiting once the press was open
    usual_lag_s: float  # what 99 of 100 timers waited at most
    children_cpu_s: float  # of the child processes that handle text
    work_s: float  # the longest that the loop's own thread computed between two beats


Way = Callable[[Press], Coroutine[Any, Any, int]]


def main() -> None:
    hub, arxiv = PaperServer(), PaperServer()
    with (
        hub,
        arxiv,
        serving(ModelServer(delay_s=MODEL_S, otherwise=Unscored())) as model,
        tempfile.TemporaryDirectory() as folder,
    ):
        _fill(hub, arxiv)
        told = {
            "PAPERBOY_HUB__URL": hub.url,
            "PAPERBOY_ARXIV__URL": arxiv.url,
            "PAPERBOY_ARXIV__GAP_S": str(GAP_S),
            "PAPERBOY_LLM__BASE_URL": model.address,
            "PAPERBOY_LLM__MODEL": "a-model",
            "PAPERBOY_LLM__API_KEY": KEY,
        }
        ours = _measured(side_by_side, Path(folder) / "ours", told)
        asked, calls = list(arxiv.requests), len(model.calls)
        loop = _measured(one_by_one, Path(folder) / "loop", told)
        asked_by_loop = arxiv.requests[len(asked) :]
    show(
        f"a day of {PAPERS} papers: gap {GAP_S} s, latency {LATENCY_S} s, model {MODEL_S} s",
        {
            "reports, requests to arXiv, model calls": f"{ours.reports}, {len(asked)}, {calls}",
            "wall time over their critical path": _over(ours, asked),
            "of it before anything is asked": f"{ours.opening_s:.2f} s",
            f"a sequential loop, {loop.reports} reports": _over(loop, asked_by_loop),
            "requests earlier than their gap": _early(asked),
            "peak memory": f"{ours.peak_mb:.0f} MB (loop: {loop.peak_mb:.0f} MB)",
            "longest work on the event loop": f"{ours.work_s * 1000:.1f} ms",
            "wait of a timer": f"p99 {ours.usual_lag_s * 1000:.1f} ms, longest {ours.lag_s * 1000:.1f} ms",
            "CPU of text work in child processes": f"{ours.children_cpu_s / PAPERS * 1000:.0f} ms a paper",
        },
        "at most 1.05, no request early, no work over 10 ms on the loop, p99 of a timer's wait under 20 ms",
    )


def _fill(hub: PaperServer, arxiv: PaperServer) -> None:
    ids = [f"2601.{number:05}" for number in range(1, PAPERS + 1)]
    hub.days[DAY.isoformat()] = [daily_entry(paper_id, upvotes=PAPERS - place) for place, paper_id in enumerate(ids)]
    for place, paper_id in enumerate(ids):
        if place % WITHOUT_HTML == WITHOUT_HTML // 2:
            hub.pages[f"/papers/{paper_id}.md"] = f"# 1 Introduction\n\n{PROSE * 20}".encode()
        else:
            arxiv.pages[f"/html/{paper_id}"] = made_page()
    for server in (hub, arxiv):
        server.fault("/", Slow(LATENCY_S), times=100 * PAPERS)


def made_page() -> bytes:
    """A page of about 400 kB, as a paper of average length has."""
    rows = [["Lamp", "Oil", "Hours"], *([f"lamp {n}", f"{n}.25", f"{n * 3}"] for n in range(20))]

    def part(n: int) -> str:
        prose = (para(PROSE * 2, f"S{n}.p{m}") for m in range(9))
        return section(str(n), f"Part {n}", *prose, table(f"S{n}.T{n}", f"Table {n}: Lamps.", tabular(rows)))

    parts = [part(1)]
    while len(parts) * len(parts[0]) < PAGE_BYTES:
        parts.append(part(len(parts) + 1))
    return page(*parts)


def _over(run: Run, asked: Sequence[Asked]) -> str:
    least_s = (len(asked) - 1) * GAP_S + LATENCY_S + MODEL_S
    return f"{run.wall_s / least_s:.3f} ({run.wall_s:.2f} s over {least_s:.2f} s)"


def _early(asked: Sequence[Asked]) -> str:
    gaps = [later.at - earlier.at for earlier, later in pairwise(asked)]
    return f"{sum(gap < GAP_S - _STAMP_S for gap in gaps)} (smallest gap seen by the server {min(gaps):.4f} s)"


# --- in a process of its own ---------------------------------------------------------------------------------------


def _measured(way: Way, folder: Path, told: Mapping[str, str]) -> Run:
    """A way in a fresh process, so that neither its memory nor its imports are another's."""
    folder.mkdir()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_run, way, folder, told).result()


def _run(way: Way, folder: Path, told: Mapping[str, str]) -> Run:
    nothing = folder / "paperboy.toml"
    nothing.touch()
    settings = load(nothing, {**told, "PAPERBOY_STORE__PATH": str(folder / "paperboy.db")})
    return asyncio.run(_timed(way, settings))


async def _timed(way: Way, settings: Settings) -> Run:
    pulse = _Pulse()
    began = time.perf_counter()
    async with compose.press(settings) as press:
        opening_s = time.perf_counter() - began
        beating = asyncio.create_task(pulse.beat())
        reports = await way(press)
        wall_s = time.perf_counter() - began
        beating.cancel()
    compose.pool().close()  # so that its children are counted
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Run(
        wall_s,
        opening_s,
        reports,
        peak_kb / 1024,
        max(pulse.lags_s),
        quantiles(pulse.lags_s, n=100)[-1],
        children.ru_utime + children.ru_stime,
        pulse.work_s,
    )


class _Pulse:
    """A timer that is due again and again, how long it had to wait for the loop, and how long the loop worked."""

    def __init__(self) -> None:
        self.lags_s: list[float] = []
        self.work_s = 0.0

    async def beat(self) -> None:
        while True:
            due, worked = time.perf_counter() + BEAT_S, time.thread_time()
            await asyncio.sleep(BEAT_S)
            self.lags_s.append(time.perf_counter() - due)
            self.work_s = max(self.work_s, time.thread_time() - worked)


async def side_by_side(press: Press) -> int:
    made = await make_digest(press, DAY, "en", PAPERS, lambda *_: None)
    return sum(report is not None and not report.provisional for _, report in made.digest.papers)


async def one_by_one(press: Press) -> int:
    papers = await press.source.daily(DAY)
    await press.store.run(Store.save_listing, DAY, papers)
    for paper in papers[:IN_SEQUENCE]:
        reading = await read_paper(press.readers, paper, press.text_work)
        await press.store.run(Store.save_reading, reading)
        await press.store.run(Store.save_report, await press.writer.write(paper, reading, "en"))
    return IN_SEQUENCE


if __name__ == "__main__":
    main()
