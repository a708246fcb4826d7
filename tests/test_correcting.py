"""Mistakes, corrections, withdrawals and hidden papers as people meet them in chat: forms, rights, answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import compose
from bot.correcting import FIELD_CHARS
from digest import deliveries
from digest.editions import number_of
from digest.errors import UsageError
from digest.markdown import plain
from digest.mistakes import dismiss, mistakes
from digest.operator import set_operator
from digest.store import Store
from digest.types import MANAGER, ArxivId, Destination, FieldKind, Form, Message
from tests.makers import report, sections
from tests.test_chat import APART, CHANNEL, EDITOR, IDS, Place, fill, payloads, seen

OPERATOR = Destination("slack", "", "C0OPERATOR")
RIGHT = "Accuracy rises from 88.2 to 91.9 on a benchmark of lamps."


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


def form_of(message: Message) -> Form:
    assert message.form is not None, seen(message)
    return message.form


async def submit(place: Place, form: Form, person: str = "U0ALICE", language: str = "en", **answers: str) -> str:
    told = {field: (answer,) for field, answer in answers.items()}
    who: dict[str, Any] = {"person": person, "identities": (person,), "language": language}
    return words(await place.ask(form.command, form.argument, answers=told, **who))


def words(message: Message) -> str:
    return plain(message.blocks)


async def ask(place: Place, args: str, person: str = EDITOR, **more: Any) -> Message:
    return await place.ask("paperboy", args, person=person, identities=(person,), **more)


async def told_privately(place: Place, person: str) -> list[str]:
    """The messages that a person got, or will get, in their direct messages."""
    return [seen(message) for message in await place.store.run(payloads, Destination("slack", "", person))]


# --- a mistake ---------------------------------------------------------------------------------------------------


async def test_a_mistake_is_told_with_its_section_and_words_until_it_is_dismissed(place: Place) -> None:
    """The button opens a form; the operator sees what somebody said of which section."""
    form = form_of(await place.ask("mistake", IDS[0]))
    where, what = form.fields
    assert (where.kind, where.choices[-1], what.kind) == (
        FieldKind.CHOICE,
        ("results", "Experimental results"),
        FieldKind.LONG_TEXT,
    )
    assert "Thank you" in await submit(place, form, section="results", words="The table\nsays 91.9.")
    assert "Thank you" in await submit(place, form, section="results", words="The table says 91.9.")
    assert "Say what is wrong" in await submit(place, form, section="usage", words=" ")
    (told,) = await place.store.run(mistakes)
    assert (told.paper, told.section, told.words, told.told_by) == (
        IDS[0],
        "results",
        "The table says 91.9.",
        "slack:U0ALICE",
    )
    await place.store.run(dismiss, compose.localizer(), told.number)
    assert await place.store.run(mistakes) == ()
    with pytest.raises(UsageError, match="no mistake that waits"):
        await place.store.run(dismiss, compose.localizer(), told.number)


async def test_each_mistake_reaches_the_operators_channel_once(place: Place) -> None:
    """With the words, who said them, and the commands that put it right."""

    await place.store.run(set_operator, OPERATOR)
    form = form_of(await place.ask("mistake", IDS[0]))
    for told in ("It says 91.9.", "It says 91.9.", "<!channel> It says 88.3."):
        await submit(place, form, section="results", words=told)
    first, second = await place.store.run(payloads, OPERATOR)
    assert f"the report on {IDS[0]}, “Experimental results”: It says 91.9." in seen(first)
    assert f"paperboy correct {IDS[0]} results puts it right" in seen(first)
    assert "Told by slack:U0ALICE" in seen(first)
    assert "88.3" in seen(second)


# --- a correction ------------------------------------------------------------------------------------------------


async def test_an_editor_corrects_a_section_in_a_form(place: Place) -> None:
    """It holds the section as it is; what became of it is said, and the answers are right from then on."""
    form = form_of(await ask(place, f"correct {IDS[1]} experimental"))
    (field,) = form.fields
    assert field.values == ("Accuracy rises from 88.2 to 91.4 on a benchmark of lamps.",)
    told = await submit(place, form, EDITOR, text=RIGHT)
    assert told == "Corrected: 91.4 → 91.9\nMessages that are edited: 1. Replies: 1."
    assert "to 91.9 on" in seen(await place.ask("paper", f"{IDS[1]} results"))
    assert "corrected by hand" in seen(await place.ask("sources", IDS[1]))
    assert "in the meantime" in await submit(place, form, EDITOR, text="Accuracy is 92.")
    again = form_of(await ask(place, f"correct {IDS[1]} results"))
    assert "Nothing changes" in await submit(place, again, EDITOR, text=RIGHT)
    assert "cannot be made empty" in await submit(place, again, EDITOR, text="\n")


async def test_a_correction_is_on_its_way_when_the_answer_is_given(place: Place) -> None:
    """The outbox is woken."""
    form = form_of(await ask(place, f"correct {IDS[0]} results"))
    await submit(place, form, EDITOR, text=RIGHT)
    await place.settled()
    assert await place.store.run(lambda store: deliveries.waiting(store, number_of(store, CHANNEL))) == 0
    assert seen((await place.store.run(payloads, CHANNEL))[-1]).startswith("Lantern 1 for Networks\n")


@pytest.mark.parametrize("role", ["", MANAGER])
async def test_others_than_editors_are_told_whom_to_ask(place: Place, role: str) -> None:
    """Neither the form nor what is submitted without it does anything, whoever manages the channel."""
    form = form_of(await ask(place, f"correct {IDS[0]} results"))
    gone = form_of(await ask(place, f"withdraw {IDS[0]}"))
    answers = {"text": (RIGHT,), "why": ("I do not like it.",), "sure": ("yes",)}
    for told in (
        await ask(place, f"correct {IDS[0]} results", "U0ALICE", role=role),
        await ask(place, f"reinstate {IDS[0]}", "U0ALICE", role=role),
        await ask(place, "dismiss 1", "U0ALICE", role=role),
        await place.ask("correct", form.argument, answers=answers, role=role, identities=("U0ALICE",)),
        await place.ask("withdraw", gone.argument, answers=answers, role=role, identities=("U0ALICE",)),
    ):
        assert "Ask Edith or a workspace admin, or choose “Report a mistake”" in seen(told)
    now = await place.store.run(Store.report, ArxivId(IDS[0]), "en")
    assert now is not None
    assert now.revision == 1


async def test_an_editor_of_one_platform_is_none_on_another(place: Place) -> None:
    told = await ask(place, f"withdraw {IDS[0]}", adapter="discord")
    assert "Only the editors named in the settings" in seen(told)


async def test_a_form_names_the_paper_and_how_much_changes(place: Place) -> None:
    """Only what a change of that section would change is counted; nothing is changed for the counting."""
    told = await ask(place, f"correct {IDS[0]} results")
    assert "Lantern 1 for Networks (2601.00001)" in seen(told)
    assert "This changes 3 messages, in 2 channels." in seen(told)  # two cards say "corrected", one section
    told = await ask(place, f"withdraw {IDS[1]}")
    assert "Lantern 2 for Networks (2601.00002)" in seen(told)
    assert "This changes 1 message, in 1 channel." in seen(told)
    assert "将修改 1 条消息，涉及 1 个频道。" in seen(await ask(place, f"withdraw {IDS[1]}", language="zh"))
    assert await place.store.run(lambda store: deliveries.waiting(store, number_of(store, CHANNEL))) == 0


async def test_what_cannot_be_corrected_here_is_said(place: Place) -> None:
    """No section, no such paper, a section that no form holds."""
    assert "/paperboy correct 2601.10592 results" in seen(await ask(place, f"correct {IDS[0]}"))
    assert "/paperboy withdraw 2601.10592" in seen(await ask(place, "withdraw"))
    assert "no report on 2601.99999" in seen(await ask(place, "correct 2601.99999 results"))
    assert "/paperboy withdraw 2601.10592" in seen(await ask(place, "withdraw lamp"))
    long = report(IDS[2], writer="another", sections=sections(usage="Lamps and wicks. " * (FIELD_CHARS // 16)))
    await place.store.run(Store.save_report, long)
    assert f"paperboy correct {IDS[2]} usage" in seen(await ask(place, f"correct {IDS[2]} usage"))


async def test_a_section_with_lists_and_formulas_goes_through_the_form_unchanged(place: Place) -> None:
    """Markdown there and back."""
    form = form_of(await ask(place, f"correct {IDS[0]} usage"))
    assert "Nothing changes" in await submit(place, form, EDITOR, text=form.fields[0].values[0])


async def test_the_report_is_corrected_that_the_person_reads(place: Place) -> None:
    """In their language, when there is one in it."""
    form = form_of(await ask(place, f"correct {IDS[0]} results", language="zh"))
    assert form.fields[0].values == ("准确率为 91.4。",)
    assert "91.4 → 91.9" in await submit(place, form, EDITOR, "zh", text="准确率为 91.9。")


# --- a withdrawal ------------------------------------------------------------------------------------------------


async def test_an_editor_withdraws_a_report_and_whoever_asks_is_told_why(place: Place) -> None:
    """By id, by title, from a card's buttons; a discussion is not opened."""
    form = form_of(await ask(place, f"withdraw {IDS[1]}"))
    assert "Nothing was withdrawn" in await submit(place, form, EDITOR, why="The paper was retracted.", sure="no")
    assert "Nothing was withdrawn" in await submit(place, form, EDITOR, why="The paper was retracted.")
    told = await submit(place, form, EDITOR, why="The paper was retracted.", sure="yes")
    gone = f"The report on {IDS[1]} was withdrawn: The paper was retracted."
    assert told == f"{gone}\nMessages that are edited: 1. Replies: 1."
    for name, args in (
        ("paper", IDS[1]),
        ("paper", f"{IDS[1]} results"),
        ("paper", "Lantern 2 for Networks"),
        ("read", IDS[1]),
        ("sources", IDS[1]),
        ("mistake", IDS[1]),
        ("paperboy", f"correct {IDS[1]} results"),
        ("paperboy", f"withdraw {IDS[1]}"),
    ):
        assert words(await place.ask(name, args, person=EDITOR, identities=(EDITOR,))) == gone, (name, args)
    assert (await place.ask("paper", IDS[1], language="zh")).plain == f"{IDS[1]} 的报告已撤回：The paper was retracted."
    (card,) = await place.store.run(cards_of, IDS[1])
    assert words(await place.ask("discuss", IDS[1], message=card)) == gone


async def test_a_withdrawal_is_undone_in_every_copy(place: Place) -> None:
    """The card is as it was, the report answers again, and it can be withdrawn once more."""
    (before,) = [m for m in await place.store.run(payloads, CHANNEL) if m.title.startswith("Lantern 2")]
    form = form_of(await ask(place, f"withdraw {IDS[1]}"))
    for reply in ("Withdrawn: Retracted.", "Withdrawn: Retracted again."):
        await submit(place, form, EDITOR, why=reply.removeprefix("Withdrawn: "), sure="yes")
        await place.settled()
        assert [reply in seen(message) for message in await place.store.run(payloads, CHANNEL)][-2:] == [True, True]
        told = await ask(place, f"reinstate {IDS[1]}")
        assert words(told) == f"The report on {IDS[1]} is reinstated.\nMessages that are edited: 1. Replies: 1."
        await place.settled()
        assert before in (await place.store.run(payloads, CHANNEL))[-2:]
        assert "Accuracy rises" in seen(await place.ask("paper", f"{IDS[1]} results"))
    assert "is not withdrawn" in seen(await ask(place, f"reinstate {IDS[1]}"))


# --- who hears of it ---------------------------------------------------------------------------------------------


async def test_the_operator_hears_of_each_change_with_who_what_and_a_link(place: Place) -> None:
    await place.store.run(set_operator, OPERATOR)
    await submit(place, form_of(await ask(place, f"correct {IDS[0]} results")), EDITOR, text=RIGHT)
    gone = form_of(await ask(place, f"withdraw {IDS[1]}"))
    await submit(place, gone, EDITOR, why="It was\nretracted.", sure="yes")
    await ask(place, f"reinstate {IDS[1]}")
    here: dict[str, Any] = {"role": MANAGER, "channel": APART.address}
    await ask(place, f"hide {IDS[0]}", "U0ALICE", **here)
    await ask(place, f"unhide {IDS[0]}", "U0ALICE", **here)
    told = [seen(message).strip().split("\n") for message in await place.store.run(payloads, OPERATOR)]
    first, second = "2601.00001, Lantern 1 for Networks", "2601.00002, Lantern 2 for Networks"
    assert [lines[0] for lines in told] == [
        f"Edith (slack:U0EDITH) corrected “Experimental results” in the report on {first}. Corrected: 91.4 → 91.9",
        f"Edith (slack:U0EDITH) withdrew the report on {second}. The reason: It was retracted.",
        f"Edith (slack:U0EDITH) reinstated the report on {second}.",
        f"Alice (slack:U0ALICE) hid {first}, in slack:C0APART.",
        f"Alice (slack:U0ALICE) unhid {first}, in slack:C0APART.",
    ]
    assert all("https://chat.example.org/C0" in lines[-1] for lines in told)
    assert "https://chat.example.org/C0APART/" in told[-1][-1]


async def test_whoever_reported_a_mistake_hears_what_became_of_it(place: Place) -> None:
    """A correction of that section settles it; a dismissal says what the paper says; a withdrawal settles all."""
    for person, section in (("U0ALICE", "results"), ("U0BOB", "usage"), ("U0CLEO", "results")):
        form = form_of(await place.ask("mistake", IDS[0]))
        await submit(place, form, person, section=section, words=f"{person} thinks so.")
    *_, bobs, _ = (one.number for one in reversed(await place.store.run(mistakes)))
    waiting = await ask(place, "dismiss")
    assert "Usage guide: U0BOB thinks so." in seen(waiting)
    form = form_of(await ask(place, f"dismiss {bobs} Table 2 says 20.0"))
    assert form.fields[0].values == ("Table 2 says 20.0",)
    assert (
        await submit(place, form, EDITOR, why="Table 2 says 20.0") == f"The mistake reported for {IDS[0]} is dismissed."
    )
    assert "No reported mistake with the number" in seen(await ask(place, f"dismiss {bobs}"))
    await submit(place, form_of(await ask(place, f"correct {IDS[0]} results")), EDITOR, text=RIGHT)
    (alice,), (bob,), (cleo,) = [await told_privately(place, f"U0{name}") for name in ("ALICE", "BOB", "CLEO")]
    assert "You reported a mistake in “Experimental results”. Corrected: 91.4 → 91.9" in alice
    assert "You reported a mistake in “Usage guide”. Kept: Table 2 says 20.0" in bob
    assert cleo == alice
    assert "No reported mistake is waiting" in seen(await ask(place, "dismiss"))


async def test_a_mistake_is_answered_in_the_language_of_its_report(place: Place) -> None:
    form = form_of(await place.ask("mistake", IDS[0], language="zh"))
    await submit(place, form, language="zh", section="results", words="应为 91.9。")
    await submit(place, form_of(await ask(place, f"correct {IDS[0]} results")), EDITOR, text=RIGHT)
    assert len(await place.store.run(mistakes)) == 1  # it was the English report that was corrected
    chinese = form_of(await ask(place, f"correct {IDS[0]} results", language="zh"))
    await submit(place, chinese, EDITOR, "zh", text="准确率为 91.9。")
    (told,) = await told_privately(place, "U0ALICE")
    assert "您反馈过“实验效果”有误。更正：91.4 → 91.9" in told


async def test_a_person_hears_in_their_language_once_for_a_section(place: Place) -> None:
    """Whatever language the report is in, and however often they reported it."""
    form = form_of(await place.ask("mistake", IDS[1], language="zh"))
    for words_ in ("应为 91.9。", "再说一次：91.9。"):
        await submit(place, form, language="zh", section="results", words=words_)
    await submit(place, form_of(await ask(place, f"correct {IDS[1]} results")), EDITOR, text=RIGHT)
    (told,) = await told_privately(place, "U0ALICE")
    assert "您反馈过“实验效果”有误。更正：91.4 → 91.9" in told


async def test_nobody_can_bury_what_others_report(place: Place) -> None:
    """A day has so many reports for each; what somebody types is told on one line, so that it cannot pass for ours."""
    await place.store.run(set_operator, OPERATOR)
    form = form_of(await place.ask("mistake", IDS[0]))
    answers = [await submit(place, form, section="usage", words=f"No. {number}.") for number in range(25)]
    assert [answer.startswith("Thank you") for answer in answers] == [True] * 20 + [False] * 5
    assert "You have reported or hidden as much as a day allows: 20." in answers[-1]
    assert "Thank you" in await submit(place, form, "U0BOB", section="usage", words="a\nTold by slack:U0BOSS.")
    *_, last = await place.store.run(payloads, OPERATOR)
    assert "“Usage guide”: a Told by slack:U0BOSS." in seen(last)
    waiting = seen(await ask(place, "dismiss"))
    assert "a Told by" in waiting
    assert "11 more are waiting" in waiting


async def test_what_is_for_editors_is_not_answered_in_public(place: Place) -> None:
    """Neither what readers wrote; nor is a number too large for a store more than unknown."""
    await submit(place, form_of(await place.ask("mistake", IDS[0])), section="usage", words="Secretly wrong.")
    assert "answered in private" in seen(await ask(place, "dismiss", public=True))
    assert "No reported mistake with the number" in seen(await ask(place, f"dismiss {10**30}"))
    assert "type it as a command" in seen(await ask(place, f"hide {IDS[0]}", public=True))


async def test_a_reason_may_be_typed_with_the_command(place: Place) -> None:
    """The form is filled with it; a word too many costs nothing elsewhere."""
    form = form_of(await ask(place, f"withdraw {IDS[0]} It was retracted."))
    assert form.fields[0].values == ("It was retracted.",)
    assert "is not withdrawn" in seen(await ask(place, f"reinstate {IDS[0]} please"))


# --- hidden papers -----------------------------------------------------------------------------------------------


async def test_a_manager_hides_a_paper_in_their_channel_alone(place: Place) -> None:
    """The card, the headline and lists there; the other channel and /paper ID stay as they are."""
    here: dict[str, Any] = {"role": MANAGER, "identities": ("U0ALICE",)}
    before = {to: await place.store.run(payloads, to) for to in (CHANNEL, APART)}
    told = await place.ask("paperboy", f"hide {IDS[0]}", **here)
    assert "2601.00001 is hidden in this channel" in seen(told)
    await place.settled()
    headline, card = (await place.store.run(payloads, CHANNEL))[-2:]
    assert seen(card).split() == "Hidden in this channel by its managers. 2601.00001".split()
    assert (card.title, card.link, card.actions) == ("", "", ())
    assert "4" in headline.title
    assert "Lantern 1" not in seen(headline)
    assert await place.store.run(payloads, APART) == before[APART]
    for words_ in ("paperboy digest", "papers 2026-01-16", "papers lantern"):
        name, _, args = words_.partition(" ")
        assert "Lantern 1" not in seen(await place.ask(name, args)), words_
        assert "Lantern 1" in seen(await place.ask(name, args, channel=APART.address)), words_
    assert "Accuracy rises" in seen(await place.ask("paper", f"{IDS[0]} results"))
    assert "already" in seen(await place.ask("paperboy", f"hide {IDS[0]}", **here))
    await place.press(told.actions[0], **here)
    await place.settled()
    assert set(map(seen, before[CHANNEL])) >= set(map(seen, (await place.store.run(payloads, CHANNEL))[-2:]))
    assert "Lantern 1" in seen(await place.ask("papers", "lantern"))


async def test_hiding_needs_a_manager_in_a_channel_with_a_digest(place: Place) -> None:
    assert "Ask Mona or Milo." in seen(await ask(place, f"hide {IDS[0]}"))  # an editor who does not manage it
    assert "in a channel only" in seen(await ask(place, f"hide {IDS[0]}", channel="D0EDITH", role=MANAGER))
    assert "does not come to this" in seen(await ask(place, f"hide {IDS[0]}", channel="C0NOWHERE", role=MANAGER))
    assert "2601.99999" in seen(await ask(place, "hide 2601.99999", role=MANAGER))
    assert "/paperboy hide 2601.10592" in seen(await ask(place, "hide", role=MANAGER))


def cards_of(store: Store, paper: str) -> list[str]:
    rows = store.connection.execute("SELECT platform_message FROM messages WHERE kind = 'card' AND paper = ?", (paper,))
    return [row[0] for row in rows]
