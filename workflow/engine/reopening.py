"""Lets a session write on that had failed, or was past writing."""

from collections.abc import Mapping
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser

from workflow.contract.events import EventKind
from workflow.contract.states import SessionStatus
from workflow.models import Attempt, AttemptOutcome
from workflow.transitions import NO_CLAIM, NO_ERROR, SessionTransaction

from .budget.spending import spent_unseen

PAST_WRITING = frozenset({SessionStatus.HARMONIZING, SessionStatus.COMPLETED})
FRESH: Mapping[str, object] = {**NO_ERROR, "next_attempt_at": None, "finished_at": None}


def go_on(tx: SessionTransaction, to: SessionStatus, actor: AbstractBaseUser | None) -> None:
    """Let the session go on, and wake it; one that is past writing writes again."""
    if tx.session.status == SessionStatus.FAILED:
        # A failed session does not show that it was paused before, and offers no way to resume it.
        changes = {**FRESH, "paused_at": None}
        tx.move_session(to, EventKind.SESSION_RETRIED, actor=actor, changes=changes)
    elif tx.session.status in PAST_WRITING:
        _go_back_to_writing(tx, actor)
    tx.wake()


def _go_back_to_writing(tx: SessionTransaction, actor: AbstractBaseUser | None) -> None:
    """Write on in a book that was past it; whoever compares its chapters or asks about it stops."""
    if tx.session.token is not None:
        end_as_cancelled(tx, tx.session.token)
    changes = {**NO_CLAIM, **FRESH}
    if tx.session.status == SessionStatus.COMPLETED:
        # What is shown then is how far the book is now, not that it was complete.
        changes["best_progress"] = 0
    tx.move_session(SessionStatus.PROCESSING, EventKind.SESSION_RETRIED, actor=actor, changes=changes)


def end_as_cancelled(tx: SessionTransaction, token: UUID) -> None:
    """What its calls came to is estimated here; its worker puts in what it knows when it sees the cancel."""
    columns = spent_unseen(tx, token)
    Attempt.objects.filter(token=token, outcome=AttemptOutcome.RUNNING).update(
        outcome=AttemptOutcome.CANCELLED, error_code="cancelled", finished_at=tx.now, **columns
    )
