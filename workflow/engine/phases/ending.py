"""The phases at the end of a book: harmonizing, questions, and the batches that complete it. Each can be resumed."""

import logging
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from workflow.processes import stopping
from workflow.contract.agent_types import AgentError
from workflow.contract.events import EventKind
from workflow.contract.failures import Failure
from workflow.models import AttemptOutcome, ProcessingSession
from workflow.contract.states import ItemStatus, Phase, SessionStatus
from workflow.transitions import NO_CLAIM, NO_ERROR, Ledger, LostRace, ledger

from .consultation import PhaseTime
from .model_questions import asked_by_model
from workflow.engine.attempts import AgentRun, AttemptFailed, LeaseLost, Stopped
from workflow.engine.claims import Held, end_attempt, lease_length
from .harmonized import store_harmonized
from .harmonizing import HarmonizedChapter, harmonize, load_book
from .model_review import judged_by_model
from .questions import ask, store_questions
from workflow.engine.session_progress import missing_words
from workflow.engine.budget.spending import correct, spent, spent_unseen
from workflow.engine.retry_policy import MOST_LOSSES, judge
from workflow.engine.writing import until_answered, until_stored

logger = logging.getLogger(__name__)

CHAPTERS_PER_BATCH = 20
# A batch holds the database's lock while it is stored: a tenth of a second for so many changes.
CHANGES_PER_BATCH = 500
COMPLETED_PER_BATCH = 100


def run_phase(held: Held) -> None:
    """Run the claimed phase and settle it: done, tried again later, failed, given back."""
    try:
        (_harmonize if held.phase is Phase.HARMONIZING else _ask)(held)
    except AttemptFailed as failed:
        error = failed.error
        until_stored(held, lambda: _settle_failure(held, error))
    except Stopped:
        until_stored(held, lambda: _give_back(held))
    except (LeaseLost, LostRace):
        logger.warning("%s: somebody else has it now", held.label)
        until_stored(held, lambda: correct(held))
    except ProcessingSession.DoesNotExist:
        raise
    except Exception as broken:
        # A fault of our own is a failed attempt that a person sees, not a claim that waits for its lease.
        logger.exception("%s: the engine broke", held.label)
        failure = AgentError(Failure.INTERNAL_ERROR, f"{type(broken).__name__}: {broken}")
        until_stored(held, lambda: _settle_failure(held, failure))


def _harmonize(held: Held) -> None:
    time = PhaseTime()
    book = judged_by_model(held, until_answered(held, lambda: load_book(held.session)), time)
    results = AgentRun(held, lambda on_text: harmonize(book), time.left).watch()
    for batch in _batches(results):
        if stopping.is_overdue():
            raise Stopped("")
        _store(held, lambda: _store_batch(held, batch))  # noqa: B023  (called before the next batch)
    _store(held, lambda: _finish_harmonizing(held, results))


def _ask(held: Held) -> None:
    time = PhaseTime()
    book = until_answered(held, lambda: load_book(held.session))
    questions = AgentRun(held, lambda on_text: ask(book), time.left).watch()
    questions = [*questions, *asked_by_model(held, book, questions, time)]
    _store(held, lambda: store_questions(held, questions))


def _store(held: Held, store: Callable[[], bool]) -> None:
    """Store a part of the phase's result. Raises LostRace where the claim is no longer this worker's."""
    if not until_stored(held, store):
        raise LostRace(held.label)


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


def _store_batch(held: Held, batch: list[HarmonizedChapter]) -> bool:
    with ledger(held.session.pk, "store_harmonized") as book:
        check_current(book, held)
        for chapter in batch:
            store_harmonized(book, chapter)
        # A long book's batches take longer than a lease.
        book.change(lease_expires_at=book.now + lease_length())
    return True


def _finish_harmonizing(held: Held, results: list[HarmonizedChapter]) -> bool:
    with ledger(held.session.pk, "finish_harmonizing") as book:
        check_current(book, held)
        applied = sum(len(chapter.result.applied) for chapter in results)
        suggested = sum(len(chapter.result.suggestions) for chapter in results)
        detail = {"applied": applied, "suggested": suggested}
        book.record(EventKind.HARMONIZING_FINISHED, attempt=held.attempt.number, detail=detail)
        end_attempt(book, held.token, AttemptOutcome.SUCCEEDED, **spent(book, held))
        book.change(**NO_CLAIM, **NO_ERROR, harmonized_at=book.now)
    return True


def check_current(book: Ledger, held: Held) -> None:
    """Raise LostRace where the session's phase is no longer claimed under this token."""
    if book.session.token != held.token:
        raise LostRace(held.label)


def _settle_failure(held: Held, error: AgentError) -> None:
    with ledger(held.session.pk, "fail_phase") as book:
        check_current(book, held)
        verdict = judge(book, held, error)
        outcome = {"error_code": error.code.value, "error_message": error.message[:2000]}
        end_attempt(book, held.token, verdict.outcome, **outcome, **spent(book, held))
        if verdict.wait is not None:
            retry_at = book.now + verdict.wait
            book.change(**NO_CLAIM, **verdict.changes, next_attempt_at=retry_at)
            detail = {
                "code": error.code.value,
                "message": error.message[:500],
                "retry_at": retry_at.isoformat(),
                **verdict.detail,
            }
            book.record(_failed_kind(held.phase), attempt=held.attempt.number, detail=detail)
        else:
            book.change(**verdict.changes)
            fail_phase(book, held.phase, error)


def _failed_kind(phase: Phase) -> EventKind:
    return EventKind.HARMONIZING_FAILED if phase is Phase.HARMONIZING else EventKind.QUESTIONS_FAILED


def fail_phase(book: Ledger, phase: Phase, error: AgentError) -> None:
    """End a phase that cannot go on: harmonizing fails the session, questions never block a book."""
    detail = {"code": error.code.value, "message": error.message[:500]}
    book.change(**NO_CLAIM, next_attempt_at=None)
    book.record(_failed_kind(phase), detail=detail)
    if phase is Phase.QUESTIONS:
        message = error.message[:2000] or error.code.value
        book.change(**NO_ERROR, questioned_at=book.now, questions_error=message)
        book.wake()
        return
    message = "The chapters are written, but making them agree failed. Retry to go on."
    book.move_session(
        SessionStatus.FAILED,
        EventKind.SESSION_FAILED,
        detail={**detail, "message": message},
        changes={"error_code": error.code.value, "error_message": message, "finished_at": book.now},
    )


def _give_back(held: Held) -> None:
    with ledger(held.session.pk, "give_back_phase") as book:
        check_current(book, held)
        book.change(**NO_CLAIM)
        book.record(
            EventKind.ATTEMPT_STOPPED, attempt=held.attempt.number, detail={"phase": held.phase.value}
        )
        end_attempt(book, held.token, AttemptOutcome.STOPPED, **spent(book, held))
        book.wake()


def lose_phase(book: Ledger, phase: Phase) -> None:
    """Take the phase back from a worker that is gone; the third loss ends it."""
    session = book.session
    assert session.token is not None
    losses = session.lost_count + 1
    detail = {
        "code": Failure.WORKER_LOST.value,
        "owner": session.owner,
        "losses": losses,
        "phase": phase.value,
    }
    columns = spent_unseen(book, session.token)
    end_attempt(book, session.token, AttemptOutcome.LOST, error_code=Failure.WORKER_LOST.value, **columns)
    book.record(EventKind.WORKER_LOST, attempt=session.attempt_count, detail=detail)
    book.change(**NO_CLAIM, lost_count=losses, next_attempt_at=None)
    if losses >= MOST_LOSSES:
        fail_phase(book, phase, AgentError(Failure.WORKER_LOST, f"The worker was lost {losses} times."))


def finish_book(session_id: UUID) -> None:
    """Complete a harmonized and questioned book: chapters in batches, the session last."""
    while _finish_batch(session_id):
        pass


def _finish_batch(session_id: UUID) -> bool:
    """Complete up to a hundred chapters. Returns whether there may be more."""
    with ledger(session_id, "complete_chapters") as book:
        session = book.session
        ended = session.harmonized_at and session.questioned_at and session.token is None
        if session.status != SessionStatus.HARMONIZING or not ended or session.paused_at:
            return False
        items = list(
            session.items.filter(status=ItemStatus.HARMONIZED).order_by("number")[:COMPLETED_PER_BATCH]
        )
        for item in items:
            book.move_item(item, ItemStatus.COMPLETED, EventKind.CHAPTER_COMPLETED)
        if len(items) == COMPLETED_PER_BATCH:
            return True
        missing = missing_words(session)
        book.move_session(
            SessionStatus.COMPLETED,
            EventKind.SESSION_COMPLETED,
            detail={"chapters": session.written_count, **({"message": missing} if missing else {})},
            changes={**NO_ERROR, "finished_at": book.now},
        )
    return False
