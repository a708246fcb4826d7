"""A running adapter and people who talk to it in the local Discord: what the dialog tests are told with."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from adapters.discord import DiscordAdapter
from digest.types import Action, CommandSpec, Invocation, Message
from tests.discord_seen import seen
from tests.discord_server import DiscordServer
from tests.discord_world import BOT_TOKEN
from tests.discord_world import Message as Shown
from tests.makers import sentence
from tests.slack_socket import until

COMMANDS = (
    CommandSpec(name="paper", usage="ID|URL|WORDS [SECTION]", summary="command_paper", example="paper 2601.10592"),
    CommandSpec(name="papers", usage="[QUERY] [DATE] [DOMAIN]", summary="command_papers", example="papers diffusion"),
    CommandSpec(name="paperboy", usage="[digest|status|help]", summary="command_paperboy", example="paperboy digest"),
    CommandSpec(name="read", usage="ID SECTION", summary="command_read", example="", typed=False, window=True),
    CommandSpec(name="discuss", usage="ID", summary="command_discuss", example="", typed=False),
)


def card() -> Message:
    """A card as the digest posts it."""
    return Message(
        title="Lanterns for Deep Networks",
        link="https://huggingface.co/papers/2601.00001",
        blocks=(sentence("Lanterns make every layer visible."),),
        footer="vision · ▲7 · full text",
        actions=(
            Action("Read report", command="read", argument="2601.00001 usage"),
            Action("Discuss", command="discuss", argument="2601.00001"),
            Action("Hub", url="https://huggingface.co/papers/2601.00001", tucked=True),
        ),
    )


class Answers(Protocol):
    async def answer(self, invocation: Invocation) -> Message: ...


class Desk:
    """Answers what it has an answer for, `NAME ARGS`, and repeats the rest; remembers what it was asked.

    What is `held` is answered once that is set.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Message] = {}
        self.held: dict[str, asyncio.Event] = {}
        self.asked: list[Invocation] = []

    async def answer(self, invocation: Invocation) -> Message:
        self.asked.append(invocation)
        question = f"{invocation.name} {invocation.args}".strip()
        if question in self.held:
            await self.held[question].wait()
        return self.answers.get(question) or Message(title=f"You asked: {question}")


async def all_answered() -> None:
    """Waits until nothing is being answered any more."""
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "discord answer"])


def adapter_for(discord: DiscordServer, token: str = BOT_TOKEN, **more: Any) -> DiscordAdapter:
    settings = {"timeout_s": 5.0, "requests_per_s": 1000, "gateway_url": discord.gateway_url, **more}
    return DiscordAdapter(token, api_url=f"{discord.url}/api/v10/", **settings)


@asynccontextmanager
async def serving(
    discord: DiscordServer, desk: Answers, commands: Sequence[CommandSpec] = COMMANDS, **more: Any
) -> AsyncIterator[DiscordAdapter]:
    """The adapter, connected."""
    adapter = adapter_for(discord, **more)
    serving = asyncio.create_task(adapter.serve(commands, desk.answer))
    try:
        await discord.connected()
        yield adapter
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        await until(lambda: discord.gateway.count == 0, 5.0)


_UNSEEN = re.compile("[\u200b\u200c]")


def read_out(message: Shown) -> str:
    """What a reader sees: title, text and footer of each embed, without marks, backslashes and characters unseen."""
    parts: list[str] = [message.content]
    for embed in message.embeds:
        parts += (seen(embed.get("title", "")).text, seen(embed.get("description", "")).text)
        parts.append(embed.get("footer", {}).get("text", ""))
    return "\n".join(text for part in parts if (text := _UNSEEN.sub("", part).strip()))


def marked(message: Shown) -> list[str]:
    """The texts that Discord reads as markdown; a footer is none."""
    told = [message.content, *(embed.get(part, "") for embed in message.embeds for part in ("title", "description"))]
    return [text for text in told if text]


def buttons(message: Shown) -> list[str]:
    return [button["label"] for button in controls(message)]


def controls(message: Shown) -> Iterator[Mapping[str, Any]]:
    for row in message.components:
        yield from row["components"]
