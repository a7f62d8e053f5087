"""Lets a long answer be sent as it is read: Django would read all of it first, into memory."""

from collections.abc import AsyncIterator, Iterator
from typing import cast

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase, StreamingHttpResponse


def sent_in_parts(response: HttpResponseBase) -> HttpResponseBase:
    """Return the answer, of which each part is read once the one before is sent."""
    if isinstance(response, StreamingHttpResponse) and not response.is_async:
        response.streaming_content = _read_in_a_thread(cast("Iterator[bytes]", response.streaming_content))
    return response


async def _read_in_a_thread(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    def following() -> bytes | None:
        return next(parts, None)

    while (part := await sync_to_async(following)()) is not None:
        yield part
