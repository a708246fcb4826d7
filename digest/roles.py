"""Another name in the same role: a report says that one model reasons, the paper names another that does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from digest.fitting import Known
from digest.names import names
from digest.spots import Page
from digest.statements import Mention

# What models do in papers, in both languages.
_ROLES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\breason\w*|推理",
        r"\bjudg\w+|\bevaluator|裁判|评判|评审",
        r"(?<!de)encod\w+|编码",
        r"\bdecod\w+|解码",
        r"\bcaption\w*|\bdescri\w+|描述|标题",
        r"\bteacher|教师",
        r"\bstudent|学生",
        r"\bbackbone|\bbase model|\binitiali\w+|\bfine-?tun\w+|\bbuilt (?:up)?on|\bbased on|基座|骨干|基于|微调|初始化",
        r"\bannotat\w+|\blabel(?:l?ed|l?ing|s)?\b|标注",
        r"\baggregat\w+|聚合|汇总",
        r"\bgenerat\w+|\bsynthe\w+|生成|合成",
        r"\breward\w*|奖励",
        r"\bembed\w+|嵌入",
        r"\brewrit\w+|\brephras\w+|改写|重写",
        r"\bsegment\w*|分割",
        r"\bretriev\w+|检索",
        r"\bLLMs?\b|language model|大语言模型|语言模型|大模型",
        r"\bVLMs?\b|vision-language model|视觉语言模型|视觉-语言模型",
    )
)
_AROUND_CHARS = 70
_MOST_MODELS = 200  # mentions of models that are looked at
_FEW = 1  # one role in common proves nothing: every paper has several models that generate


def in_its_role(mention: Mention, pages: Sequence[Page], known: Known) -> tuple[Page, str] | None:
    """The model that the text names in the role in which a report mentions one that the text does not name."""
    if not mention.name.model:
        return None
    at = mention.sentence.find(mention.name.text)
    wanted = _roles(mention.sentence, at, at + len(mention.name.text))
    best, found = _FEW, None
    keys = {name.key for name in names(mention.sentence)} | known.own
    models = ((page, name) for page in pages for name in page.names if name.model and name.key not in keys)
    for page, name in islice(models, _MOST_MODELS) if wanted else ():
        shared = len(wanted & _roles(page.passage.text, name.start, name.end))
        if shared > best:
            best, found = shared, (page, name.text)
    return found


def _roles(text: str, start: int, end: int) -> frozenset[int]:
    around = text[max(0, start - _AROUND_CHARS) : end + _AROUND_CHARS]
    return frozenset(place for place, role in enumerate(_ROLES) if role.search(around))
