"""Keeps the boards of one session's viewers in this process up to date, in a task of its own."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.db import Error as DatabaseError
from django.db import connection

from workflow.models import ProcessingSession
from workflow.notify.local import Preview
from workflow.pages.board.markup import DETAILED, BoardView

from .board_state import BoardState, Update
from .codes import NOT_VISIBLE
from .outbox import Outbox

logger = logging.getLogger(__name__)

RETRY_SECONDS = 0.5

Work = Callable[[], "tuple[dict[BoardView, Update], list[Update]]"]
InThread = Callable[[Work], Awaitable["tuple[dict[BoardView, Update], list[Update]]"]]


@dataclass(eq=False)
class Viewer:
    """A browser that watches a session's board. `since` is the newest event that its page shows.

    `asked` is the view and the filter that the page says it has. `user_id` and `board_view` are set on admission.
    """

    session_id: UUID
    session_key: str
    since: int | None
    asked: tuple[str, str] = ("", "")
    user_id: int | None = None
    board_view: BoardView = field(default_factory=lambda: BoardView(DETAILED))
    outbox: Outbox = field(default_factory=Outbox)
    # The piece about workers that it was sent last; None before the first.
    workers: str | None = None


class Subscription:
    """One session's viewers and its board state. A viewer joins before the state is read, so that it misses no change.

    One step serves all: it sends what is new to those who are here, then to each newcomer what its page lacks. From
    then on all viewers have the same state, and only differences from it are sent.
    """

    def __init__(self, session_id: UUID, in_thread: InThread) -> None:
        self.viewers: set[Viewer] = set()
        self._session_id = session_id
        self._in_thread = in_thread
        self._newcomers: list[Viewer] = []
        self._board_state: BoardState | None = None
        self._news = asyncio.Event()
        self.task = asyncio.create_task(self._follow())

    @property
    def is_empty(self) -> bool:
        """Whether no viewer is left."""
        return not self.viewers and not self._newcomers

    @property
    def everybody(self) -> list[Viewer]:
        """The viewers and those who have just come."""
        return [*self.viewers, *self._newcomers]

    def add(self, viewer: Viewer) -> None:
        """Add `viewer`; the next step serves it."""
        self._newcomers.append(viewer)
        self._news.set()

    def remove(self, viewer: Viewer) -> None:
        """Remove `viewer`."""
        self.viewers.discard(viewer)
        if viewer in self._newcomers:
            self._newcomers.remove(viewer)

    def hear(self, seq: int | None) -> None:
        """Start a step where event `seq` is not the newest one known; None says that the session was deleted."""
        # Not `>`: a restored backup may have fewer events than this process has seen.
        if seq is None or self._board_state is None or seq != self._board_state.seq:
            self._news.set()

    def show(self, preview: Preview) -> None:
        """Offer the preview to all viewers."""
        if self.viewers and self._board_state is not None:
            pieces = self._board_state.show(preview)
            for viewer in self.viewers:
                viewer.outbox.offer(pieces)

    async def _follow(self) -> None:
        while True:
            await self._news.wait()
            # Before the step: what comes while it reads starts another one.
            self._news.clear()
            try:
                await self._step()
            except ProcessingSession.DoesNotExist:
                for viewer in self.everybody:
                    viewer.outbox.close(NOT_VISIBLE)
            except DatabaseError:
                logger.warning(
                    "session %s: the board could not be read; trying again", self._session_id, exc_info=True
                )
                await self._start_over()

    async def _step(self) -> None:
        newcomers = list(self._newcomers)
        board_views = {viewer.board_view for viewer in self.viewers}
        asked = [(viewer.since, viewer.board_view) for viewer in newcomers]
        news, missed = await self._in_thread(lambda: self._read(board_views, asked))
        for viewer in self.viewers:
            _offer(viewer, news.get(viewer.board_view))
        if self._board_state is not None:
            self._board_state.note_offered()
        for viewer, update in zip(newcomers, missed, strict=True):
            # One that left while the thread was reading is not taken back in.
            if viewer in self._newcomers:
                self._newcomers.remove(viewer)
                self.viewers.add(viewer)
                _offer(viewer, update)

    def _read(
        self, board_views: set[BoardView], asked: list[tuple[int | None, BoardView]]
    ) -> tuple[dict[BoardView, Update], list[Update]]:
        """Bring the board state up to date, then compare each newcomer's page with it; runs in the reading thread."""
        try:
            if self._board_state is None:
                self._board_state = BoardState(self._session_id)
            news = self._board_state.advance(board_views | {board_view for _, board_view in asked})
            # After a restart all viewers come back together, most with the same event and view: each pair once.
            missed = {each: self._board_state.catch_up(*each) for each in set(asked)}
            return news, [missed[each] for each in asked]
        except DatabaseError:
            connection.close()
            raise

    async def _start_over(self) -> None:
        """Read the state again and send all of it to all viewers: after an error some may lack what others have."""
        self._newcomers = self.everybody
        self.viewers.clear()
        self._board_state = None
        for viewer in self._newcomers:
            viewer.since = None
        await asyncio.sleep(RETRY_SECONDS)
        self._news.set()


def _offer(viewer: Viewer, update: Update | None) -> None:
    if update is not None:
        viewer.outbox.offer(update.pieces, update.seq, update.ready)
