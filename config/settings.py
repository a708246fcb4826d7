"""The settings: what ships with Paperboy, then the user's file, then the environment; the later one wins.

The structs follow `default.toml` key by key; its comments say what each key means.
"""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

HERE = Path(__file__).parent
ENVIRONMENT_PREFIX = "PAPERBOY_"

Address = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", description="an http or https address")]
Seconds = Annotated[float, Meta(gt=0, description="a number of seconds above 0")]
Gap = Annotated[float, Meta(ge=0, description="a number of seconds, 0 or more")]
Count = Annotated[int, Meta(gt=0, description="a whole number above 0")]
Megabytes = Annotated[float, Meta(gt=0, le=100, description="a number of megabytes above 0, at most 100")]
Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description='a language tag such as "en", "zh"')
]
Name = Annotated[str, Meta(min_length=1, description="a name")]


class InvalidSettings(Exception):
    """A settings file or variable holds something unknown or impossible. Its text names it and says what is allowed."""


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    path: str

    def file(self) -> Path:
        """Where the store is: as set, else `paperboy.db` in the user's data folder."""
        if self.path:
            return Path(self.path).expanduser()
        return _folder("XDG_DATA_HOME", ".local/share") / "paperboy.db"


class HubSettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Address
    public_url: Address
    timeout_s: Seconds


class ArxivSettings(Struct, frozen=True, forbid_unknown_fields=True):
    url: Address
    gap_s: Gap
    timeout_s: Seconds
    max_page_mb: Megabytes


class DigestSettings(Struct, frozen=True, forbid_unknown_fields=True):
    source: Name
    readers: Annotated[tuple[Name, ...], Meta(min_length=1, description="a list with at least one reader")]
    writer: str
    limit: Count


class Price(Struct, frozen=True, forbid_unknown_fields=True):
    """USD for a million tokens."""

    input: Annotated[float, Meta(ge=0)]
    output: Annotated[float, Meta(ge=0)]
    cached: Annotated[float, Meta(ge=0)] | None = None


class LlmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    base_url: Address
    model: str
    timeout_s: Seconds
    concurrency: Count
    max_input_chars: Count
    max_output_tokens: Count
    attempts: Count
    recall: bool
    api_key_file: str
    prices: dict[str, Price]
    api_key: str = ""  # only from the environment or from api_key_file


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    language: Language
    store: StoreSettings
    hub: HubSettings
    arxiv: ArxivSettings
    digest: DigestSettings
    llm: LlmSettings
    plugins: dict[str, dict[str, Any]]


class _Layer(NamedTuple):
    name: str  # as an error names it: a file or the environment
    tables: dict[str, Any]
    strict: bool  # whether values have types of their own, or are all text


def user_file() -> Path:
    """Where the user's own settings are looked for when no other file is named."""
    return _folder("XDG_CONFIG_HOME", ".config") / "paperboy.toml"


def _folder(variable: str, otherwise: str) -> Path:
    """Paperboy's folder by the XDG rules; a relative path counts as unset.

    https://specifications.freedesktop.org/basedir-spec/latest/
    Not by platformdirs, whose import alone would take a tenth of a look-up.
    """
    named = os.environ.get(variable, "")
    return (Path(named) if Path(named).is_absolute() else Path.home() / otherwise) / "paperboy"


def load(file: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings in force. `file` is the user's, None for the one in the config folder, if there is one.

    Raises InvalidSettings.
    """
    if file is not None and not file.exists():
        raise InvalidSettings(f"There is no settings file {file}. Make it, or leave --config away.")
    merged = _toml(HERE / "default.toml", shipped=True).tables  # tests see to it that it needs no check here
    chosen = file or user_file()
    layers = [_toml(chosen)] if chosen.exists() else []
    for layer in (*layers, *_variables(environment)):
        _check(layer)
        _merge(merged, layer.tables)
    settings = msgspec.convert(merged, Settings, strict=False)
    return _with_key(settings, environment)


def _toml(path: Path, *, shipped: bool = False) -> _Layer:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidSettings(f"{path}: this is not a readable TOML file: {error}.") from error
    if not shipped and "api_key" in tables.get("llm", {}):
        raise InvalidSettings(
            f"{path}: llm.api_key does not belong in a settings file. "
            "Set PAPERBOY_LLM__API_KEY, or name a file that holds it in llm.api_key_file."
        )
    return _Layer(str(path), tables, strict=True)


def _variables(environment: Mapping[str, str]) -> Iterator[_Layer]:
    """One layer for each variable such as PAPERBOY_ARXIV__GAP_S, so that an error names the one at fault."""
    for variable, value in sorted(environment.items()):
        if not variable.startswith(ENVIRONMENT_PREFIX) or variable == f"{ENVIRONMENT_PREFIX}CONFIG":
            continue
        *tables, key = variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        nested: Any = _typed(value)
        for name in (key, *reversed(tables)):
            nested = {name: nested}
        yield _Layer(f"the variable {variable}", nested, strict=False)


def _typed(value: str) -> Any:
    """A list or table written as JSON; other text is turned into numbers and truth values where they are wanted."""
    if value[:1] in "[{" and value:
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def _check(layer: _Layer) -> None:
    """Raises InvalidSettings unless every key of the layer is known and every value possible."""
    for path, struct, key, value in _keys(layer.tables, Settings, ()):
        place = ".".join((*path, key))
        kinds = _kinds(struct)
        if key not in kinds:
            where = f"[{'.'.join(path)}]" if path else "the top level"
            raise InvalidSettings(f'{layer.name}: unknown key "{place}". Allowed in {where}: {", ".join(kinds)}.')
        if _is_struct(kinds[key]) and isinstance(value, dict):
            continue  # its own keys are checked one by one
        try:
            msgspec.convert(value, kinds[key], strict=layer.strict)
        except msgspec.ValidationError as error:
            raise InvalidSettings(f"{layer.name}: {place} {_allowed(kinds[key], error)}.") from error


def _keys(
    tables: dict[str, Any], struct: type[Struct], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], type[Struct], str, Any]]:
    for key, value in tables.items():
        yield path, struct, key, value
        inner = _kinds(struct).get(key)
        if isinstance(value, dict) and inner is not None and _is_struct(inner):
            yield from _keys(value, inner, (*path, key))


@functools.cache
def _kinds(struct: type[Struct]) -> dict[str, Any]:
    """The type of each key of a table."""
    return {field.name: field.type for field in msgspec.structs.fields(struct)}


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _allowed(kind: Any, error: msgspec.ValidationError) -> str:
    """`must be …`, in the words of the type's description where it has one, else in the validator's."""
    for meta in getattr(kind, "__metadata__", ()):
        if meta.description:
            return f"must be {meta.description}"
    reason = str(error)
    return f"cannot be used: {reason[:1].lower()}{reason[1:]}"


def _merge(below: dict[str, Any], above: dict[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, dict) and isinstance(below.get(key), dict):
            _merge(below[key], value)
        else:
            below[key] = value


def _with_key(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The model's key from the file that is named for it, else from OPENAI_API_KEY, unless it was set already."""
    llm = settings.llm
    if llm.api_key:
        return settings
    key = environment.get("OPENAI_API_KEY", "")
    if llm.api_key_file:
        try:
            key = Path(llm.api_key_file).expanduser().read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidSettings(
                f"llm.api_key_file cannot be read: {error}. Name a file that holds the key."
            ) from error
    return msgspec.structs.replace(settings, llm=msgspec.structs.replace(llm, api_key=key))


@functools.cache
def texts(language: str) -> dict[str, dict[str, str]]:
    """The fixed texts of a language as tables: sections, sources, domains, phrases. English where there are none."""
    path = HERE / "texts" / f"{language}.toml"
    if not path.exists():
        path = HERE / "texts" / "en.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


def domains() -> dict[str, Any]:
    """The taxonomy: see `domains.toml`."""
    return tomllib.loads((HERE / "domains.toml").read_text(encoding="utf-8"))


def prompts() -> dict[str, str]:
    """Every prompt by its name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((HERE / "prompts").glob("*.md"))}
