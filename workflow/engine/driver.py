"""Handles one wake-up of a session: works for a slice of time, then queues another.

A wake-up may come twice, late or never. The rows say what is to be done, never the wake-up.
"""

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
    """Advance the session as far as a slice of time allows. Raises nothing: the rows say what is left to do."""
    try:
        with working_on(session=str(session_id)):
            _drive(session_id, _slice_timer())
    except ProcessingSession.DoesNotExist:
        logger.info("session %s is gone", session_id)
    except Exception:
        logger.exception("session %s: the wake-up broke; it is woken again", session_id)


def _slice_timer() -> Callable[[], bool]:
    # A slice, so that one long book does not keep a worker while others wait in the queue behind it.
    end = time.monotonic() + settings.CHAPTERFLOW_SLICE_SECONDS
    return lambda: time.monotonic() < end and not stopping.is_requested()


def _drive(session_id: UUID, may_claim: Callable[[], bool]) -> None:
    claim = _begin(session_id, may_claim)
    takes_slots = False
    while claim is not None:
        takes_slots |= bool(claim.providers)
        if claim.item is not None:
            with working_on(chapter=claim.item.number, attempt=claim.attempt.number):
                following = write_chapter(claim, may_claim)
            # Storing the result has claimed the next chapter, unless there was none or that failed.
            claim = following or _claim(session_id, may_claim)
        else:
            with working_on(phase=claim.phase.value, attempt=claim.attempt.number):
                run_phase(claim)
            claim = _claim(session_id, may_claim)
    # Others may have waited for the slots that this session used; without this they would wait for the pacemaker.
    if takes_slots:
        wake_next()
    # Needs no claim: it computes nothing, and each of its batches checks the rows under the session's lock.
    finish_book(session_id)
    _queue_again(session_id)


def _begin(session_id: UUID, may_claim: Callable[[], bool]) -> Claim | None:
    """Take in the wake-up and claim the first chapter or phase; settle what a crash left unsettled."""
    with session_transaction(session_id, "begin") as tx:
        # Before any work: a wake-up that is asked for from here on must be queued, not taken for this one.
        if tx.session.woken_at is not None:
            tx.change(woken_at=None)
        if tx.session.status == SessionStatus.INITIALIZED and not tx.session.paused_at:
            tx.move_session(
                SessionStatus.PROCESSING, EventKind.WRITING_STARTED, changes={"started_at": tx.now}
            )
        settle(tx)
        claim = _claim_any(tx) if may_claim() else None
        # In the transaction of the claim: a worker that dies right after it leaves the others awake.
        if claim is not None:
            wake_for_more(tx, claim)
    return claim


def _claim(session_id: UUID, may_claim: Callable[[], bool]) -> Claim | None:
    if not may_claim():
        return None
    with session_transaction(session_id, "claim") as tx:
        return _claim_any(tx)


def _claim_any(tx: SessionTransaction) -> Claim | None:
    return claim_chapter(tx) or claim_phase(tx)


def _queue_again(session_id: UUID) -> None:
    """Queue another wake-up where the slice ended before the work that is due."""
    # A worker that stops leaves it to the pacemaker, which wakes the session where other workers go on.
    if stopping.is_requested():
        return
    with session_transaction(session_id, "queue_again") as tx:
        if has_work_due(tx):
            tx.wake()
