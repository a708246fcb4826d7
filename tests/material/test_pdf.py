"""The text of real PDFs."""

from __future__ import annotations

import functools
from pathlib import Path

import pytest

from digest.readers import pdf_text
from digest.readers.headings import is_bibliography
from digest.types import Passage, PassageKind
from tests.material import every, material


@functools.cache
def real(file: Path) -> tuple[Passage, ...]:
    return pdf_text.passages(file.read_bytes())


@pytest.mark.parametrize("file", every("arxiv_pdf/*.pdf"), ids=lambda file: file.stem)
def test_real_files_give_passages_without_debris(file: Path) -> None:
    """Anchors are pages; no control character, no cut word, no page number, stamp or bibliography is left."""
    read = real(file)
    assert sum(len(one.text) for one in read if one.heading) > 1000
    for one in read:
        assert one.anchor.startswith("page=")
        assert one.text == one.text.strip("\n") != ""
        assert not any(char in one.text for char in "\x02\ufffe\ufffd\r\t")
        assert not one.text.isdecimal()
        assert "arXiv:" not in one.text[:6]
        assert not any(is_bibliography(heading) for heading in one.heading.split(" > "))


def test_a_real_table_keeps_every_number_in_its_column() -> None:
    """A row that has no score in one column keeps that column empty."""
    read = real(material("arxiv_pdf/1706.03762.pdf"))
    rows = [row for one in read if one.kind is PassageKind.TABLE for row in one.text.split("\n")]
    assert "Deep-Att + PosUnk Ensemble [39] |  | 40.4 |  | 8.0 · 1020" in rows
    assert "ConvS2S Ensemble [9] | 26.36 | 41.29 | 7.7 · 1019 | 1.2 · 1021" in rows
