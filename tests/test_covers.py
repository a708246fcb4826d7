"""What covers a report where it was posted: hidden in a channel, withdrawn everywhere, both; and how that ends."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot import compose, delivery
from digest.corrections import hide, preview, reinstate, unhide, withdraw
from digest.deliveries import State
from digest.editions import make_edition, number_of, register
from digest.errors import UsageError
from digest.markdown import plain
from digest.select import Reason
from digest.status import why
from digest.store import Store
from digest.subscriptions import keep, remove
from digest.types import Destination
from tests.delivery_makers import MovedClock
from tests.makers import DAY, paper, report, sections
from tests.test_corrections import ALL, APART, CHANNEL, ID, OTHER, put_right, said, sent, shown

BY = "slack:U0MONA"
HIDDEN = "Hidden in this channel by its managers."
WITHDRAWN = "Withdrawn: Retracted."


@pytest.fixture
def store() -> Iterator[Store]:
    """A day of two papers, and an edition of it for a channel, one with a thread a paper, and others."""
    with Store.create(None, MovedClock()) as opened:
        opened.save_listing(DAY, [paper(ID, title="Lanterns in Rows", upvotes=9), paper(OTHER, title="Moths")])
        for one in (ID, OTHER):
            opened.save_report(report(one))
        opened.save_report(report(ID, "zh", sections=sections(results="准确率 91.4。")))
        register(opened, ALL)
        for subscription in ALL:
            make_edition(opened, number_of(opened, subscription.to), DAY, delivery.composer(subscription))
        yield opened


def hides(store: Store, to: Destination = CHANNEL.to) -> None:
    hide(store, compose.localizer(), ID, number_of(store, to), BY, delivery.composer)


def shows(store: Store, to: Destination = CHANNEL.to) -> None:
    unhide(store, compose.localizer(), ID, number_of(store, to), delivery.composer)


def takes_back(store: Store) -> None:
    withdraw(store, compose.localizer(), ID, "Retracted.")


def puts_back(store: Store) -> None:
    reinstate(store, compose.localizer(), ID)


def test_hiding_covers_every_copy_there_and_nothing_elsewhere(store: Store) -> None:
    """A card with its sections in its thread: each says so, and the title is gone with the text."""
    sent(store)
    card = shown(store, APART.to, "card")
    hides(store, APART.to)
    sendings = sent(store)
    assert {one.to for one in sendings} == {APART.to}
    assert said(sendings, APART.to) == [f"edit: {HIDDEN}"] * 6
    assert not any("Lanterns" in one.message.title + plain(one.message.blocks) for one in sendings)
    shows(store, APART.to)
    sendings = sent(store)
    assert len(sendings) == 6
    assert shown(store, APART.to, "card") == card


def test_a_withdrawal_under_a_hidden_card_shows_when_it_is_hidden_no_more(store: Store) -> None:
    """Each ends by itself, in whichever order; nothing is said in the thread of what is hidden."""
    sent(store)
    card = shown(store, CHANNEL.to, "card")
    hides(store)
    sent(store)
    takes_back(store)
    assert said(sent(store), CHANNEL.to) == []
    shows(store)
    assert said(sent(store), CHANNEL.to)[-1] == f"edit: {WITHDRAWN}"
    hides(store)
    puts_back(store)
    assert said(sent(store), CHANNEL.to)[-1] == f"edit: {HIDDEN}"
    shows(store)
    sent(store)
    assert shown(store, CHANNEL.to, "card") == card


def test_a_correction_of_a_hidden_card_is_seen_when_it_is_shown_again(store: Store) -> None:
    """Not before, and not in a reply."""
    sent(store)
    hides(store, APART.to)
    sent(store)
    put_right(store)
    assert said(sent(store), APART.to) == []
    shows(store, APART.to)
    assert "edit: Experimental results\nAccuracy rises from 88.2 to 91.9 on a benchmark of lamps." in said(
        sent(store), APART.to
    )


@pytest.mark.parametrize(("cover", "uncover"), [(hides, shows), (takes_back, puts_back)])
def test_a_card_that_was_not_posted_is_held_until_it_may_be(store: Store, cover: object, uncover: object) -> None:
    """Its text is the newest when it goes out after all."""
    assert callable(cover)
    assert callable(uncover)
    sent(store, CHANNEL.to, most=1)
    cover(store)
    assert [one.message.title for one in sent(store, CHANNEL.to) if not one.replaces] == ["Moths"]
    (held,) = why(store, number_of(store, CHANNEL.to), ID)
    assert held.state is State.HELD
    if cover is hides:
        put_right(store, "Accuracy is 92.")
    uncover(store)
    late = [one for one in sent(store, CHANNEL.to) if not one.replaces]
    assert [one.message.title for one in late][:1] == ["Lanterns in Rows"]
    assert late[0].under is not None
    (there,) = why(store, number_of(store, CHANNEL.to), ID)
    assert there.state is State.SENT


def test_the_headline_counts_and_names_what_is_to_be_seen(store: Store) -> None:
    """Also when all of it is hidden, and when nothing has been posted yet."""
    number = number_of(store, CHANNEL.to)
    hides(store)
    headline, *cards = sent(store, CHANNEL.to)
    assert "Lanterns" not in plain(headline.message.blocks)
    assert "1" in headline.message.title
    assert [one.message.title for one in cards] == ["Moths"]
    hide(store, compose.localizer(), OTHER, number, BY, delivery.composer)
    edits = [one for one in sent(store, CHANNEL.to) if one.replaces]
    assert "0" in edits[0].message.title
    assert plain(edits[0].message.blocks) == ""
    shows(store)
    assert "Lanterns" in plain(next(one for one in sent(store, CHANNEL.to) if one.replaces).message.blocks)


def test_a_paper_hidden_before_its_day_is_not_in_the_edition(store: Store) -> None:
    """Nor does it come late; why says so."""
    day = DAY.replace(day=17)
    third = paper("2601.00003", title="Wicks")
    number = number_of(store, CHANNEL.to)
    store.save_listing(day, [third, paper("2601.00004", title="Oil")])
    hide(store, compose.localizer(), third.id, number, BY, delivery.composer)
    for one in ("2601.00003", "2601.00004"):
        store.save_report(report(one))
    made = make_edition(store, number, day, delivery.composer(CHANNEL))
    assert made.reasons[third.id] is Reason.HIDDEN
    sendings = sent(store, CHANNEL.to)
    assert not any("Wicks" in one.message.title + plain(one.message.blocks) for one in sendings)
    assert [one.reason for one in why(store, number, third.id)] == [Reason.HIDDEN]


def test_what_was_deleted_stays_deleted(store: Store) -> None:
    """A person deleted the card; neither hiding nor its end posts or edits it."""
    sent(store)
    store.connection.execute("UPDATE messages SET deleted_at = '2026-01-17' WHERE kind = 'card' AND paper = ?", (ID,))
    hides(store)
    shows(store)
    takes_back(store)
    puts_back(store)
    assert all("Lanterns" not in one.message.title or one.under for one in sent(store, CHANNEL.to))


@pytest.mark.parametrize("gone", [takes_back, hides])
def test_a_channel_that_comes_back_shows_what_holds_then(store: Store, gone: object) -> None:
    """Whatever was done while nothing was sent there; of that nothing is said."""
    assert callable(gone)
    sent(store)
    number = number_of(store, CHANNEL.to)
    card = shown(store, CHANNEL.to, "card")
    remove(store, number)
    if gone is takes_back:
        takes_back(store)
    else:
        hide(store, compose.localizer(), ID, number, BY, delivery.composer)
    assert said(sent(store), CHANNEL.to) == []
    keep(store, CHANNEL)
    cover = WITHDRAWN if gone is takes_back else HIDDEN
    assert said(sent(store), CHANNEL.to)[-1] == f"edit: {cover}"
    remove(store, number)
    if gone is takes_back:
        puts_back(store)
    else:
        unhide(store, compose.localizer(), ID, number, delivery.composer)
    keep(store, CHANNEL)
    sent(store)
    assert shown(store, CHANNEL.to, "card") == card


def test_a_withdrawn_card_is_counted_as_long_as_it_stands_there(store: Store) -> None:
    """So that a headline which is drawn again in between is right afterwards, too."""
    sent(store)
    takes_back(store)
    number = number_of(store, CHANNEL.to)
    hide(store, compose.localizer(), OTHER, number, BY, delivery.composer)
    unhide(store, compose.localizer(), OTHER, number, delivery.composer)
    puts_back(store)
    headlines = [one.message for one in sent(store, CHANNEL.to) if "Papers" in one.message.title]
    assert "2" in headlines[-1].title
    assert "Lanterns in Rows" in plain(headlines[-1].blocks)


def test_what_was_said_of_a_hidden_paper_is_hidden_too(store: Store) -> None:
    """A correction's reply: posted, or waiting."""
    sent(store)
    put_right(store)
    sent(store)
    put_right(store, "Accuracy is 92.")
    hides(store)
    sendings = sent(store, CHANNEL.to)
    assert not any("92" in text or "Lanterns" in text for text in said(sendings, CHANNEL.to))
    assert not any("Lanterns" in one.message.title for one in sendings)
    shows(store)
    back = sent(store, CHANNEL.to)
    assert any("92" in text for text in said(back, CHANNEL.to))
    assert [one.replaces is None for one in back].count(True) == 1  # the reply that was held


def test_what_cannot_be_done_is_said(store: Store) -> None:
    with pytest.raises(UsageError, match="is not hidden here"):
        shows(store)
    hides(store)
    with pytest.raises(UsageError, match="hidden here already"):
        hides(store)
    with pytest.raises(UsageError, match="is not withdrawn"):
        puts_back(store)


def test_a_preview_leaves_no_trace(store: Store) -> None:
    """Also of what is only counted, such as deliveries and revisions, and inside another transaction."""
    sent(store)
    tables = ("reports", "messages", "deliveries", "payloads", "hidden")

    def everything() -> list[object]:
        return [tuple(row) for name in tables for row in store.connection.execute(f"SELECT * FROM {name}")]  # noqa: S608

    before = everything()
    reach = preview(store, lambda: withdraw(store, compose.localizer(), ID, "…"))
    assert sum(one.edited for one in reach) == 9
    assert everything() == before
    with pytest.raises(UsageError):
        preview(store, lambda: withdraw(store, compose.localizer(), ID, " "))
    assert everything() == before
