"""What `forget me` leaves in the store's files: their bytes, also while others read, and after a kill."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from bot import cleaning
from digest import deliveries, model_calls, people
from digest.cleanup import clean_up, is_pending
from digest.covers import set_hidden
from digest.editions import Subscription, make_edition
from digest.jobs import add_job, finish_job, note_answer
from digest.letters import write_letter
from digest.lookups import Lookups
from digest.mistakes import tell_mistake
from digest.operator import set_operator, tell_operator
from digest.spendings import Budget, Kind, spend
from digest.store import Store
from digest.subscriptions import forget, keep, remove
from digest.types import ArxivId, Destination, Invocation, Message, ModelCall, Posted
from tests.delivery_makers import MovedClock, compose, stored_day
from tests.makers import DAY
from tests.subscribing_chat import ALICE, BOB, Chat, labels

ASKED = Invocation(name="forget", args="", language="en", adapter="slack", workspace="T1", person="U0ALICE")
OPERATOR = Destination("slack", "", "C0OPERATOR")
# Alice, her conversation with the bot, and every word of hers
MINUTE = timedelta(minutes=1)
HERS = (b"U0ALICE", b"D0ALICE", b"marzipan", b"Pacific/Chatham")


def held(path: Path) -> list[str]:
    """What the store's files hold of Alice, with where. Another process reads them: to close a file here would end
    SQLite's locks on it (https://www.sqlite.org/howtocorrupt.html)."""
    found = []
    for file in sorted(path.parent.glob(f"{path.name}*")):
        content = subprocess.run(["cat", file], capture_output=True, check=True).stdout
        found += [f"{text.decode()} in {file.name}" for text in HERS if text in content]
    return found


def confirm_all(store: Store, destination: int, conversation: str) -> None:
    store.connection.execute("BEGIN IMMEDIATE")  # a commit each would take most of the tests' time
    while isinstance(step := deliveries.claim(store, destination, MINUTE, MINUTE), deliveries.Sending):
        deliveries.confirm(store, step.key, Posted(conversation, f"{step.key}.{conversation}", ""))
    store.connection.execute("COMMIT")


def live(store: Store) -> None:
    """Alice and twenty others use the bot for a while: rows grow, move to other pages, are changed and deleted."""
    stored_day(store, 20)
    set_operator(store, OPERATOR)
    others = [Destination("slack", "T1", f"U0OTHER{number}") for number in range(20)]
    everybody = [*others[:10], ALICE, *others[10:]]
    hers = Subscription(to=ALICE, kind="person", person="U0ALICE")
    for to in everybody:
        keep(store, replace(hers, to=to, person=to.address, with_words=("marzipan soup",) if to == ALICE else ()))
    numbers = {to: keep(store, replace(hers, to=to, person=to.address)) for to in everybody}  # Alice changed hers
    for to in everybody:
        make_edition(store, numbers[to], DAY, compose)
    for to in everybody:
        confirm_all(store, numbers[to], to.address.replace("U", "D", 1))
    set_hidden(store, numbers[others[0]], ArxivId("2601.00002"), "slack:U0ALICE")
    people.choose_language(store, ASKED, "zh")
    people.choose_timezone(store, ASKED, "Pacific/Chatham")
    spend(store, ASKED, Kind.ASK, Budget())
    tell_mistake(store, ArxivId("2601.00001"), None, "The marzipan is wrong.", "slack:U0ALICE")
    tell_operator(store, "mistake 1", "Somebody says:\nU0ALICE was here")
    tell_operator(store, "parked", "The conversation D0ALICE takes nothing: archived.")
    asked = replace(ASKED, name="paper", args="2601.00001 ask where is the marzipan?", channel="D0ALICE")
    question = add_job(store, "request ask", msgspec.json.encode(asked).decode(), "slack:U0ALICE")
    note_answer(store, question, '{"plain": "The marzipan is in Table 2."}')
    call = ModelCall(identity="2601.00001|hash", purpose="answer", paper_id=ArxivId("2601.00001"), language="en",
                     endpoint="model.example", model="m", outcome="begun", started_at=store.clock())  # fmt: skip
    model_calls.end(
        store,
        model_calls.begin(store, call),
        replace(call, outcome="400", error="Bad question: “where is the marzipan?”"),
    )
    write_letter(store, ALICE, Message(plain="The marzipan is in Table 2."), "en", subject=f"request {question}")
    finish_job(store, question, "")
    add_job(store, "deliver", '{"to": ["slack:T1/U0ALICE"]}', "command line")
    # She leaves, and comes back for papers without marzipan: what waits to be sent is dropped
    make_edition(store, numbers[ALICE], DAY.replace(day=15), compose)
    remove(store, numbers[ALICE])
    keep(store, replace(hers, without_words=("marzipan",)))


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    made = Chat(tmp_path / "paperboy.db")
    await made.store.run(live)
    yield made
    await made.close()


async def test_nothing_of_the_person_is_left_in_the_files_while_the_bot_runs(chat: Chat, tmp_path: Path) -> None:
    """Another process that is in the middle of a read holds up neither the answer nor, afterwards, the cleanup."""
    path = tmp_path / "paperboy.db"
    await chat.says("paper 2601.00001")  # the bot's own reader is open from now on
    with Lookups.open(path) as other:
        reading = other.connection.execute("SELECT * FROM messages")
        reading.fetchone()
        asking = await chat.says("paperboy forget me")
        told = await chat.presses(asking, labels(asking)[0])
        assert told.plain.startswith(("Everything about you is erased", "已删除"))
        assert held(path)
        assert not await chat.store.run(lambda store: clean_up(store.connection))
        assert held(path)
        reading.close()
        assert await chat.store.run(lambda store: clean_up(store.connection))
        assert held(path) == []
    assert await chat.kept(BOB) is None
    assert "Lanterns" in (await chat.says("paper 2601.00001")).title


async def test_the_running_bot_cleans_by_itself(chat: Chat, tmp_path: Path) -> None:
    """As soon as nobody reads any more; the answers go on meanwhile."""
    path = tmp_path / "paperboy.db"
    running = asyncio.create_task(cleaning.run(chat.store, look_s=0.001, every_s=0.001))
    with Lookups.open(path) as other:
        reading = other.connection.execute("SELECT * FROM messages")
        reading.fetchone()
        await chat.asks("forget")
        for _ in range(20):
            await chat.says("paper 2601.00001")
        assert await chat.store.run(lambda store: is_pending(store.connection))
        reading.close()
        while await chat.store.run(lambda store: is_pending(store.connection)):
            await chat.says("paper 2601.00001")
        assert held(path) == []
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


@pytest.mark.parametrize("left", ["by a kill", "by an older version"])
def test_what_a_process_was_stopped_over_is_cleaned_by_the_next(tmp_path: Path, left: str) -> None:
    """A kill right after the answer; a command without a running bot cleans when it ends."""
    path = tmp_path / "paperboy.db"
    script = (
        "import os, sys; from pathlib import Path; from digest.store import Store; from tests import test_forgetting\n"
        "from tests.delivery_makers import MovedClock; from digest.subscriptions import forget\n"
        "store = Store.create(Path(sys.argv[1]), MovedClock())\n"
        f"store.connection.execute('PRAGMA secure_delete = {'OFF' if left == 'by an older version' else 'ON'}')\n"
        "test_forgetting.live(store); forget(store, test_forgetting.ASKED); os._exit(9)\n"
    )
    root = Path(__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", script, path], cwd=root, check=False, env={**os.environ})
    assert done.returncode == 9
    assert held(path)
    Store.create(path, MovedClock()).close()
    assert held(path) == []


def test_copies_that_sqlite_left_of_rows_that_moved_are_gone(tmp_path: Path) -> None:
    """Pages of many people's rows that grew in any order: what is deleted is overwritten where it is, and nowhere else,
    until the file is built anew."""
    path, order = tmp_path / "paperboy.db", random.Random(1)
    people_here = [
        Destination("slack", "T1", f"U0{('GOES', 'STAY')[number % 3 > 0]}{number:02}") for number in range(40)
    ]
    with Store.create(path, MovedClock()) as store:
        stored_day(store, 20)
        subscription = Subscription(to=ALICE, kind="person")
        numbers = [keep(store, replace(subscription, to=to, person=to.address)) for to in people_here]
        for number in numbers:
            make_edition(store, number, DAY, compose)
        waiting = numbers * 21
        order.shuffle(waiting)
        store.connection.execute("BEGIN IMMEDIATE")
        for number in waiting:
            step = deliveries.claim(store, number, MINUTE, MINUTE)
            assert isinstance(step, deliveries.Sending)
            conversation = step.to.address.replace("U0", "D0")
            deliveries.confirm(store, step.key, Posted(conversation, f"{step.key}.{conversation}", conversation))
        store.connection.execute("COMMIT")
        for to in people_here[::3]:
            forget(store, replace(ASKED, person=to.address))
        assert clean_up(store.connection)
        assert b"0GOES" not in subprocess.run(["cat", path], capture_output=True, check=True).stdout


def test_every_writing_connection_overwrites_what_it_deletes(tmp_path: Path) -> None:
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        assert store.connection.execute("PRAGMA secure_delete").fetchone()[0] == 1


def test_who_has_nothing_here_makes_no_work(tmp_path: Path) -> None:
    """Building a large file anew takes seconds."""
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        live(store)
        forget(store, replace(ASKED, person="U0NOBODY"))
        assert not is_pending(store.connection)
        forget(store, ASKED)
        assert clean_up(store.connection)
        forget(store, ASKED)
        assert not is_pending(store.connection)


def test_a_vacuum_that_fails_is_logged_and_tried_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        live(store)
        forget(store, ASKED)
        store.connection.execute("BEGIN")  # VACUUM is refused within a transaction
        assert clean_up(store.connection)
        store.connection.execute("ROLLBACK")
        assert "cannot be removed" in caplog.text
        assert clean_up(store.connection)
        assert not is_pending(store.connection)


def test_people_who_were_only_answered_and_their_operators_part_are_erased(tmp_path: Path) -> None:
    """A destination that was made for one private answer, and one the operator once had."""
    path = tmp_path / "paperboy.db"
    with Store.create(path, MovedClock()) as store:
        write_letter(store, ALICE, Message(plain="The marzipan is in Table 2."), "en", subject="request 1")
        set_operator(store, replace(ALICE, workspace=""))
        set_operator(store, OPERATOR)
        assert forget(store, ASKED).subscriptions == 0
    assert held(path) == []


def test_what_others_wrote_stays(tmp_path: Path) -> None:
    """A mistake that Bob told of, and a question of his, that have Alice's id as a word or as part of a longer one."""
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        stored_day(store, 1)
        tell_mistake(store, ArxivId("2601.00001"), None, "U0ALICE says 20.0.", "slack:U0BOB")
        add_job(store, "deliver", '{"to": ["slack:T1/U0ALICEANDERSEN"]}', "command line")
        add_job(store, "deliver", '{"to": ["slack:T1/U0ALICE"]}', "command line")
        forget(store, ASKED)
        assert store.connection.execute("SELECT count(*) FROM jobs").fetchone()[0] == 2


def test_an_id_with_characters_that_json_escapes_is_found(tmp_path: Path) -> None:
    """A platform may name people as it likes."""
    odd = replace(ASKED, person='a"b\\c')
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        set_operator(store, OPERATOR)
        tell_operator(store, "mistake 1", f"Told by\n{odd.person}.")
        add_job(store, "deliver", msgspec.json.encode({"to": [odd.person]}).decode(), "command line")
        forget(store, odd)
        assert store.connection.execute("SELECT count(*) FROM jobs").fetchone()[0] == 0
        assert store.connection.execute("SELECT count(*) FROM messages").fetchone()[0] == 0


def test_a_call_that_ends_afterwards_brings_nothing_back(tmp_path: Path) -> None:
    """An endpoint may quote the question that it refuses."""
    path = tmp_path / "paperboy.db"
    with Store.create(path, MovedClock()) as store:
        stored_day(store, 1)
        call = ModelCall(identity="2601.00001|marzipan", purpose="answer", paper_id="2601.00001", language="en",
                         endpoint="model.example", model="m", outcome="begun", started_at=store.clock())  # fmt: skip
        number = model_calls.begin(store, call)
        add_job(store, "request ask", msgspec.json.encode(ASKED).decode(), "slack:U0ALICE")
        forget(store, ASKED)
        model_calls.end(store, number, replace(call, outcome="400", error="Bad question: “where is the marzipan?”"))
        assert tuple(store.connection.execute("SELECT identity, outcome, error FROM model_calls").fetchone()) == (
            "",
            "400",
            "",
        )
    assert held(path) == []


def test_news_of_a_send_that_ends_afterwards_names_nobody(tmp_path: Path) -> None:
    """The operator would be told whose conversation it was; a deleted message that was to be edited is no trouble."""
    with Store.create(tmp_path / "paperboy.db", MovedClock()) as store:
        live(store)
        number = keep(store, Subscription(to=ALICE, kind="person", person="U0ALICE"))
        write_letter(store, ALICE, Message(plain="The marzipan is in Table 2."), "en", subject="request 2")
        sending = deliveries.claim(store, number, MINUTE, MINUTE)
        assert isinstance(sending, deliveries.Sending)
        forget(store, ASKED)
        deliveries.bury(store, sending.key, "gone")
        deliveries.turn_away(store, sending.key, "closed", in_flight=False)
        assert not tell_operator(store, "parked", "slack:T1/U0ALICE is parked.", delivery=sending.key)
    assert held(tmp_path / "paperboy.db") == []
