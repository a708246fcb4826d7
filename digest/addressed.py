"""Text in a paper that speaks to a language model instead of to its readers: "ignore previous instructions" and its
like, in English and Chinese.

Such passages are kept from models, and no sentence, quote or answer is taken from them. Papers have carried them, seen
and unseen (https://arxiv.org/abs/2507.06185). What is recognised is a manner of speaking: a paper about such attacks
loses its examples, and an instruction in words of its own gets through, which is why what a model writes is checked
as well (digest.writers.proof).
"""

from __future__ import annotations

import re
import unicodedata

from msgspec import Struct
from msgspec.structs import replace

from digest.types import Paper, Passage, Reading, ReadingSource

_UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
_SENTENCE = re.compile(r".*?(?:[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*|\n|$)", re.DOTALL)

_MODEL = (
    r"(?:an? |the |any |all |every |other |my |our )*(?:a\.?i\.?|artificial intelligence|llm|"
    r"large language model|language"
    r" model|chat ?bot|chatgpt|gpt-?\d?|claude|gemini|assistant|summari[sz]er|bot|agent|model)s?"
    r"(?: (?:assistant|model|agent|reviewer|reader|system|summari[sz]er|bot)s?)*"
)
_ORDERS = r"(?:instruction|prompt|direction|directive|guideline|command|rule|order|request|constraint|task)s?"
_MADE = r"(?:summar(?:y|ies)|reports?|digests?|reviews?|headlines?|cards?|messages?)"
# An order begins a sentence, or follows a word that gives one; "we ignore the previous prompts" is what authors do.
_BEGINS = (
    r"(?:^(?:[\da-z]{1,2}(?:\.\d+)*\.? )?|[.!?:;,|()\]\"'“”‘’—–-]\s*"
    r"|\b(?:please|now|then|and|also|just|must|should|shall|will|to|you|so|first|next|always|instead|kindly) )"
)
_ENGLISH = (
    # Orders about orders
    (
        rf"(?:ignore|disregard|forget|override|bypass|overrule|drop|discard|skip)(?: about)?(?: all| any| every|"
        rf" each| of| the|"
        rf" your| my| these| those| other)*(?: (?:previous|prior|above|earlier|preceding|foregoing|former|"
        rf"original|existing|"
        rf"initial|system|other|given|current)(?: and| or|,)?)+(?: \w+){{0,2}}? {_ORDERS}\b"
    ),
    (
        rf"{_BEGINS}(?:ignore|disregard|forget|override)(?: all| any| the)*(?: of)? (?:your (?:\w+ )?{_ORDERS}\b|"
        rf"everything"
        r" (?:above|before|you)|(?:all|anything|what)(?: \w+){0,3} (?:above|before)\b)"
    ),
    (
        rf"\b(?:new|updated|real|actual|hidden|secret|following|these|special|additional) {_ORDERS} (?:for|"
        rf"to) {_MODEL}\b"
    ),
    r"\b(?:reveal|print|repeat|show|output|leak)(?: me)? (?:your|the) (?:system|initial|hidden|original) prompt\b",
    # Whom it speaks to
    (
        rf"(?:^|[.!?;)\]]\s*)(?:dear|hey|hello|attention|note(?: to| for)?|message (?:to|for)|"
        rf"instructions? (?:to|for)|for|to)"
        rf"(?: reviewers? who (?:use|are))? {_MODEL}\s*(?:[:,!—–-]|only\b|reading|that read|who read)"
    ),
    (
        r"\b(?:if|when|since|as) (?:you are|you're|you, the reader, are) (?:an? |the )?(?:\w+ ){0,2}(?:ai|artificial"
        r" intelligence|llm|language model|chatbot|assistant|bot|summari[sz]er|automated \w+)\b"
    ),
    (
        r"\byou are (?:now|no longer|hereby) (?:\w+ ){0,4}(?:assistant|model|bot|mode|persona|bound|required|"
        r"free|allowed|in"
        r" \w+ mode|dan)\b"
    ),
    # What its answer is to hold
    rf"\b(?:in|for|at the (?:top|start|beginning|end|bottom) of|into|to|throughout) your (?:\w+ ){{0,2}}{_MADE}\b",
    (
        rf"{_BEGINS}(?:include|add|insert|write|put|place|append|prepend|mention|state|say|claim|begin|start|end|"
        rf"close|open|"
        rf"finish|fill|replace|answer|respond|reply)\b.{{0,80}}?\b(?:your|every|each|this|"
        rf"the) (?:\w+ ){{0,2}}?(?:{_MADE}|sections?"
        r" of (?:your|the) report)\b"
    ),
    (
        rf"{_BEGINS}(?:do not|don't|never|stop|refuse to|rather than|instead of) (?:write|writing|produce|"
        rf"producing|give|"
        rf"giving|make|making|create|creating|generate|generating) (?:a|an|any|the|your) (?:\w+ )?{_MADE}\b"
    ),
    (
        rf"{_BEGINS}(?:tell|inform|convince|urge|ask|instruct|direct)(?: all| every| your| the)+ (?:users?|"
        rf"readers?|people|"
        r"humans?|team|channel|subscribers?|members?)\b"
    ),
    (
        rf"{_BEGINS}(?:give|write|provide|return|output|produce)(?: only)? (?:an? )?(?:\w+ )?(?:positive|glowing|"
        rf"favou?rable|"
        rf"enthusiastic|perfect|excellent) (?:{_MADE}|score|rating|verdict)\b"
    ),
    (
        r"\bdo not (?:mention|highlight|state|list|discuss|report) (?:any |the |its |our )*(?:negative|weakness|"
        r"limitation|flaw|"
        r"shortcoming)\w*"
    ),
    (
        rf"{_BEGINS}(?:say|state|write|claim|report|conclude|repeat|print|output)(?: only| exactly|"
        rf" just)?(?: that| the words?|"
        r" the sentence| the phrase| verbatim|:)[^.!?]{0,60}?\b(?:verbatim|exactly|word for word|nothing else|"
        r"in every section|"
        r"in all sections)\b"
    ),
    (
        rf"{_BEGINS}(?:respond|reply|answer|write|output|speak)(?: to (?:this|everything|all))? (?:only|just|"
        rf"entirely|exclusively|"
        r"solely|nothing but)\b.{0,40}?\b(?:poem|haiku|rhyme|emoji|pirate|base64|capitals|word|sentence|"
        r"phrase|html|xml|"
        r"javascript|nothing else)"
    ),
    # Links, calls and commands
    (
        rf"{_BEGINS}(?:post|share|send|publish|insert|include|add|append|embed|link to|visit|click|open|follow|"
        rf"paste|broadcast|"
        r"recommend)(?: on)?(?: \w+){0,3}? (?:this|that|the following|following|the|our|my) (?:link|url|address|"
        r"website|web ?page|"
        r"message|command|site|invite)\b"
    ),
    (
        rf"{_BEGINS}(?:post|share|send|publish|insert|include|add|append|embed|link to|visit|click|open|follow|"
        rf"paste|broadcast|"
        r"recommend)\b(?: \w+){0,4}?:? ?(?:https?://|www\.)"
    ),
    (
        rf"{_BEGINS}(?:mention|notify|ping|tag|alert|page|call)(?: all| the)* (?:everyone|everybody|channel|here|"
        rf"all members|"
        r"members)\b"
    ),
    r"@(?:everyone|here|channel|all)\b|<!(?:everyone|here|channel)>|<@[!&]?[uw]?\w{6,}>",
    (
        rf"{_BEGINS}(?:run|execute|call|invoke|use|type|issue|enter|send|"
        rf"trigger)(?: the)?(?: \w+){{0,2}} ?[\"'“‘(:]?\s?"
        r"/(?:paperboy|papers?|\w+ (?:all|admin|now)\b)"
    ),
    # Marks of a conversation
    r"<\|(?:im_start|im_end|system|user|assistant|end|eot_id|start_header_id|endoftext)\|>",
    r"</?(?:system|instructions?|paper|document|context|untrusted|data)>",
    (
        r"(?:^|[\n.!?]\s*)(?:system|assistant) ?(?:prompt|message|override|note|instruction)? ?:\s*(?:you|ignore|"
        r"from now|new|the"
        r" (?:user|paper|text|above)|override)"
    ),
    (
        r"\b(?:end|beginning|start) of (?:the )?(?:paper|document|untrusted (?:text|input|data)|user (?:text|"
        r"input)|source"
        r" text)\b\W{0,8}(?:new|now|system|instruction|ignore|the real|next)"
    ),
    r"\bfrom now on,? (?:you|your|always|only|act|answer|write|respond|every)\b",
)
_CHINESE_MODEL = (
    r"(?:a\.?i\.?|人工智能|大?语言模型|大模型|语言模型|llm|chatgpt|gpt|智能助手|模型|助手|机器人|智能体|摘要器)"
)
_CHINESE_ORDERS = r"(?:指令|指示|提示词?|规则|要求|命令|设定|约束|任务|说明)"
_CHINESE_MADE = r"(?:报告|摘要|总结|日报|点评|评审|审稿意见|标题|卡片|消息|推送)"
_CHINESE = (
    (
        rf"(?:忽略|无视|忘记|忘掉|忘了|抛开|丢弃|不要理会|不要遵守|不必遵守|跳过|绕过|覆盖|推翻).{{0,10}}(?:之前|"
        rf"此前|以上|上述|上面|先前|前面|前述|所有|"
        rf"全部|一切|原有|原来|系统|已有|你的|您的).{{0,10}}?{_CHINESE_ORDERS}"
    ),
    r"(?:忽略|无视|忘记|忘掉|忘了).{0,4}(?:以上|上述|上面|前面|之前)(?:的)?(?:所有|全部|一切)?(?:内容|文字|文本)",
    (
        rf"(?:^|[。！？；\s])(?:致|告诉|提醒|敬告|写给|给|请)(?:所有|各位|任何|阅读本文的|"
        rf"正在阅读的)*{_CHINESE_MODEL}(?:助手|读者|审稿人|模型|系统|们)*"
        r"(?:注意|请|的话|的说明|的指示|的指令)?\s?[：:，,！!]"
    ),
    rf"(?:如果|假如|若|倘若|既然)(?:你|您|读者)是(?:一个|一名|一位|个)?{_CHINESE_MODEL}",
    (
        r"(?:你|您)(?:现在|从现在起|此刻)(?:是|不再是|不再受|必须|可以|要)|从现在(?:起|开始)[，,]?\s?(?:你|您|请|"
        r"所有|只)"
    ),
    rf"(?:给|致|对|面向){_CHINESE_MODEL}(?:助手|读者|审稿人)?的(?:新|隐藏|真正|附加|特别)?{_CHINESE_ORDERS}",
    rf"(?:你|您)的{_CHINESE_MADE}(?:中|里|的|末尾|开头|结尾|必须|应|要|只)",
    (
        rf"(?:请|务必|必须|一定要|应当|需要|然后|并|再|接着)(?:你|您)?(?:在|于|把|"
        rf"将).{{0,24}}?(?:{_CHINESE_MADE}|各部分|每一部分|每个部分|回答|回复|输出).{{0,24}}?"
        r"(?:写|加入|加上|插入|添加|说|注明|声明|附上|放|提到|换成|替换|改成|开头|结尾|结束)"
    ),
    (
        r"(?:请|务必|必须|只需|只能|仅|然后|并|立即)(?:在)?.{0,12}?(?:发布|发送|转发|贴出|附上|插入|分享|推荐|"
        r"点击|打开|访问|加入)"
        r".{0,12}?(?:链接|网址|网站|地址|以下消息|这条消息|该消息|https?://|www\.)"
    ),
    (
        r"(?:^|[。！？；，,：:\s])(?:发布|转发|贴出|分享|点击|打开|访问|推荐)(?:一下)?(?:这个|此|该|下面的?|以下|"
        r"如下)(?:链接|网址|网站|地址|消息)"
    ),
    r"(?:提醒|通知|呼叫|艾特|提及)(?:一下)?(?:所有人|全体成员|全员|频道)|@(?:所有人|全体成员|全员)",
    (
        r"(?:执行|运行|输入|调用|发送|触发|使用)(?:以下|这个|该)?(?:命令|指令)?\s?[「“\"'：:（(]?\s?/(?:paperboy|"
        r"papers?)"
    ),
    (
        rf"(?:只|仅|务必|必须|请)(?:能|需|要|给出?|写|输出|提供|做出|作出)*(?:一份|一个)?(?:正面|积极|好评|肯定|"
        rf"满分|最高)的?(?:{_CHINESE_MADE}|评价|评分|分数)"
    ),
    (
        r"(?:不要|切勿|不得|禁止|别)(?:提及|提到|指出|写出|列出|突出|讨论|报告)(?:任何|其|本文的|它的)*(?:缺点|"
        r"不足|局限|负面|弱点|问题)"
    ),
    rf"(?:不要|停止|放弃|拒绝|别|无需)(?:再)?(?:写|生成|输出|撰写|给出)(?:任何|这份|这篇)?(?:论文)?{_CHINESE_MADE}",
    (
        r"(?:只|仅)(?:用|以|能用|输出|回答|回复|写).{0,16}?(?:诗|俳句|表情|拼音|打油诗|代码|网页|一句话|这句话|"
        r"以下文字|如下文字|html)"
    ),
    r"(?:原样|一字不差地?|逐字)(?:地)?(?:重复|输出|写|复述|照抄)",
    (
        r"(?:告诉|说服|敦促|劝|让)(?:所有|每个|各位|全体)?(?:用户|读者|群成员|订阅者|成员|同事)(?:们)?(?:去|要|都|"
        r"立即|必须|点击|访问|下载|这)"
    ),
    r"(?:输出|显示|泄露|告诉我|打印|重复)(?:你|您)的(?:系统)?(?:提示词?|初始指令)",
    r"(?:论文|文档|正文|不可信(?:内容|文本|数据))(?:到此)?(?:结束|完)(?:了)?\W{0,6}(?:新|以下|现在|接下来|系统|请)",
)
_ADDRESSES = re.compile("|".join(f"(?:{pattern})" for pattern in (*_ENGLISH, *_CHINESE)))


class Sifted(Struct, frozen=True):
    """What may be shown to a model or quoted, and the rest: `headings` of what was left out, each once, "" for text
    that stands under none; `texts`, what was left out."""

    paper: Paper
    reading: Reading
    headings: tuple[str, ...]
    texts: tuple[str, ...]


def speaks_to_a_model(text: str) -> bool:
    """Whether a text holds something that is said to a language model."""
    return _ADDRESSES.search(_plain(text)) is not None


def sifted(paper: Paper, reading: Reading) -> Sifted:
    """The paper and its reading without what speaks to a model.

    A passage that does goes as a whole: what it wants stands beside it. Of an abstract, which is all that there may be
    to read, what comes before it stays; of a title, nothing. The reading keeps its hash, which says what was read.
    """
    title, abstract = _harmless(paper.title), before(paper.abstract)
    gone = [("", paper.title[len(title) :]), ("", paper.abstract[len(abstract) :])]
    kept: list[Passage] = []
    for passage in reading.passages:
        titles = passage.heading.split(" > ")
        heading = " > ".join(filter(None, map(_harmless, titles)))
        text = before(passage.text) if _is_abstract(passage, reading) else _harmless(passage.text)
        gone += [(heading, title) for title in titles if not _harmless(title)]
        gone.append((heading, passage.text[len(text) :]))
        if text:
            kept.append(Passage(passage.anchor, heading, passage.kind, text))
    lost = [(heading, text) for heading, text in gone if text.strip()]
    return Sifted(
        replace(paper, title=title, abstract=abstract),
        replace(reading, passages=tuple(kept)),
        tuple(dict.fromkeys(heading for heading, _ in lost)),
        tuple(text for _, text in lost),
    )


def before(text: str) -> str:
    """The sentences of a text before the first that speaks to a model."""
    if not speaks_to_a_model(text):
        return text
    end = 0
    for sentence in _SENTENCE.finditer(text):
        # With what went before it: an order may be told in two sentences.
        if speaks_to_a_model(text[: sentence.end()]):
            break
        end = sentence.end()
    return text[:end].rstrip()


def _harmless(text: str) -> str:
    return "" if speaks_to_a_model(text) else text


def _is_abstract(passage: Passage, reading: Reading) -> bool:
    return reading.source is ReadingSource.ABSTRACT or passage.heading.strip(" .:#").lower() in ("abstract", "摘要")


def _plain(text: str) -> str:
    """A text as it is looked at: one form of each character, small letters, nothing unseen, single spaces."""
    seen = _UNSEEN.sub("", text) if not text.isascii() else text
    folded = unicodedata.normalize("NFKC", seen).lower() if not seen.isascii() else seen.lower()
    return " ".join(folded.split())
