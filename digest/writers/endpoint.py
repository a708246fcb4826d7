"""An OpenAI-compatible endpoint: sends a request and gives the body as it came, or Trouble. It never retries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from digest.types import Clock
from digest.writers.completion import trouble_of
from digest.writers.ladder import METADATA_KEY
from digest.writers.trouble import NoAnswer

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MAX_KEPT = 10  # kept answers that are looked through; one paper and language has as many as were tried

_NO_KEY = "none"  # the SDK wants one; local servers do not look at it


class Endpoint:
    """`timeout_s` is for a whole request: some servers send blank lines to keep a connection open."""

    def __init__(self, base_url: str, api_key: str, timeout_s: float, clock: Clock) -> None:
        self.host = urlsplit(base_url).netloc
        self._base_url, self._api_key, self._timeout_s, self._clock = base_url, api_key, timeout_s, clock
        self._client: AsyncOpenAI | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, fields: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
        """The body of the answer to `chat.completions.create`. Raises Trouble."""
        client = await self._connected()
        import openai

        try:
            async with asyncio.timeout(self._timeout_s):
                raw = await client.chat.completions.with_raw_response.create(**fields, extra_headers=headers)
                body: bytes = raw.content
                return body
        except (TimeoutError, openai.APITimeoutError):
            problem = f"no answer came within {self._timeout_s:g} seconds"
            raise NoAnswer("timeout", problem, ambiguous=True) from None
        except openai.APIStatusError as error:
            answer = error.response
            raise trouble_of(answer.status_code, answer.content, answer.headers, self._clock, self._api_key) from None
        except openai.APIConnectionError as error:
            if type(error.__cause__).__name__ == "ConnectError":
                raise NoAnswer("unreachable", "the endpoint cannot be reached") from None
            raise NoAnswer("dropped", "the connection broke before the answer came", ambiguous=True) from None
        except openai.OpenAIError as error:
            raise NoAnswer("error", f"the request failed ({type(error).__name__})") from None

    async def kept(self, fingerprint: str) -> list[Any]:
        """The completions that the endpoint keeps under a fingerprint, newest first; none where it keeps nothing."""
        client = await self._connected()
        import openai

        try:
            async with asyncio.timeout(self._timeout_s):
                raw = await client.chat.completions.with_raw_response.list(
                    metadata={METADATA_KEY: fingerprint}, order="desc", limit=MAX_KEPT
                )
            listed = msgspec.json.decode(raw.content, type=dict[str, Any]).get("data")
        except (TimeoutError, openai.OpenAIError, msgspec.MsgspecError):
            return []
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
        from openai import AsyncOpenAI

        key = self._api_key or _NO_KEY
        client = AsyncOpenAI(base_url=self._base_url, api_key=key, timeout=self._timeout_s, max_retries=0)
        _ = client.chat.completions.with_raw_response  # the SDK imports its resources when they are first asked for
        return client
