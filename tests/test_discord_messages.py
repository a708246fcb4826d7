"""Messages as Discord takes them: embeds, buttons, names of threads, and the marks by which they are found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.discord_messages import (
    DiscordMessage,
    mark_for,
    mark_of,
    messages,
    nonce_for,
    one,
    pressed,
    thread_name,
)
from adapters.markup import clean
from digest.types import Action, Message, Paragraph, Run
from tests.discord_chat import card
from tests.discord_rules import message_problems
from tests.makers import points, sentence

_texts = st.text(max_size=400)


def taken(message: DiscordMessage) -> dict[str, Any]:
    """The body, which Discord takes."""
    assert message_problems(message.body()) == []
    return message.body()


def test_a_formula_in_a_title_reads_as_text() -> None:
    """In the embed and in the name of its thread."""
    message = Message(title=r"The $\alpha$ lamp", link="https://example.org/1")
    assert taken(one(message))["embeds"][0]["title"] == "The α lamp"
    assert thread_name(message) == "The α lamp"


def test_a_card_is_an_embed_with_buttons() -> None:
    """A linked title, the contribution, a footer that says how to ask without buttons; nobody may be mentioned."""
    body = taken(one(card()))
    (embed,) = body["embeds"]
    assert embed == {
        "title": "Lanterns for Deep Networks",
        "url": "https://huggingface.co/papers/2601.00001",
        "description": "Lanterns make every layer visible.",
        "footer": {"text": "vision · ▲7 · full text · /paper 2601.00001"},
    }
    (row,) = body["components"]
    assert row["components"] == [
        {"type": 2, "style": 1, "label": "Read report", "custom_id": "read:2601.00001 usage"},
        {"type": 2, "style": 2, "label": "Discuss", "custom_id": "discuss:2601.00001"},
        {"type": 2, "style": 5, "label": "Hub", "url": "https://huggingface.co/papers/2601.00001"},
    ]
    assert body["allowed_mentions"] == {"parse": []}


def test_what_a_button_asks_is_in_its_id() -> None:
    """So it works for as long as the message is there, whatever was restarted."""
    assert pressed("read:2601.00001 usage") == ("read", "2601.00001 usage")
    assert pressed("papers:a:b") == ("papers", "a:b")


def test_buttons_that_discord_would_refuse_are_left_out() -> None:
    """A second one that asks the same, an id or an address that is too long; labels are shortened."""
    actions = (
        Action("One", command="paper", argument="1"),
        Action("Same", command="paper", argument="1"),
        Action("Long", command="paper", argument="x" * 100),
        Action("Far", url="https://hub.example/" + "x" * 500),
        Action("Bad", url="javascript:alert(1)"),
        Action("𝕏" * 90, command="paper", argument="2"),
        Action(" ", command="paper", argument="3"),
    )
    (row,) = taken(one(Message(title="t", actions=actions)))["components"]
    assert [button["label"] for button in row["components"]] == ["One", "𝕏" * 39 + "…", "…"]


def test_what_is_tucked_away_stands_below() -> None:
    """Links stand with the other buttons: a menu of Discord's could not open them."""
    actions = (
        Action("Read report", command="read", argument="1"),
        Action("Sources", command="sources", argument="1", tucked=True),
        Action("Hub", url="https://hub.example/1", tucked=True),
        Action("Mistake", command="mistake", argument="1", tucked=True),
    )
    rows = taken(one(Message(title="t", actions=actions)))["components"]
    assert [[button["label"] for button in row["components"]] for row in rows] == [
        ["Read report", "Hub"],
        ["Sources", "Mistake"],
    ]


@pytest.mark.parametrize(("count", "sizes"), [(5, [1]), (6, [2]), (25, [5]), (26, [5, 1]), (60, [5, 5, 2])])
def test_more_buttons_than_a_message_holds_are_on_more_messages(count: int, sizes: list[int]) -> None:
    """In rows of five; an answer has all of them, a post the first."""
    message = Message(title="t", actions=tuple(Action(str(n), command="paper", argument=str(n)) for n in range(count)))
    parts = messages(message)
    assert [len(taken(part)["components"]) for part in parts] == sizes
    assert len(taken(one(message))["components"]) == sizes[0]


def test_a_title_that_is_too_long_stands_in_the_text() -> None:
    """With its address; nothing of it is cut."""
    message = Message(title="Lanterns " * 60, link="https://hub.example/1", blocks=(sentence("Text."),))
    body = taken(one(message))
    assert "title" not in body["embeds"][0]
    assert body["embeds"][0]["description"].count("Lanterns") == 60
    assert "<https://hub.example/1>" in body["embeds"][0]["description"]


def test_a_footer_that_is_too_long_stands_in_the_text() -> None:
    """In answers it is whole."""
    parts = messages(Message(title="t", blocks=(sentence("Text."),), footer="not read " * 500))
    assert sum(taken(part)["embeds"][0]["description"].count("not read") for part in parts) == 500
    assert all("footer" not in part.embed for part in parts)


def test_a_heading_goes_with_what_it_heads() -> None:
    """It is not left at a message's end."""
    filled = tuple(sentence("x" * 1000) for _ in range(4))
    heading = Paragraph((Run("Usage", bold=True),))
    first, second = messages(Message(blocks=(*filled, heading, points("y" * 1000))))
    assert "Usage" not in first.embed["description"]
    assert second.embed["description"].startswith("**Usage**\n- y")


@given(_texts, _texts, st.lists(_texts, max_size=20), st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_discord_takes_whatever_there_is_to_say(title: str, footer: str, texts: list[str], times: int) -> None:
    """Posts and answers, however long; a post has its mark."""
    blocks = tuple(sentence(text * times) for text in texts)
    message = Message(title=title * times, footer=footer * times, blocks=blocks, link="https://hub.example/1")
    for part in messages(message):
        taken(part)
    assert mark_of(taken(one(message, mark_for("k1")))) == mark_for("k1")


@pytest.mark.parametrize("message", [card(), Message(), Message(title="t"), Message(blocks=(sentence("x" * 5000),))])
def test_a_message_carries_its_key_unseen(message: Message) -> None:
    """The same text with another key has another mark, and neither is to be seen."""
    for key in ("k1", "k2"):
        body = taken(one(message, mark_for(key)))
        assert mark_of(body) == mark_for(key)
        shown = str(body["embeds"][0].get("footer", "")) + body["embeds"][0].get("description", "")
        assert mark_of({"embeds": [{"description": clean(shown)}]}) == ""
    assert mark_for("k1") != mark_for("k2")
    assert mark_of(taken(one(message))) == ""


def test_what_a_paper_says_cannot_carry_a_key() -> None:
    """Characters that nobody sees are left out of texts."""
    stolen = mark_for("k1")
    message = Message(title=f"a{stolen}", blocks=(sentence(f"b{stolen}"),), footer=f"c{stolen}")
    assert mark_of(taken(one(message))) == ""


def test_a_nonce_is_short_and_its_keys_own() -> None:
    """Discord takes 25 characters."""
    assert len(nonce_for("k" * 500)) == 24
    assert nonce_for("k1") == nonce_for("k1") != nonce_for("k2")


def test_a_thread_is_called_as_its_message() -> None:
    """On one line of at most 100 characters, and never by nothing."""
    assert thread_name(Message(title="Papers ·\n Fri 16 Jan · 23")) == "Papers · Fri 16 Jan · 23"
    assert thread_name(Message(title="Lanterns " * 30)) == ("Lanterns " * 11).strip() + "…"
    assert thread_name(Message()) == "…"
