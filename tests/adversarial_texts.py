"""Texts that make a pattern work hard: what it is made of, repeated thousands of times, so that it nearly matches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any, NamedTuple

# What strangers can repeat, whatever reads it.
UNITS = ("\t", "\n", *r'a¦a ¦1¦1-¦1)¦±1×¦(¦[¦[a](¦<¦$¦\$¦\(¦`¦*¦_¦- ¦|¦: ¦,¦. ¦"¦的¦http://¦@¦&'.split("¦"))
_MOST_UNITS = 16  # of one pattern, besides those of all
# What stands around a text so that whatever has matched up to the end of it fails.
FRAMES = (("", "\x00a"), ("~", "\x00a \na\x00"))
_MANY = 10  # a repeat that may go on at least so often is worth repeating


def units(pattern: re.Pattern[Any]) -> list[tuple[str, str]]:
    """What to repeat, and what to put before it, for a pattern: its own parts, and of those for all the ones that its
    repeats can pass over. Without a long repeat in the pattern no text can keep it."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    tree = list(_parser.parse(source, pattern.flags & ~re.LOCALE & ~re.UNICODE))
    repeats = list(_repeats(tree, ""))
    own = [pair for pair in dict.fromkeys(_own(tree, repeats)) if pair[1]][:_MOST_UNITS]
    passed = [entry for repeat in repeats for entry in _singles(repeat.body)]
    folded = bool(pattern.flags & re.IGNORECASE)
    shared = [unit for unit in UNITS if all(_passes(passed, char, folded=folded) for char in unit)]
    return list(dict.fromkeys([*own, *(("", unit) for unit in shared)]))


def repeated(before: str, unit: str, length: int, after: str = "") -> str:
    """A text of about a length: `before`, as many units as have room, `after`."""
    return before + unit * ((length - len(before) - len(after)) // len(unit)) + after


class _Repeat(NamedTuple):
    before: str  # a text that leads up to it
    body: list[Any]


def _own(tree: Sequence[Any], repeats: Sequence[_Repeat]) -> Iterator[tuple[str, str]]:
    """What stands before a repeat with what repeats, and each beginning of the pattern, as (before, unit)."""
    yield "", _sample(tree)
    literals = (chr(value) for node, value in _singles(tree) if node is _constants.LITERAL)
    marks = "".join(dict.fromkeys(char for char in literals if not char.isalnum()))
    turns = [list(dict.fromkeys(_turns(repeat.body, marks))) for repeat in repeats]
    for number in range(max(map(len, turns), default=0)):  # the first turn of each repeat before others
        some = [(before, told[number]) for (before, _), told in zip(repeats, turns, strict=True) if number < len(told)]
        yield from some
        yield from (("", turn) for _, turn in some)
        yield from (("", before + turn) for before, turn in some)
    yield from (("", repeat.before) for repeat in repeats)


def _repeats(nodes: Sequence[Any], before: str) -> Iterator[_Repeat]:
    """Every repeat that may go on, at any depth."""
    for node, value in nodes:
        if node in _REPEATING and value[1] >= _MANY:
            yield _Repeat(before, list(value[2]))
        for inner in _inner(node, value):
            yield from _repeats(inner, before)
        before += _sample([(node, value)])


def _singles(nodes: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """What matches a single character, at any depth."""
    for node, value in nodes:
        within = _inner(node, value)
        yield from (single for inner in within for single in _singles(inner))
        if not within:
            yield node, value


def _passes(singles: Sequence[tuple[Any, Any]], char: str, *, folded: bool) -> bool:
    forms = {char, char.lower(), char.upper()} if folded else {char}
    return any(_matches(node, value, form) for node, value in singles for form in forms)


def _matches(node: Any, value: Any, char: str) -> bool:
    if node is _constants.IN:
        return _in_class(value, char)
    if node is _constants.NOT_LITERAL:
        return bool(ord(char) != value)
    return node is not _constants.LITERAL or bool(ord(char) == value)


_REPEATING = (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT)


def _inner(node: Any, value: Any) -> list[list[Any]]:
    if node in _REPEATING:
        return [list(value[2])]
    if node is _constants.SUBPATTERN:
        return [list(value[3])]
    if node is _constants.ATOMIC_GROUP:
        return [list(value)]
    if node is _constants.BRANCH:
        return [list(branch) for branch in value[1]]
    if node in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [list(value[1])]
    return []


def _turns(body: list[Any], marks: str) -> Iterator[str]:
    """What one turn of a repeat may match: a few characters of a class, marks of the pattern first, or each branch of
    a choice."""
    if len(body) == 1 and body[0][0] in (_constants.IN, _constants.ANY, _constants.NOT_LITERAL):
        node, value = body[0]
        yield from [mark for mark in marks if _matches(node, value, mark)][:3]
        yield from _members(body[0][1])[:4] if body[0][0] is _constants.IN else _sample(body)
    elif len(body) == 1 and body[0][0] is _constants.BRANCH:
        for branch in body[0][1][1][:4]:
            yield from _turns(list(branch), marks)
    elif len(body) == 1 and body[0][0] is _constants.SUBPATTERN:
        yield from _turns(list(body[0][1][3]), marks)
    else:
        yield _sample(body)


def _sample(nodes: Sequence[Any]) -> str:
    """A short text that the nodes match, but for what they look at around them; repeats stand once."""
    return "".join(_sample_of(node, value) for node, value in nodes)


def _sample_of(node: Any, value: Any) -> str:
    if node is _constants.LITERAL:
        return chr(value)
    if node is _constants.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if node is _constants.ANY:
        return "a"
    if node is _constants.IN:
        return _members(value)[0]
    if node in _REPEATING:
        return _sample(value[2]) * int(max(1, min(value[0], 20)))
    if node is _constants.BRANCH:
        return _sample(list(value[1][0]))
    if node in (_constants.ASSERT, _constants.ASSERT_NOT):
        return ""
    return "".join(_sample(inner) for inner in _inner(node, value))


_CATEGORIES = {
    _constants.CATEGORY_DIGIT: "1",
    _constants.CATEGORY_NOT_DIGIT: "a",
    _constants.CATEGORY_SPACE: " ",
    _constants.CATEGORY_NOT_SPACE: "a",
    _constants.CATEGORY_WORD: "a",
    _constants.CATEGORY_NOT_WORD: "-",
}
# Of each kind of character one.
_CANDIDATES = "a1 -A.(_\n\t,;:[{<$\\|风é"


def _in_class(entries: Sequence[Any], char: str) -> bool:
    if entries[0][0] is _constants.NEGATE:
        return not _in_class(entries[1:], char) if entries[1:] else True
    return any(_holds(entry, char) for entry in entries)


def _members(entries: Sequence[Any]) -> list[str]:
    """Characters of a class that differ in kind."""
    found = [] if entries[0][0] is _constants.NEGATE else [_first(entry) for entry in entries]
    found += [char for char in _CANDIDATES if _in_class(entries, char)]
    return list(dict.fromkeys(found)) or ["\x00"]


def _first(entry: Any) -> str:
    node, value = entry
    if node is _constants.LITERAL:
        return chr(value)
    return chr(value[0]) if node is _constants.RANGE else _CATEGORIES.get(value, "a")


def _holds(entry: Any, char: str) -> bool:
    node, value = entry
    if node is _constants.LITERAL:
        return bool(ord(char) == value)
    if node is _constants.RANGE:
        return bool(value[0] <= ord(char) <= value[1])
    return _is_of(value, char)


def _is_of(category: Any, char: str) -> bool:
    kinds: dict[str, bool] = {"DIGIT": char.isdigit(), "SPACE": char.isspace(), "WORD": char.isalnum() or char == "_"}
    kind = str(category).rpartition("_")[2]
    return kinds[kind] is not ("_NOT_" in str(category))
