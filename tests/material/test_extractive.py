"""Reports without a model, of every paper of the real days."""

from __future__ import annotations

import json

from digest.sources.huggingface import parse_entry
from digest.writers.sentences import without_citations, without_latex
from tests.material import every
from tests.test_extractive import own_words, squeezed, written


async def test_every_word_on_the_real_days_is_the_papers() -> None:
    """Whatever is chosen stands in the abstract, letter by letter, but for citations and LaTeX."""
    for file in every("hub/*.json"):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            subject = parse_entry(entry, "")
            text = squeezed(without_citations(without_latex(subject.abstract)))
            report = await written(subject)
            assert report.sections[1].blocks, subject.id
            for line in own_words(report):
                assert squeezed(line).replace("$", "") in text.replace("$", ""), (subject.id, line)
