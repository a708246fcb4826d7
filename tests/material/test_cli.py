"""The `paperboy` command over a real day: its report imported, its list replayed."""

from __future__ import annotations

import json

from digest.types import ArxivId
from tests.makers import DAY
from tests.material import material
from tests.paper_server import PaperServer
from tests.test_cli import Paperboy, environment, paperboy, server  # noqa: F401 (fixtures)


def test_the_imported_real_day_is_found_exactly(paperboy: Paperboy) -> None:
    """Words in both languages find the papers that contain them, no more and no fewer."""
    file = material("reports/2026-01-16.md")
    imported = paperboy("import", file)
    assert "23 papers and 115 sections" in imported.stdout
    parts = file.read_text(encoding="utf-8").split("\n## 📄 ")[1:]
    for word in ("注意力", "推理", "GRPO"):
        found = json.loads(paperboy("papers", word, "--limit", "50", "--json").stdout)
        holding = {ArxivId.parse(part.split("**链接**: ")[1].split()[0]) for part in parts if _holds(part, word)}
        assert {paper["id"] for paper in found} == holding
    results = paperboy("paper", "2601.10592", "results")
    assert "实验效果" in results.stdout or "Experimental results" in results.stdout


def test_a_day_replayed_from_the_real_hub_needs_no_key(paperboy: Paperboy, server: PaperServer) -> None:
    """No arXiv pages: 23 papers from their abstracts, each said to be so."""
    file = material("hub/2026-01-16.json")
    server.days[DAY.isoformat()] = json.loads(file.read_text(encoding="utf-8"))
    digest = paperboy("digest", DAY)
    assert digest.returncode == 0, digest.stderr
    assert "Papers · Fri 16 Jan 2026 · 23" in digest.stdout
    assert digest.stdout.count("abstract only") == 24


def test_check_marks_the_model_that_a_real_report_made_up(paperboy: Paperboy, server: PaperServer) -> None:
    """The real day, its list replayed: what the abstracts hold is found, and of the model the paper's own is named."""
    day = json.loads(material("hub/2026-01-16.json").read_text(encoding="utf-8"))
    server.days["2026-01-16"] = day
    assert paperboy("import", material("reports/2026-01-16.md")).returncode == 0
    told = json.loads(paperboy("check", "2026-01-16", "--json").stdout)
    assert len(told) == 23
    by_id = {entry["id"]: entry["findings"] for entry in told}
    (made_up,) = [one for one in by_id["2601.10592"] if one["text"] == "Llama 3.1-405B"]
    assert (made_up["outcome"], made_up["instead"]) == ("not found", "GPT-OSS-120B")
    assert any(one["outcome"] == "found" for one in by_id["2601.10592"])


def _holds(part: str, word: str) -> bool:
    """Whether a paper's part of the report holds a word in its title or below its first section's heading."""
    title, _, rest = part.partition("\n")
    body = rest[rest.index("应用领域") :]
    return word in title or word in body
