"""A real report held against its paper."""

from __future__ import annotations

import json

from digest.grounding import checked
from digest.sources.huggingface import parse_entry
from digest.types import Outcome, Passage, PassageKind, ReadingSource
from tests.makers import reading, report, sections
from tests.material import material


def test_the_model_that_a_real_report_made_up_is_marked() -> None:
    """The abstract names another one in its place."""
    entries = json.loads(material("hub/2026-01-16.json").read_text(encoding="utf-8"))
    known = next(listed for listed in (parse_entry(entry, "") for entry in entries) if listed.id == "2601.10592")
    passages = (Passage("", "Abstract", PassageKind.TEXT, known.abstract),)
    read = reading("2601.10592", source=ReadingSource.ABSTRACT, passages=passages)
    told = report(
        "2601.10592",
        "zh",
        sections=sections(usage="利用大语言模型（如 Llama 3.1-405B）进行多轮推理并聚合标注，来自 1.2M 视频。"),
    )
    by_text = {finding.text: finding for finding in checked(told, read, known).findings}
    assert by_text["Llama 3.1-405B"].outcome is Outcome.NOT_FOUND
    assert by_text["Llama 3.1-405B"].instead == "GPT-OSS-120B"
    assert by_text["1.2M"].outcome is Outcome.FOUND
