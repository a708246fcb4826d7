"""Who may do what in chat: the right that each command needs, who the editors are, and what a refusal says.

README's table of rights tells people the same; a test walks it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from msgspec import Struct

from bot.commands import line
from bot.words import under_paperboy
from config.settings import Settings
from digest.types import FOLLOW, HEARD, MANAGER, Action, Destination, Invocation, Message, Texts

_NAMED_AT_MOST = 3


class Right(Enum):
    READ = auto()  # looks up what is stored, or erases what is kept about the person: everybody, everywhere
    TAKE_PART = auto()  # keeps, posts or spends something: everybody where the app is installed
    MANAGE = auto()  # changes what a channel gets or shows: its managers, there
    EDIT = auto()  # changes reports, wherever they were posted: the editors


class Refused(Exception):
    """Ends a handler whose command the person may not give there."""

    def __init__(self, right: Right) -> None:
        super().__init__(f"needs {right.name}")
        self.right = right


class Editors(Struct, frozen=True):
    """Those who may correct and withdraw reports, as `adapter:identity`: see digest.types.Invocation."""

    names: tuple[str, ...] = ()

    @classmethod
    def from_settings(cls, settings: Settings) -> Editors:
        """Those of the settings, and the operator: its address is a person's identity only if that is a person."""
        operator = Destination.parse(settings.operator) if settings.operator else None
        others = (f"{operator.adapter}:{operator.address}",) if operator else ()
        return cls(tuple(dict.fromkeys((*settings.editors, *others))))

    def include(self, asked: Invocation) -> bool:
        return any(f"{asked.adapter}:{identity}" in self.names for identity in asked.identities)

    def of(self, adapter: str) -> list[str]:
        """The identities of those on one platform."""
        return [name.removeprefix(f"{adapter}:") for name in self.names if name.startswith(f"{adapter}:")]


def needed(asked: Invocation) -> Right:
    """The right that a command needs; `paper` and `mention` need TAKE_PART when they ask for more than is stored."""
    name = under_paperboy(asked.args)[0] if asked.name == "paperboy" else asked.name
    return RIGHTS.get(name, Right.READ)  # what is no command changes nothing


def require(asked: Invocation, editors: Editors) -> None:
    """Raises Refused when the person may not give the command where they did.

    Of MANAGE only what holds everywhere is looked at: whether a channel is meant is known to the handler.
    """
    right = needed(asked)
    if right is not Right.READ and not asked.access.installed:
        raise Refused(Right.TAKE_PART)
    if right is Right.EDIT and not editors.include(asked):
        raise Refused(Right.EDIT)


def require_manager(asked: Invocation) -> None:
    """Raises Refused."""
    if asked.role != MANAGER:
        raise Refused(Right.MANAGE)


def refusal(refused: Refused, asked: Invocation, whom: Sequence[str], texts: Texts) -> Message:
    """What somebody is told who may not do what they asked for. `whom` are the names of people who may."""
    if not asked.access.installed:
        return line(texts, "user_install", way_in(asked, texts))
    comma, last = texts.phrases["or"].split("|")
    *first, final = whom[:_NAMED_AT_MOST] or ("",)
    names = f"{comma.join(first)}{last}{final}" if first else final
    if refused.right is Right.EDIT:
        return line(texts, "refused_edit" if names else "refused_edit_nobody", names=names)
    if asked.public:  # platforms do not tell of everybody who writes what they may do
        return line(texts, "refused_manage_said")
    if names:
        return line(texts, "refused_manage", names=names)
    key = f"managers_{asked.adapter}"
    return line(texts, key if key in texts.phrases else "managers")


def kept_out(asked: Invocation, texts: Texts) -> Message | None:
    """What keeps the bot from posting in the conversation, and what to do; None: nothing that is known."""
    access = asked.access
    if not access.present:
        key = f"access_absent_{asked.adapter}"
        return line(texts, key if key in texts.phrases else "access_absent", way_in(asked, texts))
    if access.missing:
        permissions = texts.phrases["list_comma"].join(access.missing)
        return line(texts, "access_missing", way_in(asked, texts), permissions=permissions)
    return None


def way_in(asked: Invocation, texts: Texts) -> list[Action]:
    """A button that leads to where the bot is let in, on platforms that have such an address."""
    return [Action(texts.phrases["action_invite"], url=asked.access.link)] if asked.access.link else []


# Of each command, and of each word after `paperboy`
RIGHTS: Mapping[str, Right] = {
    **dict.fromkeys(("paper", "papers", "read", "topics", "home", "mine", "sources", "mention", "suggest"), Right.READ),
    **dict.fromkeys(("digest", "status", "subscriptions", "forget", "help", FOLLOW, HEARD), Right.READ),
    **dict.fromkeys(("discuss", "subscription", "timezone", "mistake"), Right.TAKE_PART),
    **dict.fromkeys(("subscribe", "unsubscribe", "pause", "resume"), Right.TAKE_PART),
    **dict.fromkeys(("channel", "here", "stop", "hide", "unhide"), Right.MANAGE),
    **dict.fromkeys(("correct", "withdraw", "reinstate", "dismiss"), Right.EDIT),
}
