"""Takes a session back to writing that had failed, or was past writing."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser

from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.models import Attempt, AttemptOutcome
from workflow.transitions import NO_CLAIM, NO_ERROR, SessionTransaction

from .budget.tally import spent_unseen

PAST_WRITING = frozenset({SessionStatus.HARMONIZING, SessionStatus.COMPLETED})
FRESH: Mapping[str, object] = {**NO_ERROR, "next_attempt_at": None, "finished_at": None}


def go_on(tx: SessionTransaction, to: SessionStatus, actor: AbstractBaseUser | None) -> None:
    """Let a failed session go on to status `to`, take one that is past writing back to writing, and wake it."""
    if tx.session.status == SessionStatus.FAILED:
        # A failed session does not show that it was paused before, and offers no way to resume it.
        changes = {**FRESH, "paused_at": None}
        tx.move_session(to, EventKind.SESSION_RETRIED, actor=actor, changes=changes)
    elif tx.session.status in PAST_WRITING:
        _go_back_to_writing(tx, actor)
    tx.wake()


def _go_back_to_writing(tx: SessionTransaction, actor: AbstractBaseUser | None) -> None:
    """Move the session back to writing, and cancel its phase."""
    # The worker of the phase finds its token gone at the next look, and stores nothing of a book that changes.
    if tx.session.token is not None:
        end_as_cancelled(tx, tx.session.token)
    changes = {**NO_CLAIM, **FRESH}
    if tx.session.status == SessionStatus.COMPLETED:
        # What is shown then is how far the book is now, not that it was complete.
        changes["best_progress"] = 0
    tx.move_session(SessionStatus.PROCESSING, EventKind.SESSION_RETRIED, actor=actor, changes=changes)


def end_as_cancelled(tx: SessionTransaction, token: UUID) -> None:
    """End the attempt under `token` as cancelled, with an estimate of what its calls cost.

    Its worker corrects the estimate when it sees the cancel (`tally.correct`).
    """
    columns = spent_unseen(tx, token)
    # Only a running one: its worker may have stored its end just before the session was locked.
    Attempt.objects.filter(token=token, outcome=AttemptOutcome.RUNNING).update(
        outcome=AttemptOutcome.CANCELLED, error_code="cancelled", finished_at=tx.now, **columns
    )
