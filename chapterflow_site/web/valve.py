"""Lets what is sent wait for whoever reads it, so that the server keeps little for those who are slow."""

import asyncio

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer


@implementer(IPushProducer)
class Valve:
    """Closed by the transport while it has more to send than its viewer takes."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    async def wait(self) -> None:
        """Wait until there is room."""
        await self._open.wait()

    def pauseProducing(self) -> None:  # noqa: N802  (Twisted's own names)
        """Close."""
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        """Open."""
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        """Open for good: what waits finds that the connection is gone."""
        self._open.set()
