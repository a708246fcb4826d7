"""How the outside world is asked: politely, again when it may help, and never for more than can be held."""

from __future__ import annotations

import asyncio
import email.utils
import gzip
import itertools
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import FetchError, NotFound, Refused, TooLarge, Unreachable
from digest.fetch import PoliteFetcher
from digest.http_body import Inflater
from digest.turns import ahead
from tests.paper_server import Big, Fault, GzipBomb, PaperServer, Redirect, Reset, Slow, Status, Truncated, WrongType

PATH = "/html/2601.00001"
OTHER = "/html/2601.00002"
BODY = b"<article>Lanterns</article>" * 100
MEGABYTE = 1024 * 1024
TOLERANCE_S = 0.02  # between the moment of sending here and of arrival in the server's thread


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as server:
        server.pages |= {PATH: BODY, OTHER: b"other"}
        yield server


def fetcher(**changes: Any) -> AbstractAsyncContextManager[PoliteFetcher]:
    told: dict[str, Any] = {"user_agent": "Paperboy/0", "gaps_s": {}, "attempts": 3, "max_bytes": MEGABYTE}
    return PoliteFetcher(**{**told, "backoff_s": 0.001, **changes})


def host(server: PaperServer) -> str:
    return server.url.removeprefix("http://")


def spacings(server: PaperServer) -> list[float]:
    return [later.at - earlier.at for earlier, later in itertools.pairwise(server.requests)]


async def test_an_answer_has_its_body_its_type_and_its_address(server: PaperServer) -> None:
    """The type comes without parameters; who asks says so; parameters join the address."""
    server.fault(PATH, WrongType("Text/HTML; charset=utf-8"))
    async with fetcher() as web:
        fetched = await web.get(server.url + PATH, params={"p": "1 2"})
    assert (fetched.body, fetched.content_type) == (BODY, "text/html")
    assert fetched.url.startswith(f"{server.url}{PATH}?p=1")
    assert server.requests[0].query == {"p": "1 2"}
    assert server.requests[0].headers["user-agent"] == "Paperboy/0"
    assert server.requests[0].headers["accept-encoding"] == "gzip, deflate"


# --- the gap -----------------------------------------------------------------------------------------------------


async def test_requests_to_one_host_keep_the_gap_whoever_makes_them(server: PaperServer) -> None:
    """Concurrent calls, retries and redirects alike, in the order of the calls."""
    server.fault(PATH, Status(503))
    server.fault(PATH, Redirect(OTHER))
    began = time.monotonic()
    async with fetcher(gaps_s={host(server).upper(): 0.15}) as web:
        await asyncio.gather(web.get(server.url + PATH), *(web.get(f"{server.url}{OTHER}?n={n}") for n in range(2)))
    assert len(server.requests) == 5
    assert time.monotonic() - began >= 4 * 0.15
    assert [request.query["n"] for request in server.requests if request.query] == ["0", "1"]


async def test_what_somebody_waits_for_goes_ahead(server: PaperServer) -> None:
    """Before calls that were made earlier and wait; among each other in order."""
    async with fetcher(gaps_s={host(server): 0.05}) as web:
        calls = [asyncio.create_task(web.get(f"{server.url}{OTHER}?n={n}")) for n in range(4)]
        await asyncio.sleep(0)
        with ahead():
            calls += [asyncio.create_task(web.get(f"{server.url}{OTHER}?n={n}")) for n in "ab"]
        await asyncio.gather(*calls)
    assert [request.query["n"] for request in server.requests] == ["0", "a", "b", "1", "2", "3"]


async def test_a_call_that_is_cancelled_in_its_turn_passes_it_on(server: PaperServer) -> None:
    """Whether it waits or has just been given the turn."""
    async with fetcher(gaps_s={host(server): 0.01}) as web:
        for _ in range(5):
            calls = [asyncio.create_task(web.get(server.url + OTHER)) for _ in range(4)]
            await asyncio.sleep(0.005)
            for call in calls[:3]:
                call.cancel()
            async with asyncio.timeout(120):
                await calls[3]


async def test_one_connection_at_a_time_to_a_host_with_a_gap(server: PaperServer) -> None:
    """The next request waits for the answer before it, however small the gap."""
    server.fault(PATH, Slow(0.2))
    async with fetcher(gaps_s={host(server): 0.01}) as web:
        await asyncio.gather(web.get(server.url + PATH), web.get(server.url + OTHER))
    assert spacings(server)[0] >= 0.2 - TOLERANCE_S


async def test_other_hosts_are_not_held(server: PaperServer) -> None:
    """A long gap at one host leaves the others free."""
    with PaperServer() as other:
        other.pages[OTHER] = b"at once"
        async with fetcher(gaps_s={host(server): 3600}) as web:
            await web.get(server.url + PATH)
            held = asyncio.create_task(web.get(server.url + PATH))
            fetched = await web.get(other.url + OTHER)
            assert fetched.body == b"at once"
            assert not held.done()
            held.cancel()
    assert len(server.requests) == 1


async def test_waiting_for_the_turn_does_not_count_against_the_timeout(server: PaperServer) -> None:
    """A timeout shorter than the gap."""
    async with fetcher(gaps_s={host(server): 3.5}, attempts=1) as web:
        answers = await asyncio.gather(*(web.get(server.url + PATH, timeout_s=3.0) for _ in range(2)))
    assert [answer.body for answer in answers] == [BODY, BODY]


async def test_a_call_that_is_cancelled_leaves_the_turn_to_the_next(server: PaperServer) -> None:
    """While it waits and while it reads."""
    server.fault(PATH, Slow(3600))
    async with fetcher(gaps_s={host(server): 0.01}) as web:
        calls = [asyncio.create_task(web.get(server.url + PATH)) for _ in range(3)]
        assert await asyncio.to_thread(server.arrived.wait, 10)
        calls[1].cancel()
        calls[0].cancel()
        assert (await calls[2]).body == BODY


# --- trying again ------------------------------------------------------------------------------------------------

CUT_GZIP = Status(200, {"Content-Encoding": "gzip"}, gzip.compress(BODY, mtime=0)[:-9])
BROKEN_GZIP = Status(200, {"Content-Encoding": "gzip"}, b"\x1f\x8b no such thing")
BROTLI = Status(200, {"Content-Encoding": "br"}, b"not asked for")


@pytest.mark.parametrize(
    "fault",
    [*map(Status, (408, 425, 429, 500, 502, 503, 504, 599)), Truncated(), Reset(), CUT_GZIP, BROKEN_GZIP, BROTLI],
    ids=repr,
)
async def test_what_may_pass_is_tried_again(server: PaperServer, fault: Fault) -> None:
    """Twice it fails, the third try has the answer."""
    server.fault(PATH, fault, times=2)
    async with fetcher() as web:
        assert (await web.get(server.url + PATH)).body == BODY
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", [Slow(60), Truncated(60)], ids=repr)
async def test_the_timeout_bounds_a_try_as_a_whole(server: PaperServer, fault: Fault) -> None:
    """A late answer, and one that stops in its middle."""
    server.fault(PATH, fault, times=9)
    async with fetcher(attempts=2) as web:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.3 s; given up after 2 tries"):
            await web.get(server.url + PATH, timeout_s=0.3)


async def test_the_timeout_bounds_all_redirects_of_a_try_together(server: PaperServer) -> None:
    """Four answers that come in time one by one, and too late together."""
    server.fault(PATH, Redirect(PATH, seconds=0.3), times=3)
    server.fault(PATH, Slow(0.3))
    async with fetcher(attempts=1) as web:
        with pytest.raises(Unreachable, match=r"did not answer within 0\.8 s"):
            await web.get(server.url + PATH, timeout_s=0.8)


async def test_after_all_tries_the_error_names_address_and_cause(server: PaperServer) -> None:
    """As many requests as tries, and the last Retry-After for who wants to wait."""
    server.fault(PATH, Status(503), times=2)
    server.fault(PATH, Status(503, {"Retry-After": "120"}))
    async with fetcher() as web:
        with pytest.raises(Unreachable) as caught:
            await web.get(server.url + PATH)
    assert str(caught.value).startswith(f"{server.url}{PATH} answered 503 Service Unavailable; given up after 3 tries")
    assert caught.value.retry_after_s == 120
    assert len(server.requests) == 3


async def test_a_host_that_is_not_there_is_unreachable() -> None:
    """A port on which nobody listens; one try when one is allowed."""
    with PaperServer() as gone:
        pass
    async with fetcher(attempts=1) as web:
        with pytest.raises(Unreachable, match=r"cannot be connected to; given up after 1 try\."):
            await web.get(gone.url + PATH)


@pytest.mark.parametrize("secret", ["token=hush", "user:hush@"])
async def test_errors_show_no_secret_of_the_address(server: PaperServer, secret: str) -> None:
    """Neither a query nor a password."""
    url = f"{server.url}{PATH}?{secret}" if "=" in secret else server.url.replace("//", f"//{secret}") + PATH
    server.fault(PATH, Status(500), times=3)
    async with fetcher() as web:
        with pytest.raises(Unreachable) as caught:
            await web.get(url)
    assert "hush" not in str(caught.value)


# --- Retry-After -------------------------------------------------------------------------------------------------


async def test_retry_after_in_seconds_holds_for_the_host_as_a_whole(server: PaperServer) -> None:
    """Nobody asks the host before, whatever the page."""
    server.fault(PATH, Status(429, {"Retry-After": "1"}))
    async with fetcher() as web:
        first = asyncio.create_task(web.get(server.url + PATH))
        assert await asyncio.to_thread(server.arrived.wait, 10)
        await asyncio.sleep(0.1)
        await asyncio.gather(first, web.get(server.url + OTHER))
    assert len(server.requests) == 3
    assert min(request.at for request in server.requests[1:]) - server.requests[0].at >= 1 - TOLERANCE_S


async def test_retry_after_may_be_a_date(server: PaperServer) -> None:
    """As RFC 9110 writes it; the next request comes after that moment."""
    then = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    server.fault(PATH, Status(429, {"Retry-After": email.utils.format_datetime(then, usegmt=True)}))
    async with fetcher() as web:
        await web.get(server.url + PATH)
    asked_at = time.time() - time.monotonic() + server.requests[1].at
    assert asked_at >= then.timestamp() - TOLERANCE_S


@pytest.mark.parametrize("told", ["", "soon", "-5", "Wed, 99 Foo 2026 07:28:00 GMT", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_retry_after_without_meaning_is_as_none(server: PaperServer, told: str) -> None:
    """The usual backoff takes its place."""
    server.fault(PATH, Status(429, {"Retry-After": told}))
    async with fetcher() as web:
        assert (await web.get(server.url + PATH)).body == BODY


async def test_a_host_that_asks_for_more_than_ten_minutes_is_given_up_at_once(server: PaperServer) -> None:
    """Without another request, then or by the next call, and the error says how long."""
    server.fault(PATH, Status(429, {"Retry-After": "3600"}))
    async with fetcher() as web:
        with pytest.raises(Unreachable, match="left alone for 60 minutes") as caught:
            await web.get(server.url + PATH)
        assert caught.value.retry_after_s == 3600
        with pytest.raises(Unreachable, match="left alone"):
            await web.get(server.url + OTHER)
    assert len(server.requests) == 1


async def test_tries_that_find_nobody_keep_the_gap_too() -> None:
    """A host that is starting up is not hammered."""
    with PaperServer() as gone:
        pass
    started = time.monotonic()
    async with fetcher(gaps_s={host(gone): 0.2}) as web:
        with pytest.raises(Unreachable):
            await web.get(gone.url + PATH)
    assert time.monotonic() - started >= 0.4


# --- what is final -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_not_there_is_not_asked_for_again(server: PaperServer, status: int) -> None:
    """One request, NotFound."""
    server.fault(PATH, Status(status))
    async with fetcher() as web:
        with pytest.raises(NotFound, match=f"{PATH} does not exist"):
            await web.get(server.url + PATH)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 451])
async def test_a_refusal_says_why(server: PaperServer, status: int) -> None:
    """One request; the status and the start of the body, however long it is."""
    server.fault(PATH, Status(status, {}, b"No, because." + bytes(50_000)))
    async with fetcher() as web:
        with pytest.raises(Refused, match=str(status)) as caught:
            await web.get(server.url + PATH)
    assert caught.value.status == status
    assert caught.value.body.startswith(b"No, because.")
    assert len(caught.value.body) < 5000
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "url", ["", "nonsense", "ftp://example.org/x", "file:///etc/passwd", "http://", "http://exa mple.org:port/"]
)
async def test_what_is_no_address_is_refused_in_a_sentence(url: str) -> None:
    """FetchError, without a try."""
    async with fetcher() as web:
        with pytest.raises(FetchError, match="address"):
            await web.get(url)


# --- size and compression ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [Big(30), Big(30, announced=False), GzipBomb(60)], ids=repr)
async def test_a_body_over_the_limit_is_never_held(server: PaperServer, fault: Fault) -> None:
    """Announced, unannounced and compressed: TooLarge after one request, in little more memory than the limit."""
    server.fault(PATH, fault, times=2)
    async with fetcher() as web:
        with pytest.raises(TooLarge):  # once before measuring, so that everything is loaded
            await web.get(server.url + PATH)
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge, match="larger than 1 MB"):
                await web.get(server.url + PATH)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert len(server.requests) == 2
    assert peak < 8 * MEGABYTE  # the server's own buffers, in this process, are in it


async def test_a_body_that_is_announced_too_large_is_not_begun(server: PaperServer) -> None:
    """It would have broken off in the middle: nobody gets so far as to notice."""
    server.pages[PATH] = bytes(MEGABYTE + 1)
    server.fault(PATH, Truncated())
    async with fetcher() as web:
        with pytest.raises(TooLarge):
            await web.get(server.url + PATH)
    assert len(server.requests) == 1


async def test_a_body_of_just_the_limit_is_read(server: PaperServer) -> None:
    """The limit itself is allowed."""
    server.fault(PATH, Big(1))
    server.fault(PATH, GzipBomb(1))
    async with fetcher() as web:
        assert [len((await web.get(server.url + PATH)).body) for _ in range(2)] == [MEGABYTE, MEGABYTE]


def _bare_deflate(body: bytes) -> bytes:
    return zlib.compress(body)[2:-4]


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("x-gzip", gzip.compress(BODY, mtime=0)),
        ("gzip", gzip.compress(BODY[:99], mtime=0) + gzip.compress(BODY[99:], mtime=0)),
        ("gzip", gzip.compress(BODY, mtime=0) + bytes(12)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", _bare_deflate(BODY)),
        ("identity", BODY),
    ],
    ids=["gzip", "its old name", "two members", "padded", "deflate", "deflate without its frame", "identity"],
)
async def test_every_form_of_compression_that_servers_send_is_read(
    server: PaperServer, coding: str, body: bytes
) -> None:
    """gzip in one or more members, padded; deflate with and without zlib's header; none."""
    server.fault(PATH, Status(200, {"Content-Encoding": coding}, body))
    async with fetcher(attempts=1) as web:
        assert (await web.get(server.url + PATH)).body == BODY


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300),
    st.integers(1, 3000),
    st.integers(1, 400),
    st.sampled_from([("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", _bare_deflate)]),
)
def test_decompression_does_not_depend_on_where_the_network_cuts(
    seed: bytes, repeats: int, cut: int, form: tuple[str, Callable[[bytes], bytes]]
) -> None:
    """Any body in chunks of any size comes out whole, in pieces of bounded size."""
    coding, compress = form
    body = seed * repeats
    sent = compress(body)
    inflater = Inflater(sent[0], coding)
    pieces = [piece for at in range(0, len(sent), cut) for piece in inflater.pieces(sent[at : at + cut])]
    pieces.append(inflater.end())
    assert b"".join(pieces) == body
    assert max(map(len, pieces)) <= 256 * 1024


# --- redirects ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_and_the_last_address_is_told(server: PaperServer, code: int) -> None:
    """Relative, and to another host."""
    with PaperServer() as other:
        other.pages[PATH] = b"moved here"
        server.fault(PATH, Redirect(OTHER, code))
        server.fault(OTHER, Redirect(other.url + PATH, code))
        async with fetcher() as web:
            fetched = await web.get(server.url + PATH)
    assert (fetched.body, fetched.url) == (b"moved here", other.url + PATH)


async def test_a_circle_of_redirects_ends(server: PaperServer) -> None:
    """Five are followed, the sixth is not; and it is not tried again."""
    server.fault(PATH, Redirect(PATH), times=100)
    async with fetcher() as web:
        with pytest.raises(Unreachable, match="redirects more than 5 times"):
            await web.get(server.url + PATH)
    assert len(server.requests) == 6


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/x"])
async def test_a_redirect_leads_only_to_the_web(server: PaperServer, to: str) -> None:
    """Another scheme is not followed."""
    server.fault(PATH, Redirect(to))
    async with fetcher() as web:
        with pytest.raises(FetchError, match="not an http or https address"):
            await web.get(server.url + PATH)
