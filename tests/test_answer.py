"""Answers of models, well-formed and otherwise, as sections."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.markdown import normal, parse, plain
from digest.types import Block, Paragraph, Points, Run, RunKind, Section, SectionName, Table
from digest.writers.answer import Answer, parse_answer, schema
from digest.writers.language import foreign_section, language_name
from digest.writers.trouble import BadAnswer
from tests.makers import sections
from tests.model_answers import answer_text

IDS = ("nlp", "vision", "theory", "image-generation", "rl", "agents")
TITLES = {
    **{name.value: name for name in SectionName},
    "main innovations": SectionName.INNOVATIONS,
    "应用领域": SectionName.DOMAIN,
}
HEADER = ("Benchmark", "Metric", "This work", "Best baseline")


def parsed(text: str) -> Answer:
    return parse_answer(text, titles=TITLES, header=HEADER, domains=IDS)


def made(**changes: Any) -> str:
    """A correct answer with some of its values changed; None leaves one out."""
    whole = {**json.loads(answer_text("en")), **changes}
    return json.dumps({name: value for name, value in whole.items() if value is not None}, ensure_ascii=False)


def section(answer: Answer, name: SectionName) -> tuple[Block, ...]:
    return next(section.blocks for section in answer.sections if section.name is name)


def words(answer: Answer, name: SectionName) -> str:
    return plain(section(answer, name))


def test_a_correct_answer_becomes_five_sections_in_order() -> None:
    """Paragraphs, points, bold, formulas and the table of results, in normal form."""
    answer = parsed(answer_text("en"))
    assert [part.name for part in answer.sections] == list(SectionName)
    assert answer.domains == ("vision", "theory")
    usage = section(answer, SectionName.USAGE)
    assert isinstance(usage[1], Points)
    assert Run("m \\in R^d", RunKind.TEX) in next(iter(usage[1].points[1])).runs  # type: ignore[union-attr]  # a paragraph
    contribution = section(answer, SectionName.CONTRIBUTION)[0]
    assert isinstance(contribution, Paragraph)
    assert contribution.runs[0] == Run("Lanterns", bold=True)
    table = section(answer, SectionName.RESULTS)[0]
    assert isinstance(table, Table)
    assert plain([table]).splitlines() == [" | ".join(HEADER), "LampBench | accuracy | 91.4 | 88.2"]
    assert all(part.blocks == normal(part.blocks) for part in answer.sections)


@pytest.mark.parametrize(
    "around",
    [
        "```json\n@\n```",
        "```\n@\n```\nDone.",
        'Sure! Here it is, with {"braces": 1} before:\n@',
        '<think>Perhaps {"domain": "no", "usage": []}?</think>@',
        '{"report": @}',
        "\ufeff@",
    ],
)
def test_whatever_stands_around_the_json_is_taken_off(around: str) -> None:
    """Fences, prose, thoughts, wrappers."""
    correct = answer_text("zh")
    assert parsed(around.replace("@", correct)) == parsed(correct)


def test_a_report_may_name_the_marks_of_thoughts() -> None:
    """As papers on models that reason do."""
    said = "It thinks between <think> and </think>, then answers."
    answer = parsed(f"<think>Hm.</think> {made(domain=[said], contribution=[said])}")
    for name in (SectionName.DOMAIN, SectionName.CONTRIBUTION):
        assert plain(section(answer, name)) == said


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_answer_is_never_taken_for_a_report(cut: float) -> None:
    """Half a JSON object is malformed, wherever it was cut."""
    text = answer_text("en")
    with pytest.raises(BadAnswer) as bad:
        parsed(text[: int(len(text) * cut)])
    assert bad.value.outcome == "malformed"


@pytest.mark.parametrize("name", list(SectionName))
def test_a_missing_section_is_named(name: SectionName) -> None:
    """So that the model can be told."""
    with pytest.raises(BadAnswer, match=f"lacks {name}") as bad:
        parsed(made(**{name.value: None}))
    assert bad.value.outcome == "incomplete"


@pytest.mark.parametrize("name", ["domain", "contribution", "innovations"])
def test_every_paper_has_a_field_a_contribution_and_something_new(name: str) -> None:
    """Of these an empty section is a missing one."""
    with pytest.raises(BadAnswer, match=f"lacks {name}"):
        parsed(made(**{name: [{"text": " ", "points": []}]}))


@pytest.mark.parametrize(
    "told",
    [
        {"rows": [], "text": []},
        {"rows": None, "text": ""},
        {"rows": [], "text": [{"text": "No scores stated.", "points": []}]},
        "No scores are reported",
        "论文未给出分数。",
        [],
    ],
)
def test_no_scores_stated_is_an_empty_section(told: Any) -> None:
    """The reader is told so in words of our own, in every language."""
    assert section(parsed(made(results=told)), SectionName.RESULTS) == ()


def test_at_most_five_rows_are_kept_and_none_without_a_value() -> None:
    """Numbers, missing baselines and rows given as lists are all taken."""
    rows: list[Any] = [
        {"benchmark": "A", "metric": "F1", "this_work": 91.4, "best_baseline": None},
        ["B", "EM", "7", "6"],
    ]
    rows += [{"benchmark": "C", "metric": "F1", "this_work": "", "best_baseline": "3"}, "a sentence", 4]
    rows += [{"benchmark": f"D{number}", "metric": "x", "this_work": str(number)} for number in range(9)]
    lines = words(parsed(made(results={"rows": rows, "text": []})), SectionName.RESULTS).splitlines()
    assert lines[1:] == ["A | F1 | 91.4 | ", "B | EM | 7 | 6", "D0 | x | 0 | ", "D1 | x | 1 | ", "D2 | x | 2 | "]


@pytest.mark.parametrize(
    ("told", "lines"),
    [
        ("* **Input**: a lamp\n* Output: light\n  * bright", ["Input: a lamp", "Output: light", "bright"]),
        (["Input: a lamp", "Output: light"], ["Input: a lamp", "Output: light"]),
        ({"Input": "a lamp", "Steps": ["fill", "light"]}, ["Input: a lamp", "Steps", "fill", "light"]),
        ([{"name": "Lamp", "description": "gives light"}], ["Lamp: gives light"]),
        ([{"text": "", "points": [{"text": "a", "points": [{"text": "b", "points": ["c"]}]}]}], ["a", "b", "c"]),
        ([{"text": "Do:", "items": ["fill"]}, None, 7], ["Do:", "fill", "7"]),
    ],
)
def test_sections_in_shapes_of_the_models_own_are_understood(told: Any, lines: list[str]) -> None:
    """Markdown, lists of lines, objects with labels: no text is lost."""
    assert words(parsed(made(usage=told)), SectionName.USAGE).splitlines() == lines


def test_sections_answer_to_their_labels() -> None:
    """Numbered, in capitals, in Chinese, or as a list of named sections."""
    whole = json.loads(answer_text("en"))
    renamed = {"1. 应用领域": whole.pop("domain"), "Main_Innovations": whole.pop("innovations"), **whole}
    assert parsed(json.dumps(renamed)) == parsed(answer_text("en"))
    listed = {"sections": [{"name": name, "blocks": value} for name, value in renamed.items() if name != "domains"]}
    assert parsed(json.dumps(listed)).sections == parsed(answer_text("en")).sections


def test_tex_survives_backslashes_written_once() -> None:
    """JSON takes \\t of \\theta for a tab and refuses \\alpha; line ends in strings are spaces."""
    broken = made(contribution="FORMULA").replace(
        "FORMULA", "With $\\alpha \\theta \\frac{1}{2} \\beta \\nabla \\rho$\nit\tlights"
    )
    runs = section(parsed(broken), SectionName.CONTRIBUTION)[0].runs  # type: ignore[union-attr]  # a paragraph
    assert runs == (
        Run("With "),
        Run("\\alpha \\theta \\frac{1}{2} \\beta \\nabla \\rho", RunKind.TEX),
        Run(" it lights"),
    )


def test_trailing_commas_are_forgiven() -> None:
    """Small models write them."""
    assert parsed(made()[:-1] + ",}") == parsed(made())


@pytest.mark.parametrize(
    ("told", "ids"),
    [
        (["Vision", "nlp", "vision", "cooking"], ("vision", "nlp")),
        ("nlp, image generation", ("nlp", "image-generation")),
        (list(IDS), IDS[:4]),
        ({"a": 1}, ()),
        (None, ()),
    ],
)
def test_only_known_domains_are_kept_and_at_most_four(told: Any, ids: tuple[str, ...]) -> None:
    """Each once, in the order given."""
    assert parsed(made(domains=told)).domains == ids


@pytest.mark.parametrize("text", ["[" * 100_000, '{"domain":' * 100_000, made(usage=json.loads("[" * 500 + "]" * 500))])
def test_deep_nesting_breaks_nothing(text: str) -> None:
    """It is cut or malformed, and never an error of another kind."""
    try:
        answer = parsed(text)
    except BadAnswer:
        return
    assert section(answer, SectionName.USAGE) == ()


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["text", "points", "rows", "name", "sections", "domain", "x"]), inner, max_size=3
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*SectionName, "domains", "sections"]), values, max_size=6))
def test_no_json_raises_anything_but_bad_answer(told: dict[str, Any]) -> None:
    """And what is taken is in normal form."""
    try:
        answer = parsed(json.dumps(told))
    except BadAnswer:
        return
    assert all(part.blocks == normal(part.blocks) for part in answer.sections)


def test_the_schema_is_within_what_strict_mode_allows() -> None:
    """Every object closed, every key required; a correct answer has the schema's keys."""

    def check(part: dict[str, Any]) -> None:
        if part["type"] == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])
        for inner in part.get("properties", {}).values():
            check(inner)
        if part["type"] == "array":
            check(part["items"])

    whole = schema(IDS)
    check(whole)
    assert json.loads(answer_text("en")).keys() == whole["properties"].keys()


ENGLISH = "Lanterns make every layer of a deep network visible to those who look."
FRENCH = (
    "Les lanternes rendent visible chaque couche du réseau, ce que State of the Art Networks with Probes ne savait pas "
    "faire ; la précision monte de 3,2 points sur LampBench par rapport à la meilleure méthode connue à ce jour."
)
CHINESE = "灯笼使深度网络的每一层都清晰可见，并在 LampBench 上优于 ProbeNet 和 CLIP。"


@pytest.mark.parametrize(
    ("text", "language", "foreign"),
    [
        (ENGLISH, "en", False),
        (FRENCH, "fr", False),
        (f"{ENGLISH} {ENGLISH}", "fr", True),
        (ENGLISH, "zh", True),
        (ENGLISH, "ja", True),
        (ENGLISH, "ru", True),
        (CHINESE, "zh", False),
        (CHINESE, "zh-TW", False),
        (CHINESE, "en", True),
        (CHINESE, "de", True),
        (CHINESE, "ja", True),
        ("ランタンは深層ネットワークの各層を可視化します。", "ja", False),
        ("ランタンは深層ネットワークの各層を可視化します。", "zh", True),
        ("Фонари делают видимым каждый слой глубокой сети, как CLIP.", "ru", False),
        ("GPT-5, CLIP, ViT, LampBench, COCO, ImageNet", "zh", False),
    ],
)
def test_the_language_of_an_answer_is_told_by_its_letters(text: str, language: str, *, foreign: bool) -> None:
    """Names stay as they are in every language; a short list of names tells nothing."""
    assert (foreign_section(sections(domain=text), language) is not None) == foreign


def test_code_formulas_links_and_tables_say_nothing_of_the_language() -> None:
    """They are the same in every language."""
    link = "[the repository with all of the code, the weights and the data](https://example.org)"
    told = Section(SectionName.USAGE, parse(f"灯笼使网络可见 {link} `pip install lanterns lamps wicks oil glass`"))
    assert foreign_section([told], "zh") is None


def test_one_section_in_another_language_is_found() -> None:
    """Models begin well and end in English."""
    found = foreign_section(sections(domain=CHINESE, usage=ENGLISH), "zh")
    assert found is not None
    assert found.name is SectionName.USAGE


def test_languages_are_named_for_the_model() -> None:
    """With a region or script, in capitals, or unknown."""
    assert [language_name(tag) for tag in ("en", "pt-BR", "zh-Hant", "tlh")] == [
        "English",
        "Portuguese",
        "Traditional Chinese (繁體中文)",
        'the language with the tag "tlh"',
    ]
