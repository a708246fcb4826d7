"""Mistakes, corrections and withdrawals as people meet them in chat: forms, rights, answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

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
from tests.test_chat import CHANNEL, IDS, Place, fill, payloads, seen

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


async def submit(place: Place, form: Form, role: str = "", language: str = "en", **answers: str) -> str:
    told = {field: (answer,) for field, answer in answers.items()}
    return words(await place.ask(form.command, form.argument, role=role, language=language, answers=told))


def words(message: Message) -> str:
    return plain(message.blocks)


async def ask(place: Place, args: str, role: str = MANAGER, **more: str) -> Message:
    return await place.ask("paperboy", args, role=role, **more)


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
    await place.store.run(dismiss, told.number)
    assert await place.store.run(mistakes) == ()
    with pytest.raises(UsageError, match="no mistake that waits"):
        await place.store.run(dismiss, told.number)


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


async def test_a_manager_corrects_a_section_in_a_form(place: Place) -> None:
    """It holds the section as it is; what became of it is said, and the answers are right from then on."""
    form = form_of(await ask(place, f"correct {IDS[1]} experimental"))
    (field,) = form.fields
    assert field.values == ("Accuracy rises from 88.2 to 91.4 on a benchmark of lamps.",)
    told = await submit(place, form, MANAGER, text=RIGHT)
    assert told == "Corrected: 91.9 was 91.4\nMessages that are edited: 1. Replies: 1."
    assert "to 91.9 on" in seen(await place.ask("paper", f"{IDS[1]} results"))
    assert "corrected by hand" in seen(await place.ask("sources", IDS[1]))
    assert "in the meantime" in await submit(place, form, MANAGER, text="Accuracy is 92.")
    again = form_of(await ask(place, f"correct {IDS[1]} results"))
    assert "Nothing changes" in await submit(place, again, MANAGER, text=RIGHT)
    assert "cannot be made empty" in await submit(place, again, MANAGER, text="\n")


async def test_a_correction_is_on_its_way_when_the_answer_is_given(place: Place) -> None:
    """The outbox is woken."""
    form = form_of(await ask(place, f"correct {IDS[0]} results"))
    await submit(place, form, MANAGER, text=RIGHT)
    await place.settled()
    assert await place.store.run(lambda store: deliveries.waiting(store, number_of(store, CHANNEL))) == 0
    assert seen((await place.store.run(payloads, CHANNEL))[-1]).startswith("Lantern 1 for Networks\n")


async def test_others_than_managers_are_told_what_they_can_do(place: Place) -> None:
    """Neither the form nor what is submitted without it does anything."""
    form = form_of(await ask(place, f"correct {IDS[0]} results"))
    gone = form_of(await ask(place, f"withdraw {IDS[0]}"))
    for told in (
        seen(await ask(place, f"correct {IDS[0]} results", role="")),
        await submit(place, form, text=RIGHT),
        await submit(place, gone, why="I do not like it."),
    ):
        assert "“Report a mistake”" in told
    now = await place.store.run(Store.report, ArxivId(IDS[0]), "en")
    assert now is not None
    assert now.revision == 1


async def test_what_cannot_be_corrected_here_is_said(place: Place) -> None:
    """No section, no such paper, a section that no form holds."""
    assert "/paperboy correct 2601.10592 results" in seen(await ask(place, f"correct {IDS[0]}"))
    assert "/paperboy withdraw 2601.10592" in seen(await ask(place, "withdraw"))
    assert "no report on 2601.99999" in seen(await ask(place, "correct 2601.99999 results"))
    assert "not an arXiv id" in seen(await ask(place, "withdraw lamp"))
    long = report(IDS[2], writer="another", sections=sections(usage="Lamps and wicks. " * (FIELD_CHARS // 16)))
    await place.store.run(Store.save_report, long)
    assert f"paperboy correct {IDS[2]} usage" in seen(await ask(place, f"correct {IDS[2]} usage"))


async def test_a_section_with_lists_and_formulas_goes_through_the_form_unchanged(place: Place) -> None:
    """Markdown there and back."""
    form = form_of(await ask(place, f"correct {IDS[0]} usage"))
    assert "Nothing changes" in await submit(place, form, MANAGER, text=form.fields[0].values[0])


async def test_the_report_is_corrected_that_the_person_reads(place: Place) -> None:
    """In their language, when there is one in it."""
    form = form_of(await ask(place, f"correct {IDS[0]} results", language="zh"))
    assert form.fields[0].values == ("准确率为 91.4。",)
    assert "91.9（原为 91.4）" in await submit(place, form, MANAGER, "zh", text="准确率为 91.9。")


# --- a withdrawal ------------------------------------------------------------------------------------------------


async def test_a_manager_withdraws_a_report_and_whoever_asks_is_told_why(place: Place) -> None:
    """By id, by title, from a card's buttons; a discussion is not opened."""
    form = form_of(await ask(place, f"withdraw {IDS[1]}"))
    told = await submit(place, form, MANAGER, why="The paper was retracted.")
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
        assert words(await place.ask(name, args, role=MANAGER)) == gone, (name, args)
    assert (await place.ask("paper", IDS[1], language="zh")).plain == f"{IDS[1]} 的报告已撤回：The paper was retracted."
    (card,) = await place.store.run(cards_of, IDS[1])
    assert words(await place.ask("discuss", IDS[1], message=card)) == gone


def cards_of(store: Store, paper: str) -> list[str]:
    rows = store.connection.execute("SELECT platform_message FROM messages WHERE kind = 'card' AND paper = ?", (paper,))
    return [row[0] for row in rows]
