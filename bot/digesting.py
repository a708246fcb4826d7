"""A digest that the command line asks of the running bot: what is asked, and what it is told."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from digest.pipeline import Made
from digest.types import ArxivId

JOB = "digest"  # the kind of the job


class Order(Struct, frozen=True):
    day: date
    language: str
    limit: int
    rewrite: bool = False


class Told(Struct, frozen=True):
    """How it went; the reports themselves are in the store. `papers` are those of the digest, best first."""

    papers: tuple[str, ...]
    problems: dict[str, str]
    notices: tuple[str, ...]
    listed: int

    @classmethod
    def of(cls, made: Made) -> Told:
        return cls(
            papers=tuple(str(paper.id) for paper, _ in made.digest.papers),
            problems={str(paper): problem for paper, problem in made.digest.problems.items()},
            notices=made.notices,
            listed=made.listed,
        )

    @property
    def by_id(self) -> dict[ArxivId, str]:
        """The problems by paper."""
        return {ArxivId(paper): problem for paper, problem in self.problems.items()}
