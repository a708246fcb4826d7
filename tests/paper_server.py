"""The Hub and arXiv on this machine: their answers, their refusals, and faults on demand, over real sockets.

Written from the services' own documentation and real answers, before the code that asks it. What the real services
would refuse is refused here: a request that does not name its project, an unknown path, a malformed id or query.
"""

from __future__ import annotations

import asyncio
import functools
import json
import re
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import TracebackType
from typing import Any, Protocol, Self

from aiohttp import web

from digest.types import Fetcher, Kit
from tests.http_server import listening
from tests.makers import clock
from tests.text_work import text_work

PROJECT = "paperboy"  # what a User-Agent must hold
_ID = r"(?:\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}|[a-z]+(?:-[a-z]+)?(?:\.[A-Z]{2})?/\d{2}(?:0[1-9]|1[0-2])\d{3})(?:v\d+)?"
_PAGE = re.compile(rf"/(?:(?P<kind>html|pdf|abs)/(?P<id>{_ID})|papers/{_ID}(?P<markdown>\.md)?)", re.ASCII)
_TYPES = {"html": "text/html; charset=utf-8", "abs": "text/html; charset=utf-8", "pdf": "application/pdf"}


@dataclass(frozen=True)
class Asked:
    """One request as it arrived. `at` is time.monotonic(); header names are lower case."""

    path: str
    query: dict[str, str]
    at: float
    headers: dict[str, str] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """What the service would answer; compressed on the way when the asker can read gzip."""

    status: int
    content_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    response = web.Response(status=answer.status, body=answer.body)
    response.headers.update(answer.headers)
    response.headers.setdefault("Content-Type", answer.content_type)
    if "gzip" in request.headers.get("Accept-Encoding", "") and "Content-Encoding" not in response.headers:
        response.enable_compression(web.ContentCoding.gzip)
    await response.prepare(request)
    await response.write_eof()
    return response


# --- faults ------------------------------------------------------------------------------------------------------


class Fault(Protocol):
    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        """Answers in place of the real answer."""


@dataclass(frozen=True)
class Slow:
    """The real answer, `seconds` late."""

    seconds: float

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        await asyncio.sleep(self.seconds)
        return await _send(request, real)


@dataclass(frozen=True)
class Held:
    """The real answer, when the event is set."""

    go_on: threading.Event

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        while not self.go_on.is_set():  # noqa: ASYNC110 (it is set on another thread)
            await asyncio.sleep(0.005)
        return await _send(request, real)


@dataclass(frozen=True)
class Status:
    """Another status, with its headers and body; without a body, a page that names the status."""

    code: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        content = self.body or _page(self.code, f"Status {self.code}").body
        return await _send(request, Answer(self.code, real.content_type, content, self.headers))


@dataclass(frozen=True)
class Truncated:
    """Half of the real body, announced whole, then after `seconds` the connection is closed."""

    seconds: float = 0.0

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        response = web.StreamResponse(status=real.status, headers={"Content-Type": real.content_type})
        response.content_length = len(real.body) + 1
        await response.prepare(request)
        await response.write(real.body[: len(real.body) // 2])
        await asyncio.sleep(self.seconds)
        _connection(request).close()
        return response


@dataclass(frozen=True)
class WrongType:
    """The real body under another content type."""

    content_type: str

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        return await _send(request, Answer(real.status, self.content_type, real.body))


@dataclass(frozen=True)
class Big:
    """A body of so many megabytes, not compressed, its length announced in advance or not."""

    megabytes: int
    announced: bool = True

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": real.content_type})
        if self.announced:
            response.content_length = self.megabytes * len(_MEGABYTE)
        else:
            response.enable_chunked_encoding()
        await response.prepare(request)
        for _ in range(self.megabytes):
            await response.write(_MEGABYTE)
        await response.write_eof()
        return response


@dataclass(frozen=True)
class GzipBomb:
    """A small body that is so many megabytes once decompressed."""

    megabytes: int

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        bomb = _bomb(self.megabytes)
        return await _send(request, Answer(200, real.content_type, bomb, {"Content-Encoding": "gzip"}))


@dataclass(frozen=True)
class Reset:
    """The connection is torn down without an answer."""

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:  # noqa: ARG002 (protocol)
        _connection(request).abort()
        return web.StreamResponse()


@dataclass(frozen=True)
class Redirect:
    """To another address, absolute or relative, `seconds` late."""

    to: str
    code: int = 302
    seconds: float = 0.0

    async def answer(self, request: web.BaseRequest, real: Answer) -> web.StreamResponse:
        await asyncio.sleep(self.seconds)
        return await _send(request, Answer(self.code, real.content_type, b"", {"Location": self.to}))


_MEGABYTE = bytes(1024 * 1024)


@functools.cache
def _bomb(megabytes: int) -> bytes:
    gzip = zlib.compressobj(wbits=31)
    return b"".join([*(gzip.compress(_MEGABYTE) for _ in range(megabytes)), gzip.flush()])


def _connection(request: web.BaseRequest) -> asyncio.Transport:
    transport = request.transport
    assert isinstance(transport, asyncio.Transport)
    return transport


@dataclass
class _Queued:
    path: str
    fault: Fault
    times: int


class PaperServer:
    """Serves `days` and `pages` at `url` while it is entered; `requests` is what was asked, refused requests too,
    and `arrived` is set once there is one.

    `days` maps ISO dates to entries (see `daily_entry`), `pages` maps paths such as `/html/2601.00001`,
    `/papers/2601.00001.md`, `/pdf/2601.00001` and `/abs/2601.00001` to bodies. Days after `today` are refused as the
    Hub refuses them; unless it is set no day is.
    """

    url: str

    def __init__(self) -> None:
        self.days: dict[str, Any] = {}
        self.pages: dict[str, bytes] = {}
        self.today = date.max
        self.requests: list[Asked] = []
        self.arrived = threading.Event()
        self._faults: list[_Queued] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="paper server", daemon=True)

    def fault(self, path: str, fault: Fault, times: int = 1) -> None:
        """Queues a fault for the next `times` requests whose path begins with `path`."""
        self._faults.append(_Queued(path, fault, times))

    def asked(self, path: str) -> list[Asked]:
        """The requests whose path begins with `path`, first to last."""
        return [request for request in self.requests if request.path.startswith(path)]

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10), "the server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(10)

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        runner = web.ServerRunner(web.Server(self._answer, handler_cancellation=True), shutdown_timeout=0.1)
        async with listening(runner) as self.url:
            self._ready.set()
            await self._over.wait()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(Asked(request.path, dict(request.query), time.monotonic(), headers))
        self.arrived.set()
        if PROJECT not in headers.get("user-agent", "").lower():
            return await _send(request, _page(403, "Forbidden: say who you are in the User-Agent"))
        if request.method not in {"GET", "HEAD"}:
            return await _send(request, _page(405, "Method Not Allowed"))
        answer = self._content(request.path, request.query)
        fault = self._next_fault(request.path)
        return await (fault.answer(request, answer) if fault else _send(request, answer))

    def _next_fault(self, path: str) -> Fault | None:
        for queued in self._faults:
            if queued.times and path.startswith(queued.path):
                queued.times -= 1
                return queued.fault
        return None

    def _content(self, path: str, query: Mapping[str, str]) -> Answer:
        if path == "/api/daily_papers":
            return self._daily_papers(query)
        if path.startswith("/api/papers/"):
            return self._paper(path.removeprefix("/api/papers/"))
        match = _PAGE.fullmatch(path)
        if match is None:
            return _page(404, "Not Found")
        if path not in self.pages:
            return _page(404, f"No HTML for '{match['id']}'" if match["kind"] == "html" else "Not Found")
        kind = "text/markdown; charset=utf-8" if match["markdown"] else _TYPES.get(match["kind"], _TYPES["html"])
        return Answer(200, kind, self.pages[path])

    def _paper(self, paper_id: str) -> Answer:
        """One paper as https://huggingface.co/docs/hub/api has it: what a list has under `paper`."""
        for entries in self.days.values():
            for entry in entries:
                if entry["paper"]["id"] == paper_id:
                    return _json(200, entry["paper"])
        return _json(404, {"error": "Paper not found"})

    def _daily_papers(self, query: Mapping[str, str]) -> Answer:
        try:
            day = date.fromisoformat(query.get("date", max(self.days, default="2023-05-04")))
            limit, page = int(query.get("limit", "50")), int(query.get("p", "0"))
        except ValueError:
            return _json(400, {"error": "Invalid query"})
        if not 1 <= limit <= 100 or page < 0:
            return _json(400, {"error": "limit must be between 1 and 100, and p not negative"})
        if day > self.today:
            return _json(400, {"error": "date must not be in the future"})
        entries = self.days.get(day.isoformat(), [])
        if isinstance(entries, list):
            entries = sorted(entries, key=_upvotes, reverse=True)[page * limit : (page + 1) * limit]
        return _json(200, entries)


def _upvotes(entry: Any) -> int:
    try:
        return int(entry["paper"]["upvotes"])
    except (KeyError, TypeError, ValueError):
        return 0


def _page(status: int, sentence: str) -> Answer:
    page = f"<!DOCTYPE html><html><head><title>{sentence}</title></head><body><h1>{sentence}</h1></body></html>"
    return Answer(status, _TYPES["html"], page.encode())


def _json(status: int, content: Any) -> Answer:
    return Answer(status, "application/json; charset=utf-8", json.dumps(content).encode())


def kit(server: PaperServer, fetcher: Fetcher, **changes: Any) -> Kit:
    """What sources and readers are built from, with the Hub and arXiv at the server and everything else left out."""
    told: dict[str, Any] = {
        "fetcher": fetcher,
        "clock": clock,
        "hub_url": server.url,
        "arxiv_url": server.url,
        "texts": {},
        "domains": None,
        "prompts": {},
        "calls": None,
        "text_work": text_work(),
    }
    return Kit(**{**told, **changes})


def daily_entry(paper_id: str = "2601.00001", **changes: Any) -> dict[str, Any]:
    """An entry of a day's list in the Hub's present form, about a made-up paper.

    A change replaces a field wherever the form has it, under `paper`, beside it, or both; an unknown one goes under
    `paper`.
    """
    title = f"Lanterns for Deep Networks {paper_id}"
    summary = "Deep networks are dark inside.\nWe hang lanterns in them. Accuracy rises by 3.2 points."
    person = {"_id": "65f0", "avatarUrl": "/avatars/1.svg", "isPro": False, "fullname": "C. Poster", "user": "cposter"}
    organization = {"_id": "65f1", "name": "example-lab", "fullname": "Example Lab", "avatar": "/avatars/2.svg"}
    paper: dict[str, Any] = {
        "id": paper_id,
        "authors": [
            {"_id": "65f2", "name": "A. Writer", "hidden": False},
            {"_id": "65f3", "name": "B. Reader", "hidden": False, "user": {"user": "breader", "type": "user"}},
        ],
        "publishedAt": "2026-01-15T17:00:00.000Z",
        "submittedOnDailyAt": "2026-01-16T01:40:00.000Z",
        "submittedOnDailyBy": person,
        "title": title,
        "summary": summary,
        "upvotes": 7,
        "discussionId": "65f4",
        "projectPage": "https://lanterns.example.org/",
        "githubRepo": "https://github.com/example/lanterns",
        "githubStars": 12,
        "ai_summary": "Lanterns light up networks.",
        "ai_keywords": ["interpretability", "lanterns"],
        "organization": organization,
    }
    entry: dict[str, Any] = {
        "paper": paper,
        "publishedAt": "2026-01-15T12:00:00.000Z",
        "title": title,
        "summary": summary,
        "thumbnail": f"https://thumbnails.example.org/{paper_id}.png",
        "numComments": 2,
        "submittedBy": person,
        "organization": organization,
        "isAuthorParticipating": False,
    }
    for name, value in changes.items():
        if name in entry:
            entry[name] = value
        if name in paper or name not in entry:
            paper[name] = value
    return entry
