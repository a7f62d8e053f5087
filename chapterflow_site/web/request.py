"""A request as Daphne receives it: never parsed there, and never kept beyond what its sender may send."""

import asyncio
import io
from collections import deque
from collections.abc import Callable
from typing import BinaryIO

from daphne import http_protocol
from twisted.internet import threads

from .gate import ANONYMOUS_BYTES, Message, joined, most_bytes
from .senders import claims_to_be_known, is_known
from .valve import Valve

_ANSWER = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_SENTENCE = (
    b"Many large uploads are arriving. Nothing of this one was stored. Upload it again in half a minute."
)
_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 30\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Length: %d\r\n\r\n%b" % (len(_SENTENCE), _SENTENCE)
)
# Large bodies of all senders together, in largest ones: they lie on a disk that others need, some twice more while
# they are read.
_KEPT_IN_ALL = 10
# What is refused is read to its end, so that its sender hears the answer; not for ever.
_DISCARDED = 4
# Each takes about a millisecond of the thread that every board and page waits for.
_OPENINGS_AT_ONCE = 10


class Openings:
    """Sockets that are to be opened, a few in each turn: a thousand that come together stop nothing else.

    The first are live, and pages are served, while the last still wait.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], object]] = deque()
        self._is_due = False

    def add(self, opening: Callable[[], object]) -> None:
        """Let `opening` have its turn."""
        self._waiting.append(opening)
        self._call()

    def _call(self) -> None:
        if self._waiting and not self._is_due:
            self._is_due = True
            asyncio.get_running_loop().call_soon(self._some)

    def _some(self) -> None:
        self._is_due = False
        try:
            for _ in range(min(_OPENINGS_AT_ONCE, len(self._waiting))):
                self._waiting.popleft()()
        finally:
            self._call()


_openings = Openings()


class BoundedRequest(http_protocol.WebRequest):  # type: ignore[misc]  # daphne has no types
    """Looks at the announced and at the counted bytes; asks who sends, in a thread, before it keeps many."""

    kept_in_all = 0

    content: BinaryIO
    received = 0
    _kept = 0
    is_refused = False
    _announced = 0
    _is_known: bool | None = None
    _is_asking = False
    _is_cut_off = False
    _waiting: tuple[bytes, bytes, bytes] | None = None

    def __init__(self, channel: object, queued: object = False) -> None:
        # Twisted would read a form in the thread that every board waits for, and keep ten times its size.
        super().__init__(channel, queued, parsePOSTFormSubmission=False)
        self.valve = Valve()

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's own name)
        """Look at the length that is announced; None where the body comes in chunks."""
        self._announced = length or 0
        # A large body needs a file; that of nobody is not worth one.
        is_hopeless = self._announced > ANONYMOUS_BYTES and not claims_to_be_known(self._headers())
        super().gotLength(0 if is_hopeless else length)
        self._look(self._announced)
        if self.is_refused and self.requestHeaders.hasHeader(b"expect"):
            # Whoever asks first needs send nothing.
            self._cut_off()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Keep a part of the body."""
        self.received += len(data)
        self._look(self.received)
        if self.received > _DISCARDED * most_bytes():
            self._cut_off()
        if not self.is_refused and self._has_room(len(data)):
            super().handleContentChunk(data)

    def connectionLost(self, reason: object) -> None:  # noqa: N802
        """The sender has gone."""
        self._let_go()
        super().connectionLost(reason)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        """Pass the request on, once it is known whether its body may be kept."""
        if self._is_asking:
            self._waiting = (command, path, version)
        elif not self._is_cut_off:
            super().requestReceived(command, path, version)

    def process(self) -> None:
        """Answer; a socket waits for its turn to be opened."""
        if self.requestHeaders.hasHeader(b"upgrade"):
            _openings.add(self._open)
        else:
            super().process()

    def _open(self) -> None:
        if self.channel is not None:
            super().process()

    def handle_reply(self, message: Message) -> None:
        """Send what the application says; from the first part of a longer answer on, be told when there is room."""
        if message.get("more_body") and not self.producer and self.channel is not None:
            self.registerProducer(self.valve, True)
        super().handle_reply(message)

    def finish(self) -> None:
        """End the answer, and the wait for room."""
        self._let_go()
        if self.producer:
            self.unregisterProducer()
        super().finish()

    def take_body(self) -> BinaryIO:
        """Return the file of the body and leave an empty one, so that Daphne does not read it into memory."""
        body, self.content = self.content, io.BytesIO()
        return body

    def _look(self, size: int) -> None:
        """Refuse a body of `size`, or find out whether its sender may send so much."""
        if self.is_refused or self._is_asking or size <= ANONYMOUS_BYTES:
            return
        if size > most_bytes() or self._is_known is False:
            self._refuse()
        elif self._is_known is None:
            self._ask()

    def _has_room(self, size: int) -> bool:
        """Take room for a part of a large body; end the request where there is none."""
        if self.received <= ANONYMOUS_BYTES:
            return True
        if BoundedRequest.kept_in_all + size > _KEPT_IN_ALL * most_bytes():
            self._cut_off(_BUSY)
            return False
        BoundedRequest.kept_in_all += size
        self._kept += size
        return True

    def _let_go(self) -> None:
        BoundedRequest.kept_in_all -= self._kept
        self._kept = 0

    def _ask(self) -> None:
        headers = self._headers()
        if not claims_to_be_known(headers):
            self._is_known = False
            self._refuse()
            return
        self._is_asking = True
        self.channel.transport.pauseProducing()
        threads.deferToThread(is_known, headers).addBoth(self._know)

    def _know(self, answer: object) -> None:
        self._is_asking = False
        self._is_known = answer is True
        if self.channel is None or self.content.closed:
            return
        self._look(max(self._announced, self.received))
        self.channel.transport.resumeProducing()
        if self._waiting:
            self.requestReceived(*self._waiting)

    def _headers(self) -> dict[bytes, bytes]:
        listed = self.requestHeaders.getAllRawHeaders()
        return joined([(name, value) for name, values in listed for value in values])

    def _refuse(self) -> None:
        self.is_refused = True
        self._let_go()
        self.content.seek(0)
        self.content.truncate()

    def _cut_off(self, answer: bytes = _ANSWER) -> None:
        if not self._is_cut_off:
            self.is_refused = self._is_cut_off = True
            self.channel.transport.write(answer)
            self.channel.loseConnection()
