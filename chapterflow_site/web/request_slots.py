"""Bounds how many requests are answered at once, so that short ones wait for few, and never behind long ones.

Django answers each request in a thread of its own. A hundred threads share one processor: each takes a hundred times
as long, and the event loop, which feeds all boards, gets its turn among them.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import cast
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

AT_ONCE = 6
# Mostly they wait: for a child process that reads an upload, or for a model that answers.
LONG_AT_ONCE = 3
# What may take a second and more: whole books as files, uploads, a model that is asked for a word, what is done to all
# chapters of a book at once. Not what somebody presses in a hurry: to cancel, to try again.
_LONG = re.compile(
    r"/(?:export|upload|storyline|chunks|check-writer|start|start-book-generation|delete|review/keep)(?:/|\Z)"
)


@dataclass
class _Slots:
    short: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    long: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LONG_AT_ONCE))


class SlottedHandler(ASGIHandler):
    """Django's handler, which begins to answer once there is a slot; the first to come is the first to be answered.

    A slot is taken after the body is read and given back before the answer is sent: slow senders and readers hold none.
    """

    def __init__(self) -> None:
        super().__init__()
        # A semaphore belongs to one event loop; tests have several.
        self._slots: WeakKeyDictionary[asyncio.AbstractEventLoop, _Slots] = WeakKeyDictionary()

    async def run_get_response(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, in its turn."""
        slots = self._slots.setdefault(asyncio.get_running_loop(), _Slots())
        async with slots.long if is_long(request.path) else slots.short:
            return sent_in_parts(await super().run_get_response(request))


def is_long(path: str) -> bool:
    """Return whether what stands at this address may take long."""
    return _LONG.search(path) is not None


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
