"""How good the check of reports is: planted faults in reports made of real texts' own figures and names.

Each text gives facts: a table's cell with its row and column, a sentence's figure. Each fact is told as a writer would,
in English, in Chinese and as a row of a table; once true, once with a digit altered so that the figure stands nowhere
in the text, and once with another true figure of the text in its place. Nothing is drawn anew: an alteration that
happens to stand in the text is counted as left out. All misses and false alarms are printed.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from digest.errors import ReadError
from digest.grounding import Ground
from digest.readers.fingerprint import text_hash
from digest.readers.saved import passages_of
from digest.sources.huggingface import parse_entry
from digest.types import (
    ArxivId,
    Block,
    Finding,
    FindingKind,
    Outcome,
    Paper,
    Paragraph,
    Passage,
    PassageKind,
    Reading,
    ReadingSource,
    Run,
    Section,
    SectionName,
    Table,
)
from tests.benchmarks.timing import medians_s, show
from tests.material import MATERIAL

SEED = 20260116
MOST_FACTS = 60  # of a text
SHOWN = 400

_NUMBER = re.compile(r"(?<![\w.,@#/^_{\\-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w.,]*\w)(?:\s?%)?")
_ANY_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_VALUE_CELL = re.compile(r"[\s$~]*(?:\\mathbf\{)?(\d+(?:,\d{3})*(?:\.\d+)?)\}?\s?(?:\\?%)?[\s$]*(?:[±(].*)?")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_CITED = re.compile(r"\s*\([^()]*\d{4}[^()]*\)")
_LABEL = re.compile(r"[A-Za-z]{2}")


class Text(NamedTuple):
    name: str
    paper: Paper | None
    passages: tuple[Passage, ...]


class Fact(NamedTuple):
    """A figure with how it is told: `form` has a place for it. `group` holds what may stand there as well as it."""

    value: str
    form: str  # "... {value} ..."
    row: tuple[str, ...]  # header and cells of a table row, where it is a table's, each with {value}
    label: tuple[str, ...]


class Case(NamedTuple):
    text: str
    kind: str
    told: str
    value: str
    finding: Finding | None


def main() -> None:
    logging.getLogger("readability.readability").setLevel(logging.CRITICAL)
    if not MATERIAL.exists():
        print("\ngrounding: left out, as the real texts are not here")
        return
    texts = [*_html(), *_abstracts()]
    print(f"\ngrounding: seed {SEED}, {len(texts)} texts")
    for half in (0, 1):
        chosen = [text for place, text in enumerate(texts) if place % 2 == half]
        _measure(chosen, ("even", "odd")[half])
    _names(texts)
    _times(texts)


def _html() -> Iterator[Text]:
    for file in sorted((MATERIAL / "arxiv_html").glob("*.html")):
        try:
            _, passages = passages_of(file.read_bytes())
        except ReadError:
            continue
        yield Text(file.stem, None, passages)


def _abstracts() -> Iterator[Text]:
    for file in sorted((MATERIAL / "hub").glob("*.json")):
        for entry in json.loads(file.read_text(encoding="utf-8")):
            paper = parse_entry(entry, "")
            if paper.abstract:
                yield Text(str(paper.id), paper, (Passage("", "Abstract", PassageKind.TEXT, paper.abstract),))


# --- facts -------------------------------------------------------------------------------------------------------


def _facts(text: Text, chance: random.Random) -> list[Fact]:
    found: list[Fact] = []
    for passage in text.passages:
        found += _of_table(passage) if passage.kind is PassageKind.TABLE else _of_sentences(passage)
    return found if len(found) <= MOST_FACTS else sorted(chance.sample(found, MOST_FACTS))


def _of_table(passage: Passage) -> Iterator[Fact]:
    """The cells of a table that say which row and column they are in."""
    lines = [[cell.strip() for cell in line.split(" | ")] for line in passage.text.split("\n")]
    header = lines[0]
    for line in lines[1:]:
        label = _CITED.sub("", line[0]).strip(" $")
        for column in range(1, min(len(line), len(header))):
            match = _VALUE_CELL.fullmatch(line[column])
            above = _CITED.sub("", header[column]).strip()
            if match is None or not _LABEL.search(label) or not _LABEL.search(above):
                continue
            rival = next((other[column] for other in lines[1:] if other is not line and column < len(other)), "")
            rival = rival if _VALUE_CELL.fullmatch(rival) else ""
            yield from _told_of_cell(match[1], label, above, rival)


def _told_of_cell(value: str, label: str, above: str, rival: str) -> Iterator[Fact]:
    named = (label, above)
    baseline = f" (baseline {rival})" if rival else ""
    yield Fact(value, f"On {above} {label} reaches {{value}}{baseline}.", (), named)
    yield Fact(
        value, f"在 {above} 上，{label} 的得分为 {{value}}" + (f"（基线 {rival}）。" if rival else "。"), (), named
    )
    yield Fact(value, f"**{above}**：{label} 达到 {{value}}，效果显著。", (), named)
    yield Fact(value, "", (above, label, "{value}", rival), named)


def _of_sentences(passage: Passage) -> Iterator[Fact]:
    """The figures of sentences, in the sentence's own words."""
    for sentence in _SENTENCE.split(passage.text):
        if "$" in sentence or "http" in sentence or len(sentence) > 500:
            continue
        for match in _NUMBER.finditer(sentence):
            if not _is_worth_telling(sentence, match):
                continue
            form = sentence[: match.start()] + "{value}" + sentence[match.end() :]
            named = (form,)
            yield Fact(match[0], form, (), named)
            if chinese := _in_chinese(sentence, match):
                yield Fact(match[0], chinese, (), named)


def _is_worth_telling(sentence: str, match: re.Match[str]) -> bool:
    before = sentence[max(0, match.start() - 14) : match.start()]
    if re.search(
        r"(?:Table|Figure|Fig\.|Section|Sec\.|Eq\.|Step|§|\[|Appendix|Algorithm|v)\s*\(?$", before, re.IGNORECASE
    ):
        return False
    if re.search(r"[A-Z][\w-]*\s$", before) or "{" in sentence or "}" in sentence:
        return False  # it may be the version in a name
    bare = match[0].strip().rstrip("%").strip()
    return not re.fullmatch(r"(?:19|20)\d\d|\d", bare)


def _in_chinese(sentence: str, match: re.Match[str]) -> str:
    """The figure under the names beside it, as a Chinese report has it."""
    behind = re.match(r"\s*(?:\w+ ){0,2}(?:on|in|for|of) (?:the )?([A-Z][\w-]*[A-Z\d][\w-]*)", sentence[match.end() :])
    return f"在 {behind[1]} 上达到 {{value}}。" if behind else ""


# --- planting ----------------------------------------------------------------------------------------------------


def _altered(value: str, chance: random.Random) -> str:
    """The value with one of its digits altered, not to zero in front."""
    places = [place for place, char in enumerate(value) if char.isdigit()]
    place = chance.choice(places)
    digits = [digit for digit in "123456789" if digit != value[place]]
    return value[:place] + chance.choice(digits) + value[place + 1 :]


def _stands(value: str, numbers: Sequence[float]) -> bool:
    """Whether a text has a number that is the value, or that rounds to it; as a share of one too."""
    bare = value.replace(",", "").rstrip("% ")
    step = 10.0 ** -len(bare.partition(".")[2])
    wanted = float(bare)
    return any(
        abs(number * factor - wanted) <= step / 2 + 1e-9 * wanted for number in numbers for factor in (1, 100, 0.01)
    )


def _section(fact: Fact, value: str) -> Section:
    return Section(SectionName.RESULTS, (_block(fact, value),))


def _block(fact: Fact, value: str) -> Block:
    if not fact.row:
        return Paragraph((Run(fact.form.replace("{value}", value).replace("**", "")),))
    cells = tuple((Run(cell.replace("{value}", value)),) if cell else () for cell in fact.row)
    return Table(tuple((Run(head),) for head in ("Benchmark", "Model", "This work", "Best baseline")), (cells,))


def _finding(ground: Ground, fact: Fact, value: str) -> Finding | None:
    """What the check says of the figure that was put in."""
    at = _at(fact)
    for finding in ground.section(_section(fact, value)):
        if finding.kind is FindingKind.FIGURE and finding.at <= at < finding.at + len(finding.text) + 1:
            return finding
    return None


def _at(fact: Fact) -> int:
    if not fact.row:
        return fact.form.replace("**", "").index("{value}")
    head = " | ".join(("Benchmark", "Model", "This work", "Best baseline"))
    return len(head) + 1 + " | ".join(fact.row).index("{value}")


def _measure(texts: Sequence[Text], name: str) -> None:
    chance = random.Random(SEED)
    cases: list[Case] = []
    left_out = Counter[str]()
    for text in texts:
        ground = _ground(text)
        facts = _facts(text, chance)
        whole = " ".join(f"{passage.heading} {passage.text}" for passage in text.passages)
        numbers = [float(number.replace(",", "")) for number in _ANY_NUMBER.findall(whole)]
        for place, fact in enumerate(facts):
            told = fact.form or " | ".join(fact.row)
            cases.append(Case(text.name, "true", told, fact.value, _finding(ground, fact, fact.value)))
            altered = _altered(fact.value, chance)
            if _stands(altered, numbers):
                left_out["altered"] += 1
            else:
                cases.append(Case(text.name, "altered", told, altered, _finding(ground, fact, altered)))
            other = _other(facts, place, chance)
            if other is None:
                left_out["moved"] += 1
            else:
                cases.append(Case(text.name, "moved", told, other, _finding(ground, fact, other)))
    _tell(cases, left_out, name)


def _other(facts: Sequence[Fact], place: int, chance: random.Random) -> str | None:
    """A value that the text has under another label only."""
    fact = facts[place]
    same = {float(other.value.replace(",", "").rstrip("% ")) for other in facts if _alike(other, fact)}
    others = [other.value for other in facts if float(other.value.replace(",", "").rstrip("% ")) not in same]
    return chance.choice(others) if others else None


def _alike(one: Fact, other: Fact) -> bool:
    return one.label == other.label


def _tell(cases: Sequence[Case], left_out: Counter[str], name: str) -> None:
    rows: dict[str, str] = {}
    wrong: list[Case] = []
    for kind in ("true", "altered", "moved"):
        own = [case for case in cases if case.kind == kind]
        alarmed = [case for case in own if case.finding is not None and case.finding.to_check]
        wrong += alarmed if kind == "true" else [case for case in own if case not in alarmed]
        share = len(alarmed) / max(1, len(own))
        label = {"true": "false alarms", "altered": "altered, noticed", "moved": "under another label, noticed"}[kind]
        rows[label] = f"{share:.3f} ({len(alarmed)} of {len(own)}; {left_out[kind]} left out)"
    show(f"grounding, {name} half", rows, "false alarms at most 0.030, altered at least 0.990, moved at least 0.700")
    for case in wrong:
        verdict = "no figure" if case.finding is None else f"{case.finding.outcome} {case.finding.operation}"
        print(f"  {case.kind} {case.text} {case.value!r} {verdict}: {' '.join(case.told.split())[:SHOWN]}")


# --- names -------------------------------------------------------------------------------------------------------

_RIVALS = ("Llama 3.1-405B", "GPT-4.5", "Qwen1.5-72B", "Gemini 1.0 Ultra", "Claude 2.1", "DeepSeek-V2.5", "ResNet-269")
_NAME = re.compile(
    r"(?<![\w/.-])(?=[\w.-]*[A-Z])(?=[\w.-]*\d)[A-Z][A-Za-z]+(?:-?\d+(?:\.\d+)?)(?:-[A-Za-z\d]+)*(?![\w/-]|\.\w)"
)


def _names(texts: Sequence[Text]) -> None:
    """Names of a text, told as they are, in another spelling, and with another model's name in their place."""
    chance = random.Random(SEED)
    missed, alarms = [], []
    counts = Counter[str]()
    for text in texts:
        ground = _ground(text)
        whole = "\n".join(passage.text for passage in text.passages)
        for name in sorted(set(_NAME.findall(whole)))[:20]:
            for told in dict.fromkeys((name, name.replace("-", " "), name.upper())):
                counts["true"] += 1
                alarms += [(text.name, told)] if _alarmed(ground, told) else []
            rival = chance.choice([rival for rival in _RIVALS if rival.lower() not in whole.lower()])
            digits = [place for place, char in enumerate(name) if char.isdigit()]
            version = name[: digits[0]] + str((int(name[digits[0]]) + 4) % 9 + 1) + name[digits[0] + 1 :]
            for told in (rival, version):
                if told.lower() not in whole.lower():
                    counts["replaced"] += 1
                    missed += [] if _alarmed(ground, told) else [(text.name, told)]
    show(
        "grounding of names",
        {
            "false alarms": f"{len(alarms) / max(1, counts['true']):.3f} ({len(alarms)} of {counts['true']})",
            "replaced, noticed": f"{1 - len(missed) / max(1, counts['replaced']):.3f} ({counts['replaced']})",
        },
        "false alarms at most 0.030",
    )
    for case in (*(("alarm", *case) for case in alarms), *(("missed", *case) for case in missed)):
        print(f"  {' '.join(case)}")


def _alarmed(ground: Ground, name: str) -> bool:
    section = Section(SectionName.USAGE, (Paragraph((Run(f"实验使用 {name} 模型进行推理。"),)),))
    return any(finding.to_check for finding in ground.section(section))


# --- times -------------------------------------------------------------------------------------------------------


def _times(texts: Sequence[Text]) -> None:
    """A report with sixty figures against the longest text, and what indexing costs beside a bare pass over it."""
    text = max(texts, key=lambda text: sum(len(passage.text) for passage in text.passages))
    facts = _facts(text, random.Random(SEED))[:60]
    blocks = tuple(_block(fact, fact.value) for fact in facts)
    section = Section(SectionName.RESULTS, blocks)
    whole = "\n".join(passage.text for passage in text.passages)
    ground = _ground(text)
    times = medians_s(
        {
            "a bare pass": lambda: _ANY_NUMBER.findall(whole),
            "index": lambda: _ground(text),
            "check": lambda: ground.section(section),
        },
        9,
    )
    outcomes = Counter(finding.outcome for finding in ground.section(section))
    show(
        f"grounding {len(facts)} figures in {len(whole):,} characters",
        {
            **{name: f"{seconds * 1000:.1f} ms" for name, seconds in times.items()},
            "outcomes": ", ".join(f"{outcome} {outcomes[outcome]}" for outcome in Outcome),
        },
        "some tens of milliseconds for both",
    )


def _ground(text: Text) -> Ground:
    reading = Reading(
        paper_id=text.paper.id if text.paper else ArxivId(""),
        source=ReadingSource.HTML,
        url="",
        text_hash=text_hash(text.passages),
        passages=text.passages,
    )
    return Ground(reading, text.paper)


if __name__ == "__main__":
    main()
