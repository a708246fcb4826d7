"""Layers of settings: files and variables as tables, checked key by key against the structs, laid over each other."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
from msgspec import Struct

ENVIRONMENT_PREFIX = "PAPERBOY_"
Rule = Callable[[Any], str]  # of a value that has the right type: `must be ...`, or "" when it is right


class InvalidSettings(Exception):
    """A settings file or variable holds something unknown or impossible. Its text names it and says what is allowed."""


class Layer(NamedTuple):
    name: str  # as an error names it: a file or the environment
    tables: dict[str, Any]
    strict: bool  # whether values have types of their own, or are all text
    secret: Collection[tuple[str, ...]] = ()  # what it may not hold


def toml(path: Path, *, secret: Mapping[tuple[str, str], str] | None = None) -> Layer:
    """A file as a layer. `secret` has the (table, key) that no file may hold, with what to do instead.

    Raises InvalidSettings.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"{path}: this is not a readable TOML file: {error}.") from error
    for (table, key), instead in (secret or {}).items():
        held = tables.get(table)
        if isinstance(held, dict) and key in held:
            raise InvalidSettings(f"{path}: {table}.{key} does not belong in a settings file. {instead}")
    return Layer(str(path), tables, strict=True, secret=tuple(secret or ()))


def variables(environment: Mapping[str, str]) -> Iterator[Layer]:
    """One layer for each variable such as PAPERBOY_ARXIV__GAP_S, so that an error names the one at fault."""
    for variable, value in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == f"{ENVIRONMENT_PREFIX}CONFIG":
            continue
        *tables, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        nested: Any = _typed(value)
        for name in (key, *reversed(tables)):
            nested = {name: nested}
        yield Layer(f"the variable {variable}", nested, strict=False)


def _typed(value: str) -> Any:
    """A list or table written as JSON; other text is turned into numbers and truth values where they are wanted."""
    if value[:1] in "[{" and value:
        try:
            return msgspec.json.decode(value)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return value
    return value


def check(layer: Layer, shape: type[Struct], rules: Mapping[tuple[type[Struct], str], Rule]) -> None:
    """Raises InvalidSettings unless every key of the layer is known and every value possible.

    `rules` has what a type cannot say, by the struct and the key.
    """
    for path, struct, key, value in _keys(layer.tables, shape, ()):
        place = ".".join((*path, key))
        kinds = _kinds(struct)
        if key not in kinds:
            where = f"[{'.'.join(path)}]" if path else "the top level"
            allowed = ", ".join(name for name in kinds if (*path, name) not in layer.secret)
            raise InvalidSettings(f'{layer.name}: unknown key "{place}". Allowed in {where}: {allowed}.')
        if problem := _problem(value, kinds[key], layer, place) or rules.get((struct, key), _no_rule)(value):
            raise InvalidSettings(f"{layer.name}: {place} {problem}.")


def _problem(value: Any, kind: Any, layer: Layer, place: str) -> str:
    """What is wrong with a value; the keys of tables in it are checked one by one."""
    if _is_struct(kind) and isinstance(value, dict):
        return ""
    if (tables := _tables(value, kind)) is not None:
        needed = [field.encode_name for field in msgspec.structs.fields(_several(kind)) if field.required]
        lacking = next((key for _, table in tables for key in needed if key not in table), "")
        return f'must have "{lacking}" in each entry' if lacking else ""
    try:
        msgspec.convert(value, kind, strict=layer.strict)
    except msgspec.ValidationError as error:
        return _allowed(value, kind, place) or f"cannot be used: {str(error)[:1].lower()}{str(error)[1:]}"
    return ""


def _no_rule(_value: Any) -> str:
    return ""


def _keys(
    tables: dict[str, Any], struct: type[Struct], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], type[Struct], str, Any]]:
    """Every key, with the path and the struct of its table, and its value; entries of a list count from 1."""
    for key, value in tables.items():
        yield path, struct, key, value
        inner = _kinds(struct).get(key)
        if isinstance(value, dict) and inner is not None and _is_struct(inner):
            yield from _keys(value, inner, (*path, key))
        for name, table in _tables(value, inner) or ():
            yield from _keys(table, _several(inner), (*path, f"{key}{name}"))


@functools.cache
def _kinds(struct: type[Struct]) -> dict[str, Any]:
    """The type of each key of a table."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _several(kind: Any) -> Any:
    """The struct of the tables in a list or under names of their own, None for every other type."""
    of_what = {tuple: 0, dict: 1}.get(get_origin(kind))
    struct = None if of_what is None else get_args(kind)[of_what]
    return struct if _is_struct(struct) else None


def _tables(value: Any, kind: Any) -> Sequence[tuple[str, dict[str, Any]]] | None:
    """The tables in a value of such a type, each with what its place adds: `[1]` or `.name`; None for other values."""
    if _several(kind) is None or not isinstance(value, list if get_origin(kind) is tuple else dict):
        return None
    if isinstance(value, list):
        tables = [(f"[{number}]", table) for number, table in enumerate(value, start=1)]
    else:
        tables = [(f".{name}", table) for name, table in value.items()]
    return tables if all(isinstance(table, dict) for _, table in tables) else None


def _allowed(value: Any, kind: Any, place: str) -> str:
    """`must be …` in words for people, "" for a type that has none."""
    if type(None) in get_args(kind):  # such as Language | None: only the first can be written in a file
        kind = get_args(kind)[0]
    for meta in getattr(kind, "__metadata__", ()):
        if meta.description:
            return f"must be {meta.description}"
    if get_origin(kind) is tuple and _several(kind):
        return f"must be a list of tables, [[{place}]]"
    if get_origin(kind) is dict and isinstance(value, dict):
        return f"must hold only tables, [{place}.NAME]"
    if get_origin(kind) is dict or _is_struct(kind):
        return f"must be a table, [{place}]"
    return {bool: "must be true or false", str: "must be a text"}.get(kind, "")


def merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merge(below[key], value)
        else:
            below[key] = value
