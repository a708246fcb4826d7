"""Text in a line: bold, italic, code, formulas and links, to and from Markdown."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import groupby

import msgspec

from digest.types import Run, RunKind, Runs

# An address ends at white space, at Chinese text and before the punctuation of the sentence it stands in.
_ADDRESS = r"https?://(?:[!#-'*-;=?-Z\\^_a-z|~-]|\((?:[!#-'*-;=?-Z^_a-z|~-])*+\))+(?<![.,;:!?'*])"
_FORMULA = (
    r"\$\$(?P<display>(?:\\.|[^$\\])+?)\$\$"
    r"|\$(?P<dollars>(?=[^\s$])(?:\\.|[^$\\\n])*?(?<=\S))\$(?!\d)"
)
# Where an opening mark closes is for `_Closing` to find: here it would be looked for again behind each of them.
_BARE = re.compile(rf"(?<!\\)(?:{_FORMULA})|(?P<opening>\\[(\[])|(?P<bare>{_ADDRESS})", re.DOTALL)
_TOKEN = re.compile(
    rf"{_FORMULA}"
    r"|(?P<opening>\\[(\[]|`+)"
    r"|(?P<escape>\\[!-/:-@\[-`{-~])"
    r"|\[(?P<label>(?:[^\[\]]|\[[^\[\]]*\])*)\]\((?:<(?P<angled>[^<>\s]*)>|(?P<target>(?:[^\s()]|\([^\s()]*\))*))\)"
    rf"|<(?P<auto>https?://[^<>\s]+)>|(?P<bare>{_ADDRESS})"
    r"|(?P<bold>\*\*|</?(?:strong|b)>)|(?P<italic>\*|</?(?:em|i)>)"
    r"|(?P<entity>&(?:\#\d{1,6}|amp|lt|gt|quot);)",
    re.DOTALL,
)
_ENTITY = re.compile(r"&(?=(?:#\d{1,6}|amp|lt|gt|quot);)")
_HTTP = re.compile(r"https?://[^\s<>]+")
_TICKS = re.compile("`+")

_Token = re.Match[str] | Run | str


def parse_runs(text: str) -> Runs:
    """The runs of a line of Markdown, in normal form. Only http and https addresses become links."""
    return fold(_styled(list(_tokens(text, _TOKEN))))


def text_runs(text: str) -> Runs:
    """The runs of plain text: formulas between dollars and addresses are known, nothing else means anything."""
    return fold(run for token in _tokens(text, _BARE) for run in _plain_runs_of(token))


def _plain_runs_of(token: _Token) -> Iterator[Run]:
    match token:
        case str():
            yield Run(token)
        case Run():
            yield token
        case _:
            yield _formula(token) or Run(token[0], link=token["bare"] or "")


def plain_runs(runs: Sequence[Run]) -> str:
    """The text of runs without any marks."""
    return "".join(run.text for run in runs)


def without_spans(runs: Runs, spans: Sequence[tuple[int, int]]) -> Runs:
    """The runs without some spans of their text, given as places in `plain_runs`, in order and apart."""
    kept: list[Run] = []
    begin, place = 0, 0
    for run in runs:
        end, at, text = begin + len(run.text), begin, ""
        while place < len(spans) and spans[place][0] < end:
            text += run.text[at - begin : max(spans[place][0], begin) - begin]
            at = min(spans[place][1], end)
            if spans[place][1] > end:  # it goes on in the next run
                break
            place += 1
        text += run.text[at - begin :]
        kept += [msgspec.structs.replace(run, text=text)] if text else []
        begin = end
    return tuple(kept)


def fold(runs: Iterable[Run]) -> Runs:
    """Runs in normal form: white space folded and outside of styles, neighbours of one style merged, none empty."""
    pieces: list[Run] = []
    for run in _spaced_out(_merged(runs)):
        last = pieces[-1] if pieces else None
        if run.text == " ":
            if last is None or last.text.endswith(" "):
                continue
            if last.kind is RunKind.TEXT and not _is_styled(last):
                pieces[-1] = Run(last.text + " ")
                continue
        elif last is not None and run.kind is not RunKind.TEX and _style(last) == _style(run):
            pieces[-1] = msgspec.structs.replace(last, text=last.text + run.text)
            continue
        pieces.append(run)
    if pieces and pieces[-1].kind is RunKind.TEXT:
        end = pieces.pop()
        pieces += [msgspec.structs.replace(end, text=end.text.rstrip())] if end.text.strip() else []
    return tuple(pieces)


def _merged(runs: Iterable[Run]) -> Iterator[Run]:
    """Neighbouring pieces of text in one style as one run, so that the space between them stays in the style."""
    for style, neighbours in groupby(runs, key=_style):
        if style[0] is RunKind.TEXT:
            together = list(neighbours)
            yield msgspec.structs.replace(together[0], text="".join(run.text for run in together))
        else:
            yield from neighbours


def _spaced_out(runs: Iterable[Run]) -> Iterator[Run]:
    """Runs with white space folded and no space at either end of a run; spaces stand between them as plain runs."""
    for run in runs:
        words = run.text.split()
        if not words:
            if run.text and run.kind is RunKind.TEXT:
                yield Run(" ")
            continue
        text = " ".join(words)
        if run.kind is RunKind.TEX and not _is_writable_formula(text):
            yield Run(text, bold=run.bold, italic=run.italic, link=run.link)
            continue
        if run.link and run.kind is not RunKind.TEXT and re.search(r"[\[\]]", text):
            run = msgspec.structs.replace(run, link="")  # no label can hold it
        outside = run.kind is RunKind.TEXT
        if outside and run.text[0].isspace():
            yield Run(" ")
        yield msgspec.structs.replace(run, text=text)
        if outside and run.text[-1].isspace():
            yield Run(" ")


def _is_styled(run: Run) -> bool:
    return run.bold or run.italic or bool(run.link)


def _style(run: Run) -> tuple[RunKind, bool, bool, str]:
    return run.kind, run.bold, run.italic, run.link


# --- reading ---------------------------------------------------------------------------------------------------


def _tokens(text: str, marks: re.Pattern[str]) -> Iterator[_Token]:
    """The text in pieces: plain ones as str, formulas and code between opening and closing marks as runs, other marks
    as matches."""
    closing = _Closing(text)
    end = at = 0
    while match := marks.search(text, at):
        token: _Token = match
        start, at = match.span()
        if opening := match["opening"]:
            if closed := closing.behind(opening, at):
                token, at = closed
            elif opening[0] == "`" or marks is _BARE:
                continue
            else:
                token = Run(opening[1])  # an escaped bracket
        if start > end:
            yield text[end:start]
        yield token
        end = at
    if end < len(text):
        yield text[end:]


class _Closing:
    """Where opening marks of a text close; looks over the rest of the text once for each kind, however many open."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._missing: set[str] = set()

    def behind(self, opening: str, at: int) -> tuple[Run, int] | None:
        """What lies between an opening mark, which ends at `at`, and the one that closes it, and where that ends."""
        return self._code(len(opening), at) if opening[0] == "`" else self._formula(opening, at)

    def _formula(self, opening: str, at: int) -> tuple[Run, int] | None:
        mark = r"\)" if opening == r"\(" else r"\]"
        end = -1 if mark in self._missing else self._text.find(mark, at + 1)
        if end < 0:
            self._missing.add(mark)
            return None
        tex = self._text[at:end]
        return Run(tex, RunKind.TEX) if tex.strip() else Run(f"{opening}{tex}{mark}"), end + len(mark)

    def _code(self, count: int, at: int) -> tuple[Run, int] | None:
        """Code ends at as many ticks as it begins with; where there are not as many, some of these belong to it."""
        for fewer in range(count, 0, -1):
            fences = self._fences.get(fewer, ())
            place = bisect_left(fences, at)
            if place < len(fences):
                return Run(self._text[at - count + fewer : fences[place]], RunKind.CODE), fences[place] + fewer
        return None

    @cached_property
    def _fences(self) -> dict[int, list[int]]:
        """Where runs of so many ticks begin."""
        found: dict[int, list[int]] = defaultdict(list)
        for ticks in _TICKS.finditer(self._text):
            found[len(ticks[0])].append(ticks.start())
        return found


def _styled(tokens: list[_Token]) -> Iterator[Run]:
    bolds = [place for place, token in enumerate(tokens) if _is(token, "bold")]
    italics = _pairs(tokens)
    unpaired = {bolds[-1]} if len(bolds) % 2 else set()
    bold = italic = False
    for place, token in enumerate(tokens):
        if isinstance(token, str):
            yield Run(token, bold=bold, italic=italic)
        elif _is(token, "bold") and place not in unpaired:
            bold = not bold
        elif place in italics:
            italic = not italic
        else:
            for run in (token,) if isinstance(token, Run) else _runs_of(token):
                yield msgspec.structs.replace(run, bold=run.bold or bold, italic=run.italic or italic)


def _is(token: _Token, name: str) -> bool:
    return isinstance(token, re.Match) and token[name] is not None


def _pairs(tokens: list[_Token]) -> set[int]:
    """Places of italic marks that come in pairs; a lone asterisk, or one between digits, is an asterisk."""
    open_at: int | None = None
    paired: set[int] = set()
    for place, token in enumerate(tokens):
        if not isinstance(token, re.Match) or token["italic"] is None:
            continue
        before = token.string[max(0, token.start() - 1) : token.start()]
        after = token.string[token.end() : token.end() + 1]
        tag = token["italic"].startswith("<")
        if open_at is None and (tag or (not after.isspace() and after and not _is_word(before))):
            open_at = place
        elif open_at is not None and (tag or (not before.isspace() and not _is_word(after))):
            paired |= {open_at, place}
            open_at = None
    return paired


def _is_word(char: str) -> bool:
    return char.isascii() and char.isalnum()


def _runs_of(match: re.Match[str]) -> Iterable[Run]:
    if formula := _formula(match):
        return (formula,)
    if match["escape"]:
        return (Run(match["escape"][1]),)
    if match["label"] is not None:
        target = match["angled"] or match["target"] or ""
        label = parse_runs(match["label"])
        return (msgspec.structs.replace(run, link=target) for run in label) if _HTTP.fullmatch(target) else label
    if address := match["auto"] or match["bare"]:
        return (Run(address, link=address),)
    if match["entity"]:
        return (Run(html.unescape(match["entity"])),)
    return (Run(match[0]),)


def _formula(match: re.Match[str]) -> Run | None:
    tex = match["display"] or match["dollars"]
    return Run(tex, RunKind.TEX) if tex and tex.strip() else None


# --- writing ---------------------------------------------------------------------------------------------------


def write_runs(runs: Sequence[Run]) -> str:
    """One line of Markdown that `parse_runs` turns into the same runs, if they are in normal form."""
    parts: list[str] = []
    brackets = "](" in plain_runs(runs)
    grouped = groupby(
        zip(runs, _following(runs), strict=True), key=lambda pair: (pair[0].link, pair[0].bold, pair[0].italic)
    )
    for (link, bold, italic), group in grouped:
        pairs = list(group)
        before, after = parts[-1][-1:] if parts else "", pairs[-1][1]
        inner = "".join(_content(run, next_char, brackets=brackets) for run, next_char in pairs)
        whole = "".join(run.text for run, _ in pairs)
        if link:
            inner = _link(inner, whole, link, after)
        if italic:
            inner = f"<em>{inner}</em>"
        if bold:
            inner = _bold(inner, before, after)
        parts.append(inner)
    return "".join(parts)


def write_text(runs: Sequence[Run]) -> str:
    """Plain text that `text_runs` turns into the same runs; styles are gone."""
    pairs = zip(runs, _following(runs), strict=True)
    return "".join(_between_marks(run.text, after) if run.kind is RunKind.TEX else run.text for run, after in pairs)


def _following(runs: Sequence[Run]) -> list[str]:
    """The first character of what is written after each run."""
    return [*("$" if run.kind is RunKind.TEX else run.text[:1] for run in runs[1:]), ""][: len(runs)]


def _content(run: Run, after: str, *, brackets: bool) -> str:
    """A run without its style. With `brackets`, those of the text could be taken for a link and are written out."""
    match run.kind:
        case RunKind.CODE:
            ticks = "`" * (1 + max((len(found) for found in _TICKS.findall(run.text)), default=0))
            pad = " " if run.text[0] == "`" or run.text[-1] == "`" else ""
            return f"{ticks}{pad}{run.text}{pad}{ticks}"
        case RunKind.TEX:
            return _between_marks(run.text, after)
        case RunKind.TEXT:
            return run.text if run.link == run.text else _escaped(run.text, brackets=brackets or bool(run.link))


def _between_marks(tex: str, after: str) -> str:
    r"""A formula between dollars, or between \( and \) where dollars would not be read again."""
    plain_dollars = "$" not in tex and not _ends_in_backslash(tex) and not after.isdigit() and after != "$"
    return f"${tex}$" if plain_dollars else rf"\({tex}\)"


def _escaped(text: str, *, brackets: bool) -> str:
    text = _ENTITY.sub("&amp;", text)
    text = re.sub(r"([\\*`$])", r"\\\1", text)
    text = re.sub(r"<(?=/?(?:strong|b|em|i)>|https?://)", r"\\<", text)
    text = re.sub(r"(https?):(?=//)", r"\1&#58;", text)
    if brackets:
        return text.replace("[", "&#91;").replace("]", "&#93;")
    return text


def _link(inner: str, text: str, link: str, after: str) -> str:
    if text == link:
        clear = re.fullmatch(_ADDRESS, link) and (not after or after.isspace() or after in "）。，、；：")
        return link if clear else f"<{link}>"
    balanced = re.fullmatch(r"(?:[^\s()]|\([^\s()]*\))*", link)
    return f"[{inner}]({link})" if balanced else f"[{inner}](<{link}>)"


def _bold(inner: str, before: str, after: str) -> str:
    """Asterisks where CommonMark takes them for bold (https://spec.commonmark.org/0.31.2/#left-flanking-delimiter-run),
    else a tag, which every viewer knows."""
    opens = not _is_mark(inner[:1]) or not before or before.isspace() or _is_mark(before)
    closes = not _is_mark(inner[-1:]) or not after or after.isspace() or _is_mark(after)
    clear = "*" not in (before, after, inner[:1], inner[-1:])
    return f"**{inner}**" if opens and closes and clear else f"<strong>{inner}</strong>"


def _is_mark(char: str) -> bool:
    return bool(char) and unicodedata.category(char)[0] in "PS"


def _ends_in_backslash(text: str) -> bool:
    return (len(text) - len(text.rstrip("\\"))) % 2 == 1


def _is_writable_formula(text: str) -> bool:
    """Whether a formula can stand between one of the two pairs of marks."""
    return "\\)" not in text and not (text.startswith("$") and text.endswith("$")) and text.strip("$ ") != ""
