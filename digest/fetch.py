"""Polite, bounded GETs: a gap between requests to one host, retries that honour Retry-After, bodies of limited size."""

from __future__ import annotations

import asyncio
import contextlib
import re
import zlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from digest import http_body
from digest.errors import FetchError, NotFound, Refused, TooLarge, Unreachable
from digest.text.valid import valid_text
from digest.turns import Turns
from digest.types import Fetched

TIMEOUT_S = 30.0
LONGEST_WAIT_S = 600.0  # a host that asks for more than this is not waited for
LONGEST_BACKOFF_S = 60.0
MAX_REDIRECTS = 5
_START_BYTES = 2048  # of a refusal's body, to tell why
_PASSING = frozenset({408, 425, 429})  # and all of 5xx


class _TryAgain(Exception):
    """One try failed in a way that may pass. The text says where and why, without a full stop."""

    def __init__(self, cause: str, retry_after_s: float | None = None) -> None:
        super().__init__(cause)
        self.retry_after_s = retry_after_s


class PoliteFetcher:
    """GETs for everybody, in one event loop; an async context manager that closes its connections at the end.

    `gaps_s` maps hosts (`arxiv.org`, `127.0.0.1:8080`) to the least seconds between the starts of two requests there,
    retries and redirects included; such a host has one connection at a time and is asked in the order of the calls,
    those within `digest.turns.ahead` first.
    A host that sends Retry-After is not asked before, by anybody. A failing GET is tried `attempts` times in all,
    `backoff_s` apart, doubled each time, with jitter. A body is at most `max_bytes`, decompressed.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        gaps_s: Mapping[str, float],
        attempts: int,
        max_bytes: int,
        backoff_s: float = 1.0,
    ) -> None:
        self._headers = {"User-Agent": user_agent, "Accept": "*/*", "Accept-Encoding": http_body.CODINGS}
        self._attempts = attempts
        self._max_bytes = max_bytes
        self._gaps_s = {_plain_host(host): gap_s for host, gap_s in gaps_s.items()}
        self._hosts: dict[str, _Host] = {}
        self._client: httpx.AsyncClient | None = None
        self._opening = asyncio.Lock()
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=attempts, timeout=None, wait_initial=backoff_s, wait_jitter=backoff_s, wait_max=LONGEST_BACKOFF_S
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def get(
        self, url: str, *, params: Mapping[str, str] | None = None, timeout_s: float | None = None
    ) -> Fetched:
        """The answer at an http(s) address, after at most five redirects; `Fetched.url` is where they ended.

        `timeout_s` bounds one try as a whole, without the wait for the host's turn; 30 when not given.
        Raises NotFound (404, 410), Refused (another 4xx), TooLarge, Unreachable (all tries failed, or the host wants
        to be left alone for more than ten minutes), or FetchError when the address is none.
        """
        try:
            address = httpx.URL(url) if params is None else httpx.URL(url).copy_merge_params(params)
        except httpx.InvalidURL as error:
            raise FetchError(
                f'"{url.partition("?")[0][:200]}" is not an address: {error}. Check the setting.'
            ) from error

        limit_s = TIMEOUT_S if timeout_s is None else timeout_s

        async def one_try() -> Fetched:
            try:
                return await self._follow(address, limit_s)
            except TimeoutError as error:
                raise _TryAgain(f"{_shown(address)} did not answer within {limit_s:.3g} s") from error

        try:
            return await self._retrying(_TryAgain, one_try)
        except _TryAgain as failed:
            tries = "1 try" if self._attempts == 1 else f"{self._attempts} tries"
            raise Unreachable(f"{failed}; given up after {tries}. Try again later.", failed.retry_after_s) from failed

    async def _follow(self, address: httpx.URL, left_s: float) -> Fetched:
        """One try: the answer at the end of the redirects. Raises TimeoutError after `left_s` of actual asking."""
        loop = asyncio.get_running_loop()
        first = address
        for _ in range(MAX_REDIRECTS + 1):
            if address.scheme not in {"http", "https"} or not address.host:
                raise FetchError(f"{_shown(address)} is not an http or https address. Check the setting.")
            host = self._host(address)
            async with host.turn(_shown(address)):
                started = loop.time()
                answer = await self._ask(host, address, left_s)
                left_s -= loop.time() - started
            if isinstance(answer, Fetched):
                return answer
            address = answer
        raise Unreachable(f"{_shown(first)} redirects more than {MAX_REDIRECTS} times. Check the address.")

    def _host(self, address: httpx.URL) -> _Host:
        name = address.netloc.decode("ascii")
        return self._hosts.setdefault(name, _Host(self._gaps_s.get(name)))

    async def _ask(self, host: _Host, address: httpx.URL, timeout_s: float) -> Fetched | httpx.URL:
        """One request: the answer, or where it redirects to."""
        try:
            async with (
                asyncio.timeout(timeout_s),
                (await self._open()).stream("GET", address, extensions={"trace": host.trace}) as response,
            ):
                return await self._take(response, host)
        except zlib.error as error:
            raise _TryAgain(f"{_shown(address)} sent a body that cannot be decompressed") from error
        except httpx.TransportError as error:
            raise _TryAgain(f"{_shown(address)} {_cause(error)}") from error

    async def _open(self) -> httpx.AsyncClient:
        """The client, made when first needed, in threads: imports and certificates take tens of milliseconds."""
        async with self._opening:
            if self._client is None:
                await asyncio.to_thread(_import_what_connects)
                self._client = await asyncio.to_thread(httpx.AsyncClient, headers=self._headers, timeout=None)
        return self._client

    async def _take(self, response: httpx.Response, host: _Host) -> Fetched | httpx.URL:
        if response.is_success:
            return Fetched(
                url=str(response.url),
                content_type=valid_text(response.headers.get("Content-Type", "").partition(";")[0]).strip().lower(),
                body=await self._body(response),
            )
        if response.next_request is not None:
            return response.next_request.url
        await self._raise_for(response, host)
        raise AssertionError("an answer is a success, a redirect or an error")

    async def _raise_for(self, response: httpx.Response, host: _Host) -> None:
        shown, status = _shown(response.url), response.status_code
        body = await http_body.start(response, _START_BYTES)
        if status in {404, 410}:
            raise NotFound(f"{shown} does not exist: the server answered {_named(status)}.")
        if status in _PASSING or status >= 500:
            retry_after_s = _retry_after_s(response.headers.get("Retry-After", ""))
            host.close_for(retry_after_s or 0)
            if retry_after_s and retry_after_s > LONGEST_WAIT_S:
                raise _left_alone(shown, retry_after_s)
            raise _TryAgain(f"{shown} answered {_named(status)}", retry_after_s)
        raise Refused(f"{shown} refused the request with {_named(status)}. Check the address.", status, body)

    async def _body(self, response: httpx.Response) -> bytes:
        shown = _shown(response.url)
        try:
            return await http_body.whole(response, self._max_bytes)
        except http_body.TooLong:
            size = f"{self._max_bytes / 1024 / 1024:.3g} MB"
            raise TooLarge(f"{shown} is larger than {size} and is not read.") from None
        except http_body.UnknownCoding as error:
            raise _TryAgain(f"{shown} sent a body in a coding that was not asked for, {str(error)!r}") from error


def _import_what_connects() -> None:
    """Imports what httpx would import on the event loop at its first connection: anyio with its side of asyncio."""
    import anyio.streams.tls

    anyio.run(anyio.sleep, 0)


class _Host:
    """When one host may be asked next."""

    def __init__(self, gap_s: float | None) -> None:
        self._gap_s = gap_s or 0.0
        self._one_at_a_time: contextlib.AbstractAsyncContextManager[Any] = (
            contextlib.nullcontext() if gap_s is None else Turns()
        )
        self._next_start = 0.0  # both in the event loop's time
        self._opens_at = 0.0

    @contextlib.asynccontextmanager
    async def turn(self, shown: str) -> AsyncIterator[None]:
        """Waits until the host may be asked, and holds the turn until the answer is read."""
        now = asyncio.get_running_loop().time
        async with self._one_at_a_time:
            while (wait_s := max(self._opens_at, self._next_start) - now()) > 0:
                closed_s = self._opens_at - now()
                if closed_s > LONGEST_WAIT_S:
                    raise _left_alone(shown, closed_s)
                await asyncio.sleep(wait_s)
            self._next_start = now() + self._gap_s
            yield

    async def trace(self, event: str, info: Mapping[str, Any]) -> None:  # noqa: ARG002 (httpx calls it so)
        """Counts the gap from when a request has gone out: connecting may take long, the next has a connection."""
        if event.endswith("send_request_headers.complete"):
            self._next_start = asyncio.get_running_loop().time() + self._gap_s

    def close_for(self, seconds: float) -> None:
        self._opens_at = max(self._opens_at, asyncio.get_running_loop().time() + seconds)


def _retry_after_s(told: str) -> float | None:
    """Seconds from now, of a Retry-After in seconds or as a date (RFC 9110, 10.2.3); None when there is none."""
    if re.fullmatch(r"\d{1,9}(\.\d+)?", told.strip(), re.ASCII):
        return float(told)
    try:
        then = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max(0.0, (then - datetime.now(UTC)).total_seconds())


def _left_alone(shown: str, seconds: float) -> Unreachable:
    return Unreachable(
        f"{shown}: the server asks to be left alone for {seconds / 60:.0f} minutes. Wait until then.", seconds
    )


def _cause(error: httpx.TransportError) -> str:
    if isinstance(error, httpx.ConnectError):
        return "cannot be connected to"
    if isinstance(error, httpx.ProxyError):
        return "cannot be reached through the proxy that is set"
    return "broke the connection off before its answer was complete"


def _named(status: int) -> str:
    """`503 Service Unavailable`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _shown(address: httpx.URL) -> str:
    """An address as sentences may show it: without the user, the query and the fragment, which may hold secrets."""
    return str(address.copy_with(username=None, password=None, query=None, fragment=None))[:200]


def _plain_host(netloc: str) -> str:
    """A netloc as httpx writes it: lower case, without a user and without the scheme's own port."""
    return netloc.rpartition("@")[2].lower().removesuffix(":443").removesuffix(":80")
