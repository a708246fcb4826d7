"""Finding what is plugged in: sources, readers, writers and adapters are entry points, those built in as well."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

from digest.errors import PaperboyError


class PluginError(PaperboyError):
    """A plugin is not there, or cannot be loaded."""


def factory(kind: str, name: str) -> Callable[..., Any]:
    """The `build` function registered as `paperboy.{kind}`, for example kind "readers" and name "html".

    Raises PluginError, which names what is there.
    """
    group = f"paperboy.{kind}"
    found = entry_points(group=group, name=name)
    if not found:
        known = ", ".join(sorted({entry.name for entry in entry_points(group=group)})) or "none"
        raise PluginError(f'There is no "{name}" among the {kind}. Installed: {known}.')
    entry = next(iter(found))
    try:
        build: Callable[..., Any] = entry.load()
    except ImportError as error:
        missing = error.name or str(error)
        raise PluginError(
            f'The plugin "{name}" ({entry.value}) needs the package "{missing}", which is not installed. '
            "Install it beside Paperboy, or take the plugin out of the settings."
        ) from error
    return build
