"""`paperboy correct`, `withdraw` and `dismiss` as an operator types them: the real console script over a store."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import compose
from digest.mistakes import tell_mistake
from digest.operator import set_operator
from digest.store import Store
from digest.types import ArxivId, Destination, SectionName
from tests.test_cli_deliver import DAY, IDS, PAPERBOY, day_report, keep_the_day

Paperboy = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def store_file(tmp_path: Path) -> Path:
    return tmp_path / "paperboy.db"


@pytest.fixture
def paperboy(store_file: Path, tmp_path: Path) -> Paperboy:
    """The command, over a store with a day of five papers."""
    ours = ("PAPERBOY_", "SLACK_", "DISCORD_", "XDG_", "EDITOR", "VISUAL")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    environment = {**kept, "HOME": str(tmp_path), "PAPERBOY_STORE__PATH": str(store_file)}

    def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        env = {**environment, **changes}
        silent = subprocess.DEVNULL
        return subprocess.run([PAPERBOY, *arguments], env=env, stdin=silent, capture_output=True, text=True, timeout=60)

    file = tmp_path / "day.md"
    file.write_text(day_report(), encoding="utf-8")
    keep_the_day(tmp_path)
    return run


def test_a_section_is_corrected_in_the_editor(paperboy: Paperboy) -> None:
    """Its Markdown is opened, saved and stored; the report says that it was corrected, and an export has it."""
    done = paperboy("correct", IDS[0], "experimental", EDITOR="sed -i s/91%/19%/")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{IDS[0]}, Experimental results, revision 2 (en)",
        "  Corrected: 91% → 19%",
        "  No message shows it.",
    ]
    shown = paperboy("paper", IDS[0], "results").stdout
    assert "stays up for 19% of the day" in shown
    assert "from an imported report, corrected by hand" in shown
    assert "stays up for 19% of the day" in paperboy("export", DAY).stdout


def test_a_section_is_corrected_from_a_file(paperboy: Paperboy, tmp_path: Path) -> None:
    """Chinese names of sections are known as everywhere, and so is what a Windows editor puts before a text."""
    file = tmp_path / "results.md"
    file.write_text("\ufeff* Kite 1 stays up for 19% of the day.\n", encoding="utf-8")
    assert paperboy("correct", IDS[0], "实验效果", "--file", str(file)).returncode == 0
    again = paperboy("correct", IDS[0], "results", "--file", str(file))
    assert (again.returncode, again.stderr) == (
        2,
        f'paperboy: Nothing changes: the section "results" of {IDS[0]} says just that.\n',
    )


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("correct", "2603.99999", "results"), "There is no report on 2603.99999."),
        (("correct", IDS[0], "rezults"), 'There is no section "rezults". Nearest: results'),
        (("correct", IDS[0], "results", "--language", "zh"), "in zh; there is one in en"),
        (("correct", IDS[0], "results"), "Nothing was saved in the editor"),
        (("withdraw", IDS[0], "--why", " "), "Say why"),
        (("withdraw", "2603.99999", "--why", "Retracted."), "There is no report on 2603.99999."),
        (("dismiss", "7"), 'There is no mistake 7. "paperboy status" shows those that wait.'),
    ],
)
def test_what_cannot_be_done_is_one_line_with_the_reason(
    paperboy: Paperboy, arguments: tuple[str, ...], why: str
) -> None:
    """And nothing is written."""
    done = paperboy(*arguments, EDITOR="true")
    assert done.returncode == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert "91% of the day" in paperboy("paper", IDS[0], "results").stdout


def test_a_file_that_is_no_text_is_named(paperboy: Paperboy, tmp_path: Path) -> None:
    """In a sentence."""
    file = tmp_path / "results.md"
    file.write_bytes("Kite 1 für alle".encode("latin-1"))
    assert "is not text in UTF-8" in paperboy("correct", IDS[0], "results", "--file", str(file)).stderr


def test_a_withdrawn_report_is_told_with_its_reason_wherever_it_is_asked_for(
    paperboy: Paperboy, store_file: Path
) -> None:
    """A second import does not bring it back."""
    done = paperboy("withdraw", IDS[0], "--why", "The paper was retracted.")
    assert done.stdout.splitlines() == [f"{IDS[0]} is withdrawn.", "  No message shows it."]
    gone = f"The report on {IDS[0]} was withdrawn: The paper was retracted."
    for words in ((IDS[0],), (IDS[0], "results"), ("kite", "on", "1")):
        asked = paperboy("paper", *words)
        assert (asked.returncode, asked.stderr) == (1, f"paperboy: {gone}\n")
    assert paperboy("import", str(store_file.with_name("day.md"))).returncode == 0
    assert IDS[0] not in paperboy("export", DAY).stdout
    assert gone in paperboy("correct", IDS[0], "results", EDITOR="true").stderr


@pytest.mark.parametrize(("typed", "ended"), [("y", "is withdrawn."), ("n", "Nothing was withdrawn.")])
def test_somebody_at_a_terminal_is_asked_whether_a_withdrawal_is_meant(
    paperboy: Paperboy, store_file: Path, typed: str, ended: str
) -> None:
    """With the paper's title and how many messages change."""
    ours, theirs = os.openpty()
    environment = {**os.environ, "PAPERBOY_STORE__PATH": str(store_file)}
    command = [PAPERBOY, "withdraw", IDS[0], "--why", "Retracted."]
    with subprocess.Popen(command, env=environment, stdin=theirs, stdout=subprocess.PIPE, text=True) as asking:
        os.write(ours, f"{typed}\n".encode())
        told, _ = asking.communicate(timeout=60)
    for end in (ours, theirs):
        os.close(end)
    assert f"{IDS[0]}, A Kite on 1 Strings\nIt has not been posted anywhere.\nWithdraw the report? [y/N]: " in told
    assert told.strip().endswith(ended) or f"{IDS[0]} {ended}" in told
    assert (paperboy("paper", IDS[0]).returncode == 1) is (typed == "y")


def test_a_withdrawal_is_undone(paperboy: Paperboy) -> None:
    """The report answers again; one that is not withdrawn is told so."""
    assert paperboy("withdraw", IDS[0], "--why", "Retracted.").returncode == 0
    done = paperboy("reinstate", IDS[0])
    assert done.stdout.splitlines() == [f"{IDS[0]} is reinstated.", "  No message shows it."]
    assert paperboy("paper", IDS[0]).returncode == 0
    assert "is not withdrawn" in paperboy("reinstate", IDS[0]).stderr


def test_the_operator_hears_what_the_command_line_changes(paperboy: Paperboy, store_file: Path) -> None:
    """In the language of the settings, with a link to the paper."""
    with Store.create(store_file, compose.clock) as store:
        set_operator(store, Destination("slack", "", "C0OPERATOR"))
    assert paperboy("withdraw", IDS[0], "--why", "Retracted.", PAPERBOY_LANGUAGE="zh").returncode == 0
    with Store.create(store_file, compose.clock) as store:
        (body,) = store.connection.execute("SELECT body FROM payloads").fetchone()
    assert f"有人在命令行撤回了 {IDS[0]}《A Kite on 1 Strings》的报告。原因：Retracted.".replace(" ", "") in bytes(
        body
    ).decode().replace(" ", "")
    assert f"https://huggingface.co/papers/{IDS[0]}" in bytes(body).decode()


def test_mistakes_are_shown_with_words_and_what_to_do_until_they_are_dismissed(
    paperboy: Paperboy, store_file: Path
) -> None:
    """Nothing that a reader writes reaches the terminal as more than text."""
    with Store.create(store_file, compose.clock) as store:
        number = tell_mistake(store, ArxivId(IDS[0]), SectionName.RESULTS, "It says\n19%.\x1b[2J", "slack:U0ALICE")
    shown = paperboy("status").stdout
    assert f"  {IDS[0]}  told by slack:U0ALICE" in shown
    assert "      Experimental results: It says 19%.[2J\n" in shown.replace("\ufffd", "")
    assert "\x1b" not in shown
    assert f"      then: paperboy correct {IDS[0]} results\n" in shown
    assert json.loads(paperboy("status", "--json").stdout)["mistakes"][0]["section"] == "results"
    assert paperboy("dismiss", str(number), "--why", "Table 2 says so.").stdout == f"Mistake {number} is dismissed.\n"
    assert "mistakes that readers saw" not in paperboy("status").stdout
    assert "no mistake that waits" in paperboy("dismiss", str(number)).stderr
