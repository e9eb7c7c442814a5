"""Reads all pages of a list of a service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any


async def paginate(method: Callable[[Any], Awaitable[Any]], request: Any) -> AsyncIterator[Any]:
    """The responses of a method with `page_token` and `next_page_token`, one for each page. Changes `request`."""
    while True:
        response = await method(request)
        yield response
        if not response.next_page_token:
            return
        request.page_token = response.next_page_token
