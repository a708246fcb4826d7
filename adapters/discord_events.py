"""What people do in Discord, as the gateway's events tell of it, read once into invocations.

Only what is needed is read, from the payload itself: the SDK's objects cannot be made when anything in it is not as the
SDK knows it, be it a poll or a kind of channel. A payload that lacks what is needed raises KeyError, TypeError,
ValueError or AttributeError.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from adapters.discord_commands import options_of
from adapters.discord_messages import pressed
from adapters.discord_names import ROLE
from adapters.discord_places import invitation, lacking_for_digest
from adapters.discord_session import Session
from digest.types import MANAGER, Access, CommandSpec, Invocation

MENTION = "mention"  # the command of what was said to the bot and begins with no command's name
SUGGEST = "suggest"  # the command that asks what an option might be; its arguments: COMMAND OPTION what is typed so far

# https://docs.discord.com/developers/interactions/receiving-and-responding#interaction-object-interaction-type
_COMMAND, _COMPONENT, _AUTOCOMPLETE, _SUBMIT = 2, 3, 4, 5
_SUBCOMMANDS = {1, 2}
_WRITTEN = {0, 19}  # types of messages that a person wrote: a message, a reply
_THREADS = {10, 11, 12}  # types of channels
_EPHEMERAL = 1 << 6
_TO_SERVER = "0"  # a key of the owners of an installation
_PRIVATE_CHANNEL = 2  # a context: a conversation between other people
_MANAGES = 1 << 3 | 1 << 4  # permissions: administrator, manage channels
LISTED = ","  # ends the id of a form's text that holds several answers
_BETWEEN = re.compile(r"[,，、;；\n]")
_MARKED = re.compile(r"<(?:[@#][!&]?(\d++)|/([^:<>]++):\d++|(https?://[^<>]++))>")


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


def interacted(event: Mapping[str, Any], commands: Mapping[str, CommandSpec], session: Session) -> Asked | None:
    """A command, a press, a form that was filled in, or an option that is being typed; None for what else Discord
    tells. `session` knows the servers that the bot is in, and their channels."""
    told: Any = event.get("data") or {}
    kind = event["type"]
    if kind in (_COMPONENT, _SUBMIT):
        name, args = pressed(str(told.get("custom_id", "")))
    elif kind in (_COMMAND, _AUTOCOMPLETE):
        name, args = _typed(told, commands, suggest=kind == _AUTOCOMPLETE)
    else:
        return None
    message: Mapping[str, Any] = event.get("message") or {}
    person = str((event.get("member") or event)["user"]["id"])
    invocation = Invocation(
        name=name,
        args=args,
        language=_language(event.get("locale") or ""),
        adapter="discord",
        workspace=str(event.get("guild_id") or ""),
        person=person,
        message=str(message.get("id", "")),
        role=_role(event),
        identities=_identities(person, event.get("member")),
        access=_access(event, session),
        answers=answered(told["components"]) if kind == _SUBMIT else {},
        **_where(event),
    )
    return Asked(
        invocation=invocation,
        submitted=kind == _SUBMIT,
        interaction=str(event["id"]),
        token=event["token"],
        application=str(event["application_id"]),
        private=bool((message.get("flags") or 0) & _EPHEMERAL),
    )


def said(message: Mapping[str, Any], commands: Collection[str], session: Session) -> Asked | None:
    """A mention, or a message to the bot alone; None for what bots say and for what was not said to this one.

    The first word may be one of `commands`; else all of it is for MENTION. `session` knows the bot's own id, and the
    channel of each thread.
    """
    content, author, guild = message["content"], message["author"], message.get("guild_id")
    me = session.user
    mentioned = f"<@{me}>" in content or f"<@!{me}>" in content
    if author.get("bot") or message["type"] not in _WRITTEN or not (guild is None or mentioned):
        return None
    text = _plain(content, me)
    first, _, rest = text.partition(" ")
    name = first.removeprefix("/").casefold()
    is_command = name in commands
    return Asked(
        invocation=Invocation(
            name=name if is_command else MENTION,
            args=rest.strip() if is_command else text,
            language="",
            adapter="discord",
            workspace=str(guild or ""),
            person=str(author["id"]),
            identities=_identities(str(author["id"]), message.get("member")),
            public=guild is not None,
            # Nothing tells of how a person came by a direct conversation: see Servers.limited
            access=Access(installed=guild is not None),
            **_placed(str(message["channel_id"]), session.threads.get(str(message["channel_id"]))),
        ),
        said_in=str(message["channel_id"]),
        said=str(message["id"]),
    )


def _role(event: Mapping[str, Any]) -> str:
    """Those who may change a channel's settings may change what it gets."""
    member = event.get("member") or {}  # outside of servers there is none
    return MANAGER if int(member.get("permissions") or 0) & _MANAGES else ""  # in that channel


def _identities(person: str, member: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The person's id, and each of their roles in this server; that of everybody is none."""
    return person, *(f"{ROLE}{role}" for role in (member or {}).get("roles") or ())


def _access(event: Mapping[str, Any], session: Session) -> Access:
    """What the bot may do where it was asked. The key 0 of the owners stands for an installation to a server, also in
    the bot's direct messages: https://docs.discord.com/developers/interactions/receiving-and-responding
    (authorizing integration owners object). A server that the bot is in has it installed, whatever they say."""
    owners = event.get("authorizing_integration_owners") or {}
    application, guild = str(event["application_id"]), str(event.get("guild_id") or "")
    if not guild:
        return Access(
            installed=_TO_SERVER in owners,
            present=event.get("context") != _PRIVATE_CHANNEL,
            link=invitation(application),
        )
    present = guild in session.guilds
    access = Access(
        installed=present or str(owners.get(_TO_SERVER)) == guild,
        present=present,
        link=invitation(application, guild),
    )
    if not present:
        return access  # what is permitted there is then not said of the bot
    return replace(access, missing=lacking_for_digest(int(event["app_permissions"]), _type_of_channel(event, session)))


def _type_of_channel(event: Mapping[str, Any], session: Session) -> int:
    """The type of the channel, or of the one that the thread is in."""
    channel = event.get("channel") or {}
    if channel.get("type") in _THREADS:
        return session.channel_types.get(str(channel.get("parent_id")), 0)
    return int(channel.get("type", 0))


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


def _where(event: Mapping[str, Any]) -> dict[str, Any]:
    """Where an interaction was."""
    channel = event.get("channel") or {"id": event.get("channel_id") or ""}
    parent = channel.get("parent_id") if channel.get("type") in _THREADS else None  # else its category
    return _placed(str(channel["id"]), parent)


def _placed(channel: str, parent: str | None) -> dict[str, Any]:
    """A thread is named with the channel that it is in."""
    return {"channel": str(parent), "thread": channel} if parent else {"channel": channel}


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


def _plain(text: str, me: str) -> str:
    """What somebody typed, without Discord's marks (https://docs.discord.com/developers/reference#message-formatting)
    and without the bot's name, on one line."""

    def typed(mark: re.Match[str]) -> str:
        return " " if mark[1] == me else mark[1] or mark[2] or mark[3]

    return " ".join(_MARKED.sub(typed, text).split())


def _language(locale: str) -> str:
    return locale.partition("-")[0].lower()
