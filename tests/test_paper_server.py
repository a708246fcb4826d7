"""The stand-in for the Hub and arXiv refuses what they would refuse, and breaks as it is told."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from datetime import date

import httpx
import pytest

from tests.paper_server import (
    Big,
    GzipBomb,
    PaperServer,
    Redirect,
    Reset,
    Slow,
    Status,
    Truncated,
    WrongType,
    daily_entry,
)

HTML = "/html/2601.00001"
LIST = "/api/daily_papers"


@pytest.fixture
def server() -> Iterator[PaperServer]:
    with PaperServer() as server:
        server.pages[HTML] = b"<article>Lanterns</article>" * 100
        yield server


@pytest.fixture
def client(server: PaperServer) -> Iterator[httpx.Client]:
    no_certificates = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # loading them takes longer than a test
    with httpx.Client(base_url=server.url, headers={"User-Agent": "Paperboy/0"}, verify=no_certificates) as client:
        yield client


def test_the_list_comes_in_pages_most_upvoted_first(server: PaperServer, client: httpx.Client) -> None:
    """`limit` entries a page, page `p` from 0, upvotes falling; 50 a page without a limit."""
    server.days["2026-01-16"] = [daily_entry(f"2601.{n:05}", upvotes=n) for n in range(120)]

    pages = [client.get(LIST, params={"date": "2026-01-16", "limit": 100, "p": p}).json() for p in range(3)]

    assert [len(page) for page in pages] == [100, 20, 0]
    assert [entry["paper"]["upvotes"] for page in pages for entry in page] == list(range(119, -1, -1))
    assert len(client.get(LIST, params={"date": "2026-01-16"}).json()) == 50


def test_an_unknown_day_is_an_empty_list(client: httpx.Client) -> None:
    """200 and `[]`."""
    answer = client.get(LIST, params={"date": "2026-01-17"})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"p": "-1"}, {"date": "today"}, {"date": "2026-01-18"}, {"p": "x"}]
)
def test_a_bad_query_and_a_future_day_are_refused(
    server: PaperServer, client: httpx.Client, query: dict[str, str]
) -> None:
    """400 and a JSON object with `error`."""
    server.today = date(2026, 1, 17)
    answer = client.get(LIST, params={"date": "2026-01-16", **query})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_paper_without_a_page_is_a_404_that_says_so(client: httpx.Client) -> None:
    """arXiv's words for a paper that was not converted."""
    answer = client.get("/html/2601.00002")
    assert answer.status_code == 404
    assert "No HTML for '2601.00002'" in answer.text


@pytest.mark.parametrize(
    "path", ["/html/nonsense", "/abs/2613.00001", "/pdf/", "/papers/2601.1.md", "/e-print/2601.00001", "/"]
)
def test_unknown_paths_and_malformed_ids_are_not_found(server: PaperServer, client: httpx.Client, path: str) -> None:
    """404, even where a test put a page by mistake."""
    server.pages[path] = b"unreachable"
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/html/2601.00001v2", "text/html"),
        ("/abs/astro-ph/9710163", "text/html"),
        ("/pdf/2601.00001", "application/pdf"),
        ("/papers/2601.00001.md", "text/markdown"),
    ],
)
def test_pages_come_under_their_content_type(server: PaperServer, client: httpx.Client, path: str, kind: str) -> None:
    """Bodies byte for byte as the test set them."""
    server.pages[path] = b"lanterns"
    answer = client.get(path)
    assert answer.content == b"lanterns"
    assert answer.headers["Content-Type"].startswith(kind)


def test_who_does_not_say_who_they_are_is_refused(server: PaperServer) -> None:
    """403 for a User-Agent that does not name the project; a queued fault waits for a proper request."""
    server.fault(HTML, Status(500))
    assert httpx.get(server.url + HTML).status_code == 403
    assert httpx.get(server.url + HTML, headers={"User-Agent": "Paperboy"}).status_code == 500


def test_only_reading_is_allowed(client: httpx.Client) -> None:
    """405 for another method."""
    assert client.post(HTML).status_code == 405


def test_every_request_is_remembered(server: PaperServer, client: httpx.Client) -> None:
    """Path, query, moment and headers, refused requests too."""
    before = time.monotonic()
    client.get(LIST, params={"date": "2026-01-16"})
    client.get("/nowhere")
    first, second = server.requests
    assert (first.path, first.query) == (LIST, {"date": "2026-01-16"})
    assert first.headers["user-agent"].startswith("Paperboy")
    assert before <= first.at <= second.at
    assert server.asked("/now") == [second]


def test_pages_are_compressed_for_those_who_can_read_it(server: PaperServer, client: httpx.Client) -> None:
    """gzip when it is accepted, plain otherwise."""
    assert client.get(HTML).headers["Content-Encoding"] == "gzip"
    plain = client.get(HTML, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == client.get(HTML).content == server.pages[HTML]


def test_a_fault_strikes_as_often_as_it_was_told(server: PaperServer, client: httpx.Client) -> None:
    """In the order of queueing, on paths that begin so, and then the real answer comes again."""
    server.fault("/html", Status(503, {"Retry-After": "7"}, b"busy"), times=2)
    server.fault("/html", Status(404))
    answers = [client.get(HTML) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 503, 404, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert answers[0].content == b"busy"


def test_slowness_outlasts_patience(server: PaperServer, client: httpx.Client) -> None:
    """A client with a shorter timeout gives up; one with a longer gets the real answer."""
    server.fault(HTML, Slow(60))
    server.fault(HTML, Slow(0.01))
    with pytest.raises(httpx.ReadTimeout):
        client.get(HTML, timeout=httpx.Timeout(120.0, read=0.1))
    assert client.get(HTML).content == server.pages[HTML]


@pytest.mark.parametrize("fault", [Truncated(), Reset()])
def test_a_broken_connection_is_an_error_to_the_client(
    server: PaperServer, client: httpx.Client, fault: Truncated | Reset
) -> None:
    """A body shorter than announced, and no answer at all."""
    server.fault(HTML, fault)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        client.get(HTML)


def test_another_content_type_over_the_same_body(server: PaperServer, client: httpx.Client) -> None:
    """Only the header lies."""
    server.fault(HTML, WrongType("image/png"))
    answer = client.get(HTML)
    assert (answer.headers["Content-Type"], answer.content) == ("image/png", server.pages[HTML])


@pytest.mark.parametrize("announced", [True, False])
def test_a_big_body_has_its_size(server: PaperServer, client: httpx.Client, announced: bool) -> None:
    """With and without a Content-Length."""
    server.fault(HTML, Big(3, announced))
    answer = client.get(HTML)
    assert len(answer.content) == 3 * 1024 * 1024
    assert ("Content-Length" in answer.headers) is announced


def test_a_gzip_bomb_is_small_on_the_way(server: PaperServer, client: httpx.Client) -> None:
    """Hundreds of times larger once decompressed."""
    server.fault(HTML, GzipBomb(5))
    answer = client.get(HTML)
    assert len(answer.content) == 5 * 1024 * 1024
    assert int(answer.headers["Content-Length"]) < 50_000


def test_a_redirect_says_where_to(server: PaperServer, client: httpx.Client) -> None:
    """A status of 302 unless another is told, and the address as it was given."""
    server.fault(HTML, Redirect("/html/2601.00001v2"))
    answer = client.get(HTML)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/html/2601.00001v2")
