"""Find sentences of a paper that address the model of whoever reads it, and drop them (arxiv.org/abs/2507.06185).

Papers discuss prompts, instructions and assistants all the time, so that only the structure of such a sentence counts:
it overrides earlier instructions, speaks to a model that reads this very text, opens a turn of a chat template, or
orders what a review or summary of this paper has to hold. A sentence that says the same in other words stays: what a
report may hold does not depend on it.
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
    if any(pattern.search(plain) for pattern in _ORDERS):
        return True
    return _OBLIGED.search(plain) is not None and any(pattern.search(plain) for pattern in _READERS)


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

# --- the vocabulary of the patterns: every gap has a bound, so that a search is linear ------------------------------

_GAP = r"[^.!?。！？]{0,30}?"
_NEAR = r"[^.!?。！？:：]{0,16}?"
_WORDS = r"\w{0,12}(?:[ ,]+\w{1,15}){0,2}?[ ,]+"  # the rest of a word, and at most two more
# Where an order begins: "we ignore the previous prompts" is what authors do.
_BEGIN = (
    r"(?:^[^a-z]{0,8}|[.!?:;,(\[\"'“‘—–-] ?|\b(?:please|kindly|now|you|always|instead"
    r"|(?:you|they|it|models?|assistants?|reviewers?) (?:must|should|shall|will)) )"
)
_PAPER = r"(?:paper|work|article|manuscript|document|text|preprint|submission|page|passage|pdf)"
_THIS = rf"(?:(?:th(?:is|e present)|our) {_PAPER}\b|this(?= (?:must|should|shall|will|is|has)\b|[,.;:!?]|$))"
_MODEL = (
    r"(?:(?:ai|llm|language[ -]models?|gpt|machine|automat(?:ed|ic))[ -](?:based |powered |driven )?"
    r"(?:assistant|agent|review(?:er|ing system)|reader|summari[sz]er|system|model|tool|chat ?bot)s?|ais?|llms?"
    r"|(?:large )?language models?|chat ?bots?|assistants?|summari[sz]ers?|chatgpt|claude|gemini)"
)
_READS = (
    r"(?:(?:that|who|which) )?(?:(?:is|are|may be|might be|will be|now|asked to|told to) )*+"
    r"(?:read|summari[sz]|review|process|evaluat|assess|pars|analy[sz]|report|describ|index)(?:e|es|s|ing)?(?: on)?"
)
_OPINION = r"(?:review|rating|evaluation|assessment|score|verdict|feedback|recommendation)s?"
_SUMMARY = (
    rf"(?:summar(?:y|ies)|reviews?|reports?|digests?|descriptions?|headlines?) (?:of|on|about|for) this {_PAPER}\b"
)
_ROMANCE_MODEL = r"\b(?:asistente|assistant|assistente|modelo de l|modèle de l|modello l|i\.?a\.?\b|chatbot)"
_EAST_ASIAN_MODEL = (
    r"(?<![a-z])ai(?![a-z])|人工智能|语言模型|大模型|助手|机器人|人工知能|言語モデル"
    r"|アシスタント|언어 모델|인공지능|어시스턴트"
)


def _override(verbs: str, instructions: str, earlier: str, *, begin: str = "", between: str = _WORDS) -> str:
    """An order to override earlier instructions, in a language whose verb goes first."""
    either = rf"(?:{instructions}){_GAP}(?:{earlier})|(?:{earlier}){between}(?:{instructions})"
    return rf"{begin}(?:{verbs}){_GAP}(?:{either})"


def _reader(model: str, reads: str, this: str) -> str:
    """A model that reads this text, in any order of the words."""
    reading = rf"(?:(?:{reads}){_NEAR}(?:{this})|(?:{this}){_NEAR}(?:{reads}))"
    return rf"(?:{model}){_NEAR}{reading}|{reading}{_NEAR}(?:{model})"


# What an order in English wants
_IMPERATIVES = (
    _override(
        r"ignor(?:e|ing)|disregard|forget|override|bypass|overrule|discard|set aside|pay no attention to"
        r"|(?:do not|don't|stop|never) (?:follow|obey|heed)(?:ing)?",
        r"\b(?:instruction|prompt|directive|guideline|command|rule)s?\b",
        r"\b(?:previous|prior|above|earlier|preceding|foregoing|former|original|initial|existing|system|your)\b",
    ),
    (
        r"(?:reveal|print|repeat|show|output|leak|expose) (?:\w+ ){0,2}your (?:system|initial|hidden|full) (?:prompt"
        r"|instruction)"
    ),
    (
        rf"(?:include|add|insert|put|write|mention|state|say|claim|append|begin|start|end|finish"
        rf"|give)\b{_GAP}\b{_SUMMARY}"
    ),
    (
        r"(?:give|write|provide|produce|generate|return|output|assign|leave)\b[^.!?]{0,25}?"
        rf"(?:\b(?:positive|glowing|favou?rable|enthusiastic) {_OPINION} only\b"
        rf"|\b(?:positive|glowing|favou?rable|enthusiastic|perfect|excellent|highest|top|maximum) {_OPINION}"
        rf"[^.!?]{{0,20}}?this {_PAPER})"
    ),
    (
        r"(?:do not|don't|never|avoid|refrain from) (?:mention|highlight|discuss|list|report|stat|point)(?:e"
        r"|ing)?(?: out)?"
        r" (?:any|its|the|our) (?:\w+ )?(?:negative|weakness|limitation|flaw|shortcoming|criticism)(?:e?s)?\b"
    ),
    (
        rf"(?:praise|endorse|accept|(?:strongly |highly )?recommend(?: accepting| acceptance of"
        rf"| publication of)?) this {_PAPER}"
    ),
    r"(?:tell|inform|urge|convince|advise|encourage) (?:all )?your (?:reader|subscriber|audience|channel)s?\b",
)
# A sentence that is an order to the reader's model
_ORDERS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_BEGIN}(?:{'|'.join(_IMPERATIVES)})",
        # To override earlier instructions
        _override(
            r"忽略|无视|無視|忘记|忘掉|忘記|抛开|覆盖|(?:不要|别|停止)再?(?:理会|遵循|遵守|执行)",
            r"指令|指示|提示|规则|規則|命令|要求",
            r"之前|以上|前面|上述|先前|此前|上面|系统|[你您]的|以前",
            begin=r"(?:^|[，。：；！？“\"「『(（]|请|請|务必|必须|立即|现在|[你您][要应]?) ?",
            between=r".{0,8}?",
        ),
        _override(
            r"\b(?:ignor(?:a|e|ez|er|en|ad|are|i)|olvid(?:a|e|en|ad)|descarta|oubli(?:e|ez)|esque(?:ç|c)a"
            r"|desconsidere"
            r"|dimentica|ne (?:suis|suivez) pas|no siga[sn]?|não siga)\b",
            r"\b(?:instru[cçz]|istruzion|consigne|directi|direttiv|indica|[óo]rden|orienta|reg(?:l|r|ol)|comand)",
            r"\b(?:anterior|pr[ée]vi[ao]s?\b|pr[ée]c[ée]dent|ant[ée]rieur|ci-dessus|acima|arriba|sopra)",
        ),
        _override(
            r"ignorier|vergiss|vergessen sie|missacht|игнориру|забудь|не (?:следу|выполня|обраща)",
            r"anweisung|instruktion|befehl|vorgabe|regeln|инструкци|указани|команд|правил|промпт",
            r"vorherig|vorig|bisherig|obig|früher|vorangeg|vorsteh|предыдущ|прежн|предшеств|ранее|выше",
        ),
        (
            rf"(?:以前|これまで|上記|前の|先の|以上の|이전|앞의|위의|기존){_GAP}(?:指示|命令|プロンプト|ルール|지시"
            rf"|명령|프롬프트|규칙|지침)"
            rf"{_GAP}(?:無視|忘れ|従わ|破棄|무시|잊|따르지)"
        ),
        # In a turn of a chat template
        r"<\|(?:im_start|start_header_id|begin_of_turn)\|> ?(?:system|assistant|developer)|<\|system\|>|<<sys>>",
        # To whom a model is
        (
            rf"\b(?:if|since|in case) you(?: are|'re) (?:an?|any) (?:\w+ )?{_MODEL}\b(?! (?:user|developer"
            rf"|researcher|engineer))"
        ),
        (
            r"\b(?:si|se|wenn|falls|если) (?:du|sie|vous|tu|usted|eres|es|você|voce|ты|вы)\b[^.!?,]{0,30}?"
            rf"(?:{_ROMANCE_MODEL}|sprachmodell|\bki\b|языков|нейросет|\bии\b)"
            rf"|(?:(?:如果|若|既然)[你您]是|あなたが|당신이)[^。，,.]{{0,12}}?(?:{_EAST_ASIAN_MODEL})"
        ),
        (
            rf"^[^a-z]{{0,8}}(?:dear|attention|(?:note|message|notice|reminder|memo) to)[,:]? (?:the |all |any "
            rf"|every )?"
            rf"{_MODEL}(?: (?:reviewer|reader|agent)s?)?\b ?[:,!—–]"
        ),
        # About what is written of this paper
        rf"\b(?:if|when|whenever|while|as|before) (?:you (?:are )?{_READS}|summari[sz]ing) {_THIS}",
        (
            rf"\b{_SUMMARY}[^.!?]{{0,20}}?\b(?:(?:must|shall|needs? to|ha(?:s|ve) to) |should (?:include|mention"
            rf"|say|state"
            r"|contain|begin|end|link|conclude|recommend|praise))|不要提[及到](?:任何|其|本文的)(?:缺点|不足"
            r"|局限)|只给出?(?:好评|正面)"
        ),
    )
)
# A model that reads this very text. Authors tell of such models, too: only what these have to do is an order.
_READERS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_MODEL},? {_READS} {_THIS}",
        _reader(
            rf"{_ROMANCE_MODEL}|sprachmodell|\bki\b|assistent|языков|нейросет|ассистент|\bии\b",
            r"\b(?:resum|résum|riassum|le[ea]\b|lê|lit\b|lis|legg|lies|zusammen|fass|чита|резюмир|обобща|пересказ)",
            r"\b(?:est[ea]|cet?|cette|questo|diese[nrs]?|этот?|эту|данн\w{2,3}) (?:documento|art[ií]culo|artigo"
            r"|texto|article"
            r"|texte|document|papel|aufsatz|artikel|text|testo|стать|текст|документ)",
        ),
        _reader(
            _EAST_ASIAN_MODEL,
            r"阅读|总结|概括|评审|审阅|要約|読[むん]|요약|읽",
            r"[本这此該该](?:篇|份|段)?(?:论文|文章|文档|文本|稿件|文)|(?:本|この)(?:論文|文書|文章|テキスト)"
            r"|이 (?:논문|글|문서|텍스트)",
        ),
    )
)
_OBLIGED = re.compile(
    r"\b(?:must|should|shall|please|you|your|ha(?:s|ve) to|needs? to|(?:is|are) (?:asked|required|instructed"
    r"|told|to)|will"
    r"|always|never|debe|deben|doit|doivent|deve|devem|muss|müssen|soll|sollen)\b|долж|обязан|следует"
    r"|必须|应当|应该|请|务必|不得|ください|べき|なければ|해야|하세요|하십시오"
)
