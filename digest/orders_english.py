"""Expressions in which people speak to a language model in English: patterns over a text in small letters."""

from __future__ import annotations

_MODEL = (
    r"(?:an? |the |any |all |every |other |my |our )*(?:a\.?i\.?|artificial intelligence|llm|"
    r"large language model|language"
    r" model|chat ?bot|chatgpt|gpt-?\d?|claude|gemini|assistant|summari[sz]er|bot|agent|model)s?"
    r"(?: (?:assistant|model|agent|reviewer|reader|system|summari[sz]er|bot)s?)*"
)
_ORDERS = r"(?:instruction|prompt|direction|directive|guideline|command|rule|order|request|constraint|task)s?"
_MADE = r"(?:summar(?:y|ies)|reports?|digests?|reviews?|headlines?|cards?|messages?)"
# An order begins a sentence, or follows a word that gives one; "we ignore the previous prompts" is what authors do.
BEGINS = (
    r"(?:^(?:[\da-z]{1,2}(?:\.\d+)*\.? )?|[.!?:;,|()\]\"'“”‘’—–-]\s*"
    r"|\b(?:please|now|then|and|also|just|must|should|shall|will|to|you|so|first|next|always|instead|kindly) )"
)
# As an order that nobody else gives: not "we then ask users to rate it".
ORDER = (
    r"(?:^(?:[\da-z]{1,2}(?:\.\d+)*\.? )?|[.!?:;|(\[]+[\"'”’)\]]*\s*|[\"“「]\s*"
    r"|\b(?:please|kindly|you (?:must|should|shall|will|have to|need to|are to|may|can)(?: \w+ly| always| now|"
    r" also)?) )"
)
ENGLISH = (
    # Orders about orders
    (
        rf"(?:ignore|disregard|forget|override|bypass|overrule|drop|discard|skip)(?: about)?(?: all| any| every|"
        rf" each| of| the|"
        rf" your| my| these| those| other)*(?: (?:previous|prior|above|earlier|preceding|foregoing|former|"
        rf"original|existing|"
        rf"initial|system|other|given|current)(?: and| or|,)?)+(?: \w+){{0,2}}? {_ORDERS}\b"
    ),
    (
        rf"{BEGINS}(?:ignore|disregard|forget|override)(?: all| any| the)*(?: of)? (?:your (?:\w+ )?{_ORDERS}\b|"
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
        rf"{BEGINS}(?:include|add|insert|write|put|place|append|prepend|mention|state|say|claim|begin|start|end|"
        rf"close|open|"
        rf"finish|fill|replace|answer|respond|reply)\b.{{0,80}}?\b(?:your|every|each|this|"
        rf"the) (?:\w+ ){{0,2}}?(?:{_MADE}|sections?"
        r" of (?:your|the) report)\b"
    ),
    (
        rf"{BEGINS}(?:do not|don't|never|stop|refuse to|rather than|instead of) (?:write|writing|produce|"
        rf"producing|give|"
        rf"giving|make|making|create|creating|generate|generating) (?:a|an|any|the|your) (?:\w+ )?{_MADE}\b"
    ),
    (
        rf"{BEGINS}(?:tell|inform|convince|urge|ask|instruct|direct)(?: all| every| your| the)+ (?:users?|"
        rf"readers?|people|"
        r"humans?|team|channel|subscribers?|members?)\b"
    ),
    (
        rf"{BEGINS}(?:give|write|provide|return|output|produce)(?: only)? (?:an? )?(?:\w+ )?(?:positive|glowing|"
        rf"favou?rable|"
        rf"enthusiastic|perfect|excellent) (?:{_MADE}|score|rating|verdict)\b"
    ),
    (
        r"\bdo not (?:mention|highlight|state|list|discuss|report) (?:any |the |its |our )*(?:negative|weakness|"
        r"limitation|flaw|"
        r"shortcoming)\w*"
    ),
    (
        rf"{BEGINS}(?:say|state|write|claim|report|conclude|repeat|print|output)(?: only| exactly|"
        rf" just)?(?: that| the words?|"
        r" the sentence| the phrase| verbatim|:)[^.!?]{0,60}?\b(?:verbatim|exactly|word for word|nothing else|"
        r"in every section|"
        r"in all sections)\b"
    ),
    (
        rf"{BEGINS}(?:respond|reply|answer|write|output|speak)(?: to (?:this|everything|all))? (?:only|just|"
        rf"entirely|exclusively|"
        r"solely|nothing but)\b.{0,40}?\b(?:poem|haiku|rhyme|emoji|pirate|base64|capitals|word|sentence|"
        r"phrase|html|xml|"
        r"javascript|nothing else)"
    ),
    # Links, calls and commands
    (
        rf"{BEGINS}(?:post|share|send|publish|insert|include|add|append|embed|link to|visit|click|open|follow|"
        rf"paste|broadcast|"
        r"recommend)(?: on)?(?: \w+){0,3}? (?:this|that|the following|following|the|our|my) (?:link|url|address|"
        r"website|web ?page|"
        r"message|command|site|invite)\b"
    ),
    (
        rf"{BEGINS}(?:post|share|send|publish|insert|include|add|append|embed|link to|visit|click|open|follow|"
        rf"paste|broadcast|"
        r"recommend)\b(?: \w+){0,4}?:? ?(?:https?://|www\.)"
    ),
    (
        rf"{BEGINS}(?:mention|notify|ping|tag|alert|page|call)(?: all| the)* (?:everyone|everybody|channel|here|"
        rf"all members|"
        r"members)\b"
    ),
    r"@(?:everyone|here|channel|all)\b|<!(?:everyone|here|channel)>|<@[!&]?[uw]?\w{6,}>",
    (
        rf"{BEGINS}(?:run|execute|call|invoke|use|type|issue|enter|send|"
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
    # As above, told by itself
    (
        rf"{ORDER}(?:ignore|disregard|forget|skip)(?: all| any| everything| anything| whatever| what| of| the|"
        rf" text| you)*"
        r" (?:above|previous|preceding|foregoing|before|read so far)(?=[.,;:!]| and\b| text\b| content\b|$)"
    ),
    (
        r"\b(?:do not|don't|never|no longer|stop|without) (?:follow|following|obey|obeying|use|using|heed|"
        r"heeding)(?: the| your|"
        rf" any)*(?: (?:original|previous|earlier|system|given|above|initial|old))* {_ORDERS}\b"
    ),
    r"\b(?:pay no attention|set aside|put aside)\b.{0,40}\b(?:instruction|prompt|rule|guideline|above)s?\b",
    (
        r"\byour (?:new|real|actual|only|true|next|first|sole) (?:task|instruction|goal|job|role|objective|order|"
        r"mission)s?\b"
    ),
    r"\b(?:new|updated|additional|special) (?:rule|instruction|order|task|directive)s? ?:",
    (
        r"\b(?:admin|administrator|developer|debug|god|maintenance|root|sudo|jailbreak|override) mode (?:is |now )?"
        r"(?:enabled|activated|active|on|unlocked)\b"
    ),
    (
        r"\[(?:system|admin|administrator|developer|root)\]|(?:^|[.!?;|(]\s*)(?:system|admin|administrator|developer|"
        r"root) (?:prompt|message|override|notice) ?:"
    ),
    r"(?:^|\s)#{1,6} ?(?:instruction|system|new task|prompt|task)s? ?:",
    (
        r"\b(?:message|note|word|instruction|request|order)s? from (?:the |your |our )*(?:developer|operator|"
        r"administrator|admin|"
        r"creator|system|owner|openai|anthropic|user)s?\b"
    ),
    rf"{ORDER}stop (?:reading|here|now|summari[sz]ing)\b",
    # Who it is
    (
        r"\byou(?: are|'re) (?:an? |the )?(?:\w+ ){0,3}?(?:ai|llm|large language model|language model|chat ?bot|"
        r"assistant|"
        r"summari[sz]er|text generator|gpt|claude|gemini)\b"
    ),
    (
        r"\bas an? (?:ai|llm|large language model|language model|chat ?bot|ai assistant|ai model)\W+(?:you|"
        r"please|your|do|give|"
        r"write|always|never|say)\b"
    ),
    (
        rf"{ORDER}(?:ai|llm|gpt|chatgpt|claude|gemini|assistant|model|bot|"
        rf"summari[sz]er)s? ?: ?(?!\d)(?:please )?(?:add|write|say|"
        r"include|put|give|output|print|ignore|post|do|begin|end|state|mention|insert|run|tell|you|always|never)\b"
    ),
    # About the paper at hand
    (
        r"\b(?:when|while|if|before|after|whoever|anyone) (?:you )?(?:\w+ )?(?:summari[sz]|review|report|read|"
        r"describ|process|"
        r"evaluat|rat|assess)(?:e|es|ing|ing on)?(?: on| about)? (?:this|our) (?:paper|document|text|article|work|"
        r"manuscript)\b"
    ),
    (
        rf"{_MODEL} (?:system|model|tool|agent)?s? ?(?:that |which |who |now )?(?:summari[sz]|review|read|"
        rf"process|report|evaluat|"
        r"rat|assess)(?:e|es|s|ing|ing on)?(?: on)? (?:this|our) (?:paper|document|text|article|work|manuscript)\b"
    ),
    (
        r"\b(?:ai|llm|language model|automated|automatic|machine)s? (?:reviewer|summari[sz]er|reader)s? (?:must|"
        r"should|shall|have"
        r" to|need to|are (?:asked|required|told|instructed) to)\b"
    ),
    r"(?:^|[.!?:;] )(?:reviewer|summari[sz]er|assistant|chat ?bot)s? (?:must|should|shall|have to|need to)\b",
    (
        r"\b(?:do not|don't|never|instead of|rather than) (?:summari[sz]|review|report|describ)(?:e|ing|"
        r"ing on)?(?: on)? (?:this|the"
        r"|our) (?:paper|document|text|article|work|manuscript)\b"
    ),
    (
        r"\b(?:rate|score|grade|give|praise|recommend|promote|endorse|accept|rank) (?:this|our) (?:paper|work|"
        r"manuscript|article)"
        r"(?: (?:with |as |to )?(?:an? |the )?(?:10|ten|\d+ ?/|high|perfect|full|best|top|strong|excellent|"
        r"everyone|first|for accept)|"
        r"[.!])"
    ),
    # What is to be answered
    (
        r"\byour (?:\w+ ){0,2}(?:answer|response|reply|output|summary|report|review)s? (?:must|should|shall|"
        r"has to|have to|needs to"
        r"|is to|will|ends?|begins?|starts?)\b"
    ),
    (
        rf"{ORDER}(?:begin|start|end|finish|close|open|sign|preface|precede|prefix|conclude)(?: all|"
        rf" each)? (?:of )?your (?:\w+ )?"
        r"(?:answer|response|reply|output|message|text)s?\b"
    ),
    (
        r"\b(?:include|add|put|write|say|mention|insert|place|state)\b[^.!?]{0,60}\bin your (?:\w+ )?(?:answer|"
        r"response|reply|"
        r"output)s?\b"
    ),
    (
        r"\b(?:every|each|any|all) (?:summar(?:y|ies)|reports?|reviews?|digests?)(?: (?:of|on|about) (?:this|"
        r"our) \w+)? (?:must|"
        r"should|shall|has to|have to|needs? to)\b"
    ),
    (
        rf"(?:{ORDER}|\b(?:must|should|shall|to) )(?:include|contain|mention|add|insert|use|say|write|output|"
        rf"print|repeat|display)"
        r" (?:only |exactly |just )?(?:this|the)(?: exact| following| single| magic| secret)* (?:phrase|words?|"
        r"sentence|string|"
        r"token|keyword|code|text)s?\b"
    ),
    rf"{ORDER}(?:respond|reply|answer)(?: \w+)? with\b",
    r"\brepeat after me\b",
    (
        rf"{ORDER}(?:say|print|output|write|state|repeat|type|display|echo|reply|respond)[^.!?]{{0,60}}? (?:in|"
        rf"at|to|into) (?:all|"
        r"every|each) (?:\w+ )?(?:section|part|paragraph|answer|line|message)s?\b"
    ),
    rf"{ORDER}(?:say|print|output|echo|reply|respond) ?[\"“'‘「]",
    (
        r"(?:[.!?;:,]|\band|\bthen|\bjust|\bsimply|\binstead,?) (?:just |only |simply )?(?:print|output|say|echo|"
        r"reply|write|respond"
        r"|answer) ?[\"“'‘「]"
    ),
    (
        rf"{ORDER}(?:instead|just|only|simply|now|then),? (?:just |only |simply )?(?:print|output|say|echo|"
        rf"reply|write|respond|"
        r"answer|post|send)\b"
    ),
    (
        r"\b(?:instead|enabled|activated|instructions?|prompts?|developers?|reading|task|"
        r"rules?)[.:;,!]+ (?:please |now |just |only "
        r"|instead )?(?:print|output|say|echo|reply|write|respond|answer|post|send|repeat|tell)\b"
    ),
    (
        rf"{ORDER}in (?:the|your|its|each|every) (?:\w+ )?{_MADE},? (?:write|say|state|include|add|mention|put|"
        rf"insert|claim|praise"
        r"|call|describe|recommend|always|never|do)\b"
    ),
    (
        rf"{ORDER}(?:write|make|produce|generate|turn|translate|sign|end|begin|start|replace|rewrite|fill|"
        rf"finish|title) (?:the|"
        rf"your|this|every|each|all) (?:\w+ )?(?:{_MADE}|titles?|answers?|sections?)\b"
    ),
    (
        rf"{ORDER}(?:add|insert|append|put|include|write|place|link|mention|attach)\b[^.!?]{{0,80}}? (?:to|in|"
        rf"into|at|under|from)"
        rf" (?:the|your|each|every|all) (?:\w+ ){{0,2}}(?:sections?|{_MADE}|titles?|chat|thread)\b"
    ),
    (
        rf"{ORDER}(?:share|post|forward|publish)\b[^.!?]{{0,80}}? (?:with|to|in|into) (?:the|this|your|every|all)"
        r" (?:\w+ )?(?:channels?|chat|thread|workspace|readers?|subscribers?)\b"
    ),
    (
        rf"{ORDER}(?:tell|inform|convince|urge|ask|instruct|direct|persuade|encourage|advise)(?: all| every|"
        rf" your| the)* "
        r"(?:users?|readers?|people|everyone|everybody|humans?|team|channel|subscribers?|members?|whoever)\b"
    ),
    (
        r"\b(?:instruction|directive|rule|prompt|order)s? (?:are|is|have|has) (?:been |now )*(?:void|cancell?ed|"
        r"changed|revoked|lifted"
        r"|suspended|obsolete)\b"
    ),
    (
        r"\bif (?:an? |any )?(?:ai|llm|language model|bot|chat ?bot|assistant)s? (?:is|are) (?:reading|processing|"
        r"summari[sz]ing)\b"
    ),
    r"\b(?:begin|start|end)(?: of)?(?: the)? system prompt\b",
    r"\byou (?:will|must|shall|are going to) (?:now )?(?:act|behave|speak|talk|write) (?:as|like)\b",
    rf"{ORDER}(?:output|print|say|write|answer|reply|respond)[^.!?]{{0,20}}\bnothing\b",
)
