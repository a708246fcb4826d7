"""What a model answered, as sections: JSON that may be fenced, wrapped, badly escaped or of a shape of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from digest.inline import parse_runs
from digest.markdown import MAX_DEPTH, normal, parse, plain
from digest.text.valid import valid_text, with_texts
from digest.types import Block, Paragraph, Points, Run, Section, SectionName, Table
from digest.writers.quotes import QUOTED
from digest.writers.trouble import BadAnswer

MAX_CHARS = 200_000  # of an answer without its thoughts; a report has 10,000
MAX_TEXT_CHARS = 10_000  # of one text in it: a section has room for less (lengths.MOST_CHARS)
MAX_ROWS = 5
MAX_DOMAINS = 4
ROW_KEYS = ("benchmark", "metric", "this_work", "best_baseline")

# Of these every paper has something; usage and results may be empty, but must be there.
NEVER_EMPTY = (SectionName.DOMAIN, SectionName.CONTRIBUTION, SectionName.INNOVATIONS)
_SECTIONS = frozenset(SectionName)
_QUOTES = "quotes"
_OTHER_KEYS = ("domains", _QUOTES)  # quotes are named by section, but are none
_MAX_STARTS = 50  # places where the JSON may begin that are tried
_TEXT_KEYS = ("text", "paragraph", "content", "title", "name", "description")
_LIST_KEYS = ("points", "items", "children", "blocks", "list")

_THINK, _THOUGHT = "<think>", "</think>"
_START = re.compile(r"\{(?=\s*\")")
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_TRAILING_COMMA = re.compile(r",(?=\s*[\]}])")
_NUMBERING = re.compile(r"^[\s\d.、)#*]++|(?<![\s:：*])[\s:：*]++$")
_NOTHING = re.compile(
    r"(?:no (?:scores?|results?)(?: (?:is|are|were))? (?:stated|reported|given)|not (?:stated|reported|mentioned|given)"
    r"|n/?a|none|无|(?:论文|文中|文本)?(?:未|没有)(?:提及|说明|给出|报告)(?:任何)?(?:分数|得分|结果|数值)?)[.。]?",
    re.IGNORECASE,
)


class Answer(Struct, frozen=True):
    """The five sections in the order of a report, in normal form, the domain ids that were recognised, and the pieces
    of the paper that are said to bear sections out."""

    sections: tuple[Section, ...]
    domains: tuple[str, ...]
    quotes: Mapping[SectionName, tuple[str, ...]] = {}


def schema(domains: Sequence[str]) -> dict[str, Any]:
    """The JSON schema of an answer, within what strict mode allows and without recursion, which few servers manage
    (https://platform.openai.com/docs/guides/structured-outputs#supported-schemas)."""
    text = {"type": "string"}
    point = _object({"text": text, "points": _array(text)})
    blocks = _array(_object({"text": text, "points": _array(point)}))
    rows = _array(_object(dict.fromkeys(ROW_KEYS, text)))
    return _object(
        {
            "domains": _array({"type": "string", "enum": list(domains)}),
            **{name.value: blocks for name in SectionName if name is not SectionName.RESULTS},
            SectionName.RESULTS.value: _object({"rows": rows, "text": blocks}),
            _QUOTES: _object({name.value: _array(text) for name in QUOTED}),
        }
    )


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": entries}


def parse_answer(
    text: str, *, titles: Mapping[str, SectionName], header: Sequence[str], domains: Sequence[str]
) -> Answer:
    """The answer in a model's message.

    `titles` are names of sections beside the keys, in lower case; `header` the four cells above the rows of results;
    `domains` the known ids, others are dropped. Raises BadAnswer: "malformed" without JSON of the form,
    "incomplete" when a section is missing, "too long".
    """
    try:
        found = _report(text, titles)
        sections = {name: _section(name, value, header) for name, value in found.items() if name in _SECTIONS}
    except RecursionError:
        raise BadAnswer("malformed", "its JSON is nested too deeply") from None
    missing = [name for name in SectionName if name not in sections or (name in NEVER_EMPTY and not sections[name])]
    if missing:
        raise BadAnswer("incomplete", f"it lacks {', '.join(missing)}")
    return Answer(
        tuple(Section(name, sections[name]) for name in SectionName),
        _domains(found.get("domains"), domains),
        _quotes(found.get(_QUOTES), titles),
    )


# --- finding the JSON --------------------------------------------------------------------------------------------


def _report(text: str, titles: Mapping[str, SectionName]) -> dict[Any, Any]:
    """The first object that names every section, else the one that names most, with SectionName, "domains" and
    "quotes" as its keys."""
    best: dict[Any, Any] = {}
    for found in _candidates(text):
        # Of an object that is broken somewhere its inner ones are found, and quotes are named by section as well.
        best = max(best, _named(found, titles), key=_sections_named)
        if _sections_named(best) == len(_SECTIONS):
            return best
    if not _sections_named(best):
        raise BadAnswer("malformed", "it holds no complete JSON object of the form that was asked for")
    return best


def _sections_named(named: Mapping[Any, Any]) -> int:
    return len(_SECTIONS & named.keys())


def object_with(text: str, key: str) -> dict[str, Any] | None:
    """The first JSON object of a model's message that has the key, however it is wrapped; None when there is none.

    Raises BadAnswer when the message is too long."""
    try:
        return next((found for found in _candidates(text) if key in found), None)
    except RecursionError:
        return None


def _candidates(text: str) -> Iterable[dict[str, Any]]:
    """The objects in a text, as it stands and then with its commonest faults mended."""
    text = _spoken(text)
    if len(text) > MAX_CHARS:
        raise BadAnswer("too long", f"it is longer than {MAX_CHARS:,} characters")
    escaped = _ESCAPE.sub(lambda match: match[0] if len(match[0]) > 1 else r"\\", text)
    for candidate in dict.fromkeys((text, escaped, _TRAILING_COMMA.sub("", escaped))):
        yield from _objects(candidate)


def _objects(text: str) -> Iterable[dict[str, Any]]:
    # Models write line ends and tabs into strings as they are.
    decoder = json.JSONDecoder(strict=False)
    end = 0
    for start in list(_START.finditer(text))[:_MAX_STARTS]:
        if start.start() < end:
            continue
        try:
            found, end = decoder.raw_decode(text, start.start())
        except ValueError:
            continue
        # What the message holds as escapes comes from outside only now.
        yield with_texts(found, lambda text: _mended(text[:MAX_TEXT_CHARS]))


def _spoken(text: str) -> str:
    """A message without what a model thought aloud before its first brace: papers on reasoning name the tags too."""
    at = 0
    while (begin := text.find(_THINK, at, text.find("{", at))) >= 0 and (end := text.find(_THOUGHT, begin)) >= 0:
        at = end + len(_THOUGHT)
    return text[at:]


def _named(found: dict[str, Any], titles: Mapping[str, SectionName]) -> dict[Any, Any]:
    """An object's values by section; a wrapper around them is taken off."""
    named: dict[Any, Any] = {}
    for key, value in found.items():
        plain_key = _NUMBERING.sub("", key).lower()
        name = titles.get(plain_key) or titles.get(plain_key.replace("_", " "))
        if name or plain_key in _OTHER_KEYS:
            named[name or plain_key] = value
        elif isinstance(value, dict):
            named = {**_named(value, titles), **named}
        elif plain_key == "sections" and isinstance(value, list):
            pairs = [_pair(entry) for entry in value if isinstance(entry, dict)]
            named = {**_named({name: content for name, content in pairs if name}, titles), **named}
    return named


def _pair(entry: dict[str, Any]) -> tuple[str, Any]:
    """`{"name": "usage", "blocks": ...}` as a pair."""
    name, content = "", None
    for key, value in entry.items():
        if key in ("name", "section", "key", "title") and isinstance(value, str) and not name:
            name = value
        else:
            content = value
    return name, content


# --- sections ----------------------------------------------------------------------------------------------------


def _section(name: SectionName, value: Any, header: Sequence[str]) -> tuple[Block, ...]:
    if name is SectionName.RESULTS and isinstance(value, dict):
        rest = {key: inner for key, inner in value.items() if key != "rows"}
        text = rest.pop("text", None)
        blocks = [*_table(value.get("rows"), header), *_blocks(text, 0), *_blocks(rest, 0)]
    else:
        blocks = _blocks(value, 0)
    tree = normal(blocks)
    return () if _NOTHING.fullmatch(plain(tree).strip()) else tree


def _table(rows: Any, header: Sequence[str]) -> list[Block]:
    """Up to five rows of results; a row without a value of this work says nothing."""
    cells = [_cells(row) for row in rows] if isinstance(rows, list) else []
    told = [tuple(parse_runs(cell) for cell in row) for row in cells if row[2]][:MAX_ROWS]
    return [Table(tuple(parse_runs(cell) for cell in header), tuple(told))] if told else []


def _cells(row: Any) -> tuple[str, ...]:
    if isinstance(row, dict):
        values = [row.get(key) for key in ROW_KEYS] if row.keys() & set(ROW_KEYS) else list(row.values())
    else:
        values = list(row) if isinstance(row, list) else []
    texts = [_scalar(value) for value in values] + [""] * len(ROW_KEYS)
    return tuple(texts[: len(ROW_KEYS)])


def _scalar(value: Any) -> str:
    return "" if value is None or isinstance(value, dict | list) else " ".join(str(value).split())


def _blocks(value: Any, depth: int) -> list[Block]:
    """Blocks in the form asked for, or Markdown, a list of either, or an object whose keys are labels."""
    if depth > MAX_DEPTH or value is None:
        return []
    if isinstance(value, list):
        if len(value) > 1 and all(isinstance(entry, str) for entry in value):
            return _points(value, depth)
        return [block for entry in value for block in _blocks(entry, depth + 1)]
    if isinstance(value, dict):
        return _object_blocks(value, depth)
    return list(parse(str(value)))


def _object_blocks(value: dict[str, Any], depth: int) -> list[Block]:
    if not value.keys() & {*_TEXT_KEYS, *_LIST_KEYS}:
        return (
            _points([{label: inner} for label, inner in value.items()], depth)
            if len(value) > 1
            else _labelled(value, depth)
        )
    texts = [text for key in _TEXT_KEYS if (text := _line(value.get(key)))]
    blocks = list(parse(f"**{texts[0]}**: {texts[1]}" if len(texts) > 1 else "".join(texts)))
    for key in _LIST_KEYS:
        inner = value.get(key)
        blocks += _points(inner if isinstance(inner, list) else [inner], depth) if inner else []
    return blocks


def _line(text: Any) -> str:
    return text.strip() if isinstance(text, str) else ""


def _labelled(value: dict[str, Any], depth: int) -> list[Block]:
    """`{"Input": "a network"}` as a paragraph with a bold label."""
    blocks: list[Block] = []
    for label, inner in value.items():
        if isinstance(inner, dict | list):
            blocks += [Paragraph((Run(str(label), bold=True),)), *_nested(inner, depth)]
        elif inner is not None and inner != "":
            blocks += parse(f"**{label}**: {inner}")
    return blocks


def _nested(inner: dict[str, Any] | list[Any], depth: int) -> list[Block]:
    return _points(inner, depth) if isinstance(inner, list) else _blocks(inner, depth + 1)


def _points(entries: Sequence[Any], depth: int) -> list[Block]:
    return [Points(tuple(tuple(_blocks(entry, depth + 1)) for entry in entries))]


# --- strings -----------------------------------------------------------------------------------------------------

_FORMULA = re.compile(r"\$[^$]{1,400}\$")
# What a single backslash before b, f, n, r or t has become in JSON, where a TeX command was meant.
_SWALLOWED = re.compile(
    r"\x08(?=[a-z])|\x0c(?=[a-z])|\t(?=[a-z])|\r(?=[a-z])"
    r"|\n(?=abla|u\b|eq|e\b|ot|ormalsize|i\b|mid|less|exists|parallel|subset|ewline)"
)
_LETTERS = {"\x08": "b", "\x0c": "f", "\t": "t", "\r": "r", "\n": "n"}


def _mended(text: str) -> str:
    """Valid text, with the TeX commands of its formulas that JSON took for control characters."""
    return valid_text(
        _FORMULA.sub(lambda formula: _SWALLOWED.sub(lambda found: "\\" + _LETTERS[found[0]], formula[0]), text)
    )


def _domains(told: Any, known: Sequence[str]) -> tuple[str, ...]:
    words = re.split(r"[,，、;；]", told) if isinstance(told, str) else told if isinstance(told, list) else []
    ids = dict.fromkeys(str(word).strip().lower().replace(" ", "-") for word in words)
    return tuple(name for name in ids if name in known)[:MAX_DOMAINS]


def _quotes(told: Any, titles: Mapping[str, SectionName]) -> dict[SectionName, tuple[str, ...]]:
    """Pieces of the paper by section; whatever else an answer has there is none."""
    lists = told.items() if isinstance(told, dict) else ()
    named = [(titles.get(str(key).strip().lower()), value) for key, value in lists]
    return {name: tuple(map(_piece, value)) for name, value in named if name and isinstance(value, list)}


def _piece(entry: Any) -> str:
    if isinstance(entry, dict):
        entry = next((value for value in entry.values() if isinstance(value, str)), "")
    return entry if isinstance(entry, str) else ""
