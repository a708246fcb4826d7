"""The connections of the openai SDK, bounded: of what an endpoint sends with an error only the start is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openai import DefaultAsyncHttpxClient

from digest import http_body

if TYPE_CHECKING:
    import httpx2

MAX_REDIRECTS = 5
MAX_ERROR_BYTES = 64 * 1024


class BoundedClient(DefaultAsyncHttpxClient):
    """Gives successful answers unread, to be read as far as they may be, and follows redirects without their bodies."""

    async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
        request.headers["Accept-Encoding"] = http_body.CODINGS
        for _ in range(MAX_REDIRECTS + 1):
            response = await super().send(request, **{**how, "stream": True, "follow_redirects": False})
            if response.is_success:
                return response
            if response.next_request is None:
                break
            await response.aclose()
            request = response.next_request
        body = await http_body.start(response, MAX_ERROR_BYTES)
        await response.aclose()
        told = {"Retry-After": response.headers.get("Retry-After", "")}
        return type(response)(response.status_code, headers=told, content=body, request=request)
