"""Text that came from papers, made harmless and cut where a reader would cut it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from urllib.parse import urlsplit

from adapters.markup import clean

_WIDE = r"\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef"
# Where a text may be broken, best first
_SENTENCE_END = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s++|[。！？；]+[”’」』）》]*\s*|\n+")
_CLAUSE_END = re.compile(r"\s+|[，、：]+")
_WIDE_END = re.compile(rf"[{_WIDE}]")

# Slack's own escapes: https://docs.slack.dev/messaging/formatting-message-text#escaping
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MENTION = re.compile(r"@(?=here|channel|everyone)|(?<![A-Za-z0-9])@(?=\w)", re.IGNORECASE)
_FULL_WIDTH_AT = "＠"  # looks alike, and no platform takes it for a mention

_WEB_ADDRESS = re.compile(r"https?://[^\s<>|\"]+", re.IGNORECASE)
_NAMED_HOST = re.compile(r"https?://(?:[^\s/@]*+@)?([\w.-]+)", re.IGNORECASE)
_BARE_HOST = re.compile(r"(?<![\w.-])((?:[\w-]++\.)+[a-z]{2,})(?:[/:?#]\S*)?", re.IGNORECASE)


def break_at(text: str, max_chars: int) -> int:
    """Where to break a text that is longer than `max_chars`: at most there, at least 1, outside words.

    After the last sentence if that keeps half of the room, else after white space or a Chinese comma, else after an
    East Asian character. Only a single word longer than the room is broken, and not before a combining mark.
    """
    for pattern, least in ((_SENTENCE_END, max_chars // 2), (_CLAUSE_END, 1), (_WIDE_END, 1)):
        end = max((match.end() for match in pattern.finditer(text, 0, max_chars)), default=0)
        if end >= max(least, 1):
            return end
    end = max_chars
    while end > 1 and unicodedata.category(text[end]).startswith("M"):
        end -= 1
    return end


def shortened(text: str, max_chars: int) -> str:
    """The text, or its beginning with an ellipsis."""
    if len(text) <= max_chars:
        return text
    return text[: break_at(text, max_chars - 1)].rstrip() + "…"


def unmentioned(text: str) -> str:
    """The text without what nobody sees and without marks that a platform could take for a mention."""
    return _MENTION.sub(_FULL_WIDTH_AT, clean(text))


def mrkdwn(text: str, max_chars: int) -> str:
    """The text, escaped, for a field that Slack parses as mrkdwn: nobody is mentioned, nothing linked; cut to fit."""
    text = unmentioned(text)
    lengths = list(itertools.accumulate(len(_ESCAPES.get(char, char)) for char in text))
    if lengths and lengths[-1] > max_chars:
        text = shortened(text, 1 + sum(length < max_chars for length in lengths))
    return "".join(_ESCAPES.get(char, char) for char in text)


def web_host(address: str) -> str:
    """The host of an http(s) address, lower case; "" when it is no address that could be opened."""
    if not _WEB_ADDRESS.fullmatch(address) or clean(address) != address:
        return ""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def pretends(text: str, host: str) -> bool:
    """Whether a link's text names another host than the one it leads to."""
    named = _NAMED_HOST.findall(text)
    if bare := _BARE_HOST.fullmatch(text.strip()):
        named.append(bare[1])
    return any(not f".{host}".endswith(f".{name.lower().removeprefix('www.')}") for name in named)
