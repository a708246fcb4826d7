"""The nouns of Paperboy: what a paper, a passage, a report and a message are.

Everything here is immutable data or a Protocol. Values are parsed at the edge (`ArxivId.parse`, the sources,
the readers) and trusted afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import ParamSpec, Protocol, TypeVar, runtime_checkable

from msgspec import Struct

from digest.errors import InvalidId, UsageError

# --- papers ----------------------------------------------------------------------------------------------------


class ArxivId(str):
    """An arXiv id without a version: `2601.10592` or, before April 2007, `astro-ph/9710163`.

    Both schemes are described at https://info.arxiv.org/help/arxiv_identifier.html.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> ArxivId:
        """The id in what a person typed: an id with or without `vN` or `arXiv:`, or an arXiv, Hub or alphaXiv address.

        Raises InvalidId when there is none, or when something other than an id is there.
        """
        match = _ID_OR_ADDRESS.fullmatch(text.strip())
        if match is None:
            raise InvalidId(text)
        old_style = match["old"]
        return cls(_old_style(old_style) if old_style else match["new"])


# YYMM.NNNN until 2014, YYMM.NNNNN since; the month is checked so that a version number such as 1999.10592 is refused.
_NEW_ID = r"(?P<new>\d{2}(?:0[1-9]|1[0-2])\.\d{4,5})"
_OLD_ID = r"(?P<old>[a-z]{1,20}(?:-[a-z]{1,20})?(?:\.[A-Za-z]{2})?/?\d{2}(?:0[1-9]|1[0-2])\d{3})"
_ADDRESS = (
    r"(?:https?://)?(?:[\w-]{1,63}+\.){0,8}(?:arxiv\.org|huggingface\.co|hf\.co|alphaxiv\.org)"
    r"/(?:abs|pdf|html|papers|overview|forum|resources)/"
)
_ID_OR_ADDRESS = re.compile(
    rf"(?:{_ADDRESS}|arxiv:\s*+)?(?:{_NEW_ID}|{_OLD_ID})(?:v\d++)?(?:\.pdf|\.md)?/?(?:[?#]\S*)?",
    re.ASCII | re.IGNORECASE,
)


def _old_style(text: str) -> str:
    """`astro-ph9710163` or `MATH.AG/0601001` -> arXiv's own form: lower-case archive, no subject class."""
    archive, digits = text[:-7].rstrip("/"), text[-7:]
    return f"{archive.partition('.')[0].lower()}/{digits}"


class Paper(Struct, frozen=True, kw_only=True):
    """A paper as its day's list tells of it. Texts are one line each, white space folded; "" means not told."""

    id: ArxivId
    title: str
    authors: tuple[str, ...] = ()
    abstract: str = ""
    published_on: date | None = None
    upvotes: int | None = None
    comments: int | None = None
    keywords: tuple[str, ...] = ()
    hub_summary: str = ""  # the Hub's own machine-made summary: shown attributed, never mixed into our sections
    hub_url: str = ""
    github_url: str = ""
    project_url: str = ""
    thumbnail_url: str = ""
    organization: str = ""


# --- reading ---------------------------------------------------------------------------------------------------


class ReadingSource(StrEnum):
    """Where a paper's text came from, best first."""

    HTML = "html"
    MARKDOWN = "markdown"
    PDF = "pdf"
    ABSTRACT = "abstract"


class PassageKind(StrEnum):
    TEXT = "text"
    LIST = "list"
    TABLE = "table"
    CAPTION = "caption"


class Passage(Struct, frozen=True):
    """One paragraph, list, table or caption of a paper.

    `anchor` is the id of its place in the source (a LaTeXML id such as `S3.p2`, a PDF page such as `page=4`), "" if
    there is none. `heading` is the path of headings above it, joined with " > ", "" before the first. Formulas stand
    in `text` as TeX between dollar signs. In a TABLE each row is a line and each cell is separated by " | ";
    in a LIST each point is a line that begins with "- ", indented by two spaces a level.
    """

    anchor: str
    heading: str
    kind: PassageKind
    text: str


class Attempt(Struct, frozen=True):
    """A source that was tried before the one that was read, and in one sentence why it was not read."""

    source: ReadingSource
    problem: str
    passing: bool = False  # an outage: the source may well have the paper another time


class Reading(Struct, frozen=True, kw_only=True):
    """What one reader made of one paper. `text_hash` is the SHA-256 (hex) of all passages: see `text_hash`."""

    paper_id: ArxivId = ArxivId("")  # "": of a page whose paper nobody has named
    source: ReadingSource
    url: str
    text_hash: str
    passages: tuple[Passage, ...]
    attempts: tuple[Attempt, ...] = ()


# --- reports ---------------------------------------------------------------------------------------------------


class SectionName(StrEnum):
    """The five sections, in the order of a report. The values are the words people type."""

    DOMAIN = "domain"
    CONTRIBUTION = "contribution"
    USAGE = "usage"
    INNOVATIONS = "innovations"
    RESULTS = "results"


class RunKind(StrEnum):
    TEXT = "text"
    CODE = "code"
    TEX = "tex"


class Run(Struct, frozen=True, omit_defaults=True):
    """Text in one style. TEX holds the formula without dollar signs; CODE with a newline is a code block."""

    text: str
    kind: RunKind = RunKind.TEXT
    bold: bool = False
    italic: bool = False
    link: str = ""  # an http(s) address, or ""


Runs = tuple[Run, ...]


class Paragraph(Struct, frozen=True, tag="p", tag_field="t", omit_defaults=True):
    runs: Runs


class Points(Struct, frozen=True, tag="l", tag_field="t", omit_defaults=True):
    """A list. Each point is a small document of its own, so that lists nest."""

    points: tuple[tuple[Block, ...], ...]
    ordered: bool = False


class Table(Struct, frozen=True, tag="t", tag_field="t", omit_defaults=True):
    """A table; each row has as many cells as the header."""

    header: tuple[Runs, ...]
    rows: tuple[tuple[Runs, ...], ...]


Block = Paragraph | Points | Table


class Section(Struct, frozen=True):
    """One section of a report. No blocks: the text that was read holds nothing for it, and the reader is told so."""

    name: SectionName
    blocks: tuple[Block, ...] = ()


class FindingKind(StrEnum):
    FIGURE = "figure"
    NAME = "name"


class Outcome(StrEnum):
    """What came of looking for a figure or name of a report in the text that was read."""

    FOUND = "found"
    DERIVED = "derived"  # not there, but one operation gives it from figures that are
    ELSEWHERE = "elsewhere"  # there, but under another label than in the report
    NOT_FOUND = "not found"


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A figure or name of a report, held against the text that was read (digest.grounding).

    `text` is exactly what the report says and `at` where it stands in `digest.markdown.plain` of the section's blocks.
    `anchor`, `heading` and `passage` are the place in the text, as in Passage, of what was found, of the figures it
    derives from, or, when it stands under another label, of that.
    """

    section: SectionName
    text: str
    at: int
    kind: FindingKind
    outcome: Outcome
    anchor: str = ""
    heading: str = ""
    passage: PassageKind | None = None
    label: str = ""  # what it stands under in the text, in the text's words, shortened
    operation: str = ""  # of a derived figure: "91.4 - 88.2"
    instead: str = ""  # of a name that was not found: another that the text has in its place

    @property
    def to_check(self) -> bool:
        """Whether a reader should look it up before relying on it."""
        return self.outcome in (Outcome.ELSEWHERE, Outcome.NOT_FOUND)


class Quote(Struct, frozen=True):
    """A short piece of what was read, word for word but for white space, that bears out a section of a report."""

    section: SectionName
    anchor: str  # of the passage that holds it: see Passage
    text: str


LONGEST_WAIT = timedelta(hours=12)  # before answers are bought again


class ModelFailure(Struct, frozen=True):
    """Why the model has written no report. `answered`: answers came and could not be used, and are bought again at
    `next_try`, None: not by itself. Otherwise none came, and the model is asked again for a while: at `next_try`, since
    answers may have been made and charged, or None: with each digest."""

    answered: bool
    next_try: datetime | None
    problem: str

    def keeps_waiting(self, now: datetime) -> bool:
        """Whether nothing is to be bought for now."""
        if self.next_try is None:
            return self.answered
        return now < self.next_try <= now + LONGEST_WAIT  # later: the clock was ahead when the call was made


class Report(Struct, frozen=True, kw_only=True):
    """A report on one paper in one language.

    A report is identified by (paper, language, text hash, writer, prompt version); `revision` counts from 1 for each
    (paper, language) and is given by the store. `sections` holds those that exist, in the order of SectionName.
    """

    paper_id: ArxivId
    language: str  # "en", "zh", or another BCP 47 tag
    sections: tuple[Section, ...]
    domains: tuple[str, ...] = ()  # one to four ids of config/domains.toml, best first
    source: ReadingSource
    text_hash: str = ""
    writer: str  # "extractive", "import", or the model's name
    prompt_version: str = ""
    provisional: bool = False  # stands in for a better report that could not be written yet
    left_out: tuple[str, ...] = ()  # headings of what was read but did not fit the model
    corrected: bool = False  # a person has changed what the writer wrote
    findings: tuple[Finding, ...] = ()  # in the order of the text; () where nobody has looked
    limited: bool = False  # the model's daily limit allowed no better one
    failure: ModelFailure | None = (
        None  # why a provisional one is not the model's; from the record of calls, not stored
    )
    quotes: tuple[Quote, ...] = ()
    written_at: datetime
    revision: int = 0

    def section(self, name: SectionName) -> Section | None:
        return next((section for section in self.sections if section.name is name), None)

    @property
    def to_check(self) -> tuple[Finding, ...]:
        """The figures and names that a reader should look up before relying on them."""
        return tuple(finding for finding in self.findings if finding.to_check)

    @property
    def checks(self) -> int:
        """How many different ones these are."""
        return len({(finding.kind, finding.text) for finding in self.findings if finding.to_check})


class Texts(Struct, frozen=True):
    """The fixed texts of one language: labels of sections, names of domains and reading sources, and sentences."""

    language: str
    sections: dict[SectionName, str]
    sources: dict[ReadingSource, str]
    domains: dict[str, str]
    phrases: dict[str, str]


# --- a day ------------------------------------------------------------------------------------------------------


class Digest(Struct, frozen=True, kw_only=True):
    """A day's papers with their reports, most upvoted first. A paper whose report failed has None and a problem, one
    whose report was withdrawn has None, and why."""

    day: date
    language: str
    papers: tuple[tuple[Paper, Report | None], ...]
    problems: dict[ArxivId, str] = {}
    withdrawn: dict[ArxivId, str] = {}


# --- messages ----------------------------------------------------------------------------------------------------


class Action(Struct, frozen=True):
    """A button: what it says, and either an address it opens or a command it runs with its argument.

    `tucked` ones go into a menu where a platform has one.
    """

    label: str
    url: str = ""
    command: str = ""
    argument: str = ""
    tucked: bool = False


class FieldKind(StrEnum):
    TEXT = "text"
    LONG_TEXT = "long text"  # several lines
    CHOICE = "choice"  # one of `choices`
    CHOICES = "choices"  # any number of them


class Field(Struct, frozen=True, kw_only=True):
    """A question of a form. `values` are what it is filled with, one but for CHOICES; `choices` are (value, label), a
    value of 1 to 100 characters, which is what platforms take."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    values: tuple[str, ...] = ()
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    required: bool = False


class Form(Struct, frozen=True, kw_only=True):
    """Questions to a person. What they answer comes as an Invocation of `command`, with `argument` as its `args` and
    the values by field in its `answers`; a form is shown where a platform has such, at least behind a button.

    Names of fields and `command` with `argument` are short, at most 90 characters: platforms keep them with the form.
    """

    title: str
    command: str
    argument: str = ""
    submit: str
    fields: tuple[Field, ...]


class Message(Struct, frozen=True, kw_only=True):
    """A finished, localised message for any platform. `plain` is the whole of it for notifications and logs."""

    title: str = ""
    link: str = ""
    blocks: tuple[Block, ...] = ()
    footer: str = ""
    actions: tuple[Action, ...] = ()
    plain: str = ""
    topic: str = ""  # what a thread under it is called, where a platform names threads
    form: Form | None = None  # questions that go with an answer to a person
    follow: str = ""  # an answer that is still being made follows this one: see FOLLOW


class Destination(Struct, frozen=True):
    """Where messages go: a channel, forum or person's direct messages. Written `slack:C024BE91L` where one workspace
    is set up, else `slack:T012AB3CD/C024BE91L`."""

    adapter: str
    workspace: str  # the platform's id, "" for the only one
    address: str  # the platform's id of the channel, or of the person whose direct messages these are

    @classmethod
    def parse(cls, text: str) -> Destination:
        """Raises UsageError."""
        match = _DESTINATION.fullmatch(text.strip())
        if match is None:
            raise UsageError(f'"{text[:80]}" is not a destination. Destinations look like slack:C024BE91L.')
        return cls(match["adapter"], match["workspace"] or "", match["address"])

    def __str__(self) -> str:
        return f"{self.adapter}:{self.workspace}/{self.address}" if self.workspace else f"{self.adapter}:{self.address}"


_DESTINATION = re.compile(r"(?P<adapter>[a-z]{1,40}+):(?:(?P<workspace>\w++)/)?(?P<address>\w+)")


class Posted(Struct, frozen=True):
    """A message as the platform confirmed it. `thread` is the id to post replies under, "" where it cannot have any."""

    channel: str
    message: str
    thread: str = ""


class CommandSpec(Struct, frozen=True):
    """A command as help, the command line and every chat platform offer it."""

    name: str
    usage: str
    summary: str  # a key of Texts.phrases
    example: str
    typed: bool = True  # people type it; False: only buttons ask it
    window: bool = False  # its answer is shown in a window of its own where a platform has such
    form: bool = False  # its answer holds a form, to be opened at once where a platform can
    managed: bool = False  # what it does depends on who asks where: see Invocation.identities


class Access(Struct, frozen=True, kw_only=True):
    """What the bot may do in the conversation where a command was given, as far as the platform tells.

    `installed`: False where only the person who asks has brought the app along (a user install); it may look things up
    for them there and change nothing. `present`: False where the bot is no member, so that it could not post.
    `missing` names the permissions that posting a digest takes and the bot lacks, in the words of the platform's own
    interface. `link` is an address at which the bot is let in, "" where there is none.
    """

    installed: bool = True
    present: bool = True
    missing: tuple[str, ...] = ()
    link: str = ""


class Invocation(Struct, frozen=True, kw_only=True):
    """A command as it arrived, whatever the platform. Ids are the platform's own; "" where there is none.

    `identities` are the names by which the settings can mean the person, without the platform's prefix: their id, the
    groups or roles they have. They, `role` and `access` are known for managed commands and for forms.
    """

    name: str
    args: str
    language: str  # as the platform knows it of the person, "" if it does not
    adapter: str = ""
    workspace: str = ""
    channel: str = ""
    thread: str = ""  # the message whose thread it was said or pressed in
    message: str = ""  # the message whose button was pressed
    person: str = ""
    role: str = ""  # MANAGER for who may change what the channel gets
    public: bool = False  # others where it was asked read the answer, too
    identities: tuple[str, ...] = ()
    access: Access = Access()
    timezone: str = ""  # IANA name, as the platform knows it of the person
    answers: Mapping[str, tuple[str, ...]] = {}  # of a form, by field; an empty tuple for what was left empty


MANAGER = "manager"

# Some answers take minutes. Then the first one says so, and its `follow` is what to ask for: the command FOLLOW with it
# as `args` is answered when the rest is ready, and once that is shown, the command HEARD with the same says so. An
# adapter that asks no longer, since the platform would take no answer any more, cancels FOLLOW; what nobody asks for,
# or is not said to have been heard, goes to the person as a direct message.
FOLLOW, HEARD = "follow", "heard"

Answerer = Callable[[Invocation], Awaitable[Message]]  # never raises: what goes wrong is said in the message


# --- what can be plugged in -------------------------------------------------------------------------------------


P = ParamSpec("P")
T = TypeVar("T")


class PaperSource(Protocol):
    async def daily(self, day: date) -> Sequence[Paper]:
        """The papers listed on a day, most upvoted first.

        Raises FutureDay, NoListYet, QuietDay, or SourceDown (digest.errors).
        """


@runtime_checkable
class PaperReader(Protocol):
    @property
    def source(self) -> ReadingSource: ...

    async def read(self, paper: Paper) -> Reading:
        """Raises ReadError when this reader has nothing usable for the paper: the next one is asked."""


class PageReader(Protocol):
    """A reader without `read`, which only fetches here: what it has fetched is parsed in a child process (TextWork)."""

    @property
    def source(self) -> ReadingSource: ...

    @property
    def parse(self) -> Callable[[bytes, str], Reading]:
        """A module's function: the reading of a page (its content, and the address where it was). It raises ReadError.
        The reading's paper is filled in by who asked."""

    async def fetch(self, paper: Paper) -> Fetched:
        """Raises ReadError when there is nothing to be had for the paper."""


class ReportWriter(Protocol):
    """One that holds something open may have `async close()` as well; one that is `Rationed` says so by `line_up`."""

    @property
    def name(self) -> str:
        """What Report.writer says."""

    @property
    def prompt_version(self) -> str: ...

    async def write(self, paper: Paper, reading: Reading, language: str) -> Report:
        """Raises WriteError when no report could be written, LimitReached when money was what it lacked."""


class Line(Protocol):
    """Papers in a line. Each has its turn when those before it have left."""

    def leave(self, paper: ArxivId) -> None:
        """The paper needs its turn no longer, or never did; doing it twice is harmless."""


@runtime_checkable
class Rationed(Protocol):
    """A writer that can write only so much, and then for the first papers of the line."""

    def line_up(self, papers: Sequence[ArxivId]) -> Line:
        """The order in which `write` serves papers from now on; others are served at once."""


class Publisher(Protocol):
    """Sends to one platform. It never sends anything twice by itself: all retries belong to the outbox."""

    @property
    def timeout_s(self) -> float:
        """After this many seconds a request that was sent is given up; the platform may apply it a little later."""

    async def post(self, to: Destination, message: Message, *, under: Posted | None, key: str) -> Posted:
        """Posts a message, in the thread of `under` if that is given. The platform keeps `key` with it.

        Raises NotSent, MaybeSent, MessageRefused or DestinationClosed (digest.errors).
        """

    async def edit(self, to: Destination, posted: Posted, message: Message) -> None:
        """Replaces a message that was posted; doing it twice is harmless. Raises as `post` does."""

    async def find(self, to: Destination, key: str, *, under: Posted | None, since: datetime) -> Posted | None:
        """The message that carries the key, or None when the platform has none.

        Raises as `post` does; MessageRefused when the platform cannot be asked.
        """


class ChatAdapter(Publisher, Protocol):
    """A chat platform: sends, and answers people."""

    async def link(self, to: Destination, posted: Posted) -> str:
        """Where people open a message. Raises as `post` does."""

    async def check(self, destinations: Sequence[Destination]) -> Sequence[tuple[str, str]]:
        """What is wrong with the tokens and the destinations: what it is about, and a sentence that says what to do."""

    async def names(self, identities: Sequence[str], language: str) -> Sequence[str]:
        """What people call each of these identities (see Invocation), in the same order: a text that mentions nobody.

        An identity of which the platform tells nothing is its own name. Never raises.
        """

    async def managers(self, to: Destination, language: str) -> Sequence[str]:
        """Names, as `names` gives them, of a few who may change what a channel gets; () when the platform does not
        tell. Never raises."""

    async def serve(self, commands: Sequence[CommandSpec], answer: Answerer) -> None:
        """Connects and answers until it is cancelled; reconnects by itself.

        Every command and press is acked at once; its answer is for the person who asked alone. An answer's form is
        asked where the platform has such, else a button leads there; what is submitted is an Invocation too, whose
        answer may hold the form again. Those of managed commands and of forms tell the person's role, identities and
        access. Raises DestinationClosed (digest.errors) when the platform does not let it in, which ends it for good;
        after whatever else, such as an outage that lasts, it is called again.
        """


class Fetcher(Protocol):
    """A polite, bounded GET: see digest.fetch."""

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Fetched:
        """Raises FetchError (digest.errors), whose subclasses say what to make of it."""


class Fetched(Struct, frozen=True):
    url: str
    content_type: str  # without parameters, lower case; "" if not told
    body: bytes


Clock = Callable[[], datetime]  # aware, UTC


class ModelCall(Struct, frozen=True, kw_only=True):
    """One call of a model, for the record: failed calls cost money too."""

    identity: str  # what was being bought: see digest.writers.llm
    purpose: str  # "report", "repair", "answer"
    paper_id: str
    language: str
    endpoint: str
    model: str
    outcome: str  # "begun", "answered", or in a word what went wrong: "refused", "truncated", "timeout", "401" ...
    started_at: datetime
    duration_ms: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None  # of one that has not ended, or was lost: the most it can be. None: no price is known
    error: str = ""


class CallBook(Protocol):
    """The record of model calls, kept in the store."""

    async def begin(self, call: ModelCall) -> int:
        """Writes a call down before it is made and gives its number."""

    async def begin_within(self, call: ModelCall, limit_usd: float) -> int:
        """As `begin`. Raises LimitReached, and writes nothing down, when all calls of the call's day (UTC) together
        would cost more than the limit."""

    async def end(self, number: int, call: ModelCall) -> None: ...

    async def unfinished(self, identity: str) -> bool:
        """Whether a call for this identity was made whose answer may have been lost: begun and never ended, or
        answered. To be asked when no report came of it: a crash came between answer and commit."""

    async def failure(self, identity: str) -> ModelFailure | None:
        """What is known of answers that were bought for this identity and could not be used: see digest.retries."""


class DomainFinder(Protocol):
    """What digest.domains makes of config/domains.toml."""

    @property
    def ids(self) -> tuple[str, ...]: ...

    def classify(self, *, title: str, abstract: str, keywords: Sequence[str] = (), text: str = "") -> tuple[str, ...]:
        """One to four ids, best first."""


# What a report says that the text does not, in sentences, each a thing to mend: a module's function, see TextWork
Check = Callable[[Report, Reading, Paper], tuple[str, ...]]


def unchecked(_report: Report, _reading: Reading, _paper: Paper) -> tuple[str, ...]:
    """A Check that finds nothing."""
    return ()


class TextWork(Protocol):
    """Work on papers' texts, which strangers wrote: done in a child process, within limits of time and memory."""

    async def run(self, about: str, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a module's function gives; its parameters and result have types that msgspec knows, and it is given no
        keywords. `about` is the paper's id, or the id and a source ("2601.00001 html").

        A call that passes its limits is tried once more. Raises CutOff when it does so again, or did before, and a
        ReadError that the function raises.
        """


class Kit(Struct, frozen=True, kw_only=True):
    """What sources, readers and writers are built from: a plugin's factory is called `build(kit, options)`.

    `options` is the plugin's own table of the settings as a dict: `[hub]`, `[arxiv]` and `[llm]` for those built in,
    `[plugins.NAME]` for the others, whose factory checks it and raises SettingsError.
    """

    fetcher: Fetcher
    clock: Clock
    hub_url: str  # without a trailing slash, as all addresses here
    arxiv_url: str
    texts: Mapping[str, Texts]  # by language; "en" and "zh" are always there
    domains: DomainFinder
    prompts: Mapping[str, str]  # file name without ".md" -> text
    calls: CallBook
    text_work: TextWork
    check: Check = unchecked


Progress = Callable[[str, str], None]  # (event, paper id): listed, reading, writing, done, known, failed
