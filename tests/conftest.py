"""What all tests have in common."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import settings

from adapters import discord_answers, slack_answers, slack_people
from tests.slack_socket import PATIENCE_S

# The same examples each time, so that a change is judged by what it changed; --hypothesis-profile=default draws others.
settings.register_profile("repeatable", derandomize=True)
settings.load_profile("repeatable")


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is late because a machine is busy; who wants to see a late one shortens the time for it."""
    for module, name in (
        (discord_answers, "QUICK_S"),
        (discord_answers, "FORM_S"),
        (discord_answers, "SUGGEST_S"),
        (slack_answers, "ACK_S"),
        (slack_people, "PATIENCE_S"),
    ):
        assert isinstance(getattr(module, name), float)
        monkeypatch.setattr(module, name, PATIENCE_S)


def pytest_configure(config: pytest.Config) -> None:
    """Child processes find the functions of tests as well."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(config.rootpath), *filter(None, [os.environ.get("PYTHONPATH")])])


def pytest_collection_finish() -> None:
    """What was collected stays: full collections of garbage need not look through thousands of tests each time."""
    gc.collect()
    gc.freeze()
