"""A day of made-up papers and a model's endpoint with prices, for tests and benchmarks of what a day costs."""

from __future__ import annotations

from pathlib import Path

from bot import compose
from config.settings import Settings, load
from digest.pipeline import Made, make_digest
from tests.latexml_pages import page, para, section
from tests.makers import DAY
from tests.model_server import KEY, ModelServer
from tests.paper_server import PaperServer, daily_entry

PAPERS = 23
INPUT_USD, OUTPUT_USD = 2.0, 8.0  # for a million tokens
MAX_OUTPUT_TOKENS = 600


def long_page(paragraphs: int = 60) -> bytes:
    """A paper of some 20,000 characters."""
    text = "Lanterns light the network, layer by layer, and nobody is left in the dark any more. " * 4
    return page(*(section(str(n), f"Part {n}", para(f"{n}: {text}", f"S{n}.p1")) for n in range(1, paragraphs + 1)))


def fill(server: PaperServer, papers: int = PAPERS) -> None:
    """The day's list, the most upvoted first, and a long page for each of its papers."""
    ids = [f"2601.{number:05}" for number in range(1, papers + 1)]
    server.days[DAY.isoformat()] = [
        daily_entry(paper_id, upvotes=100 - place, title=f"Lanterns, part {place}")
        for place, paper_id in enumerate(ids)
    ]
    server.pages.update({f"/html/{paper_id}": long_page() for paper_id in ids})


def settings(folder: Path, server: PaperServer, model: ModelServer, daily_limit: float = 0.0) -> Settings:
    file = folder / "paperboy.toml"
    file.write_text(
        f'[llm]\nmodel = "a-model"\nbase_url = "{model.address}"\ndaily_limit = {daily_limit}\n'
        f"max_output_tokens = {MAX_OUTPUT_TOKENS}\n"
        f"[llm.prices]\na-model = {{ input = {INPUT_USD}, output = {OUTPUT_USD} }}\n"
    )
    return load(
        file,
        {
            "PAPERBOY_STORE__PATH": str(folder / "paperboy.db"),
            "PAPERBOY_HUB__URL": server.url,
            "PAPERBOY_ARXIV__URL": server.url,
            "PAPERBOY_ARXIV__GAP_S": "0",
            "PAPERBOY_LLM__API_KEY": KEY,
        },
    )


async def made(settings: Settings, language: str = "en", *, rewrite: bool = False) -> Made:
    """A digest as a process of its own would make it."""
    async with compose.press(settings) as press:
        return await make_digest(press, DAY, language, 100, lambda *_: None, rewrite=rewrite)


def charged_usd(model: ModelServer) -> float:
    """What the endpoint has counted, at the prices of the settings."""
    prompt = sum(int(usage["prompt_tokens"]) for usage in model.usages)
    completion = sum(int(usage["completion_tokens"]) for usage in model.usages)
    return (prompt * INPUT_USD + completion * OUTPUT_USD) / 1e6
