"""What people ask in chat: windows, threads, topics, languages, and that every button leads somewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from adapters.markup import message_lines, undressed
from bot import delivery
from bot.answering import Answering
from bot.registry import COMMANDS
from bot.rights import Editors
from digest import deliveries
from digest.days import Patience, note_day
from digest.deliveries import Sending
from digest.editions import Subscription, make_edition, number_of, register
from digest.errors import NoListYet, QuietDay, SourceDown, SourceError
from digest.store import Store
from digest.store_thread import StoreThread
from digest.text.valid import OUTSIDE_CHARS
from digest.types import Action, Destination, Invocation, Message, Paper, Posted
from tests.makers import DAY, clock, paper, report, sections

CHANNEL = Destination("slack", "", "C0LAMPS")
APART = Destination("slack", "", "C0APART")
EDITOR = "U0EDITH"
NAMES = {EDITOR: "Edith", "admins": "a workspace admin", "U0ALICE": "Alice"}
IDS = ("2601.00001", "2601.00002", "2601.00003", "2601.00004", "2601.00005")


class Called:
    """What a platform calls people."""

    async def names(self, identities: Sequence[str], _language: str) -> list[str]:
        return [NAMES.get(one, one) for one in identities]

    async def managers(self, _to: Destination, _language: str) -> list[str]:
        return ["Mona", "Milo"]


class Place:
    """A store with a day of five papers that was posted to two channels, and the bot that answers there."""

    def __init__(self, path: Path) -> None:
        self.store = StoreThread(path, clock)
        self.links: list[Posted] = []
        self.answering = Answering(
            self.store,
            path,
            "en",
            self._posted_at_once,
            self._link,
            clock,
            editors=Editors((f"slack:{EDITOR}", "slack:admins")),
            adapters={"slack": Called()},
        )
        self._posting: set[asyncio.Task[None]] = set()

    async def ask(self, name: str, args: str = "", **more: Any) -> Message:
        told: dict[str, Any] = {
            "language": "en",
            "adapter": "slack",
            "channel": CHANNEL.address,
            "person": "U0ALICE",
            **more,
        }
        return await self.answering.answer(Invocation(name=name, args=args, **told))

    async def close(self) -> None:
        await self.answering.close()
        await self.store.close()

    async def settled(self) -> None:
        """Waits until what was woken for has been posted."""
        await asyncio.gather(*self._posting)

    async def press(self, action: Action, **more: str) -> Message:
        return await self.ask(action.command, action.argument, **more)

    def _posted_at_once(self) -> None:
        task = asyncio.ensure_future(self.store.run(post_all))
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _link(self, to: Destination, posted: Posted) -> str:
        self.links.append(posted)
        return f"https://chat.example.org/{to.address}/{posted.message}"


def fill(store: Store) -> None:
    """Five papers in English; the first in Chinese too. One channel has a thread, the other a message a paper."""
    store.save_listing(DAY, [paper(one, title=f"Lantern {one[-1]} for Networks", upvotes=9) for one in IDS])
    for place, one in enumerate(IDS):
        store.save_report(report(one, domains=("vision", "theory") if place else ("video",)))
    store.save_report(report(IDS[0], "zh", sections=sections(domain="可解释性", results="准确率为 91.4。")))
    register(store, [Subscription(to=CHANNEL), Subscription(to=APART, layout="paper", limit=1)])
    for to in (CHANNEL, APART):
        number = number_of(store, to)
        subscription = Subscription(to=to, layout="paper" if to == APART else "digest")
        make_edition(store, number, DAY, delivery.composer(subscription))
    post_all(store)


def post_all(store: Store) -> None:
    """As a platform would: each message gets the delivery's place as its id; replies stay in their thread."""
    for number, to in deliveries.to_do(store).items():
        while isinstance(sending := deliveries.claim(store, number, timedelta(), timedelta()), Sending):
            under = sending.under.thread if sending.under else sending.key
            deliveries.confirm(store, sending.key, Posted(to.address, sending.key, under))


async def posted(place: Place, kind: str, to: Destination = CHANNEL) -> list[Posted]:
    """Where the messages of a kind are, in the order posted."""

    def look(store: Store) -> list[Posted]:
        rows = store.connection.execute(
            "SELECT platform_channel, platform_message, platform_thread FROM messages "
            "WHERE kind = ? AND destination = ? ORDER BY id",
            (kind, number_of(store, to)),
        )
        return [Posted(*row) for row in rows]

    return await place.store.run(look)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


def seen(message: Message) -> str:
    return "\n".join(message_lines(message, None, undressed))


def labels(message: Message) -> list[str]:
    return [action.label for action in message.actions]


async def test_a_window_shows_one_section_and_leads_to_the_others(place: Place) -> None:
    """Each section is a button; moving between them costs no model and loses nothing."""
    first = await place.ask("read", IDS[1])
    assert "Interpretability of networks." in seen(first)
    assert labels(first) == ["Core contribution", "Usage guide", "Main innovations", "Experimental results", "中文"]
    results = await place.press(first.actions[3])
    assert "Accuracy rises" in seen(results)
    assert "Application domain" in labels(results)
    assert "Experimental results" not in labels(results)


async def test_a_window_changes_its_language_and_the_person_keeps_it(place: Place) -> None:
    """The switch is a choice: later answers are in that language, whatever the platform says."""
    english = await place.ask("read", f"{IDS[0]} results")
    chinese = await place.press(english.actions[-1])
    assert "准确率为 91.4。" in seen(chinese)
    assert "English" in labels(chinese)
    assert "可解释性" in seen(await place.ask("paper", f"{IDS[0]} domain"))
    assert "Interpretability" in seen(await place.ask("paper", f"{IDS[0]} domain", person="U0BOB"))
    other = seen(await place.ask("read", f"{IDS[1]} results"))
    assert "没有中文报告，以下为英文报告。" in other


async def test_the_language_is_the_chosen_one_else_the_persons_else_the_channels(place: Place) -> None:
    """Three places to look, in this order; then the settings."""
    await place.store.run(register, [Subscription(to=CHANNEL, language="zh")])
    assert "可解释性" in seen(await place.ask("paper", f"{IDS[0]} domain", language=""))
    assert "Interpretability" in seen(await place.ask("paper", f"{IDS[0]} domain"))
    assert "Interpretability" in seen(await place.ask("paper", f"{IDS[0]} domain", language="", channel="C0OTHER"))


async def test_a_card_in_a_days_thread_has_all_its_buttons(place: Place) -> None:
    """Read and discuss in sight, the addresses and complaints tucked away; each command is one of the list."""
    (opening, *cards) = await place.store.run(payloads, CHANNEL)
    assert opening.title == "Papers · Fri 16 Jan · 5"
    assert opening.footer == "2 more in thread · 5 read in full"
    assert labels(opening) == ["All 5", "My topics"]
    for card in cards:
        assert [action.label for action in card.actions if not action.tucked] == ["Read report", "Discuss"]
        assert [action.url for action in card.actions if action.url][-1] == "https://github.com/example/lanterns"
    commands = {action.command for message in (opening, *cards) for action in message.actions if action.command}
    assert commands <= {command.name for command in COMMANDS}
    for action in (*opening.actions, *cards[0].actions):
        if action.command and action.command != "discuss":
            assert "broke" not in (await place.press(action)).plain


async def test_a_card_of_its_own_has_its_report_in_its_thread_and_no_way_to_open_another(place: Place) -> None:
    """Layout `paper`: the sections are messages under the card."""
    card, *replies = await place.store.run(payloads, APART)
    assert labels(card)[0] == "Read report"
    assert "Discuss" not in labels(card)
    shown = [seen(reply) for reply in replies]
    assert len(shown) == 5
    assert "Experimental results" in shown[-1]
    assert "Accuracy rises" in shown[-1]


async def test_discuss_posts_the_card_once_and_then_leads_to_it(place: Place) -> None:
    """People cannot discuss five papers in one thread."""
    pressed_on = (await posted(place, "card"))[1]
    first = await place.ask("discuss", IDS[1], message=pressed_on.message)
    second = await place.ask("discuss", IDS[1], message=pressed_on.message, person="U0BOB")
    (made,) = await posted(place, "notice")
    assert made.thread == made.message
    assert first.actions == second.actions
    assert second.actions[0].url == f"https://chat.example.org/C0LAMPS/{made.message}"
    about = await place.ask("mention", "results", thread=made.message)
    assert "Accuracy rises" in seen(about)
    assert "Lantern 2 for Networks" in seen(about)


async def test_discuss_where_no_digest_comes_says_so(place: Place) -> None:
    """There is no channel of ours to post to."""
    assert "no place for a thread" in seen(await place.ask("discuss", IDS[1], channel="D0ALICE", message="1.1"))


async def test_a_mention_under_a_digest_takes_an_id_or_words_or_offers_titles(place: Place) -> None:
    """It knows the day of its thread; a section that was asked for is kept by the buttons."""
    (headline,) = await posted(place, "headline")
    thread = headline.message
    assert "Accuracy rises" in seen(await place.ask("mention", f"{IDS[2]} results", thread=thread))
    assert "Lantern 4 for Networks" in seen(await place.ask("mention", "lantern 4 usage", thread=thread))
    for nothing in ("", "results"):
        which = await place.ask("mention", nothing, thread=thread)
        assert labels(which) == [f"Lantern {n} for Networks" for n in range(1, 6)]
        assert which.actions[0].argument == f"{IDS[0]} {nothing}".strip()
    several = await place.ask("mention", "networks", thread=thread)
    assert len(several.actions) == 5


async def test_no_more_of_a_text_is_looked_at_than_anybody_types(place: Place) -> None:
    """What stands behind it is as good as not typed."""
    message = await place.ask("paper", f"{' ' * OUTSIDE_CHARS}2601.10592")
    assert message == await place.ask("paper", "")


async def test_a_mention_in_a_papers_thread_knows_the_paper(place: Place) -> None:
    """The thread of a card in layout `paper`; an id names another one all the same."""
    (card,) = await posted(place, "card", APART)
    asked = {"channel": APART.address, "thread": card.message}
    assert "Lantern 1 for Networks" in seen(await place.ask("mention", "results", **asked))
    assert "Lantern 3 for Networks" in seen(await place.ask("mention", f"{IDS[2]} results", **asked))
    wrong = await place.ask("mention", "rezults", **asked)
    assert Action("Experimental results", command="paper", argument=f"{IDS[0]} results") in wrong.actions


async def test_a_mention_elsewhere_is_a_paper_or_a_call_for_help(place: Place) -> None:
    """In a direct message or an unknown thread."""
    assert "Lantern 4" in seen(await place.ask("mention", "lantern 4", channel="D0ALICE"))
    assert "/paper ID|URL|WORDS [SECTION]" in seen(await place.ask("mention", "", thread="1.1"))


async def test_a_paper_that_is_not_named_is_chosen_from_the_newest_day(place: Place) -> None:
    """`/paper` alone."""
    assert labels(await place.ask("paper")) == [f"Lantern {n} for Networks" for n in range(1, 6)]


async def test_topics_are_the_days_domains_and_lead_to_their_papers(place: Place) -> None:
    """Most papers first."""
    topics = await place.ask("topics", "2026-01-16")
    assert labels(topics) == ["vision 4", "theory 4", "video 1"]
    assert "Lantern 1 for Networks" in seen(await place.press(topics.actions[2]))
    assert labels(await place.ask("topics", "2026-01-20")) == ["2026-01-16"]


async def test_the_button_all_shows_the_whole_day(place: Place) -> None:
    """Not only a page of it."""
    shown = seen(await place.ask("papers", "2026-01-16"))
    assert all(one in shown for one in IDS)


async def test_sources_name_what_was_read_and_who_wrote(place: Place) -> None:
    """With every address of the paper."""
    shown = seen(await place.ask("sources", IDS[0]))
    for part in ("full text", "a-model", f"https://arxiv.org/abs/{IDS[0]}", "https://github.com/example/lanterns"):
        assert part in shown


async def test_paperboy_tells_the_newest_day_how_things_stand_and_what_can_be_asked(place: Place) -> None:
    """Three words; another one offers them."""
    assert (await place.ask("paperboy", "digest")).title == "Papers · Fri 16 Jan · 5"
    status = seen(await place.ask("paperboy", "status"))
    assert "Newest day: Fri 16 Jan 2026, 5 papers, 5 with a report." in status
    assert "one thread a day, Mon Tue Wed Thu Fri Sat Sun at 09:00 (UTC), in English" in status
    assert "6 messages sent, 0 waiting" in status
    assert "does not come to this conversation" in seen(await place.ask("paperboy", "status", channel="D0ALICE"))
    for asked in ("", "help"):
        assert "/papers [QUERY] [DATE] [DOMAIN]" in seen(await place.ask("paperboy", asked))
    wrong = await place.ask("paperboy", "dance")
    assert labels(wrong) == ["/paperboy digest", "/paperboy status", "/paperboy help"]
    assert "日报不发到这里" in seen(await place.ask("paperboy", "status", language="zh", channel="D0"))


async def test_status_says_how_todays_list_stands(place: Place) -> None:
    """In words, with the next look by the person's clock; nothing once the list is complete."""

    async def status(outcome: Sequence[Paper] | SourceError, language: str = "en", after_h: float = 0) -> str:
        await place.store.run(noted, outcome, after_h)
        return seen(await place.ask("paperboy", "status", language=language, timezone="Asia/Shanghai"))

    down = SourceDown("https://hub.example.org does not answer.")
    assert "gives no list for Fri 16 Jan: it is not answering as it should. Next try 20:15" in await status(down)
    assert "hub.example.org" not in await status(down)
    assert "无法从 Hugging Face 获取1月16日" in await status(down, "zh")
    assert "still lists no papers for Fri 16 Jan, a working day. Next try 20:15" in await status(NoListYet("none yet"))
    assert "a weekend or a holiday" in await status(QuietDay("a Saturday"))
    growing = await status([paper(one) for one in IDS])
    assert "still growing: 5 papers so far. Next look 20:15 (Asia/Shanghai)" in growing
    complete = await status([paper(one) for one in IDS], after_h=4)
    assert "growing" not in complete
    assert "Newest day: Fri 16 Jan 2026, 5 papers" in complete


def noted(store: Store, outcome: Sequence[Paper] | SourceError, after_h: float) -> None:
    """What the source answered for the day, some hours before now."""
    with store.connection:
        store.connection.execute(
            "UPDATE days SET last_growth_at = ?", ((clock() - timedelta(hours=after_h)).isoformat(),)
        )
    note_day(store, DAY, outcome, Patience(), clock() + timedelta(minutes=15))


async def test_an_empty_store_is_told_and_nothing_breaks(tmp_path: Path) -> None:
    """Before the first day."""
    fresh = Place(tmp_path / "paperboy.db")
    await fresh.store.run(lambda store: store.days())
    for name, args in (("paperboy", "digest"), ("paperboy", "status"), ("topics", str(DAY)), ("read", IDS[0])):
        assert "broke" not in (await fresh.ask(name, args)).plain
    assert "No report for 2601.00001" in (await fresh.ask("read", IDS[0])).plain
    await fresh.close()


async def test_what_breaks_is_a_sentence_and_a_log_entry(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    """Never an exception, never its text."""
    told = await place.ask("no-such-command")
    assert told.plain == "Something broke over this; the log says what. Try it again, or tell the operator."
    assert "no-such-command" in caplog.records[-1].__dict__["command"]
    assert "not an arXiv id" in (await place.ask("mistake", "lamp")).plain


async def suggested(place: Place, typed: str, **more: str) -> list[tuple[str, str]]:
    """What is offered for `COMMAND OPTION TYPED`, as what it says and what it stands for."""
    return [(action.label, action.argument) for action in (await place.ask("suggest", typed, **more)).actions]


async def test_papers_are_suggested_by_id_and_by_any_word_of_their_title_newest_first(place: Place) -> None:
    """Also while a word is unfinished; of many, no more than a platform takes."""
    newest_first = [(f"{one} Lantern {one[-1]} for Networks", one) for one in reversed(IDS)]
    for typed in ("", "netw", "LANTERN", "for lant", "2601.0"):
        assert await suggested(place, f"paper id {typed}".strip()) == newest_first
    assert await suggested(place, "paper id 2601.00002") == [newest_first[3]]
    assert await suggested(place, "paper id 3 lantern") == [newest_first[2]]
    assert await suggested(place, "paper id 00002") == []
    assert await suggested(place, "papers query lantern 4") == [("Lantern 4 for Networks",) * 2]
    assert await suggested(place, "paper id mushrooms") == []
    later = [paper(f"2602.{number:05}", title=f"稀疏注意力 {number}") for number in range(600)]
    await place.store.run(lambda store: store.save_listing(DAY + timedelta(days=1), later))
    chinese = await suggested(place, "paper id 注意")
    assert [one for _, one in chinese] == [f"2602.{number:05}" for number in range(599, 574, -1)]


async def test_older_papers_are_suggested_by_beginnings_of_words_too(place: Place) -> None:
    """Those from before the 500 stored last: any word of the title as far as it is typed, any piece of Chinese, the
    beginning of an id, and these together."""
    old = [paper("1706.00007", title="大规模稀疏注意力"), paper("cs/0112017", title="Knots of State-of-the-Art Glass")]
    await place.store.run(lambda store: store.save_listing(DAY - timedelta(days=1), old))
    later = [paper(f"2602.{number:05}", title=f"Moths {number}") for number in range(600)]
    await place.store.run(lambda store: store.save_listing(DAY + timedelta(days=1), later))
    newest_first = [(f"{one} Lantern {one[-1]} for Networks", one) for one in reversed(IDS)]
    for typed in ("lantern", "lan", "netw for l", "2601.000", "2601 lant", "n 26"):
        assert await suggested(place, f"paper id {typed}") == newest_first
    assert await suggested(place, "paper id 2601.00002 net") == [newest_first[3]]
    for typed in ("稀疏", "注意力", "力", "1706", "1706 规模"):
        assert [one for _, one in await suggested(place, f"paper id {typed}")] == ["1706.00007"]
    for typed in ("kno gla", "state-of", "cs/01"):
        assert [one for _, one in await suggested(place, f"paper id {typed}")] == ["cs/0112017"]
    for typed in ("antern", "lan moth", '"*', "1706 lan", "title:lan"):
        assert await suggested(place, f"paper id {typed}") == []
    assert len(await suggested(place, "paper id 2602.0000")) == 10


async def test_sections_domains_and_days_are_suggested_in_the_persons_language(place: Place) -> None:
    """What is chosen is the word that the command takes."""
    assert [one for _, one in await suggested(place, "paper section")] == [
        "domain",
        "contribution",
        "usage",
        "innovations",
        "results",
        "ask",
        "refresh",
    ]
    assert await suggested(place, "paper section exp") == [("Experimental results", "results")]
    assert await suggested(place, "paper section 实验", language="zh") == [("实验效果", "results")]
    assert await suggested(place, "paper section resu", language="zh") == [("实验效果", "results")]
    assert await suggested(place, "papers domain image") == [("image generation", "image-generation")]
    assert len(await suggested(place, "papers domain")) == 20
    assert await suggested(place, "papers date 2026-01") == [("2026-01-16 · 5 papers", "2026-01-16")]
    assert await suggested(place, "papers date 1999") == []
    for nothing in ("", "paper", "paper colour red"):
        assert await suggested(place, nothing) == []


async def test_two_hundred_commands_in_flight_are_all_answered(place: Place) -> None:
    """Each with its own section."""
    asked = [(one, name) for one in IDS for name in ("domain", "contribution", "usage", "results")] * 10
    answers = await asyncio.gather(*(place.ask("paper", f"{one} {name}") for one, name in asked))
    for (one, _), given in zip(asked, answers, strict=True):
        assert f"Lantern {one[-1]} for Networks" in seen(given)


def payloads(store: Store, to: Destination) -> list[Message]:
    """The messages of a destination as they were frozen, in order."""
    rows = store.connection.execute(
        "SELECT body FROM deliveries JOIN payloads ON payloads.id = payload WHERE destination = ? ORDER BY position",
        (number_of(store, to),),
    )
    return [msgspec.json.decode(row[0], type=Message) for row in rows]
