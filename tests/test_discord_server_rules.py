"""The local Discord keeps Discord's limits by its own rules alone; `make material` adds Discord's own description."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.discord_client import Plain, plain
from tests.discord_rules import V2, command_chars, embed_chars
from tests.discord_server import DiscordServer
from tests.discord_world import APPLICATION, FORUM, PAPERS

MESSAGES = f"/channels/{PAPERS}/messages"
COMMANDS = f"/applications/{APPLICATION}/commands"
BUTTON = {"type": 2, "style": 1, "label": "Read", "custom_id": "read"}
LINK = {"type": 2, "style": 5, "label": "Hub", "url": "https://hub.example"}
MENU: dict[str, Any] = {"type": 3, "custom_id": "more", "options": [{"label": "One", "value": "1"}]}
OPTION = {"type": 3, "name": "id", "description": "Which paper"}
COMMAND = {"name": "paper", "description": "A paper's report", "options": [OPTION]}


@pytest.fixture
def local() -> Iterator[DiscordServer]:
    """With its own rules alone; `make material` runs this with Discord's description as well."""
    with DiscordServer() as local:
        yield local


@pytest.fixture
async def rest(local: DiscordServer) -> AsyncIterator[Plain]:
    async with plain(local) as rest:
        yield rest


def row(*components: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(components)}


def embeds(**embed: Any) -> dict[str, Any]:
    return {"embeds": [embed]}


FIELD = {"name": "n", "value": "v"}
MOST: dict[str, dict[str, Any]] = {
    "content": {"content": "x" * 2000},
    "title": embeds(title="x" * 256),
    "description": embeds(description="x" * 4096),
    "footer": embeds(footer={"text": "x" * 2048}),
    "author": embeds(author={"name": "x" * 256}),
    "fields": embeds(fields=[FIELD] * 25),
    "field": embeds(fields=[{"name": "x" * 256, "value": "x" * 1024}]),
    "all embeds": {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2000}]},
    "embeds": {"embeds": [{"title": "x"}] * 10},
    "rows": {"components": [row({**BUTTON, "custom_id": str(number)}) for number in range(5)]},
    "buttons": {"components": [row(*({**BUTTON, "custom_id": str(number)} for number in range(5)))]},
    "button": {"components": [row({**BUTTON, "label": "x" * 80, "custom_id": "x" * 100})]},
    "menu": {"components": [row({**MENU, "options": [{"label": "x" * 100, "value": str(n)} for n in range(25)]})]},
    "nonce": {"content": "x", "nonce": "x" * 25},
    "components alone": {"flags": V2, "components": [{"type": 10, "content": "x" * 4000}]},
}
TOO_MUCH: dict[str, tuple[dict[str, Any], str]] = {
    "content": ({"content": "x" * 2001}, "content"),
    "title": (embeds(title="x" * 257), "embeds.0.title"),
    "description": (embeds(description="x" * 4097), "embeds.0.description"),
    "footer": (embeds(footer={"text": "x" * 2049}), "embeds.0.footer.text"),
    "author": (embeds(author={"name": "x" * 257}), "embeds.0.author.name"),
    "fields": (embeds(fields=[FIELD] * 26), "embeds.0.fields"),
    "field's name": (embeds(fields=[{"name": "x" * 257, "value": "v"}]), "embeds.0.fields.0.name"),
    "field's value": (embeds(fields=[{"name": "n", "value": "x" * 1025}]), "embeds.0.fields.0.value"),
    "empty field": (embeds(fields=[{"name": "n", "value": ""}]), "embeds.0.fields.0.value"),
    "all embeds": ({"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, "embeds"),
    "embeds": ({"embeds": [{"title": "x"}] * 11}, "embeds"),
    "address": (embeds(title="x", url="javascript:alert(1)"), "embeds.0.url"),
    "rows": ({"components": [row({**BUTTON, "custom_id": str(n)}) for n in range(6)]}, "components"),
    "empty row": ({"components": [row()]}, "components.0.components"),
    "buttons": ({"components": [row(*({**BUTTON, "custom_id": str(n)} for n in range(6)))]}, "components.0.components"),
    "no row": ({"components": [{"type": 10, "content": "x"}]}, "components.0.type"),
    "label": ({"components": [row({**BUTTON, "label": "x" * 81})]}, "components.0.components.0.label"),
    "custom id": ({"components": [row({**BUTTON, "custom_id": "x" * 101})]}, "components.0.components.0.custom_id"),
    "two ids": ({"components": [row(BUTTON, BUTTON)]}, "components"),
    "link": ({"components": [row({**LINK, "custom_id": "x"})]}, "components.0.components.0"),
    "no link": ({"components": [row({**BUTTON, "url": "https://x.example"})]}, "components.0.components.0"),
    "button's address": ({"components": [row({**LINK, "url": "nowhere"})]}, "components.0.components.0.url"),
    "long address": (
        {"components": [row({**LINK, "url": f"https://{'x' * 505}"})]},
        "components.0.components.0.url",
    ),
    "menu and button": ({"components": [row(MENU, BUTTON)]}, "components.0.components"),
    "empty menu": ({"components": [row({**MENU, "options": []})]}, "components.0.components.0.options"),
    "same options": (
        {"components": [row({**MENU, "options": MENU["options"] * 2})]},
        "components.0.components.0.options",
    ),
    "option": (
        {"components": [row({**MENU, "options": [{"label": "x" * 101, "value": "1"}]})]},
        "components.0.components.0.options.0.label",
    ),
    "nonce": ({"content": "x", "nonce": "x" * 26}, "nonce"),
    "content beside components alone": ({"flags": V2, "content": "x", "components": [row(BUTTON)]}, "content"),
    "text of components alone": (
        {"flags": V2, "components": [{"type": 10, "content": "x" * 2001}] * 2},
        "components",
    ),
    "mentions": (
        {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}},
        "allowed_mentions.parse",
    ),
    "content is no text": ({"content": ["x"]}, "content"),
    "embeds are no list": ({"embeds": {"title": "x"}}, "embeds"),
}


@pytest.mark.parametrize("name", MOST)
async def test_a_message_may_be_as_long_as_discord_says(rest: Plain, name: str) -> None:
    """Each limit itself is taken."""
    status, answer = await rest.ask("POST", MESSAGES, MOST[name])
    assert status == 200, answer


@pytest.mark.parametrize("name", TOO_MUCH)
async def test_a_message_that_breaks_a_rule_is_refused_with_the_place(
    local: DiscordServer, rest: Plain, name: str
) -> None:
    """50035, with the path of what is wrong; nothing is posted."""
    body, place = TOO_MUCH[name]
    assert place in await rest.problems("POST", MESSAGES, body)
    assert local.messages(PAPERS) == []


async def test_an_edit_keeps_the_rules_too(rest: Plain) -> None:
    """What is added to a message counts together with what it had."""
    _, sent = await rest.ask("POST", MESSAGES, embeds(description="x" * 4000))
    path = f"{MESSAGES}/{sent['id']}"
    assert await rest.problems("PATCH", path, {"content": "x" * 2001}) == ["content"]
    more = {"embeds": [{"description": "x" * 4000}, {"description": "y" * 2001}]}
    assert await rest.problems("PATCH", path, more) == ["embeds"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"auto_archive_duration": 5}, "auto_archive_duration"),
        ({"applied_tags": [str(tag) for tag in range(6)]}, "applied_tags"),
        ({"message": {"content": "x" * 2001}}, "message.content"),
        ({"message": "x"}, "message"),
    ],
)
async def test_a_thread_that_breaks_a_rule_is_refused(rest: Plain, changes: dict[str, Any], place: str) -> None:
    """Names of 1 to 100 characters, four durations, five tags, and a first message like any other."""
    body = {"name": "x" * 100, "auto_archive_duration": 1440, "message": {"content": "x"}}
    assert (await rest.ask("POST", f"/channels/{FORUM}/threads", body))[0] == 201
    assert place in await rest.problems("POST", f"/channels/{FORUM}/threads", body | changes)


CHOICE = {"name": "One", "value": "1"}
COMMANDS_REFUSED: dict[str, tuple[list[dict[str, Any]], str]] = {
    "capital": ([{**COMMAND, "name": "Paper"}], "0.name"),
    "space": ([{**COMMAND, "name": "the paper"}], "0.name"),
    "long name": ([{**COMMAND, "name": "x" * 33}], "0.name"),
    "translated name": ([{**COMMAND, "name_localizations": {"zh-CN": "a b"}}], "0.name"),
    "description": ([{**COMMAND, "description": "x" * 101}], "0.description"),
    "no description": ([{**COMMAND, "description": ""}], "0.description"),
    "twice": ([COMMAND, COMMAND], ""),
    "options": ([{**COMMAND, "options": [{**OPTION, "name": f"o{n}"} for n in range(26)]}], "0.options"),
    "same options": ([{**COMMAND, "options": [OPTION, OPTION]}], "0.options"),
    "required last": ([{**COMMAND, "options": [OPTION, {**OPTION, "name": "b", "required": True}]}], "0.options"),
    "choices": ([{**COMMAND, "options": [{**OPTION, "choices": [CHOICE] * 26}]}], "0.options.0.choices"),
    "choice": (
        [{**COMMAND, "options": [{**OPTION, "choices": [{"name": "x" * 101, "value": "1"}]}]}],
        "0.options.0.choices.0.name",
    ),
    "choices and autocomplete": (
        [{**COMMAND, "options": [{**OPTION, "choices": [CHOICE], "autocomplete": True}]}],
        "0.options.0",
    ),
    "sub-command beside": (
        [{**COMMAND, "options": [OPTION, {"type": 1, "name": "help", "description": "Help"}]}],
        "0.options",
    ),
    "too large": (
        [
            {
                **COMMAND,
                "options": [
                    {
                        **OPTION,
                        "name": f"o{n}",
                        "choices": [{"name": f"{m}{'x' * 90}", "value": f"{m}"} for m in range(25)],
                    }
                    for n in range(4)
                ],
            }
        ],
        "0",
    ),
    "too many": ([{**COMMAND, "name": f"c{n}"} for n in range(131)], ""),
}


@pytest.mark.parametrize("name", COMMANDS_REFUSED)
async def test_commands_that_break_a_rule_are_refused(local: DiscordServer, rest: Plain, name: str) -> None:
    """None of them is registered then."""
    commands, place = COMMANDS_REFUSED[name]
    problems = await rest.problems("PUT", COMMANDS, commands)
    assert any(problem == place or problem.startswith(f"{place}.") for problem in problems), problems
    assert local.commands[""] == []


async def test_commands_are_kept_by_name(rest: Plain) -> None:
    """Registering again keeps the id and makes a new version; what is left out is gone."""
    first = (await rest.ask("PUT", COMMANDS, [COMMAND, {**COMMAND, "name": "papers"}]))[1]
    again = (await rest.ask("PUT", COMMANDS, [COMMAND]))[1]
    assert [one["name"] for one in first] == ["paper", "papers"]
    assert (again[0]["id"], again[0]["version"] == first[0]["version"]) == (first[0]["id"], False)
    assert (await rest.ask("GET", COMMANDS))[1] == again
    assert (await rest.ask("POST", COMMANDS, {**COMMAND, "name": "help"}))[1]["name"] == "help"
    assert (await rest.ask("DELETE", f"{COMMANDS}/{again[0]['id']}"))[0] == 204
    assert [one["name"] for one in (await rest.ask("GET", COMMANDS))[1]] == ["help"]
    assert await rest.code("DELETE", f"{COMMANDS}/{again[0]['id']}") == (404, 10063)


def test_characters_are_counted_as_discord_counts_them() -> None:
    """Of an embed all that is shown as text; of a command the longest translation."""
    embed = {"title": "ab", "url": "https://x.example", "footer": {"text": "c"}, "fields": [FIELD]}
    assert embed_chars(embed) == 5
    command = {"name": "ab", "description": "c", "description_localizations": {"zh-CN": "一二三"}, "options": [OPTION]}
    assert command_chars(command) == 2 + 3 + len("idWhich paper")
