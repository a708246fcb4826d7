"""Slack's ids: what their first letter says, and how the settings name editors."""

from __future__ import annotations

import re

ADMINS = "admins"  # the editor that stands for whoever administers the workspace

_PERSON = re.compile(r"[UW][A-Z0-9]+")
_GROUP = re.compile(r"S[A-Z0-9]+")


def is_person(name: str) -> bool:
    return _PERSON.fullmatch(name) is not None


def is_group(name: str) -> bool:
    """Whether this is the id of a user group."""
    return _GROUP.fullmatch(name) is not None
