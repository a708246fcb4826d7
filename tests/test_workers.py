"""Child processes for text: what they are asked, how they end, and what is remembered of the texts that stop them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest import attempts
from digest.errors import CutOff, ReadError
from digest.store import Store
from digest.store_thread import StoreThread
from digest.turns import ahead
from digest.types import ArxivId
from digest.workers.pool import Broke, NoChild, Pool, Stopped
from digest.workers.text_work import ChildWork
from tests import workers_calls as calls
from tests import workers_tasks as tasks
from tests.makers import paper

PAPER = "2601.00001"
NOW = datetime(2026, 1, 17, 9, tzinfo=UTC)


def named(task: Callable[[bytes], bytes]) -> str:
    return f"{task.__module__}:{task.__name__}"


@pytest.fixture
def pool() -> Iterator[Pool]:
    """One child, with little time and memory."""
    with contextlib.closing(Pool(most=1, limit_s=2, memory_bytes=400 * 1024**2)) as made:
        yield made


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[StoreThread]:
    thread = StoreThread(tmp_path / "paperboy.db", lambda: NOW)
    yield thread
    await thread.close()


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not there():  # noqa: ASYNC110 (another process does it)
            await asyncio.sleep(0.01)


def is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


# --- the pool ----------------------------------------------------------------------------------------------------


async def test_a_task_is_done_by_a_child(pool: Pool) -> None:
    """Bytes of any length go there and come back; the same child does the next one."""
    for content in (b"", b"kites\n", os.urandom(3_000_000)):
        assert await pool.run(named(tasks.echo), content) == content
    first, second = [await pool.run(named(tasks.process), b"") for _ in range(2)]
    assert first == second != str(os.getpid()).encode()


async def test_at_most_so_many_children_work() -> None:
    """However many tasks wait."""
    with contextlib.closing(Pool(most=2)) as pool:
        seen = await asyncio.gather(*(pool.run(named(tasks.process), b"") for _ in range(30)))
    assert len(set(seen)) == 2


async def test_those_for_whom_somebody_waits_go_first(pool: Pool) -> None:
    """Before all that wait, not before what is under way."""
    order: list[str] = []

    async def do(name: str) -> None:
        await pool.run(named(tasks.process), b"")
        order.append(name)

    async with asyncio.TaskGroup() as group:
        for name in ("first", "second", "third"):
            group.create_task(do(name))
        await asyncio.sleep(0)
        with ahead():
            group.create_task(do("person"))
    assert order.index("person") <= 1
    assert order[-1] == "third"


async def test_ctrl_c_does_not_reach_a_child(pool: Pool) -> None:
    """It belongs to no terminal: this process ends it, and no text is blamed for that."""
    child = int(await pool.run(named(tasks.process), b""))
    assert os.getsid(child) == child != os.getsid(0)


async def test_a_child_knows_no_secret(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """It handles what strangers wrote."""
    monkeypatch.setenv("PAPERBOY_LLM__API_KEY", "a-secret")
    assert b"a-secret" not in await pool.run(named(tasks.environment), b"")


async def test_a_child_loads_what_it_is_asked_for_alone(pool: Pool) -> None:
    """No reader and no writer stands between it and its first task."""
    loaded = set((await pool.run(named(tasks.modules), b"")).decode().split())
    assert not {"lxml", "readability", "pypdfium2", "openai", "httpx", "sqlite3"} & loaded


@pytest.mark.parametrize(
    ("task", "why"),
    [
        (tasks.hang, "took longer than 2 s and was stopped"),
        (tasks.fill, "needed more than 400 MB of memory and was stopped"),
        (tasks.crash, "ended its process"),
        (tasks.leave, "ended its process"),
    ],
)
async def test_a_task_beyond_its_limits_fails_alone(pool: Pool, task: Callable[[bytes], bytes], why: str) -> None:
    """The one after it has a new child."""
    stopped, echoed = await asyncio.gather(
        pool.run(named(task), b""), pool.run(named(tasks.echo), b"kites"), return_exceptions=True
    )
    assert isinstance(stopped, Stopped)
    assert why in str(stopped)
    assert echoed == b"kites"


async def test_a_child_that_cannot_be_started_fails_its_task_alone(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has no process to give; later it has."""
    with monkeypatch.context() as full:
        full.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(FileNotFoundError):
            await pool.run(named(tasks.echo), b"kites")
    assert await pool.run(named(tasks.echo), b"kites") == b"kites"


async def test_a_closed_pool_does_nothing_more(pool: Pool) -> None:
    """It says so, and keeps nobody waiting."""
    pool.close()
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(named(tasks.echo), b"kites")


async def test_no_text_is_blamed_for_a_machine_without_children(
    pool: Pool, store: StoreThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that ends before it is ready has begun nothing."""
    work = ChildWork(pool, store)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", shutil.which("false"))
        for _ in range(3):
            with pytest.raises(NoChild, match="before it was ready"):
                await work.run(PAPER, calls.cited, paper(), (), None)
    assert await work.run(PAPER, calls.cited, paper(), (), None) == {}


async def test_cancelling_what_has_ended_stops_nobody_else(pool: Pool) -> None:
    """Whenever it comes: the next task has its child to itself."""
    for turn in range(300):
        first = asyncio.create_task(pool.run(named(tasks.echo), b"first"))
        second = asyncio.create_task(pool.run(named(tasks.echo), b"second"))
        await asyncio.sleep(0.0001 * (turn % 20))
        first.cancel()
        assert await second == b"second"
        await asyncio.gather(first, return_exceptions=True)


async def test_a_thread_that_a_task_has_left_holds_nothing_up(pool: Pool) -> None:
    """Its child ends with the pool, or its parent."""
    child = int(await pool.run(named(tasks.leave_a_thread), b""))
    pool.close()
    assert not is_running(child)


async def test_an_answer_that_is_none_harms_no_other_task(pool: Pool) -> None:
    """Whatever a task writes where answers go: its child is no more."""
    with pytest.raises(ValueError, match="no answer"):
        await pool.run(named(tasks.garble), b"")
    assert await pool.run(named(tasks.echo), b"kites") == b"kites"


async def test_what_a_function_raises_is_told(pool: Pool) -> None:
    """With the place in the code; the child goes on."""
    before = await pool.run(named(tasks.process), b"")
    with pytest.raises(Broke, match=r"(?s)workers_tasks.*ValueError: no kites"):
        await pool.run(named(tasks.fail), b"")
    assert await pool.run(named(tasks.process), b"") == before


async def test_whoever_stops_waiting_stops_the_work(pool: Pool, tmp_path: Path) -> None:
    """The child that was at it is gone; what waited for its turn is never begun."""
    file, other = tmp_path / "process", tmp_path / "other"
    under_way = asyncio.create_task(pool.run(named(tasks.hang), str(file).encode()))
    await until(lambda: file.exists() and file.read_text() != "")
    waiting = asyncio.create_task(pool.run(named(tasks.hang), str(other).encode()))
    await asyncio.sleep(0)
    for task in (waiting, under_way):
        task.cancel()
    assert [type(one) for one in await asyncio.gather(under_way, waiting, return_exceptions=True)] == [
        asyncio.CancelledError
    ] * 2
    await until(lambda: not is_running(int(file.read_text())))
    assert await pool.run(named(tasks.echo), b"kites") == b"kites"
    assert not other.exists()


async def test_a_child_with_nothing_to_do_is_let_go() -> None:
    """And another one comes when there is something again."""
    with contextlib.closing(Pool(idle_s=0.2)) as pool:
        first = int(await pool.run(named(tasks.process), b""))
        await until(lambda: not is_running(first))
        assert int(await pool.run(named(tasks.process), b"")) != first


async def test_a_child_that_died_while_it_waited_is_replaced(pool: Pool) -> None:
    """The next task does not notice."""
    first = int(await pool.run(named(tasks.process), b""))
    os.kill(first, signal.SIGKILL)
    await until(lambda: not is_running(first))
    assert await pool.run(named(tasks.echo), b"kites") == b"kites"


@pytest.mark.parametrize("busy", [True, False])
async def test_no_child_outlives_its_parent(tmp_path: Path, *, busy: bool) -> None:
    """Killed without a word, at work or not."""
    file = tmp_path / "process"
    program = f"""
import asyncio
from pathlib import Path
from digest.workers.pool import Pool
from tests import workers_calls as calls
from tests import workers_tasks as tasks

async def main():
    pool = Pool()
    if {busy}:
        await pool.run("tests.workers_tasks:hang", b{str(file)!r})
    Path({str(file)!r}).write_bytes(await pool.run("tests.workers_tasks:process", b""))
    await asyncio.sleep(600)

asyncio.run(main())
"""
    parent = subprocess.Popen([sys.executable, "-c", program])  # noqa: ASYNC220
    try:
        await until(lambda: file.exists() and file.read_text() != "")
        child = int(file.read_text())
        assert is_running(child)
    finally:
        parent.kill()
        parent.wait()
    await until(lambda: not is_running(child))


def test_nothing_is_started_before_it_is_used() -> None:
    """A pool that nobody asks has no thread, and so no child."""
    before = threading.active_count()
    with contextlib.closing(Pool()):
        assert threading.active_count() == before


# --- typed calls -------------------------------------------------------------------------------------------------


async def test_typed_values_go_there_and_back(pool: Pool, store: StoreThread) -> None:
    """Ids, structs, None."""
    work = ChildWork(pool, store)
    ids = (ArxivId(PAPER), ArxivId("astro-ph/9710163"))
    told = await work.run(PAPER, calls.cited, paper(), ids, None)
    assert told == dict.fromkeys(ids, paper())
    assert all(type(one) is ArxivId for one in [*told, told[ids[0]].id])


async def test_a_read_error_is_one_here(pool: Pool, store: StoreThread) -> None:
    """With its sentence."""
    with pytest.raises(ReadError, match=r"^a\.html holds no paper\.$"):
        await ChildWork(pool, store).run(PAPER, calls.unread, "a.html")


# --- what is remembered ------------------------------------------------------------------------------------------


async def test_a_text_that_stops_its_process_twice_is_given_up(pool: Pool, store: StoreThread, tmp_path: Path) -> None:
    """It is tried once more, then never by itself; a person may have it tried again."""
    work = ChildWork(pool, store)
    with pytest.raises(CutOff, match=r"2601\.00001 .* took longer than 2 s and was stopped, twice") as first:
        await work.run(PAPER, calls.stuck, "")
    file = tmp_path / "begun"
    with pytest.raises(CutOff) as again:
        await ChildWork(pool, store).run(PAPER, calls.stuck, str(file))
    assert str(again.value) == str(first.value)
    assert not file.exists()
    assert await work.run(f"{PAPER} pdf", calls.cited, paper(), (), None) == {}  # another text of the same paper
    await store.run(attempts.forgive, ArxivId(PAPER))
    assert await work.run(PAPER, calls.cited, paper(), (), None) == {}


async def test_a_text_that_takes_this_process_down_twice_is_given_up(
    pool: Pool, store: StoreThread, tmp_path: Path
) -> None:
    """What was under way for a while when the process died is counted by the next one."""
    for attempt in (1, 2):
        assert await store.run(attempts.problem, PAPER) == ""
        file = tmp_path / f"process{attempt}"
        program = f"""
import asyncio, os
from pathlib import Path
from bot import compose
from digest.store_thread import StoreThread
from digest.workers.pool import Pool
from digest.workers.text_work import ChildWork
from tests import workers_calls as calls

async def main():
    store = StoreThread(Path({str(tmp_path / "paperboy.db")!r}), compose.clock)
    await ChildWork(Pool(), store).run({PAPER!r}, calls.stuck, {str(file)!r})

asyncio.run(main())
"""
        parent = subprocess.Popen([sys.executable, "-c", program])  # noqa: ASYNC220
        try:
            await until_noted(store, attempt)
        finally:
            parent.kill()
            parent.wait()
    with pytest.raises(CutOff, match="twice"):
        await ChildWork(pool, store).run(PAPER, calls.cited, paper(), (), None)


def noted(store: Store) -> int:
    """How often work on a text has begun and never ended."""
    row = store.connection.execute("SELECT deaths + (owner <> '') FROM text_attempts").fetchone()
    return 0 if row is None else int(row[0])


async def until_noted(store: StoreThread, times: int) -> None:
    async with asyncio.timeout(60):
        while await store.run(noted) < times:  # noqa: ASYNC110 (another process writes it)
            await asyncio.sleep(0.01)


async def test_what_others_work_on_is_no_death(pool: Pool, store: StoreThread, tmp_path: Path) -> None:
    """After one death two work on it at once, here and elsewhere: it is not given up while they live."""
    await store.run(
        lambda opened: opened.connection.execute(
            "INSERT INTO text_attempts (about, owner) VALUES (?, ?)", (PAPER, f"{2**22 + 1} gone")
        )
    )
    slow = [
        asyncio.create_task(ChildWork(pool, store).run(PAPER, calls.stuck, str(tmp_path / name)))
        for name in ("one", "other")
    ]
    await until_noted(store, 2)
    assert await store.run(attempts.problem, PAPER) == ""
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert await store.run(noted) == 0


async def test_work_that_ends_in_order_leaves_no_trace(pool: Pool, store: StoreThread, tmp_path: Path) -> None:
    """Slow work that is cancelled, as when the bot is told to stop, is not held against its text."""
    under_way = asyncio.create_task(ChildWork(pool, store).run(PAPER, calls.stuck, str(tmp_path / "process")))
    await until_noted(store, 1)
    under_way.cancel()
    await asyncio.gather(under_way, return_exceptions=True)
    assert await store.run(noted) == 0
