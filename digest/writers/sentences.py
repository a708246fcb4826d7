"""Sentences of scientific English and of Chinese: where they end, and what can be left away without changing a word."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Callable, Iterator
from operator import itemgetter

# A point inside one of these ends nothing. Formulas stand between dollars as in digest.inline.
_WHOLE = re.compile(
    r"\$\$[^$]+\$\$|(?<!\\)\$(?=[^\s$])(?:\\.|[^$\\\n])*?(?<=\S)\$(?!\d)"
    r"|\\\((?:[^\\]|\\(?![()]))+\\\)|\\\[(?:[^\\]|\\(?![\[\]]))+\\\]|https?://\S+",
    re.DOTALL,
)
_END = re.compile(
    r"(?:(?<![.!?])[.!?]++[\"'”’)\]$]*+\s++(?=[\"'“‘(\[{]*+(?:[A-Z0-9$\\\u0370-\u03ff]|[a-z]{1,3}[A-Z]))|[。！？][”’」』）]*|\n{2,})"
)
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[~])(?:e\.g|i\.e|cf|vs|v\.s|resp|approx|ca|w\.r\.t|a\.k\.a|s\.t|i\.i\.d|viz|Figs?|Eqs?|Eqns?|Secs?|Sect|"
    r"Tabs?|Refs?|Chap|App|Alg|Thm|Lem|Prop|Def|Cor|Dr|Prof|Mr|Mrs|Ms|St|Nos?|Vol|pp|Ph\.D|Inc|Ltd|Jan|Feb|Mar|Apr|"
    r"Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$",
    re.IGNORECASE,
)
# These end a sentence only when the next word is one that begins sentences.
_OPEN_ENDED = re.compile(r"(?:\bet al|\b[A-Z]|\betc)\.[\"'”’)\]]*$")
_STARTER = re.compile(
    r"(?:We|The|This|These|Those|That|Our|In|It|Its|However|To|For|By|Moreover|Furthermore|Finally|On|With|As|At|From|"
    r"When|While|Since|Although|Though|Here|There|They|Such|Unlike|Given|Specifically|Thus|Hence|Therefore|Then|First|"
    r"Second|Recent|Recently|Existing|Most|Many|Experiments|Extensive|Results|Code)\b"
)

_TAIL_CHARS = 24  # more than the longest of these

_YEARS = r",?\s*+(?:19|20)\d\d[a-z]?(?:,\s*+(?:19|20)?\d\d[a-z]?)*"
_KEY = r"[A-Za-z]{2,}(?:19|20)\d\d[A-Za-z]{2,}"
# Outside of brackets only what is no data set ("newstest2014"), nor a dash that lost its marks ("lampsx2013such as").
_BARE_KEY = r"[a-z]{3,}+(?!(?<=x)201\d)(?:19|20)\d\d[a-z]{3,}+\d?(?![\w-])"
_BARE_KEYS = rf"{_BARE_KEY}(?:[;,]\s*+{_BARE_KEY})*"
# After these, and where a sentence begins, the mark is a part of the sentence.
_CARRIERS = "in by of to and or from with as see than that follow following like".split()
_SUPPORTED = r"(?<![.!?:])" + "".join(rf"(?<!\b{word})" for word in _CARRIERS)
_CITATIONS = re.compile(
    rf"(?<!\s)\s*+(?:\([^()$]{{0,170}}?(?:et al\.?{_YEARS}|(?<![A-Za-z’'-])[A-Za-z’'-]{{2,}}+,\s*+(?:19|20)\d\d[a-z]?)"
    r"(?:;[^()$]*+(?:(?<=\d{4})|(?<=\d{4}[a-z])))?\)"
    # Keys of a bibliography that nobody resolved: "(kim2017kites)", "(hall14; kim2017kites)", "kites kim2017kites fly".
    r"|\([a-z]{3,}+(?:19|20)\d\d[a-z]*+(?:[;,] [A-Za-z]++(?:19|20)?\d\d[a-z]*+)*\)"
    rf"|\((?=[^()]*\b{_KEY}(?![\w-]))[\w:-]++(?:[;,]\s*+[\w:-]++)*\)"
    r"|(?<!\bin )(?<!\bby )(?<!\bof )(?<!\bto )(?<!\band )(?<!\bfrom )(?<!\bwith )(?<!\brange )"
    r"\[[1-9]\d{0,2}(?:\s*+[,;–-]\s*+[1-9]\d{0,2})*\])"
    rf"|,?{_SUPPORTED}(?<!\s)\s++{_BARE_KEYS}(?=\s*+\))|{_SUPPORTED}(?<!\s)\s++{_BARE_KEYS}"
)
_SPACE_BEFORE_MARK = re.compile(r"(?<!\s)\s++([,.;:!?])(?=\s|$)")

# What abstracts hold of LaTeX outside of formulas.
_STYLED = re.compile(r"\\(?:text(?:bf|it|sc|tt|rm|sf)?|emph|mbox|underline|url|ensuremath)\s*\{([^{}]*)\}")
_BRACED = re.compile(r"(?<![\\_^\w}])\{(?:\\(?:bf|it|em|sc|tt)\s++)?([^{}\\]*+)\}")
_ESCAPED = re.compile(r"\\([%&#_])")
_TIE = re.compile(r"(?<=[\w.,])(?!(?<=\d)~\d)~(?=[\w\\(])")  # between digits it is a range
_DROPPED = re.compile(r"(?<!\s)\s*+\\(?:cite[a-z]*+|footnote|label|ref)\s*+\{[^{}]*+\}|\\(?:xspace|noindent|,|;|!)")

_PAPER = r"(?:paper|work|article|report|study|technical report|survey|letter|manuscript)"
_MEND = (
    "address|bridge|fill|tackle|close|overcome|mitigate|solve|resolve|remedy|alleviate|achieve|meet|handle|facilitate|"
    "answer|enable|combat|counter|rectify|do|study|investigate|explore"
)
_POINTING = (
    r"(?:this|these|that|those|the|such|both|all)(?: (?:above|aforementioned|key|two|three|critical|important))?"
)
_OPENING_PHRASES = (
    rf"in (?:this|the present|our)(?: {_PAPER})?",
    "here|therefore|thus|hence|accordingly|consequently|as a result|in response|in contrast|instead|to th(?:is|at) end",
    "to these ends|with this in mind|for this purpose|in light of this",
    r"(?:building|built|based|drawing) (?:up)?on (?:this|these|that|such|the above)(?: [\w-]+){0,3}",
    r"(?:inspired|motivated|guided|driven) by (?:this|these|the above|such)(?: [\w-]+){0,3}",
    rf"to (?:better |effectively |fully )?(?:{_MEND}) {_POINTING}(?: [\w-]+){{0,2}}",
    "specifically|in particular|concretely|more specifically|more concretely|additionally|moreover|furthermore|finally",
    "also|notably|crucially|importantly|first|second|third|lastly|besides|in addition|in summary|overall|to summarize",
    "empirically|further|next|then|together|meanwhile|to our knowledge|to the best of our knowledge|however|yet",
)
_OPENINGS = re.compile(rf"(?:(?:and|but|so)\s++)?(?:{'|'.join(_OPENING_PHRASES)})\s*+[,:]\s++", re.IGNORECASE)
_BARE_OPENINGS = re.compile(rf"(?:in this {_PAPER}|here|therefore|thus|hence|finally|first)\s+(?=we\b)", re.IGNORECASE)


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text, each on one line and otherwise as it stands there, without its citation marks."""
    readable = without_citations(without_latex(text))
    return tuple(line for line in (" ".join(sentence.split()) for sentence in _split(readable)) if line)


def pieces(text: str) -> tuple[str, ...]:
    """The text cut behind its sentences, each with the white space after it: joined they are the text."""
    return tuple(filter(None, _split(text)))


def without_citations(text: str) -> str:
    """The text without "[3]" and "(Smith et al., 2020)"; an interval such as "in [1, 5]" stays."""
    return _SPACE_BEFORE_MARK.sub(r"\1", _outside_formulas(text, lambda part: _CITATIONS.sub("", part)))


def without_latex(text: str) -> str:
    r"""The text with \textit{words} as words and \% as %, formulas untouched: lists give abstracts as authors typed."""
    return _outside_formulas(text, _plain) if re.search(r"[\\{~]", text) else text


def without_opening(sentence: str) -> str:
    """The sentence without "In this paper," and the like, its first letter large again; nothing else is touched."""
    rest = sentence
    for _ in range(3):  # "Finally, to this end, in this paper, we"
        match = _OPENINGS.match(rest) or _BARE_OPENINGS.match(rest)
        if match is None or match.end() == len(rest):
            break
        rest = rest[match.end() :]
    if rest == sentence:
        return sentence
    return rest[0].upper() + rest[1:] if re.match(r"[a-z]+\b(?![A-Z])", rest) else rest


def _outside_formulas(text: str, change: Callable[[str], str]) -> str:
    parts, end = [], 0
    for match in _WHOLE.finditer(text):
        parts += [change(text[end : match.start()]), match[0]]
        end = match.end()
    return "".join([*parts, change(text[end:])])


def _plain(part: str) -> str:
    part = _DROPPED.sub("", part)
    for _ in range(2):
        part = _STYLED.sub(r"\1", part)
    return _TIE.sub(" ", _ESCAPED.sub(r"\1", _BRACED.sub(r"\1", part)))


def _split(text: str) -> Iterator[str]:
    spans = [match.span() for match in _WHOLE.finditer(text)]
    begin = 0
    for match in _END.finditer(text):
        end = match.end()
        before = bisect(spans, match.start(), key=itemgetter(0))
        if before and end < spans[before - 1][1]:
            continue
        if _ends_nothing(text[max(begin, end - _TAIL_CHARS) : end].rstrip(), text[end : end + _TAIL_CHARS]):
            continue
        yield text[begin:end]
        begin = end
    yield text[begin:]


def _ends_nothing(before: str, after: str) -> bool:
    """Whether a point belongs to an abbreviation or an initial."""
    if _ABBREVIATION.search(before):
        return True
    return bool(_OPEN_ENDED.search(before)) and not _STARTER.match(after.lstrip("\"'“‘(["))
