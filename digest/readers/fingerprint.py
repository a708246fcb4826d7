"""What makes two readings of a paper the same text."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import msgspec

from digest.text.valid import valid
from digest.types import Passage


def text_hash(passages: Sequence[Passage]) -> str:
    """The SHA-256 (64 hex digits) of all passages in their order: every field counts, and so does every boundary.

    It is that of the passages as they are kept, made valid (digest.text.valid).
    """
    fields = [(passage.kind, passage.heading, passage.anchor, passage.text) for passage in map(valid, passages)]
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
