"""What somebody may have meant by words that fit nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_MOST_CHARS = 100  # of a name that somebody types: comparing grows with the square of it


def nearest(text: str, candidates: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """The candidates most like what somebody typed, best first; fewer when hardly anything is alike."""
    from difflib import get_close_matches  # only for answers that find nothing

    known: Sequence[str] = list(dict.fromkeys(candidates))
    return tuple(get_close_matches(text[:_MOST_CHARS], known, n=count, cutoff=0.3))
