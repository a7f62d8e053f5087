"""Raising the budget of a session, which lets it go on where it was paused for it."""

from django.contrib.auth.models import AbstractBaseUser

from chapterflow_site.core.exceptions import Conflict, Invalid
from workflow.contract.events import EventKind
from workflow.contract.states import UNFINISHED, SessionStatus
from workflow.engine.budget.limits import Limits, check_limits
from workflow.models import ProcessingSession
from workflow.transitions import SessionTransaction, session_transaction

RAISABLE = UNFINISHED | {SessionStatus.FAILED}


def raise_budget(
    session: ProcessingSession, limits: Limits, *, actor: AbstractBaseUser | None
) -> ProcessingSession:
    """Set larger limits; one that is not named stays. A session that was paused for its budget goes on.

    Raises Conflict where a limit is not larger than it was, Invalid where it cannot be kept to.
    """
    with session_transaction(session.pk, "raise_budget") as tx:
        if tx.session.status not in RAISABLE:
            raise Conflict("not_running", "Only a book that is being written has a budget to raise.")
        _check_larger(limits, tx.session)
        check_limits(limits, tx.session.writer)
        _set(tx, limits, actor)
        if tx.session.is_over_budget:
            tx.change(paused_at=None, pause_reason="")
            tx.record(EventKind.SESSION_RESUMED, actor=actor)
            tx.wake()
        return tx.session


def _check_larger(limits: Limits, session: ProcessingSession) -> None:
    if not limits:
        raise Invalid("budget_missing", "Name a budget: how much the book may cost from now on.")
    pairs = ((limits.micros, session.budget_micros), (limits.tokens, session.budget_tokens))
    if any(new is not None and old is not None and new <= old for new, old in pairs):
        now = Limits.of(session)
        raise Conflict("budget_not_raised", f"The budget is {now} already. Name more than that.")


def _set(tx: SessionTransaction, limits: Limits, actor: AbstractBaseUser | None) -> None:
    detail: dict[str, object] = {"budget": str(limits)}
    if limits.micros is not None:
        tx.change(budget_micros=limits.micros)
        detail["micros"] = limits.micros
    if limits.tokens is not None:
        tx.change(budget_tokens=limits.tokens)
        detail["tokens"] = limits.tokens
    tx.record(EventKind.BUDGET_RAISED, actor=actor, detail=detail)
