"""Tests on real papers, lists, reports and platform descriptions, which are kept beside the checkout: `make material`.

The folder is `../shared`, or what MATERIAL names, from the checkout. A test without its material fails.
"""

from __future__ import annotations

import os
from pathlib import Path

WHAT_TO_DO = "Put the material into ../shared beside the checkout, or name its folder: make material MATERIAL=FOLDER."
CHECKOUT = Path(__file__).parents[2]
MATERIAL = (CHECKOUT / os.environ.get("MATERIAL", "../shared")).resolve()


class MaterialMissing(Exception):
    """Something that a test needs is not in the folder."""

    def __init__(self, missing: Path) -> None:
        super().__init__(f"{missing} is missing. {WHAT_TO_DO}")


def material(name: str) -> Path:
    """A file or folder of the material, by its path in there. Raises MaterialMissing."""
    found = MATERIAL / name
    if not found.exists():
        raise MaterialMissing(found)
    return found


def every(pattern: str) -> list[Path]:
    """The files of the material with such a path, sorted; at least one. Raises MaterialMissing."""
    found = sorted(MATERIAL.glob(pattern))
    if not found:
        raise MaterialMissing(MATERIAL / pattern)
    return found
