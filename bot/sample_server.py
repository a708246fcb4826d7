"""The bundled sample day, served on this machine as the Hub and arXiv would serve it, for the demo."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

SAMPLE_DAY = "2026-01-16"


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serves a folder of sample days (`DATE.json`) and pages (`pages/ID.html`); gives its address on 127.0.0.1."""

    class Sample(_Handler):
        root = folder

    server = ThreadingHTTPServer(("127.0.0.1", 0), Sample)
    thread = threading.Thread(target=server.serve_forever, name="sample server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    root: Path

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        match asked.path.strip("/").split("/"):
            case ["api", "daily_papers"]:
                day = parse_qs(asked.query).get("date", [""])[0]
                self._send(self.root / f"{Path(day).name}.json", "application/json", b"[]")
            case ["html", paper]:
                self._send(self.root / "pages" / f"{Path(paper).name}.html", "text/html; charset=utf-8")
            case _:
                self.send_error(404)

    def _send(self, file: Path, content_type: str, otherwise: bytes | None = None) -> None:
        body = file.read_bytes() if file.is_file() else otherwise
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Says nothing: the demo's output is the digest."""
