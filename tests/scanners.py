"""What reads text from outside and is no pattern: tokenisers, parsers, readers, renderers, by their public names.

Each takes a text of any kind; that it may raise what it says it raises is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters import discord_messages, discord_text, markup, neutral, slack_blocks
from bot import errands, hours, spans, timezones, weekdays, wishes, words
from bot.commands import Desk
from bot.compose import desk, taxonomy, texts
from bot.standing import languages_of
from config.settings import glossary
from digest import figures, inline, labels, markdown, marks, names, statements, titles
from digest import words as search_words
from digest.errors import PaperboyError
from digest.grounding import checked
from digest.readers import abstract, arxiv_html, condense, html_style, hub_markdown, markdown_source, saved
from digest.readers.pdf_layout import laid_out
from digest.readers.pdf_rows import Cell, Line, Page
from digest.retrieval import retrieve
from digest.sources.huggingface import parse_entry
from digest.sources.report_file import read_report_file
from digest.store import Store
from digest.text import shown
from digest.text.valid import valid_text
from digest.types import (
    Destination,
    Invocation,
    Message,
    Paragraph,
    Passage,
    PassageKind,
    Points,
    Run,
    Section,
    SectionName,
    Table,
)
from digest.writers import (
    answer,
    claims,
    completion,
    cues,
    language,
    material,
    naming,
    quotes,
    score_table,
    sentences,
)
from digest.writers.trouble import Trouble
from tests import makers
from tests.latexml_pages import page, para, section

Scan = Callable[[str], object]

TITLES = {name.value: name for name in SectionName}


@cache
def _desk() -> Desk:
    return desk(Store.create(None, makers.clock), makers.clock)


def _passages(text: str) -> tuple[Passage, ...]:
    return tuple(Passage("", "1 Kites", kind, text) for kind in PassageKind)


def _blocks(text: str) -> tuple[Paragraph | Points | Table, ...]:
    runs = (Run(text),)
    return Paragraph(runs), makers.points(text), Table((runs, runs), ((runs, runs),))


def _message(text: str) -> Message:
    return Message(title=text, blocks=_blocks(text), footer=text, plain=text, topic=text)


def _grounded(text: str) -> object:
    sections = (Section(SectionName.RESULTS, _blocks(text)),)
    return checked(makers.report(sections=sections), makers.reading(passages=_passages(text)), makers.paper())


def _marked(text: str) -> object:
    return marks.marked(_blocks(text), ())


def _weighed(text: str) -> object:
    line = material.Line(text, material.Part.RESULTS)
    return cues.result_worth(line), cues.novelty_worth(line), cues.usage_worth(cues.INPUT)(line)


def _pdf(text: str) -> object:
    lines = [
        Line((Cell(text, 60.0, 500.0), Cell("1", 510.0, 520.0)), 700.0 - 12 * row, 10.0, row == 0) for row in range(2)
    ]
    return laid_out([Page(1, 600.0, 800.0, tuple(lines))], [(0, text)])


def _pdf_letters(text: str) -> object:
    """Each word a line of its own, as on a page of labels."""
    lines = [
        Line((Cell(word, 60.0, 90.0),), 700.0 - row, 10.0, False) for row, word in enumerate(text.split(" ")[:2000])
    ]
    return laid_out([Page(1, 600.0, 800.0, tuple(lines))], [])


def _within_page(text: str) -> bytes:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;")
    return page(section("1", "Kites", para(), para(escaped)))


def _gathered(text: str) -> object:
    return material.gather(makers.paper(abstract=text), makers.reading(passages=_passages(text)))


def _asked(text: str) -> object:
    return errands.errand(Invocation(name="paper", args=text, language="en", channel="C1", person="U1"), _desk(), None)


def _imported(text: str) -> object:
    """As what stands under a paper in a day report."""
    head = "**Date**: 2026-01-16\n## 📄 Kites\n- **Link**: https://arxiv.org/abs/2601.00001\n- **Read from**: HTML\n"
    with TemporaryDirectory() as folder:
        path = Path(folder, "day.md")
        path.write_text(
            f"{head}### 1. Application domain\n{text}\n## {text}\n1. **Usage guide {text}", encoding="utf-8"
        )
        return read_report_file(path, (texts("en"),), taxonomy(), makers.clock())


SCANNERS: dict[str, Scan] = {
    # what a paper, or a model, says
    "digest.inline.parse_runs": inline.parse_runs,
    "digest.inline.text_runs": inline.text_runs,
    "digest.inline.write_runs": lambda text: inline.write_runs((Run(text), Run(text, bold=True))),
    "digest.markdown.parse": markdown.parse,
    "digest.markdown.write": lambda text: markdown.write(_blocks(text)),
    "digest.markdown.normal": lambda text: markdown.plain(markdown.normal(_blocks(text))),
    "digest.names.names": names.names,
    "digest.names.spelled_out": names.spelled_out,
    "digest.figures.figures": figures.figures,
    "digest.figures.prepared": figures.prepared,
    "digest.labels.terms": labels.terms,
    "digest.labels.without_citations": labels.without_citations,
    "digest.grounding.checked": _grounded,
    "digest.statements.told": lambda text: statements.told(
        Section(SectionName.RESULTS, _blocks(text)), lambda _: False
    ),
    "digest.marks.marked": _marked,
    "digest.retrieval.retrieve": lambda text: retrieve(
        _passages(text), "How far do the kites of 2026 fly?", glossary()
    ),
    "digest.retrieval.retrieve (question)": lambda text: retrieve(_passages("Kites fly."), text, glossary()),
    "digest.titles.titled": lambda text: titles.titled(_desk().lookups, text, 10),
    "digest.words.indexed": search_words.indexed,
    "digest.words.match_expression": lambda text: search_words.match_expression(text, beginnings=True),
    "digest.domains.classify": lambda text: taxonomy().classify(title=text, abstract=text, keywords=(text,), text=text),
    "digest.domains.find": lambda text: taxonomy().find(text),
    "digest.domains.nearest": lambda text: taxonomy().nearest(text),
    "digest.text.valid.valid_text": valid_text,
    "digest.sources.huggingface.parse_entry": lambda text: parse_entry(
        {
            "paper": {
                "id": "2601.00001",
                "title": f"Kites {text}",
                "summary": text,
                "ai_keywords": [text],
                "githubRepo": text,
            }
        },
        "",
    ),
    "digest.sources.report_file.read_report_file": lambda text: _imported(text.replace("\n", "\n## a\n")[: len(text)]),
    # readers
    "digest.readers.arxiv_html.passages": lambda text: arxiv_html.passages(_within_page(text)),
    "digest.readers.arxiv_html.passages (tags)": lambda text: arxiv_html.passages(
        page(section("1", "K", para(), text))
    ),
    "digest.readers.arxiv_html.passages (other)": lambda text: arxiv_html.passages(
        f"<html><body><h1>Kites</h1>{'<p>Kites fly in wind.</p>' * 30}<p>{text}</p></body></html>".encode()
    ),
    "digest.readers.arxiv_html.passages (bytes)": lambda text: arxiv_html.passages(f"<html>{text}".encode()),
    "digest.readers.abstract.passages": lambda text: abstract.passages(
        f'<html><body><blockquote class="abstract">{text}</blockquote></body></html>'.encode()
    ),
    "digest.readers.saved.passages_of": lambda text: saved.passages_of(text.encode()),
    "digest.readers.hub_markdown.passages": lambda text: hub_markdown.passages(
        "Kites fly in wind. " * 40 + "\n\n" + text
    ),
    "digest.readers.hub_markdown.passages (heading)": lambda text: hub_markdown.passages(
        "Kites fly in wind. " * 40 + "\n\n# " + text
    ),
    "digest.readers.markdown_source.prose": markdown_source.prose,
    "digest.readers.html_style.style_of": lambda text: html_style.style_of(
        f"color: {text}; font: {text}; clip: {text}"
    ),
    "digest.readers.condense.condense": lambda text: condense.condense(_passages(text), 30_000),
    "digest.readers.condense.condense (headings)": lambda text: condense.worth(
        [Passage("", text, PassageKind.TEXT, "K.")]
    ),
    "digest.readers.pdf_layout.laid_out": _pdf,
    "digest.readers.pdf_layout.laid_out (words)": _pdf_letters,
    # writers
    "digest.writers.sentences.sentences": sentences.sentences,
    "digest.writers.sentences.without_opening": sentences.without_opening,
    "digest.writers.material.gather": _gathered,
    "digest.writers.material.part_of": material.part_of,
    "digest.writers.material.title_of": material.title_of,
    "digest.writers.claims.contribution": lambda text: claims.contribution([text, text], text),
    "digest.writers.claims.told_shortly": claims.told_shortly,
    "digest.writers.cues.result_worth": _weighed,
    "digest.writers.naming.labelled": naming.labelled,
    "digest.writers.naming.name_of": lambda text: naming.name_of(text, text),
    "digest.writers.quotes.quotes": lambda text: quotes.quotes(SectionName.RESULTS, (text,), _passages(text)),
    "digest.writers.score_table.score_rows": lambda text: score_table.score_rows(
        f"Method | {text}\n{text} | 1.0\nKite (ours) | 2.0", text, "Kite"
    ),
    "digest.writers.language.is_foreign": lambda text: language.is_foreign(text, "en"),
    "digest.writers.completion.body_of": lambda text: completion.body_of(text.encode()),
    "digest.writers.completion.estimated_tokens": completion.estimated_tokens,
    "digest.writers.completion.trouble_of": lambda text: completion.trouble_of(
        400, {"error": {"message": text, "code": text}}, {"retry-after": text}, makers.clock, "secret"
    ),
    "digest.writers.answer.parse_answer": lambda text: answer.parse_answer(
        text, titles=TITLES, header=("a", "b", "c", "d"), domains=("nlp",)
    ),
    "digest.writers.answer.object_with": lambda text: answer.object_with('{"kite": ' + text, "kite"),
    # what is shown
    "digest.text.shown.harmless_text": shown.harmless_text,
    "adapters.discord_text.escaped": discord_text.escaped,
    "adapters.discord_text.pieces (runs)": lambda text: list(discord_text.pieces(Paragraph(inline.parse_runs(text)))),
    "adapters.discord_messages.messages": lambda text: discord_messages.messages(_message(text)),
    "adapters.slack_blocks.messages": lambda text: slack_blocks.messages(_message(text)),
    "adapters.slack_blocks.messages (runs)": lambda text: slack_blocks.messages(
        Message(blocks=(Paragraph(inline.parse_runs(text)),))
    ),
    "adapters.neutral.mrkdwn": lambda text: neutral.mrkdwn(text, 3000),
    "adapters.neutral.shortened": lambda text: neutral.shortened(text, len(text) - 10),
    "adapters.neutral.pretends": lambda text: neutral.pretends(text, "example.org"),
    "adapters.markup.title_text": markup.title_text,
    "adapters.markup.message_lines": lambda text: markup.message_lines(_message(text), 80, markup.undressed),
    # what people type
    "bot.wishes.read": lambda text: wishes.read(text, taxonomy().find, languages_of(_desk())),
    "bot.wishes.entries": wishes.entries,
    "bot.wishes.number_meant": wishes.number_meant,
    "bot.words.under_paperboy": words.under_paperboy,
    "bot.hours.hour_meant": hours.hour_meant,
    "bot.spans.day_meant": lambda text: spans.day_meant(text, makers.DAY),
    "bot.weekdays.weekdays_meant": weekdays.weekdays_meant,
    "bot.timezones.find": timezones.find,
    "bot.timezones.nearest": timezones.nearest,
    "bot.errands.errand": _asked,
    "digest.types.Destination.parse": Destination.parse,
}

# Openings without their ends, marks of each syntax; those that mean something where a line begins stand there as well.
_AT_START: Sequence[str] = ("a", "`", "# ", "1. ", "```\n", "\n", '{"a":')
_WITHIN: Sequence[str] = (
    *("\t", "\n", "|\n", "\n- "),
    *r"a |1-|1)|±1×|, |风筝|*|$a|\$|\(|\[|[|[a](|<a |“|@|https://a.b/(".split("|"),
    *("(Kite et al., ", "**a** ", "[a](http://b) "),
)
UNITS: Sequence[tuple[str, str]] = (*(("", unit) for unit in _AT_START), *(("x ", unit) for unit in _WITHIN))


def run(scan: Scan, text: str) -> None:
    with suppress(PaperboyError, Trouble, RecursionError):
        scan(text)
