"""The tests on real material say what they lack, and never pass without it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.material import CHECKOUT


def run(folder: Path, *tests: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    return subprocess.run(command, cwd=CHECKOUT, env={"MATERIAL": str(folder)}, capture_output=True, text=True)


def test_without_the_folder_nothing_passes(tmp_path: Path) -> None:
    """One sentence says what is missing and what to do."""
    ended = run(tmp_path / "nowhere", "tests/material")
    assert ended.returncode != 0
    assert f"{tmp_path}/nowhere/specs/discord-openapi.json is missing. Put the material into" in ended.stderr
    assert "passed" not in ended.stdout


def test_a_part_that_is_missing_fails_its_tests(tmp_path: Path) -> None:
    """While they run and while they are collected; none is skipped."""
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "discord-openapi.json").write_text("{}")
    ended = run(tmp_path, "tests/material/test_abstract.py", "tests/material/test_domains.py")
    assert ended.returncode != 0
    assert "2 failed" in ended.stdout
    assert f"{tmp_path}/arxiv_html/1902.02534.abs.html is missing" in ended.stdout
    collected = run(tmp_path, "tests/material/test_huggingface.py")
    assert collected.returncode != 0
    assert f"{tmp_path}/hub/*.json is missing" in collected.stdout
