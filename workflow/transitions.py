"""The one writer of status: every move by the table, by compare-and-set, with its Event in the same transaction."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F

from chapterflow_site.core import crash_points
from chapterflow_site.core.clock import database_now
from chapterflow_site.core.rows import add_rows, change_row, lock_row

from .contract.events import EventKind
from .contract.states import COUNTED, ITEM_MOVES, SESSION_MOVES, ItemStatus, SessionStatus
from .models import ChapterWorkflowItem, Event, ProcessingSession

logger = logging.getLogger(__name__)

NO_ERROR: Mapping[str, object] = {
    "retry_count": 0,
    "lost_count": 0,
    "rate_limited_at": None,
    "error_code": "",
    "error_message": "",
}
NO_CLAIM: Mapping[str, object] = {"owner": "", "token": None, "lease_expires_at": None}


Enqueue = Callable[[UUID, Callable[[], None]], None]
Consumer = Callable[[UUID, Sequence[Event]], None]


class _Hooks:
    """Who hears of transactions. Filled once, when the program starts."""

    enqueue: Enqueue | None = None
    consumers: list[Consumer] = []


def wake_by(enqueue: Enqueue) -> None:
    """Queue each wake-up of a session by `enqueue`, in the transaction that asks for it.

    It gets the session's id, and what to call where the wake-up could not be queued after all.
    """
    _Hooks.enqueue = enqueue


def on_committed(consumer: Consumer) -> None:
    """Tell `consumer` the session's id and the events of each transaction, once it is committed.

    What it raises is logged and harms nobody else. A process may end before it hears: the events are in the database.
    """
    _Hooks.consumers.append(consumer)


class IllegalMove(Exception):
    """The table of moves does not have this one: a fault of the program, never shown to a person."""


class LostRace(Exception):
    """The row was no longer in the state, or under the token, that the move began from."""


class SessionTransaction:
    """One transaction on one session, whose row is locked.

    Collects the session's changes, numbers its events, keeps its counters.
    """

    def __init__(self, session: ProcessingSession, now: datetime) -> None:
        self.session = session
        self.now = now
        self._status_before = session.status
        self._changed: set[str] = set()
        self._events: list[Event] = []
        self._items_before: list[tuple[ChapterWorkflowItem, dict[str, object]]] = []
        self._wake = False

    def move_item(
        self,
        item: ChapterWorkflowItem,
        to: ItemStatus,
        kind: EventKind,
        *,
        token: UUID | None = None,
        actor: AbstractBaseUser | None = None,
        attempt: int | None = None,
        detail: Mapping[str, object] | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> None:
        """Move `item`, which must still have the status (and, where given, the token) that it was read with.

        Raises IllegalMove where the table has no such move, LostRace where the row has changed since.
        """
        origin = ItemStatus(item.status)
        if (origin, to) not in ITEM_MOVES:
            raise IllegalMove(f"item {origin} → {to}")
        # The lock alone does not do: `item` may have been read before it, by an attempt that took minutes.
        guard = {"pk": item.pk, "status": origin} | ({"token": token} if token else {})
        # Whose slots a chapter takes is the claim's to say; with its end they are free.
        freed = {"providers": ""} if item.providers else {}
        changes = {**freed, **(changes or {})}
        columns = {"status": to, **changes}
        if not change_row(ChapterWorkflowItem, guard, columns, grow="row_version"):
            raise LostRace(f"item {item.pk} is no longer {origin}")
        self._items_before.append((item, dict(vars(item))))
        item.status = to
        item.row_version += 1
        for name, value in changes.items():
            setattr(item, name, value)
        self._count(origin, to)
        self.record(kind, item, origin, to, actor=actor, attempt=attempt, detail=detail)

    def touch_item(self, item: ChapterWorkflowItem, **changes: object) -> None:
        """Change columns of `item` other than its status, so that its card is shown anew."""
        ChapterWorkflowItem.objects.filter(pk=item.pk).update(row_version=F("row_version") + 1, **changes)

    def move_session(
        self,
        to: SessionStatus,
        kind: EventKind,
        *,
        actor: AbstractBaseUser | None = None,
        detail: Mapping[str, object] | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> None:
        """Move the session. Raises IllegalMove where the table has no such move."""
        origin = SessionStatus(self.session.status)
        if (origin, to) not in SESSION_MOVES:
            raise IllegalMove(f"session {origin} → {to}")
        if self.session.held_back_at is not None:
            self.change(held_back_at=None, held_back_by="")
        self.change(status=to, **(changes or {}))
        self.record(kind, None, origin, to, actor=actor, detail=detail)

    def change(self, **changes: object) -> None:
        """Change columns of the session; written once, when the transaction closes."""
        for name, value in changes.items():
            setattr(self.session, name, value)
        self._changed.update(changes)

    def record(
        self,
        kind: EventKind,
        item: ChapterWorkflowItem | None = None,
        from_status: str = "",
        to_status: str = "",
        *,
        actor: AbstractBaseUser | None = None,
        attempt: int | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> None:
        """Add the session's next Event."""
        self.change(event_seq=self.session.event_seq + 1)
        self._events.append(
            Event(
                session=self.session,
                seq=self.session.event_seq,
                kind=kind.value,
                item=item,
                from_status=from_status,
                to_status=to_status,
                attempt=attempt,
                at=self.now,
                actor_id=actor.pk if actor else None,
                detail=dict(detail or {}),
            )
        )

    def wake(self) -> None:
        """Queue one wake-up of the session with this transaction, unless one is on its way."""
        if self.session.woken_at is None:
            self.change(woken_at=self.now)
            self._wake = True

    def close(self) -> None:
        """Store what was collected: the events, then the session's row; then tell the hooks.

        Raises LostRace where the session's status has changed since it was read.
        """
        if not self._changed:
            return
        add_rows(self._events)
        best = max(self.session.best_progress, self.session.measured_progress)
        self.change(updated_at=self.now, best_progress=best)
        values = {name: getattr(self.session, name) for name in sorted(self._changed)}
        guard = {"pk": self.session.pk, "status": self._status_before}
        if not change_row(ProcessingSession, guard, values):
            raise LostRace(f"session {self.session.pk} is no longer {self._status_before}")
        if self._wake and _Hooks.enqueue is not None:
            _Hooks.enqueue(self.session.pk, self._forget_wake_up)
        if self._events:
            # After the commit, so that nobody hears of what is rolled back; `robust`, so that a consumer that breaks
            # keeps neither the others nor the caller, whose change is stored, from going on.
            transaction.on_commit(self._log, robust=True)
            for consumer in _Hooks.consumers:
                self._tell_when_committed(consumer)

    def _tell_when_committed(self, consumer: Consumer) -> None:
        session_id, events = self.session.pk, tuple(self._events)

        def tell() -> None:
            consumer(session_id, events)

        transaction.on_commit(tell, robust=True)

    def _forget_wake_up(self) -> None:
        """Let the pacemaker wake the session again at its next tick."""
        rows = ProcessingSession.objects.filter(pk=self.session.pk, woken_at=self.now)
        with crash_points.around("forget_wake_up"):
            rows.update(woken_at=None)

    def restore_items(self) -> None:
        """Give the items of a transaction that failed their values of before, so that it can be tried again."""
        for item, before in reversed(self._items_before):
            vars(item).update(before)

    def _log(self) -> None:
        for event in self._events:
            if event.to_status:
                what = f"chapter {event.item.number}" if event.item else "session"
                move = f"{event.from_status} → {event.to_status}"
                logger.info("session %s event %s: %s %s", event.session_id, event.seq, what, move)

    def _count(self, origin: ItemStatus, to: ItemStatus) -> None:
        for name, states in COUNTED.items():
            step = (to in states) - (origin in states)
            if step:
                self.change(**{name: getattr(self.session, name) + step})


@contextmanager
def session_transaction(session_id: UUID, name: str = "") -> Iterator[SessionTransaction]:
    """Lock the session's row for one transaction; everything that it collected is stored at the end, or nothing.

    The session's row is locked first, everywhere; rows of other tables only after it. `name` is what its commit
    is called among the crash points. Raises ProcessingSession.DoesNotExist where the session was deleted.
    """
    tx: SessionTransaction | None = None
    try:
        with transaction.atomic():
            # First, before anything is read: two transactions of a session then come one after the other, see each
            # other's rows, and cannot wait for each other in a circle.
            session = lock_row(ProcessingSession, session_id)
            if session is None:
                raise ProcessingSession.DoesNotExist(f"session {session_id}")
            tx = SessionTransaction(session, database_now())
            yield tx
            tx.close()
            crash_points.at_commit(name)
    except BaseException:
        if tx is not None:
            tx.restore_items()
        raise
