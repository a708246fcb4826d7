"""The platforms that tests.delivery_crash delivers to: the ledger, and the local Discord and Slack, which are spoken to
through the real publishers. None of them takes two messages with one key for the same, so that nothing doubled hides.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

import aiohttp
from msgspec import Struct

from adapters.discord import DiscordAdapter
from adapters.slack_send import SlackPublisher
from digest.types import Destination, Publisher
from tests import discord_faults, discord_world, slack_faults, slack_world
from tests.discord_chat import read_out
from tests.discord_server import DiscordProcess
from tests.ledger_publisher import Boundary, LedgerPublisher
from tests.ledger_server import Behaviour, Entry, LedgerServer, ledger_server
from tests.slack_server import SlackProcess

TIMEOUT_S = 0.5  # of a request; who gives up too soon asks, and is none the worse
PATIENT_S = 600.0  # where messages are held
APPLY_DELAY_S = 0.01  # at most: a request lies about so long before it is applied
FAULT_SHARE = 0.12
FAULTS = 12  # of the local Discord and Slack, in a world where they have some
WITHIN_CALLS = 150  # so many go by before the last of them


class Running(Protocol):
    """A platform in a process of its own, which outlives those that speak to it."""

    def settle(self) -> None:
        """Comes back when all that was sent to it before is applied."""

    def held(self) -> None:
        """Comes back when it holds a message."""

    def publisher(self, boundary: Boundary) -> Publisher:
        """Called in the process that is to be killed."""

    def entries(self) -> Sequence[Entry]:
        """What it has, in the order applied. A reply's `thread` is the message that its thread hangs on."""


class Platform(Struct, frozen=True, kw_only=True):
    """`channels` are where a day goes. `boundaries` are those of its requests, by name, `once` those that only a day's
    first message comes by, and `before` says where a sender has to die so that the next one comes by; who dies at
    `unsent` has sent nothing. `running(seed, faulty, held)` starts it: so many first messages are applied only when it
    has to settle, and who sends them waits for the answer."""

    channels: tuple[Destination, ...]
    boundaries: tuple[str, ...]
    once: frozenset[str] = frozenset()
    before: Mapping[str, str]
    unsent: str
    running: Callable[[int, bool, int], AbstractContextManager[Running]]


# --- the ledger ------------------------------------------------------------------------------------------------------


_WRITTEN = tuple(f"{what} written" for what in ("first byte", "headers", "half the body", "all but the last byte"))
_READ = ("status read", "headers read", "half the answer read", "whole answer read")
_AT_POST = tuple(f"post: {step}" for step in ("connected", *_WRITTEN, "whole request written", *_READ))
_AT_FIND = tuple(f"find: {step}" for step in ("connected", "first byte written", "headers written", *_READ))


class _Ledger(Struct, frozen=True):
    server: LedgerServer
    timeout_s: float

    def publisher(self, boundary: Boundary) -> Publisher:
        return LedgerPublisher(self.server.port, self.timeout_s, boundary)

    def settle(self) -> None:
        self.server.settle()

    def held(self) -> None:
        self.server.held()

    def entries(self) -> Sequence[Entry]:
        return self.server.ledger().entries


@contextmanager
def _ledger(seed: int, faulty: bool, held: int) -> Iterator[Running]:
    share = FAULT_SHARE if faulty else 0.0
    with ledger_server(
        Behaviour(seed=seed, apply_delay_s=(0.0, APPLY_DELAY_S), fault_share=share, held=held)
    ) as server:
        yield _Ledger(server, PATIENT_S if held else TIMEOUT_S)


# --- Discord and Slack -----------------------------------------------------------------------------------------------

_STEPS = ("begun", "connected", "headers sent", "answer begun", "answer read")
_DISCORD_CALLS = (
    ("message", re.compile(r"POST .*/channels/\d+/messages")),
    ("thread", re.compile(r"POST .*/messages/\d+/threads")),
    ("forum post", re.compile(r"POST .*/channels/\d+/threads")),
    ("history", re.compile(r"GET .*/channels/\d+/messages")),
    ("forum's posts", re.compile(r"GET .*/threads/active")),
)
_SLACK_CALLS = (
    ("message", re.compile(r"POST .*/chat\.postMessage")),
    ("history", re.compile(r"\w+ .*/conversations\.(?:history|replies)")),
)
_CHANNEL, _FORUM, _SECOND_FORUM = discord_world.PAPERS, discord_world.FORUM, "300000000000000001"

Calls = Sequence[tuple[str, re.Pattern[str]]]


def watched(calls: Calls, boundary: Boundary) -> None:
    """Has every session of aiohttp in this process, that of an SDK too, tell how far each request is."""

    def named(params: aiohttp.TraceRequestStartParams) -> str:
        request = f"{params.method} {params.url.path}"
        return next((name for name, pattern in calls if pattern.fullmatch(request)), "look-up")

    tracing = aiohttp.TraceConfig()

    async def begun(_: object, context: SimpleNamespace, params: aiohttp.TraceRequestStartParams) -> None:
        context.name = named(params)
        boundary(f"{context.name}: begun")

    def step(what: str) -> Callable[[object, SimpleNamespace, object], Awaitable[None]]:
        async def reached(_: object, context: SimpleNamespace, _params: object) -> None:
            boundary(f"{context.name}: {what}")

        return reached

    tracing.on_request_start.append(begun)
    tracing.on_connection_create_end.append(step("connected"))
    tracing.on_request_headers_sent.append(step("headers sent"))
    tracing.on_request_chunk_sent.append(step("body sent"))
    tracing.on_request_end.append(step("answer begun"))
    tracing.on_response_chunk_received.append(step("answer read"))
    plain = aiohttp.ClientSession.__init__

    def init(session: aiohttp.ClientSession, *args: Any, **kwargs: Any) -> None:
        plain(session, *args, **kwargs, trace_configs=[tracing])

    setattr(aiohttp.ClientSession, "__init__", init)  # noqa: B010 (mypy sees an assignment to a method)


def _steps(calls: Calls, written: Sequence[str]) -> tuple[str, ...]:
    """The boundaries of the calls; those `written` have a body."""
    return tuple(
        f"{name}: {step}"
        for name, _ in calls
        for step in (*_STEPS, *(("body sent",) if name in written else ()))
        if not (name == "thread" and step == "connected")  # on the connection of its message
    )


class _Discord(Struct, frozen=True):
    server: DiscordProcess
    timeout_s: float

    def publisher(self, boundary: Boundary) -> Publisher:
        watched(_DISCORD_CALLS, boundary)
        address = f"{self.server.url}/api/v10"
        return DiscordAdapter(discord_world.BOT_TOKEN, api_url=address, timeout_s=self.timeout_s, requests_per_s=1000)

    def settle(self) -> None:
        self.server.settle()

    def held(self) -> None:
        self.server.held()

    def entries(self) -> Sequence[Entry]:
        self.settle()
        return [*self._entries()]

    def _entries(self) -> Iterator[Entry]:
        world = self.server.world()
        for shown in world.visible():
            place = world.channels[shown.channel]
            inside = shown.channel if place.is_thread and shown.id != shown.channel else ""
            text = read_out(shown).splitlines()[0]
            yield Entry(shown.id, shown.nonce or "", place.parent or place.id, inside, text, shown.at_s)


@contextmanager
def _discord(seed: int, faulty: bool, held: int) -> Iterator[Running]:
    with DiscordProcess() as server:
        server.set(apply_delay_s=APPLY_DELAY_S, nonce_window_s=0.0, forum=[_SECOND_FORUM], held=held)
        for fault, skip in _at_random(_DISCORD_FAULTS, seed) if faulty else ():
            server.fault("*", fault, skip=skip)
        yield _Discord(server, PATIENT_S if held else TIMEOUT_S)


class _Slack(Struct, frozen=True):
    server: SlackProcess
    timeout_s: float

    def publisher(self, boundary: Boundary) -> Publisher:
        watched(_SLACK_CALLS, boundary)
        return SlackPublisher(
            slack_world.BOT_TOKEN,
            api_url=f"{self.server.url}/api/",
            timeout_s=self.timeout_s,
            channel_gap_s=0.0,
            workspace_gap_s=0.0,
        )

    def settle(self) -> None:
        self.server.settle()

    def held(self) -> None:
        self.server.held()

    def entries(self) -> Sequence[Entry]:
        self.settle()
        return [
            Entry(shown.ts, shown.key or "", shown.channel, shown.thread_ts or "", shown.text, float(shown.ts))
            for shown in self.server.world().visible()
        ]


@contextmanager
def _slack(seed: int, faulty: bool, held: int) -> Iterator[Running]:
    with SlackProcess() as server:
        server.set(apply_delay_s=APPLY_DELAY_S, held=held)
        for fault, skip in _at_random(_SLACK_FAULTS, seed) if faulty else ():
            server.fault("*", fault, skip=skip)
        yield _Slack(server, PATIENT_S if held else TIMEOUT_S)


_F = TypeVar("_F")


def _at_random(faults: Sequence[_F], seed: int) -> Iterator[tuple[_F, int]]:
    """Faults, and how many calls go well before each."""
    chance = Random(seed)
    for _ in range(FAULTS):
        yield chance.choice(faults), chance.randrange(WITHIN_CALLS)


_DISCORD_FAULTS: tuple[discord_faults.Fault, ...] = (
    discord_faults.Status(502),
    discord_faults.Status(500, applied=True),
    discord_faults.ResetBeforeApplying(),
    discord_faults.ResetAfterApplying(),
    discord_faults.TimeoutAfterApplying(),
    discord_faults.CutShort(),
    discord_faults.RateLimited(0.05),
    discord_faults.RateLimited(0.05, "global"),
    discord_faults.Error(130000, 503),
)
_SLACK_FAULTS: tuple[slack_faults.Fault, ...] = (
    slack_faults.Status(502),
    slack_faults.Status(500, applied=True),
    slack_faults.ResetBeforeApplying(),
    slack_faults.ResetAfterApplying(),
    slack_faults.TimeoutAfterApplying(),
    slack_faults.CutShort(),
    slack_faults.RateLimited(0),
)

PLATFORMS = {
    "ledger": Platform(
        channels=tuple(Destination("ledger", "", f"C{number}") for number in range(3)),
        boundaries=(*_AT_POST, *_AT_FIND),
        before=dict.fromkeys(_AT_FIND, "post: whole request written"),
        unsent="post: headers written",
        running=_ledger,
    ),
    "discord": Platform(
        channels=tuple(Destination("discord", "", place) for place in (_CHANNEL, _FORUM, _SECOND_FORUM)),
        boundaries=_steps(_DISCORD_CALLS, ("message", "thread", "forum post")),
        once=frozenset(_steps((*_DISCORD_CALLS[1:3], *_DISCORD_CALLS[4:]), ("thread", "forum post"))),
        before={
            **dict.fromkeys(_steps(_DISCORD_CALLS[3:4], ()), "message: body sent"),
            **dict.fromkeys(_steps(_DISCORD_CALLS[4:], ()), "forum post: body sent"),
        },
        unsent="message: begun",
        running=_discord,
    ),
    "slack": Platform(
        channels=tuple(Destination("slack", "", place) for place in (slack_world.PAPERS, slack_world.SECRET)),
        boundaries=_steps(_SLACK_CALLS, ("message",)),
        before=dict.fromkeys(_steps(_SLACK_CALLS[1:], ()), "message: body sent"),
        unsent="message: begun",
        running=_slack,
    ),
}
