"""Being let into Slack, staying connected, and saying why not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from adapters import backoff, slack_socket
from adapters import slack as slack_module
from adapters.slack import SlackAdapter
from digest.errors import DestinationClosed, NotSent
from digest.types import Destination, Message
from tests.slack_chat import COMMANDS, Desk, adapter_for, card, serving, told
from tests.slack_faults import Status
from tests.slack_server import SlackServer
from tests.slack_socket import Handle, until
from tests.slack_world import ALICE, ARCHIVED, HIDDEN, OUTSIDE, PAPERS, SECRET, TEAM, WEI

CHANNEL = Destination("slack", "", PAPERS)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """A Slack that Paperboy has not connected to."""
    with SlackServer() as server:
        yield server


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "too_many_websockets"])
async def test_a_disconnect_frame_is_followed_by_a_new_connection(server: SlackServer, desk: Desk, reason: str) -> None:
    """And what is asked then is answered."""
    async with serving(server, desk):
        server.sockets.disconnect(reason)
        await until(lambda: server.sockets.opened == 2)
        assert await told(server.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]


async def test_an_outage_is_waited_out(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Slack is gone altogether and comes back: Paperboy connects by itself and answers."""
    with SlackServer() as first:
        port = int(first.url.rpartition(":")[2])
        running = asyncio.create_task(adapter_for(first, ping_s=0.1).serve(COMMANDS, desk.answer))
        await first.connected()
    await asyncio.sleep(0.5)
    assert not running.done()
    with SlackServer(port=port) as second:
        second.fault("apps.connections.open", Status(503))
        await second.connected()
        assert await told(second.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert "xapp-" not in caplog.text


async def test_a_slack_that_is_not_there_yet_is_waited_for(server: SlackServer, desk: Desk) -> None:
    """Starting during an outage is no reason to end."""
    server.fault("auth.test", Status(503))
    async with serving(server, desk):
        assert await told(server.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]


async def test_whoever_stops_it_does_not_wait(server: SlackServer, desk: Desk) -> None:
    """Answers on their way are given up, and nothing of it goes on running."""
    desk.held["paper 1"] = asyncio.Event()
    before = asyncio.all_tasks()
    async with serving(server, desk):
        await server.command(PAPERS, ALICE, "/paper", "1").acked()
        await until(lambda: desk.asked)
    await until(lambda: {task for task in asyncio.all_tasks() if not task.done()} == before)


async def test_a_revoked_token_is_named(server: SlackServer, desk: Desk) -> None:
    """Serving ends with a sentence that says which token, and what to do."""
    server.workspaces[TEAM].revoked = True
    with pytest.raises(DestinationClosed, match=r"SLACK_BOT_TOKEN: the token was revoked\. Install"):
        await adapter_for(server).serve(COMMANDS, desk.answer)
    server.workspaces[TEAM].revoked = False
    server.app_token_revoked = True
    with pytest.raises(DestinationClosed, match=r"no connection\. Set SLACK_APP_TOKEN"):
        await adapter_for(server).serve(COMMANDS, desk.answer)


async def test_a_token_that_is_revoked_later_is_named_too(server: SlackServer, desk: Desk) -> None:
    """Slack closes the connection then, and no other opens."""
    running = asyncio.create_task(adapter_for(server, ping_s=0.1).serve(COMMANDS, desk.answer))
    await server.connected()
    server.app_token_revoked = True
    server.sockets.disconnect("link_disabled")
    with pytest.raises(DestinationClosed, match="SLACK_APP_TOKEN"):
        await asyncio.wait_for(running, 120)


@pytest.mark.parametrize(("bot", "app", "name"), [("", "xapp-1", "SLACK_BOT_TOKEN"), (None, "", "SLACK_APP_TOKEN")])
async def test_a_token_that_was_not_set_is_named(
    server: SlackServer, desk: Desk, bot: str | None, app: str, name: str
) -> None:
    """Rather than waited for."""
    tokens = {"app_token": app} if bot is None else {"bot_token": bot, "app_token": app}
    with pytest.raises(DestinationClosed, match=f"Set {name}"):
        await adapter_for(server, **tokens).serve(COMMANDS, desk.answer)


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        ("events_api", {}),
        ("events_api", None),
        ("events_api", []),
        ("events_api", "words"),
        ("events_api", {"type": "event_callback", "event_id": "Ev1", "event": None}),
        ("events_api", {"type": "event_callback", "event_id": "Ev2", "event": "words"}),
        ("events_api", {"type": "event_callback", "event_id": "Ev3", "event": {"type": 7}}),
        ("events_api", {"type": "event_callback", "event": {"type": "message", "channel_type": "im"}}),
        ("events_api", {"type": "event_callback", "event_id": "Ev4", "event": {"type": "message", "user": []}}),
        ("events_api", {"type": "event_callback", "event_id": "Ev5", "event": {"type": "kite_launched"}}),
        ("interactive", {"type": "block_actions"}),
        ("interactive", {"type": "block_actions", "actions": [], "user": None}),
        ("interactive", {"type": "view_submission", "view": {"callback_id": "form", "private_metadata": "{"}}),
        ("slash_commands", {"command": "/paper"}),
        ("kite", {"string": 1}),
    ],
)
async def test_an_event_that_cannot_be_read_is_acknowledged_and_skipped(
    server: SlackServer, desk: Desk, caplog: pytest.LogCaptureFixture, kind: str, payload: Any
) -> None:
    """Slack would send it again; its kind is logged once, and others are answered over the same socket."""
    async with serving(server, desk):
        for _ in range(2):
            sent = Handle(kind, payload, lambda _handle, _ack: None)
            server.sockets.send(sent)
            await sent.acked(30.0)
        assert await told(server.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]
    assert server.sockets.opened == 1
    assert caplog.messages.count("an event cannot be read and is skipped") <= 1
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_frame_that_is_no_envelope_is_skipped(server: SlackServer, desk: Desk) -> None:
    """Whatever it is, the connection stays."""
    async with serving(server, desk):
        for frame in (
            "{",
            "[]",
            "words",
            '{"type": "kite"}',
            '{"envelope_id": "e1"}',
            '{"envelope_id": {}, "type": 3}',
        ):
            server.sockets.send_text(frame)
        assert await told(server.command(PAPERS, ALICE, "/paper", "1")) == ["You asked: paper 1"]
    assert server.sockets.opened == 1


async def test_an_outage_that_lasts_is_reported(
    server: SlackServer, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Serving ends then, with a sentence for the operator: of Slack itself, and of its sockets."""
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(backoff, "PATIENCE_S", 0.0)
    server.fault("auth.test", Status(503), times=2)
    with pytest.raises(NotSent, match="Slack gives no answer"):
        await asyncio.wait_for(adapter_for(server).serve(COMMANDS, desk.answer), 60.0)
    monkeypatch.setattr(slack_socket, "CONNECT_S", 0.2)
    server.sockets.turned_away = True
    with pytest.raises(NotSent, match="Socket Mode cannot be reached"):
        await asyncio.wait_for(adapter_for(server).serve(COMMANDS, desk.answer), 60.0)


# --- looking before -------------------------------------------------------------------------------------------------


async def test_a_check_finds_nothing_where_all_is_well(server: SlackServer) -> None:
    """Channels that it is in, and people."""
    places = [Destination("slack", workspace, address) for workspace in ("", TEAM) for address in (PAPERS, SECRET, WEI)]
    assert await adapter_for(server).check(places) == []


async def test_a_check_names_what_is_wrong_and_what_mends_it(server: SlackServer) -> None:
    """Each channel by its destination, with the command that invites the app."""
    wrong = [OUTSIDE, HIDDEN, ARCHIVED, "C0NOWHERE1", "U0NOBODY01"]
    places = [*(Destination("slack", "", address) for address in wrong), Destination("slack", "T0OTHER", PAPERS)]
    problems = await adapter_for(server).check(places)
    assert [about for about, _ in problems] == [*(f"slack:{address}" for address in wrong), f"slack:T0OTHER/{PAPERS}"]
    sentences = [sentence for _, sentence in problems]
    assert sentences[0] == "The app is not in #outside. Invite it there: /invite @Paperboy"
    assert "/invite @Paperboy" in sentences[1]
    assert sentences[2] == "#archived is archived. Unarchive it, or choose another channel."
    assert "no such channel" in sentences[3]
    assert "no such person" in sentences[4]
    assert f"slack:{TEAM}/{PAPERS}" in sentences[5]


async def test_a_check_tells_of_tokens_and_of_an_address_that_is_not_slack(server: SlackServer) -> None:
    """Without a valid bot token, channels are not asked about."""
    problems = await adapter_for(server, bot_token="xoxb-wrong", app_token="xapp-wrong").check([CHANNEL])
    assert [about for about, _ in problems] == ["SLACK_APP_TOKEN", "SLACK_BOT_TOKEN"]
    away = SlackAdapter("xoxb-1", "xapp-1", api_url="http://127.0.0.1:1/api", timeout_s=1.0)
    assert all("slack.api_url" in sentence for _, sentence in await away.check([]))


async def test_the_adapter_is_built_from_the_settings(server: SlackServer) -> None:
    """The table [slack] with the two tokens; an address may lack its last slash."""
    options = {"api_url": f"{server.url}/api", "timeout_s": 3.0, "bot_token": "xoxb-T0LANTERN-local", "app_token": ""}
    adapter = slack_module.build(None, options)
    assert adapter.timeout_s == 3.0
    posted = await adapter.post(CHANNEL, card(), under=None, key="k1")
    await adapter.edit(CHANNEL, posted, Message(title="Corrected"))
    assert [message.text for message in server.messages(PAPERS)] == ["Corrected"]
    assert [about for about, _ in await adapter.check([])] == ["SLACK_APP_TOKEN"]
