"""Corrections and withdrawals in a real store: what is edited, where it is said, and what stays as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from msgspec.structs import replace

from bot import compose, delivery
from digest import deliveries, posts
from digest.copies import Copies
from digest.corrections import Corrected, correct, to_correct, withdraw
from digest.deliveries import Sending, State
from digest.editions import Subscription, add_message, make_edition, number_of, register
from digest.errors import UsageError, Withdrawn
from digest.markdown import parse, plain
from digest.payloads import payload_of
from digest.select import Reason
from digest.status import why
from digest.store import Store
from digest.types import ArxivId, Block, Destination, Message, Posted, Report, SectionName
from tests.delivery_makers import MovedClock
from tests.makers import DAY, paper, report, sections, sentence

CHANNEL = Subscription(to=Destination("slack", "", "C0LAMPS"))
APART = Subscription(to=Destination("slack", "", "C0APART"), layout="paper")
CHINESE = Subscription(to=Destination("slack", "", "C0ZH"), language="zh")
WEI = Subscription(to=Destination("slack", "", "U0WEI"), kind="person", person="U0WEI")
ALL = (CHANNEL, APART, CHINESE, WEI)
ID, OTHER = ArxivId("2601.00001"), ArxivId("2601.00002")
RESULTS = SectionName.RESULTS
RIGHT = "Accuracy rises from 88.2 to 91.9 on a benchmark of lamps."
REPLY = "Corrected: 91.4 → 91.9"


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def store(clock: MovedClock) -> Iterator[Store]:
    """A day of two papers, reported on in English and, the first, in Chinese; an edition of it for everybody."""
    with Store.create(None, clock) as opened:
        opened.save_listing(DAY, [paper(ID, upvotes=9), paper(OTHER)])
        for one in (ID, OTHER):
            opened.save_report(report(one))
        opened.save_report(
            report(ID, "zh", sections=sections(contribution="灯笼照亮每一层。", results="准确率 91.4。"))
        )
        register(opened, ALL)
        for subscription in ALL:
            make_edition(opened, number_of(opened, subscription.to), DAY, delivery.composer(subscription))
        yield opened


def put_right(
    store: Store, text: str = RIGHT, section: SectionName = RESULTS, language: str = "en", paper_id: ArxivId = ID
) -> Corrected:
    _, before = to_correct(store, paper_id, language)
    return correct(store, compose.localizer(), before, section, parse(text), "command line")


def sent(store: Store, to: Destination | None = None, most: int = 1000) -> list[Sending]:
    """Sends what is pending, as a platform would that gives each message its key for an id."""
    sendings: list[Sending] = []
    for number, address in deliveries.to_do(store).items():
        while to in {None, address} and len(sendings) < most:
            step = deliveries.claim(store, number, timedelta(), timedelta())
            if not isinstance(step, Sending):
                break
            thread = step.under.thread if step.under else step.key
            posted = None if step.replaces else Posted(address.address, step.key, thread)
            deliveries.confirm(store, step.key, posted)
            sendings.append(step)
    return sendings


def said(sendings: list[Sending], to: Destination) -> list[str]:
    """The text of each, edits marked, in order."""
    return [("edit: " if one.replaces else "") + plain(one.message.blocks) for one in sendings if one.to == to]


def shown(store: Store, to: Destination, kind: str, paper_id: ArxivId = ID) -> Message:
    """What the newest delivery of a message holds."""
    (row,) = store.connection.execute(
        "SELECT payload FROM deliveries JOIN messages ON messages.id = message WHERE messages.destination = ? "
        "AND messages.kind = ? AND messages.paper = ? ORDER BY deliveries.revision DESC LIMIT 1",
        (number_of(store, to), kind, paper_id),
    )
    return deliveries._MESSAGE.decode(
        store.connection.execute("SELECT body FROM payloads WHERE id = ?", (row["payload"],)).fetchone()[0]
    )


# --- the report --------------------------------------------------------------------------------------------------


def test_a_correction_is_a_new_revision_that_says_so(store: Store) -> None:
    """Nothing is overwritten; the writer stays named, the other sections stay as they were."""
    before = store.report_in(ID, "en")
    done = put_right(store)
    now = store.report_in(ID, "en")
    assert before is not None
    assert now == done.report
    assert (now.revision, now.writer, now.corrected, before.corrected) == (2, "a-model", True, False)
    assert [one for one in now.sections if one.name is not RESULTS] == [
        one for one in before.sections if one.name is not RESULTS
    ]
    assert store.revision(ID, "en", 1) == before
    rows = store.connection.execute("SELECT revision, corrects, corrected_by FROM reports WHERE language = 'en'")
    assert [tuple(row) for row in rows if row["corrected_by"]] == [(2, 1, "command line")]
    sources = posts.sources(paper(ID), now, "", (), compose.localizer().texts("en"))
    assert "Report 2, written by a-model, corrected by hand" in plain(sources.blocks)
    assert store.search("91.9", "en").total == 1


def test_no_rewriting_takes_the_place_of_a_correction(store: Store) -> None:
    """Not even one that was under way when it was made; another correction does."""
    under_way = report(ID, writer="a-better-model", sections=sections(results="Accuracy rises to 91.4."))
    put_right(store)
    assert store.save_report(under_way).revision == 2
    store.save_imported(DAY, [(paper(ID), under_way)])
    assert plain(store.section(ID, RESULTS, "en").blocks) == RIGHT  # type: ignore[union-attr]  # it is there
    assert put_right(store, "Accuracy is 92.").report.revision == 3


@pytest.mark.parametrize(
    ("text", "why"),
    [("Accuracy rises from 88.2 to 91.4 on a benchmark of lamps.", "Nothing changes"), (" \n", "withdraw it")],
)
def test_what_corrects_nothing_is_refused(store: Store, text: str, why: str) -> None:
    """And nothing is written."""
    with pytest.raises(UsageError, match=why):
        put_right(store, text)
    assert store.report_in(ID, "en") == store.revision(ID, "en", 1)


def test_a_report_that_changed_while_somebody_thought_is_not_written_over(store: Store) -> None:
    """Two people with the same section before them."""
    _, before = to_correct(store, ID, "en")
    put_right(store)
    with pytest.raises(UsageError, match="in the meantime"):
        correct(store, compose.localizer(), before, RESULTS, (sentence("Accuracy is 90."),), "slack:U0ALICE")
    with pytest.raises(UsageError, match=r"no report on 2601\.00001 in fr; there is one in en, zh"):
        to_correct(store, ID, "fr")


# --- its copies --------------------------------------------------------------------------------------------------


def test_every_copy_is_edited_once_and_each_thread_hears_of_it_once(store: Store) -> None:
    """The card of a day's thread, of a thread of its own, of a person's messages; the section in its thread. Copies in
    another language and of other papers stay as they are, and so do buttons and upvotes."""
    sent(store)
    store.save_listing(DAY, [paper(ID, upvotes=700)])
    before = shown(store, CHANNEL.to, "card")
    done = put_right(store)
    assert done.copies == (
        Copies(CHANNEL.to, 1, 0, 1),
        Copies(APART.to, 2, 0, 1),
        Copies(WEI.to, 1, 0, 1, is_person=True),
    )
    sendings = sent(store)
    card = "edit: Lanterns make every layer of a network visible."
    section = f"edit: Experimental results\n{RIGHT}"
    assert said(sendings, CHANNEL.to) == [card, REPLY]
    assert said(sendings, APART.to) == [card, section, REPLY]
    assert said(sendings, WEI.to) == [card, REPLY]
    assert len(sendings) == 7
    first = sendings[0].message
    assert first == replace(before, footer=f"{before.footer} · corrected")
    assert "▲9" in first.footer
    assert sent(store) == []


def test_a_reply_stands_in_the_thread_of_the_copy_and_names_the_paper(store: Store) -> None:
    """Under the day's headline, under a card of its own; in direct messages in a row."""
    sent(store)
    put_right(store)
    replies = {one.to: one for one in sent(store) if not one.replaces}
    headline, card = (
        store.connection.execute(
            "SELECT platform_message FROM messages WHERE kind = ? AND destination = ?", (kind, number_of(store, to))
        ).fetchone()[0]
        for kind, to in (("headline", CHANNEL.to), ("card", APART.to))
    )
    assert replies[CHANNEL.to].under == Posted("C0LAMPS", headline, headline)
    assert replies[APART.to].under == Posted("C0APART", card, card)
    assert replies[WEI.to].under is None
    assert (replies[CHANNEL.to].message.title, replies[CHANNEL.to].message.footer) == (
        paper(ID).title,
        "Experimental results",
    )


def test_a_correction_is_told_in_the_language_of_the_report(store: Store) -> None:
    """Only its own copies are edited."""
    sent(store)
    done = put_right(store, "准确率 91.9。", language="zh")
    assert done.copies == (Copies(CHINESE.to, 1, 0, 1),)
    assert said(sent(store), CHINESE.to)[-1] == "更正：91.4 → 91.9"
    assert "已更正" in shown(store, CHINESE.to, "card").footer


def test_a_corrected_contribution_stands_on_the_card(store: Store) -> None:
    """In place of what it said."""
    sent(store)
    put_right(store, "Lanterns make some layers visible.", SectionName.CONTRIBUTION)
    assert said(sent(store), CHANNEL.to)[0] == "edit: Lanterns make some layers visible."


def test_a_second_correction_edits_what_changes_and_is_said_as_well(store: Store) -> None:
    """A card that already says that it was corrected stays as it is."""
    sent(store)
    put_right(store)
    sent(store)
    put_right(store, RIGHT.replace("88.2", "88.3"))
    assert said(sent(store), CHANNEL.to) == ["Corrected: 88.2 → 88.3"]
    assert said(sent(store), APART.to) == []


def test_two_corrections_before_anything_is_sent_are_one_edit(store: Store) -> None:
    """The copy is never shown what is known to be wrong."""
    sent(store)
    put_right(store)
    put_right(store, RIGHT.replace("88.2", "88.3"))
    assert said(sent(store), APART.to) == [
        "edit: Lanterns make every layer of a network visible.",
        f"edit: Experimental results\n{RIGHT.replace('88.2', '88.3')}",
        REPLY,
        "Corrected: 88.2 → 88.3",
    ]


def test_a_discussion_is_a_thread_of_its_own(store: Store) -> None:
    """Its card is edited, and it hears of it too."""
    known, told = to_correct(store, ID, "en")
    draft = posts.discussion(known, told, compose.localizer().texts("en"), compose.localizer().languages("en"))
    add_message(store, number_of(store, CHANNEL.to), DAY, draft)
    sent(store)
    assert put_right(store).copies[0] == Copies(CHANNEL.to, 2, 0, 2)
    replies = [one for one in sent(store, CHANNEL.to) if not one.replaces]
    assert len({one.under for one in replies}) == 2
    assert {plain(one.message.blocks) for one in replies} == {REPLY}


def test_what_was_not_sent_yet_comes_right_at_once(store: Store) -> None:
    """No wrong card, no edit, and no reply about what nobody saw."""
    sent(store, CHANNEL.to, most=1)
    done = put_right(store)
    assert done.copies[0] == Copies(CHANNEL.to, 0, 1, 0)
    sendings = sent(store, CHANNEL.to)
    assert [one.replaces for one in sendings] == [None, None]
    assert sendings[0].message.footer.endswith("corrected")


def test_what_is_on_its_way_is_edited_when_it_has_arrived(store: Store) -> None:
    """The request cannot be called back."""
    sent(store, CHANNEL.to, most=1)
    number = number_of(store, CHANNEL.to)
    flying = deliveries.claim(store, number, timedelta(seconds=10), timedelta())
    assert isinstance(flying, Sending)
    assert put_right(store).copies[0] == Copies(CHANNEL.to, 1, 0, 1)
    deliveries.confirm(store, flying.key, Posted("C0LAMPS", flying.key, flying.key))
    texts = said(sent(store, CHANNEL.to), CHANNEL.to)
    assert [text.startswith("edit: ") for text in texts] == [False, True, False]
    assert texts[-1] == REPLY


def test_another_form_of_the_same_words_edits_and_says_nothing(store: Store) -> None:
    """There is nothing to tell."""
    sent(store)
    done = put_right(store, "Accuracy rises from **88.2** to 91.4 on a benchmark of lamps.")
    assert done.changes == ()
    assert all(one.replies == 0 for one in done.copies)
    assert all(one.replaces for one in sent(store))


def test_a_destination_that_was_removed_is_left_alone(store: Store) -> None:
    """Who unsubscribed hears nothing more."""
    sent(store)
    register(store, [CHANNEL])
    assert [one.to for one in put_right(store).copies] == [CHANNEL.to]


def test_a_card_without_a_headline_hears_of_it_in_its_own_thread(store: Store) -> None:
    """Where the platform refused the headline, the cards stand in the channel themselves."""
    headline = deliveries.claim(store, number_of(store, CHANNEL.to), timedelta(), timedelta())
    assert isinstance(headline, Sending)
    while deliveries.refuse(store, headline.key, "Refused."):
        pass
    card, *_ = sent(store, CHANNEL.to)
    put_right(store)
    (reply,) = (one for one in sent(store, CHANNEL.to) if not one.replaces)
    assert reply.under == Posted("C0LAMPS", card.key, card.key)


# --- what people deleted -----------------------------------------------------------------------------------------


def test_a_deleted_copy_is_noted_and_nothing_comes_in_its_place(store: Store) -> None:
    """Its thread, when it stands in one with others, still hears of the correction; later ones leave it alone."""
    sent(store)
    put_right(store)
    edit = deliveries.claim(store, number_of(store, CHANNEL.to), timedelta(), timedelta())
    assert isinstance(edit, Sending)
    deliveries.bury(store, edit.key, "The message is gone.")
    assert said(sent(store, CHANNEL.to), CHANNEL.to) == [REPLY]
    assert put_right(store, "Accuracy is 92.").copies[0] == Copies(CHANNEL.to, 0, 0, 1)
    assert [one.replaces for one in sent(store, CHANNEL.to)] == [None]


def test_nothing_is_posted_under_a_deleted_message(store: Store) -> None:
    """Neither what waits, nor what comes later; what stood there may be edited."""
    sent(store)
    put_right(store)
    edit = deliveries.claim(store, number_of(store, APART.to), timedelta(), timedelta())
    assert isinstance(edit, Sending)
    deliveries.bury(store, edit.key, "The message is gone.")
    assert said(sent(store, APART.to), APART.to) == [f"edit: Experimental results\n{RIGHT}"]
    put_right(store, "Accuracy is 92.")
    assert said(sent(store, APART.to), APART.to) == ["edit: Experimental results\nAccuracy is 92."]


# --- withdrawals -------------------------------------------------------------------------------------------------


def test_a_withdrawn_report_gives_way_to_the_reason_everywhere(store: Store) -> None:
    """In every language; buttons that lead to the paper stay, those that ask for the report go."""
    sent(store)
    copies = withdraw(store, compose.localizer(), ID, "The paper was  retracted.")
    assert [(one.to, one.replies) for one in copies] == [(one.to, 1) for one in ALL]
    sendings = sent(store)
    gone = "Withdrawn: The paper was retracted."
    assert said(sendings, CHANNEL.to) == [f"edit: {gone}", gone]
    assert said(sendings, APART.to) == [
        f"edit: {gone}",
        *(f"edit: {label}\n{gone}" for label in compose.localizer().texts("en").sections.values()),
        gone,
    ]
    assert said(sendings, CHINESE.to)[-1] == "已撤回：The paper was retracted."
    card = shown(store, CHANNEL.to, "card")
    assert card.actions
    assert all(action.url for action in card.actions)


def test_a_withdrawn_report_is_not_delivered_and_not_written_again(store: Store) -> None:
    """What was not sent never is; the day has the paper without a report, and says why."""
    sent(store, CHANNEL.to, most=1)
    copies = withdraw(store, compose.localizer(), ID, "Retracted.")
    assert copies[0] == Copies(CHANNEL.to, 0, 1, 0)
    assert [one.message.title for one in sent(store, CHANNEL.to)] == [paper(OTHER).title]
    with pytest.raises(Withdrawn, match="Retracted"):
        store.save_report(report(ID, writer="another"))
    store.save_imported(DAY, [(paper(ID), report(ID))])
    day = store.digest(DAY, "en")
    assert {one.id: told for one, told in day.papers}[ID] is None
    assert day.withdrawn == {ID: "Retracted."}
    assert [one.state for one in why(store, number_of(store, CHANNEL.to), ID)] == [State.HELD]
    later = Subscription(to=Destination("slack", "", "C0LATER"))
    register(store, [later], origin="chat")
    make_edition(store, number_of(store, later.to), DAY, delivery.composer(later))
    assert [one.message.title for one in sent(store, later.to)][1:] == [paper(OTHER).title]
    assert [one.reason for one in why(store, number_of(store, later.to), ID)] == [Reason.WITHDRAWN]


def test_a_withdrawal_is_final(store: Store) -> None:
    """Neither a second one nor a correction comes after it; without a reason there is none."""
    with pytest.raises(UsageError, match="Say why"):
        withdraw(store, compose.localizer(), ID, " ")
    with pytest.raises(UsageError, match=r"no report on 2601\.99999"):
        withdraw(store, compose.localizer(), ArxivId("2601.99999"), "Retracted.")
    withdraw(store, compose.localizer(), ID, "Retracted.")
    for again in (lambda: withdraw(store, compose.localizer(), ID, "Retracted."), lambda: put_right(store)):
        with pytest.raises(Withdrawn):
            again()


def test_a_correction_of_a_copy_with_other_marks_keeps_them(store: Store) -> None:
    """What an edition adds to a card, before or behind what is the report's, stays."""
    sent(store)
    number = number_of(store, CHANNEL.to)
    before = shown(store, CHANNEL.to, "card")
    note: Block = sentence("It joined its day late.")
    marked = replace(before, blocks=(note, *before.blocks), footer=f"Late · {before.footer} · seen")
    store.connection.execute(
        "UPDATE deliveries SET payload = ? WHERE message = "
        "(SELECT id FROM messages WHERE kind = 'card' AND paper = ? AND destination = ?)",
        (payload_of(store, marked), ID, number),
    )
    put_right(store, "Lanterns make some layers visible.", SectionName.CONTRIBUTION)
    now = shown(store, CHANNEL.to, "card")
    assert plain(now.blocks) == "It joined its day late.\nLanterns make some layers visible."
    assert now.footer == f"Late · {before.footer} · corrected · seen"


def test_a_stand_in_that_was_posted_is_corrected_with_the_report_that_took_its_place(store: Store) -> None:
    """Posted messages stay as they are until a correction: then they show the newest."""
    sent(store)
    better: Report = report(ID, writer="a-better-model", sections=sections(contribution="A lamp.", results="91.4."))
    store.save_report(better)
    put_right(store, "91.9.")
    assert said(sent(store), CHANNEL.to) == ["edit: A lamp.", REPLY]
