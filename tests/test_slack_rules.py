"""What Block Kit allows passes, and every limit, one beyond, is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.slack_rules import block_problems, rendered_chars, view_problems, view_too_large

# What assistants and dashboards post: refused here as unknown
ONLY_IN_INPUTS = {
    "plain_text_input",
    "number_input",
    "email_text_input",
    "url_text_input",
    "rich_text_input",
    "file_input",
}
PLAIN = {"type": "plain_text", "text": "Lamp"}


def option(**changes: Any) -> dict[str, Any]:
    return {"text": PLAIN, "value": "lamp", **changes}


def button(**changes: Any) -> dict[str, Any]:
    return {"type": "button", "text": PLAIN, "action_id": "light", **changes}


def plain(length: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": "灯" * length}


def with_element(element: dict[str, Any]) -> dict[str, Any]:
    """A block of a kind that may hold the element."""
    if element["type"] in ONLY_IN_INPUTS:
        return {"type": "input", "label": PLAIN, "element": element}
    if element["type"] == "image":
        return {"type": "context", "elements": [element]}
    return {"type": "actions", "elements": [element]}


def menu(kind: str = "static_select", **changes: Any) -> dict[str, Any]:
    return with_element({"type": kind, "action_id": "choose", **changes})


def modal(**changes: Any) -> dict[str, Any]:
    return {"type": "modal", "title": PLAIN, "blocks": [{"type": "divider"}], **changes}


def section(**changes: Any) -> dict[str, Any]:
    return {"type": "section", "text": PLAIN, **changes}


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": list(elements)}


def line(*runs: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text_section", "elements": list(runs)}


def table(rows: int, columns: int = 1, **changes: Any) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * columns for _ in range(rows)], **changes}


def image(**changes: Any) -> dict[str, Any]:
    return {"type": "image", "alt_text": "A lamp", **changes}


def video(**changes: Any) -> dict[str, Any]:
    address = "https://example.org/v"
    return {"type": "video", "alt_text": "v", "title": PLAIN, "video_url": address, "thumbnail_url": address, **changes}


def confirm(**changes: Any) -> dict[str, Any]:
    return with_element(button(confirm={"title": PLAIN, "text": PLAIN, "confirm": PLAIN, "deny": PLAIN, **changes}))


def feedback(**changes: Any) -> dict[str, Any]:
    one = {"text": PLAIN, "value": "good"}
    element = {"type": "feedback_buttons", "positive_button": {**one, **changes}, "negative_button": one}
    return {"type": "context_actions", "elements": [element]}


def trash(**changes: Any) -> dict[str, Any]:
    element = {"type": "icon_button", "icon": "trash", "text": PLAIN, **changes}
    return {"type": "context_actions", "elements": [element]}


ADDRESS = "https://example.org/" + "x" * 2980  # 3,000 characters

# A block at the limit, and the same block one beyond, by the limit's name in the fixtures.
LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text.min_length": (section(text=plain(1)), section(text=plain(0))),
    "text.max_length": (section(text=plain(3000)), section(text=plain(3001))),
    "action_id.max_length": (with_element(button(action_id="a" * 255)), with_element(button(action_id="a" * 256))),
    "block_id.max_length": (section(block_id="b" * 255), section(block_id="b" * 256)),
    "button.text.max_length": (with_element(button(text=plain(75))), with_element(button(text=plain(76)))),
    "button.url.max_length": (with_element(button(url=ADDRESS)), with_element(button(url=ADDRESS + "x"))),
    "button.value.max_length": (with_element(button(value="v" * 2000)), with_element(button(value="v" * 2001))),
    "button.accessibility_label.max_length": (
        with_element(button(accessibility_label="l" * 75)),
        with_element(button(accessibility_label="l" * 76)),
    ),
    "confirmation.title.max_length": (confirm(title=plain(100)), confirm(title=plain(101))),
    "confirmation.text.max_length": (confirm(text=plain(300)), confirm(text=plain(301))),
    "confirmation.confirm.max_length": (confirm(confirm=plain(30)), confirm(confirm=plain(31))),
    "confirmation.deny.max_length": (confirm(deny=plain(30)), confirm(deny=plain(31))),
    "option.text.max_length": (menu(options=[option(text=plain(75))]), menu(options=[option(text=plain(76))])),
    "option.value.max_length": (menu(options=[option(value="v" * 150)]), menu(options=[option(value="v" * 151)])),
    "option.description.max_length": (
        menu(options=[option(description=plain(75))]),
        menu(options=[option(description=plain(76))]),
    ),
    "option.url.max_length": (
        menu("overflow", options=[option(), option(url=ADDRESS)]),
        menu("overflow", options=[option(), option(url=ADDRESS + "🏮")]),
    ),
    "option_group.label.max_length": (
        menu(option_groups=[{"label": plain(75), "options": [option()]}]),
        menu(option_groups=[{"label": plain(76), "options": [option()]}]),
    ),
    "option_group.options.min_items": (
        menu(option_groups=[{"label": PLAIN, "options": [option()]}]),
        menu(option_groups=[{"label": PLAIN, "options": []}]),
    ),
    "option_group.options.max_items": (
        menu(option_groups=[{"label": PLAIN, "options": [option()] * 100}]),
        menu(option_groups=[{"label": PLAIN, "options": [option()] * 101}]),
    ),
    "select.placeholder.max_length": (
        menu(options=[option()], placeholder=plain(150)),
        menu(options=[option()], placeholder=plain(151)),
    ),
    "select.options.max_items": (menu(options=[option()] * 100), menu(options=[option()] * 101)),
    "select.option_groups.max_items": (
        menu(option_groups=[{"label": PLAIN, "options": [option()]}] * 100),
        menu(option_groups=[{"label": PLAIN, "options": [option()]}] * 101),
    ),
    "overflow.options.min_items": (menu("overflow", options=[option()] * 2), menu("overflow", options=[])),
    "overflow.options.max_items": (menu("overflow", options=[option()] * 5), menu("overflow", options=[option()] * 6)),
    "checkboxes.options.min_items": (menu("checkboxes", options=[option()]), menu("checkboxes", options=[])),
    "checkboxes.options.max_items": (
        menu("checkboxes", options=[option()] * 10),
        menu("checkboxes", options=[option()] * 11),
    ),
    "radio_buttons.options.min_items": (menu("radio_buttons", options=[option()]), menu("radio_buttons", options=[])),
    "radio_buttons.options.max_items": (
        menu("radio_buttons", options=[option()] * 10),
        menu("radio_buttons", options=[option()] * 11),
    ),
    "file_input.max_files.min": (menu("file_input", max_files=1), menu("file_input", max_files=0)),
    "file_input.max_files.max": (menu("file_input", max_files=10), menu("file_input", max_files=11)),
    "plain_text_input.max_length.max": (
        menu("plain_text_input", max_length=3000),
        menu("plain_text_input", max_length=3001),
    ),
    "actions.elements.max_items": (
        {"type": "actions", "elements": [button(action_id=str(n)) for n in range(25)]},
        {"type": "actions", "elements": [button(action_id=str(n)) for n in range(26)]},
    ),
    "context.elements.max_items": (
        {"type": "context", "elements": [PLAIN] * 10},
        {"type": "context", "elements": [PLAIN] * 11},
    ),
    "context_actions.elements.max_items": (
        {"type": "context_actions", "elements": trash()["elements"] * 5},
        {"type": "context_actions", "elements": trash()["elements"] * 6},
    ),
    "feedback_button.text.max_length": (feedback(text=plain(75)), feedback(text=plain(76))),
    "feedback_button.value.max_length": (feedback(value="v" * 2000), feedback(value="v" * 2001)),
    "feedback_button.accessibility_label.max_length": (
        feedback(accessibility_label="l" * 75),
        feedback(accessibility_label="l" * 76),
    ),
    "icon_button.visible_to_user_ids.max_items": (
        trash(visible_to_user_ids=["U0ALICE001"] * 10),
        trash(visible_to_user_ids=["U0ALICE001"] * 11),
    ),
    "header.text.max_length": (
        {"type": "header", "text": plain(150)},
        {"type": "header", "text": plain(151)},
    ),
    "image.image_url.max_length": (image(image_url=ADDRESS), image(image_url=ADDRESS + "x")),
    "image.alt_text.max_length": (
        image(image_url=ADDRESS, alt_text="a" * 2000),
        image(image_url=ADDRESS, alt_text="a" * 2001),
    ),
    "input.label.max_length": (
        {"type": "input", "label": plain(2000), "element": {"type": "plain_text_input"}},
        {"type": "input", "label": plain(2001), "element": {"type": "plain_text_input"}},
    ),
    "input.hint.max_length": (
        {**menu("plain_text_input"), "hint": plain(2000)},
        {**menu("plain_text_input"), "hint": plain(2001)},
    ),
    "markdown.text.min_length": ({"type": "markdown", "text": "x"}, {"type": "markdown", "text": ""}),
    "markdown.text.max_length": (
        {"type": "markdown", "text": "x" * 12_000},
        {"type": "markdown", "text": "x" * 12_001},
    ),
    "section.text.max_length": (section(text=plain(3000)), section(text=plain(3001))),
    "section.fields.max_items": (section(fields=[PLAIN] * 10), section(fields=[PLAIN] * 11)),
    "section.fields.item_max_length": (section(fields=[plain(2000)]), section(fields=[plain(2001)])),
    "video.alt_text.min_length": (video(alt_text="a"), video(alt_text="")),
    "video.alt_text.max_length": (video(alt_text="a" * 200), video(alt_text="a" * 201)),
    "video.title.max_length": (video(title=plain(200)), video(title=plain(201))),
    "video.author_name.max_length": (video(author_name="a" * 50), video(author_name="a" * 51)),
    "video.description.max_length": (video(description=plain(200)), video(description=plain(201))),
    "video.provider_name.max_length": (video(provider_name="p" * 50), video(provider_name="p" * 51)),
    "view.blocks.min_items": (modal(), modal(blocks=[])),
    "view.blocks.max_items": (modal(blocks=[{"type": "divider"}] * 100), modal(blocks=[{"type": "divider"}] * 101)),
    "view.private_metadata.max_length": (modal(private_metadata="m" * 3000), modal(private_metadata="m" * 3001)),
    "view.callback_id.max_length": (modal(callback_id="c" * 255), modal(callback_id="c" * 256)),
    "view.title.max_length": (modal(title=plain(24)), modal(title=plain(25))),
    "view.close.max_length": (modal(close=plain(24)), modal(close=plain(25))),
    "view.submit.max_length": (modal(submit=plain(24)), modal(submit=plain(25))),
    "table.rows.max_items": (table(100), table(101)),
    "table.row_shape": (table(2), {"type": "table", "rows": table(1)["rows"] + table(1, 2)["rows"]}),
    "table.column_settings": (
        table(2, 2, column_settings=[{"align": "left"}] * 2),
        table(2, 2, column_settings=[{"align": "left"}]),
    ),
    "section.content": (section(), {"type": "section"}),
    "static_select.choice_source": (
        menu(options=[option()]),
        menu(options=[option()], option_groups=[{"label": PLAIN, "options": [option()]}]),
    ),
    "image.source": (image(image_url=ADDRESS), image(image_url=ADDRESS, slack_file={"id": "F01"})),
    "number_input.range": (
        menu("number_input", is_decimal_allowed=True, min_value="1.5", max_value="2"),
        menu("number_input", is_decimal_allowed=True, min_value="2", max_value="1.5"),
    ),
    "context.elements": ({"type": "context", "elements": [PLAIN]}, {"type": "context", "elements": [button()]}),
    "input.element": (menu("plain_text_input"), {"type": "input", "label": PLAIN, "element": button()}),
}

RICH_LIST = {"type": "rich_text_list", "style": "bullet", "elements": [line({"type": "text", "text": "x"})]}
REFUSED: dict[str, dict[str, Any]] = {
    "an unknown block": {"type": "lantern"},
    "a block without a type": {"text": PLAIN},
    "a text in place of a block": "lantern",  # type: ignore[dict-item]  # what is wrong is the point
    "an unknown field of a block": section(colour="red"),
    "an unknown field of a text": section(text={**PLAIN, "verbatim": True}),
    "an unknown element": with_element({"type": "lever"}),
    "an unknown field of an element": with_element(button(colour="red")),
    "an unknown style of a button": with_element(button(style="loud")),
    "a bare string for a text": section(text="Lamp"),
    "markdown in a header": {"type": "header", "text": {"type": "mrkdwn", "text": "Lamp"}},
    "markdown on a button": with_element(button(text={"type": "mrkdwn", "text": "Lamp"})),
    "an address that is none": with_element(button(url="example.org")),
    "a script for an address": rich(line({"type": "link", "url": "javascript:alert(1)"})),
    "a menu without options": menu(options=[]),
    "a choice at first that is no option": menu(options=[option()], initial_option=option(value="moon")),
    "choices at first of which one is no option": menu(
        "multi_static_select", options=[option()], initial_options=[option(), option(value="moon")]
    ),
    "no choices at first": menu("multi_static_select", options=[option()], initial_options=[]),
    "a button as a question": {"type": "input", "label": PLAIN, "element": button()},
    "a question without words": {"type": "input", "element": {"type": "plain_text_input"}},
    "a text at first beyond 3000": menu("plain_text_input", initial_value="x" * 3001),
    "a button alone among the blocks": button(),
    "an overflow menu of one": menu("overflow", options=[option()]),
    "actions without elements": {"type": "actions", "elements": []},
    "an action's id twice in a block": {"type": "actions", "elements": [button(), button()]},
    "rich text without elements": rich(),
    "text directly in rich text": rich({"type": "text", "text": "x"}),
    "empty text in rich text": rich(line({"type": "text", "text": ""})),
    "an unknown style of text": rich(line({"type": "text", "text": "x", "style": {"loud": True}})),
    "a style that is no flag": rich(line({"type": "text", "text": "x", "style": {"bold": 1}})),
    "an unknown run of text": rich(line({"type": "tex", "text": "x"})),
    "a list without a style": rich({"type": "rich_text_list", "elements": [line({"type": "text", "text": "x"})]}),
    "a list within a list": rich({**RICH_LIST, "elements": [RICH_LIST]}),
    "text directly in a list": rich({**RICH_LIST, "elements": [{"type": "text", "text": "x"}]}),
    "a list indented too far": rich({**RICH_LIST, "indent": 9}),
    "a mention in preformatted text": rich(
        {"type": "rich_text_preformatted", "elements": [{"type": "user", "user_id": "U0ALICE001"}]}
    ),
}


def problems(block: Any) -> list[str]:
    is_view = isinstance(block, dict) and block.get("type") in {"modal", "home"}
    return view_problems(block) if is_view else block_problems([block])


@pytest.mark.parametrize("limit", LIMITS)
def test_at_a_limit_passes_and_beyond_is_refused(limit: str) -> None:
    """The same content, one character or entry more, is refused with the place of the fault."""
    within, beyond = LIMITS[limit]
    assert problems(within) == []
    assert any("[json-pointer:/" in problem for problem in problems(beyond))


@pytest.mark.parametrize("fault", REFUSED)
def test_what_is_not_block_kit_is_refused(fault: str) -> None:
    """Unknown kinds and fields, wrong types, and parts where they do not belong."""
    assert problems(REFUSED[fault])


def test_a_message_has_fifty_blocks_and_a_view_a_hundred() -> None:
    """50 blocks a message, 100 a view."""
    divider = {"type": "divider"}
    assert block_problems([divider] * 50) == []
    assert block_problems([divider] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert block_problems([divider] * 100, "home") == []


def test_a_block_s_id_is_its_own() -> None:
    """Two blocks of one message may not share a block_id."""
    assert block_problems([section(block_id="a"), section(block_id="b")]) == []
    assert block_problems([section(block_id="a"), section(block_id="a")])


def test_markdown_blocks_share_their_limit() -> None:
    """12,000 characters in all the markdown blocks of a message."""
    half = {"type": "markdown", "text": "x" * 6000}
    assert block_problems([half, half]) == []
    assert block_problems([half, half, {"type": "markdown", "text": "x"}])


def test_a_message_has_one_table() -> None:
    """A second table is refused."""
    assert block_problems([table(1), table(1)])


def test_what_is_for_messages_is_refused_in_a_modal() -> None:
    """Markdown and tables belong in messages only."""
    for block in ({"type": "markdown", "text": "x"}, table(1)):
        assert block_problems([block]) == []
        assert view_problems(modal(blocks=[block]))


def test_a_modal_that_asks_has_a_button_to_submit() -> None:
    """An input block needs `submit`."""
    asking = modal(blocks=[menu("plain_text_input")])
    assert view_problems(asking)
    assert view_problems({**asking, "submit": PLAIN}) == []


def test_a_view_is_known_whole() -> None:
    """A view is a modal or a home tab, with its own fields only and at most 250 kB."""
    assert view_problems({**modal(), "type": "drawer"})
    assert view_problems(modal(colour="red"))
    assert view_problems({"type": "home", "blocks": [section()], "title": PLAIN})
    assert view_problems({"type": "modal", "blocks": [section()]})
    assert not view_too_large(modal())
    assert view_too_large(modal(blocks=[section(text=plain(3000)) for _ in range(30)]))


def test_what_a_reader_sees_is_counted() -> None:
    """Texts of every kind count, addresses only where they are shown, ids and values never."""
    link = {"type": "link", "url": "https://example.org", "text": "here"}
    bare = {"type": "link", "url": "https://example.org"}
    blocks = [section(), rich(line(link, bare), RICH_LIST), with_element(button(value="v" * 100))]
    before = copy.deepcopy(blocks)
    assert rendered_chars(blocks) == len("Lamp") + len("here") + len("https://example.org") + len("x") + len("Lamp")
    assert blocks == before
