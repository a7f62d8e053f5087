"""`advance`: one wake-up of a session. May come twice, late or never; works for a slice, then queues again."""

import logging
import time
from collections.abc import Callable
from uuid import UUID

from django.conf import settings

from chapterflow_site.core.logs import working_on
from workflow.processes import stopping
from workflow.contract.events import EventKind
from workflow.models import ProcessingSession
from workflow.contract.states import SessionStatus
from workflow.transitions import Ledger, ledger

from .claims import Held, claim_chapter, claim_phase, has_work_due, wake_for_more
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


def _begin(session_id: UUID, may_claim: Callable[[], bool]) -> Held | None:
    """Take the wake-up in: the first begins the writing, and every one settles what a crash left unsettled."""
    with ledger(session_id, "begin") as book:
        if book.session.woken_at is not None:
            book.change(woken_at=None)
        if book.session.status == SessionStatus.INITIALIZED and not book.session.paused_at:
            book.move_session(
                SessionStatus.PROCESSING, EventKind.WRITING_STARTED, changes={"started_at": book.now}
            )
        settle(book)
        held = _claim_any(book) if may_claim() else None
        if held is not None:
            wake_for_more(book, held)
    return held


def _claim(session_id: UUID, may_claim: Callable[[], bool]) -> Held | None:
    if not may_claim():
        return None
    with ledger(session_id, "claim") as book:
        return _claim_any(book)


def _claim_any(book: Ledger) -> Held | None:
    return claim_chapter(book) or claim_phase(book)


def _queue_again(session_id: UUID) -> None:
    """Queue one more wake-up where the slice ended with work that is ready."""
    if stopping.is_requested():
        return
    with ledger(session_id, "queue_again") as book:
        if has_work_due(book):
            book.wake()
