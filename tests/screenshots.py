"""`make screenshots`: the pictures in the README, drawn from what the commands really print."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

PICTURES = Path(__file__).parent / "pictures"
COLUMNS = 100
CARDS = 3  # enough to see what a digest looks like


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    lines = Text.from_ansi(_printed("demo").strip("\n")).split("\n")
    asked = next(place for place, line in enumerate(lines) if line.plain.startswith("you ›"))
    told = next(place for place, line in enumerate(lines) if line.plain.startswith("This was a sample day"))
    rails = [place for place, line in enumerate(lines) if line.plain.strip() == "│"]
    more = Text(f"  │\n  │ … and {len(rails) - CARDS} more")
    _draw("digest", "paperboy demo", [*lines[: rails[CARDS]], more])
    _draw("follow-up", "paperboy demo", lines[asked:told])


def _printed(*arguments: str) -> str:
    """What a command prints on a terminal of COLUMNS columns."""
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "HOME": home,
            "COLUMNS": str(COLUMNS),
            "FORCE_COLOR": "1",
            "TTY_COMPATIBLE": "1",
            "TTY_INTERACTIVE": "0",
        }
        command = [str(Path(sys.executable).with_name("paperboy")), *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def _draw(name: str, title: str, lines: Sequence[Text]) -> None:
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        console.print(Text("\n").join(lines), soft_wrap=True)
        svg = console.export_svg(title=title, theme=MONOKAI, unique_id=name)
    # The font that rich names is fetched from elsewhere; a viewer's own is as good.
    svg = "\n".join(line for line in svg.splitlines() if "cdnjs" not in line)
    (PICTURES / f"{name}.svg").write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
