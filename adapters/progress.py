"""How far a digest is, on stderr: a bar that names the paper at hand on a terminal, plain lines elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from digest.types import Progress

_ENDED = ("done", "failed")


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """A Progress for the length of a digest."""
    if console.is_terminal:
        with _bar(console) as progress:
            yield progress
    else:
        yield _lines(console)


@contextmanager
def _bar(console: Console) -> Iterator[Progress]:
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("asking for the list", total=None)
        listed = 0

        def progress(event: str, paper: str) -> None:
            nonlocal listed
            if event == "listed":
                listed += 1
                bar.update(task, total=listed)
            elif event in _ENDED:
                bar.update(task, advance=1)
            else:
                bar.update(task, description=f"{paper} {event}")

        yield progress


def _lines(console: Console) -> Progress:
    listed = ended = 0

    def progress(event: str, paper: str) -> None:
        nonlocal listed, ended
        if event == "listed":
            listed += 1
        elif event in _ENDED:
            ended += 1
            console.print(f"{ended}/{listed} {paper} {event}", highlight=False, soft_wrap=True)

    return progress
