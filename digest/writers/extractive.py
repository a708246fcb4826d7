"""Reports without a model: sentences of the paper itself, chosen for each of the five sections."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from digest.errors import SettingsError
from digest.inline import text_runs
from digest.markdown import normal
from digest.render import domain_names
from digest.types import (
    Block,
    Kit,
    Paper,
    Paragraph,
    Points,
    Quote,
    Reading,
    Report,
    ReportWriter,
    Run,
    Runs,
    Section,
    SectionName,
    Table,
    Texts,
)
from digest.writers import claims, cues
from digest.writers.material import MOST_CHARS, Line, Material, Part, gather, title_of
from digest.writers.naming import LABEL, labelled, name_of, with_bold_name
from digest.writers.quotes import QUOTED, quotes
from digest.writers.score_table import ScoreRow, score_rows
from digest.writers.sentences import sentences, without_opening

_MOST_INNOVATIONS = 3
_MOST_RESULTS = 3
_MOST_STEPS = 2
_MOST_BELOW = 4  # points below one innovation
_MOST_USES = 6  # points of a list that the paper itself calls its usage
_HEADINGS = 16  # for the domains: the first ones name the field, the later ones are everybody's
_FIELD_CHARS = 280
_TELLING_CHARS = 5_000  # of the abstract and the headings: what tells the domains

_LIST_NUMBER = re.compile(r"^\s*(?:\(?(?:\d{1,2}|[ivx]{1,4}|[a-e])[.):]|[•·▪–-])\s+", re.IGNORECASE)
_ENUMERATION = re.compile(r"\((?:\d|i{1,3}|iv|v)\)\s+")
_BETWEEN = re.compile(r"(?:[,;.]\s*+(?:and\s*+)?|(?<!\s)\s++and\s*+)$")
_USED = re.compile(
    r"(?:inputs?|outputs?|data|hardware|steps?|requirements?|code|weights|licen[cs]e|resources|training|inference|"
    r"输入|输出|硬件|流程|代码)\b",
    re.IGNORECASE,
)
_USING = re.compile(r"\b(?:usage|using|how to|quick ?start|getting started|in practice)\b|使用", re.IGNORECASE)
_NEXT_ADDRESS = re.compile(
    r"(?<!\s)\s++(?=[A-Z][\w-]*+(?: \w+){0,2}: ?https?://)"
)  # "Code: https://... Page: https://..."


def build(kit: Kit, options: Mapping[str, Any]) -> ReportWriter:
    """The writer; it has no settings. Raises SettingsError when it is given any."""
    if options:
        raise SettingsError(f"The extractive writer has no settings; leave out {', '.join(sorted(options))}.")
    return ExtractiveWriter(kit)


class ExtractiveWriter:
    """Chooses, never invents: every word of a report is the paper's, but for the names of domains and labels."""

    name = "extractive"
    prompt_version = "2"

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        """The report, with labels in `language` and sentences in the paper's own. Raises nothing of its own: a section
        for which the paper holds nothing has no blocks."""
        texts = self._kit.texts.get(language) or self._kit.texts["en"]
        chosen = await self._kit.text_work.run(paper.id, choose, paper, reading, texts)
        domains = self._kit.domains.classify(
            title=paper.title, abstract=chosen.abstract, keywords=paper.keywords, text=chosen.headings
        )
        field, *others = chosen.sections
        named = Paragraph((Run(domain_names(domains, texts)),))
        return Report(
            paper_id=paper.id,
            language=language,
            sections=(Section(field.name, normal((named, *field.blocks))), *others),
            domains=domains,
            source=reading.source,
            text_hash=reading.text_hash,
            writer=self.name,
            prompt_version=self.prompt_version,
            quotes=chosen.quotes,
            written_at=self._kit.clock(),
        )


# --- in the child ------------------------------------------------------------------------------------------------


class Chosen(Struct, frozen=True):
    """What is chosen of a paper: the sections in their order, that of the domain without their names, and quotes;
    `abstract` and `headings` tell of what domains it is."""

    sections: tuple[Section, ...]
    quotes: tuple[Quote, ...]
    abstract: str
    headings: str


def choose(paper: Paper, reading: Reading, texts: Texts) -> Chosen:
    """Chooses for each section; `texts` has its labels."""
    material = gather(paper, reading)
    choice = _Choice(paper, material, texts)
    return Chosen(
        sections=choice.sections(),
        quotes=tuple(quote for name in QUOTED for quote in quotes(name, choice.quoted[name], reading.passages)),
        abstract=" ".join(line.text for line in material.abstract)[:_TELLING_CHARS],
        headings=" ; ".join(material.headings[:_HEADINGS])[:_TELLING_CHARS],
    )


class _Choice:
    """One paper's sections, chosen one after another so that no sentence is told twice."""

    def __init__(self, paper: Paper, material: Material, texts: Texts) -> None:
        self._paper = paper
        self._material = material
        self._texts = texts
        self._used: set[str] = set()
        self._claim = ""
        self.quoted: dict[SectionName, list[str]] = {name: [] for name in QUOTED}  # sentences, as the paper has them
        self._done: list[Line] = []  # of the abstract: what the authors did, from their claim on
        self._came_out: list[Line] = []  # of the abstract: what came of it

    def sections(self) -> tuple[Section, ...]:
        # The contribution chooses first, and the field takes what nobody else wanted.
        blocks = {
            SectionName.CONTRIBUTION: tuple(self._contribution()),
            SectionName.RESULTS: tuple(self._results()),
            SectionName.INNOVATIONS: tuple(self._innovations()),
            SectionName.USAGE: tuple(self._usage()),
            SectionName.DOMAIN: tuple(self._domain()),
        }
        return tuple(Section(name, normal(blocks[name])) for name in SectionName)

    # --- domain and contribution ---------------------------------------------------------------------------------

    def _domain(self) -> Iterator[Block]:
        # Abstracts begin with their field, unless they begin with what was made.
        for line in self._material.abstract[:1]:
            plain = line.text[0] not in '"“' and line.text[-1] not in "?？" and not claims.CLAIM.search(line.text)
            if plain and line.text not in self._used and len(line.text) <= _FIELD_CHARS:
                yield Paragraph(text_runs(line.text))

    def _contribution(self) -> Iterator[Block]:
        lines = self._material.abstract or tuple(
            line for line in self._material.body if line.part in (Part.INTRODUCTION, Part.CLOSING)
        )
        place = claims.contribution([line.text for line in lines], self._paper.title)
        if place is None:
            return
        self._claim = lines[place].text
        if self._material.abstract:
            self._split_abstract(place)
        self._used.add(self._claim)
        yield Paragraph(text_runs(claims.told_shortly(self._claim)))

    def _split_abstract(self, claim: int) -> None:
        """What stands before the claim is what others do; after it come method and results."""
        after = self._material.abstract[claim:]
        told = cues.tells_outcome(after)
        self._done = [line for line, outcome in zip(after, told, strict=True) if not outcome]
        self._came_out = [line for line, outcome in zip(after, told, strict=True) if outcome]

    # --- usage -----------------------------------------------------------------------------------------------------

    def _usage(self) -> Iterator[Block]:
        points = [*self._told_uses()]
        if not points:
            points = [*self._found_uses()]
        points += self._code()
        if points:
            yield _points(points)

    def _told_uses(self) -> Iterator[Runs]:
        """Points of a list under a heading such as "Usage", or that begin with "Input:"."""
        told = [
            line.text
            for line in self._material.points
            if _USED.match(line.text)
            and line.text[-1] not in ":："
            and (LABEL.match(line.text) or _USING.search(title_of(line.heading)))
        ]
        for text in told[:_MOST_USES] if len(told) > 1 else ():
            self._used.add(text)
            yield labelled(text)

    def _found_uses(self) -> Iterator[Runs]:
        lines = [*self._done, *self._material.body]
        found: dict[str, list[Line]] = {}
        # In the order of choosing: what is told of hardware and of input is more particular than steps are.
        for key, cue, most in (
            ("input", cues.INPUT, 1),
            ("output", cues.OUTPUT, 1),
            ("hardware", cues.HARDWARE, 1),
            ("steps", cues.STEPS, _MOST_STEPS),
        ):
            if key == "output" and any(cues.OUTPUT.search(line.text) for line in found["input"]):
                continue
            found[key] = cues.chosen(lines, cues.usage_worth(cue), most, 0.9, self._used)
            self._used.update(line.text for line in found[key])
        for key in ("input", "output", "steps", "hardware"):
            if lines := found.get(key, []):
                told = " ".join(without_opening(line.text) for line in lines).replace("。 ", "。")
                yield (self._label(key), *text_runs(told))

    def _label(self, key: str) -> Run:
        label = self._texts.phrases[f"usage_{key}"]
        return Run(label if label.endswith("：") else f"{label} ", bold=True)

    def _code(self) -> Iterator[Runs]:
        """Where code, weights and pages are: what the paper says of it, then the addresses it does not name itself."""
        lines = [*self._done, *self._came_out, *self._material.body]
        said = [
            line.text
            for line in lines
            if claims.RELEASE.search(line.text) and claims.CODE.search(line.text) and line.text not in self._used
        ]
        told = [text for text in said if "http" in text][:1] or said[:1]
        for text in told:
            self._used.add(text)
            yield from map(text_runs, _NEXT_ADDRESS.split(text))
        known = {self._paper.project_url: "page", self._paper.github_url: "code"}
        for address, key in sorted(known.items(), key=lambda pair: pair[1]):
            if address and not any(address.rstrip("/").lower() in text.lower() for text in self._used):
                yield (self._label(key), Run(address, link=address))

    # --- innovations -----------------------------------------------------------------------------------------------

    def _innovations(self) -> Iterator[Block]:
        told = [*self._told_innovations()]
        if told:
            yield Points(tuple(told))
            return
        found = [*self._found_innovations()]
        found += self._method_headings(_MOST_INNOVATIONS - len(found))
        found = found or [text_runs(piece) for piece in _enumerated(self._claim)[:_MOST_INNOVATIONS]]
        if found:
            yield _points(found)

    def _told_innovations(self) -> Iterator[tuple[Block, ...]]:
        """The paper's own list; what it counts as a contribution but is a result comes last."""
        points = sorted(
            self._material.contributions,
            key=lambda point: bool(cues.FOUND.search(point.text) and cues.COMPARED.search(point.text)),
        )
        for point in points[:_MOST_INNOVATIONS]:
            if text := _beginning(point.text):
                self._used.update(sentences(point.text))
                self.quoted[SectionName.INNOVATIONS].append(point.text)
                below = tuple(
                    (Paragraph(text_runs(line)),) for line in map(_beginning, point.below[:_MOST_BELOW]) if line
                )
                yield (Paragraph(labelled(text)), *((Points(below),) if below else ()))

    def _found_innovations(self) -> Iterator[Runs]:
        introduced = (line for line in self._material.body if line.part is Part.INTRODUCTION)
        candidates = [*self._done, *(line for line in introduced if claims.CLAIM.search(line.text))]
        for line in cues.chosen(candidates, cues.novelty_worth, _MOST_INNOVATIONS, 1.2, self._used):
            self._used.add(line.text)
            self.quoted[SectionName.INNOVATIONS].append(line.text)
            yield with_bold_name(line.text)

    def _method_headings(self, most: int) -> Iterator[Runs]:
        """Headings of the method as names, each with the first sentence under it that stands alone."""
        found: dict[str, Line] = {}
        for line in self._material.body:
            telling = line.part is Part.METHOD and " > " in line.heading and line.text not in self._used
            if telling and cues.NEW.search(line.text) and cues.soundness(line) >= 1.0:
                found.setdefault(title_of(line.heading), line)
        for title, line in [*found.items()][: max(0, most)]:
            self._used.add(line.text)
            self.quoted[SectionName.INNOVATIONS].append(line.text)
            yield (Run(title, bold=True), Run(": "), *text_runs(without_opening(line.text)))

    # --- results ---------------------------------------------------------------------------------------------------

    def _results(self) -> Iterator[Block]:
        rows = self._rows()
        if rows:
            yield self._table(rows)
        most = _MOST_RESULTS - bool(rows)
        best = cues.chosen([*self._came_out, *self._material.body], cues.result_worth, most, 1.4, self._used)
        if not best and not rows:
            # Better a weak sentence that tells what came out than none.
            compared = [line for line in self._done if cues.FOUND.search(line.text) and cues.COMPARED.search(line.text)]
            best = cues.chosen(self._came_out or compared, cues.result_worth, 1, 0.6, self._used)
        self._used.update(line.text for line in best)
        self.quoted[SectionName.RESULTS] += [line.text for line in best]
        if best:
            yield _points([text_runs(without_opening(line.text)) for line in best])

    def _rows(self) -> Sequence[ScoreRow]:
        """The rows of the first table that tells them without a doubt, those among the results before others."""
        tables = sorted(self._material.tables, key=lambda table: table.part is not Part.RESULTS)
        name = name_of(self._paper.title, self._claim)
        return next((rows for table in tables if (rows := score_rows(table.text, table.caption, name))), ())

    def _table(self, rows: Sequence[ScoreRow]) -> Table:
        header = ("benchmark", "metric", "this_work", "best_baseline")
        return Table(
            tuple((Run(self._texts.phrases[f"results_{key}"]),) for key in header),
            tuple(tuple(text_runs(cell) for cell in row) for row in rows),
        )


def _enumerated(sentence: str) -> list[str]:
    """The pieces of "... (1) one, (2) two, and (3) three."; none when there are not at least two."""
    pieces = [_BETWEEN.sub("", piece).strip() for piece in _ENUMERATION.split(sentence)[1:]]
    return pieces if len(pieces) > 1 and all(pieces) else []


def _points(points: Iterable[Runs]) -> Points:
    return Points(tuple((Paragraph(runs),) for runs in points))


def _beginning(point: str) -> str:
    """As many whole sentences of a point, without its number, as have room; "" if not even the first has."""
    kept = ""
    for sentence in sentences(_LIST_NUMBER.sub("", point)):
        if len(kept) + len(sentence) > MOST_CHARS:
            break
        kept = f"{kept} {sentence}".strip()
    return kept
