"""The settings: what ships with Paperboy, then the user's file, then the environment; the later one wins.

The structs follow `default.toml` key by key; its comments say what each key means.
"""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from config.layers import InvalidSettings as InvalidSettings
from config.layers import Rule, check, merge, toml, variables

HERE = Path(__file__).parent

Address = Annotated[str, Meta(pattern=r"^https?://[^\s]+$", description="an http or https address")]
# A day at most: what would wait for longer, "inf" among it, would look like a bot that hangs.
Seconds = Annotated[float, Meta(gt=0, le=86_400, description="a number of seconds above 0, at most 86400")]
Gap = Annotated[float, Meta(ge=0, le=86_400, description="a number of seconds from 0 to 86400")]
Dollars = Annotated[float, Meta(ge=0, le=1_000_000, description="a number of dollars from 0 to 1000000")]
Count = Annotated[int, Meta(gt=0, description="a whole number above 0")]
Limit = Annotated[int, Meta(ge=0, description="a whole number, 0 for no limit")]
Megabytes = Annotated[float, Meta(gt=0, le=100, description="a number of megabytes above 0, at most 100")]
Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$", description='a language tag such as "en", "zh"')
]
Name = Annotated[str, Meta(min_length=1, description="a name")]
DestinationName = Annotated[
    str, Meta(pattern=r"^[a-z]+:(\w+/)?\w+$", description='a destination such as "slack:C024BE91L"')
]
OptionalDestination = Annotated[
    str, Meta(pattern=r"^([a-z]+:(\w+/)?\w+)?$", description='a destination such as "slack:C024BE91L", or ""')
]
EditorName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z]+:(\w+:)?\w+$",
        description='a list of editors such as "slack:U024BE7LH", "slack:admins", "discord:role:100000000000000041"',
    ),
]
OptionalAddress = Annotated[str, Meta(pattern=r"^(https?://[^\s]+)?$", description='an http or https address, or ""')]
Minutes = Annotated[float, Meta(ge=1, le=1_440, description="a number of minutes from 1 to 1440")]
Hours = Annotated[float, Meta(gt=0, le=24, description="a number of hours above 0, at most 24")]
ServerId = Annotated[str, Meta(pattern=r"^\d+$", description='a server id such as "100000000000000010"')]
GatewayAddress = Annotated[str, Meta(pattern=r"^(wss?://[^\s]+)?$", description='a ws or wss address, or ""')]
Hour = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description='a time of day such as "09:00"')]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Weekdays = Annotated[
    tuple[Weekday, ...], Meta(min_length=1, description=f"a list of weekdays: {', '.join(get_args(Weekday))}")
]
Words = Annotated[tuple[Name, ...], Meta(description="a list of words")]
Layout = Annotated[Literal["digest", "paper"], Meta(description='"digest" or "paper"')]


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

    input: Dollars
    output: Dollars
    cached: Dollars | None = None


class LlmSettings(Struct, frozen=True, forbid_unknown_fields=True):
    base_url: Address
    model: str
    timeout_s: Seconds
    concurrency: Count
    max_input_chars: Count
    max_output_tokens: Count
    attempts: Count
    recall: bool
    daily_limit: Dollars
    api_key_file: str
    prices: dict[str, Price]
    api_key: str = ""  # only from the environment or from api_key_file


class AskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    enabled: bool


class ReadingSettings(Struct, frozen=True, forbid_unknown_fields=True):
    on_request: bool


class BudgetSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How often a day something may be asked for."""

    person: Limit
    workspace: Limit


class BudgetsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    ask: BudgetSettings
    read: BudgetSettings


class DeliverySettings(Struct, frozen=True, forbid_unknown_fields=True):
    margin_s: Seconds


class SlackSettings(Struct, frozen=True, forbid_unknown_fields=True):
    api_url: Address
    timeout_s: Seconds
    channel_gap_s: Gap
    workspace_gap_s: Gap
    managers: tuple[str, ...] = ()  # ids of people
    bot_token: str = ""  # only from the environment, as the other
    app_token: str = ""


class DiscordSettings(Struct, frozen=True, forbid_unknown_fields=True):
    api_url: Address
    gateway_url: GatewayAddress
    timeout_s: Seconds
    servers: tuple[ServerId, ...] = ()  # none: everywhere
    token: str = ""  # only from the environment


class ChannelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What one channel gets, and when. `at` and `until` are local times in `timezone`; no domains and no words ask for
    nothing. Without `until` the window is three hours long.
    """

    destination: DestinationName
    at: Hour = "09:00"
    until: Hour | None = None
    timezone: str = "UTC"
    weekdays: Weekdays = get_args(Weekday)
    language: Language | None = None  # None: that of the settings
    domains: tuple[str, ...] = ()
    with_words: Words = field(default=(), name="with")
    without_words: Words = field(default=(), name="without")
    limit: Count = 30
    layout: Layout = "digest"


class ScheduleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    ask_every_min: Minutes
    settle_h: Hours
    stall_h: Hours


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    language: Language
    operator: OptionalDestination
    editors: tuple[EditorName, ...]
    heartbeat_url: OptionalAddress
    schedule: ScheduleSettings
    store: StoreSettings
    hub: HubSettings
    arxiv: ArxivSettings
    digest: DigestSettings
    llm: LlmSettings
    ask: AskSettings
    reading: ReadingSettings
    budgets: BudgetsSettings
    delivery: DeliverySettings
    slack: SlackSettings
    discord: DiscordSettings
    plugins: dict[str, dict[str, Any]]
    channels: tuple[ChannelSettings, ...] = ()


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
    merged = toml(HERE / "default.toml").tables  # tests see to it that it needs no check here
    chosen = file or user_file()
    layers = [toml(chosen, secret=_SECRET)] if chosen.exists() else []
    for layer in (*layers, *variables(environment)):
        check(layer, Settings, _RULES)
        merge(merged, layer.tables)
    settings = msgspec.convert(merged, Settings, strict=False)
    return _with_tokens(_with_key(settings, environment), environment)


# Keys that no file may hold, and what to do instead.
_SECRET = {
    ("llm", "api_key"): "Set PAPERBOY_LLM__API_KEY, or name a file that holds it in llm.api_key_file.",
    ("slack", "bot_token"): "Set SLACK_BOT_TOKEN in the environment.",
    ("slack", "app_token"): "Set SLACK_APP_TOKEN in the environment.",
    ("discord", "token"): "Set DISCORD_TOKEN in the environment.",
}


def _has_host(address: str) -> str:
    """A rule for `config.layers.check`: what the type's pattern lets through need not be an address yet."""
    try:
        parts = urlsplit(address)
        well = not address or bool(parts.hostname and parts.port != 0)
    except ValueError:  # of brackets that do not match, or a port beyond 65535
        well = False
    return "" if well else "must be an address with a host, such as https://example.org or http://[::1]:8080"


def _time_zone(name: str) -> str:
    """A rule for `config.layers.check`."""
    import zoneinfo  # only when a time zone is set

    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        from difflib import get_close_matches

        near = get_close_matches(name, zoneinfo.available_timezones(), cutoff=0.4) or ["UTC", "Europe/Berlin"]
        return f'must be a time zone; "{name[:80]}" is none. Nearest: {", ".join(near)}'
    return ""


def _known_domains(ids: Sequence[str]) -> str:
    """A rule for `config.layers.check`."""
    known = texts("en")["domains"]  # quicker to read than the taxonomy, and the same: a test sees to it
    unknown = ", ".join(f'"{domain[:80]}"' for domain in ids if domain not in known)
    return f"must be a list of domains; {unknown} is none of them. Allowed: {', '.join(known)}" if unknown else ""


def _once_each(channels: Sequence[Mapping[str, Any]]) -> str:
    """A rule for `config.layers.check`."""
    named = [str(channel["destination"]) for channel in channels]
    twice = {name for name in named if named.count(name) > 1}
    return f"must name each destination once; twice there is {', '.join(sorted(twice))}" if twice else ""


_RULES: Mapping[tuple[type[Struct], str], Rule] = {
    (HubSettings, "url"): _has_host,
    (HubSettings, "public_url"): _has_host,
    (ArxivSettings, "url"): _has_host,
    (LlmSettings, "base_url"): _has_host,
    (SlackSettings, "api_url"): _has_host,
    (DiscordSettings, "api_url"): _has_host,
    (DiscordSettings, "gateway_url"): _has_host,
    (Settings, "heartbeat_url"): _has_host,
    (ChannelSettings, "timezone"): _time_zone,
    (ChannelSettings, "domains"): _known_domains,
    (Settings, "channels"): _once_each,
}


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


def _with_tokens(settings: Settings, environment: Mapping[str, str]) -> Settings:
    """The platforms' tokens from the variables that are usual for them, unless they were set already."""
    slack, discord = settings.slack, settings.discord
    tokens = {
        "bot_token": slack.bot_token or environment.get("SLACK_BOT_TOKEN", ""),
        "app_token": slack.app_token or environment.get("SLACK_APP_TOKEN", ""),
    }
    return msgspec.structs.replace(
        settings,
        slack=msgspec.structs.replace(slack, **tokens),
        discord=msgspec.structs.replace(discord, token=discord.token or environment.get("DISCORD_TOKEN", "")),
    )


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


@functools.cache
def glossary() -> dict[str, list[str]]:
    """Chinese terms with what they are called in English: those of `glossary.toml`, and the names of the domains."""
    terms: dict[str, list[str]] = tomllib.loads((HERE / "glossary.toml").read_text(encoding="utf-8"))["terms"]
    names = (domain["names"] for domain in domains().values())
    return {**{name["zh"]: [name["en"]] for name in names}, **terms}


@functools.cache
def hosts() -> tuple[str, ...]:
    """The hosts on which an address that stands in a paper may be linked: those of `hosts.toml`."""
    return tuple(tomllib.loads((HERE / "hosts.toml").read_text(encoding="utf-8"))["hosts"])


def prompts() -> dict[str, str]:
    """Every prompt by its name."""
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted((HERE / "prompts").glob("*.md"))}
