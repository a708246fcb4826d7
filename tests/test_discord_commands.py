"""The commands as Discord is told of them, and when it is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from adapters.discord_commands import options_of, payload, sync
from adapters.discord_rest import Rest
from bot.compose import texts
from bot.registry import COMMANDS as ALL_COMMANDS
from tests.discord_chat import COMMANDS
from tests.discord_rules import command_problems
from tests.discord_server import DiscordServer
from tests.discord_world import BOT_TOKEN

TEXTS = {language: texts(language) for language in ("en", "zh")}


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


def rest_for(discord: DiscordServer) -> Rest:
    return Rest(BOT_TOKEN, api_url=f"{discord.url}/api/v10", timeout_s=5.0)


def named(told: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(one for one in told if one["name"] == name)


def test_every_command_that_is_typed_is_there_and_discord_takes_it() -> None:
    """In servers and direct messages, installed to a server or by a person; with and without texts."""
    for known in (TEXTS, {}):
        told = payload(ALL_COMMANDS, known)
        assert [command["name"] for command in told] == [one.name for one in ALL_COMMANDS if one.typed]
        assert command_problems(told) == []
        assert all(command["contexts"] == [0, 1, 2] for command in told)
        assert all(command["integration_types"] == [0, 1] for command in told)


def test_capitals_are_options_and_other_words_are_commands_under_it() -> None:
    """As the usage has them: `ID|URL|WORDS [SECTION]`, `[digest|status|help]`. Options are completed while typed."""
    told = payload(COMMANDS, TEXTS)
    identity, section = named(told, "paper")["options"]
    assert (identity["name"], identity["required"], identity["autocomplete"]) == ("id", True, True)
    assert (section["name"], section["required"], section["autocomplete"]) == ("section", False, True)
    under = named(told, "paperboy")["options"]
    assert [(one["type"], one["name"]) for one in under] == [(1, "digest"), (1, "status"), (1, "help")]
    assert options_of(COMMANDS[1]) == ["query", "date", "domain"]


def test_capitals_after_a_word_are_options_of_the_command_under_it() -> None:
    """`[subscribe [TOPICS]|pause [UNTIL]|stop]`: each has its own, and what is typed comes as words in a row."""
    command = msgspec.structs.replace(COMMANDS[0], usage="[subscribe [TOPICS]|here [TOPICS]|pause [UNTIL]|stop]")
    (told,) = payload([command], TEXTS)
    under = {one["name"]: [option["name"] for option in one.get("options", ())] for one in told["options"]}
    assert under == {"subscribe": ["topics"], "here": ["topics"], "pause": ["until"], "stop": []}
    assert all(one["type"] == 1 for one in told["options"])
    assert all(option["description"] for one in told["options"] for option in one.get("options", ()))
    assert options_of(command) == ["topics", "until"]


def test_descriptions_are_in_the_readers_language() -> None:
    """Discord shows them by the person's locale."""
    described = named(payload(COMMANDS, TEXTS), "paper")
    assert described["description"] == TEXTS["en"].phrases["command_paper"]
    assert described["description_localizations"]["zh-CN"] == TEXTS["zh"].phrases["command_paper"]


async def test_discord_is_told_only_of_what_it_does_not_know(discord: DiscordServer) -> None:
    """At first, and when something has changed: a word, a command more or less, or what somebody else did there."""
    rest = rest_for(discord)
    assert await sync(rest, COMMANDS, TEXTS)
    assert not await sync(rest, COMMANDS, TEXTS)
    assert not await sync(rest_for(discord), COMMANDS, TEXTS)
    assert len(discord.asked("bulk_set_application_commands")) == 1
    for usage in ("[ID] [SECTION]", "[ID]", "[WORDS]", "", "help|status", "help"):
        changed = (msgspec.structs.replace(COMMANDS[0], usage=usage), *COMMANDS[1:])
        assert [await sync(rest, changed, TEXTS) for _ in range(2)] == [True, False]
    assert [await sync(rest, COMMANDS[:2], TEXTS) for _ in range(2)] == [True, False]
    discord.commands[""][0]["description"] = "Something else"
    assert [await sync(rest, COMMANDS[:2], TEXTS) for _ in range(2)] == [True, False]
    assert [await sync(rest, COMMANDS[:2], {}) for _ in range(2)] == [True, False]
