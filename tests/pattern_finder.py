"""Every compiled pattern of the four packages, with where it lives.

Patterns of modules and classes are found in their attributes, also within tuples, lists and mappings. Those written in
a function are read from the source: what is a constant, there or by a name of the module, is compiled here. A pattern
that a function puts together at run time has an example in `COMPUTED`.
"""

from __future__ import annotations

import ast
import inspect
import pkgutil
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any, get_origin

import msgspec

from adapters import markup
from digest import select, subscriptions
from digest.names import spelled_out

PACKAGES = ("bot", "adapters", "digest", "config")

AnyPattern = re.Pattern[str] | re.Pattern[bytes]

_FUNCTIONS = frozenset("compile search match fullmatch sub subn split findall finditer".split())
_DEPTH = 5  # of containers within containers

# What functions put together while running: an example of what comes out, by module and function.
COMPUTED: dict[str, tuple[AnyPattern | None, ...]] = {
    "adapters.markup._piece": (markup._piece(),),
    "digest.domains._han_terms": (re.compile("风筝|飞行的风筝"), re.compile("(?!)")),
    "digest.grounding._sized": (re.compile(r"(?<![\d.])7\s?(?:b\b|[bm]illion)", re.IGNORECASE),),
    "digest.names.spelled_out": (spelled_out("KITE"),),
    "digest.select._any_of": (select._any_of(("kite", "large kite", "c++")),),
    "digest.subscriptions._address": (subscriptions._address("slack", "U1"),),
    "digest.subscriptions._erase_mentions": (re.compile(r"(?<!\w)(?:slack:T1/U1|U1)(?!\w)"),),
    "digest.writers.naming.with_bold_name": (re.compile(r"(?<!\w)Kite\-Net(?!\w)"),),
}


def modules() -> Iterator[ModuleType]:
    """Every module of the packages, imported."""
    for package in PACKAGES:
        root = import_module(package)
        yield root
        for found in pkgutil.walk_packages(root.__path__, f"{package}."):
            yield import_module(found.name)


def patterns() -> list[tuple[str, AnyPattern]]:
    """Each pattern once, with the first place where it was found; a function may have several.

    Raises LookupError for a pattern that a function makes at run time and that has no example, and for an example
    without such a function.
    """
    found: dict[AnyPattern, str] = {}
    needed: set[str] = set()
    for module in modules():
        for place, pattern in (*_of_attributes(module), *_of_functions(module, needed)):
            found.setdefault(pattern, place)
    if unneeded := COMPUTED.keys() - needed:
        raise LookupError(f"No function puts these patterns together any more: {', '.join(sorted(unneeded))}.")
    return [(place, pattern) for pattern, place in found.items()]


# --- attributes --------------------------------------------------------------------------------------------------


def _of_attributes(module: ModuleType) -> Iterator[tuple[str, AnyPattern]]:
    for name, value in vars(module).items():
        if name.startswith("__"):
            continue
        yield from _within(value, f"{module.__name__}.{name}", _DEPTH)
        if inspect.isclass(value) and value.__module__ == module.__name__:
            for inner, attribute in vars(value).items():
                yield from _within(attribute, f"{module.__name__}.{name}.{inner}", _DEPTH)


def _within(value: Any, place: str, depth: int) -> Iterator[tuple[str, AnyPattern]]:
    if isinstance(value, re.Pattern):
        yield place, value
    elif isinstance(value, msgspec.Meta):
        yield from ((place, re.compile(text)) for text in (value.pattern,) if text is not None)
    elif get_origin(value) is Annotated:
        yield from _within(value.__metadata__, place, depth)
    elif depth and isinstance(value, Mapping):
        for number, (key, inner) in enumerate(value.items()):
            yield from _within(key, f"{place}[{number}]", depth - 1)
            yield from _within(inner, f"{place}[{number}]", depth - 1)
    elif depth and isinstance(value, tuple | list | set | frozenset):
        for number, inner in enumerate(value):
            yield from _within(inner, f"{place}[{number}]", depth - 1)


# --- functions ---------------------------------------------------------------------------------------------------


def _of_functions(module: ModuleType, needed: set[str]) -> Iterator[tuple[str, AnyPattern]]:
    source = inspect.getsource(module)
    if "import re\n" not in source:
        return
    tree = ast.parse(source)
    on_import = _called_on_import(tree)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function.name in on_import:
            continue
        place = f"{module.__name__}.{function.name}"
        for call in ast.walk(function):
            if not isinstance(call, ast.Call) or not _makes_pattern(call):
                continue
            known = _constant(call.args[0], module, function)
            if known is not None:
                yield place, re.compile(known, _flags(call))
                continue
            if place not in COMPUTED:
                raise LookupError(
                    f"{place}, line {call.lineno}, puts a pattern together: make it one of the module, "
                    "or give an example of it in tests/pattern_finder.py."
                )
            needed.add(place)
            yield from ((place, pattern) for pattern in COMPUTED[place] if pattern is not None)


def _makes_pattern(call: ast.Call) -> bool:
    made = call.func
    if not isinstance(made, ast.Attribute) or not isinstance(made.value, ast.Name):
        return False
    return made.value.id == "re" and made.attr in _FUNCTIONS


def _constant(node: ast.expr, module: ModuleType, function: ast.AST) -> Any:
    """The pattern that stands in the function or in a constant of the module; None for what only running tells."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        table = vars(module).get(node.value.id)
        return "|".join(map(str, table.values())) if isinstance(table, Mapping) else None
    if not isinstance(node, ast.Name):
        return None
    for local in ast.walk(function):
        if isinstance(local, ast.Assign) and [ast.unparse(target) for target in local.targets] == [node.id]:
            return local.value.value if isinstance(local.value, ast.Constant) else None
    return vars(module).get(node.id)


def _flags(call: ast.Call) -> int:
    """The flags named in a call; those of a pattern that is compiled already stay with it."""
    named = [
        inner for part in (*call.args, *call.keywords) for inner in ast.walk(part) if isinstance(inner, ast.Attribute)
    ]
    return sum({re.RegexFlag[name.attr] for name in named if name.attr in re.RegexFlag.__members__})


def _called_on_import(tree: ast.Module) -> set[str]:
    """Functions that are called outside of all others: what they compile is an attribute of the module."""
    within = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    calls = (node for top in tree.body if not isinstance(top, within) for node in ast.walk(top))
    return {node.func.id for node in calls if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
