"""A socket as Daphne serves it: closed with codes that browsers are told, and never filled faster than it is read."""

import logging
import socket

from autobahn.websocket import protocol
from daphne import ws_protocol

from workflow.live.codes import BROKEN, TOO_LONG, TOO_TALKATIVE

from .valve import Valve

# A board's page says nothing at all; its consumer closes before this many messages are waiting for it.
_PASSED_ON = 200
# So long a browser may take to answer a closing; cut off sooner, it would see a broken connection and not the code.
_CLOSING_SECONDS = 5
# What the system keeps for a viewer is memory too; this is enough for 600 kB a second over a tenth of a second.
_SYSTEM_BUFFER_BYTES = 65_536

logger = logging.getLogger(__name__)

# Autobahn writes out all its settings, in colours, for a debug log that nobody reads: half of the work of an opening.
for _name in ("pformat", "hltype", "hlval"):
    setattr(protocol, _name, lambda *given: "")


class BoundedSocket(ws_protocol.WebSocketProtocol):  # type: ignore[misc]  # daphne has no types
    """Passes on a few messages only, and lets what is sent wait for whoever does not read."""

    _heard = 0

    def __init__(self) -> None:
        super().__init__()
        self.valve = Valve()

    def onOpen(self) -> None:  # noqa: N802
        """Take the place of the request, which the transport would tell when it is full."""
        super().onOpen()
        self.closeHandshakeTimeout = _CLOSING_SECONDS
        handle = self.transport.getHandle()
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SYSTEM_BUFFER_BYTES)
        self.transport.unregisterProducer()
        self.transport.registerProducer(self.valve, True)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:  # noqa: N802, N803
        """Pass a message on; a flood is one line in the log and one code."""
        self._heard += 1
        if self._heard == _PASSED_ON and self.state == self.STATE_OPEN:
            # No line: its consumer writes one, which has been passed more than it takes and may not have come to it.
            self.sendClose(TOO_TALKATIVE)
        elif self._heard < _PASSED_ON and self.state == self.STATE_OPEN:
            super().onMessage(payload, isBinary)

    def serverSend(self, content: str | bytes, binary: bool = False) -> None:  # noqa: N802
        """Send, unless it is closing: the consumer hears of that a moment later."""
        if self.state in {self.STATE_CONNECTING, self.STATE_OPEN}:
            super().serverSend(content, binary)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:  # noqa: N802, N803
        """Let go of what waits for room."""
        self.valve.stopProducing()
        if hasattr(self, "server"):
            super().onClose(wasClean, code, reason)

    def handle_exception(self, exception: BaseException) -> None:
        """Close after a fault of ours, which is logged already; before the opening it is an answer 500."""
        if self.state == self.STATE_OPEN:
            self._end(BROKEN)
        elif self.state == self.STATE_CONNECTING:
            super().handle_exception(exception)

    def _max_message_size_exceeded(self, size: int, limit: int, reason: str) -> None:
        # Nothing more of it is kept from here on.
        self.failedByMe = True
        self._end(TOO_LONG)

    def _end(self, code: int) -> None:
        if self.state == self.STATE_OPEN:
            logger.info("a socket is closed with code %s", code)
            self.sendClose(code)
