"""A real day report as a file."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from bot import compose
from digest.markdown import plain
from digest.sources.report_file import read_report_file
from tests.makers import NOON
from tests.material import material
from tests.test_report_file import TEXTS, written


def test_the_real_day_report_is_read_whole(tmp_path: Path) -> None:
    """23 papers, five sections each, and nothing of them is lost when it is exported and read again."""
    real = material("reports/2026-01-16.md")
    texts = list(TEXTS.values())
    found = read_report_file(real, texts, compose.taxonomy(), NOON)
    assert found.day == date(2026, 1, 16)
    assert len(found.entries) == 23
    assert sum(len(told.sections) for _, told in found.entries) == 115
    assert not found.gaps
    assert all(told.domains for _, told in found.entries)
    everything = "\n".join(plain(section.blocks) for _, told in found.entries for section in told.sections)
    figures = re.compile(r"\d+(?:\.\d+)?%")
    assert figures.findall(everything) == figures.findall(real.read_text(encoding="utf-8"))
    file = tmp_path / "again.md"
    file.write_text(written(found.entries), encoding="utf-8")
    assert read_report_file(file, texts, compose.taxonomy(), NOON) == found
