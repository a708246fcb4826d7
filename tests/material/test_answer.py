"""The language of a real report."""

from __future__ import annotations

from digest.markdown import parse, plain
from digest.types import Section, SectionName
from digest.writers.language import foreign_section
from tests.material import material


def test_no_section_of_a_real_chinese_report_is_taken_for_another_language() -> None:
    """Real ones mix in many English names."""
    file = material("reports/2026-01-16.md")
    papers = file.read_text(encoding="utf-8").split("============================================================")[1:]
    texts = [Section(SectionName.USAGE, parse(part)) for paper in papers for part in paper.split("\n\n")]
    assert len(texts) > 100
    foreign = [plain(text.blocks) for text in texts if foreign_section([text], "zh")]
    assert [text for text in foreign if "http" not in text and "论文" not in text and len(text) > 200] == []
