"""Daphne as `manage.py up` runs it: it keeps a request's body in a file before Django sees it, so it has to stop."""

from daphne import http_protocol
from daphne.cli import CommandLineInterface

from .gate import most_bytes

_ANSWER = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class BoundedRequest(http_protocol.WebRequest):  # type: ignore[misc]  # daphne has no types
    """A request that is cut off when its body is, or announces to be, larger than any that is taken."""

    is_cut_off = False
    received = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802  (Twisted's own name)
        """Look at the length that is announced; None where the body comes in chunks."""
        super().gotLength(length)
        if length is not None and length > most_bytes():
            self._cut_off()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        """Keep a part of the body."""
        self.received += len(data)
        if self.received > most_bytes():
            self._cut_off()
        if not self.is_cut_off:
            super().handleContentChunk(data)

    def _cut_off(self) -> None:
        if not self.is_cut_off:
            self.is_cut_off = True
            self.channel.transport.write(_ANSWER)
            self.channel.loseConnection()


def main() -> None:
    """Run Daphne with the arguments of its own command."""
    http_protocol.WebRequest = BoundedRequest
    CommandLineInterface.entrypoint()


if __name__ == "__main__":
    main()
