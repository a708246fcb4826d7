"""What the operator hears of changes to reports: who changed what, and a link. For chat and the command line alike."""

from __future__ import annotations

import secrets
from typing import Any

from msgspec import Struct

from digest import render
from digest.operator import tell_operator
from digest.store import Store
from digest.types import Paper, Texts

COMMAND_LINE = "command line"


class Author(Struct, frozen=True):
    """Who changes a report: `adapter:person` or COMMAND_LINE, what people call them, and an address of what it is
    about, "" where nobody knows one."""

    id: str
    name: str = ""
    link: str = ""

    def described(self, texts: Texts) -> str:
        if self.id == COMMAND_LINE:
            return texts.phrases["operator_command_line"]
        return f"{self.name} ({self.id})" if self.name else self.id


def notify_operator(store: Store, texts: Texts, author: Author, key: str, paper: Paper, **values: Any) -> None:
    """Tells the operator in one sentence, the phrase `key`; to be called in the transaction of the change."""
    title = render.unlinked(paper.title)
    sentence = texts.phrases[key].format(who=author.described(texts), id=paper.id, title=title, **values)
    tell_operator(store, f"{key} {paper.id} {secrets.token_hex(8)}", sentence, author.link or render.address(paper))
