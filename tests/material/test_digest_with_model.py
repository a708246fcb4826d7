"""A real day, written by a model."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tests.makers import DAY
from tests.material import material
from tests.model_server import ModelServer
from tests.paper_server import PaperServer
from tests.test_digest_with_model import Paperboy, _reports, digest, model, paperboy, server, store  # noqa: F401 (fixtures)


def test_a_real_day_costs_a_call_for_each_paper_and_language(
    paperboy: Paperboy, model: ModelServer, server: PaperServer, store: Path
) -> None:
    """arXiv has none of its pages: the model is told that it reads abstracts."""
    entries = msgspec.json.decode(material(f"hub/{DAY}.json").read_bytes())
    server.days[DAY.isoformat()] = entries
    for language in ("zh", "en", "zh"):
        digest(paperboy, "--language", language)
    assert len(entries) == 23
    assert len(model.calls) == 46
    assert all("the abstract only" in call.prompt for call in model.calls)
    assert _reports(store) == {("en", "a-model", 0): 23, ("zh", "a-model", 0): 23}
