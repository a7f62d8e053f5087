"""Holds what one viewer is still to be sent: the newest piece of each element, in messages of bounded size."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from .codes import TOO_SLOW

# The browser's work grows with the square of the elements in one message: 20 take it about 50 ms.
PIECES_PER_MESSAGE = 20
MESSAGES_PER_SECOND = 20
MESSAGES_AT_ONCE = 4
SEND_SECONDS = 10.0
# A board takes a connection that said nothing for twice as long for dead: static/connection.js has the same.
BEAT_SECONDS = 15.0
# An empty message would not be sent.
_BEAT = " "

Send = Callable[[str], Awaitable[None]]


class Closed(Exception):
    """Ends `Outbox.run`: the viewer's socket is to be closed with `code`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"close with {code}")
        self.code = code


class Outbox:
    """One viewer's outbox. It never holds more than a board has elements: a newer piece replaces an unsent one."""

    def __init__(self) -> None:
        self._pieces: dict[str, str] = {}
        self._seq = ""
        self._ready: str | None = None
        self._code: int | None = None
        self._filled = asyncio.Event()
        self._allowance = float(MESSAGES_AT_ONCE)
        self._refilled_at = time.monotonic()

    def __len__(self) -> int:
        return len(self._pieces)

    def offer(self, pieces: Mapping[str, str], seq: str = "", ready: str | None = None) -> None:
        """Add `pieces` by element id. `seq` is the mark that says how far a viewer is that has them all.

        `ready` is all of it as one message, shared by every viewer who has nothing else to be sent.
        """
        # The shared message is all that this viewer lacks only where nothing else is unsent.
        self._ready = None if self._filled.is_set() else ready
        self._pieces.update(pieces)
        self._seq = seq or self._seq
        self._filled.set()

    def close(self, code: int) -> None:
        """Let `run` raise Closed(`code`), even where pieces are unsent."""
        self._code = code
        self._filled.set()

    async def run(self, send: Send) -> None:
        """Send what is offered, for ever, and a blank where nothing is, so that the browser knows it lives.

        Raises Closed after `close`, or where a message was not taken in ten seconds.
        """
        while True:
            await self._await_something()
            wait = self._wait()
            # What is offered during the wait replaces older pieces: a slow reader is sent less, not later.
            if wait:
                await asyncio.sleep(wait)
                self._wait()
            if self._code is not None:
                raise Closed(self._code)
            self._allowance -= 1
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await send(self._take() or _BEAT)
            except TimeoutError:
                raise Closed(TOO_SLOW) from None

    async def _await_something(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(BEAT_SECONDS):
                await self._filled.wait()

    def _wait(self) -> float:
        """Return the seconds until one more message is allowed: some at once, then so many a second."""
        now = time.monotonic()
        gained = (now - self._refilled_at) * MESSAGES_PER_SECOND
        self._allowance = min(MESSAGES_AT_ONCE, self._allowance + gained)
        self._refilled_at = now
        return max(0.0, (1 - self._allowance) / MESSAGES_PER_SECOND)

    def _take(self) -> str:
        """Take the next message. Only the one that empties the outbox says up to which event the viewer has everything.

        A connection that breaks before that begins again from the event of before, and misses nothing.
        """
        if self._ready is not None:
            message = self._ready
            self._pieces.clear()
        else:
            names = list(self._pieces)[:PIECES_PER_MESSAGE]
            message = "".join([self._pieces.pop(name) for name in names])
            message += "" if self._pieces else self._seq
        self._ready = None
        if not self._pieces:
            self._seq = ""
            self._filled.clear()
        return message
