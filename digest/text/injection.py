"""Find sentences of a paper that address the model of whoever reads it, and drop them (arxiv.org/abs/2507.06185).

Papers discuss prompts, instructions and assistants all the time, so that only a whole structure counts: an imperative
that overrides earlier instructions, a condition that the reader is a model, a note to models, what a model that reads
this very paper must do, the turn of a chat template. They are known in English, Chinese, Spanish, French, German,
Portuguese, Russian, Japanese and Korean. What is quoted, asked or the subject of a sentence is told, not ordered. A
sentence that says the same in other words stays: what a report may hold does not depend on it.
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct
from msgspec.structs import replace

from digest.types import Paper, Passage, PassageKind, Reading, ReadingSource
from digest.writers.sentences import pieces


class Dropped(Struct, frozen=True):
    """A sentence that was dropped, and the heading that it stood under."""

    heading: str
    sentence: str


class FilteredPaper(Struct, frozen=True):
    """A paper for writers, and what was dropped. The reading keeps the hash of the text that was read."""

    paper: Paper
    reading: Reading
    dropped: tuple[Dropped, ...]


def filter_injections(paper: Paper, reading: Reading) -> FilteredPaper:
    """Drop every sentence that addresses a model, and nothing else.

    Title, headings and abstract stay as they are: an abstract may be all that a report is made of.
    """
    kept: list[Passage] = []
    dropped: list[Dropped] = []
    for passage in reading.passages:
        if is_abstract(passage, reading):
            kept.append(passage)
            continue
        found = [part for part in parts(passage) if _addresses_model(part)]
        dropped += [Dropped(passage.heading, part.strip()) for part in found]
        if rest := without_parts(passage, frozenset(found)):
            kept.append(rest)
    return FilteredPaper(paper, replace(reading, passages=tuple(kept)) if dropped else reading, tuple(dropped))


def is_abstract(passage: Passage, reading: Reading) -> bool:
    heading = passage.heading.strip(" .:#").lower()
    return reading.source is ReadingSource.ABSTRACT or heading in ("abstract", "摘要")


def parts(passage: Passage) -> tuple[str, ...]:
    """The sentences of a passage, of each of its points and cells, and what stands between them: joined, its text."""
    match passage.kind:
        case PassageKind.TABLE:
            between = _BETWEEN_CELLS
        case PassageKind.LIST:
            between = _BETWEEN_POINTS
        case _:
            return pieces(passage.text)
    return tuple(piece for part in between.split(passage.text) for piece in pieces(part))


def without_parts(passage: Passage, gone: frozenset[str]) -> Passage | None:
    """The passage without some of its parts; None when nothing is left of it."""
    if not gone:
        return passage
    text = "".join(part for part in parts(passage) if part not in gone).strip()
    if passage.kind is PassageKind.LIST:
        text = _EMPTY_POINT.sub("", text)
    return replace(passage, text=text) if text.strip("-| \n") else None


def without_injections(text: str) -> str:
    return "".join(piece for piece in pieces(text) if not _addresses_model(piece)).strip()


def addresses_model(text: str) -> bool:
    """Return whether a sentence of the text addresses a model that reads it."""
    return any(map(_addresses_model, pieces(text)))


def _addresses_model(sentence: str) -> bool:
    plain = normalised(sentence)
    return any(pattern.search(plain) for pattern in _ORDERS) and not _QUOTED_OR_ASKED.search(plain)


def normalised(text: str) -> str:
    """The text as patterns see it: one form of each character, small letters, nothing unseen, single spaces."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text))
    return " ".join(text.lower().split())


_BETWEEN_CELLS = re.compile(r"( \| |\n)")
_BETWEEN_POINTS = re.compile(r"(^ *- |\n *(?:- )?)")
_EMPTY_POINT = re.compile(r"^ *-(?: *\n|\Z)|\n *- *(?=\n|\Z)")
_UNSEEN = re.compile(
    r"[\u00ad\u034f\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)

# --- the patterns: every gap has a bound, so that a search is linear; what they see is normalised ---------------------

_START = (
    r"(?:^(?:(?:figure|table) \w{1,4}[:.] )?[\W\d_]{0,8}|(?<!e\.g)(?<!i\.e)(?<!\betc)(?<!\bcf)(?<!\bvs)[.!?;。] ?\(?)"
)
_BEGIN = (
    rf"{_START}"
    r"(?:(?:(?:note |message )?(?:for|to) [\w -]{1,24}|system|important|attention|note)[:!] )?"
    r"(?:(?:please|kindly|now|you must|you should|por favor|bitte|пожалуйста),? )?"
)
_MODEL = (
    r"(?:(?:(?:large )?language model|llm|ai)(?:[ -](?:based |powered )?(?:language model|assistant|agent|reviewer"
    r"|reader|summari[sz]er|system|model|tool|chat ?bot))?s?|chat ?bots?|chatgpt)"
)
_ROMANCE_MODEL = (
    r"(?:ia|i\.a\.|chatbot|mod[eè]l[eo] (?:de l|di l|l)\w+|(?:asistente|assistant|assistente)(?: (?:de |d'|di )?ia)?)"
)
_GERMAN_MODEL = r"(?:ki(?:-(?:modell|assistent|system|agent))?|sprachmodell|chatbot|assistent)"
_RUSSIAN_MODEL = r"(?:языков\w+ модел\w+|ии|нейросет\w+|ассистент)"
_CHINESE_MODEL = r"(?:ai|人工智能|语言模型|大模型) ?(?:助手|模型|系统|审稿人)?"
_JAPANESE_MODEL = r"(?:ai|人工知能|言語モデル)(?:アシスタント|モデル)?"
_KOREAN_MODEL = r"(?:ai|인공지능|언어 모델)(?: (?:어시스턴트|모델))?"

_VERB = (
    r"(?:ignor(?:e|a|ez|en|ad)|disregard|forget|override|olvid(?:a|e|en)|oubli(?:e|ez)|esqueça|desconsidere|dimentica"
    r"|ignorier(?:e|en sie)|vergiss|vergessen sie|игнорируй(?:те)?|забудь(?:те)?)"
)
_EVERY = r"(?:(?:all|any|every|each|of|the|th[eo]se|my|your|tod[ao]s|l?[ao]s|toutes|les|tutte|le|alle|все) ){0,4}"
_EARLIER = (
    r"(?:previous|prior|above|earlier|preceding|foregoing|before|anteriores|previas|prévias|précédentes|antérieures"
    r"|precedenti|(?:vorherig|vorig|bisherig|früher|obig)en|предыдущие|прежние)\b"
)
_INSTRUCTIONS = (
    r"(?:instructions|directives|guidelines|prompts|(?<=every \w{5} )instruction|instrucciones|consignes|instruções"
    r"|istruzioni|anweisungen|vorgaben|инструкции|указания)\b"
)
_ORDERS = tuple(
    re.compile(pattern)
    for pattern in (
        # To override earlier instructions
        (
            rf"{_BEGIN}{_VERB} {_EVERY}"
            rf"(?:{_EARLIER} (?:\w+ ){{0,2}}{_INSTRUCTIONS}|{_INSTRUCTIONS} (?:\w+ ){{0,2}}{_EARLIER})"
        ),
        (
            rf"{_START}(?:忽略|无视|忘记|忘掉|(?:请|請|[务務]必|现在){{1,2}}(?:忽略|无视|無視|忘记|忘掉|忘記)).{{0,8}}?"
            r"(?:之前|以上|前面|上述|先前|此前|上面|以前).{0,8}?(?:指令|指示|提示)(?=[,。!:;)]|并|$)"
        ),
        (
            r"(?:これまで|以前|上記|前|先|以上)の[^。]{0,8}?(?:指示|命令|プロンプト)[^。]{0,8}?(?:無視|忘れ)"
            r"[^。]{0,20}?(?:ください|下さい|せよ|しろ|なさい)(?=[。、:!]|$)"
        ),
        (
            r"(?:(?:이전|앞|위)의|이전) [^.]{0,8}?(?:지시|명령|프롬프트|지침)[^.]{0,10}?(?:무시|잊)"
            r"[^.]{0,20}?(?:세요|십시오|하라|해라)(?=[.,:!]|$)"
        ),
        # To whom a model is
        (
            rf"{_BEGIN}if you(?: are|'re) (?:an? (?:\w+ )?|(?!\w+ing )(?:\w+ )?){_MODEL}"
            r"(?= ?[,:(—–]| (?:that|who|which|asked|tasked|(?:read|review|summari[sz]|process|evaluat|assess)ing)\b)"
        ),
        (
            r"\b(?:si (?:eres|tú eres|usted es|vous êtes|tu es)|se (?:você (?:é|for)|és|tu és|sei)) "
            rf"(?:une? |uma? |una )?{_ROMANCE_MODEL}(?= ?[,:(—–]| (?:que|qui|che)\b)"
        ),
        (
            rf"\b(?:wenn|falls) (?:du|sie) (?:eine? )?(?:\w+ )?{_GERMAN_MODEL} (?:bist|sind)\b"
            rf"|\bесли (?:вы|ты) ?(?:[—–-] |являетесь )?{_RUSSIAN_MODEL}(?= ?[,:(]| котор)"
        ),
        (
            rf"如果[你您]是(?:(?![使采应]用|开发|训练|研究)[^。,]){{0,12}}?{_CHINESE_MODEL}(?=[,:。])"
            rf"|あなたが[^。、]{{0,12}}?{_JAPANESE_MODEL}(?:なら|であれば|である場合)"
            rf"|당신이 [^.,]{{0,8}}?{_KOREAN_MODEL}(?:이?라면|인 경우)"
        ),
        (
            rf"{_START}(?:(?:(?:note|notice|reminder) (?:to|for)|attention,?) (?:all |any |the ){_MODEL} ?[:!]"
            rf"|(?:(?:note|notice|reminder) (?:to|for)|attention,) {_MODEL} ?[:!]|attention {_MODEL} ?!)"
        ),
        # What a model that reads this very paper must do
        (
            rf"\b(?:{_MODEL}|assistants?|summari[sz]ers?),? (?:(?:that|who|which) (?:(?:is|are) )?\w+|\w+ing)(?: on)?"
            r" this (?:paper|work|article|manuscript|document|submission|preprint),? (?:must|should|shall)\b"
        ),
        (
            rf"\b{_ROMANCE_MODEL},? (?:que|qui|che) \w+ (?:est[ea]|cet?|cette|questo) (?:documento|art[ií]culo|artigo"
            r"|texto|article|texte|document|testo),? (?:debe|doit|deve)\b"
            rf"|\b{_GERMAN_MODEL},? d(?:er|ie|as) diese[ns]? (?:text|artikel|aufsatz|arbeit|dokument) \w+,?"
            r" (?:muss|soll)\b"
            rf"|\b{_RUSSIAN_MODEL},? котор\w\w \w+ (?:этот|эту) (?:текст|документ|статью|работу),? (?:долж|обязан)"
        ),
        (
            rf"(?:阅读|总结|概括|评审|审阅)(?:本文|本论文|[这本]篇(?:论文|文章))的 ?(?:{_CHINESE_MODEL}|助手).{{0,4}}?"
            r"(?:必须|应|请|务必)"
            rf"|(?:本|この)(?:論文|文書|文章)を(?:読む|(?:要約|査読)する) ?{_JAPANESE_MODEL}は.{{0,200}}?"
            r"(?:べき|なければ|ください)"
            rf"|이 (?:논문|글|문서)[을를] (?:읽|(?:요약|검토)하)는 {_KOREAN_MODEL}[는은] .{{0,200}}?"
            r"(?:해야|세요|십시오)"
        ),
        # In a turn of a chat template
        r"^\W{0,3}(?:<\|(?:im_start|start_header_id)\|> ?(?:system|assistant|developer)|<\|system\|>|<<sys>>)",
    )
)
_QUOTED_OR_ASKED = re.compile(
    r"^[^\"“”„«»「」『』]*+(?<![\s(\[:—–-])[\"“”»」』]"  # the quotation begins here or in an earlier sentence
    r"|^\(?(?:``|[‘'`*_])"
    r"|\?[\"”»」』]?$"
    rf"|{_INSTRUCTIONS} (?:\([^()]{{0,80}}\) )?(?:is|are|was|were)\b"
)
