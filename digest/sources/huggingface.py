"""The day's list of the Hugging Face Hub: https://huggingface.co/docs/hub/api, "Paper Pages API".

Its form has drifted over the years: fields come and go, hold null, and sit at the top of an entry or under `paper`.
Every field is therefore read on its own, and one that is not of its type counts as not told.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlsplit

from digest.errors import FetchError, FutureDay, InvalidId, NoListYet, QuietDay, Refused, SourceDown, SourceError
from digest.text.injection import without_injections
from digest.text.valid import bounded
from digest.types import ArxivId, Kit, Paper, PaperSource

log = logging.getLogger(__name__)

PAGE_ENTRIES = 100  # the most that `limit` may be
MAX_PAGES = 20
LATE_UNTIL = time(12)  # UTC, of the next day: after that an empty list stays empty
_SATURDAY = 5
_LARGEST_COUNT = 2**53
_TITLE_CHARS, _NAME_CHARS, _MOST_TEXTS = 1000, 200, 100
# Its summaries lose TeX's marks, "2.3times faster" or "3.6\\times"; formulas that kept theirs stay as they are.
_TIMES = re.compile(r"(?P<formula>\$[^$]+\$)|(?<=\d)(?:\s?\\times|times)(?![A-Za-z])")


def build(kit: Kit, options: dict[str, Any]) -> PaperSource:
    """The Hub as `[hub]` of the settings has it."""
    return HubSource(kit, options.get("timeout_s"), options.get("public_url") or kit.hub_url)


class HubSource:
    """Days are the Hub's, in UTC. Papers are added to a day's list all through that day.

    `public_url` is where people find the Hub, which need not be where it is asked.
    """

    def __init__(self, kit: Kit, timeout_s: float | None, public_url: str) -> None:
        self._kit = kit
        self._timeout_s = timeout_s
        self._public_url = public_url.rstrip("/")
        self._address = f"{kit.hub_url}/api/daily_papers"

    async def daily(self, day: date) -> Sequence[Paper]:
        """The papers listed on a day, each once, most upvoted first; entries that name no paper are left out.

        Raises FutureDay after today in UTC; on an empty list QuietDay for a Saturday or Sunday or when the day is over,
        NoListYet today and until 12:00 UTC tomorrow; SourceDown when the Hub gives no list.
        """
        now = self._kit.clock().astimezone(UTC)
        if day > now.date():
            raise FutureDay(f"{day} has not begun: in UTC it is {now.date()}. Ask for that day or one before it.")
        papers: dict[ArxivId, Paper] = {}
        left_out: list[str] = []
        listed = 0
        for page in range(MAX_PAGES):
            entries = await self._entries(day, page, now.date())
            known = len(papers)
            # In a thread, as the parsing of JSON below: a long list would hold the event loop up.
            for paper in await asyncio.to_thread(list, _papers(entries, self._public_url, left_out)):
                papers[paper.id] = max(papers.get(paper.id, paper), paper, key=_rank)
            listed += len(entries)
            if len(entries) < PAGE_ENTRIES or len(papers) == known:
                break
        if left_out:
            log.warning("entries left out", extra={"day": str(day), "entries": len(left_out), "first": left_out[0]})
        if papers:
            return sorted(papers.values(), key=_rank, reverse=True)
        if listed:
            raise SourceDown(f"{self._address} lists {listed} entries for {day}, none of which names a paper. {_CHECK}")
        raise _empty(day, now)

    async def _entries(self, day: date, page: int, today: date) -> list[Any]:
        """One page of the list as it came."""
        params = {"date": day.isoformat(), "limit": str(PAGE_ENTRIES), "p": str(page)}
        try:
            fetched = await self._kit.fetcher.get(self._address, params=params, timeout_s=self._timeout_s)
        except FetchError as error:
            if isinstance(error, Refused) and error.status == 400 and (day == today or b"future" in error.body.lower()):
                sentence = f"{day} has not begun, says {self._address}. Try later, or look at this machine's clock."
                raise FutureDay(sentence) from error
            raise SourceDown(f"No list for {day}. {error}") from error
        try:
            content = await asyncio.to_thread(json.loads, fetched.body.decode(errors="replace"))
        except (ValueError, RecursionError) as error:
            kind = fetched.content_type or "something else"
            raise SourceDown(f"{self._address} answered with {kind} that is not JSON. {_CHECK}") from error
        if not isinstance(content, list):
            raise SourceDown(f"{self._address} did not answer with a list. {_CHECK}")
        return content


_CHECK = "Check hub.url in the settings, or try again later."


def _empty(day: date, now: datetime) -> SourceError:
    if day.weekday() >= _SATURDAY:
        return QuietDay(f"Nothing is listed on {day}, a {day:%A}: weekends mostly are empty. Ask for a weekday.")
    if now < datetime.combine(day + timedelta(days=1), LATE_UNTIL, UTC):
        return NoListYet(f"The list of {day} is still empty. It usually fills between 00:00 and 08:00 UTC: try later.")
    return QuietDay(f"Nothing was listed on {day}. Ask for another day.")


def _rank(paper: Paper) -> int:
    return -1 if paper.upvotes is None else paper.upvotes


def _papers(entries: Sequence[Any], public_url: str, left_out: list[str]) -> Iterator[Paper]:
    """The papers of entries; of those that name none, why not, is added to `left_out`."""
    for entry in entries:
        try:
            yield parse_entry(entry, public_url)
        except (InvalidId, ValueError, RecursionError) as error:
            left_out.append(str(error))


def parse_entry(entry: Any, public_url: str) -> Paper:
    """The paper of one entry of a list, whatever its form. Raises InvalidId, or ValueError when it has no title."""
    entry = bounded(entry)
    fields = _Fields(entry if isinstance(entry, dict) else {})
    paper_id = ArxivId.parse(fields.text("id"))
    title = fields.prose("title")[:_TITLE_CHARS].rstrip()
    if not title:
        raise ValueError(f"{paper_id} has no title")
    return Paper(
        id=paper_id,
        title=title,
        authors=fields.authors(),
        abstract=fields.prose("summary"),
        published_on=fields.date("publishedAt"),
        upvotes=fields.count("upvotes"),
        comments=fields.count("numComments"),
        keywords=fields.texts("ai_keywords"),
        hub_summary=without_injections(fields.prose("ai_summary")),  # a model has written it from the paper
        hub_url=f"{public_url}/papers/{paper_id}",
        github_url=fields.address("githubRepo"),
        project_url=fields.address("projectPage"),
        thumbnail_url=fields.address("thumbnail"),
        organization=fields.organization(),
    )


class _Fields:
    """An entry's fields, first of those under `paper`, then of those beside it; what is not of its type is skipped."""

    def __init__(self, entry: Mapping[str, Any]) -> None:
        inner = entry.get("paper")
        self._places = (inner, entry) if isinstance(inner, dict) else (entry,)

    def _values(self, name: str, kind: type) -> Iterator[Any]:
        return (place[name] for place in self._places if name in place and isinstance(place[name], kind))

    def text(self, name: str) -> str:
        return next(filter(None, map(_line, self._values(name, str))), "")

    def prose(self, name: str) -> str:
        """A text for people to read, with the sign for "times" that the Hub has lost."""
        return _TIMES.sub(lambda match: match["formula"] or "×", self.text(name))

    def texts(self, name: str) -> tuple[str, ...]:
        """The texts of the first list, each once."""
        lines = (_line(value[:_NAME_CHARS]) for value in next(self._values(name, list), ()) if isinstance(value, str))
        return tuple(dict.fromkeys(filter(None, lines)))[:_MOST_TEXTS]

    def count(self, name: str) -> int | None:
        counts = (value for value in self._values(name, int) if not isinstance(value, bool))
        return next((count for count in counts if 0 <= count < _LARGEST_COUNT), None)

    def date(self, name: str) -> date | None:
        for text in self._values(name, str):
            try:
                return date.fromisoformat(text[:10])
            except ValueError:
                continue
        return None

    def address(self, name: str) -> str:
        return next(filter(_is_web_address, (value.strip() for value in self._values(name, str))), "")

    def authors(self) -> tuple[str, ...]:
        """Names in their order, without authors who wish to be hidden."""
        people = next(filter(None, self._values("authors", list)), ())
        names = (_name(person, "name") for person in people if not (isinstance(person, dict) and person.get("hidden")))
        return tuple(filter(None, names))

    def organization(self) -> str:
        names = (_name(value, "fullname", "name") for value in self._values("organization", object))
        return next(filter(None, names), "")


def _name(value: Any, *keys: str) -> str:
    """What a text says, or an object under the first of its keys that says something."""
    candidates = [value.get(key) for key in keys] if isinstance(value, dict) else [value]
    return next(filter(None, (_line(text[:_NAME_CHARS]) for text in candidates if isinstance(text, str))), "")


def _line(text: str) -> str:
    return " ".join(text.split())


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and text.split() == [text]
