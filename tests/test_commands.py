"""The commands, as any platform calls them: what people type, and what they are told when nothing fits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from bot import compose
from bot.commands import Answer, Desk, answer, find_papers, match_section
from bot.registry import COMMANDS
from digest.store import Store
from digest.types import Action, Attempt, Invocation, Paper, ReadingSource, Report, SectionName
from tests.makers import DAY, clock, paper, reading, report, sections

NEXT_DAY = date(2026, 1, 17)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """Three papers on two days; the first has reports in two languages, the third none."""
    with Store.create(None, clock) as store:
        store.save_listing(DAY, [paper(), paper("2601.00002", title="Wicks for Small Lamps", upvotes=3)])
        store.save_listing(NEXT_DAY, [paper("2602.00003", title="A Paper Without a Report", upvotes=None)])
        problem = "arXiv has no HTML of 2601.00001."
        store.save_reading(
            reading(source=ReadingSource.ABSTRACT, attempts=(Attempt(ReadingSource.HTML, problem),), text_hash="1" * 64)
        )
        store.save_report(report(source=ReadingSource.ABSTRACT, text_hash="1" * 64))
        store.save_report(report(language="zh", sections=sections(domain="可解释性", contribution="每层可见的注意力")))
        store.save_report(report("2601.00002", domains=("nlp",), sections=sections(domain="Wicks.", results=())))
        yield compose.desk(store)


def ask(desk: Desk, name: str, args: str, language: str = "en") -> Answer:
    return answer(Invocation(name=name, args=args, language=language), desk)


def text(found: Answer) -> str:
    """Everything a reader would see of an answer."""
    from adapters.markup import message_lines, undressed

    return "\n".join(message_lines(found.message, None, undressed))


@pytest.mark.parametrize(
    "named",
    [
        "2601.00001",
        "2601.00001v3",
        "arXiv:2601.00001",
        "https://arxiv.org/abs/2601.00001v2",
        "https://arxiv.org/pdf/2601.00001.pdf",
        "https://huggingface.co/papers/2601.00001",
        "https://www.alphaxiv.org/abs/2601.00001",
    ],
)
def test_a_paper_answers_to_every_form_of_its_id(desk: Desk, named: str) -> None:
    """Ids with versions and addresses of three sites."""
    found = ask(desk, "paper", f"{named} results")
    assert "Accuracy rises from 88.2 to 91.4" in text(found)
    assert found.found is not None
    assert found.found.section is SectionName.RESULTS


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("results", SectionName.RESULTS),
        ("RESULTS", SectionName.RESULTS),
        ("Experimental results", SectionName.RESULTS),
        ("exp", SectionName.RESULTS),
        ("实验效果", SectionName.RESULTS),
        ("实验", SectionName.RESULTS),
        ("创新", None),
        ("主要创新点", SectionName.INNOVATIONS),
        ("inn", SectionName.INNOVATIONS),
        ("u", SectionName.USAGE),
        ("使用", SectionName.USAGE),
        ("一句话", SectionName.CONTRIBUTION),
        ("core contribution", SectionName.CONTRIBUTION),
        ("app", SectionName.DOMAIN),
        ("", None),
        ("weather", None),
    ],
)
def test_sections_answer_to_keys_labels_and_clear_beginnings(desk: Desk, words: str, name: SectionName | None) -> None:
    """In English and Chinese, whatever the language of the answer."""
    assert match_section(words, desk) is name


def test_a_whole_report_says_what_was_read_and_why_nothing_better(desk: Desk) -> None:
    """All sections, the facts, the writer, and the sources that were tried in vain."""
    seen = text(ask(desk, "paper", "2601.00001"))
    for label in compose.texts("en").sections.values():
        assert label in seen
    assert "abstract only" in seen
    assert "written by a-model" in seen
    assert "arXiv has no HTML of 2601.00001." in seen


def test_an_answer_comes_in_the_language_asked_for(desk: Desk) -> None:
    """The Chinese report in Chinese; where there is none, the English one, with a word about it."""
    assert "每层可见的注意力" in text(ask(desk, "paper", "2601.00001", "zh"))
    other = text(ask(desk, "paper", "2601.00002", "zh"))
    assert "没有中文报告，以下为英文报告。" in other
    assert "应用领域" in other


def test_a_section_that_the_paper_does_not_fill_says_so(desk: Desk) -> None:
    """Nothing found is not the same as no such section."""
    assert "The text that was read says nothing about this." in text(ask(desk, "paper", "2601.00002 results"))
    missing = ask(desk, "paper", "2601.00002 usage")
    assert missing.found is None
    assert missing.message.plain == "The report on 2601.00002 has no section “Usage guide”."


def test_a_paper_answers_to_words_of_its_title(desk: Desk) -> None:
    """With a section behind them or not; words that fit several papers offer them."""
    assert "Lanterns make every layer" in text(ask(desk, "paper", "deep lanterns"))
    found = ask(desk, "paper", "wicks lamps domain")
    assert found.found is not None
    assert found.found.section is SectionName.DOMAIN
    assert ask(desk, "paper", "one benchmark").found is not None
    begun = ask(desk, "paper", "wick domain")  # the beginning of a word, where no paper has it whole
    assert begun.found is not None
    assert begun.found.papers[0][0].id == "2601.00002"
    assert '"la" fits several papers' in ask(desk, "paper", "la").message.plain
    several = ask(desk, "paper", "small")
    assert several.found is not None  # the other one holds it in its report only
    offered = ask(desk, "paper", "for")
    assert offered.message.plain == (
        '"for" fits several papers: 2601.00002 (Wicks for Small Lamps), '
        "2601.00001 (Lanterns for Deep Networks 2601.00001)"
    )


def test_what_is_unknown_gets_the_three_nearest(desk: Desk) -> None:
    """An id, a title, a section and a domain, each with what it may have been."""
    assert ask(desk, "paper", "2601.00009").message.plain == (
        "No report for 2601.00009: it was not in a stored digest. Nearest: 2601.00002, 2601.00001, 2602.00003"
    )
    assert "Wicks for Small Lamps (2601.00002)" in ask(desk, "paper", "Wickets for small camps").message.plain
    assert ask(desk, "paper", "2601.00001 rezults").message.plain.startswith(
        'There is no section "rezults". Nearest: results'
    )
    assert 'There is no domain "vidio". Nearest: ' in find_papers(desk, "en", domain="vidio").message.plain


def test_what_is_near_is_offered_as_buttons_that_keep_the_section_asked_for(desk: Desk) -> None:
    """An id, words of a title, a section, a domain: each button is the command that answers."""
    assert ask(desk, "paper", "2601.00009 usage").message.actions[0] == Action(
        "2601.00002", command="paper", argument="2601.00002 usage"
    )
    several = ask(desk, "paper", "for results").message.actions
    assert several[0] == Action("Wicks for Small Lamps", command="paper", argument="2601.00002 results")
    assert all(answer(_press(action), desk).found for action in several)
    near_title = ask(desk, "paper", "Wickets for small camps").message.actions
    assert near_title[0].argument == "2601.00002"
    for asked in ("2601.00001 rezults", "2601.00002 usage"):
        sections_offered = ask(desk, "paper", asked).message.actions
        assert sections_offered
        assert all(answer(_press(action), desk).found for action in sections_offered)
    domains = find_papers(desk, "zh", domain="langage").message.actions
    assert Action("自然语言处理", command="papers", argument="nlp") in domains


def test_a_day_that_is_not_stored_offers_the_nearest_days(desk: Desk) -> None:
    """By distance; what only looks like a day by its looks."""
    nothing = ask(desk, "papers", "2026-01-19")
    assert nothing.found is None
    assert nothing.message.plain == "No paper of 2026-01-19 is stored. Nearest: 2026-01-17, 2026-01-16"
    assert nothing.message.actions[0] == Action("2026-01-17", command="papers", argument="2026-01-17")
    assert ask(desk, "papers", "2026-13-16").message.actions[0].argument == "2026-01-16"
    assert ask(desk, "papers", "2026-1-17").message.actions[0].argument == "2026-01-17"


def test_a_whole_day_comes_most_upvoted_first_and_nothing_of_it_is_left_out(desk: Desk) -> None:
    """As the digest has it."""
    assert [known.id for known, _ in _found(ask(desk, "papers", "2026-01-16"))] == ["2601.00001", "2601.00002"]


def test_a_listed_paper_without_a_report_is_not_answered_with_an_empty_one(desk: Desk) -> None:
    """It is known, but there is nothing to show yet."""
    found = ask(desk, "paper", "2602.00003")
    assert found.found is None
    assert found.message.plain == "2602.00003 is listed, but it has no report yet."


def test_papers_without_a_query_are_those_of_the_newest_day(desk: Desk) -> None:
    """And a day, a domain or words narrow them, also when typed in one line."""
    assert [known.id for known, _ in _found(ask(desk, "papers", ""))] == ["2602.00003"]
    assert {known.id for known, _ in _found(ask(desk, "papers", "2026-01-16"))} == {"2601.00001", "2601.00002"}
    assert [known.id for known, _ in _found(ask(desk, "papers", "2026-01-16 nlp"))] == ["2601.00002"]
    assert [known.id for known, _ in _found(ask(desk, "papers", "lamps"))] == ["2601.00002", "2601.00001"]
    assert [known.id for known, _ in _found(ask(desk, "papers", "注意力"))] == ["2601.00001"]


def test_papers_answer_to_domains_by_any_of_their_names(desk: Desk) -> None:
    """Id, English and Chinese name, alias."""
    for name in ("nlp", "language", "自然语言处理"):
        assert [known.id for known, _ in _found(find_papers(desk, "en", domain=name))] == ["2601.00002"]


def test_more_papers_than_are_shown_are_counted(desk: Desk) -> None:
    """The answer says how many there are in all."""
    found = find_papers(desk, "en", query="lamps", limit=1)
    assert found.message.title == "2 papers, the first 1"


def test_nothing_found_is_said(desk: Desk) -> None:
    """In the words of the query."""
    found = ask(desk, "papers", 'C++ "AND (')
    assert found.found is None
    assert found.message.plain == 'No paper matches "C++ "AND (".'


def test_every_command_has_a_summary_in_both_languages() -> None:
    """The list is what help is made from."""
    for command in COMMANDS:
        assert command.example.startswith(command.name)
        for language in compose.LANGUAGES:
            assert compose.texts(language).phrases[command.summary]


def _press(action: Action) -> Invocation:
    return Invocation(name=action.command, args=action.argument, language="en")


def _found(found: Answer) -> tuple[tuple[Paper, Report | None], ...]:
    assert found.found is not None
    return found.found.papers
