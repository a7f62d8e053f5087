"""`advance`: one wake-up of a session. May come twice, late or never; works for a slice, then queues again."""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from chapterflow_site.core.logs import working_on
from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.models import ProcessingSession
from workflow.processes import stopping
from workflow.transitions import SessionTransaction, session_transaction

from .claims import Claim, claim_chapter, claim_phase, has_work_due, wake_for_more
from .phases.ending import finish_book, run_phase
from .session_progress import settle
from .slots.slot_queue import wake_next
from .writing import write_chapter

logger = logging.getLogger(__name__)


def advance(session_id: UUID) -> None:
    """Drive the session on as far as a slice of time allows. Catches every Exception: the rows tell what is left."""
    try:
        with working_on(session=str(session_id)):
            _drive(session_id, _slice_timer())
    except ProcessingSession.DoesNotExist:
        logger.info("session %s is gone", session_id)
    except Exception:
        logger.exception("session %s: the wake-up broke; it is woken again", session_id)


def _slice_timer() -> Callable[[], bool]:
    end = time.monotonic() + settings.CHAPTERFLOW_SLICE_SECONDS
    return lambda: time.monotonic() < end and not stopping.is_requested()


def _drive(session_id: UUID, may_claim: Callable[[], bool]) -> None:
    held = _begin(session_id, may_claim)
    takes_places = False
    while held is not None:
        takes_places |= bool(held.providers)
        if held.item is not None:
            with working_on(chapter=held.item.number, attempt=held.attempt.number):
                following = write_chapter(held, may_claim)
            held = following or _claim(session_id, may_claim)
        else:
            with working_on(phase=held.phase.value, attempt=held.attempt.number):
                run_phase(held)
            held = _claim(session_id, may_claim)
    if takes_places:
        wake_next()
    finish_book(session_id)
    _queue_again(session_id)


def _begin(session_id: UUID, may_claim: Callable[[], bool]) -> Claim | None:
    """Take the wake-up in: the first begins the writing, and every one settles what a crash left unsettled."""
    with session_transaction(session_id, "begin") as tx:
        if tx.session.woken_at is not None:
            tx.change(woken_at=None)
        if tx.session.status == SessionStatus.INITIALIZED and not tx.session.paused_at:
            tx.move_session(
                SessionStatus.PROCESSING, EventKind.WRITING_STARTED, changes={"started_at": tx.now}
            )
        settle(tx)
        held = _claim_any(tx) if may_claim() else None
        if held is not None:
            wake_for_more(tx, held)
    return held


def _claim(session_id: UUID, may_claim: Callable[[], bool]) -> Claim | None:
    if not may_claim():
        return None
    with session_transaction(session_id, "claim") as tx:
        return _claim_any(tx)


def _claim_any(tx: SessionTransaction) -> Claim | None:
    return claim_chapter(tx) or claim_phase(tx)


def _queue_again(session_id: UUID) -> None:
    """Queue one more wake-up where the slice ended with work that is ready."""
    if stopping.is_requested():
        return
    with session_transaction(session_id, "queue_again") as tx:
        if has_work_due(tx):
            tx.wake()
