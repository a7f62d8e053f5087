"""Serves one browser's websocket: reads whose board it wants and from which event, and sends its outbox."""

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import parse_qs
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from . import follower
from .codes import BROKEN, TOO_LONG, TOO_TALKATIVE
from .outbox import Closed
from .subscription import Viewer

LONGEST_MESSAGE = 1_000
MOST_MESSAGES = 100

logger = logging.getLogger(__name__)


class BoardConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Sends the board's changes to one browser; acts on nothing that the browser sends."""

    _viewer: Viewer | None = None
    _delivery: asyncio.Task[None] | None = None
    _heard = 0
    _is_ending = False

    async def connect(self) -> None:
        """Open at once without a query: a thousand may come together, and the follower asks for all of them.

        A refusal is a closing code after that, because a browser cannot see why a socket failed to open.
        """
        await self.accept()
        session_id: UUID = self.scope["url_route"]["kwargs"]["session_id"]
        asked = {
            name: values[0] for name, values in parse_qs(self.scope["query_string"].decode("latin1")).items()
        }
        self._viewer = Viewer(
            session_id=session_id,
            session_key=_session_key(self.scope["cookies"]),
            since=_since(asked),
            asked=(asked.get("view", ""), asked.get("show", "")),
        )
        self._delivery = asyncio.create_task(self._deliver(self._viewer))
        await follower.join(self._viewer)

    async def websocket_receive(self, message: Mapping[str, str | bytes | None]) -> None:
        """Ignore what the browser sends; close the socket where it sends too much."""
        self._heard += 1
        if self._heard > MOST_MESSAGES:
            await self._end(TOO_TALKATIVE)
        elif len(message.get("text") or message.get("bytes") or "") > LONGEST_MESSAGE:
            await self._end(TOO_LONG)

    async def disconnect(self, code: int) -> None:
        """Stop sending and take the viewer out of its subscription."""
        if self._delivery is not None:
            self._delivery.cancel()
        if self._viewer is not None:
            await follower.leave(self._viewer)

    async def _deliver(self, viewer: Viewer) -> None:
        try:
            await viewer.outbox.run(self._send_text)
        except Closed as end:
            await self._end(end.code)
        except Exception:
            # A socket that stays open and says nothing more would be a board that lies.
            logger.exception("a board's updates could not be sent; its browser connects again")
            await self._end(BROKEN)

    async def _end(self, code: int) -> None:
        """Close the socket once, even where more reasons to close it follow."""
        if self._is_ending:
            return
        self._is_ending = True
        logger.info("a board's socket is closed with code %s", code)
        await self.close(code)

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


def _session_key(cookies: Mapping[str, str]) -> str:
    """Return the key of the sign-in, "" where what came along cannot be one."""
    key = cookies.get(settings.SESSION_COOKIE_NAME, "")
    return key if key.isascii() and key.isalnum() and len(key) <= 40 else ""


def _since(asked: Mapping[str, str]) -> int | None:
    """Return the event that the page is up to; None where it does not say so in a way that can be read."""
    text = asked.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
