"""The rows of a report's results out of a table of scores, where the table leaves no doubt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

MOST_ROWS = 5
_SCORE = re.compile(
    r"(?P<score>[-–−+]?\d{1,4}(?:,\d{3})*(?:\.\d++)?)\s*+(?:%|\\%)?"
    r"(?:\s*+(?:±|\\pm|\+/-)\s*+\d++(?:\.\d++)?%?|\s*+\(\s*+(?:±|\\pm)?\s*+\d++(?:\.\d++)?\s*+\))?"
)
_MARKS = re.compile(r"[$*†‡§{}^_]|\\(?:mathbf|textbf|bf|underline|mathrm|text)\b")
_OURS = re.compile(r"\bours?\b|\bthis work\b|\bproposed\b|本文|我们的", re.IGNORECASE)
_NO_RIVAL = re.compile(
    r"\b(?:human|oracle|upper bound|random|chance|expert|ground truth)\b|w/o|\bwithout\b", re.IGNORECASE
)
_ABLATION = re.compile(r"ablat|hyper-?parameter|sensitiv|statistic|notation|消融", re.IGNORECASE)
_UP = re.compile(r"↑|\\uparrow|\bhigher is better\b|越高越好", re.IGNORECASE)
_DOWN = re.compile(r"↓|\\downarrow|\blower is better\b|越低越好", re.IGNORECASE)
_METRIC_UP = re.compile(
    r"\b(?:top-?1 |average |mean |zero-?shot )?(?:accuracy|acc|f1(?:[- ]score)?|bleu(?:-\d)?|rouge(?:-\w)?|m?iou|"
    r"m?ap(?:50)?|auc|auroc|pass@\w+|success rates?|scores?|exact match|em|recall(?:@\d+)?|precision|psnr|ssim|cider|"
    r"win rates?|ndcg(?:@\d+)?|mrr|spearman|pearson|clip-?score|dice|resolved)\b",
    re.IGNORECASE,
)
# Benchmarks that are scored in one way only, and more is better.
_KNOWN = re.compile(
    r"\b(?:mmlu|gsm8k|math-?500|humaneval|mbpp|hellaswag|winogrande|winog|piqa|arc-?[ce]|triviaqa|bbh|gpqa|ifeval|"
    r"aime ?(?:20)?2\d|amc ?(?:20)?2\d|livecodebench|swe-?bench|mmmu|mmbench|mathvista|mathvision|geneval|dpg-?bench|"
    r"wise|"
    r"video-?mme|mvbench|mlvu|lvbench|vbench|longvideobench|scienceqa|textvqa|docvqa|chartqa|hotpotqa|musique|"
    r"mt-?bench)",
    re.IGNORECASE,
)
_METRIC_DOWN = re.compile(
    r"\b(?:fid|fvd|lpips|wer|cer|mae|rmse|mse|perplexity|ppl|error(?: rates?)?|loss|latency|ece|eer|nll|bpc|bpb)\b",
    re.IGNORECASE,
)


# Sizes of one model, which its names tell: "Kite (base model)", "Kite-7B".
_SIZE = re.compile(
    r"(?:tiny|mini|small|base|medium|large|big|huge|giant|x{0,2}[ls]|m|(?<!\d)\d++(?:\.\d++)?[bm])(?: model)?",
    re.IGNORECASE,
)
_OURS_ALONE = re.compile(r"(?:ours?|this work)\b", re.IGNORECASE)
_CITED = re.compile(r"(?<!\s)\s*+\((?=[^\s()]*+\))[^\s()]*[A-Za-z](?:19|20)\d\d[^\s()]*\)")


class ScoreRow(NamedTuple):
    """One row of results; every word and figure of it stands in the table or in its caption."""

    benchmark: str
    metric: str
    this_work: str
    best_baseline: str


class _Column(NamedTuple):
    title: str
    metric: str
    rises: bool


class _Method(NamedTuple):
    label: str
    cells: Sequence[str]


def score_rows(text: str, caption: str, name: str) -> tuple[ScoreRow, ...]:
    """At most five rows of a table whose lines are methods and whose columns are benchmarks; () in any doubt.

    There is doubt unless exactly one line is the paper's own (it says "ours" or is called `name`), or one of the sizes
    of its model beats the others everywhere; rivals stand beside it, and the table or its caption says what is
    measured, so that it is known which figure is the best.
    """
    lines = [[cell.strip() for cell in line.split(" | ")] for line in text.splitlines() if line.strip()]
    width = max((len(line) for line in lines), default=0)
    if width < 2 or _ABLATION.search(caption) or any(len(line) != width for line in lines):
        return ()
    heads = next((place for place, line in enumerate(lines) if any(map(_score, line[1:]))), 0)
    if heads == 0:
        return ()
    labels = _label_columns(lines[heads:])
    titles = [_joined([line[column] for line in lines[:heads]]) for column in range(width)]
    methods = [_Method(_joined(line[:labels]), line) for line in lines[heads:]]
    columns = {place: found for place in range(labels, width) if (found := _measured(titles[place], caption))}
    own = _own(methods, name) or _best_size(methods, name, columns)
    if own is None:
        return ()
    rivals = [method for method in methods if method is not own and not _is_kin(method, name)]
    return tuple(_chosen([row for place, column in columns.items() if (row := _row(column, own, rivals, place))]))


def _label_columns(lines: Sequence[Sequence[str]]) -> int:
    """How many columns on the left name the method: those before the first that holds mostly figures."""
    width = len(lines[0])
    for column in range(1, width):
        cells = [line[column] for line in lines if line[column]]
        if cells and sum(_score(cell) is not None for cell in cells) * 2 >= len(cells):
            return column
    return width


def _own(methods: Sequence[_Method], name: str) -> _Method | None:
    own = [method for method in methods if _OURS.search(method.label)]
    if not own and name:
        own = [method for method in methods if _plain(method.cells[0]).lower() == name.lower()]
    return own[0] if len(own) == 1 else None


def _best_size(methods: Sequence[_Method], name: str, columns: Mapping[int, _Column]) -> _Method | None:
    """Of the lines of the paper's own model in several sizes, the one that is best in every column; else None."""
    own = [method for method in methods if _is_size(method, name)]
    if len(own) != sum(_is_own(method, name) for method in methods):
        return None  # besides sizes there are variants
    best = {place: _best(own, place, rises=column.rises) for place, column in columns.items()}
    return next((method for method in own if all(best[at] in (None, _score(method.cells[at])) for at in best)), None)


def _is_size(method: _Method, name: str) -> bool:
    label = _plain(method.cells[0])
    begin = _OURS_ALONE.match(label)
    if begin is None and not (name and label.lower().startswith(name.lower())):
        return False
    rest = label[begin.end() if begin else len(name) :]
    return rest[:1] in ("", " ", "-", "(") and _SIZE.fullmatch(rest.strip(" ()-")) is not None


def _best(methods: Sequence[_Method], place: int, *, rises: bool) -> float | None:
    told = [score for method in methods if (score := _score(method.cells[place])) is not None]
    return (max if rises else min)(told, default=None)


def _is_kin(method: _Method, name: str) -> bool:
    """Whether a line is no rival: a variant of the paper's own method, or a bound that nobody competes with."""
    return bool(_NO_RIVAL.search(_plain(method.label))) or _is_own(method, name)


def _is_own(method: _Method, name: str) -> bool:
    label = _plain(method.label)
    return bool(_OURS.search(label)) or bool(name and name.lower() in label.lower())


def _measured(title: str, caption: str) -> _Column | None:
    """What a column measures and whether more is better, as far as the table says it in so many words."""
    for place in (title, caption):
        up, down = _METRIC_UP.search(place), _METRIC_DOWN.search(place)
        risen, fallen = _UP.search(place), _DOWN.search(place)
        if (up or risen) and (down or fallen) and not (risen or fallen):
            return None  # it speaks of both, so which one this is cannot be told
        if bool(risen) != bool(fallen):
            metric = up or down
            return _Column(_benchmark(title, metric), metric[0] if metric else "", rises=bool(risen))
        if metric := up or down:
            return _Column(_benchmark(title, metric), metric[0], rises=metric is up)
    return _Column(_benchmark(title, None), "", rises=True) if _KNOWN.search(title) else None


def _benchmark(title: str, metric: re.Match[str] | None) -> str:
    bare = _UP.sub("", _DOWN.sub("", title))
    if metric and metric.string == title:
        bare = bare.replace(metric[0], "")
    return " ".join(_MARKS.sub("", bare).split()).strip(" ()[],:-–%\\")


def _row(column: _Column, own: _Method, rivals: Sequence[_Method], place: int) -> ScoreRow | None:
    mine = own.cells[place]
    told = [(score, rival) for rival in rivals if (score := _score(rival.cells[place])) is not None]
    if _score(mine) is None or not told or not (column.title or column.metric):
        return None
    best = (max if column.rises else min)(told, key=lambda pair: pair[0])[1]
    return ScoreRow(
        column.title, column.metric, _plain(mine), f"{_plain(best.cells[place])} ({_CITED.sub('', _plain(best.label))})"
    )


def _chosen(rows: Sequence[ScoreRow]) -> Sequence[ScoreRow]:
    """The averages, if there are any, and the first of the others, in the order of the table."""
    means = (row for row in rows if re.match(r"(?:avg|average|overall|mean)\b", row.benchmark, re.IGNORECASE))
    averages = [*islice(means, MOST_ROWS)]
    others = [row for row in rows if row not in averages][: max(0, MOST_ROWS - len(averages))]
    return [row for row in rows if row in averages or row in others][:MOST_ROWS]


def _score(cell: str) -> float | None:
    """The figure of a cell that holds one figure, with or without its deviation, and nothing else."""
    match = _SCORE.fullmatch(_plain(cell))
    if match is None:
        return None
    return float(re.sub("[–−]", "-", match["score"]).replace(",", "").lstrip("+"))


def _plain(cell: str) -> str:
    return " ".join(_MARKS.sub("", cell).replace("\\%", "%").split())


def _joined(cells: Sequence[str]) -> str:
    """Cells that belong together as one text, without those that only repeat."""
    return " ".join(dict.fromkeys(cell for cell in cells if cell))
