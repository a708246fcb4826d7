"""Read the bodies of HTTP answers, decompressed piece by piece and never beyond a size."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from typing import Protocol

PIECE_BYTES = 256 * 1024  # decompressed at a time, so that neither memory nor the event loop feels a bomb
CODINGS = "gzip, deflate"  # to ask for


class TooLong(Exception):
    """The body is, or says that it is, longer than allowed."""


class UnknownCoding(Exception):
    """The body is in a coding that was not asked for; the text names it."""


class Response(Protocol):
    """A streamed response of httpx or httpx2."""

    @property
    def headers(self) -> Mapping[str, str]: ...

    def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]: ...


async def whole(response: Response, max_bytes: int) -> bytes:
    """Return the decompressed body. Raises TooLong, UnknownCoding, zlib.error, and what the connection raises."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise TooLong
    body = io.BytesIO()  # whose getvalue() makes no second copy
    async with contextlib.aclosing(pieces(response)) as parts:
        async for part in parts:
            if body.tell() + len(part) > max_bytes:
                raise TooLong
            body.write(part)
    return body.getvalue()


async def start(response: Response, max_bytes: int) -> bytes:
    """Return the first bytes of the decompressed body, at most so many; what came of them when it breaks off."""
    begun = b""
    with contextlib.suppress(Exception):
        async with contextlib.aclosing(pieces(response)) as parts:
            async for part in parts:
                begun += part
                if len(begun) >= max_bytes:
                    break
    return begun[:max_bytes]


async def pieces(response: Response) -> AsyncGenerator[bytes, None]:
    """Yield the decompressed body, at most PIECE_BYTES at a time; the event loop turns in between."""
    coding = response.headers.get("Content-Encoding", "").strip().lower().removeprefix("x-")
    if coding not in {"", "identity", "gzip", "deflate"}:
        raise UnknownCoding(coding[:40])
    reading: _Plain | Inflater | None = _Plain() if coding in {"", "identity"} else None
    async for chunk in response.aiter_raw(PIECE_BYTES):
        reading = reading or Inflater(chunk[0], coding)
        for piece in reading.pieces(chunk):
            yield piece
            await asyncio.sleep(0)
    if reading is not None:
        yield reading.end()


class _Plain:
    """Bytes as they come."""

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        yield chunk

    def end(self) -> bytes:
        return b""


class Inflater:
    """Bytes decompressed in pieces of bounded size. Raises zlib.error when they are broken or end too early."""

    def __init__(self, first: int, coding: str) -> None:
        # What is called deflate comes with zlib's header or bare; zlib's first byte ends in 8, a bare stream's cannot.
        self._wbits = 31 if coding == "gzip" else zlib.MAX_WBITS if first & 0x0F == zlib.DEFLATED else -zlib.MAX_WBITS
        self._stream = zlib.decompressobj(self._wbits)

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        while chunk:
            if self._stream.eof:
                if chunk[:1] != b"\x1f":
                    return  # padding after the last gzip member
                self._stream = zlib.decompressobj(self._wbits)
            yield self._stream.decompress(chunk, PIECE_BYTES)
            chunk = self._stream.unconsumed_tail or self._stream.unused_data

    def end(self) -> bytes:
        rest = self._stream.flush()
        if not self._stream.eof:
            raise zlib.error("the compressed body ends too early")
        return rest
