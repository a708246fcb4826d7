"""Asking Discord: each request once, at Discord's pace."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.discord_errors import code_of, refusal, wait_s
from adapters.discord_rest import LONGEST_TURN_S, Rest, told
from digest.errors import DeliveryError, DestinationClosed, MaybeSent, MessageGone, MessageRefused, NotSent
from tests.discord_faults import CutShort, Error, Fault, RateLimited, ResetAfterApplying, Status, TimeoutAfterApplying
from tests.discord_server import DiscordServer
from tests.discord_world import BOT_TOKEN, PAPERS

MESSAGES = f"/channels/{PAPERS}/messages"
BODY = {"content": "Lanterns"}


@pytest.fixture
def discord() -> Iterator[DiscordServer]:
    with DiscordServer() as server:
        yield server


def rest_for(discord: DiscordServer, **more: Any) -> Rest:
    return Rest(BOT_TOKEN, api_url=f"{discord.url}/api/v10", **{"timeout_s": 2.0, "requests_per_s": 1000, **more})


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Status(500), MaybeSent),
        (Status(502, applied=True), MaybeSent),
        (ResetAfterApplying(), MaybeSent),
        (TimeoutAfterApplying(), MaybeSent),
        (CutShort(), MaybeSent),
        (RateLimited(9.0), NotSent),
        (RateLimited(9.0, "cloudflare"), NotSent),
        (Error(0), DestinationClosed),
        (Error(50035), MessageRefused),
    ],
)
async def test_a_request_is_made_once(discord: DiscordServer, fault: Fault, kind: type[DeliveryError]) -> None:
    """Whatever becomes of it: to repeat it is for those who know what it was."""
    discord.fault("create_message", fault)
    with pytest.raises(kind):
        await rest_for(discord).call("POST", MESSAGES, "#papers", BODY)
    assert len(discord.asked("create_message")) == 1


async def test_a_channel_is_left_alone_until_its_limit_ends(discord: DiscordServer) -> None:
    """As many messages as it takes, then a wait, and never a refusal."""
    discord.limits["create_message"] = (3, 0.4)
    rest = rest_for(discord, timeout_s=5.0)
    for _ in range(8):
        await rest.call("POST", MESSAGES, "#papers", BODY)
    at_s = [asked.at_s for asked in discord.asked("create_message")]
    assert discord.limited == 0
    assert at_s[6] - at_s[0] >= 0.8


@pytest.mark.parametrize("scope", ["user", "global"])
async def test_who_is_told_to_wait_for_long_does_not_ask_meanwhile(discord: DiscordServer, scope: str) -> None:
    """The rest of the wait is told; a limit of everything holds every other request too."""
    wait = LONGEST_TURN_S + 3.0
    discord.fault("create_message", RateLimited(wait, scope))
    rest = rest_for(discord)
    for _ in range(2):
        with pytest.raises(NotSent) as raised:
            await rest.call("POST", MESSAGES, "#papers", BODY)
        assert raised.value.retry_after_s == pytest.approx(wait, abs=1.0)
    assert len(discord.asked("create_message")) == 1
    if scope == "global":
        with pytest.raises(NotSent):
            await rest.call("GET", f"/channels/{PAPERS}", "#papers")
    else:
        assert (await rest.call("GET", f"/channels/{PAPERS}", "#papers"))["id"] == PAPERS


async def test_all_requests_together_keep_the_bots_limit(discord: DiscordServer) -> None:
    """Side by side, not more in a second than Discord takes."""
    discord.per_second = 20
    rest = rest_for(discord, requests_per_s=19, timeout_s=5.0)
    async with rest.open():
        await asyncio.gather(*(rest.call("GET", f"/channels/{PAPERS}", "#papers") for _ in range(30)))
    assert discord.limited == 0


async def test_connections_are_kept_while_somebody_uses_them(discord: DiscordServer) -> None:
    """And closed with the last of them."""
    rest = rest_for(discord)
    async with rest.open() as session:
        await rest.call("GET", f"/channels/{PAPERS}", "#papers")
        async with rest.open() as same:
            assert same is session
        assert not session.closed
    assert session.closed


async def test_asking_leaves_no_doubt(discord: DiscordServer) -> None:
    """Nothing was to be sent, so that a failure is no reason to look for anything."""
    discord.fault("get_channel", Status(502))
    with pytest.raises(NotSent):
        await told(rest_for(discord), f"/channels/{PAPERS}", "#papers")
    with pytest.raises(DestinationClosed):
        await told(rest_for(discord), "/channels/1", "#papers")


async def test_what_is_not_discord_is_said(discord: DiscordServer) -> None:
    """An address that leads elsewhere, or nowhere."""
    with pytest.raises(DestinationClosed, match=r"discord\.api_url"):
        await Rest("t", api_url=f"{discord.url}/elsewhere").call("GET", "/users/@me", "DISCORD_TOKEN")
    with pytest.raises(NotSent, match=r"discord\.api_url"):
        await Rest("t", api_url="http://127.0.0.1:1").call("GET", "/users/@me", "DISCORD_TOKEN")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, 0, NotSent),
        (403, 40003, NotSent),
        (400, 160006, NotSent),
        (500, 0, MaybeSent),
        (503, 130000, NotSent),
        (200, 0, MaybeSent),
        (401, 0, DestinationClosed),
        (403, 50001, DestinationClosed),
        (403, 50007, DestinationClosed),
        (403, 50013, DestinationClosed),
        (404, 10003, DestinationClosed),
        (404, 10004, DestinationClosed),
        (400, 40067, DestinationClosed),
        (403, 160005, DestinationClosed),
        (404, 10008, MessageGone),
        (401, 50027, MessageRefused),
        (400, 50035, MessageRefused),
        (400, 200000, MessageRefused),
        (418, 999, MessageRefused),
    ],
)
def test_a_refusal_is_a_sentence_of_its_kind(status: int, code: int, kind: type[DeliveryError]) -> None:
    """For people: what, why, what to do."""
    error = refusal(status, {}, {"code": code, "message": "no"}, "#papers")
    assert type(error) is kind
    assert code_of(error) == code
    assert re.fullmatch(r"[A-Z].*#papers.*\.", str(error))


@pytest.mark.parametrize(
    ("header", "body", "seconds"),
    [("3", {"retry_after": 2.5}, 2.5), ("3", {}, 3.0), ("", {}, None), ("soon", {"retry_after": True}, None)],
)
def test_a_wait_is_as_exact_as_it_is_told(header: str, body: dict[str, float], seconds: float | None) -> None:
    """The body has fractions of a second."""
    assert wait_s({"Retry-After": header}, body) == seconds
