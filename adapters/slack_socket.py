"""Socket Mode (https://docs.slack.dev/apis/events-api/using-socket-mode): hearing what people do, and staying
connected. Imported when the bot connects: bolt takes its time."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import re
import time
from collections.abc import Collection, Mapping
from typing import Any, Protocol

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from adapters.backoff import Backoff
from adapters.recent import Recent
from adapters.skipped import Skipped
from adapters.slack_events import Asked, Body, commanded, opened_home, pressed_on, said, submitted
from adapters.slack_forms import CALLBACK
from adapters.slack_gate import Gate, Identity, patiently
from adapters.slack_rich import Element
from digest.errors import NotSent

log = logging.getLogger(__name__)

CONNECT_S = 15.0
CLOSE_S = 2.0
LOST_PINGS = 3  # so many in a row without a connection, and the SDK's own reconnecting is not relied on any more
ACKS_AT_ONCE = 32  # bolt takes a millisecond of the event loop for each, and ten more until it has seen it
STEADY_S = 60.0  # after a connection that lasted so long, the pauses begin with the shortest
_AWAY = "Slack's Socket Mode cannot be reached. Check the network."
_EVENTS = 2_000  # Slack repeats an event for an hour at most


class Begin(Protocol):
    """Begins an answer. `shown` is given the view that takes a form's place once that is known, in time for the ack."""

    def __call__(self, asked: Asked, shown: asyncio.Future[Element] | None = None) -> None: ...


def app(me: Identity, bot_token: str, commands: Collection[str], begin: Begin, skipped: Skipped) -> AsyncApp:
    """Acknowledges at once whatever Slack tells, and begins an answer to what people ask; what cannot be read is
    skipped."""

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=me.team, bot_user_id=me.user, bot_token=bot_token)

    # Given as a function, the token is not looked for in the environment, nor asked about with every start
    bolt = AsyncApp(
        name="paperboy", logger=_sdk_log("bolt", logging.ERROR), authorize=authorize, request_verification_enabled=False
    )
    events: Recent[bool] = Recent(_EVENTS)

    async def on_command(ack: AsyncAck, body: Body) -> None:
        asked = commanded(body, me.team)  # first: bolt takes an ack back when an error follows it
        await ack()
        begin(asked)

    async def on_press(ack: AsyncAck, body: Body) -> None:
        asked = pressed_on(body, me.team)
        await ack()
        if asked is not None:
            begin(asked)

    async def on_submit(ack: AsyncAck, body: Body) -> None:
        shown: asyncio.Future[Element] = asyncio.get_running_loop().create_future()
        begin(submitted(body, me.team), shown)
        await ack(response_action="update", view=await shown)

    async def on_event(body: Body) -> None:
        event_id = body["event_id"]
        if event_id in events:
            return
        events[event_id] = True
        is_home = body["event"]["type"] == "app_home_opened"
        told = opened_home(body, me.team) if is_home else said(body, me.team, me.user, commands)
        if told is not None:
            begin(told)

    bolt.error(functools.partial(_failed, skipped))
    bolt.command(re.compile("^/"))(on_command)
    bolt.action(re.compile(""))(on_press)
    bolt.view(CALLBACK)(on_submit)
    for kind in ("app_mention", "message", "app_home_opened"):
        bolt.event(kind)(on_event)
    return bolt


async def _failed(skipped: Skipped, error: Exception, body: Body, response: BoltResponse | None) -> BoltResponse | None:
    skipped.note(_kind_of(body), error)
    return response and BoltResponse(status=200)  # there is none when it was acknowledged already


async def connected(bolt: AsyncApp, gate: Gate, ping_s: float, skipped: Skipped) -> None:
    """Keeps a connection open until it is cancelled.

    Raises DestinationClosed when Slack lets the app in no more, and another DeliveryError after an outage of
    backoff.PATIENCE_S.
    """
    quiet = _sdk_log("socket", logging.CRITICAL)  # every try of an outage would be an error with its traceback
    backoff = Backoff()
    while True:
        address = await patiently(gate.address)
        handler: Any = AsyncSocketModeHandler(
            bolt, gate.app_token, web_client=gate.app_client(), ping_interval=ping_s, logger=quiet
        )
        client: Any = handler.client  # half of it is not typed
        client.wss_uri = address
        client.socket_mode_request_listeners = []
        client.message_listeners = [functools.partial(_taken, asyncio.Semaphore(ACKS_AT_ONCE), bolt, skipped)]
        reached, began_s = False, time.monotonic()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CONNECT_S):
                    await handler.connect_async()
                reached = True
                log.info("connected to slack")
                await _lost(client, ping_s)
        finally:
            await _closed(client)
        log.warning("the connection to slack is lost")
        await patiently(gate.identity)  # a token that was revoked meanwhile is told of
        if reached and time.monotonic() - began_s > STEADY_S:
            backoff.reset()
        await backoff.pause(NotSent(_AWAY))


async def _taken(
    turns: asyncio.Semaphore, bolt: AsyncApp, skipped: Skipped, client: Any, message: Body, _raw: str | None
) -> None:
    """Takes up what Slack tells, not all at once when much comes together, so that the event loop is not held up.

    Each envelope is acknowledged, also one that cannot be read: it would come again, as unreadable as before.
    """
    envelope = message.get("envelope_id")
    if envelope is None:  # a greeting
        return
    payload: Any = message.get("payload")
    async with turns:
        try:
            request = SocketModeRequest(str(message.get("type")), str(envelope), payload)
            response = await run_async_bolt_app(bolt, request)
            if response.status != 200:
                raise LookupError("nothing here listens to it")  # noqa: TRY301 (one of many reasons)
        except Exception as error:  # noqa: BLE001 (whatever the SDK makes of it)
            skipped.note(_kind_of(payload), error)
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=envelope))
        else:
            await send_async_response(client, request, response, time.time())


def _kind_of(body: Any) -> str:
    """What Slack calls what it tells of."""
    told = body.get("event") or body if isinstance(body, Mapping) else {}
    return str(told.get("type", "event"))[:80] if isinstance(told, Mapping) else "event"


async def _lost(client: Any, ping_s: float) -> None:
    """Waits until the SDK does not reconnect: it can hold on for ever to an address that has expired."""
    missed = 0
    while missed < LOST_PINGS:
        await asyncio.sleep(ping_s)
        missed = 0 if await client.is_connected() else missed + 1


async def _closed(client: Any) -> None:
    """Closes without waiting for long for Slack to agree."""
    running = [client.message_processor, client.current_session_monitor, client.message_receiver]
    try:
        async with asyncio.timeout(CLOSE_S):
            await client.close()
    except (TimeoutError, OSError):
        await client.aiohttp_client_session.close()
    for task in running:
        if task is not None:
            task.cancel()


def _sdk_log(part: str, level: int) -> logging.Logger:
    """Where a part of the SDK writes what is at least so bad; it warns of much that is meant so."""
    sdk = logging.getLogger(f"{__name__}.{part}")
    sdk.setLevel(level)
    return sdk
