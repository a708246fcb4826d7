"""No text can stall Paperboy: every pattern and every reader of text takes time in proportion to the text's length.

What runs too long is killed in a child process (`tests.linear_child`), whatever the machine: linear work takes
milliseconds of processor time there, and a second is allowed.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_PARTS = {"patterns": 2, "scanners": 4}  # to be run side by side


@pytest.mark.parametrize(("what", "part"), [(what, part) for what, parts in _PARTS.items() for part in range(parts)])
def test_no_text_stalls(what: str, part: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "tests.linear_child", what, str(part), str(_PARTS[what])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    stalled = [f"{place}, on {text}" for place, text in json.loads(ran.stdout)]
    assert not stalled, "\n".join(["killed for the processor time it took:", *stalled])
