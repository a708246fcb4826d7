"""Asking a paper, and having one read, as people do it in chat: promised at once, answered when ready, never lost.

The Hub, arXiv and the model's endpoint are servers on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.markup import message_lines, undressed
from bot import compose, requests
from bot.answering import Answering
from bot.requests import Requests, Rules
from config.settings import Settings, load
from digest import replies
from digest.editions import subscribed
from digest.locks import Shared, Work, held
from digest.operator import set_operator
from digest.pipeline import Press, make_digest
from digest.store import Store
from digest.store_thread import StoreThread
from digest.types import FOLLOW, HEARD, ArxivId, Destination, Invocation, Message
from tests.latexml_pages import page, para, section
from tests.makers import DAY, clock
from tests.model_answers import Answer, Held, Status
from tests.model_server import KEY, ModelServer, serving
from tests.paper_pages import abstract_page, lantern_page
from tests.paper_server import PaperServer, daily_entry
from tests.paper_server import Slow as Late
from tests.slack_socket import until
from tests.test_chat import payloads
from tests.workers_calls import broken_standing

STORED = "2601.00001"
NEW = "2602.00007"
SCORES = "On MothBench our count reaches an accuracy of 91.2%, while the best baseline reaches 87.1%."
ALICE = Destination("slack", "T1", "U0ALICE")
OPERATOR = Destination("slack", "", "C0OPS")


def said(*sentences: tuple[str, int], language: str = "en") -> Answer:  # noqa: ARG001 (for the reader)
    """A model's answer to a question: sentences, each with the number of its passage."""
    told = [{"text": text, "passage": passage} for text, passage in sentences]
    return Answer(json.dumps({"sentences": told}))


@pytest.fixture
def papers() -> Iterator[PaperServer]:
    """A day of one paper, and one more on arXiv alone."""
    with PaperServer() as running:
        running.days[DAY.isoformat()] = [daily_entry(STORED)]
        running.pages[f"/html/{STORED}"] = lantern_page()
        running.pages[f"/abs/{NEW}"] = abstract_page("Moths at Noon", "Moths sleep.", "Writer, Anne")
        running.pages[f"/html/{NEW}"] = page(
            section("1", "Introduction", para("Moths sleep at noon, and nobody knows why they do it.", "S1.p1")),
            section("2", "Results", para(f"We counted 4,312 moths in 17 gardens. {SCORES}", "S2.p1")),
        )
        yield running


@pytest.fixture
def model() -> Iterator[ModelServer]:
    with serving(ModelServer()) as running:
        yield running


_RUNNING = "SELECT id FROM jobs WHERE state = 'running'"
_DIED = "UPDATE jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?"  # what stopping in order has undone


class Chat:
    """The bot over a store with a day of one paper, and a person who talks to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.woken = 0
        path = settings.store.file()
        self.store = StoreThread(path, clock)
        self.answering = Answering(self.store, path, "en", self._wake, self._link)
        self._press: asyncio.Future[Press] = asyncio.get_running_loop().create_future()
        self.requests = Requests(
            self.store,
            Rules.of(settings),
            press=self._press,
            reading=Shared(path, Work.READ),
            look=self.answering.look,
            wake=self._wake,
        )
        self.answering.requests = self.requests
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        async with compose.press_over(self.settings, self.store) as press:
            self._press.set_result(press)
            await self.requests.run()

    async def die(self) -> None:
        """As a killed process leaves things: nothing is said any more, jobs stay as they are."""
        if self._running is None or self._running.done():
            return
        running = await self.store.run(lambda store: store.connection.execute(_RUNNING).fetchall())
        await self._stop()
        await self.store.run(lambda store: store.connection.executemany(_DIED, running))
        await self.answering.close()
        await self.store.close()

    async def leave(self) -> None:
        """Stops in order, as when the bot is told to."""
        await self._stop()
        await self.answering.close()
        await self.store.close()

    async def _stop(self) -> None:
        assert self._running is not None
        self._running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._running

    async def say(self, name: str, args: str, **more: str) -> Message:
        told: dict[str, Any] = {
            "language": "en",
            "adapter": "slack",
            "workspace": "T1",
            "channel": "D0ALICE",
            "person": "U0ALICE",
            **more,
        }
        return await self.answering.answer(Invocation(name=name, args=args, **told))

    async def ask(self, args: str, **more: str) -> str:
        """What somebody sees in the end, as an adapter shows it."""
        first = await self.say("paper", args, **more)
        return seen(await self.rest(first, **more))

    async def rest(self, first: Message, **more: str) -> Message:
        if not first.follow:
            return first
        message = await self.say(FOLLOW, first.follow, **more)
        await self.say(HEARD, first.follow, **more)
        return message

    async def letters(self, count: int) -> list[str]:
        """The direct messages that wait for Alice, once there are so many."""

        def look(store: Store) -> list[str]:
            try:
                return [seen(one) for one in payloads(store, ALICE)]
            except Exception:  # noqa: BLE001 (she is no destination yet)
                return []

        async with asyncio.timeout(120):
            while True:
                found = await self.store.run(look)
                if len(found) >= count:
                    return found
                await asyncio.sleep(0.02)

    async def idle(self) -> None:
        """Until every job is done."""
        async with asyncio.timeout(120):
            while True:
                if not await self.store.run(live):
                    return
                await asyncio.sleep(0.02)

    def _wake(self) -> None:
        self.woken += 1

    async def _link(self, _to: object, _posted: object) -> str:
        return ""


def live(store: Store) -> int:
    count: int = store.connection.execute("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')").fetchone()[
        0
    ]
    return count


def seen(message: Message) -> str:
    return "\n".join(message_lines(message, None, undressed)).strip()


def links(message: Message) -> list[str]:
    """The addresses that its text leads to."""
    return [run.link for block in message.blocks for run in getattr(block, "runs", ()) if run.link]


Build = Callable[..., Settings]


@pytest.fixture
def build(papers: PaperServer, tmp_path: Path) -> Build:
    """Settings over one store, with what a test wants otherwise."""
    empty = tmp_path / "paperboy.toml"
    empty.touch()
    usual = {
        "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
        "PAPERBOY_HUB__URL": papers.url,
        "PAPERBOY_ARXIV__URL": papers.url,
        "PAPERBOY_ARXIV__GAP_S": "0",
    }
    return lambda **more: load(empty, {**usual, **more})


@pytest.fixture
def with_model(build: Build, model: ModelServer) -> Settings:
    return build(PAPERBOY_LLM__BASE_URL=model.address, PAPERBOY_LLM__MODEL="a-model", PAPERBOY_LLM__API_KEY=KEY)


async def opened(settings: Settings) -> Chat:
    async with compose.press(settings) as press:
        await make_digest(press, DAY, "en", 10, lambda *_: None)
    chat = Chat(settings)
    chat.start()
    return chat


@pytest.fixture
async def chat(build: Build) -> AsyncIterator[Chat]:
    """Without a model."""
    made = await opened(build())
    yield made
    await made.die()


@pytest.fixture
async def smart(with_model: Settings, model: ModelServer) -> AsyncIterator[Chat]:
    """With a model."""
    made = await opened(with_model)
    model.requests.clear()
    yield made
    await made.die()


async def calls(chat: Chat) -> list[tuple[str, str, int]]:
    """The calls for answers that were written down: outcome, paper, and whether tokens were counted."""

    def look(store: Store) -> list[tuple[str, str, int]]:
        rows = store.connection.execute(
            "SELECT outcome, paper, prompt_tokens > 0 FROM model_calls WHERE purpose = 'answer' ORDER BY id"
        )
        return [tuple(row) for row in rows]

    return await chat.store.run(look)


# --- asking ------------------------------------------------------------------------------------------------------


async def test_without_a_model_the_paper_is_quoted_with_its_places(chat: Chat, papers: PaperServer) -> None:
    """In short pieces, each leading to its anchor in the paper's HTML; nothing is fetched for it."""
    fetched = len(papers.requests)
    first = await chat.say("paper", f"{STORED} ask how much memory does the GPU need?")
    message = await chat.rest(first)
    assert "one GPU with 24 GB of memory" in seen(message)
    assert "words of the paper, chosen without a model" in seen(message)
    assert f"{papers.url}/html/{STORED}#S2.p1" in links(message)
    assert len(papers.requests) == fetched


async def test_what_the_paper_does_not_say_is_said_so(chat: Chat) -> None:
    """In the person's language."""
    assert "The paper does not say." in await chat.ask(f"{STORED} ask who plays the trombone?")
    assert "论文中没有说明。" in await chat.ask(f"{STORED} 问 谁吹长号？", language="zh")


async def test_a_question_is_known_by_its_mark_too(chat: Chat) -> None:
    """Without the word; a section is still a section."""
    assert "24 GB" in await chat.ask(f"{STORED} how much memory does the GPU need?")
    assert "Experimental results" in await chat.ask(f"{STORED} results")


async def test_a_question_without_words_is_told_how_to_ask(chat: Chat) -> None:
    assert "What do you want to know?" in await chat.ask(f"{STORED} ask")


async def test_a_model_answers_from_the_passages_alone(smart: Chat, model: ModelServer) -> None:
    """One call, whose passages are marked off as data, written down with what it cost; each sentence has its place."""
    model.script(said(("Probes train on one GPU with 24 GB.", 1), ("It takes two hours.", 1)))
    message = await smart.rest(await smart.say("paper", f"{STORED} ask which GPU do the probes need?"))
    assert "Probes train on one GPU with 24 GB. [2 Method (" in seen(message)
    assert any(link.endswith("#S2.p1") for link in links(message))
    assert "answered by a-model" in seen(message)
    (call,) = model.calls
    fence = call.prompt.partition('"')[2].partition('"')[0]
    data = call.prompt.split(fence)[2]
    assert "24 GB of memory" in data
    assert "which GPU do the probes need?" not in data
    assert await calls(smart) == [("answered", STORED, 1)]


async def test_a_figure_that_is_not_in_the_passages_is_not_passed_on(smart: Chat, model: ModelServer) -> None:
    """Nor an address; when nothing is left the paper is quoted."""
    model.script(
        said(("Accuracy rises to 91.4.", 1), ("It rises to 97.7 elsewhere.", 1), ("See https://evil.example/x.", 1)),
        said(("It is 55.5.", 1)),
    )
    first = await smart.ask(f"{STORED} ask what accuracy on the benchmark of lamps?")
    assert "91.4" in first
    assert "97.7" not in first
    assert "evil" not in first
    assert "Left out, since it does not stand in those passages: 2" in first
    second = await smart.ask(f"{STORED} ask which accuracy on the benchmark?")
    assert "55.5" not in second
    assert "88.2 to 91.4" in second


async def test_a_model_may_say_that_the_paper_does_not_say(smart: Chat, model: ModelServer) -> None:
    """And what retrieval does not find is not even asked."""
    model.script(said())
    assert "The paper does not say." in await smart.ask(f"{STORED} ask on which benchmark are probes slower?")
    assert len(model.calls) == 1
    assert "The paper does not say." in await smart.ask(f"{STORED} ask who plays the trombone?")
    assert len(model.calls) == 1


async def test_at_most_five_sentences_in_the_language_asked(smart: Chat, model: ModelServer) -> None:
    """An answer in another language is asked for once more."""
    english = said(*[("The probes need one GPU with memory for it, and they train for two hours.", 1)] * 9)
    chinese = said(*[("探针需要一块显卡。", 1)] * 9)
    model.script(english, chinese)
    told = await smart.ask(f"{STORED} 问 探针训练用了什么 GPU？", language="zh")
    assert told.count("探针需要一块显卡。") == 5
    assert [outcome for outcome, *_ in await calls(smart)] == ["language", "answered"]


@pytest.mark.parametrize("fault", [Status(500), Status(401), Answer("no JSON"), Answer('{"sentences": [1, {}]}')])
async def test_a_model_that_fails_leaves_the_papers_own_words(smart: Chat, model: ModelServer, fault: Any) -> None:
    """And says so; its failed calls are written down."""
    model.script(fault, fault)
    told = await smart.ask(f"{STORED} ask how much memory does the GPU need?")
    assert "24 GB of memory" in told
    assert "The model gave no answer" in told
    assert await calls(smart)


async def test_answers_that_could_not_be_used_are_not_bought_again_and_again(smart: Chat, model: ModelServer) -> None:
    """The same question is answered with quotes until the next purchase is due; another one is another purchase."""
    model.otherwise = Answer("no JSON")
    for person in ("U0ALICE", "U0WEI", "U0EVE"):
        told = await smart.ask(f"{STORED} ask how much memory does the GPU need?", person=person)
        assert "24 GB of memory" in told
        assert "The model gave no answer" in told
    assert len(model.calls) == 2
    model.otherwise = said(("One GPU with 24 GB.", 1))
    assert "One GPU with 24 GB. [" in await smart.ask(f"{STORED} ask which GPU memory?")
    assert len(model.calls) == 3


@pytest.mark.parametrize("half", ["\\ud83d", "\ud83d", "\\u0000\\u202e"])
async def test_an_answer_of_invalid_text_is_made_valid(smart: Chat, model: ModelServer, half: str) -> None:
    """One call, and the sentence."""
    model.otherwise = Answer(str(said(("One GPU HALF with 24 GB.", 1)).text).replace("HALF", half))
    told = await smart.ask(f"{STORED} ask which GPU memory?")
    assert "One GPU with 24 GB. [" in " ".join(told.split())
    assert len(model.calls) == 1


async def test_a_fault_of_our_own_in_an_answer_leaves_the_papers_own_words(
    smart: Chat, model: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model was paid, and the person is answered."""
    monkeypatch.setattr(replies, "standing", broken_standing)
    model.otherwise = said(("One GPU with 24 GB.", 1))
    assert "24 GB of memory" in await smart.ask(f"{STORED} ask which GPU memory?")
    assert len(model.calls) == 1


async def test_an_endpoint_that_knows_no_schema_is_asked_plainly(with_model: Settings, model: ModelServer) -> None:
    """By the same ladder as for reports."""
    model.formats = ()
    chat = await opened(with_model)
    model.script(said(("One GPU with 24 GB.", 1)))
    assert "One GPU with 24 GB." in await chat.ask(f"{STORED} ask which GPU memory?")
    await chat.die()


@pytest.fixture
def go_on(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """What a held answer waits for; a promise is made at once meanwhile."""
    monkeypatch.setattr(requests, "QUICK_S", 0.05)
    return threading.Event()


async def test_a_slow_answer_is_promised_and_follows(smart: Chat, model: ModelServer, go_on: threading.Event) -> None:
    """Looking it up; then the answer, and no direct message, since it was heard."""
    model.script(Held(go_on, said(("One GPU with 24 GB.", 1)).text))
    first = await smart.say("paper", f"{STORED} ask which GPU memory?")
    assert seen(first) == f"Looking it up in {STORED}; the answer follows."
    assert first.follow
    again = await smart.say("paper", f"{STORED} ask which GPU memory?")
    assert seen(again) == "That is under way already; the answer follows."
    go_on.set()
    assert "One GPU with 24 GB." in seen(await smart.rest(first))
    await smart.idle()
    assert smart.woken == 0
    assert len(model.calls) == 1


async def test_what_nobody_hears_any_more_comes_as_a_direct_message(
    smart: Chat, model: ModelServer, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The window is over, or the platform took no answer: once, and to a person who gets no digest for it."""
    monkeypatch.setattr(requests, "HEARD_S", 0.2)
    model.script(Held(go_on, said(("One GPU with 24 GB.", 1)).text))
    cancelled = await smart.say("paper", f"{STORED} ask which GPU memory?")
    following = asyncio.create_task(smart.say(FOLLOW, cancelled.follow))
    await asyncio.sleep(0.05)
    following.cancel()
    go_on.set()
    assert "One GPU with 24 GB." in (await smart.letters(1))[0]

    go_on.clear()
    model.script(Held(go_on, said(("One GPU with 24 GB.", 1)).text))
    unheard = await smart.say("paper", f"{STORED} ask how much GPU memory?")
    go_on.set()
    assert "One GPU" in seen(await smart.say(FOLLOW, unheard.follow))
    assert len(await smart.letters(2)) == 2
    await smart.idle()
    assert smart.woken == 2
    assert await smart.store.run(subscribed) == {}
    assert "direct message" in seen(await smart.say(FOLLOW, unheard.follow))


async def test_an_answer_to_somebody_who_was_forgotten_meanwhile_is_not_kept(
    smart: Chat, model: ModelServer, go_on: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It can still be seen where it was asked, and goes nowhere else."""
    monkeypatch.setattr(requests, "HEARD_S", 0.0)
    model.script(Held(go_on, said(("One GPU with 24 GB.", 1)).text))
    asking = await smart.say("paper", f"{STORED} ask which GPU memory?")
    following = asyncio.create_task(smart.say(FOLLOW, asking.follow))
    await smart.say("forget", "")
    go_on.set()
    assert "One GPU" in seen(await following)
    working = [task for task in asyncio.all_tasks() if task.get_name() == "request ask"]
    await asyncio.gather(*working)

    def told(store: Store) -> list[str]:
        tables = ("jobs", "destinations", "messages", "payloads", "people")
        return [str(tuple(row)) for table in tables for row in store.connection.execute(f"SELECT * FROM {table}")]  # noqa: S608

    assert await smart.store.run(told) == []


async def test_a_process_that_dies_over_a_question_answers_it_by_direct_message(
    smart: Chat, model: ModelServer, with_model: Settings, go_on: threading.Event
) -> None:
    """When it runs again: the question is answered once."""
    model.script(Held(go_on), said(("One GPU with 24 GB.", 1)))
    assert (await smart.say("paper", f"{STORED} ask which GPU memory?")).follow
    await until(lambda: model.calls)
    await smart.die()
    again = Chat(with_model)
    again.start()
    assert "One GPU with 24 GB." in (await again.letters(1))[0]
    await again.idle()
    await again.die()
    third = Chat(with_model)
    third.start()
    assert len(await third.letters(1)) == 1
    assert len(model.calls) == 2
    await third.die()


async def test_what_processes_die_over_is_given_up(chat: Chat, papers: PaperServer) -> None:
    """After two of them; whoever asked is told, and so is the operator, once. It never comes back."""
    await chat.store.run(set_operator, OPERATOR)
    papers.fault(f"/html/{NEW}", Late(600), times=9)
    assert (await chat.say("paper", NEW)).follow
    for died in (1, 2):
        await until(lambda: len(papers.asked(f"/html/{NEW}")) == died)  # noqa: B023 (it is awaited here)
        await chat.die()
        chat = Chat(chat.settings)
        chat.start()
    for _ in range(2):
        (person,) = await chat.letters(1)
        assert f"Paperboy stopped twice while it worked on this request about {NEW}" in person
        (operator,) = await chat.store.run(lambda store: payloads(store, OPERATOR))
        assert f"A request (read) about {NEW} was given up" in seen(operator)
        await chat.idle()
        await chat.die()
        chat = Chat(chat.settings)
        chat.start()
    assert len(papers.asked(f"/html/{NEW}")) == 2
    await chat.die()


async def test_stopping_in_order_is_not_held_against_a_request(chat: Chat, papers: PaperServer) -> None:
    """However often: it is done when the bot stays."""
    papers.fault(f"/html/{NEW}", Late(600), times=3)
    assert (await chat.say("paper", NEW)).follow
    for stopped in (1, 2, 3):
        await until(lambda: len(papers.asked(f"/html/{NEW}")) == stopped)  # noqa: B023 (it is awaited here)
        await chat.leave()
        chat = Chat(chat.settings)
        chat.start()
    assert "Moths" in (await chat.letters(1))[0]
    await chat.leave()


async def test_an_answer_that_was_bought_before_the_process_died_is_not_bought_again(
    smart: Chat, model: ModelServer, with_model: Settings, go_on: threading.Event
) -> None:
    """It died between the model's answer and the person's sight of it."""
    model.script(Held(go_on, said(("One GPU with 24 GB.", 1)).text))
    first = await smart.say("paper", f"{STORED} ask which GPU memory?")
    go_on.set()
    assert "One GPU" in seen(await smart.say(FOLLOW, first.follow))
    await smart.die()
    again = Chat(with_model)
    again.start()
    assert "One GPU with 24 GB." in (await again.letters(1))[0]
    assert len(model.calls) == 1
    await again.die()


# --- where a paper is talked about -------------------------------------------------------------------------------


async def test_in_a_conversation_the_paper_at_hand_is_asked(chat: Chat) -> None:
    """The one that was talked about last; before that, which one is meant."""
    assert "Which paper?" in seen(await chat.say("mention", "ask how much memory?"))
    await chat.say("paper", f"{STORED} results")
    answer = await chat.rest(await chat.say("mention", "ask how much memory does the GPU need?"))
    assert "24 GB of memory" in seen(answer)
    elsewhere = await chat.say("mention", "ask how much memory?", channel="D0WEI", person="U0WEI")
    assert "Which paper?" in seen(elsewhere)


async def test_a_paper_may_be_named_by_its_title(chat: Chat) -> None:
    """Words before the question."""
    answer = await chat.rest(await chat.say("paper", "lanterns for deep ask how much memory does the GPU need?"))
    assert "24 GB of memory" in seen(answer)


async def test_a_paper_that_was_withdrawn_is_neither_asked_nor_read(chat: Chat, papers: PaperServer) -> None:
    """It says so, whatever is wanted of it."""
    await chat.store.run(Store.withdraw_reports, ArxivId(STORED), "Its authors asked for it.")
    fetched = len(papers.requests)
    for wanted in ("ask how much memory?", "refresh", ""):
        assert "Its authors asked for it." in await chat.ask(f"{STORED} {wanted}".strip())
    assert len(papers.requests) == fetched


# --- reading -----------------------------------------------------------------------------------------------------


async def test_a_paper_that_is_not_stored_is_read_and_reported(chat: Chat, papers: PaperServer) -> None:
    """Promised at once; then the section asked for. The second time it is stored, and in no day's digest."""
    papers.fault(f"/html/{NEW}", Late(1.3))
    first = await chat.say("paper", f"{NEW} results")
    assert seen(first) == f"Reading {NEW} now; the report follows."
    report = seen(await chat.rest(first))
    assert "Moths at Noon" in report
    assert "91.2" in report
    asked = len(papers.requests)
    assert "91.2" in await chat.ask(f"{NEW} results")
    assert len(papers.requests) == asked
    assert [one.id for one in await chat.store.run(Store.listed, DAY)] == [STORED]


async def test_a_report_is_written_in_the_persons_language(smart: Chat) -> None:
    """That of who asked, whatever the digest's is."""
    assert "使网络的每一层都清晰可见" in await smart.ask(f"{NEW} contribution", language="zh")
    report = await smart.store.run(Store.report_in, ArxivId(NEW), "zh")
    assert report is not None


async def test_an_id_that_arxiv_does_not_have_is_told_so(chat: Chat) -> None:
    """With the nearest that there are, of the section that was asked for."""
    told = await chat.rest(await chat.say("paper", "2602.99999 results"))
    assert "arXiv has no paper 2602.99999" in seen(told)
    assert [action.argument for action in told.actions] == [f"{STORED} results"]


async def test_a_question_to_a_paper_that_is_not_stored_reads_it_first(chat: Chat) -> None:
    """Only its text: nobody asked for a report."""
    assert "4,312 moths in 17 gardens" in await chat.ask(f"{NEW} ask how many moths in gardens?")
    assert await chat.store.run(Store.report, ArxivId(NEW), "en") is None


async def test_refreshing_reads_again_and_tells_whether_anything_changed(chat: Chat, papers: PaperServer) -> None:
    """A new revision when it did, and none when it did not."""
    same = await chat.ask(f"{STORED} refresh")
    assert "It reads as it did before" in same
    assert len(papers.asked(f"/html/{STORED}")) == 2
    papers.pages[f"/html/{STORED}"] = lantern_page().replace(b"91.4", b"93.8")
    changed = await chat.ask(f"{STORED} refresh")
    assert "It reads otherwise than before" in changed
    assert "93.8" in await chat.ask(f"{STORED} results")
    report = await chat.store.run(Store.report_in, ArxivId(STORED), "en")
    assert report is not None
    assert report.revision == 2


async def test_refreshing_keeps_the_better_text_when_arxiv_is_down(chat: Chat, papers: PaperServer) -> None:
    """What was read in full is not replaced by an abstract."""
    del papers.pages[f"/html/{STORED}"]
    assert "It reads as it did before" in await chat.ask(f"{STORED} refresh")
    assert "full text" in await chat.ask(STORED)


async def test_reading_waits_for_another_process_that_reads(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """arXiv is asked by one at a time."""
    monkeypatch.setattr(requests, "LOCK_LOOK_S", 0.05)
    with held(chat.settings.store.file(), Work.READ):
        first = await chat.say("paper", NEW)
        assert first.follow
    assert "Moths at Noon" in seen(await chat.rest(first))


# --- budgets and switches ----------------------------------------------------------------------------------------


async def test_budgets_are_kept_and_say_when_they_are_free_again(build: Build, papers: PaperServer) -> None:
    """Of a person and of the whole workspace, by the clock that they chose; what is refused fetches nothing."""
    chat = await opened(
        build(
            PAPERBOY_BUDGETS__ASK__PERSON="1",
            PAPERBOY_BUDGETS__ASK__WORKSPACE="2",
            PAPERBOY_BUDGETS__READ__PERSON="0",
            PAPERBOY_BUDGETS__READ__WORKSPACE="1",
        )
    )
    question = f"{STORED} ask how much memory?"
    assert "24 GB" in await chat.ask(question)
    told = await chat.ask(question, timezone="Asia/Shanghai")
    assert told == (
        "Your questions for today are used up: 1 a day. The next is free at 2026-01-17 08:00 Asia/Shanghai."
    )
    await chat.say("timezone", "Europe/Berlin")
    assert "free at 2026-01-17 01:00 Europe/Berlin" in await chat.ask(question, timezone="Asia/Shanghai")
    assert "24 GB" in await chat.ask(question, person="U0WEI")
    assert "每天 2 次" in await chat.ask(question, person="U0LI", language="zh")
    assert "24 GB" in await chat.ask(question, person="U0EVE", workspace="T2")
    assert "Moths" in await chat.ask(NEW)
    fetched = len(papers.requests)
    assert "on request here today are used up: 1 a day" in await chat.ask(f"{STORED} refresh", person="U0WEI")
    assert len(papers.requests) == fetched
    await chat.die()


async def test_both_can_be_switched_off(build: Build, papers: PaperServer) -> None:
    """Then it is as if they were not there, and says so where they were asked for."""
    chat = await opened(build(PAPERBOY_ASK__ENABLED="false", PAPERBOY_READING__ON_REQUEST="false"))
    fetched = len(papers.requests)
    assert "switched off" in await chat.ask(f"{STORED} ask how much memory?")
    assert "switched off" in await chat.ask(f"{STORED} refresh")
    assert f"No report for {NEW}" in await chat.ask(NEW)
    await chat.die()
    chat = await opened(build(PAPERBOY_READING__ON_REQUEST="false"))
    assert "reading on request is switched off" in await chat.ask(f"{NEW} ask how many moths?")
    assert len(papers.asked("/html/")) == 1
    assert fetched
    await chat.die()


async def test_what_breaks_is_told_and_the_next_is_answered(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A fault of our own costs its own question only."""
    with monkeypatch.context() as broken:
        broken.setattr(replies, "reply", None)
        assert "Something broke over this" in await chat.ask(f"{STORED} ask how much memory?")
    assert "a request broke" in caplog.text
    assert "24 GB" in await chat.ask(f"{STORED} ask how much memory now?")
    await chat.idle()
    assert await chat.store.run(live) == 0
