"""Runs the phases at the end of a book, harmonizing and questions, and completes it. Each can be resumed."""

import logging
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.contract.states import ItemStatus, Phase, SessionStatus
from workflow.engine.budget.tally import correct, spent, spent_unseen
from workflow.engine.claims import Claim, end_attempt, lease_length
from workflow.engine.retry_policy import POLICY, decide_retry
from workflow.engine.runs.attempts import AgentRun, AttemptFailed, LeaseLost, Stopped
from workflow.engine.runs.waiting import until_answered, until_stored
from workflow.engine.session_progress import missing_words
from workflow.models import AttemptOutcome, ProcessingSession
from workflow.processes import stopping
from workflow.transitions import NO_CLAIM, NO_ERROR, LostRace, SessionTransaction, session_transaction

from .consultation import PhaseTime
from .harmonized import store_harmonized
from .harmonizing import HarmonizedChapter, harmonize, load_book
from .model_review import judged_by_model
from .questions import ask, asked_by_model, store_questions

logger = logging.getLogger(__name__)

CHAPTERS_PER_BATCH = 20
# A batch holds the session's lock, and all of SQLite's, while it is stored: 0.1 s for so many changes.
CHANGES_PER_BATCH = 500
COMPLETED_PER_BATCH = 100


def run_phase(claim: Claim) -> None:
    """Run the claimed phase and store what became of it.

    Raises ProcessingSession.DoesNotExist where the session was deleted.
    """
    try:
        (_harmonize if claim.phase is Phase.HARMONIZING else _ask)(claim)
    except AttemptFailed as failed:
        error = failed.error
        until_stored(claim, lambda: _settle_failure(claim, error))
    except Stopped:
        until_stored(claim, lambda: _give_back(claim))
    except (LeaseLost, LostRace):
        logger.warning("%s: somebody else has it now", claim.label)
        until_stored(claim, lambda: correct(claim))
    except ProcessingSession.DoesNotExist:
        raise
    except Exception as broken:
        # A fault of our own is a failed attempt that a person sees, not a claim that waits for its lease.
        logger.exception("%s: the engine broke", claim.label)
        failure = AgentError(Failure.INTERNAL_ERROR, f"{type(broken).__name__}: {broken}")
        until_stored(claim, lambda: _settle_failure(claim, failure))


def _harmonize(claim: Claim) -> None:
    time = PhaseTime()
    book = judged_by_model(claim, until_answered(claim, lambda: load_book(claim.session)), time)
    results = AgentRun(claim, lambda on_text: harmonize(book), time.left).watch()
    # In batches, each whole: after a crash the rules find the same again, and chapters that are stored are skipped.
    for batch in _batches(results):
        if stopping.is_overdue():
            raise Stopped("")
        _store(claim, lambda: _store_batch(claim, batch))  # noqa: B023  (called before the next batch)
    _store(claim, lambda: _finish_harmonizing(claim, results))


def _ask(claim: Claim) -> None:
    time = PhaseTime()
    book = until_answered(claim, lambda: load_book(claim.session))
    questions = AgentRun(claim, lambda on_text: ask(book), time.left).watch()
    questions = [*questions, *asked_by_model(claim, book, questions, time)]
    _store(claim, lambda: store_questions(claim, questions))


def _store(claim: Claim, store: Callable[[], bool]) -> None:
    """Store a part of the phase's result. Raises LostRace where the claim is no longer this worker's."""
    if not until_stored(claim, store):
        raise LostRace(claim.label)


def _batches(results: Sequence[HarmonizedChapter]) -> Iterator[list[HarmonizedChapter]]:
    """Yield the chapters in batches of so many, or fewer where they have many changes; one chapter is never split."""
    batch: list[HarmonizedChapter] = []
    changes = 0
    for chapter in results:
        if batch and (len(batch) >= CHAPTERS_PER_BATCH or changes + chapter.change_count > CHANGES_PER_BATCH):
            yield batch
            batch, changes = [], 0
        batch.append(chapter)
        changes += chapter.change_count
    if batch:
        yield batch


def _store_batch(claim: Claim, batch: list[HarmonizedChapter]) -> bool:
    with session_transaction(claim.session.pk, "store_harmonized") as tx:
        check_current(tx, claim)
        for chapter in batch:
            store_harmonized(tx, chapter)
        # Nobody watches while batches are stored, and those of a long book take longer than a lease.
        tx.change(lease_expires_at=tx.now + lease_length())
    return True


def _finish_harmonizing(claim: Claim, results: list[HarmonizedChapter]) -> bool:
    with session_transaction(claim.session.pk, "finish_harmonizing") as tx:
        check_current(tx, claim)
        applied = sum(len(chapter.result.applied) for chapter in results)
        suggested = sum(len(chapter.result.suggestions) for chapter in results)
        detail = {"applied": applied, "suggested": suggested}
        tx.record(EventKind.HARMONIZING_FINISHED, attempt=claim.attempt.number, detail=detail)
        end_attempt(tx, claim.token, AttemptOutcome.SUCCEEDED, **spent(tx, claim))
        tx.change(**NO_CLAIM, **NO_ERROR, harmonized_at=tx.now)
    return True


def check_current(tx: SessionTransaction, claim: Claim) -> None:
    """Raise LostRace where the session's phase is no longer claimed under this token."""
    if tx.session.token != claim.token:
        raise LostRace(claim.label)


def _settle_failure(claim: Claim, error: AgentError) -> None:
    with session_transaction(claim.session.pk, "fail_phase") as tx:
        check_current(tx, claim)
        decision = decide_retry(tx, claim, error)
        outcome = {"error_code": error.code.value, "error_message": error.message[:2000]}
        end_attempt(tx, claim.token, decision.outcome, **outcome, **spent(tx, claim))
        if decision.wait is not None:
            retry_at = tx.now + decision.wait
            tx.change(**NO_CLAIM, **decision.changes, next_attempt_at=retry_at)
            detail = {
                "code": error.code.value,
                "message": error.message[:500],
                "retry_at": retry_at.isoformat(),
                **decision.detail,
            }
            tx.record(_failed_kind(claim.phase), attempt=claim.attempt.number, detail=detail)
        else:
            tx.change(**decision.changes)
            fail_phase(tx, claim.phase, error)


def _failed_kind(phase: Phase) -> EventKind:
    return EventKind.HARMONIZING_FAILED if phase is Phase.HARMONIZING else EventKind.QUESTIONS_FAILED


def fail_phase(tx: SessionTransaction, phase: Phase, error: AgentError) -> None:
    """End a phase that cannot go on: without harmonizing the session fails, without questions the book goes on."""
    detail = {"code": error.code.value, "message": error.message[:500]}
    tx.change(**NO_CLAIM, next_attempt_at=None)
    tx.record(_failed_kind(phase), detail=detail)
    if phase is Phase.QUESTIONS:
        message = error.message[:2000] or error.code.value
        tx.change(**NO_ERROR, questioned_at=tx.now, questions_error=message)
        tx.wake()
        return
    message = "The chapters are written, but making them agree failed. Retry to go on."
    tx.move_session(
        SessionStatus.FAILED,
        EventKind.SESSION_FAILED,
        detail={**detail, "message": message},
        changes={"error_code": error.code.value, "error_message": message, "finished_at": tx.now},
    )


def _give_back(claim: Claim) -> None:
    with session_transaction(claim.session.pk, "give_back_phase") as tx:
        check_current(tx, claim)
        tx.change(**NO_CLAIM)
        tx.record(
            EventKind.ATTEMPT_STOPPED, attempt=claim.attempt.number, detail={"phase": claim.phase.value}
        )
        end_attempt(tx, claim.token, AttemptOutcome.STOPPED, **spent(tx, claim))
        tx.wake()


def requeue_lost_phase(tx: SessionTransaction, phase: Phase) -> None:
    """Take the phase back from a lost worker; the third loss ends it."""
    session = tx.session
    assert session.token is not None
    losses = session.lost_count + 1
    detail = {
        "code": Failure.WORKER_LOST.value,
        "owner": session.owner,
        "losses": losses,
        "phase": phase.value,
    }
    columns = spent_unseen(tx, session.token)
    end_attempt(tx, session.token, AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value, **columns)
    tx.record(EventKind.WORKER_LOST, attempt=session.attempt_count, detail=detail)
    tx.change(**NO_CLAIM, lost_count=losses, next_attempt_at=None)
    if losses >= POLICY.losses:
        fail_phase(tx, phase, AgentError(Failure.WORKER_LOST, f"The worker was lost {losses} times."))


def finish_book(session_id: UUID) -> None:
    """Complete a book that is harmonized and has its questions: chapters in batches, then the session.

    Raises ProcessingSession.DoesNotExist where the session was deleted.
    """
    while _finish_batch(session_id):
        pass


def _finish_batch(session_id: UUID) -> bool:
    """Complete up to a hundred chapters. Returns whether there may be more."""
    with session_transaction(session_id, "complete_chapters") as tx:
        session = tx.session
        ended = session.harmonized_at and session.questioned_at and session.token is None
        if session.status != SessionStatus.HARMONIZING or not ended or session.paused_at:
            return False
        items = list(
            session.items.filter(status=ItemStatus.HARMONIZED).order_by("number")[:COMPLETED_PER_BATCH]
        )
        for item in items:
            tx.move_item(item, ItemStatus.COMPLETED, EventKind.CHAPTER_COMPLETED)
        if len(items) == COMPLETED_PER_BATCH:
            return True
        # The session last: until then a run after a crash finds HARMONIZING, and completes the rest.
        missing = missing_words(session)
        tx.move_session(
            SessionStatus.COMPLETED,
            EventKind.SESSION_COMPLETED,
            detail={"chapters": session.written_count, **({"message": missing} if missing else {})},
            changes={**NO_ERROR, "finished_at": tx.now},
        )
    return False
