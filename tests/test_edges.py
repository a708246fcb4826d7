"""What is no valid text is made valid wherever it comes in, so that nothing further in meets it: one test an edge.

Everything arrives as it would: from servers on this machine, in files, from a shell, in a command from chat.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from bot import compose
from bot.answering import Answering
from bot.cli_digest import _saved
from config.settings import Settings
from digest.mistakes import mistakes
from digest.readers.best import read_paper
from digest.readers.fingerprint import text_hash
from digest.store import Store
from digest.store_thread import StoreThread
from digest.text.valid import valid
from digest.types import ArxivId, Invocation, Paper, Passage, PassageKind, Reading, ReadingSource, SectionName
from tests.latexml_pages import page, para, section
from tests.makers import DAY, clock, paper, reading, report
from tests.model_answers import Unscored
from tests.model_day import made, settings
from tests.model_server import ModelServer, serving
from tests.paper_pages import abstract_page
from tests.paper_server import PaperServer, daily_entry
from tests.text_work import read_with

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))
ODD = "a\ud83db\x00c\x1bd\x9be\u202ef\ufffeg"  # half a surrogate pair, controls, an override, a noncharacter
GOOD = "a b c d ef g"
FIRST, SECOND = ArxivId("2601.00001"), ArxivId("2601.00002")


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as running:
        yield running


@pytest.fixture
def day(tmp_path: Path, server: PaperServer) -> Iterator[Settings]:
    with serving(ModelServer(otherwise=Unscored())) as model:
        yield settings(tmp_path, server, model)


def store_of(day: Settings) -> Store:
    return Store.create(day.store.file(), clock)


async def test_the_hubs_list(day: Settings, server: PaperServer) -> None:
    """Title, summary, names and keywords; bytes that are no UTF-8 as well. The day is made."""
    entry = daily_entry(
        FIRST, title=f"Lanterns {ODD}", summary=f"Deep {ODD} networks.", ai_keywords=[ODD], ai_summary=ODD
    )
    entry["paper"]["authors"] = [{"name": f"A. {ODD}"}]
    entry["paper"]["githubRepo"] = f"https://github.com/{ODD}"
    server.days[DAY.isoformat()] = [entry]
    result = await made(day)
    assert not result.digest.problems
    ((known, told),) = result.digest.papers
    assert told is not None
    assert (known.title, known.abstract) == (f"Lanterns {GOOD}", f"Deep {GOOD} networks.")
    assert (known.authors, known.keywords, known.hub_summary) == ((f"A. {GOOD}",), (GOOD,), GOOD)
    assert known.github_url == ""
    json.dumps(msgspec.to_builtins(known, enc_hook=str), ensure_ascii=False).encode()


async def test_what_arxiv_and_the_hub_tell_of_one_paper(day: Settings, server: PaperServer) -> None:
    """An abstract page with references to characters that are none, and raw bytes."""
    broken = abstract_page("Moths TITLE", "Moths TITLE sleep.", "Writer, TITLE")
    server.pages[f"/abs/{FIRST}"] = broken.replace(b"TITLE", b"&#xD83D;x&#27;[31m\x1b\xff&#x202E;&#xFFFE;y\xc2\x9bz")
    async with compose.press(day) as press:
        known = await press.catalogue.paper(FIRST)
    assert valid(known) == known
    assert known.title.startswith("Moths ")
    assert "\u202e" not in known.title + known.abstract
    assert "\x9b" not in known.title + known.abstract


async def test_pages_of_papers(day: Settings, server: PaperServer) -> None:
    """arXiv's HTML, as the readers make of it; the reading can be stored and its hash is that of what is stored."""
    text = "Lanterns light the network, ODD layer by layer, and nobody is left in the dark. " * 8
    server.pages[f"/html/{FIRST}"] = page(section("1", "Introduction ODD", para(text, "S1.p1"))).replace(
        b"ODD", b"q&#x202E;r&#x85;s\x1bt&#xFFFE;u\xff\xc2\x9bv"
    )
    async with compose.press(day) as press:
        found = await read_paper(press.readers, paper(FIRST), press.text_work)
        await press.store.run(Store.save_paper, paper(FIRST))
        await press.store.run(Store.save_reading, found)
        kept = await press.store.run(Store.reading, FIRST)
    assert found.source is ReadingSource.HTML
    assert valid(found) == found
    assert kept is not None
    assert kept.passages == found.passages
    assert found.text_hash == text_hash(found.passages)


class Odd:
    """A reader, as a plugin may be, that gives what it found."""

    source = ReadingSource.MARKDOWN

    async def read(self, paper: Paper) -> Reading:
        found = (Passage(ODD, ODD, PassageKind.TEXT, ODD),)
        return Reading(
            paper_id=paper.id, source=self.source, url="https://x.example", text_hash=text_hash(found), passages=found
        )


async def test_what_a_reader_gives() -> None:
    """Whichever it is."""
    found = await read_with(Odd(), paper(FIRST))
    assert found.passages == (Passage(GOOD, GOOD, PassageKind.TEXT, GOOD),)
    assert found.text_hash == text_hash(found.passages)


async def test_what_people_say_in_chat(day: Settings) -> None:
    """Arguments and answers of forms, on whatever platform: what is kept of them is valid."""
    with store_of(day) as store:
        store.save_listing(DAY, [paper(FIRST)])
        store.save_report(report(FIRST))
    thread = StoreThread(day.store.file(), clock)
    answering = Answering(thread, day.store.file(), "en", lambda: None, _no_link)
    asked = Invocation(
        name="mistake", args=str(FIRST), language="en", adapter="slack", workspace="T1", person="U0ALICE"
    )
    message = await answering.answer(
        msgspec.structs.replace(asked, answers={"section": ("results",), "words": (f"Table 2 {ODD}",)})
    )
    assert "broke" not in message.plain
    for name, args in (("paper", f"{FIRST} {ODD}"), ("papers", ODD), ("paperboy", f"subscribe video with {ODD}")):
        answer = await answering.answer(msgspec.structs.replace(asked, name=name, args=args))
        assert "broke" not in answer.plain
        assert valid(answer) == answer
        msgspec.json.encode(answer)
    await answering.close()
    await thread.close()
    with store_of(day) as store:
        (told,) = mistakes(store)
    assert told.words == f"Table 2 {GOOD}"


async def _no_link(*_: object) -> str:
    return ""


# --- files and the command line --------------------------------------------------------------------------------------


def run(day: Settings, *arguments: str | bytes, **changes: str | bytes) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "OPENAI_", "XDG_"))}
    environment = {
        **kept,
        "HOME": str(day.store.file().parent),
        "PAPERBOY_STORE__PATH": str(day.store.file()),
        **changes,
    }
    done = subprocess.run([PAPERBOY, *arguments], env=environment, capture_output=True, timeout=60, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


FILE = f"""**Date**: {DAY}

## 📄 Lanterns ODD

- **Link**: https://huggingface.co/papers/{FIRST}
- **Read from**: HTML

1. **Core contribution**: Lanterns ODD make every layer visible.
"""
IN_FILES = ODD.replace("\ud83d", "")  # which no UTF-8 file can hold
OUT_OF_FILES = GOOD.replace("a b", "ab")


@pytest.fixture
def imported(day: Settings, tmp_path: Path) -> Settings:
    file = tmp_path / "day.md"
    file.write_bytes(FILE.replace("ODD", IN_FILES).encode())
    done = run(day, "import", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    return day


def test_imported_reports(imported: Settings) -> None:
    """Title and sections."""
    with store_of(imported) as store:
        told, known = store.report_in(FIRST, "en"), store.paper(FIRST)
    assert told is not None
    assert known is not None
    assert known.title == f"Lanterns {OUT_OF_FILES}"
    assert valid(told) == told
    assert OUT_OF_FILES in run(imported, "paper", FIRST).stdout


def test_corrections(imported: Settings, tmp_path: Path) -> None:
    """From a file."""
    file = tmp_path / "section.md"
    file.write_bytes(f"They {IN_FILES} help.".encode())
    assert run(imported, "correct", FIRST, "contribution", "--file", str(file)).returncode == 0
    with store_of(imported) as store:
        corrected = store.section(FIRST, SectionName.CONTRIBUTION, "en")
    assert corrected is not None
    assert valid(corrected) == corrected
    assert OUT_OF_FILES in str(corrected)


def test_saved_pages(tmp_path: Path) -> None:
    """As `paperboy read FILE` shows them."""
    file = tmp_path / "paper.md"
    file.write_bytes(f"# Lanterns\n\n{f'Lamps {IN_FILES} shine. ' * 50}\n".encode())
    found = _saved(file)
    assert valid(found) == found
    assert found.text_hash == text_hash(found.passages)


def test_arguments(imported: Settings) -> None:
    """Bytes that are no UTF-8, controls: in words, in reasons, in what is not understood."""
    odd = b"lamps \xff\x1b[31m \xc2\x9b \xe2\x80\xae"
    for arguments in (
        ["papers", odd],
        ["paper", odd],
        ["why", FIRST, odd],
        [odd],
        ["read", odd],
        ["papers", b"--" + odd],
    ):
        done = run(imported, *arguments)
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        assert "something broke" not in done.stderr
        assert valid(done.stdout + done.stderr) == done.stdout + done.stderr
    assert run(imported, "withdraw", FIRST, "--why", odd).returncode == 0
    with store_of(imported) as store:
        why = store.withdrawn(FIRST)
    assert why is not None
    assert valid(why) == why
    assert why.startswith("lamps")


def test_names_of_files_are_left_alone(imported: Settings, tmp_path: Path) -> None:
    """A file may be called anything."""
    file = os.fsencode(tmp_path) + b"/caf\xe9.md"
    Path(os.fsdecode(file)).write_text(f"# Lanterns\n\n{'Lamps shine. ' * 60}\n")
    assert "Lamps shine." in run(imported, "read", file, "--json").stdout


def test_settings_that_reach_messages(day: Settings, server: PaperServer) -> None:
    """A model's name from the environment."""
    with serving(ModelServer(models=("odd [31m model",), otherwise=Unscored())) as model:
        server.days[DAY.isoformat()] = [daily_entry(FIRST)]
        done = run(
            day,
            "digest",
            str(DAY),
            PAPERBOY_LLM__MODEL=b"odd\x1b[31m\xffmodel",
            PAPERBOY_LLM__BASE_URL=model.address,
            PAPERBOY_LLM__API_KEY="sk-test-0123456789abcdefghij",
            PAPERBOY_HUB__URL=server.url,
            PAPERBOY_ARXIV__URL=server.url,
            PAPERBOY_ARXIV__GAP_S="0",
        )
    assert done.returncode == 0, done.stderr
    with store_of(day) as store:
        told = store.report_in(FIRST, "en")
    assert told is not None
    assert told.writer == "odd [31m model"


def test_readings_that_are_valid_keep_their_hash() -> None:
    """No report is bought anew for it."""
    fields = [(one.kind, one.heading, one.anchor, one.text) for one in reading().passages]
    assert text_hash(reading().passages) == hashlib.sha256(msgspec.json.encode(fields)).hexdigest()
