"""When two figures are the same: by value, unit and sign, as texts and tables write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from digest.figures import Figure
from digest.spots import Spot
from digest.statements import Statement

Accepts = Callable[[Spot], bool]

_PERCENT = 100.0
_FALLS = re.compile(
    r"\b(?:drop|decreas|reduc|lower|less|fewer|fall|fell|loss|shorter|sav|cut|declin|minus|negativ|below|worse|degrad)\w*"
    r"|[降减低少缩省损负跌]",
    re.IGNORECASE,
)


def values(figure: Figure) -> Iterator[tuple[float, float, Accepts]]:
    """The values that a figure may have in the text, how exactly, and what else has to be so: the likeliest first."""
    yield figure.value, figure.step, _anywhere
    if figure.unit == "%":
        yield figure.value / _PERCENT, figure.step / _PERCENT, _share
    elif not figure.unit and figure.value <= 1 and figure.step < 1:
        yield figure.value * _PERCENT, figure.step * _PERCENT, _percentage
    if figure.bare != figure.value:
        yield figure.bare, figure.bare_step, _Scaled(figure.value / figure.bare if figure.bare else 1.0)
    if figure.round != figure.step:
        yield figure.value, figure.round, _anywhere


class _Scaled:
    """Accepts cells under a label that has the scale: 1.2M is told by "1.2" under "Parameters (M)"."""

    def __init__(self, scale: float) -> None:
        self._words = _SCALE_WORDS.get(round(scale), frozenset())

    def __call__(self, spot: Spot) -> bool:
        if not spot.is_cell:
            return False
        over = f"{spot.page.caption} {' '.join(axis.text for axis in spot.axes)}"
        return not self._words.isdisjoint(re.findall(r"[A-Za-z]+|[\u4e00-\u9fff]", over))


_SCALE_WORDS = {
    1_000: frozenset(("K", "k", "thousand", "thousands", "千")),
    10_000: frozenset(("万",)),
    1_000_000: frozenset(("M", "million", "millions")),
    100_000_000: frozenset(("亿",)),
    1_000_000_000: frozenset(("B", "billion", "billions")),
    1_000_000_000_000: frozenset(("T", "trillion", "trillions")),
}


def _anywhere(_: Spot) -> bool:
    return True


def _share(spot: Spot) -> bool:
    """Whether a figure may be a share of one: 27% is told by 0.27."""
    figure = spot.figure
    return not figure.unit and figure.value <= 1 and figure.step < 1


def _percentage(spot: Spot) -> bool:
    return spot.figure.unit == "%"


def same_unit(figure: Figure, spot: Spot) -> bool:
    """Whether units may mean the same: sentences leave them out, tables have them in a label, "4x" may be how many."""
    other = spot.figure.unit
    if figure.unit and not other and spot.is_cell and figure.unit in _UNIT_WORDS:
        over = f"{spot.page.caption} {' '.join(axis.text for axis in spot.axes)}"
        return _UNIT_WORDS[figure.unit].search(over) is not None
    return not figure.unit or not other or figure.unit == other


_UNIT_WORDS = {
    "s": re.compile(r"\b(?:s|secs?|seconds?|times?|latency|runtime|TTFT?F?)\b|秒|时间|延迟", re.IGNORECASE),
    "ms": re.compile(r"\b(?:ms|milliseconds?|times?|latency|runtime)\b|毫秒|时间|延迟", re.IGNORECASE),
    "min": re.compile(r"\b(?:mins?|minutes?|times?|runtime|duration)\b|分钟|时间|时长", re.IGNORECASE),
    "h": re.compile(r"\b(?:h|hrs?|hours?|times?|runtime|duration)\b|小时|时间|时长", re.IGNORECASE),
    "d": re.compile(r"\b(?:d|days?|times?|duration)\b|天|时间", re.IGNORECASE),
    "gb": re.compile(r"G[iB]{0,4}\b|\b(?:memory|vram|size|storage)\b|显存|内存", re.IGNORECASE),
    "fps": re.compile(r"\b(?:fps|frame|frames|speed)\b|帧", re.IGNORECASE),
}


def same_sign(statement: Statement, spot: Spot) -> bool:
    """Whether two figures point the same way: a loss may be told as "-3" or as "3 less"."""
    one, other = statement.figure.sign, spot.figure.sign
    if one == other or "-" not in (one, other):
        return True
    if "+" in (one, other):
        return False
    return bool(_FALLS.search(statement.all) or (not spot.is_cell and _FALLS.search(spot.sentence.text)))
