"""A browser's connection to Daphne, which says so when the head of a request is larger than the server takes."""

from twisted.web.http import HTTPChannel

# Until then what still comes is dropped: an answer is lost where the connection is closed on a sender.
_LINGER_SECONDS = 2.0
_ANSWER = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{}"
_ADDRESS = ("414 URI Too Long", "The address of the request is too long. Go back and try a shorter one.")
_HEADERS = (
    "431 Request Header Fields Too Large",
    "The browser sent more headers than this server takes. Delete this site's cookies and try again.",
)
_UNREADABLE = ("400 Bad Request", "The request could not be read.")


class AnsweringChannel(HTTPChannel):  # type: ignore[misc]  # see mypy's settings
    """Twisted's channel answers nothing to a line that is too long, and 400 without a word to much else."""

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: N802  (Twisted's own name)
        """Refuse a line that is longer than any that is taken: the address itself, or a header."""
        self._refuse(*(_HEADERS if self._receivedHeaderSize else _ADDRESS))

    def _respondToBadRequestAndDisconnect(self) -> None:  # noqa: N802
        """Refuse what Twisted cannot read, and what is too much in all."""
        is_too_much = (
            self._receivedHeaderSize > self.totalHeadersSize or self._receivedHeaderCount > self.maxHeaders
        )
        self._refuse(*(_HEADERS if is_too_much else _UNREADABLE))

    def _send100Continue(self) -> None:  # noqa: N802
        """Ask for the body, unless it is refused already."""
        if not getattr(self.requests[-1], "is_refused", False):
            super()._send100Continue()

    def _refuse(self, status: str, sentence: str) -> None:
        self.dataReceived = self.lineReceived = self.rawDataReceived = _drop
        self.clearLineBuffer()
        self.setTimeout(None)
        self.transport.write(_ANSWER.format(status, len(sentence), sentence).encode())
        if hasattr(self.transport, "loseWriteConnection"):
            self.transport.loseWriteConnection()
        self.callLater(_LINGER_SECONDS, self.loseConnection)


def _drop(*received: object) -> None:
    """Keep nothing of what comes after a refusal."""
