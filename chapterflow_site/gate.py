"""Stands before Django: a request whose body is too large is answered without the body being kept."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping

from django.conf import settings

Message = MutableMapping[str, object]
Scope = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# A sign-in form, with room to spare; nobody sends more before signing in.
ANONYMOUS_BYTES = 100_000
# A file that is somewhat too large still reaches its page, which says so and how to go on.
_ROOM = 4
_REFUSED = "chapterflow.too_large"


def most_bytes() -> int:
    """Return how large the body of any request may be."""
    return _ROOM * int(settings.CHAPTERFLOW_UPLOAD_BYTES)


def is_too_large(scope: object) -> bool:
    """Return whether the request was refused here; what is left for Django is to say so."""
    return isinstance(scope, MutableMapping) and bool(scope.get(_REFUSED))


class BodyLimit:
    """Passes requests on; one with too large a body arrives empty, with a mark on its scope."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope)
        most = most_bytes() if _shows_who_asks(headers) else ANONYMOUS_BYTES
        if _announced(headers) > most:
            await self._refuse(scope, send)
            return
        body = _Body(receive, most)
        await self._application(scope, body.receive, send)
        if body.is_too_large:
            await self._refuse(scope, send)

    async def _refuse(self, scope: Scope, send: Send) -> None:
        headers = [(name, value) for name, value in _headers(scope).items() if name != b"content-length"]
        empty = {**scope, _REFUSED: True, "headers": [*headers, (b"content-length", b"0")]}
        await self._application(empty, _nothing(), send)


def _headers(scope: Scope) -> dict[bytes, bytes]:
    given = scope.get("headers")
    found: dict[bytes, bytes] = {}
    for name, value in given if isinstance(given, list | tuple) else ():
        # Django joins repeated headers too, cookies by a semicolon.
        joint = b"; " if name == b"cookie" else b","
        found[name] = found[name] + joint + value if name in found else value
    return found


def _shows_who_asks(headers: dict[bytes, bytes]) -> bool:
    """Whether a sign-in or a token comes along; whether it is a good one is for Django to say."""
    cookie = f"{settings.SESSION_COOKIE_NAME}=".encode()
    return b"authorization" in headers or cookie in headers.get(b"cookie", b"")


def _announced(headers: dict[bytes, bytes]) -> int:
    length = headers.get(b"content-length", b"")
    # Longer numbers are nonsense, and costly to read.
    return int(length[:20]) if length[:20].isdigit() else 0


class _Body:
    """Hands a body on; one that grows too large ends as if its sender had gone, so that nothing of it is kept."""

    def __init__(self, receive: Receive, most: int) -> None:
        self.is_too_large = False
        self._receive = receive
        self._left = most

    async def receive(self) -> Message:
        """Return what comes next."""
        message = await self._receive()
        body = message.get("body")
        self._left -= len(body) if isinstance(body, bytes) else 0
        self.is_too_large = self._left < 0
        return {"type": "http.disconnect"} if self.is_too_large else message


def _nothing() -> Receive:
    """Return what gives an empty body and then nothing more, so that Django answers in peace."""
    messages: list[Message] = [{"type": "http.request", "body": b"", "more_body": False}]

    async def receive() -> Message:
        return messages.pop(0) if messages else await asyncio.Future()

    return receive
