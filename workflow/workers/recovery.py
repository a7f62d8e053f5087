"""Takes claims back from lost workers and queues lost wake-ups again."""

import logging
import math
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import cache, partial
from uuid import UUID

from django.db import Error as AnyDatabaseError
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.aggregates import Count
from django.db.models.functions import Coalesce

from chapterflow_site.core import crash_points
from chapterflow_site.core.clock import database_now
from workflow import queue
from workflow.contract.states import ItemStatus, SessionStatus
from workflow.engine.claims import due, due_phase
from workflow.engine.outcomes import requeue_lost_chapter
from workflow.engine.phases.ending import requeue_lost_phase
from workflow.engine.slots.slot_queue import sessions_for_slots
from workflow.models import ChapterWorkflowItem, ProcessingSession
from workflow.processes import lease_owner, worker_registry
from workflow.transitions import NO_CLAIM, LostRace, SessionTransaction, session_transaction

logger = logging.getLogger(__name__)

WAKE_AGAIN_AFTER = timedelta(seconds=30)
# Where this process waits so long for a lock, workers may have waited too, with a lease to renew.
HELD_UP_SECONDS = 2.0


class HeldUp(AnyDatabaseError):
    """The database kept this process waiting for a lock, so that an expired lease says nothing."""


def recover(grace: timedelta | None = timedelta(0), now: datetime | None = None) -> None:
    """Take claims back from lost workers, then wake every session that has work due.

    `grace` is how long a lease must be over, at `now`, before its worker counts as lost; None where no lease counts.
    Who has compared the clock gives its time of then: it may be set at any moment after. Raises HeldUp.
    """
    reclaim_from_dead()
    if grace is not None:
        reclaim_expired(grace, now)
    wake_due()


def reclaim_from_dead() -> None:
    """Take claims back from owners that are known to be dead, without waiting for their leases."""
    held = _owners()
    dead = {name for name in held if lease_owner.is_surely_dead(name)}
    if dead:
        _reclaim(Q(owner__in=dead))
    # A run that died since the look above still holds claims: at the next look its lock file tells that it is dead.
    for run in lease_owner.forget_dead_runs({name.partition(":")[0] for name in held - dead}):
        worker_registry.disband_run(run)


def reclaim_expired(grace: timedelta = timedelta(0), now: datetime | None = None) -> None:
    """Take back claims whose lease has been over for `grace`, at `now` or at this moment.

    Raises HeldUp where others had the database's lock, because healthy workers could not renew their leases then.
    """
    _reclaim(Q(lease_expires_at__lt=(now or database_now()) - grace), HELD_UP_SECONDS)


def _owners() -> set[str]:
    items = ChapterWorkflowItem.objects.filter(status=ItemStatus.IN_PROGRESS).values_list("owner", flat=True)
    phases = ProcessingSession.objects.filter(token__isnull=False).values_list("owner", flat=True)
    return {*items.distinct(), *phases.distinct()}


def _reclaim(condition: Q, patience: float = math.inf) -> None:
    items = ChapterWorkflowItem.objects.filter(condition, status=ItemStatus.IN_PROGRESS).order_by("number")
    lost: dict[UUID, list[int]] = {}
    for session_id, item_pk in items.values_list("session_id", "pk"):
        lost.setdefault(session_id, []).append(item_pk)
    # Together, because one worker may have held dozens; alone where that breaks, so that one keeps no other waiting.
    for session_id, item_pks in lost.items():
        if not _take_back(session_id, item_pks, condition, patience) and len(item_pks) > 1:
            for item_pk in item_pks:
                _take_back(session_id, [item_pk], condition, patience)
    # Each in a transaction of its own: one that breaks keeps no other waiting, and no lock is held for long.
    phases = ProcessingSession.objects.filter(condition, token__isnull=False)
    for session_id in list(phases.values_list("pk", flat=True)):
        _look_after(session_id, "take_back_phase", partial(_lose_phase, condition=condition), patience)


def _look_after(
    session_id: UUID, name: str, work: Callable[[SessionTransaction], None], patience: float = math.inf
) -> bool:
    """Do `work` in a transaction on the session. Returns whether it was done.

    A fault in it is logged, so that no other session is kept waiting. Raises a database error in an outage, and HeldUp,
    with nothing done, where the lock took longer than `patience` seconds.
    """
    began = time.monotonic()
    try:
        with session_transaction(session_id, name) as tx:
            waited = time.monotonic() - began
            if waited > patience:
                raise HeldUp(f"it was locked for {waited:.0f} s")
            work(tx)
        return True
    except (LostRace, ProcessingSession.DoesNotExist):
        logger.info("session %s: somebody was faster", session_id)
    except AnyDatabaseError:
        raise
    except Exception:
        logger.exception("session %s could not be looked after", session_id)
    return False


def _take_back(session_id: UUID, item_pks: list[int], condition: Q, patience: float) -> bool:
    lose = partial(_lose_items, item_pks=item_pks, condition=condition)
    return _look_after(session_id, "take_back_chapter", lose, patience)


def _lose_items(tx: SessionTransaction, item_pks: list[int], condition: Q) -> None:
    # Asked again under the session's lock: a worker may have renewed its lease, or stored the chapter, since.
    items = tx.session.items.filter(condition, pk__in=item_pks, status=ItemStatus.IN_PROGRESS).order_by(
        "number"
    )
    if not items:
        return
    for item in items:
        logger.warning("session %s chapter %s: its worker %s is lost", tx.session.pk, item.number, item.owner)
        requeue_lost_chapter(tx, item)
    # A wake-up that the lost worker had taken is lost with it, and would keep `wake` from queueing another.
    tx.change(woken_at=None)
    tx.wake()


def _lose_phase(tx: SessionTransaction, condition: Q) -> None:
    session = tx.session
    still = ProcessingSession.objects.filter(condition, pk=session.pk, token=session.token).exists()
    if not still or session.token is None:
        return
    phase = due_phase(session)
    if phase is None:
        tx.change(**NO_CLAIM)
        return
    logger.warning("session %s %s: its worker %s is lost", session.pk, phase, session.owner)
    requeue_lost_phase(tx, phase)
    tx.change(woken_at=None)
    tx.wake()


def wake_due() -> None:
    """Queue a wake-up for each session with work due for which none is on its way.

    One that is older than 30 s is lost, unless it is still in the queue.
    """
    # It reads the whole queue: at most once a tick, and only where a wake-up is old.
    waiting = cache(queue.waiting_sessions)
    for session_id in [*sessions_with_work_due(database_now()), *sessions_for_slots()]:
        _look_after(session_id, "wake", partial(_wake, waiting=waiting))


def forget_wake_ups() -> None:
    """Let `wake_due` queue a wake-up for each session with work due: earlier ones may be lost in workers' memory."""
    with crash_points.around("forget_wake_ups"):
        ProcessingSession.objects.filter(woken_at__isnull=False).update(woken_at=None)


def _wake(tx: SessionTransaction, waiting: Callable[[], set[UUID]]) -> None:
    woken_at = tx.session.woken_at
    if woken_at is None:
        tx.wake()
    elif abs(tx.now - woken_at) > WAKE_AGAIN_AFTER:
        is_waiting = tx.session.pk in waiting()
        tx.change(woken_at=tx.now if is_waiting else None)
        tx.wake()


def sessions_with_work_due(now: datetime) -> Iterable[UUID]:
    """Return the sessions that have work due at `now` and were not woken in the last 30 s."""
    items = ChapterWorkflowItem.objects.filter(session=OuterRef("pk"))
    running = (
        items.filter(status=ItemStatus.IN_PROGRESS)
        .order_by()
        .values("session")
        .annotate(count=Count("pk"))
        .values("count")
    )
    chapters = (
        Q(status=SessionStatus.PROCESSING, held_back_at=None)
        & Q(Exists(items.filter(due(now), status=ItemStatus.PENDING, unmet_count=0)))
        & Q(running__lt=F("parallel_chapters"))
    )
    phases = (
        Q(token=None)
        & due(now)
        & (Q(status=SessionStatus.HARMONIZING) | Q(status=SessionStatus.COMPLETED, questioned_at=None))
    )
    sessions = ProcessingSession.objects.filter(paused_at=None).filter(
        Q(woken_at=None)
        | Q(woken_at__lt=now - WAKE_AGAIN_AFTER)
        # Set before the clock was set back.
        | Q(woken_at__gt=now + WAKE_AGAIN_AFTER)
    )
    found = sessions.annotate(running=Coalesce(Subquery(running), 0)).filter(
        Q(status=SessionStatus.INITIALIZED) | chapters | phases
    )
    return found.values_list("pk", flat=True)
