"""The commands as Discord is told of them (https://docs.discord.com/developers/interactions/application-commands),
from the one list of commands."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from adapters.discord_rest import Json, Rest, told
from adapters.neutral import shortened
from digest.types import CommandSpec, Texts

DESCRIPTION_CHARS = 100
DEFAULT_LANGUAGE = "en"
LOCALES = {"zh": ("zh-CN", "zh-TW")}  # https://docs.discord.com/developers/reference#locales
CONTEXTS = [0, 1, 2]  # servers, direct messages with the bot, other direct messages
INSTALLS = [0, 1]  # to a server, by a person for themselves
_SUBCOMMAND, _STRING = 1, 3
_LOCALIZED = "description_localizations"
_WORD = re.compile(r"(\[)?([\w|]+)\]?")


def payload(commands: Sequence[CommandSpec], texts: Mapping[str, Texts]) -> list[Json]:
    """Every command that people type: capitals of its usage are options, other words commands under it; capitals after
    such a word are its options."""
    return [
        {
            "type": 1,
            "name": command.name,
            **_described(command.summary, command.usage or command.name, texts),
            "options": _options(command, texts),
            "contexts": CONTEXTS,
            "integration_types": INSTALLS,
        }
        for command in commands
        if command.typed
    ]


def options_of(command: CommandSpec) -> list[str]:
    """The names of a command's options, of those under it too, in the order of its usage."""
    return list(dict.fromkeys(_name(words) for _, words in _WORD.findall(command.usage) if words.isupper()))


async def sync(rest: Rest, commands: Sequence[CommandSpec], texts: Mapping[str, Texts]) -> bool:
    """Has Discord know these commands and no others; gives whether it had to be told. Raises DeliveryError.

    Discord is asked what it knows rather than a hash kept: so it is also mended when somebody else changed it.
    """
    application = (await told(rest, "/applications/@me", "DISCORD_TOKEN"))["id"]
    path = f"/applications/{application}/commands"
    known = await told(rest, path, "the commands", {"with_localizations": "true"})
    wanted = payload(commands, texts)
    registered = {command["name"]: command for command in known}
    if registered.keys() == {command["name"] for command in wanted} and all(
        _has(registered[command["name"]], command) for command in wanted
    ):
        return False
    await rest.call("PUT", path, "the commands", wanted)
    return True


def _has(known: Any, wanted: Any) -> bool:
    """Whether what Discord knows is as wanted; it adds fields of its own, and leaves empty ones out."""
    if not wanted or not known:
        return not wanted and not known
    if isinstance(wanted, dict):
        return all(
            _has(known.get(name), value) if name != _LOCALIZED else (known.get(name) or {}) == value
            for name, value in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(wanted[0], int):
        return sorted(known) == sorted(wanted)
    if isinstance(wanted, list):
        return len(known) == len(wanted) and all(map(_has, known, wanted))
    return bool(known == wanted)


def _options(command: CommandSpec, texts: Mapping[str, Texts]) -> list[Json]:
    options: list[Json] = []
    for optional, words in _WORD.findall(command.usage):
        if words.isupper():
            name = _name(words)
            described = _described(f"option_{name}", words, texts)
            option = {"type": _STRING, "name": name, **described, "required": not optional, "autocomplete": True}
            under = options[-1] if options and options[-1]["type"] == _SUBCOMMAND else None
            (options if under is None else under.setdefault("options", [])).append(option)
        else:
            options += (
                {"type": _SUBCOMMAND, "name": word, **_described(f"command_{command.name}_{word}", word, texts)}
                for word in words.split("|")
                if word
            )
    return options


def _name(words: str) -> str:
    return words.partition("|")[0].lower()


def _described(key: str, otherwise: str, texts: Mapping[str, Texts]) -> Json:
    """A description in every language that has one."""
    said = {
        language: shortened(of.phrases[key], DESCRIPTION_CHARS) for language, of in texts.items() if key in of.phrases
    }
    elsewhere = {
        locale: said[language] for language, locales in LOCALES.items() for locale in locales if language in said
    }
    description = said.get(DEFAULT_LANGUAGE) or shortened(otherwise, DESCRIPTION_CHARS)
    return {"description": description, _LOCALIZED: elsewhere}
