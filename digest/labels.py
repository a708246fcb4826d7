"""What a figure stands under: the words and names around it, cut to its own part of the sentence.

A sentence with several figures tells each of them under labels of its own: in "92.2% on Lamps and 80.1% on Candles"
the first belongs to Lamps. `parts` cuts a sentence so; `terms` are the words to compare, the same for English and for
Chinese as far as they are words of measurement; `Squeezed` finds names whatever the spelling.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from digest.figures import Figure

_TEX_WORD = re.compile(r"\\[A-Za-z]+")
_TOKEN = re.compile(r"[a-z0-9\u00df-\u00f6\u00f8-\u024f\u03b1-\u03c9]+(?:(?<=\d)\.\d+)*")
_TERM = re.compile(r"[a-z\u00df-\u00f6\u00f8-\u024f\u03b1-\u03c9]+|\d+(?:\.\d+)?(?:[bkmt](?![a-z\d]))?")
_KEY = re.compile(r"[a-z0-9\u00df-\u00f6\u00f8-\u024f\u03b1-\u03c9]|(?<=\d)\.(?=\d)")
_CITED = re.compile(
    r"\([^()]*(?:19|20)\d\d[^()]*\)|\[\d{1,3}(?:[,;\s-]+\d{1,3})*\]|\bet al\.?(?:,? ?\(?\d{4}\)?)?|\(DBLP[^()]*\)"
)

# Words that name nothing: function words, and what every report says of every figure.
_STOP = frozenset(
    "a an the of on in at to by for from with without and or but as is are was were be been being it its this that "
    "these those than then over under we our ours us they their them he she which who whose where when while whereas "
    "not no only also both all each every any some such more most less least very much many other another same into "
    "onto up out about around approximately nearly almost per via vs versus compared against between across within "
    "during after before can could may might will would should do does did has have had there here if so thus hence "
    "using use used uses based respectively i.e e.g ie eg etc cf et al paper work study method methods approach model "
    "models result results performance performs perform performing score scores scored value values reach reaches "
    "reached reaching achieve achieves achieved achieving obtain obtains obtained report reports reported show shows "
    "showed shown improve improves improved improving improvement gain gains outperform outperforms outperforming "
    "surpass surpasses surpassing exceed exceeds best better good new state art previous prior existing proposed "
    "propose baseline baselines total overall average mean averaged number set sets one two first second last final "
    "further well high higher highest low lower lowest large larger small smaller fast strong strongest top level "
    "table figure section main full given whole single different various several including include includes get gets "
    "give gives given make makes take takes need needs about up point points percent percentage times experiment "
    "experiments task tasks test tests evaluation evaluated evaluate benchmark benchmarks s t re ve ll".split()
)

# What is measured, not on what: a name that two benchmarks share proves no label, but another one refutes it.
METRICS = frozenset(
    "accuracy acc bleu rouge rouge1 rouge2 rougel meteor cider wer cer f1 em auc auroc map miou iou fid fvd psnr ssim "
    "lpips recall precision latency throughput perplexity mrr ndcg ppl mae mse rmse dice elo fps flops gflops nfe "
    "pass1 passk recall1 hit1 hit10".split()
)
# Words of measurement that a Chinese report has for English ones, longest first.
_MEANINGS = {
    "推理准确率": "accuracy",
    "准确率": "accuracy",
    "准确度": "accuracy",
    "正确率": "accuracy",
    "召回率": "recall",
    "精确率": "precision",
    "困惑度": "perplexity",
    "胜率": "win rate",
    "成功率": "success rate",
    "错误率": "error rate",
    "误差": "error",
    "延迟": "latency",
    "吞吐": "throughput",
    "显存": "memory",
    "内存": "memory",
    "学习率": "learning rate",
    "批大小": "batch size",
    "批量大小": "batch size",
    "批次": "batch",
    "词表": "vocabulary",
    "参数": "parameter",
    "词元": "token",
    "令牌": "token",
    "小时": "hour",
    "分钟": "minute",
    "秒": "second",
    "天": "day",
    "帧": "frame",
    "层": "layer",
    "维": "dimension",
    "注意力头": "head",
    "轮": "epoch",
    "步": "step",
    "样本": "sample",
    "图像": "image",
    "图片": "image",
    "视频": "video",
    "图文对": "pair",
    "数据集": "dataset",
    "语言": "language",
    "问题": "question",
    "领域": "domain",
    "类别": "category",
    "窗口": "window",
    "丢弃率": "dropout",
    "温度": "temperature",
    "训练": "training",
    "推理": "inference",
    "分辨率": "resolution",
}
_SAME_WORD = {
    "acc": "accuracy",
    "ppl": "perplexity",
    "param": "parameter",
    "params": "parameter",
    "vocab": "vocabulary",
    "sec": "second",
    "hr": "hour",
    "hrs": "hour",
    "mins": "minute",
    "gpus": "gpu",
    "lr": "learning",
    "datasets": "dataset",
    "categories": "category",
    "classes": "class",
}


def terms(text: str) -> frozenset[str]:
    """The telling words and numbers of a text in lower case, without citations; of Chinese those that are known."""
    plain = _TEX_WORD.sub(_greek, _CITED.sub(" ", text)) if "\\" in text or "(" in text or "[" in text else text
    found = {_folded(word) for word in set(_TERM.findall(plain.lower())) - _STOP}
    if not plain.isascii():
        for chinese, english in _MEANINGS.items():
            if chinese in plain:
                found.update(english.split())
    return frozenset(found - _STOP)


def without_citations(text: str) -> str:
    return _CITED.sub("", text).strip()


_GREEK = frozenset(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi "
    "varphi chi psi omega".split()
)


def _greek(match: re.Match[str]) -> str:
    """A TeX command as a word if it is a letter, else nothing."""
    word = match[0][1:]
    return f" {word} " if word.lower() in _GREEK else " "


def _folded(word: str) -> str:
    same = _SAME_WORD.get(word)
    if same:
        return same
    return word[:-1] if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui" else word


def key(name: str) -> str:
    """A name without what spellings differ in: case, hyphens, spaces. GPT-4o and gpt 4o are one, GPT-4 another."""
    return "".join(_KEY.findall(name.lower()))


class Squeezed:
    """Texts without what spellings of names differ in, searched for whole names."""

    def __init__(self, *texts: str) -> None:
        tokens: list[str] = []
        self._parts = [0]
        length = 0
        for text in texts:
            plain = _TEX_WORD.sub(" ", text) if "\\" in text else text
            own = _TOKEN.findall(plain.lower())
            tokens += own
            length += sum(map(len, own))
            self._parts.append(length)
        self.text = "".join(tokens)
        self._begins = {0, *accumulate(map(len, tokens))}

    def part(self, name_key: str) -> int | None:
        """Which of the texts a name first stands in, from 0; None where it stands in none."""
        return next(self.parts(name_key), None)

    def parts(self, name_key: str) -> Iterator[int]:
        """The text of each place where a name stands, whole.

        A plural is the name; "Kite" is in "Kite2" and "Kite-7B"; "Kite 2" is neither in "Kite 2.5" nor in "Kite-2o".
        """
        if not name_key:
            return
        versioned = any(char.isdigit() for char in name_key)
        at = self.text.find(name_key)
        while at >= 0:
            end = at + len(name_key)
            if at in self._begins and (end in self._begins or self._may_end(end, versioned)):
                yield bisect_right(self._parts, at) - 1
            at = self.text.find(name_key, at + 1)

    def _may_end(self, end: int, versioned: bool) -> bool:
        """Whether a name may end inside a word: before a plural's s, or before the version if it has none itself."""
        following = self.text[end]
        return (following == "s" and end + 1 in self._begins) or (not versioned and following.isdigit())

    def has(self, name_key: str) -> bool:
        return self.part(name_key) is not None


class Part(NamedTuple):
    """What belongs to a figure in its sentence: its own part, the head of the sentence that all share, the others'."""

    own: str
    head: str
    others: str


SENTENCE_CHARS = 1000
_HEAD_CHARS = 300
_NEAR = 12  # figures to either side

_TOGETHER = re.compile(
    r"[\s,，、()（）±~$/|–→:>{}×·^\\-]*+(?:pm|times|cdot|to|and|vs\.?|versus|or|至|到|和|与|及|或|提升至|提升到|提高到|降至|降到|升至|->)?"
    r"[\s(（±~$–{}\\-]*+",
    re.IGNORECASE,
)
_CLOSING = re.compile("[)）]")
_BREAK = re.compile(
    r"[(（](?=[^\W\d])|[,;，；。、|]|[:：](?=\s|[^\d\s])|\b(?:and|while|whereas|but|compared|versus|vs|against|than)\b|(?:而|和|与|及|并|但|比|较|优于|超过|超越)"
)


def cut_sentences(text: str, ends: Iterable[int]) -> Iterator[int]:
    """The ends of sentences with that of the text.

    Those of more than SENTENCE_CHARS are cut, at white space where there is some.
    """
    begin = 0
    for end in (*ends, len(text)):
        while end - begin > SENTENCE_CHARS:
            space = text.rfind(" ", begin + SENTENCE_CHARS // 2, begin + SENTENCE_CHARS)
            begin = space + 1 if space >= 0 else begin + SENTENCE_CHARS
            yield begin
        yield end
        begin = end


def parts(sentence: str, spans: Sequence[tuple[int, int]]) -> list[Part]:
    """What belongs to each of the figures at the spans of a sentence, in their order.

    Figures with nothing but a word such as "to" or "vs" between them share everything. Of a head that goes on and on
    its end is taken, of many figures the nearest ones.
    """
    groups = _groups(sentence, spans)
    if not groups:
        return []
    cuts = [_cut(sentence, one[-1][1], other[0][0]) for one, other in pairwise(groups)]
    begins = [0, *(begin for _, begin in cuts)]
    ends = [*(end for end, _ in cuts), len(sentence)]
    head = sentence[max(0, groups[0][0][0] - _HEAD_CHARS) : groups[0][0][0]]
    behind_head = [groups[0][-1][1], *begins[1:]]
    told = [_without(sentence, *bounds) for bounds in zip(behind_head, ends, groups, strict=True)]
    found = []
    for place, group in enumerate(groups):
        own = told[place] if place else _without(sentence, 0, ends[0], group)
        rest = (*told[max(0, place - _NEAR) : place], *told[place + 1 : place + 1 + _NEAR])
        found += [Part(own, head, " | ".join(rest))] * len(group)
    return found


def _groups(sentence: str, spans: Sequence[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    groups: list[list[tuple[int, int]]] = []
    for span in spans:
        if groups and _TOGETHER.fullmatch(sentence, groups[-1][-1][1], max(groups[-1][-1][1], span[0])):
            groups[-1].append(span)
        else:
            groups.append([span])
    return groups


def _cut(sentence: str, end: int, start: int) -> tuple[int, int]:
    """Where the part of a figure that ends at `end` ends, and that of the next one, which starts at `start`, begins.

    Words with nothing between them that parts them belong to both.
    """
    for match in _BREAK.finditer(sentence, end, start):
        if match[0] not in "(（" or not _CLOSING.search(sentence, match.end(), start):
            return match.start(), match.start()
    return start, end


def _without(sentence: str, begin: int, end: int, spans: Sequence[tuple[int, int]]) -> str:
    """A piece of the sentence without the figures themselves."""
    pieces, at = [], begin
    for start, stop in spans:
        if begin <= start and stop <= end:
            pieces.append(sentence[at:start])
            at = stop
    return " ".join([*pieces, sentence[at:end]])


def span_of(figure: Figure) -> tuple[int, int]:
    return figure.start, figure.end
