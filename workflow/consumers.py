"""A viewer's end of a live board: sign-in, permission, where to begin, and the way out of its outbox."""

import asyncio
import logging
from collections.abc import Mapping
from urllib.parse import parse_qs
from uuid import UUID

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.auth.models import AnonymousUser, User

from .board.markup import Lens
from .live import follower
from .live.feed import NOT_VISIBLE, SIGNED_OUT, Viewer
from .live.outbox import Closed
from .models import ProcessingSession

LONGEST_MESSAGE = 1_000
MOST_MESSAGES = 100
TOO_LARGE = 1009
TOO_MANY = 1008
BROKEN = 1011

logger = logging.getLogger(__name__)


class BoardConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Sends the board's changes; listens to nothing."""

    _viewer: Viewer | None = None
    _delivery: asyncio.Task[None] | None = None
    _heard = 0

    async def connect(self) -> None:
        """Let the viewer in. A refusal is a code after the opening: a browser cannot see why one failed to open."""
        await self.accept()
        user: User | AnonymousUser = self.scope["user"]
        session_id: UUID = self.scope["url_route"]["kwargs"]["session_id"]
        if not user.is_authenticated:
            await self.close(SIGNED_OUT)
            return
        chapters = await database_sync_to_async(_chapters_visible_to)(user, session_id)
        if chapters is None:
            await self.close(NOT_VISIBLE)
            return
        asked = {
            name: values[0] for name, values in parse_qs(self.scope["query_string"].decode("latin1")).items()
        }
        lens = Lens.of(asked.get("view", ""), asked.get("show", ""), chapters)
        key = self.scope["session"].session_key or ""
        self._viewer = Viewer(session_id, lens, _since(asked), user.pk, key)
        self._delivery = asyncio.create_task(self._deliver(self._viewer))
        await follower.join(self._viewer)

    async def websocket_receive(self, message: Mapping[str, str | bytes | None]) -> None:
        """Read nothing that the browser says; close where something talks without end."""
        self._heard += 1
        if self._heard > MOST_MESSAGES:
            await self.close(TOO_MANY)
            return
        if len(message.get("text") or message.get("bytes") or "") > LONGEST_MESSAGE:
            await self.close(TOO_LARGE)

    async def disconnect(self, code: int) -> None:
        """Let the viewer go."""
        if self._delivery is not None:
            self._delivery.cancel()
        if self._viewer is not None:
            await follower.leave(self._viewer)

    async def _deliver(self, viewer: Viewer) -> None:
        try:
            await viewer.outbox.run(self._send_text)
        except Closed as end:
            await self.close(end.code)
        except Exception:
            # A socket that stays open and says nothing more would be a board that lies.
            logger.exception("a board's updates could not be sent; its browser connects again")
            await self.close(BROKEN)

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


def _chapters_visible_to(user: User, session_id: UUID) -> int | None:
    """Return how many chapters the session has, None where `user` may not see it."""
    sessions = ProcessingSession.objects.visible_to(user).filter(pk=session_id)
    return sessions.values_list("total_chapters", flat=True).first()


def _since(asked: Mapping[str, str]) -> int | None:
    """Return the event that the page is up to; None where it does not say so in a way that can be read."""
    text = asked.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None
