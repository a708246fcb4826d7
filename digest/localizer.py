"""The texts of any language, handed into the core, which has none of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from digest.types import Texts


class Localizer(Struct, frozen=True):
    """The fixed texts of a language, and what languages are called in it."""

    texts: Callable[[str], Texts]
    languages: Callable[[str], Mapping[str, str]]
