"""Settings: layers, and errors that name the file, the key and what is allowed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from config import settings as configured
from config.settings import HERE, InvalidSettings, load


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.toml"


def refusal(own: Path, text: str = "", **environment: str) -> str:
    """What the error says of a file or of variables."""
    own.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidSettings) as caught:
        load(own, environment)
    return str(caught.value)


def test_the_environment_wins_over_the_file_and_the_file_over_what_ships(own: Path) -> None:
    """Three layers; each changes only the keys it names."""
    own.write_text("language = 'zh'\n[arxiv]\ngap_s = 3\ntimeout_s = 9\n", encoding="utf-8")
    settings = load(own, {"PAPERBOY_ARXIV__GAP_S": "0.5"})
    assert (settings.language, settings.arxiv.gap_s, settings.arxiv.timeout_s) == ("zh", 0.5, 9)
    assert settings.hub.url == "https://huggingface.co"


def test_a_variable_may_hold_a_list_or_a_table_as_json(own: Path) -> None:
    """Environments know only text; lists are written as in JSON."""
    own.write_text("")
    settings = load(own, {"PAPERBOY_DIGEST__READERS": '["html", "abstract"]'})
    assert settings.digest.readers == ("html", "abstract")


def test_an_unknown_key_is_named_with_the_file_and_what_is_allowed(own: Path) -> None:
    """A typing error must not be silently without effect."""
    told = refusal(own, "[arxiv]\ngap = 3")
    assert str(own) in told
    assert '"arxiv.gap"' in told
    assert "gap_s" in told


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[arxiv]\ngap_s = 'x'", "arxiv.gap_s"),
        ("[arxiv]\ngap_s = -1", "arxiv.gap_s"),
        ("[arxiv]\nmax_page_mb = 0", "arxiv.max_page_mb"),
        ("[hub]\nurl = 'ftp://example.org'", "hub.url"),
        ("[digest]\nreaders = []", "digest.readers"),
        ("language = 3", "language"),
        ("arxiv = 3", "arxiv"),
        ("[discord]\ngateway_url = 'https://example.org'", "discord.gateway_url"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_its_key(own: Path, text: str, key: str) -> None:
    """Types and bounds are checked before anything runs."""
    assert f": {key} " in refusal(own, text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hub = 3", "hub must be a table, [hub]."),
        ("[llm]\nprices = 3", "llm.prices must be a table, [llm.prices]."),
        ("[llm.prices]\na = 3", "llm.prices must hold only tables, [llm.prices.NAME]."),
        (
            "[llm.prices.a]\ninput = 'x'\noutput = 1",
            "llm.prices.a.input must be a number of dollars from 0 to 1000000.",
        ),
        ("[llm.prices.a]\ninput = 1", 'llm.prices must have "output" in each entry.'),
        ("[llm.prices.a]\ncash = 1\ninput = 1\noutput = 2", "Allowed in [llm.prices.a]: input, output, cached."),
        ("[discord]\ntokn = 'x'", "Allowed in [discord]: api_url, gateway_url, timeout_s, servers."),
        ("plugins = 3", "plugins must be a table, [plugins]."),
        ("[plugins]\na = 3", "plugins must hold only tables, [plugins.NAME]."),
        ("[channels]\ndestination = 'slack:C1'", "channels must be a list of tables, [[channels]]."),
        ("channels = [3]", "channels must be a list of tables, [[channels]]."),
        ("[[channels]]\ndestination = 'slack:C1'\nlanguage = 3", "channels[1].language must be a language tag such as"),
        ("[llm]\nrecall = 'yes'", "llm.recall must be true or false."),
        ("[llm]\nmodel = 3", "llm.model must be a text."),
        ("[arxiv]\ngap_s = inf", "arxiv.gap_s must be a number of seconds from 0 to 86400."),
        ("[arxiv]\ntimeout_s = nan", "arxiv.timeout_s must be a number of seconds above 0, at most 86400."),
        ("[slack]\ntimeout_s = 1e9", "slack.timeout_s must be a number of seconds above 0, at most 86400."),
    ],
)
def test_what_is_allowed_is_said_in_words_for_people(own: Path, text: str, sentence: str) -> None:
    """Not in the validator's, and tables as they are written."""
    assert sentence in refusal(own, text)


@pytest.mark.parametrize("address", ["http://[::1", "http://:80", "http:///list", "http://example.org:99999"])
@pytest.mark.parametrize("key", ["hub.url", "hub.public_url", "arxiv.url", "llm.base_url", "slack.api_url"])
def test_an_address_without_a_host_is_refused(own: Path, address: str, key: str) -> None:
    """Before anything is asked there."""
    table, name = key.split(".")
    assert f"{key} must be an address with a host" in refusal(own, f"[{table}]\n{name} = '{address}'")


def test_addresses_of_this_machine_and_of_others_are_taken(own: Path) -> None:
    """By name or number, with a port, a path and a name to sign in with."""
    for address in ("http://[::1]:8080", "http://localhost", "https://me:secret@example.org:8443/hub?x=1"):
        own.write_text(f"[hub]\nurl = '{address}'\n[llm.prices.a]\ninput = 1\noutput = 2.5\n")
        settings = load(own, {})
        assert settings.hub.url == address
        assert settings.llm.prices["a"].output == 2.5


def test_a_variable_at_fault_is_named(own: Path) -> None:
    """An operator sees which variable to change."""
    assert "the variable PAPERBOY_ARXIV__GAP_S" in refusal(own, "", PAPERBOY_ARXIV__GAP_S="soon")
    assert "the variable PAPERBOY_NOWHERE__KEY" in refusal(own, "", PAPERBOY_NOWHERE__KEY="1")
    told = refusal(own, "", PAPERBOY_LLM__RECALL="yes")
    assert told == "the variable PAPERBOY_LLM__RECALL: llm.recall must be true or false."


def test_a_broken_file_is_named_with_the_line(own: Path) -> None:
    """TOML's own complaint is passed on."""
    told = refusal(own, "[arxiv\n")
    assert str(own) in told
    assert "line 1" in told


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    """--config must not fall back silently."""
    with pytest.raises(InvalidSettings, match="no settings file"):
        load(tmp_path / "nowhere.toml", {})


def test_the_models_key_comes_from_the_environment_or_a_file_and_never_from_the_settings(
    own: Path, tmp_path: Path
) -> None:
    """Secrets stay out of files that get shared."""
    assert "does not belong in a settings file" in refusal(own, "[llm]\napi_key = 'k'")
    own.write_text("")
    assert load(own, {"OPENAI_API_KEY": "one"}).llm.api_key == "one"
    assert load(own, {"OPENAI_API_KEY": "one", "PAPERBOY_LLM__API_KEY": "two"}).llm.api_key == "two"
    (tmp_path / "key").write_text("three\n")
    own.write_text(f"[llm]\napi_key_file = '{tmp_path / 'key'}'")
    assert load(own, {}).llm.api_key == "three"


def test_slacks_tokens_come_from_the_environment_alone(own: Path) -> None:
    """From the variables that Slack's own tools read, or from Paperboy's; a file that holds one is refused."""
    for key in ("bot_token", "app_token"):
        told = refusal(own, f"[slack]\n{key} = 'x'")
        assert f"slack.{key} does not belong in a settings file. Set SLACK_{key.upper()}" in told
    own.write_text("")
    tokens = {"SLACK_BOT_TOKEN": "one", "SLACK_APP_TOKEN": "two"}
    assert (load(own, tokens).slack.bot_token, load(own, tokens).slack.app_token) == ("one", "two")
    assert load(own, {**tokens, "PAPERBOY_SLACK__BOT_TOKEN": "three"}).slack.bot_token == "three"


def test_discords_token_comes_from_the_environment_alone(own: Path) -> None:
    """From the variable that is usual for it, or from Paperboy's; a file that holds it is refused."""
    told = refusal(own, "[discord]\ntoken = 'x'")
    assert "discord.token does not belong in a settings file. Set DISCORD_TOKEN" in told
    own.write_text("[discord]\napi_url = 'http://127.0.0.1:9/api/v10'\ngateway_url = 'ws://127.0.0.1:9'\n")
    settings = load(own, {"DISCORD_TOKEN": "one"})
    assert (settings.discord.token, settings.discord.gateway_url) == ("one", "ws://127.0.0.1:9")
    assert load(own, {"DISCORD_TOKEN": "one", "PAPERBOY_DISCORD__TOKEN": "two"}).discord.token == "two"


def test_a_channel_has_all_its_wishes_and_sensible_ones_without_a_word(own: Path) -> None:
    """Only the destination must be given."""
    own.write_text(
        "[[channels]]\ndestination = 'slack:C1'\n[[channels]]\ndestination = 'slack:T1/C2'\nat = '18:30'\n"
        "timezone = 'Asia/Shanghai'\nweekdays = ['mon', 'fri']\nlanguage = 'zh'\ndomains = ['video']\n"
        "with = ['agent']\nwithout = ['survey']\nlimit = 5\nlayout = 'paper'\n"
    )
    plain, full = load(own, {}).channels
    assert (plain.at, plain.timezone, plain.language, plain.domains, plain.layout) == (
        "09:00",
        "UTC",
        None,
        (),
        "digest",
    )
    assert len(plain.weekdays) == 7
    assert (full.destination, full.at, full.timezone, full.weekdays) == (
        "slack:T1/C2",
        "18:30",
        "Asia/Shanghai",
        ("mon", "fri"),
    )
    assert (full.domains, full.with_words, full.without_words) == (("video",), ("agent",), ("survey",))
    assert (full.language, full.limit, full.layout) == ("zh", 5, "paper")
    assert load(own, {"PAPERBOY_CHANNELS": '[{"destination": "slack:C9", "limit": 2}]'}).channels[0].limit == 2


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("destination", "'somewhere'", "must be a destination such as"),
        ("at", "'25:00'", "must be a time of day such as"),
        ("at", "9", "must be a time of day such as"),
        ("timezone", "'Asia/Shangai'", "Nearest: Asia/Shanghai"),
        ("timezone", "'../etc/passwd'", "must be a time zone"),
        ("weekdays", "['monday']", "mon, tue, wed"),
        ("weekdays", "[]", "mon, tue, wed"),
        ("domains", "['video', 'vidio']", '"vidio" is none of them. Allowed: nlp'),
        ("with", "'agent'", "must be a list of words"),
        ("limit", "0", "must be a whole number above 0"),
        ("layout", "'table'", 'must be "digest" or "paper"'),
        ("colour", "'red'", "Allowed in [channels[2]]: destination, at, until, timezone"),
    ],
)
def test_a_channels_impossible_wish_is_named_with_its_place(own: Path, key: str, value: str, allowed: str) -> None:
    """Which file, which channel, which key, and what is allowed."""
    second = f"{key} = {value}" if key == "destination" else f"destination = 'slack:C2'\n{key} = {value}"
    told = refusal(own, f"[[channels]]\ndestination = 'slack:C1'\n[[channels]]\n{second}\n")
    assert str(own) in told
    assert f"channels[2].{key}" in told
    assert allowed in told


def test_a_channel_without_a_destination_or_named_twice_is_refused(own: Path) -> None:
    """Nothing could be sent there, or it would be unclear what."""
    assert 'channels must have "destination" in each entry' in refusal(own, "[[channels]]\nat = '09:00'\n")
    assert "twice there is slack:C1" in refusal(own, "[[channels]]\ndestination = 'slack:C1'\n" * 2)


def test_plugins_get_their_tables_unparsed(own: Path) -> None:
    """Only the plugin knows its keys."""
    own.write_text("[plugins.mirror]\nanything = [1, 2]\n", encoding="utf-8")
    assert load(own, {}).plugins == {"mirror": {"anything": [1, 2]}}


def test_what_ships_needs_no_other_file(tmp_path: Path) -> None:
    """The shipped defaults pass the very checks that a user's file has to pass."""
    copy = tmp_path / "copy.toml"
    copy.write_text((HERE / "default.toml").read_text(encoding="utf-8"), encoding="utf-8")
    empty = tmp_path / "empty.toml"
    empty.touch()
    assert load(copy, {}) == load(empty, {})


def test_both_languages_have_the_same_texts() -> None:
    """A sentence that exists in one language exists in the other, with the same names to fill in."""
    english, chinese = (tomllib.loads((HERE / "texts" / f"{name}.toml").read_text("utf-8")) for name in ("en", "zh"))
    assert {table: set(texts) for table, texts in english.items()} == {
        table: set(texts) for table, texts in chinese.items()
    }
    for key, text in english["phrases"].items():
        filled = {part.partition("}")[0] for part in text.split("{")[1:]}
        assert filled == {part.partition("}")[0] for part in chinese["phrases"][key].split("{")[1:]}, key


def test_a_language_without_texts_of_its_own_gets_the_english_ones() -> None:
    """Reports may be in any language the model writes; labels then are English."""
    assert configured.texts("fr") == configured.texts("en")
