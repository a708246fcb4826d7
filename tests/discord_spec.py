"""Bodies and answers against Discord's own description of its interface (discord-openapi.json).

Stricter than Discord, which ignores names that it does not know: what no schema names is refused, but for `_TOLERATED`.
Of alternatives the one is meant whose `type` fits, else the one with the fewest problems. The file is no part of the
project: `make material` says where it is, with the variable DISCORD_DESCRIPTION. Without it nothing is checked here.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.discord_calls import Problem

VARIABLE = "DISCORD_DESCRIPTION"
# What discord.py sends although the description does not name it, and Discord takes
_TOLERATED = {"flags", "inline", "nsfw", "tts", "type"}
_SNOWFLAKE = re.compile(r"0|[1-9][0-9]{0,19}")

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}
_LIMITS: Mapping[str, tuple[type, str, Callable[[Any, Any], bool], str]] = {
    "maxLength": (str, "BASE_TYPE_MAX_LENGTH", lambda v, most: len(v) > most, "Must be {} or fewer in length."),
    "minLength": (str, "BASE_TYPE_MIN_LENGTH", lambda v, least: len(v) < least, "Must be {} or more in length."),
    "maxItems": (list, "BASE_TYPE_MAX_LENGTH", lambda v, most: len(v) > most, "Must be {} or fewer in length."),
    "minItems": (list, "BASE_TYPE_MIN_LENGTH", lambda v, least: len(v) < least, "Must be {} or more in length."),
    "maximum": (int, "NUMBER_TYPE_MAX", lambda v, most: v > most, "Must be {} or less."),
    "minimum": (int, "NUMBER_TYPE_MIN", lambda v, least: v < least, "Must be {} or more."),
    "maxProperties": (dict, "BASE_TYPE_MAX_LENGTH", lambda v, most: len(v) > most, "Must be {} or fewer in length."),
    "pattern": (str, "STRING_TYPE_REGEX", lambda v, form: not re.search(form, v), "Does not match {}."),
}


def problems(operation: str, body: Any) -> list[Problem]:
    """What is wrong with a body by the description; nothing when there is no description or it names no body."""
    description = _description()
    schema = description and description.bodies.get(operation)
    return list(description.check(schema, body, ())) if description and schema else []


def answer_problems(operation: str, answer: Any) -> list[Problem]:
    """The same for what an operation that went well answers."""
    description = _description()
    schema = description and description.answers.get(operation)
    return list(description.check(schema, answer, ())) if description and schema else []


def operations() -> set[str]:
    """The names of all that Discord takes and answers."""
    description = _description()
    return set() if description is None else {*description.operations}


@functools.cache
def _description() -> _Description | None:
    file = os.environ.get(VARIABLE)
    return _Description(json.loads(Path(file).read_bytes())) if file else None


class _Description:
    def __init__(self, told: dict[str, Any]) -> None:
        self._schemas = told["components"]["schemas"]
        self.bodies: dict[str, Any] = {}  # by operation
        self.answers: dict[str, Any] = {}
        self.operations: list[str] = []
        for method in (one for methods in told["paths"].values() for one in methods.values()):
            if isinstance(method, dict):
                operation, answers = method["operationId"], method["responses"]
                self.operations.append(operation)
                well: dict[str, Any] = next((answers[status] for status in ("200", "201") if status in answers), {})
                for there, schemas in ((method.get("requestBody", {}), self.bodies), (well, self.answers)):
                    if content := there.get("content", {}).get("application/json"):
                        schemas[operation] = content["schema"]

    def check(self, schema: Any, value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
        while "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            if name == "SnowflakeType":  # discord.py sends numbers too, and Discord takes them
                yield from _snowflake(value, at)
                return
            schema = self._schemas[name]
        if alternatives := schema.get("oneOf") or schema.get("anyOf"):
            yield from self._one_of(alternatives, value, at)
            return
        for part in schema.get("allOf", ()):
            yield from self.check(part, value, at)
        yield from _own(schema, value, at)
        if isinstance(value, dict) and "properties" in schema:
            yield from self._fields(schema, value, at)
        elif isinstance(value, dict) and isinstance(schema.get("additionalProperties"), dict):
            for name, part in value.items():
                yield from self.check(schema["additionalProperties"], part, (*at, name))
        elif isinstance(value, list) and "items" in schema:
            for place, part in enumerate(value):
                yield from self.check(schema["items"], part, (*at, place))

    def _fields(self, schema: Any, value: dict[str, Any], at: tuple[str | int, ...]) -> Iterator[Problem]:
        for name in schema.get("required", ()):
            if name not in value:
                yield Problem((*at, name), "BASE_TYPE_REQUIRED", "This field is required")
        for name, part in value.items():
            if name in schema["properties"]:
                yield from self.check(schema["properties"][name], part, (*at, name))
            elif name not in _TOLERATED:
                yield Problem((*at, name), "UNKNOWN_FIELD", "This field is not in the official description")

    def _one_of(self, alternatives: Any, value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
        likely = [one for one in alternatives if self._may_mean(one, value)]
        tried = [list(self.check(one, value, at)) for one in likely or alternatives]
        if [] in tried:
            return
        meant = [found for found in tried if not any(problem.at in {at, (*at, "type")} for problem in found)]
        yield from min(meant or tried, key=len)

    def _may_mean(self, schema: Any, value: Any) -> bool:
        """Whether this alternative is for values of this one's `type`."""
        if not isinstance(value, dict) or "type" not in value:
            return True
        if "$ref" in schema:
            schema = self._schemas[schema["$ref"].rpartition("/")[2]]
        return value["type"] in schema.get("properties", {}).get("type", {}).get("enum", [value["type"]])


def _snowflake(value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
    if isinstance(value, bool) or not _SNOWFLAKE.fullmatch(str(value)):
        yield Problem(at, "NUMBER_TYPE_COERCE", f'Value "{value}" is not snowflake.')


def _own(schema: Any, value: Any, at: tuple[str | int, ...]) -> Iterator[Problem]:
    """What a schema says of the value itself, not of its parts."""
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(_TYPES[name](value) for name in types):
        yield Problem(at, "BASE_TYPE_BAD_TYPE", f"Must be {' or '.join(types)}.")
        return
    if "const" in schema and value != schema["const"]:
        yield Problem(at, "BASE_TYPE_CHOICES", f"Value must be {schema['const']}.")
    if "enum" in schema and value not in schema["enum"]:
        yield Problem(at, "BASE_TYPE_CHOICES", f"Value must be one of {schema['enum']}.")
    for name, (kind, code, breaks, sentence) in _LIMITS.items():
        if name in schema and isinstance(value, kind) and not isinstance(value, bool) and breaks(value, schema[name]):
            yield Problem(at, code, sentence.format(schema[name]))
    if schema.get("uniqueItems") and isinstance(value, list) and len({json.dumps(one) for one in value}) < len(value):
        yield Problem(at, "SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value.")
