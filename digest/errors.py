"""Everything that can go wrong, named. A PaperboyError's text is a sentence for people: what, why, what to do."""

from __future__ import annotations

from datetime import datetime


class PaperboyError(Exception):
    """Its text may be shown to anybody: it holds no secret, no path of a stack, and says what to do."""


class UsageError(PaperboyError):
    """What was asked for cannot be understood."""


class InvalidId(UsageError):
    def __init__(self, text: str) -> None:
        super().__init__(
            f'"{text[:80]}" is not an arXiv id. Ids look like 2601.10592; arXiv and Hub addresses work too.'
        )


class SettingsError(PaperboyError):
    """A settings file or variable holds something unknown or impossible."""


class StoreError(PaperboyError):
    """The store cannot be opened or does not hold what was asked for."""


class InvalidReportFile(PaperboyError):
    """A file is not a day report. The text names the file, the line (from 1) and what was expected there."""


class Withdrawn(PaperboyError):
    """The reports on a paper were taken back, and none is written until they are reinstated."""

    def __init__(self, paper: str, why: str) -> None:
        super().__init__(f"The report on {paper} was withdrawn: {why}")
        self.paper = paper
        self.why = why


# --- asking the outside world -----------------------------------------------------------------------------------


class FetchError(PaperboyError):
    """A GET that brought nothing usable. `retry_after_s`: how long the server asked to be left alone, if it did."""

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class NotFound(FetchError):
    """404 or 410: it is not there, and asking again soon is no use."""


class Refused(FetchError):
    """Another 4xx: the request itself was refused. `status` and the start of the body say why."""

    def __init__(self, sentence: str, status: int, body: bytes = b"") -> None:
        super().__init__(sentence)
        self.status = status
        self.body = body


class Unreachable(FetchError):
    """No usable answer after all tries: timeouts, resets, 429, 5xx, broken bodies."""


class TooLarge(FetchError):
    """The body, once decompressed, is larger than allowed."""


class SourceError(PaperboyError):
    """A day's list could not be had."""


class FutureDay(SourceError):
    """The day has not begun."""


class NoListYet(SourceError):
    """The day has begun, or has just ended, and its list is still empty: ask again later."""


class QuietDay(SourceError):
    """The day is over, or is a weekend day, and nothing was listed."""


class SourceDown(SourceError):
    """The source does not answer, or not in its form."""


class ReadError(PaperboyError):
    """A reader has nothing usable for a paper."""


class CutOff(PaperboyError):
    """The work on a text was stopped as often as it is tried. `about`: the paper's id, or its id and a part of the
    work, such as a source; `why`: what it did, such as "took longer than 20 s"."""

    def __init__(self, about: str, why: str) -> None:
        paper, _, part = about.partition(" ")
        what = f"Work on {paper} ({part})" if part else f"Work on {paper}"
        super().__init__(
            f"{what} was given up: it {why}, twice. It is not tried again by itself; "
            f'"paperboy paper {paper} --refresh" tries it once more.'
        )
        self.why = why


class WriteError(PaperboyError):
    """No report could be written."""


class OperatorNeeded(WriteError):
    """The model's endpoint wants something only the operator can give: a valid key, money, a model's right name."""


class AnswerUnusable(WriteError):
    """Answers for a report were bought and could not be used, or, not `answered`, may have been bought and did not
    come. `next_try`: when the next is bought; None: not by itself.

    Its text is the same until the next is bought: it is told once.
    """

    def __init__(
        self, writer: str, paper: str, problem: str, next_try: datetime | None, *, answered: bool = True
    ) -> None:
        follows = (
            f"The next try is at {next_try:%Y-%m-%d %H:%M} UTC."
            if next_try
            else f'No further try is made by itself; "paperboy paper {paper} --refresh" makes one.'
        )
        what = f"The answer of {writer} could not be used" if answered else f"{writer} did not answer"
        super().__init__(f"{what}: {problem}. {follows}")
        self.next_try = next_try


class Dictated(WriteError):
    """All that a model wrote for a section is what the paper orders models to write, twice.

    `text_hashes`: of what was read, and of that without such orders. An answer was bought for each.
    """

    def __init__(self, writer: str, paper: str, *text_hashes: str) -> None:
        super().__init__(f"{writer} wrote only what {paper} orders models to write.")
        self.text_hashes = text_hashes


class LimitReached(WriteError):
    """The money of the day (UTC) does not suffice for another call of the model. `spent_usd`: what the day has cost at
    the most, calls under way included."""

    def __init__(self, limit_usd: float, spent_usd: float) -> None:
        super().__init__(
            f"The model's daily limit of ${limit_usd:.2f} is reached. It writes on when the next day (UTC) has begun; "
            "raise llm.daily_limit for more."
        )
        self.spent_usd = spent_usd


# --- sending ----------------------------------------------------------------------------------------------------


class DeliveryError(PaperboyError):
    """A message did not certainly arrive. `retry_after_s`: how long the platform asked to be left alone, if it did."""

    def __init__(self, sentence: str, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.retry_after_s = retry_after_s


class NotSent(DeliveryError):
    """The platform certainly did not take the message: it may be sent again later."""


class MaybeSent(DeliveryError):
    """The request left and no answer came: the platform has to be asked before it is sent again."""


class MessageRefused(DeliveryError):
    """The platform will never take this message; it may take others."""


class MessageGone(MessageRefused):
    """People have deleted the message that was to be edited, or the one that it belongs under, or the whole thread."""


class DestinationClosed(DeliveryError):
    """The platform takes nothing there until a person mends it: archived, removed, token revoked."""
