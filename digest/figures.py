r"""Figures in a text: where they stand, what they are worth, and how exactly they are told.

The same figure is written in many ways: 1,234 and 1 234, 84.24\% and 84.24 %, 1.2M, 1.2 million and 120 万,
$5 \times 10^{-4}$ and 5e-4. What only looks like a figure is left out: numbers inside names (GPT-4, H100), years and
dates, ids, addresses, the numbers of sections, figures, references and list points.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from string import ascii_letters
from typing import NamedTuple


class Figure(NamedTuple):
    """A figure at [start, end) of a text.

    `value` has no sign, and its scale applied: 1.47 for "1.47 亿" is 147,000,000; `step` is what its last digit stands
    for, 1,000,000 there. `bare` and `bare_step` are the same without the scale, as tables have it whose header says
    "(M)".
    """

    start: int
    end: int
    text: str
    value: float
    step: float
    bare: float
    bare_step: float
    sign: str  # "+", "-" or ""
    unit: str  # "%", "x", "s", "fps" ..., "" for none that is known
    round: float  # what its last digit but zeros stands for, if the text says "about"; else `step`
    version: bool  # it may be the version in a name: "Kite 2", but also a score: "BLEU 28.4"


# --- numbers -----------------------------------------------------------------------------------------------------

_GAP = "\x1f"  # stands between thousands where a text has a thin space or TeX for it
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_SAME = str.maketrans(
    "−–—‐‑－＋％～〜，．（）［］：／" + "０１２３４５６７８９" + "\u00a0\u2002\u2003\u3000\t\n",
    "------+%~~,.()[]:/" + "0123456789" + "      ",
)
_SCALES = {
    **dict.fromkeys(("hundred", "百"), 1e2),
    **dict.fromkeys(("k", "thousand", "千"), 1e3),
    **dict.fromkeys(("m", "million", "百万"), 1e6),
    **dict.fromkeys(("b", "bn", "billion", "十亿"), 1e9),
    **dict.fromkeys(("t", "trillion", "万亿"), 1e12),
    **dict(zip("万 十万 千万 亿 百亿 千亿".split(), (1e4, 1e5, 1e7, 1e8, 1e10, 1e11), strict=True)),
}
_SCALE = (
    r"\s?(?:K|M|B)(?![A-Za-z\d])|[kTb](?![A-Za-z\d])"
    r"|(?:\s|-)?(?:hundred|thousand|million|billion|trillion|bn)(?![A-Za-z])"
    r"|\s?(?:[十百千]?万|[十百千万]?亿|[百千])(?!分)"
)
_UNITS = (
    ("%", r"\s?(?:\\?%|percentage[ -]points?\b|percent(?:age)?\b|per cent\b|pp\b|个?百分点)"),
    ("x", r"(?:\s?×(?!\s*\d)|x(?![A-Za-z\d]|\s*\d)|\s?times\b|-?\s?fold\b|\s?倍)"),
    ("ms", r"\s?(?:ms\b|milliseconds?\b|毫秒)"),
    ("s", r"[ -]?(?:s\b|secs?\b|seconds?\b|秒)"),
    ("min", r"[ -]?(?:mins?\b|minutes?\b|分钟)"),
    ("h", r"[ -]?(?:h\b|hrs?\b|hours?\b|小时)"),
    ("d", r"[ -]?(?:days?\b|天)"),
    ("y", r"[ -]?(?:years?\b|年(?!级))"),
    ("fps", r"\s?(?:fps\b|FPS\b|帧/秒)"),
    ("p", r"p\b"),
    ("px", r"\s?(?:px\b|pixels?\b|像素)"),
    ("gb", r"\s?(?:Gi?B\b|G\b)"),
    ("mb", r"\s?Mi?B\b"),
    ("tb", r"\s?Ti?B\b"),
    ("kb", r"\s?[kK]i?B\b"),
    ("hz", r"\s?(?:[kMG]?Hz)\b"),
    ("m", r"\s?(?:[cmkn]?m|km|µm)\b"),
    ("w", r"\s?k?Wh?\b"),
)
_UNIT = "|".join(f"(?P<u{place}>{pattern})" for place, (_, pattern) in enumerate(_UNITS))
_UNIT_AT = re.compile(_UNIT)
_NUMBER = re.compile(
    rf"(?P<sign>[+-])?(?P<number>\d{{1,3}}(?:(?:,|{_GAP}{{1,3}})\d{{3}})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\d.])\.\d+)"
    r"(?:(?:\s*+[×*]\s*+|\sx\s)10\s*+(?:\^\s*+)?(?P<power>[-+]?\d+|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)(?![\d.])|[eE](?P<e>[-+]?\d{1,3})(?![\w.])"
    r"|(?P<ten>\s*+\^\s*+[-+]?\d+|[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))?"
    rf"(?P<scale>{_SCALE})?"
)
_DEVIATED = re.compile(r"\s{0,8}\([\d.\s]{1,12}\)\s*+×\s*+10\s*+(?:\^\s*+)?([-+]?\d+)")

# --- what TeX writes around numbers ------------------------------------------------------------------------------

# Each begins with one of five signs, so that the rest of a text is passed over quickly.
_TEX = re.compile(
    r"[\\_${}](?:(?<=\\)(?:(?P<style>(?:math(?:bf|rm|it|sf|cal)|text(?:bf|it|rm)?|bf|bm|boldsymbol|uline|underline|emph|rm|"
    r"displaystyle|left|right|q?quad|h?phantom|small|large)(?![A-Za-z]))|(?P<times>(?:times|cdot)(?![A-Za-z]))"
    r"|(?P<percent>%)|(?P<pm>pm(?![A-Za-z]))|(?P<about>(?:sim|approx|simeq|lesssim|gtrsim)(?![A-Za-z]))"
    r"|(?P<thin>(?<=\d\\),(?=\d{3}(?!\d)))|(?P<space>[,;:! ]))"
    r"|(?P<gap>(?<=\d\{),\}(?=\d{3}(?!\d)))"
    r"|(?<=_)(?P<index>\s*\{[^{}.+±]*\}|(?<=[\s$}]_)[A-Za-z\d]))?"
)
_SIGN_BEFORE_DOLLAR = re.compile(r"-\$(?=[\d.])")
_THIN = re.compile("(?<=\\d)[\u2009\u202f](?=\\d{3}(?!\\d))")
_ADDRESS = re.compile(r"https?://[^\s<>()，。；、]+|www\.\S+|\b[\w.+-]{1,64}@[\w-]++\.[\w.]+")

# --- what is no figure -------------------------------------------------------------------------------------------

_REFERENCE = re.compile(
    r"(?:\b(?=[a-z])(?:tables?|tabs?|figures?|figs?|sections?|secs?|sect|appendix|app|eqs?|eqns?|equations?|algorithms?|alg|"
    r"theorems?|lemmas?|propositions?|definitions?|corollary|chapters?|steps?|stages?|phases?|parts?|listings?|"
    r"footnotes?|lines?|questions?|examples?|cases?|version|ver|no|rq|top|ref|refs|reference)\b\.?"
    r"|[§#v]|(?:(?<![\u4e00-\u9fff])|[如见在和与])[图表]|公式|算法|第|附录|步骤|阶段|定理|引理|方程|章节|版本|示例)[\s~-]*$|\b(?:eqs?|eqns?|equations?)\b\.?\s*\($",
    re.IGNORECASE,
)
_LOOSE = str.maketrans("~-.(", "    ")  # may stand between a reference and its number
# Ids, dates and years that begin with a number, and what stands before the day or the number of a licence.
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\.?"
_NO_FIGURE = re.compile(
    r"\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}(?:v\d+)?(?![\d.])|\d{4}-\d{2}-\d{2}(?!\d)|\d{4}/\d{1,2}/\d{1,2}(?!\d)"
    r"|(?:19|20)\d\d\s?[-~至到]\s?(?:19|20)\d\d(?!\d)"
    rf"|\d{{1,2}} {_MONTH}(?![a-z])(?: \d{{4}})?|\d{{1,2}}\s?月(?:\s?\d{{1,2}}\s?日)?"
)
_BRACKETED = re.compile(r"\[\s*\d{1,3}(?:\s*[,;-]\s*\d{1,3})*\s*\]")
_DAY = re.compile(rf"(?:{_MONTH} |\bCC[- ]BY(?:-\w{{1,8}}){{0,4}}[- ]|\b(?:Apache|MIT|GPL|BSD)[- ](?:v|License )?)$")
_BEFORE_DAY = (" ", "-", "v")  # what `_DAY` ends with
_MOST_BASE = 20  # of a power: what stands raised behind a greater number is a note
_YEARS = range(1950, 2036)
# A number of four digits is a year where words say so: "in 2017", "ACL 2017", "(Reader et al., 2017)", 2017 年.
_YEAR_SAID = re.compile(
    r"(?:\b(?:[Ii]n|[Ss]ince|[Ff]rom|[Uu]ntil|till|[Ee]arly|[Ll]ate|mid|[Bb]efore|[Aa]fter|[Dd]uring|year)"
    r"|\b[A-Z](?:(?![A-Z])[\w-]){0,16}+[A-Z][\w-]{0,16}+)\s{1,16}+$"
)
_YEAR_BEFORE = re.compile(
    r"(?:\b(?:by|of|and|to|spring|summer|autumn|fall|winter)\s++|[A-Z][\w&.-]{0,16}+\s++|[(©'’;,]\s*+)$"
)
_YEAR_BEHIND = re.compile(
    r"\s?(?:年|[);,.]|$)|[a-z](?![a-z])|\s(?:[a-z]{1,30}\s)?(?:data|paper|version|edition|challenge)"
)
_COUNTED = re.compile(
    r"[\s-]?(?:[a-z]{1,30}\s)?(?:tokens?|steps?|samples?|images?|videos?|epochs?|iterations?|hours?|pairs?|examples?|questions?|"
    r"tasks?|frames?|gpus?|units?|dimensions?|sequences?|words?|categories|classes|problems?|instances?|parameters?|"
    r"sentences?|documents?|annotations?)\b"
    r"|\s?(?:[条个张帧种篇步轮段对人次项类维层头颗块幅句词字例组]|样本|图像|视频|任务)"
)
_POINT_BEFORE, _POINT_BEHIND = re.compile(r"\s*+(?:-\s|\*\s)?\(?"), re.compile(r"[.)、]\s")
_ORDINAL = re.compile(r"(?:st|nd|rd|th)\b")
_WORDY = re.compile("[A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u03ff]")
_NAMED = re.compile(
    r"(?<![A-Za-z])(?!(?:BLEU|F1|FID|Accuracy|Acc|PSNR|SSIM|Score|Average|Avg)\b)"
    r"[A-Z][A-Za-z\d-]{0,40}+(?:\s\([A-Z][\w -]{0,40}+\))?\s$"
)
_VERSION = re.compile(r"[1-9](?:\.\d)?|\d+(?:\.\d+)?[BM]")
_ABOUT_BEFORE = re.compile(
    r"(?:约|近|超过|大约|逾|多达|至少|将近|接近|不到|~|≈|>|<|\b(?:about|around|approximately|approx\.?|nearly|almost|over|"
    r"more than|roughly|some|up to|at least|exceeding|under|fewer than|less than))\s*$",
    re.IGNORECASE,
)
_PERCENT_BEFORE = re.compile(r"百分之\s*+$")
_ABOUT_BEHIND = re.compile(r"\s{0,8}(?:余|多(?![模任语视])|左右|以上|\+)")
_MOST_ZEROS = 300  # that a float holds
_ROUND_DIGITS = 3  # "about 20" is told as exactly as 20; "about 30,000" is not


def figures(text: str, taken: Sequence[tuple[int, int]] = (), most: float = math.inf) -> list[Figure]:
    """The figures of a text in its order, without those that lie in the spans `taken`, such as names.

    The spans are in the order of the text and do not overlap. What stands behind `most` figures is not read.
    """
    ready = prepared(text)
    enumerated = "(1)" in ready
    found: list[Figure] = []
    passed = 0
    spans = iter(taken)
    span = next(spans, None)
    for match in _NUMBER.finditer(ready):
        begin = match.start("number")
        while span and span[1] <= begin:
            span = next(spans, None)
        if begin < passed or (span and span[0] <= begin):
            continue
        if passed_to := _no_figure(ready, begin):
            passed = passed_to
            continue
        if _is_glued(ready, match, found[-1].end if found else -1) or _is_counter(ready, match, enumerated=enumerated):
            continue
        found += _figures(text, ready, match)
        if len(found) >= most:
            break
    return found


def _no_figure(ready: str, begin: int) -> int:
    """Where an id, a date or a reference that begins with the number ends; 0 for other numbers."""
    if match := _NO_FIGURE.match(ready, begin):
        return match.end()
    before = ready[max(0, begin - 16) : begin]
    if before.endswith(_BEFORE_DAY) and before != before.lower() and _DAY.search(ready, begin - len(before), begin):
        return begin + 1
    opened = ready.rfind("[", max(0, begin - 3), begin)
    if opened >= 0 and (match := _BRACKETED.match(ready, opened)):
        return match.end()
    return 0


def prepared(text: str) -> str:
    """The text with one sign for each idea and without TeX and addresses, every character in its place."""
    ready = _THIN.sub(_GAP, text) if "\u2009" in text or "\u202f" in text else text
    ready = ready.translate(_SAME)
    if "$" in ready or "\\" in ready or "{" in ready:
        ready = _SIGN_BEFORE_DOLLAR.sub("$-", ready)
        ready = _TEX.sub(_without_tex, ready)
    if "http" in ready or "www." in ready or "@" in ready:
        ready = _ADDRESS.sub(lambda match: " " * len(match[0]), ready)
    return ready


_SIGNS = {"times": "×", "percent": " %", "pm": "±", "about": "~"}


def _without_tex(match: re.Match[str]) -> str:
    kind, length = match.lastgroup or "", len(match[0])
    if kind in ("gap", "thin"):
        return _GAP * length
    if not kind and match[0] in "\\_":
        return match[0]
    return _SIGNS.get(kind, "").ljust(length)


def _is_glued(ready: str, match: re.Match[str], last_end: int) -> bool:
    """Whether the number is a piece of a word, an id, an index or a longer number: GPT-4, 4o, x^2, 1.2.3.

    `last_end` is where the last figure ended: behind it a dash makes a range.
    """
    begin, end = match.start("number"), match.end("number")
    before, after = ready[max(0, begin - 1) : begin], ready[match.end() : match.end() + 2]
    if before and (_WORDY.match(before) or before.isdigit() or before in "._@#\\"):
        return True
    if before and before in "-+/" and _alphanumeric(ready, begin - 2) and last_end != begin - 1:
        return True
    if _is_raised(ready, begin) or (before == ":" and _alphanumeric(ready, begin - 2) and _is_in_key(ready, match)):
        return True
    if after[:1] == "." and after[1:].isdigit():
        return True
    if match.end() > end:
        return False
    return ready[end : end + 1] == "_" or (_alphanumeric(ready, end) and not _UNIT_AT.match(ready, end))


def _is_in_key(ready: str, match: re.Match[str]) -> bool:
    """Whether a number behind a colon is a piece of a bibliography's key: "reader:2006:kites"."""
    number = match["number"]
    return ready.startswith(":", match.end("number")) or _is_year_number(number)


def _is_year_number(number: str) -> bool:
    return len(number) == 4 and number.isdigit() and int(number) in _YEARS


def _alphanumeric(ready: str, place: int) -> bool:
    """Whether there is a letter of an alphabet, or a digit."""
    char = ready[place : place + 1] if place >= 0 else ""
    return bool(char) and (_WORDY.match(char) is not None or char in "0123456789")


def _is_raised(ready: str, begin: int) -> bool:
    """Whether a number is an exponent or an index."""
    place = begin - 1
    while place >= 0 and ready[place] in " +-":
        place -= 1
    return place >= 0 and ready[place] in "^_"


def _is_counter(ready: str, match: re.Match[str], *, enumerated: bool) -> bool:
    """Whether the number only counts or dates: Table 3, 第 2 步, (1), 2017, 1st."""
    begin, end, number = match.start("number"), match.end("number"), match["number"]
    if match.end() > end:
        return False
    if _ORDINAL.match(ready, end) or _is_numbered(ready, begin):
        return True
    if not number.isdigit():
        return False
    if _is_year_number(number) and _is_year(ready, begin, end):
        return True
    if enumerated and float(number) <= 20 and ready[begin - 1 : begin] == "(" and ready[end : end + 1] == ")":
        return True
    return bool(_POINT_BEHIND.match(ready, end)) and bool(_POINT_BEFORE.fullmatch(ready, max(0, begin - 8), begin))


def _is_numbered(ready: str, begin: int) -> bool:
    """Whether a number counts what stands before it: Table 3, § 3, 第 3."""
    before = ready[max(0, begin - 16) : begin]
    stem = before.translate(_LOOSE).rstrip()
    if not stem or not (stem[-1].isalpha() or stem[-1] in "§#"):
        return False
    word = len(stem.rstrip(ascii_letters))  # Chinese ones have two characters at most
    return bool(_REFERENCE.search(ready, begin - len(before) + max(0, word - 2), begin))


def _is_year(ready: str, begin: int, end: int) -> bool:
    if _COUNTED.match(ready, end):
        return False
    behind = _YEAR_BEHIND.match(ready, end)
    if (behind and "年" in behind[0]) or _YEAR_SAID.search(ready, max(0, begin - 16), begin):
        return True
    return bool(behind) and bool(_YEAR_BEFORE.search(ready, max(0, begin - 16), begin))


def _figures(text: str, ready: str, match: re.Match[str]) -> Iterator[Figure]:
    number, scale = match["number"].replace(",", "").replace(_GAP, ""), 1.0
    decimals = len(number.partition(".")[2])
    digits = float(number)
    if match["ten"] and number.isdigit() and 0 < digits <= _MOST_BASE:
        digits, scale = 1.0, digits ** _exponent(match["ten"].replace("^", ""))
    elif match["power"] or match["e"]:
        scale = 10.0 ** _exponent(match["power"] or match["e"])
    if match["scale"]:
        scale *= _SCALES[match["scale"].strip().lstrip("-").lower()]
    if not math.isfinite(digits * scale):
        return
    unit_at = _UNIT_AT.match(ready, match.end())
    end = _closed(text, match.start("number"), unit_at.end() if unit_at else match.end())
    start = match.start("number") - (1 if match["sign"] and _is_sign(ready, match) else 0)
    unit = _UNITS[int(unit_at.lastgroup[1:])][0] if unit_at and unit_at.lastgroup else ""
    if not unit and _PERCENT_BEFORE.search(ready, max(0, match.start("number") - 8), match.start("number")):
        unit = "%"
    step = 10.0**-decimals
    figure = Figure(
        start=start,
        end=end,
        text=text[start:end],
        value=digits * scale,
        step=step * scale,
        bare=digits,
        bare_step=step,
        sign=match["sign"] if start < match.start("number") else "",
        unit=unit,
        round=_round(ready, match.start("number"), end, number) * scale,
        version=bool(_VERSION.fullmatch(text, match.start("number"), end))
        and (named := ready[max(0, start - 40) : start]) != named.lower()
        and bool(_NAMED.search(named)),
    )
    yield figure
    if not match["power"] and (deviated := _DEVIATED.match(ready, match.end())):
        scale *= 10.0 ** _exponent(deviated[1])
        yield figure._replace(value=digits * scale, step=step * scale, round=step * scale)


def _closed(text: str, start: int, end: int) -> int:
    """The end of a figure with the brace that closes its exponent."""
    open_braces = text.count("{", start, end) - text.count("}", start, end)
    while open_braces > 0 and text[end : end + 1] == "}":
        end += 1
        open_braces -= 1
    return end


def _exponent(text: str) -> int:
    return int(max(-99.0, min(99.0, float(text.translate(_SUPERSCRIPTS).replace(" ", "")))))


def _is_sign(ready: str, match: re.Match[str]) -> bool:
    """Whether a plus or minus belongs to the number and is no dash between two."""
    before = ready[max(0, match.start() - 1) : match.start()]
    return not before or not (before.isalnum() or before in ")]}%")


def _round(ready: str, begin: int, end: int, number: str) -> float:
    """What the last digit but zeros of a whole number stands for, if the text says that it is about so many."""
    if "." in number:
        return float(10 ** -len(number.partition(".")[2]))
    zeros = len(number) - len(number.rstrip("0"))
    if not zeros or len(number) < _ROUND_DIGITS:
        return 1.0
    told = _ABOUT_BEFORE.search(ready[max(0, begin - 14) : begin]) or _ABOUT_BEHIND.match(ready, end)
    return 10.0 ** min(zeros, _MOST_ZEROS) if told else 1.0


# --- equal figures -----------------------------------------------------------------------------------------------

_EVEN = 1e-9  # of the value: what floats lose


def rounds_to(value: float, told: float, step: float) -> bool:
    """Whether a value, rounded as exactly as the told one is, gives it; halves may go either way."""
    return abs(value - told) <= step / 2 + _EVEN * max(abs(told), abs(value))


_SMALL = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
).split()
_OTHERS = "single 1 double 2 both 2 twice 2 triple 3 dozen 12 thirty 30 forty 40 fifty 50 half 50 hundred 100".split()
NUMBER_WORDS = {
    **{word: place for place, word in enumerate(_SMALL, 1)},
    **{word: int(number) for word, number in zip(_OTHERS[::2], _OTHERS[1::2], strict=True)},
}


def spelled(value: float) -> Iterable[str]:
    """The English words that say a whole number."""
    return (word for word, number in NUMBER_WORDS.items() if number == value)
