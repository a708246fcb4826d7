"""What the local Discord answers has the form of the official description, so that nothing is read there that Discord
would not send, nor missed that it would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests import discord_spec
from tests.discord_calls import Problem
from tests.discord_client import App, Plain, plain, running
from tests.discord_methods import METHODS
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE, APPLICATION, FORUM, GUILD, PAPERS

COMMAND = {"name": "paper", "description": "A paper", "integration_types": [0, 1], "contexts": [0, 1, 2]}
ROW = {"type": 1, "components": [{"type": 2, "style": 1, "label": "Read", "custom_id": "read"}]}
CARD = {"content": "x", "embeds": [{"title": "t", "footer": {"text": "x"}}], "components": [ROW]}
# Discord answers with a post's first message, which discord.py reads and the description does not name
_NOT_DESCRIBED = {("create_thread", ("message",))}


@pytest.fixture
async def local() -> AsyncIterator[DiscordServer]:
    with DiscordServer() as local:
        yield local
        assert [request.path for request in local.requests if request.status >= 400] == []
        assert list(_wrong(local)) == []


def _wrong(local: DiscordServer) -> Iterator[tuple[str, Problem]]:
    for request in local.requests:
        for problem in discord_spec.answer_problems(request.operation, request.answer or {}):
            if request.status != 204 and (request.operation, problem.at) not in _NOT_DESCRIBED:
                yield request.operation, problem


async def test_servers_people_and_commands_are_told_as_described(local: DiscordServer) -> None:
    """All that reads only, and the commands."""
    async with plain(local) as rest:
        commands = f"/applications/{APPLICATION}/commands"
        await rest.ask("PUT", commands, [COMMAND])
        await rest.ask("POST", f"/applications/{APPLICATION}/guilds/{GUILD}/commands", COMMAND)
        own = "/users/@me /users/@me/guilds /oauth2/applications/@me /applications/@me /gateway/bot".split()
        server = [f"/guilds/{GUILD}{part}" for part in ("", "/channels", "/roles", f"/members/{ALICE}")]
        for path in (*own, *server, f"/users/{ALICE}", f"/channels/{PAPERS}", f"/channels/{FORUM}", commands):
            await rest.ask("GET", path)


async def test_messages_and_threads_are_told_as_described(local: DiscordServer) -> None:
    """In channels, threads, forums and direct conversations; sent, edited, listed, archived."""
    async with plain(local) as rest:
        direct = await _json(rest, "POST", "/users/@me/channels", {"recipient_id": ALICE})
        await rest.ask("POST", f"/channels/{direct['id']}/messages", CARD)
        await rest.ask("GET", f"/channels/{direct['id']}")
        path = f"/channels/{PAPERS}/messages"
        sent = await _json(rest, "POST", path, {**CARD, "nonce": "1"})
        await rest.ask("POST", path, {"content": "x", "message_reference": {"message_id": sent["id"]}})
        await rest.ask("POST", f"{path}/{sent['id']}/threads", {"name": "Day"})
        await rest.ask("PATCH", f"{path}/{sent['id']}", {"content": "y"})
        for read in (path, f"{path}/{sent['id']}", f"/channels/{sent['id']}/messages", f"/channels/{sent['id']}"):
            await rest.ask("GET", read)
        post = await _json(rest, "POST", f"/channels/{FORUM}/threads", {"name": "Day", "message": CARD})
        await rest.ask("GET", f"/guilds/{GUILD}/threads/active")
        await rest.ask("PATCH", f"/channels/{post['id']}", {"archived": True})
        await rest.ask("GET", f"/channels/{FORUM}/threads/archived/public")


async def test_answers_to_people_are_told_as_described(local: DiscordServer) -> None:
    """At once, deferred, edited, followed up, and on the message that was pressed."""
    async with plain(local) as rest, running(App(), local):
        await rest.ask("PUT", f"/applications/{APPLICATION}/commands", [COMMAND])
        own = await _answer(local, rest, {"type": 5, "data": {"flags": 64}})
        await rest.ask("PATCH", f"{own}/messages/@original", {"content": "x"})
        followed = await _json(rest, "POST", f"{own}?wait=true", {"content": "x"})
        await rest.ask("GET", f"{own}/messages/{followed['id']}")
        await rest.ask("DELETE", f"{own}/messages/{followed['id']}")
        await _answer(local, rest, {"type": 4, "data": {"content": "x", "components": [ROW]}})
        asked = local.press(local.messages(PAPERS)[-1], "Read", ALICE)
        path = f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback?with_response=true"
        await rest.ask("POST", path, {"type": 7, "data": {"content": "y"}})


async def _answer(local: DiscordServer, rest: Plain, answer: dict[str, Any]) -> str:
    """Answers a command; the address of what follows."""
    asked = local.command(PAPERS, ALICE, "paper")
    path = f"/interactions/{asked.payload['id']}/{asked.payload['token']}/callback?with_response=true"
    await rest.ask("POST", path, answer)
    return f"/webhooks/{APPLICATION}/{asked.payload['token']}"


async def _json(rest: Plain, verb: str, path: str, body: Any) -> dict[str, Any]:
    _, answer = await rest.ask(verb, path, body)
    return dict(answer)


def test_operations_have_their_official_names() -> None:
    """So that faults and the ledger name what the description names, and bodies are checked against the right form."""
    assert {method.operation for method in METHODS} <= discord_spec.operations()
