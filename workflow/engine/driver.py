"""Handles one wake-up of a session: works for a slice of time, then queues another.

A wake-up may come twice, late or never. The rows say what is to be done, never the wake-up.
"""

import logging
import time
from uuid import UUID

from django.conf import settings

from chapterflow_site.core.logs import working_on
from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.models import ProcessingSession
from workflow.processes import stopping
from workflow.transitions import SessionTransaction, session_transaction

from .claims import (
    Claim,
    Suits,
    any_writer,
    claim_chapter,
    claim_phase,
    has_chapter_due,
    has_work_due,
    wake_for_more,
)
from .phases.ending import finish_book, run_phase
from .pool import ChapterPool, is_for_pool
from .session_progress import settle
from .slots.slot_queue import wake_next
from .writing import write_chapter

logger = logging.getLogger(__name__)

# A claim takes milliseconds, and SQLite's lock keeps all others waiting for as many as stand in one transaction.
CLAIMED_TOGETHER = 8
# How soon one that waits for a place sees that the worker shall stop.
LOOK_SECONDS = 0.5


def advance(session_id: UUID, pool: ChapterPool | None = None) -> None:
    """Advance the session as far as a slice of time allows. Raises nothing: the rows say what is left to do.

    Chapters whose writers wait go to the pool, where there is one; all else is done in this thread.
    """
    try:
        with working_on(session=str(session_id)):
            Drive(session_id, pool).work()
    except ProcessingSession.DoesNotExist:
        logger.info("session %s is gone", session_id)
    except Exception:
        logger.exception("session %s: the wake-up broke; it is woken again", session_id)


class Drive:
    """One wake-up's slice of time with a session."""

    def __init__(self, session_id: UUID, pool: ChapterPool | None = None) -> None:
        self._session_id = session_id
        self._pool = pool
        # A slice, so that one long book does not keep a worker while others wait in the queue behind it.
        self._end = time.monotonic() + settings.CHAPTERFLOW_SLICE_SECONDS
        self._takes_slots = False

    def work(self) -> None:
        """Do all that is due and fits the slice; queue another wake-up for what is left."""
        claims = self.begin()
        if not claims and self._is_full():
            claims = self.claim()
        while claims:
            for claim in claims:
                self._work_on_all(claim)
            claims = self.claim()
        # Others may have waited for the slots that this session used; without this they would wait for the pacemaker.
        if self._takes_slots:
            wake_next()
        # Needs no claim: it computes nothing, and each of its batches checks the rows under the session's lock.
        finish_book(self._session_id)
        self.queue_again()

    def _may_claim(self) -> bool:
        return time.monotonic() < self._end and not stopping.is_requested()

    def _work_on_all(self, claim: Claim) -> None:
        following: Claim | None = claim
        while following is not None:
            following = self._work_on(following)

    def _work_on(self, claim: Claim) -> Claim | None:
        """Write the claimed chapter or run the phase. Returns a claim on the chapter that follows, or None."""
        if claim.item is None:
            with working_on(phase=claim.phase.value, attempt=claim.attempt.number):
                run_phase(claim)
            return None
        if self._pool is not None and is_for_pool(claim.writer, claim.item.lost_count):
            self._pool.add(claim, self._may_claim)
            return None
        self._takes_slots |= bool(claim.providers)
        with working_on(chapter=claim.item.number, attempt=claim.attempt.number):
            # Storing the result has claimed the next chapter, unless there was none or that failed.
            return write_chapter(claim, self._may_claim, self._suits())

    def begin(self) -> list[Claim]:
        """Take in the wake-up and claim what is due first; settle what a crash left unsettled."""
        with session_transaction(self._session_id, "begin") as tx:
            # Before any work: a wake-up that is asked for from here on must be queued, not taken for this one.
            if tx.session.woken_at is not None:
                tx.change(woken_at=None)
            if tx.session.status == SessionStatus.INITIALIZED and not tx.session.paused_at:
                tx.move_session(
                    SessionStatus.PROCESSING, EventKind.WRITING_STARTED, changes={"started_at": tx.now}
                )
            settle(tx)
            claims = self._claim_in(tx) if self._may_claim() else []
            # In the transaction of the claim: a worker that dies right after it leaves the others awake.
            if claims:
                wake_for_more(tx, claims[-1])
        return claims

    def claim(self) -> list[Claim]:
        """Claim what is due next; where only the pool's places are missing, wait for one until the slice is over."""
        while self._may_claim():
            is_full = self._is_full()
            with session_transaction(self._session_id, "claim") as tx:
                claims = self._claim_in(tx)
                must_wait = is_full and not claims and has_chapter_due(tx)
            if not must_wait or self._pool is None:
                return claims
            self._pool.wait_for_place(min(LOOK_SECONDS, self._end - time.monotonic()))
        return []

    def _claim_in(self, tx: SessionTransaction) -> list[Claim]:
        """Claim a chapter, or as many as the pool has places for, or else a phase."""
        suits, claims = self._suits(), []
        free = self._pool.free_places if self._pool is not None else 1
        for _ in range(max(1, min(free, CLAIMED_TOGETHER))):
            claim = claim_chapter(tx, suits)
            if claim is None:
                break
            claims.append(claim)
            # What is written in this thread is claimed when its turn comes, so that other workers may take it.
            if claim.item is None or not is_for_pool(claim.writer, claim.item.lost_count):
                break
        phase = None if claims else claim_phase(tx)
        return claims if phase is None else [phase]

    def _suits(self) -> Suits:
        return (lambda writer, losses: not is_for_pool(writer, losses)) if self._is_full() else any_writer

    def _is_full(self) -> bool:
        """Return whether there is a pool without a free place."""
        return self._pool is not None and self._pool.free_places == 0

    def queue_again(self) -> None:
        """Queue another wake-up where the slice ended before the work that is due."""
        # A worker that stops leaves it to the pacemaker, which wakes the session where other workers go on.
        if stopping.is_requested():
            return
        with session_transaction(self._session_id, "queue_again") as tx:
            if has_work_due(tx):
                tx.wake()
