"""A text too long for a model, cut by the weight of its sections, never at the first so many characters."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import IntEnum

import msgspec
from msgspec import Struct

from digest.types import Passage, PassageKind

UNTITLED = "Text before the first heading"
_TABLE_MARK = "[table]\n"
_BREAK = "\n\n"
_PART = " (in part)"
_LEAST_PART = 300  # characters of a passage below which its beginning is not worth having
_OPENING = 4  # passages before the first heading that are taken for title and abstract
_SAFE_TABLES = 6  # the first ones, which hold the main results, outlive even the beginnings of sections


class Condensed(Struct, frozen=True):
    """Passages in the order of the paper. `left_out` names the top-level sections that lost something, in order."""

    passages: tuple[Passage, ...]
    left_out: tuple[str, ...]


class _Weight(IntEnum):
    """What a section is worth to a reader of the report: the lightest goes first."""

    THANKS = 0  # acknowledgements, ethics, checklists
    APPENDIX = 1
    LIMITS = 2
    RELATED = 3
    OTHER = 4
    INTRODUCTION = 5
    METHOD = 6
    RESULTS = 7
    CLOSING = 8
    ABSTRACT = 9


_THANKS = (
    r"acknowledg|ethic|impact statement|broader impact|societal|funding|reproducib|(?:data|code) availability"
    r"|competing interest|conflicts? of interest|contributors|author contribution|checklist|references|bibliography"
    r"|致谢|致謝|伦理|基金|参考文献|參考文獻"
)
# How much longer than others the first paragraphs of a section are kept when all have to give. A section of no known
# name is mostly the method, named after what was made.
_KEEPING = {
    _Weight.OTHER: 2.0,
    _Weight.INTRODUCTION: 4.0,
    _Weight.METHOD: 3.0,
    _Weight.RESULTS: 3.0,
    _Weight.CLOSING: 8.0,
}

# The first that fits counts: "Conclusion and Limitations" closes the paper.
_WORDS: tuple[tuple[_Weight, str], ...] = (
    (_Weight.APPENDIX, r"appendi(?:x|ces)|supplement|附录|附錄|补充材料|補充材料"),
    (_Weight.THANKS, _THANKS),
    (_Weight.ABSTRACT, r"^abstract\W*$|摘要"),
    (_Weight.INTRODUCTION, r"introduction|overview|引言|绪论|緒論|介绍|介紹"),
    (_Weight.CLOSING, r"conclu|summary|discussion|结论|結論|总结|總結|讨论"),
    (
        _Weight.RELATED,
        r"\brelated\b|background|preliminar|(?:prior|previous) work|literature|相关工作|相關工作|背景|文献综述",
    ),
    (_Weight.LIMITS, r"limitation|future (?:work|direction)|局限|未来工作|不足"),
    (
        _Weight.RESULTS,
        r"experiment|result|evaluat|ablation|benchmark|performance|analys|实验|實驗|结果|评估|评测|消融|分析",
    ),
    (
        _Weight.METHOD,
        r"method|approach|model|framework|architecture|algorithm|training|system|方法|模型|框架|架构|算法|训练",
    ),
)
_PATTERNS = tuple((weight, re.compile(words, re.IGNORECASE)) for weight, words in _WORDS)
_APPENDIX_ALONE = re.compile(
    r"(?:appendix|appendices|supplementary (?:materials?|information)|附录|补充材料)", re.IGNORECASE
)
_LETTERED = re.compile(r"[A-Z](?:\.\d+)*[.:]?\s+\S")
_NUMBERED = re.compile(r"\d+[.:]?\s*\S")
_ROMAN = re.compile(r"(?:I{1,3}|IV|VI{0,3}|IX|X{1,2})\.\s+\S")
_SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]|\n")
_ROW_END = re.compile(r"\n")


def plain(passages: Iterable[Passage]) -> str:
    """The text for a prompt: a line `## 3 Method > 3.1 Training` where the heading changes, passages apart by a blank
    line, tables under the mark `[table]`."""
    parts: list[str] = []
    heading = ""
    for passage in passages:
        if passage.heading != heading:
            heading = passage.heading
            parts += [f"## {heading}"] if heading else []
        parts.append(_TABLE_MARK + passage.text if passage.kind is PassageKind.TABLE else passage.text)
    return _BREAK.join(parts)


def condense(passages: Sequence[Passage], max_chars: int) -> Condensed:
    """The weightiest passages, in the order of the paper, with `len(plain(result.passages)) <= max_chars` always.

    Acknowledgements and ethics go first, then appendices without their tables, limitations, related work, appendix
    tables; then the later paragraphs of long sections, further tables, the beginnings of sections, the first tables
    and, last of all, the abstract. The weightiest of what had to go is cut at the end of a sentence or row if there is
    room for its beginning.
    """
    order = _expendable_first(passages)
    gone = bisect_left(range(len(order)), 1, key=lambda count: _fits(passages, order[:count], max_chars))
    kept = dict(enumerate(passages))
    for place in order[:gone]:
        del kept[place]
    if gone:
        last = order[gone - 1]
        if part := _part(passages, kept, last, max_chars):
            kept[last] = part
    return Condensed(tuple(kept[place] for place in sorted(kept)), _left_out(passages, kept))


def _fits(passages: Sequence[Passage], without: Iterable[int], max_chars: int) -> bool:
    """Taking passages away never makes the text longer: headings stand only where they change."""
    gone = set(without)
    return len(plain(passage for place, passage in enumerate(passages) if place not in gone)) <= max_chars


def _part(passages: Sequence[Passage], kept: dict[int, Passage], place: int, max_chars: int) -> Passage | None:
    """The beginning of a passage that had to go, as much as there is room for; None if that is too little to help."""
    whole = passages[place]
    with_nothing = {**kept, place: msgspec.structs.replace(whole, text="")}
    room = max_chars - len(plain(with_nothing[at] for at in sorted(with_nothing)))
    if room <= 0:
        return None
    end_mark = _ROW_END if whole.kind is PassageKind.TABLE else _SENTENCE_END
    ends = [match.end() for match in end_mark.finditer(whole.text, 0, room)]
    # Where nothing else fits, half a sentence is better than an empty text.
    end = max(ends, default=0 if kept else room)
    text = whole.text[:end].rstrip()
    if not text or (kept and end < _LEAST_PART):
        return None
    return msgspec.structs.replace(whole, text=text)


def _left_out(passages: Sequence[Passage], kept: dict[int, Passage]) -> tuple[str, ...]:
    tops = _tops(passages)
    touched = {top for place, top in enumerate(tops) if kept.get(place) != passages[place]}
    held = {tops[place] for place in kept}
    return tuple(f"{top}{_PART if top in held else ''}" for top in dict.fromkeys(tops) if top in touched)


def worth(passages: Sequence[Passage]) -> tuple[int, ...]:
    """What the section of each passage is worth to a reader, from 0, acknowledgements, to 9, the abstract."""
    tops = _tops(passages)
    weights = _weights(tops)
    return tuple(int(weights[top]) for top in tops)


# --- weighing --------------------------------------------------------------------------------------------------


def _expendable_first(passages: Sequence[Passage]) -> list[int]:
    """Places of passages in the order in which they may go."""
    tops = _tops(passages)
    weights = _weights(tops)
    untitled = tops.count(UNTITLED)
    seen: Counter[tuple[str, bool]] = Counter()
    within: Counter[str] = Counter()  # passages of a top-level section so far
    tables = 0
    ranks: list[tuple[int, float, int]] = []
    for place, passage in enumerate(passages):
        weight = weights[tops[place]]
        is_table = passage.kind is PassageKind.TABLE
        captioned = passage.kind is PassageKind.CAPTION
        before = seen[passage.heading, is_table]
        seen[passage.heading, is_table] += not captioned
        if tops[place] == UNTITLED and before >= _OPENING:
            # A text without headings: its end, where the conclusion is, counts as much as its beginning.
            weight, before = _Weight.OTHER, min(before, untitled - before)
        tables += is_table and weight >= _Weight.OTHER
        step = _step(weight, is_table=is_table, first=before == 0 or captioned, safe=tables <= _SAFE_TABLES)
        within[tops[place]] += 1
        value = _KEEPING.get(weight, 1.0) / (1 + before + within[tops[place]] / 10)
        ranks.append((step, value, -place))
    return sorted(range(len(passages)), key=lambda place: ranks[place])


def _step(weight: _Weight, *, is_table: bool, first: bool, safe: bool) -> int:
    if weight is _Weight.ABSTRACT:
        return 9
    if weight < _Weight.OTHER:
        return 4 if is_table and weight is _Weight.APPENDIX else int(weight)
    if is_table:
        return 8 if safe else 6
    return 7 if first else 5


def _tops(passages: Sequence[Passage]) -> list[str]:
    """The top-level heading of each passage; a heading that stands over everything, such as the title, is none."""
    paths = [passage.heading.split(" > ") for passage in passages]
    titled = [path for path in paths if path[0]]
    over_all = len({path[0] for path in titled}) == 1 and len({path[1] for path in titled if len(path) > 1}) > 1
    return [(path[1:] or path)[0] if over_all else path[0] or UNTITLED for path in paths]


def _weights(tops: Iterable[str]) -> dict[str, _Weight]:
    """What each top-level heading is worth. Where sections have numbers, those with letters are appendices, and so are
    those with neither that come after the conclusion."""
    headings = list(dict.fromkeys(tops))
    roman = sum(_ROMAN.match(heading) is not None for heading in headings) > 1
    numbered = appended = closed = False
    weights: dict[str, _Weight] = {}
    for heading in headings:
        has_number = _NUMBERED.match(heading) is not None
        numbered = numbered or has_number
        weight = _Weight.ABSTRACT if heading == UNTITLED else _named(heading)
        lettered = numbered and not roman and _LETTERED.match(heading) is not None
        trailing = closed and not has_number and weight is _Weight.OTHER
        # After "Appendix" alone come its sections, whatever they are called.
        appended = appended or _APPENDIX_ALONE.fullmatch(heading) is not None
        closed = closed or (has_number and weight is _Weight.CLOSING)
        is_appendix = lettered or trailing or (appended and weight > _Weight.APPENDIX)
        weights[heading] = _Weight.APPENDIX if is_appendix else weight
    return weights


def _named(heading: str) -> _Weight:
    return next((weight for weight, pattern in _PATTERNS if pattern.search(heading)), _Weight.OTHER)
