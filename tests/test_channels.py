"""A channel's digest changed from chat, as dialogs: by those who manage it, and by nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import forms
from digest.editions import Subscription
from digest.types import MANAGER, Destination
from tests.subscribing_chat import CHANNEL, OTHER, Chat, field, fill, seen


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[Chat]:
    made = Chat(tmp_path / "paperboy.db")
    await made.store.run(fill)
    yield made
    await made.close()


async def test_a_manager_has_the_digest_in_a_channel(chat: Chat) -> None:
    """A form, or words; the settings of a channel before are what it is filled with."""
    here: dict[str, Any] = {"channel": OTHER, "role": MANAGER, "timezone": "Europe/Rome"}
    asking = await chat.says("paperboy here", **here)
    assert (field(asking, "limit"), field(asking, "layout"), field(asking, "timezone")) == (
        ("30",),
        ("digest",),
        ("Europe/Rome",),
    )
    told = await chat.fills(asking.form, {"at": ("7",), "domains": ("vision",), "layout": ("paper",)}, **here)
    assert "vision, Mon Tue Wed Thu Fri Sat Sun at 07:00 (Europe/Rome), at most 30 papers, in English." in seen(told)
    assert "Layout: one message a paper." in seen(told)
    assert "4 of the last 5 papers would have come." in seen(told)
    to = Destination("slack", "T1", OTHER)
    kept = await chat.kept(to)
    assert kept is not None
    assert (kept.kind, kept.layout, kept.window_end) == ("channel", "paper", "10:00")
    await chat.says("paperboy here at 8:30 limit 12", **here)
    kept = await chat.kept(to)
    assert kept is not None
    assert (kept.domains, kept.layout, kept.at, kept.limit) == (("vision",), "paper", "08:30", 12)
    assert field(await chat.presses(told, "Change", **here), "limit") == ("12",)


async def test_a_manager_pauses_and_stops_it(chat: Chat) -> None:
    """And has it again as it was."""
    here: dict[str, Any] = {"channel": OTHER, "role": MANAGER}
    to = Destination("slack", "T1", OTHER)
    await chat.says("paperboy here video at 8", **here)
    await chat.says("paperboy subscribe audio")
    paused = await chat.says("paperboy pause until monday", **here)
    assert "No digest comes to this channel until Mon 19 Jan 2026." in seen(paused)
    kept = await chat.kept()
    assert kept is not None
    assert kept.paused_until is None
    assert "Next: Sat 17 Jan, 08:00" in seen(await chat.presses(paused, "Resume", **here))
    await chat.presses(paused, "Pause mine instead", **here)
    kept = await chat.kept()
    assert kept is not None
    assert str(kept.paused_until) == "2026-01-19"
    stopped = await chat.says("paperboy stop", **here)
    assert await chat.kept(to) is None
    assert "does not come to this conversation" in seen(await chat.says("paperboy stop", **here))
    await chat.presses(stopped, "Have it again", **here)
    kept = await chat.kept(to)
    assert kept is not None
    assert kept.at == "08:00"


@pytest.mark.parametrize(
    ("adapter", "who"),
    [("slack", "admins, the channel’s creator"), ("discord", "Manage Channel"), ("other", "Only the managers")],
)
async def test_others_are_told_who_may(chat: Chat, adapter: str, who: str) -> None:
    """Nothing changes, whatever they send; their own pause is theirs."""
    here: dict[str, Any] = {"channel": OTHER, "adapter": adapter}
    to = Destination(adapter, "T1", OTHER)
    for words in ("here", "here all", "stop"):
        assert who in seen(await chat.says(f"paperboy {words}", **here))
    assert who in seen(await chat.asks("channel", answers={"domains": ("3d",)}, **here))
    assert await chat.kept(to) is None
    await chat.says("paperboy here all", role=MANAGER, **here)
    for words in ("pause", "pause here", "resume"):
        assert who in seen(await chat.says(f"paperboy {words}", **here))
    await chat.says("paperboy subscribe video", **here)
    assert "Nothing comes to you until" in seen(await chat.says("paperboy pause", **here))
    kept = await chat.kept(to)
    assert kept is not None
    assert kept.paused_until is None


async def test_channels_of_the_settings_are_fixed_for_everybody(chat: Chat) -> None:
    """They are shown with what they get."""
    for words in ("here", "here video", "stop", "pause here for a week", "resume here"):
        told = seen(await chat.says(f"paperboy {words}", channel=CHANNEL.address, role=MANAGER))
        assert "set by the operator" in told
        assert "Papers of all domains, Mon Tue Wed Thu Fri Sat Sun at 09:00 (UTC)" in told
    kept = await chat.kept(CHANNEL)
    assert kept == Subscription(to=CHANNEL)


async def test_here_in_direct_messages_is_the_person_s_own(chat: Chat) -> None:
    """No channel is there to be managed."""
    told = await chat.says("paperboy here")
    assert told.form is not None
    assert told.form.command == forms.SUBSCRIPTION
    await chat.says("paperboy here video")
    assert await chat.kept() is not None
    assert "Nothing comes to you any more" in seen(await chat.says("paperboy stop"))
