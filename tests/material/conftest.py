"""Ends a run without the material, and has the local Discord check against Discord's own description."""

from __future__ import annotations

import os

import pytest

from tests.discord_spec import VARIABLE
from tests.material import MaterialMissing, material


def pytest_configure() -> None:
    try:
        os.environ[VARIABLE] = str(material("specs/discord-openapi.json"))
    except MaterialMissing as missing:
        pytest.exit(str(missing), returncode=pytest.ExitCode.USAGE_ERROR)
