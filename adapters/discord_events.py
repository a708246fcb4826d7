"""What people do in Discord, as the SDK tells of it, read once into invocations."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct
from msgspec.structs import replace

from adapters.discord_commands import options_of
from adapters.discord_messages import pressed
from adapters.discord_names import ROLE
from adapters.discord_places import invitation, lacking_for_digest
from digest.types import MANAGER, Access, CommandSpec, Invocation

if TYPE_CHECKING:
    import discord

MENTION = "mention"  # the command of what was said to the bot and begins with no command's name
SUGGEST = "suggest"  # the command that asks what an option might be; its arguments: COMMAND OPTION what is typed so far

# https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type
_COMMAND, _COMPONENT, _AUTOCOMPLETE, _SUBMIT = 2, 3, 4, 5
_SUBCOMMANDS = {1, 2}
_WRITTEN = {0, 19}  # types of messages that a person wrote: a message, a reply
LISTED = ","  # ends the id of a form's text that holds several answers
_BETWEEN = re.compile(r"[,，、;；\n]")
_MARKED = re.compile(r"<(?:[@#][!&]?(\d+)|/([^:>]+):\d+|(https?://[^>]+))>")


class Asked(Struct, frozen=True, kw_only=True):
    """What somebody asked, and where the answer may go. `token` is that of the interaction, "" for what was said."""

    invocation: Invocation
    interaction: str = ""
    token: str = ""
    application: str = ""
    private: bool = False  # pressed on an answer that only this person sees
    submitted: bool = False  # a form: the answer cannot be another
    asks: bool = False  # its answer is expected to be a form
    said_in: str = ""  # the channel or thread, where others read it too, so that they may read the answer
    said: str = ""  # the message


def interacted(event: discord.Interaction[Any], commands: Mapping[str, CommandSpec]) -> Asked | None:
    """A command, a press, a form that was filled in, or an option that is being typed; None for what else Discord
    tells."""
    told: Any = event.data or {}
    kind = event.type.value
    if kind in (_COMPONENT, _SUBMIT):
        name, args = pressed(str(told.get("custom_id", "")))
    elif kind in (_COMMAND, _AUTOCOMPLETE):
        name, args = _typed(told, commands, suggest=kind == _AUTOCOMPLETE)
    else:
        return None
    message = event.message
    invocation = Invocation(
        name=name,
        args=args,
        language=_language(event.locale.value),
        adapter="discord",
        workspace=str(event.guild_id or ""),
        person=str(event.user.id),
        message=str(message.id) if message else "",
        role=_role(event),
        identities=_identities(event.user),
        access=_access(event),
        answers=answered(told["components"]) if kind == _SUBMIT else {},
        **_where(event.channel),
    )
    return Asked(
        invocation=invocation,
        submitted=kind == _SUBMIT,
        interaction=str(event.id),
        token=event.token,
        application=str(event.application_id),
        private=bool(message and message.flags.ephemeral),
    )


def said(message: discord.Message, me: int, commands: Collection[str]) -> Asked | None:
    """A mention, or a message to the bot alone; None for what bots say and for what was not said to this one.

    The first word may be one of `commands`; else all of it is for MENTION.
    """
    direct = message.guild is None
    if message.author.bot or message.type.value not in _WRITTEN or not (direct or me in message.raw_mentions):
        return None
    text = _plain(message.content, me)
    first, _, rest = text.partition(" ")
    name = first.removeprefix("/").casefold()
    is_command = name in commands
    return Asked(
        invocation=Invocation(
            name=name if is_command else MENTION,
            args=rest.strip() if is_command else text,
            language="",
            adapter="discord",
            workspace=str(message.guild.id) if message.guild else "",
            person=str(message.author.id),
            identities=_identities(message.author),
            **_where(message.channel),
        ),
        said_in=str(message.channel.id),
        said=str(message.id),
    )


def _role(event: discord.Interaction[Any]) -> str:
    """Those who may change a channel's settings may change what it gets."""
    allowed = event.permissions  # in that channel, none outside of servers
    return MANAGER if allowed.manage_channels or allowed.administrator else ""


def _identities(person: discord.User | discord.Member) -> tuple[str, ...]:
    """The person's id, and each of their roles in this server; that of everybody is none."""
    # Its public list has only the roles of servers that the SDK knows
    roles = getattr(person, "_roles", ())
    return str(person.id), *(f"{ROLE}{role}" for role in roles)


def _access(event: discord.Interaction[Any]) -> Access:
    """What the bot may do where it was asked. The key 0 of the owners stands for an installation to a server, also in
    the bot's direct messages: https://docs.discord.com/developers/interactions/receiving-and-responding
    (authorizing integration owners object)."""
    if not event.guild_id:
        return Access(
            installed=0 in event._integration_owners,  # noqa: SLF001 (the SDK tells of servers only)
            present=not event.context.private_channel,
            link=invitation(str(event.application_id)),
        )
    access = Access(
        installed=event.is_guild_integration(),
        present=event.client.get_guild(event.guild_id) is not None,
        link=invitation(str(event.application_id), str(event.guild_id)),
    )
    if not (access.installed and access.present):
        return access  # what is permitted there is then not said of the bot
    return replace(access, missing=lacking_for_digest(event.app_permissions.value, _type_of(event.channel)))


def _type_of(channel: Any) -> int:
    """The type of a channel, of a thread that of the channel that it is in."""
    parent = getattr(channel, "parent", None) if getattr(channel, "parent_id", None) else None
    kind = getattr(parent or channel, "type", None)
    return kind.value if kind else 0


def answered(components: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """What a submitted form holds, by field: nothing for what was left empty."""
    answers: dict[str, tuple[str, ...]] = {}
    for one in _inputs(components):
        name = str(one["custom_id"])
        given = list(one["values"]) if "values" in one else [str(one.get("value") or "")]
        if name.endswith(LISTED):
            given = _BETWEEN.split(given[0])
        answers[name.removesuffix(LISTED)] = tuple(value.strip() for value in given if value.strip())
    return answers


def _inputs(components: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for one in components:
        if "custom_id" in one:
            yield one
        yield from _inputs([*one.get("components", ()), *([one["component"]] if "component" in one else ())])


def _where(channel: Any) -> dict[str, Any]:
    """A thread is named with the channel that it is in."""
    if channel is None:
        return {}
    parent = getattr(channel, "parent_id", None)
    return {"channel": str(parent), "thread": str(channel.id)} if parent else {"channel": str(channel.id)}


def _typed(told: Mapping[str, Any], commands: Mapping[str, CommandSpec], *, suggest: bool) -> tuple[str, str]:
    """The name and arguments of what was typed, options in the order of the command's usage."""
    name = str(told["name"])
    options = list(told.get("options") or ())
    words: list[str] = []
    while options and options[0]["type"] in _SUBCOMMANDS:
        words.append(str(options[0]["name"]))
        options = list(options[0].get("options") or ())
    if suggest:
        focused = next((one for one in options if one.get("focused")), {"name": "", "value": ""})
        return SUGGEST, " ".join((name, *words, str(focused["name"]), str(focused["value"]))).strip()
    given = {str(one["name"]): " ".join(str(one["value"]).split()) for one in options}
    order = options_of(commands[name]) if name in commands else list(given)
    return name, " ".join((*words, *(given[option] for option in order if given.get(option))))


def _plain(text: str, me: int) -> str:
    """What somebody typed, without Discord's marks (https://docs.discord.com/developers/reference#message-formatting)
    and without the bot's name, on one line."""

    def typed(mark: re.Match[str]) -> str:
        return " " if mark[1] == str(me) else mark[1] or mark[2] or mark[3]

    return " ".join(_MARKED.sub(typed, text).split())


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()
