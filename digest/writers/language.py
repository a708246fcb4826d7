"""Languages as a model is told of them, and whether a text is in the one that was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from digest.types import Block, Paragraph, Points, RunKind, Section, Table

_NAMES = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese (日本語)",
    "ko": "Korean (한국어)",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Simplified Chinese (简体中文)",
}
_TRADITIONAL = re.compile(r"zh-(?:hant|tw|hk|mo)\b", re.IGNORECASE)

_HAN = r"\u3400-\u9fff\uf900-\ufaff"
# Letters of languages that are not written in Latin ones. Where words are not parted, each character is one.
_OWN_LETTERS = {
    "ar": r"[\u0600-\u06ff]+",
    "el": r"[\u0370-\u03ff]+",
    "he": r"[\u0590-\u05ff]+",
    "hi": r"[\u0900-\u097f]+",
    "ja": rf"[\u3040-\u30ff{_HAN}]",
    "ko": r"[\uac00-\ud7af]+",
    "ru": r"[\u0400-\u04ff]+",
    "th": r"[\u0e00-\u0e7f]+",
    "uk": r"[\u0400-\u04ff]+",
    "zh": rf"[{_HAN}]",
}
_KANA = re.compile(r"[\u3040-\u30ff]")
_WORD = re.compile(rf"[\u3040-\u30ff{_HAN}]|[^\W\d_\u3040-\u30ff{_HAN}]+")
_LEAST_WORDS = 8  # fewer, such as a list of names, tell nothing of the language
_LEAST_OWN = 0.3  # share of words in the language's own letters: the rest are names and terms of art
_MOST_HAN = 0.3
# English gives itself away by its small words; a terse list has fewer, another language none but in names.
_ENGLISH = frozenset({"the", "of", "and", "with", "by", "which", "that", "for", "from", "to"})
_ENOUGH_FOR_ENGLISH = 20
_MOST_ENGLISH = 0.12


def language_name(language: str) -> str:
    """What a language is called in a prompt, for a tag such as "en", "zh" or "pt-BR"."""
    if _TRADITIONAL.match(language):
        return "Traditional Chinese (繁體中文)"
    return _NAMES.get(language.partition("-")[0].lower(), f'the language with the tag "{language}"')


def foreign_section(sections: Iterable[Section], language: str) -> Section | None:
    """The first section that is not in the language, as far as the letters tell, or None.

    Names, code, formulas, links and tables do not count. Among Latin letters only English is told from the others.
    """
    return next((section for section in sections if is_foreign(" ".join(_prose(section.blocks)), language)), None)


def is_foreign(text: str, language: str) -> bool:
    """Whether a text, without names and formulas, is in another language than this one, as far as the letters tell."""
    words = _WORD.findall(text)
    if len(words) < _LEAST_WORDS:
        return False
    base = language.partition("-")[0].lower()
    if base in _OWN_LETTERS:
        own = sum(len(re.findall(_OWN_LETTERS[base], word)) for word in words)
        kana = len(_KANA.findall(text))
        return own < _LEAST_OWN * len(words) or (kana == 0 and base == "ja") or (base == "zh" and kana > own)
    english = sum(word.lower() in _ENGLISH for word in words)
    if base != "en" and len(words) >= _ENOUGH_FOR_ENGLISH and english > _MOST_ENGLISH * len(words):
        return True
    return len(re.findall(_OWN_LETTERS["ja"], text)) > _MOST_HAN * len(words)


def _prose(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield "".join(run.text for run in runs if run.kind is RunKind.TEXT and not run.link)
            case Points(points):
                for point in points:
                    yield from _prose(point)
            case Table():
                pass
