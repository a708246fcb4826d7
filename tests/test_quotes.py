"""Short pieces of a paper, word for word: which are taken, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterator

from bot import compose
from digest import posts
from digest.markdown import plain
from digest.store import Store
from digest.types import Passage, PassageKind, Quote, ReadingSource, Run, SectionName
from digest.writers.quotes import MOST, MOST_CHARS, quotes
from tests.extractive_writer import writer
from tests.llm_writer import llm_writer
from tests.makers import clock, paper, reading, report
from tests.model_server import ModelServer, serving

PASSAGES = (
    Passage("S1.p1", "1 Introduction", PassageKind.TEXT, "Deep networks\nare   dark inside. We hang lanterns in them."),
    Passage("S3.T1", "3 Results", PassageKind.TABLE, "Model | Accuracy\nLantern | 91.4"),
)
INNOVATIONS, RESULTS = SectionName.INNOVATIONS, SectionName.RESULTS


def texts_of(found: tuple[Quote, ...]) -> list[tuple[str, str]]:
    return [(quote.anchor, quote.text) for quote in found]


def test_only_what_stands_in_the_paper_is_a_quote() -> None:
    """But for white space and the marks around it; a word changed, or one that stands anywhere, is none."""
    told = [
        "“Deep networks are dark  inside.”",
        "Deep networks are very dark inside.",
        "Lantern | 91.4",
        "lanterns",
        "",
    ]
    assert texts_of(quotes(RESULTS, told, PASSAGES)) == [
        ("S1.p1", "Deep networks are dark inside."),
        ("S3.T1", "Lantern | 91.4"),
    ]


def test_a_section_has_few_quotes_each_once() -> None:
    """Never more than three."""
    text = " ".join(f"Lantern number {number} burns." for number in range(9))
    told = [f"Lantern number {number // 2} burns." for number in range(9)]
    found = quotes(RESULTS, told, (Passage("S1.p1", "1", PassageKind.TEXT, text),))
    assert [quote.text for quote in found] == [f"Lantern number {number} burns." for number in range(MOST)]


def test_a_quote_is_short_and_still_word_for_word() -> None:
    """It ends with a sentence; one without an end, with a word; Chinese anywhere."""
    for text in ("A lantern burns all night. " * 40, "lantern " * 100, "灯笼照亮了网络的每一层" * 60):
        passage = Passage("S1.p1", "1", PassageKind.TEXT, text)
        (quote,) = quotes(RESULTS, [text], (passage,))
        assert MOST_CHARS / 2 < len(quote.text) <= MOST_CHARS
        assert quote.text in text
        assert quote.text.endswith(("night.", "lantern")) or "灯" in quote.text


async def test_what_the_model_says_it_quotes_is_looked_for() -> None:
    """Of two pieces that it names for innovations, the one that stands in the paper is kept."""
    with serving(ModelServer()) as server:
        model = llm_writer(server)
        written = await model.write(paper(), reading(), "en")
        await model.close()
    assert written.quotes == (
        Quote(INNOVATIONS, "S1.p1", "Deep networks are dark inside."),
        Quote(RESULTS, "S2.T1", "Lantern | 91.4"),
    )


async def test_sentences_without_a_model_are_quoted_with_their_places() -> None:
    """Those of innovations and results that stand in a passage as they are."""
    found = reading(
        passages=(
            Passage(
                "S1.p1", "1 Introduction", PassageKind.TEXT, "Deep networks are dark inside, and nobody knows why."
            ),
            Passage(
                "S1.p2", "1 Introduction", PassageKind.TEXT, "We propose lanterns, small probes that hang beside it."
            ),
            Passage("S3.p1", "3 Experiments", PassageKind.TEXT, "On lamps our accuracy rises from 88.2% to 91.4%."),
        )
    )
    written = await writer().write(paper(abstract="Networks are dark. We propose lanterns."), found, "en")
    assert Quote(RESULTS, "S3.p1", "On lamps our accuracy rises from 88.2% to 91.4%.") in written.quotes


def test_quotes_are_stored_with_their_report() -> None:
    """As everything else of it; so is that a limit was reached."""
    told = report(quotes=(Quote(RESULTS, "S2.T1", "Lantern | 91.4"),), limited=True)
    with Store.create(None, clock) as store:
        store.save_listing(clock().date(), [paper()])
        store.save_report(told)
        stored = store.report_in(paper().id, "en")
    assert stored is not None
    assert (stored.quotes, stored.limited) == (told.quotes, True)


def test_sources_show_each_quote_under_its_section_and_lead_to_its_place() -> None:
    """The heading above it, linked to its anchor in arXiv's HTML; an address within a quote is no link."""
    read = reading(
        passages=(*reading().passages, Passage("S3.p1", "3 Code", PassageKind.TEXT, "It is at https://x.example."))
    )
    told = report(
        quotes=(
            Quote(INNOVATIONS, "S1.p1", "Deep networks are dark inside."),
            Quote(RESULTS, "S3.p1", "It is at https://x.example."),
        )
    )
    message = posts.sources(paper(), told, read.url, (), compose.texts("en"), read)
    shown = plain(message.blocks)
    assert "The paper says, for “Main innovations”:\n“Deep networks are dark inside.” — 1 Introduction" in shown
    links = {run.link for run in runs_of(message.blocks) if run.link}
    assert "https://arxiv.org/html/2601.00001#S1.p1" in links
    assert not any("x.example" in link for link in links)


def test_without_a_reading_of_ours_quotes_have_no_place() -> None:
    """And a page of a PDF is named by its number."""
    told = report(quotes=(Quote(RESULTS, "page=4", "Lanterns shine brightest."),), source=ReadingSource.PDF)
    texts = compose.texts("en")
    assert " — " not in plain(posts.sources(paper(), told, "", (), texts).blocks)
    pdf = reading(
        source=ReadingSource.PDF,
        url="https://arxiv.org/pdf/2601.00001",
        passages=(Passage("page=4", "", PassageKind.TEXT, "Lanterns shine brightest."),),
    )
    message = posts.sources(paper(), told, pdf.url, (), texts, pdf)
    assert "“Lanterns shine brightest.” — page 4" in plain(message.blocks)
    assert "https://arxiv.org/pdf/2601.00001#page=4" in {run.link for run in runs_of(message.blocks)}


def runs_of(value: object) -> Iterator[Run]:
    """Every run in blocks, however deep."""
    if isinstance(value, Run):
        yield value
    for part in value if isinstance(value, tuple) else ():
        yield from runs_of(part)
    for name in getattr(value, "__struct_fields__", ()):
        yield from runs_of(getattr(value, name))
