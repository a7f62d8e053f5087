"""Follows, once in each web process, the sessions that somebody watches: by notifications, and by polls in between.

A follower starts with the first viewer and ends with the last.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, connections

from workflow.models import ProcessingSession
from workflow.notify.local import Listener, NewEvents, Preview, read
from workflow.notify.redis import subscribe
from workflow.pages.board.markup import BoardView

from .admission import Admission, Ticket, admit
from .codes import SIGNED_OUT, TOO_MANY_BOARDS
from .subscription import Subscription, Viewer
from .workers import WORKERS_ID, workers_pieces

logger = logging.getLogger(__name__)

# Notifications come sooner; this is the delay where one was lost, or where there is no socket for them.
POLL_SECONDS = 0.25
CHECK_SECONDS = 30.0
WORKERS_SECONDS = 2.0
RETRY_SECONDS = 0.5

Result = TypeVar("Result")
_followers: WeakKeyDictionary[asyncio.AbstractEventLoop, "Follower"] = WeakKeyDictionary()


async def join(viewer: Viewer) -> None:
    """Add `viewer` to the follower of this event loop, and start one where there is none."""
    loop = asyncio.get_running_loop()
    follower = _followers.get(loop)
    if follower is None:
        follower = _followers[loop] = Follower(loop)
    follower.add(viewer)


async def leave(viewer: Viewer) -> None:
    """Remove `viewer`. The last one stops the follower."""
    loop = asyncio.get_running_loop()
    follower = _followers.get(loop)
    if follower is not None and follower.remove(viewer):
        del _followers[loop]
        await follower.stop()


class Follower:
    """Follows all watched sessions of this process, in one reading thread with one connection to the database."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._subscriptions: dict[UUID, Subscription] = {}
        self._arriving: dict[Viewer, None] = {}
        self._has_arrivals = asyncio.Event()
        self._open_boards: Counter[int] = Counter()
        # One thread: it needs one connection however many boards are open, and no board is read by two at once.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="live")
        self._listener = self._open_listener()
        listening = subscribe(self._listener.name if self._listener else "", self._hear_far)
        works = (self._admit(), self._poll(), self._check(), self._tell_of_workers(), listening)
        self._tasks = [loop.create_task(work) for work in works]

    def add(self, viewer: Viewer) -> None:
        """Add a viewer of any session; it joins the session's subscription once it is admitted."""
        self._arriving[viewer] = None
        self._has_arrivals.set()

    def remove(self, viewer: Viewer) -> bool:
        """Remove a viewer. Returns whether it was the last one."""
        self._arriving.pop(viewer, None)
        if viewer.user_id is not None:
            self._open_boards[viewer.user_id] -= 1
            viewer.user_id = None
        subscription = self._subscriptions.get(viewer.session_id)
        if subscription is not None:
            subscription.remove(viewer)
            if subscription.is_empty:
                del self._subscriptions[viewer.session_id]
                subscription.task.cancel()
        return not self._subscriptions and not self._arriving

    async def stop(self) -> None:
        """Stop listening, polling and reading."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener.fileno())
            self._listener.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._in_thread(connections.close_all)
        self._thread.shutdown(wait=False)

    def _open_listener(self) -> Listener | None:
        try:
            listener = Listener()
        except OSError as error:
            logger.warning("no notifications: %s; boards change up to %s s late", error, POLL_SECONDS)
            return None
        self._loop.add_reader(listener.fileno(), self._hear, listener)
        return listener

    def _hear(self, listener: Listener) -> None:
        for news in listener.take():
            self._pass_on(news)

    def _hear_far(self, datagram: bytes) -> None:
        news = read(datagram)
        if news is not None:
            self._pass_on(news)

    def _pass_on(self, news: NewEvents | Preview) -> None:
        subscription = self._subscriptions.get(news.session_id)
        if subscription is None:
            return
        if isinstance(news, Preview):
            subscription.show(news)
        else:
            subscription.hear(news.seq)

    async def _poll(self) -> None:
        """Find by one query what no notification told: lost ones, machines without Redis, deleted sessions."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            ids = list(self._subscriptions)
            try:
                newest = await self._in_thread(lambda ids=ids: _newest_events(ids))  # type: ignore[misc]
            except DatabaseError:
                logger.warning("the newest events could not be read; trying again", exc_info=True)
                continue
            for session_id in ids:
                # Its last viewer may have left while the thread was asking.
                subscription = self._subscriptions.get(session_id)
                if subscription is not None:
                    subscription.hear(newest.get(session_id))

    async def _admit(self) -> None:
        """Admit all viewers that have arrived with a few queries together; later ones wait for the next round."""
        while True:
            await self._has_arrivals.wait()
            self._has_arrivals.clear()
            arriving = list(self._arriving)
            try:
                answers = await self._answers_to(arriving)
            except DatabaseError:
                logger.warning("nobody could be let in to a board; trying again", exc_info=True)
                await asyncio.sleep(RETRY_SECONDS)
                self._has_arrivals.set()
                continue
            for viewer in arriving:
                # One that left while the thread was asking is not let in, and has nothing to give back.
                if viewer in self._arriving:
                    del self._arriving[viewer]
                    self._let_in(viewer, answers[_ticket_of(viewer)])

    def _let_in(self, viewer: Viewer, answer: Admission | int) -> None:
        if isinstance(answer, int):
            viewer.outbox.close(answer)
            return
        if self._open_boards[answer.user_id] >= settings.CHAPTERFLOW_BOARDS_PER_PERSON:
            viewer.outbox.close(TOO_MANY_BOARDS)
            return
        self._open_boards[answer.user_id] += 1
        viewer.user_id = answer.user_id
        viewer.board_view = BoardView.of(*viewer.asked, answer.chapters)
        subscription = self._subscriptions.get(viewer.session_id)
        if subscription is None:
            subscription = self._subscriptions[viewer.session_id] = Subscription(
                viewer.session_id, self._in_thread
            )
        subscription.add(viewer)

    async def _tell_of_workers(self) -> None:
        """Tell viewers whose book waits for a worker what the workers do: no event of their own session says so."""
        while True:
            await asyncio.sleep(WORKERS_SECONDS)
            viewers = [
                viewer for subscription in self._subscriptions.values() for viewer in subscription.viewers
            ]
            try:
                pieces = await self._in_thread(lambda viewers=viewers: workers_pieces(viewers))  # type: ignore[misc]
            except DatabaseError:
                continue
            for viewer, html in zip(viewers, pieces, strict=True):
                if viewer.workers != html:
                    viewer.workers = html
                    viewer.outbox.offer({WORKERS_ID: html})

    async def _check(self) -> None:
        """Close the sockets of people who signed out or may no longer see the book."""
        while True:
            # An open socket makes no request at which Django would look at its sign-in again.
            await asyncio.sleep(CHECK_SECONDS)
            viewers = [
                viewer for subscription in self._subscriptions.values() for viewer in subscription.everybody
            ]
            try:
                answers = await self._answers_to(viewers)
            except DatabaseError:
                continue
            for viewer in viewers:
                answer = answers[_ticket_of(viewer)]
                if isinstance(answer, int):
                    viewer.outbox.close(answer)
                elif answer.user_id != viewer.user_id:
                    viewer.outbox.close(SIGNED_OUT)

    async def _answers_to(self, viewers: list[Viewer]) -> dict[Ticket, Admission | int]:
        tickets = {_ticket_of(viewer) for viewer in viewers}
        return await self._in_thread(lambda: admit(tickets))

    async def _in_thread(self, work: Callable[[], Result]) -> Result:
        return await self._loop.run_in_executor(self._thread, work)


def _ticket_of(viewer: Viewer) -> Ticket:
    return Ticket(viewer.session_key, viewer.session_id)


def _newest_events(session_ids: list[UUID]) -> dict[UUID, int]:
    try:
        return dict(ProcessingSession.objects.filter(pk__in=session_ids).values_list("pk", "event_seq"))
    except DatabaseError:
        connection.close()
        raise
