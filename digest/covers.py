"""What covers a report where it was posted: its withdrawal everywhere, or that a channel's managers hid it there.

The SQL of the table hidden.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from digest import render
from digest.localizer import Localizer
from digest.lookups import Lookups
from digest.types import ArxivId, Destination, Message, Paper, Paragraph, Run, Section, SectionName, Texts

if TYPE_CHECKING:
    from digest.copies import Copy
    from digest.store import Store


class Covers:
    """What the copies of one paper's report show instead of it, as the store stands."""

    def __init__(self, lookups: Lookups, localizer: Localizer, paper: Paper) -> None:
        self._localizer = localizer
        self._paper = paper
        self._why = lookups.withdrawn(paper.id)
        self._hidden_at = hidden_at(lookups, paper.id)

    def hides(self, copy: Copy) -> bool:
        return copy.destination in self._hidden_at

    def over(self, copy: Copy, shown: Message) -> Message | None:
        """What a copy that would show `shown` shows instead; None: nothing covers it. What is said of a report in a
        thread is covered only where the paper is hidden."""
        texts = self._localizer.texts(copy.language)
        if self.hides(copy):
            return _hidden(self._paper.id, copy, texts)
        return None if self._why is None or copy.is_reply else _withdrawn(self._paper, self._why, copy, shown, texts)

    def unsent(self, copy: Copy) -> str:
        """Why a covered copy that was not posted yet is held."""
        return (
            "The channel's managers have hidden it." if self.hides(copy) else f"The report was withdrawn: {self._why}"
        )


def _hidden(paper: ArxivId, copy: Copy, texts: Texts) -> Message:
    """Neither title nor text: managers may have hidden it for either. The id tells them what to unhide. A thread that
    was named by the title keeps its name."""
    sentence = texts.phrases["hidden_here"]
    footer = "" if copy.is_section or copy.is_reply else str(paper)
    return Message(blocks=(Paragraph((Run(sentence),)),), footer=footer, plain=sentence)


def _withdrawn(paper: Paper, why: str, copy: Copy, shown: Message, texts: Texts) -> Message:
    """The reason instead of the text; of the buttons, those that lead to the paper stay."""
    sentence = Paragraph((Run(withdrawn_sentence(why, texts)),))
    if copy.is_section:
        label = render.section_blocks(Section(SectionName(copy.subject)), texts)[0]
        return replace(shown, blocks=(label, sentence))
    links = tuple(action for action in shown.actions if action.url)
    return replace(shown, blocks=(sentence,), footer=render.facts(paper, None, texts), actions=links)


def withdrawn_sentence(why: str, texts: Texts) -> str:
    return texts.phrases["withdrawn_here"].format(why=why)


# --- hidden papers -----------------------------------------------------------------------------------------------


def set_hidden(store: Store, destination: int, paper: ArxivId, by: str) -> bool:
    """Marks a paper as hidden at a destination, by `adapter:person`; False when it was already."""
    return (
        store.connection.execute(
            "INSERT OR IGNORE INTO hidden (destination, paper, hidden_by, hidden_at) VALUES (?, ?, ?, ?)",
            (destination, paper, by, store.clock().isoformat()),
        ).rowcount
        > 0
    )


def clear_hidden(store: Store, destination: int, paper: ArxivId) -> bool:
    """Shows a paper at a destination again; False when it was not hidden."""
    return (
        store.connection.execute(
            "DELETE FROM hidden WHERE destination = ? AND paper = ?", (destination, paper)
        ).rowcount
        > 0
    )


def hidden_at(lookups: Lookups, paper: ArxivId) -> frozenset[int]:
    """The destinations at which a paper is hidden, by the store's number."""
    rows = lookups.connection.execute("SELECT destination FROM hidden WHERE paper = ?", (paper,))
    return frozenset(row[0] for row in rows)


def hidden_papers(lookups: Lookups, destinations: Collection[int]) -> dict[int, frozenset[ArxivId]]:
    """The papers hidden at each of these destinations; destinations without any are left out."""
    found: dict[int, set[ArxivId]] = {}
    for number, paper in lookups.connection.execute("SELECT destination, paper FROM hidden"):
        if number in destinations:
            found.setdefault(number, set()).add(ArxivId(paper))
    return {number: frozenset(papers) for number, papers in found.items()}


def hidden_in(lookups: Lookups, to: Destination) -> frozenset[ArxivId]:
    """The papers hidden in a conversation."""
    rows: Sequence[tuple[str]] = lookups.connection.execute(
        "SELECT paper FROM hidden WHERE destination IN (SELECT id FROM destinations "
        "WHERE adapter = ? AND workspace IN (?, '') AND address = ? AND removed_at IS NULL)",
        (to.adapter, to.workspace, to.address),
    ).fetchall()
    return frozenset(ArxivId(row[0]) for row in rows)
