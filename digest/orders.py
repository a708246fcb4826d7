"""How people speak to a language model in a text that others are to read: manners of speaking, in English and Chinese.

Two ways to recognise it: expressions that papers do not have, and sentences with several cues at once, for those in
words of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from digest.orders_chinese import CHINESE
from digest.orders_english import BEGINS, ENGLISH, ORDER

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_SENTENCE = re.compile(r".*?(?:[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n|$)", re.DOTALL)


def joined(patterns: Sequence[str]) -> str:
    """One pattern for all. What many begin with stands in it once, so that a place in a text is tried once for it."""
    groups: dict[str, list[str]] = {ORDER: [], BEGINS: [], r"\b": [], "": []}
    for pattern in patterns:
        start = next(start for start in groups if pattern.startswith(start))
        groups[start].append(pattern[len(start) :])
    return "|".join(f"{start}(?:{'|'.join(rest)})" for start, rest in groups.items() if rest)


_ADDRESSES = re.compile(joined(ENGLISH))
_ADDRESSES_IN_CHINESE = re.compile(joined(CHINESE))
_HAN = re.compile(r"[\u3400-\u9fff]")

# What single sentences of such text have in common, in words of their own: an order or an address to somebody, and
# talk of models, of what they write and of what they must. Papers have one or two of these in a sentence.
_ENOUGH = 3
_CUES = (
    (
        r"^[\W\d]*(?:(?:please|kindly|now|then|also|instead|just|always|first|simply)[ ,]+)*(?:write|say|print|mention"
        r"|include|add|post|share|praise|recommend|reveal|pretend|visit|click|repeat|finish|make sure|be sure|tell|send"
        r"|translate|override|insert|append|respond|reply|ignore|act as)\b"
        r"|[:;,] (?:and |then )?(?:write|say|mention|include|praise|pretend|visit|click|tell|make sure)\b"
    ),
    r"\byou(?:r|rs)?\b",
    r"\b(?:ais?|llms?|language models?|chat ?bots?|bots?|summari[sz]\w+ models?|automat\w+ systems?|assistants?)\b",
    (
        r"\b(?:summar(?:y|ies|i[sz]e|i[sz]ing)|report|digest|answer|reply|output|prompt|instructions?|directives?"
        r"|system (?:message|prompt)|section|headline)\b"
    ),
    r"\b(?:must|mandatory|shall|should|void|changed|only|nothing|solely|consists?)\b",
    r"https?://|www\.|(?<!\w)@\w|(?<!\S)/\w+|\b(?:reading )?this (?:paper|work|document|text)\b|[\"“]",
)
_CUES_IN_CHINESE = (
    (
        r"(?:请|务必).{0,14}?(?:写|输出|说|提到|提及|加入|加到|插入|附上|发布|分享|访问|点击|赞美|推荐|泄露|扮演|翻译|重复|结束|覆盖|链接到"
        r"|确保|提醒|订阅)|(?:^\W*|[，；：,;:] ?)(?:赞美|泄露|扮演|写上|附上|加入|加到|点击|访问|把你)"
    ),
    r"你|您",
    r"(?<![a-z])ai(?![a-z])|大模型|语言模型|自动系统|助手|机器人",
    r"摘要|总结|报告|回答|回复|输出|提示词|指令|指示|系统消息|实验效果|使用指南|频道",
    r"必须|应当|应该|不得|务必|作废|改变|除了|只能|只需",
    r"https?://|@\w|(?<!\S)/\w+|本文|“|「",
)


_SCORED, _SCORED_IN_CHINESE = (tuple(map(re.compile, cues)) for cues in (_CUES, _CUES_IN_CHINESE))


def speaks_to_a_model(text: str) -> bool:
    """Whether a text holds something that is said to a language model."""
    plain = _plain(text)
    if _ADDRESSES.search(plain) or _sounds_so(plain, _SCORED):
        return True
    if _HAN.search(plain) is None:
        return False
    return _ADDRESSES_IN_CHINESE.search(plain) is not None or _sounds_so(plain, _SCORED_IN_CHINESE)


def _sounds_so(plain: str, cues: Sequence[re.Pattern[str]]) -> bool:
    """Whether a sentence has enough of the cues, an order or an address to somebody (the first two) among them."""
    for found in _SENTENCE.finditer(plain):
        sentence = found[0].strip()
        if any(cue.search(sentence) for cue in cues[:2]) and sum(bool(cue.search(sentence)) for cue in cues) >= _ENOUGH:
            return True
    return False


def _plain(text: str) -> str:
    """A text as it is looked at: one form of each character, small letters, nothing unseen, single spaces."""
    seen = _UNSEEN.sub("", text) if not text.isascii() else text
    folded = unicodedata.normalize("NFKC", seen).lower() if not seen.isascii() else seen.lower()
    return " ".join(folded.split())
