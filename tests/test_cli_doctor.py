"""`paperboy doctor` as a person runs it: what it finds well, what it finds wrong, and what it says to do."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from bot.cli_doctor import checks
from config.settings import HERE, load
from tests.model_server import KEY, ModelServer, serving
from tests.paper_server import PaperServer, Status
from tests.slack_server import SlackServer
from tests.slack_world import ALICE, APP_TOKEN, BOT_TOKEN, TEAM, Group

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))

Doctor = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
def server() -> Iterator[PaperServer]:
    """The Hub, and an arXiv that has no paper."""
    with PaperServer() as running:
        yield running


@pytest.fixture
def environment(server: PaperServer, tmp_path: Path) -> dict[str, str]:
    mine = ("PAPERBOY_", "OPENAI_", "XDG_", "SLACK_", "DISCORD_", "NO_COLOR")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(mine)},
        "HOME": str(tmp_path),
        "TERM": "xterm-256color",
        "PAPERBOY_STORE__PATH": str(tmp_path / "paperboy.db"),
        "PAPERBOY_HUB__URL": server.url,
        "PAPERBOY_ARXIV__URL": server.url,
        "PAPERBOY_ARXIV__GAP_S": "0",
    }


@pytest.fixture
def wrong(environment: dict[str, str]) -> Doctor:
    """What is found wrong with the settings of the environment: the sentence by its name."""

    async def run(**changes: str) -> dict[str, str]:
        found = await checks(load(HERE / "default.toml", {**environment, **changes}))
        return {check.name: check.sentence for check in found if not check.well}

    return run


async def test_a_hub_that_has_no_list_is_wrong_and_an_arxiv_without_the_paper_is_well(
    wrong: Doctor, server: PaperServer
) -> None:
    """The Hub's list is always there; a mirror of arXiv need not hold a certain paper."""
    assert await wrong() == {}
    server.fault("/api/daily_papers", Status(404))
    (sentence,) = (await wrong()).values()
    assert "/api/daily_papers" in sentence
    assert "Is hub.url right, and the network there?" in sentence


async def test_a_model_that_the_endpoint_does_not_list_is_named_with_those_nearest(wrong: Doctor) -> None:
    """A typing mistake there would cost every report of a day."""
    with serving(ModelServer(models=("large-model", "small-model:latest", "models/medium-model"))) as model:
        llm = {"PAPERBOY_LLM__BASE_URL": model.address, "PAPERBOY_LLM__API_KEY": KEY}
        for known in ("large-model", "small-model", "medium-model"):
            assert await wrong(**llm, PAPERBOY_LLM__MODEL=known) == {}
        told = (await wrong(**llm, PAPERBOY_LLM__MODEL="large-modle"))["model"]
        assert 'lists no model "large-modle". Nearest: large-model' in told
        unkeyed = await wrong(**{**llm, "PAPERBOY_LLM__API_KEY": "wrong"}, PAPERBOY_LLM__MODEL="large-model")
        assert "answers 401. Set a valid key." in unkeyed["model"]


async def test_an_address_that_is_no_endpoint_is_wrong(wrong: Doctor) -> None:
    """404: mostly the end of the address is missing; a page for people is no endpoint either."""
    llm = {"PAPERBOY_LLM__API_KEY": KEY, "PAPERBOY_LLM__MODEL": "a-model"}
    with serving(ModelServer()) as model:
        told = (await wrong(**llm, PAPERBOY_LLM__BASE_URL=model.address.removesuffix("/v1")))["model"]
        assert "answers 404" in told
        assert "It mostly ends in /v1." in told

    async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\nWelcome")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(welcome, "127.0.0.1", 0) as page:
        address = f"http://127.0.0.1:{page.sockets[0].getsockname()[1]}/v1"
        told = (await wrong(**llm, PAPERBOY_LLM__BASE_URL=address))["model"]
    assert "does not answer as it should. Is llm.base_url right?" in told


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("SOURCE", "hugingface", 'no "hugingface" among the sources. Installed: huggingface.'),
        ("READERS", '["html", "pfd"]', 'no "pfd" among the readers. Installed: abstract, html'),
        ("WRITER", "quill", 'no "quill" among the writers. Installed: extractive, llm.'),
        ("WRITER", "llm", "llm.model is not set. Name a model"),
    ],
)
async def test_a_part_that_is_not_there_is_named(wrong: Doctor, key: str, value: str, sentence: str) -> None:
    """The settings cannot know what is plugged in; the morning's digest would be the first to find out."""
    told = await wrong(**{f"PAPERBOY_DIGEST__{key}": value})
    assert list(told) == ["digest"]
    assert sentence in told["digest"]


async def test_editors_whom_slack_cannot_name_are_told(environment: dict[str, str]) -> None:
    """Also where no channel is set. With the manifest that is printed for them, all is well."""
    with SlackServer() as slack:
        team = slack.workspaces[TEAM]
        team.groups["S0EDITORS1"] = Group("S0EDITORS1", "editors", {ALICE})
        changes = {
            **environment,
            "PAPERBOY_EDITORS": '["slack:S0EDITORS1", "slack:admins", "slack:everybody", "discord:1"]',
            "PAPERBOY_SLACK__API_URL": f"{slack.url}/api/",
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_APP_TOKEN": APP_TOKEN,
        }
        settings = load(HERE / "default.toml", changes)
        sentences = [check.sentence for check in await checks(settings) if check.name == "slack" and not check.well]
        assert sentences[0] == (
            "slack:S0EDITORS1: Slack does not tell who is in S0EDITORS1: the app lacks usergroups:read. "
            "Add it under OAuth & Permissions, and reinstall the app."
        )
        assert sentences[1].startswith("slack:everybody: This is neither a person")
        assert len(sentences) == 2
        command = [PAPERBOY, "slack-manifest"]
        printed = await asyncio.to_thread(subprocess.check_output, command, env=changes, text=True)
        team.scopes = set(json.loads(printed)["oauth_config"]["scopes"]["bot"])
        settings = load(HERE / "default.toml", {**changes, "PAPERBOY_EDITORS": '["slack:S0EDITORS1"]'})
        assert [check.well for check in await checks(settings) if check.name == "slack"] == [True]


async def test_the_operator_is_somebody_who_can_be_told(environment: dict[str, str]) -> None:
    """On a platform that is set up; and what else people may not know is told: the watchdog, which is not called now,
    what may be asked how often, what the model costs."""

    async def told(**changes: str) -> dict[str, tuple[bool, str]]:
        found = await checks(load(HERE / "default.toml", {**environment, **changes}))
        return {check.name: (check.well, check.sentence) for check in found}

    nobody = await told()
    assert nobody["operator"] == (True, 'nobody hears of what goes wrong. Set operator, such as "slack:C024BE91L".')
    assert "questions: 30 a day for a person, 300 a day for a workspace or server" in nobody["requests"][1]
    with SlackServer() as slack, serving(ModelServer(models=("a-model",))) as model:
        changes = {
            "PAPERBOY_OPERATOR": "slack:C0NOWHERE",
            "PAPERBOY_HEARTBEAT_URL": "http://127.0.0.1:9/ping",
            "PAPERBOY_ASK__ENABLED": "false",
            "PAPERBOY_BUDGETS__READ__PERSON": "0",
            "PAPERBOY_LLM__MODEL": "a-model",
            "PAPERBOY_LLM__BASE_URL": model.address,
            "PAPERBOY_LLM__API_KEY": KEY,
            "PAPERBOY_LLM__DAILY_LIMIT": "2",
            "PAPERBOY_LLM__PRICES": '{"a-model": {"input": 0.25, "output": 2}}',
        }
        unreached = await told(**changes)
        assert unreached["operator"][0] is False
        assert "slack is not set up" in unreached["operator"][1]
        tokens = {"SLACK_BOT_TOKEN": BOT_TOKEN, "SLACK_APP_TOKEN": APP_TOKEN}
        reached = await told(**changes, **tokens, PAPERBOY_SLACK__API_URL=f"{slack.url}/api/")
    assert reached["slack"][0] is False
    assert "slack:C0NOWHERE" in reached["slack"][1]
    assert "is called every 15 min" in reached["heartbeat"][1]
    assert reached["requests"][1].startswith(
        "questions: switched off (ask.enabled); papers read: no limit for a person"
    )
    assert reached["model"][1].endswith("in 0.25, out 2; at most $2 a day (UTC)")


async def test_somebody_elses_file_as_the_store_is_named(wrong: Doctor, tmp_path: Path) -> None:
    """With what to do about it."""
    stranger = sqlite3.connect(tmp_path / "bookmarks.sqlite")
    stranger.execute("CREATE TABLE bookmarks (address TEXT)")
    stranger.close()
    told = await wrong(PAPERBOY_STORE__PATH=str(tmp_path / "bookmarks.sqlite"))
    assert "is no Paperboy store, or damaged" in told["store"]


@pytest.mark.parametrize(
    ("changes", "coloured"),
    [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
)
def test_colours_are_for_terminals_whose_owner_wants_them(
    environment: dict[str, str], changes: dict[str, str], coloured: bool
) -> None:
    """NO_COLOR with any text in it, and terminals that know none."""
    ours, theirs = pty.openpty()
    ill = {**environment, **changes, "PAPERBOY_ARXIV__GAP_S": "soon"}
    assert subprocess.run([PAPERBOY, "doctor"], env=ill, stdout=theirs, timeout=60).returncode == 1
    os.close(theirs)
    told = os.read(ours, 4096)
    os.close(ours)
    assert b"PAPERBOY_ARXIV__GAP_S" in told
    assert (b"\x1b[" in told) is coloured


def test_on_a_terminal_a_sentence_stands_beside_its_name(environment: dict[str, str]) -> None:
    """Folded between words; piped it is one line, however long."""
    piped = subprocess.run([PAPERBOY, "doctor"], env=environment, capture_output=True, text=True, timeout=60).stdout
    ours, theirs = pty.openpty()
    narrow = {**environment, "COLUMNS": "60", "NO_COLOR": "1"}
    assert subprocess.run([PAPERBOY, "doctor"], env=narrow, stdout=theirs, timeout=60).returncode == 0
    os.close(theirs)
    told = os.read(ours, 8192).decode().replace("\r\n", "\n")
    os.close(ours)
    beside = [line for line in told.splitlines() if line.startswith(" " * 14)]
    assert "papers read: 10 a day" in " ".join(" ".join(beside).split())
    assert max(len(line) for line in beside if "/" not in line) <= 60
    assert not [line for line in piped.splitlines() if line.startswith(" ")]
    assert told.split() == piped.split()
