"""Which figures and names of a report stand in the text that was read, and where.

`Ground` indexes a reading once; `Ground.findings` holds a report against it. Nothing here asks a model or waits for
anything. What is found is told with its place; what is not found, or stands under another label, is for the reader to
check: it may still be true, but the text does not say it where the report does.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import NamedTuple

from msgspec.structs import replace

from digest import names as name_words
from digest.derivation import Line, derive, sentence_lines, table_lines
from digest.equality import same_sign, same_unit, values
from digest.figures import NUMBER_WORDS, Figure, rounds_to, spelled
from digest.fitting import Fit, Known, contradicted, fit, telling_names, telling_words, told_whole
from digest.homes import Homes
from digest.labels import METRICS, Squeezed, key, terms
from digest.markdown import normal, plain
from digest.roles import in_its_role
from digest.spots import Page, Spot, pages
from digest.statements import Mention, Statement, told
from digest.types import (
    Finding,
    FindingKind,
    Outcome,
    Paper,
    Passage,
    PassageKind,
    Reading,
    Report,
    Section,
)

MOST_SPOTS = 60  # of one value that are looked at: a figure that stands everywhere proves nothing anyway
_MOST_EQUAL = 600  # figures of one value, of whatever unit and sign
MOST_COMPARED = 12  # of equally good places
LABEL_CHARS = 100
_TELLING = 2  # words that say what a statement without names is about
_FIRST = 8  # passages in which a paper says what it proposes
_MOST_SPELLED = 100  # greater numbers are not written as words
_COINED = re.compile(
    r"\b(?:propos\w+|introduc\w+|present\w*|called|named?|term(?:ed)?|dubbed|releas\w+|develop\w*|build|built|design\w*|"
    r"[Oo]ur)\s+"
)
_BETWEEN = re.compile(r"(?:[a-z-]{1,80}+\s{1,80}+){0,4}")
_NEAR_CHARS = 80


_NUMBER_WORD = re.compile(rf"\b(?:{'|'.join(NUMBER_WORDS)})\b")


class _Match(NamedTuple):
    fit: Fit
    spot: Spot


class Ground:
    """A reading that reports can be held against; `paper` lends its title, abstract and links.

    Belongs to one thread at a time: what it finds out about a place it keeps.
    """

    def __init__(self, reading: Reading, paper: Paper | None = None) -> None:
        self.pages = pages(_with_abstract(reading.passages, paper))
        spots = [spot for page in self.pages for spot in page.spots]
        self._spots = sorted(spots, key=lambda spot: spot.figure.value)
        self._values = [spot.figure.value for spot in self._spots]
        self._text = Squeezed(*(page.passage.text for page in self.pages))
        self._headings = Squeezed(*(page.passage.heading for page in self.pages))
        self._told = Squeezed(_told_of(paper))
        self._knows: dict[str, bool] = {}
        self._labels = _numbered_labels(self.pages)
        self._homes = Homes(self.pages)
        words = frozenset[str]().union(*(page.words for page in self.pages))
        own = self._own_names(paper)
        self._known = Known(self.knows, words, frozenset(map(key, own)), terms(" ".join(own)))

    def knows(self, name_key: str) -> bool:
        """Whether a name stands in the text, its headings, or what the list tells of the paper."""
        known = self._knows.get(name_key)
        if known is None:
            places = (self._text, self._headings, self._told)
            known = self._knows[name_key] = any(place.has(name_key) for place in places)
        return known

    def findings(self, report: Report) -> tuple[Finding, ...]:
        """What comes of every figure and name of a report, section by section in the order of the text."""
        text = "\n".join(plain(section.blocks) for section in report.sections)
        return tuple(finding for section in report.sections for finding in self.section(section, text))

    def section(self, section: Section, report_text: str = "") -> list[Finding]:
        """The findings of one section; `report_text`, the whole report, may spell out what is shortened here."""
        stated = told(Section(section.name, normal(section.blocks)), self.knows, self._labels)
        found = [self._figure(statement) for statement in stated.figures]
        found = self._derived(stated.figures, found)
        found += [finding for mention in stated.names if (finding := self._name(mention, report_text))]
        return sorted(found, key=lambda finding: finding.at)

    # --- figures -------------------------------------------------------------------------------------------------

    def _figure(self, statement: Statement) -> Finding:
        matches = [_Match(fit(statement, spot, self._known), spot) for spot in self._equal(statement)]
        if not any(match.fit is Fit.SAME for match in matches):
            matches += [_Match(fit(statement, spot, self._known), spot) for spot in self._spelled(statement.figure)]
        fitting = [match for match in matches if match.fit is not Fit.OTHER]
        if matches and statement.figure.version:  # in a name or a label: it has no label of its own
            return _finding(statement, Outcome.FOUND, self._likest(statement, matches))
        if fitting and not self._is_at_home_elsewhere(statement, fitting):
            return _finding(statement, Outcome.FOUND, self._likest(statement, fitting))
        if matches:
            there = matches[0].spot
            return replace(_finding(statement, Outcome.ELSEWHERE, there), label=_short(there.label))
        return _finding(statement, Outcome.NOT_FOUND, None)

    def _likest(self, statement: Statement, matches: Sequence[_Match]) -> Spot:
        """Of the places that fit best, the one whose words are most like the statement's; the first of equals."""
        best = max((match.fit, not match.spot.figure.version) for match in matches)
        spots = [match.spot for match in matches if (match.fit, not match.spot.figure.version) == best]
        if len(spots) == 1:
            return spots[0]
        words = statement.all_words & self._known.words
        return max(spots[:MOST_COMPARED], key=lambda spot: self._homes.likeness(words, spot))

    def _is_at_home_elsewhere(self, statement: Statement, matches: Sequence[_Match]) -> bool:
        if contradicted(statement, self._neighbours(statement)):
            return not any(match.fit is Fit.SAME and told_whole(statement, match.spot) for match in matches)
        if statement.contrasts and any(match.fit is Fit.SAME for match in matches):
            return False  # the words beside it may be those of its rival
        words = telling_words(statement, self._known)
        little = len(words) < _TELLING and not words & METRICS and not telling_names(statement, self._known)
        spots = [match.spot for match in matches]
        if not words or not self._homes.elsewhere(words, spots, cells_only=little):
            return False
        wider = (statement.all_words & self._known.words) - self._known.own_words
        return not statement.contrasts or self._homes.elsewhere(wider, spots, cells_only=little)

    def _neighbours(self, statement: Statement) -> Iterator[Spot]:
        """The places of the figure that is told beside a statement's own."""
        beside = next((figure for figure in statement.told if figure is not statement.figure), None)
        if beside is not None:
            yield from islice(self._between(beside.value, beside.step), MOST_SPOTS)

    def _equal(self, statement: Statement) -> Iterator[Spot]:
        """The places where the text has the figure of a statement, rounded as it states it."""
        figure = statement.figure
        count = 0
        for value, step, accepts in values(figure):
            for spot in islice(self._between(value, step), _MOST_EQUAL):
                if accepts(spot) and same_unit(figure, spot) and same_sign(statement, spot):
                    yield spot
                    count += 1
                    if count == MOST_SPOTS:
                        return
            if count:
                return

    def _between(self, value: float, step: float) -> Iterator[Spot]:
        margin = step / 2 + 1e-9 * abs(value)
        low, high = bisect_left(self._values, value - margin), bisect_right(self._values, value + margin)
        spots = map(self._spots.__getitem__, range(low, high))
        return (spot for spot in spots if rounds_to(spot.figure.value, value, step))

    def _spelled(self, figure: Figure) -> Iterator[Spot]:
        """Where a small whole number is written as a word."""
        if figure.step != 1 or figure.value > _MOST_SPELLED or figure.unit:
            return
        for word in spelled(figure.value):
            for page, start in self._words.get(word, ()):
                end = start + len(word)
                yield Spot(figure._replace(start=start, end=end, text=page.passage.text[start:end]), page)

    @cached_property
    def _words(self) -> dict[str, list[tuple[Page, int]]]:
        """Where the text has words that say a number."""
        found: dict[str, list[tuple[Page, int]]] = defaultdict(list)
        for page in self.pages:
            for match in _NUMBER_WORD.finditer(page.passage.text.lower()):
                found[match[0]].append((page, match.start()))
        return found

    def _derived(self, statements: Sequence[Statement], found: Sequence[Finding]) -> list[Finding]:
        """The findings with those figures derived that the text does not state, or not under their label."""
        return [
            self._derivation(statement, finding) if finding.to_check else finding
            for statement, finding in zip(statements, found, strict=True)
        ]

    def _derivation(self, statement: Statement, finding: Finding) -> Finding:
        derived = derive(statement, self._lines(statement))
        if derived is None:
            return finding
        return replace(_finding(statement, Outcome.DERIVED, derived.spot), operation=derived.operation)

    def _lines(self, statement: Statement) -> Iterator[Line]:
        """The rows, columns and sentences that a statement is about: figures that it may have been made of."""
        words = statement.all_words & self._known.words
        wanted = [name.key for name in statement.all_names if self.knows(name.key)]
        for page in self.pages:
            if page.lines is not None:
                yield from table_lines(page, statement)
            elif page.spots and (words & page.words or any(page.squeezed.has(name) for name in wanted)):
                yield from sentence_lines(page, words, wanted)

    # --- names ---------------------------------------------------------------------------------------------------

    def _name(self, mention: Mention, report_text: str) -> Finding | None:
        """The finding for a name; None for what turns out to be none."""
        name = mention.name
        place = self._place_of(name)
        if place is not None:
            return _named(mention, Outcome.FOUND, place)
        if self._told.has(name.key) or self._is_ordinary(name, report_text):
            return None
        other = self._relative(name) or in_its_role(mention, self.pages, self._known)
        page, text = other or (None, "")
        return replace(_named(mention, Outcome.NOT_FOUND, page.passage if page else None), instead=text)

    def _place_of(self, name: name_words.Name) -> Passage | None:
        for name_key in (name.key, *name_words.ordinary_cut(name.key, name.text)):
            for where in (self._text, self._headings):
                place = where.part(name_key)
                if place is not None:
                    return self.pages[place].passage
        return self._sized(name)

    def _sized(self, name: name_words.Name) -> Passage | None:
        """Where the text has a name and, beside it, the size: "Kite in 3B and 7B" for Kite-7B."""
        cut = name_words.without_size(name.text)
        if cut is None:
            return None
        base, size = cut
        sized = re.compile(rf"(?<![\d.]){re.escape(size[:-1])}\s?(?:{size[-1]}\b|[bm]illion)", re.IGNORECASE)
        for place in dict.fromkeys(self._text.parts(base)):
            if sized.search(self.pages[place].passage.text):
                return self.pages[place].passage
        if base in self._known.own:
            return next((page.passage for page in self.pages if sized.search(page.passage.text)), None)
        return None

    def _is_ordinary(self, name: name_words.Name, report_text: str) -> bool:
        """Whether the name only abbreviates words of the text, or of the report that says so."""
        pattern = name_words.spelled_out(name.text) if name.text.isalpha() else None
        if pattern is None:
            return False
        return bool(pattern.search(report_text.lower())) or any(
            pattern.search(page.around.lower()) for page in self.pages
        )

    def _relative(self, name: name_words.Name) -> tuple[Page, str] | None:
        """Another version of the same family that the text names."""
        family = name_words.family(name.key)
        if not name.model or len(family) < 2:
            return None
        others = self._families.get(family, ()) if family in self._text.text else ()
        return next(((page, other.text) for page, other in others if other.key != name.key), None)

    @cached_property
    def _families(self) -> dict[str, list[tuple[Page, name_words.Name]]]:
        """By the letters they begin with the names of the text: the first, and the first that is another."""
        found: dict[str, list[tuple[Page, name_words.Name]]] = defaultdict(list)
        for page in self.pages:
            for name in page.names:
                known = found[name_words.family(name.key)]
                if not known or (len(known) == 1 and known[0][1].key != name.key):
                    known.append((page, name))
        return found

    def _own_names(self, paper: Paper | None) -> list[str]:
        """The names of the paper's own work: those of its title, and those that it says it proposes."""
        found = [name.text for name in name_words.names(paper.title)] if paper else []
        if paper and ":" in paper.title:
            found.append(paper.title.partition(":")[0])
        for page in self.pages[:_FIRST]:
            for cue in _COINED.finditer(page.passage.text):
                near = name_words.names(page.passage.text[cue.end() : cue.end() + _NEAR_CHARS])
                found += [
                    name.text
                    for name in near[:1]
                    if _BETWEEN.fullmatch(page.passage.text, cue.end(), cue.end() + name.start)
                ]
        return found


def checked(report: Report, reading: Reading, paper: Paper | None = None) -> Report:
    """The report with its findings. Blocks for some tens of milliseconds: not for the event loop."""
    return replace(report, findings=Ground(reading, paper).findings(report))


# --- what is said of it ------------------------------------------------------------------------------------------


def _finding(statement: Statement, outcome: Outcome, spot: Spot | None) -> Finding:
    finding = Finding(
        section=statement.section,
        text=statement.figure.text,
        at=statement.at,
        kind=FindingKind.FIGURE,
        outcome=outcome,
    )
    return finding if spot is None else replace(finding, **_place(spot.passage))


def _named(mention: Mention, outcome: Outcome, passage: Passage | None) -> Finding:
    finding = Finding(
        section=mention.section, text=mention.name.text, at=mention.at, kind=FindingKind.NAME, outcome=outcome
    )
    return finding if passage is None else replace(finding, **_place(passage))


def _place(passage: Passage) -> dict[str, object]:
    return {"anchor": passage.anchor, "heading": passage.heading, "passage": passage.kind}


def _short(text: str) -> str:
    return text if len(text) <= LABEL_CHARS else text[: LABEL_CHARS - 1].rstrip() + "…"


# --- the text ----------------------------------------------------------------------------------------------------


def _with_abstract(passages: Sequence[Passage], paper: Paper | None) -> Sequence[Passage]:
    """The passages, and the list's abstract where a reader left it out."""
    if paper is None or not paper.abstract:
        return passages
    begin = key(paper.abstract)[:_ENOUGH]
    if any(begin in key(passage.text) for passage in passages[:12]):
        return passages
    return (*passages, Passage("", "Abstract", PassageKind.TEXT, paper.abstract))


_ENOUGH = 80  # characters that say which text it is


def _numbered_labels(found: Sequence[Page]) -> tuple[str, ...]:
    """The labels of tables that hold numbers, such as "15 Mon" or "WSJ 23", as a report may write them."""
    told_labels: set[str] = set()
    for page in found:
        if page.lines is not None:
            told_labels |= {label for label in page.lines.labels() if _NUMBERED_LABEL.search(label)}
    return tuple({*told_labels, *(label.replace("$", "") for label in told_labels)})


_NUMBERED_LABEL = re.compile(r"(?=.{3,60}$)(?=.*\d)(?=.*[A-Za-z]{2})")


def _told_of(paper: Paper | None) -> str:
    if paper is None:
        return ""
    told_texts = (paper.title, *paper.keywords, *paper.authors, paper.organization, paper.github_url, paper.project_url)
    return "\n".join(told_texts)
