"""An OpenAI-compatible endpoint: sends a request and gives the body as it came, or Trouble. It never retries."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from digest import http_body
from digest.types import Clock
from digest.writers.completion import decoded, trouble_of
from digest.writers.ladder import METADATA_KEY
from digest.writers.trouble import NoAnswer, Trouble, Unread

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_MB = 8
MAX_BYTES = MAX_MB * 1024 * 1024  # of a body, decompressed
MAX_KEPT = 10  # kept answers that are looked through; one paper and language has as many as were tried

log = logging.getLogger(__name__)

_NO_KEY = "none"  # the SDK wants one; local servers do not look at it


class Endpoint:
    """`timeout_s` is for a whole request: some servers send blank lines to keep a connection open."""

    def __init__(self, base_url: str, api_key: str, timeout_s: float, clock: Clock) -> None:
        self.host = urlsplit(base_url).netloc
        self._base_url, self._api_key, self._timeout_s, self._clock = base_url, api_key, timeout_s, clock
        self._client: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, fields: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
        """The body of the answer to `chat.completions.create`, at most MAX_BYTES. Raises Trouble."""
        client = await self._connected()
        begun = False
        try:
            async with asyncio.timeout(self._timeout_s):
                async with client.chat.completions.with_streaming_response.create(
                    **fields, extra_headers=headers
                ) as answer:
                    begun = True
                    return await http_body.whole(answer.http_response, MAX_BYTES)
        except Exception as error:  # noqa: BLE001 (of a body that breaks off httpx2 raises more than it documents)
            raise self._unread(error) if begun else self._unanswered(error) from None

    def _unread(self, error: Exception) -> Trouble:
        match error:
            case http_body.TooLong():
                return Unread("too long", f"the answer is longer than {MAX_MB} MB")
            case TimeoutError():
                return Unread("endless", f"the answer did not end within {self._timeout_s:g} seconds")
            case _:
                return Unread("cut off", "the answer broke off, or cannot be decompressed")

    def _unanswered(self, error: Exception) -> Trouble:
        import openai

        match error:
            case TimeoutError() | openai.APITimeoutError():
                if type(error.__cause__).__name__ == "ConnectTimeout":
                    return NoAnswer("unreachable", "the endpoint cannot be reached")
                problem = f"no answer came within {self._timeout_s:g} seconds"
                return NoAnswer("timeout", problem, ambiguous=True)
            case openai.APIStatusError(response=answer):
                try:
                    body = decoded(answer.content)
                except (ValueError, RecursionError):
                    body = None
                return trouble_of(answer.status_code, body, answer.headers, self._clock, self._api_key)
            case openai.APIConnectionError():
                if type(error.__cause__).__name__ == "ConnectError":
                    return NoAnswer("unreachable", "the endpoint cannot be reached")
                return NoAnswer("dropped", "the connection broke before the answer came", ambiguous=True)
            case _:
                return NoAnswer("error", f"the request failed ({type(error).__name__})")

    async def kept(self, fingerprint: str) -> list[Any]:
        """The completions that the endpoint keeps under a fingerprint, newest first; none where it keeps nothing."""
        client = await self._connected()
        try:
            async with asyncio.timeout(self._timeout_s):
                async with client.chat.completions.with_streaming_response.list(
                    metadata={METADATA_KEY: fingerprint}, order="desc", limit=MAX_KEPT
                ) as answer:
                    raw = await http_body.whole(answer.http_response, MAX_BYTES)
            body = decoded(raw)
        except Exception as error:  # noqa: BLE001 (whatever it is, the answer is bought again)
            log.info("no kept answers", extra={"reason": type(error).__name__})
            return []
        listed = body.get("data") if isinstance(body, dict) else None
        return listed if isinstance(listed, list) else []

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def _connected(self) -> AsyncOpenAI:
        async with self._connecting:
            if self._client is None:
                # The SDK takes a second to import, and its certificates 0.1 s to load.
                self._client = await asyncio.to_thread(self._made)
            return self._client

    def _made(self) -> AsyncOpenAI:
        with _loading("openai"):
            from openai import AsyncOpenAI

            from digest.writers.bounded_client import BoundedClient

            client = AsyncOpenAI(
                base_url=self._base_url,
                api_key=self._api_key or _NO_KEY,
                timeout=self._timeout_s,
                max_retries=0,
                http_client=BoundedClient(),
            )
            _ = client.chat.completions.with_streaming_response  # it imports its resources when first asked for
            return client


@contextmanager
def _loading(package: str) -> Iterator[None]:
    """Import a large package in the block, so that no collection of garbage, which holds up the event loop, looks
    through it now or later."""
    if package in sys.modules:
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
