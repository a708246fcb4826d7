"""How sentences of papers give away what they tell: input, output, steps, hardware, what is new, what came out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from digest.writers.claims import CLAIM, POINTING, RELEASE, words
from digest.writers.material import Line, Part


def _either(*cues: str, ignore_case: bool = False) -> re.Pattern[str]:
    return re.compile("|".join(cues), re.IGNORECASE if ignore_case else 0)


_THING = (
    r"(?:images?|videos?|prompts?|texts?|questions?|sequences?|frames?|documents?|clips?|quer(?:y|ies)|audio|"
    r"sketch(?:es)?|instructions?|photos?|views?|sentences?|code|files?|observations?|clouds?|problems?|tasks?)"
)
_TAKES = r"\b(?:takes?|accepts?|receives?|ingests?)"
INPUT = _either(
    r"\b(?:takes?|taking|accepts?|receives?|ingests?|given|feeds?|fed)\b[^.]{1,120}\bas (?:the |an |its )?inputs?\b",
    rf"{_TAKES} (?:only )?(?:an?|one|the|raw|multiple|single|arbitrary|both) (?:[\w-]+ ){{0,3}}{_THING}\b",
    r"\binputs? (?:is|are|consists?|comprises?|includes?)\b|\bthe inputs? to\b|\btakes? as inputs?\b",
    r"\b[Gg]iven an? [^.,]{3,80}, (?:we|our|the (?:model|system|method|agent|goal|task)|[A-Z])",
    r"输入",
)
OUTPUT = _either(
    r"\b(?:[Tt]he|its|their|final) outputs? (?:is|are|consists?|comprises?|includes?)\b|\bto output\b",
    r"\bas (?:the |an |its )?(?:final )?outputs?\b",
    r"\b(?:model|system|pipeline|method|framework|network|agent|decoder|it|which|that|and) (?:then )?"
    r"(?:outputs|returns)\b",
    r"输出",
)
STEPS = _either(
    r"\b(?:pipeline|procedure|workflow)\b[^.]{0,60}\b(?:consists?|comprises?|has|involves?|includes?|begins?)\b",
    r"\b(?:in|of|with|has|comprises|through) (?:two|three|four|five|six) (?:\w+ )?(?:stages?|steps?|phases?)\b",
    r"\b(?:two|three|four|multi)-(?:stage|step|phase) (?:\w+ )?(?:pipeline|procedure|training|process|recipe)\b",
    r"\b(?:stages|steps|phases): |\(i\).{1,400}?\(ii\)|\(1\).{1,400}?\(2\)|\bbegins with\b",
    r"(?:^First(?:ly)?|\b(?:we|is|are|was|were) first)\b.{10,400}?\b(?:then|second(?:ly)?|next|finally|followed by)\b",
    r"\b(?:[Ww]e|is|are|was|were|models?) (?:pre-?|post-?|fine-?|jointly |further )?(?:train|tun)(?:ed)? "
    r"(?:\w+ ){0,3}(?:on|with|using)\b",
    r"首先|流程|步骤|阶段",
)
HARDWARE = _either(
    r"\b(?:[AHVPBL]\d{2,3}s?|RTX|GTX|TPUs?|GPUs?|GPU[- ]hours?|VRAM|NVIDIA|Nvidia|CPU cores|GB of (?:memory|RAM))\b",
    r"\bconsumer-grade\b|显卡",
)
_MACHINES = _either(
    r"\b(?:\d+|one|two|four|eight|sixteen|a single|single)\b[^.]{0,30}"
    r"(?:\b[AHVPBL]\d{2,3}|GPU|TPU|RTX|NVIDIA|GB|machine)",
    ignore_case=True,
)
_MEASURED = _either(r"\b(?:evaluat|compar|estimat|assess)\w*", ignore_case=True)

FIGURE = _either(
    r"(?<!\d)\d++(?:\.\d++)?\s?(?:\\?%|×|\$?\\times\$?|x\b|times\b|fold\b|-fold\b|points?\b|pp\b|percent\b|percentage)",
    r"\b\d+\.\d+\b",
)
COMPARED = _either(
    r"\b(?:outperform\w*|surpass\w*|improv\w*|exceed\w*|state-of-the-art|sota|better|best|higher|lower|faster|gains?)\b",
    r"\b(?:reduc(?:es?|ed|ing)|achiev\w+|attain\w*|compet\w+|superior\w*|rank\w*|win(?:s|ning)?|reach\w*|scor\w+)\b",
    r"\b(?:accuracy|rivals?|speed-?ups?|records?|rais\w+|speed\w*|match(?:es|ing)?|boost\w*|increas\w*|robust\w*)\b",
    r"\bsignificant\w*\b|优于|超过|提升|达到|提高|最佳|领先",
    ignore_case=True,
)
FOUND = _either(
    r"\b(?:experiments?|experimental|results?|evaluations?|empirical(?:ly)?|benchmarks|ablations?|analys[ie]s|across)\b",
    r"\bwe (?:find|found|show|observe|demonstrate)\b|实验|结果",
    ignore_case=True,
)
_EVIDENCE = (
    r"\b(?:experiments?|results|evaluations?|empirically|findings|analys[ie]s|benchmarks?|studies|tests|probing)\b"
)
_SHOWS = (
    r"\b(?:show|demonstrate|reveal|indicate|confirm|suggest|validate|verif|find|establish|achieve|improve|outperform|"
    r"illustrate|support|surpass|manage)"
)
_OUTCOME = _either(
    rf"^(?:(?:extensive|comprehensive|our|the|experimental|empirical|additional|further|ablation|human|both|across|in)\b"
    rf".{{0,40}})?{_EVIDENCE}.{{0,110}}{_SHOWS}",
    r"^(?:these|our) (?:results|findings|experiments)\b|^from our (?:experiment|result)",
    r"\bexhibits? (?:strong|superior|consistent|substantial|robust|significant|pronounced|clear|better)\b",
    r"^we (?:also |further |then )?(?:conduct|perform)(?:ed)? (?:\w+ ){0,2}(?:experiments|evaluations?|ablations?)\b",
    r"^we experiment",
    r"\bwe (?:find|found|observe|observed|achieve|achieved)\b",
    r"\b(?:outperform\w*|surpass\w*|beats (?:all|the|prior|strong|every|its|other|distilling|single))\b",
    r"\bstate-of-the-art (?:performance|results|accuracy|models)\b|\bsuperior (?:performance|to)\b",
    r"\b(?:consistently|significantly|substantially) (?:improv|outperform|reduc|enhanc)\w+",
    r"\b(?:improves?|increases?|reduces?|raises?|boosts?|reach(?:es)?|achiev(?:es|ing)|attains?|records?|scores?)\b"
    r"[^.]{0,80}\d",
    r"\bdemonstrat\w+ (?:[\w-]+ ){0,4}(?:improvements?|performance|gains?|superiority|effectiveness|scaling)\b",
    rf"{_EVIDENCE}[^.]{{0,60}}\breveals?\b|\bmodes\b[^.]{{0,20}}\breveals?\b",
    r"实验(?:结果)?(?:表明|证明|显示)|优于|超过",
    ignore_case=True,
)
_GENERAL = _either(
    r"\b(?:promis\w+|step toward|foundation|pave|position\w*|underscor\w+|suggest\w*|potential|viability|principles)\b",
    r"\b(?:future|living|advancing|democratiz\w+)\b",
)
_WISH = _either(r"\b[Ww]e (?:hope|intend|welcome|believe|plan|expect)\b")
NEW = _either(
    r"\b(?:novel|new|first|introduc\w+|propos\w+|design\w*|devis\w+|develop\w*|curat\w+|formulat\w+|construct\w*)\b",
    r"\b(?:built|build|employ\w*|leverag\w+|enabl\w+|adopt\w*|mechanism|strategy|scheme|module|technique|paradigm)\b",
    r"\b(?:objective|algorithm|unlike|instead of|rather than|key (?:idea|insight|contribution)|specifically)\b",
    r"\b(?:in particular|consists? of|via|represents?|compris\w+|decompos\w+|integrat\w+|combin\w+|unif\w+|learn\w*)\b",
    r"\b(?:align\w*|extend\w*|transform\w*)\b|\(1\)|\(i\)|\(2\)|\(3\)|提出|创新|设计|首次|引入",
    ignore_case=True,
)
LACK = _either(
    r"^(?:However|Yet|But|Although|While|Despite|Existing|Current|Prior|Previous|Recent|Most|Unfortunately)\b",
    r"\b(?:remains? (?:a |an |largely |un|limited|challenging|difficult|unclear)|suffers? from|fails? to|struggles?)\b",
)
_TROUBLE = _either(
    r"\b(?:unstable|unreliable|hallucinat\w+|collaps\w+|degrad\w+|suffer\w*|bottlenecks?|weaken\w*|drift|breaks?)\b",
    r"\b(?:prevents?|ignor\w+|inefficien\w+|costly|expensive)\b",
)
_REFERS = _either(
    r"\b(?:Figs?\.?|Figures?|Tables?|Tabs?\.?|Sections?|Sec\.|Eqs?\.|Equations?|Appendix|Algorithm|"
    r"Listing)\s*~?[\dA-Z(]|\b(?:below|above)\b"
)
_WEAKNESS = _either(
    r"\bdue to (?:its|our|the)\b[^.]{0,30}\b(?:limited|smaller|lack|insufficient|restricted)\b",
    r"\b(?:we|our (?:[\w-]+ ){1,3})(?:still )?(?:underperforms?|falls? short|lags?|performs? worse|is worse)\b",
    ignore_case=True,
)
_OTHERS = re.compile(r"\bet al\b|\b(?:previous|prior|earlier|existing) (?:works?|methods?|approaches|studies)\b")
_WORKS = re.compile(
    r"^(?:[\w’'-]+ ){1,4}(?:leverages?|employs?|uses?|consists?|takes?|operates?|combines?|integrates?|is built|"
    r"builds|learns)\b"
)
_OURS = re.compile(r"\b(?:we|our|this (?:paper|work))\b|我们|本文", re.IGNORECASE)
_BEGINS = re.compile(r"[\"'“‘(]?[A-Z\d\u4e00-\u9fff]|(?<![a-z])[a-z]++[A-Z]")
_FORMULA = re.compile(r"\$[^$]+\$")
_TOLD_FIGURE = re.compile(r"(?<!\d)(?:\d++\.\d++|\d++(?=\s?(?:%|points?|percent)))")
_GOOD_CHARS = range(45, 261)


def soundness(line: Line) -> float:
    """How well a sentence stands alone, about 0 to 2: neither pointing back nor to figures, of a good length."""
    text = line.text
    return (
        1.0
        + 0.4 * (len(text) in _GOOD_CHARS)
        - 0.4 * (len(text) < _GOOD_CHARS.start)
        + 0.2 * bool(_OURS.search(text))
        + 0.1 * line.opens
        - 0.6 * bool(POINTING.match(text) or not _BEGINS.match(text))
        - 0.4 * bool(_REFERS.search(text))
        - 0.4 * bool(_OTHERS.search(text))
        - 0.2 * max(0, len(_FORMULA.findall(text)) - 1)
    )


def chosen(
    lines: Iterable[Line], worth: Callable[[Line], float], most: int, least: float, used: Collection[str] = ()
) -> list[Line]:
    """At most so many lines, the worthiest of those worth `least` or more, in the order of the paper.

    A line that tells what a used or worthier one tells is left out.
    """
    weighed = [(worth(line), -place, line) for place, line in enumerate(lines) if line.text not in used]
    told = [_Told.of(text) for text in used]
    taken: list[tuple[int, Line]] = []
    for value, place, line in sorted(weighed, key=lambda entry: entry[:2], reverse=True):
        if value < least or len(taken) == most:
            break
        own = _Told.of(line.text)
        if not any(own.repeats(other) for other in told):
            told.append(own)
            taken.append((-place, line))
    return [line for _, line in sorted(taken, key=lambda entry: entry[0])]


class _Told(NamedTuple):
    """What a sentence tells, as far as telling it twice goes."""

    words: frozenset[str]
    figures: frozenset[str]

    @classmethod
    def of(cls, text: str) -> _Told:
        return cls(frozenset(words(text)), frozenset(_TOLD_FIGURE.findall(text)))

    def repeats(self, other: _Told) -> bool:
        shared = len(self.words & other.words)
        if self.figures and self.figures <= other.figures and shared * 3 >= len(self.words):
            return True
        return shared * 3 >= 2 * min(len(self.words), len(other.words))


def usage_worth(cue: re.Pattern[str]) -> Callable[[Line], float]:
    """The worth of a line for one side of using what the paper made; 0 without its cue."""

    def worth(line: Line) -> float:
        if not cue.search(line.text) or (cue is STEPS and HARDWARE.search(line.text)):
            return 0.0
        if LACK.search(line.text) or _TROUBLE.search(line.text):
            return 0.0
        place = 0.5 * (line.part is Part.ABSTRACT) + 0.3 * (line.part is Part.METHOD)
        told = 0.7 * bool(cue is HARDWARE and _MACHINES.search(line.text))
        return soundness(line) + place + told - 0.5 * bool(COMPARED.search(line.text) or _MEASURED.search(line.text))

    return worth


def tells_outcome(abstract: Sequence[Line]) -> list[bool]:
    """For each sentence of an abstract, from its claim on, whether it tells what came out.

    Results come last: after the first of them, only a sentence that claims something new is not one.
    """
    told: list[bool] = []
    came_out = False
    for place, line in enumerate(abstract):
        outcome = place > 0 and (
            _OUTCOME.search(line.text) is not None
            or (came_out and not CLAIM.search(line.text) and not _WORKS.search(line.text))
        )
        told.append(outcome)
        came_out = came_out or outcome
    return told


def result_worth(line: Line) -> float:
    """The worth of a line as a result. Outside of the abstract it must compare, and a figure counts much."""
    figures, compared, found = FIGURE.search(line.text), COMPARED.search(line.text), FOUND.search(line.text)
    if RELEASE.search(line.text) and not (found or figures):
        return 0.0
    general = 0.6 * bool(_GENERAL.search(line.text) and not figures) + 0.6 * bool(_WISH.search(line.text))
    if line.part is Part.ABSTRACT:
        return soundness(line) + 0.8 * bool(figures) + 0.6 * (bool(compared) + bool(found)) - general
    proved = figures or (_OURS.search(line.text) and line.part in (Part.RESULTS, Part.CLOSING))
    if (
        not (compared and proved)
        or _WEAKNESS.search(line.text)
        or line.part is Part.METHOD
        or LACK.search(line.text)
        or CLAIM.search(line.text)
    ):
        return 0.0
    return soundness(line) + 0.8 * bool(figures) + 0.3 * bool(found) + 0.3 * (line.part is Part.RESULTS) - general


def novelty_worth(line: Line) -> float:
    """The worth of a line as an innovation: what is done and how, not what came out or was lacking before."""
    if LACK.search(line.text) or RELEASE.search(line.text):
        return 0.0
    found = bool(FOUND.search(line.text) and COMPARED.search(line.text)) and line.part is not Part.ABSTRACT
    trouble = bool(_TROUBLE.search(line.text)) and not _OURS.search(line.text)
    general = bool(_GENERAL.search(line.text) or _WISH.search(line.text))
    new = min(3, len(set(NEW.findall(line.text.lower()))))
    return soundness(line) + 0.3 * new - 0.9 * found - 0.6 * trouble - 0.4 * general
