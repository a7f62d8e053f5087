"""Reads a provider's stream in bulk, and joins the events of single words before its package makes objects of them.

A provider sends an event for each token, and what reading costs is by the event: the network, an object tree of the
provider's package and one of pydantic-ai. Joined below these packages, their reading and their errors stay as they are.
"""

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator
from functools import cache
from typing import Any, ClassVar, cast

import httpx2
from pydantic_ai.models import get_user_agent

# How long bytes gather before they are read: for one stream, and at most, where a process reads many.
GATHERING_SECONDS = 0.1
LONGEST_GATHERING_SECONDS = 0.5
# So many streams make the time twice as long.
STREAMS_PER_GATHERING = 16
# The first reads gather for less: an answer that comes at once is read at once.
QUICK_READS = 10
# How often the event loop goes round before what it reads counts as not there yet.
ROUNDS = 3
CONNECT_SECONDS, USUAL_SECONDS = 5.0, 600.0

_BREAK = re.compile(rb"\r\n\r\n|\n\n|\r\r")
# Where the text of a delta stands: OpenAI's and Mistral's chat form, Anthropic's, OpenAI's Responses.
_TEXTS: tuple[tuple[str | int, ...], ...] = (
    ("choices", 0, "delta", "content"),
    ("choices", 0, "delta", "reasoning_content"),
    ("choices", 0, "delta", "reasoning"),
    ("delta", "text"),
    ("delta", "thinking"),
    ("delta",),
)
# What differs from one delta to the next and says nothing: of joined ones the last counts.
_COUNTERS = ("sequence_number", "obfuscation", "created")


class CoalescingClient(httpx2.AsyncClient):
    """An HTTP client as pydantic-ai makes one for a provider, which joins what is streamed to it."""

    def __init__(self) -> None:
        timeout = httpx2.Timeout(USUAL_SECONDS, connect=CONNECT_SECONDS)
        super().__init__(timeout=timeout, headers={"User-Agent": get_user_agent()}, verify=_certificates())

    async def send(self, request: httpx2.Request, *, stream: bool = False, **options: Any) -> httpx2.Response:
        """Send the request. Raises what httpx2 raises, in the stream too."""
        response = await super().send(request, stream=stream, **options)
        kind = response.headers.get("content-type", "")
        if stream and kind.startswith("text/event-stream") and "content-encoding" not in response.headers:
            response.stream = _CoalescedStream(cast(httpx2.AsyncByteStream, response.stream))
        return response


@cache
def _certificates() -> ssl.SSLContext:
    # Reading the file of certificates takes longer than a call's own work.
    return httpx2.create_ssl_context()


class _CoalescedStream(httpx2.AsyncByteStream):
    """A stream of events in fewer and larger pieces. Who iterates again goes on where the one before stopped."""

    # The ids of those that are read now, in all threads of the process: adding to a set is one step, to a number two.
    being_read: ClassVar[set[int]] = set()

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream
        self._reader = stream.__aiter__()
        self._reading: asyncio.Future[bytes | None] | None = None
        self._reads = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        joiner = EventJoiner()
        self.being_read.add(id(self))
        try:
            async for piece in self._in_bulk():
                yield joiner.feed(piece)
        finally:
            self.being_read.discard(id(self))
        yield joiner.rest()

    async def aclose(self) -> None:
        self.being_read.discard(id(self))
        # A reader that stops early leaves a read behind, and only one may read from a connection.
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait({self._reading})
            _piece_of(self._reading)
        await self._stream.aclose()

    async def _in_bulk(self) -> AsyncIterator[bytes]:
        """Yield the stream's bytes, all that has come in at once, and let more gather in between.

        A fault of the stream is raised once all that came before it is yielded.
        """
        reading = self._reading or self._read()
        while True:
            await asyncio.wait({reading})
            pieces = []
            while reading.done() and (piece := _piece_of(reading)) is not None:
                pieces.append(piece)
                reading = self._read()
                await _for_a_moment(reading)
            if pieces:
                yield b"".join(pieces)
            if not reading.done():
                self._reads += 1
                # Nothing reads meanwhile but one waiting read: the rest gathers in the kernel.
                await asyncio.sleep(_gathering_seconds() * min(1.0, self._reads / QUICK_READS))
            elif reading.result() is None:
                return

    def _read(self) -> "asyncio.Future[bytes | None]":
        self._reading = asyncio.ensure_future(_next(self._reader))
        return self._reading


async def _next(reader: AsyncIterator[bytes]) -> bytes | None:
    return await anext(reader, None)


def _piece_of(reading: "asyncio.Future[bytes | None]") -> bytes | None:
    """Return what was read; None at the end, and where it failed."""
    return None if reading.cancelled() or reading.exception() is not None else reading.result()


async def _for_a_moment(reading: "asyncio.Future[bytes | None]") -> None:
    for _ in range(ROUNDS):
        if reading.done():
            return
        await asyncio.sleep(0)


def _gathering_seconds() -> float:
    many = 1 + len(_CoalescedStream.being_read) / STREAMS_PER_GATHERING
    return min(GATHERING_SECONDS * many, LONGEST_GATHERING_SECONDS)


class EventJoiner:
    """Joins neighbouring events that differ in nothing but the text of one delta; passes all others on as they came."""

    def __init__(self) -> None:
        self._buffer = b""
        self._searched = 0
        self._first = self._head = b""
        self._common: Any = None
        self._path: tuple[str | int, ...] = ()
        self._texts: list[str] = []
        self._counters: dict[str, object] = {}

    def feed(self, piece: bytes) -> bytes:
        """Take in bytes of a stream; return the events that are whole, joined."""
        self._buffer += piece
        events, start = [], 0
        for found in _BREAK.finditer(self._buffer, self._searched):
            events.append(self._take(self._buffer[start : found.end()]))
            start = found.end()
        self._buffer = self._buffer[start:]
        # The end of it may be the beginning of a break.
        self._searched = max(0, len(self._buffer) - 3)
        # What is joined is handed over with each piece: nothing that has come is held back.
        events.append(self._joined())
        return b"".join(events)

    def rest(self) -> bytes:
        """Return what is left of a stream that ended within an event."""
        return self._buffer

    def _take(self, event: bytes) -> bytes:
        """Keep a delta, to join the next ones to it, and return what comes before; return any other event with that."""
        head, mark, data = event.partition(b"data:")
        delta = _read(data) if mark and _is_plain(head) else None
        if delta is None:
            return self._joined() + event
        common, path, text, counters = delta
        before = b""
        if not self._texts or (head, path, common) != (self._head, self._path, self._common):
            before = self._joined()
            self._first, self._head, self._path, self._common = event, head, path, common
        self._texts.append(text)
        self._counters = counters
        return before

    def _joined(self) -> bytes:
        if len(self._texts) < 2:
            alone = self._first if self._texts else b""
            self._texts = []
            return alone
        event = self._common
        _container(event, self._path)[self._path[-1]] = "".join(self._texts)
        event.update(self._counters)
        self._texts = []
        return self._head + b"data: " + json.dumps(event).encode() + b"\n\n"


def _is_plain(head: bytes) -> bool:
    """Return whether an event has nothing before its data but its name."""
    return not head or (head.startswith(b"event:") and head.count(b"\n") == 1)


def _read(data: bytes) -> tuple[Any, tuple[str | int, ...], str, dict[str, object]] | None:
    """Return a delta without its text and counters, where its text stands, both; None for what is no delta."""
    try:
        event = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict):
        return None
    for path in _TEXTS:
        container = _container(event, path)
        text = container.get(path[-1]) if isinstance(container, dict) else None
        if isinstance(text, str):
            container[path[-1]] = ""
            return event, path, text, {name: event.pop(name) for name in _COUNTERS if name in event}
    return None


def _container(event: Any, path: tuple[str | int, ...]) -> Any:
    """Return what holds the last step of the path; None where the path leads nowhere."""
    for step in path[:-1]:
        try:
            event = event[step]
        except (LookupError, TypeError):
            return None
    return event
