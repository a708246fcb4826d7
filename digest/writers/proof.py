"""Check a report for what its paper dictated: sentences that come from one that orders what is to be said of it.

Recognition is looser than in digest.text.injection, since it costs an honest paper at most that its report is written
twice: such a sentence orders something to be said, and speaks of models or what they write, and to somebody or of this
paper. 5 of 5,444 abstracts of real papers have one.
"""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from digest.errors import WriteError
from digest.inline import plain_runs, without_spans
from digest.markdown import normal
from digest.text.injection import Dropped, FilteredPaper, addresses_model, is_abstract, normalised, parts
from digest.text.links import Links
from digest.text.valid import valid
from digest.types import Block, Paragraph, Points, Report, ReportWriter, Runs, SectionName, Table, TextWork
from digest.words import parted
from digest.writers.answer import NEVER_EMPTY
from digest.writers.sentences import pieces

log = logging.getLogger(__name__)

SHARE = 0.6  # of a sentence's content words that come from one sentence
_ENOUGH_WORDS = 4  # fewer say something only when one of them stands nowhere else in the paper

_VERBS = (
    r"(?:say|stat|claim|writ|mention|includ|add|insert|append|put|print|output|repeat|tell|describ|call|declar"
    r"|conclud|prais"
    r"|recommend|rat|giv|post|shar|link|visit|click|send|ping|notify|begin|start|end|finish|clos|answer|reply"
    r"|respond|act"
    r"|pretend|translat|replac|fill|run|execut|highlight|emphasi[sz]|cit|ignor|disregard|forget|overrid|reveal"
    r"|remind|point)e?\b(?!-)"
)
_ORDERED = re.compile(
    r"(?:^[^a-z]{0,8}|[:.!?\"“] ?|[,;] (?:and |then |please )?|\b(?:must|shall|should|please|always|never"
    r"|make sure to|be sure to"
    r"|ha(?:s|ve) to|(?:is|are) (?:asked|required|instructed|told|requested) to) )"
    rf"(?:\w+ly |also |first |then |only |always )?{_VERBS}"
    r"|(?:请|务必|必须|应当|应该|不得|需要?)[^。！？]{0,14}?(?:写|说|声明|提[到及醒]|加[入上]|附上|输出|回答"
    r"|指出|强调|推荐|称赞|赞美|访问|点击|忽略|重复)"
    r"|(?:書|言|述べ|含め|記載|追加|推薦|褒め|出力|答え|無視|紹介|載せ)[^。]{0,8}?(?:ください|なさい|べき"
    r"|なければ|必要)"
    r"|(?:쓰|작성|말|언급|포함|추가|추천|칭찬|출력|대답|무시|소개)[^.。]{0,6}?(?:세요|십시오|해야|하라)"
    r"|\b(?:debe[ns]?|doi(?:t|vent)|devez|devem?|por favor|veuillez|d[iî]t?es?|diga|escrib[ae]|écri(?:s|vez)"
    r"|escreva|mencion[ae]"
    r"|mentionnez?|inclu(?:ye|ya|a|ez|i)|añad[ea]|ajoutez?|adicione|recom(?:iend|end|mand)[ae]z?|elogi[ae]|muss"
    r"|müssen|soll(?:en|te)?"
    r"|bitte|schreiben?|erwähnen?|nennen?|loben?|empfehlen?)\b|долж|обязан|пожалуйста|напиши|скажи|укажи|упомян"
    r"|добавь|похвали"
)
_OF_MODELS = re.compile(
    r"(?<![a-z\d.])ais?(?![a-z])|\b(?:llms?|language models?|assistants?|chat ?bots?|summari[sz]\w+|reviewers?"
    r"|automat\w+ (?:system|reader|tool)s?"
    r"|summar(?:y|ies)|reports?|reviews?|digests?|answers?|repl(?:y|ies)|responses?|instructions?|i\.?a\.?|ki"
    r"|asistente|assistente|modelo de \w+|modèle de \w+|sprachmodell|assistent|res[uú]m\w+|résum\w+|informe"
    r"|rapport|bericht"
    r"|zusammenfass\w+|relat[óo]rio|respuestas?|réponses?|antwort\w*|respostas?)\b|языков|ассистент|отчет|отчёт"
    r"|ответ|резюме|обзор"
    r"|人工智能|语言模型|大模型|助手|机器人|摘要|总结|报告|回答|回复|人工知能|言語モデル|アシスタント|要約"
    r"|レポート|返答|회답"
    r"|언어 모델|인공지능|어시스턴트|요약|보고서|답변"
)
_TO_SOMEBODY = re.compile(
    r"\b(?:this|our) (?:paper|work|article|manuscript|document|text|study|submission)\b|\byou(?:r|rs)?\b"
    r"|https?://|www\.|(?<![a-z\d])[@＠]\w|<[!@]"
    r"|\b(?:readers?|subscribers?|everyone|channel)\b|\b(?:summari[sz]ing|reading|reviewing|describing|reporting)\b"
    r"|你|您|本文|本论文|这篇|该论文|读者|频道|あなた|本論文|この(?:論文|文書|文章)|読者|당신|이 (?:논문|글"
    r"|문서)|독자"
    r"|\b(?:est[ea]|cet?|cette|diese\w?) (?:documento|art[ií]culo|trabajo|artigo|trabalho|texto|article|travail"
    r"|texte|document|aufsatz"
    r"|artikel|arbeit|text|dokument)|\b(?:usted|lector|lectores|vous|votre|lecteurs?|sie|ihre?|leser\w*|você|seu"
    r"|leitores)\b"
    r"|\b(?:вы|вас|ваш\w*|читател\w+|эт\w+ (?:стать|работ|текст|документ)\w*)"
)


class Proof(Struct, frozen=True):
    """A report with only the links that it may have, and the sentences of the paper that dictated some of it."""

    report: Report
    dictating: tuple[Dropped, ...]


async def written(
    writer: ReportWriter,
    text: FilteredPaper,
    language: str,
    hosts: tuple[str, ...],
    text_work: TextWork,
    *,
    strict: bool,
) -> Report:
    """What a writer makes of a paper, proofread. When the paper dictated some of it, it is written once more without
    those passages, and what is dictated even then goes.

    A strict one raises WriteError when so nothing is left of a section that every paper has something for.
    """
    paper = text.paper.id
    report = await writer.write(text.paper, text.reading, language)
    proof = await text_work.run(paper, proofread, report, text, hosts)
    if not proof.dictating:
        return proof.report
    log.info("the paper dictated some of its report", extra={"paper": paper, "found": len(proof.dictating)})
    rest = await text_work.run(paper, without_passages, text, proof.dictating)
    try:
        report = await writer.write(rest.paper, rest.reading, language)
    except Exception as error:  # noqa: BLE001 (there is a report already)
        log.info("report is not written again", extra={"paper": paper, "reason": str(error)})
    kept = await text_work.run(paper, without_dictation, report, text, hosts)
    if strict and any(_holds(report, name) and not _holds(kept, name) for name in NEVER_EMPTY):
        raise WriteError(f"{writer.name} wrote only what {paper} orders models to write.")
    return replace(kept, text_hash=text.reading.text_hash)


def told_of_dropped(text: FilteredPaper) -> Iterator[str]:
    """What the operator is told of sentences that were kept from writers: one sentence, or none."""
    if count := len(text.dropped):
        sentences = "1 sentence addresses" if count == 1 else f"{count} sentences address"
        yield (
            f"{text.paper.id}: {sentences} a language model, and no report is made from that. "
            f"See: paperboy check {text.paper.id}"
        )


def proofread(report: Report, text: FilteredPaper, hosts: tuple[str, ...]) -> Proof:
    """Take out strangers' links and calls to people (digest.text.links), and look for what the paper dictated."""
    report = Links(text.paper, text.reading, hosts).report(valid(report))
    dictation = _Dictation(text)
    return Proof(report, tuple(dict.fromkeys(one for told in _texts(report) for one in dictation.sources(told))))


def without_dictation(report: Report, text: FilteredPaper, hosts: tuple[str, ...]) -> Report:
    """As `proofread`, and take out the sentences that the paper dictated, rows and quotes among them."""
    report = Links(text.paper, text.reading, hosts).report(valid(report))
    dictation = _Dictation(text)
    return replace(
        report,
        sections=tuple(
            replace(section, blocks=normal(_without_dictation(section.blocks, dictation)))
            for section in report.sections
        ),
        quotes=tuple(quote for quote in report.quotes if not any(map(dictation.sources, pieces(quote.text)))),
    )


def without_passages(text: FilteredPaper, found: tuple[Dropped, ...]) -> FilteredPaper:
    """The paper without the passages that hold one of the sentences; of a title, heading or abstract only the sentence
    goes. The hash is another one: what is written now is not what was written before."""
    gone = {normalised(one.sentence) for one in found}
    kept = []
    for passage in text.reading.passages:
        if is_abstract(passage, text.reading):
            passage = replace(passage, text=_rest(passage.text, gone))
        elif any(normalised(part) in gone for part in parts(passage)):
            continue
        heading = " > ".join(title for title in passage.heading.split(" > ") if normalised(title) not in gone)
        kept += [replace(passage, heading=heading)] if passage.text else []
    text_hash = hashlib.sha256("\n".join((text.reading.text_hash, *sorted(gone))).encode()).hexdigest()
    return FilteredPaper(
        replace(text.paper, title=_rest(text.paper.title, gone), abstract=_rest(text.paper.abstract, gone)),
        replace(text.reading, passages=tuple(kept), text_hash=text_hash),
        (*text.dropped, *found),
    )


class _Dictation:
    """The sentences of a paper that may have dictated some of its report, and the words of all the others."""

    def __init__(self, text: FilteredPaper) -> None:
        unfiltered = dict.fromkeys(_unfiltered(text))
        every = unfiltered | dict.fromkeys(_in_passages(text))
        told = {*text.dropped, *(one for one in unfiltered if addresses_model(one.sentence))}
        dictating = [one for one in [*every, *text.dropped] if one in told or may_dictate(one.sentence)]
        self._dictating = [(one, _content_words(one.sentence)) for one in dictating]
        # Nothing has to be known of the others where nothing is dictated, as in nearly every paper.
        others = every.keys() - set(dictating) if dictating else ()
        self._others = [_content_words(one.sentence) for one in others]
        self._known = frozenset[str]().union(*self._others)

    def sources(self, text: str) -> tuple[Dropped, ...]:
        """The sentences that a sentence of a report comes from; () when as much of it stands in an honest one."""
        words = _content_words(text) if self._dictating else frozenset()
        shares = [(one, words & own) for one, own in self._dictating]
        enough = max(SHARE * len(words), 1)
        found = [
            (one, share)
            for one, share in shares
            if len(share) >= enough and (len(words) >= _ENOUGH_WORDS or not share <= self._known)
        ]
        honest = max((len(words & other) for other in self._others), default=0) if found else 0
        return tuple(one for one, share in found if len(share) > honest)


def _holds(report: Report, name: SectionName) -> bool:
    section = report.section(name)
    return section is not None and bool(section.blocks)


def may_dictate(sentence: str) -> bool:
    """Return whether a sentence of a paper may order what is said of it."""
    plain = normalised(sentence)
    return all(cue.search(plain) for cue in (_OF_MODELS, _TO_SOMEBODY, _ORDERED))


def _unfiltered(text: FilteredPaper) -> Iterator[Dropped]:
    """What no filter has seen: title, headings, and the sentences of the abstract."""
    yield Dropped("", text.paper.title)
    yield from (Dropped("Abstract", piece.strip()) for piece in pieces(text.paper.abstract))
    for passage in text.reading.passages:
        yield from (Dropped(passage.heading, title) for title in passage.heading.split(" > "))
        if is_abstract(passage, text.reading):
            yield from (Dropped(passage.heading, part.strip()) for part in parts(passage))


def _in_passages(text: FilteredPaper) -> Iterator[Dropped]:
    for passage in text.reading.passages:
        yield from (Dropped(passage.heading, part.strip()) for part in parts(passage))


def _rest(text: str, gone: Collection[str]) -> str:
    return "".join(piece for piece in pieces(text) if normalised(piece) not in gone).strip()


def _content_words(text: str) -> frozenset[str]:
    """The words that say something: long ones, those with a digit, and pairs of East Asian characters."""
    words = []
    for word in _WORD.findall(normalised(text)):
        if _UNSPACED.match(word):
            words += parted(word)
        elif len(word) >= _LONG or any(map(str.isdigit, word)):
            words.append(word)
    return frozenset(words) - _COMMON


_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LONG = 4
_COMMON = frozenset(
    "this that these those with from into over such than then them they their there have been were will would should "
    "must also which what when where about your more most only very each every other some".split()
)


def _texts(report: Report) -> Iterator[str]:
    """Every sentence of a report, each cell and quote among them."""
    for section in report.sections:
        yield from _texts_of(section.blocks)
    for quote in report.quotes:
        yield from pieces(quote.text)


def _texts_of(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield from pieces(plain_runs(runs))
            case Points(points):
                for point in points:
                    yield from _texts_of(point)
            case Table(_, rows):
                for row in rows:
                    yield from map(plain_runs, row)


def _without_dictation(blocks: Sequence[Block], dictation: _Dictation) -> Iterator[Block]:
    for block in blocks:
        match block:
            case Paragraph(runs):
                yield Paragraph(_without_sentences(runs, dictation))
            case Points(points, ordered):
                yield Points(tuple(tuple(_without_dictation(point, dictation)) for point in points), ordered)
            case Table(header, rows):
                kept = tuple(row for row in rows if not any(dictation.sources(plain_runs(cell)) for cell in row))
                if kept:
                    yield Table(header, kept)


def _without_sentences(runs: Runs, dictation: _Dictation) -> Runs:
    spans, begin = [], 0
    for piece in pieces(plain_runs(runs)):
        end = begin + len(piece)
        spans += [(begin, end)] if dictation.sources(piece) else []
        begin = end
    return without_spans(runs, spans)
