"""Typed functions that tests have called in child processes, some in the place of the product's own."""

from __future__ import annotations

import os

from digest.errors import ReadError
from digest.replies import Said
from digest.text.injection import FilteredPaper
from digest.types import ArxivId, Paper, Passage, PassageKind, Reading, ReadingSource, Report
from digest.writers.answer_reading import Content, Terms
from digest.writers.proof import Proof
from digest.writers.trouble import Useless
from tests.workers_tasks import hang


def cited(paper: Paper, ids: tuple[ArxivId, ...], note: str | None) -> dict[ArxivId, Paper]:
    assert note is None
    return dict.fromkeys(ids, paper)


def unread(path: str) -> Reading:
    raise ReadError(f"{path} holds no paper.")


def stuck(file: str) -> int:
    hang(file.encode())
    return 0


def parse(page: bytes, url: str) -> Reading:
    """A plugin's: says in which process it is parsed; a page that begins so hangs."""
    if page.startswith(b"hang "):
        hang(page[5:])
    found = (Passage("", "", PassageKind.TEXT, str(os.getpid())),)
    return Reading(source=ReadingSource.HTML, url=url, text_hash="", passages=found)


# --- in the place of the product's own -----------------------------------------------------------------------------


def one_fault(_report: Report, _reading: Reading, _paper: Paper) -> tuple[str, ...]:
    """A Check that always finds something."""
    return ("Something.",)


def broken_standing(
    _sentences: tuple[tuple[str, Passage], ...], _found: tuple[Passage, ...], _paper: Paper, _hosts: tuple[str, ...]
) -> tuple[Said, ...]:
    raise ZeroDivisionError


def broken_reading(_text: str, _is_cut: bool, _terms: Terms, _passages: tuple[Passage, ...]) -> Content | Useless:
    raise RecursionError


def no_proof(report: Report, _text: FilteredPaper, _hosts: tuple[str, ...]) -> Proof:
    """Lets every link and every call of a report pass."""
    return Proof(report, ())


def broken_check(_report: Report, _reading: Reading, _paper: Paper) -> Report:
    raise ZeroDivisionError
