"""The abstract of a real page."""

from __future__ import annotations

from digest.readers.abstract import passages
from tests.material import material


def test_a_real_abstract_page_gives_the_whole_abstract() -> None:
    """From its first words to its last, addresses written out, without the label."""
    [passage] = passages(material("arxiv_html/1902.02534.abs.html").read_bytes())
    assert passage.text.startswith("In this paper, we analyse the current availability of open citations data")
    assert passage.text.endswith("our new index, CROCI, the Crowdsourced Open Citations Index.")
    assert "http://opencitations.net/index/coci)" in passage.text
    assert "this http URL" not in passage.text
