"""Which sentence says what was made: the contribution of a paper in its own words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Sequence

from digest.writers.sentences import without_opening

_MADE = (
    "propos|introduc|present|develop|design|releas|build|construct|creat|formulat|establish|describ|unveil|devis|offer|"
    "contribut"
)
_WE = r"\b(?:we|this (?:paper|work|report|study|article|survey))\b"
CLAIM = re.compile(
    rf"{_WE}(?:(?!{_WE})[^.;:]){{0,140}}?\b(?:{_MADE}|provid)(?:e|es|s|ed)?\b"
    r"|本文|我们(?:提出|设计|构建|介绍|发布)|提出了",
    re.IGNORECASE,
)
CODE = re.compile(
    r"\b(?:codes?|codebase|weights|models?|datasets?|data|checkpoints|project|page|homepage|demo|implementation|"
    r"website|"
    r"videos?|repository|github|gitlab|suite|benchmarks?|tools?|resources|library)\b|代码|开源",
    re.IGNORECASE,
)
RELEASE = re.compile(
    r"https?://|(?:(?<=\w)bench|(?<=\w-)bench|\b(?:codes?|weights|models?|datasets?|checkpoints|benchmarks?|resources|implementations?|everything|"
    r"data))\b"
    r"[^.]{0,60}\b(?:available|released|open-sourced|public)\b"
    r"|\b(?:we|will|is|are|fully|to)(?: \w+ly| also| further)? (?:release[ds]?|open-?source[ds]?|publish|make)\b"
    r"[^.]{0,300}?\b(?:codes?|weights|models?|datasets?|data|checkpoints|suite|benchmark|tools?|available|recipes?)\b|开源",
    re.IGNORECASE,
)
_STUDIED = re.compile(
    r"\b(?:we|this (?:paper|work|report|study|article|survey))\b[\w\s-]{0,30}?\b(?:obtain|report|measur|deriv|determin|"
    r"observ|investigat|stud[iy]|explor|examin|analy[sz]|prov|show|argu|find|identif|revisit|evaluat)\w*",
    re.IGNORECASE,
)
POINTING = re.compile(
    r"(?:This|These|It|Its|They|Their|Such|Those|Both|As (?:shown|can be seen|illustrated|a result)|"
    r"The (?:former|latter|first|second|third|last))\b"
)
_SUBJECT = re.compile(r"[A-Z][\w+-]*(?: [A-Z][\w+-]*)*")
_ABOUT = re.compile(r"(?:This|The) (?:paper|report|work|study|article|survey) \w+s\b")
_ASIDE = re.compile(
    r"(?:The )?[Ii]nputs? (?:is|are)\b|\b(?:than|ahead of|over) (?:\w+ ){0,2}(?:baselines|others|earlier|prior)\b"
)
_NAMED = re.compile(r"(?:,| \(|:|--|—) ?(?:a|an|the)\b|\b(?:called|named|termed|dubbed)\b")
_LACKING = re.compile(
    r"\b(?:however|yet|remains?|existing|current|often|lack\w*|challeng\w*|limit\w*|struggle\w*|although|fails?)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]")
_STOP = frozenset(
    re.findall(
        r"\w+",
        "a an the of for in on to and or with by from via as at is are be we our this that these it its can using use "
        "into through their which while than more such new novel",
    )
)
_ENDINGS = ("ations", "ation", "ings", "ing", "ions", "ion", "ers", "ies", "es", "ed", "er", "s", "ly", "al")
_SHORT_WORDS = 9  # below, it points at what others say
_FULL_WORDS = 25  # from here on a sentence says enough to be one

# "We propose X, a ..." says no more than "X, a ..."; but not where the sentence goes on to what else "we" do.
_WE_MAKE = re.compile(
    r"(?:We|This (?:paper|work|report|study|article)|The (?:paper|report)) "
    r"(?:also |further |therefore |thus |then |first |formally )?"
    r"(?:introduces?|proposed?|proposes|presents?|develops?|designs?|releases?|describes?|unveils?|offers?)\s+"
    r"(?!how\b|that\b|to\b)"
)
_GOES_ON = re.compile(
    r"\b(?:and|then)(?: we)?(?: \w+ly| further| then| also)? (?:treat|show|demonstrate|evaluate|study|analyze|prove|"
    r"conduct|find|use|apply|develop|propose|introduce|present|provide|release|construct|build|design|investigate|"
    r"establish|argue|formulate|explore|train|derive|validate|create|identify|report|open-source|perform|employ|"
    r"compare|"
    r"discuss|offer|adopt|implement|extend|leverage|describe)s?\b|; |\b[Ww]e\b"
)


def contribution(abstract: Sequence[str], title: str) -> int | None:
    """The place of the sentence that says best what was made, None when there is none at all.

    The weights are a least-squares fit, rounded, of how much sentences of abstracts share with a summary by the Hub's
    model (ROUGE-L, 132 papers of seven days); tests/benchmarks/bench_extractive.py measures what comes of it.
    """
    if not abstract:
        return None
    subject = frozenset(words(title))
    name = title.partition(":")[0].strip().lower() if ":" in title else ""
    counts = Counter(word for sentence in abstract for word in set(words(sentence)))
    claiming = [place for place, sentence in enumerate(abstract) if CLAIM.search(sentence)]
    named = len(name.split()) in range(1, 5)
    claimed = frozenset(claiming)
    first_claim = next(
        iter([place for place in claiming if named and name in abstract[place].lower()] + claiming), None
    )

    def worth(place: int) -> float:
        sentence = abstract[place]
        own = set(words(sentence))
        shared = len(subject & own)
        likeness = shared / math.sqrt(len(subject) * len(own)) if shared else 0.0
        covered = shared / len(subject) if shared else 0.0
        central = sum(counts[word] - 1 for word in own) / max(1, len(own))
        return (
            0.06 * likeness
            + 0.07 * covered
            + 0.05 * central
            + 0.08 * min(1.0, len(sentence.split()) / _FULL_WORDS)
            + 0.04 * (place in claimed)
            + 0.07 * (place == first_claim)
            + 0.02 * bool(_STUDIED.search(sentence))
            + 0.025 * (named and name in sentence.lower())
            + 0.035 * bool(_NAMED.search(sentence))
            + 0.03 * _is_about(sentence, subject, name if named else "")
            + 0.02 * bool(_ABOUT.match(sentence) and len(sentence.split()) > _SHORT_WORDS)
            - 0.06 * (len(sentence.split()) < _SHORT_WORDS)
            - 0.03 * bool(_ASIDE.search(sentence))
            - 0.05 * bool(RELEASE.search(sentence))
            - 0.02 * bool(_LACKING.search(sentence))
            - 0.02 * place / len(abstract)
            - 0.003 * len(_DIGIT.findall(sentence))
        )

    return max(range(len(abstract)), key=lambda place: (worth(place), -place))


def _is_about(sentence: str, subject: Collection[str], name: str) -> bool:
    """Whether a sentence begins with the name of the work, or with words of the title written as a name."""
    if name and sentence.lower().startswith(name):
        return True
    match = _SUBJECT.match(sentence)
    begins = words(match[0]) if match else []
    return len(begins) > 1 and all(word in subject for word in begins)


def told_shortly(sentence: str) -> str:
    """The sentence without its opening, and without "We propose" where what was made stands alone as well."""
    rest = without_opening(sentence)
    match = _WE_MAKE.match(rest)
    if match is None or _GOES_ON.search(rest, match.end()):
        return rest
    made = rest[match.end() :]
    return made[0].upper() + made[1:] if re.match(r"[a-z]+\b(?!-?[A-Z])", made) else made


def words(text: str) -> list[str]:
    """The telling words of a text, without their endings."""
    return [_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)]
    return word
