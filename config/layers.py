"""Layers of settings: files and variables as tables, checked key by key against the structs, laid over each other."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, get_args

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
    return Layer(str(path), tables, strict=True)


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
        except msgspec.DecodeError:
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
            raise InvalidSettings(f'{layer.name}: unknown key "{place}". Allowed in {where}: {", ".join(kinds)}.')
        if problem := _problem(value, kinds[key], layer) or rules.get((struct, key), _no_rule)(value):
            raise InvalidSettings(f"{layer.name}: {place} {problem}.")


def _problem(value: Any, kind: Any, layer: Layer) -> str:
    """What is wrong with a value; the keys of tables in it are checked one by one."""
    if _is_struct(kind) and isinstance(value, dict):
        return ""
    if (table := _listed(kind)) and isinstance(value, list) and all(isinstance(entry, dict) for entry in value):
        needed = [field.encode_name for field in msgspec.structs.fields(table) if field.required]
        lacking = next((key for entry in value for key in needed if key not in entry), "")
        return f'must have "{lacking}" in each entry' if lacking else ""
    try:
        msgspec.convert(value, kind, strict=layer.strict)
    except msgspec.ValidationError as error:
        return _allowed(kind, error)
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
        elif isinstance(value, list) and (table := _listed(inner)):
            for number, entry in enumerate(value, start=1):
                yield from _keys(entry, table, (*path, f"{key}[{number}]"))


@functools.cache
def _kinds(struct: type[Struct]) -> dict[str, Any]:
    """The type of each key of a table."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(struct)}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _listed(kind: Any) -> Any:
    """The struct of a list of tables, None for everything else."""
    entry = next(iter(get_args(kind)), None)
    return entry if _is_struct(entry) else None


def _allowed(kind: Any, error: msgspec.ValidationError) -> str:
    """`must be …`, in the words of the type's description where it has one, else in the validator's."""
    for meta in getattr(kind, "__metadata__", ()):
        if meta.description:
            return f"must be {meta.description}"
    reason = str(error)
    return f"cannot be used: {reason[:1].lower()}{reason[1:]}"


def merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            merge(below[key], value)
        else:
            below[key] = value
