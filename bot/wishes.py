"""What somebody types of a subscription, in English and Chinese: read tolerantly, and printed so that it can be typed.

video, robotics at 09:30 mon-fri limit 5 with diffusion, "world model" without survey language zh
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from bot import timezones
from bot.hours import hour_at
from bot.weekdays import in_order, weekdays_at, weekdays_typed
from digest.editions import Subscription, window_end
from digest.text.valid import valid_text

MOST_PAPERS = 100  # a day: the Hub lists no more on a page
MOST_CHARS = 1_000  # nobody means more
MOST_WORDS = 20
WORD_CHARS = 80
LAYOUTS = ("digest", "paper")
_LONGEST_NAME = 4  # of a domain or time zone, in words


class Wishes(Struct, frozen=True, kw_only=True):
    """What was said of a subscription; None: nothing. `unknown` is what could not be understood, as it was typed."""

    domains: tuple[str, ...] | None = None  # (): all of them
    with_words: tuple[str, ...] | None = None
    without_words: tuple[str, ...] | None = None
    at: str | None = None
    weekdays: tuple[str, ...] | None = None
    limit: int | None = None
    language: str | None = None
    timezone: str | None = None
    layout: str | None = None
    unknown: tuple[str, ...] = ()

    @property
    def choose(self) -> bool:
        """Whether it says which papers, and not only how or when."""
        return any(said is not None for said in (self.domains, self.with_words, self.without_words))


class Token(Struct, frozen=True):
    text: str
    quoted: bool = False

    @property
    def word(self) -> str:
        """For comparing with keywords: what is quoted is none, nor is a comma."""
        return "" if self.quoted else self.text.casefold()


_COMMA = Token(",")
_SAID = tuple(name for name in Wishes.__struct_fields__ if name != "unknown")


def read(text: str, find: Callable[[str], str | None], languages: Mapping[str, str]) -> Wishes:
    """What the text says. `find` gives the id of a domain (digest.domains), `languages` the tag of a language's name.

    Domains come in any order, with or without commas; each keyword is followed by its words; what is quoted is never a
    keyword. What is said twice counts as said last, but domains, weekdays and words are gathered.
    """
    return _Reader(_tokens(text[:MOST_CHARS]), find, languages).read()


def typed(subscription: Subscription) -> str:
    """What has to be typed for this subscription, all of it but the time zone, which belongs to the person."""
    parts = [
        ", ".join(subscription.domains) or "all",
        f"at {subscription.at}",
        weekdays_typed(subscription.weekdays),
        f"limit {subscription.limit}",
    ]
    for keyword, words in (("with", subscription.with_words), ("without", subscription.without_words)):
        if words:
            parts.append(f"{keyword} {', '.join(map(_quoted, words))}")
    parts.append(f"language {subscription.language}")
    if subscription.kind != "person":
        parts.append(f"layout {subscription.layout}")
    return " ".join(parts)


def applied(wishes: Wishes, subscription: Subscription) -> Subscription:
    """The subscription with what was said; its window moves with its hour."""
    said = {name: value for name in _SAID if (value := getattr(wishes, name)) is not None}
    if wishes.at is not None:
        said["window_end"] = window_end(wishes.at)
    return replace(subscription, **said)


def entries(text: str) -> tuple[str, ...]:
    """The words and phrases of a form's field: separated by commas or lines; quotes around them do not matter."""
    pieces = re.split(r"[,、;\n]", _normal(text))
    words = dict.fromkeys(word[:WORD_CHARS].strip() for piece in pieces if (word := _clean(piece)))
    return tuple(words)[:MOST_WORDS]


def _quoted(word: str) -> str:
    """As `read` takes it for a word and nothing else."""
    plain = _PLAIN.fullmatch(word) and word.casefold() not in _KEYWORDS and not _means_more(word)
    return word if plain else f'"{word}"'


def _means_more(word: str) -> bool:
    words = [word.casefold()]
    return bool(weekdays_at(words, 0)[1] or hour_at(words, 0)[1] or _limited(words, 0)[0])


class _Reader:
    """Goes through the tokens once. Each `_take_…` gives how many it used, 0 when it does not begin there."""

    def __init__(
        self, tokens: Sequence[Token], find: Callable[[str], str | None], languages: Mapping[str, str]
    ) -> None:
        self._tokens = tokens
        self._words = [token.word for token in tokens]
        self._find = find
        self._languages = languages
        self._said = Wishes()
        self._unknown: list[str] = []
        self._into = "domains"  # which field what is no keyword goes into
        self._pending: list[Token] = []

    def read(self) -> Wishes:
        place = 0
        rules = (
            self._take_words,
            self._take_hour,
            self._take_weekdays,
            self._take_limit,
            self._take_language,
            self._take_timezone,
            self._take_layout,
        )
        while place < len(self._tokens):
            used = next((used for rule in rules if (used := rule(place))), 0)
            if not used:
                self._pending.append(self._tokens[place])
            elif self._into == "domains":
                self._flush()
            place += used or 1
        self._flush()
        return replace(self._said, unknown=tuple(self._unknown))

    # --- what keywords begin ---------------------------------------------------------------------------------------

    def _take_words(self, place: int) -> int:
        field = _FIELDS.get(self._words[place])
        if field is None:
            return 0
        self._flush()
        self._into = field
        return 1

    def _take_hour(self, place: int) -> int:
        hour, used = hour_at(self._words, place)
        if used:
            self._close()
            self._said = replace(self._said, at=hour)
        elif self._words[place] == "at" and self._word(place + 1)[:1].isdecimal():
            self._close()
            self._unknown.append(f"at {self._word(place + 1)}")
            return 2
        return used

    def _take_weekdays(self, place: int) -> int:
        days, used = weekdays_at(self._words, place)
        if used:
            self._close()
            self._said = replace(self._said, weekdays=in_order((*(self._said.weekdays or ()), *days)))
        return used

    def _take_limit(self, place: int) -> int:
        used, number, text = _limited(self._words, place)
        if not used:
            return 0
        self._close()
        if number is not None and 0 < number <= MOST_PAPERS:
            self._said = replace(self._said, limit=number)
        else:
            self._unknown.append(text)
        return used

    def _take_language(self, place: int) -> int:
        introduced = self._words[place] in _LANGUAGE
        tag = self._languages.get(self._word(place + introduced))
        if tag is None or not (introduced or self._into == "domains"):
            return 0
        self._close()
        self._said = replace(self._said, language=tag)
        return 1 + introduced

    def _take_timezone(self, place: int) -> int:
        if self._words[place] not in _TIMEZONE:
            return 0
        self._close()
        for length in range(_LONGEST_NAME, 0, -1):
            named = self._tokens[place + 1 : place + 1 + length]
            if len(named) == length and (zone := timezones.find(" ".join(token.text for token in named))):
                self._said = replace(self._said, timezone=zone)
                return 1 + length
        self._unknown.append(" ".join(token.text for token in self._tokens[place : place + 2]))
        return 2

    def _take_layout(self, place: int) -> int:
        if self._words[place] not in _LAYOUT or self._word(place + 1) not in LAYOUTS:
            return 0
        self._close()
        self._said = replace(self._said, layout=self._word(place + 1))
        return 2

    def _word(self, place: int) -> str:
        return self._words[place] if place < len(self._words) else ""

    # --- what stands between them ----------------------------------------------------------------------------------

    def _close(self) -> None:
        """What comes after a keyword's own words are domains again."""
        self._flush()
        self._into = "domains"

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        if self._into == "domains":
            self._add_domains(pending)
        else:
            before = getattr(self._said, self._into) or ()
            words = tuple(dict.fromkeys((*before, *_phrases(pending))))
            kept = tuple(word for word in words if len(word) <= WORD_CHARS)[:MOST_WORDS]
            self._unknown += [word for word in words if word not in kept]
            if kept:
                self._said = replace(self._said, **{self._into: kept})

    def _add_domains(self, pending: Sequence[Token]) -> None:
        place = 0
        while place < len(pending):
            place += self._add_domain(pending, place)

    def _add_domain(self, pending: Sequence[Token], place: int) -> int:
        """Takes the longest name of a domain that begins there, or one word that is none."""
        word = pending[place].word
        if word in _EVERYTHING:
            self._said = replace(self._said, domains=self._said.domains or ())
            return 1
        if word in _FILLERS or not pending[place].text:
            return 1
        run = pending[place : place + _LONGEST_NAME]
        run = run[: run.index(_COMMA)] if _COMMA in run else run
        for length in range(len(run), 0, -1):
            if domain := self._find(" ".join(token.text for token in run[:length])):
                self._add((domain,))
                return length
        parts = [part for part in _JOINED.split(pending[place].text) if part]
        domains = [self._find(part) for part in parts]
        if len(parts) > 1 and all(domains):
            self._add([domain for domain in domains if domain])
        else:
            self._unknown.append(_clean(pending[place].text) or pending[place].text)
        return 1

    def _add(self, domains: Sequence[str]) -> None:
        self._said = replace(self._said, domains=tuple(dict.fromkeys((*(self._said.domains or ()), *domains))))


def _phrases(tokens: Sequence[Token]) -> list[str]:
    """With commas among them, what stands between two is one entry; without, each word is. What is quoted is one."""
    separate = _COMMA not in tokens
    found: list[str] = []
    run: list[str] = []
    for token in (*tokens, _COMMA):
        ends = token == _COMMA or token.word in _AND or token.quoted
        if not ends:
            run.append(token.text)
        if (ends or separate) and run:
            found.append(_clean(" ".join(run)))
            run = []
        if token.quoted:
            found.append(_clean(token.text))
    return [word for word in found if word]


def _limited(words: Sequence[str], place: int) -> tuple[int, int | None, str]:
    """How many tokens a limit takes, its number, and its text."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else ""
    if match := _LIMIT_IN_ONE.fullmatch(word):
        return 1, number_meant(match[1] or match[2]), word
    if word in _LIMIT:
        return 2, number_meant(after.removesuffix("篇")), f"{word} {after}".strip()
    if number_meant(word) is not None and after in _PAPERS:
        return 2, number_meant(word), f"{word} {after}"
    return 0, None, ""


def number_meant(text: str) -> int | None:
    """A whole number as people type it; None for what is none, or far too large."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def _tokens(text: str) -> list[Token]:
    tokens: list[Token] = []
    for match in _TOKEN.finditer(_normal(text)):
        quoted = match[1] or match[2] or match[3]
        if quoted is not None:
            tokens.append(Token(quoted, quoted=True))
        elif match[4]:
            tokens.append(_COMMA)
        elif match[5]:
            tokens += map(Token, _apart(match[5]))
    return tokens


def _apart(word: str) -> list[str]:
    """Chinese keywords from what is written on to them: `含扩散` -> `含`, `扩散`."""
    if word in _KEYWORDS or (match := _GLUED.match(word)) is None:
        return [word]
    return [match[0], *_apart(word[match.end() :])]


def _normal(text: str) -> str:
    """Full-width forms as usual ones, without what no store keeps."""
    return unicodedata.normalize("NFKC", valid_text(text))


def _clean(text: str) -> str:
    return " ".join(_MARKS.sub(" ", text).split())


_MARKS = re.compile('["“”„«»「」『』,、;]')
_TOKEN = re.compile(
    '"([^"]*)"|[“„]([^”“]{0,200}+)[”“]|[「『]([^」』]{0,200}+)[」』]|([,、;])|([^\\s,、;"“”„「」『』]+)'
)
_PLAIN = re.compile(r"[a-z][\w+.#-]*", re.ASCII | re.IGNORECASE)
_JOINED = re.compile(r"[+&/|和与及或]")

_FIELDS = dict.fromkeys(("with", "含", "包含", "含有", "关键词"), "with_words")
_FIELDS |= dict.fromkeys(("without", "except", "excluding", "不含", "不要", "排除", "除了"), "without_words")
_LIMIT = {"limit", "max", "top", "最多", "上限", "至多"}
_LIMIT_IN_ONE = re.compile(r"(?:limit|max|top|最多|上限)[=:]?(\d{1,8})篇?|(\d{1,8})篇", re.ASCII)
_PAPERS = {"papers", "paper", "篇", "篇论文"}
_LANGUAGE = {"language", "lang", "in", "语言"}
_TIMEZONE = {"timezone", "tz", "zone", "时区"}
_LAYOUT = {"layout", "版式"}
_EVERYTHING = {"all", "everything", "any", "全部", "所有", "一切"}
_AND = {"and", "or", "&", "和", "或", "与"}
_FILLERS = {*_AND, ",", "about", "on", "the", "papers", "paper", "please", "to", "me", "关于", "论文", "的", "请", "+"}
_KEYWORDS = {*_FIELDS, *_LIMIT, *_LANGUAGE, *_TIMEZONE, *_LAYOUT, *_EVERYTHING, *_FILLERS}
_GLUED = re.compile("不含|不要|排除|除了|包含|含有|含|关键词|语言|时区|版式|工作日|每天|每日|周末")
