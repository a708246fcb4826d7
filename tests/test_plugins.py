"""What is plugged in: the built-in parts are entry points as others' are, and what is missing is named."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import pytest

from bot import plugins
from bot.plugins import PluginError, factory
from config.settings import HERE, load

KINDS = ("sources", "readers", "writers", "adapters")


@pytest.mark.parametrize("kind", KINDS)
def test_everything_that_ships_can_be_loaded(kind: str) -> None:
    """Each entry point names a factory that exists."""
    names = entry_points(group=f"paperboy.{kind}").names
    assert names
    for name in names:
        assert callable(factory(kind, name))


def test_the_shipped_settings_name_only_what_ships() -> None:
    """Source and readers of default.toml are there."""
    settings = load(HERE / "default.toml", {})
    assert callable(factory("sources", settings.digest.source))
    for reader in settings.digest.readers:
        assert callable(factory("readers", reader))


def test_an_unknown_plugin_is_named_with_those_that_are_there() -> None:
    """So that a typing mistake is seen."""
    with pytest.raises(PluginError, match=r'no "htlm" among the readers\. Installed: abstract, html, markdown, pdf'):
        factory("readers", "htlm")


def test_a_plugin_whose_package_is_missing_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """And what to do about it."""
    broken = EntryPoint("carrier", "paperboy_without_this:build", "paperboy.adapters")
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [broken])
    with pytest.raises(PluginError, match='needs the package "paperboy_without_this", which is not installed'):
        factory("adapters", "carrier")
