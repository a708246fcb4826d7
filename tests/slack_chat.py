"""A running adapter and people who talk to it in the local Slack: what the dialog tests are told with."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

from adapters.slack import SlackAdapter
from adapters.slack_manifest import manifest
from bot import compose
from digest.types import Action, CommandSpec, Invocation, Message
from tests.makers import sentence
from tests.slack_server import SlackServer
from tests.slack_socket import Handle, until
from tests.slack_world import APP_TOKEN, BOT_TOKEN, TEAM, View
from tests.slack_world import Message as Shown

COMMANDS = (
    CommandSpec(name="paper", usage="ID [SECTION]", summary="command_paper", example="paper 2601.10592 results"),
    CommandSpec(name="papers", usage="[QUERY]", summary="command_papers", example="papers diffusion"),
    CommandSpec(name="read", usage="ID SECTION", summary="command_paper", example="", typed=False, window=True),
    CommandSpec(name="discuss", usage="ID", summary="command_paper", example="", typed=False),
)


def reading(section: str) -> Message:
    """A window's message: one section, and the buttons that lead to the others."""
    actions = tuple(
        Action(name, command="read", argument=f"2601.00001 {name}") for name in ("domain", "usage", "results")
    )
    return Message(title="Lanterns for Deep Networks", blocks=(sentence(f"The {section} of it."),), actions=actions)


def card() -> Message:
    """A card as the digest posts it."""
    return Message(
        title="Lanterns for Deep Networks",
        link="https://huggingface.co/papers/2601.00001",
        actions=(
            Action("Read report", command="read", argument="2601.00001 usage"),
            Action("Discuss", command="discuss", argument="2601.00001"),
            Action("Hub", url="https://huggingface.co/papers/2601.00001"),
            Action("Sources", command="sources", argument="2601.00001", tucked=True),
            Action("Code", url="https://github.com/example/lanterns", tucked=True),
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
        if invocation.name == "read":
            return reading(invocation.args.split()[-1])
        return self.answers.get(question) or Message(title=f"You asked: {question}")


async def all_answered() -> None:
    """Waits until nothing is being answered any more."""
    await until(lambda: not [task for task in asyncio.all_tasks() if task.get_name() == "slack answer"])


def adapter_for(slack: SlackServer, **more: Any) -> SlackAdapter:
    # A socket that hears nothing for four times `ping_s` is given up: a busy machine takes longer than 0.4 s at times.
    settings = {"timeout_s": 5.0, "ping_s": 5.0, "channel_gap_s": 0.0, "workspace_gap_s": 0.0, **more}
    tokens = (settings.pop("bot_token", BOT_TOKEN), settings.pop("app_token", APP_TOKEN))
    return SlackAdapter(*tokens, api_url=f"{slack.url}/api/", **settings)


@asynccontextmanager
async def serving(
    slack: SlackServer, desk: Answers, commands: Sequence[CommandSpec] = COMMANDS, **more: Any
) -> AsyncIterator[SlackAdapter]:
    """The adapter, connected, with the scopes and tabs of its manifest and no others."""
    told = manifest(commands, compose.texts("en"), more.get("editors", ()))
    slack.workspaces[TEAM].scopes = set(told["oauth_config"]["scopes"]["bot"])
    slack.workspaces[TEAM].home_tab = told["features"]["app_home"]["home_tab_enabled"]
    adapter = adapter_for(slack, **more)
    serving = asyncio.create_task(adapter.serve(commands, desk.answer))
    try:
        await slack.connected()
        yield adapter
    finally:
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving


async def told(handle: Handle, count: int = 1) -> list[str]:
    """What Paperboy answers to the person at an address of their own, after an ack in time."""
    await handle.acked()
    assert handle.ack == {}
    return [read_out(message) for message in await handle.answered(count)]


def read_out(content: Shown | View) -> str:
    """What a reader sees: the texts of the blocks, a line each, or the text of a message without blocks."""
    blocks = content.body["blocks"] if isinstance(content, View) else content.blocks
    return "\n".join(filter(None, (_text(block) for block in blocks))) or str(content.body.get("text", ""))


def buttons(content: Shown | View) -> list[str]:
    """The labels of what can be pressed, in order."""
    blocks = content.body["blocks"] if isinstance(content, View) else content.blocks
    elements = [element for block in blocks if block["type"] == "actions" for element in block["elements"]]
    return [element["text"]["text"] if "text" in element else "⋯" for element in elements]


def _text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(map(_text, content))
    if not isinstance(content, dict) or content.get("type") == "actions":
        return ""
    own = content.get("text", "")
    return own if isinstance(own, str) and own else _text([value for value in content.values() if not _plain(value)])


def _plain(value: Any) -> bool:
    return isinstance(value, str)
