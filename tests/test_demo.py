"""The demo: the production pipeline over the bundled day, so that what goes in decides what comes out."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import HERE

PAPERBOY = str(Path(sys.executable).with_name("paperboy"))


def demo(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """A run without any setting, and without a way out: every proxy leads nowhere."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PAPERBOY_", "OPENAI_"))}
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    return subprocess.run(
        [PAPERBOY, "demo", *map(str, arguments)],
        env={**environment, **nowhere, "NO_PROXY": "127.0.0.1", "HOME": str(home), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the bundled day that a test may change."""
    return shutil.copytree(HERE / "sample", tmp_path / "sample")


def test_a_newcomer_sees_a_whole_digest_and_a_follow_up(tmp_path: Path) -> None:
    """23 papers with a card each, and one section asked for afterwards; nothing is left behind."""
    shown = demo(tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "Papers · Fri 16 Jan 2026 · 23" in shown.stdout
    assert shown.stdout.count("\n  │\n") == 23
    assert "Action100M: A Large-scale Video Action Dataset" in shown.stdout
    assert "you › /paper 2601.10611 results" in shown.stdout
    assert "Experimental results" in shown.stdout
    assert "127.0.0.1" not in shown.stdout
    assert list(tmp_path.rglob("*.db")) == []


def test_it_speaks_chinese_too(tmp_path: Path) -> None:
    """Labels and fixed texts; the sentences stay those of the papers."""
    shown = demo(tmp_path, "--language", "zh")
    assert "论文 · 2026年1月16日 周五 · 23 篇" in shown.stdout
    assert "实验效果" in shown.stdout


def test_changing_a_page_changes_the_output(tmp_path: Path, sample: Path) -> None:
    """The results of the follow-up are read from the page."""
    file = sample / "pages" / "2601.10611.html"
    page = file.read_text(encoding="utf-8")
    before = demo(tmp_path, "--sample", sample).stdout
    assert "38.4" in page
    file.write_text(page.replace("38.4", "47.1"), encoding="utf-8")
    after = demo(tmp_path, "--sample", sample).stdout
    assert "47.1" not in before
    assert "47.1" in after


def test_taking_a_page_away_leaves_the_abstract(tmp_path: Path, sample: Path) -> None:
    """And the headline counts it so."""
    assert "7 read in full, 16 abstract only" in demo(tmp_path, "--sample", sample).stdout
    (sample / "pages" / "2601.10611.html").unlink()
    assert "6 read in full, 17 abstract only" in demo(tmp_path, "--sample", sample).stdout
