"""What the headings of papers say of themselves, whatever the page they stand on."""

from __future__ import annotations

import re

_NUMBER = re.compile(
    r"(?:(?:appendix|section|附录)\s++(?P<letter>[A-Z])"
    r"|(?P<number>\d{1,2}(?:\.\d{1,2}){0,8}|[A-Z](?:\.\d{1,2}){1,8}))[.:)]?(?=\s++\S|[A-Z][a-z]|$)",
    re.IGNORECASE,
)
_BIBLIOGRAPHY = re.compile(
    r"(?:\d{1,2}\.?\s++|[IVX]{1,7}\.\s++)?"
    r"(?:references?(?: and notes| cited)?|bibliography|(?:literature|works) cited|参考文献|參考文獻)\W*+",
    re.IGNORECASE,
)
_CAPTION = re.compile(
    r"(?:(?:supplementary|extended data)\s++)?(?:figure|fig\.?|table|tab\.|algorithm|listing|scheme|图|表|算法)"
    r"\s*+[A-Z]?\.?(?:\d{1,3}(?:\.\d{1,2})?|[IVX]{1,5})\s*+[.:：|](?=\s|[^\W\d]|$)",
    re.IGNORECASE,
)

MOST_CHARS = 500  # a longer one is a paragraph: each passage below a heading carries it


def number(heading: str) -> tuple[str, ...]:
    """The parts of a heading's number: ("3", "1") of "3.1 Training", ("B",) of "Appendix B Proofs", () of "Training".

    A single letter alone is no number: "A Theory of Lamps" may be just that.
    """
    match = _NUMBER.match(heading)
    return tuple((match["letter"] or match["number"]).split(".")) if match else ()


def is_bibliography(heading: str) -> bool:
    return _BIBLIOGRAPHY.fullmatch(heading) is not None


def is_caption(text: str) -> bool:
    """Whether a paragraph is the caption of a figure, table or algorithm: "Table 2: ..." but not "Table 2 shows"."""
    return _CAPTION.match(text) is not None
