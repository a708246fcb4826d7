"""No text can stall Paperboy: every pattern and every reader of text takes time in proportion to the text's length.

What runs too long is killed in a child process (`tests.linear_child`), whatever the machine: linear work takes
milliseconds of processor time there, and a second is allowed.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

# Not yet linear, to be removed with the work on them.
_BEING_FIXED: frozenset[str] = frozenset(
    {
        "adapters.discord_events._MARKED",
        "adapters.discord_messages.messages",
        "adapters.discord_text._LINE_START",
        "adapters.discord_text._NUMBER_START",
        "adapters.discord_text.escaped",
        "adapters.discord_text.pieces",
        "adapters.markup.message_lines",
        "adapters.markup.title_text",
        "adapters.neutral._BARE_HOST",
        "adapters.neutral._SENTENCE_END",
        "adapters.slack_blocks.messages",
        "bot.hours._HAN",
        "bot.spans._SPAN",
        "bot.wishes._TOKEN",
        "digest.addressed._SENTENCE",
        "digest.derivation._MORE",
        "digest.domains.nearest",
        "digest.fetch._retry_after_s",
        "digest.figures._ABOUT_BEHIND",
        "digest.figures._ADDRESS",
        "digest.figures._COUNTED",
        "digest.figures._DAY",
        "digest.figures._DEVIATED",
        "digest.figures._NAMED",
        "digest.figures._NUMBER",
        "digest.figures._YEAR_BEFORE",
        "digest.figures._YEAR_SAID",
        "digest.figures.figures",
        "digest.grounding._BETWEEN",
        "digest.grounding.checked",
        "digest.inline._BARE",
        "digest.inline._TOKEN",
        "digest.inline.parse_runs",
        "digest.inline.text_runs",
        "digest.labels._TOGETHER",
        "digest.markdown._FENCE",
        "digest.markdown._HEADING",
        "digest.markdown._MARKER",
        "digest.markdown._RULE",
        "digest.markdown._TABLE_RULE",
        "digest.markdown.parse",
        "digest.names._FAMILY",
        "digest.names._NO_NAME_TEXT",
        "digest.names._ORDINARY_TAIL",
        "digest.names._SIZE",
        "digest.names._WORD",
        "digest.names._is_telling",
        "digest.names.names",
        "digest.names.without_size",
        "digest.orders._ADDRESSES",
        "digest.sources.report_file._HEADING",
        "digest.spots._BRACKETS",
        "digest.spots._SIZE_CELL",
        "digest.statements.told",
        "digest.subscriptions._erase_jobs",
        "digest.titles._ID",
        "digest.types._DESTINATION",
        "digest.types._ID_OR_ADDRESS",
        "digest.writers.proof._ADDRESS",
        "digest.readers.hub_markdown.passages",
        "digest.readers.hub_markdown.passages (heading)",
        "digest.readers.saved.passages_of",
        "digest.writers.naming.labelled",
    }
)


@pytest.mark.parametrize("what", ["patterns", "scanners"])
def test_no_text_stalls(what: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "tests.linear_child", what], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    stalled = [f"{place}, on {text}" for place, text in json.loads(ran.stdout) if place not in _BEING_FIXED]
    assert not stalled, "\n".join(["killed after a second of processor time:", *stalled])
