"""A model's answer as a report needs it; this runs in a child process."""

from __future__ import annotations

from msgspec import Struct

from digest.text.valid import valid_text
from digest.types import Passage, Quote, Section, SectionName
from digest.writers.answer import NEVER_EMPTY, parse_answer
from digest.writers.language import foreign_section, language_name
from digest.writers.lengths import within_lengths
from digest.writers.quotes import QUOTED, quotes
from digest.writers.trouble import BadAnswer, Useless


class Terms(Struct, frozen=True):
    """What an answer is read with: what sections are called, in small letters, the cells above the rows of results,
    the ids of domains, and the report's language."""

    titles: dict[str, SectionName]
    header: tuple[str, ...]
    domains: tuple[str, ...]
    language: str


class Content(Struct, frozen=True, tag=True):
    """Sections within their lengths, the domain ids that were recognised, and the quotes that stand in the paper."""

    sections: tuple[Section, ...]
    domains: tuple[str, ...]
    quotes: tuple[Quote, ...]


def read_answer(text: str, is_cut: bool, terms: Terms, passages: tuple[Passage, ...]) -> Content | Useless:
    """The content of an answer; Useless when no report can be made of it. `is_cut`: it ended at the limit of its
    length."""
    try:
        answer = parse_answer(valid_text(text), titles=terms.titles, header=terms.header, domains=terms.domains)
    except BadAnswer as bad:
        return Useless("truncated", "it was cut before its end") if is_cut else Useless.of(bad)
    if foreign := foreign_section(answer.sections, terms.language):
        return Useless("language", f"its section {foreign.name} is not in {language_name(terms.language)}")
    sections = within_lengths(answer.sections)
    if empty := [section.name for section in sections if section.name in NEVER_EMPTY and not section.blocks]:
        return Useless("too long", f"its section {empty[0]} begins with more than it has room for")
    found = (quote for name in QUOTED for quote in quotes(name, answer.quotes.get(name, ()), passages))
    return Content(sections, answer.domains, tuple(found))
