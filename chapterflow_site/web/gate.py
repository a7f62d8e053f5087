"""Stands before Django: a request whose body is too large is answered without the body being kept."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import BinaryIO

from asgiref.sync import sync_to_async
from django.conf import settings

from .senders import is_known

Message = MutableMapping[str, object]
Scope = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A sign-in form, with room to spare; nobody sends more before signing in.
ANONYMOUS_BYTES = 100_000
# A file as large as is taken comes with the other fields of its form, which may repeat it in part.
FORM_BYTES = 1_000_000
# What a web server hands over beside the usual: a body in a file of its own, and that one was refused there.
BODY, REFUSED = "chapterflow.body", "chapterflow.too_large"
_PART = 65_536


def most_bytes() -> int:
    """Return how large the body of any request may be."""
    return int(settings.CHAPTERFLOW_UPLOAD_BYTES) + FORM_BYTES


def is_too_large(scope: object) -> bool:
    """Return whether the request was refused here; what is left for Django is to say so."""
    return isinstance(scope, MutableMapping) and bool(scope.get(REFUSED))


class FiledBody:
    """Reads the body of a request from the file that the web server kept it in, never all of it at once."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = scope.pop(BODY, None)
        if kept is None:
            await self._application(scope, receive, send)
            return
        with kept as file:  # type: ignore[attr-defined]
            await self._application(scope, _reading(file, receive), send)


class BodyLimit:
    """Passes requests on; one with too large a body arrives empty, with a mark on its scope."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        limit = _Limit(headers)
        if is_too_large(scope) or not await limit.allows(_announced(headers)):
            await self._refuse(scope, send)
            return
        body = _Body(receive, limit)
        await self._application(scope, body.receive, send)
        if body.is_too_large:
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        headers = [(name, value) for name, value in _headers(scope).items() if name != b"content-length"]
        empty = {**scope, REFUSED: True, "headers": [*headers, (b"content-length", b"0")]}
        await self._application(empty, _nothing(), send)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    given = scope.get("headers")
    return joined(given if isinstance(given, list | tuple) else [])


def joined(headers: list[tuple[bytes, bytes]] | tuple[tuple[bytes, bytes], ...]) -> dict[bytes, bytes]:
    """Return the headers by name in lower case; repeated ones are joined as Django joins them."""
    found: dict[bytes, bytes] = {}
    for given, value in headers:
        name = given.lower()
        joint = b"; " if name == b"cookie" else b","
        found[name] = found[name] + joint + value if name in found else value
    return found


def _announced(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    # Longer numbers are nonsense, and costly to read.
    return int(length[:20]) if length[:20].isdigit() else 0


class _Limit:
    """How large a body its sender may send; who that is is asked once, and only where it matters."""

    def __init__(self, headers: dict[bytes, bytes]) -> None:
        self._headers = headers
        self._is_known: bool | None = None

    async def allows(self, size: int) -> bool:
        if size <= ANONYMOUS_BYTES:
            return True
        if size > most_bytes():
            return False
        if self._is_known is None:
            self._is_known = await sync_to_async(is_known, thread_sensitive=False)(self._headers)
        return self._is_known


class _Body:
    """Hands a body on; one that grows too large ends as if its sender had gone, so that nothing of it is kept."""

    def __init__(self, receive: Receive, limit: _Limit) -> None:
        self.is_too_large = False
        self._receive = receive
        self._limit = limit
        self._size = 0

    async def receive(self) -> Message:
        """Return what comes next."""
        message = await self._receive()
        body = message.get("body")
        self._size += len(body) if isinstance(body, bytes) else 0
        self.is_too_large = not await self._limit.allows(self._size)
        return {"type": "http.disconnect"} if self.is_too_large else message


def _reading(file: BinaryIO, receive: Receive) -> Receive:
    """Return what gives the file part by part, then what comes after the body."""

    async def read() -> Message:
        # Boards have their turn between two parts.
        await asyncio.sleep(0)
        part = b"" if file.closed else file.read(_PART)
        if part:
            return {"type": "http.request", "body": part, "more_body": True}
        file.close()
        return await receive()

    return read


def _nothing() -> Receive:
    """Return what gives an empty body and then nothing more, so that Django answers in peace."""
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0) if messages else await asyncio.Future()

    return receive
