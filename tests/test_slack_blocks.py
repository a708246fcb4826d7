"""Messages as Slack takes them: rich text, limits, splitting, and nothing that a paper's text can make Slack do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.slack_blocks import (
    BUTTON_CHARS,
    MESSAGE_BLOCKS,
    MESSAGE_CHARS,
    NOTIFICATION_CHARS,
    SlackMessage,
    messages,
    one,
    pressed,
)
from adapters.slack_rich import shown
from digest.types import Action, Block, Message, Paragraph, Points, Run, RunKind, Table
from tests.makers import points, sentence
from tests.slack_rules import rendered_chars
from tests.slack_seen import accepted, found, objects, texts


def test_a_formula_in_a_title_reads_as_text() -> None:
    """In a link and in a header alike."""
    title = r"The $\alpha_{2}$ lamp"
    (linked,) = messages(Message(title=title, link="https://example.org/1"))
    assert [link["text"] for link in found(linked.blocks, "link")] == ["The α_2 lamp"]
    (bare,) = messages(Message(title=title))
    assert [header["text"]["text"] for header in found(bare.blocks, "header")] == ["The α_2 lamp"]


def test_a_title_with_an_address_is_a_bold_link_and_one_without_is_a_header() -> None:
    """A header block holds no link."""
    (linked,) = messages(Message(title="Lanterns", link="https://example.org/1"))
    assert found(linked.blocks, "link") == [
        {"type": "link", "url": "https://example.org/1", "text": "Lanterns", "style": {"bold": True}}
    ]
    (bare,) = messages(Message(title="Papers · Fri 16 Jan · 23"))
    assert bare.blocks == (
        {"type": "header", "text": {"type": "plain_text", "text": "Papers · Fri 16 Jan · 23", "emoji": False}},
    )


def test_a_title_too_long_for_a_header_is_bold_text_and_whole() -> None:
    """Nothing of a title is cut off."""
    (message,) = messages(Message(title="word " * 60 + "end"))
    assert texts(message.blocks) == "word " * 60 + "end"
    assert found(message.blocks, "header") == []


def test_the_footer_is_context_in_plain_text() -> None:
    """Facts stand small under the text, unparsed."""
    (message,) = messages(Message(title="t", footer="video · Meta · ▲5"))
    assert message.blocks[-1]["type"] == "context"
    assert [element["type"] for element in message.blocks[-1]["elements"]] == ["plain_text"]


# --- buttons -----------------------------------------------------------------------------------------------------


def controls(*actions: Action) -> list[dict[str, Any]]:
    message = one(Message(title="t", actions=actions))
    assert accepted(message)
    return [control for block in message.blocks if block["type"] == "actions" for control in block["elements"]]


def test_actions_are_buttons_and_tucked_ones_share_a_menu() -> None:
    """What a pressed one stands for can be read from Slack's payload."""
    read, menu = controls(
        Action("Read report", command="report", argument="2601.00001"),
        Action("Paper", url="https://example.org/1", tucked=True),
        Action("Sources", command="sources", argument="2601.00001", tucked=True),
    )
    assert pressed(read) == ("report", "2601.00001")
    assert [option["text"]["text"] for option in menu["options"]] == ["Paper", "Sources"]
    assert pressed({**menu, "selected_option": menu["options"][0]})[0] == "open"
    assert pressed({**menu, "selected_option": menu["options"][1]}) == ("sources", "2601.00001")


def test_a_single_tucked_action_is_a_button() -> None:
    """Slack takes no menu of one entry."""
    (button,) = controls(Action("Code", url="https://example.org/code", tucked=True))
    assert (button["type"], button["url"]) == ("button", "https://example.org/code")


@pytest.mark.parametrize("count", [2, 5, 6, 7, 11, 60])
def test_any_number_of_tucked_actions_is_offered(count: int) -> None:
    """Menus hold two to five entries; each action is offered once, in order."""
    tucked = [Action(f"a{number}", command="do", argument=str(number), tucked=True) for number in range(count)]
    offered = [option for control in controls(*tucked) for option in control.get("options", [control])]
    assert sorted(option["text"]["text"] for option in offered) == sorted(action.label for action in tucked)


def test_an_argument_too_long_for_an_id_or_a_menu_arrives_whole() -> None:
    """A search of 300 characters is still that search when its button is pressed."""
    words = "注意力 " * 75
    (button, _) = controls(
        Action("More", command="papers", argument=words, tucked=True), Action("Other", command="papers", argument="x")
    )
    assert pressed(button) == ("papers", words)


def test_the_same_action_twice_is_taken() -> None:
    """Slack refuses two equal ids in a block."""
    assert len(controls(Action("A", command="do"), Action("B", command="do"))) == 2


def test_a_long_label_is_shortened() -> None:
    """Labels are the only text that is."""
    (button,) = controls(Action("word " * 40, command="do"))
    assert button["text"]["text"].endswith("word…")
    assert len(button["text"]["text"]) <= BUTTON_CHARS


# --- hostile text ------------------------------------------------------------------------------------------------

HOSTILE = [
    "<!channel> <!here> <!everyone>",
    "<@U0ALICE001> <#C0PAPERS01> <!subteam^S1>",
    "@here @channel @Everyone 注意@here @alice",
    "<https://evil.example|https://bank.example>",
    "&lt;!channel&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_cannot_mention_or_link(text: str) -> None:
    """In blocks it is a plain text element as it stands; in the notification nothing Slack would parse is left."""
    message = one(Message(title=text, blocks=(sentence(text), points(text)), footer=text))
    assert accepted(message)
    assert texts(message.blocks).count(text) == 4
    assert {part["type"] for part in objects(message.blocks) if "type" in part} <= {
        "header",
        "plain_text",
        "rich_text",
        "rich_text_section",
        "rich_text_list",
        "text",
        "context",
    }
    assert "<" not in message.text
    assert ">" not in message.text
    assert not any(mention in message.text.lower() for mention in ("@here", "@channel", "@everyone", "@alice", "@u0"))


def test_text_cannot_turn_round_or_hide() -> None:
    """Bidi marks, zero-width and control characters and lone surrogates are gone everywhere."""
    hidden = "a\u202eb\u200bc\u2066d\ufeffe\x07f\ud800g"
    message = one(
        Message(title=hidden, blocks=(sentence(hidden),), footer=hidden, actions=(Action(hidden, command="x"),))
    )
    assert accepted(message)
    everything = json.dumps(message.blocks, ensure_ascii=False) + message.text
    assert everything.count("abcdefg") == 7


# --- splitting ---------------------------------------------------------------------------------------------------


def test_long_text_is_split_between_sentences_and_nothing_is_lost() -> None:
    """Each message ends with a sentence, and together they are the whole."""
    text = "".join(f"Sentence number {number} says that lamp {number}.5 is bright. " for number in range(900))
    parts = messages(Message(blocks=(sentence(text),)))
    assert len(parts) > 2
    assert all(accepted(part) for part in parts)
    assert "".join(texts(part.blocks) for part in parts) == text
    assert all(texts(part.blocks).rstrip().endswith("bright.") for part in parts)


def test_chinese_is_split_after_its_full_stops() -> None:
    """There is no white space to go by."""
    text = "我们提出一种新的方法，用于点亮深度网络。" * 900
    parts = messages(Message(blocks=(sentence(text),)))
    assert "".join(texts(part.blocks) for part in parts) == text
    assert all(text["text"].endswith("。") for part in parts for text in found(part.blocks, "text"))


def test_long_lists_are_split_between_points_and_keep_their_numbers() -> None:
    """A list goes on in the next message where it stopped."""
    numbered = Points(tuple((sentence(f"{number}: " + "word " * 50),) for number in range(120)), ordered=True)
    parts = messages(Message(blocks=(numbered,)))
    lists = [element for part in parts for element in found(part.blocks, "rich_text_list")]
    assert len(lists) == len(parts) > 2
    assert [element.get("offset", 0) for element in lists] == [int(texts(e).partition(":")[0]) for e in lists]


def test_code_is_split_between_lines() -> None:
    """Long code goes on in another block, line by line."""
    code = "\n".join(f"print('line {number}. It is long enough')" for number in range(500))
    parts = messages(Message(blocks=(Paragraph((Run(code, RunKind.CODE),)),)))
    pieces = [texts(element) for part in parts for element in found(part.blocks, "rich_text_preformatted")]
    assert "".join(pieces) == code
    assert all(piece.startswith("print('line ") for piece in pieces)


def test_a_heading_is_not_left_at_the_end_of_a_message() -> None:
    """A bold line goes with what it heads."""
    blocks: list[Block] = []
    for number in range(30):
        blocks += [Paragraph((Run(f"Heading {number}", bold=True),)), sentence("Something is said. " * 40)]
    parts = messages(Message(blocks=tuple(blocks)))
    assert len(parts) > 1
    assert all("Heading" not in texts(part.blocks[-1]) for part in parts)


def test_footer_and_buttons_come_with_the_last_message() -> None:
    """They belong to the whole."""
    parts = messages(Message(blocks=(sentence("word. " * 3000),), footer="facts", actions=(Action("A", command="do"),)))
    assert len(parts) > 1
    assert [[block["type"] for block in part.blocks[-2:]] == ["context", "actions"] for part in parts] == [
        *[False] * (len(parts) - 1),
        True,
    ]


def test_one_message_says_that_it_was_shortened_and_keeps_footer_and_buttons() -> None:
    """What must be one message loses the end of its body, never its buttons."""
    long = Message(
        title="t",
        blocks=tuple(sentence("word. " * 100) for _ in range(90)),
        footer="facts",
        actions=(Action("A", command="do"),),
    )
    message = one(long)
    assert accepted(message)
    assert [block["type"] for block in message.blocks[-3:]] == ["rich_text", "context", "actions"]
    assert texts(message.blocks[-3]) == "…"


def test_an_empty_message_can_still_be_posted() -> None:
    """Slack refuses a message without text."""
    assert one(Message()) == SlackMessage((), "…")
    assert messages(Message()) == [SlackMessage((), "…")]


def test_the_notification_is_the_plain_text_and_begins_with_the_title() -> None:
    """The first line is what a phone shows."""
    assert one(Message(title="Papers · 23", blocks=(points("a"),), footer="f")).text == "Papers · 23\n• a\nf"
    assert one(Message(title="t", plain="in words")).text == "in words"


def test_a_long_notification_is_shortened_by_whole_characters_after_escaping() -> None:
    """Escapes count, and none is cut in half."""
    text = one(Message(plain="a<b & " * 2000)).text
    assert 3000 < len(text) <= NOTIFICATION_CHARS
    assert set(text.replace("&lt;", "").replace("&amp;", "")) == set("ab …")


# --- any message -------------------------------------------------------------------------------------------------

WORDS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["<!channel>", "注意力机制。", "🙂" * 20, "e\u0301" * 9, "word " * 300, "句子。" * 1200, "x" * 3500]
    ),
)
FORMULAS = st.builds(Run, st.text(max_size=12), st.just(RunKind.TEX))
RUNS = st.lists(
    st.builds(
        Run,
        WORDS,
        st.sampled_from([RunKind.TEXT, RunKind.CODE]),
        st.booleans(),
        st.booleans(),
        st.sampled_from(["", "", "https://example.org/a", "javascript:x"]),
    )
    | FORMULAS,
    max_size=4,
).map(tuple)
PARAGRAPHS = st.builds(Paragraph, RUNS)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    columns = draw(st.integers(1, 3))
    row = st.tuples(*[RUNS] * columns)
    return Table(draw(row), tuple(draw(st.lists(row, max_size=3))))


def lists(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
    return st.builds(Points, st.lists(st.lists(inner, max_size=3).map(tuple), max_size=5).map(tuple), st.booleans())


BLOCKS = st.recursive(st.one_of(PARAGRAPHS, tables()), lists, max_leaves=8)
ADDRESSES = st.sampled_from(["", "", "https://example.org/x", "https://" + "a" * 4000])
ACTIONS = st.builds(
    Action, st.text(max_size=90), ADDRESSES, st.sampled_from(["", "do"]), st.text(max_size=300), st.booleans()
)
MESSAGES = st.builds(
    Message,
    title=WORDS,
    link=ADDRESSES,
    blocks=st.lists(BLOCKS, max_size=6).map(tuple),
    footer=WORDS,
    actions=st.lists(ACTIONS, max_size=40).map(tuple),
    plain=st.one_of(st.just(""), WORDS),
)


def runs_of(block: Block) -> Iterator[Run]:
    match block:
        case Paragraph(runs):
            yield from runs
        case Points(content):
            for point in content:
                for part in point:
                    yield from runs_of(part)
        case Table(header, rows):
            for row in (header, *rows):
                for cell in row:
                    yield from cell


def bare(text: str) -> str:
    return "".join(text.split())


@settings(max_examples=30, deadline=None)
@given(MESSAGES)
def test_any_message_fits_slacks_limits_and_loses_no_text(message: Message) -> None:
    """Split or shortened, Slack takes it; split, every run of text is there."""
    assert accepted(one(message))
    parts = messages(message)
    assert all(accepted(part) for part in parts)
    assert all(
        len(part.blocks) <= MESSAGE_BLOCKS and rendered_chars(list(part.blocks)) <= 2 * MESSAGE_CHARS for part in parts
    )
    everything = bare("".join(texts(part.blocks) for part in parts))
    for run in (run for block in message.blocks for run in runs_of(block)):
        assert bare(shown(run)) in everything


@settings(max_examples=50, deadline=None)
@given(st.lists(PARAGRAPHS, max_size=12), WORDS)
def test_text_arrives_whole_and_in_order(paragraphs: list[Paragraph], footer: str) -> None:
    """Apart from white space at breaks, the parts together are exactly the text."""
    parts = messages(Message(blocks=tuple(paragraphs), footer=footer))
    expected = "".join(shown(run) for paragraph in paragraphs for run in paragraph.runs) + shown(Run(footer))
    assert bare("".join(texts(part.blocks) for part in parts)) == bare(expected)
