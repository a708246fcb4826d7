"""What makes two readings of a paper the same text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from digest.types import Passage


def text_hash(passages: Sequence[Passage]) -> str:
    """The SHA-256 (64 hex digits) of all passages in their order: every field counts, and so does every boundary."""
    fields = [(passage.kind, passage.heading, passage.anchor, passage.text) for passage in passages]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
