"""Calls of typed functions in a child process: what they are given and what they give travels as MessagePack."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, get_type_hints

import msgspec
from msgspec import Raw, Struct

from digest.errors import ReadError
from digest.text.valid import with_texts

T = TypeVar("T")
ENTRY = f"{__name__}:answer_call"  # what a child is asked to do, see digest.workers.pool


class _Answer(Struct, frozen=True, array_like=True):
    """What a function gave, or the sentence of the ReadError that it raised."""

    result: Raw = Raw(b"\xc0")  # nothing
    problem: str = ""


class _Signature(NamedTuple):
    arguments: Any
    result: Any


def encoded_call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> bytes:
    """A call of a module's function whose parameters and result have types that msgspec knows.

    Halves of surrogate pairs, which UTF-8 cannot hold, are put together or replaced.
    """
    try:
        return _encoded((name_of(function), arguments))
    except UnicodeEncodeError:
        return _encoded((name_of(function), with_texts(arguments, _paired)))


def name_of(function: Callable[..., Any]) -> str:
    return f"{function.__module__}:{function.__qualname__}"


def named(name: str) -> Callable[..., Any]:
    """The function of a name that `name_of` gave."""
    module, _, path = name.partition(":")
    found: Any = functools.reduce(getattr, path.split("."), importlib.import_module(module))
    return found  # type: ignore[no-any-return]  # whoever named it says what it is


def answer_call(task: bytes) -> bytes:
    """Does what `encoded_call` made; in the child."""
    name, encoded = msgspec.msgpack.decode(task, type=tuple[str, Raw])
    function = named(name)
    arguments = _decoded(encoded, _signature(function).arguments)
    try:
        return _encoded(_Answer(result=Raw(_encoded(function(*arguments)))))
    except ReadError as error:
        return _encoded(_Answer(problem=_paired(str(error)) or "No reason was told."))


def result_of(function: Callable[..., T], answer: bytes) -> T:
    """What the function gave. Raises the ReadError that it raised."""
    told = msgspec.msgpack.decode(answer, type=_Answer)
    if told.problem:
        raise ReadError(told.problem)
    found: T = _decoded(told.result, _signature(function).result)
    return found


def _paired(text: str) -> str:
    """As digest.text.valid has it, but without a pattern: this runs beside the chat, on texts of any length."""
    told = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return told if "\ufffd" in text else told.replace("\ufffd", " ")


@functools.cache
def _signature(function: Callable[..., Any]) -> _Signature:
    hints = get_type_hints(function)
    result = hints.pop("return")
    return _Signature(tuple[tuple(hints.values())], result)  # type: ignore[misc]  # made at run time


def _encoded(value: object) -> bytes:
    return msgspec.msgpack.encode(value, enc_hook=str)  # an ArxivId


def _decoded(content: bytes | Raw, kind: Any) -> Any:
    return msgspec.msgpack.decode(content, type=kind, dec_hook=lambda wanted, told: wanted(told))
