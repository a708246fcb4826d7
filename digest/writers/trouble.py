"""What can go wrong between asking a model and having its report. None of it leaves the writer."""

from __future__ import annotations

from msgspec import Struct

from digest.retries import Unusable


class Trouble(Exception):
    """`outcome` is a word for the record of calls; the text ends the sentence "The answer could not be used: …"."""

    def __init__(self, outcome: str, problem: str) -> None:
        super().__init__(problem)
        self.outcome = outcome


class BadAnswer(Trouble):
    """There is an answer, and it is of no use: another may be."""

    def __init__(self, outcome: Unusable, problem: str) -> None:
        super().__init__(outcome, problem)
        self.outcome: Unusable = outcome


class Useless(Struct, frozen=True, tag=True):
    """A BadAnswer as a child process tells it."""

    outcome: Unusable
    problem: str

    @classmethod
    def of(cls, bad: BadAnswer) -> Useless:
        return cls(bad.outcome, str(bad))


class NoAnswer(Trouble):
    """None came. `ambiguous`: the endpoint may have made one all the same, and charged for it."""

    def __init__(self, outcome: str, problem: str, *, ambiguous: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(outcome, problem)
        self.ambiguous = ambiguous
        self.retry_after_s = retry_after_s


class Unread(NoAnswer):
    """One began to come, so that it was paid for, and cannot be read."""

    def __init__(self, outcome: Unusable, problem: str) -> None:
        super().__init__(outcome, problem, ambiguous=True)


class Limited(NoAnswer):
    """429: too many requests. `retry_after_s` is how long the endpoint wants to be left alone, 0 if not told."""


class Refused(Trouble):
    """The request was not taken as it was put. `code` is the endpoint's own, "" if it gave none."""

    def __init__(self, status: int, problem: str, code: str = "") -> None:
        super().__init__(str(status), problem)
        self.status = status
        self.code = code


class Closed(Trouble):
    """The endpoint wants something that only the operator can give: a key, money, a model's right name."""
