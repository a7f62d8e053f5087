"""Notices lost workers and lost wake-ups, and sets both right."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.aggregates import Count
from django.db.models.functions import Coalesce

from . import owner
from .clock import database_now
from .engine.claims import due, due_phase
from .engine.ending import lose_phase
from .engine.outcomes import lose_chapter
from .models import ChapterWorkflowItem, ProcessingSession
from .states import ItemStatus, SessionStatus
from .transitions import LostRace, ledger

logger = logging.getLogger(__name__)

WAKE_AGAIN_AFTER = timedelta(seconds=30)


def tend(grace: timedelta = timedelta(0)) -> None:
    """Take back what lost workers hold, then wake every session that has work due.

    `grace` is how long a lease must be over before it counts as lost.
    """
    take_back_from_dead()
    take_back_expired(grace)
    wake_due()


def take_back_from_dead() -> None:
    """Take back what owners hold that are known to be dead, without waiting for their leases."""
    held = _owners()
    dead = {name for name in held if owner.is_surely_dead(name)}
    if dead:
        _take_back(Q(owner__in=dead))
    owner.forget_dead_runs({name.partition(":")[0] for name in held - dead})


def take_back_expired(grace: timedelta = timedelta(0)) -> None:
    """Take back what is held under a lease that has been over for `grace`."""
    _take_back(Q(lease_expires_at__lt=database_now() - grace))


def _owners() -> set[str]:
    items = ChapterWorkflowItem.objects.filter(status=ItemStatus.IN_PROGRESS).values_list("owner", flat=True)
    phases = ProcessingSession.objects.filter(token__isnull=False).values_list("owner", flat=True)
    return {*items.distinct(), *phases.distinct()}


def _take_back(condition: Q) -> None:
    items = ChapterWorkflowItem.objects.filter(condition, status=ItemStatus.IN_PROGRESS).order_by("number")
    for session_id, item_pk in items.values_list("session_id", "pk"):
        _lose_item(session_id, item_pk, condition)
    for session_id in ProcessingSession.objects.filter(condition, token__isnull=False).values_list(
        "pk", flat=True
    ):
        _lose_phase(session_id, condition)


def _lose_item(session_id: UUID, item_pk: int, condition: Q) -> None:
    try:
        with ledger(session_id) as book:
            item = book.session.items.filter(condition, pk=item_pk, status=ItemStatus.IN_PROGRESS).first()
            if item is None:
                return
            logger.warning(
                "session %s chapter %s: its worker %s is lost", session_id, item.number, item.owner
            )
            lose_chapter(book, item)
            book.change(woken_at=None)
            book.wake()
    except (LostRace, ProcessingSession.DoesNotExist):
        logger.info("session %s item %s: somebody was faster", session_id, item_pk)


def _lose_phase(session_id: UUID, condition: Q) -> None:
    try:
        with ledger(session_id) as book:
            still = ProcessingSession.objects.filter(
                condition, pk=session_id, token=book.session.token
            ).exists()
            phase = due_phase(book.session)
            if not still or phase is None or book.session.token is None:
                return
            logger.warning("session %s %s: its worker %s is lost", session_id, phase, book.session.owner)
            lose_phase(book, phase)
            book.change(woken_at=None)
            book.wake()
    except (LostRace, ProcessingSession.DoesNotExist):
        logger.info("session %s: somebody was faster", session_id)


def wake_due() -> None:
    """Queue a wake-up for each session with work due whose last one was taken in, or is older than 30 s."""
    for session_id in list(sessions_with_work_due(database_now())):
        with ledger(session_id) as book:
            if book.session.woken_at is not None:
                book.change(woken_at=None)
            book.wake()


def sessions_with_work_due(now: datetime) -> Iterable[UUID]:
    """Return the sessions that could go on now and for which no fresh wake-up is queued."""
    items = ChapterWorkflowItem.objects.filter(session=OuterRef("pk"))
    running = (
        items.filter(status=ItemStatus.IN_PROGRESS)
        .order_by()
        .values("session")
        .annotate(count=Count("pk"))
        .values("count")
    )
    chapters = (
        Q(status=SessionStatus.PROCESSING)
        & Q(Exists(items.filter(due(now), status=ItemStatus.PENDING, unmet_count=0)))
        & Q(running__lt=F("parallel_chapters"))
    )
    phases = (
        Q(token=None)
        & due(now)
        & (Q(status=SessionStatus.HARMONIZING) | Q(status=SessionStatus.COMPLETED, questioned_at=None))
    )
    sessions = ProcessingSession.objects.filter(paused_at=None).filter(
        Q(woken_at=None) | Q(woken_at__lt=now - WAKE_AGAIN_AFTER)
    )
    found = sessions.annotate(running=Coalesce(Subquery(running), 0)).filter(
        Q(status=SessionStatus.INITIALIZED) | chapters | phases
    )
    return found.values_list("pk", flat=True)
