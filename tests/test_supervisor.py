"""An adapter that ends is started again, and the operator is told once; alone, and in the daemon with two platforms."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from adapters import backoff
from bot import app, compose
from bot.supervisor import Pauses, supervise
from config.settings import load
from digest.errors import DestinationClosed, NotSent, PaperboyError, SettingsError
from digest.store_thread import StoreThread
from digest.types import Answerer, ChatAdapter, CommandSpec
from tests.discord_server import DiscordServer
from tests.discord_world import ALICE as DISCORD_ALICE
from tests.discord_world import BOT_TOKEN as DISCORD_TOKEN
from tests.discord_world import PAPERS as DISCORD_PAPERS
from tests.slack_server import SlackServer
from tests.slack_socket import until
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, PAPERS
from tests.tcp_door import Door
from tests.test_app import NOBODY

HANG_S = 180.0
AT = datetime(2026, 1, 16, 9, 0, tzinfo=UTC)
SHORT = Pauses(first_s=0.001, longest_s=0.004)


class Adapter:
    """Ends as it is told to, one ending for each start; after the last it is not let in. `starts` counts."""

    def __init__(self, *endings: Callable[[], Awaitable[None]] | BaseException) -> None:
        self.endings = list(endings)
        self.starts = 0
        self.begun = asyncio.Event()

    async def serve(self) -> None:
        self.starts += 1
        self.begun.set()
        if not self.endings:
            raise DestinationClosed("The token is not valid. Set another.")
        ending = self.endings.pop(0)
        if isinstance(ending, BaseException):
            raise ending
        await ending()


async def returned() -> None:
    """Serving ends as if all was well."""


async def cancelled() -> None:
    """Something within the adapter is cancelled, which nobody asked for."""
    within = asyncio.ensure_future(asyncio.Event().wait())
    within.cancel()
    await within


async def supervised(adapter: Adapter, pauses: Pauses = SHORT) -> tuple[PaperboyError, list[tuple[str, str]]]:
    """The error that ended it, and what the operator was told."""
    heard: list[tuple[str, str]] = []
    coming = supervise("kites", adapter.serve, lambda *told: heard.append(told), clock=lambda: AT, pauses=pauses)
    return await asyncio.wait_for(coming, HANG_S), heard


async def test_whatever_ends_an_adapter_it_is_started_again(caplog: pytest.LogCaptureFixture) -> None:
    """With the traceback in the log, and one sentence for the operator of the whole outage."""
    adapter = Adapter(
        KeyError("bitrate"), returned, cancelled, NotSent("Kites cannot be reached."), OSError(), ValueError()
    )
    error, heard = await supervised(adapter)
    assert str(error) == "The token is not valid. Set another."
    assert adapter.starts == 7
    ((subject, sentence),) = heard
    assert (AT.isoformat() in subject, "kites" in sentence, "KeyError" in sentence) == (True, True, True)
    assert "bitrate" not in sentence
    logged = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(logged) == 6
    assert "KeyError: 'bitrate'" in caplog.text


async def test_the_pauses_grow_up_to_the_longest(caplog: pytest.LogCaptureFixture) -> None:
    """And are at least what the platform asks for."""
    adapter = Adapter(*(OSError() for _ in range(5)), NotSent("Later.", 0.2))
    await supervised(adapter, Pauses(first_s=0.1, longest_s=0.2))
    pauses = [vars(record)["again_in_s"] for record in caplog.records]
    assert pauses == [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]
    caplog.clear()
    await supervised(Adapter(NotSent("Later.", 0.3)), Pauses(first_s=0.1, longest_s=0.2))
    assert [vars(record)["again_in_s"] for record in caplog.records] == [0.3]


async def test_after_it_has_served_well_an_outage_is_another(caplog: pytest.LogCaptureFixture) -> None:
    """The operator hears of it, and the pause is the first one again."""
    _, heard = await supervised(Adapter(OSError(), OSError()), Pauses(first_s=0.1, longest_s=9.0, steady_s=0.0))
    assert len(heard) == 2
    assert [vars(record)["again_in_s"] for record in caplog.records] == [0.1, 0.1]


@pytest.mark.parametrize("error", [DestinationClosed("Not let in. Set a token."), SettingsError("Wrong. Set another.")])
async def test_what_only_a_person_can_mend_is_not_tried_again(error: PaperboyError) -> None:
    """The error says what to do."""
    adapter = Adapter(error)
    assert await supervised(adapter) == (error, [])
    assert adapter.starts == 1


async def test_it_stops_when_it_is_cancelled() -> None:
    """While the adapter serves, and during a pause."""
    for adapter in (Adapter(lambda: asyncio.sleep(3600)), Adapter(OSError())):
        running = asyncio.create_task(supervised(adapter, Pauses(first_s=3600.0, longest_s=3600.0)))
        await adapter.begun.wait()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert adapter.starts == 1


# --- in the daemon ---------------------------------------------------------------------------------------------------


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as running:
        yield running


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as running:
        yield running


class Broken:
    """A platform's adapter that breaks `times` times as soon as it serves, and is itself from then on."""

    def __init__(self, adapter: ChatAdapter, times: int) -> None:
        self.adapter, self.times = adapter, times

    def __getattr__(self, name: str) -> object:
        return getattr(self.adapter, name)

    async def serve(self, commands: Sequence[CommandSpec], answer: Answerer) -> None:
        if self.times:
            self.times -= 1
            raise AttributeError("'NoneType' object has no attribute 'sequence'")
        await self.adapter.serve(commands, answer)


@asynccontextmanager
async def daemon(
    folder: Path, slack: SlackServer, discord: DiscordServer, gateway_url: str = "", times: int = 0
) -> AsyncIterator[list[str]]:
    """The daemon with both platforms, Slack's channel for the operator; what it says."""
    settings = load(
        None,
        {
            "PAPERBOY_STORE__PATH": str(folder / "paperboy.db"),
            "PAPERBOY_OPERATOR": f"slack:{PAPERS}",
            "PAPERBOY_HUB__URL": NOBODY,
            "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
            "PAPERBOY_DISCORD__API_URL": f"{discord.url}/api/v10",
            "PAPERBOY_DISCORD__GATEWAY_URL": gateway_url or discord.gateway_url,
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
            "DISCORD_TOKEN": DISCORD_TOKEN,
        },
    )
    store, stop, said = StoreThread(settings.store.file(), compose.clock), asyncio.Event(), list[str]()
    adapters = app.adapters(settings, store)
    if times:
        adapters["discord"] = Broken(adapters["discord"], times)  # type: ignore[assignment]  # it hands on the rest
    running = asyncio.create_task(app.Daemon(settings, store, adapters, said.append, SHORT).run(stop))
    try:
        yield said
    finally:
        stop.set()
        await asyncio.wait_for(running, HANG_S)
        await store.close()


async def answered_in_slack(slack: SlackServer) -> None:
    (answer,) = await slack.command(PAPERS, ALICE, "/paperboy", "help").answered(timeout_s=HANG_S)
    assert answer.seen_only_by == ALICE


async def test_an_adapter_that_breaks_costs_the_other_nothing(
    tmp_path: Path, slack: SlackServer, discord: DiscordServer
) -> None:
    """Three times; the operator is told once, over the platform that works, and then both are served."""
    async with daemon(tmp_path, slack, discord, times=3) as said:
        await slack.connected(timeout_s=HANG_S)
        await answered_in_slack(slack)
        await discord.connected(timeout_s=HANG_S)
        await discord.command(DISCORD_PAPERS, DISCORD_ALICE, "paperboy help").answered(timeout_s=HANG_S)
        await until(lambda: slack.messages(PAPERS), HANG_S)
    (message,) = slack.messages(PAPERS)
    assert "Nobody is answered on discord for now" in str(message.body)
    assert len([one for one in said if "discord" in one]) == 1


async def test_a_gateway_that_is_away_for_long_is_reported_over_slack(
    tmp_path: Path, slack: SlackServer, discord: DiscordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once, while Slack is served; when the gateway is there, Discord is served too."""
    monkeypatch.setattr(backoff, "FIRST_PAUSE_S", 0.01)
    monkeypatch.setattr(backoff, "PATIENCE_S", 0.0)
    async with (
        Door(urlsplit(discord.url).port or 0) as door,
        daemon(tmp_path, slack, discord, f"ws://127.0.0.1:{door.port}/gateway/") as said,
    ):
        await until(lambda: slack.messages(PAPERS), HANG_S)
        await slack.connected(timeout_s=HANG_S)
        await answered_in_slack(slack)
        await door.open()
        await discord.connected(timeout_s=HANG_S)
    (message,) = slack.messages(PAPERS)
    assert "Discord's gateway cannot be reached. Check the network" in str(message.body)
    assert len(said) == 1


async def test_a_gateway_that_does_not_let_the_bot_in_is_reported_over_slack(
    tmp_path: Path, slack: SlackServer, discord: DiscordServer
) -> None:
    """With what to do; it is not asked again."""
    discord.gateway.refuses = 4014
    async with daemon(tmp_path, slack, discord) as said:
        await until(lambda: slack.messages(PAPERS), HANG_S)
        await slack.connected(timeout_s=HANG_S)
        await answered_in_slack(slack)
    (message,) = slack.messages(PAPERS)
    assert "Privileged Gateway Intents" in str(message.body)
    assert len(said) == discord.gateway.dialled == 1
